// SPDX-License-Identifier: BSD-3-Clause
// MRT (RFC 6396, RFC 6397, RFC 8050): the header of a record, what types there are.
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

// Subtypes of BGP, the deprecated type 5: RFC 6396 §B.2.
enum mrt_bgp_subtype {
	MRT_BGP_NULL,
	MRT_BGP_UPDATE,
	MRT_BGP_PREF_UPDATE,
	MRT_BGP_STATE_CHANGE,
	MRT_BGP_SYNC,
	MRT_BGP_OPEN,
	MRT_BGP_NOTIFY,
	MRT_BGP_KEEPALIVE,
};

// Subtypes of TABLE_DUMP: RFC 6396 §4.2.
enum mrt_dump_subtype { MRT_DUMP_IP4 = 1, MRT_DUMP_IP6 = 2 };

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

// Subtypes of BGP4MP and BGP4MP_ET: RFC 6396 §4.4, §B.3; RFC 8050 §3.
enum mrt_mp_subtype {
	MRT_MP_STATE_CHANGE,
	MRT_MP_MESSAGE,
	MRT_MP_ENTRY,
	MRT_MP_SNAPSHOT,
	MRT_MP_MESSAGE_AS4,
	MRT_MP_STATE_CHANGE_AS4,
	MRT_MP_MESSAGE_LOCAL,
	MRT_MP_MESSAGE_AS4_LOCAL,
	MRT_MP_MESSAGE_AP,
	MRT_MP_MESSAGE_AS4_AP,
	MRT_MP_MESSAGE_LOCAL_AP,
	MRT_MP_MESSAGE_AS4_LOCAL_AP,
};

// Address families by their IANA numbers; all others are bytes to MRT.
enum { MRT_AFI_IP4 = 1, MRT_AFI_IP6 = 2 };
enum { MRT_SAFI_UNICAST = 1, MRT_SAFI_MULTICAST = 2 };

struct mrt_hdr {
	uint32_t time_s;
	uint16_t type, subtype;
	uint32_t len; // of the body
};

// What a record holds, by type and subtype alone.
enum mrt_kind {
	MRT_KIND_OTHER, // OSPF, IS-IS, type 5 NULL, unknown: passed over
	MRT_KIND_PEERS,
	MRT_KIND_GEO,
	MRT_KIND_RIB,	  // TABLE_DUMP_V2: the routes of one prefix
	MRT_KIND_DUMP,	  // TABLE_DUMP: a route with its peer
	MRT_KIND_ENTRY,	  // BGP4MP_ENTRY: the same, of OpenBGPD's table-mp
	MRT_KIND_MESSAGE, // BGP4MP, type 5: a message of a BGP session
	MRT_KIND_STATE,	  // BGP4MP, type 5: a change of its state
	MRT_KIND_FILE,	  // BGP4MP_SNAPSHOT, type 5 SYNC: the name of a file
	MRT_N_KINDS,
};

void mrt_hdr_decode(const uint8_t bytes[MRT_HDR_LEN], struct mrt_hdr *hdr);
void mrt_hdr_encode(const struct mrt_hdr *hdr, uint8_t bytes[MRT_HDR_LEN]);
enum mrt_kind mrt_hdr_kind(const struct mrt_hdr *hdr);
// BGP4MP_ET and its like: 4 bytes of microseconds stand before the rest.
bool mrt_type_has_us(uint16_t type);
// "TABLE_DUMP_V2" and "RIB_IPV4_UNICAST"; NULL when unknown.
const char *mrt_type_name(uint16_t type);
const char *mrt_subtype_name(uint16_t type, uint16_t subtype);
