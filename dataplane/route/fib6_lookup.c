// SPDX-License-Identifier: BSD-3-Clause
// IPv6 lookup without vectors: a chunk of addresses goes down level by level,
// those that have their answer stay behind, and each read is prefetched one
// pass before it is made.
#include "dataplane/route/fib6_layout.h"

enum { CHUNK = 32 };

struct chunk {
	const struct fib6 *fib;
	const uint8_t *const *dst;
	unsigned n;	       // lanes on their way
	uint8_t lane[CHUNK];   // which
	uint32_t entry[CHUNK]; // by lane: what was read last
	uint32_t index[CHUNK]; // by position: the entry to read next
};

static cold_fn void post(const struct fib6 *fib, uint32_t slot)
{
	_Atomic uint32_t *box = &fib->posted[slot % FIB6_POSTS];

	if (atomic_load_explicit(box, memory_order_relaxed) != slot + 1)
		atomic_store_explicit(box, slot + 1, memory_order_relaxed);
}

cold_fn uint16_t fib6_lookup_rare(const struct fib6 *fib, const uint8_t *dst)
{
	post(fib, (uint32_t)dst[0] << 8 | dst[1]);
	return rib_path_nh(rib_lookup(fib->rib, dst));
}

static void prefetch(const struct chunk *c, uint32_t index)
{
	__builtin_prefetch(c->fib->mem + (size_t)index * 4);
}

// Reads the entries; lanes with a child stay, the child's first line is fetched.
static void entries_read(struct chunk *c, unsigned depth)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n; i++) {
		unsigned lane = c->lane[i];
		uint32_t entry = atomic_load_explicit(fib6_entry(c->fib->mem, c->index[i]),
						      memory_order_acquire);

		c->entry[lane] = entry;
		c->lane[n] = (uint8_t)lane;
		n += entry >> 31;
		prefetch(c, (entry & FIB6_OFF & -(entry >> 31)) * 2 + c->dst[lane][depth] / 32 * 2);
	}
	c->n = n;
}

static void nodes_read(struct chunk *c, unsigned depth)
{
	for (unsigned i = 0; i < c->n; i++) {
		unsigned lane = c->lane[i], byte = c->dst[lane][depth];
		const struct fib6_node *node =
			(const void *)(c->fib->mem + (size_t)(c->entry[lane] & FIB6_OFF) * 8);
		const struct fib6_word *word = &node->word[byte / 32];

		c->index[i] = word->base + fib6_rank(word, byte) - 1;
		prefetch(c, c->index[i]);
	}
}

static void flats_read(struct chunk *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		unsigned lane = c->lane[i];

		c->index[i] = (c->entry[lane] & FIB6_OFF) * 2 + c->dst[lane][FIB6_FLAT_DEPTH];
		prefetch(c, c->index[i]);
	}
}

static void root_read(struct chunk *c, unsigned n)
{
	c->n = 0;
	for (unsigned i = 0; i < n; i++) {
		unsigned slot = (unsigned)c->dst[i][0] << 8 | c->dst[i][1];

		c->entry[i] = atomic_load_explicit(&c->fib->root[slot], memory_order_acquire);
		c->lane[c->n] = (uint8_t)i;
		c->n += c->entry[i] >> 31;
	}
}

// Returns whether the default route stayed the same all the time.
static bool chunk_lookup(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
			 unsigned n)
{
	struct chunk c = {.fib = fib, .dst = dst};
	uint32_t before = fib6_default(fib), rare = 0;

	root_read(&c, n);
	flats_read(&c);
	entries_read(&c, FIB6_FLAT_DEPTH + 1);
	for (unsigned depth = FIB6_FLAT_DEPTH + 1; c.n; depth++) {
		nodes_read(&c, depth);
		entries_read(&c, depth < 15 ? depth + 1 : 15);
	}
	for (unsigned i = 0; i < n; i++) {
		rare |= c.entry[i] & FIB6_UNBUILT;
		nh[i] = (uint16_t)c.entry[i];
	}
	for (unsigned i = 0; unlikely(rare) && i < n; i++)
		if (c.entry[i] & FIB6_UNBUILT)
			nh[i] = fib6_lookup_rare(fib, dst[i]);
	for (unsigned i = 0; i < n; i++)
		nh[i] = nh[i] ? nh[i] : (uint16_t)before;
	return fib6_default(fib) == before;
}

enum { TRIES = 64 };

cold_fn void fib6_lookup_again(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
			       unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned try = 0; try < TRIES; try++)
			if (chunk_lookup(fib, &dst[i], &nh[i], 1))
				break;
}

void fib6_lookup_scalar(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
			unsigned n)
{
	while (n) {
		unsigned chunk = n < CHUNK ? n : CHUNK;

		if (unlikely(!chunk_lookup(fib, dst, nh, chunk)))
			fib6_lookup_again(fib, dst, nh, chunk);
		n -= chunk;
		dst += chunk;
		nh += chunk;
	}
}

void fib6_lookup_bulk(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[], unsigned n)
{
	fib->lookup(fib, dst, nh, n);
}
