// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/rib_paint.h"

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static void fill(uint16_t out[], unsigned n, uint16_t nh)
{
	uint64_t four = nh * 0x0001000100010001ull;

	if (n == 2) {
		memcpy(out, &four, 4);
		return;
	}
	for (; n; n -= 4, out += 4)
		memcpy(out, &four, 8);
}

// The prefixes of one length whose bits stand in one block, from first on.
static void paint_block(const struct rib_tbl *rib, const struct rib_block *block, uint64_t mask,
			unsigned first, unsigned n_each, uint16_t out[])
{
	uint64_t bits = block->bits & mask;
	const _Atomic uint32_t *at =
		&block->word[__builtin_popcountll(block->bits & ((mask & -mask) - 1))];

	for (; bits; bits &= bits - 1) {
		uint32_t word = atomic_load_explicit(at++, memory_order_relaxed);
		unsigned i = (unsigned)__builtin_ctzll(bits) - first;

		if (!word)
			continue;
		if (n_each == 1)
			out[i] = rib_path_nh(rib_best(rib, word));
		else
			fill(out + i * n_each, n_each, rib_path_nh(rib_best(rib, word)));
	}
}

static void paint_len(const struct rib_tbl *rib, const struct rib_node *node, unsigned len,
		      unsigned skip, unsigned top, uint16_t out[])
{
	unsigned index = 1u << len | top << (len - skip), n = 1u << (len - skip);
	unsigned n_each = 1u << (8 - len), step = n < 64 ? n : 64;
	uint64_t mask = n < 64 ? ((1ull << n) - 1) << (index % 64) : ~0ull;

	for (unsigned i = 0; i < n; i += step) {
		uint32_t off =
			atomic_load_explicit(&node->block[(index + i) / 64], memory_order_relaxed);

		if (off)
			paint_block(rib, rib_at(rib, off), mask, index % 64, n_each,
				    out + i * n_each);
	}
}

void rib_paint(const struct rib_tbl *rib, const struct rib_node *node, unsigned skip, unsigned top,
	       uint16_t out[])
{
	for (unsigned len = skip + 1; node && len <= 8; len++)
		paint_len(rib, node, len, skip, top, out);
}

#if defined(__SSE2__)
// Bits for the sixteen values from i on, i > 0.
static uint64_t edges16(const uint16_t value[256], unsigned i)
{
	__m128i eq[2];

	for (unsigned h = 0; h < 2; h++) {
		const uint16_t *at = value + i + 8 * h;

		eq[h] = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)at),
					_mm_loadu_si128((const __m128i *)(at - 1)));
	}
	return ~(unsigned)_mm_movemask_epi8(_mm_packs_epi16(eq[0], eq[1])) & 0xffff;
}
#else
static uint64_t edges16(const uint16_t value[256], unsigned i)
{
	uint64_t edges = 0;

	for (unsigned k = 0; k < 16; k++)
		edges |= (uint64_t)(value[i + k] != value[i + k - 1]) << k;
	return edges;
}
#endif

void rib_edges(const uint16_t value[256], uint64_t edges[4])
{
	edges[0] = 1;
	for (unsigned i = 1; i < 16; i++)
		edges[0] |= (uint64_t)(value[i] != value[i - 1]) << i;
	for (unsigned i = 16; i < 256; i += 16) {
		edges[i / 64] &= i % 64 ? ~0ull : 0;
		edges[i / 64] |= edges16(value, i) << (i % 64);
	}
}

uint64_t rib_children(const struct rib_tbl *rib, const struct rib_node *node, unsigned b)
{
	uint32_t off =
		atomic_load_explicit(&node->block[RIB_PREFIX_BLOCKS + b], memory_order_relaxed);
	const struct rib_block *block = rib_at(rib, off);
	uint64_t children = 0;
	unsigned rank = 0;

	if (!off || !node->n_dead[RIB_PREFIX_BLOCKS + b])
		return off ? block->bits : 0;
	for (uint64_t bits = block->bits; bits; bits &= bits - 1)
		if (atomic_load_explicit(&block->word[rank++], memory_order_relaxed))
			children |= bits & -bits;
	return children;
}
