// SPDX-License-Identifier: BSD-3-Clause
// IPv6 forwarding table: the bytes, shared by its builder and its lookups.
//
//   root   u32[2^16], by the first 16 bits
//   flat   u32[256], by byte 2
//   node   by one of the bytes 3..15: 8 words {u32 runs, u32 base}, one per 32
//          values (bit i: a new run begins at value i), then u32 entries, one a
//          run. The entry of value i is base + (runs up to i) - 1.
//
// An entry is a next-hop id (0: the default route, if any), unbuilt, or what
// comes below. Any entry may be unbuilt: so no step of building is long. Runs
// never change, entries do, by one store; whatever is replaced is freed after a
// grace period. A flat or node stands where the RIB has a node of that depth.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/arena.h"
#include "dataplane/route/fib6_tbl.h"
#include "dataplane/route/rib_tbl.h"
#include "dataplane/route/slotmap.h"

#include <stdalign.h>
#include <stdbool.h>

enum { FIB6_SLOTS = 1 << 16, FIB6_POSTS = 256, FIB6_FLAT_DEPTH = 2 };

#define FIB6_CHILD   0x80000000u // else: next-hop id, or FIB6_UNBUILT
#define FIB6_OFF     0x7fffffffu // in 8-byte units from mem
#define FIB6_UNBUILT 0x40000000u

struct fib6_word {
	uint32_t runs;
	uint32_t base; // index of the entry of the first run, in 4-byte units from mem
};

struct fib6_node {
	struct fib6_word word[8];
	_Atomic uint32_t entry[];
};

typedef void fib6_lookup_fn(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
			    unsigned n);

struct fib6 {
	// Fixed when made; what they point to is written by control.
	const _Atomic uint32_t *root;
	const char *mem;
	const struct rib_tbl *rib;
	fib6_lookup_fn *lookup;
	_Atomic uint32_t default_route; // number of changes << 16 | id: written by control
	_Atomic uint32_t *posted; // [FIB6_POSTS] slot + 1: written by workers, taken by control

	// Control alone.
	alignas(64) struct arena arena;
	struct slotmap unbuilt, behind; // slots without a node; with one the RIB has left behind
	int sweeping;			// the slot half done, or -1
	uint8_t resume[16];		// where to go on in it
	uint64_t n_refused;		// subtrees left to the RIB for lack of memory
};

fib6_lookup_fn fib6_lookup_scalar, fib6_lookup_avx512;

// An unbuilt entry was met: 0 where the default route answers.
uint16_t fib6_lookup_rare(const struct fib6 *fib, const uint8_t *dst);
// Looks again, one by one: the default route changed under a lookup, whose
// answers may so be of no state that ever was.
void fib6_lookup_again(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
		       unsigned n);

static inline uint32_t fib6_default(const struct fib6 *fib)
{
	return atomic_load_explicit(&fib->default_route, memory_order_acquire);
}

static inline const _Atomic uint32_t *fib6_entry(const char *mem, uint32_t index)
{
	return (const _Atomic uint32_t *)(mem + (size_t)index * 4);
}

static inline uint32_t fib6_rank(const struct fib6_word *word, unsigned byte)
{
	return (uint32_t)__builtin_popcount(word->runs << (31 - byte % 32));
}
