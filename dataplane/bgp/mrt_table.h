// SPDX-License-Identifier: BSD-3-Clause
// MRT records of tables: peers (PEER_INDEX_TABLE, GEO_PEER_TABLE) and routes
// (RIB_*, TABLE_DUMP).
//
// A decoder walks its whole record first: when it returns 0 the iterator cannot
// fail and every pointer lies inside the body. Otherwise -EBADMSG with fault.
#pragma once

#include "dataplane/bgp/mrt_hdr.h"

// RFC 6396 §4.3.1: bits of a peer's type.
enum { MRT_PEER_IP6 = 1 << 0, MRT_PEER_AS4 = 1 << 1 };

struct mrt_peer {
	struct bgp_addr addr;
	uint8_t as_bytes; // 2 or 4: how the AS number was written
	uint32_t id;	  // BGP identifier, as a number
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

// RFC 6397 §4.1: where the collector and its peers stand, in degrees (north and
// east positive); not a number where somebody would not tell.
struct mrt_geo_peer {
	uint8_t type; // the bits of a peer's type in PEER_INDEX_TABLE
	uint32_t id;
	float latitude, longitude;
};

struct mrt_geo {
	uint32_t collector_id;
	float latitude, longitude;
	uint16_t n_peers;
	uint16_t view_len;
	const char *view; // not terminated
	const uint8_t *next, *end;
};

int mrt_geo_decode(const uint8_t *body, size_t len, struct mrt_geo *geo,
		   struct fault *fault) must_check;
bool mrt_geo_next(struct mrt_geo *geo, struct mrt_geo_peer *peer);

// RIB_*: AS numbers in attributes have 4 bytes; MP_REACH_NLRI is short for the
// next hop (RFC 6396 §4.3.4), but not everywhere (bgp/attr.h).
struct mrt_rib {
	struct bgp_prefix prefix; // host bits cleared; family 0: nlri tells all there is
	uint8_t safi;
	uint16_t afi;
	uint32_t seq;
	uint16_t n_entries;
	uint16_t nlri_len;     // bytes of nlri
	const uint8_t *nlri;   // as written: length in bits, prefix (RIB_GENERIC: any NLRI)
	bool add_path;	       // entries carry path ids
	bool nlri_has_id;      // RFC 8050 §4.2: one path id before the NLRI, for all entries
	bool is_mislabelled;   // path ids although the subtype says otherwise, or the reverse
	bool had_host_bits;    // bits behind the prefix length were set
	uint32_t nlri_path_id; // nlri_has_id
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

// TABLE_DUMP. AS numbers in attributes have 2 bytes. One entry a record, but
// several in those of 1999-2000.
struct mrt_dump {
	uint8_t family;
	uint16_t view, seq;
	const uint8_t *next, *end;
};

struct mrt_dump_entry {
	struct bgp_prefix prefix; // host bits cleared
	struct bgp_addr peer;
	uint8_t status; // 1, says RFC 6396 §4.2
	bool had_host_bits;
	uint16_t peer_as;
	uint16_t attrs_len;
	uint32_t time_s;
	const uint8_t *attrs;
	const uint8_t *raw; // the prefix's 4 or 16 bytes as written
};

int mrt_dump_decode(const struct mrt_hdr *hdr, const uint8_t *body, struct mrt_dump *dump,
		    struct fault *fault) must_check;
bool mrt_dump_next(struct mrt_dump *dump, struct mrt_dump_entry *entry);
