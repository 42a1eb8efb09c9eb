// SPDX-License-Identifier: BSD-3-Clause
// Ifaces as workers see them: what has addresses, MTU, MAC, a table and features.
//
// A port's own iface, an 802.1Q or QinQ sub-port, a loopback. Control writes;
// single fields change under workers (they are read once), addresses swap whole.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/graph/graph_def.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>

enum { IFACE_MAX = 4096, IFACE_NONE = 0, IFACE_NAME_MAX = 16, PORT_MAX = 64, PORT_NONE = 0xffff };

enum iface_flags {
	IFACE_UP = 1,	    // by configuration and link: forward to and from it
	IFACE_LOOPBACK = 2, // no port
	IFACE_TAP = 4,	    // has a TAP on the host
};

enum iface_tentative { ADDR_UNIQUE, ADDR_TENTATIVE, ADDR_DUPLICATE };

// An address of the iface; family 4 uses the first four bytes.
struct iface_addr {
	uint8_t family;
	uint8_t plen;	      // of the connected prefix
	uint8_t is_tentative; // not used: RFC 4862 §5.4, enum iface_tentative
	uint8_t is_link_local;
	uint8_t bytes[16];
};

// Swapped whole, freed after a grace period. IPv4 first.
struct iface_addrs {
	unsigned n;
	struct iface_addr addr[];
};

struct iface {
	// Read for every packet; control writes.
	alignas(64) uint64_t mac48; // eth_addr48() of mac
	uint8_t mac[6];
	uint16_t id;
	uint16_t port;	// index, PORT_NONE: loopback
	uint16_t mtu;	// largest L3 packet, bytes
	uint16_t table; // table id of lookups for packets that came in here
	uint16_t vlan;	// outer or only tag, 0: none
	uint16_t inner_vlan;
	uint16_t parent;		 // iface id of a sub-port's port, else itself
	_Atomic uint32_t flags;		 // enum iface_flags
	const uint16_t *vlan_map;	 // [4096] VLAN id -> iface id, NULL: no sub-ports
	const struct iface_addrs *addrs; // never NULL
	uint8_t rpf;			 // 0 off, 1 loose, 2 strict
	uint8_t ip4_primary[4];		 // source of ICMP errors; 0: none
	uint8_t spare[3];

	// Features: [hook][position] is the edge of the next enabled one (0: the end);
	// position 0 is the node that enters the hook.
	alignas(64) uint8_t hook_next[GRAPH_N_HOOKS][HOOK_EDGES];

	// Control only.
	alignas(64) char name[IFACE_NAME_MAX];
	uint8_t ip6_primary[16]; // global if there is one, else link-local
	uint8_t ip6_link_local[16];
};
static_assert(offsetof(struct iface, hook_next) == 64, "a packet reads one line of its iface");

// Each worker has its own, one line each; the reader sums them.
struct iface_counters {
	alignas(64) uint64_t rx_packets, rx_bytes, rx_errors;
	uint64_t tx_packets, tx_bytes, tx_errors;
};
