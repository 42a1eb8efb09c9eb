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

// Runs of a pair, or of some keys of it.

static void runs_start(struct fib6_runs *runs, unsigned first, unsigned last)
{
	runs->n = 0;
	runs->is_deep = false;
	runs->first = first;
	runs->last = last;
}

// The bytes first..last of a node: what their values are, which have a child, and
// where something else than before begins.
struct painted {
	uint16_t leaf[256];
	uint64_t child[4], edges[4];
};

static void node_paint(const struct fib6_visit *v, struct painted *p, const struct rib_node *node,
		       uint16_t covering, unsigned first)
{
	paint(v, node, covering, p->leaf);
	rib_edges(p->leaf, p->edges);
	for (unsigned b = 0; b < RIB_CHILD_BLOCKS; b++) {
		p->child[b] = rib_children(v->fib->rib, node, b);
		p->edges[b] |= p->child[b] | p->child[b] << 1;
		p->edges[b] |= b ? p->child[b - 1] >> 63 : 0;
	}
	p->edges[first / 64] |= 1ull << (first % 64);
}

static int edge_next(const struct painted *p, unsigned from)
{
	for (unsigned b = from / 64; b < 4; b++, from = b * 64) {
		uint64_t left = p->edges[b] & ~0ull << (from % 64);

		if (left)
			return (int)(b * 64) + __builtin_ctzll(left);
	}
	return 256;
}

static bool has_child(const struct painted *p, unsigned byte)
{
	return p->child[byte / 64] >> (byte % 64) & 1;
}

// Those of one byte; node: that of the byte, NULL if there is none.
static void runs_add_byte(const struct fib6_visit *v, struct fib6_runs *runs,
			  const struct rib_node *node, unsigned byte, uint16_t covering)
{
	unsigned first = byte << 8 < runs->first ? runs->first & 0xff : 0;
	unsigned last = runs->last >> 8 == byte ? runs->last & 0xff : 255;
	struct painted p;

	if (!node) {
		fib6_run_add(runs, byte << 8 | first, covering);
		return;
	}
	node_paint(v, &p, node, covering, first);
	for (unsigned i = first; i <= last; i = (unsigned)edge_next(&p, i + 1))
		fib6_run_add(runs, byte << 8 | i, has_child(&p, i) ? FIB6_DEEP : p.leaf[i]);
}

static void runs_make(const struct fib6_visit *v, struct fib6_runs *runs,
		      const struct rib_node *node, uint16_t covering, unsigned first, unsigned last)
{
	struct painted p;

	runs_start(runs, first, last);
	if (first >> 8 == last >> 8) {
		runs_add_byte(v, runs, rib_child(v->fib->rib, node, first >> 8), first >> 8,
			      leaf_of(v, node, first >> 8, covering));
		return;
	}
	node_paint(v, &p, node, covering, first >> 8);
	for (unsigned byte = first >> 8; byte <= last >> 8 && runs->n <= FIB6_RUNS_MAX;
	     byte = (unsigned)edge_next(&p, byte + 1)) {
		const struct rib_node *child =
			has_child(&p, byte) ? rib_child(v->fib->rib, node, byte) : NULL;

		runs_add_byte(v, runs, child, byte, p.leaf[byte]);
	}
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

	if (!child)
		return leaf;
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
	struct painted p;

	node_paint(a->v, &p, a->node, a->covering, 0);
	for (unsigned byte = 0; byte < 256; byte++)
		value[byte] = has_child(&p, byte)
				      ? byte_build(a, rib_child(a->v->fib->rib, a->node, byte),
						   byte, p.leaf[byte])
				      : p.leaf[byte];
	if (!a->v->no_memory)
		dir = visit_check(a->v, fib6_flat_new(a->v->fib, value));
	for (unsigned byte = 0; !(dir & FIB6_CHILD) && byte < 256; byte++)
		pair_retire(a->v->fib, value[byte], a->old);
	return dir & FIB6_CHILD ? dir : FIB6_UNBUILT;
}

static uint32_t pair_of_runs(const struct adoption *a, const struct fib6_runs *runs)
{
	uint32_t pair = fib6_lines_new(a->v->fib, runs);

	if (!pair)
		return dir_build(a);
	if (visit_check(a->v, pair) != FIB6_UNBUILT && runs->is_deep)
		fib6_lines_children(a->v->fib, pair, child_adopt, (void *)a);
	return pair;
}

static uint32_t pair_build(const struct adoption *a)
{
	struct fib6_runs runs;

	runs_make(a->v, &runs, a->node, a->covering, 0, 0xffff);
	return pair_of_runs(a, &runs);
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

static void pair_replace(const struct adoption *a, _Atomic uint32_t *entry, uint32_t now)
{
	if (!(now & FIB6_CHILD) || now == a->old)
		return;
	store(entry, now);
	pair_retire(a->v->fib, a->old, now);
}

// Lines that hold much that is no more are not worth keeping their shape.
static bool is_worth_it(uint32_t lines, const struct fib6_runs *runs)
{
	unsigned bits = (lines & FIB6_BITS) >> FIB6_BITS_AT;

	return lines & FIB6_LINES && (!bits || runs->n > 4u << bits);
}

static void pair_update(const struct adoption *a, _Atomic uint32_t *entry)
{
	struct fib6 *fib = a->v->fib;
	struct fib6_runs runs;
	uint32_t now = 0;

	runs_make(a->v, &runs, a->node, a->covering, 0, 0xffff);
	if (is_worth_it(a->old, &runs))
		now = visit_check(a->v, fib6_lines_splice(fib, a->old, &runs, false));
	if (!now)
		now = pair_of_runs(a, &runs);
	else if (now != a->old && now & FIB6_CHILD)
		fib6_lines_children(fib, now, child_adopt, (void *)a);
	pair_replace(a, entry, now);
}

// Whether what a dir holds surely fits one line.
static bool is_small(const struct fib6 *fib, uint32_t dir)
{
	uint32_t last = FIB6_CHILD;
	unsigned n = 0;

	for (unsigned byte = 0; byte < 256 && n <= FIB6_LINE_RUNS; byte++) {
		uint32_t entry = load(fib6_flat_at(fib, dir, byte));

		n += entry != last;
		if (entry & FIB6_CHILD)
			n += fib6_lines_count(fib, entry);
		last = entry;
	}
	return n <= FIB6_LINE_RUNS;
}

static void byte_update(const struct adoption *a, unsigned byte)
{
	struct fib6_visit *v = a->v;
	_Atomic uint32_t *entry = fib6_flat_at(v->fib, a->old, byte);
	uint32_t old = load(entry), now;

	now = byte_build(a, rib_child(v->fib->rib, a->node, byte), byte,
			 leaf_of(v, a->node, byte, a->covering));
	if (now == old || now == FIB6_UNBUILT)
		return;
	store(entry, now);
	pair_retire(v->fib, old, now);
}

// Splices runs into the lines behind entry; false if they do not fit.
static bool runs_update(const struct adoption *a, _Atomic uint32_t *entry,
			const struct fib6_runs *runs, bool is_byte)
{
	struct adoption mine = *a;
	uint32_t lines;

	mine.old = load(entry);
	lines = visit_check(a->v, fib6_lines_splice(a->v->fib, mine.old, runs, is_byte));
	if (lines != mine.old && (lines & FIB6_CHILD))
		fib6_lines_children(a->v->fib, lines, child_adopt, &mine);
	pair_replace(&mine, entry, lines);
	return lines != 0;
}

static void pair_range_update(const struct adoption *a, _Atomic uint32_t *entry, unsigned first,
			      unsigned last)
{
	struct fib6_runs runs;

	if (a->old & FIB6_LINES) {
		runs_make(a->v, &runs, a->node, a->covering, first, last);
		if (!runs_update(a, entry, &runs, false))
			pair_update(a, entry);
		return;
	}
	for (unsigned byte = first >> 8; byte <= last >> 8; byte++)
		byte_update(a, byte);
	if (is_small(a->v->fib, a->old))
		pair_update(a, entry);
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
	struct adoption a = {v, node, depth, covering, 0};
	struct below b = {v, node, depth, covering, 0, 0xffff};
	uint32_t old = load(entry), now = covering;

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
		a.old = old;
		pair_update(&a, entry);
		below_update(&b, load(entry));
		return;
	}
	if (node)
		now = tree_build(v, node, depth, covering);
	// No budget to build it: a leaf stays what it is, not wrong but old.
	if (now == old || (now == FIB6_UNBUILT && v->is_short))
		return;
	store(entry, now);
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
	struct adoption a = {v, w->node, w->depth, 0, load(entry)};
	struct fib6_runs runs;
	uint32_t old;

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
	runs_start(&runs, key, key);
	fib6_run_add(&runs, key, value);
	return runs_update(&a, entry, &runs, is_byte);
}

// The range of keys that the last n bits of a prefix say, n from 1 to 16.
static void pair_change(struct fib6_visit *v, const struct way *w, const uint8_t addr[16],
			unsigned n)
{
	unsigned key = (unsigned)addr[w->depth] << 8 | addr[w->depth + 1];
	unsigned first = key & (0xffff0000u >> n) & 0xffff, last = first | 0xffffu >> n;
	uint16_t covering = covering_way(v, w, addr);
	struct adoption a = {v, w->node, w->depth, covering, load(w->entry)};
	struct below b = {v, w->node, w->depth, covering, first, last};

	pair_range_update(&a, w->entry, first, last);
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
