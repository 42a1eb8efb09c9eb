// SPDX-License-Identifier: BSD-3-Clause
// Frames between the wire (tags, as received) and a TAP (untagged Ethernet).
//
// Pure functions over mbufs; any thread that owns the packet.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

struct rte_mbuf;

// Where the packet behind Ethernet header and tags starts; 0: no such frame.
unsigned host_frame_l3(const struct rte_mbuf *m);

// Moves the addresses to the 14 bytes before l3 and cuts what is before them, so
// that tags are gone. A unicast destination becomes mac. Without 14 bytes before
// l3 (jerboa made the packet) a header from mac to mac is made. False: no such frame.
bool host_frame_untag(struct rte_mbuf *m, unsigned l3_off, const uint8_t mac[6]) must_check;

// Puts the tags of an iface in (IEEE 802.1Q; both: 802.1ad outside). vlan 0: none.
bool host_frame_tag(struct rte_mbuf *m, unsigned vlan, unsigned inner_vlan) must_check;

// What Linux wants with a frame it sent into a TAP.
enum host_way {
	HOST_WAY_WIRE, // to another station
	HOST_WAY_IP4,  // to the iface itself: jerboa's table decides
	HOST_WAY_IP6,
	HOST_WAY_NONE, // to the iface itself, but no IP; or no frame at all
};
enum host_way host_frame_way(const struct rte_mbuf *m, const uint8_t mac[6]);
