// SPDX-License-Identifier: BSD-3-Clause
// Each RIB node of depth 2 and more has its image here: the node's prefixes
// painted over what covers it. A change of a prefix rebuilds the image of its
// node, keeps the children, and then visits those children that the prefix
// covers, since what covers them may have changed.
#include "dataplane/route/fib6.h"

#include "dataplane/base/err.h"
#include "dataplane/base/mem.h"
#include "dataplane/route/fib6_image.h"
#include "dataplane/route/rib_paint.h"
#include "dataplane/route/simd.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEP_MIN = 32,
	NODES_AT_ONCE = 1536, // by one change; the rest waits for fib6_step()
	ROOT_LEN = FIB6_SLOTS * sizeof(uint32_t),
};

#define NODES_MAX (4ul << 30) // 32-bit gather indices count signed 4-byte units

static const struct {
	const char *name;
	fib6_lookup_fn *fn;
} engines[] = {
	{"scalar", fib6_lookup_scalar},
#if defined(__x86_64__)
	{"avx512", fib6_lookup_avx512},
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
	for (unsigned i = 0; i < ARRAY_LEN(engines); i++) {
		if (strcmp(engines[i].name, name) || (i && !simd_has_avx512()))
			continue;
		fib->lookup = engines[i].fn;
		return 0;
	}
	return -ENOTSUP;
}

const char *fib6_engine_name(const struct fib6 *fib)
{
	for (unsigned i = 0; i < ARRAY_LEN(engines); i++)
		if (engines[i].fn == fib->lookup)
			return engines[i].name;
	return "none";
}

struct fib6 *fib6_new(const struct rib_tbl *rib, size_t limit, struct grace *grace)
{
	struct fib6 *fib = aligned_alloc(alignof(struct fib6), sizeof(*fib));

	if (!fib)
		return NULL;
	memset(fib, 0, sizeof(*fib));
	fib->posted = calloc(FIB6_POSTS, sizeof(*fib->posted));
	if (!fib->posted)
		goto free_fib;
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
	fib->lookup = engines[simd_has_avx512() ? ARRAY_LEN(engines) - 1 : 0].fn;
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
	free(fib);
}

// Visits: bounded work in the order of addresses.

struct visit {
	struct fib6 *fib;
	unsigned budget;       // nodes still to be built
	bool is_short;	       // something was left for fib6_step()
	uint8_t stop[16];      // the first address that was left out
	bool no_memory;	       // the whole slot is left to the RIB
	const uint8_t *resume; // NULL, or: leave out what lies wholly before
	uint8_t addr[16];      // of the node being visited
};

static void visit_stop(struct visit *v)
{
	if (v->is_short && memcmp(v->addr, v->stop, sizeof(v->stop)) >= 0)
		return;
	v->is_short = true;
	memcpy(v->stop, v->addr, sizeof(v->stop));
}

static uint32_t image_new(struct visit *v, const uint32_t value[256], unsigned depth)
{
	uint32_t entry = fib6_image_new(v->fib, value, depth);

	if (entry == FIB6_UNBUILT) {
		v->no_memory = true;
		v->budget = 0;
	}
	return entry;
}

static uint32_t tree_build(struct visit *v, const struct rib_node *node, unsigned depth,
			   uint16_t covering);

// Values of the image of node; children that have no image yet get one, or stay
// unbuilt for lack of budget. old: values of the image to take children from.
static void values_make(struct visit *v, const struct rib_node *node, unsigned depth,
			uint16_t covering, const uint32_t *old, uint32_t value[256])
{
	uint16_t leaf[256];

	for (unsigned i = 0; i < 256; i++)
		leaf[i] = covering;
	rib_paint(v->fib->rib, node, 0, 0, leaf);
	for (unsigned i = 0; i < 256; i++)
		value[i] = leaf[i];
	for (unsigned b = 0; b < RIB_CHILD_BLOCKS; b++) {
		for (uint64_t left = rib_children(v->fib->rib, node, b); left; left &= left - 1) {
			unsigned byte = b * 64 + (unsigned)__builtin_ctzll(left);

			v->addr[depth] = (uint8_t)byte;
			value[byte] = old && old[byte] & (FIB6_CHILD | FIB6_UNBUILT)
					      ? old[byte]
					      : tree_build(v, rib_child(v->fib->rib, node, byte),
							   depth + 1, leaf[byte]);
		}
	}
	v->addr[depth] = 0;
}

static uint32_t tree_build(struct visit *v, const struct rib_node *node, unsigned depth,
			   uint16_t covering)
{
	uint32_t value[256], entry;

	if (!v->budget) {
		visit_stop(v);
		return FIB6_UNBUILT;
	}
	v->budget--;
	values_make(v, node, depth, covering, NULL, value);
	entry = image_new(v, value, depth);
	for (unsigned i = 0; entry == FIB6_UNBUILT && i < 256; i++)
		fib6_tree_retire(v->fib, value[i], depth + 1);
	return entry;
}

// Retires the trees of a[] that have no place in b[].
static void trees_retire(struct fib6 *fib, const uint32_t a[256], const uint32_t b[256],
			 unsigned depth)
{
	for (unsigned i = 0; i < 256; i++)
		if (a[i] & FIB6_CHILD && a[i] != b[i])
			fib6_tree_retire(fib, a[i], depth);
}

// Brings the image behind entry up to date, not what lies below it.
static void image_update(struct visit *v, _Atomic uint32_t *entry, const struct rib_node *node,
			 unsigned depth, uint16_t covering)
{
	uint32_t image = load(entry), new, old[256], value[256];

	fib6_image_read(v->fib, image, depth, old);
	values_make(v, node, depth, covering, old, value);
	if (!memcmp(old, value, sizeof(old)))
		return;
	new = image_new(v, value, depth);
	if (new == FIB6_UNBUILT) {
		trees_retire(v->fib, value, old, depth + 1);
		return;
	}
	store(entry, new);
	trees_retire(v->fib, old, value, depth + 1);
	arena_retire(&v->fib->arena, image & FIB6_OFF, fib6_image_len(v->fib, image, depth));
}

static void tree_update(struct visit *v, _Atomic uint32_t *entry, const struct rib_node *node,
			unsigned depth, uint16_t covering);

// What lies below the image behind entry, for the bytes first..last.
static void below_update(struct visit *v, _Atomic uint32_t *entry, const struct rib_node *node,
			 unsigned depth, uint16_t covering, unsigned first, unsigned last)
{
	const struct rib_tbl *rib = v->fib->rib;

	for (unsigned byte = first; byte <= last; byte++) {
		const struct rib_node *child = rib_child(rib, node, byte);
		uint32_t image = load(entry), word;

		if (!(image & FIB6_CHILD) || !child)
			continue;
		word = rib_node_match(rib, node, byte, 8);
		v->addr[depth] = (uint8_t)byte;
		tree_update(v, fib6_image_at(v->fib, image, depth, byte), child, depth + 1,
			    word ? rib_path_nh(rib_best(rib, word)) : covering);
	}
	v->addr[depth] = 0;
}

// Whether all under addr's first depth bytes lies before the point to resume at.
static bool is_done(const struct visit *v, unsigned depth)
{
	return v->resume && memcmp(v->addr, v->resume, depth) < 0;
}

// Brings everything behind entry up to date with the RIB's tree under node.
static void tree_update(struct visit *v, _Atomic uint32_t *entry, const struct rib_node *node,
			unsigned depth, uint16_t covering)
{
	uint32_t old = load(entry), new = covering;

	if (is_done(v, depth))
		return;
	if (node && old & FIB6_CHILD) {
		if (!v->budget) {
			visit_stop(v);
			return;
		}
		v->budget--;
		image_update(v, entry, node, depth, covering);
		below_update(v, entry, node, depth, covering, 0, 255);
		return;
	}
	if (node)
		new = tree_build(v, node, depth, covering);
	// No budget to build it: a leaf stays what it is, not wrong but old.
	if (new == old || (new == FIB6_UNBUILT && v->is_short))
		return;
	store(entry, new);
	fib6_tree_retire(v->fib, old, depth);
}

// Following the RIB.

static void default_set(struct fib6 *fib)
{
	uint32_t word = load(&fib->rib->zero_length);
	uint32_t n = (fib6_default(fib) >> 16) + 1;

	store(&fib->default_route, n << 16 | rib_path_nh(rib_best(fib->rib, word)));
}

static void slot_update(struct visit *v, unsigned slot)
{
	const struct rib_tbl *rib = v->fib->rib;

	memset(v->addr, 0, sizeof(v->addr));
	v->addr[0] = (uint8_t)(slot >> 8);
	v->addr[1] = (uint8_t)slot;
	tree_update(v, root_at(v->fib, slot), rib_node_find(rib, v->addr, 2), FIB6_FLAT_DEPTH,
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
static bool slot_finish(struct visit *v, unsigned slot)
{
	_Atomic uint32_t *entry = root_at(v->fib, slot);
	uint32_t old = load(entry);

	if (!v->no_memory)
		return v->is_short;
	v->no_memory = false;
	v->fib->n_refused++;
	store(entry, FIB6_UNBUILT);
	fib6_tree_retire(v->fib, old, FIB6_FLAT_DEPTH);
	return false;
}

// A prefix of 1 to 16 bits: its slots, and all below.
static void short_change(struct visit *v, const uint8_t addr[16], unsigned len, bool is_bulk)
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

// A longer prefix: down to the deepest image on its way, which is that of its
// node, or has to learn that a child came or went.
static void long_change(struct visit *v, const uint8_t addr[16], unsigned len)
{
	const struct rib_tbl *rib = v->fib->rib;
	unsigned depth = FIB6_FLAT_DEPTH, last = (len - 1) / 8, rest = len - last * 8;
	_Atomic uint32_t *entry = root_at(v->fib, (unsigned)addr[0] << 8 | addr[1]);
	const struct rib_node *node = rib_node_find(rib, addr, 2), *child;
	uint16_t covering;

	if (load(entry) == FIB6_UNBUILT) {
		v->is_short = true;
		return;
	}
	memcpy(v->addr, addr, FIB6_FLAT_DEPTH);
	while (node && load(entry) & FIB6_CHILD && depth < last) {
		_Atomic uint32_t *next = fib6_image_at(v->fib, load(entry), depth, addr[depth]);

		child = rib_child(rib, node, addr[depth]);
		if (child && load(next) == FIB6_UNBUILT) {
			v->is_short = true;
			return;
		}
		if (!child || !(load(next) & FIB6_CHILD))
			break;
		v->addr[depth] = addr[depth];
		entry = next;
		node = child;
		depth++;
	}
	covering = rib_path_nh(rib_match(rib, addr, depth * 8));
	if (!node || !(load(entry) & FIB6_CHILD)) {
		tree_update(v, entry, node, depth, covering);
		return;
	}
	v->budget--;
	image_update(v, entry, node, depth, covering);
	if (depth == last) {
		unsigned first = addr[depth] & (0xff00 >> rest) & 0xff;

		below_update(v, entry, node, depth, covering, first, first | 0xff >> rest);
	}
}

void fib6_change(struct fib6 *fib, const uint8_t addr[16], unsigned len, bool is_bulk)
{
	struct visit v = {.fib = fib, .budget = NODES_AT_ONCE};
	unsigned slot = (unsigned)addr[0] << 8 | addr[1];

	if (!len) {
		default_set(fib);
	} else if (len <= 16) {
		v.budget = is_bulk ? 0 : NODES_AT_ONCE;
		short_change(&v, addr, len, is_bulk);
	} else {
		slot_defer(fib, slot, is_bulk);
		long_change(&v, addr, len);
		if (slot_finish(&v, slot))
			slot_mark(fib, slot);
	}
}

// A worker waits for a slot (and meanwhile walks the RIB).
static int posted_take(struct fib6 *fib)
{
	for (unsigned i = 0; i < FIB6_POSTS; i++) {
		uint32_t slot = load(&fib->posted[i]);

		if (!slot)
			continue;
		store(&fib->posted[i], 0);
		if (slotmap_has(&fib->unbuilt, slot - 1) || slotmap_has(&fib->behind, slot - 1))
			return (int)slot - 1;
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
	struct visit v = {.fib = fib, .budget = n > STEP_MIN ? n : STEP_MIN};
	bool any = false;

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
	return fib->behind.count || fib->sweeping >= 0;
}

size_t fib6_todo(const struct fib6 *fib)
{
	return fib->unbuilt.count + fib->behind.count + (fib->sweeping >= 0);
}

void fib6_poll(struct fib6 *fib)
{
	arena_poll(&fib->arena);
}

size_t fib6_bytes(const struct fib6 *fib)
{
	return ROOT_LEN + fib->arena.used;
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
