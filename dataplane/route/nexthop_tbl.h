// SPDX-License-Identifier: BSD-3-Clause
// Next hops as workers see them: an array of one cache line each, by id.
//
// The control thread writes; workers read between two quiescent states. The
// rewrite of an entry changes only while its kind is not NH_FORWARD: control
// stores NH_RESOLVE, waits a grace period, writes, then stores NH_FORWARD with
// release order. So no worker ever sends a half-written header.
#pragma once

#include "dataplane/base/compiler.h"

#include <assert.h>
#include <stdalign.h>

enum { NEXTHOP_MAX = 65535, NEXTHOP_L2_MAX = 24 };

// Id 0 is the table's default: the end of a lookup that found nothing more
// specific (route/fib4_tbl.h replaces it by the id of the default route).
enum { NEXTHOP_DEFAULT = 0 };

enum nexthop_kind {
	NH_NONE,	// no route (ICMP net unreachable); also an entry not in use
	NH_FORWARD,	// l2[] is valid: rewrite and transmit
	NH_RESOLVE,	// gateway known, its Ethernet address not yet: hold
	NH_GLEAN,	// connected prefix: resolve the destination itself: hold
	NH_LOCAL,	// the router's own address
	NH_BLACKHOLE,	// drop, silently
	NH_UNREACHABLE, // drop, ICMP host unreachable
	NH_PROHIBIT,	// drop, ICMP administratively prohibited
	NH_BROADCAST,	// directed broadcast or network address of a connected prefix
	NH_GROUP,	// ECMP: one member by flow hash
	NH_N_KINDS,
};

struct nexthop {
	_Atomic uint8_t kind; // enum nexthop_kind
	uint8_t l2_len;	      // bytes of l2[]: 14, 18 (802.1Q), 22 (QinQ)
	uint16_t iface;	      // out iface
	uint16_t mtu;	      // largest L3 packet, bytes
	uint8_t family;	      // of gw: 4 or 6; 0 if there is none
	uint8_t spare;
	uint8_t l2[NEXTHOP_L2_MAX]; // Ethernet header as it goes on the wire, type included
	union {
		uint8_t gw[16]; // gateway, network byte order; IPv4 in the first four
		struct {
			const uint16_t *bucket; // member ids, n = mask + 1, a power of two
			uint32_t mask;
		} group;
	};
	uint8_t pad[16];
};
static_assert(sizeof(struct nexthop) == 64, "one cache line a next hop");
