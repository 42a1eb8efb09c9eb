// SPDX-License-Identifier: BSD-3-Clause
// From the RIB to the entries of the IPv4 root, and back to free memory: what
// fib4.c (which slot, when) asks of fib4_build.c (which bytes).
//
// Control thread only.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/fib4_layout.h"

static inline uint32_t fib4_entry(const struct fib4 *fib, unsigned slot)
{
	return atomic_load_explicit(&fib->root[slot], memory_order_relaxed);
}

// The /24s of an entry that have nodes of their own.
uint64_t fib4_deep(const struct fib4 *fib, uint32_t entry);

// What the RIB says of a slot; FIB4_UNBUILT: no memory. Nodes of /24s outside
// touched are carried over from the slot's present entry: *reused.
uint32_t fib4_entry_build(struct fib4 *fib, unsigned slot, uint64_t touched, uint64_t *reused);
// The slot's present node with the part below one prefix of 19 to 24 bits made anew;
// all its deep nodes are carried over. False: that needs fib4_entry_build(). The
// entry is the present one where nothing changes.
bool fib4_entry_splice(struct fib4 *fib, unsigned slot, uint32_t addr, unsigned len,
		       uint32_t *entry) must_check;
// Frees after a grace period what an entry holds, but for the deep nodes reused.
void fib4_entry_retire(struct fib4 *fib, uint32_t entry, uint64_t reused);
