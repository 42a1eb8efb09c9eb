// SPDX-License-Identifier: BSD-3-Clause
// Where in 64 answers a new run begins.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { RUNS_FRONT = 8 }; // value[0..7] is room of runs_find(), the answers follow

#if defined(__SSE2__)
// Bit k: value k differs from the one before; bit 0 is set. *is_wide: some value
// is above max. Eight values at a time: a third of the cost of building a slot.
static inline uint64_t runs_find(uint16_t value[RUNS_FRONT + 64], uint16_t max, bool *is_wide)
{
	const __m128i limit = _mm_set1_epi16((short)max);
	__m128i above = _mm_setzero_si128();
	uint64_t same = 0;

	value[RUNS_FRONT - 1] = (uint16_t)~value[RUNS_FRONT];
	for (unsigned i = 0; i < 64; i += 16) {
		const uint16_t *v = value + RUNS_FRONT + i;
		__m128i a = _mm_loadu_si128((const void *)v);
		__m128i b = _mm_loadu_si128((const void *)(v + 8));
		__m128i eq_a = _mm_cmpeq_epi16(a, _mm_loadu_si128((const void *)(v - 1)));
		__m128i eq_b = _mm_cmpeq_epi16(b, _mm_loadu_si128((const void *)(v + 7)));

		same |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_packs_epi16(eq_a, eq_b)) << i;
		above = _mm_or_si128(
			above, _mm_or_si128(_mm_subs_epu16(a, limit), _mm_subs_epu16(b, limit)));
	}
	*is_wide = _mm_movemask_epi8(_mm_cmpeq_epi16(above, _mm_setzero_si128())) != 0xffff;
	return ~same;
}
#else
static inline uint64_t runs_find(uint16_t value[RUNS_FRONT + 64], uint16_t max, bool *is_wide)
{
	const uint16_t *v = value + RUNS_FRONT;
	uint64_t runs = 1;

	*is_wide = v[0] > max;
	for (unsigned k = 1; k < 64; k++) {
		runs |= (uint64_t)(v[k] != v[k - 1]) << k;
		*is_wide |= v[k] > max;
	}
	return runs;
}
#endif
