// SPDX-License-Identifier: BSD-3-Clause
// AS paths (RFC 4271 §4.3, RFC 5065 §3): segments of AS numbers of two or four
// bytes, as they stand in AS_PATH and AS4_PATH.
//
// Pure functions over bytes.
#pragma once

#include "dataplane/bgp/out.h"

enum bgp_segment_kind {
	BGP_SEG_SET = 1,
	BGP_SEG_SEQUENCE = 2,
	BGP_SEG_CONFED_SEQUENCE = 3,
	BGP_SEG_CONFED_SET = 4,
};

enum { BGP_AS_TRANS = 23456 }; // RFC 6793 §9: stands for what two bytes cannot say

struct bgp_as_path {
	const uint8_t *bytes;
	uint16_t len;
	uint8_t as_bytes; // 2 or 4
};

struct bgp_segment {
	uint8_t kind; // enum bgp_segment_kind; after a check nothing else
	uint8_t n;
	uint8_t as_bytes;
	const uint8_t *as;
};

// 1: *seg is set, *at the offset of the next; 0: the end; -EBADMSG: an unknown
// kind, no AS in it, or more than there are bytes (RFC 7606 §7.2).
int bgp_segment_next(const struct bgp_as_path *path, size_t *at,
		     struct bgp_segment *seg) must_check;

static inline uint32_t bgp_segment_as(const struct bgp_segment *seg, unsigned i)
{
	const uint8_t *p = seg->as + i * seg->as_bytes;

	return seg->as_bytes == 2 ? wire_get16(p) : wire_get32(p);
}

// Of a path that bgp_segment_next() walks to its end. RFC 4271 §9.1.2.2 a, RFC
// 5065 §5.3: a set is one hop, confederations are none.
unsigned bgp_as_path_hops(const struct bgp_as_path *path);
bool bgp_as_path_has(const struct bgp_as_path *path, uint32_t as);
bool bgp_as_path_has_confed(const struct bgp_as_path *path);

// RFC 6793 §4.2.3: the path of four bytes that AS_PATH of two bytes and AS4_PATH
// say together. A longer AS4_PATH is ignored, its confederation segments are
// dropped (§6). Both must be sound. At most 2 * path->len + as4->len bytes.
void bgp_as_path_merge(const struct bgp_as_path *path, const struct bgp_as_path *as4,
		       struct out *out);

// More than 255 AS numbers become several segments; none, no segment. In two
// bytes what does not fit is AS_TRANS (RFC 6793 §4.2.2).
void bgp_segment_put(struct out *out, unsigned kind, const uint32_t *as, size_t n,
		     unsigned as_bytes);
void bgp_as_path_put(struct out *out, const struct bgp_as_path *path, unsigned as_bytes);
