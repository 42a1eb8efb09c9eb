// SPDX-License-Identifier: BSD-3-Clause
#include "bench/route_engine.h"

#include "dataplane/base/err.h"
#include "dataplane/route/fib4_layout.h"
#include "dataplane/route/fib6_layout.h"
#include "dataplane/route/table_test.h"

#include <stdio.h>
#include <stdlib.h>

static void ours4_lookup(const struct bench_engine *e, const struct bench_keys *keys, size_t at,
			 union bench_answers *out)
{
	fib4_lookup_fn *lookup = (fib4_lookup_fn *)e->code;

	lookup(table_fib4(e->fib), keys->ip4 + at, out->ours, BENCH_BURST);
}

static void ours6_lookup(const struct bench_engine *e, const struct bench_keys *keys, size_t at,
			 union bench_answers *out)
{
	fib6_lookup_fn *lookup = (fib6_lookup_fn *)e->code;

	lookup(table_fib6(e->fib), keys->pointers + at, out->ours, BENCH_BURST);
}

static unsigned ours_answer(const union bench_answers *out, unsigned i)
{
	return out->ours[i];
}

static void ours_flap(struct bench_engine *e, const struct bench_route *in)
{
	struct route route = {.prefix = in->prefix, .source = ROUTE_BGP, .nh = in->nh};

	if (table_del(e->fib, &route.prefix, ROUTE_BGP) || table_add(e->fib, &route)) {
		fprintf(stderr, "route_bench: a route refuses to flap\n");
		exit(1);
	}
}

static void *code_of(const struct table *table, unsigned family)
{
	return family == 4 ? (void *)table_fib4(table)->lookup : (void *)table_fib6(table)->lookup;
}

void bench_ours_add(struct bench_engines *out, struct table *table, unsigned family)
{
	static const char *const names[][2] = {
		{"avx512", "jerboa"}, {"avx2", "jerboa-avx2"}, {"scalar", "jerboa-scalar"}};
	struct table_stats stats;

	table_stats_get(table, &stats);
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		if (table_engine_set(table, names[i][0]))
			continue;
		out->e[out->n] = (struct bench_engine){
			.name = out->n ? names[i][1] : "jerboa",
			.fib = table,
			.code = code_of(table, family),
			.lookup = family == 4 ? ours4_lookup : ours6_lookup,
			.answer = ours_answer,
			.flap = out->n ? NULL : ours_flap,
			.bytes = family == 4 ? stats.fib4_bytes : stats.fib6_bytes,
			.slow = 1,
		};
		out->n++;
	}
}

static void ref_lookup(const struct bench_engine *e, const struct bench_keys *keys, size_t at,
		       union bench_answers *out)
{
	for (unsigned i = 0; i < BENCH_BURST; i++)
		out->ours[i] = bench_ref_find(e->fib, keys->addr[at + i], e->n_bits);
}

void bench_ref_add(struct bench_engines *out, const struct bench_ref *ref)
{
	out->e[out->n++] = (struct bench_engine){
		.name = "reference",
		.is_peer = true,
		.fib = (void *)(uintptr_t)ref,
		.lookup = ref_lookup,
		.answer = ours_answer,
		.bytes = bench_ref_bytes(ref),
		.slow = 16,
	};
}
