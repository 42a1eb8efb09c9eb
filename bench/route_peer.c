// SPDX-License-Identifier: BSD-3-Clause
#include "bench/route_peer.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/err.h"

#include <rte_eal.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_memory.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TBL8_IP4 = 32767, TBL8_IP6 = 1 << 17, MAX_ROUTES = 1 << 21 };

// Without the last argument EAL keeps rte_fib from AVX-512.
int bench_eal_start(void)
{
	char *huge[] = {"route_bench",
			"--in-memory",
			"--no-pci",
			"--no-telemetry",
			"--log-level=1",
			"--force-max-simd-bitwidth=512",
			"-l",
			"0",
			"-m",
			"1600",
			NULL};
	char *plain[] = {"route_bench",
			 "--no-huge",
			 "--no-shconf",
			 "--no-pci",
			 "--no-telemetry",
			 "--log-level=1",
			 "--force-max-simd-bitwidth=512",
			 "-l",
			 "0",
			 "-m",
			 "2400",
			 NULL};

	if (getenv("ROUTE_BENCH_HUGE"))
		return rte_eal_init(ARRAY_LEN(huge) - 1, huge) < 0 ? -ENOMEM : 0;
	return rte_eal_init(ARRAY_LEN(plain) - 1, plain) < 0 ? -ENOMEM : 0;
}

static uint32_t ip4_of(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void lookup4(void *fib, const struct bench_keys *keys, size_t at, uint64_t nh[])
{
	rte_fib_lookup_bulk(fib, keys->ip4 + at, nh, BENCH_BURST);
}

// An IPv6 address is an array of bytes to DPDK before 24.11, a struct since.
static void *any_addr(const void *bytes)
{
	return (void *)(uintptr_t)bytes;
}

static void lookup6(void *fib, const struct bench_keys *keys, size_t at, uint64_t nh[])
{
	rte_fib6_lookup_bulk(fib, any_addr(keys->addr + at), nh, BENCH_BURST);
}

static struct bench_engine *engine_new(void *fib, uint64_t bytes)
{
	struct bench_engine *engine = calloc(1, sizeof(*engine));

	if (engine && fib) {
		engine->fib = fib;
		engine->bytes = bytes;
		return engine;
	}
	free(engine);
	return err_null(ENOMEM);
}

static void report(const char *name, size_t n_refused)
{
	if (n_refused)
		fprintf(stderr, "%s refused %zu routes\n", name, n_refused);
}

struct bench_engine *bench_peer4_new(const struct bench_table *table, uint64_t *ns)
{
	struct rte_fib_conf conf = {
		.type = RTE_FIB_DIR24_8,
		.max_routes = MAX_ROUTES,
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_2B, .num_tbl8 = TBL8_IP4},
	};
	struct bench_engine *engine =
		engine_new(rte_fib_create("bench4", SOCKET_ID_ANY, &conf), 2ul << 24);
	size_t n_refused = 0;

	if (!engine)
		return NULL;
	*ns = clock_thread_ns();
	for (size_t i = 0; i < table->n; i++) {
		const struct prefix *prefix = &table->route[i].prefix;

		n_refused += rte_fib_add(engine->fib, ip4_of(prefix->bytes), prefix->len,
					 table->route[i].nh) != 0;
	}
	*ns = clock_thread_ns() - *ns;
	report("rte_fib", n_refused);
	engine->lookup = lookup4;
	return engine;
}

struct bench_engine *bench_peer6_new(const struct bench_table *table, uint64_t *ns)
{
	struct rte_fib6_conf conf = {
		.type = RTE_FIB6_TRIE,
		.max_routes = MAX_ROUTES / 4,
		.trie = {.nh_sz = RTE_FIB6_TRIE_4B, .num_tbl8 = TBL8_IP6},
	};
	struct bench_engine *engine =
		engine_new(rte_fib6_create("bench6", SOCKET_ID_ANY, &conf), 4ul << 24);
	size_t n_refused = 0;

	if (!engine)
		return NULL;
	*ns = clock_thread_ns();
	for (size_t i = 0; i < table->n; i++) {
		const struct prefix *prefix = &table->route[i].prefix;

		n_refused += rte_fib6_add(engine->fib, any_addr(prefix->bytes), prefix->len,
					  table->route[i].nh) != 0;
	}
	*ns = clock_thread_ns() - *ns;
	report("rte_fib6", n_refused);
	engine->lookup = lookup6;
	return engine;
}

bool bench_peer_select(struct bench_engine *peer, bool is_ip6, bool is_avx512)
{
	enum rte_fib_lookup_type type4 = is_avx512 ? RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512
						   : RTE_FIB_LOOKUP_DIR24_8_SCALAR_MACRO;
	enum rte_fib6_lookup_type type6 =
		is_avx512 ? RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512 : RTE_FIB6_LOOKUP_TRIE_SCALAR;

	if (is_ip6) {
		peer->name = is_avx512 ? "rte_fib6-avx512" : "rte_fib6-scalar";
		return rte_fib6_select_lookup(peer->fib, type6) == 0;
	}
	peer->name = is_avx512 ? "rte_fib-avx512" : "rte_fib-scalar";
	return rte_fib_select_lookup(peer->fib, type4) == 0;
}

void bench_peer_flap(struct bench_engine *peer, const struct bench_route *route)
{
	const uint8_t *bytes = route->prefix.bytes;

	if (route->prefix.family == 4) {
		rte_fib_delete(peer->fib, ip4_of(bytes), route->prefix.len);
		rte_fib_add(peer->fib, ip4_of(bytes), route->prefix.len, route->nh);
	} else {
		rte_fib6_delete(peer->fib, any_addr(bytes), route->prefix.len);
		rte_fib6_add(peer->fib, any_addr(bytes), route->prefix.len, route->nh);
	}
}
