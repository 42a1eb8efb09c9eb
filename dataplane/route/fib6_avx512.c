// SPDX-License-Identifier: BSD-3-Clause
// IPv6 lookup with AVX-512: 64 addresses go down level by level, all reads of a
// level before the next. Lanes that have their answer idle under a mask: packing
// the others together costs more than it saves (measured: -25 %).
#include "dataplane/route/fib6_layout.h"

#include <immintrin.h>

enum { LANES = 16, GROUPS = 4, CHUNK = LANES * GROUPS };

struct chunk {
	__m512i part[4][GROUPS]; // the four 32-bit parts of the addresses, host order
	__m512i entry[GROUPS], index[GROUPS];
};

// Rows j, j + 4, j + 8, j + 12 of sixteen addresses.
static inline __m512i rows_load(const uint8_t *const dst[], unsigned j)
{
	__m512i rows = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)dst[j]));

	rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)dst[j + 4]), 1);
	rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)dst[j + 8]), 2);
	return _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)dst[j + 12]), 3);
}

// Sixteen addresses to four vectors: a transposition of 4 x 4 in each quarter.
static inline void addresses_load(struct chunk *c, const uint8_t *const dst[], unsigned g)
{
	const __m512i swap = _mm512_broadcast_i32x4(
		_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
	__m512i r0 = rows_load(dst, 0), r1 = rows_load(dst, 1);
	__m512i r2 = rows_load(dst, 2), r3 = rows_load(dst, 3);
	__m512i lo01 = _mm512_unpacklo_epi32(r0, r1), lo23 = _mm512_unpacklo_epi32(r2, r3);
	__m512i hi01 = _mm512_unpackhi_epi32(r0, r1), hi23 = _mm512_unpackhi_epi32(r2, r3);

	c->part[0][g] = _mm512_shuffle_epi8(_mm512_unpacklo_epi64(lo01, lo23), swap);
	c->part[1][g] = _mm512_shuffle_epi8(_mm512_unpackhi_epi64(lo01, lo23), swap);
	c->part[2][g] = _mm512_shuffle_epi8(_mm512_unpacklo_epi64(hi01, hi23), swap);
	c->part[3][g] = _mm512_shuffle_epi8(_mm512_unpackhi_epi64(hi01, hi23), swap);
}

static inline __m512i byte_of(const struct chunk *c, unsigned g, unsigned depth)
{
	__m512i part = _mm512_srl_epi32(c->part[depth / 4][g],
					_mm_cvtsi32_si128((int)(24 - depth % 4 * 8)));

	return _mm512_and_si512(part, _mm512_set1_epi32(0xff));
}

static inline __m512i off_of(__m512i entry)
{
	return _mm512_and_si512(entry, _mm512_set1_epi32(FIB6_OFF));
}

static inline void root_read(const struct fib6 *fib, struct chunk *c, unsigned g)
{
	c->entry[g] = _mm512_i32gather_epi32(_mm512_srli_epi32(c->part[0][g], 16),
					     (const int *)fib->root, 4);
}

static inline void flat_read(const struct fib6 *fib, struct chunk *c, unsigned g)
{
	__mmask16 is_child = _mm512_movepi32_mask(c->entry[g]);
	__m512i index = _mm512_add_epi32(_mm512_slli_epi32(off_of(c->entry[g]), 1),
					 byte_of(c, g, FIB6_FLAT_DEPTH));

	c->entry[g] =
		_mm512_mask_i32gather_epi32(c->entry[g], is_child, index, (const int *)fib->mem, 4);
}

// The words {runs, base}: index = base + (runs up to byte) - 1.
static inline void word_read(const struct fib6 *fib, struct chunk *c, unsigned g, unsigned depth)
{
	const __m512i even =
		_mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
	const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
	__mmask16 is_child = _mm512_movepi32_mask(c->entry[g]);
	__m512i byte = byte_of(c, g, depth), zero = _mm512_setzero_si512();
	__m512i at = _mm512_add_epi32(off_of(c->entry[g]), _mm512_srli_epi32(byte, 5));
	__m512i lo = _mm512_mask_i32gather_epi64(zero, (__mmask8)is_child,
						 _mm512_castsi512_si256(at), fib->mem, 8);
	__m512i hi = _mm512_mask_i32gather_epi64(zero, (__mmask8)(is_child >> 8),
						 _mm512_extracti64x4_epi64(at, 1), fib->mem, 8);
	__m512i runs = _mm512_permutex2var_epi32(lo, even, hi);
	__m512i base = _mm512_permutex2var_epi32(lo, odd, hi);
	__m512i shift = _mm512_andnot_si512(byte, _mm512_set1_epi32(31)); // 31 - byte % 32

	c->index[g] = _mm512_sub_epi32(
		_mm512_add_epi32(base, _mm512_popcnt_epi32(_mm512_sllv_epi32(runs, shift))),
		_mm512_set1_epi32(1));
}

// Returns the lanes that have to go on.
static inline unsigned entry_read(const struct fib6 *fib, struct chunk *c, unsigned g)
{
	__mmask16 is_child = _mm512_movepi32_mask(c->entry[g]);

	c->entry[g] = _mm512_mask_i32gather_epi32(c->entry[g], is_child, c->index[g],
						  (const int *)fib->mem, 4);
	return _mm512_movepi32_mask(c->entry[g]);
}

static inline unsigned level_read(const struct fib6 *fib, struct chunk *c, unsigned depth)
{
	unsigned left = 0;

	for (unsigned g = 0; g < GROUPS; g++)
		word_read(fib, c, g, depth);
	for (unsigned g = 0; g < GROUPS; g++)
		left |= entry_read(fib, c, g);
	return left;
}

// Returns whether any lane is unbuilt.
static inline unsigned answer_write(const struct chunk *c, unsigned g, uint32_t before,
				    uint16_t nh[])
{
	__mmask16 is_default = _mm512_testn_epi32_mask(c->entry[g], c->entry[g]);
	__m512i value =
		_mm512_mask_mov_epi32(c->entry[g], is_default, _mm512_set1_epi32((int)before));

	_mm256_storeu_si256((__m256i *)nh, _mm512_cvtepi32_epi16(value));
	return _mm512_test_epi32_mask(c->entry[g], _mm512_set1_epi32(FIB6_UNBUILT));
}

static cold_fn void unbuilt_lookup(const struct fib6 *fib, const struct chunk *c,
				   const uint8_t *const dst[], uint16_t nh[], uint16_t before)
{
	const uint32_t *entry = (const uint32_t *)c->entry;

	for (unsigned i = 0; i < CHUNK; i++) {
		if (!(entry[i] & FIB6_UNBUILT))
			continue;
		nh[i] = fib6_lookup_rare(fib, dst[i]);
		nh[i] = nh[i] ? nh[i] : before;
	}
}

// Returns whether the default route stayed the same all the time.
static bool chunk_lookup(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[])
{
	uint32_t before = fib6_default(fib);
	unsigned rare = 0, depth = FIB6_FLAT_DEPTH + 1;
	struct chunk c;

	for (unsigned g = 0; g < GROUPS; g++) {
		addresses_load(&c, dst + g * LANES, g);
		root_read(fib, &c, g);
	}
	for (unsigned g = 0; g < GROUPS; g++)
		flat_read(fib, &c, g);
	while (level_read(fib, &c, depth))
		depth++;
	for (unsigned g = 0; g < GROUPS; g++)
		rare |= answer_write(&c, g, before, nh + g * LANES);
	if (unlikely(rare))
		unbuilt_lookup(fib, &c, dst, nh, (uint16_t)before);
	return fib6_default(fib) == before;
}

// A rest is filled up with its first address: short batches are no fast ones.
static void rest_lookup(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
			unsigned n)
{
	const uint8_t *all[CHUNK];
	uint16_t out[CHUNK];

	for (unsigned i = 0; i < CHUNK; i++)
		all[i] = dst[i < n ? i : 0];
	if (unlikely(!chunk_lookup(fib, all, out)))
		fib6_lookup_again(fib, dst, out, n);
	for (unsigned i = 0; i < n; i++)
		nh[i] = out[i];
}

enum { SCALAR_MAX = 8 };

void fib6_lookup_avx512(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
			unsigned n)
{
	for (; n >= CHUNK; n -= CHUNK, dst += CHUNK, nh += CHUNK)
		if (unlikely(!chunk_lookup(fib, dst, nh)))
			fib6_lookup_again(fib, dst, nh, CHUNK);
	if (n > SCALAR_MAX)
		rest_lookup(fib, dst, nh, n);
	else if (n)
		fib6_lookup_scalar(fib, dst, nh, n);
}
