// SPDX-License-Identifier: BSD-3-Clause
// How many cycles does a 64-byte packet cost on its way through the real graph?
//
//   graph_bench [--table FILE] [--case NAME] [--quick]
//
// Packets come from memory and go to memory; what receiving and sending alone
// cost is measured in the same run, in turns, and subtracted. Time is the
// thread's own, in cycles of the TSC. One JSON object a line.
#include "bench/graph_rig.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/csum.h"
#include "dataplane/base/rcu.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/ip4.h"
#include "dataplane/route/table.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Short windows: most of them end before another process wants the core.
enum { WINDOW = 12800, WINDOWS = 401, QUICK_WINDOWS = 41 };

struct bench {
	struct graph_rig rig;
	struct bench_data data;
	unsigned windows;
	const char *only;
};

// What left is what came, one hop older, with the header of a next hop.

struct verdict {
	unsigned family;
	uint64_t n, wrong;
};

static void packet_check(void *arg, const struct rte_mbuf *m)
{
	struct verdict *v = arg;
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	const uint8_t *ip = frame + ETH_HDR_LEN;
	bool right = m->pkt_len == GRAPH_PACKET_LEN && frame[0] == 2 && frame[3] == 1;

	if (v->family == 4)
		right &= ip[8] == 63 && csum_of(ip, IP4_HDR_LEN) == 0;
	else
		right &= ip[7] == 63;
	v->n++;
	v->wrong += !right;
}

// Windows.

static double io_window(struct bench *b)
{
	struct rte_mbuf *pkts[BATCH_FILL];
	uint64_t start = clock_thread_ns();

	for (unsigned n = 0; n < WINDOW; n += BATCH_FILL) {
		b->rig.in.pub.rx_burst(&b->rig.in, pkts, BATCH_FILL);
		b->rig.in.pub.tx_burst(&b->rig.in, pkts, BATCH_FILL);
	}
	return (double)(clock_thread_ns() - start) / WINDOW;
}

static double graph_window(struct bench *b)
{
	uint64_t sent = b->rig.in.n_sent;
	uint64_t start = clock_thread_ns();

	for (unsigned n = 0; n < WINDOW; n += BATCH_FILL)
		workers_turn(b->rig.workers, 0);
	start = clock_thread_ns() - start;
	if (b->rig.in.n_sent - sent != WINDOW)
		graph_die("packets were dropped");
	rcu_quiescent_state();
	return (double)start / WINDOW;
}

static int order_double(const void *x, const void *y)
{
	double a = *(const double *)x, c = *(const double *)y;

	return (a > c) - (a < c);
}

static double median(double v[], unsigned n, double part)
{
	qsort(v, n, sizeof(v[0]), order_double);
	return v[(unsigned)(part * (n - 1))];
}

// Cycles a packet of each node in each window, as the runner itself samples them.
static double node_cycles[GRAPH_N_NODES][WINDOWS];

static void nodes_sample(const struct bench *b, unsigned window)
{
	static struct node_stats last[GRAPH_N_NODES];

	for (unsigned node = 1; node < GRAPH_N_NODES; node++) {
		struct node_stats s;
		uint64_t cycles, packets;

		workers_node_stats(b->rig.workers, node, &s);
		cycles = s.cycles - last[node].cycles;
		packets = s.timed_packets - last[node].timed_packets;
		node_cycles[node][window] = packets ? (double)cycles / (double)packets : 0;
		last[node] = s;
	}
}

static void nodes_print(const struct bench *b)
{
	const char *comma = "";

	printf(",\"nodes\":{");
	for (unsigned node = 1; node < GRAPH_N_NODES; node++) {
		double cycles = median(node_cycles[node], b->windows, 0.5);

		if (cycles > 0) {
			printf("%s\"%s\":%.1f", comma, graph_node_name(node), cycles);
			comma = ",";
		}
	}
	printf("}");
}

static void verify(struct bench *b, struct verdict *verdict)
{
	b->rig.in.check = packet_check;
	b->rig.in.check_arg = verdict;
	for (unsigned i = 0; i < 16; i++)
		graph_window(b);
	b->rig.in.check = NULL;
	nodes_sample(b, 0);
}

static void measure(struct bench *b, const char *name, unsigned family)
{
	static double net[WINDOWS], io[WINDOWS];
	double hz = (double)clock_tsc_hz() / 1e9;
	struct verdict verdict = {.family = family};

	verify(b, &verdict);
	for (unsigned i = 0; i < b->windows; i++) {
		io[i] = io_window(b) * hz;
		net[i] = graph_window(b) * hz - io[i];
		nodes_sample(b, i);
	}
	printf("{\"bench\":\"forward/%s\",\"engine\":\"jerboa\",\"cycles\":%.1f,\"p10\":%.1f,"
	       "\"p90\":%.1f,\"io\":%.1f,\"checked\":%lu,\"wrong\":%lu",
	       name, median(net, b->windows, 0.5), median(net, b->windows, 0.1),
	       median(net, b->windows, 0.9), median(io, b->windows, 0.5), verdict.n, verdict.wrong);
	nodes_print(b);
	printf("}\n");
	fflush(stdout);
}

// Cases.

static bool is_wanted(const struct bench *b, const char *name)
{
	return !b->only || strcmp(b->only, name) == 0;
}

static void case_run(struct bench *b, const char *name, const struct bench_table *in,
		     unsigned family, size_t n_dst)
{
	struct graph_packets packets;

	if (!is_wanted(b, name))
		return;
	graph_packets_make(&packets, in, family, BENCH_INSIDE, n_dst);
	graph_port_load(&b->rig.in, &packets);
	measure(b, name, family);
	graph_packets_free(&packets);
}

// GRAPH_FEW_ROUTES prefixes of 16 (IPv6: 32) bits.
static void few_make(struct bench_table *few, unsigned family)
{
	few->n = GRAPH_FEW_ROUTES;
	few->route = graph_must(calloc(GRAPH_FEW_ROUTES, sizeof(*few->route)));
	for (unsigned i = 0; i < GRAPH_FEW_ROUTES; i++)
		few->route[i] = (struct bench_route){
			.prefix = {.family = (uint8_t)family,
				   .len = family == 4 ? 16 : 32,
				   .bytes = {family == 4 ? 100 : 0x20, (uint8_t)(i + 1)}},
			.nh = (uint16_t)(i * GRAPH_NEXTHOPS + i * 4),
		};
}

static void few_run(struct bench *b, const char *name, unsigned family, unsigned n_out)
{
	struct bench_table few = {0};
	struct table *table;

	if (!is_wanted(b, name))
		return;
	few_make(&few, family);
	table = graph_table_new(&b->rig, &few, family, n_out);
	case_run(b, name, &few, family, 4096);
	table_free(table);
	free(few.route);
}

static void full_run(struct bench *b, const char *name4k, const char *name1m,
		     const struct bench_table *in, unsigned family)
{
	struct table *table;

	if (!in->n || (!is_wanted(b, name4k) && !is_wanted(b, name1m)))
		return;
	table = graph_table_new(&b->rig, in, family, 1);
	case_run(b, name4k, in, family, 4096);
	case_run(b, name1m, in, family, 1000000);
	table_free(table);
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: graph_bench [--table FILE] [--case NAME] [--quick]\n");
	exit(2);
}

static void options_read(struct bench *b, int argc, char **argv)
{
	static const struct option options[] = {{"table", required_argument, NULL, 't'},
						{"case", required_argument, NULL, 'c'},
						{"quick", no_argument, NULL, 'q'},
						{0}};
	const char *path = NULL;
	int c;

	b->windows = WINDOWS;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 't')
			path = optarg;
		else if (c == 'c')
			b->only = optarg;
		else if (c == 'q')
			b->windows = QUICK_WINDOWS;
		else
			usage();
	}
	if (optind != argc)
		usage();
	b->data.n_nexthops = GRAPH_NEXTHOPS;
	if (!path)
		bench_data_make(&b->data, b->windows == WINDOWS ? 1.0 : 0.2);
	else if (bench_data_read(&b->data, path))
		graph_die("--table: the file cannot be read");
}

int main(int argc, char **argv)
{
	static struct bench b;

	options_read(&b, argc, argv);
	graph_rig_init(&b.rig);
	few_run(&b, "ip4-16", 4, 1);
	few_run(&b, "ip4-16-4-ports", 4, GRAPH_PORTS);
	few_run(&b, "ip4-16-ecmp", 4, 0);
	full_run(&b, "ip4-full-4k", "ip4-full-1m", &b.data.ip4, 4);
	few_run(&b, "ip6-16", 6, 1);
	full_run(&b, "ip6-full-4k", "ip6-full-1m", &b.data.ip6, 6);
	return 0;
}
