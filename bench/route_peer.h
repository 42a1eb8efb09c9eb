// SPDX-License-Identifier: BSD-3-Clause
// The engines that route_bench compares: one shape for ours and for DPDK's.
#pragma once

#include "bench/route_data.h"

enum { BENCH_BURST = 64 };

struct bench_keys {
	size_t n;
	uint8_t (*addr)[16];	  // network order
	uint32_t *ip4;		  // host order
	const uint8_t **pointers; // to addr[i]
};

struct bench_engine {
	const char *name;
	void *fib;
	// Looks BENCH_BURST keys up, from the at-th on.
	void (*lookup)(void *fib, const struct bench_keys *keys, size_t at, uint64_t nh[]);
	uint64_t bytes; // that lookups read
};

// Starts EAL without touching any device; returns 0 or -errno.
int bench_eal_start(void) must_check;

// rte_fib (DIR24_8, 2 bytes) or rte_fib6 (trie, 4 bytes) holding the table: NULL
// with errno when it refuses. ns receives the time of loading.
struct bench_engine *bench_peer4_new(const struct bench_table *table, uint64_t *ns) must_check;
struct bench_engine *bench_peer6_new(const struct bench_table *table, uint64_t *ns) must_check;
// Chooses the lookup: false where the machine has no AVX-512.
bool bench_peer_select(struct bench_engine *peer, bool is_ip6, bool is_avx512);
// Withdraws and announces one route.
void bench_peer_flap(struct bench_engine *peer, const struct bench_route *route);
