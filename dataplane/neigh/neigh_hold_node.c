// SPDX-License-Identifier: BSD-3-Clause
// neigh-hold: a packet whose next hop has no Ethernet address yet waits with the
// control thread, which asks for it (RFC 4861 §7.2.2). Limited, so that a scan
// of a connected prefix costs forwarding nothing.
// Uses: pkt, l3, nh, iface. Sets: nothing. Main arc: held (by the ring).
#include "dataplane/graph/node.h"

bool neigh_hold_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		if (!bucket_take(&w->hold, w->now))
			diverted = divert(edge, i, NEIGH_HOLD_RATE_LIMIT);
		else if (!worker_punt(w, PUNT_RESOLVE, b, i))
			diverted = divert(edge, i, NEIGH_HOLD_RING_FULL);
	}
	return diverted;
}
