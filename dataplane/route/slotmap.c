// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/slotmap.h"

#include "dataplane/base/err.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int slotmap_init(struct slotmap *map, unsigned n_bits)
{
	assert(n_bits <= SLOTMAP_MAX);
	memset(map, 0, sizeof(*map));
	map->word = calloc((n_bits + 63) / 64, sizeof(*map->word));
	if (!map->word)
		return -ENOMEM;
	map->n_bits = n_bits;
	return 0;
}

void slotmap_fini(struct slotmap *map)
{
	free(map->word);
}

void slotmap_set(struct slotmap *map, unsigned i)
{
	map->count += !slotmap_has(map, i);
	map->word[i / 64] |= 1ull << (i % 64);
	map->top[i / 4096] |= 1ull << (i / 64 % 64);
}

void slotmap_set_range(struct slotmap *map, unsigned i, unsigned n)
{
	for (; n && i % 64; n--)
		slotmap_set(map, i++);
	for (; n >= 64; n -= 64, i += 64) {
		map->count += 64 - (unsigned)__builtin_popcountll(map->word[i / 64]);
		map->word[i / 64] = ~0ull;
		map->top[i / 4096] |= 1ull << (i / 64 % 64);
	}
	for (; n; n--)
		slotmap_set(map, i++);
}

void slotmap_clear(struct slotmap *map, unsigned i)
{
	map->count -= slotmap_has(map, i);
	map->word[i / 64] &= ~(1ull << (i % 64));
	if (!map->word[i / 64])
		map->top[i / 4096] &= ~(1ull << (i / 64 % 64));
}

int slotmap_next(const struct slotmap *map, unsigned from)
{
	uint64_t bits;
	unsigned w = from / 64;

	if (from >= map->n_bits)
		return -1;
	bits = map->word[w] & ~0ull << (from % 64);
	if (bits)
		return (int)(w * 64 + (unsigned)__builtin_ctzll(bits));
	if (++w >= SLOTMAP_MAX / 64)
		return -1;
	bits = map->top[w / 64] & ~0ull << (w % 64);
	for (w /= 64; !bits;) {
		if (++w == ARRAY_LEN(map->top))
			return -1;
		bits = map->top[w];
	}
	w = w * 64 + (unsigned)__builtin_ctzll(bits);
	return (int)(w * 64 + (unsigned)__builtin_ctzll(map->word[w]));
}
