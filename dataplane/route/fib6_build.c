// SPDX-License-Identifier: BSD-3-Clause
// A flat stands where the RIB has a node of depth 2 or 3, a pair where it has one
// of depth 4, 6, .. 14: the node's prefixes and those of its children, painted
// over what covers it. A change of a prefix brings the flat or pair of its node up
// to date, and then visits what lies below the part that the prefix covers, since
// what covers it may have changed.
#include "dataplane/route/fib6_build.h"

#include "dataplane/route/fib6_image.h"
#include "dataplane/route/rib_paint.h"

#include <string.h>

static uint32_t load(const _Atomic uint32_t *entry)
{
	return atomic_load_explicit(entry, memory_order_relaxed);
}

static void store(_Atomic uint32_t *entry, uint32_t value)
{
	atomic_store_explicit(entry, value, memory_order_release);
}

static void visit_stop(struct fib6_visit *v)
{
	if (v->is_short && memcmp(v->addr, v->stop, sizeof(v->stop)) >= 0)
		return;
	v->is_short = true;
	memcpy(v->stop, v->addr, sizeof(v->stop));
}

static void visit_pay(struct fib6_visit *v)
{
	v->budget -= v->budget > 0;
}

static uint32_t visit_check(struct fib6_visit *v, uint32_t image)
{
	if (image == FIB6_UNBUILT) {
		v->no_memory = true;
		v->budget = 0;
	}
	return image;
}

// Whether all under addr's first depth bytes lies before the point to resume at.
static bool is_done(const struct fib6_visit *v, unsigned depth)
{
	return v->resume && memcmp(v->addr, v->resume, depth) < 0;
}

static void paint(const struct fib6_visit *v, const struct rib_node *node, uint16_t covering,
		  uint16_t leaf[256])
{
	for (unsigned i = 0; i < 256; i++)
		leaf[i] = covering;
	rib_paint(v->fib->rib, node, 0, 0, leaf);
}

// What a byte's values come to: the node's own prefixes, else what covers it.
static uint16_t leaf_of(const struct fib6_visit *v, const struct rib_node *node, unsigned byte,
			uint16_t covering)
{
	uint32_t word = rib_node_match(v->fib->rib, node, byte, 8);

	return word ? rib_path_nh(rib_best(v->fib->rib, word)) : covering;
}

// The node two levels below a key of a pair, NULL if there is none.
static const struct rib_node *below_of(const struct fib6_visit *v, const struct rib_node *node,
				       unsigned key)
{
	const struct rib_node *child = rib_child(v->fib->rib, node, key >> 8);

	return child ? rib_child(v->fib->rib, child, key & 0xff) : NULL;
}

static uint16_t covering_of(const struct fib6_visit *v, const struct rib_node *node, unsigned key,
			    uint16_t covering)
{
	const struct rib_node *child = rib_child(v->fib->rib, node, key >> 8);

	covering = leaf_of(v, node, key >> 8, covering);
	return child ? leaf_of(v, child, key & 0xff, covering) : covering;
}

static uint32_t tree_build(struct fib6_visit *v, const struct rib_node *node, unsigned depth,
			   uint16_t covering);

// Runs of a pair, or of one byte of it.

static void runs_start(struct fib6_runs *runs, unsigned first, unsigned last)
{
	runs->n = 0;
	runs->is_deep = false;
	runs->first = first;
	runs->last = last;
}

// The keys of one byte; node: that of the byte, NULL if there is none.
static void runs_add_byte(const struct fib6_visit *v, struct fib6_runs *runs,
			  const struct rib_node *node, unsigned byte, uint16_t covering)
{
	uint16_t leaf[256];

	if (!node) {
		fib6_run_add(runs, byte << 8, covering);
		return;
	}
	paint(v, node, covering, leaf);
	for (unsigned b = 0; b < RIB_CHILD_BLOCKS; b++)
		for (uint64_t left = rib_children(v->fib->rib, node, b); left; left &= left - 1)
			leaf[b * 64 + (unsigned)__builtin_ctzll(left)] = FIB6_DEEP;
	for (unsigned i = 0; i < 256; i++)
		fib6_run_add(runs, byte << 8 | i, leaf[i]);
}

static void runs_make(const struct fib6_visit *v, struct fib6_runs *runs,
		      const struct rib_node *node, uint16_t covering)
{
	uint16_t leaf[256];

	runs_start(runs, 0, 0xffff);
	paint(v, node, covering, leaf);
	for (unsigned byte = 0; byte < 256 && runs->n <= FIB6_RUNS_MAX; byte++)
		runs_add_byte(v, runs, rib_child(v->fib->rib, node, byte), byte, leaf[byte]);
}

// Filling the children of a new pair: those of the old one, or new ones.
struct adoption {
	struct fib6_visit *v;
	const struct rib_node *node;
	unsigned depth;
	uint16_t covering;
	uint32_t old; // the pair to take from, or no child
};

static void child_adopt(void *arg, unsigned key, _Atomic uint32_t *child)
{
	const struct adoption *a = arg;
	struct fib6_visit *v = a->v;
	const _Atomic uint32_t *old =
		a->old & FIB6_CHILD ? fib6_pair_child(v->fib, a->old, key) : NULL;

	v->addr[a->depth] = (uint8_t)(key >> 8);
	v->addr[a->depth + 1] = (uint8_t)key;
	store(child, old ? load(old)
			 : tree_build(v, below_of(v, a->node, key), a->depth + 2,
				      covering_of(v, a->node, key, a->covering)));
	v->addr[a->depth] = v->addr[a->depth + 1] = 0;
}

// The lines of one byte, for a dir: a leaf where one value is all.
static uint32_t byte_build(const struct adoption *a, const struct rib_node *child, unsigned byte,
			   uint16_t leaf)
{
	struct fib6_runs runs;
	uint32_t lines;

	runs_start(&runs, byte << 8, byte << 8 | 0xff);
	runs_add_byte(a->v, &runs, child, byte, leaf);
	if (runs.n == 1 && !runs.is_deep)
		return runs.run[0].value;
	lines = visit_check(a->v, fib6_lines_new(a->v->fib, &runs));
	if (lines & FIB6_CHILD && runs.is_deep)
		fib6_lines_children(a->v->fib, lines, child_adopt, (void *)a);
	return lines;
}

// Retiring a pair, and what lies below it but for what another one has too.
struct inheritance {
	struct fib6 *fib;
	uint32_t heir;
};

static void child_leave(void *arg, unsigned key, _Atomic uint32_t *child)
{
	const struct inheritance *i = arg;
	const _Atomic uint32_t *kept =
		i->heir & FIB6_CHILD ? fib6_pair_child(i->fib, i->heir, key) : NULL;

	if (!kept || load(kept) != load(child))
		fib6_tree_retire(i->fib, load(child));
}

static void pair_retire(struct fib6 *fib, uint32_t pair, uint32_t heir)
{
	struct inheritance i = {fib, heir};

	if (!(pair & FIB6_CHILD))
		return;
	if (pair & FIB6_LINES)
		fib6_lines_children(fib, pair, child_leave, &i);
	for (unsigned byte = 0; !(pair & FIB6_LINES) && byte < 256; byte++)
		pair_retire(fib, load(fib6_flat_at(fib, pair, byte)), heir);
	fib6_image_retire(fib, pair);
}

static uint32_t dir_build(const struct adoption *a)
{
	uint32_t value[256], dir = 0;
	uint16_t leaf[256];

	paint(a->v, a->node, a->covering, leaf);
	for (unsigned byte = 0; byte < 256; byte++) {
		const struct rib_node *child = rib_child(a->v->fib->rib, a->node, byte);

		value[byte] = byte_build(a, child, byte, leaf[byte]);
	}
	if (!a->v->no_memory)
		dir = visit_check(a->v, fib6_flat_new(a->v->fib, value));
	for (unsigned byte = 0; !(dir & FIB6_CHILD) && byte < 256; byte++)
		pair_retire(a->v->fib, value[byte], a->old);
	return dir & FIB6_CHILD ? dir : FIB6_UNBUILT;
}

static uint32_t pair_build(const struct adoption *a)
{
	struct fib6_runs runs;
	uint32_t pair;

	runs_make(a->v, &runs, a->node, a->covering);
	pair = fib6_lines_new(a->v->fib, &runs);
	if (!pair)
		return dir_build(a);
	if (visit_check(a->v, pair) != FIB6_UNBUILT && runs.is_deep)
		fib6_lines_children(a->v->fib, pair, child_adopt, (void *)a);
	return pair;
}

static uint32_t flat_build(struct fib6_visit *v, const struct rib_node *node, unsigned depth,
			   uint16_t covering)
{
	uint32_t value[256], flat;
	uint16_t leaf[256];

	paint(v, node, covering, leaf);
	for (unsigned byte = 0; byte < 256; byte++) {
		const struct rib_node *child = rib_child(v->fib->rib, node, byte);

		v->addr[depth] = (uint8_t)byte;
		value[byte] = child ? tree_build(v, child, depth + 1, leaf[byte]) : leaf[byte];
	}
	v->addr[depth] = 0;
	flat = visit_check(v, fib6_flat_new(v->fib, value));
	for (unsigned i = 0; flat == FIB6_UNBUILT && i < 256; i++)
		fib6_tree_retire(v->fib, value[i]);
	return flat;
}

static uint32_t tree_build(struct fib6_visit *v, const struct rib_node *node, unsigned depth,
			   uint16_t covering)
{
	const struct adoption a = {v, node, depth, covering, 0};

	if (!v->budget) {
		visit_stop(v);
		return FIB6_UNBUILT;
	}
	visit_pay(v);
	return depth < FIB6_PAIR_DEPTH ? flat_build(v, node, depth, covering) : pair_build(&a);
}

// Bringing up to date.

static void pair_update(struct fib6_visit *v, _Atomic uint32_t *entry, const struct rib_node *node,
			unsigned depth, uint16_t covering)
{
	struct adoption a = {v, node, depth, covering, load(entry)};
	uint32_t new = pair_build(&a);

	if (!(new &FIB6_CHILD))
		return;
	if (fib6_lines_are_equal(v->fib, new, a.old)) {
		fib6_image_retire(v->fib, new);
		return;
	}
	store(entry, new);
	pair_retire(v->fib, a.old, new);
}

enum { DIR_SHRINK = 4 };

// Few enough bytes of a dir hold lines that those may do without it.
static bool is_sparse(const struct fib6 *fib, uint32_t dir)
{
	unsigned n = 0;

	for (unsigned byte = 0; byte < 256; byte++)
		n += load(fib6_flat_at(fib, dir, byte)) >> 31;
	return n <= DIR_SHRINK;
}

static void byte_update(const struct adoption *a, unsigned byte)
{
	struct fib6_visit *v = a->v;
	_Atomic uint32_t *entry = fib6_flat_at(v->fib, a->old, byte);
	uint32_t old = load(entry), new;

	new = byte_build(a, rib_child(v->fib->rib, a->node, byte), byte,
			 leaf_of(v, a->node, byte, a->covering));
	if (new == old || new == FIB6_UNBUILT)
		return;
	store(entry, new);
	pair_retire(v->fib, old, new);
}

static void pair_range_update(struct fib6_visit *v, _Atomic uint32_t *entry,
			      const struct rib_node *node, unsigned depth, uint16_t covering,
			      unsigned first, unsigned last)
{
	struct adoption a = {v, node, depth, covering, load(entry)};

	if (!(a.old & FIB6_LINES)) {
		for (unsigned byte = first >> 8; byte <= last >> 8; byte++)
			byte_update(&a, byte);
		if (!is_sparse(v->fib, a.old))
			return;
	}
	pair_update(v, entry, node, depth, covering);
}

struct below {
	struct fib6_visit *v;
	const struct rib_node *node;
	unsigned depth;
	uint16_t covering;
	unsigned first, last;
};

static void child_update(void *arg, unsigned key, _Atomic uint32_t *child)
{
	const struct below *b = arg;
	struct fib6_visit *v = b->v;

	if (key < b->first || key > b->last)
		return;
	v->addr[b->depth] = (uint8_t)(key >> 8);
	v->addr[b->depth + 1] = (uint8_t)key;
	fib6_tree_update(v, child, below_of(v, b->node, key), b->depth + 2,
			 covering_of(v, b->node, key, b->covering));
	v->addr[b->depth] = v->addr[b->depth + 1] = 0;
}

// What lies below the keys first..last of a pair.
static void below_update(const struct below *b, uint32_t pair)
{
	const struct fib6 *fib = b->v->fib;

	if (pair & FIB6_LINES)
		fib6_lines_children(fib, pair, child_update, (void *)b);
	for (unsigned byte = b->first >> 8; !(pair & FIB6_LINES) && byte <= b->last >> 8; byte++) {
		uint32_t lines = load(fib6_flat_at(fib, pair, byte));

		if (lines & FIB6_CHILD)
			fib6_lines_children(fib, lines, child_update, (void *)b);
	}
}

// The bytes first..last of a flat, and all below.
static void flat_update(struct fib6_visit *v, uint32_t flat, const struct rib_node *node,
			unsigned depth, uint16_t covering, unsigned first, unsigned last)
{
	for (unsigned byte = first; byte <= last; byte++) {
		v->addr[depth] = (uint8_t)byte;
		fib6_tree_update(v, fib6_flat_at(v->fib, flat, byte),
				 rib_child(v->fib->rib, node, byte), depth + 1,
				 leaf_of(v, node, byte, covering));
	}
	v->addr[depth] = 0;
}

// Brings everything behind entry up to date with the RIB's tree under node.
void fib6_tree_update(struct fib6_visit *v, _Atomic uint32_t *entry, const struct rib_node *node,
		      unsigned depth, uint16_t covering)
{
	struct below b = {v, node, depth, covering, 0, 0xffff};
	uint32_t old = load(entry), new = covering;

	if (is_done(v, depth))
		return;
	if (node && old & FIB6_CHILD) {
		if (!v->budget) {
			visit_stop(v);
			return;
		}
		visit_pay(v);
		if (depth < FIB6_PAIR_DEPTH) {
			flat_update(v, old, node, depth, covering, 0, 255);
			return;
		}
		pair_update(v, entry, node, depth, covering);
		below_update(&b, load(entry));
		return;
	}
	if (node)
		new = tree_build(v, node, depth, covering);
	// No budget to build it: a leaf stays what it is, not wrong but old.
	if (new == old || (new == FIB6_UNBUILT && v->is_short))
		return;
	store(entry, new);
	fib6_tree_retire(v->fib, old);
}

// A longer prefix: down to the deepest image on its way, which is that of its
// node, or has to learn that something below came or went.
struct way {
	_Atomic uint32_t *entry;
	const struct rib_node *node;
	unsigned depth;
	bool is_unbuilt;
};

// One image down; false at the end of the way.
static bool way_step(struct fib6_visit *v, struct way *w, const uint8_t addr[16])
{
	bool is_pair = w->depth >= FIB6_PAIR_DEPTH;
	unsigned key = (unsigned)addr[w->depth] << 8 | addr[w->depth + 1];
	const struct rib_node *child =
		is_pair ? below_of(v, w->node, key) : rib_child(v->fib->rib, w->node, key >> 8);
	_Atomic uint32_t *next = is_pair ? fib6_pair_child(v->fib, load(w->entry), key)
					 : fib6_flat_at(v->fib, load(w->entry), key >> 8);

	w->is_unbuilt = child && next && load(next) == FIB6_UNBUILT;
	if (!child || !next || !(load(next) & FIB6_CHILD))
		return false;
	memcpy(v->addr + w->depth, addr + w->depth, 1 + is_pair);
	w->entry = next;
	w->node = child;
	w->depth += 1 + is_pair;
	return true;
}

static uint16_t covering_way(const struct fib6_visit *v, const struct way *w,
			     const uint8_t addr[16])
{
	return rib_path_nh(rib_match(v->fib->rib, addr, w->depth * 8));
}

// One key of a pair: mostly one store, or a copy of few lines. Returns whether it
// was done.
static bool key_change(struct fib6_visit *v, const struct way *w, const uint8_t addr[16])
{
	unsigned key = (unsigned)addr[w->depth] << 8 | addr[w->depth + 1];
	_Atomic uint32_t *entry = w->entry, *child = fib6_pair_child(v->fib, load(entry), key);
	const struct rib_node *below = below_of(v, w->node, key);
	bool is_byte = !(load(entry) & FIB6_LINES);
	uint16_t value = covering_of(v, w->node, key, 0);
	uint32_t old, new;

	if (!child != !below)
		return false;
	if (!value)
		value = covering_way(v, w, addr);
	if (child) {
		memcpy(v->addr + w->depth, addr + w->depth, 2);
		fib6_tree_update(v, child, below, w->depth + 2, value);
		return true;
	}
	if (is_byte)
		entry = fib6_flat_at(v->fib, load(entry), key >> 8);
	old = load(entry);
	if (!(old & FIB6_CHILD))
		return false;
	if (fib6_lines_set(v->fib, old, key, is_byte, value))
		return true;
	new = fib6_lines_with(v->fib, old, key, is_byte, value);
	if (new &&visit_check(v, new) != FIB6_UNBUILT) {
		store(entry, new);
		fib6_image_retire(v->fib, old);
	}
	return new != 0;
}

// The range of keys that the last n bits of a prefix say, n from 1 to 16.
static void pair_change(struct fib6_visit *v, const struct way *w, const uint8_t addr[16],
			unsigned n)
{
	unsigned key = (unsigned)addr[w->depth] << 8 | addr[w->depth + 1];
	unsigned first = key & (0xffff0000u >> n) & 0xffff, last = first | 0xffffu >> n;
	uint16_t covering = covering_way(v, w, addr);
	struct below b = {v, w->node, w->depth, covering, first, last};

	pair_range_update(v, w->entry, w->node, w->depth, covering, first, last);
	below_update(&b, load(w->entry));
}

static void flat_change(struct fib6_visit *v, const struct way *w, const uint8_t addr[16],
			unsigned n)
{
	unsigned first = addr[w->depth] & (0xff00u >> n) & 0xff;

	flat_update(v, load(w->entry), w->node, w->depth, covering_way(v, w, addr), first,
		    first | 0xffu >> n);
}

void fib6_prefix_update(struct fib6_visit *v, const uint8_t addr[16], unsigned len)
{
	unsigned last = (len - 1) / 8, target = last < FIB6_PAIR_DEPTH ? last : last & ~1u, n;
	struct way w = {(_Atomic uint32_t *)&v->fib->root[(unsigned)addr[0] << 8 | addr[1]],
			rib_node_find(v->fib->rib, addr, 2), FIB6_FLAT_DEPTH, false};

	if (load(w.entry) == FIB6_UNBUILT) {
		v->is_short = true;
		return;
	}
	memcpy(v->addr, addr, FIB6_FLAT_DEPTH);
	while (w.node && load(w.entry) & FIB6_CHILD && w.depth < target)
		if (!way_step(v, &w, addr))
			break;
	if (w.is_unbuilt) {
		v->is_short = true;
		return;
	}
	if (!w.node || !(load(w.entry) & FIB6_CHILD)) {
		fib6_tree_update(v, w.entry, w.node, w.depth, covering_way(v, &w, addr));
		return;
	}
	n = w.depth == target ? len - w.depth * 8 : 16;
	if (w.depth < FIB6_PAIR_DEPTH)
		flat_change(v, &w, addr, n < 8 ? n : 8);
	else if (n < 16 || w.depth < target || !key_change(v, &w, addr))
		pair_change(v, &w, addr, n);
}
