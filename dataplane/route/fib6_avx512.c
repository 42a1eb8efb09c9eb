// SPDX-License-Identifier: BSD-3-Clause
// IPv6 lookup with AVX-512: 64 addresses go down level by level to their first
// pair, all reads of a level before the next; lanes that have their answer idle
// under a mask (packing the others together costs more than it saves: -25 %). A
// line is searched by one comparison of all its starts, one lane after the other.
#include "dataplane/route/fib6_layout.h"

#include <immintrin.h>

enum { LANES = 16, GROUPS = 4, CHUNK = LANES * GROUPS };

struct chunk {
	__m512i front[GROUPS]; // the first four bytes of each address, host order
	__m512i key[GROUPS];   // of the first pair
	__m512i entry[GROUPS];
	__m512i line[GROUPS]; // which line; the first of mem for who needs none
};

static inline __m512i eight_load(const uint8_t *const dst[])
{
	const __m512i swap = _mm512_broadcast_i32x4(
		_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));

	return _mm512_shuffle_epi8(_mm512_i64gather_epi64(_mm512_loadu_si512(dst), NULL, 1), swap);
}

// The first six bytes of sixteen addresses.
static inline void addresses_load(struct chunk *c, const uint8_t *const dst[], unsigned g)
{
	const __m512i even =
		_mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
	const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
	__m512i lo = eight_load(dst), hi = eight_load(dst + 8);

	c->front[g] = _mm512_permutex2var_epi32(lo, odd, hi);
	c->key[g] = _mm512_srli_epi32(_mm512_permutex2var_epi32(lo, even, hi), 16);
}

static inline __m512i off_of(__m512i entry)
{
	return _mm512_and_si512(entry, _mm512_set1_epi32(FIB6_OFF));
}

static inline void root_read(const struct fib6 *fib, struct chunk *c, unsigned g)
{
	c->entry[g] = _mm512_i32gather_epi32(_mm512_srli_epi32(c->front[g], 16),
					     (const int *)fib->root, 4);
}

// The entries of byte in the flats or dirs behind entry.
static inline __m512i flat_read(const struct fib6 *fib, __m512i entry, __mmask16 mask, __m512i byte)
{
	__m512i index = _mm512_add_epi32(_mm512_slli_epi32(off_of(entry), 4), byte);

	return _mm512_mask_i32gather_epi32(entry, mask, index, (const int *)fib->mem, 4);
}

static inline __mmask16 is_child(__m512i entry)
{
	return _mm512_movepi32_mask(entry);
}

static inline void flats_read(const struct fib6 *fib, struct chunk *c, unsigned shift)
{
	for (unsigned g = 0; g < GROUPS; g++) {
		__m512i byte = _mm512_and_si512(
			_mm512_srl_epi32(c->front[g], _mm_cvtsi32_si128((int)shift)),
			_mm512_set1_epi32(0xff));

		c->entry[g] = flat_read(fib, c->entry[g], is_child(c->entry[g]), byte);
	}
}

static inline void dir_read(const struct fib6 *fib, struct chunk *c, unsigned g)
{
	__mmask16 is_dir = _mm512_mask_testn_epi32_mask(is_child(c->entry[g]), c->entry[g],
							_mm512_set1_epi32(FIB6_LINES));

	c->entry[g] = flat_read(fib, c->entry[g], is_dir, _mm512_srli_epi32(c->key[g], 8));
}

static inline void line_find(struct chunk *c, unsigned g)
{
	__m512i entry = c->entry[g];
	__m512i shift = _mm512_and_si512(_mm512_srli_epi32(entry, FIB6_SHIFT_AT),
					 _mm512_set1_epi32(FIB6_SHIFT >> FIB6_SHIFT_AT));
	__m512i bits = _mm512_and_si512(_mm512_srli_epi32(entry, FIB6_BITS_AT),
					_mm512_set1_epi32(FIB6_BITS >> FIB6_BITS_AT));
	__m512i all = _mm512_sllv_epi32(_mm512_set1_epi32(-1), bits);
	__m512i at = _mm512_andnot_si512(all, _mm512_srlv_epi32(c->key[g], shift));

	c->line[g] = _mm512_maskz_add_epi32(is_child(entry), off_of(entry), at);
}

static inline uint16_t line_read(const struct fib6 *fib, uint32_t at, uint32_t key)
{
	const struct fib6_line *line = fib6_at(fib->mem, at);
	__mmask16 mask = _mm256_cmple_epu16_mask(_mm256_load_si256((const __m256i *)line->start),
						 _mm256_set1_epi16((short)key));

	return atomic_load_explicit(&line->value[__builtin_popcount(mask) - 1],
				    memory_order_relaxed);
}

static cold_fn void deep_lookup(const struct fib6 *fib, struct chunk *c, uint64_t deep,
				const uint8_t *const dst[])
{
	uint8_t lane[CHUNK + 1];
	unsigned n = 0;

	for (; deep; deep &= deep - 1)
		lane[n++] = (uint8_t)__builtin_ctzll(deep);
	fib6_lookup_deep(fib, dst, (uint32_t *)c->entry, lane, n);
}

// From the line's answers to entries; returns the lanes that have something below.
static inline uint64_t lines_take(struct chunk *c, const uint16_t value[CHUNK])
{
	uint64_t deep = 0;

	for (unsigned g = 0; g < GROUPS; g++) {
		__m512i found = _mm512_cvtepu16_epi32(
			_mm256_load_si256((const __m256i *)(value + g * LANES)));
		__mmask16 lines = is_child(c->entry[g]);
		__mmask16 is_deep =
			_mm512_mask_cmpeq_epi32_mask(lines, found, _mm512_set1_epi32(FIB6_DEEP));

		c->entry[g] =
			_mm512_mask_mov_epi32(c->entry[g], (__mmask16)(lines & ~is_deep), found);
		deep |= (uint64_t)is_deep << (g * LANES);
	}
	return deep;
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

	for (unsigned i = 0; i < CHUNK; i++)
		if (entry[i] & FIB6_UNBUILT)
			nh[i] = fib6_lookup_rare(fib, dst[i], before);
}

static void chunk_lookup(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[])
{
	uint32_t before = fib6_default(fib);
	alignas(64) uint16_t value[CHUNK];
	const uint32_t *line, *key;
	unsigned rare = 0;
	struct chunk c;
	uint64_t deep;

	for (unsigned g = 0; g < GROUPS; g++) {
		addresses_load(&c, dst + g * LANES, g);
		root_read(fib, &c, g);
	}
	flats_read(fib, &c, 8);
	flats_read(fib, &c, 0);
	for (unsigned g = 0; g < GROUPS; g++) {
		dir_read(fib, &c, g);
		line_find(&c, g);
	}
	line = (const uint32_t *)c.line;
	key = (const uint32_t *)c.key;
	for (unsigned i = 0; i < CHUNK; i++)
		value[i] = line_read(fib, line[i], key[i]);
	deep = lines_take(&c, value);
	if (deep)
		deep_lookup(fib, &c, deep, dst);
	for (unsigned g = 0; g < GROUPS; g++)
		rare |= answer_write(&c, g, before, nh + g * LANES);
	if (unlikely(rare))
		unbuilt_lookup(fib, &c, dst, nh, (uint16_t)before);
	if (unlikely(fib6_default(fib) != before))
		fib6_lookup_again(fib, dst, nh, CHUNK, (uint16_t)before);
}

// A rest is filled up with its first address: short batches are no fast ones.
static void rest_lookup(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
			unsigned n)
{
	const uint8_t *all[CHUNK];
	uint16_t out[CHUNK];

	for (unsigned i = 0; i < CHUNK; i++)
		all[i] = dst[i < n ? i : 0];
	chunk_lookup(fib, all, out);
	for (unsigned i = 0; i < n; i++)
		nh[i] = out[i];
}

enum { SCALAR_MAX = 8 };

void fib6_lookup_avx512(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
			unsigned n)
{
	for (; n >= CHUNK; n -= CHUNK, dst += CHUNK, nh += CHUNK)
		chunk_lookup(fib, dst, nh);
	if (n > SCALAR_MAX)
		rest_lookup(fib, dst, nh, n);
	else if (n)
		fib6_lookup_scalar(fib, dst, nh, n);
}
