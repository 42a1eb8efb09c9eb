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

// A copy without its dead, with room for bit (64: none), whose word is value.
static uint32_t block_copy(struct rib *rib, uint32_t from, unsigned bit, uint32_t value)
{
	const struct rib_block *old = arena_at(&rib->arena, from);
	uint64_t live = from ? live_bits(old) : 0;
	uint64_t bits = live | (bit < 64 ? 1ull << bit : 0);
	uint32_t off = arena_alloc(&rib->arena, block_len(bits));
	struct rib_block *block = arena_at(&rib->arena, off);
	unsigned rank = 0;

	if (!off)
		return 0;
	block->bits = bits;
	for (; bits; bits &= bits - 1) {
		unsigned b = (unsigned)__builtin_ctzll(bits);
		unsigned old_rank =
			from ? (unsigned)__builtin_popcountll(old->bits & ((1ull << b) - 1)) : 0;

		store(&block->word[rank++], b == bit ? value : load(&old->word[old_rank]));
	}
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
	return &block->word[__builtin_popcountll(block->bits & ((1ull << bit) - 1))];
}

static int word_set(struct rib *rib, struct rib_node *node, unsigned b, unsigned bit,
		    uint32_t value)
{
	_Atomic uint32_t *word = word_at(rib, node, b, bit);
	uint32_t old, new;

	if (word) {
		store(word, value);
		return 0;
	}
	old = load(&node->block[b]);
	new = block_copy(rib, old, bit, value);
	if (!new)
		return -ENOMEM;
	store(&node->block[b], new);
	block_retire(rib, old);
	return 0;
}

// A tombstone at first; the block goes with its last word, and is copied
// without its dead when three quarters are.
static void word_del(struct rib *rib, struct rib_node *node, unsigned b, unsigned bit)
{
	uint32_t off = load(&node->block[b]), new = 0;
	const struct rib_block *block = arena_at(&rib->arena, off);
	int n = __builtin_popcountll(block->bits), n_live;

	store(word_at(rib, node, b, bit), 0);
	n_live = __builtin_popcountll(live_bits(block));
	if (n_live && (n <= 4 || n_live * 4 > n))
		return;
	if (n_live) {
		new = block_copy(rib, off, 64, 0);
		if (!new)
			return; // no memory for less memory: the dead stay
	}
	store(&node->block[b], new);
	block_retire(rib, off);
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
		word_del(rib, parent, RIB_PREFIX_BLOCKS + addr[d - 1] / 64, addr[d - 1] % 64);
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

static _Atomic uint32_t *prefix_at(struct rib *rib, const uint8_t *addr, unsigned len)
{
	struct rib_node *node;
	unsigned index;

	if (!len)
		return &rib->tbl.zero_length;
	node = node_find(rib, addr, (len - 1) / 8);
	index = index_of(addr, len);
	return node ? word_at(rib, node, index / 64, index % 64) : NULL;
}

static int prefix_insert(struct rib *rib, const uint8_t *addr, unsigned len, uint32_t path)
{
	struct rib_node *node = node_make(rib, addr, (len - 1) / 8);
	unsigned index = index_of(addr, len);

	if (!node)
		return -ENOMEM;
	if (word_set(rib, node, index / 64, index % 64, path)) {
		prune(rib, addr, (len - 1) / 8);
		return -ENOMEM;
	}
	return 0;
}

static void prefix_delete(struct rib *rib, const uint8_t *addr, unsigned len)
{
	struct rib_node *node;
	unsigned index;

	if (!len) {
		store(&rib->tbl.zero_length, 0);
		return;
	}
	node = node_find(rib, addr, (len - 1) / 8);
	index = index_of(addr, len);
	word_del(rib, node, index / 64, index % 64);
	if (is_empty(node))
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
	_Atomic uint32_t *at = prefix_at(rib, addr, len);
	uint32_t old = at ? load(at) : 0, new;
	int rc;

	change_count(rib);
	*change = (struct rib_change){.old_best = rib_best(&rib->tbl, old)};
	rc = rib_list_add(rib, &spot, old, path, &new, change);
	if (rc)
		return rc;
	if (at) {
		store(at, new);
		rib_list_done(rib, old, new);
	} else if (prefix_insert(rib, addr, len, new)) {
		rib_list_undo(rib, new);
		return -ENOMEM;
	}
	rib->n_prefixes += !old;
	rib->n_paths += !change->removed;
	change->new_best = rib_best(&rib->tbl, new);
	return 0;
}

int rib_del(struct rib *rib, const uint8_t *addr, unsigned len, const struct rib_path *path,
	    struct rib_change *change)
{
	struct rib_spot spot = {addr, len};
	_Atomic uint32_t *at = prefix_at(rib, addr, len);
	uint32_t old = at ? load(at) : 0, new;

	change_count(rib);
	*change = (struct rib_change){.old_best = rib_best(&rib->tbl, old)};
	new = rib_list_del(rib, &spot, old, path, change);
	if (!change->removed)
		return -ENOENT;
	change->new_best = rib_best(&rib->tbl, new);
	rib->n_paths--;
	if (!new) {
		prefix_delete(rib, addr, len);
		rib->n_prefixes--;
	} else {
		store(at, new);
	}
	rib_list_done(rib, old, new);
	return 0;
}

uint32_t rib_get(const struct rib *rib, const uint8_t *addr, unsigned len)
{
	_Atomic uint32_t *at = prefix_at((struct rib *)rib, addr, len);

	return at ? load(at) : 0;
}
