// SPDX-License-Identifier: BSD-3-Clause
// How often did each number come? A hash table of counts.
#pragma once

#include "dataplane/base/compiler.h"

// Numbers beyond these are counted together: no file takes all memory.
enum { TALLY_MAX = 1 << 20 };

struct tally_item {
	uint32_t key;
	uint64_t count; // 0: the place is free
};

struct tally {
	struct tally_item *item;
	unsigned n, size; // size is a power of two
	uint64_t total, n_others;
};

// -ENOMEM: this one was not counted.
int tally_add(struct tally *tally, uint32_t key);
void tally_fini(struct tally *tally);
// The most frequent first, equal ones by number; returns how many there are.
unsigned tally_top(const struct tally *tally, struct tally_item top[], unsigned max);
