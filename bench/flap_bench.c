// SPDX-License-Identifier: BSD-3-Clause
// What do packets cost while routes change? Cycles a packet through the real graph,
// in windows of 256 packets, quiet and while a control thread on another core changes
// the default route, or withdraws and announces 10,000 routes, as fast as it can.
//
//   flap_bench [--table FILE] [--case NAME] [--quick] [--limit RATIO]
//
// Quiet and busy windows take turns. Time is the thread's own, so that who else has
// the core does not count; a busy window counts only if routes changed in it. With
// --limit the exit code is 1 if some median of busy windows is above RATIO times that
// of quiet ones (the tails need a machine that does nothing else), or packets were lost.
#include "bench/graph_rig.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/rcu.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/table.h"

#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WINDOW = 4 * BATCH_FILL,
	IN_A_TURN = 200, // windows
	WARM_UP = 50,
	TURNS = 400,
	QUICK_TURNS = 40,
	WITHDRAWN = 10000,
	DESTINATIONS = 1000000,
};

enum work { REST, DEFAULT_FLAPS, WITHDRAW, STOP };

struct bench {
	struct graph_rig rig;
	struct bench_data data;
	struct table *table;
	const struct bench_table *routes;
	unsigned family, turns;
	const char *only;
	double limit;
	bool is_over_limit;
	cpu_set_t cores; // that this process may use
	pthread_t worker, control;
	_Atomic int wanted, doing; // enum work
	_Atomic uint64_t n_changes;
};

// The control thread.

static void change(struct bench *b, const struct route *route, bool is_add)
{
	int rc = is_add ? table_add(b->table, route)
			: table_del(b->table, &route->prefix, (enum route_source)route->source);

	if (rc)
		graph_die("a route refuses to change");
	b->n_changes++;
}

static void default_flap(struct bench *b, unsigned i)
{
	struct route route = {.prefix.family = (uint8_t)b->family,
			      .source = ROUTE_BGP,
			      .nh = b->rig.gw[0][i % GRAPH_NEXTHOPS]};

	change(b, &route, true);
}

static void withdraw_flap(struct bench *b, unsigned i)
{
	size_t n = b->routes->n < WITHDRAWN ? b->routes->n : WITHDRAWN;
	const struct bench_route *r = &b->routes->route[i % n];
	struct route route = {.prefix = r->prefix,
			      .source = ROUTE_BGP,
			      .nh = b->rig.gw[0][r->nh % GRAPH_NEXTHOPS]};

	change(b, &route, i / n % 2);
}

// EAL has put the main thread, and so this one, on one core: this one takes the rest.
static void core_leave(const struct bench *b)
{
	cpu_set_t rest = b->cores, main_cores;

	if (pthread_getaffinity_np(b->worker, sizeof(main_cores), &main_cores))
		return;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &main_cores))
			CPU_CLR(i, &rest);
	if (CPU_COUNT(&rest))
		(void)pthread_setaffinity_np(pthread_self(), sizeof(rest), &rest);
}

static void *control(void *arg)
{
	struct bench *b = arg;
	unsigned i = 0;
	int work;

	core_leave(b);
	while ((work = atomic_load(&b->wanted)) != STOP) {
		atomic_store(&b->doing, work);
		if (work == DEFAULT_FLAPS)
			default_flap(b, i++);
		else if (work == WITHDRAW)
			withdraw_flap(b, i++);
		else
			sched_yield();
		if (i % 256 == 0 || work == REST)
			(void)table_step(b->table, 100000);
	}
	return NULL;
}

// Windows.

static double window(struct bench *b)
{
	uint64_t sent = b->rig.in.n_sent, start = clock_thread_ns();

	for (unsigned n = 0; n < WINDOW; n += BATCH_FILL) {
		workers_turn(b->rig.workers, 0);
		rcu_quiescent_state();
	}
	start = clock_thread_ns() - start;
	if (b->rig.in.n_sent - sent != WINDOW)
		graph_die("packets were dropped");
	return (double)start / WINDOW;
}

static void work_set(struct bench *b, enum work work)
{
	atomic_store(&b->wanted, (int)work);
	while (atomic_load(&b->doing) != (int)work)
		window(b);
	for (unsigned i = 0; i < WARM_UP; i++)
		window(b);
}

struct samples {
	double *cycles;
	unsigned n;
};

static void turn_run(struct bench *b, enum work work, struct samples *s)
{
	double hz = (double)clock_tsc_hz() / 1e9;

	work_set(b, work);
	for (unsigned i = 0; i < IN_A_TURN; i++) {
		uint64_t before = b->n_changes;
		double ns = window(b);

		if (work == REST || b->n_changes != before)
			s->cycles[s->n++] = ns * hz;
	}
}

static int order_double(const void *x, const void *y)
{
	double a = *(const double *)x, c = *(const double *)y;

	return (a > c) - (a < c);
}

static double quantile(const struct samples *s, double q)
{
	return s->n ? s->cycles[(unsigned)(q * (s->n - 1))] : 0;
}

static void report(struct bench *b, const char *name, struct samples *quiet, struct samples *busy,
		   double changes_per_s)
{
	static const double at[] = {0.5, 0.99, 0.999};
	double q[3], f[3];

	qsort(quiet->cycles, quiet->n, sizeof(double), order_double);
	qsort(busy->cycles, busy->n, sizeof(double), order_double);
	for (unsigned i = 0; i < 3; i++) {
		q[i] = quantile(quiet, at[i]);
		f[i] = quantile(busy, at[i]);
	}
	printf("{\"bench\":\"flap/%s\",\"engine\":\"jerboa\",\"cycles\":%.1f,\"p99\":%.1f,"
	       "\"p999\":%.1f,\"quiet\":%.1f,\"quiet_p99\":%.1f,\"quiet_p999\":%.1f,"
	       "\"ratio_p50\":%.2f,\"ratio_p99\":%.2f,\"ratio_p999\":%.2f,"
	       "\"changes_per_s\":%.0f,\"windows\":%u}\n",
	       name, f[0], f[1], f[2], q[0], q[1], q[2], f[0] / q[0], f[1] / q[1], f[2] / q[2],
	       changes_per_s, busy->n);
	fflush(stdout);
	b->is_over_limit |= b->limit > 0 && f[0] > b->limit * q[0];
	if (busy->n < IN_A_TURN)
		fprintf(stderr, "flap_bench: %s: control had no core of its own\n", name);
}

static void *samples_make(unsigned n)
{
	return graph_must(calloc(n, sizeof(double)));
}

static void measure(struct bench *b, const char *name, enum work work)
{
	struct samples quiet = {samples_make(b->turns * IN_A_TURN), 0};
	struct samples busy = {samples_make(b->turns * IN_A_TURN), 0};
	uint64_t n_changes = 0, ns = 0;

	for (unsigned turn = 0; turn < b->turns; turn++) {
		uint64_t changes, start;

		turn_run(b, REST, &quiet);
		changes = b->n_changes;
		start = clock_ns();
		turn_run(b, work, &busy);
		n_changes += b->n_changes - changes;
		ns += clock_ns() - start;
	}
	report(b, name, &quiet, &busy, (double)n_changes * 1e9 / (double)ns);
	free(quiet.cycles);
	free(busy.cycles);
}

static bool is_wanted(const struct bench *b, const char *name)
{
	return !b->only || strcmp(b->only, name) == 0;
}

static void case_run(struct bench *b, const char *name, enum bench_pattern pattern, enum work work)
{
	struct graph_packets packets;

	if (!is_wanted(b, name))
		return;
	graph_packets_make(&packets, b->routes, b->family, pattern, DESTINATIONS);
	graph_port_load(&b->rig.in, &packets);
	measure(b, name, work);
	graph_packets_free(&packets);
}

static void family_run(struct bench *b, unsigned family)
{
	b->family = family;
	b->routes = family == 4 ? &b->data.ip4 : &b->data.ip6;
	if (!b->routes->n)
		return;
	b->table = graph_table_new(&b->rig, b->routes, family, 1);
	default_flap(b, 0); // so that whatever is withdrawn, no packet is lost
	atomic_store(&b->wanted, REST);
	if (pthread_create(&b->control, NULL, control, b))
		graph_die("no thread");
	case_run(b, family == 4 ? "ip4-default" : "ip6-default", BENCH_UNIFORM, DEFAULT_FLAPS);
	case_run(b, family == 4 ? "ip4-withdraw" : "ip6-withdraw", BENCH_INSIDE, WITHDRAW);
	atomic_store(&b->wanted, STOP);
	pthread_join(b->control, NULL);
	table_free(b->table);
}

static _Noreturn void usage(void)
{
	fprintf(stderr,
		"usage: flap_bench [--table FILE] [--case NAME] [--quick] [--limit RATIO]\n");
	exit(2);
}

static void options_read(struct bench *b, int argc, char **argv)
{
	static const struct option options[] = {{"table", required_argument, NULL, 't'},
						{"case", required_argument, NULL, 'c'},
						{"quick", no_argument, NULL, 'q'},
						{"limit", required_argument, NULL, 'l'},
						{0}};
	const char *path = NULL;
	int c;

	b->turns = TURNS;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 't')
			path = optarg;
		else if (c == 'c')
			b->only = optarg;
		else if (c == 'q')
			b->turns = QUICK_TURNS;
		else if (c == 'l')
			b->limit = atof(optarg);
		else
			usage();
	}
	if (optind != argc)
		usage();
	b->data.n_nexthops = GRAPH_NEXTHOPS;
	if (!path)
		bench_data_make(&b->data, b->turns == TURNS ? 1.0 : 0.2);
	else if (bench_data_read(&b->data, path))
		graph_die("--table: the file cannot be read");
}

int main(int argc, char **argv)
{
	static struct bench b;

	options_read(&b, argc, argv);
	b.worker = pthread_self();
	(void)sched_getaffinity(0, sizeof(b.cores), &b.cores);
	graph_rig_init(&b.rig);
	family_run(&b, 4);
	family_run(&b, 6);
	if (b.is_over_limit)
		fprintf(stderr, "flap_bench: above --limit %.1f\n", b.limit);
	return b.is_over_limit;
}
