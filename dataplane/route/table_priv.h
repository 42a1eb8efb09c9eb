// SPDX-License-Identifier: BSD-3-Clause
// What a table is made of: shared by table.c (changes) and table_query.c (asking
// and flushing) alone.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/rib.h"
#include "dataplane/route/slotmap.h"
#include "dataplane/route/table.h"

#include <stdbool.h>

struct table {
	struct rib rib4, rib6;
	struct fib4 *fib4;
	struct fib6 *fib6;
	struct nexthops *nexthops;
	struct intern *attrs;
	struct grace *grace;
	bool is_bulk, is_burst;
	enum table_build build;
	// Paths that name an id. The table holds one reference for all of them, and
	// lets it go when no forwarding table can still answer with the id.
	uint32_t n_paths[NEXTHOP_MAX + 1];
	struct slotmap unused; // ids without paths whose reference is still held
	struct table_cursor flush[ROUTE_N_SOURCES];
	uint64_t n_by_source[ROUTE_N_SOURCES];
	uint64_t n_refused;
	unsigned n_unpolled;  // changes since memory was last given back
	uint8_t family_freed; // while the table is freed
	table_best_fn *best;
	void *best_arg;
	struct route candidate[TABLE_PATHS_MAX]; // for best
};

static inline struct rib *table_rib(const struct table *table, uint8_t family)
{
	return (struct rib *)(family == 4 ? &table->rib4 : &table->rib6);
}

bool table_is_prefix(const struct prefix *prefix);
void table_route_fill(struct route *out, uint8_t family, const uint8_t *addr, unsigned len,
		      const struct rib_path *path);
