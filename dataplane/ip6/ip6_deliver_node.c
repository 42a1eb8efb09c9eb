// SPDX-License-Identifier: BSD-3-Clause
// ip6-deliver: packets to ourselves. Extension headers are processed in the order
// in which they stand (RFC 8200 §4), then ICMPv6 is told apart; everything else
// is the host's. Also ip6-local, the hook before it.
// Uses: pkt, l3, iface. Sets: dst (offset of the ICMPv6 header from l3), nh and
// dst on the way to icmp6-error. Main arc: host.
#include "dataplane/graph/node.h"
#include "dataplane/pkt/chain.h"
#include "dataplane/pkt/icmp.h"
#include "dataplane/pkt/ip4.h"
#include "dataplane/pkt/ip6_ext.h"

enum {
	GO_ON = GRAPH_EDGES_MAX, // no edge yet
	OPT_PAD = 0,
	OPT_PADS = 1,
};

// RFC 8200 §4.2: what the two high bits of an unknown option's type ask for.
enum { ACT_SKIP, ACT_DISCARD, ACT_ERROR, ACT_ERROR_UNICAST };

bool ip6_local_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	return hook_go(w, b, edge, AT_LOCAL6, 0, b->iface);
}

static unsigned error(struct batch *b, unsigned i, enum icmp_reason why, uint32_t arg)
{
	b->nh[i] = why;
	b->dst[i] = arg;
	return IP6_DELIVER_ERROR;
}

static unsigned option_edge(struct batch *b, unsigned i, unsigned at)
{
	const struct ip6_hdr *ip = b->l3[i];
	uint8_t type = ((const uint8_t *)ip)[at];

	switch (type >> 6) {
	case ACT_SKIP:
		return GO_ON;
	case ACT_ERROR_UNICAST:
		if (ip6_is_multicast(ip->dst))
			return IP6_DELIVER_UNKNOWN_OPTION;
		return error(b, i, ICMP_WHY_OPTION, at);
	case ACT_ERROR:
		return error(b, i, ICMP_WHY_OPTION, at);
	default:
		return IP6_DELIVER_UNKNOWN_OPTION;
	}
}

// Hop-by-hop and destination options from `at` to `end`: we know only padding.
static unsigned options_edge(struct batch *b, unsigned i, unsigned at, unsigned end)
{
	const uint8_t *ip = b->l3[i];
	unsigned edge;

	while (at < end) {
		if (ip[at] == OPT_PAD) {
			at++;
			continue;
		}
		if (at + 2 > end || at + 2 + ip[at + 1] > end)
			return IP6_DELIVER_BAD_EXT;
		edge = ip[at] == OPT_PADS ? (unsigned)GO_ON : option_edge(b, i, at);
		if (edge != GO_ON)
			return edge;
		at += 2u + ip[at + 1];
	}
	return GO_ON;
}

// RFC 8200 §4.4: no routing type is known here, 0 not any more (RFC 5095 §3).
static unsigned routing_edge(struct batch *b, unsigned i, unsigned at)
{
	const uint8_t *ext = (const uint8_t *)b->l3[i] + at;

	return ext[3] == 0 ? (unsigned)GO_ON : error(b, i, ICMP_WHY_PARAM, at + 2);
}

// One extension header of len bytes that lies whole in the first segment.
static unsigned ext_edge(struct batch *b, unsigned i, const struct ip6_walk *walk, unsigned len)
{
	switch (walk->next) {
	case IP6_EXT_HOP:
		if (walk->n > 0) // RFC 8200 §4: as if it were unknown
			return error(b, i, ICMP_WHY_PROTO, walk->named_at);
		return options_edge(b, i, walk->off + 2u, walk->off + len);
	case IP6_EXT_DEST:
		return options_edge(b, i, walk->off + 2u, walk->off + len);
	case IP6_EXT_ROUTING:
		return routing_edge(b, i, walk->off);
	default:
		return GO_ON;
	}
}

static bool is_processed(uint8_t next)
{
	return next == IP6_EXT_HOP || next == IP6_EXT_DEST || next == IP6_EXT_ROUTING;
}

// Through the headers that are ours to process; what is next then is in *walk.
static unsigned headers_edge(struct batch *b, unsigned i, unsigned room, struct ip6_walk *walk)
{
	unsigned len, edge;

	*walk = ip6_walk_start(b->l3[i]);
	while (is_processed(walk->next)) {
		switch (ip6_ext_peek(b->l3[i], room, walk, &len)) {
		case IP6_WALK_CUT:
			return IP6_DELIVER_BAD_EXT;
		case IP6_WALK_TOO_MANY:
			return IP6_DELIVER_TOO_MANY_EXT;
		case IP6_WALK_OK:
			break;
		}
		edge = ext_edge(b, i, walk, len);
		if (edge != GO_ON)
			return edge;
		ip6_ext_pass(b->l3[i], walk, len);
	}
	return GO_ON;
}

static bool has_tap(const struct worker *w, const struct batch *b, unsigned i)
{
	return w->dp->iface[b->iface[i]].flags & IFACE_TAP;
}

// RFC 4862 §5.4: packets to an address not yet found unique are not for us.
static bool is_tentative(const struct worker *w, const struct batch *b, unsigned i)
{
	const struct ip6_hdr *ip = b->l3[i];
	const struct iface_addr *addr = iface_addr_find(&w->dp->iface[b->iface[i]], 6, ip->dst);

	return addr && addr->is_tentative;
}

static bool is_icmp_good(const struct batch *b, unsigned i, unsigned off, unsigned room)
{
	const struct ip6_hdr *ip = b->l3[i];
	const struct rte_mbuf *m = b->pkt[i];
	uint32_t from =
		(uint32_t)((const uint8_t *)ip - rte_pktmbuf_mtod(m, const uint8_t *)) + off;
	uint32_t len = ip6_total_len(ip) - off;
	uint64_t sum = ip6_pseudo_sum(ip, len, IP_PROTO_ICMP6);

	return off + sizeof(struct icmp_hdr) <= room &&
	       csum_finish(sum + chain_csum(m, from, len)) == 0;
}

// RFC 4443 §2.4 b: an informational message that nobody knows is silently dropped.
static unsigned icmp_edge(const struct worker *w, struct batch *b, unsigned i, unsigned off,
			  unsigned room)
{
	const struct ip6_hdr *ip = b->l3[i];
	const struct icmp_hdr *icmp = (const struct icmp_hdr *)((const uint8_t *)ip + off);

	if (!is_icmp_good(b, i, off, room))
		return IP6_DELIVER_BAD_ICMP;
	b->dst[i] = off;
	if (icmp->type >= ICMP6_RS && icmp->type <= ICMP6_REDIRECT)
		return IP6_DELIVER_ND;
	if (is_tentative(w, b, i))
		return IP6_DELIVER_TENTATIVE;
	if (icmp->type == ICMP6_ECHO_REQUEST)
		return ip6_is_unspecified(ip->src) ? IP6_DELIVER_IGNORED : IP6_DELIVER_ECHO;
	return has_tap(w, b, i) ? IP6_DELIVER_HOST : IP6_DELIVER_IGNORED;
}

// Without a host nobody listens at any port (RFC 4443 §3.1 code 4), and no other
// protocol is known (RFC 4443 §3.4 code 1).
static unsigned upper_edge(const struct worker *w, struct batch *b, unsigned i,
			   const struct ip6_walk *walk)
{
	if (is_tentative(w, b, i))
		return IP6_DELIVER_TENTATIVE;
	if (has_tap(w, b, i))
		return IP6_DELIVER_HOST;
	switch (walk->next) {
	case IP6_EXT_NONE:
	case IP6_EXT_FRAGMENT: // nobody to put it together
		return IP6_DELIVER_IGNORED;
	case IP_PROTO_TCP:
	case IP_PROTO_UDP:
		return error(b, i, ICMP_WHY_PORT, 0);
	default:
		return error(b, i, ICMP_WHY_PROTO, walk->named_at);
	}
}

static unsigned deliver_edge(const struct worker *w, struct batch *b, unsigned i)
{
	unsigned room = batch_l3_room(b, i), len = ip6_total_len(b->l3[i]), edge;
	struct ip6_walk walk;

	room = room < len ? room : len;
	edge = headers_edge(b, i, room, &walk);
	if (edge != GO_ON)
		return edge;
	if (walk.next == IP_PROTO_ICMP6)
		return icmp_edge(w, b, i, walk.off, room);
	return upper_edge(w, b, i, &walk);
}

bool ip6_deliver_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		edge[i] = (uint8_t)deliver_edge(w, b, i);
		diverted |= edge[i] != EDGE_MAIN;
	}
	return diverted;
}
