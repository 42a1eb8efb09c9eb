// SPDX-License-Identifier: BSD-3-Clause
// IPv4 lookup without vectors. Three passes over a chunk (root, node, leaf), each
// prefetching for the next; no branch depends on an address, but for one a
// chunk: were there lanes that need more than three reads?
#include "dataplane/route/fib4_layout.h"

#include <string.h>

enum { CHUNK = 64, NODE_NONE = 1 };

static uint16_t sub_lookup(const struct fib4 *fib, uint32_t entry, uint32_t dst)
{
	const char *node = fib4_node(fib, entry);
	unsigned k = dst >> 8 & 63, byte = dst & 0xff, rank;
	uint64_t deep = ((const uint64_t *)node)[-1];
	uint32_t off =
		((const uint32_t *)node)[-3 - __builtin_popcountll(deep & ((1ull << k) - 1))];
	const struct fib4_sub *sub = (const void *)(fib->mem + (size_t)off * 8);

	rank = (unsigned)__builtin_popcountll(sub->runs[byte / 64] << (63 - byte % 64));
	for (unsigned w = 0; w < byte / 64; w++)
		rank += (unsigned)__builtin_popcountll(sub->runs[w]);
	return sub->leaf[rank - 1];
}

static void post(const struct fib4 *fib, uint32_t slot)
{
	_Atomic uint32_t *box = &fib->posted[slot % FIB4_POSTS];

	if (atomic_load_explicit(box, memory_order_relaxed) != slot + 1)
		atomic_store_explicit(box, slot + 1, memory_order_relaxed);
}

static uint16_t unbuilt_lookup(const struct fib4 *fib, uint32_t dst)
{
	const uint8_t addr[4] = {(uint8_t)(dst >> 24), (uint8_t)(dst >> 16), (uint8_t)(dst >> 8),
				 (uint8_t)dst};

	post(fib, dst >> 14);
	return rib_path_nh(rib_lookup(fib->rib, addr));
}

cold_fn uint16_t fib4_lookup_rare(const struct fib4 *fib, uint32_t entry, uint32_t dst)
{
	return entry & FIB4_NODE ? sub_lookup(fib, entry, dst) : unbuilt_lookup(fib, dst);
}

// An answer of the root alone reads the dummy node, and is put back by a mask.
static const char *node_of(const struct fib4 *fib, uint32_t entry)
{
	uint32_t is_node = -(entry >> 31);

	return fib->mem + (size_t)((entry & FIB4_OFF & is_node) | (NODE_NONE & ~is_node)) * 8;
}

static const char *leaf_of(const char *node, uint32_t entry, uint32_t dst)
{
	unsigned is_wide = entry >> 30 & entry >> 31;
	uint64_t runs;

	memcpy(&runs, node, sizeof(runs));
	return node + 8 +
	       (((size_t)__builtin_popcountll(runs << (63 - (dst >> 8 & 63))) - 1) << is_wide);
}

// Returns whether the lane is rare.
static unsigned answer(const char *leaf, uint32_t entry, uint32_t default_nh, uint16_t *nh)
{
	uint32_t is_node = -(entry >> 31), value;
	uint32_t mask = (entry >> 30 & entry >> 31) * 0xff00 | 0xff;
	uint16_t raw;

	memcpy(&raw, leaf, sizeof(raw));
	value = (raw & mask & is_node) | (entry & 0xffff & ~is_node);
	*nh = (uint16_t)(value | (default_nh & -(uint32_t)(value == 0)));
	return (is_node & (value == mask)) | (~is_node & entry >> 30 & 1);
}

static cold_fn void rare_lookup(const struct fib4 *fib, const uint32_t dst[],
				const uint32_t entry[], const uint8_t lane[], unsigned n,
				uint16_t default_nh, uint16_t nh[])
{
	for (unsigned j = 0; j < n; j++) {
		unsigned i = lane[j];
		uint16_t found = fib4_lookup_rare(fib, entry[i], dst[i]);

		nh[i] = found ? found : default_nh;
	}
}

// Returns whether the default route stayed the same all the time.
static bool chunk_lookup(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[], unsigned n)
{
	uint32_t before = fib4_default(fib);
	const char *node[CHUNK], *leaf[CHUNK];
	uint32_t entry[CHUNK];
	uint8_t lane[CHUNK + 1]; // the rare ones
	unsigned n_rare = 0;

	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch((const void *)&fib->root[dst[i] >> 14]);
	for (unsigned i = 0; i < n; i++) {
		entry[i] = atomic_load_explicit(&fib->root[dst[i] >> 14], memory_order_acquire);
		node[i] = node_of(fib, entry[i]);
		__builtin_prefetch(node[i]);
	}
	for (unsigned i = 0; i < n; i++) {
		leaf[i] = leaf_of(node[i], entry[i], dst[i]);
		__builtin_prefetch(leaf[i]);
	}
	for (unsigned i = 0; i < n; i++) {
		lane[n_rare] = (uint8_t)i;
		n_rare += answer(leaf[i], entry[i], before & 0xffff, &nh[i]);
	}
	if (unlikely(n_rare))
		rare_lookup(fib, dst, entry, lane, n_rare, (uint16_t)before, nh);
	return fib4_default(fib) == before;
}

enum { TRIES = 64 };

cold_fn void fib4_lookup_again(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[],
			       unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned try = 0; try < TRIES; try++)
			if (chunk_lookup(fib, &dst[i], &nh[i], 1))
				break;
}

void fib4_lookup_scalar(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[], unsigned n)
{
	while (n) {
		unsigned chunk = n < CHUNK ? n : CHUNK;

		if (unlikely(!chunk_lookup(fib, dst, nh, chunk)))
			fib4_lookup_again(fib, dst, nh, chunk);
		n -= chunk;
		dst += chunk;
		nh += chunk;
	}
}

void fib4_lookup_bulk(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[], unsigned n)
{
	fib->lookup(fib, dst, nh, n);
}
