// SPDX-License-Identifier: BSD-3-Clause
// The RIB in order: address first, then length. Within a node the indices form
// a complete binary tree (i has the children 2 i and 2 i + 1): its preorder,
// with a child node after each leaf, is that order.
#include "dataplane/route/rib.h"
#include "dataplane/route/rib_list.h"

#include <string.h>

struct walk {
	const struct rib *rib;
	rib_walk_fn *fn;
	void *arg;
	const uint8_t *from; // NULL: everything from here on
	unsigned from_len;
	uint8_t addr[16];
};

// Compares what addr's first len bits reach at most with from.
static bool ends_before_from(const struct walk *walk, unsigned len)
{
	unsigned whole = len / 8, rest = len % 8;
	int order = memcmp(walk->addr, walk->from, whole);

	if (order || !rest)
		return order < 0;
	return (walk->addr[whole] | 0xff >> rest) < walk->from[whole];
}

static bool is_after_from(const struct walk *walk, unsigned len)
{
	int order = memcmp(walk->addr, walk->from, walk->rib->tbl.n_bytes);

	return order > 0 || (!order && len > walk->from_len);
}

static bool emit(struct walk *walk, unsigned len, uint32_t word)
{
	if (!word || (walk->from && !is_after_from(walk, len)))
		return true;
	walk->from = NULL;
	return walk->fn(walk->arg, walk->addr, len, word);
}

static bool node_walk(struct walk *walk, const struct rib_node *node, unsigned depth);

static bool index_walk(struct walk *walk, const struct rib_node *node, unsigned depth,
		       unsigned rest, unsigned index)
{
	const struct rib_tbl *tbl = &walk->rib->tbl;

	walk->addr[depth] = (uint8_t)(index << (8 - rest));
	if (walk->from && ends_before_from(walk, depth * 8 + rest))
		return true;
	if (!emit(walk, depth * 8 + rest, rib_word(tbl, node, index / 64, index % 64)))
		return false;
	if (rest < 8)
		return index_walk(walk, node, depth, rest + 1, index * 2) &&
		       index_walk(walk, node, depth, rest + 1, index * 2 + 1);
	node = rib_child(tbl, node, index & 0xff);
	return !node || node_walk(walk, node, depth + 1);
}

static bool node_walk(struct walk *walk, const struct rib_node *node, unsigned depth)
{
	bool more = index_walk(walk, node, depth, 1, 2) && index_walk(walk, node, depth, 1, 3);

	walk->addr[depth] = 0;
	return more;
}

void rib_walk(const struct rib *rib, const uint8_t *from, unsigned from_len, rib_walk_fn *fn,
	      void *arg)
{
	struct walk walk = {rib, fn, arg, from, from_len, {0}};

	if (emit(&walk, 0, atomic_load(&rib->tbl.zero_length)))
		node_walk(&walk, rib_at(&rib->tbl, rib->tbl.root), 0);
}

// Sanity.

struct sums {
	uint64_t n_prefixes, n_paths;
	size_t bytes;
};

static size_t round8(size_t len)
{
	return (len + 7) & ~7ul;
}

static bool node_is_sane(const struct rib *rib, const struct rib_node *node, unsigned depth,
			 struct sums *sums);

static bool word_is_sane(const struct rib *rib, uint32_t word, struct sums *sums)
{
	if (!word)
		return true;
	sums->n_prefixes++;
	sums->n_paths += word & RIB_LIST ? 0 : 1;
	if (!(word & RIB_LIST))
		return rib_path_nh(word) != 0;
	return rib_list_is_sane(rib, word, &sums->n_paths, &sums->bytes);
}

static bool block_is_sane(const struct rib *rib, const struct rib_node *node, unsigned b,
			  unsigned depth, struct sums *sums)
{
	const struct rib_block *block = rib_at(&rib->tbl, node->block[b]);
	int n = __builtin_popcountll(block->bits), n_live = 0;
	bool is_child = b >= RIB_PREFIX_BLOCKS;

	sums->bytes += round8(sizeof(*block) + (size_t)n * 4);
	for (int i = 0; i < n; i++) {
		uint32_t word = block->word[i];

		n_live += word != 0;
		if (!is_child && !word_is_sane(rib, word, sums))
			return false;
		if (is_child && word &&
		    !node_is_sane(rib, rib_at(&rib->tbl, word), depth + 1, sums))
			return false;
	}
	return n_live && n_live + node->n_dead[b] == n; // one without the living is gone
}

static bool node_is_sane(const struct rib *rib, const struct rib_node *node, unsigned depth,
			 struct sums *sums)
{
	bool any = depth == 0;

	sums->bytes += sizeof(*node);
	for (unsigned b = 0; b < RIB_BLOCKS; b++) {
		uint32_t off = node->block[b];

		any |= off != 0;
		if (off ? !block_is_sane(rib, node, b, depth, sums) : node->n_dead[b])
			return false;
	}
	return any && depth < rib->tbl.n_bytes;
}

bool rib_sanity(const struct rib *rib)
{
	struct sums sums = {0};

	if (!word_is_sane(rib, rib->tbl.zero_length, &sums) ||
	    !node_is_sane(rib, rib_at(&rib->tbl, rib->tbl.root), 0, &sums))
		return false;
	return sums.n_prefixes == rib->n_prefixes && sums.n_paths == rib->n_paths &&
	       sums.bytes + arena_waiting(&rib->arena) == rib->arena.used;
}
