// SPDX-License-Identifier: BSD-3-Clause
// Bytes as a program for a routing table (add and withdraw paths, flush, burst, bulk
// load, build, look up by every engine), run by the table and by a list that is searched
// from end to end.
#include "dataplane/route/fib4_layout.h"
#include "dataplane/route/fib6_layout.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/table_test.h"

#include <stdlib.h>
#include <string.h>

enum { ROUTES_MAX = 200, NEXTHOPS = 300, LOOKUPS_MAX = 80, ENGINES_MAX = 3 };

static struct engine {
	fib4_lookup_fn *lookup4;
	fib6_lookup_fn *lookup6;
} engine[ENGINES_MAX];
static unsigned n_engines;

struct program {
	const uint8_t *data;
	size_t len;
	struct route route[ROUTES_MAX];
	unsigned n;
};

static struct table *table;

static void must(bool ok)
{
	if (!ok)
		abort();
}

static unsigned next(struct program *p)
{
	if (!p->len)
		return 0;
	p->len--;
	return *p->data++;
}

static void engines_find(void)
{
	static const char *const names[ENGINES_MAX] = {"scalar", "avx2", "avx512"};

	for (unsigned i = 0; i < ENGINES_MAX; i++)
		if (!table_engine_set(table, names[i]))
			engine[n_engines++] = (struct engine){table_fib4(table)->lookup,
							      table_fib6(table)->lookup};
}

static void table_start(void)
{
	struct nexthops *nhs = nexthops_new();

	must(nhs != NULL);
	for (unsigned i = 1; i <= NEXTHOPS; i++) {
		struct nexthop_key key = {
			.kind = NH_RESOLVE,
			.gw = {.family = 4, .bytes = {10, 0, (uint8_t)(i >> 8), (uint8_t)i}},
		};

		must(nexthop_get(nhs, &key) == (int)i);
	}
	table = table_new(nhs);
	must(table != NULL);
	engines_find();
}

// An address that is new in its last bytes only, so that prefixes nest.
static struct addr addr_next(struct program *p, uint8_t family)
{
	struct addr addr = {.family = family};
	unsigned n = family == 4 ? 4 : 16, fresh = next(p) % (n + 1);

	if (p->n) {
		const struct prefix *near = &p->route[next(p) % p->n].prefix;

		if (near->family == family)
			memcpy(addr.bytes, near->bytes, n);
	}
	for (unsigned i = n - fresh; i < n && fresh <= 4; i++)
		addr.bytes[i] = (uint8_t)next(p);
	if (fresh > 4)
		addr.bytes[next(p) % n] ^= (uint8_t)next(p);
	return addr;
}

static bool is_same(const struct route *a, const struct route *b)
{
	return a->source == b->source && a->peer == b->peer && a->path_id == b->path_id &&
	       prefix_is_equal(&a->prefix, &b->prefix);
}

static void add(struct program *p, uint8_t family)
{
	struct addr addr = addr_next(p, family);
	struct route route = {.prefix.family = family};
	unsigned i = 0;

	route.prefix.len = (uint8_t)(next(p) % (family == 4 ? 33 : 129));
	if (route.prefix.len && route.prefix.len < 8 && next(p) % 64)
		route.prefix.len += 8; // the shortest ones are slow
	memcpy(route.prefix.bytes, addr.bytes, sizeof(addr.bytes));
	prefix_mask(&route.prefix);
	route.source = (uint8_t)(next(p) % ROUTE_N_SOURCES);
	route.peer = next(p) % 4;
	route.path_id = next(p) % 3;
	route.pref = (uint8_t)(route.peer * 3 + route.path_id); // so that no two are equally good
	route.nh = (uint16_t)(1 + next(p) * 7 % NEXTHOPS);
	while (i < p->n && !is_same(&p->route[i], &route))
		i++;
	if (i == ROUTES_MAX)
		return;
	must(!table_add(table, &route));
	p->route[i] = route;
	p->n += i == p->n;
}

static void del(struct program *p, unsigned i)
{
	must(!table_withdraw(table, &p->route[i]));
	p->route[i] = p->route[--p->n];
}

static uint16_t slow_lookup(const struct program *p, const struct addr *addr)
{
	const struct route *best = NULL;

	for (unsigned i = 0; i < p->n; i++) {
		const struct route *r = &p->route[i];

		if (!prefix_has_addr(&r->prefix, addr))
			continue;
		if (!best || r->prefix.len > best->prefix.len ||
		    (r->prefix.len == best->prefix.len &&
		     r->source * 256 + r->pref < best->source * 256 + best->pref))
			best = r;
	}
	return best ? best->nh : 0;
}

static void look(struct program *p, uint8_t family)
{
	struct addr addr[LOOKUPS_MAX];
	const uint8_t *dst6[LOOKUPS_MAX];
	uint32_t dst4[LOOKUPS_MAX];
	uint16_t want[LOOKUPS_MAX], nh[LOOKUPS_MAX];
	unsigned n = 1 + next(p) % LOOKUPS_MAX;

	for (unsigned i = 0; i < n; i++) {
		const uint8_t *b = addr[i].bytes;

		addr[i] = i && !p->len ? addr[i - 1] : addr_next(p, family);
		dst4[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
		dst6[i] = b;
		want[i] = slow_lookup(p, &addr[i]);
	}
	for (unsigned e = 0; e < n_engines; e++) {
		if (family == 4)
			engine[e].lookup4(table_fib4(table), dst4, nh, n);
		else
			engine[e].lookup6(table_fib6(table), dst6, nh, n);
		must(!memcmp(nh, want, n * sizeof(*nh)));
	}
}

// One source goes, or one peer of it, piece by piece.
static void flush(struct program *p)
{
	struct table_cursor at = {.is_begun = false};
	unsigned source = next(p) % ROUTE_N_SOURCES, peer = next(p) % 8, piece = 1 + next(p) % 8;
	unsigned n = 0;

	if (peer < 4)
		while (table_flush_peer(table, source, peer, &at, piece))
			;
	else
		while (table_flush(table, source, piece))
			;
	for (unsigned i = 0; i < p->n; i++)
		if (p->route[i].source != source || (peer < 4 && p->route[i].peer != peer))
			p->route[n++] = p->route[i];
	p->n = n;
}

static void changes(struct program *p, uint8_t family)
{
	for (unsigned i = next(p) % 8; i; i--) {
		if (p->n && next(p) % 4 == 0)
			del(p, next(p) % p->n);
		else
			add(p, family);
	}
}

static void in_burst(struct program *p, uint8_t family)
{
	table_burst_start(table);
	changes(p, family);
	table_burst_stop(table);
}

static void in_bulk(struct program *p, uint8_t family)
{
	table_bulk_start(table);
	changes(p, family);
	(void)table_step(table, next(p));
	table_bulk_stop(table);
}

// A change of a very short prefix may be waiting for the next steps.
static void settle(void)
{
	while (table_step(table, 1000000000))
		;
}

static void run(struct program *p)
{
	unsigned op = next(p), family = op & 1 ? 6 : 4;

	op = op / 2 % 16;
	if (op < 6) {
		add(p, (uint8_t)family);
	} else if (op < 8 && p->n) {
		del(p, next(p) % p->n);
	} else if (op == 8) {
		(void)table_step(table, 1);
	} else if (op == 9) {
		in_bulk(p, (uint8_t)family);
	} else if (op == 10) {
		in_burst(p, (uint8_t)family);
	} else if (op == 11) {
		flush(p);
	} else {
		settle();
		look(p, (uint8_t)family);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct program p;
	static unsigned n_runs;

	if (!table)
		table_start();
	p = (struct program){.data = data, .len = len < 4096 ? len : 4096};
	while (p.len)
		run(&p);
	while (p.n)
		del(&p, p.n - 1);
	if (n_runs++ % 256 == 0)
		must(table_sanity(table));
	return 0;
}
