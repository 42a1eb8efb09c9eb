// SPDX-License-Identifier: BSD-3-Clause
// MRT dumps (RFC 6396, RFC 8050): the records of a stream, the routes in them.
//
// Pure functions over bytes: no I/O, no allocation, no state. Files are read by
// ctl/mrt_file.h, one route a prefix is chosen by bgp/mrt_view.h. By hand:
//
//	struct mrt_rib rib;
//	struct mrt_entry entry;
//	struct fault fault = {0};
//
//	switch (mrt_hdr_kind(&rec.hdr)) {
//	case MRT_KIND_PEERS:
//		err = mrt_peers_decode(rec.body, rec.hdr.len, &peers, &fault);
//		while (!err && mrt_peers_next(&peers, &peer))
//			...
//	case MRT_KIND_RIB:
//		err = mrt_rib_decode(&rec.hdr, rec.body, &rib, &fault);
//		while (!err && mrt_rib_next(&rib, &entry))
//			if (!bgp_path_decode(entry.attrs, entry.attrs_len, style, &path, &fault))
//				... rib.prefix by path.nexthop, from peer entry.peer_index
//	case MRT_KIND_OTHER:
//		n_passed_over++;
//	}
//
// Both decoders walk the whole record first: when they return 0 the iterators
// cannot fail and every pointer lies inside the body.
#pragma once

#include "dataplane/bgp/wire.h"

#include <stdbool.h>

enum { MRT_HDR_LEN = 12 };
// A record that says it is longer is damage. The largest ever seen is 0.5 MB;
// 65,535 entries of 250 bytes fit.
#define MRT_RECORD_MAX (16u << 20)

enum mrt_type {
	MRT_BGP = 5, // 1999-2000, MRTd
	MRT_OSPF2 = 11,
	MRT_TABLE_DUMP = 12,
	MRT_TABLE_DUMP_V2 = 13,
	MRT_BGP4MP = 16,
	MRT_BGP4MP_ET = 17,
	MRT_ISIS = 32,
	MRT_ISIS_ET = 33,
	MRT_OSPF3 = 48,
	MRT_OSPF3_ET = 49,
};

// Subtypes of TABLE_DUMP_V2: RFC 6396 §4.3, RFC 8050 §4, RFC 6397 §4.
enum mrt_v2_subtype {
	MRT_V2_PEER_INDEX_TABLE = 1,
	MRT_V2_IP4_UNICAST = 2,
	MRT_V2_IP4_MULTICAST = 3,
	MRT_V2_IP6_UNICAST = 4,
	MRT_V2_IP6_MULTICAST = 5,
	MRT_V2_GENERIC = 6,
	MRT_V2_GEO_PEERS = 7,
	MRT_V2_IP4_UNICAST_AP = 8,
	MRT_V2_IP4_MULTICAST_AP = 9,
	MRT_V2_IP6_UNICAST_AP = 10,
	MRT_V2_IP6_MULTICAST_AP = 11,
	MRT_V2_GENERIC_AP = 12,
};

struct mrt_hdr {
	uint32_t time_s;
	uint16_t type, subtype;
	uint32_t len; // of the body
};

enum mrt_kind { MRT_KIND_OTHER, MRT_KIND_PEERS, MRT_KIND_RIB };

void mrt_hdr_decode(const uint8_t bytes[MRT_HDR_LEN], struct mrt_hdr *hdr);
enum mrt_kind mrt_hdr_kind(const struct mrt_hdr *hdr);
// "TABLE_DUMP_V2" and "RIB_IPV4_UNICAST"; NULL when unknown.
const char *mrt_type_name(uint16_t type);
const char *mrt_subtype_name(uint16_t type, uint16_t subtype);

struct mrt_peer {
	struct bgp_addr addr;
	uint32_t id; // BGP identifier, as a number
	uint32_t asn;
};

struct mrt_peers {
	uint32_t collector_id;
	uint16_t n_peers;
	uint16_t view_len;
	const char *view; // not terminated
	const uint8_t *next, *end;
};

int mrt_peers_decode(const uint8_t *body, size_t len, struct mrt_peers *peers,
		     struct fault *fault) must_check;
bool mrt_peers_next(struct mrt_peers *peers, struct mrt_peer *peer);

struct mrt_rib {
	struct bgp_prefix prefix; // host bits cleared
	uint32_t seq;
	uint16_t n_entries;
	bool add_path;	     // entries carry path ids
	bool is_mislabelled; // ... although the subtype says otherwise, or the reverse
	bool had_host_bits;  // bits behind the prefix length were set
	const uint8_t *body, *next, *end;
	uint16_t n_left;
};

struct mrt_entry {
	uint16_t peer_index;
	uint16_t attrs_len;
	uint32_t time_s;
	uint32_t path_id; // 0 without add-path
	const uint8_t *attrs;
};

int mrt_rib_decode(const struct mrt_hdr *hdr, const uint8_t *body, struct mrt_rib *rib,
		   struct fault *fault) must_check;
bool mrt_rib_next(struct mrt_rib *rib, struct mrt_entry *entry);
