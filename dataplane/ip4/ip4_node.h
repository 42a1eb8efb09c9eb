// SPDX-License-Identifier: BSD-3-Clause
// What the IPv4 nodes share: address classes, header rules, options, lookups.
#pragma once

#include "dataplane/base/csum.h"
#include "dataplane/graph/node.h"
#include "dataplane/pkt/icmp.h"
#include "dataplane/pkt/ip4.h"
#include "dataplane/route/fib4_tbl.h"
#include "dataplane/route/nexthop_tbl.h"

#include <arpa/inet.h>
#include <assert.h>

// What the first byte of an address forbids (RFC 1812 §5.3.7, §4.2.2.11).
enum ip4_class {
	IP4_BAD_SRC = 1,   // 0/8, 127/8, multicast, class E, broadcast
	IP4_BAD_DST = 2,   // 0/8, 127/8, class E
	IP4_GROUP_DST = 4, // multicast; 255/8, among it the limited broadcast
	IP4_LINK = 8,	   // 169/8, among it what must stay on its link (RFC 3927 §7)
};
extern const uint8_t ip4_class[256];

static inline unsigned ip4_class_of(be32_t addr)
{
	uint8_t first;

	memcpy(&first, &addr, 1);
	return ip4_class[first];
}

// The header's words as they lie in memory; fields by shifts, one load for many.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "shifts below are for little-endian");

static inline uint64_t ip4_word64(const struct ip4_hdr *ip, unsigned at)
{
	uint64_t word;

	memcpy(&word, (const char *)ip + at, sizeof(word));
	return word;
}

static inline uint32_t ip4_word32(const struct ip4_hdr *ip, unsigned at)
{
	uint32_t word;

	memcpy(&word, (const char *)ip + at, sizeof(word));
	return word;
}

static inline unsigned ip4_len_of(uint64_t first)
{
	return __builtin_bswap16((uint16_t)(first >> 16));
}

// Our own packets pass ip4-forward, which takes one: 64 leave on the wire.
enum { IP4_OWN_TTL = 65, IP4_LIMITED_BROADCAST = -1 };

// The first rule of RFC 1812 §5.2.2 that packet i breaks, as an edge of
// ip4-input; EDGE_MAIN if none. Options are not looked into.
unsigned ip4_header_fault(const struct batch *b, unsigned i);

// Fills in record-route and timestamp options of a packet about to be forwarded
// (RFC 1812 §5.3.13.5, §5.3.13.6); ip4-options has checked them.
void ip4_options_record(const struct worker *w, const struct batch *b, unsigned i);

// Turns source routes into no-operations. Leaves the checksum to the caller.
void ip4_source_route_blank(struct ip4_hdr *ip);

// The header's bytes are final: its checksum anew.
static inline void ip4_csum_set(struct ip4_hdr *ip)
{
	ip->csum = 0;
	ip->csum = csum_of(ip, ip4_hdr_len(ip));
}

// Looks addresses up in the table of each packet's iface, one bulk call a run.
static inline void ip4_lookup_runs(const struct worker *w, const uint16_t iface[],
				   const uint32_t addr[], uint16_t nh[], unsigned n)
{
	const struct dp_tbl *dp = w->dp;
	unsigned first = 0;

	for (unsigned i = 1; i <= n; i++) {
		uint16_t table = dp->iface[iface[first]].table;

		if (i < n && likely(iface[i] == iface[first] || dp->iface[iface[i]].table == table))
			continue;
		fib4_lookup_bulk(dp->fib4[table], addr + first, nh + first, i - first);
		first = i;
	}
}

static inline enum nexthop_kind nexthop_kind(const struct nexthop *nh)
{
	return (enum nexthop_kind)__atomic_load_n((const uint8_t *)&nh->kind, __ATOMIC_ACQUIRE);
}

// Where one address leads, by the table of an iface. Off the common path.
static inline const struct nexthop *ip4_route(const struct worker *w, unsigned iface, be32_t addr)
{
	uint32_t dst = ntohl(addr);
	uint16_t nh;

	fib4_lookup_bulk(w->dp->fib4[w->dp->iface[iface].table], &dst, &nh, 1);
	return &w->dp->nexthop[nh];
}

// Remembers why icmp4-error gets packet i.
static inline void ip4_why(struct batch *b, unsigned i, enum icmp_reason why, uint32_t argument)
{
	b->nh[i] = (uint16_t)why;
	b->dst[i] = argument;
}
