// SPDX-License-Identifier: BSD-3-Clause
// icmp6-echo: a request becomes its reply (RFC 4443 §4.2), in place.
// Uses: pkt, l3, iface, dst (offset of the request from l3, its checksum is
// good). Sets: l3, out. Main arc: ip6-lookup.
#include "dataplane/ip6/icmp6_reply_node.h"
#include "dataplane/pkt/icmp.h"
#include "dataplane/pkt/ip4.h"

// RFC 4443 §2.2: the address that was asked, or for a group one of our own.
static const uint8_t *reply_source(const struct iface *iface, const struct ip6_hdr *ip)
{
	const uint8_t *src = iface->ip6_primary;

	if (!ip6_is_multicast(ip->dst))
		return ip->dst;
	if (ip6_is_link_local(ip->src) && !ip6_is_unspecified(iface->ip6_link_local))
		src = iface->ip6_link_local;
	return ip6_is_unspecified(src) ? NULL : src;
}

// Takes out the extension headers: the frame and the IPv6 header move up to the
// ICMPv6 header.
static void ext_strip(struct batch *b, unsigned i, unsigned off)
{
	uint8_t *data = rte_pktmbuf_mtod(b->pkt[i], uint8_t *);
	unsigned before = frame_before_l3(b, i), by = off - IP6_HDR_LEN;
	struct ip6_hdr *ip;

	memmove(data + by, data, before + IP6_HDR_LEN);
	data_start(b->pkt[i], data + by);
	b->l3[i] = ip = (struct ip6_hdr *)(data + by + before);
	ip->len = htons((uint16_t)(ntohs(ip->len) - by));
	ip->next = IP_PROTO_ICMP6;
}

// The sum over both addresses changes only if the source is not the old destination.
static uint16_t csum_reply(uint16_t csum, uint8_t code, const uint8_t asked[16],
			   const uint8_t src[16])
{
	uint32_t from[4], to[4];

	memcpy(from, asked, sizeof(from));
	memcpy(to, src, sizeof(to));
	for (unsigned i = 0; i < ARRAY_LEN(from); i++)
		csum = csum_update32(csum, from[i], to[i]);
	return csum_update16(csum, htons((uint16_t)(ICMP6_ECHO_REQUEST << 8 | code)),
			     htons(ICMP6_ECHO_REPLY << 8));
}

static void turn_round(struct ip6_hdr *ip, const uint8_t source[16])
{
	struct icmp_hdr *icmp = (struct icmp_hdr *)(ip + 1);
	uint8_t src[16];

	memcpy(src, source, sizeof(src)); // may be ip->dst
	icmp->csum = csum_reply(icmp->csum, icmp->code, ip->dst, src);
	icmp->type = ICMP6_ECHO_REPLY;
	icmp->code = 0;
	memcpy(ip->dst, ip->src, sizeof(ip->dst));
	memcpy(ip->src, src, sizeof(ip->src));
	ip->vtf &= htonl(0xffc00000); // version and DSCP; no ECN, no flow label
}

static unsigned echo_edge(struct worker *w, struct batch *b, unsigned i)
{
	struct ip6_hdr *ip = b->l3[i];
	const uint8_t *src = reply_source(&w->dp->iface[b->iface[i]], ip);

	if (!src)
		return ICMP6_ECHO_NO_SOURCE;
	if (!bucket_take(&w->icmp_echo, w->now))
		return ICMP6_ECHO_RATE_LIMIT;
	if (b->dst[i] != IP6_HDR_LEN) {
		ext_strip(b, i, b->dst[i]);
		ip = b->l3[i];
		src = reply_source(&w->dp->iface[b->iface[i]], ip);
	}
	turn_round(ip, src);
	return answer_edge(w, b, i, ICMP6_ECHO_ANSWER, ICMP6_ECHO_REFLECT, ICMP6_ECHO_NO_HEADROOM);
}

bool icmp6_echo_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		edge[i] = (uint8_t)echo_edge(w, b, i);
		diverted |= edge[i] != EDGE_MAIN;
	}
	return diverted;
}
