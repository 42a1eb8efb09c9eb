// SPDX-License-Identifier: BSD-3-Clause
// The flow of an IPv6 packet, hashed: the same for all its packets.
//
// RFC 6438 §3: addresses and flow label serve where the sender set a label;
// where it did not, addresses, protocol and ports. Any fragment goes without
// ports, so that all of a packet take one path.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/pkt/hash.h"
#include "dataplane/pkt/ip6_ext.h"

enum { IP6_FLOW_LABEL = 0x000fffff };

// Protocol and ports, as far as they can be had within the bounds of a walk.
static inline uint8_t hash6_l4(const struct ip6_hdr *ip, unsigned room, uint32_t *ports)
{
	struct ip6_walk walk;

	*ports = 0;
	if (ip6_ext_walk(ip, room, &walk) != IP6_WALK_OK)
		return IP6_EXT_NONE;
	if (hash_has_ports(walk.next) && !walk.is_fragment && walk.off + sizeof(*ports) <= room)
		memcpy(ports, (const uint8_t *)ip + walk.off, sizeof(*ports));
	return walk.next;
}

// room: bytes that may be read at ip, at least 40.
static inline uint32_t hash_flow6(const struct hash_key *key, const struct ip6_hdr *ip,
				  unsigned room)
{
	uint32_t label = ntohl(ip->vtf) & IP6_FLOW_LABEL, ports;
	uint8_t proto;

	if (label)
		return hash_flow(key, (const uint8_t *)ip + 8, 32, label, 0);
	proto = hash6_l4(ip, room, &ports);
	return hash_flow(key, (const uint8_t *)ip + 8, 32, ports, proto);
}
