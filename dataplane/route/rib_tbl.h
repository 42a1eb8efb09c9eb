// SPDX-License-Identifier: BSD-3-Clause
// The RIB as readers see it: a trie of 8-bit strides, compressed by popcount.
//
// The control thread writes, workers read between two quiescent states. A node
// is 12 offsets of blocks: 8 blocks of prefixes, 4 of children. A block is 64
// bits, each of which may have a word; it never changes but for its words, and
// is replaced by one store into its node. Word 0 means "nothing here" (a
// tombstone: what was withdrawn often comes back).
//
// A prefix of length 8 d + l, 1 <= l <= 8, stands in the node of depth d under
// index 1 << l | (first l bits of byte d); 0/0 stands outside.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { RIB_PREFIX_BLOCKS = 8, RIB_CHILD_BLOCKS = 4, RIB_BLOCKS = 12, RIB_DEPTH_MAX = 16 };

// A word of a prefix: one path that a word can hold (rib_path()), or the offset
// of its paths.
#define RIB_LIST 0x80000000u
#define RIB_LAST 0x40000000u // of a path in a list: the last one

struct rib_node {
	_Atomic uint32_t block[RIB_BLOCKS];
	uint8_t n_dead[RIB_BLOCKS]; // words 0 of each block: control's own
	uint8_t spare[4];
};

struct rib_block {
	uint64_t bits;
	_Atomic uint32_t word[]; // one a bit, in order
};

enum { RIB_PATHS_MAX = 1024 };

// A path whose key or attributes a word cannot hold, or one of several, of which
// the first is the best. Workers read the first one's word alone: control may
// write all else in place.
struct rib_path {
	_Atomic uint32_t word;
	uint32_t attrs, peer, id;
};

struct rib_tbl {
	const char *base;
	uint32_t root;
	unsigned n_bytes;	      // of an address: 4 or 16
	_Atomic uint32_t zero_length; // word of 0/0 or ::/0
	_Atomic uint32_t n_changes;   // counted before a change takes effect
};

// A path fits a word: source and preference in front, so that less is better.
static inline uint32_t rib_path(unsigned source, unsigned pref, unsigned nh)
{
	return 1u << 27 | source << 24 | pref << 16 | nh;
}

static inline uint16_t rib_path_nh(uint32_t path)
{
	return (uint16_t)path;
}

static inline unsigned rib_path_source(uint32_t path)
{
	return path >> 24 & 7;
}

// Source and preference.
static inline unsigned rib_path_rank(uint32_t path)
{
	return path >> 16 & 0x7ff;
}

static inline const void *rib_at(const struct rib_tbl *rib, uint32_t off)
{
	return rib->base + (size_t)off * 8;
}

static inline uint32_t rib_word(const struct rib_tbl *rib, const struct rib_node *node, unsigned b,
				unsigned bit)
{
	uint32_t off = atomic_load_explicit(&node->block[b], memory_order_acquire);
	const struct rib_block *block = rib_at(rib, off);
	unsigned rank;

	if (!off || !(block->bits >> bit & 1))
		return 0;
	rank = (unsigned)__builtin_popcountll(block->bits & ((1ull << bit) - 1));
	return atomic_load_explicit(&block->word[rank], memory_order_acquire);
}

static inline const struct rib_node *rib_child(const struct rib_tbl *rib,
					       const struct rib_node *node, unsigned byte)
{
	uint32_t off = rib_word(rib, node, RIB_PREFIX_BLOCKS + byte / 64, byte % 64);

	return off ? rib_at(rib, off) : NULL;
}

static inline uint32_t rib_best(const struct rib_tbl *rib, uint32_t word)
{
	const struct rib_path *first;

	if (likely(!(word & RIB_LIST)))
		return word;
	first = rib_at(rib, word & ~RIB_LIST);
	return atomic_load_explicit(&first->word, memory_order_acquire) & ~RIB_LAST;
}

// The longest prefix of this node, of at most max bits of byte: its word, or 0.
// The first block holds the lengths 1 to 5: one read, and the highest bit wins.
static inline uint32_t rib_node_match(const struct rib_tbl *rib, const struct rib_node *node,
				      unsigned byte, unsigned max)
{
	const struct rib_block *block;
	unsigned t = byte >> 3;
	uint64_t bits = 1ull << (32 | t) | 1ull << (16 | t >> 1) | 1ull << (8 | t >> 2) |
			1ull << (4 | t >> 3) | 1ull << (2 | t >> 4);
	uint32_t off, word;

	for (; max > 5; max--) {
		unsigned index = 1u << max | byte >> (8 - max);

		word = rib_word(rib, node, index / 64, index % 64);
		if (word)
			return word;
	}
	off = atomic_load_explicit(&node->block[0], memory_order_acquire);
	if (!off)
		return 0;
	block = rib_at(rib, off);
	bits &= block->bits & (~0ull >> (64 - (2u << max)));
	for (; bits; bits ^= 1ull << (63 - __builtin_clzll(bits))) {
		uint64_t below = (1ull << (63 - __builtin_clzll(bits))) - 1;

		word = atomic_load_explicit(&block->word[__builtin_popcountll(block->bits & below)],
					    memory_order_acquire);
		if (word)
			return word;
	}
	return 0;
}

// Best path of the longest match among the lengths 1..max_len (> 0), or 0. At most
// n_bytes nodes of 5 blocks each, whatever the table holds. last: the node of
// depth (max_len - 1) / 8 over addr, or NULL. Control thread, or by rib_lookup().
static inline uint32_t rib_match_at(const struct rib_tbl *rib, const uint8_t *addr,
				    unsigned max_len, const struct rib_node **last)
{
	const struct rib_node *path[RIB_DEPTH_MAX];
	unsigned n = 0;

	path[n++] = rib_at(rib, rib->root);
	while (n * 8 < max_len && (path[n] = rib_child(rib, path[n - 1], addr[n - 1])))
		n++;
	*last = n * 8 < max_len ? NULL : path[n - 1];
	while (n--) {
		unsigned max = max_len - n * 8 < 8 ? max_len - n * 8 : 8;
		uint32_t word = rib_node_match(rib, path[n], addr[n], max);

		if (word)
			return rib_best(rib, word);
	}
	return 0;
}

static inline uint32_t rib_match(const struct rib_tbl *rib, const uint8_t *addr, unsigned max_len)
{
	const struct rib_node *last;

	return max_len ? rib_match_at(rib, addr, max_len, &last) : 0;
}

enum { RIB_TRIES = 16 };

// The same for a worker. One change under way at a time is no harm, for it is one
// store that this read sees or does not see; two could show it a state that never
// was, so then it reads again. (Each try that fails has seen a whole change pass:
// 16 in a row would need a writer much faster than this reader.)
static inline uint32_t rib_lookup(const struct rib_tbl *rib, const uint8_t *addr)
{
	uint32_t before, path;

	for (unsigned i = 0; i < RIB_TRIES; i++) {
		before = atomic_load_explicit(&rib->n_changes, memory_order_acquire);
		path = rib_match(rib, addr, rib->n_bytes * 8);
		if (likely(before == atomic_load_explicit(&rib->n_changes, memory_order_relaxed)))
			break;
	}
	return path;
}
