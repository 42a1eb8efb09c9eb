// SPDX-License-Identifier: BSD-3-Clause
// ip6-rewrite: the next hop's Ethernet header in front, padding of the link it
// came by off the end (RFC 2464 §3).
// Uses: pkt, l3, nh, out. Sets: pkt. Main arc: tx, by the features of the out iface.
#include "dataplane/graph/node.h"
#include "dataplane/pkt/chain.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/ip6_ext.h"
#include "dataplane/route/nexthop_tbl.h"

// Tags before the type, or more than one segment. False: no room in front.
static cold_fn bool rewrite_long(struct rte_mbuf *m, uint8_t *l3, const struct nexthop *nh,
				 uint32_t len)
{
	ptrdiff_t start = l3 - (uint8_t *)m->buf_addr - nh->l2_len;

	if (start < 0)
		return false;
	memcpy(l3 - nh->l2_len, nh->l2, nh->l2_len);
	m->data_len = (uint16_t)(m->data_len + m->data_off - start);
	m->pkt_len = (uint32_t)(m->pkt_len + m->data_off - start);
	m->data_off = (uint16_t)start;
	chain_cut(m, nh->l2_len + len);
	return true;
}

bool ip6_rewrite_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	const struct nexthop *nexthop = w->dp->nexthop;
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		const struct nexthop *nh = &nexthop[b->nh[i]];
		struct rte_mbuf *m = b->pkt[i];
		uint8_t *l3 = b->l3[i];
		ptrdiff_t start = l3 - (uint8_t *)m->buf_addr - ETH_HDR_LEN;
		uint32_t len = ip6_total_len((const struct ip6_hdr *)l3);

		if (unlikely((nh->l2_len != ETH_HDR_LEN) | (m->nb_segs != 1) | (start < 0))) {
			if (!rewrite_long(m, l3, nh, len))
				diverted = divert(edge, i, IP6_REWRITE_NO_HEADROOM);
			continue;
		}
		memcpy(l3 - ETH_HDR_LEN, nh->l2, ETH_HDR_LEN);
		m->data_off = (uint16_t)start;
		m->data_len = (uint16_t)(ETH_HDR_LEN + len);
		m->pkt_len = ETH_HDR_LEN + len;
	}
	return hook_go(w, b, edge, AT_TX, 0, b->out) | diverted;
}
