// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/fib4.h"

#include "dataplane/base/err.h"
#include "dataplane/base/mem.h"
#include "dataplane/route/fib4_layout.h"
#include "dataplane/route/rib_paint.h"
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

static uint32_t entry_of(const struct fib4 *fib, unsigned slot)
{
	return atomic_load_explicit(&fib->root[slot], memory_order_relaxed);
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
	fib->posted = calloc(FIB4_POSTS, sizeof(*fib->posted));
	if (!fib->posted)
		goto free_fib;
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
	free(fib);
}

// Sizes.

static size_t round8(size_t len)
{
	return (len + 7) & ~7ul;
}

static size_t deep_len(uint64_t deep)
{
	return deep ? sizeof(deep) + round8((size_t)__builtin_popcountll(deep) * 4) : 0;
}

static size_t node_len(uint64_t runs, bool is_wide)
{
	return sizeof(runs) + ((size_t)__builtin_popcountll(runs) << is_wide);
}

static size_t sub_len(const uint64_t runs[4])
{
	size_t n = 0;

	for (unsigned w = 0; w < 4; w++)
		n += (size_t)__builtin_popcountll(runs[w]);
	return sizeof(struct fib4_sub) + n * sizeof(uint16_t);
}

static uint64_t deep_of(const struct fib4 *fib, uint32_t entry)
{
	bool is_deep = entry & FIB4_NODE && entry & FIB4_DEEP;

	return is_deep ? ((const uint64_t *)fib4_node(fib, entry))[-1] : 0;
}

static uint32_t *sub_at(const struct fib4 *fib, uint32_t entry, unsigned k)
{
	uint64_t deep = deep_of(fib, entry);

	return (uint32_t *)fib4_node(fib, entry) - 3 -
	       __builtin_popcountll(deep & ((1ull << k) - 1));
}

// Building.

struct build {
	uint16_t leaf[64];
	uint64_t deep; // these /24s hold longer prefixes
	uint64_t runs;
	bool is_wide;
	uint32_t sub[64]; // offsets, by /24; reused ones belong to the old node too
	uint64_t reused;
};

static void slot_addr(unsigned slot, uint8_t addr[4])
{
	addr[0] = (uint8_t)(slot >> 10);
	addr[1] = (uint8_t)(slot >> 2);
	addr[2] = (uint8_t)(slot << 6);
	addr[3] = 0;
}

static void fill(uint16_t out[], unsigned n, uint16_t nh)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = nh;
}

static uint32_t sub_new(struct fib4 *fib, const struct rib_node *rib_node, uint16_t covering)
{
	uint16_t value[256], leaf[256];
	uint64_t runs[4] = {0};
	struct fib4_sub *sub;
	unsigned n = 0;
	uint32_t off;

	fill(value, 256, covering);
	rib_paint(fib->rib, rib_node, 0, 0, value);
	for (unsigned i = 0; i < 256; i++) {
		if (i && value[i] == value[i - 1])
			continue;
		runs[i / 64] |= 1ull << (i % 64);
		leaf[n++] = value[i];
	}
	off = arena_alloc(&fib->arena, sub_len(runs));
	if (!off)
		return 0;
	sub = arena_at(&fib->arena, off);
	memcpy(sub->runs, runs, sizeof(runs));
	memcpy(sub->leaf, leaf, n * sizeof(*leaf));
	return off;
}

static void sub_retire(struct fib4 *fib, uint32_t off)
{
	const struct fib4_sub *sub = arena_at(&fib->arena, off);

	arena_retire(&fib->arena, off, sub_len(sub->runs));
}

static void subs_undo(struct fib4 *fib, const struct build *b)
{
	for (uint64_t left = b->deep & ~b->reused; left; left &= left - 1) {
		uint32_t off = b->sub[__builtin_ctzll(left)];
		const struct fib4_sub *sub = arena_at(&fib->arena, off);

		if (off)
			arena_free(&fib->arena, off, sub_len(sub->runs));
	}
}

// Subs of /24s that the change did not touch are carried over from the old node.
static int subs_make(struct fib4 *fib, struct build *b, const struct rib_node *node, unsigned slot,
		     uint64_t touched)
{
	uint32_t old = entry_of(fib, slot);

	b->reused = deep_of(fib, old) & b->deep & ~touched;
	memset(b->sub, 0, sizeof(b->sub));
	for (uint64_t left = b->deep; left; left &= left - 1) {
		unsigned k = (unsigned)__builtin_ctzll(left);
		const struct rib_node *child = rib_child(fib->rib, node, (slot & 3) << 6 | k);

		b->sub[k] =
			b->reused >> k & 1 ? *sub_at(fib, old, k) : sub_new(fib, child, b->leaf[k]);
		if (!b->sub[k]) {
			subs_undo(fib, b);
			return -ENOMEM;
		}
	}
	return 0;
}

static void runs_find(struct build *b)
{
	uint16_t max = 0;

	b->runs = 0;
	for (unsigned k = 0; k < 64; k++) {
		b->runs |= (uint64_t)(!k || b->leaf[k] != b->leaf[k - 1]) << k;
		max = b->leaf[k] > max ? b->leaf[k] : max;
	}
	// A deep /24 is a run of its own, and so is what follows it.
	b->runs |= b->deep | b->deep << 1;
	b->is_wide = max > FIB4_NARROW_MAX;
}

static void leaves_write(char *leaves, const struct build *b)
{
	for (uint64_t left = b->runs; left; left &= left - 1) {
		unsigned k = (unsigned)__builtin_ctzll(left);
		uint16_t leaf = b->deep >> k & 1 ? FIB4_DEEP_WIDE : b->leaf[k];

		memcpy(leaves, &leaf, 1u << b->is_wide);
		leaves += 1 << b->is_wide;
	}
}

static uint32_t node_new(struct fib4 *fib, const struct build *b)
{
	size_t front = deep_len(b->deep);
	uint32_t off = arena_alloc(&fib->arena, front + node_len(b->runs, b->is_wide)), entry;
	char *node = (char *)arena_at(&fib->arena, off) + front;

	if (!off)
		return FIB4_UNBUILT;
	entry = FIB4_NODE | (b->is_wide ? FIB4_WIDE : 0) | (b->deep ? FIB4_DEEP : 0) |
		(off + (uint32_t)front / ARENA_UNIT);
	memcpy(node, &b->runs, sizeof(b->runs));
	if (b->deep)
		memcpy(node - 8, &b->deep, sizeof(b->deep));
	for (uint64_t left = b->deep; left; left &= left - 1) {
		unsigned k = (unsigned)__builtin_ctzll(left);

		*sub_at(fib, entry, k) = b->sub[k];
	}
	leaves_write(node + 8, b);
	return entry;
}

// The old node goes; of its subs, those that the new one does not carry on.
static void node_retire(struct fib4 *fib, uint32_t entry, uint64_t reused)
{
	size_t front = deep_len(deep_of(fib, entry));
	const char *node = fib4_node(fib, entry);
	uint64_t runs;

	if (!(entry & FIB4_NODE))
		return;
	for (uint64_t left = deep_of(fib, entry) & ~reused; left; left &= left - 1)
		sub_retire(fib, *sub_at(fib, entry, (unsigned)__builtin_ctzll(left)));
	memcpy(&runs, node, sizeof(runs));
	arena_retire(&fib->arena, (entry & FIB4_OFF) - (uint32_t)front / ARENA_UNIT,
		     front + node_len(runs, entry & FIB4_WIDE));
}

static uint32_t slot_build(struct fib4 *fib, struct build *b, unsigned slot, uint64_t touched)
{
	const struct rib_node *node;
	uint8_t addr[4];
	uint32_t entry;

	b->reused = 0;
	slot_addr(slot, addr);
	fill(b->leaf, 64, rib_path_nh(rib_match(fib->rib, addr, 18)));
	node = rib_node_find(fib->rib, addr, 2);
	if (!node)
		return b->leaf[0];
	rib_paint(fib->rib, node, 2, slot & 3, b->leaf);
	b->deep = rib_children(fib->rib, node, slot & 3);
	runs_find(b);
	if (b->runs == 1 && !b->deep)
		return b->leaf[0];
	entry = FIB4_UNBUILT;
	if (!subs_make(fib, b, node, slot, touched)) {
		entry = node_new(fib, b);
		if (entry == FIB4_UNBUILT)
			subs_undo(fib, b);
	}
	if (entry == FIB4_UNBUILT)
		b->reused = 0;
	return entry;
}

// Builds first, then swaps. Without memory the slot is left to the RIB: slow, right.
static void slot_update(struct fib4 *fib, unsigned slot, uint64_t touched)
{
	uint32_t old = entry_of(fib, slot), new;
	struct build b;

	new = slot_build(fib, &b, slot, touched);
	fib->n_refused += new == FIB4_UNBUILT;
	slotmap_clear(&fib->unbuilt, slot);
	slotmap_clear(&fib->behind, slot);
	if (new == old)
		return;
	atomic_store_explicit(root_at(fib, slot), new, memory_order_release);
	node_retire(fib, old, b.reused);
}

// Following the RIB.

// The /24s of a slot that a prefix covers.
static uint64_t touched_by(uint32_t addr, unsigned len)
{
	unsigned first = addr >> 8 & 63, n = len < 24 ? 1u << (24 - len) : 1;

	return len <= 18 ? ~0ull : ((1ull << n) - 1) << first;
}

static void default_set(struct fib4 *fib)
{
	uint32_t word = atomic_load_explicit(&fib->rib->zero_length, memory_order_relaxed);
	uint32_t n = (fib4_default(fib) >> 16) + 1;

	atomic_store_explicit(&fib->default_route, n << 16 | rib_path_nh(rib_best(fib->rib, word)),
			      memory_order_release);
}

// Leaves the slot to fib4_step(). In bulk, one without a node goes back to the
// RIB, which is right at once.
static void slot_mark(struct fib4 *fib, unsigned slot, bool is_bulk)
{
	uint32_t entry = entry_of(fib, slot);

	if (is_bulk && !(entry & FIB4_NODE)) {
		atomic_store_explicit(root_at(fib, slot), FIB4_UNBUILT, memory_order_release);
		slotmap_clear(&fib->behind, slot);
		entry = FIB4_UNBUILT;
	}
	slotmap_set(entry == FIB4_UNBUILT ? &fib->unbuilt : &fib->behind, slot);
}

void fib4_change(struct fib4 *fib, const uint8_t addr[4], unsigned len, bool is_bulk)
{
	uint32_t host = (uint32_t)addr[0] << 24 | (uint32_t)addr[1] << 16 | (uint32_t)addr[2] << 8 |
			addr[3];
	unsigned n = len < 18 ? 1u << (18 - len) : 1, slot = host >> 14 & ~(n - 1);
	unsigned left = is_bulk ? 0 : SLOTS_AT_ONCE;

	if (!len) {
		default_set(fib);
		return;
	}
	for (; n; n--, slot++) {
		if (!left || entry_of(fib, slot) == FIB4_UNBUILT) {
			slot_mark(fib, slot, is_bulk);
			continue;
		}
		slot_update(fib, slot,
			    slotmap_has(&fib->behind, slot) ? ~0ull : touched_by(host, len));
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

void fib4_mark(struct fib4 *fib, const uint8_t addr[4], unsigned len)
{
	uint32_t host = (uint32_t)addr[0] << 24 | (uint32_t)addr[1] << 16 | (uint32_t)addr[2] << 8 |
			addr[3];
	unsigned n = len < 18 ? 1u << (18 - len) : 1, slot = host >> 14 & ~(n - 1);

	if (!len)
		default_set(fib);
	for (; len && n; n--, slot++)
		slot_mark(fib, slot, false);
}

void fib4_catch_up(struct fib4 *fib)
{
	(void)map_build(fib, &fib->behind, SLOTS_AT_ONCE);
}

static unsigned posted_build(struct fib4 *fib, unsigned n)
{
	for (unsigned i = 0; i < FIB4_POSTS && n; i++) {
		uint32_t slot = atomic_load_explicit(&fib->posted[i], memory_order_relaxed);

		if (!slot)
			continue;
		atomic_store_explicit(&fib->posted[i], 0, memory_order_relaxed);
		if (slotmap_has(&fib->unbuilt, slot - 1)) {
			slot_update(fib, slot - 1, ~0ull);
			n--;
		}
	}
	return n;
}

bool fib4_step(struct fib4 *fib, unsigned n, bool is_bulk)
{
	unsigned left = n;

	if (fib->unbuilt.count)
		left = posted_build(fib, left);
	left = map_build(fib, &fib->behind, left);
	if (!is_bulk)
		left = map_build(fib, &fib->unbuilt, left);
	return left < n;
}

bool fib4_is_behind(const struct fib4 *fib)
{
	return fib->behind.count;
}

size_t fib4_todo(const struct fib4 *fib)
{
	return fib->unbuilt.count + fib->behind.count;
}

void fib4_poll(struct fib4 *fib)
{
	arena_poll(&fib->arena);
}

size_t fib4_bytes(const struct fib4 *fib)
{
	return ROOT_LEN + fib->arena.used;
}

uint64_t fib4_refused(const struct fib4 *fib)
{
	return fib->n_refused;
}

// Sanity.

static bool node_is_sane(const struct fib4 *fib, uint32_t entry, size_t *bytes)
{
	const char *node = fib4_node(fib, entry);
	uint64_t runs, deep = deep_of(fib, entry);

	memcpy(&runs, node, sizeof(runs));
	*bytes += round8(deep_len(deep) + node_len(runs, entry & FIB4_WIDE));
	if (!(runs & 1) || (runs & deep) != deep || (entry & FIB4_DEEP && !deep))
		return false;
	for (; deep; deep &= deep - 1) {
		uint32_t off = *sub_at(fib, entry, (unsigned)__builtin_ctzll(deep));
		const struct fib4_sub *sub = arena_at(&fib->arena, off);

		if (!off || !(sub->runs[0] & 1))
			return false;
		*bytes += round8(sub_len(sub->runs));
	}
	return true;
}

bool fib4_sanity(const struct fib4 *fib)
{
	size_t bytes = 16 + arena_waiting(&fib->arena);

	for (unsigned slot = 0; slot < FIB4_SLOTS; slot++) {
		uint32_t entry = entry_of(fib, slot);

		if (entry & FIB4_NODE && !node_is_sane(fib, entry, &bytes))
			return false;
	}
	return bytes == fib->arena.used;
}
