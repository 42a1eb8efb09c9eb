// SPDX-License-Identifier: BSD-3-Clause
// ip4-input: is this an IPv4 packet that a router may look at (RFC 1812 §5.2.2)
// with addresses that may be on a wire (§5.3.7)?
// Uses: l3, iface. Sets: dst. Main arc: the features before the lookup, ip4-lookup.
#include "dataplane/ip4/ip4_node.h"

enum { VIHL_PLAIN = 0x45, IP4_LEN_MAX = 65535 };

// Of the first 8 bytes: version and length; "more fragments" and offset.
#define PLAIN_MASK 0xff3f0000000000ffull

#define GROUP (IP4_BAD_SRC | IP4_GROUP_DST)
#define EVIL  (IP4_BAD_SRC | IP4_BAD_DST)
#define G16                                                                                        \
	GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, \
		GROUP, GROUP, GROUP

const uint8_t ip4_class[256] = {
	[0] = EVIL,
	[127] = EVIL,
	[169] = IP4_LINK,
	[224] = G16,
	[240] = EVIL,
	EVIL,
	EVIL,
	EVIL,
	EVIL,
	EVIL,
	EVIL,
	EVIL,
	EVIL,
	EVIL,
	EVIL,
	EVIL,
	EVIL,
	EVIL,
	EVIL,
	[255] = EVIL | IP4_GROUP_DST,
};

// RFC 791 §3.2: a fragment that is not the last holds a multiple of 8 bytes,
// and none reaches beyond the longest packet.
static bool is_bad_fragment(unsigned frag, unsigned hdr_len, unsigned len)
{
	unsigned payload = len - hdr_len;
	unsigned off = (frag & IP4_FRAG_OFF) * 8;

	if (!(frag & (IP4_FRAG_MF | IP4_FRAG_OFF)))
		return false;
	if (payload == 0 || hdr_len + off + payload > IP4_LEN_MAX)
		return true;
	return (frag & IP4_FRAG_MF) && payload % 8 != 0;
}

cold_fn unsigned ip4_header_fault(const struct batch *b, unsigned i)
{
	const struct ip4_hdr *ip = b->l3[i];
	unsigned room = batch_l3_room(b, i);
	unsigned hdr_len, len;

	if (room < IP4_HDR_LEN)
		return IP4_INPUT_TOO_SHORT;
	if (ip->vihl >> 4 != 4)
		return IP4_INPUT_BAD_VERSION;
	hdr_len = ip4_hdr_len(ip);
	len = ntohs(ip->len);
	if (hdr_len < IP4_HDR_LEN)
		return IP4_INPUT_BAD_HDR_LEN;
	if (len < hdr_len)
		return IP4_INPUT_BAD_LEN;
	if (len > batch_l3_len(b, i))
		return IP4_INPUT_TRUNCATED;
	if (hdr_len > room)
		return IP4_INPUT_TOO_SHORT;
	if (csum_of(ip, hdr_len) != 0)
		return IP4_INPUT_BAD_CSUM;
	if (is_bad_fragment(ntohs(ip->frag), hdr_len, len))
		return IP4_INPUT_BAD_FRAGMENT;
	return EDGE_MAIN;
}

static bool is_link_local(be32_t addr)
{
	return (addr & htonl(0xffff0000)) == htonl(0xa9fe0000); // 169.254/16
}

// RFC 3927 §7: neither source nor destination may leave its link. Is it for us?
static cold_fn bool leaves_link(const struct worker *w, const struct batch *b, unsigned i)
{
	const struct ip4_hdr *ip = b->l3[i];

	if (!is_link_local(ip->src) && !is_link_local(ip->dst))
		return false;
	return nexthop_kind(ip4_route(w, b->iface[i], ip->dst)) != NH_LOCAL;
}

// Something about packet i is out of the ordinary: what, in the RFC's order?
static cold_fn unsigned judge(const struct worker *w, struct batch *b, unsigned i)
{
	const struct ip4_hdr *ip = b->l3[i];
	unsigned fault = ip4_header_fault(b, i);

	if (fault != EDGE_MAIN)
		return fault;
	b->dst[i] = ntohl(ip->dst);
	if (w->dp->ip.martians && ip4_class_of(ip->src) & IP4_BAD_SRC)
		return IP4_INPUT_MARTIAN_SRC;
	if ((b->dst[i] >> 28) == 0xe || b->dst[i] == (uint32_t)IP4_LIMITED_BROADCAST)
		return IP4_INPUT_MULTI;
	if (w->dp->ip.martians && ip4_class_of(ip->dst) & IP4_BAD_DST)
		return IP4_INPUT_MARTIAN_DST;
	if (leaves_link(w, b, i))
		return IP4_INPUT_LINK_SCOPE;
	return ip->vihl == VIHL_PLAIN ? EDGE_MAIN : IP4_INPUT_OPTIONS;
}

// Do 20 bytes sum up to 0xffff (RFC 1071 §1)? As 2^16 is 1 modulo 65535, so is
// 2^64: the sum of the words, carries end around, is then a multiple of 65535.
// It is one if and only if its product with the inverse of 65535 modulo 2^64 is
// at most 2^64 / 65535; no header in question is all zero.
static inline bool is_sum_right(uint64_t a, uint64_t b, uint32_t c)
{
	uint64_t sum = a + b;

	sum += sum < b;
	sum += c;
	sum += sum < c;
	return sum * 0xfffefffefffeffff <= 0x0001000100010001;
}

static inline bool is_csum_known(const struct rte_mbuf *m)
{
	return (m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD;
}

// The common packet: no options, no fragment, nothing wrong, whole in its first
// segment. room: bytes from the header on, at least 20.
static inline bool is_odd(const struct rte_mbuf *m, const struct ip4_hdr *ip, unsigned room,
			  unsigned src_mask, unsigned dst_mask)
{
	uint64_t first = ip4_word64(ip, 0), second = ip4_word64(ip, 8);
	uint32_t dst = ip4_word32(ip, 16);

	return (first & PLAIN_MASK) != VIHL_PLAIN ||
	       ip4_len_of(first) - IP4_HDR_LEN > room - IP4_HDR_LEN || // below 20 wraps
	       ip4_class[(uint8_t)(second >> 32)] & src_mask ||
	       ip4_class[(uint8_t)dst] & dst_mask ||
	       (!is_csum_known(m) && !is_sum_right(first, second, dst));
}

bool ip4_input_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool martians = w->dp->ip.martians;
	unsigned src_mask = martians ? IP4_BAD_SRC | IP4_LINK : IP4_LINK;
	unsigned dst_mask = IP4_GROUP_DST | IP4_LINK | (martians ? IP4_BAD_DST : 0);
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		const struct ip4_hdr *ip = b->l3[i];
		unsigned room = batch_l3_room(b, i);

		if (unlikely(room < IP4_HDR_LEN ||
			     is_odd(b->pkt[i], ip, room, src_mask, dst_mask))) {
			edge[i] = (uint8_t)judge(w, b, i);
			diverted |= edge[i] != EDGE_MAIN;
			continue;
		}
		b->dst[i] = ntohl(ip->dst);
	}
	return hook_go(w, b, edge, AT_PRE_LOOKUP4, 0, b->iface) | diverted;
}
