// SPDX-License-Identifier: BSD-3-Clause
// ip4-rewrite: the next hop's Ethernet header (RFC 894) in front of the packet,
// and nothing behind it (padding of short frames goes).
// Uses: l3, nh, out. Sets: the mbuf's data. Main arc: the features before tx, tx.
#include "dataplane/ip4/ip4_node.h"
#include "dataplane/pkt/chain.h"
#include "dataplane/pkt/eth.h"

// 14 bytes as two words that overlap.
static inline void eth_write(char *to, const uint8_t *from)
{
	uint64_t head, tail;

	memcpy(&head, from, 8);
	memcpy(&tail, from + 6, 8);
	memcpy(to, &head, 8);
	memcpy(to + 6, &tail, 8);
}

// More than one segment: the first changes at its start, the last at its end.
static cold_fn void chain_set(struct rte_mbuf *m, uint16_t off, uint32_t len)
{
	int grow = (int)m->data_off - (int)off;

	m->data_off = off;
	m->data_len = (uint16_t)(m->data_len + grow);
	m->pkt_len = (uint32_t)((int)m->pkt_len + grow);
	chain_cut(m, len);
}

static inline void frame_set(struct rte_mbuf *m, uint16_t off, uint32_t len)
{
	if (unlikely(m->nb_segs > 1)) {
		chain_set(m, off, len);
		return;
	}
	m->data_off = off;
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
}

bool ip4_rewrite_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	const struct nexthop *nexthop = w->dp->nexthop;
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		const struct nexthop *nh = &nexthop[b->nh[i]];
		const struct ip4_hdr *ip = b->l3[i];
		struct rte_mbuf *m = b->pkt[i];
		unsigned at = (unsigned)((char *)b->l3[i] - (char *)m->buf_addr);
		unsigned l2_len = nh->l2_len;
		char *start = (char *)b->l3[i] - l2_len;

		if (unlikely(at < l2_len)) {
			diverted = divert(edge, i, IP4_REWRITE_NO_HEADROOM);
			continue;
		}
		if (likely(l2_len == ETH_HDR_LEN))
			eth_write(start, nh->l2);
		else
			memcpy(start, nh->l2, l2_len);
		frame_set(m, (uint16_t)(at - l2_len), l2_len + ntohs(ip->len));
	}
	return hook_go(w, b, edge, AT_TX, 0, b->out) | diverted;
}
