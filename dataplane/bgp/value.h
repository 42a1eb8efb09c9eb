// SPDX-License-Identifier: BSD-3-Clause
// Path attributes as values: every type that has a form, the rest as bytes.
//
// Pure functions over bytes; a value points into the bytes it was read from.
// This is about form alone: who may send what, and what follows from a fault,
// says judge.h.
//
//	while ((more = bgp_attr_next(attrs, len, &at, &attr, &fault)) > 0) {
//		if (bgp_value_decode(&attr, &session, &value, &fault))
//			... fault.at is counted from attr.value
//		switch (value.form) {
//		case BGP_FORM_AS_PATH:
//			while (bgp_segment_next(&value.as_path, &seg_at, &seg) > 0)
//				for (i = 0; i < seg.n; i++)
//					... bgp_segment_as(&seg, i)
//		case BGP_FORM_LIST:
//			for (i = 0; i < value.list.n; i++)
//				... bgp_list_item(&value.list, i)
#pragma once

#include "dataplane/bgp/aspath.h"
#include "dataplane/bgp/update.h"

enum bgp_form {
	BGP_FORM_RAW,	     // unknown, or without a form: value.raw
	BGP_FORM_NONE,	     // ATOMIC_AGGREGATE: that it is there
	BGP_FORM_ORIGIN,     // value.number: enum bgp_origin
	BGP_FORM_NUMBER,     // MULTI_EXIT_DISC, LOCAL_PREF
	BGP_FORM_AS,	     // ONLY_TO_CUSTOMER: value.number
	BGP_FORM_ID,	     // ORIGINATOR_ID: value.number
	BGP_FORM_AS_PATH,    // AS_PATH, AS4_PATH
	BGP_FORM_NEXT_HOP,   // value.nexthop
	BGP_FORM_AGGREGATOR, // AGGREGATOR, AS4_AGGREGATOR
	BGP_FORM_LIST,	     // communities of all kinds, CLUSTER_LIST
	BGP_FORM_MP_REACH,
	BGP_FORM_MP_UNREACH,
	BGP_FORM_AIGP,
	BGP_FORM_PMSI,
	BGP_FORM_SET,
};

struct bgp_aggregator {
	uint8_t as_bytes; // 2 or 4: as it was written
	uint32_t as;
	uint32_t id; // an address, as a number
};

// Items of one size: COMMUNITIES and CLUSTER_LIST 4 bytes, extended 8, of IPv6
// 20, large 12.
struct bgp_list {
	const uint8_t *bytes;
	uint16_t n;
	uint8_t item_len;
};

static inline const uint8_t *bgp_list_item(const struct bgp_list *list, unsigned i)
{
	return list->bytes + (size_t)i * list->item_len;
}

// RFC 7311 §3: TLVs; the metric is that of the first of type 1.
struct bgp_aigp {
	bool has_metric;
	uint64_t metric;
	const uint8_t *bytes;
	uint16_t len;
};

// RFC 6514 §5.
struct bgp_pmsi {
	uint8_t flags, tunnel;
	uint32_t label; // 24 bits as they are
	const uint8_t *id;
	uint16_t id_len;
};

// RFC 6368 §5: the attributes of a customer's network, AS numbers of four bytes.
struct bgp_set {
	uint32_t origin_as;
	const uint8_t *attrs;
	uint16_t attrs_len;
};

struct bgp_raw {
	const uint8_t *bytes;
	uint16_t len;
};

struct bgp_value {
	enum bgp_form form;
	uint8_t type;
	union {
		uint32_t number;
		struct bgp_as_path as_path;
		struct bgp_addr nexthop;
		struct bgp_aggregator aggregator;
		struct bgp_list list;
		struct bgp_mp_reach reach;
		struct bgp_mp_unreach unreach;
		struct bgp_aigp aigp;
		struct bgp_pmsi pmsi;
		struct bgp_set set;
		struct bgp_raw raw;
	};
};

// 0, or -EBADMSG with fault->at counted from attr->value; *value is then raw.
int bgp_value_decode(const struct bgp_attr *attr, const struct bgp_session *s,
		     struct bgp_value *value, struct fault *fault) must_check;
// The same for the attributes of a route in a dump: MP_REACH_NLRI in any of its
// three shapes.
int bgp_value_decode_rib(const struct bgp_attr *attr, const struct bgp_session *s,
			 struct bgp_value *value, struct fault *fault) must_check;

// The attribute with its header. BGP_FLAG_EXTENDED_LEN is added where the length
// asks for it, and kept where it is set. AS numbers are written in the session's
// size, those of AS4_* and ATTR_SET in four bytes.
void bgp_value_put(struct out *out, uint8_t flags, const struct bgp_value *value,
		   const struct bgp_session *s);
// Any attribute, value and all.
void bgp_attr_put(struct out *out, uint8_t flags, uint8_t type, const void *value, size_t len);

// A list of attributes in one spelling: ordered by type (RFC 4271 §5), the first
// of each, lengths as short as can be, AS_SETs in order. Attributes that say the
// same in another order become the same bytes. -EBADMSG: they cannot be walked.
int bgp_attrs_put_ordered(struct out *out, const uint8_t *attrs, size_t len,
			  const struct bgp_session *s, struct fault *fault) must_check;

// RFC 1997 §2 and IANA's registry: "no-export"; NULL when not well known.
const char *bgp_community_name(uint32_t community);
