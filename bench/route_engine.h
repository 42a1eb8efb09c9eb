// SPDX-License-Identifier: BSD-3-Clause
// The engines that route_bench compares, in one shape: ours by each way to look up,
// DPDK's, and a reference.
#pragma once

#include "bench/route_data.h"

enum { BENCH_BURST = 64, BENCH_ENGINES_MAX = 8 };

struct bench_keys {
	size_t n;
	uint8_t (*addr)[16];	  // network order
	uint32_t *ip4;		  // host order
	const uint8_t **pointers; // to addr[i]
};

// Room for what any engine writes for a burst.
union bench_answers {
	uint16_t ours[BENCH_BURST];
	uint32_t lpm[BENCH_BURST];
	int32_t lpm6[BENCH_BURST];
	uint64_t fib[BENCH_BURST];
};

struct bench_engine {
	const char *name;
	bool is_peer;
	void *fib;
	void *code;				// which of its lookups
	unsigned n_bits;			// of an address: the caller's to set
	void (*select)(struct bench_engine *e); // before its turn, may be NULL
	// Looks BENCH_BURST keys up, from the at-th on.
	void (*lookup)(const struct bench_engine *e, const struct bench_keys *keys, size_t at,
		       union bench_answers *out);
	unsigned (*answer)(const union bench_answers *out, unsigned i);	       // 0: none
	void (*flap)(struct bench_engine *e, const struct bench_route *route); // NULL: not measured
	void (*free)(struct bench_engine *e);				       // NULL: is another's
	uint64_t bytes;	  // that lookups read; for DPDK's the first level alone, the least it is
	uint64_t load_ns; // 0: shares the table of another
	size_t n_refused;
	unsigned slow; // how many times fewer lookups it makes
};

struct bench_engines {
	struct bench_engine e[BENCH_ENGINES_MAX];
	unsigned n;
};

// Ours: each way that this machine has, the best ("jerboa") first.
struct table;
void bench_ours_add(struct bench_engines *out, struct table *table, unsigned family);
// One bit a level.
void bench_ref_add(struct bench_engines *out, const struct bench_ref *ref);

// Starts EAL without touching any device, on hugepages if enough of them are free;
// returns 0 or -errno.
int bench_eal_start(bool *is_huge) must_check;
// rte_fib (DIR24_8, 2 bytes), rte_fib6 (trie, 4 bytes), each scalar and with AVX-512;
// rte_lpm6; rte_lpm only when asked for (it loads a full table in minutes). Exits
// when one cannot be made.
void bench_peers_add(struct bench_engines *out, const struct bench_table *table, unsigned family,
		     bool with_lpm);
