// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/table.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/err.h"
#include "dataplane/base/intern.h"
#include "dataplane/route/fib4.h"
#include "dataplane/route/fib6.h"
#include "dataplane/route/grace.h"
#include "dataplane/route/table_priv.h"
#include "dataplane/route/table_test.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEP_NODES = 64,       // between two looks at the clock
	BULK_EXPECT = 4 << 20, // bytes of routes that a load brings at least, or so
	POLL_EVERY = 256,      // changes; a look may start a grace period, which wakes a thread
};

static_assert((int)TABLE_PATHS_MAX == (int)RIB_PATHS_MAX, "one limit");

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

static bool attrs_put_one(void *arg, const uint8_t addr[16], unsigned len, uint32_t word)
{
	struct table *table = arg;
	struct rib_path one;
	const struct rib_path *path;
	unsigned n;

	if (!(word & RIB_LIST))
		return true;
	path = rib_paths(table_rib(table, table->family_freed), word, &one, &n);
	for (unsigned i = 0; i < n; i++)
		if (path[i].attrs)
			intern_put(table->attrs, path[i].attrs);
	return true;
}

// Only a table that used attributes is walked.
static void attrs_put(struct table *table)
{
	if (!table->attrs)
		return;
	for (table->family_freed = 4; table->family_freed <= 6; table->family_freed += 2)
		rib_walk(table_rib(table, table->family_freed), NULL, 0, attrs_put_one, table);
}

void table_free(struct table *table)
{
	if (!table)
		return;
	assert(table_sanity(table));
	attrs_put(table);
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

static unsigned pick(struct table *table, uint8_t family, const uint8_t *addr, unsigned len,
		     const struct rib_path path[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		table_route_fill(&table->candidate[i], family, addr, len, &path[i]);
	return table->best(table->best_arg, table->candidate, n);
}

static unsigned pick4(void *arg, const uint8_t *addr, unsigned len, const struct rib_path path[],
		      unsigned n)
{
	return pick(arg, 4, addr, len, path, n);
}

static unsigned pick6(void *arg, const uint8_t *addr, unsigned len, const struct rib_path path[],
		      unsigned n)
{
	return pick(arg, 6, addr, len, path, n);
}

void table_best_set(struct table *table, table_best_fn *best, void *arg)
{
	table->best = best;
	table->best_arg = arg;
	table->rib4.pick = best ? pick4 : NULL;
	table->rib6.pick = best ? pick6 : NULL;
	table->rib4.pick_arg = table->rib6.pick_arg = table;
}

void table_attrs_use(struct table *table, struct intern *attrs)
{
	table->attrs = attrs;
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
	if (table->build == TABLE_BUILD_ON_DEMAND)
		return (size_t)fib4_is_behind(table->fib4) + fib6_is_behind(table->fib6);
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

bool table_is_prefix(const struct prefix *prefix)
{
	unsigned len = prefix->len;
	uint64_t word[2], host[2];

	if ((prefix->family != 4 && prefix->family != 6) || len > (prefix->family == 4 ? 32 : 128))
		return false;
	memcpy(word, prefix->bytes, sizeof(word));
	host[0] = len < 64 ? ~0ull >> len : 0;
	host[1] = len < 64 ? ~0ull : len < 128 ? ~0ull >> (len - 64) : 0;
	return !((be64toh(word[0]) & host[0]) | (be64toh(word[1]) & host[1]));
}

static void poll_memory(struct table *table)
{
	table->n_unpolled = 0;
	// what a load will need to be built, by experience
	if (table->is_bulk && table->build == TABLE_BUILD_ALL) {
		fib4_expect(table->fib4, table->rib4.arena.used / 3);
		fib6_expect(table->fib6, table->rib6.arena.used * 3 / 2);
	}
	arena_poll(&table->rib4.arena);
	arena_poll(&table->rib6.arena);
	fib4_poll(table->fib4);
	fib6_poll(table->fib6);
}

static void fib_change(struct table *table, const struct prefix *prefix, unsigned source,
		       uint16_t old, uint16_t new)
{
	// A bulk load brings routes of the dump; a neighbour or a static route that
	// comes meanwhile is no part of it and forwards at once.
	bool is_bulk = table->is_bulk && source >= ROUTE_MRT;

	if (table->is_burst && !is_bulk && prefix->family == 6)
		fib6_mark(table->fib6, prefix->bytes, prefix->len, old, new);
	else if (table->is_burst && !is_bulk)
		fib4_mark(table->fib4, prefix->bytes, prefix->len, old, new);
	else if (prefix->family == 6)
		fib6_change(table->fib6, prefix->bytes, prefix->len, is_bulk);
	else
		fib4_change(table->fib4, prefix->bytes, prefix->len, is_bulk);
}

static void follow(struct table *table, const struct prefix *prefix, unsigned source,
		   const struct rib_change *change)
{
	uint16_t old = rib_path_nh(change->old_best), new = rib_path_nh(change->new_best);

	if (old != new)
		fib_change(table, prefix, source, old, new);
	if (change->removed) {
		path_put(table, rib_path_nh(change->removed));
		unused_put(table);
		if (change->removed_attrs)
			intern_put(table->attrs, change->removed_attrs);
	}
	if (++table->n_unpolled == POLL_EVERY)
		poll_memory(table);
}

static bool is_route(const struct table *table, const struct route *route)
{
	return table_is_prefix(&route->prefix) && route->source < ROUTE_N_SOURCES && route->nh &&
	       route->nh != NEXTHOP_MAX &&
	       (!route->attrs || (table->attrs && intern_refs(table->attrs, route->attrs)));
}

static struct rib_path path_of(const struct route *route)
{
	return (struct rib_path){
		.word = rib_path(route->source, route->pref, route->nh),
		.attrs = route->attrs,
		.peer = route->peer,
		.id = route->path_id,
	};
}

int table_add(struct table *table, const struct route *route)
{
	const struct prefix *prefix = &route->prefix;
	struct rib_path path = path_of(route);
	struct rib_change change;
	int rc;

	if (!is_route(table, route))
		return -EINVAL;
	rc = rib_add(table_rib(table, prefix->family), prefix->bytes, prefix->len, &path, &change);
	if (rc) {
		table->n_refused++;
		poll_memory(table);
		return rc;
	}
	table->n_by_source[route->source] += !change.removed;
	path_ref(table, route->nh);
	if (route->attrs)
		intern_ref(table->attrs, route->attrs);
	follow(table, prefix, route->source, &change);
	return 0;
}

int table_withdraw(struct table *table, const struct route *route)
{
	const struct prefix *prefix = &route->prefix;
	struct rib_path path = path_of(route);
	struct rib_change change;
	int rc;

	if (!table_is_prefix(prefix) || route->source >= ROUTE_N_SOURCES)
		return -ENOENT;
	rc = rib_del(table_rib(table, prefix->family), prefix->bytes, prefix->len, &path, &change);
	if (rc)
		return rc;
	table->n_by_source[route->source]--;
	follow(table, prefix, route->source, &change);
	return 0;
}

int table_del(struct table *table, const struct prefix *prefix, enum route_source source)
{
	struct route route = {.prefix = *prefix, .source = (uint8_t)source};

	return source < ROUTE_N_SOURCES ? table_withdraw(table, &route) : -ENOENT;
}

void table_burst_start(struct table *table)
{
	table->is_burst = true;
}

void table_burst_stop(struct table *table)
{
	table->is_burst = false;
	fib4_catch_up(table->fib4);
	fib6_catch_up(table->fib6);
	unused_put(table);
	poll_memory(table);
}

void table_bulk_start(struct table *table)
{
	table->is_bulk = true;
	if (table->build != TABLE_BUILD_ALL)
		return;
	arena_expect(&table->rib4.arena, BULK_EXPECT);
	arena_expect(&table->rib6.arena, BULK_EXPECT / 2);
	fib4_expect(table->fib4, BULK_EXPECT / 2);
	fib6_expect(table->fib6, BULK_EXPECT);
}

void table_bulk_stop(struct table *table)
{
	table->is_bulk = false;
}

size_t table_step(struct table *table, uint64_t budget_ns)
{
	uint64_t end = clock_ns() + budget_ns;
	bool any = fib4_todo(table->fib4) + fib6_todo(table->fib6) > 0;
	bool is_partial = table->is_bulk || table->build == TABLE_BUILD_ON_DEMAND;

	while (any && clock_ns() < end) {
		any = fib4_step(table->fib4, STEP_NODES, is_partial);
		any |= fib6_step(table->fib6, STEP_NODES, is_partial);
	}
	unused_put(table);
	poll_memory(table);
	return todo_of(table);
}

void table_build_set(struct table *table, enum table_build build)
{
	table->build = build;
}

bool table_is_built(const struct table *table)
{
	return !(fib4_todo(table->fib4) + fib6_todo(table->fib6)) && !fib4_is_behind(table->fib4) &&
	       !fib6_is_behind(table->fib6);
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
