// SPDX-License-Identifier: BSD-3-Clause
// OPEN messages (RFC 4271 §4.2): parameters, also extended ones (RFC 9072), the
// capabilities in them (RFC 5492), and what two OPENs agree on.
//
// Pure functions over bytes. Reading one message in three depths: the fields
// and bytes (bgp_open_decode), capability by capability, known or not
// (bgp_cap_next), or all known capabilities as one value (bgp_caps_decode).
#pragma once

#include "dataplane/bgp/msg.h"
#include "dataplane/bgp/out.h"

enum { BGP_VERSION = 4, BGP_PARAM_AUTH = 1, BGP_PARAM_CAPS = 2, BGP_PARAM_EXTENDED = 255 };

struct bgp_open {
	uint8_t version;
	uint16_t as; // of two bytes; BGP_AS_TRANS when there are more
	uint16_t hold_s;
	uint32_t id;
	// RFC 9072 §2: parameters with lengths of two bytes; short_len is then
	// what stands in the field of one byte, which means nothing.
	bool is_extended;
	uint8_t short_len;
	const uint8_t *body, *params;
	uint16_t params_len;
};

// -EBADMSG: FAULT_MSG_LEN, FAULT_PARAM_CUT at an offset in body.
int bgp_open_decode(const uint8_t *body, size_t len, struct bgp_open *open,
		    struct fault *fault) must_check;

struct bgp_param {
	uint8_t type;
	uint16_t len;
	const uint8_t *value;
};

// 1, 0, -EBADMSG: FAULT_PARAM_CUT. *at begins at 0.
int bgp_param_next(const struct bgp_open *open, size_t *at, struct bgp_param *param,
		   struct fault *fault) must_check;

enum bgp_cap_code {
	BGP_CAP_MP = 1,		       // RFC 4760 §8
	BGP_CAP_REFRESH = 2,	       // RFC 2918 §2
	BGP_CAP_IP6_NEXTHOP = 5,       // RFC 8950 §4
	BGP_CAP_EXTENDED_MSG = 6,      // RFC 8654 §3
	BGP_CAP_LABELS = 8,	       // RFC 8277 §2.1
	BGP_CAP_ROLE = 9,	       // RFC 9234 §4.1
	BGP_CAP_RESTART = 64,	       // RFC 4724 §3
	BGP_CAP_AS4 = 65,	       // RFC 6793 §3
	BGP_CAP_ADD_PATH = 69,	       // RFC 7911 §4
	BGP_CAP_ENHANCED_REFRESH = 70, // RFC 7313 §3.1
	BGP_CAP_REFRESH_OLD = 128,
};

struct bgp_cap {
	uint8_t code, len;
	const uint8_t *value;
};

struct bgp_cap_iter {
	size_t at;		   // of the next parameter
	const uint8_t *next, *end; // in the parameter under way
};

// 1, 0, -EBADMSG: FAULT_PARAM_CUT, FAULT_CAP_CUT. *it begins as {0}. Other
// parameters are passed over.
int bgp_cap_next(const struct bgp_open *open, struct bgp_cap_iter *it, struct bgp_cap *cap,
		 struct fault *fault) must_check;
const char *bgp_cap_name(uint8_t code); // "add-path"; NULL when unknown

enum bgp_add_path { BGP_ADD_PATH_RECEIVE = 1, BGP_ADD_PATH_SEND = 2, BGP_ADD_PATH_BOTH = 3 };

struct bgp_cap_family {
	uint16_t afi;
	uint8_t safi;
	bool is_offered;   // by the capability of RFC 4760 §8 itself
	bool ip6_nexthop;  // RFC 8950 §4
	bool is_restarted; // RFC 4724 §3: kept forwarding
	bool can_restart;
	uint8_t add_path;   // enum bgp_add_path, 0: none
	uint8_t max_labels; // RFC 8277 §2.1: 0, or more than 1
};

struct bgp_caps {
	bool refresh, enhanced_refresh, extended_msg, as4, restart;
	bool has_role;
	uint8_t role;	       // enum bgp_role, or one nobody knows
	uint32_t as;	       // of four bytes, where as4
	uint8_t restart_flags; // RFC 4724 §3: 8 restarting, RFC 8538 §2: 4 notifications
	uint16_t restart_s;
	uint8_t n_unknown;  // capabilities passed over
	uint8_t n_families; // those beyond BGP_FAMILIES_MAX are in n_unknown
	struct bgp_cap_family family[BGP_FAMILIES_MAX];
};

// -EBADMSG also for a known capability of a length it cannot have
// (FAULT_CAP_LEN) and for two roles (FAULT_ROLE, RFC 9234 §4.2).
int bgp_caps_decode(const struct bgp_open *open, struct bgp_caps *caps,
		    struct fault *fault) must_check;
// The peer's AS: of four bytes where it tells.
uint32_t bgp_open_as(const struct bgp_open *open, const struct bgp_caps *caps);

// RFC 5492 §3: what both offer. RFC 7911 §4: the peer sends path ids where it
// says so and we receive them. Without any family: IPv4 unicast alone.
void bgp_session_agree(struct bgp_session *s, const struct bgp_caps *ours,
		       const struct bgp_caps *theirs);
// RFC 9234 §4.2: do the two roles fit each other?
bool bgp_role_fits(uint8_t ours, uint8_t theirs);

// The body as it was read, unknown parameters and all.
void bgp_open_put(struct out *out, const struct bgp_open *open);
void bgp_cap_put(struct out *out, uint8_t code, const void *value, size_t len);
// Known capabilities, in the order of their codes.
void bgp_caps_put(struct out *out, const struct bgp_caps *caps);
// A body of one parameter that holds these capabilities; extended when it must be.
void bgp_open_put_caps(struct out *out, uint32_t as, uint16_t hold_s, uint32_t id,
		       const struct bgp_caps *caps);
