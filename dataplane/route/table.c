// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/table.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/err.h"
#include "dataplane/route/fib4.h"
#include "dataplane/route/fib6.h"
#include "dataplane/route/grace.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/rib.h"
#include "dataplane/route/slotmap.h"
#include "dataplane/route/table_test.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEP_NODES = 64, // between two looks at the clock
	FLUSH_AT_ONCE = 256,
	FLUSH_LOOK_MAX = 16, // prefixes looked at for each that a flush may remove
};

struct flush {
	struct prefix from;
	bool is_begun; // go on after from, else at the start
	bool is_ip6;
};

struct table {
	struct rib rib4, rib6;
	struct fib4 *fib4;
	struct fib6 *fib6;
	struct nexthops *nexthops;
	struct grace *grace;
	bool is_bulk;
	// Paths that name an id. The table holds one reference for all of them, and
	// lets it go when no forwarding table can still answer with the id.
	uint32_t n_paths[NEXTHOP_MAX + 1];
	struct slotmap unused; // ids without paths whose reference is still held
	struct flush flush[ROUTE_N_SOURCES];
	uint64_t n_by_source[ROUTE_N_SOURCES];
	uint64_t n_refused;
};

const char *route_source_name(enum route_source source)
{
	static const char *const names[ROUTE_N_SOURCES] = {
		[ROUTE_CONNECTED] = "connected",
		[ROUTE_LOCAL] = "local",
		[ROUTE_NEIGH] = "neigh",
		[ROUTE_STATIC] = "static",
		[ROUTE_KERNEL] = "kernel",
		[ROUTE_MRT] = "mrt",
		[ROUTE_BGP] = "bgp",
	};

	return source < ROUTE_N_SOURCES ? names[source] : "unknown";
}

struct table *table_new(struct nexthops *nexthops)
{
	return table_new_limited(nexthops, SIZE_MAX);
}

// RIB words leave 31 bits for an offset in 8-byte units.
#define RIB_MAX ((size_t)RIB_LIST * 8)

static size_t at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

struct table *table_new_limited(struct nexthops *nexthops, size_t limit)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->nexthops = nexthops;
	table->grace = grace_new();
	if (!table->grace)
		goto free_table;
	if (slotmap_init(&table->unused, NEXTHOP_MAX + 1))
		goto free_grace;
	if (rib_init(&table->rib4, 4, at_most(limit, RIB_MAX), table->grace))
		goto fini_unused;
	if (rib_init(&table->rib6, 16, at_most(limit, RIB_MAX), table->grace))
		goto fini_rib4;
	table->fib4 = fib4_new(&table->rib4.tbl, limit, table->grace);
	if (!table->fib4)
		goto fini_rib6;
	table->fib6 = fib6_new(&table->rib6.tbl, limit, table->grace);
	if (!table->fib6)
		goto free_fib4;
	return table;

free_fib4:
	fib4_free(table->fib4);
fini_rib6:
	rib_fini(&table->rib6);
fini_rib4:
	rib_fini(&table->rib4);
fini_unused:
	slotmap_fini(&table->unused);
free_grace:
	grace_free(table->grace);
free_table:
	free(table);
	return err_null(ENOMEM);
}

void table_free(struct table *table)
{
	if (!table)
		return;
	assert(table_sanity(table));
	for (unsigned id = 1; id < NEXTHOP_MAX; id++)
		if (table->n_paths[id] || slotmap_has(&table->unused, id))
			nexthop_put(table->nexthops, (uint16_t)id);
	fib6_free(table->fib6);
	fib4_free(table->fib4);
	rib_fini(&table->rib6);
	rib_fini(&table->rib4);
	slotmap_fini(&table->unused);
	grace_free(table->grace);
	free(table);
}

const struct fib4 *table_fib4(const struct table *table)
{
	return table->fib4;
}

const struct fib6 *table_fib6(const struct table *table)
{
	return table->fib6;
}

// References on next hops.

static void path_ref(struct table *table, uint16_t id)
{
	if (table->n_paths[id]++)
		return;
	if (slotmap_has(&table->unused, id))
		slotmap_clear(&table->unused, id);
	else
		nexthop_ref(table->nexthops, id);
}

static void path_put(struct table *table, uint16_t id)
{
	assert(table->n_paths[id]);
	if (!--table->n_paths[id])
		slotmap_set(&table->unused, id);
}

static size_t todo_of(const struct table *table)
{
	return fib4_todo(table->fib4) + fib6_todo(table->fib6);
}

// A slot that is behind the RIB may still answer with an id that no route names.
static void unused_put(struct table *table)
{
	int id = 0;

	if (!table->unused.count || fib4_is_behind(table->fib4) || fib6_is_behind(table->fib6))
		return;
	while ((id = slotmap_next(&table->unused, (unsigned)id)) >= 0) {
		slotmap_clear(&table->unused, (unsigned)id);
		nexthop_put(table->nexthops, (uint16_t)id);
	}
}

// Changes.

static struct rib *rib_of(struct table *table, uint8_t family)
{
	return family == 4 ? &table->rib4 : &table->rib6;
}

static bool is_prefix(const struct prefix *prefix)
{
	struct prefix masked = *prefix;

	if ((prefix->family != 4 && prefix->family != 6) ||
	    prefix->len > (prefix->family == 4 ? 32 : 128))
		return false;
	prefix_mask(&masked);
	return prefix_is_equal(prefix, &masked);
}

static void poll_memory(struct table *table)
{
	arena_poll(&table->rib4.arena);
	arena_poll(&table->rib6.arena);
	fib4_poll(table->fib4);
	fib6_poll(table->fib6);
}

// A bulk load brings routes of the dump; a neighbour or a static route that comes
// meanwhile is no part of it and forwards at once.
static void follow(struct table *table, const struct prefix *prefix, enum route_source source,
		   const struct rib_change *change)
{
	bool is_bulk = table->is_bulk && source >= ROUTE_MRT;

	if (rib_path_nh(change->old_best) != rib_path_nh(change->new_best)) {
		if (prefix->family == 4)
			fib4_change(table->fib4, prefix->bytes, prefix->len, is_bulk);
		else
			fib6_change(table->fib6, prefix->bytes, prefix->len, is_bulk);
	}
	if (change->removed) {
		path_put(table, rib_path_nh(change->removed));
		unused_put(table);
	}
	poll_memory(table);
}

int table_add(struct table *table, const struct route *route)
{
	const struct prefix *prefix = &route->prefix;
	struct rib_change change;
	int rc;

	if (!is_prefix(prefix) || route->source >= ROUTE_N_SOURCES || !route->nh ||
	    route->nh == NEXTHOP_MAX)
		return -EINVAL;
	rc = rib_add(rib_of(table, prefix->family), prefix->bytes, prefix->len,
		     rib_path(route->source, route->pref, route->nh), &change);
	if (rc) {
		table->n_refused++;
		poll_memory(table);
		return rc;
	}
	table->n_by_source[route->source] += !change.removed;
	path_ref(table, route->nh);
	follow(table, prefix, route->source, &change);
	return 0;
}

int table_del(struct table *table, const struct prefix *prefix, enum route_source source)
{
	struct rib_change change;
	int rc;

	if (!is_prefix(prefix) || source >= ROUTE_N_SOURCES)
		return -ENOENT;
	rc = rib_del(rib_of(table, prefix->family), prefix->bytes, prefix->len, source, &change);
	if (rc)
		return rc;
	table->n_by_source[source]--;
	follow(table, prefix, source, &change);
	return 0;
}

void table_bulk_start(struct table *table)
{
	table->is_bulk = true;
}

void table_bulk_stop(struct table *table)
{
	table->is_bulk = false;
}

size_t table_step(struct table *table, uint64_t budget_ns)
{
	uint64_t end = clock_ns() + budget_ns;
	bool any = todo_of(table) > 0;

	while (any && clock_ns() < end) {
		any = fib4_step(table->fib4, STEP_NODES, table->is_bulk);
		any |= fib6_step(table->fib6, STEP_NODES, table->is_bulk);
	}
	unused_put(table);
	poll_memory(table);
	return todo_of(table);
}

// Asking.

static void route_fill(struct route *out, uint8_t family, const uint8_t *addr, unsigned len,
		       uint32_t path)
{
	memset(out, 0, sizeof(*out));
	out->prefix.family = family;
	out->prefix.len = (uint8_t)len;
	memcpy(out->prefix.bytes, addr, family == 4 ? 4 : 16);
	prefix_mask(&out->prefix);
	out->source = (uint8_t)rib_path_source(path);
	out->pref = (uint8_t)(path >> 16);
	out->nh = rib_path_nh(path);
}

unsigned table_paths(const struct table *table, const struct prefix *prefix, struct route out[],
		     unsigned max)
{
	uint32_t path[RIB_PATHS_MAX];
	unsigned n;

	if (!is_prefix(prefix))
		return 0;
	n = rib_paths(rib_of((struct table *)table, prefix->family), prefix->bytes, prefix->len,
		      path);
	n = n < max ? n : max;
	for (unsigned i = 0; i < n; i++)
		route_fill(&out[i], prefix->family, prefix->bytes, prefix->len, path[i]);
	return n;
}

int table_get(const struct table *table, const struct prefix *prefix, struct route *out)
{
	return table_paths(table, prefix, out, 1) ? 0 : -ENOENT;
}

// For people: one length after the other, not the way of the packet path.
int table_find(const struct table *table, const struct addr *addr, struct route *out)
{
	struct prefix prefix = {.family = addr->family};

	if (addr->family != 4 && addr->family != 6)
		return -ENOENT;
	for (int len = addr->family == 4 ? 32 : 128; len >= 0; len--) {
		prefix.len = (uint8_t)len;
		memcpy(prefix.bytes, addr->bytes, addr->family == 4 ? 4 : 16);
		prefix_mask(&prefix);
		if (!table_get(table, &prefix, out))
			return 0;
	}
	return -ENOENT;
}

struct page {
	const struct rib *rib;
	uint8_t family;
	struct route *out;
	size_t n, max;
};

static bool page_add(void *arg, const uint8_t addr[16], unsigned len, uint32_t word)
{
	struct page *page = arg;

	if (page->n < page->max)
		route_fill(&page->out[page->n++], page->family, addr, len,
			   rib_best(&page->rib->tbl, word));
	return page->n < page->max;
}

size_t table_walk(const struct table *table, const struct prefix *from, struct route out[],
		  size_t max)
{
	struct page page = {&table->rib4, 4, out, 0, max};

	if (!max)
		return 0;
	if (!from || from->family == 4)
		rib_walk(page.rib, from ? from->bytes : NULL, from ? from->len : 0, page_add,
			 &page);
	if (page.n == max)
		return page.n;
	page.rib = &table->rib6;
	page.family = 6;
	if (from && from->family != 6)
		from = NULL;
	rib_walk(page.rib, from ? from->bytes : NULL, from ? from->len : 0, page_add, &page);
	return page.n;
}

// Flushing: find some routes of the source, delete them, remember how far.

struct harvest {
	const struct rib *rib;
	uint8_t family;
	unsigned source;
	size_t n, max, looks; // found, wanted, prefixes that may still be looked at
	struct prefix found[FLUSH_AT_ONCE];
	struct prefix last;
};

static bool has_source(const struct rib_tbl *rib, uint32_t word, unsigned source)
{
	const struct rib_list *list = rib_at(rib, word & ~RIB_LIST);

	if (!(word & RIB_LIST))
		return rib_path_source(word) == source;
	for (unsigned i = 0; i < list->n; i++)
		if (rib_path_source(list->path[i]) == source)
			return true;
	return false;
}

static bool harvest_add(void *arg, const uint8_t addr[16], unsigned len, uint32_t word)
{
	struct harvest *h = arg;
	struct route route;

	route_fill(&route, h->family, addr, len, 0);
	h->last = route.prefix;
	if (has_source(&h->rib->tbl, word, h->source))
		h->found[h->n++] = route.prefix;
	return h->n < h->max && --h->looks;
}

// Moves the cursor; at the end of a family it goes to the start of the other.
static void harvest(struct table *table, struct harvest *h, struct flush *flush)
{
	h->family = flush->is_ip6 ? 6 : 4;
	h->rib = rib_of(table, h->family);
	h->n = 0;
	rib_walk(h->rib, flush->is_begun ? flush->from.bytes : NULL, flush->from.len, harvest_add,
		 h);
	flush->is_begun = h->n == h->max || !h->looks;
	flush->from = h->last;
	flush->is_ip6 ^= !flush->is_begun;
	h->looks -= h->looks > 0;
}

size_t table_flush(struct table *table, enum route_source source, size_t n)
{
	struct harvest h = {.source = source, .looks = n * FLUSH_LOOK_MAX};

	while (n && h.looks && table->n_by_source[source]) {
		h.max = at_most(n, FLUSH_AT_ONCE);
		harvest(table, &h, &table->flush[source]);
		for (size_t i = 0; i < h.n; i++)
			(void)table_del(table, &h.found[i], source);
		n -= h.n;
	}
	return table->n_by_source[source];
}

void table_stats_get(const struct table *table, struct table_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->n_routes4 = table->rib4.n_prefixes;
	stats->n_routes6 = table->rib6.n_prefixes;
	memcpy(stats->n_by_source, table->n_by_source, sizeof(stats->n_by_source));
	stats->rib_bytes = table->rib4.arena.used + table->rib6.arena.used;
	stats->fib4_bytes = fib4_bytes(table->fib4);
	stats->fib6_bytes = fib6_bytes(table->fib6);
	stats->unbuilt4 = fib4_todo(table->fib4);
	stats->unbuilt6 = fib6_todo(table->fib6);
	stats->n_refused = table->n_refused;
}

int table_engine_set(struct table *table, const char *name)
{
	int rc = fib4_engine_set(table->fib4, name);

	return rc ? rc : fib6_engine_set(table->fib6, name);
}

const char *table_engine_name(const struct table *table)
{
	return fib4_engine_name(table->fib4);
}

bool table_sanity(const struct table *table)
{
	return rib_sanity(&table->rib4) && rib_sanity(&table->rib6) && fib4_sanity(table->fib4) &&
	       fib6_sanity(table->fib6);
}
