// SPDX-License-Identifier: BSD-3-Clause
// The RIB of one family: every path of every source, by prefix, best first.
//
// Control thread only; workers read by rib_tbl.h. The key of a path is its
// source, peer and id.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/arena.h"
#include "dataplane/route/rib_tbl.h"

// Which of n paths (n > 1) of a prefix is the best. path[0] is the one until now,
// unless that one just went.
typedef unsigned rib_pick_fn(void *arg, const uint8_t *addr, unsigned len,
			     const struct rib_path path[], unsigned n);

struct rib {
	struct rib_tbl tbl;
	struct arena arena;
	uint64_t n_prefixes, n_paths;
	rib_pick_fn *pick; // NULL: the lowest rank; of equal ones the one until now
	void *pick_arg;
};

// What a change did: words of the best paths before and after, and of the path
// that went (0: none), and that one's attributes.
struct rib_change {
	uint32_t old_best, new_best, removed, removed_attrs;
};

int rib_init(struct rib *rib, unsigned n_bytes, size_t limit, struct grace *grace) must_check;
void rib_fini(struct rib *rib);

// Adds a path, or replaces that of the same key. Bits of addr after len do not
// matter. -ENOMEM, -ENOSPC (RIB_PATHS_MAX paths): nothing changed.
int rib_add(struct rib *rib, const uint8_t *addr, unsigned len, const struct rib_path *path,
	    struct rib_change *change) must_check;
// Only the key of path is looked at. -ENOENT. Never fails for lack of memory.
int rib_del(struct rib *rib, const uint8_t *addr, unsigned len, const struct rib_path *path,
	    struct rib_change *change) must_check;

// The paths behind a word, the best first, the others in no order; valid until
// the next change. one holds a path that stands in the word itself.
const struct rib_path *rib_paths(const struct rib *rib, uint32_t word, struct rib_path *one,
				 unsigned *n);
// The word of exactly this prefix; 0: none.
uint32_t rib_get(const struct rib *rib, const uint8_t *addr, unsigned len);

// Calls fn for each prefix in order (address, then length) after from (NULL: all)
// until it returns false; word is never 0.
typedef bool rib_walk_fn(void *arg, const uint8_t addr[16], unsigned len, uint32_t word);
void rib_walk(const struct rib *rib, const uint8_t *from, unsigned from_len, rib_walk_fn *fn,
	      void *arg);

// For assert(): the structure is what rib_tbl.h says, and nothing leaks.
bool rib_sanity(const struct rib *rib);
