// SPDX-License-Identifier: BSD-3-Clause
// What the forwarding tables of both families share between workers and control:
// posts (slots that workers met unbuilt) and the word of the default route.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/rib_tbl.h"

#include <stdatomic.h>

// Boxes of slot + 1, by the slot's last bits: of two slots for one box the later
// post wins, the other is posted again by the next packet.
enum { FIB_POSTS = 256 };

// By a worker.
static inline void fib_post(_Atomic uint32_t posted[FIB_POSTS], uint32_t slot)
{
	_Atomic uint32_t *box = &posted[slot % FIB_POSTS];

	if (atomic_load_explicit(box, memory_order_relaxed) != slot + 1)
		atomic_store_explicit(box, slot + 1, memory_order_relaxed);
}

// By control: empties a box; its slot, or -1.
static inline int fib_post_take(_Atomic uint32_t posted[FIB_POSTS], unsigned i)
{
	uint32_t box = atomic_load_explicit(&posted[i], memory_order_relaxed);

	if (box)
		atomic_store_explicit(&posted[i], 0, memory_order_relaxed);
	return (int)box - 1;
}

// The default route by the RIB: number of changes << 16 | next-hop id, one store.
static inline void fib_default_follow(_Atomic uint32_t *default_route, const struct rib_tbl *rib)
{
	uint32_t word = atomic_load_explicit(&rib->zero_length, memory_order_relaxed);
	uint32_t n = atomic_load_explicit(default_route, memory_order_relaxed) >> 16;

	atomic_store_explicit(default_route, (n + 1) << 16 | rib_path_nh(rib_best(rib, word)),
			      memory_order_release);
}
