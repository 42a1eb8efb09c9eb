// SPDX-License-Identifier: BSD-3-Clause
// The nodes of the IPv6 forwarding table, as fib6_layout.h has them: written,
// measured, retired. Control thread only; fib6.c decides when.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/fib6_layout.h"

#include <stdbool.h>

enum { FIB6_ALIGN = 64 };

// The flat (depth 2) or node with these 256 entries: FIB6_UNBUILT for lack of memory.
uint32_t fib6_image_new(struct fib6 *fib, const uint32_t value[256], unsigned depth) must_check;
size_t fib6_image_len(const struct fib6 *fib, uint32_t entry, unsigned depth);
// Where the entry of a byte stands.
_Atomic uint32_t *fib6_image_at(const struct fib6 *fib, uint32_t entry, unsigned depth,
				unsigned byte);
// The 256 entries, as fib6_image_new() took them.
void fib6_image_read(const struct fib6 *fib, uint32_t entry, unsigned depth, uint32_t value[256]);
// Retires the image behind entry, if there is one, and all below.
void fib6_tree_retire(struct fib6 *fib, uint32_t entry, unsigned depth);
// For assert(): adds the bytes of all below.
bool fib6_tree_is_sane(const struct fib6 *fib, uint32_t entry, unsigned depth, size_t *bytes);
