// SPDX-License-Identifier: BSD-3-Clause
// How to read what a peer sends: who it is, and what both OPENs agreed on.
//
// A value that the caller keeps per peer and passes to the codecs; they never
// change it. All zero is a peer of whom nothing is known, as in a dump: AS
// numbers of two bytes, no add-path, and none of the checks that ask who it is.
#pragma once

#include "dataplane/bgp/wire.h"

#include <stdbool.h>

enum bgp_afi { BGP_AFI_IP4 = 1, BGP_AFI_IP6 = 2, BGP_AFI_L2VPN = 25, BGP_AFI_LS = 16388 };

enum bgp_safi {
	BGP_SAFI_UNICAST = 1,
	BGP_SAFI_MULTICAST = 2,
	BGP_SAFI_LABELLED = 4, // RFC 8277 §2
	BGP_SAFI_MCAST_VPN = 5,
	BGP_SAFI_VPLS = 65,
	BGP_SAFI_EVPN = 70,
	BGP_SAFI_LS = 71,
	BGP_SAFI_VPN = 128, // RFC 4364 §4.3.4
	BGP_SAFI_MULTICAST_VPN = 129,
	BGP_SAFI_RT = 132, // RFC 4684 §4
	BGP_SAFI_FLOW = 133,
	BGP_SAFI_FLOW_VPN = 134,
};

enum bgp_peer_kind { BGP_PEER_UNKNOWN, BGP_PEER_EXTERNAL, BGP_PEER_INTERNAL, BGP_PEER_CONFED };

// RFC 9234 §4.1; what the speaker is to its peer.
enum bgp_role {
	BGP_ROLE_PROVIDER,
	BGP_ROLE_RS,
	BGP_ROLE_RS_CLIENT,
	BGP_ROLE_CUSTOMER,
	BGP_ROLE_PEER,
	BGP_ROLE_NONE = 255,
};

enum { BGP_FAMILIES_MAX = 24 };

struct bgp_family {
	uint16_t afi;
	uint8_t safi;
	bool add_path;	   // the peer sends path ids
	bool ip6_nexthop;  // RFC 8950 §4: IPv4 routes may have IPv6 next hops
	bool multi_labels; // RFC 8277 §2.3: routes may have several labels
};

struct bgp_session {
	enum bgp_peer_kind kind;
	bool as4;		    // RFC 6793 §4: AS numbers have four bytes
	bool add_path_all;	    // every family has path ids (the subtypes of RFC 8050 §3)
	bool extended_msg;	    // RFC 8654 §4: up to 65,535 bytes
	bool checks_first_as;	    // RFC 4271 §6.3: the leftmost AS must be the peer's
	bool accepts_aigp;	    // RFC 7311 §3.3, of a peer that is not internal
	bool may_disable_family;    // RFC 7606 §2: rather AFI/SAFI disable than a reset
	bool has_role;		    // RFC 9234 §4.1: role is ours
	bool requires_role;	    // ... and the peer must have one
	uint8_t role;		    // enum bgp_role
	uint32_t local_as, peer_as; // 0: unknown; peer_as is the one expected
	uint32_t local_id;	    // BGP identifier, as a number; 0: unknown
	uint32_t cluster_id;	    // RFC 4456 §7, of a route reflector; 0: none
	uint32_t confed_as;	    // RFC 5065 §4: what the world calls us; 0: none
	// What was agreed on; none: whatever comes is read.
	uint8_t n_families;
	struct bgp_family family[BGP_FAMILIES_MAX];
};

// NULL: not agreed on, or nothing was.
const struct bgp_family *bgp_session_family(const struct bgp_session *s, uint16_t afi,
					    uint8_t safi);
bool bgp_session_has_labels(const struct bgp_session *s, uint16_t afi, uint8_t safi);
bool bgp_session_has_path_ids(const struct bgp_session *s, uint16_t afi, uint8_t safi);

// "ipv4-unicast", "ipv6-labelled", "l2vpn-evpn"; NULL when unknown.
const char *bgp_family_name(uint16_t afi, uint8_t safi);
