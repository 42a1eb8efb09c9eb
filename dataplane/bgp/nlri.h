// SPDX-License-Identifier: BSD-3-Clause
// Routes as UPDATEs carry them: prefixes behind each other (RFC 4271 §4.3),
// with path ids (RFC 7911 §3), labels (RFC 8277 §2) or route distinguishers
// (RFC 4364 §4.3.4).
//
// Pure functions over bytes. Prefixes are understood for IPv4 and IPv6 of the
// SAFIs unicast, multicast, labelled and VPN; other families stay bytes.
#pragma once

#include "dataplane/bgp/out.h"
#include "dataplane/bgp/session.h"

enum { BGP_RD_LEN = 8, BGP_LABEL_LEN = 3 };

struct bgp_nlri {
	struct bgp_prefix prefix; // host bits cleared
	uint32_t path_id;	  // 0 without add-path
	bool had_host_bits;	  // bits behind the prefix length were set
	uint8_t n_labels;
	const uint8_t *labels; // of BGP_LABEL_LEN bytes each
	const uint8_t *rd;     // BGP_RD_LEN bytes; NULL: the family has none
};

struct bgp_nlri_iter {
	const uint8_t *base, *next, *end;
	uint8_t family; // 4 or 6
	uint8_t safi;
	bool has_path_ids;
	bool multi_labels; // bgp_nlri_start() clears it
};

// Can the prefixes of this family be told apart?
bool bgp_nlri_is_known(uint16_t afi, uint8_t safi);
// The family must be known. A labelled route has one label, whatever that says
// of a stack (RFC 8277 §2.2), unless several were agreed on (§2.3).
void bgp_nlri_start(struct bgp_nlri_iter *it, const uint8_t *bytes, size_t len, uint16_t afi,
		    uint8_t safi, bool has_path_ids);
// 1: *nlri is set; 0: the end; -EBADMSG: FAULT_NLRI_LEN, _CUT or _LABELS, at
// an offset from the first byte; nothing more comes out then.
int bgp_nlri_next(struct bgp_nlri_iter *it, struct bgp_nlri *nlri, struct fault *fault) must_check;

void bgp_nlri_put(struct out *out, const struct bgp_nlri *nlri, bool has_path_ids);
