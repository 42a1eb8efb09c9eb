// SPDX-License-Identifier: BSD-3-Clause
// host: packets for the operating system go to the host thread, which writes
// them to the TAP of the iface they came in by. Limited, so that a flood at the
// router's own address costs forwarding nothing.
// Uses: pkt, l3, iface. Sets: nothing. Main arc: held (by the ring).
#include "dataplane/graph/node.h"

bool host_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		if (!(w->dp->iface[b->iface[i]].flags & IFACE_TAP))
			diverted = divert(edge, i, HOST_NO_TAP);
		else if (!bucket_take(&w->host, w->now))
			diverted = divert(edge, i, HOST_RATE_LIMIT);
		else if (!worker_punt(w, PUNT_HOST, b, i))
			diverted = divert(edge, i, HOST_RING_FULL);
	}
	return diverted;
}
