// SPDX-License-Identifier: BSD-3-Clause
// ip4-multi: packets to groups, and what came in a frame to many. They are for
// this router's own daemons or for nobody; none is forwarded or answered by an
// error (RFC 1812 §5.3.4, RFC 1122 §3.3.6).
// Uses: l3, iface. Sets: dst. Main arc: ip4-local.
#include "dataplane/ip4/ip4_node.h"

enum { LOCAL_GROUPS = 0xe00000 }; // 224.0.0.0/24

static bool is_broadcast_of(const struct iface_addr *addr, uint32_t dst)
{
	be32_t bytes;
	uint32_t host;

	if (addr->family != 4 || addr->plen > 30)
		return false;
	memcpy(&bytes, addr->bytes, 4);
	host = 0xffffffffu >> addr->plen;
	return (ntohl(bytes) | host) == dst;
}

static bool is_for_us(const struct iface *iface, const struct ip4_hdr *ip, uint32_t dst)
{
	const struct iface_addrs *addrs = iface->addrs;

	if (dst >> 8 == LOCAL_GROUPS || dst == (uint32_t)IP4_LIMITED_BROADCAST)
		return true;
	if (dst >> 28 == 0xe)
		return ip->proto == IP_PROTO_IGMP;
	for (unsigned i = 0; i < addrs->n; i++)
		if (is_broadcast_of(&addrs->addr[i], dst))
			return true;
	return false;
}

static unsigned judge(const struct worker *w, struct batch *b, unsigned i)
{
	const struct ip4_hdr *ip = b->l3[i];

	if (ip4_header_fault(b, i) != EDGE_MAIN)
		return IP4_MULTI_MALFORMED;
	// who has no address yet asks from 0.0.0.0 (RFC 2131 §4.1, RFC 3376 §4.2.13)
	if (ip->src && w->dp->ip.martians && ip4_class_of(ip->src) & IP4_BAD_SRC)
		return IP4_MULTI_MARTIAN_SRC;
	b->dst[i] = ntohl(ip->dst);
	return is_for_us(&w->dp->iface[b->iface[i]], ip, b->dst[i]) ? EDGE_MAIN
								    : IP4_MULTI_NOT_LOCAL;
}

bool ip4_multi_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		edge[i] = (uint8_t)judge(w, b, i);
		diverted |= edge[i] != EDGE_MAIN;
	}
	return diverted;
}
