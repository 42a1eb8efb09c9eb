// SPDX-License-Identifier: BSD-3-Clause
// ip4-forward: what the next hop says, the time to live (RFC 1812 §5.3.1), the
// MTU (§4.2.2.7), and what must stay on its link.
// Uses: l3, dst, nh, iface. Sets: out, nh. Main arc: the features behind the
// lookup, ip4-rewrite.
#include "dataplane/ip4/ip4_node.h"
#include "dataplane/pkt/hash.h"

enum { LINK_LOCAL_NET = 0xa9fe }; // 169.254/16

// RFC 1624 §3 eqn. 3 for one known step: the word of TTL and protocol falls by
// 0x0100, so the checksum rises by it; 0xffff is never the result.
static inline void ttl_step(struct ip4_hdr *ip)
{
	uint32_t sum = ip->csum + (uint32_t)htons(0x0100);

	ip->csum = (uint16_t)(sum + (sum >= 0xffff));
	ip->ttl--;
}

// RFC 3927 §7: neither source nor destination may leave its link.
static inline bool is_link_scope(const struct ip4_hdr *ip, uint32_t dst)
{
	return (dst >> 16 == LINK_LOCAL_NET) |
	       ((ip->src & htonl(0xffff0000)) == htonl((uint32_t)LINK_LOCAL_NET << 16));
}

// Is it a packet that we made ourselves (a reply to a neighbour)?
static cold_fn bool is_own(const struct worker *w, const struct batch *b, unsigned i)
{
	const struct ip4_hdr *ip = b->l3[i];

	return iface_addr_find(&w->dp->iface[b->iface[i]], 4, &ip->src) ||
	       iface_addr_find(&w->dp->iface[b->out[i]], 4, &ip->src);
}

static unsigned error(struct batch *b, unsigned i, enum icmp_reason why, uint32_t argument)
{
	ip4_why(b, i, why, argument);
	return IP4_FORWARD_ERROR;
}

// A packet that a neighbour shall get, with something special about it.
static unsigned judge_transit(struct worker *w, struct batch *b, unsigned i,
			      const struct nexthop *nh, enum nexthop_kind kind)
{
	struct ip4_hdr *ip = b->l3[i];
	bool is_long = ntohs(ip->len) > nh->mtu;

	b->out[i] = nh->iface;
	if (is_link_scope(ip, b->dst[i]) && !is_own(w, b, i))
		return IP4_FORWARD_LINK_SCOPE;
	if (ip->ttl <= 1)
		return error(b, i, ICMP_WHY_TTL, 0);
	if (kind != NH_FORWARD)
		return IP4_FORWARD_RESOLVE;
	if (is_long && ip->frag & htons(IP4_FRAG_DF))
		return error(b, i, ICMP_WHY_TOO_BIG, nh->mtu);
	if (ip4_hdr_len(ip) > IP4_HDR_LEN)
		ip4_options_record(w, b, i);
	ttl_step(ip);
	return is_long ? IP4_FORWARD_FRAGMENT : EDGE_MAIN;
}

// ECMP (RFC 2992 §2): one member for all packets of a flow.
static const struct nexthop *member(const struct worker *w, struct batch *b, unsigned i,
				    const struct nexthop *group)
{
	uint32_t hash = hash_flow4(&w->dp->hash_key, b->l3[i], batch_l3_room(b, i));

	b->nh[i] = group->group.bucket[hash & group->group.mask];
	return &w->dp->nexthop[b->nh[i]];
}

static __attribute__((noinline)) unsigned judge(struct worker *w, struct batch *b, unsigned i)
{
	const struct nexthop *nh = &w->dp->nexthop[b->nh[i]];
	enum nexthop_kind kind = nexthop_kind(nh);

	if (kind == NH_GROUP) {
		nh = member(w, b, i, nh);
		kind = nexthop_kind(nh);
	}
	switch (kind) {
	case NH_FORWARD:
	case NH_RESOLVE:
	case NH_GLEAN:
		return judge_transit(w, b, i, nh, kind);
	case NH_LOCAL:
		return IP4_FORWARD_LOCAL;
	case NH_BLACKHOLE:
		return IP4_FORWARD_BLACKHOLE;
	case NH_BROADCAST:
		return IP4_FORWARD_BROADCAST;
	case NH_UNREACHABLE:
		return error(b, i, ICMP_WHY_HOST, 0);
	case NH_PROHIBIT:
		return error(b, i, ICMP_WHY_ADMIN, 0);
	default:
		return error(b, i, ICMP_WHY_NO_ROUTE, 0);
	}
}

static inline bool is_special(const struct nexthop *nh, const struct ip4_hdr *ip, uint32_t dst)
{
	unsigned special = nexthop_kind(nh) ^ NH_FORWARD;

	special |= ip->vihl ^ 0x45;
	special |= ip->ttl <= 1;
	special |= ntohs(ip->len) > nh->mtu;
	special |= is_link_scope(ip, dst);
	return special;
}

bool ip4_forward_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	const struct nexthop *nexthop = w->dp->nexthop;
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		const struct nexthop *nh = &nexthop[b->nh[i]];
		struct ip4_hdr *ip = b->l3[i];

		if (unlikely(is_special(nh, ip, b->dst[i]))) {
			edge[i] = (uint8_t)judge(w, b, i);
			diverted |= edge[i] != EDGE_MAIN;
			continue;
		}
		ttl_step(ip);
		b->out[i] = nh->iface;
	}
	return hook_go(w, b, edge, AT_POST_LOOKUP4, 0, b->out) | diverted;
}
