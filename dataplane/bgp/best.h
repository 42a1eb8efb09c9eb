// SPDX-License-Identifier: BSD-3-Clause
// The best of several paths to one prefix (RFC 4271 §9.1.2).
//
// Pure function, no state. Of the steps of §9.1.2.2 those apply to which a
// dump has an answer: degree of preference, AS path length, origin, MED between
// paths of one neighbour AS, BGP identifier, peer address. Whether a path came
// by EBGP and how far its next hop is (steps d and e), only the collector knew.
#pragma once

#include "dataplane/bgp/attr.h"

// A path and who gave it. The loader maps next hops or peers to gateways.
struct bgp_route {
	struct bgp_path path;
	struct bgp_addr peer; // family 0: the peer table does not tell
	uint32_t peer_as;
	uint32_t peer_id;    // BGP identifier, as a number
	uint32_t path_id;    // RFC 7911 §3; 0 without add-path
	uint32_t time_s;     // Unix time at which the path was learnt
	uint16_t peer_index; // in the dump's peer table
};

// Index of the best of n routes (n > 0), which are reordered on the way. Equal
// to the end: the lower path id, so that the result never depends on the order.
size_t bgp_best(struct bgp_route routes[], size_t n);
