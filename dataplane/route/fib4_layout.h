// SPDX-License-Identifier: BSD-3-Clause
// IPv4 forwarding table: the bytes, shared by its builder and its lookups.
//
//   root   u32[2^18], by the first 18 bits: a next-hop id, unbuilt, or a node
//   node   u64 runs; leaves of 1 or 2 bytes, one a run, for the 64 /24s below
//          (bit k: a new run begins at the k-th /24; bit 0 is always set)
//   deep   in front of a node some of whose /24s hold longer prefixes:
//          u32 sub[n] (the last first), u64 which; such a /24 has leaf 0xff..
//   sub    u64 runs[4]; u16 leaf[]: the 256 addresses of one /24
//
// A node never changes: it is published by one store into root, and freed after
// a grace period. Leaf 0 is "the default route, if any".
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/arena.h"
#include "dataplane/route/fib4_tbl.h"
#include "dataplane/route/fib_common.h"
#include "dataplane/route/rib_tbl.h"
#include "dataplane/route/slotmap.h"

#include <stdalign.h>
#include <stdbool.h>

enum {
	FIB4_SLOTS = 1 << 18,
	FIB4_NARROW_MAX = 0xfe, // largest id of a node with 1-byte leaves
	FIB4_DEEP_NARROW = 0xff,
	FIB4_DEEP_WIDE = 0xffff,
};

#define FIB4_NODE    0x80000000u // else: next-hop id, or FIB4_UNBUILT
#define FIB4_WIDE    0x40000000u // 2-byte leaves
#define FIB4_DEEP    0x20000000u // has a deep part
#define FIB4_OFF     0x0fffffffu // of the node's runs, in 8-byte units from mem
#define FIB4_UNBUILT 0x40000000u

struct fib4_sub {
	uint64_t runs[4];
	uint16_t leaf[];
};

typedef void fib4_lookup_fn(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[],
			    unsigned n);

struct fib4 {
	// Fixed when made; what they point to is written by control.
	const _Atomic uint32_t *root;
	const char *mem;
	const struct rib_tbl *rib;
	fib4_lookup_fn *lookup;
	_Atomic uint32_t default_route; // number of changes << 16 | id: written by control
	_Atomic uint32_t *posted;	// [FIB_POSTS] written by workers, taken by control

	// Control alone.
	alignas(64) struct arena arena;
	struct slotmap unbuilt, behind; // slots without a node; with one the RIB has left behind
	struct fib4_burst *burst;
	uint64_t n_refused; // slots left to the RIB for lack of memory
};

fib4_lookup_fn fib4_lookup_scalar, fib4_lookup_avx2, fib4_lookup_avx512;

// For lanes that left the common path, unbuilt slots and /24s with longer
// prefixes: 0 where the default route answers.
uint16_t fib4_lookup_rare(const struct fib4 *fib, uint32_t entry, uint32_t dst);
// Looks again, one by one, where nh is that of the default route: this changed
// under a lookup, whose answers may so be of no state that ever was. (One of a
// longer prefix is right for the moment its leaf was read.)
void fib4_lookup_again(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[], unsigned n,
		       uint16_t default_nh);

static inline uint32_t fib4_default(const struct fib4 *fib)
{
	return atomic_load_explicit(&fib->default_route, memory_order_acquire);
}

static inline const char *fib4_node(const struct fib4 *fib, uint32_t entry)
{
	return fib->mem + (size_t)(entry & FIB4_OFF) * 8;
}
