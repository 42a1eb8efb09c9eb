// SPDX-License-Identifier: BSD-3-Clause
// ip6-multi: packets to a group, or in a frame to one. Never forwarded; the
// groups a router is in, and all others of the link, go to ourselves (RFC 4291
// §2.7.1, §2.8). Which Ethernet address carried a group does not matter (RFC
// 6085 §3 for unicast); a unicast packet in a group frame does.
// Uses: pkt, l3, iface. Sets: nothing. Main arc: ip6-deliver.
#include "dataplane/graph/node.h"
#include "dataplane/ip6/ip6_check_node.h"
#include "dataplane/pkt/ip6_ext.h"

enum { SCOPE_RESERVED, SCOPE_IFACE, SCOPE_LINK, SCOPE_SITE = 5 };

// ff02::1:ffXX:XXXX; the last three bytes are those of an address.
static bool is_solicited_node(const uint8_t dst[16])
{
	static const uint8_t prefix[13] = {0xff, 2, [11] = 1, [12] = 0xff};

	return memcmp(dst, prefix, sizeof(prefix)) == 0;
}

// Tentative addresses too: duplicate address detection listens there.
static bool is_own_solicited_node(const struct iface *iface, const uint8_t dst[16])
{
	const struct iface_addrs *addrs = iface->addrs;

	for (unsigned i = 0; i < addrs->n; i++)
		if (addrs->addr[i].family == 6 &&
		    memcmp(addrs->addr[i].bytes + 13, dst + 13, 3) == 0)
			return true;
	return false;
}

static unsigned group_edge(const struct iface *iface, const uint8_t dst[16])
{
	static const uint8_t site_routers[16] = {0xff, 5, [15] = 2};

	switch (dst[1] & 0xf) {
	case SCOPE_RESERVED: // RFC 4291 §2.7: must be dropped
	case SCOPE_IFACE:    // RFC 4291 §2.7: for loopback only
		return IP6_MULTI_MARTIAN_DST;
	case SCOPE_LINK:
		if (is_solicited_node(dst) && !is_own_solicited_node(iface, dst))
			return IP6_MULTI_NOT_LOCAL;
		return IP6_MULTI_LOCAL;
	default:
		return memcmp(dst, site_routers, 16) == 0 ? IP6_MULTI_LOCAL : IP6_MULTI_NOT_LOCAL;
	}
}

static unsigned multi_edge(const struct worker *w, const struct batch *b, unsigned i)
{
	const struct ip6_hdr *ip = b->l3[i];

	if (!ip6_fits(b, i) || ntohl(ip->vtf) >> 28 != 6 || ip6_total_len(ip) > batch_l3_len(b, i))
		return IP6_MULTI_MALFORMED;
	if (ip6_is_bad_source(ip->src, w->dp->ip.martians))
		return IP6_MULTI_MARTIAN_SRC;
	if (!ip6_is_multicast(ip->dst))
		return IP6_MULTI_UNICAST;
	return group_edge(&w->dp->iface[b->iface[i]], ip->dst);
}

bool ip6_multi_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		edge[i] = (uint8_t)multi_edge(w, b, i);
		diverted |= edge[i] != EDGE_MAIN;
	}
	return diverted;
}
