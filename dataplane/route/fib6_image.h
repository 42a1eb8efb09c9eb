// SPDX-License-Identifier: BSD-3-Clause
// The flats, dirs and lines of the IPv6 forwarding table, as fib6_layout.h has
// them: made, read, retired. Control thread only; fib6.c decides when.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/fib6_layout.h"

#include <stdbool.h>

enum {
	FIB6_ALIGN = sizeof(struct fib6_line),
	FIB6_FLAT_LEN = 256 * sizeof(uint32_t),
	FIB6_RUNS_MAX = FIB6_LINE_RUNS << FIB6_LINES_BITS,
};

struct fib6_run {
	uint16_t start, value; // FIB6_DEEP: something below, a run of one key
};

struct fib6_runs {
	unsigned n;	      // FIB6_RUNS_MAX + 1: more than lines can hold
	unsigned first, last; // keys of the pair, or of one byte of it
	bool is_deep;
	struct fib6_run run[FIB6_RUNS_MAX + 1];
};

// Adds to the end, unless it goes on with the last one.
void fib6_run_add(struct fib6_runs *runs, unsigned start, uint16_t value);

// Flats and dirs: FIB6_UNBUILT for lack of memory.
uint32_t fib6_flat_new(struct fib6 *fib, const uint32_t value[256]) must_check;
_Atomic uint32_t *fib6_flat_at(const struct fib6 *fib, uint32_t entry, unsigned byte);
// Lines; children are FIB6_UNBUILT. 0: they do not fit; FIB6_UNBUILT: no memory.
uint32_t fib6_lines_new(struct fib6 *fib, const struct fib6_runs *runs) must_check;
unsigned fib6_lines_count(const struct fib6 *fib, uint32_t lines); // places in use
size_t fib6_lines_len(const struct fib6 *fib, uint32_t lines);

// Where a key is answered: value or, if that is FIB6_DEEP, child.
struct fib6_spot {
	struct fib6_line *line;
	struct fib6_children *children;
	unsigned at;
};
struct fib6_spot fib6_lines_spot(const struct fib6 *fib, uint32_t lines, unsigned key);

// What lies below a key of a pair: NULL, or where its entry stands.
_Atomic uint32_t *fib6_pair_child(const struct fib6 *fib, uint32_t pair, unsigned key);
// One key's value, set in place: false if other keys share it. is_byte: the lines
// are those of one byte of the pair.
bool fib6_lines_set(struct fib6 *fib, uint32_t lines, unsigned key, bool is_byte, uint16_t value);
// The same lines but for the keys of runs: lines itself, if values were all that
// changed, else new ones; their children are FIB6_UNBUILT. 0: they do not fit;
// FIB6_UNBUILT: no memory.
uint32_t fib6_lines_splice(struct fib6 *fib, uint32_t lines, const struct fib6_runs *runs,
			   bool is_byte) must_check;

// Calls fn for the children of lines that are in use.
typedef void fib6_child_fn(void *arg, unsigned key, _Atomic uint32_t *child);
void fib6_lines_children(const struct fib6 *fib, uint32_t lines, fib6_child_fn *fn, void *arg);

// Retires what stands behind entry itself (not below).
void fib6_image_retire(struct fib6 *fib, uint32_t entry);
// Retires what stands behind entry, if anything does, and all below.
void fib6_tree_retire(struct fib6 *fib, uint32_t entry);
// For assert(): adds the bytes of all below.
bool fib6_tree_is_sane(const struct fib6 *fib, uint32_t entry, unsigned depth, size_t *bytes);
