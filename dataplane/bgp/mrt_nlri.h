// SPDX-License-Identifier: BSD-3-Clause
// How long is one NLRI of any address family? MRT's records do not say.
#pragma once

#include "dataplane/bgp/mrt_hdr.h"

// FAULT_NONE with *len (its own length field included), FAULT_PREFIX_LEN, or
// FAULT_RECORD_CUT when it does not fit into the bytes left.
enum fault_code mrt_nlri_len(uint16_t afi, uint8_t safi, const uint8_t *p, size_t left,
			     size_t *len);

// The prefix of an NLRI that mrt_nlri_len() accepted, host bits cleared; family 0
// unless it is IPv4 or IPv6, unicast or multicast. Were there host bits?
bool mrt_nlri_prefix(uint16_t afi, uint8_t safi, const uint8_t *p, struct bgp_prefix *prefix);

// Clears the bits behind prefix->len; true if some were set.
bool mrt_prefix_trim(struct bgp_prefix *prefix);

// 4, 16, or 0 for families that are neither.
unsigned mrt_addr_len(uint16_t afi);
