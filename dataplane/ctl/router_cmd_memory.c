// SPDX-License-Identifier: BSD-3-Clause
// `jerboactl show memory`: whose bytes they are.
#include "dataplane/base/intern.h"
#include "dataplane/base/mem.h"
#include "dataplane/ctl/router.h"
#include "dataplane/ctl/router_cmd.h"

#include <rte_mempool.h>

#include <stdio.h>
#include <unistd.h>

static int bytes_row(struct cmd_call *call, const char *what, uint64_t bytes)
{
	return cmd_row(call, "{s:s, s:I}", "what", what, "bytes", (json_int_t)bytes);
}

static int count_row(struct cmd_call *call, const char *what, uint64_t count)
{
	return cmd_row(call, "{s:s, s:I}", "what", what, "count", (json_int_t)count);
}

// bytes that are used, of top that were ever taken; count of what they hold.
static int part_row(struct cmd_call *call, unsigned id, const char *part, uint64_t bytes,
		    uint64_t top, uint64_t count)
{
	char what[64];

	snprintf(what, sizeof(what), "table %u: %s", id, part);
	if (!top)
		return cmd_row(call, "{s:s, s:I, s:I}", "what", what, "bytes", (json_int_t)bytes,
			       "count", (json_int_t)count);
	return cmd_row(call, "{s:s, s:I, s:I, s:I}", "what", what, "bytes", (json_int_t)bytes,
		       "top", (json_int_t)top, "count", (json_int_t)count);
}

static int table_rows(struct cmd_call *call, unsigned id, const struct table *table)
{
	struct table_stats st;
	int rc;

	table_stats_get(table, &st);
	rc = part_row(call, id, "rib IPv4, prefixes", st.rib4_bytes, 0, st.n_routes4);
	rc |= part_row(call, id, "rib IPv6, prefixes", st.rib6_bytes, 0, st.n_routes6);
	rc |= part_row(call, id, "rib, paths", st.rib_bytes, st.rib_top, st.n_paths4 + st.n_paths6);
	rc |= part_row(call, id, "lazy trie IPv4, unbuilt slots", st.fib4_bytes, st.fib4_top,
		       st.unbuilt4);
	rc |= part_row(call, id, "lazy trie IPv6, unbuilt slots", st.fib6_bytes, st.fib6_top,
		       st.unbuilt6);
	return rc;
}

static int attrs_rows(struct cmd_call *call, const struct intern *attrs)
{
	struct mem_ctl_stats ctl;
	struct intern_stats st;
	int rc;

	intern_stats_get(attrs, &st);
	rc = cmd_row(call, "{s:s, s:I, s:I, s:I}", "what", "attribute sets", "bytes",
		     (json_int_t)st.bytes, "top", (json_int_t)st.max_bytes, "count",
		     (json_int_t)st.n);
	rc |= count_row(call, "attribute sets refused", st.n_refused);
	mem_ctl_stats_get(&ctl);
	if (!ctl.is_jemalloc)
		return rc;
	rc |= bytes_row(call, "control arena (jemalloc), allocated", ctl.allocated);
	rc |= bytes_row(call, "control arena (jemalloc), active", ctl.active);
	return rc | bytes_row(call, "control arena (jemalloc), resident", ctl.resident);
}

// Pages of the whole process that are in memory.
static uint64_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

int router_show_memory(struct cmd_call *call)
{
	struct router *r = call->arg;
	struct mem_stats ms;
	int rc;

	mem_stats_get(&ms);
	rc = bytes_row(call, "tables in hugepages", ms.huge_bytes);
	rc |= bytes_row(call, "tables in transparent hugepages", ms.thp_bytes);
	rc |= bytes_row(call, "tables in small pages", ms.small_bytes);
	for (unsigned i = 0; i < TABLE_MAX; i++)
		if (r->table[i])
			rc |= table_rows(call, i, r->table[i]);
	rc |= attrs_rows(call, r->attrs);
	rc |= count_row(call, "next hops", nexthops_count(r->nexthops));
	rc |= count_row(call, "packets (mbufs) in all", r->pool->size);
	rc |= count_row(call, "packets (mbufs) in use", rte_mempool_in_use_count(r->pool));
	rc |= bytes_row(call, "the whole process, resident", resident_bytes());
	return rc ? cmd_fail(call, ENOMEM, "no memory") : 0;
}
