// SPDX-License-Identifier: BSD-3-Clause
// IPv6 lookup without vectors: a chunk of addresses goes down level by level, and
// the reads that miss are prefetched one pass before they are made. Down to the
// first pair no branch depends on an address: who has no child reads mem's first
// line, which is zeros, and keeps what it had. Few go deeper, one list of lanes a
// pair.
#include "dataplane/route/fib6_layout.h"

#include <string.h>
#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

enum { CHUNK = 64, TRIES = 64 };

struct chunk {
	const struct fib6 *fib;
	uint64_t front[CHUNK]; // the first eight bytes of the addresses, host order
	uint32_t entry[CHUNK];
};

cold_fn uint16_t fib6_lookup_rare(const struct fib6 *fib, const uint8_t *dst, uint16_t default_nh)
{
	uint16_t nh = rib_path_nh(rib_lookup(fib->rib, dst));

	fib_post(fib->posted, (uint32_t)dst[0] << 8 | dst[1]);
	return nh ? nh : default_nh;
}

static uint32_t load(const _Atomic uint32_t *entry)
{
	return atomic_load_explicit(entry, memory_order_acquire);
}

// All ones for an entry with something below.
static uint32_t child_mask(uint32_t entry)
{
	return -(entry >> 31);
}

// All ones for a dir.
static uint32_t dir_mask(uint32_t entry)
{
	return child_mask(entry) & ((entry >> 30 & 1) - 1);
}

static uint32_t choose(uint32_t mask, uint32_t a, uint32_t b)
{
	return (a & mask) | (b & ~mask);
}

// The entry of a byte in the flat or dir behind entry; without mask mem's first line.
static const _Atomic uint32_t *flat_entry(const struct fib6 *fib, uint32_t entry, unsigned byte,
					  uint32_t mask)
{
	return (const _Atomic uint32_t *)fib6_at(fib->mem, entry & FIB6_OFF & mask) +
	       (byte & 0xff & mask);
}

static const struct fib6_line *line_of(const struct fib6 *fib, uint32_t entry, unsigned key)
{
	uint32_t line = (entry & FIB6_OFF) + fib6_line_of(entry, key);

	return fib6_at(fib->mem, line & child_mask(entry));
}

// The place of the last start <= key.
static unsigned place(const uint16_t start[FIB6_LINE_RUNS], unsigned key)
{
#if defined(__SSE4_1__)
	__m128i keys = _mm_set1_epi16((short)key);
	__m128i lo = _mm_load_si128((const __m128i *)start);
	__m128i hi = _mm_load_si128((const __m128i *)start + 1);
	__m128i is_le = _mm_packs_epi16(_mm_cmpeq_epi16(_mm_max_epu16(lo, keys), keys),
					_mm_cmpeq_epi16(_mm_max_epu16(hi, keys), keys));

	return (unsigned)__builtin_popcount((unsigned)_mm_movemask_epi8(is_le)) - 1;
#else
	unsigned at = (unsigned)(start[8] <= key) << 3;

	at += (unsigned)(start[at + 4] <= key) << 2;
	at += (unsigned)(start[at + 2] <= key) << 1;
	return at + (start[at + 1] <= key);
#endif
}

static void roots_read(struct chunk *c, const uint8_t *const dst[], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t front;

		memcpy(&front, dst[i], sizeof(front));
		c->front[i] = front = __builtin_bswap64(front);
		c->entry[i] = load(&c->fib->root[front >> 48]);
	}
}

static void flats_read(struct chunk *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t entry = c->entry[i], mask = child_mask(entry), byte = c->front[i] >> 40;

		entry = choose(mask, load(flat_entry(c->fib, entry, byte, mask)), entry);
		c->entry[i] = entry;
		__builtin_prefetch((const void *)flat_entry(c->fib, entry,
							    (unsigned)(c->front[i] >> 32), ~0u));
	}
	for (unsigned i = 0; i < n; i++) {
		uint32_t entry = c->entry[i], mask = child_mask(entry), byte = c->front[i] >> 32;

		c->entry[i] = choose(mask, load(flat_entry(c->fib, entry, byte, mask)), entry);
	}
}

static void dirs_read(struct chunk *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t entry = c->entry[i], mask = dir_mask(entry), byte = c->front[i] >> 24;

		entry = choose(mask, load(flat_entry(c->fib, entry, byte, mask)), entry);
		c->entry[i] = entry;
		__builtin_prefetch(line_of(c->fib, entry, c->front[i] >> 16 & 0xffff));
	}
}

// Answers become entries; lane[] receives those with something below, which keep
// their entry for its children.
static unsigned lines_read(struct chunk *c, unsigned n, uint8_t lane[CHUNK + 1])
{
	unsigned n_deep = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t entry = c->entry[i], mask = child_mask(entry), is_deep;
		unsigned key = c->front[i] >> 16 & 0xffff;
		const struct fib6_line *line = line_of(c->fib, entry, key);
		uint32_t value = atomic_load_explicit(&line->value[place(line->start, key)],
						      memory_order_acquire);

		is_deep = (value == FIB6_DEEP) & mask;
		lane[n_deep] = (uint8_t)i;
		n_deep += is_deep;
		c->entry[i] = choose(mask & (is_deep - 1), value, entry);
	}
	return n_deep;
}

static uint32_t pair_read(const struct fib6 *fib, uint32_t entry, const uint8_t *dst,
			  unsigned depth)
{
	unsigned key = (unsigned)dst[depth] << 8 | dst[depth + 1], at;
	const struct fib6_line *line;
	uint32_t value;

	if (dir_mask(entry))
		entry = load(flat_entry(fib, entry, dst[depth], ~0u));
	if (!(entry & FIB6_CHILD))
		return entry;
	line = line_of(fib, entry, key);
	at = place(line->start, key);
	value = atomic_load_explicit(&line->value[at], memory_order_acquire);
	if (value != FIB6_DEEP)
		return value;
	return load(&fib6_children_of(fib->mem, entry, fib6_line_of(entry, key))->child[at]);
}

void fib6_lookup_deep(const struct fib6 *fib, const uint8_t *const dst[], uint32_t entry[],
		      uint8_t lane[], unsigned n)
{
	for (unsigned depth = FIB6_PAIR_DEPTH; n && depth < 16; depth += 2) {
		unsigned left = 0;

		for (unsigned j = 0; j < n; j++) {
			unsigned i = lane[j];

			entry[i] = pair_read(fib, entry[i], dst[i], depth);
			__builtin_prefetch(
				fib6_at(fib->mem, entry[i] & FIB6_OFF & child_mask(entry[i])));
			lane[left] = (uint8_t)i;
			left += entry[i] >> 31;
		}
		n = left;
	}
}

// One address, without more ado.
static uint32_t entry_find(const struct fib6 *fib, const uint8_t *dst)
{
	uint32_t entry = load(&fib->root[(unsigned)dst[0] << 8 | dst[1]]);

	for (unsigned d = FIB6_FLAT_DEPTH; d < FIB6_PAIR_DEPTH && entry & FIB6_CHILD; d++)
		entry = load(flat_entry(fib, entry, dst[d], ~0u));
	for (unsigned d = FIB6_PAIR_DEPTH; d < 16 && entry & FIB6_CHILD; d += 2)
		entry = pair_read(fib, entry, dst, d);
	return entry;
}

static uint16_t one_lookup(const struct fib6 *fib, const uint8_t *dst)
{
	uint32_t before, entry;
	uint16_t nh = 0;

	for (unsigned try = 0; try < TRIES; try++) {
		before = fib6_default(fib);
		entry = entry_find(fib, dst);
		nh = entry & FIB6_UNBUILT ? fib6_lookup_rare(fib, dst, (uint16_t)before)
					  : (uint16_t)(entry ? entry : before);
		if (nh != (uint16_t)before || fib6_default(fib) == before)
			break;
	}
	return nh;
}

cold_fn void fib6_lookup_again(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
			       unsigned n, uint16_t default_nh)
{
	for (unsigned i = 0; i < n; i++)
		if (nh[i] == default_nh)
			nh[i] = one_lookup(fib, dst[i]);
}

static void chunk_lookup(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
			 unsigned n)
{
	uint32_t before = fib6_default(fib), rare = 0;
	uint8_t lane[CHUNK + 1];
	struct chunk c;
	unsigned n_deep;

	c.fib = fib;
	roots_read(&c, dst, n);
	flats_read(&c, n);
	dirs_read(&c, n);
	n_deep = lines_read(&c, n, lane);
	if (n_deep)
		fib6_lookup_deep(fib, dst, c.entry, lane, n_deep);
	for (unsigned i = 0; i < n; i++) {
		uint32_t entry = c.entry[i];

		rare |= entry & FIB6_UNBUILT;
		nh[i] = (uint16_t)(entry | (before & 0xffff & -(uint32_t)(entry == 0)));
	}
	for (unsigned i = 0; unlikely(rare) && i < n; i++)
		if (c.entry[i] & FIB6_UNBUILT)
			nh[i] = fib6_lookup_rare(fib, dst[i], (uint16_t)before);
	if (unlikely(fib6_default(fib) != before))
		fib6_lookup_again(fib, dst, nh, n, (uint16_t)before);
}

void fib6_lookup_scalar(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
			unsigned n)
{
	while (n) {
		unsigned chunk = n < CHUNK ? n : CHUNK;

		chunk_lookup(fib, dst, nh, chunk);
		n -= chunk;
		dst += chunk;
		nh += chunk;
	}
}

void fib6_lookup_bulk(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[], unsigned n)
{
	fib->lookup(fib, dst, nh, n);
}
