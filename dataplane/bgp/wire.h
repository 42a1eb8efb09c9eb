// SPDX-License-Identifier: BSD-3-Clause
// What BGP and MRT codecs share: numbers on the wire, addresses, and faults.
//
// A fault is a value: what is wrong with some bytes, and at which of them.
// Nothing here (or in any codec of this folder) exits, logs or keeps state.
#pragma once

#include "dataplane/base/compiler.h"

#include <errno.h>

// Same shape as struct addr and struct prefix of route/, which stands above:
// network byte order, IPv4 in bytes[0..3], the rest zero. family 0 is "none".
struct bgp_addr {
	uint8_t family;
	uint8_t bytes[16];
};

struct bgp_prefix {
	uint8_t family;
	uint8_t len;
	uint8_t bytes[16];
};

enum fault_code {
	FAULT_NONE,
	// MRT records.
	FAULT_RECORD_CUT,      // the record ends inside a field
	FAULT_RECORD_TRAILING, // bytes behind the last entry
	FAULT_PREFIX_LEN,      // longer than an address
	FAULT_PEER_TYPE,       // a peer whose address cannot be told
	FAULT_PEER_INDEX,      // names no peer of the table
	FAULT_PEERS_MISSING,   // no PEER_INDEX_TABLE came before
	FAULT_NOT_RIB,	       // the record holds no routes of a table
	FAULT_AFI,	       // an address family that no peer's address can have
	// Path attributes.
	FAULT_ATTR_CUT,	     // an attribute is longer than what is left
	FAULT_ORIGIN,	     // length not 1, or value above 2
	FAULT_AS_PATH,	     // segments do not fill the attribute, or an unknown type
	FAULT_NEXT_HOP,	     // length not 4
	FAULT_MED,	     // length not 4
	FAULT_LOCAL_PREF,    // length not 4
	FAULT_MP_REACH,	     // none of the three shapes, or of another family
	FAULT_ATTR_FLAGS,    // optional or transitive not as the type asks
	FAULT_ATTR_LEN,	     // not a length this type can have
	FAULT_ATTR_VALUE,    // a value this type cannot have
	FAULT_ATTR_TWICE,    // a second attribute of the type
	FAULT_ATTR_MISSING,  // a mandatory one is not there
	FAULT_ATTR_UNKNOWN,  // called well-known, yet nobody knows it
	FAULT_ATTR_PEER,     // not from such a peer
	FAULT_AS_ZERO,	     // AS 0 where an AS must be
	FAULT_AS_FIRST,	     // the leftmost AS is not the peer's
	FAULT_AS_CONFED,     // confederation segments from outside, or none from inside
	FAULT_NEXT_HOP_ADDR, // an address nobody can have
	FAULT_MP_NEXT_HOP,   // of a length that its family has not
	FAULT_MP_UNREACH,    // shorter than its AFI and SAFI
	// Messages and routes.
	FAULT_MARKER,	   // not sixteen bytes of ones
	FAULT_MSG_LEN,	   // outside what this type may have
	FAULT_MSG_TYPE,	   // unknown
	FAULT_UPDATE_CUT,  // its two lengths exceed the message
	FAULT_NLRI_LEN,	   // a prefix longer than an address
	FAULT_NLRI_CUT,	   // a prefix longer than what is left
	FAULT_NLRI_LABELS, // a stack of labels without bottom
	FAULT_VERSION,	   // not 4
	FAULT_PEER_AS,	   // 0, or not the one expected
	FAULT_PEER_ID,	   // 0, or our own
	FAULT_HOLD_TIME,   // 1 or 2 seconds
	FAULT_PARAM_CUT,   // optional parameters do not fill their field
	FAULT_PARAM_TYPE,  // one nobody knows
	FAULT_CAP_CUT,	   // a capability longer than what is left
	FAULT_CAP_LEN,	   // not a length this capability can have
	FAULT_ROLE,	   // roles that do not fit each other, or several
	FAULT_REFRESH_LEN, // not a length of ROUTE-REFRESH
	FAULT_TEXT,	   // the shutdown text is longer than what is left, or no UTF-8
	FAULT_N_CODES,
};

struct fault {
	enum fault_code code;
	uint32_t at; // offset of the offending byte in what was decoded
};

const char *fault_name(enum fault_code code); // "attr-cut": for counters, JSON
const char *fault_text(enum fault_code code); // a sentence for people

// Sets *fault (the first one stays) and returns -EBADMSG. Inline, so that a
// compiler sees what it returns.
static inline int fault_set(struct fault *fault, enum fault_code code, size_t at)
{
	if (fault->code == FAULT_NONE) {
		fault->code = code;
		fault->at = (uint32_t)at;
	}
	return -EBADMSG;
}

static inline uint16_t wire_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t wire_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint8_t *wire_put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
	return p + 2;
}

static inline uint8_t *wire_put32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
	return p + 4;
}
