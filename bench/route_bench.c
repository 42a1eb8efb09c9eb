// SPDX-License-Identifier: BSD-3-Clause
// How fast are lookups, loading and updates, against DPDK's rte_fib and rte_fib6
// in the same process on the same keys? One JSON object a line.
//
//   route_bench [--table FILE] [--nexthops N] [--quick] [--no-peers]
//
// FILE is an MRT dump or a prefix a line; without it a table is made. With
// ROUTE_BENCH_HUGE=1 the peers get hugepages (600 MB of them must be free).
#include "bench/route_data.h"
#include "bench/route_peer.h"
#include "dataplane/base/clock.h"
#include "dataplane/route/fib4_tbl.h"
#include "dataplane/route/fib6_tbl.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/table_test.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE = 65536, SLICES_MAX = 1024, ENGINES_MAX = 4, FLAPS = 10000, BURST_FLAPS = 1000 };

struct bench {
	struct bench_data data;
	struct nexthops *nexthops;
	struct table *table;
	struct bench_engine *peer4, *peer6;
	bool is_quick, has_peers;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int order_double(const void *a, const void *b)
{
	double da = *(const double *)a, db = *(const double *)b;

	return (da > db) - (da < db);
}

// Ours, as an engine.

static void ours4_lookup(void *table, const struct bench_keys *keys, size_t at, uint64_t nh[])
{
	fib4_lookup_bulk(table_fib4(table), keys->ip4 + at, (uint16_t *)nh, BENCH_BURST);
}

static void ours6_lookup(void *table, const struct bench_keys *keys, size_t at, uint64_t nh[])
{
	fib6_lookup_bulk(table_fib6(table), keys->pointers + at, (uint16_t *)nh, BENCH_BURST);
}

static bool is_ours(const struct bench_engine *engine)
{
	return engine->lookup == ours4_lookup || engine->lookup == ours6_lookup;
}

static struct route route_of(const struct bench_route *in)
{
	return (struct route){.prefix = in->prefix, .source = ROUTE_BGP, .nh = in->nh};
}

static void ours_add(struct bench *b, const struct bench_route *in)
{
	struct route route = route_of(in);

	if (table_add(b->table, &route))
		die("table_add");
}

static void build_all(struct bench *b)
{
	while (table_step(b->table, 5 * CLOCK_NS_PER_MS))
		;
}

static void load(struct bench *b, const struct bench_table *in, const char *name)
{
	uint64_t start = clock_thread_ns();

	table_bulk_start(b->table);
	for (size_t i = 0; i < in->n; i++)
		ours_add(b, &in->route[i]);
	table_bulk_stop(b->table);
	printf("{\"bench\":\"route/%s\",\"engine\":\"jerboa\",\"routes\":%zu,\"ms\":%.1f}\n", name,
	       in->n, (double)(clock_thread_ns() - start) / 1e6);
	fflush(stdout);
}

static void build(struct bench *b)
{
	uint64_t start = clock_thread_ns();
	struct table_stats stats;

	build_all(b);
	table_stats_get(b->table, &stats);
	printf("{\"bench\":\"route/build\",\"engine\":\"jerboa\",\"ms\":%.1f,\"rib_bytes\":%lu,"
	       "\"fib4_bytes\":%lu,\"fib6_bytes\":%lu}\n",
	       (double)(clock_thread_ns() - start) / 1e6, stats.rib_bytes, stats.fib4_bytes,
	       stats.fib6_bytes);
	fflush(stdout);
}

// Keys.

static void keys_init(struct bench_keys *keys, const struct bench_table *table,
		      enum bench_pattern pattern, size_t n)
{
	keys->n = n;
	keys->addr = bench_keys_make(table, pattern, n);
	keys->ip4 = calloc(n, sizeof(*keys->ip4));
	keys->pointers = calloc(n, sizeof(*keys->pointers));
	if (!keys->ip4 || !keys->pointers)
		die("keys");
	for (size_t i = 0; i < n; i++) {
		const uint8_t *a = keys->addr[i];

		keys->ip4[i] =
			(uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];
		keys->pointers[i] = a;
	}
}

static void keys_fini(struct bench_keys *keys)
{
	free(keys->addr);
	free(keys->ip4);
	free(keys->pointers);
}

// Measuring.

struct samples {
	double ns[SLICES_MAX];
	unsigned n;
};

static double quantile(struct samples *s, double q)
{
	qsort(s->ns, s->n, sizeof(*s->ns), order_double);
	return s->ns[(unsigned)(q * (s->n - 1))];
}

static void slice_run(const struct bench_engine *engine, const struct bench_keys *keys, size_t at,
		      struct samples *samples)
{
	uint64_t nh[BENCH_BURST], start = clock_thread_ns();

	for (size_t i = at; i < at + SLICE; i += BENCH_BURST)
		engine->lookup(engine->fib, keys, i, nh);
	if (samples->n < SLICES_MAX)
		samples->ns[samples->n++] = (double)(clock_thread_ns() - start) / SLICE;
}

static size_t wrong_count(const struct bench_engine *engine, const struct bench_keys *keys,
			  const struct bench_ref *ref, unsigned n_bits, size_t n)
{
	uint64_t nh[BENCH_BURST];
	size_t wrong = 0;

	for (size_t at = 0; at + BENCH_BURST <= n; at += BENCH_BURST) {
		engine->lookup(engine->fib, keys, at, nh);
		for (unsigned i = 0; i < BENCH_BURST; i++) {
			uint64_t got = is_ours(engine) ? ((uint16_t *)nh)[i] : nh[i];

			wrong += got != bench_ref_find(ref, keys->addr[at + i], n_bits);
		}
	}
	return wrong;
}

static void pattern_run(const struct bench *b, const char *name, struct bench_keys *keys,
			struct bench_engine *const engine[], unsigned n_engines,
			const struct bench_ref *ref, unsigned n_bits)
{
	static struct samples samples[ENGINES_MAX];
	unsigned n_passes = b->is_quick ? 2 : 6;
	double ours = 0;

	for (unsigned e = 0; e < n_engines; e++)
		samples[e].n = 0;
	for (unsigned pass = 0; pass < n_passes; pass++)
		for (size_t at = 0; at < keys->n; at += SLICE)
			for (unsigned e = 0; e < n_engines; e++)
				slice_run(engine[e], keys, at, &samples[e]);
	for (unsigned e = 0; e < n_engines; e++) {
		double ns = quantile(&samples[e], 0.5);
		size_t n = b->is_quick ? 100000 : 1000000;

		printf("{\"bench\":\"route/%s\",\"engine\":\"%s\",\"ns\":%.2f,\"p10\":%.2f,"
		       "\"p90\":%.2f,\"bytes\":%lu,\"wrong\":%zu}\n",
		       name, engine[e]->name, ns, quantile(&samples[e], 0.1),
		       quantile(&samples[e], 0.9), engine[e]->bytes,
		       wrong_count(engine[e], keys, ref, n_bits, n < keys->n ? n : keys->n));
		if (!e)
			ours = ns;
		else
			printf("{\"bench\":\"route/%s\",\"peer\":\"%s\",\"ratio\":%.2f}\n", name,
			       engine[e]->name, ns / ours);
	}
	fflush(stdout);
}

// All patterns with one pair of engines: ours and the peer's of the same kind.
static void lookups_run(const struct bench *b, bool is_ip6, bool is_avx512)
{
	static const char *const names[2][3] = {{"ip4-uniform", "ip4-inside", "ip4-zipf"},
						{"ip6-uniform", "ip6-inside", "ip6-zipf"}};
	const struct bench_table *table = is_ip6 ? &b->data.ip6 : &b->data.ip4;
	struct bench_engine *peer = is_ip6 ? b->peer6 : b->peer4;
	struct bench_engine ours = {.name = is_avx512 ? "jerboa" : "jerboa-scalar",
				    .fib = b->table,
				    .lookup = is_ip6 ? ours6_lookup : ours4_lookup};
	struct bench_engine *engine[] = {&ours, peer};
	struct bench_ref *ref;
	struct table_stats stats;

	if (!table->n || table_engine_set(b->table, is_avx512 ? "avx512" : "scalar"))
		return;
	table_stats_get(b->table, &stats);
	ours.bytes = is_ip6 ? stats.fib6_bytes : stats.fib4_bytes;
	ref = bench_ref_new(table);
	for (unsigned p = is_ip6 ? BENCH_INSIDE : BENCH_UNIFORM; p <= BENCH_ZIPF; p++) {
		struct bench_keys keys;
		bool has_peer = peer && bench_peer_select(peer, is_ip6, is_avx512);

		keys_init(&keys, table, p, (b->is_quick ? 4 : 32) * SLICE);
		pattern_run(b, names[is_ip6][p], &keys, engine, 1 + has_peer, ref,
			    is_ip6 ? 128 : 32);
		keys_fini(&keys);
	}
	bench_ref_free(ref);
}

// Updates.

static void flap_report(const char *name, const char *engine, double ns[], unsigned n)
{
	qsort(ns, n, sizeof(*ns), order_double);
	printf("{\"bench\":\"route/%s\",\"engine\":\"%s\",\"ns\":%.0f,\"p99\":%.0f,\"max\":%.0f}\n",
	       name, engine, ns[n / 2], ns[n - 1 - n / 100], ns[n - 1]);
	fflush(stdout);
}

static void ours_flap(struct bench *b, const struct bench_route *in)
{
	if (table_del(b->table, &in->prefix, ROUTE_BGP))
		die("table_del");
	ours_add(b, in);
}

// Withdraw and announce, one pair after the other.
static void flaps_run(struct bench *b, const struct bench_table *in, const char *name,
		      struct bench_engine *peer)
{
	static double ns[FLAPS];
	unsigned n = in->n < FLAPS ? (unsigned)in->n : FLAPS;

	for (unsigned i = 0; i < n; i++) {
		uint64_t start = clock_ns();

		if (peer)
			bench_peer_flap(peer, &in->route[i]);
		else
			ours_flap(b, &in->route[i]);
		ns[i] = (double)(clock_ns() - start);
	}
	flap_report(name, peer ? peer->name : "jerboa", ns, n);
}

// Bursts in bulk: each slot is rebuilt once.
static void bursts_run(struct bench *b, const struct bench_table *in, const char *name)
{
	double ns[FLAPS / BURST_FLAPS];

	for (unsigned burst = 0; burst < ARRAY_LEN(ns); burst++) {
		uint64_t start = clock_thread_ns();

		table_bulk_start(b->table);
		for (unsigned i = 0; i < BURST_FLAPS; i++)
			ours_flap(b, &in->route[(burst * BURST_FLAPS + i) % in->n]);
		table_bulk_stop(b->table);
		build_all(b);
		ns[burst] = (double)(clock_thread_ns() - start) / BURST_FLAPS;
	}
	flap_report(name, "jerboa", ns, ARRAY_LEN(ns));
}

static void updates_run(struct bench *b)
{
	if (b->data.ip4.n) {
		flaps_run(b, &b->data.ip4, "ip4-update", NULL);
		if (b->peer4)
			flaps_run(b, &b->data.ip4, "ip4-update", b->peer4);
		bursts_run(b, &b->data.ip4, "ip4-update-burst");
	}
	if (b->data.ip6.n) {
		flaps_run(b, &b->data.ip6, "ip6-update", NULL);
		if (b->peer6)
			flaps_run(b, &b->data.ip6, "ip6-update", b->peer6);
		bursts_run(b, &b->data.ip6, "ip6-update-burst");
	}
}

// The whole.

static void peer_load_report(const char *name, const char *engine, size_t n, uint64_t ns)
{
	printf("{\"bench\":\"route/%s\",\"engine\":\"%s\",\"routes\":%zu,\"ms\":%.1f}\n", name,
	       engine, n, (double)ns / 1e6);
}

static void peers_start(struct bench *b)
{
	uint64_t ns;

	if (bench_eal_start())
		die("rte_eal_init");
	b->peer4 = bench_peer4_new(&b->data.ip4, &ns);
	if (!b->peer4)
		die("rte_fib");
	peer_load_report("ip4-load", "rte_fib", b->data.ip4.n, ns);
	b->peer6 = bench_peer6_new(&b->data.ip6, &ns);
	if (!b->peer6)
		die("rte_fib6");
	peer_load_report("ip6-load", "rte_fib6", b->data.ip6.n, ns);
}

static void ours_start(struct bench *b)
{
	b->nexthops = nexthops_new();
	if (!b->nexthops)
		die("nexthops_new");
	for (unsigned i = 0; i < b->data.n_nexthops; i++) {
		struct nexthop_key key = {
			.kind = NH_RESOLVE,
			.iface = 1,
			.gw = {.family = 4, .bytes = {10, 0, (uint8_t)(i >> 8), (uint8_t)i}},
		};

		if (nexthop_get(b->nexthops, &key) < 0)
			die("nexthop_get");
	}
	b->table = table_new(b->nexthops);
	if (!b->table)
		die("table_new");
}

static const char *options_read(struct bench *b, int argc, char *argv[])
{
	const struct option options[] = {{"table", required_argument, NULL, 't'},
					 {"nexthops", required_argument, NULL, 'n'},
					 {"quick", no_argument, NULL, 'q'},
					 {"no-peers", no_argument, NULL, 'p'},
					 {0}};
	const char *file = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 't')
			file = optarg;
		else if (c == 'n')
			b->data.n_nexthops = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'q')
			b->is_quick = true;
		else if (c == 'p')
			b->has_peers = false;
		else
			exit(2);
	}
	if (!b->data.n_nexthops || b->data.n_nexthops > 32000) {
		fprintf(stderr, "--nexthops: 1 to 32000\n");
		exit(2);
	}
	return file;
}

int main(int argc, char *argv[])
{
	static struct bench b = {.has_peers = true, .data.n_nexthops = 64};
	const char *file = options_read(&b, argc, argv);

	if (file && bench_data_read(&b.data, file)) {
		fprintf(stderr, "%s: neither an MRT dump nor a prefix list\n", file);
		return 1;
	}
	if (!file)
		bench_data_make(&b.data, b.is_quick ? 0.2 : 1.0);
	ours_start(&b);
	load(&b, &b.data.ip4, "ip4-load");
	load(&b, &b.data.ip6, "ip6-load");
	build(&b);
	if (b.has_peers)
		peers_start(&b);
	for (int is_ip6 = 0; is_ip6 < 2; is_ip6++) {
		lookups_run(&b, is_ip6, true);
		lookups_run(&b, is_ip6, false);
	}
	updates_run(&b);
	table_free(b.table);
	nexthops_free(b.nexthops);
	bench_data_free(&b.data);
	return 0;
}
