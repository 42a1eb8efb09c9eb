// SPDX-License-Identifier: BSD-3-Clause
// IPv4 lookup without vectors. Two passes over a chunk: the root, which fetches
// the nodes, then runs and leaf. No branch depends on an address, but for one a
// chunk: were there lanes that need more than three reads?
#include "dataplane/route/fib4_layout.h"

#include <string.h>

enum { CHUNK = 64, NODE_NONE = 1, TRIES = 64 };

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

static uint16_t unbuilt_lookup(const struct fib4 *fib, uint32_t dst)
{
	const uint8_t addr[4] = {(uint8_t)(dst >> 24), (uint8_t)(dst >> 16), (uint8_t)(dst >> 8),
				 (uint8_t)dst};

	fib_post(fib->posted, dst >> 14);
	return rib_path_nh(rib_lookup(fib->rib, addr));
}

cold_fn uint16_t fib4_lookup_rare(const struct fib4 *fib, uint32_t entry, uint32_t dst)
{
	return entry & FIB4_NODE ? sub_lookup(fib, entry, dst) : unbuilt_lookup(fib, dst);
}

static uint32_t node_mask(uint32_t entry)
{
	return -(entry >> 31);
}

static uint32_t choose(uint32_t mask, uint32_t a, uint32_t b)
{
	return b ^ ((a ^ b) & mask);
}

// Where the node stands in mem; an answer of the root alone reads the dummy.
static uint32_t node_at(uint32_t entry)
{
	return choose(node_mask(entry), entry & FIB4_OFF, NODE_NONE) * 8;
}

// Returns whether the lane is rare.
static unsigned answer(const char *node, uint32_t entry, uint32_t dst, uint16_t *nh)
{
	uint32_t is_wide = entry >> 30 & entry >> 31, is_node = node_mask(entry);
	uint32_t mask = 0xff | (-is_wide & 0xff00), value;
	uint64_t runs;
	uint16_t leaf;

	memcpy(&runs, node, sizeof(runs));
	runs <<= ~(dst >> 8) & 63;
	memcpy(&leaf, node + 8 + (((unsigned)__builtin_popcountll(runs) - 1) << is_wide),
	       sizeof(leaf));
	value = choose(is_node, leaf & mask, entry);
	*nh = (uint16_t)value;
	return value == choose(is_node, mask, FIB4_UNBUILT);
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

// One address, without more ado.
static uint16_t one_lookup(const struct fib4 *fib, uint32_t dst)
{
	uint32_t before, entry;
	uint16_t nh = 0;

	for (unsigned try = 0; try < TRIES; try++) {
		before = fib4_default(fib);
		entry = atomic_load_explicit(&fib->root[dst >> 14], memory_order_acquire);
		if (answer(fib->mem + node_at(entry), entry, dst, &nh))
			nh = fib4_lookup_rare(fib, entry, dst);
		nh = nh ? nh : (uint16_t)before;
		if (nh != (uint16_t)before || fib4_default(fib) == before)
			break;
	}
	return nh;
}

cold_fn void fib4_lookup_again(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[],
			       unsigned n, uint16_t default_nh)
{
	for (unsigned i = 0; i < n; i++)
		if (nh[i] == default_nh)
			nh[i] = one_lookup(fib, dst[i]);
}

static void chunk_lookup(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[], unsigned n)
{
	uint32_t before = fib4_default(fib);
	const _Atomic uint32_t *root = fib->root;
	const char *mem = fib->mem;
	uint32_t entry[CHUNK], at[CHUNK];
	uint8_t lane[CHUNK + 1]; // the rare ones
	unsigned n_rare = 0;

	for (unsigned i = 0; i < n; i++) {
		entry[i] = atomic_load_explicit(&root[dst[i] >> 14], memory_order_acquire);
		at[i] = node_at(entry[i]);
		__builtin_prefetch(mem + at[i]);
	}
	for (unsigned i = 0; i < n; i++) {
		lane[n_rare] = (uint8_t)i;
		n_rare += answer(mem + at[i], entry[i], dst[i], &nh[i]);
	}
	for (unsigned i = 0; i < n; i++)
		nh[i] = (uint16_t)(nh[i] | ((uint16_t)before & -(uint16_t)(nh[i] == 0)));
	if (unlikely(n_rare))
		rare_lookup(fib, dst, entry, lane, n_rare, (uint16_t)before, nh);
	if (unlikely(fib4_default(fib) != before))
		fib4_lookup_again(fib, dst, nh, n, (uint16_t)before);
}

void fib4_lookup_scalar(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[], unsigned n)
{
	while (n) {
		unsigned chunk = n < CHUNK ? n : CHUNK;

		chunk_lookup(fib, dst, nh, chunk);
		n -= chunk;
		dst += chunk;
		nh += chunk;
	}
}

void fib4_lookup_bulk(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[], unsigned n)
{
	fib->lookup(fib, dst, nh, n);
}
