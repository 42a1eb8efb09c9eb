// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/fib6_image.h"

#include <string.h>

enum { FLAT_LEN = 256 * sizeof(uint32_t) };

struct run_list {
	uint32_t runs[8];
	unsigned n;
	uint32_t entry[256]; // one a run
};

static void *at(const struct fib6 *fib, uint32_t entry)
{
	return arena_at(&fib->arena, entry & FIB6_OFF);
}

static size_t node_len(const struct fib6_node *node)
{
	size_t n = 0;

	for (unsigned w = 0; w < 8; w++)
		n += (size_t)__builtin_popcount(node->word[w].runs);
	return sizeof(*node) + n * sizeof(uint32_t);
}

size_t fib6_image_len(const struct fib6 *fib, uint32_t entry, unsigned depth)
{
	return depth == FIB6_FLAT_DEPTH ? FLAT_LEN : node_len(at(fib, entry));
}

_Atomic uint32_t *fib6_image_at(const struct fib6 *fib, uint32_t child, unsigned depth,
				unsigned byte)
{
	const struct fib6_node *node = at(fib, child);
	const struct fib6_word *word = &node->word[byte / 32];

	if (depth == FIB6_FLAT_DEPTH)
		return (_Atomic uint32_t *)at(fib, child) + byte;
	return (_Atomic uint32_t *)fib6_entry(fib->mem, word->base + fib6_rank(word, byte) - 1);
}

static uint32_t flat_new(struct fib6 *fib, const uint32_t value[256])
{
	uint32_t off = arena_alloc(&fib->arena, FLAT_LEN);

	if (!off)
		return FIB6_UNBUILT;
	memcpy(at(fib, off), value, FLAT_LEN);
	return FIB6_CHILD | off;
}

static void runs_find(struct run_list *list, const uint32_t value[256])
{
	memset(list->runs, 0, sizeof(list->runs));
	list->n = 0;
	for (unsigned i = 0; i < 256; i++) {
		// Something below never shares a run, for it must be replaceable alone.
		bool is_leaf = !(value[i] & (FIB6_CHILD | FIB6_UNBUILT));

		if (i && is_leaf && value[i] == value[i - 1])
			continue;
		list->runs[i / 32] |= 1u << (i % 32);
		list->entry[list->n++] = value[i];
	}
}

static uint32_t node_new(struct fib6 *fib, const uint32_t value[256])
{
	struct run_list list;
	struct fib6_node *node;
	uint32_t off, base;

	runs_find(&list, value);
	off = arena_alloc(&fib->arena, sizeof(*node) + list.n * sizeof(uint32_t));
	if (!off)
		return FIB6_UNBUILT;
	node = at(fib, off);
	base = off * 2 + (uint32_t)sizeof(*node) / 4;
	for (unsigned w = 0; w < 8; w++) {
		node->word[w] = (struct fib6_word){list.runs[w], base};
		base += (uint32_t)__builtin_popcount(list.runs[w]);
	}
	memcpy((void *)node->entry, list.entry, list.n * sizeof(uint32_t));
	return FIB6_CHILD | off;
}

uint32_t fib6_image_new(struct fib6 *fib, const uint32_t value[256], unsigned depth)
{
	return depth == FIB6_FLAT_DEPTH ? flat_new(fib, value) : node_new(fib, value);
}

void fib6_image_read(const struct fib6 *fib, uint32_t entry, unsigned depth, uint32_t value[256])
{
	const struct fib6_node *node = at(fib, entry);
	unsigned n = 0;

	if (depth == FIB6_FLAT_DEPTH) {
		memcpy(value, at(fib, entry), FLAT_LEN);
		return;
	}
	for (unsigned w = 0; w < 8; w++) {
		for (unsigned bit = 0; bit < 32; bit++) {
			n += node->word[w].runs >> bit & 1;
			value[w * 32 + bit] =
				atomic_load_explicit(&node->entry[n - 1], memory_order_relaxed);
		}
	}
}

void fib6_tree_retire(struct fib6 *fib, uint32_t entry, unsigned depth)
{
	uint32_t value[256];

	if (!(entry & FIB6_CHILD))
		return;
	fib6_image_read(fib, entry, depth, value);
	for (unsigned i = 0; i < 256; i++)
		if (value[i] & FIB6_CHILD)
			fib6_tree_retire(fib, value[i], depth + 1);
	arena_retire(&fib->arena, entry & FIB6_OFF, fib6_image_len(fib, entry, depth));
}

bool fib6_tree_is_sane(const struct fib6 *fib, uint32_t entry, unsigned depth, size_t *bytes)
{
	const struct fib6_node *node = at(fib, entry);
	size_t len = fib6_image_len(fib, entry, depth);

	*bytes += (len + FIB6_ALIGN - 1) & ~(FIB6_ALIGN - 1ul);
	if (depth > 15 || (depth != FIB6_FLAT_DEPTH && !(node->word[0].runs & 1)))
		return false;
	for (unsigned i = 0; i < 256; i++) {
		uint32_t below = atomic_load(fib6_image_at(fib, entry, depth, i));

		if (below & FIB6_CHILD && !fib6_tree_is_sane(fib, below, depth + 1, bytes))
			return false;
	}
	return true;
}
