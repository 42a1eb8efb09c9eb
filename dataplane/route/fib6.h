// SPDX-License-Identifier: BSD-3-Clause
// IPv6 forwarding table, control side: keeps fib6_tbl.h equal to the RIB.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/rib_tbl.h"

#include <stdbool.h>

struct fib6;
struct grace;

// All slots unbuilt. limit: bytes of nodes at most.
struct fib6 *fib6_new(const struct rib_tbl *rib, size_t limit, struct grace *grace) must_check;
void fib6_free(struct fib6 *fib); // no worker may read it any more

// The RIB's best path of a prefix changed: follow. Where very many nodes lie
// below, and in bulk where a /16 or more does, work is left to fib6_step().
void fib6_change(struct fib6 *fib, const uint8_t addr[16], unsigned len, bool is_bulk);
// The same, but for fib6_catch_up() to see to, and only if the answer is another
// in the end. old, new: the prefix's next hops (0: none).
void fib6_mark(struct fib6 *fib, const uint8_t addr[16], unsigned len, uint16_t old, uint16_t new);
void fib6_catch_up(struct fib6 *fib);
// Builds or brings up to date about n nodes, in posted slots, those that are
// behind, and (not in bulk) unbuilt ones. Returns whether there were any.
bool fib6_step(struct fib6 *fib, unsigned n, bool is_bulk);
// Slots (of the first 16 bits) not wholly built, or behind.
size_t fib6_todo(const struct fib6 *fib);
// Whether some slot may still answer what the RIB does not say any more.
bool fib6_is_behind(const struct fib6 *fib);
// Gives memory back whose grace period is over.
void fib6_poll(struct fib6 *fib);
// So many bytes of nodes will be needed when the RIB is built (arena_expect()).
void fib6_expect(struct fib6 *fib, size_t bytes);

size_t fib6_bytes(const struct fib6 *fib);
size_t fib6_top(const struct fib6 *fib); // the most there was: holes included
uint64_t fib6_refused(const struct fib6 *fib);

// By a name of simd.h: -EINVAL, -ENOTSUP.
int fib6_engine_set(struct fib6 *fib, const char *name) must_check;
const char *fib6_engine_name(const struct fib6 *fib);
// For assert(): every node is well formed, every byte accounted for.
bool fib6_sanity(const struct fib6 *fib);
