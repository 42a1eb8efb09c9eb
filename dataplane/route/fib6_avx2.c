// SPDX-License-Identifier: BSD-3-Clause
// IPv6 lookup with AVX2: as fib6_avx512.c, in groups of eight addresses. The sign
// of an entry, FIB6_CHILD, is the mask of the gathers.
#include "dataplane/route/fib6_layout.h"

#include <immintrin.h>

enum { LANES = 8, GROUPS = 8, CHUNK = LANES * GROUPS };

struct chunk {
	__m256i front[GROUPS]; // the first four bytes of each address, host order
	__m256i key[GROUPS];   // of the first pair
	__m256i entry[GROUPS];
	__m256i line[GROUPS]; // which line; the first of mem for who needs none
};

static inline __m256i two_load(const uint8_t *const dst[], unsigned i)
{
	__m128i lo = _mm_loadl_epi64((const __m128i *)dst[i]);
	__m128i hi = _mm_loadl_epi64((const __m128i *)dst[i + 1]);

	lo = _mm_unpacklo_epi32(lo, hi); // front, front, rest, rest
	lo = _mm_shuffle_epi8(lo,
			      _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
	return _mm256_castsi128_si256(lo);
}

// The first six bytes of eight addresses.
static inline void addresses_load(struct chunk *c, const uint8_t *const dst[], unsigned g)
{
	__m256i a = _mm256_inserti128_si256(two_load(dst, 0),
					    _mm256_castsi256_si128(two_load(dst, 4)), 1);
	__m256i b = _mm256_inserti128_si256(two_load(dst, 2),
					    _mm256_castsi256_si128(two_load(dst, 6)), 1);

	c->front[g] = _mm256_unpacklo_epi64(a, b);
	c->key[g] = _mm256_srli_epi32(_mm256_unpackhi_epi64(a, b), 16);
}

static inline __m256i off_of(__m256i entry)
{
	return _mm256_and_si256(entry, _mm256_set1_epi32(FIB6_OFF));
}

static inline void root_read(const struct fib6 *fib, struct chunk *c, unsigned g)
{
	c->entry[g] = _mm256_i32gather_epi32((const int *)fib->root,
					     _mm256_srli_epi32(c->front[g], 16), 4);
}

// The entries of byte in the flats or dirs behind entry, where mask is negative.
static inline __m256i flat_read(const struct fib6 *fib, __m256i entry, __m256i mask, __m256i byte)
{
	__m256i index = _mm256_add_epi32(_mm256_slli_epi32(off_of(entry), 4), byte);

	return _mm256_mask_i32gather_epi32(entry, (const int *)fib->mem, index, mask, 4);
}

static inline void flats_read(const struct fib6 *fib, struct chunk *c, unsigned shift)
{
	for (unsigned g = 0; g < GROUPS; g++) {
		__m256i byte = _mm256_and_si256(
			_mm256_srl_epi32(c->front[g], _mm_cvtsi32_si128((int)shift)),
			_mm256_set1_epi32(0xff));

		c->entry[g] = flat_read(fib, c->entry[g], c->entry[g], byte);
	}
}

static inline void dir_read(const struct fib6 *fib, struct chunk *c, unsigned g)
{
	// A child without FIB6_LINES, which stands one bit lower.
	__m256i is_dir = _mm256_andnot_si256(_mm256_slli_epi32(c->entry[g], 1), c->entry[g]);

	c->entry[g] = flat_read(fib, c->entry[g], is_dir, _mm256_srli_epi32(c->key[g], 8));
}

static inline void line_find(struct chunk *c, unsigned g)
{
	__m256i entry = c->entry[g];
	__m256i shift = _mm256_and_si256(_mm256_srli_epi32(entry, FIB6_SHIFT_AT),
					 _mm256_set1_epi32(FIB6_SHIFT >> FIB6_SHIFT_AT));
	__m256i bits = _mm256_and_si256(_mm256_srli_epi32(entry, FIB6_BITS_AT),
					_mm256_set1_epi32(FIB6_BITS >> FIB6_BITS_AT));
	__m256i all = _mm256_sllv_epi32(_mm256_set1_epi32(-1), bits);
	__m256i at = _mm256_andnot_si256(all, _mm256_srlv_epi32(c->key[g], shift));

	c->line[g] =
		_mm256_and_si256(_mm256_add_epi32(off_of(entry), at), _mm256_srai_epi32(entry, 31));
}

static inline uint32_t line_read(const struct fib6 *fib, uint32_t at, uint32_t key)
{
	const struct fib6_line *line = fib6_at(fib->mem, at);
	__m256i keys = _mm256_set1_epi16((short)key);
	__m256i start = _mm256_load_si256((const __m256i *)line->start);
	__m256i is_le = _mm256_cmpeq_epi16(_mm256_max_epu16(start, keys), keys);
	unsigned n = (unsigned)__builtin_popcount((unsigned)_mm256_movemask_epi8(is_le)) / 2;

	return atomic_load_explicit(&line->value[n - 1], memory_order_relaxed);
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
static inline uint64_t lines_take(struct chunk *c, const uint32_t value[CHUNK])
{
	uint64_t deep = 0;

	for (unsigned g = 0; g < GROUPS; g++) {
		__m256i entry = c->entry[g];
		__m256i found = _mm256_load_si256((const __m256i *)(value + g * LANES));
		__m256i lines = _mm256_srai_epi32(entry, 31);
		__m256i is_deep = _mm256_and_si256(
			lines, _mm256_cmpeq_epi32(found, _mm256_set1_epi32(FIB6_DEEP)));

		c->entry[g] = _mm256_blendv_epi8(entry, found, _mm256_andnot_si256(is_deep, lines));
		deep |= (uint64_t)_mm256_movemask_ps(_mm256_castsi256_ps(is_deep)) << (g * LANES);
	}
	return deep;
}

static inline __m256i answer_of(__m256i entry, __m256i before)
{
	__m256i is_default = _mm256_cmpeq_epi32(entry, _mm256_setzero_si256());

	return _mm256_and_si256(_mm256_blendv_epi8(entry, before, is_default),
				_mm256_set1_epi32(0xffff));
}

// Returns the entries of all, one over the other.
static inline __m256i answers_write(const struct chunk *c, uint32_t default_nh, uint16_t nh[])
{
	__m256i before = _mm256_set1_epi32((int)default_nh), any = _mm256_setzero_si256();

	for (unsigned g = 0; g < GROUPS; g += 2) {
		__m256i packed = _mm256_packus_epi32(answer_of(c->entry[g], before),
						     answer_of(c->entry[g + 1], before));

		_mm256_storeu_si256((__m256i *)(nh + g * LANES),
				    _mm256_permute4x64_epi64(packed, 0xd8));
		any = _mm256_or_si256(any, _mm256_or_si256(c->entry[g], c->entry[g + 1]));
	}
	return any;
}

static cold_fn void unbuilt_lookup(const struct fib6 *fib, const struct chunk *c,
				   const uint8_t *const dst[], uint16_t nh[], uint16_t before)
{
	const uint32_t *entry = (const uint32_t *)c->entry;

	for (unsigned i = 0; i < CHUNK; i++)
		if (entry[i] & FIB6_UNBUILT)
			nh[i] = fib6_lookup_rare(fib, dst[i], before);
}

static inline void lines_find(const struct fib6 *fib, struct chunk *c, const uint8_t *const dst[])
{
	for (unsigned g = 0; g < GROUPS; g++) {
		addresses_load(c, dst + g * LANES, g);
		root_read(fib, c, g);
	}
	flats_read(fib, c, 8);
	flats_read(fib, c, 0);
	for (unsigned g = 0; g < GROUPS; g++) {
		dir_read(fib, c, g);
		line_find(c, g);
	}
}

static void chunk_lookup(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[])
{
	uint32_t before = fib6_default(fib);
	alignas(32) uint32_t value[CHUNK];
	struct chunk c;
	const uint32_t *line = (const uint32_t *)c.line, *key = (const uint32_t *)c.key;
	uint64_t deep;
	__m256i any;

	lines_find(fib, &c, dst);
	for (unsigned i = 0; i < CHUNK; i++)
		value[i] = line_read(fib, line[i], key[i]);
	deep = lines_take(&c, value);
	if (deep)
		deep_lookup(fib, &c, deep, dst);
	any = answers_write(&c, before, nh);
	if (unlikely(!_mm256_testz_si256(any, _mm256_set1_epi32(FIB6_UNBUILT))))
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

enum { SCALAR_MAX = 16 };

void fib6_lookup_avx2(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[], unsigned n)
{
	for (; n >= CHUNK; n -= CHUNK, dst += CHUNK, nh += CHUNK)
		chunk_lookup(fib, dst, nh);
	if (n > SCALAR_MAX)
		rest_lookup(fib, dst, nh, n);
	else if (n)
		fib6_lookup_scalar(fib, dst, nh, n);
}
