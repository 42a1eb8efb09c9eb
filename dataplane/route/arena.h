// SPDX-License-Identifier: BSD-3-Clause
// Memory of one structure that workers read: blocks by 32-bit offset, freed
// after a grace period, in address space that grows by being touched.
//
// Control thread only. Offsets count 8-byte units from base; 0 is "none".
#pragma once

#include "dataplane/base/compiler.h"

struct grace;

enum { ARENA_UNIT = 8, ARENA_BLOCK_MAX = 16384, ARENA_CLASSES = ARENA_BLOCK_MAX / ARENA_UNIT + 1 };

struct arena_retired {
	uint32_t off;
	uint32_t class;
};

struct arena_list {
	struct arena_retired *item;
	size_t n, max;
};

struct arena {
	char *base;
	size_t granule;		 // every block is a multiple of it, and aligned to it
	size_t limit, top, used; // bytes
	size_t reserved;
	size_t warm;	   // asked for from mem_ahead(), from base on
	size_t n_released; // of wait, when that takes more than one arena_poll()
	struct grace *grace;
	struct arena_list open, wait; // retired since the last ticket; waiting for it
	uint64_t ticket;
	uint32_t free_head[ARENA_CLASSES];
	uint64_t has_free[(ARENA_CLASSES + 63) / 64];
	uint32_t n_words; // of has_free, that were ever used
};

// limit in bytes, lowered to half of the machine's memory; granule 8 or 64.
int arena_init(struct arena *arena, size_t limit, size_t granule, struct grace *grace) must_check;
void arena_fini(struct arena *arena);

uint32_t arena_alloc(struct arena *arena, size_t len) must_check; // 0: full
void arena_free(struct arena *arena, uint32_t off, size_t len);	  // never seen by a worker
void arena_retire(struct arena *arena, uint32_t off, size_t len); // after a grace period
// So many bytes will be needed soon: another thread may make their pages now.
void arena_expect(struct arena *arena, size_t bytes);
void arena_poll(struct arena *arena);
size_t arena_waiting(const struct arena *arena); // bytes retired, not yet free

static inline void *arena_at(const struct arena *arena, uint32_t off)
{
	return arena->base + (size_t)off * ARENA_UNIT;
}
