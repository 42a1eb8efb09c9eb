// SPDX-License-Identifier: BSD-3-Clause
// IPv4 lookup with AVX2: as fib4_avx512.c, in groups of eight addresses. A root
// entry's sign, FIB4_NODE, is the mask of the gathers.
#include "dataplane/route/fib4_layout.h"

#include <immintrin.h>

enum { LANES = 8, GROUPS = 8, CHUNK = LANES * GROUPS };

struct chunk {
	__m256i dst[GROUPS], entry[GROUPS], value[GROUPS];
	__m128i run[GROUPS * 2];
	uint64_t rare; // lanes that need more reads than three
};

static inline void root_read(const struct fib4 *fib, struct chunk *c, unsigned g)
{
	c->entry[g] =
		_mm256_i32gather_epi32((const int *)fib->root, _mm256_srli_epi32(c->dst[g], 14), 4);
}

// Bits in each 64-bit lane, by a table of the bits in half a byte.
static inline __m256i bits_count(__m256i v)
{
	const __m256i nibble = _mm256_broadcastsi128_si256(
		_mm_set_epi8(4, 3, 3, 2, 3, 2, 2, 1, 3, 2, 2, 1, 2, 1, 1, 0));
	const __m256i low = _mm256_set1_epi8(15);
	__m256i n = _mm256_add_epi8(
		_mm256_shuffle_epi8(nibble, _mm256_and_si256(v, low)),
		_mm256_shuffle_epi8(nibble, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));

	return _mm256_sad_epu8(n, _mm256_setzero_si256());
}

// How many runs begin up to the address's /24: four lanes of 64 bits.
static inline __m128i runs_count(const struct fib4 *fib, __m128i entry, __m128i dst)
{
	const __m256i even = _mm256_set_epi32(7, 5, 3, 1, 6, 4, 2, 0);
	__m128i off = _mm_and_si128(entry, _mm_set1_epi32(FIB4_OFF));
	__m128i k = _mm_and_si128(_mm_srli_epi32(dst, 8), _mm_set1_epi32(63));
	__m256i shift = _mm256_cvtepu32_epi64(_mm_sub_epi32(_mm_set1_epi32(63), k));
	__m256i runs =
		_mm256_mask_i32gather_epi64(_mm256_set1_epi64x(1), (const long long *)fib->mem, off,
					    _mm256_cvtepi32_epi64(entry), 8);

	runs = bits_count(_mm256_sllv_epi64(runs, shift));
	return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(runs, even));
}

static inline void runs_read(const struct fib4 *fib, struct chunk *c, unsigned g)
{
	c->run[2 * g] = runs_count(fib, _mm256_castsi256_si128(c->entry[g]),
				   _mm256_castsi256_si128(c->dst[g]));
	c->run[2 * g + 1] = runs_count(fib, _mm256_extracti128_si256(c->entry[g], 1),
				       _mm256_extracti128_si256(c->dst[g], 1));
}

// Byte 8 off + 8 + (run - 1) * width.
static inline void leaf_read(const struct fib4 *fib, struct chunk *c, unsigned g)
{
	__m256i entry = c->entry[g], run = _mm256_set_m128i(c->run[2 * g + 1], c->run[2 * g]);
	__m256i is_node = _mm256_srai_epi32(entry, 31), bit30, is_wide, mask, at, leaf, rare;

	bit30 = _mm256_srai_epi32(_mm256_slli_epi32(entry, 1), 31);
	is_wide = _mm256_and_si256(is_node, bit30);
	run = _mm256_add_epi32(run, _mm256_set1_epi32(-1));
	run = _mm256_add_epi32(run, _mm256_and_si256(run, is_wide));
	at = _mm256_slli_epi32(_mm256_and_si256(entry, _mm256_set1_epi32(FIB4_OFF)), 3);
	at = _mm256_add_epi32(_mm256_add_epi32(at, run), _mm256_set1_epi32(8));
	leaf = _mm256_mask_i32gather_epi32(entry, (const int *)fib->mem, at, entry, 1);
	mask = _mm256_or_si256(
		_mm256_set1_epi32(0xff),
		_mm256_and_si256(
			_mm256_or_si256(is_wide, _mm256_xor_si256(is_node, _mm256_set1_epi32(-1))),
			_mm256_set1_epi32(0xff00)));
	c->value[g] = _mm256_and_si256(leaf, mask);
	rare = _mm256_blendv_epi8(bit30, _mm256_cmpeq_epi32(c->value[g], mask), is_node);
	c->rare |= (uint64_t)(unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(rare)) << (g * LANES);
}

static inline __m256i answer_of(__m256i value, __m256i before)
{
	return _mm256_blendv_epi8(value, before, _mm256_cmpeq_epi32(value, _mm256_setzero_si256()));
}

static inline void answers_write(const struct chunk *c, uint32_t default_nh, uint16_t nh[])
{
	__m256i before = _mm256_set1_epi32((int)(default_nh & 0xffff));

	for (unsigned g = 0; g < GROUPS; g += 2) {
		__m256i packed = _mm256_packus_epi32(answer_of(c->value[g], before),
						     answer_of(c->value[g + 1], before));

		_mm256_storeu_si256((__m256i *)(nh + g * LANES),
				    _mm256_permute4x64_epi64(packed, 0xd8));
	}
}

static cold_fn void rare_lookup(const struct fib4 *fib, const struct chunk *c, const uint32_t dst[],
				uint16_t nh[], uint16_t before)
{
	const uint32_t *entry = (const uint32_t *)c->entry;

	for (uint64_t rare = c->rare; rare; rare &= rare - 1) {
		unsigned i = (unsigned)__builtin_ctzll(rare);
		uint16_t found = fib4_lookup_rare(fib, entry[i], dst[i]);

		nh[i] = found ? found : before;
	}
}

static void chunk_lookup(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[])
{
	uint32_t before = fib4_default(fib);
	struct chunk c;

	c.rare = 0;
	for (unsigned g = 0; g < GROUPS; g++) {
		c.dst[g] = _mm256_loadu_si256((const __m256i *)(dst + g * LANES));
		root_read(fib, &c, g);
	}
	for (unsigned g = 0; g < GROUPS; g++)
		runs_read(fib, &c, g);
	for (unsigned g = 0; g < GROUPS; g++)
		leaf_read(fib, &c, g);
	answers_write(&c, before, nh);
	if (unlikely(c.rare))
		rare_lookup(fib, &c, dst, nh, (uint16_t)before);
	if (unlikely(fib4_default(fib) != before))
		fib4_lookup_again(fib, dst, nh, CHUNK, (uint16_t)before);
}

// A rest is filled up with its first address: short batches are no fast ones.
static void rest_lookup(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[], unsigned n)
{
	uint32_t all[CHUNK];
	uint16_t out[CHUNK];

	for (unsigned i = 0; i < CHUNK; i++)
		all[i] = dst[i < n ? i : 0];
	chunk_lookup(fib, all, out);
	for (unsigned i = 0; i < n; i++)
		nh[i] = out[i];
}

enum { SCALAR_MAX = 16 };

void fib4_lookup_avx2(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[], unsigned n)
{
	for (; n >= CHUNK; n -= CHUNK, dst += CHUNK, nh += CHUNK)
		chunk_lookup(fib, dst, nh);
	if (n > SCALAR_MAX)
		rest_lookup(fib, dst, nh, n);
	else if (n)
		fib4_lookup_scalar(fib, dst, nh, n);
}
