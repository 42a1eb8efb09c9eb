// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/neigh/neigh_frame.h"

#include "dataplane/pkt/eth.h"

#include <arpa/inet.h>

static uint8_t *word_put(uint8_t *at, uint16_t word)
{
	be16_t be = htons(word);

	memcpy(at, &be, sizeof(be));
	return at + sizeof(be);
}

unsigned neigh_l2_build(const struct iface *iface, const uint8_t dst[6], uint16_t type,
			uint8_t l2[NEXTHOP_L2_MAX])
{
	uint8_t *at = l2 + 2 * ETH_ADDR_LEN;

	memcpy(l2, dst, ETH_ADDR_LEN);
	memcpy(l2 + ETH_ADDR_LEN, iface->mac, ETH_ADDR_LEN);
	if (iface->vlan) {
		at = word_put(at, iface->inner_vlan ? ETH_TYPE_QINQ : ETH_TYPE_VLAN);
		at = word_put(at, iface->vlan);
	}
	if (iface->inner_vlan) {
		at = word_put(at, ETH_TYPE_VLAN);
		at = word_put(at, iface->inner_vlan);
	}
	at = word_put(at, type);
	return (unsigned)(at - l2);
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
