// SPDX-License-Identifier: BSD-3-Clause
// What BGP and MRT codecs share: numbers on the wire, addresses, and faults.
//
// A fault is a value: what is wrong with some bytes, and at which of them.
// Nothing here (or in any codec of this folder) exits, logs or keeps state.
#pragma once

#include "dataplane/base/compiler.h"

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
	FAULT_NOT_RIB,	       // the record holds no unicast routes
	// Path attributes.
	FAULT_ATTR_CUT,	  // an attribute is longer than what is left
	FAULT_ORIGIN,	  // length not 1, or value above 2
	FAULT_AS_PATH,	  // segments do not fill the attribute, or an unknown type
	FAULT_NEXT_HOP,	  // length not 4
	FAULT_MED,	  // length not 4
	FAULT_LOCAL_PREF, // length not 4
	FAULT_MP_REACH,	  // none of the three shapes, or of another family
	FAULT_N_CODES,
};

struct fault {
	enum fault_code code;
	uint32_t at; // offset of the offending byte in what was decoded
};

const char *fault_name(enum fault_code code); // "attr-cut": for counters, JSON
const char *fault_text(enum fault_code code); // a sentence for people

// Sets *fault (the first one stays) and returns -EBADMSG.
int fault_set(struct fault *fault, enum fault_code code, size_t at);

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
