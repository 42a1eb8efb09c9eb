// SPDX-License-Identifier: BSD-3-Clause
// BGP path attributes (RFC 4271 §4.3): one after the other, and, fast, those
// that route and choose a path. All of them as values: value.h.
//
// Pure functions over bytes. bgp_path_decode() steps over what does not choose;
// of several attributes of one type the first counts (RFC 7606 §3).
#pragma once

#include "dataplane/bgp/wire.h"

#include <stdbool.h>

enum bgp_attr_type {
	BGP_ATTR_ORIGIN = 1,
	BGP_ATTR_AS_PATH = 2,
	BGP_ATTR_NEXT_HOP = 3,
	BGP_ATTR_MED = 4,
	BGP_ATTR_LOCAL_PREF = 5,
	BGP_ATTR_ATOMIC = 6,
	BGP_ATTR_AGGREGATOR = 7,
	BGP_ATTR_COMMUNITIES = 8,
	BGP_ATTR_ORIGINATOR_ID = 9,
	BGP_ATTR_CLUSTER_LIST = 10,
	BGP_ATTR_MP_REACH = 14,
	BGP_ATTR_MP_UNREACH = 15,
	BGP_ATTR_EXT_COMMUNITIES = 16,
	BGP_ATTR_AS4_PATH = 17,
	BGP_ATTR_AS4_AGGREGATOR = 18,
	BGP_ATTR_CONNECTOR = 20,    // deprecated (RFC 6037 §5.2)
	BGP_ATTR_AS_PATHLIMIT = 21, // deprecated
	BGP_ATTR_PMSI_TUNNEL = 22,
	BGP_ATTR_IP6_EXT_COMMUNITIES = 25,
	BGP_ATTR_AIGP = 26,
	BGP_ATTR_LARGE_COMMUNITIES = 32,
	BGP_ATTR_ONLY_TO_CUSTOMER = 35,
	BGP_ATTR_CALIBRATION = 99, // of RIPE's beacons, never assigned
	BGP_ATTR_SET = 128,
};

enum bgp_attr_flag {
	BGP_FLAG_OPTIONAL = 0x80,
	BGP_FLAG_TRANSITIVE = 0x40,
	BGP_FLAG_PARTIAL = 0x20,
	BGP_FLAG_EXTENDED_LEN = 0x10,
};

enum bgp_origin { BGP_ORIGIN_IGP, BGP_ORIGIN_EGP, BGP_ORIGIN_INCOMPLETE };

// What of a path's attributes were there: bits of bgp_path.has.
enum bgp_has {
	BGP_HAS_ORIGIN = 1 << 0,
	BGP_HAS_AS_PATH = 1 << 1,
	BGP_HAS_MED = 1 << 2,
	BGP_HAS_LOCAL_PREF = 1 << 3,
	BGP_HAS_AS_SET = 1 << 4, // somewhere in the path
};

// One path as bytes say it. A collector's own routes come without any
// attribute: has tells, and the fields are those of an empty path.
struct bgp_path {
	struct bgp_addr nexthop;    // family 0: none was given
	struct bgp_addr link_local; // second address of an IPv6 next hop, else family 0
	uint8_t origin;		    // enum bgp_origin; INCOMPLETE when absent
	uint8_t has;		    // enum bgp_has
	uint16_t n_hops; // RFC 4271 §9.1.2.2 a: a set is one, RFC 5065 §5.3: confederations none
	uint32_t first_as;   // neighbour: leftmost AS of a leading sequence, else 0
	uint32_t origin_as;  // rightmost AS; 0 when the path is empty or ends in a set of several
	uint32_t med;	     // 0 when absent
	uint32_t local_pref; // 100 when absent
};

struct bgp_attr {
	uint8_t flags, type;
	uint16_t len;
	const uint8_t *value; // behind a header of 3 bytes, 4 with BGP_FLAG_EXTENDED_LEN
};

// "AS_PATH"; NULL when unknown.
const char *bgp_attr_name(uint8_t type);

// Steps over attributes: *at is the offset of the next one. 1: *attr is set;
// 0: the end; -EBADMSG with fault.
int bgp_attr_next(const uint8_t *attrs, size_t len, size_t *at, struct bgp_attr *attr,
		  struct fault *fault) must_check;

// How the attributes were written down.
struct bgp_attr_style {
	uint8_t family;	  // of the prefix they belong to: 4 or 6
	uint8_t as_bytes; // of an AS number in AS_PATH: 2 or 4 (TABLE_DUMP_V2: 4)
	bool ignores_mp;  // MP_REACH_NLRI of an UPDATE has routes and a next hop of its own
};

// 0, or -EBADMSG with fault->at counted from attrs. The three shapes of
// MP_REACH_NLRI found in dumps are told apart by their first byte: RFC 6396
// §4.3.4 (next hop only), or RFC 4760 §3 without or with routes behind it.
int bgp_path_decode(const uint8_t *attrs, size_t len, struct bgp_attr_style style,
		    struct bgp_path *path, struct fault *fault) must_check;
