// SPDX-License-Identifier: BSD-3-Clause
// IPv4 lookup with AVX-512: 64 addresses at a time, three passes of gathers (root,
// runs, leaf), so that the misses of all 64 overlap. Answers of the root alone
// leave their lanes out of the later passes.
#include "dataplane/route/fib4_layout.h"

#include <immintrin.h>

enum { LANES = 16, GROUPS = 4, CHUNK = LANES * GROUPS };

struct chunk {
	__m512i dst[GROUPS], entry[GROUPS], run[GROUPS], value[GROUPS];
	__mmask16 is_node[GROUPS];
	uint64_t rare; // lanes that need more reads than three
};

static inline void root_read(const struct fib4 *fib, struct chunk *c, unsigned g)
{
	c->entry[g] =
		_mm512_i32gather_epi32(_mm512_srli_epi32(c->dst[g], 14), (const int *)fib->root, 4);
	c->is_node[g] = _mm512_movepi32_mask(c->entry[g]);
}

// How many runs begin up to the address's /24: eight lanes of 64 bits.
static inline __m256i runs_count(const struct fib4 *fib, __m256i off, __m256i dst, __mmask8 is_node)
{
	__m512i runs = _mm512_mask_i32gather_epi64(_mm512_set1_epi64(1), is_node, off,
						   (const long long *)fib->mem, 8);
	__m256i k = _mm256_and_si256(_mm256_srli_epi32(dst, 8), _mm256_set1_epi32(63));
	__m512i shift = _mm512_cvtepu32_epi64(_mm256_sub_epi32(_mm256_set1_epi32(63), k));

	return _mm512_cvtepi64_epi32(_mm512_popcnt_epi64(_mm512_sllv_epi64(runs, shift)));
}

static inline void runs_read(const struct fib4 *fib, struct chunk *c, unsigned g)
{
	__m512i off = _mm512_and_si512(c->entry[g], _mm512_set1_epi32(FIB4_OFF));
	__m256i lo = runs_count(fib, _mm512_castsi512_si256(off), _mm512_castsi512_si256(c->dst[g]),
				(__mmask8)c->is_node[g]);
	__m256i hi =
		runs_count(fib, _mm512_extracti64x4_epi64(off, 1),
			   _mm512_extracti64x4_epi64(c->dst[g], 1), (__mmask8)(c->is_node[g] >> 8));

	c->run[g] = _mm512_inserti64x4(_mm512_castsi256_si512(lo), hi, 1);
}

// Byte 8 off + 8 + (run - 1) * width.
static inline void leaf_read(const struct fib4 *fib, struct chunk *c, unsigned g)
{
	__m512i entry = c->entry[g], mask, at, leaf;
	__mmask16 is_node = c->is_node[g], is_deep, is_unbuilt;
	__mmask16 is_wide =
		_mm512_mask_test_epi32_mask(is_node, entry, _mm512_set1_epi32(FIB4_WIDE));
	__m512i run = _mm512_sub_epi32(c->run[g], _mm512_set1_epi32(1));

	run = _mm512_mask_add_epi32(run, is_wide, run, run);
	at = _mm512_slli_epi32(_mm512_and_si512(entry, _mm512_set1_epi32(FIB4_OFF)), 3);
	at = _mm512_add_epi32(_mm512_add_epi32(at, run), _mm512_set1_epi32(8));
	leaf = _mm512_mask_i32gather_epi32(entry, is_node, at, (const int *)fib->mem, 1);
	mask = _mm512_mask_blend_epi32(is_wide, _mm512_set1_epi32(0xff), _mm512_set1_epi32(0xffff));
	mask = _mm512_mask_blend_epi32(is_node, _mm512_set1_epi32(0xffff), mask);
	c->value[g] = _mm512_and_si512(leaf, mask);
	is_deep = _mm512_mask_cmpeq_epi32_mask(is_node, c->value[g], mask);
	is_unbuilt = _mm512_mask_test_epi32_mask((__mmask16)~is_node, entry,
						 _mm512_set1_epi32(FIB4_UNBUILT));
	c->rare |= (uint64_t)(is_deep | is_unbuilt) << (g * LANES);
}

static inline void answer_write(struct chunk *c, unsigned g, __mmask16 lanes, uint32_t before,
				uint16_t nh[])
{
	__mmask16 is_default = _mm512_testn_epi32_mask(c->value[g], c->value[g]);
	__m512i value =
		_mm512_mask_mov_epi32(c->value[g], is_default, _mm512_set1_epi32((int)before));

	_mm512_mask_cvtepi32_storeu_epi16(nh, lanes, value);
}

static cold_fn void rare_lookup(const struct fib4 *fib, const struct chunk *c, const uint32_t dst[],
				uint16_t nh[], uint64_t rare, uint16_t before)
{
	const uint32_t *entry = (const uint32_t *)c->entry;

	for (; rare; rare &= rare - 1) {
		unsigned i = (unsigned)__builtin_ctzll(rare);
		uint16_t found = fib4_lookup_rare(fib, entry[i], dst[i]);

		nh[i] = found ? found : before;
	}
}

// last: the lanes of the last group.
static inline void chunk_lookup(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[],
				unsigned groups, __mmask16 last)
{
	uint32_t before = fib4_default(fib);
	struct chunk c;

	c.rare = 0;
	for (unsigned g = 0; g < groups; g++) {
		__mmask16 lanes = g + 1 < groups ? 0xffff : last;

		c.dst[g] = _mm512_maskz_loadu_epi32(lanes, dst + g * LANES);
		root_read(fib, &c, g);
	}
	for (unsigned g = 0; g < groups; g++)
		runs_read(fib, &c, g);
	for (unsigned g = 0; g < groups; g++)
		leaf_read(fib, &c, g);
	for (unsigned g = 0; g < groups; g++)
		answer_write(&c, g, g + 1 < groups ? 0xffff : last, before, nh + g * LANES);
	c.rare &= ~0ull >> ((GROUPS - groups) * LANES + LANES - (unsigned)__builtin_popcount(last));
	if (unlikely(c.rare))
		rare_lookup(fib, &c, dst, nh, c.rare, (uint16_t)before);
	if (unlikely(fib4_default(fib) != before))
		fib4_lookup_again(fib, dst, nh,
				  (groups - 1) * LANES + (unsigned)__builtin_popcount(last),
				  (uint16_t)before);
}

void fib4_lookup_avx512(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[], unsigned n)
{
	for (; n >= CHUNK; n -= CHUNK, dst += CHUNK, nh += CHUNK)
		chunk_lookup(fib, dst, nh, GROUPS, 0xffff);
	if (n) {
		unsigned groups = (n + LANES - 1) / LANES;
		__mmask16 last = (__mmask16)(0xffff >> (groups * LANES - n));

		chunk_lookup(fib, dst, nh, groups, last);
	}
}
