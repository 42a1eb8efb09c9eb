// SPDX-License-Identifier: BSD-3-Clause
// The paths of one prefix: what its word in the RIB stands for.
//
// Control thread only; a part of rib.c. A lone path of peer 0 and id 0 without
// attributes is the word itself; all others are 16 bytes each in a row.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/rib.h"

#include <stdbool.h>

struct rib_spot {
	const uint8_t *addr;
	unsigned len;
};

// The word with a path added or replaced goes to *new, for the caller to store.
// -ENOMEM, -ENOSPC: nothing changed. After the store: rib_list_done().
int rib_list_add(struct rib *rib, const struct rib_spot *spot, uint32_t word,
		 const struct rib_path *path, uint32_t *new, struct rib_change *change) must_check;
// The word without the path (0: none left). change->removed is 0 if there was none.
uint32_t rib_list_del(struct rib *rib, const struct rib_spot *spot, uint32_t word,
		      const struct rib_path *path, struct rib_change *change);
// Frees what old holds and new does not, after a grace period.
void rib_list_done(struct rib *rib, uint32_t old, uint32_t new);
void rib_list_undo(struct rib *rib, uint32_t new); // no worker has seen it

// Adds what it finds to *n_paths and *bytes.
bool rib_list_is_sane(const struct rib *rib, uint32_t word, uint64_t *n_paths, size_t *bytes);
