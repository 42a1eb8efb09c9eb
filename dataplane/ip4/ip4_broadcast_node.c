// SPDX-License-Identifier: BSD-3-Clause
// ip4-broadcast: a packet to the broadcast address of a connected network becomes
// a broadcast frame there (RFC 1812 §5.3.5.2). Only by the switch
// `directed-broadcast`; ip4-forward has judged it.
// Uses: l3, out. Sets: the mbuf's data. Main arc: the features before tx, tx.
#include "dataplane/ip4/ip4_node.h"
#include "dataplane/pkt/chain.h"
#include "dataplane/pkt/eth.h"

static bool frame_make(const struct worker *w, struct batch *b, unsigned i)
{
	static const uint8_t all[ETH_ADDR_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct iface *out = &w->dp->iface[b->out[i]];
	uint32_t len = ntohs(((const struct ip4_hdr *)b->l3[i])->len);
	struct rte_mbuf *m = b->pkt[i];
	uint8_t l2[NEXTHOP_L2_MAX];
	unsigned l2_len = eth_build(l2, all, out->mac, out->vlan, out->inner_vlan, ETH_TYPE_IP4);
	ptrdiff_t start = (char *)b->l3[i] - l2_len - (char *)m->buf_addr;
	ptrdiff_t grow = m->data_off - start;

	if (start < 0)
		return false;
	memcpy((char *)b->l3[i] - l2_len, l2, l2_len);
	m->data_off = (uint16_t)start;
	m->data_len = (uint16_t)(m->data_len + grow);
	m->pkt_len = (uint32_t)(m->pkt_len + grow);
	chain_cut(m, l2_len + len);
	return true;
}

bool ip4_broadcast_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++)
		if (!frame_make(w, b, i))
			diverted = divert(edge, i, IP4_BROADCAST_NO_HEADROOM);
	return hook_go(w, b, edge, AT_TX, 0, b->out) | diverted;
}
