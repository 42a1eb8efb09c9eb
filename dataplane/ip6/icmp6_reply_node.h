// SPDX-License-Identifier: BSD-3-Clause
// What icmp6-echo and icmp6-error share: how an answer goes back.
//
// An answer to a link-local address cannot be looked up (RFC 4291 §2.5.6): it
// goes back to the Ethernet address its packet came from, by the same iface.
#pragma once

#include "dataplane/graph/node.h"
#include "dataplane/pkt/chain.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/ip6_ext.h"

enum {
	ICMP6_HOPS = 64, // what hosts start from
	REFLECT_ROOM = ETH_HDR_LEN + 2 * VLAN_TAG_LEN,
};

// Bytes of the frame as received that stand before l3.
static inline unsigned frame_before_l3(const struct batch *b, unsigned i)
{
	return (unsigned)((const uint8_t *)b->l3[i] - rte_pktmbuf_mtod(b->pkt[i], const uint8_t *));
}

static inline bool has_frame(const struct batch *b, unsigned i)
{
	return frame_before_l3(b, i) >= ETH_HDR_LEN;
}

// Moves the start of mbuf data to `start`, which is before or behind it in the
// first segment.
static inline void data_start(struct rte_mbuf *m, const uint8_t *start)
{
	int by = (int)(rte_pktmbuf_mtod(m, const uint8_t *) - start);

	m->data_off = (uint16_t)(m->data_off - by);
	m->data_len = (uint16_t)(m->data_len + by);
	m->pkt_len = (uint32_t)((int)m->pkt_len + by);
}

// The finished answer i as a frame to its sender; the frame that came must still
// stand in front. False: no room in the mbuf for the tags of the iface.
static inline bool reflect(const struct worker *w, struct batch *b, unsigned i)
{
	const struct iface *iface = &w->dp->iface[b->iface[i]];
	const struct eth_hdr *eth = rte_pktmbuf_mtod(b->pkt[i], const struct eth_hdr *);
	uint8_t *l3 = b->l3[i], l2[REFLECT_ROOM];
	unsigned len;

	if (!has_frame(b, i))
		return false;
	len = eth_build(l2, eth->src, iface->mac, iface->vlan, iface->inner_vlan, ETH_TYPE_IP6);
	if (l3 - (uint8_t *)b->pkt[i]->buf_addr < (ptrdiff_t)len)
		return false;
	memcpy(l3 - len, l2, len);
	data_start(b->pkt[i], l3 - len);
	chain_cut(b->pkt[i], len + ip6_total_len(b->l3[i]));
	b->out[i] = b->iface[i];
	return true;
}

// Where the answer goes, its hop limit set: ip6-forward takes one off.
static inline unsigned answer_edge(const struct worker *w, struct batch *b, unsigned i,
				   unsigned to_lookup, unsigned to_wire, unsigned no_room)
{
	struct ip6_hdr *ip = b->l3[i];

	ip->hop_limit = ICMP6_HOPS + 1;
	if (!ip6_is_link_local(ip->dst))
		return to_lookup;
	ip->hop_limit = ICMP6_HOPS;
	return reflect(w, b, i) ? to_wire : no_room;
}
