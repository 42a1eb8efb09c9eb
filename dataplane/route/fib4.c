// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/fib4.h"

#include "dataplane/base/err.h"
#include "dataplane/base/mem.h"
#include "dataplane/route/fib4_build.h"
#include "dataplane/route/fib4_burst.h"
#include "dataplane/route/simd.h"

#include <stdlib.h>
#include <string.h>

// What one change rebuilds at once at most; the rest waits for fib4_step().
enum {
	SLOTS_AT_ONCE = 4096,
	ROOT_LEN = FIB4_SLOTS * sizeof(uint32_t),
	ROOT_MEM = 2 << 20, // a huge page of its own
};

// 32-bit gather indices count bytes from mem.
#define NODES_MAX ((size_t)FIB4_OFF * 8 < INT32_MAX ? (size_t)FIB4_OFF * 8 : INT32_MAX - 4095ul)

static fib4_lookup_fn *const engines[SIMD_N] = {
	[SIMD_SCALAR] = fib4_lookup_scalar,
#if defined(__x86_64__)
	[SIMD_AVX2] = fib4_lookup_avx2,
	[SIMD_AVX512] = fib4_lookup_avx512,
#endif
};

static _Atomic uint32_t *root_at(const struct fib4 *fib, unsigned slot)
{
	return (_Atomic uint32_t *)&fib->root[slot];
}

// What root answers read (fib4_lookup.c): a run of one leaf, right behind offset 0.
static int dummy_make(struct fib4 *fib)
{
	uint32_t off = arena_alloc(&fib->arena, 16);

	if (!off)
		return -ENOMEM;
	memcpy(arena_at(&fib->arena, off), (const uint64_t[2]){1, 0}, 16);
	return 0;
}

int fib4_engine_set(struct fib4 *fib, const char *name)
{
	int simd = simd_parse(name);

	if (simd < 0)
		return simd;
	fib->lookup = engines[simd];
	return 0;
}

const char *fib4_engine_name(const struct fib4 *fib)
{
	unsigned simd = 0;

	while (simd < SIMD_N && engines[simd] != fib->lookup)
		simd++;
	return simd_name(simd);
}

struct fib4 *fib4_new(const struct rib_tbl *rib, size_t limit, struct grace *grace)
{
	struct fib4 *fib = aligned_alloc(alignof(struct fib4), sizeof(*fib));

	if (!fib)
		return NULL;
	memset(fib, 0, sizeof(*fib));
	fib->burst = calloc(1, sizeof(*fib->burst));
	if (!fib->burst)
		goto free_fib;
	fib->posted = calloc(FIB_POSTS, sizeof(*fib->posted));
	if (!fib->posted)
		goto free_burst;
	fib->root = mem_table_new(ROOT_MEM);
	if (!fib->root)
		goto free_posted;
	if (slotmap_init(&fib->unbuilt, FIB4_SLOTS))
		goto free_root;
	if (slotmap_init(&fib->behind, FIB4_SLOTS))
		goto fini_unbuilt;
	if (arena_init(&fib->arena, limit < NODES_MAX ? limit : NODES_MAX, ARENA_UNIT, grace))
		goto fini_behind;
	if (dummy_make(fib))
		goto fini_arena;
	fib->mem = fib->arena.base;
	fib->rib = rib;
	fib->lookup = engines[simd_best()];
	for (unsigned i = 0; i < FIB4_SLOTS; i++)
		atomic_init(root_at(fib, i), FIB4_UNBUILT);
	slotmap_set_range(&fib->unbuilt, 0, FIB4_SLOTS);
	return fib;

fini_arena:
	arena_fini(&fib->arena);
fini_behind:
	slotmap_fini(&fib->behind);
fini_unbuilt:
	slotmap_fini(&fib->unbuilt);
free_root:
	mem_table_free((void *)fib->root, ROOT_MEM);
free_posted:
	free(fib->posted);
free_burst:
	free(fib->burst);
free_fib:
	free(fib);
	return err_null(ENOMEM);
}

void fib4_free(struct fib4 *fib)
{
	if (!fib)
		return;
	arena_fini(&fib->arena);
	slotmap_fini(&fib->behind);
	slotmap_fini(&fib->unbuilt);
	mem_table_free((void *)fib->root, ROOT_MEM);
	free(fib->posted);
	free(fib->burst);
	free(fib);
}

static void slot_publish(struct fib4 *fib, unsigned slot, uint32_t new, uint64_t reused)
{
	uint32_t old = fib4_entry(fib, slot);

	slotmap_clear(&fib->unbuilt, slot);
	slotmap_clear(&fib->behind, slot);
	if (new == old)
		return;
	atomic_store_explicit(root_at(fib, slot), new, memory_order_release);
	fib4_entry_retire(fib, old, reused);
}

// Builds first, then swaps. Without memory the slot is left to the RIB: slow, right.
static void slot_update(struct fib4 *fib, unsigned slot, uint64_t touched)
{
	uint64_t reused;
	uint32_t new = fib4_entry_build(fib, slot, touched, &reused);

	fib->n_refused += new == FIB4_UNBUILT;
	slot_publish(fib, slot, new, reused);
}

// The /24s of a slot that a prefix covers.
static uint64_t touched_by(uint32_t addr, unsigned len)
{
	unsigned first = addr >> 8 & 63, n = len < 24 ? 1u << (24 - len) : 1;

	return len <= 18 ? ~0ull : ((1ull << n) - 1) << first;
}

// One prefix of a slot that is up to date, but for it.
static void slot_change(struct fib4 *fib, unsigned slot, uint32_t host, unsigned len)
{
	uint64_t deep = fib4_deep(fib, fib4_entry(fib, slot));
	uint32_t new;

	if (fib4_entry_splice(fib, slot, host, len, &new))
		slot_publish(fib, slot, new, new &FIB4_NODE ? deep : 0);
	else
		slot_update(fib, slot, touched_by(host, len));
}

// Following the RIB.

static uint32_t host_of(const uint8_t addr[4])
{
	return (uint32_t)addr[0] << 24 | (uint32_t)addr[1] << 16 | (uint32_t)addr[2] << 8 | addr[3];
}

// Leaves the slot to fib4_step(). In bulk, one without a node goes back to the
// RIB, which is right at once.
static void slot_mark(struct fib4 *fib, unsigned slot, bool is_bulk)
{
	uint32_t entry = fib4_entry(fib, slot);

	if (is_bulk && !(entry & FIB4_NODE)) {
		atomic_store_explicit(root_at(fib, slot), FIB4_UNBUILT, memory_order_release);
		slotmap_clear(&fib->behind, slot);
		entry = FIB4_UNBUILT;
	}
	slotmap_set(entry == FIB4_UNBUILT ? &fib->unbuilt : &fib->behind, slot);
}

// Slots one after the other; their roots and nodes are fetched some ahead.
static void burst_prefetch(const struct fib4 *fib, unsigned i)
{
	const struct fib4_burst *burst = fib->burst;

	if (i + 8 < burst->n)
		__builtin_prefetch(&fib->root[burst->slot[burst->used[i + 8]].seat - 1]);
	if (i + 4 < burst->n) {
		uint32_t entry = fib4_entry(fib, burst->slot[burst->used[i + 4]].seat - 1);

		if (entry & FIB4_NODE)
			__builtin_prefetch(fib4_node(fib, entry));
	}
}

// One slot of a burst. What waits for the next step anyway is left to it.
static void burst_slot_do(struct fib4 *fib, struct fib4_burst_slot *s)
{
	unsigned slot = s->seat - 1, n = fib4_burst_net(s);

	s->seat = 0;
	if (fib4_entry(fib, slot) == FIB4_UNBUILT || slotmap_has(&fib->behind, slot))
		return;
	if (s->is_whole || n == FIB4_BURST_CHANGES)
		slot_update(fib, slot, ~0ull);
	else
		for (unsigned i = 0; i < n; i++)
			slot_change(fib, slot, slot << 14 | (uint32_t)s->change[i].first << 8,
				    s->change[i].len);
}

// Before any other way to rebuild: a slot made anew in the midst of a burst would
// hold what the rest of the burst takes back.
static void burst_do(struct fib4 *fib)
{
	struct fib4_burst *burst = fib->burst;

	for (unsigned i = 0; i < burst->n; i++) {
		burst_prefetch(fib, i);
		burst_slot_do(fib, &burst->slot[burst->used[i]]);
	}
	burst->n = 0;
}

void fib4_change(struct fib4 *fib, const uint8_t addr[4], unsigned len, bool is_bulk)
{
	uint32_t host = host_of(addr);
	unsigned n = len < 18 ? 1u << (18 - len) : 1, slot = host >> 14 & ~(n - 1);
	unsigned left = is_bulk ? 0 : SLOTS_AT_ONCE;

	burst_do(fib);
	if (!len) {
		fib_default_follow(&fib->default_route, fib->rib);
		return;
	}
	for (; n; n--, slot++) {
		if (!left || fib4_entry(fib, slot) == FIB4_UNBUILT) {
			slot_mark(fib, slot, is_bulk);
			continue;
		}
		if (slotmap_has(&fib->behind, slot))
			slot_update(fib, slot, ~0ull);
		else
			slot_change(fib, slot, host, len);
		left--;
	}
}

static unsigned map_build(struct fib4 *fib, const struct slotmap *map, unsigned n)
{
	int slot = 0;

	while (n && (slot = slotmap_next(map, (unsigned)slot)) >= 0) {
		slot_update(fib, (unsigned)slot, ~0ull);
		n--;
	}
	return n;
}

void fib4_mark(struct fib4 *fib, const uint8_t addr[4], unsigned len, uint16_t old, uint16_t new)
{
	uint32_t host = host_of(addr);
	unsigned n = len < 18 ? 1u << (18 - len) : 1, slot = host >> 14 & ~(n - 1);
	struct fib4_burst_change change = {(uint8_t)(host >> 8 & 63), (uint8_t)len, old, new};

	if (len > 18 && len <= 24) {
		if (!fib4_burst_add(fib->burst, slot, &change)) {
			burst_do(fib);
			(void)!fib4_burst_add(fib->burst, slot, &change);
		}
		return;
	}
	if (!len)
		fib_default_follow(&fib->default_route, fib->rib);
	for (; len && n; n--, slot++)
		slot_mark(fib, slot, false);
}

void fib4_catch_up(struct fib4 *fib)
{
	burst_do(fib);
	(void)map_build(fib, &fib->behind, SLOTS_AT_ONCE);
}

static unsigned posted_build(struct fib4 *fib, unsigned n)
{
	for (unsigned i = 0; i < FIB_POSTS && n; i++) {
		int slot = fib_post_take(fib->posted, i);

		if (slot >= 0 && slotmap_has(&fib->unbuilt, (unsigned)slot)) {
			slot_update(fib, (unsigned)slot, ~0ull);
			n--;
		}
	}
	return n;
}

bool fib4_step(struct fib4 *fib, unsigned n, bool is_bulk)
{
	unsigned left = n;

	burst_do(fib);
	if (fib->unbuilt.count)
		left = posted_build(fib, left);
	left = map_build(fib, &fib->behind, left);
	if (!is_bulk)
		left = map_build(fib, &fib->unbuilt, left);
	return left < n;
}

bool fib4_is_behind(const struct fib4 *fib)
{
	return fib->behind.count || fib->burst->n;
}

size_t fib4_todo(const struct fib4 *fib)
{
	return fib->unbuilt.count + fib->behind.count;
}

void fib4_poll(struct fib4 *fib)
{
	arena_poll(&fib->arena);
}

void fib4_expect(struct fib4 *fib, size_t bytes)
{
	arena_expect(&fib->arena, bytes);
}

size_t fib4_bytes(const struct fib4 *fib)
{
	return ROOT_LEN + fib->arena.used;
}

size_t fib4_top(const struct fib4 *fib)
{
	return ROOT_LEN + fib->arena.top;
}

uint64_t fib4_refused(const struct fib4 *fib)
{
	return fib->n_refused;
}
