// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/fib4_build.h"

#include "dataplane/base/err.h"
#include "dataplane/route/fib4.h"
#include "dataplane/route/fib4_runs.h"
#include "dataplane/route/rib_paint.h"

#include <string.h>

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

uint64_t fib4_deep(const struct fib4 *fib, uint32_t entry)
{
	bool is_deep = entry & FIB4_NODE && entry & FIB4_DEEP;

	return is_deep ? ((const uint64_t *)fib4_node(fib, entry))[-1] : 0;
}

static uint32_t *sub_at(const struct fib4 *fib, uint32_t entry, unsigned k)
{
	uint64_t deep = fib4_deep(fib, entry);

	return (uint32_t *)fib4_node(fib, entry) - 3 -
	       __builtin_popcountll(deep & ((1ull << k) - 1));
}

// Building.

struct build {
	uint16_t value[RUNS_FRONT + 64]; // answers of the /24s
	uint64_t deep;			 // these /24s hold longer prefixes
	uint64_t runs;
	bool is_wide;
	uint32_t sub[64]; // offsets, by /24 of deep; reused ones belong to the old node too
	uint64_t reused;
};

static void slot_addr(unsigned slot, uint8_t addr[4])
{
	addr[0] = (uint8_t)(slot >> 10);
	addr[1] = (uint8_t)(slot >> 2);
	addr[2] = (uint8_t)(slot << 6);
	addr[3] = 0;
}

// n is a multiple of 4, or less than 4.
static void fill(uint16_t out[], unsigned n, uint16_t nh)
{
	uint64_t four = nh * 0x0001000100010001ull;

	for (; n >= 4; n -= 4, out += 4)
		memcpy(out, &four, 8);
	for (; n; n--)
		*out++ = nh;
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
	uint32_t old = fib4_entry(fib, slot);

	b->reused = fib4_deep(fib, old) & b->deep & ~touched;
	if (b->deep)
		memset(b->sub, 0, sizeof(b->sub));
	for (uint64_t left = b->deep; left; left &= left - 1) {
		unsigned k = (unsigned)__builtin_ctzll(left);
		const struct rib_node *child = rib_child(fib->rib, node, (slot & 3) << 6 | k);

		b->sub[k] = b->reused >> k & 1 ? *sub_at(fib, old, k)
					       : sub_new(fib, child, b->value[RUNS_FRONT + k]);
		if (!b->sub[k]) {
			subs_undo(fib, b);
			return -ENOMEM;
		}
	}
	return 0;
}

static void leaves_write(char *leaves, const struct build *b)
{
	const uint16_t *value = b->value + RUNS_FRONT;
	uint8_t *narrow = (uint8_t *)leaves;
	uint16_t *wide = (uint16_t *)(void *)leaves;

	if (b->is_wide)
		for (uint64_t left = b->runs; left; left &= left - 1)
			*wide++ = value[__builtin_ctzll(left)];
	else
		for (uint64_t left = b->runs; left; left &= left - 1)
			*narrow++ = (uint8_t)value[__builtin_ctzll(left)];
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
void fib4_entry_retire(struct fib4 *fib, uint32_t entry, uint64_t reused)
{
	size_t front = deep_len(fib4_deep(fib, entry));
	const char *node = fib4_node(fib, entry);
	uint64_t runs;

	if (!(entry & FIB4_NODE))
		return;
	for (uint64_t left = fib4_deep(fib, entry) & ~reused; left; left &= left - 1)
		sub_retire(fib, *sub_at(fib, entry, (unsigned)__builtin_ctzll(left)));
	memcpy(&runs, node, sizeof(runs));
	arena_retire(&fib->arena, (entry & FIB4_OFF) - (uint32_t)front / ARENA_UNIT,
		     front + node_len(runs, entry & FIB4_WIDE));
}

// A deep /24 is a run of its own, and so is what follows it.
static void deep_mark(struct build *b)
{
	for (uint64_t left = b->deep; left; left &= left - 1)
		b->value[RUNS_FRONT + __builtin_ctzll(left)] = FIB4_DEEP_WIDE;
	b->runs |= b->deep | b->deep << 1;
}

uint32_t fib4_entry_build(struct fib4 *fib, unsigned slot, uint64_t touched, uint64_t *reused)
{
	const struct rib_node *node;
	struct build b;
	uint16_t covering;
	uint8_t addr[4];
	uint32_t entry;

	*reused = 0;
	slot_addr(slot, addr);
	covering = rib_path_nh(rib_match_at(fib->rib, addr, 18, &node));
	if (!node)
		return covering;
	fill(b.value + RUNS_FRONT, 64, covering);
	rib_paint(fib->rib, node, 2, slot & 3, b.value + RUNS_FRONT);
	b.deep = rib_children(fib->rib, node, slot & 3);
	b.runs = runs_find(b.value, FIB4_NARROW_MAX, &b.is_wide);
	if (b.runs == 1 && !b.deep)
		return b.value[RUNS_FRONT];
	if (subs_make(fib, &b, node, slot, touched))
		return FIB4_UNBUILT;
	deep_mark(&b);
	entry = node_new(fib, &b);
	if (entry == FIB4_UNBUILT)
		subs_undo(fib, &b);
	else
		*reused = b.reused;
	return entry;
}

// Splicing: most changes are of one /24, and a node is 20 bytes. The runs before
// and behind the part are copied as they are.

enum { LEAVES_MAX = 64 * sizeof(uint16_t) };

struct splice {
	uint32_t old;	   // entry
	unsigned first, n; // /24s of the part
	uint16_t value[64];
	uint64_t runs;
	unsigned len;		   // bytes of leaf
	char leaf[2 * LEAVES_MAX]; // as they will stand in the node
};

static uint64_t below(unsigned k)
{
	return k < 64 ? (1ull << k) - 1 : ~0ull;
}

static unsigned count(uint64_t bits)
{
	return (unsigned)__builtin_popcountll(bits);
}

static uint16_t leaf_get(const char *leaves, unsigned i, bool is_wide)
{
	uint16_t wide;

	if (!is_wide)
		return (uint8_t)leaves[i];
	memcpy(&wide, leaves + i * 2, 2);
	return wide;
}

static void leaf_put(struct splice *s, uint16_t leaf, bool is_wide)
{
	if (is_wide)
		memcpy(s->leaf + s->len, &leaf, 2);
	else
		s->leaf[s->len] = (char)leaf;
	s->len += 1u << is_wide;
}

// All that a node may hold, whatever it does: two or four vectors, and no call.
// (Behind the last node lies room to read, see arena.h.)
static void leaves_copy(char *to, const char *from, bool is_wide)
{
	if (is_wide)
		memcpy(to, from, LEAVES_MAX);
	else
		memcpy(to, from, LEAVES_MAX / 2);
}

// The answers of the part, from the RIB. False: not by splicing.
static bool part_paint(const struct fib4 *fib, struct splice *s, uint32_t host, unsigned len)
{
	uint8_t addr[4] = {(uint8_t)(host >> 24), (uint8_t)(host >> 16), (uint8_t)(host >> 8), 0};
	const struct rib_node *node;
	uint16_t covering = rib_path_nh(rib_match_at(fib->rib, addr, len, &node));

	s->first = host >> 8 & 63;
	s->n = 1u << (24 - len);
	fill(s->value, s->n, covering);
	if (s->n > 1 && node)
		rib_paint(fib->rib, node, len - 16, addr[2] >> (24 - len), s->value);
	if (s->old & FIB4_WIDE)
		return true;
	for (unsigned i = 0; i < s->n; i++)
		if (s->value[i] > FIB4_NARROW_MAX)
			return false;
	return true;
}

static void part_write(struct splice *s, uint16_t before, bool has_before, bool is_wide)
{
	for (unsigned i = 0; i < s->n; i++) {
		uint16_t value = s->value[i];

		if (value != before || (!i && !has_before)) {
			s->runs |= 1ull << (s->first + i);
			leaf_put(s, value, is_wide);
		}
		before = value;
	}
}

// Old leaves around the new ones of the part.
static void leaves_splice(struct splice *s, uint64_t runs, const char *leaves, bool is_wide)
{
	unsigned end = s->first + s->n, n_before = count(runs & below(s->first));
	unsigned i_end = end < 64 ? count(runs & below(end + 1)) - 1 : 0;
	uint64_t behind = end < 64 ? runs & ~below(end + 1) : 0;

	s->runs = runs & below(s->first);
	s->len = n_before << is_wide;
	leaves_copy(s->leaf, leaves, is_wide);
	part_write(s, n_before ? leaf_get(leaves, n_before - 1, is_wide) : 0, n_before, is_wide);
	if (end == 64)
		return;
	if (leaf_get(leaves, i_end, is_wide) != s->value[s->n - 1]) {
		s->runs |= 1ull << end;
		leaf_put(s, leaf_get(leaves, i_end, is_wide), is_wide);
	}
	s->runs |= behind;
	leaves_copy(s->leaf + s->len, leaves + ((i_end + 1) << is_wide), is_wide);
	s->len += count(behind) << is_wide;
}

// A wide node stays wide only while one of its answers is: that may be in the part.
static bool may_narrow(uint64_t runs, const char *leaves, const struct splice *s)
{
	unsigned i = count(runs & below(s->first + 1)) - 1;
	unsigned last = count(runs & below(s->first + s->n)) - 1;

	for (; i <= last; i++)
		if (leaf_get(leaves, i, true) > FIB4_NARROW_MAX)
			return true;
	return false;
}

static uint32_t spliced_new(struct fib4 *fib, const struct splice *s, size_t front)
{
	uint32_t off = arena_alloc(&fib->arena, front + sizeof(s->runs) + s->len);
	char *node = (char *)arena_at(&fib->arena, off) + front;

	if (!off)
		return FIB4_UNBUILT;
	memcpy(node - front, fib4_node(fib, s->old) - front, front);
	memcpy(node, &s->runs, sizeof(s->runs));
	memcpy(node + sizeof(s->runs), s->leaf, s->len);
	return (s->old & ~FIB4_OFF) | (off + (uint32_t)front / ARENA_UNIT);
}

bool fib4_entry_splice(struct fib4 *fib, unsigned slot, uint32_t host, unsigned len,
		       uint32_t *entry)
{
	uint32_t old = fib4_entry(fib, slot);
	bool is_wide = old & FIB4_WIDE;
	uint64_t deep = fib4_deep(fib, old), runs;
	const char *leaves = fib4_node(fib, old) + sizeof(runs);
	struct splice s;

	s.old = old;
	if (!(old & FIB4_NODE) || len < 19 || len > 24 || !part_paint(fib, &s, host, len) ||
	    deep & below(s.first + s.n) & ~below(s.first))
		return false;
	memcpy(&runs, leaves - sizeof(runs), sizeof(runs));
	if (is_wide && may_narrow(runs, leaves, &s))
		return false;
	leaves_splice(&s, runs, leaves, is_wide);
	*entry = old;
	if (s.runs == runs && !memcmp(s.leaf, leaves, s.len))
		return true;
	if (s.runs == 1 && !deep)
		*entry = leaf_get(s.leaf, 0, is_wide);
	else
		*entry = spliced_new(fib, &s, deep_len(deep));
	return *entry != FIB4_UNBUILT;
}

// Sanity.

static bool node_is_sane(const struct fib4 *fib, uint32_t entry, size_t *bytes)
{
	const char *node = fib4_node(fib, entry);
	uint64_t runs, deep = fib4_deep(fib, entry);

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
		uint32_t entry = fib4_entry(fib, slot);

		if (entry & FIB4_NODE && !node_is_sane(fib, entry, &bytes))
			return false;
	}
	return bytes == fib->arena.used;
}
