// SPDX-License-Identifier: BSD-3-Clause
// Sound routes that must not be used: those that came back, and those that
// should never have come this way (RFC 4271 §9.1.2, RFC 4456 §8, RFC 9234 §5).
//
// Pure functions over bytes. Attributes are those of an UPDATE that judge.h let
// pass; of several of one type the first counts.
#pragma once

#include "dataplane/bgp/value.h"

enum bgp_refusal {
	BGP_ACCEPTED,
	BGP_AS_LOOP,	     // our AS, or that of our confederation, in AS_PATH
	BGP_ORIGINATOR_LOOP, // ORIGINATOR_ID is our identifier
	BGP_CLUSTER_LOOP,    // our cluster in CLUSTER_LIST
	BGP_LEAK,	     // ONLY_TO_CUSTOMER from one who must not pass it on
};

// unicast: are its routes IPv4 or IPv6 unicast? Only those know leaks.
enum bgp_refusal bgp_route_refusal(const uint8_t *attrs, size_t len, bool unicast,
				   const struct bgp_session *s);
const char *bgp_refusal_name(enum bgp_refusal refusal); // "as-loop"

// RFC 9234 §5: what a route has in ONLY_TO_CUSTOMER once it is in (0: nothing;
// otc is what it came with), and whether it may go out, and with what.
uint32_t bgp_otc_in(uint32_t otc, const struct bgp_session *s);
bool bgp_otc_out(uint32_t *otc, const struct bgp_session *s);
