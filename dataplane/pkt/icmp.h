// SPDX-License-Identifier: BSD-3-Clause
// ICMP (RFC 792), ICMPv6 (RFC 4443 §2.1) and neighbour discovery (RFC 4861 §4).
#pragma once

#include "dataplane/base/compiler.h"

#include <assert.h>

struct icmp_hdr {
	uint8_t type;
	uint8_t code;
	uint16_t csum; // as csum_of() returns it
	union {
		be32_t word; // unused, pointer or MTU by type
		struct {
			be16_t id;
			be16_t seq;
		} echo;
		struct {
			be16_t unused;
			be16_t mtu; // RFC 1191 §4
		} frag_needed;
	};
} packed_struct;
static_assert(sizeof(struct icmp_hdr) == 8, "wire format");

enum {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_SOURCE_QUENCH = 4,
	ICMP4_REDIRECT = 5,
	ICMP4_ECHO_REQUEST = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAM_PROBLEM = 12,
};

// Codes of ICMP4_UNREACHABLE (RFC 1812 §5.2.7.1).
enum {
	ICMP4_UNREACH_NET = 0,
	ICMP4_UNREACH_HOST = 1,
	ICMP4_UNREACH_PROTO = 2,
	ICMP4_UNREACH_PORT = 3,
	ICMP4_UNREACH_FRAG_NEEDED = 4,
	ICMP4_UNREACH_ADMIN = 13,
};

enum {
	ICMP6_UNREACHABLE = 1,
	ICMP6_PACKET_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAM_PROBLEM = 4,
	ICMP6_ECHO_REQUEST = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_MLD_QUERY = 130,
	ICMP6_RS = 133,
	ICMP6_RA = 134,
	ICMP6_NS = 135,
	ICMP6_NA = 136,
	ICMP6_REDIRECT = 137,
	ICMP6_MLD2_REPORT = 143,
};

// Codes of ICMP6_UNREACHABLE (RFC 4443 §3.1).
enum {
	ICMP6_UNREACH_NO_ROUTE = 0,
	ICMP6_UNREACH_ADMIN = 1,
	ICMP6_UNREACH_SCOPE = 2,
	ICMP6_UNREACH_ADDR = 3,
	ICMP6_UNREACH_PORT = 4,
};

// NS and NA alike (RFC 4861 §4.3, §4.4); options follow.
struct nd_hdr {
	uint8_t type;
	uint8_t code;
	uint16_t csum;
	be32_t flags; // NA: ND_NA_*; NS: zero
	uint8_t target[16];
} packed_struct;
static_assert(sizeof(struct nd_hdr) == 24, "wire format");

// Host order, of ntohl(flags).
#define ND_NA_ROUTER	0x80000000u
#define ND_NA_SOLICITED 0x40000000u
#define ND_NA_OVERRIDE	0x20000000u

// RFC 4861 §4.6: type, length in units of 8 bytes, then the address.
enum { ND_OPT_SOURCE_LL = 1, ND_OPT_TARGET_LL = 2 };

struct nd_opt_ll {
	uint8_t type;
	uint8_t len; // 1
	uint8_t mac[6];
} packed_struct;

// Why an error is sent: what a node puts into nh[i] of a packet that it diverts
// to icmp4-error or icmp6-error, with an argument in dst[i] where one is said.
enum icmp_reason {
	ICMP_WHY_TTL,	   // time exceeded in transit
	ICMP_WHY_NO_ROUTE, // net unreachable; no route to destination
	ICMP_WHY_HOST,	   // host unreachable; address unreachable
	ICMP_WHY_PORT,	   // port unreachable
	ICMP_WHY_PROTO,	   // protocol unreachable; parameter problem code 1 (dst: pointer)
	ICMP_WHY_TOO_BIG,  // fragmentation needed; packet too big (dst: MTU)
	ICMP_WHY_ADMIN,	   // administratively prohibited
	ICMP_WHY_PARAM,	   // parameter problem code 0 (dst: pointer)
	ICMP_WHY_OPTION,   // IPv6: unrecognised option, code 2 (dst: pointer)
	ICMP_WHY_SCOPE,	   // IPv6: beyond the scope of the source address
	ICMP_WHY_N,
};
