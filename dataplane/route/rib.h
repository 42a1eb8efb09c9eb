// SPDX-License-Identifier: BSD-3-Clause
// The RIB of one family: every path of every source, by prefix, best first.
//
// Control thread only; workers read by rib_tbl.h. Paths are words (rib_path()).
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/arena.h"
#include "dataplane/route/rib_tbl.h"

struct rib {
	struct rib_tbl tbl;
	struct arena arena;
	uint64_t n_prefixes;
};

// What a change did: best paths before and after, the path that went (0: none).
struct rib_change {
	uint32_t old_best, new_best, removed;
};

int rib_init(struct rib *rib, unsigned n_bytes, size_t limit, struct grace *grace) must_check;
void rib_fini(struct rib *rib);

// Bits of addr after len do not matter. -ENOMEM: nothing changed.
int rib_add(struct rib *rib, const uint8_t *addr, unsigned len, uint32_t path,
	    struct rib_change *change) must_check;
// -ENOENT. Never fails for lack of memory.
int rib_del(struct rib *rib, const uint8_t *addr, unsigned len, unsigned source,
	    struct rib_change *change) must_check;

// All paths of exactly this prefix, best first; returns how many.
unsigned rib_paths(const struct rib *rib, const uint8_t *addr, unsigned len,
		   uint32_t path[RIB_PATHS_MAX]);

// Calls fn for each prefix in order (address, then length) after from (NULL: all)
// until it returns false; word is never 0.
typedef bool rib_walk_fn(void *arg, const uint8_t addr[16], unsigned len, uint32_t word);
void rib_walk(const struct rib *rib, const uint8_t *from, unsigned from_len, rib_walk_fn *fn,
	      void *arg);

// For assert(): the structure is what rib_tbl.h says, and nothing leaks.
bool rib_sanity(const struct rib *rib);
