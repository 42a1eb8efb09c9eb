// SPDX-License-Identifier: BSD-3-Clause
// MRT records of events: BGP4MP and BGP4MP_ET (RFC 6396 §4.4, RFC 8050 §3) and
// the type 5 of 1999-2000. The BGP messages inside are not looked into.
#pragma once

#include "dataplane/bgp/mrt_hdr.h"

// Between whom. Zebra of 2000 left all but if_index and an AFI of 0 out where it
// knew no peer yet: then peer.family is 0, and the record is is_bare.
struct mrt_session {
	struct bgp_addr peer, local; // local.family 0: type 5 STATE_CHANGE tells none
	uint8_t as_bytes;	     // 2 or 4: of AS numbers here and in messages
	bool is_bare;
	uint16_t if_index;
	uint32_t peer_as, local_as;
};

// A message whole, from its marker on; type 5: what follows marker, length and type.
struct mrt_message {
	struct mrt_session session;
	bool add_path; // RFC 8050 §3: NLRI carries path ids
	bool is_local; // sent by the collector, not received
	bool has_hdr;  // msg begins with a marker; false: type 5
	uint8_t type;  // of the BGP message: 1 OPEN, 2 UPDATE, 3 NOTIFICATION, ...
	const uint8_t *msg;
	size_t len;
};

// States: RFC 6396 §4.4.1, 1 Idle to 6 Established; Quagga's 7 Clearing, 8 Deleted.
struct mrt_state {
	struct mrt_session session;
	uint16_t old_state, new_state;
};

// A route of a table. AS numbers in attributes have 2 bytes; the next hop stands
// outside of them.
struct mrt_mp_entry {
	struct mrt_session session;
	struct bgp_prefix prefix; // host bits cleared; family 0: nlri tells all there is
	struct bgp_addr nexthop;  // family 0: of a length that nexthop_len tells
	bool had_host_bits;
	uint16_t view, status;
	uint32_t time_s;
	uint16_t afi;
	uint8_t safi, nexthop_len;
	uint16_t nlri_len, attrs_len;
	const uint8_t *nexthop_raw, *nlri, *attrs;
};

struct mrt_file_name {
	uint16_t view;
	size_t len;	  // up to the terminating 0
	const char *name; // terminated, inside the record
};

// 2 or 4: how a subtype of BGP4MP writes AS numbers.
unsigned mrt_mp_as_bytes(uint16_t subtype);

// len and body without the microseconds of BGP4MP_ET.
int mrt_message_decode(const struct mrt_hdr *hdr, const uint8_t *body, size_t len,
		       struct mrt_message *message, struct fault *fault) must_check;
int mrt_state_decode(const struct mrt_hdr *hdr, const uint8_t *body, size_t len,
		     struct mrt_state *state, struct fault *fault) must_check;
int mrt_mp_entry_decode(const uint8_t *body, size_t len, struct mrt_mp_entry *entry,
			struct fault *fault) must_check;
int mrt_file_name_decode(const uint8_t *body, size_t len, struct mrt_file_name *file,
			 struct fault *fault) must_check;
