// SPDX-License-Identifier: BSD-3-Clause
// MRT dumps (RFC 6396, RFC 6397, RFC 8050): the records of a stream, decoded.
//
// Pure functions over bytes: no I/O, no allocation, no state; pointers lead into
// the record. Files are read by ctl/mrt_file.h, one route a prefix is chosen by
// bgp/mrt_view.h, records are written by bgp/mrt_enc.h. By hand:
//
//	struct mrt_record rec;
//	struct mrt_route route;
//	struct fault fault = {0};
//
//	if (mrt_decode(&hdr, body, &rec, &fault))
//		... n_bad++, fault.code at fault.at of body
//	else switch (rec.kind) {
//	case MRT_KIND_PEERS:
//		while (mrt_peers_next(&rec.peers, &peer))
//			...
//	case MRT_KIND_RIB: case MRT_KIND_DUMP: case MRT_KIND_ENTRY:
//		while (mrt_route_next(&rec, &route))
//			... route.prefix, route.attrs (route.as_bytes wide), from route.peer
//	case MRT_KIND_MESSAGE:
//		... rec.message.msg, of rec.message.session
//	case MRT_KIND_STATE:
//		...
//	default:
//		n_passed_over++;
//	}
#pragma once

#include "dataplane/bgp/mrt_event.h"
#include "dataplane/bgp/mrt_table.h"

struct mrt_record {
	enum mrt_kind kind;
	bool is_given;	  // the one entry of MRT_KIND_ENTRY was taken by mrt_route_next()
	uint32_t time_us; // BGP4MP_ET: behind the seconds of the header, else 0
	union {
		struct mrt_peers peers;	    // MRT_KIND_PEERS
		struct mrt_geo geo;	    // MRT_KIND_GEO
		struct mrt_rib rib;	    // MRT_KIND_RIB
		struct mrt_dump dump;	    // MRT_KIND_DUMP
		struct mrt_mp_entry entry;  // MRT_KIND_ENTRY
		struct mrt_message message; // MRT_KIND_MESSAGE
		struct mrt_state state;	    // MRT_KIND_STATE
		struct mrt_file_name file;  // MRT_KIND_FILE
	};
};

// 0 (kind MRT_KIND_OTHER: nothing was looked at), or -EBADMSG with fault.
int mrt_decode(const struct mrt_hdr *hdr, const uint8_t *body, struct mrt_record *rec,
	       struct fault *fault) must_check;

// One route of a table, whatever kind of record it stands in.
struct mrt_route {
	struct bgp_prefix prefix; // family 0: neither IPv4 nor IPv6, nlri tells all there is
	uint8_t safi;
	uint8_t as_bytes;    // 2 or 4: of AS numbers in attrs
	bool has_index;	     // the peer is peer_index of the latest PEER_INDEX_TABLE,
	uint16_t peer_index; // else peer and peer_as
	uint16_t afi;
	uint16_t nlri_len; // 0: prefix tells all
	uint16_t attrs_len;
	bool has_path_id;
	uint32_t path_id;
	uint32_t time_s; // since when
	uint32_t peer_as;
	struct bgp_addr peer;	 // family 0, and its bytes anything: has_index
	struct bgp_addr nexthop; // BGP4MP_ENTRY; family 0: in attrs
	const uint8_t *attrs, *nlri;
};

// Of records of kind RIB, DUMP and ENTRY; false behind the last one.
bool mrt_route_next(struct mrt_record *rec, struct mrt_route *route);
