// SPDX-License-Identifier: BSD-3-Clause
// How fast are lookups, loading and updates, against DPDK's rte_fib, rte_fib6, rte_lpm
// and rte_lpm6 in the same process on the same keys? One JSON object a line, and a
// table at the end on stderr.
//
//   route_bench [--table FILE] [--nexthops N] [--family 4|6] [--quick] [--no-peers] [--lpm]
//
// FILE is an MRT dump or a prefix a line; without it a table is made. Next hops (64)
// are spread over the prefixes at random: the worst case. --lpm: rte_lpm too, which
// takes minutes to load. The peers get hugepages where 1,800 MB of them are free
// (scripts/setup --hugepages 900), which helps them; ours ask for transparent ones.
#include "bench/route_engine.h"
#include "bench/route_report.h"
#include "dataplane/base/clock.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/table_test.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

// Engines take turns; the first slices of a turn only bring its table back into the
// caches, and are not counted.
enum {
	SLICE = 65536,
	TURN = 16,
	WARM_UP = 4,
	SLICES_MAX = 1024,
	FLAPS_MAX = 100000,
	BURST_FLAPS = 1000,
	BURSTS_MAX = 400,
};

struct bench {
	struct bench_data data;
	struct nexthops *nexthops;
	struct table *table;
	unsigned family; // 0: both
	bool is_quick, has_peers, with_lpm;
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

struct samples {
	double ns[FLAPS_MAX];
	unsigned n;
};

static void sort(struct samples *s)
{
	qsort(s->ns, s->n, sizeof(*s->ns), order_double);
}

static double quantile(const struct samples *s, double q)
{
	return s->n ? s->ns[(unsigned)(q * (s->n - 1))] : 0;
}

// Ours.

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

static void ours_load(struct bench *b, const struct bench_table *in, const char *name)
{
	struct report_row row = {REPORT_LOAD, name, "jerboa", .n = in->n};
	uint64_t start = clock_thread_ns();
	struct table_stats stats;

	table_bulk_start(b->table);
	for (size_t i = 0; i < in->n; i++) {
		struct route route = {
			.prefix = in->route[i].prefix, .source = ROUTE_BGP, .nh = in->route[i].nh};

		row.wrong += table_add(b->table, &route) != 0;
	}
	table_bulk_stop(b->table);
	row.ns = (double)(clock_thread_ns() - start) / (double)(in->n ? in->n : 1);
	table_stats_get(b->table, &stats);
	row.bytes = stats.rib_bytes;
	if (in->n)
		report_add(&row);
}

static void build_all(struct bench *b)
{
	while (table_step(b->table, 5 * CLOCK_NS_PER_MS))
		;
}

// Everything that the load has left to the background.
static void ours_build(struct bench *b)
{
	struct report_row row = {REPORT_LOAD, "build", "jerboa",
				 .n = b->data.ip4.n + b->data.ip6.n};
	uint64_t start = clock_thread_ns();
	struct table_stats stats;

	build_all(b);
	row.ns = (double)(clock_thread_ns() - start) / (double)row.n;
	table_stats_get(b->table, &stats);
	row.bytes = stats.fib4_bytes + stats.fib6_bytes;
	report_add(&row);
}

static void peers_loaded(const struct bench_engines *engines, const char *name, size_t n)
{
	for (unsigned i = 0; i < engines->n; i++) {
		const struct bench_engine *e = &engines->e[i];
		struct report_row row = {REPORT_LOAD,
					 name,
					 e->name,
					 true,
					 .ns = (double)e->load_ns / (double)n,
					 .n = n,
					 .bytes = e->bytes,
					 .wrong = e->n_refused};

		if (e->load_ns)
			report_add(&row);
	}
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

// Lookups.

static double slice_run(const struct bench_engine *e, const struct bench_keys *keys, size_t at)
{
	size_t n = SLICE / e->slow;
	union bench_answers out;
	uint64_t start = clock_thread_ns();

	for (size_t i = at; i < at + n; i += BENCH_BURST)
		e->lookup(e, keys, i, &out);
	return (double)(clock_thread_ns() - start) / (double)n;
}

static void turn_run(struct bench_engine *e, const struct bench_keys *keys, size_t at,
		     struct samples *samples)
{
	if (e->select)
		e->select(e);
	for (unsigned i = 0; i < TURN; i++) {
		double ns = slice_run(e, keys, at + i * SLICE);

		if (i >= WARM_UP && samples->n < SLICES_MAX)
			samples->ns[samples->n++] = ns;
	}
}

static uint64_t wrong_count(struct bench_engine *e, const struct bench_keys *keys,
			    const struct bench_ref *ref, size_t n)
{
	union bench_answers out;
	uint64_t wrong = 0;

	if (e->select)
		e->select(e);
	for (size_t at = 0; at < n; at += BENCH_BURST) {
		e->lookup(e, keys, at, &out);
		for (unsigned i = 0; i < BENCH_BURST; i++)
			wrong += e->answer(&out, i) !=
				 bench_ref_find(ref, keys->addr[at + i], e->n_bits);
	}
	return wrong;
}

static void pattern_run(const struct bench *b, const char *name, struct bench_keys *keys,
			struct bench_engines *engines, const struct bench_ref *ref)
{
	static struct samples samples[BENCH_ENGINES_MAX];
	size_t n_checked = SLICE * (b->is_quick ? 1 : 16);

	memset(samples, 0, sizeof(samples));
	for (unsigned pass = 0; pass < (b->is_quick ? 2 : 8); pass++)
		for (size_t at = 0; at < keys->n; at += TURN * SLICE)
			for (unsigned i = 0; i < engines->n; i++)
				turn_run(&engines->e[i], keys, at, &samples[i]);
	for (unsigned i = 0; i < engines->n; i++) {
		struct bench_engine *e = &engines->e[i];
		struct report_row row = {REPORT_LOOKUP,	    name,	   e->name, e->is_peer,
					 .bytes = e->bytes, .n = n_checked};

		sort(&samples[i]);
		row.ns = quantile(&samples[i], 0.5);
		row.p10 = quantile(&samples[i], 0.1);
		row.p90 = quantile(&samples[i], 0.9);
		row.wrong = wrong_count(e, keys, ref, n_checked);
		report_add(&row);
	}
}

static void lookups_run(const struct bench *b, struct bench_engines *engines,
			const struct bench_table *table, unsigned family,
			const struct bench_ref *ref)
{
	static const char *const names[2][3] = {{"ip4-uniform", "ip4-inside", "ip4-zipf"},
						{"", "ip6-inside", "ip6-zipf"}};

	for (unsigned p = family == 6 ? BENCH_INSIDE : BENCH_UNIFORM; p <= BENCH_ZIPF; p++) {
		struct bench_keys keys;

		keys_init(&keys, table, p, (b->is_quick ? 1 : 2) * TURN * SLICE);
		pattern_run(b, names[family == 6][p], &keys, engines, ref);
		keys_fini(&keys);
	}
}

// Updates.

// How often another process took the core from this thread.
static long preemptions(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

static void update_report(const char *name, const struct bench_engine *e, struct samples *s)
{
	struct report_row row = {REPORT_UPDATE, name, e->name, e->is_peer, .n = s->n};

	sort(s);
	row.ns = quantile(s, 0.5);
	row.p99 = quantile(s, 0.99);
	row.p999 = quantile(s, 0.999);
	report_add(&row);
}

// Withdraw and announce, one pair after the other, each published before the next;
// a pair during which another process had the core does not count.
static void singles_run(const struct bench *b, struct bench_engine *e, const struct bench_table *in,
			const char *name)
{
	static struct samples s;
	unsigned n = b->is_quick ? 10000 : FLAPS_MAX;
	long before = preemptions();

	s.n = 0;
	for (unsigned i = 0; i < n; i++) {
		uint64_t start = clock_ns(), end;
		long after;

		e->flap(e, &in->route[i % in->n]);
		end = clock_ns();
		after = preemptions();
		if (after == before)
			s.ns[s.n++] = (double)(end - start);
		before = after;
	}
	update_report(name, e, &s);
}

// A thousand pairs that are published together, up to and with the publication.
static void bursts_run(struct bench *b, struct bench_engine *e, const struct bench_table *in,
		       const char *name)
{
	static struct samples s;
	unsigned n = b->is_quick ? BURSTS_MAX / 8 : BURSTS_MAX;

	s.n = 0;
	for (unsigned burst = 0; burst < n; burst++) {
		uint64_t start = clock_thread_ns();

		table_burst_start(b->table);
		for (unsigned i = 0; i < BURST_FLAPS; i++)
			e->flap(e, &in->route[(burst * BURST_FLAPS + i) % in->n]);
		table_burst_stop(b->table);
		s.ns[s.n++] = (double)(clock_thread_ns() - start) / BURST_FLAPS;
	}
	update_report(name, e, &s);
}

static int order_prefix(const void *a, const void *b)
{
	const struct prefix *pa = &((const struct bench_route *)a)->prefix;
	const struct prefix *pb = &((const struct bench_route *)b)->prefix;

	return memcmp(pa->bytes, pb->bytes, sizeof(pa->bytes));
}

static void updates_run(struct bench *b, struct bench_engines *engines, struct bench_table *in,
			unsigned family)
{
	struct bench_engine *ours = &engines->e[0];

	for (unsigned i = 0; i < engines->n; i++)
		if (engines->e[i].flap)
			singles_run(b, &engines->e[i], in,
				    family == 4 ? "ip4-update" : "ip6-update");
	bursts_run(b, ours, in, family == 4 ? "ip4-update-burst" : "ip6-update-burst");
	for (unsigned i = 1; i < engines->n; i++) // they know no bursts: a pair is a pair
		if (engines->e[i].flap)
			singles_run(b, &engines->e[i], in,
				    family == 4 ? "ip4-update-burst" : "ip6-update-burst");
	qsort(in->route, in->n, sizeof(*in->route), order_prefix);
	bursts_run(b, ours, in, family == 4 ? "ip4-update-near" : "ip6-update-near");
}

// The whole of one family.
static void family_run(struct bench *b, unsigned family)
{
	struct bench_table *table = family == 4 ? &b->data.ip4 : &b->data.ip6;
	struct bench_engines engines = {.n = 0};
	struct bench_ref *ref;

	if (!table->n || (b->family && b->family != family))
		return;
	ref = bench_ref_new(table);
	bench_ours_add(&engines, b->table, family);
	if (b->has_peers)
		bench_peers_add(&engines, table, family, b->with_lpm);
	peers_loaded(&engines, family == 4 ? "ip4-load" : "ip6-load", table->n);
	bench_ref_add(&engines, ref);
	for (unsigned i = 0; i < engines.n; i++)
		engines.e[i].n_bits = family == 4 ? 32 : 128;
	lookups_run(b, &engines, table, family, ref);
	updates_run(b, &engines, table, family);
	for (unsigned i = 0; i < engines.n; i++)
		if (engines.e[i].free)
			engines.e[i].free(&engines.e[i]);
	bench_ref_free(ref);
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: route_bench [--table FILE] [--nexthops 1..32000] [--family 4|6]\n"
			"                   [--quick] [--no-peers] [--lpm]\n");
	exit(2);
}

static const char *options_read(struct bench *b, int argc, char *argv[])
{
	static const struct option options[] = {{"table", required_argument, NULL, 't'},
						{"nexthops", required_argument, NULL, 'n'},
						{"family", required_argument, NULL, 'f'},
						{"quick", no_argument, NULL, 'q'},
						{"no-peers", no_argument, NULL, 'p'},
						{"lpm", no_argument, NULL, 'l'},
						{0}};
	const char *file = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 't')
			file = optarg;
		else if (c == 'n')
			b->data.n_nexthops = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'f')
			b->family = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'q')
			b->is_quick = true;
		else if (c == 'p')
			b->has_peers = false;
		else if (c == 'l')
			b->with_lpm = true;
		else
			usage();
	}
	if (optind != argc || !b->data.n_nexthops || b->data.n_nexthops > 32000 ||
	    (b->family && b->family != 4 && b->family != 6))
		usage();
	return file;
}

static void setup_print(const struct bench *b)
{
	bool is_huge = false;

	if (b->has_peers && bench_eal_start(&is_huge))
		die("rte_eal_init");
	printf("{\"bench\":\"route/setup\",\"ip4_routes\":%zu,\"ip6_routes\":%zu,\"nexthops\":%u,"
	       "\"peer_pages\":\"%s\"}\n",
	       b->data.ip4.n, b->data.ip6.n, b->data.n_nexthops,
	       !b->has_peers ? "none"
	       : is_huge     ? "huge"
			     : "small");
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
	setup_print(&b);
	ours_start(&b);
	ours_load(&b, &b.data.ip4, "ip4-load");
	ours_load(&b, &b.data.ip6, "ip6-load");
	ours_build(&b);
	family_run(&b, 4);
	family_run(&b, 6);
	report_table();
	table_free(b.table);
	nexthops_free(b.nexthops);
	bench_data_free(&b.data);
	return 0;
}
