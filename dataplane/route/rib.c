// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/rib.h"

#include "dataplane/base/err.h"
#include "dataplane/route/rib_list.h"

#include <assert.h>
#include <string.h>

enum { NODE_LEN = sizeof(struct rib_node) };

static size_t block_len(uint64_t bits)
{
	return sizeof(struct rib_block) + (size_t)__builtin_popcountll(bits) * sizeof(uint32_t);
}

static uint32_t load(const _Atomic uint32_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static void store(_Atomic uint32_t *word, uint32_t value)
{
	atomic_store_explicit(word, value, memory_order_release);
}

static uint32_t node_new(struct rib *rib)
{
	uint32_t off = arena_alloc(&rib->arena, NODE_LEN);

	if (off)
		memset(arena_at(&rib->arena, off), 0, NODE_LEN);
	return off;
}

int rib_init(struct rib *rib, unsigned n_bytes, size_t limit, struct grace *grace)
{
	int rc = arena_init(&rib->arena, limit, ARENA_UNIT, grace);

	if (rc)
		return rc;
	rib->n_prefixes = rib->n_paths = 0;
	rib->pick = NULL;
	rib->tbl.base = rib->arena.base;
	rib->tbl.n_bytes = n_bytes;
	rib->tbl.root = node_new(rib);
	store(&rib->tbl.zero_length, 0);
	return 0;
}

void rib_fini(struct rib *rib)
{
	arena_fini(&rib->arena);
}

// Blocks.

static void block_retire(struct rib *rib, uint32_t off)
{
	const struct rib_block *block = arena_at(&rib->arena, off);

	if (off)
		arena_retire(&rib->arena, off, block_len(block->bits));
}

static uint64_t live_bits(const struct rib_block *block)
{
	uint64_t live = 0;
	unsigned rank = 0;

	for (uint64_t bits = block->bits; bits; bits &= bits - 1)
		if (load(&block->word[rank++]))
			live |= bits & -bits;
	return live;
}

static unsigned rank_of(uint64_t bits, unsigned bit)
{
	return (unsigned)__builtin_popcountll(bits & ((1ull << bit) - 1));
}

// No worker sees the copy yet, and nobody but control writes the original.
static void words_copy(_Atomic uint32_t *to, const _Atomic uint32_t *from, unsigned n)
{
	memcpy((void *)to, (const void *)from, n * sizeof(*to));
}

// A copy without its dead.
static uint32_t block_clean(struct rib *rib, uint32_t from)
{
	const struct rib_block *old = arena_at(&rib->arena, from);
	uint64_t live = live_bits(old);
	uint32_t off = arena_alloc(&rib->arena, block_len(live));
	struct rib_block *block = arena_at(&rib->arena, off);
	unsigned rank = 0;

	if (!off)
		return 0;
	block->bits = live;
	for (; live; live &= live - 1)
		store(&block->word[rank++],
		      load(&old->word[rank_of(old->bits, (unsigned)__builtin_ctzll(live))]));
	return off;
}

// A copy with room for bit, whose word is value.
static uint32_t block_copy(struct rib *rib, uint32_t from, unsigned bit, uint32_t value)
{
	const struct rib_block *old = arena_at(&rib->arena, from);
	uint64_t bits = from ? old->bits : 0;
	uint32_t off = arena_alloc(&rib->arena, block_len(bits | 1ull << bit));
	struct rib_block *block = arena_at(&rib->arena, off);
	unsigned rank = rank_of(bits, bit);

	if (!off)
		return 0;
	block->bits = bits | 1ull << bit;
	words_copy(block->word, old->word, rank);
	store(&block->word[rank], value);
	words_copy(&block->word[rank + 1], &old->word[rank],
		   (unsigned)__builtin_popcountll(bits) - rank);
	return off;
}

// Where the word of a bit stands, dead or alive; NULL if it has no place.
static _Atomic uint32_t *word_at(const struct rib *rib, const struct rib_node *node, unsigned b,
				 unsigned bit)
{
	uint32_t off = load(&node->block[b]);
	struct rib_block *block = arena_at(&rib->arena, off);

	if (!off || !(block->bits >> bit & 1))
		return NULL;
	return &block->word[rank_of(block->bits, bit)];
}

static void block_replace(struct rib *rib, struct rib_node *node, unsigned b, uint32_t new)
{
	uint32_t old = load(&node->block[b]);

	store(&node->block[b], new);
	block_retire(rib, old);
}

// Replaces a block by one without its dead. Without memory for less memory they stay.
static void dead_remove(struct rib *rib, struct rib_node *node, unsigned b)
{
	uint32_t new = block_clean(rib, load(&node->block[b]));

	if (!new)
		return;
	block_replace(rib, node, b, new);
	node->n_dead[b] = 0;
}

static int word_set(struct rib *rib, struct rib_node *node, unsigned b, unsigned bit,
		    uint32_t value)
{
	_Atomic uint32_t *word = word_at(rib, node, b, bit);
	uint32_t new;

	if (word) {
		node->n_dead[b] -= !load(word);
		store(word, value);
		return 0;
	}
	if (node->n_dead[b])
		dead_remove(rib, node, b);
	new = block_copy(rib, load(&node->block[b]), bit, value);
	if (!new)
		return -ENOMEM;
	block_replace(rib, node, b, new);
	return 0;
}

// A tombstone at first; the block goes with its last word (returns true), and is
// copied without its dead when three quarters are.
static bool word_del(struct rib *rib, struct rib_node *node, unsigned b, unsigned bit)
{
	const struct rib_block *block = arena_at(&rib->arena, load(&node->block[b]));
	unsigned n = (unsigned)__builtin_popcountll(block->bits), n_live;

	store(word_at(rib, node, b, bit), 0);
	n_live = n - ++node->n_dead[b];
	if (!n_live) {
		block_replace(rib, node, b, 0);
		node->n_dead[b] = 0;
		return true;
	}
	if (n > 4 && n_live * 4 <= n)
		dead_remove(rib, node, b);
	return false;
}

// Nodes.

static struct rib_node *child_of(const struct rib *rib, const struct rib_node *node, unsigned byte)
{
	uint32_t off = rib_word(&rib->tbl, node, RIB_PREFIX_BLOCKS + byte / 64, byte % 64);

	return off ? arena_at(&rib->arena, off) : NULL;
}

static bool is_empty(const struct rib_node *node)
{
	uint32_t any = 0;

	for (unsigned b = 0; b < RIB_BLOCKS; b++)
		any |= load(&node->block[b]);
	return !any;
}

static struct rib_node *node_find(const struct rib *rib, const uint8_t *addr, unsigned depth)
{
	struct rib_node *node = arena_at(&rib->arena, rib->tbl.root);

	for (unsigned d = 0; node && d < depth; d++)
		node = child_of(rib, node, addr[d]);
	return node;
}

// Removes the empty nodes over addr, deepest first.
static void prune(struct rib *rib, const uint8_t *addr, unsigned depth)
{
	for (unsigned d = depth; d; d--) {
		struct rib_node *parent = node_find(rib, addr, d - 1);
		struct rib_node *node = parent ? child_of(rib, parent, addr[d - 1]) : NULL;
		uint32_t off;

		if (!node)
			continue;
		if (!is_empty(node))
			return;
		off = (uint32_t)(((char *)node - rib->arena.base) / ARENA_UNIT);
		(void)word_del(rib, parent, RIB_PREFIX_BLOCKS + addr[d - 1] / 64, addr[d - 1] % 64);
		arena_retire(&rib->arena, off, NODE_LEN);
	}
}

static struct rib_node *child_make(struct rib *rib, struct rib_node *node, unsigned byte)
{
	struct rib_node *child = child_of(rib, node, byte);
	uint32_t off;

	if (child)
		return child;
	off = node_new(rib);
	if (!off)
		return NULL;
	if (word_set(rib, node, RIB_PREFIX_BLOCKS + byte / 64, byte % 64, off)) {
		arena_free(&rib->arena, off, NODE_LEN);
		return NULL;
	}
	return arena_at(&rib->arena, off);
}

static struct rib_node *node_make(struct rib *rib, const uint8_t *addr, unsigned depth)
{
	struct rib_node *node = arena_at(&rib->arena, rib->tbl.root);

	for (unsigned d = 0; d < depth; d++) {
		node = child_make(rib, node, addr[d]);
		if (!node) {
			prune(rib, addr, d);
			return NULL;
		}
	}
	return node;
}

// Changes.

static unsigned index_of(const uint8_t *addr, unsigned len)
{
	unsigned rest = (len - 1) % 8 + 1;

	return 1u << rest | addr[(len - 1) / 8] >> (8 - rest);
}

// Where the word of a prefix stands or would stand.
struct place {
	_Atomic uint32_t *word; // NULL: it has no place yet
	struct rib_node *node;	// NULL: neither has its node, or it is 0/0
	unsigned index;
};

static struct place place_find(struct rib *rib, const uint8_t *addr, unsigned len)
{
	struct place place = {.word = &rib->tbl.zero_length};

	if (!len)
		return place;
	place.index = index_of(addr, len);
	place.node = node_find(rib, addr, (len - 1) / 8);
	place.word =
		place.node ? word_at(rib, place.node, place.index / 64, place.index % 64) : NULL;
	return place;
}

static int place_set(struct rib *rib, struct place *place, const uint8_t *addr, unsigned len,
		     uint32_t value)
{
	unsigned depth = (len - 1) / 8;

	if (place->word) {
		if (place->node)
			place->node->n_dead[place->index / 64] -= !load(place->word);
		store(place->word, value);
		return 0;
	}
	if (!place->node)
		place->node = node_make(rib, addr, depth);
	if (place->node && !word_set(rib, place->node, place->index / 64, place->index % 64, value))
		return 0;
	if (place->node)
		prune(rib, addr, depth);
	return -ENOMEM;
}

static void place_clear(struct rib *rib, struct place *place, const uint8_t *addr, unsigned len)
{
	if (!place->node)
		store(place->word, 0);
	else if (word_del(rib, place->node, place->index / 64, place->index % 64) &&
		 is_empty(place->node))
		prune(rib, addr, (len - 1) / 8);
}

static void change_count(struct rib *rib)
{
	store(&rib->tbl.n_changes, load(&rib->tbl.n_changes) + 1);
}

int rib_add(struct rib *rib, const uint8_t *addr, unsigned len, const struct rib_path *path,
	    struct rib_change *change)
{
	struct rib_spot spot = {addr, len};
	struct place place = place_find(rib, addr, len);
	uint32_t old = place.word ? load(place.word) : 0, new;
	int rc;

	change_count(rib);
	*change = (struct rib_change){.old_best = rib_best(&rib->tbl, old)};
	rc = rib_list_add(rib, &spot, old, path, &new, change);
	if (rc)
		return rc;
	if (place_set(rib, &place, addr, len, new)) {
		rib_list_undo(rib, new);
		return -ENOMEM;
	}
	rib_list_done(rib, old, new);
	rib->n_prefixes += !old;
	rib->n_paths += !change->removed;
	change->new_best = rib_best(&rib->tbl, new);
	return 0;
}

int rib_del(struct rib *rib, const uint8_t *addr, unsigned len, const struct rib_path *path,
	    struct rib_change *change)
{
	struct rib_spot spot = {addr, len};
	struct place place = place_find(rib, addr, len);
	uint32_t old = place.word ? load(place.word) : 0, new;

	change_count(rib);
	*change = (struct rib_change){.old_best = rib_best(&rib->tbl, old)};
	new = rib_list_del(rib, &spot, old, path, change);
	if (!change->removed)
		return -ENOENT;
	change->new_best = rib_best(&rib->tbl, new);
	rib->n_paths--;
	if (!new) {
		place_clear(rib, &place, addr, len);
		rib->n_prefixes--;
	} else {
		store(place.word, new);
	}
	rib_list_done(rib, old, new);
	return 0;
}

uint32_t rib_get(const struct rib *rib, const uint8_t *addr, unsigned len)
{
	struct place place = place_find((struct rib *)rib, addr, len);

	return place.word ? load(place.word) : 0;
}
