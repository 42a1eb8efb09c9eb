// SPDX-License-Identifier: BSD-3-Clause
#include "bench/route_engine.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/err.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_lpm.h>
#include <rte_lpm6.h>
#include <rte_memory.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TBL8_IP4 = 32767,
	TBL8_IP6 = 1 << 18,
	TBL8_LPM = 4096,
	MAX_ROUTES = 1 << 21,
	MEMORY_MB = 1800
};

static size_t huge_mb_free(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	size_t pages = 0, kb = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		(void)sscanf(line, "HugePages_Free: %zu", &pages);
		(void)sscanf(line, "Hugepagesize: %zu kB", &kb);
	}
	if (file)
		fclose(file);
	return pages * kb / 1024;
}

// The last argument: EAL keeps rte_fib from AVX-512 otherwise.
static int eal_start(char *pages, char *apart, char *mb)
{
	char *argv[] = {"route_bench",
			pages,
			apart,
			"--no-pci",
			"--no-telemetry",
			"--log-level=1",
			"-l",
			"0",
			"-m",
			mb,
			"--force-max-simd-bitwidth=512",
			NULL};

	return rte_eal_init(ARRAY_LEN(argv) - 1, argv) < 0 ? -ENOMEM : 0;
}

int bench_eal_start(bool *is_huge)
{
	char mb[16];

	*is_huge = huge_mb_free() >= MEMORY_MB;
	snprintf(mb, sizeof(mb), "%d", MEMORY_MB);
	return *is_huge ? eal_start("--in-memory", "--single-file-segments", mb)
			: eal_start("--no-huge", "--no-shconf", mb);
}

static uint32_t ip4_of(const struct bench_route *route)
{
	const uint8_t *b = route->prefix.bytes;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

// An IPv6 address is an array of bytes to DPDK before 24.11, a struct since.
static void *any_addr(const void *bytes)
{
	return (void *)(uintptr_t)bytes;
}

static void *must(void *made, const char *what)
{
	if (made)
		return made;
	fprintf(stderr, "route_bench: %s cannot be made: %s\n", what, rte_strerror(rte_errno));
	exit(1);
}

typedef int add_fn(void *fib, const struct bench_route *route);

static void load(struct bench_engine *e, const struct bench_table *table, add_fn *add)
{
	uint64_t start = clock_thread_ns();

	for (size_t i = 0; i < table->n; i++)
		e->n_refused += add(e->fib, &table->route[i]) != 0;
	e->load_ns = clock_thread_ns() - start;
	if (e->n_refused)
		fprintf(stderr, "%s refused %zu routes\n", e->name, e->n_refused);
}

// rte_fib.

static void fib_free(struct bench_engine *e)
{
	rte_fib_free(e->fib);
}

static void fib_lookup(const struct bench_engine *e, const struct bench_keys *keys, size_t at,
		       union bench_answers *out)
{
	rte_fib_lookup_bulk(e->fib, keys->ip4 + at, out->fib, BENCH_BURST);
}

static unsigned fib_answer(const union bench_answers *out, unsigned i)
{
	return (unsigned)out->fib[i];
}

static int fib_add(void *fib, const struct bench_route *route)
{
	return rte_fib_add(fib, ip4_of(route), route->prefix.len, route->nh);
}

static void fib_flap(struct bench_engine *e, const struct bench_route *route)
{
	rte_fib_delete(e->fib, ip4_of(route), route->prefix.len);
	(void)fib_add(e->fib, route);
}

static void fib_scalar(struct bench_engine *e)
{
	(void)rte_fib_select_lookup(e->fib, RTE_FIB_LOOKUP_DIR24_8_SCALAR_MACRO);
}

static void fib_avx512(struct bench_engine *e)
{
	(void)rte_fib_select_lookup(e->fib, RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512);
}

// The same table by another lookup.
static void again(struct bench_engines *out, const char *name,
		  void (*select)(struct bench_engine *e))
{
	struct bench_engine *e = &out->e[out->n];

	*e = out->e[out->n - 1];
	e->name = name;
	e->select = select;
	e->flap = NULL;
	e->free = NULL;
	e->load_ns = 0;
	out->n++;
}

static void fibs_add(struct bench_engines *out, const struct bench_table *table)
{
	struct rte_fib_conf conf = {
		.type = RTE_FIB_DIR24_8,
		.max_routes = MAX_ROUTES,
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_2B, .num_tbl8 = TBL8_IP4},
	};
	struct bench_engine *e = &out->e[out->n++];

	*e = (struct bench_engine){
		.name = "rte_fib-scalar",
		.is_peer = true,
		.fib = must(rte_fib_create("bench4", SOCKET_ID_ANY, &conf), "rte_fib"),
		.select = fib_scalar,
		.lookup = fib_lookup,
		.free = fib_free,
		.answer = fib_answer,
		.flap = fib_flap,
		.bytes = 2ul << 24,
		.slow = 1,
	};
	load(e, table, fib_add);
	if (!rte_fib_select_lookup(e->fib, RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512))
		again(out, "rte_fib-avx512", fib_avx512);
}

// rte_fib6.

static void fib6_free(struct bench_engine *e)
{
	rte_fib6_free(e->fib);
}

static void fib6_lookup(const struct bench_engine *e, const struct bench_keys *keys, size_t at,
			union bench_answers *out)
{
	rte_fib6_lookup_bulk(e->fib, any_addr(keys->addr + at), out->fib, BENCH_BURST);
}

static int fib6_add(void *fib, const struct bench_route *route)
{
	return rte_fib6_add(fib, any_addr(route->prefix.bytes), route->prefix.len, route->nh);
}

static void fib6_flap(struct bench_engine *e, const struct bench_route *route)
{
	rte_fib6_delete(e->fib, any_addr(route->prefix.bytes), route->prefix.len);
	(void)fib6_add(e->fib, route);
}

static void fib6_scalar(struct bench_engine *e)
{
	(void)rte_fib6_select_lookup(e->fib, RTE_FIB6_LOOKUP_TRIE_SCALAR);
}

static void fib6_avx512(struct bench_engine *e)
{
	(void)rte_fib6_select_lookup(e->fib, RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512);
}

static void fib6s_add(struct bench_engines *out, const struct bench_table *table)
{
	struct rte_fib6_conf conf = {
		.type = RTE_FIB6_TRIE,
		.max_routes = MAX_ROUTES / 4,
		.trie = {.nh_sz = RTE_FIB6_TRIE_4B, .num_tbl8 = TBL8_IP6},
	};
	struct bench_engine *e = &out->e[out->n++];

	*e = (struct bench_engine){
		.name = "rte_fib6-scalar",
		.is_peer = true,
		.fib = must(rte_fib6_create("bench6", SOCKET_ID_ANY, &conf), "rte_fib6"),
		.select = fib6_scalar,
		.lookup = fib6_lookup,
		.free = fib6_free,
		.answer = fib_answer,
		.flap = fib6_flap,
		.bytes = 4ul << 24,
		.slow = 1,
	};
	load(e, table, fib6_add);
	if (!rte_fib6_select_lookup(e->fib, RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512))
		again(out, "rte_fib6-avx512", fib6_avx512);
}

// rte_lpm.

static void lpm_free(struct bench_engine *e)
{
	rte_lpm_free(e->fib);
}

static void lpm_lookup(const struct bench_engine *e, const struct bench_keys *keys, size_t at,
		       union bench_answers *out)
{
	rte_lpm_lookup_bulk(e->fib, keys->ip4 + at, out->lpm, BENCH_BURST);
}

static unsigned lpm_answer(const union bench_answers *out, unsigned i)
{
	return out->lpm[i] & RTE_LPM_LOOKUP_SUCCESS ? out->lpm[i] & 0xffffff : 0;
}

static int lpm_add(void *fib, const struct bench_route *route)
{
	return rte_lpm_add(fib, ip4_of(route), route->prefix.len, route->nh);
}

static void lpm_new(struct bench_engines *out, const struct bench_table *table)
{
	struct rte_lpm_config conf = {.max_rules = MAX_ROUTES, .number_tbl8s = TBL8_LPM};
	struct bench_engine *e = &out->e[out->n++];

	*e = (struct bench_engine){
		.name = "rte_lpm",
		.is_peer = true,
		.fib = must(rte_lpm_create("bench4l", SOCKET_ID_ANY, &conf), "rte_lpm"),
		.lookup = lpm_lookup,
		.free = lpm_free,
		.answer = lpm_answer,
		.bytes = 4ul << 24,
		.slow = 1,
	};
	load(e, table, lpm_add);
}

// rte_lpm6.

static void lpm6_free(struct bench_engine *e)
{
	rte_lpm6_free(e->fib);
}

static void lpm6_lookup(const struct bench_engine *e, const struct bench_keys *keys, size_t at,
			union bench_answers *out)
{
	rte_lpm6_lookup_bulk_func(e->fib, any_addr(keys->addr + at), out->lpm6, BENCH_BURST);
}

static unsigned lpm6_answer(const union bench_answers *out, unsigned i)
{
	return out->lpm6[i] < 0 ? 0 : (unsigned)out->lpm6[i];
}

static int lpm6_add(void *fib, const struct bench_route *route)
{
	return rte_lpm6_add(fib, any_addr(route->prefix.bytes), route->prefix.len, route->nh);
}

static void lpm6_flap(struct bench_engine *e, const struct bench_route *route)
{
	rte_lpm6_delete(e->fib, any_addr(route->prefix.bytes), route->prefix.len);
	(void)lpm6_add(e->fib, route);
}

static void lpm6_new(struct bench_engines *out, const struct bench_table *table)
{
	struct rte_lpm6_config conf = {.max_rules = MAX_ROUTES / 4, .number_tbl8s = TBL8_IP6};
	struct bench_engine *e = &out->e[out->n++];

	*e = (struct bench_engine){
		.name = "rte_lpm6",
		.is_peer = true,
		.fib = must(rte_lpm6_create("bench6l", SOCKET_ID_ANY, &conf), "rte_lpm6"),
		.lookup = lpm6_lookup,
		.free = lpm6_free,
		.answer = lpm6_answer,
		.flap = lpm6_flap,
		.bytes = 4ul << 24,
		.slow = 1,
	};
	load(e, table, lpm6_add);
}

void bench_peers_add(struct bench_engines *out, const struct bench_table *table, unsigned family,
		     bool with_lpm)
{
	if (family == 6) {
		fib6s_add(out, table);
		lpm6_new(out, table);
		return;
	}
	fibs_add(out, table);
	if (with_lpm)
		lpm_new(out, table);
}
