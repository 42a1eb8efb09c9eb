// SPDX-License-Identifier: BSD-3-Clause
// ip4-local: packets for the router itself meet the services of their iface
// first. ip4-deliver: then echo, the host, or an error (RFC 1812 §5.2.3, RFC
// 1122 §3.2.2.1).
// Uses: l3, dst, iface. Sets: nothing. Main arc: the local features; host.
#include "dataplane/ip4/ip4_node.h"

bool ip4_local_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	return hook_go(w, b, edge, AT_LOCAL4, 0, b->iface);
}

static unsigned error(struct batch *b, unsigned i, enum icmp_reason why)
{
	ip4_why(b, i, why, 0);
	return IP4_DELIVER_ERROR;
}

// To a group or a broadcast address: never answered.
static bool is_to_many(const struct worker *w, const struct batch *b, unsigned i)
{
	const struct ip4_hdr *ip = b->l3[i];

	return ip4_class_of(ip->dst) & IP4_GROUP_DST ||
	       nexthop_kind(ip4_route(w, b->iface[i], ip->dst)) != NH_LOCAL;
}

// No host behind this iface: what would it have said?
static unsigned refuse(struct worker *w, struct batch *b, unsigned i)
{
	const struct ip4_hdr *ip = b->l3[i];

	if (is_to_many(w, b, i) || ip->frag & htons(IP4_FRAG_OFF))
		return IP4_DELIVER_IGNORED;
	switch (ip->proto) {
	case IP_PROTO_UDP:
	case IP_PROTO_UDPLITE:
	case IP_PROTO_TCP:
		return error(b, i, ICMP_WHY_PORT);
	case IP_PROTO_ICMP:
	case IP_PROTO_IGMP:
		return IP4_DELIVER_IGNORED;
	default:
		return error(b, i, ICMP_WHY_PROTO);
	}
}

// Echo requests in one piece are ours to answer; fragments are the host's.
static unsigned deliver_icmp(struct worker *w, struct batch *b, unsigned i, unsigned otherwise)
{
	const struct ip4_hdr *ip = b->l3[i];
	unsigned hdr_len = ip4_hdr_len(ip);
	const struct icmp_hdr *icmp = (const void *)((const char *)ip + hdr_len);

	if (ip->frag & htons(IP4_FRAG_MF | IP4_FRAG_OFF))
		return otherwise;
	if (ntohs(ip->len) < hdr_len + sizeof(*icmp) ||
	    batch_l3_room(b, i) < hdr_len + sizeof(*icmp))
		return IP4_DELIVER_BAD_ICMP;
	if (icmp->type != ICMP4_ECHO_REQUEST)
		return otherwise;
	// RFC 1812 §4.3.3.6, RFC 1122 §3.2.2: none to those, none to many
	if (is_to_many(w, b, i) || ip4_class_of(ip->src) & IP4_BAD_SRC)
		return IP4_DELIVER_IGNORED;
	return IP4_DELIVER_ECHO;
}

bool ip4_deliver_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		const struct ip4_hdr *ip = b->l3[i];
		bool has_host = w->dp->iface[b->iface[i]].flags & IFACE_TAP;

		if (ip->proto == IP_PROTO_ICMP)
			edge[i] = (uint8_t)deliver_icmp(
				w, b, i, has_host ? IP4_DELIVER_HOST : IP4_DELIVER_IGNORED);
		else if (!has_host)
			edge[i] = (uint8_t)refuse(w, b, i);
		diverted |= edge[i] != EDGE_MAIN;
	}
	return diverted;
}
