// SPDX-License-Identifier: BSD-3-Clause
// NOTIFICATION (RFC 4271 §4.5) and ROUTE-REFRESH (RFC 2918, RFC 7313) messages.
//
// Pure functions over bytes.
#pragma once

#include "dataplane/bgp/msg.h"
#include "dataplane/bgp/out.h"

enum bgp_error_code {
	BGP_ERR_HEADER = 1,
	BGP_ERR_OPEN = 2,
	BGP_ERR_UPDATE = 3,
	BGP_ERR_HOLD_TIMER = 4,
	BGP_ERR_FSM = 5,
	BGP_ERR_CEASE = 6,
	BGP_ERR_REFRESH = 7, // RFC 7313 §5
};

enum bgp_header_error { BGP_ERR_SYNC = 1, BGP_ERR_LEN = 2, BGP_ERR_TYPE = 3 };

enum bgp_open_error {
	BGP_ERR_VERSION = 1,
	BGP_ERR_PEER_AS = 2,
	BGP_ERR_PEER_ID = 3,
	BGP_ERR_PARAM = 4,
	BGP_ERR_HOLD_TIME = 6,
	BGP_ERR_CAPABILITY = 7, // RFC 5492 §5
	BGP_ERR_ROLE = 11,	// RFC 9234 §4.2
};

enum bgp_update_error {
	BGP_ERR_ATTRS = 1,
	BGP_ERR_WELL_KNOWN = 2,
	BGP_ERR_MISSING = 3,
	BGP_ERR_FLAGS = 4,
	BGP_ERR_ATTR_LEN = 5,
	BGP_ERR_ORIGIN = 6,
	BGP_ERR_NEXT_HOP = 8,
	BGP_ERR_OPTIONAL = 9,
	BGP_ERR_NETWORK = 10,
	BGP_ERR_AS_PATH = 11,
};

// RFC 4486 §4, RFC 8538 §3.1.
enum bgp_cease {
	BGP_CEASE_MAX_PREFIXES = 1,
	BGP_CEASE_SHUTDOWN = 2,
	BGP_CEASE_DECONFIGURED = 3,
	BGP_CEASE_RESET = 4,
	BGP_CEASE_REJECTED = 5,
	BGP_CEASE_CHANGED = 6,
	BGP_CEASE_COLLISION = 7,
	BGP_CEASE_RESOURCES = 8,
	BGP_CEASE_HARD_RESET = 9,
};

struct bgp_notification {
	uint8_t code, subcode;
	const uint8_t *data;
	size_t data_len;
};

int bgp_notification_decode(const uint8_t *body, size_t len, struct bgp_notification *n,
			    struct fault *fault) must_check;
void bgp_notification_put(struct out *out, const struct bgp_notification *n);
// "UPDATE Message Error", "Malformed AS_PATH"; NULL when nobody gave it a name.
const char *bgp_error_name(uint8_t code);
const char *bgp_error_subname(uint8_t code, uint8_t subcode);

// RFC 9003 §2: why an administrator shut down or reset, as UTF-8 (not
// terminated). 1: there is one, *text and *len; 0: none, or not such a message;
// -EBADMSG: FAULT_TEXT.
int bgp_shutdown_text(const struct bgp_notification *n, const char **text, size_t *len,
		      struct fault *fault) must_check;
// The body of a Cease with a text of at most 255 bytes.
void bgp_shutdown_put(struct out *out, enum bgp_cease why, const char *text, size_t len);

// RFC 7313 §3.2: what stood in the reserved byte of RFC 2918 §3.
enum bgp_refresh_subtype { BGP_REFRESH_ASK, BGP_REFRESH_BEGIN, BGP_REFRESH_END };

struct bgp_refresh {
	uint16_t afi;
	uint8_t subtype, safi;
	const uint8_t *filters; // RFC 5291 §4, as they are
	size_t filters_len;
};

int bgp_refresh_decode(const uint8_t *body, size_t len, struct bgp_refresh *refresh,
		       struct fault *fault) must_check;
void bgp_refresh_put(struct out *out, const struct bgp_refresh *refresh);
