// SPDX-License-Identifier: BSD-3-Clause
// A routing table (one per table id): what is configured or learnt of both
// families (RIB), and what forwards (FIB), kept equal.
//
// Control thread only. Workers read fib4/fib6 (fib4_tbl.h, fib6_tbl.h); a
// change is published before the call returns, memory is freed after a grace
// period. Next hops are counted references into a struct nexthops.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/prefix.h"

#include <stdbool.h>

struct fib4;
struct fib6;
struct intern;
struct nexthops;
struct table;

// Lower wins, in this order (administrative distance).
enum route_source {
	ROUTE_CONNECTED,
	ROUTE_LOCAL,
	ROUTE_NEIGH, // host route of a resolved neighbour
	ROUTE_STATIC,
	ROUTE_KERNEL,
	ROUTE_MRT,
	ROUTE_BGP,
	ROUTE_N_SOURCES,
};
const char *route_source_name(enum route_source source);

enum { TABLE_PATHS_MAX = 1024 }; // to one prefix

// A path to a prefix. A table holds any number of them; prefix, source, peer and
// path_id together are the key of one.
struct route {
	struct prefix prefix;
	uint8_t source;	  // enum route_source
	uint8_t pref;	  // between paths of equal source: lower wins
	uint16_t nh;	  // next-hop id
	uint16_t spare;	  // 0
	uint32_t peer;	  // who of that source; 0 where there is but one
	uint32_t path_id; // several of one peer (RFC 7911 §3), else 0
	uint32_t attrs;	  // id of an attribute set (base/intern.h); 0: none
};

// Which of n paths (n > 1) to one prefix forwards: its index. path[0] is the one
// until now. What it answers must depend on nothing else.
typedef unsigned table_best_fn(void *arg, const struct route path[], unsigned n);

struct table *table_new(struct nexthops *nexthops) must_check;
void table_free(struct table *table); // no worker may read it any more

// Before the first route. Without the first: the lower source wins, then the
// lower pref, then who is best already. Without the second: attrs must be 0.
void table_best_set(struct table *table, table_best_fn *best, void *arg);
void table_attrs_use(struct table *table, struct intern *attrs);

// Takes a reference on route->nh and route->attrs. A second route of the same key
// replaces the first. -ENOMEM, -ENOSPC (TABLE_PATHS_MAX paths to the prefix): nothing
// changed. -EINVAL.
int table_add(struct table *table, const struct route *route) must_check;
// Of the route only the key counts. -ENOENT.
int table_withdraw(struct table *table, const struct route *route);
// The same for peer 0, path id 0.
int table_del(struct table *table, const struct prefix *prefix, enum route_source source);
// Removes every route of a source, at most n a call, after looking at 16 n
// prefixes at most; returns how many are left to do.
size_t table_flush(struct table *table, enum route_source source, size_t n);

// The same for one peer of a source, from *at (zeroes: the start) on; false when
// it has come to the end.
struct table_cursor {
	struct prefix from;
	bool is_begun; // go on after from, else at the start
	bool is_ip6;
};
bool table_flush_peer(struct table *table, enum route_source source, uint32_t peer,
		      struct table_cursor *at, size_t n);

// Changes between start and stop take effect together at the stop, and each root
// slot of IPv4 is rebuilt once. For a message or a thousand of them, not for a
// load: the stop does all the work, but for prefixes that cover thousands of slots.
void table_burst_start(struct table *table);
void table_burst_stop(struct table *table);

// Bulk loads leave root slots unbuilt (they answer from the RIB), and those that
// hold a node behind until the next step, so that each is rebuilt once. Step
// brings up to date what is behind, builds some of the unbuilt (during a bulk
// load only those that a worker asked for), and returns how many are left of both.
// (Without bulk, only a prefix that covers thousands of slots leaves any behind.)
void table_bulk_start(struct table *table);
void table_bulk_stop(struct table *table);
size_t table_step(struct table *table, uint64_t budget_ns);

// What becomes of slots that a load left unbuilt: built by table_step(), or only if
// a worker asks for them (then they do not count as left either).
enum table_build { TABLE_BUILD_ALL, TABLE_BUILD_ON_DEMAND };
void table_build_set(struct table *table, enum table_build build);
// How lookups are done, by a name of simd.h: -EINVAL, -ENOTSUP where the machine has
// it not.
int table_engine_set(struct table *table, const char *name) must_check;
const char *table_engine_name(const struct table *table);
// Whether no lookup needs the RIB and none can have an older answer.
bool table_is_built(const struct table *table);

// Best route that covers addr (longest match) or is exactly prefix: -ENOENT.
int table_find(const struct table *table, const struct addr *addr, struct route *out) must_check;
int table_get(const struct table *table, const struct prefix *prefix, struct route *out) must_check;
// All paths to one prefix, best first; returns how many (at most max).
unsigned table_paths(const struct table *table, const struct prefix *prefix, struct route out[],
		     unsigned max);

// Best routes in order (IPv4 first), starting after *from (NULL: at the start);
// fill out[0..max) and return how many: the caller pages, so no step is long.
size_t table_walk(const struct table *table, const struct prefix *from, struct route out[],
		  size_t max);

// The same for prefix and all more specific ones below it.
size_t table_walk_below(const struct table *table, const struct prefix *below,
			const struct prefix *from, struct route out[], size_t max);
// Best routes of the prefixes that cover prefix, itself among them, the shortest
// first; the last is the longest match. Returns how many, TABLE_COVERING_MAX at most.
enum { TABLE_COVERING_MAX = 129 };
unsigned table_covering(const struct table *table, const struct prefix *prefix,
			struct route out[TABLE_COVERING_MAX]);

struct table_stats {
	uint64_t n_routes4, n_routes6; // prefixes with a best route
	uint64_t n_paths4, n_paths6;   // of all sources and peers
	uint64_t n_by_source[ROUTE_N_SOURCES];
	uint64_t rib_bytes, fib4_bytes, fib6_bytes;
	uint64_t rib4_bytes, rib6_bytes;      // of rib_bytes
	uint64_t rib_top, fib4_top, fib6_top; // the most there was: holes included
	uint64_t unbuilt4, unbuilt6;	      // root slots
	uint64_t n_refused;		      // routes refused for lack of memory
};
void table_stats_get(const struct table *table, struct table_stats *stats);

const struct fib4 *table_fib4(const struct table *table);
const struct fib6 *table_fib6(const struct table *table);
