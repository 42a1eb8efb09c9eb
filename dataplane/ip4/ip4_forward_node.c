// SPDX-License-Identifier: BSD-3-Clause
// ip4-forward: what the next hop says, the time to live (RFC 1812 §5.3.1), the
// MTU (§4.2.2.7).
// Uses: l3, dst, nh, iface. Sets: out, nh. Main arc: the features behind the
// lookup, ip4-rewrite.
#include "dataplane/ip4/ip4_node.h"
#include "dataplane/pkt/hash.h"

enum { TTL_AT = 8 };

// TTL, protocol and checksum are one word. RFC 1624 §3 eqn. 3 for one known step:
// the word of TTL and protocol falls by 0x0100, so the checksum rises by it, end
// around, and is never 0xffff.
static inline uint32_t ttl_step(uint32_t word)
{
	return word + 0xffff + (word >= 0xfffe0000 ? 0x10000 : 0);
}

static inline void ttl_set(struct ip4_hdr *ip, uint32_t word)
{
	memcpy((char *)ip + TTL_AT, &word, sizeof(word));
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
	if (ip->ttl <= 1)
		return error(b, i, ICMP_WHY_TTL, 0);
	if (kind != NH_FORWARD)
		return IP4_FORWARD_RESOLVE;
	if (is_long && ip->frag & htons(IP4_FRAG_DF))
		return error(b, i, ICMP_WHY_TOO_BIG, nh->mtu);
	if (ip4_hdr_len(ip) > IP4_HDR_LEN)
		ip4_options_record(w, b, i);
	ttl_set(ip, ttl_step(ip4_word32(ip, TTL_AT)));
	return is_long ? IP4_FORWARD_FRAGMENT : EDGE_MAIN;
}

// RFC 1812 §5.3.5.2: to all hosts of another link of ours, where that is allowed;
// all ones alone, and never with an error (RFC 1812 §4.3.2.7).
static cold_fn unsigned judge_broadcast(const struct worker *w, struct batch *b, unsigned i,
					const struct nexthop *nh)
{
	struct ip4_hdr *ip = b->l3[i];

	if (!w->dp->ip.directed_broadcast || !(b->dst[i] & 1) || nh->iface == b->iface[i] ||
	    ip->ttl <= 1 || ntohs(ip->len) > w->dp->iface[nh->iface].mtu)
		return IP4_FORWARD_BROADCAST;
	b->out[i] = nh->iface;
	ttl_set(ip, ttl_step(ip4_word32(ip, TTL_AT)));
	return IP4_FORWARD_TO_ALL;
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
		return judge_broadcast(w, b, i, nh);
	case NH_UNREACHABLE:
		return error(b, i, ICMP_WHY_HOST, 0);
	case NH_PROHIBIT:
		return error(b, i, ICMP_WHY_ADMIN, 0);
	default:
		return error(b, i, ICMP_WHY_NO_ROUTE, 0);
	}
}

static inline bool is_special(const struct nexthop *nh, const struct ip4_hdr *ip, uint32_t ttl_word)
{
	return nexthop_kind(nh) != NH_FORWARD || ip->vihl != 0x45 || (uint8_t)ttl_word <= 1 ||
	       ntohs(ip->len) > nh->mtu;
}

bool ip4_forward_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	const struct nexthop *nexthop = w->dp->nexthop;
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		const struct nexthop *nh = &nexthop[b->nh[i]];
		struct ip4_hdr *ip = b->l3[i];
		uint32_t ttl_word = ip4_word32(ip, TTL_AT);

		if (unlikely(is_special(nh, ip, ttl_word))) {
			edge[i] = (uint8_t)judge(w, b, i);
			diverted |= edge[i] != EDGE_MAIN;
			continue;
		}
		ttl_set(ip, ttl_step(ttl_word));
		b->out[i] = nh->iface;
	}
	return hook_go(w, b, edge, AT_POST_LOOKUP4, 0, b->out) | diverted;
}
