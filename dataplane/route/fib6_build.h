// SPDX-License-Identifier: BSD-3-Clause
// Bringing the IPv6 forwarding table up to date with the RIB: bounded visits, in
// the order of addresses. Control thread only; fib6.c decides what is visited.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/fib6_layout.h"

struct fib6_visit {
	struct fib6 *fib;
	unsigned budget;       // flats and pairs still to be built
	bool is_short;	       // something was left for fib6_step()
	uint8_t stop[16];      // the first address that was left out
	bool no_memory;	       // the whole slot is left to the RIB
	const uint8_t *resume; // NULL, or: leave out what lies wholly before
	uint8_t addr[16];      // of the node being visited
};

// Brings everything behind entry, which stands for the RIB's tree under node (or
// NULL) at that depth of v->addr, up to date; covering: what it has from above.
void fib6_tree_update(struct fib6_visit *v, _Atomic uint32_t *entry, const struct rib_node *node,
		      unsigned depth, uint16_t covering);
// The same for one prefix of more than 16 bits that changed.
void fib6_prefix_update(struct fib6_visit *v, const uint8_t addr[16], unsigned len);
