// SPDX-License-Identifier: BSD-3-Clause
// icmp6-error: the packet becomes an error about itself (RFC 4443 §2, §3).
// Uses: pkt, l3, iface, nh (enum icmp_reason), dst (its argument). Sets: l3,
// out. Main arc: ip6-lookup.
#include "dataplane/ip6/icmp6_reply_node.h"
#include "dataplane/ip6/ip6_route_node.h"
#include "dataplane/pkt/icmp.h"
#include "dataplane/pkt/ip4.h"

enum { ERROR_HDRS = IP6_HDR_LEN + sizeof(struct icmp_hdr), QUOTE_MAX = IP6_MIN_MTU - ERROR_HDRS };

static const struct {
	uint8_t type, code;
} message[ICMP_WHY_N] = {
	[ICMP_WHY_TTL] = {ICMP6_TIME_EXCEEDED, 0},
	[ICMP_WHY_NO_ROUTE] = {ICMP6_UNREACHABLE, ICMP6_UNREACH_NO_ROUTE},
	[ICMP_WHY_HOST] = {ICMP6_UNREACHABLE, ICMP6_UNREACH_ADDR},
	[ICMP_WHY_PORT] = {ICMP6_UNREACHABLE, ICMP6_UNREACH_PORT},
	[ICMP_WHY_PROTO] = {ICMP6_PARAM_PROBLEM, 1},
	[ICMP_WHY_TOO_BIG] = {ICMP6_PACKET_TOO_BIG, 0},
	[ICMP_WHY_ADMIN] = {ICMP6_UNREACHABLE, ICMP6_UNREACH_ADMIN},
	[ICMP_WHY_PARAM] = {ICMP6_PARAM_PROBLEM, 0},
	[ICMP_WHY_OPTION] = {ICMP6_PARAM_PROBLEM, 2},
	[ICMP_WHY_SCOPE] = {ICMP6_UNREACHABLE, ICMP6_UNREACH_SCOPE},
};

// RFC 4443 §2.4 e.1, e.2: not about an ICMPv6 error or a redirect. What cannot be
// told within the bounds of a walk counts as one.
static bool is_about_error(const struct batch *b, unsigned i)
{
	const struct ip6_hdr *ip = b->l3[i];
	unsigned room = batch_l3_room(b, i), len = ip6_total_len(ip);
	struct ip6_walk walk;
	uint8_t type;

	room = room < len ? room : len;
	if (ip6_ext_walk(ip, room, &walk) != IP6_WALK_OK)
		return true;
	if (walk.next != IP_PROTO_ICMP6 || walk.is_later)
		return false;
	if (walk.off >= room)
		return true;
	type = ((const uint8_t *)ip)[walk.off];
	return type < ICMP6_ECHO_REQUEST || type == ICMP6_REDIRECT;
}

// RFC 4443 §2.4 e.3 to e.5: sent to a group, of either layer.
static bool is_to_group(const struct batch *b, unsigned i)
{
	const struct ip6_hdr *ip = b->l3[i];

	return ip6_is_multicast(ip->dst) ||
	       (has_frame(b, i) && eth_is_multicast(rte_pktmbuf_mtod(b->pkt[i], uint8_t *)));
}

static bool is_forbidden(const struct batch *b, unsigned i, enum icmp_reason why)
{
	const struct ip6_hdr *ip = b->l3[i];

	if (is_to_group(b, i) && why != ICMP_WHY_TOO_BIG && why != ICMP_WHY_OPTION)
		return true;
	// e.6: a source that names no single node
	return ip6_is_unspecified(ip->src) || ip6_is_multicast(ip->src) || is_about_error(b, i);
}

static bool is_from_delivery(enum icmp_reason why)
{
	return why == ICMP_WHY_PORT || why == ICMP_WHY_PROTO || why == ICMP_WHY_PARAM ||
	       why == ICMP_WHY_OPTION;
}

// One to be used beyond the link, or NULL.
static const uint8_t *global_primary(const struct iface *iface)
{
	const uint8_t *addr = iface->ip6_primary;

	return ip6_is_unspecified(addr) || ip6_is_link_local(addr) ? NULL : addr;
}

// RFC 4443 §2.2: our address that was spoken to; else one of the iface, to a
// peer on the link a link-local one; else one of the iface towards the peer.
static const uint8_t *error_source(const struct worker *w, const struct batch *b, unsigned i)
{
	const struct iface *iface = &w->dp->iface[b->iface[i]];
	const struct ip6_hdr *ip = b->l3[i];
	bool is_near = ip6_is_link_local(ip->src);
	const uint8_t *src;

	if (is_from_delivery(b->nh[i]) && !ip6_is_multicast(ip->dst))
		return ip->dst;
	if (is_near && !ip6_is_unspecified(iface->ip6_link_local))
		return iface->ip6_link_local;
	src = global_primary(iface);
	if (src || is_near)
		return src;
	return global_primary(&w->dp->iface[ip6_route(w, b->iface[i], ip->src)->iface]);
}

static void headers_write(struct ip6_hdr *ip, const struct ip6_hdr *quoted, const uint8_t src[16],
			  unsigned quote_len)
{
	*ip = (struct ip6_hdr){
		.vtf = htonl(6u << 28),
		.len = htons((uint16_t)(sizeof(struct icmp_hdr) + quote_len)),
		.next = IP_PROTO_ICMP6,
	};
	memcpy(ip->src, src, sizeof(ip->src));
	memcpy(ip->dst, quoted->src, sizeof(ip->dst));
}

static void icmp_write(const struct rte_mbuf *m, struct ip6_hdr *ip, enum icmp_reason why,
		       uint32_t arg)
{
	struct icmp_hdr *icmp = (struct icmp_hdr *)(ip + 1);
	uint32_t off = (uint32_t)((uint8_t *)icmp - rte_pktmbuf_mtod(m, uint8_t *));
	uint32_t len = ntohs(ip->len);

	*icmp = (struct icmp_hdr){
		.type = message[why].type,
		.code = message[why].code,
		.word = htonl(arg),
	};
	icmp->csum = csum_finish(ip6_pseudo_sum(ip, len, IP_PROTO_ICMP6) + chain_csum(m, off, len));
}

// RFC 4443 §2.4 c: as much of the packet as fits into the minimum MTU. The frame
// that it came in stays in front of the new headers.
static void error_build(struct batch *b, unsigned i, const uint8_t src[16], enum icmp_reason why)
{
	struct ip6_hdr *quoted = b->l3[i], *ip;
	unsigned before = frame_before_l3(b, i), len = ip6_total_len(quoted);
	struct rte_mbuf *m = b->pkt[i];
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);

	len = len < QUOTE_MAX ? len : QUOTE_MAX;
	chain_cut(m, before + len);
	memmove(data - ERROR_HDRS, data, before);
	data_start(m, data - ERROR_HDRS);
	b->l3[i] = ip = (struct ip6_hdr *)((uint8_t *)quoted - ERROR_HDRS);
	headers_write(ip, quoted, src, len);
	icmp_write(m, ip, why, b->dst[i]);
}

static_assert(ICMP6_ERROR_SCOPE - ICMP6_ERROR_TTL == ICMP_WHY_SCOPE, "an edge a reason");

static unsigned error_edge(struct worker *w, struct batch *b, unsigned i)
{
	enum icmp_reason why = b->nh[i];
	const uint8_t *src;

	if (why >= ICMP_WHY_N || is_forbidden(b, i, why))
		return ICMP6_ERROR_FORBIDDEN;
	src = error_source(w, b, i);
	if (!src)
		return ICMP6_ERROR_NO_SOURCE;
	if (rte_pktmbuf_headroom(b->pkt[i]) < ERROR_HDRS)
		return ICMP6_ERROR_NO_HEADROOM;
	if (!bucket_take(&w->icmp_error, w->now))
		return ICMP6_ERROR_RATE_LIMIT;
	error_build(b, i, src, why);
	return answer_edge(w, b, i, ICMP6_ERROR_TTL + why, ICMP6_ERROR_REFLECT,
			   ICMP6_ERROR_NO_HEADROOM);
}

bool icmp6_error_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		edge[i] = (uint8_t)error_edge(w, b, i);
		diverted |= edge[i] != EDGE_MAIN;
	}
	return diverted;
}
