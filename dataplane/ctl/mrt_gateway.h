// SPDX-License-Identifier: BSD-3-Clause
// Which local gateway a route of a dump goes to: the rules of a conf_mrt.
#pragma once

#include "dataplane/bgp/wire.h"
#include "dataplane/ctl/config.h"

// The first rule that fits and leads to a gateway of the route's family: its
// index; n_map and n_map + 1: the defaults of IPv4 and IPv6; -1: none.
int mrt_gateway(const struct conf_mrt *conf, uint8_t family, const struct bgp_addr *nexthop,
		uint32_t peer_as);
