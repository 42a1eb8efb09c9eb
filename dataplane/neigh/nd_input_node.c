// SPDX-License-Identifier: BSD-3-Clause
// nd-input: neighbour discovery (RFC 4861) goes to the control thread, limited.
// Solicitations for addresses that are not ours (yet) stop here.
// Uses: pkt, l3, iface. Sets: nothing. Main arc: held (by the ring).
#include "dataplane/graph/node.h"
#include "dataplane/neigh/neigh_tbl.h"

static unsigned nd_edge(struct worker *w, const struct batch *b, unsigned i)
{
	const struct iface *iface = &w->dp->iface[b->iface[i]];
	struct nd_msg msg;

	if (!nd_msg_parse(&msg, b->l3[i], batch_l3_room(b, i)))
		return ND_INPUT_MALFORMED;
	if (msg.icmp->type == ICMP6_NS && !iface_addr_find(iface, 6, msg.target))
		return ND_INPUT_NOT_FOR_US;
	if (!bucket_take(&w->nd, w->now))
		return ND_INPUT_RATE_LIMIT;
	return worker_punt(w, PUNT_ND, b, i) ? ND_INPUT_PUNTED : ND_INPUT_RING_FULL;
}

bool nd_input_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		edge[i] = (uint8_t)nd_edge(w, b, i);
		diverted |= edge[i] != EDGE_MAIN;
	}
	return diverted;
}
