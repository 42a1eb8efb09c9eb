// SPDX-License-Identifier: BSD-3-Clause
// icmp4-error: tells the source why its packet goes no further (RFC 1812 §4.3.2),
// seldom enough (§4.3.2.8), and never where §4.3.2.7 forbids it. nh says why,
// dst holds an argument (pkt/icmp.h). The error is a new packet that takes the
// place of the old: the old may be chained, shared or without room.
// Uses: l3, nh, dst, iface. Sets: pkt, l3, dst. Main arc: ip4-lookup,
// by one edge for each reason, in the order of enum icmp_reason.
#include "dataplane/ip4/ip4_node.h"
#include "dataplane/pkt/chain.h"
#include "dataplane/pkt/eth.h"

enum {
	ERROR_LEN_MAX = 576, // §4.3.2.3
	ERROR_HDR_LEN = IP4_HDR_LEN + sizeof(struct icmp_hdr),
	TOS_CONTROL = 0xc0, // §4.3.2.5: precedence 6
};

static const struct {
	uint8_t type, code;
} message[ICMP_WHY_N] = {
	[ICMP_WHY_TTL] = {ICMP4_TIME_EXCEEDED, 0},
	[ICMP_WHY_NO_ROUTE] = {ICMP4_UNREACHABLE, ICMP4_UNREACH_NET},
	[ICMP_WHY_HOST] = {ICMP4_UNREACHABLE, ICMP4_UNREACH_HOST},
	[ICMP_WHY_PORT] = {ICMP4_UNREACHABLE, ICMP4_UNREACH_PORT},
	[ICMP_WHY_PROTO] = {ICMP4_UNREACHABLE, ICMP4_UNREACH_PROTO},
	[ICMP_WHY_TOO_BIG] = {ICMP4_UNREACHABLE, ICMP4_UNREACH_FRAG_NEEDED},
	[ICMP_WHY_ADMIN] = {ICMP4_UNREACHABLE, ICMP4_UNREACH_ADMIN},
	[ICMP_WHY_PARAM] = {ICMP4_PARAM_PROBLEM, 0},
	[ICMP_WHY_OPTION] = {ICMP4_PARAM_PROBLEM, 0},
};

static_assert(ICMP4_ERROR_OPTION - ICMP4_ERROR_TTL == ICMP_WHY_OPTION, "an edge a reason");

// Bytes between the start of the mbuf's data and the IP header.
static uint32_t l3_off(const struct batch *b, unsigned i)
{
	return (uint32_t)((char *)b->l3[i] - rte_pktmbuf_mtod(b->pkt[i], char *));
}

// Everything in ICMP that is not a known question or answer counts as an error.
static bool is_icmp_error(const struct batch *b, unsigned i)
{
	static const uint32_t harmless = 1u << 0 | 1u << 8 | 1u << 9 | 1u << 10 | 0x3fu << 13;
	const struct ip4_hdr *ip = b->l3[i];
	unsigned hdr_len = ip4_hdr_len(ip);
	uint8_t type;

	if (ip->proto != IP_PROTO_ICMP)
		return false;
	if (ntohs(ip->len) <= hdr_len)
		return true;
	chain_copy(b->pkt[i], l3_off(b, i) + hdr_len, 1, &type);
	return type >= 32 || !(harmless & 1u << type);
}

// §4.3.2.7
static bool is_forbidden(const struct batch *b, unsigned i)
{
	const struct ip4_hdr *ip = b->l3[i];

	if (ip->frag & htons(IP4_FRAG_OFF))
		return true;
	if (ip4_class_of(ip->src) & IP4_BAD_SRC || ip4_class_of(ip->dst) & IP4_GROUP_DST)
		return true;
	if (l3_off(b, i) >= ETH_HDR_LEN &&
	    eth_is_multicast(rte_pktmbuf_mtod(b->pkt[i], const uint8_t *)))
		return true;
	return is_icmp_error(b, i);
}

// The address that was asked if the packet had arrived; else that of the iface
// it came in by, which traceroute wants to see; else of the one the error
// leaves by (§4.3.2.4). 0: none.
static be32_t source_of(const struct worker *w, const struct batch *b, unsigned i)
{
	const struct ip4_hdr *ip = b->l3[i];
	be32_t src;

	if (b->nh[i] == ICMP_WHY_PORT || b->nh[i] == ICMP_WHY_PROTO)
		return ip->dst;
	memcpy(&src, w->dp->iface[b->iface[i]].ip4_primary, 4);
	if (!src)
		memcpy(&src, w->dp->iface[ip4_route(w, b->iface[i], ip->src)->iface].ip4_primary,
		       4);
	return src;
}

static void ip_fill(struct worker *w, struct ip4_hdr *ip, uint16_t len, be32_t src, be32_t dst)
{
	*ip = (struct ip4_hdr){
		.vihl = 0x45,
		.tos = TOS_CONTROL,
		.len = htons(len),
		.id = (be16_t)worker_rand(w),
		.ttl = IP4_OWN_TTL,
		.proto = IP_PROTO_ICMP,
		.src = src,
		.dst = dst,
	};
	ip4_csum_set(ip);
}

static be32_t argument(enum icmp_reason why, uint32_t value)
{
	if (why == ICMP_WHY_PARAM || why == ICMP_WHY_OPTION)
		return htonl(value << 24);
	return why == ICMP_WHY_TOO_BIG ? htonl(value & 0xffff) : 0;
}

// Header, then as much of the packet as its sender sent as fits.
static void build(struct worker *w, const struct batch *b, unsigned i, struct rte_mbuf *m,
		  be32_t src)
{
	const struct ip4_hdr *cause = b->l3[i];
	enum icmp_reason why = (enum icmp_reason)b->nh[i];
	unsigned quote = ntohs(cause->len);
	struct ip4_hdr *ip = rte_pktmbuf_mtod(m, struct ip4_hdr *);
	struct icmp_hdr *icmp = (struct icmp_hdr *)(ip + 1);

	if (quote > ERROR_LEN_MAX - ERROR_HDR_LEN)
		quote = ERROR_LEN_MAX - ERROR_HDR_LEN;
	m->data_len = (uint16_t)(ERROR_HDR_LEN + quote);
	m->pkt_len = m->data_len;
	ip_fill(w, ip, m->data_len, src, cause->src);
	*icmp = (struct icmp_hdr){
		.type = message[why].type,
		.code = message[why].code,
		.word = argument(why, b->dst[i]),
	};
	chain_copy(b->pkt[i], l3_off(b, i), quote, icmp + 1);
	icmp->csum = csum_of(icmp, sizeof(*icmp) + quote);
}

static unsigned answer(struct worker *w, struct batch *b, unsigned i)
{
	unsigned why = b->nh[i];
	struct rte_mbuf *m;
	be32_t src;

	if (why > ICMP_WHY_OPTION || is_forbidden(b, i)) // others are IPv6's
		return ICMP4_ERROR_FORBIDDEN;
	src = source_of(w, b, i);
	if (!src)
		return ICMP4_ERROR_NO_SOURCE;
	if (!bucket_take(&w->icmp_error, w->now))
		return ICMP4_ERROR_RATE_LIMIT;
	m = rte_pktmbuf_alloc(w->pool);
	if (!m)
		return ICMP4_ERROR_NO_MBUF;
	build(w, b, i, m, src);
	rte_pktmbuf_free(b->pkt[i]);
	b->pkt[i] = m;
	b->l3[i] = rte_pktmbuf_mtod(m, void *);
	b->dst[i] = ntohl(((const struct ip4_hdr *)b->l3[i])->dst);
	return ICMP4_ERROR_TTL + why;
}

bool icmp4_error_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		edge[i] = (uint8_t)answer(w, b, i);
		diverted |= edge[i] != EDGE_MAIN;
	}
	return diverted;
}
