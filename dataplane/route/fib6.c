// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/fib6.h"

#include "dataplane/base/err.h"
#include "dataplane/base/mem.h"
#include "dataplane/route/fib6_build.h"
#include "dataplane/route/fib6_burst.h"
#include "dataplane/route/fib6_image.h"
#include "dataplane/route/rib_paint.h"
#include "dataplane/route/simd.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEP_MIN = 32,
	NODES_AT_ONCE = 768, // by one change; the rest waits for fib6_step()
	ROOT_LEN = FIB6_SLOTS * sizeof(uint32_t),
};

#define NODES_MAX ((FIB6_OFF + 1ul) * FIB6_ALIGN)

static fib6_lookup_fn *const engines[SIMD_N] = {
	[SIMD_SCALAR] = fib6_lookup_scalar,
#if defined(__x86_64__)
	[SIMD_AVX2] = fib6_lookup_avx2,
	[SIMD_AVX512] = fib6_lookup_avx512,
#endif
};

static uint32_t load(const _Atomic uint32_t *entry)
{
	return atomic_load_explicit(entry, memory_order_relaxed);
}

static void store(_Atomic uint32_t *entry, uint32_t value)
{
	atomic_store_explicit(entry, value, memory_order_release);
}

static _Atomic uint32_t *root_at(const struct fib6 *fib, unsigned slot)
{
	return (_Atomic uint32_t *)&fib->root[slot];
}

int fib6_engine_set(struct fib6 *fib, const char *name)
{
	int simd = simd_parse(name);

	if (simd < 0)
		return simd;
	fib->lookup = engines[simd];
	return 0;
}

const char *fib6_engine_name(const struct fib6 *fib)
{
	unsigned simd = 0;

	while (simd < SIMD_N && engines[simd] != fib->lookup)
		simd++;
	return simd_name(simd);
}

struct fib6 *fib6_new(const struct rib_tbl *rib, size_t limit, struct grace *grace)
{
	struct fib6 *fib = aligned_alloc(alignof(struct fib6), sizeof(*fib));

	if (!fib)
		return NULL;
	memset(fib, 0, sizeof(*fib));
	fib->burst = calloc(1, sizeof(*fib->burst));
	if (!fib->burst)
		goto free_fib;
	fib->posted = calloc(FIB_POSTS, sizeof(*fib->posted));
	if (!fib->posted)
		goto free_burst;
	fib->root = mem_table_new(ROOT_LEN);
	if (!fib->root)
		goto free_posted;
	if (slotmap_init(&fib->unbuilt, FIB6_SLOTS))
		goto free_root;
	if (slotmap_init(&fib->behind, FIB6_SLOTS))
		goto fini_unbuilt;
	if (arena_init(&fib->arena, limit < NODES_MAX ? limit : NODES_MAX, FIB6_ALIGN, grace))
		goto fini_behind;
	fib->mem = fib->arena.base;
	fib->rib = rib;
	fib->lookup = engines[simd_best()];
	fib->sweeping = -1;
	for (unsigned i = 0; i < FIB6_SLOTS; i++)
		atomic_init(root_at(fib, i), FIB6_UNBUILT);
	slotmap_set_range(&fib->unbuilt, 0, FIB6_SLOTS);
	return fib;

fini_behind:
	slotmap_fini(&fib->behind);
fini_unbuilt:
	slotmap_fini(&fib->unbuilt);
free_root:
	mem_table_free((void *)fib->root, ROOT_LEN);
free_posted:
	free(fib->posted);
free_burst:
	free(fib->burst);
free_fib:
	free(fib);
	return err_null(ENOMEM);
}

void fib6_free(struct fib6 *fib)
{
	if (!fib)
		return;
	arena_fini(&fib->arena);
	slotmap_fini(&fib->behind);
	slotmap_fini(&fib->unbuilt);
	mem_table_free((void *)fib->root, ROOT_LEN);
	free(fib->posted);
	free(fib->burst);
	free(fib);
}

// Following the RIB.

static void slot_update(struct fib6_visit *v, unsigned slot)
{
	const struct rib_tbl *rib = v->fib->rib;

	memset(v->addr, 0, sizeof(v->addr));
	v->addr[0] = (uint8_t)(slot >> 8);
	v->addr[1] = (uint8_t)slot;
	fib6_tree_update(v, root_at(v->fib, slot), rib_node_find(rib, v->addr, 2), FIB6_FLAT_DEPTH,
			 rib_path_nh(rib_match(rib, v->addr, 16)));
}

static void slot_mark(struct fib6 *fib, unsigned slot)
{
	bool is_unbuilt = load(root_at(fib, slot)) == FIB6_UNBUILT;

	slotmap_set(is_unbuilt ? &fib->unbuilt : &fib->behind, slot);
}

// In bulk, a slot without a node goes back to the RIB, which is right at once.
static void slot_defer(struct fib6 *fib, unsigned slot, bool is_bulk)
{
	if (is_bulk && !(load(root_at(fib, slot)) & FIB6_CHILD))
		store(root_at(fib, slot), FIB6_UNBUILT);
}

// Ends the visit of a slot; returns whether something was left for later.
static bool slot_finish(struct fib6_visit *v, unsigned slot)
{
	_Atomic uint32_t *entry = root_at(v->fib, slot);
	uint32_t old = load(entry);

	if (!v->no_memory)
		return v->is_short;
	v->no_memory = false;
	v->fib->n_refused++;
	store(entry, FIB6_UNBUILT);
	fib6_tree_retire(v->fib, old);
	return false;
}

// A prefix of 1 to 16 bits: its slots, and all below.
static void short_change(struct fib6_visit *v, const uint8_t addr[16], unsigned len, bool is_bulk)
{
	unsigned n = 1u << (16 - len);
	unsigned slot = ((unsigned)addr[0] << 8 | addr[1]) & ~(n - 1);

	for (; n; n--, slot++) {
		slot_defer(v->fib, slot, is_bulk);
		v->is_short = !v->budget || load(root_at(v->fib, slot)) == FIB6_UNBUILT;
		if (!v->is_short)
			slot_update(v, slot);
		v->budget -= v->budget > 0;
		if (slot_finish(v, slot))
			slot_mark(v->fib, slot);
	}
}

static void change_do(struct fib6 *fib, const uint8_t addr[16], unsigned len, bool is_bulk)
{
	struct fib6_visit v = {.fib = fib, .budget = NODES_AT_ONCE};
	unsigned slot = (unsigned)addr[0] << 8 | addr[1];

	if (!len) {
		fib_default_follow(&fib->default_route, fib->rib);
	} else if (len <= 16) {
		v.budget = is_bulk ? 0 : NODES_AT_ONCE;
		short_change(&v, addr, len, is_bulk);
	} else {
		slot_defer(fib, slot, is_bulk);
		fib6_prefix_update(&v, addr, len);
		if (slot_finish(&v, slot))
			slot_mark(fib, slot);
	}
}

// Once the tables were brought up to date with a state in the midst of a burst,
// the next hop before it means nothing any more: so whoever does that, does this
// first.
static void burst_do(struct fib6 *fib)
{
	struct fib6_burst *burst = fib->burst;

	for (unsigned i = 0; i < burst->n; i++) {
		const struct fib6_burst_change *change = &burst->change[i];

		if (change->old != change->new)
			change_do(fib, change->addr, change->len, false);
	}
	fib6_burst_clear(burst);
}

void fib6_change(struct fib6 *fib, const uint8_t addr[16], unsigned len, bool is_bulk)
{
	burst_do(fib);
	change_do(fib, addr, len, is_bulk);
}

void fib6_mark(struct fib6 *fib, const uint8_t addr[16], unsigned len, uint16_t old, uint16_t new)
{
	struct fib6_burst_change change = {.len = (uint8_t)len, .old = old, .new = new};

	if (!len) {
		fib_default_follow(&fib->default_route, fib->rib);
		return;
	}
	memcpy(change.addr, addr, sizeof(change.addr));
	if (fib->burst->n == FIB6_BURST_MAX)
		burst_do(fib);
	fib6_burst_add(fib->burst, &change);
}

void fib6_catch_up(struct fib6 *fib)
{
	burst_do(fib);
}

// A worker waits for a slot (and meanwhile walks the RIB).
static int posted_take(struct fib6 *fib)
{
	for (unsigned i = 0; i < FIB_POSTS; i++) {
		int slot = fib_post_take(fib->posted, i);

		if (slot >= 0 && (slotmap_has(&fib->unbuilt, (unsigned)slot) ||
				  slotmap_has(&fib->behind, (unsigned)slot)))
			return slot;
	}
	return -1;
}

static int slot_take(struct fib6 *fib, bool is_bulk)
{
	int slot = posted_take(fib);

	if (slot < 0)
		slot = slotmap_next(&fib->behind, 0);
	if (slot < 0 && !is_bulk)
		slot = slotmap_next(&fib->unbuilt, 0);
	if (slot >= 0) {
		slotmap_clear(&fib->behind, (unsigned)slot);
		slotmap_clear(&fib->unbuilt, (unsigned)slot);
		memset(fib->resume, 0, sizeof(fib->resume));
	}
	return slot;
}

bool fib6_step(struct fib6 *fib, unsigned n, bool is_bulk)
{
	// Going on costs the images on the way down once more: so take more than those.
	struct fib6_visit v = {.fib = fib, .budget = n > STEP_MIN ? n : STEP_MIN};
	bool any = false;

	burst_do(fib);
	while (v.budget) {
		if (fib->sweeping < 0)
			fib->sweeping = slot_take(fib, is_bulk);
		if (fib->sweeping < 0)
			break;
		any = true;
		v.resume = fib->resume;
		slot_update(&v, (unsigned)fib->sweeping);
		if (slot_finish(&v, (unsigned)fib->sweeping)) {
			memcpy(fib->resume, v.stop, sizeof(v.stop));
			break;
		}
		fib->sweeping = -1;
		v.budget -= v.budget > 0;
	}
	return any;
}

bool fib6_is_behind(const struct fib6 *fib)
{
	return fib->behind.count || fib->sweeping >= 0 || fib->burst->n;
}

size_t fib6_todo(const struct fib6 *fib)
{
	return fib->unbuilt.count + fib->behind.count + (fib->sweeping >= 0);
}

void fib6_poll(struct fib6 *fib)
{
	arena_poll(&fib->arena);
}

void fib6_expect(struct fib6 *fib, size_t bytes)
{
	arena_expect(&fib->arena, bytes);
}

size_t fib6_bytes(const struct fib6 *fib)
{
	return ROOT_LEN + fib->arena.used;
}

size_t fib6_top(const struct fib6 *fib)
{
	return ROOT_LEN + fib->arena.top;
}

uint64_t fib6_refused(const struct fib6 *fib)
{
	return fib->n_refused;
}

// Sanity.

bool fib6_sanity(const struct fib6 *fib)
{
	size_t bytes = arena_waiting(&fib->arena);

	for (unsigned slot = 0; slot < FIB6_SLOTS; slot++) {
		uint32_t entry = load(&fib->root[slot]);

		if (entry & FIB6_CHILD && !fib6_tree_is_sane(fib, entry, FIB6_FLAT_DEPTH, &bytes))
			return false;
	}
	return bytes == fib->arena.used;
}
