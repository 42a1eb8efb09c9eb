// SPDX-License-Identifier: BSD-3-Clause
// Lookups that several IPv6 nodes make.
#pragma once

#include "dataplane/graph/node.h"
#include "dataplane/pkt/ip6.h"
#include "dataplane/route/fib6_tbl.h"
#include "dataplane/route/nexthop_tbl.h"

static inline enum nexthop_kind ip6_nexthop_kind(const struct nexthop *nh)
{
	return (enum nexthop_kind)__atomic_load_n((const uint8_t *)&nh->kind, __ATOMIC_ACQUIRE);
}

// Looks addresses up in the table of each packet's iface, one bulk call a run.
static inline void ip6_lookup_runs(const struct worker *w, const uint16_t iface[],
				   const uint8_t *const addr[], uint16_t nh[], unsigned n)
{
	const struct dp_tbl *dp = w->dp;
	unsigned first = 0;

	for (unsigned i = 1; i <= n; i++) {
		uint16_t table = dp->iface[iface[first]].table;

		if (i < n && likely(iface[i] == iface[first] || dp->iface[iface[i]].table == table))
			continue;
		fib6_lookup_bulk(dp->fib6[table], addr + first, nh + first, i - first);
		first = i;
	}
}

// Where one address leads, by the table of an iface. Off the common path.
static inline const struct nexthop *ip6_route(const struct worker *w, unsigned iface,
					      const uint8_t addr[16])
{
	const uint8_t *one[1] = {addr};
	uint16_t nh;

	fib6_lookup_bulk(w->dp->fib6[w->dp->iface[iface].table], one, &nh, 1);
	return &w->dp->nexthop[nh];
}
