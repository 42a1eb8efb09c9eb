// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/neigh/neigh_frame.h"

#include "dataplane/pkt/eth.h"

unsigned neigh_l2_build(const struct iface *iface, const uint8_t dst[6], uint16_t type,
			uint8_t l2[NEXTHOP_L2_MAX])
{
	return eth_build(l2, dst, iface->mac, iface->vlan, iface->inner_vlan, type);
}

struct rte_mbuf *neigh_frame_new(struct neigh *tbl, const struct iface *iface, const uint8_t dst[6],
				 uint16_t type, unsigned len, void **payload)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(tbl->env.pool);
	uint8_t l2[NEXTHOP_L2_MAX];
	unsigned l2_len = neigh_l2_build(iface, dst, type, l2);
	unsigned frame_len = l2_len + len < ETH_MIN_LEN ? ETH_MIN_LEN : l2_len + len;
	char *data = m ? rte_pktmbuf_append(m, (uint16_t)frame_len) : NULL;

	if (!data) {
		rte_pktmbuf_free(m);
		neigh_count(tbl, NEIGH_COUNT_NO_MBUF);
		return NULL;
	}
	memset(data, 0, frame_len);
	memcpy(data, l2, l2_len);
	*payload = data + l2_len;
	return m;
}

void neigh_inject(struct neigh *tbl, struct rte_mbuf *m, const struct meta *meta)
{
	meta_put(m, meta);
	tbl->env.send(tbl->env.arg, m);
}

void neigh_frame_send(struct neigh *tbl, const struct iface *iface, struct rte_mbuf *m)
{
	struct meta meta = {.node = NODE_TX, .iface = iface->id, .out = iface->id};

	neigh_inject(tbl, m, &meta);
}
