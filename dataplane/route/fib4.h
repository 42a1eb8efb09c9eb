// SPDX-License-Identifier: BSD-3-Clause
// IPv4 forwarding table, control side: keeps fib4_tbl.h equal to the RIB.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/rib_tbl.h"

#include <stdbool.h>

struct fib4;
struct grace;

// All slots unbuilt. limit: bytes of nodes at most.
struct fib4 *fib4_new(const struct rib_tbl *rib, size_t limit, struct grace *grace) must_check;
void fib4_free(struct fib4 *fib); // no worker may read it any more

// The RIB's best path of a prefix changed: follow. In bulk, and for prefixes
// that cover very many slots, some slots are left to fib4_step().
void fib4_change(struct fib4 *fib, const uint8_t addr[4], unsigned len, bool is_bulk);
// The same, but for fib4_catch_up() to see to, once a slot and only if the answer
// is another in the end. old, new: the prefix's next hops (0: none).
void fib4_mark(struct fib4 *fib, const uint8_t addr[4], unsigned len, uint16_t old, uint16_t new);
// Leaves only what is above some thousands of slots to fib4_step().
void fib4_catch_up(struct fib4 *fib);
// Rebuilds up to n slots: posted ones, those that are behind, and (not in bulk)
// unbuilt ones. Returns whether there were any.
bool fib4_step(struct fib4 *fib, unsigned n, bool is_bulk);
size_t fib4_todo(const struct fib4 *fib);
// Whether some slot may still answer what the RIB does not say any more.
bool fib4_is_behind(const struct fib4 *fib);
// Gives memory back whose grace period is over.
void fib4_poll(struct fib4 *fib);
// So many bytes of nodes will be needed when the RIB is built (arena_expect()).
void fib4_expect(struct fib4 *fib, size_t bytes);

size_t fib4_bytes(const struct fib4 *fib);
size_t fib4_top(const struct fib4 *fib); // the most there was: holes included
uint64_t fib4_refused(const struct fib4 *fib);

// By a name of simd.h: -EINVAL, -ENOTSUP.
int fib4_engine_set(struct fib4 *fib, const char *name) must_check;
const char *fib4_engine_name(const struct fib4 *fib);
// For assert(): every node is well formed, every byte accounted for.
bool fib4_sanity(const struct fib4 *fib);
