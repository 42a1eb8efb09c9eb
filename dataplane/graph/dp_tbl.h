// SPDX-License-Identifier: BSD-3-Clause
// What all workers share and only read: the tables of the dataplane.
//
// Control fills it before workers start; later it changes elements (each a
// single store) and frees the old after a grace period.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/graph/iface_tbl.h"
#include "dataplane/pkt/hash.h"

struct fib4;
struct fib6;
struct nexthop;
struct port;

enum { TABLE_MAX = 256 };

// Switches of the IP nodes (configuration block `ip`).
struct dp_ip {
	bool martians;
	bool source_route;
	bool directed_broadcast;
	unsigned icmp_rate, icmp_burst; // errors a second per worker
	unsigned punt_rate;		// ARP, ND and holds a second per worker and iface kind
	unsigned host_rate;		// packets a second to the host, 0: no limit
	unsigned generation;		// counts changes: workers then take the new rates
};

struct dp_tbl {
	struct iface *iface;		    // [IFACE_MAX]; id 0 is never used
	struct port *port[PORT_MAX];	    // NULL: none
	const struct nexthop *nexthop;	    // [65536]
	const struct fib4 *fib4[TABLE_MAX]; // never NULL at a table id an iface names
	const struct fib6 *fib6[TABLE_MAX];
	_Atomic uint32_t hook_used; // bit: some iface has a feature at this hook
	struct dp_ip ip;
	struct hash_key hash_key; // random at start, the same for all workers (pkt/hash.h)
};
