// SPDX-License-Identifier: BSD-3-Clause
// IPv6 header and extension headers (RFC 8200 §3, §4).
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/csum.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdbool.h>
#include <string.h>

struct ip6_hdr {
	be32_t vtf; // version 6, traffic class, flow label
	be16_t len; // payload: what follows these 40 bytes
	uint8_t next;
	uint8_t hop_limit;
	uint8_t src[16];
	uint8_t dst[16];
} packed_struct;
static_assert(sizeof(struct ip6_hdr) == 40, "wire format");

enum {
	IP6_HDR_LEN = 40,
	IP6_MIN_MTU = 1280,	 // RFC 8200 §5
	IP6_EXT_MAX = 4,	 // extension headers walked, at most
	IP6_EXT_BYTES_MAX = 256, // and their bytes
};

enum {
	IP6_EXT_HOP = 0,
	IP6_EXT_ROUTING = 43,
	IP6_EXT_FRAGMENT = 44,
	IP6_EXT_AUTH = 51,
	IP6_EXT_NONE = 59,
	IP6_EXT_DEST = 60,
	IP6_EXT_MOBILITY = 135,
};

struct ip6_ext {
	uint8_t next;
	uint8_t len; // in units of 8 bytes, the first not counted
} packed_struct;

struct ip6_frag {
	uint8_t next;
	uint8_t reserved;
	be16_t off; // 13 bits offset in units of 8 bytes, bit 0: more fragments
	be32_t id;
} packed_struct;
static_assert(sizeof(struct ip6_frag) == 8, "wire format");

static inline bool ip6_is_multicast(const uint8_t a[16])
{
	return a[0] == 0xff;
}

// fe80::/10
static inline bool ip6_is_link_local(const uint8_t a[16])
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

static inline bool ip6_is_unspecified(const uint8_t a[16])
{
	static const uint8_t zero[16];

	return memcmp(a, zero, 16) == 0;
}

static inline bool ip6_is_loopback(const uint8_t a[16])
{
	static const uint8_t one[16] = {[15] = 1};

	return memcmp(a, one, 16) == 0;
}

// RFC 8200 §8.1: what a checksum of an upper layer of len bytes starts from.
static inline uint64_t ip6_pseudo_sum(const struct ip6_hdr *ip, uint32_t len, uint8_t proto)
{
	uint64_t sum = csum_add(0, ip->src, sizeof(ip->src));

	return csum_add(sum, ip->dst, sizeof(ip->dst)) + htonl(len) + htonl(proto);
}
