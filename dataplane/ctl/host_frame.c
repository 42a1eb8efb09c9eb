// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/host_frame.h"

#include "dataplane/pkt/eth.h"

#include <rte_mbuf.h>

#include <arpa/inet.h>
#include <string.h>

enum { ADDRS_LEN = 2 * ETH_ADDR_LEN, TAGS_MAX = 2 };

static uint16_t type_before(const struct rte_mbuf *m, unsigned l3_off)
{
	be16_t type;

	memcpy(&type, rte_pktmbuf_mtod_offset(m, char *, l3_off - sizeof(type)), sizeof(type));
	return ntohs(type);
}

unsigned host_frame_l3(const struct rte_mbuf *m)
{
	unsigned l3_off = ETH_HDR_LEN;

	if (m->data_len < ETH_HDR_LEN)
		return 0;
	for (unsigned n = 0; n < TAGS_MAX; n++) {
		uint16_t type = type_before(m, l3_off);

		if (type != ETH_TYPE_VLAN && type != ETH_TYPE_QINQ)
			break;
		l3_off += VLAN_TAG_LEN;
		if (l3_off > m->data_len)
			return 0;
	}
	return l3_off;
}

// A packet that jerboa made, an ICMP error say, has no Ethernet header.
static bool header_make(struct rte_mbuf *m, unsigned l3_off, const uint8_t mac[6])
{
	struct eth_hdr *eth;
	uint8_t version;

	if (l3_off >= m->data_len)
		return false;
	version = *rte_pktmbuf_mtod_offset(m, uint8_t *, l3_off) >> 4;
	rte_pktmbuf_adj(m, (uint16_t)l3_off);
	eth = (struct eth_hdr *)rte_pktmbuf_prepend(m, sizeof(*eth));
	if (!eth || (version != 4 && version != 6))
		return false;
	memcpy(eth->dst, mac, ETH_ADDR_LEN);
	memcpy(eth->src, mac, ETH_ADDR_LEN);
	eth->type = htons(version == 4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6);
	return true;
}

bool host_frame_untag(struct rte_mbuf *m, unsigned l3_off, const uint8_t mac[6])
{
	char *start = rte_pktmbuf_mtod(m, char *), *header;

	if (l3_off < ETH_HDR_LEN)
		return header_make(m, l3_off, mac);
	if (l3_off > m->data_len)
		return false;
	header = start + l3_off - ETH_HDR_LEN;
	memmove(header, start, ADDRS_LEN);
	if (!eth_is_multicast((const uint8_t *)header))
		memcpy(header, mac, ETH_ADDR_LEN);
	return rte_pktmbuf_adj(m, (uint16_t)(l3_off - ETH_HDR_LEN)) != NULL;
}

static bool tag_put(struct rte_mbuf *m, uint16_t tpid, unsigned vlan)
{
	char *old = rte_pktmbuf_mtod(m, char *);
	char *start = rte_pktmbuf_prepend(m, VLAN_TAG_LEN);
	struct {
		be16_t tpid, tci;
	} tag = {htons(tpid), htons((uint16_t)vlan)};

	if (!start)
		return false;
	memmove(start, old, ADDRS_LEN);
	memcpy(start + ADDRS_LEN, &tag, sizeof(tag));
	return true;
}

bool host_frame_tag(struct rte_mbuf *m, unsigned vlan, unsigned inner_vlan)
{
	if (vlan == 0)
		return true;
	if (inner_vlan)
		return tag_put(m, ETH_TYPE_VLAN, inner_vlan) && tag_put(m, ETH_TYPE_QINQ, vlan);
	return tag_put(m, ETH_TYPE_VLAN, vlan);
}

enum host_way host_frame_way(const struct rte_mbuf *m, const uint8_t mac[6])
{
	if (m->data_len < ETH_HDR_LEN)
		return HOST_WAY_NONE;
	if (memcmp(rte_pktmbuf_mtod(m, void *), mac, ETH_ADDR_LEN) != 0)
		return HOST_WAY_WIRE;
	switch (type_before(m, ETH_HDR_LEN)) {
	case ETH_TYPE_IP4:
		return HOST_WAY_IP4;
	case ETH_TYPE_IP6:
		return HOST_WAY_IP6;
	default:
		return HOST_WAY_NONE;
	}
}
