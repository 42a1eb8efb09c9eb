// SPDX-License-Identifier: BSD-3-Clause
// arp-input: ARP (RFC 826) that concerns us goes to the control thread, limited.
// What concerns us: questions for our addresses and answers to us; who claims one
// of our addresses (RFC 5227 §2.4); who announces itself.
// Uses: pkt, l3, iface. Sets: nothing. Main arc: held (by the ring).
#include "dataplane/graph/node.h"
#include "dataplane/neigh/neigh_tbl.h"

static unsigned arp_edge(struct worker *w, const struct batch *b, unsigned i)
{
	const struct iface *iface = &w->dp->iface[b->iface[i]];
	const struct arp_hdr *arp = b->l3[i];

	if (batch_l3_room(b, i) < sizeof(*arp) || !arp_msg_is_valid(arp))
		return ARP_INPUT_MALFORMED;
	if (memcmp(arp->sender_mac, iface->mac, ETH_ADDR_LEN) == 0)
		return ARP_INPUT_NOT_FOR_US; // our own, reflected
	if (!iface_addr_find(iface, 4, arp->target_ip) && !arp_msg_is_gratuitous(arp) &&
	    !iface_addr_find(iface, 4, arp->sender_ip))
		return ARP_INPUT_NOT_FOR_US;
	if (!bucket_take(&w->arp, w->now))
		return ARP_INPUT_RATE_LIMIT;
	return worker_punt(w, PUNT_ARP, b, i) ? ARP_INPUT_PUNTED : ARP_INPUT_RING_FULL;
}

bool arp_input_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		edge[i] = (uint8_t)arp_edge(w, b, i);
		diverted |= edge[i] != EDGE_MAIN;
	}
	return diverted;
}
