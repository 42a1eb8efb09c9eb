// SPDX-License-Identifier: BSD-3-Clause
// What changed in a burst of IPv6 routes, each prefix once: where its next hop is
// the same in the end, nothing is left to do. Control thread only.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

enum { FIB6_BURST_MAX = 1024, FIB6_BURST_SEATS = 4096 };

struct fib6_burst_change {
	uint8_t addr[16];
	uint8_t len;
	uint16_t old, new; // next hops; 0: none
};

struct fib6_burst {
	unsigned n;
	uint16_t seat[FIB6_BURST_SEATS]; // by a hash: number of the change + 1
	struct fib6_burst_change change[FIB6_BURST_MAX];
};

// Must not be full.
void fib6_burst_add(struct fib6_burst *burst, const struct fib6_burst_change *change);
void fib6_burst_clear(struct fib6_burst *burst);
