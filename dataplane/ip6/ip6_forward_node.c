// SPDX-License-Identifier: BSD-3-Clause
// ip6-forward: what the next hop asks for; then scope, hop limit and MTU (RFC
// 8200 §3, §5: routers never fragment; RFC 4443 §3.1 to §3.3 for the errors).
// Errors quote the packet as it came, so nothing is changed before all is judged.
// Uses: l3, nh. Sets: nh (a group's member), out. Main arc: ip6-rewrite, by the
// features of the out iface.
#include "dataplane/ip6/ip6_route_node.h"
#include "dataplane/pkt/hash6.h"
#include "dataplane/pkt/icmp.h"

static inline bool is_link_local_word(const uint8_t a[16])
{
	uint16_t word;

	memcpy(&word, a, sizeof(word));
	return (word & htons(0xffc0)) == htons(0xfe80);
}

static unsigned error(struct batch *b, unsigned i, enum icmp_reason why, uint32_t arg)
{
	b->nh[i] = why;
	b->dst[i] = arg;
	return IP6_FORWARD_ERROR;
}

// Next hops that send nothing on.
static unsigned end_edge(struct batch *b, unsigned i, enum nexthop_kind kind)
{
	switch (kind) {
	case NH_LOCAL:
		return IP6_FORWARD_LOCAL;
	case NH_BLACKHOLE:
		return IP6_FORWARD_BLACKHOLE;
	case NH_UNREACHABLE:
		return error(b, i, ICMP_WHY_HOST, 0);
	case NH_PROHIBIT:
		return error(b, i, ICMP_WHY_ADMIN, 0);
	default: // none, or no such thing in IPv6
		return error(b, i, ICMP_WHY_NO_ROUTE, 0);
	}
}

// ECMP (RFC 2992 §2): one member for all packets of a flow.
static const struct nexthop *member(const struct worker *w, struct batch *b, unsigned i,
				    const struct nexthop *group)
{
	const struct ip6_hdr *ip = b->l3[i];
	unsigned room = batch_l3_room(b, i), len = ip6_total_len(ip);
	uint32_t hash = hash_flow6(&w->dp->hash_key, ip, room < len ? room : len);

	b->nh[i] = group->group.bucket[hash & group->group.mask];
	return &w->dp->nexthop[b->nh[i]];
}

static inline void hop_step(struct batch *b, unsigned i, const struct nexthop *nh)
{
	struct ip6_hdr *ip = b->l3[i];

	ip->hop_limit--;
	b->out[i] = nh->iface;
}

// A packet that a neighbour shall get, with something special about it.
static unsigned transit_edge(struct batch *b, unsigned i, const struct nexthop *nh,
			     enum nexthop_kind kind)
{
	const struct ip6_hdr *ip = b->l3[i];

	if (ip6_is_link_local(ip->src))
		return error(b, i, ICMP_WHY_SCOPE, 0);
	if (ip->hop_limit <= 1)
		return error(b, i, ICMP_WHY_TTL, 0);
	b->out[i] = nh->iface;
	if (kind != NH_FORWARD)
		return IP6_FORWARD_RESOLVE;
	if (ip6_total_len(ip) > nh->mtu)
		return error(b, i, ICMP_WHY_TOO_BIG, nh->mtu);
	hop_step(b, i, nh);
	return EDGE_MAIN;
}

static __attribute__((noinline)) unsigned forward_edge(struct worker *w, struct batch *b,
						       unsigned i)
{
	const struct nexthop *nh = &w->dp->nexthop[b->nh[i]];
	enum nexthop_kind kind = ip6_nexthop_kind(nh);

	if (kind == NH_GROUP) {
		nh = member(w, b, i, nh);
		kind = ip6_nexthop_kind(nh);
	}
	if (kind == NH_FORWARD || kind == NH_RESOLVE || kind == NH_GLEAN)
		return transit_edge(b, i, nh, kind);
	return end_edge(b, i, kind);
}

static inline bool is_special(const struct nexthop *nh, const struct ip6_hdr *ip)
{
	unsigned special = ip6_nexthop_kind(nh) ^ NH_FORWARD;

	special |= ip->hop_limit <= 1;
	special |= ip6_total_len(ip) > nh->mtu;
	special |= is_link_local_word(ip->src);
	return special;
}

bool ip6_forward_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	const struct nexthop *nexthop = w->dp->nexthop;
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		const struct nexthop *nh = &nexthop[b->nh[i]];

		if (unlikely(is_special(nh, b->l3[i]))) {
			edge[i] = (uint8_t)forward_edge(w, b, i);
			diverted |= edge[i] != EDGE_MAIN;
			continue;
		}
		hop_step(b, i, nh);
	}
	return hook_go(w, b, edge, AT_POST_LOOKUP6, 0, b->out) | diverted;
}
