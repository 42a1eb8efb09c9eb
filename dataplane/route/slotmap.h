// SPDX-License-Identifier: BSD-3-Clause
// A set of small integers that knows its smallest member: two levels of bits.
//
// Control thread only. Constant time; up to 2^18 members.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

struct slotmap {
	uint64_t *word;	  // one bit a member
	uint64_t top[64]; // one bit a word
	unsigned n_bits, count;
};

enum { SLOTMAP_MAX = 1 << 18 };

int slotmap_init(struct slotmap *map, unsigned n_bits) must_check;
void slotmap_fini(struct slotmap *map);
void slotmap_set(struct slotmap *map, unsigned i);
void slotmap_set_range(struct slotmap *map, unsigned i, unsigned n);
void slotmap_clear(struct slotmap *map, unsigned i);
// The smallest member >= from, or -1.
int slotmap_next(const struct slotmap *map, unsigned from);

static inline bool slotmap_has(const struct slotmap *map, unsigned i)
{
	return map->word[i / 64] >> (i % 64) & 1;
}
