// SPDX-License-Identifier: BSD-3-Clause
// IPv4 header (RFC 791 §3.1) and the numbers that belong to it.
#pragma once

#include "dataplane/base/compiler.h"

#include <assert.h>

struct ip4_hdr {
	uint8_t vihl; // version 4, header length in 32-bit words
	uint8_t tos;
	be16_t len; // of the whole packet, bytes
	be16_t id;
	be16_t frag; // flags and offset in units of 8 bytes
	uint8_t ttl;
	uint8_t proto;
	uint16_t csum; // as csum_of() returns it
	be32_t src;
	be32_t dst;
} packed_struct;
static_assert(sizeof(struct ip4_hdr) == 20, "wire format");

enum { IP4_HDR_LEN = 20, IP4_HDR_MAX = 60, IP4_MIN_MTU = 68 };

// Bits of frag, host order (RFC 791 §3.1).
enum { IP4_FRAG_DF = 0x4000, IP4_FRAG_MF = 0x2000, IP4_FRAG_OFF = 0x1fff };

// Options (RFC 791 §3.1, RFC 2113 §2.1).
enum {
	IP4_OPT_END = 0,
	IP4_OPT_NOP = 1,
	IP4_OPT_RECORD_ROUTE = 7,
	IP4_OPT_TIMESTAMP = 68,
	IP4_OPT_LSRR = 131,
	IP4_OPT_SSRR = 137,
	IP4_OPT_ROUTER_ALERT = 148,
	IP4_OPT_COPIED = 0x80, // goes into every fragment
};

enum {
	IP_PROTO_ICMP = 1,
	IP_PROTO_IGMP = 2,
	IP_PROTO_TCP = 6,
	IP_PROTO_UDP = 17,
	IP_PROTO_ICMP6 = 58,
	IP_PROTO_SCTP = 132,
	IP_PROTO_UDPLITE = 136,
};

static inline unsigned ip4_hdr_len(const struct ip4_hdr *ip)
{
	return (ip->vihl & 0xfu) * 4;
}
