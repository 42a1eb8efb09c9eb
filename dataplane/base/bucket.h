// SPDX-License-Identifier: BSD-3-Clause
// Token bucket in ticks of the caller's clock: n events a second, with bursts.
//
// One owner, no locks.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

struct bucket {
	uint64_t cost;	// ticks an event; 0: no limit
	uint64_t depth; // ticks of a full bucket
	uint64_t empty; // when the bucket was last empty, were it never capped
};

// rate 0: no limit. The bucket starts full.
static inline void bucket_init(struct bucket *b, uint64_t ticks_hz, uint64_t rate, uint64_t burst)
{
	b->cost = rate ? (ticks_hz + rate - 1) / rate : 0;
	b->depth = b->cost * (burst ? burst : 1);
	b->empty = 0;
}

// Takes one token; false when there is none. now never goes back.
static inline bool bucket_take(struct bucket *b, uint64_t now)
{
	if (now - b->empty > b->depth)
		b->empty = now - b->depth;
	if (now - b->empty < b->cost)
		return false;
	b->empty += b->cost;
	return true;
}
