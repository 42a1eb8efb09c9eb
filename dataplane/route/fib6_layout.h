// SPDX-License-Identifier: BSD-3-Clause
// IPv6 forwarding table: the bytes, shared by its builder and its lookups.
//
//   root   u32[2^16], by the first 16 bits
//   flat   u32[256], by byte 2, then by byte 3
//   pair   bytes 4 and 5 (then 6 and 7, ..) as one key of 16 bits: lines, or a
//          dir u32[256] by the first of the two, to lines
//   lines  1 to 16 lines of 64 bytes, which of them say some bits of the key:
//          u16 start[16], u16 value[16]: the value of the last start <= key.
//          Value 0xffff: something below, in u32 child[16]; these stand behind
//          the lines, one array a line, if there are any.
//
// An entry (u32) is a next-hop id (0: the default route, if any), unbuilt, or
// what comes below. Any but a value may be unbuilt: so no step of building is
// long. Entries and values change by one store; starts never do: what replaces
// them is published by one store of an entry, and they are freed after a grace
// period. A flat, or the lines of a pair, stand where the RIB has a node of that
// depth. A line has no free places: what is left over repeats the last value
// from key 0xffff on.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/arena.h"
#include "dataplane/route/fib6_tbl.h"
#include "dataplane/route/fib_common.h"
#include "dataplane/route/rib_tbl.h"
#include "dataplane/route/slotmap.h"

#include <stdalign.h>
#include <stdbool.h>

struct fib6_burst;

enum {
	FIB6_SLOTS = 1 << 16,
	FIB6_FLAT_DEPTH = 2,
	FIB6_PAIR_DEPTH = 4,
	FIB6_LINE_RUNS = 16,
	FIB6_LINES_BITS = 4, // at most 16 lines
	FIB6_DEEP = 0xffff,
};

#define FIB6_CHILD   0x80000000u // else: next-hop id, or FIB6_UNBUILT
#define FIB6_LINES   0x40000000u // else: a flat or a dir
#define FIB6_BITS    0x38000000u // so many bits of the key
#define FIB6_SHIFT   0x07800000u // from this one on say which line
#define FIB6_OFF     0x007fffffu // in 64-byte units from mem
#define FIB6_UNBUILT 0x40000000u

enum { FIB6_BITS_AT = 27, FIB6_SHIFT_AT = 23 };

struct fib6_line {
	uint16_t start[FIB6_LINE_RUNS];
	_Atomic uint16_t value[FIB6_LINE_RUNS];
};

struct fib6_children {
	_Atomic uint32_t child[FIB6_LINE_RUNS];
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
	_Atomic uint32_t *posted;	// [FIB_POSTS] written by workers, taken by control

	// Control alone.
	alignas(64) struct arena arena;
	struct slotmap unbuilt, behind; // slots without a node; with one the RIB has left behind
	int sweeping;			// the slot half done, or -1
	uint8_t resume[16];		// where to go on in it
	uint64_t n_refused;		// subtrees left to the RIB for lack of memory
	struct fib6_burst *burst;	// marked, not yet seen to
};

fib6_lookup_fn fib6_lookup_scalar, fib6_lookup_avx2, fib6_lookup_avx512;

// An unbuilt entry was met.
uint16_t fib6_lookup_rare(const struct fib6 *fib, const uint8_t *dst, uint16_t default_nh);
// lane[] says which of the addresses met FIB6_DEEP in their first pair, entry[]
// where its lines are: these receive the answers. lane[] is written over.
void fib6_lookup_deep(const struct fib6 *fib, const uint8_t *const dst[], uint32_t entry[],
		      uint8_t lane[], unsigned n);
// Looks again, one by one, where nh is that of the default route: this changed
// under a lookup, whose answers may so be of no state that ever was. (One of a
// longer prefix is right for the moment its entry was read.)
void fib6_lookup_again(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
		       unsigned n, uint16_t default_nh);

static inline uint32_t fib6_default(const struct fib6 *fib)
{
	return atomic_load_explicit(&fib->default_route, memory_order_acquire);
}

static inline const void *fib6_at(const char *mem, uint32_t line)
{
	return mem + (size_t)line * sizeof(struct fib6_line);
}

// Which of the lines behind entry holds the key.
static inline uint32_t fib6_line_of(uint32_t entry, unsigned key)
{
	unsigned bits = (entry & FIB6_BITS) >> FIB6_BITS_AT;
	unsigned shift = (entry & FIB6_SHIFT) >> FIB6_SHIFT_AT;

	return key >> shift & ((1u << bits) - 1);
}

// Where the children of a line stand.
static inline const struct fib6_children *fib6_children_of(const char *mem, uint32_t entry,
							   uint32_t line)
{
	unsigned bits = (entry & FIB6_BITS) >> FIB6_BITS_AT;

	return fib6_at(mem, (entry & FIB6_OFF) + (1u << bits) + line);
}

// The place of the last start <= key, for a key that belongs to the line.
static inline unsigned fib6_place(const struct fib6_line *line, unsigned key)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FIB6_LINE_RUNS; i++)
		n += line->start[i] <= key;
	return n - 1;
}
