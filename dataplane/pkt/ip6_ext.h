// SPDX-License-Identifier: BSD-3-Clause
// Over the extension headers to what they carry (RFC 8200 §4), one by one,
// within IP6_EXT_MAX headers and IP6_EXT_BYTES_MAX bytes.
//
// Reads only `room` bytes from the IPv6 header on: what lies in the first
// segment and in the payload. room >= 40.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/pkt/ip6.h"

#include <arpa/inet.h>

struct ip6_walk {
	uint8_t next;	   // number of the header at off
	uint8_t n;	   // extension headers passed
	bool is_fragment;  // one of them was a fragment header
	bool is_later;	   // and not of the first fragment: off is no header
	uint16_t off;	   // from the start of the IPv6 header
	uint16_t named_at; // where `next` stands
};

enum ip6_walk_end {
	IP6_WALK_OK,
	IP6_WALK_CUT,	   // the header is longer than what is there
	IP6_WALK_TOO_MANY, // beyond the bounds
};

static inline struct ip6_walk ip6_walk_start(const struct ip6_hdr *ip)
{
	return (struct ip6_walk){.next = ip->next, .off = IP6_HDR_LEN, .named_at = 6};
}

static inline bool ip6_is_ext(uint8_t next)
{
	return next == IP6_EXT_HOP || next == IP6_EXT_ROUTING || next == IP6_EXT_FRAGMENT ||
	       next == IP6_EXT_DEST || next == IP6_EXT_AUTH;
}

// Length of an extension header of which 8 bytes can be read (RFC 4302 §2.2: the
// authentication header counts in units of 4 bytes, two not counted).
static inline unsigned ip6_ext_bytes(uint8_t next, const uint8_t *ext)
{
	switch (next) {
	case IP6_EXT_FRAGMENT:
		return sizeof(struct ip6_frag);
	case IP6_EXT_AUTH:
		return (ext[1] + 2u) * 4;
	default:
		return (ext[1] + 1u) * 8;
	}
}

// May the header at walk->off be read whole? Tells its length.
static inline enum ip6_walk_end ip6_ext_peek(const void *ip, unsigned room,
					     const struct ip6_walk *walk, unsigned *len)
{
	const uint8_t *ext = (const uint8_t *)ip + walk->off;

	if (walk->n == IP6_EXT_MAX)
		return IP6_WALK_TOO_MANY;
	if (walk->off + 8u > room)
		return IP6_WALK_CUT;
	*len = ip6_ext_bytes(walk->next, ext);
	if (walk->off + *len > IP6_HDR_LEN + IP6_EXT_BYTES_MAX)
		return IP6_WALK_TOO_MANY;
	return walk->off + *len > room ? IP6_WALK_CUT : IP6_WALK_OK;
}

// Past the header at walk->off, len as ip6_ext_peek() said.
static inline void ip6_ext_pass(const void *ip, struct ip6_walk *walk, unsigned len)
{
	const uint8_t *ext = (const uint8_t *)ip + walk->off;

	if (walk->next == IP6_EXT_FRAGMENT) {
		walk->is_fragment = true;
		walk->is_later = ext[2] || ext[3] & 0xf8;
	}
	walk->next = ext[0];
	walk->named_at = walk->off;
	walk->off = (uint16_t)(walk->off + len);
	walk->n++;
}

// To the first header that is none of them, or to what a later fragment carries.
static inline enum ip6_walk_end ip6_ext_walk(const struct ip6_hdr *ip, unsigned room,
					     struct ip6_walk *walk)
{
	enum ip6_walk_end end;
	unsigned len;

	*walk = ip6_walk_start(ip);
	while (ip6_is_ext(walk->next) && !walk->is_later) {
		end = ip6_ext_peek(ip, room, walk, &len);
		if (end != IP6_WALK_OK)
			return end;
		ip6_ext_pass(ip, walk, len);
	}
	return IP6_WALK_OK;
}

// Bytes of the packet by its own header.
static inline unsigned ip6_total_len(const struct ip6_hdr *ip)
{
	return IP6_HDR_LEN + (unsigned)ntohs(ip->len);
}
