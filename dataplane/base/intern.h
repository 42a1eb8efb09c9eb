// SPDX-License-Identifier: BSD-3-Clause
// Byte strings by number: equal bytes have one id, different ones never share.
//
// One thread. Found by a keyed hash and then compared byte by byte. Ids are
// counted references, start at 1, and are used again. Growing never copies
// more than a few kilobytes at once.
#pragma once

#include "dataplane/base/compiler.h"

struct intern;

struct intern_stats {
	uint64_t n;	    // different strings
	uint64_t bytes;	    // of memory, all told
	uint64_t max_bytes; // what bytes never exceeds
	uint64_t n_found;   // asked for and already there
	uint64_t n_refused; // for lack of memory or room
};

enum { INTERN_LEN_MAX = 1 << 16 };

// The key is random. max_bytes: of memory, all told.
struct intern *intern_new(size_t max_bytes) must_check;
void intern_free(struct intern *in);

// Finds or copies, and takes a reference. -ENOSPC (max_bytes, or 2^32 - 1 ids),
// -ENOMEM, -E2BIG (len > INTERN_LEN_MAX): *id is 0.
int intern_get(struct intern *in, const void *bytes, size_t len, uint32_t *id) must_check;
void intern_ref(struct intern *in, uint32_t id);
void intern_put(struct intern *in, uint32_t id);

// Borrowed: valid while a reference is held. NULL for an id that is not in use.
const void *intern_bytes(const struct intern *in, uint32_t id, size_t *len);
uint32_t intern_refs(const struct intern *in, uint32_t id); // 0: not in use
void intern_stats_get(const struct intern *in, struct intern_stats *stats);
