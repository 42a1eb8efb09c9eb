// SPDX-License-Identifier: BSD-3-Clause
// eth-input: whose frame is it, which iface, which protocol (IEEE 802.1Q for
// tags, RFC 894 and RFC 2464 for what is inside). Also rx, the hook before it.
// Uses: pkt, iface. Sets: l3, iface. Main arc: ip4-input.
#include "dataplane/graph/node.h"
#include "dataplane/pkt/eth.h"

#include <rte_prefetch.h>

#include <arpa/inet.h>

// Destination address and the group bit of the source, in the frame's first 8 bytes.
#define FRAME_MASK 0x0001ffffffffffffull

enum {
	MIN_FRAME = ETH_HDR_LEN + 20, // an Ethernet and an IPv4 header: all that is read here
	TAGS_MAX = 2,
	VLAN_ID_MASK = 0xfff,
};

bool rx_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	return hook_go(w, b, edge, AT_RX, 0, b->iface);
}

static uint64_t frame_word(const struct eth_hdr *eth)
{
	uint64_t word;

	memcpy(&word, eth, sizeof(word));
	return word;
}

// The iface of a frame with tags: those the NIC took off first, then those in
// the frame. Moves *l3 behind them; NULL for a stack nobody configured.
static const struct iface *tags_walk(const struct worker *w, const struct iface *iface,
				     const struct rte_mbuf *m, uint8_t **l3, uint16_t *type)
{
	const uint8_t *end = rte_pktmbuf_mtod(m, uint8_t *) + m->data_len;
	bool in_mbuf = m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED;

	for (unsigned n = 0;; n++) {
		uint16_t vid;

		if (in_mbuf) {
			vid = m->vlan_tci & VLAN_ID_MASK;
			in_mbuf = false;
		} else if (*type == ETH_TYPE_VLAN || *type == ETH_TYPE_QINQ) {
			struct vlan_tag tag;

			if (*l3 + sizeof(tag) > end)
				return NULL;
			memcpy(&tag, *l3, sizeof(tag));
			vid = ntohs(tag.tci) & VLAN_ID_MASK;
			*type = ntohs(tag.type);
			*l3 += sizeof(tag);
		} else {
			return iface;
		}
		if (n == TAGS_MAX)
			return NULL;
		if (vid == 0)
			continue; // a priority tag: the same iface
		if (!iface->vlan_map || !iface->vlan_map[vid])
			return NULL;
		iface = &w->dp->iface[iface->vlan_map[vid]];
	}
}

static unsigned ip_edge(bool is_multi, uint16_t type)
{
	switch (type) {
	case ETH_TYPE_IP4:
		return is_multi ? ETH_INPUT_IP4_MULTI : ETH_INPUT_IP4;
	case ETH_TYPE_IP6:
		return is_multi ? ETH_INPUT_IP6_MULTI : ETH_INPUT_IP6;
	case ETH_TYPE_ARP:
		return ETH_INPUT_ARP;
	default:
		return ETH_INPUT_UNKNOWN_TYPE;
	}
}

// Everything but untagged unicast IP to our address.
static unsigned other_frame(struct worker *w, struct batch *b, unsigned i)
{
	const struct iface *port_iface = &w->dp->iface[b->iface[i]];
	const struct iface *iface = port_iface;
	const struct rte_mbuf *m = b->pkt[i];
	const struct eth_hdr *eth = rte_pktmbuf_mtod(m, const struct eth_hdr *);
	uint8_t *l3 = (uint8_t *)(uintptr_t)(eth + 1);
	uint16_t type;

	if (m->data_len < ETH_HDR_LEN)
		return ETH_INPUT_TOO_SHORT;
	type = ntohs(eth->type);
	iface = tags_walk(w, iface, m, &l3, &type);
	if (!iface)
		return ETH_INPUT_UNKNOWN_VLAN;
	b->l3[i] = l3;
	if (iface != port_iface) {
		b->iface[i] = iface->id;
		w->iface[iface->id].rx_packets++;
		w->iface[iface->id].rx_bytes += m->pkt_len;
	}
	if (!(iface->flags & IFACE_UP))
		return iface->name[0] ? ETH_INPUT_IFACE_DOWN : ETH_INPUT_UNKNOWN_VLAN;
	if (eth_is_multicast(eth->src))
		return ETH_INPUT_BAD_SOURCE;
	if (eth_is_multicast(eth->dst))
		return ip_edge(true, type);
	if (memcmp(eth->dst, iface->mac, ETH_ADDR_LEN) != 0)
		return ETH_INPUT_NOT_FOR_US;
	return ip_edge(false, type);
}

static void count(struct worker *w, const struct batch *b)
{
	struct iface_counters *c = &w->iface[b->iface[0]];
	uint64_t bytes = 0;

	for (unsigned i = 0; i < b->n; i++)
		bytes += b->pkt[i]->pkt_len;
	c->rx_packets += b->n;
	c->rx_bytes += bytes;
}

// A batch here comes from one port: its packets have one iface (until tags).
bool eth_input_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	const struct iface *iface = &w->dp->iface[b->iface[0]];
	uint64_t mac48 = iface->mac48;
	bool is_up = iface->flags & IFACE_UP;
	bool diverted = false;

	count(w, b);
	for (unsigned i = 0; i < b->n; i++) {
		const struct rte_mbuf *m = b->pkt[i];
		const struct eth_hdr *eth = rte_pktmbuf_mtod(m, const struct eth_hdr *);
		bool plain;

		b->l3[i] = (void *)(uintptr_t)(eth + 1);
		plain = is_up & (m->data_len >= MIN_FRAME) &
			!(m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED);
		if (likely(plain && (frame_word(eth) & FRAME_MASK) == mac48)) {
			if (likely(eth->type == htons(ETH_TYPE_IP4)))
				continue;
			if (eth->type == htons(ETH_TYPE_IP6)) {
				diverted = divert(edge, i, ETH_INPUT_IP6);
				continue;
			}
		}
		edge[i] = (uint8_t)other_frame(w, b, i);
		diverted |= edge[i] != EDGE_MAIN;
	}
	return diverted;
}
