// SPDX-License-Identifier: BSD-3-Clause
// ip6-input: is it an IPv6 packet that may be looked up (RFC 8200 §3, §4.3)?
// Uses: pkt, l3, iface. Sets: nothing. Main arc: ip6-lookup, by the features
// of the iface.
#include "dataplane/graph/node.h"
#include "dataplane/ip6/ip6_check_node.h"
#include "dataplane/pkt/ip6_ext.h"

static bool is_ours(const struct iface *iface, const uint8_t dst[16])
{
	const struct iface_addr *addr = iface_addr_find(iface, 6, dst);

	return addr && !addr->is_tentative;
}

// RFC 4291 §2.5.6: such an address means something on its own link only.
static unsigned link_local_edge(const struct iface *iface, const uint8_t dst[16])
{
	return is_ours(iface, dst) ? IP6_INPUT_LOCAL : IP6_INPUT_LINK_SCOPE;
}

static unsigned address_edge(const struct worker *w, const struct iface *iface,
			     const struct ip6_hdr *ip)
{
	bool martians = w->dp->ip.martians;

	if (ip6_is_unspecified(ip->src) || ip6_is_bad_source(ip->src, martians))
		return IP6_INPUT_MARTIAN_SRC;
	if (ip6_is_unspecified(ip->dst) || ip6_is_loopback(ip->dst) ||
	    (martians && ip6_has_ip4(ip->dst)))
		return IP6_INPUT_MARTIAN_DST;
	if (ip6_is_multicast(ip->dst))
		return IP6_INPUT_MULTI;
	if (ip6_is_link_local(ip->dst))
		return link_local_edge(iface, ip->dst);
	return EDGE_MAIN;
}

// RFC 8200 §4.3: a router need not look into a hop-by-hop header, and we do not;
// but one that is longer than the packet is a lie about what follows.
static bool is_hop_header_cut(const struct batch *b, unsigned i, const struct ip6_hdr *ip)
{
	const uint8_t *hop = (const uint8_t *)(ip + 1);

	return batch_l3_room(b, i) < IP6_HDR_LEN + 8 || (hop[1] + 1u) * 8 > ntohs(ip->len);
}

// The first reason why a packet is not plain; there may be none.
static cold_fn unsigned input_edge(const struct worker *w, const struct batch *b, unsigned i)
{
	const struct ip6_hdr *ip = b->l3[i];

	if (!ip6_fits(b, i))
		return IP6_INPUT_TOO_SHORT;
	if (ntohl(ip->vtf) >> 28 != 6)
		return IP6_INPUT_BAD_VERSION;
	if (ip6_total_len(ip) > batch_l3_len(b, i))
		return IP6_INPUT_TRUNCATED;
	if (ip->next == IP6_EXT_HOP && is_hop_header_cut(b, i, ip))
		return IP6_INPUT_BAD_EXT;
	return address_edge(w, &w->dp->iface[b->iface[i]], ip);
}

static inline bool is_plain(const struct batch *b, unsigned i)
{
	const struct ip6_hdr *ip = b->l3[i];
	uint32_t bad;

	if (unlikely(!ip6_fits(b, i)))
		return false;
	bad = (ip->vtf ^ htonl(6u << 28)) & htonl(0xfu << 28);
	bad |= ip6_total_len(ip) > batch_l3_len(b, i);
	bad |= ip->next == IP6_EXT_HOP;
	bad |= (uint8_t)(ip->src[0] + 1) < 2; // :: and the like, multicast
	bad |= ip6_is_special(ip->dst[0]);
	return !bad;
}

bool ip6_input_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++)
		if (unlikely(!is_plain(b, i))) {
			edge[i] = (uint8_t)input_edge(w, b, i);
			diverted |= edge[i] != EDGE_MAIN;
		}
	return hook_go(w, b, edge, AT_PRE_LOOKUP6, 0, b->iface) | diverted;
}
