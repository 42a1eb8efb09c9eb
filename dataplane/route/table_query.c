// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/err.h"
#include "dataplane/route/fib4.h"
#include "dataplane/route/fib6.h"
#include "dataplane/route/table_priv.h"

#include <string.h>

enum {
	FLUSH_AT_ONCE = 256,
	FLUSH_LOOK_MAX = 16, // prefixes looked at for each that a flush may remove
};

void table_route_fill(struct route *out, uint8_t family, const uint8_t *addr, unsigned len,
		      const struct rib_path *path)
{
	uint32_t word = atomic_load_explicit(&path->word, memory_order_relaxed);

	memset(out, 0, sizeof(*out));
	out->prefix.family = family;
	out->prefix.len = (uint8_t)len;
	memcpy(out->prefix.bytes, addr, family == 4 ? 4 : 16);
	prefix_mask(&out->prefix);
	out->source = (uint8_t)rib_path_source(word);
	out->pref = (uint8_t)(word >> 16);
	out->nh = rib_path_nh(word);
	out->peer = path->peer;
	out->path_id = path->id;
	out->attrs = path->attrs;
}

// By rank; equal ones stay as they stand.
static void insert_sorted(struct route out[], unsigned n, const struct route *route)
{
	unsigned i = n;

	for (; i > 1 &&
	       (out[i - 1].source << 8 | out[i - 1].pref) > (route->source << 8 | route->pref);
	     i--)
		out[i] = out[i - 1];
	out[i] = *route;
}

unsigned table_paths(const struct table *table, const struct prefix *prefix, struct route out[],
		     unsigned max)
{
	const struct rib *rib = table_rib(table, prefix->family);
	const struct rib_path *path;
	struct rib_path one;
	struct route route;
	unsigned n, n_out = 0;

	if (!max || !table_is_prefix(prefix))
		return 0;
	path = rib_paths(rib, rib_get(rib, prefix->bytes, prefix->len), &one, &n);
	for (unsigned i = 0; i < n; i++) {
		table_route_fill(&route, prefix->family, prefix->bytes, prefix->len, &path[i]);
		if (n_out == max) {
			if (max == 1 || (route.source << 8 | route.pref) >=
						(out[max - 1].source << 8 | out[max - 1].pref))
				continue;
			n_out--;
		}
		insert_sorted(out, n_out++, &route);
	}
	return n_out;
}

int table_get(const struct table *table, const struct prefix *prefix, struct route *out)
{
	return table_paths(table, prefix, out, 1) ? 0 : -ENOENT;
}

// For people: one length after the other, not the way of the packet path.
unsigned table_covering(const struct table *table, const struct prefix *prefix,
			struct route out[TABLE_COVERING_MAX])
{
	struct prefix covering = *prefix;
	unsigned n = 0;

	if (!table_is_prefix(prefix))
		return 0;
	for (unsigned len = 0; len <= prefix->len; len++) {
		memcpy(covering.bytes, prefix->bytes, sizeof(covering.bytes));
		covering.len = (uint8_t)len;
		prefix_mask(&covering);
		n += table_paths(table, &covering, &out[n], 1);
	}
	return n;
}

int table_find(const struct table *table, const struct addr *addr, struct route *out)
{
	struct prefix prefix = {.family = addr->family, .len = addr->family == 4 ? 32 : 128};

	if (addr->family != 4 && addr->family != 6)
		return -ENOENT;
	memcpy(prefix.bytes, addr->bytes, addr->family == 4 ? 4 : 16);
	for (int len = prefix.len; len >= 0; len--) {
		prefix.len = (uint8_t)len;
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
	const struct prefix *below; // NULL: all
};

// Whether the first bits of addr are those of prefix.
static bool is_below(const struct prefix *prefix, const uint8_t *addr)
{
	unsigned whole = prefix->len / 8, rest = prefix->len % 8;

	return !memcmp(prefix->bytes, addr, whole) &&
	       (!rest || !((prefix->bytes[whole] ^ addr[whole]) >> (8 - rest)));
}

static bool page_add(void *arg, const uint8_t addr[16], unsigned len, uint32_t word)
{
	struct page *page = arg;
	struct rib_path one;
	unsigned n;

	if (page->below && !is_below(page->below, addr))
		return false;
	if (page->n < page->max)
		table_route_fill(&page->out[page->n++], page->family, addr, len,
				 rib_paths(page->rib, word, &one, &n));
	return page->n < page->max;
}

size_t table_walk(const struct table *table, const struct prefix *from, struct route out[],
		  size_t max)
{
	struct page page = {&table->rib4, 4, out, 0, max, NULL};

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

size_t table_walk_below(const struct table *table, const struct prefix *below,
			const struct prefix *from, struct route out[], size_t max)
{
	struct page page = {table_rib(table, below->family), below->family, out, 0, max, below};
	struct prefix before = *below;

	if (!max || !table_is_prefix(below))
		return 0;
	if (!from && below->len) { // the one just before it in the order
		before.len--;
		from = &before;
	}
	rib_walk(page.rib, from ? from->bytes : NULL, from ? from->len : 0, page_add, &page);
	return page.n;
}

// Flushing: find some routes of the source, delete them, remember how far.

struct harvest {
	const struct rib *rib;
	uint8_t family;
	unsigned source;
	const uint32_t *peer; // NULL: all
	size_t n, max, looks; // found, wanted, prefixes that may still be looked at
	struct route found[FLUSH_AT_ONCE];
	struct prefix last; // wholly looked at
	bool has_last;
};

// All paths of a prefix that fit, as far as there is room; the rest another time.
static bool harvest_add(void *arg, const uint8_t addr[16], unsigned len, uint32_t word)
{
	struct harvest *h = arg;
	const struct rib_path *path;
	struct rib_path one;
	struct route route;
	unsigned n;

	path = rib_paths(h->rib, word, &one, &n);
	for (unsigned i = 0; i < n; i++) {
		table_route_fill(&route, h->family, addr, len, &path[i]);
		if (route.source != h->source || (h->peer && route.peer != *h->peer))
			continue;
		if (h->n == h->max)
			return false; // comes again: last stands before it
		h->found[h->n++] = route;
	}
	table_route_fill(&route, h->family, addr, len, path);
	h->last = route.prefix;
	h->has_last = true;
	return h->n < h->max && --h->looks;
}

// Moves the cursor; at the end of a family it goes to the start of the other.
// Returns whether it passed that end.
static bool harvest(struct table *table, struct harvest *h, struct table_cursor *at)
{
	bool is_end;

	h->family = at->is_ip6 ? 6 : 4;
	h->rib = table_rib(table, h->family);
	h->n = 0;
	h->has_last = false;
	rib_walk(h->rib, at->is_begun ? at->from.bytes : NULL, at->from.len, harvest_add, h);
	is_end = h->n < h->max && h->looks;
	if (h->has_last)
		at->from = h->last;
	at->is_begun = !is_end && (at->is_begun || h->has_last);
	at->is_ip6 ^= is_end;
	h->looks -= h->looks > 0;
	return is_end;
}

static void found_withdraw(struct table *table, const struct harvest *h)
{
	for (size_t i = 0; i < h->n; i++)
		(void)table_withdraw(table, &h->found[i]);
}

size_t table_flush(struct table *table, enum route_source source, size_t n)
{
	struct harvest h = {.source = source, .looks = n * FLUSH_LOOK_MAX};

	while (n && h.looks && table->n_by_source[source]) {
		h.max = n < FLUSH_AT_ONCE ? n : FLUSH_AT_ONCE;
		(void)harvest(table, &h, &table->flush[source]);
		found_withdraw(table, &h);
		n -= h.n;
	}
	return table->n_by_source[source];
}

bool table_flush_peer(struct table *table, enum route_source source, uint32_t peer,
		      struct table_cursor *at, size_t n)
{
	struct harvest h = {.source = source, .peer = &peer, .looks = n * FLUSH_LOOK_MAX};

	while (n && h.looks && table->n_by_source[source]) {
		bool is_end;

		h.max = n < FLUSH_AT_ONCE ? n : FLUSH_AT_ONCE;
		is_end = harvest(table, &h, at) && !at->is_ip6;
		found_withdraw(table, &h);
		if (is_end)
			return false;
		n -= h.n;
	}
	return table->n_by_source[source] != 0;
}

void table_stats_get(const struct table *table, struct table_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->n_routes4 = table->rib4.n_prefixes;
	stats->n_routes6 = table->rib6.n_prefixes;
	stats->n_paths4 = table->rib4.n_paths;
	stats->n_paths6 = table->rib6.n_paths;
	memcpy(stats->n_by_source, table->n_by_source, sizeof(stats->n_by_source));
	stats->rib_bytes = table->rib4.arena.used + table->rib6.arena.used;
	stats->rib4_bytes = table->rib4.arena.used;
	stats->rib6_bytes = table->rib6.arena.used;
	stats->rib_top = table->rib4.arena.top + table->rib6.arena.top;
	stats->fib4_top = fib4_top(table->fib4);
	stats->fib6_top = fib6_top(table->fib6);
	stats->fib4_bytes = fib4_bytes(table->fib4);
	stats->fib6_bytes = fib6_bytes(table->fib6);
	stats->unbuilt4 = fib4_todo(table->fib4);
	stats->unbuilt6 = fib6_todo(table->fib6);
	stats->n_refused = table->n_refused;
}
