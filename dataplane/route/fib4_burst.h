// SPDX-License-Identifier: BSD-3-Clause
// What changed in a burst, by root slot of the IPv4 table: up to four prefixes a
// slot with their answers before and after, else "all of it". A prefix that came
// back as it was costs nothing.
//
// Control thread only.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

enum { FIB4_BURST_SEATS = 4096, FIB4_BURST_MAX = 3072, FIB4_BURST_CHANGES = 4 };

struct fib4_burst_change {
	uint8_t first, len; // of 19 to 24 bits; its first /24 in the slot
	uint16_t old, new;  // next-hop ids
};

struct fib4_burst_slot {
	uint32_t seat; // slot + 1; 0: free
	uint8_t n;
	bool is_whole; // more than fit
	struct fib4_burst_change change[FIB4_BURST_CHANGES];
};

struct fib4_burst {
	struct fib4_burst_slot slot[FIB4_BURST_SEATS];
	uint16_t used[FIB4_BURST_MAX]; // seats taken, in order
	unsigned n;
};

// False: no seat left, the burst must be worked off first.
bool fib4_burst_add(struct fib4_burst *burst, unsigned slot,
		    const struct fib4_burst_change *change) must_check;
// The changes that remain: drops those that ended where they began.
unsigned fib4_burst_net(struct fib4_burst_slot *slot);
