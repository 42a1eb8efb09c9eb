// SPDX-License-Identifier: BSD-3-Clause
// How many cycles does a 64-byte packet cost on its way through the real graph?
//
//   graph_bench [--table FILE] [--case NAME] [--quick]
//
// Packets come from memory and go to memory; what receiving and sending alone
// cost is measured in the same run, in turns, and subtracted. Time is the
// thread's own, in cycles of the TSC. One JSON object a line.
#include "bench/graph_port.h"
#include "bench/route_data.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/rcu.h"
#include "dataplane/graph/iface.h"
#include "dataplane/graph/worker.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/icmp.h"
#include "dataplane/pkt/ip4.h"
#include "dataplane/pkt/ip6.h"
#include "dataplane/pkt/l4.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/table.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Short windows: most of them end before another process wants the core.
enum {
	WINDOW = 12800,
	WINDOWS = 401,
	QUICK_WINDOWS = 41,
	NEXTHOPS = 64,
	PORTS = 4,
	FEW_ROUTES = 16
};

struct bench {
	struct dp_tbl dp;
	struct ifaces *ifaces;
	struct nexthops *nexthops;
	struct workers *workers;
	struct graph_port in;
	struct port out[PORTS];
	struct bench_data data;
	uint16_t gw[PORTS][NEXTHOPS]; // by out port
	unsigned windows;
	const char *only;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "graph_bench: %s\n", what);
	exit(1);
}

static void *must(void *p)
{
	return p ? p : (die("out of memory"), NULL);
}

// The router: one way in, PORTS ways out, NEXTHOPS neighbours behind each.

static void port_add(struct bench *b, struct port *port, unsigned id)
{
	char name[8];
	struct iface_conf conf = {.name = name,
				  .port = (uint16_t)id,
				  .mtu = 1500,
				  .mac = {2, 0, 0, 0, 0, (uint8_t)id},
				  .flags = IFACE_UP};

	snprintf(name, sizeof(name), "p%u", id);
	port->id = (uint16_t)id;
	port->iface = (uint16_t)iface_add(b->ifaces, &conf);
	b->dp.port[id] = port;
}

static uint16_t gateway(struct bench *b, unsigned family, unsigned out, unsigned i)
{
	struct nexthop_key key = {
		.kind = NH_RESOLVE,
		.iface = b->out[out].iface,
		.gw = {.family = (uint8_t)family, .bytes = {10, 0, 0, (uint8_t)i}}};
	struct eth_hdr eth = {.dst = {2, 0, 0, 1, (uint8_t)out, (uint8_t)i},
			      .src = {2, 0, 0, 0, 0, (uint8_t)(out + 1)},
			      .type = htons(family == 4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6)};
	int id = nexthop_get(b->nexthops, &key);

	if (id < 0)
		die("next hops");
	nexthop_mtu_set(b->nexthops, (uint16_t)id, 1500);
	nexthop_resolve(b->nexthops, (uint16_t)id, (const uint8_t *)&eth, sizeof(eth));
	return (uint16_t)id;
}

static void router_init(struct bench *b)
{
	struct worker_conf conf = {.n = 1, .batch = BATCH_FILL, .busy = true, .dp = &b->dp};
	struct err err = {0};

	if (graph_eal_start())
		die("DPDK does not start");
	rcu_register_thread();
	conf.pool = must(graph_pool_new(4095));
	b->dp.ip.martians = true;
	b->dp.hash_key = (struct hash_key){{0x0123456789abcdef, 0xfedcba9876543210}};
	b->ifaces = must(ifaces_new(&b->dp));
	b->nexthops = must(nexthops_new());
	b->dp.nexthop = nexthops_array(b->nexthops);
	graph_port_init(&b->in, conf.pool);
	port_add(b, &b->in.pub, 0);
	for (unsigned i = 0; i < PORTS; i++) {
		b->out[i].tx_burst = b->in.pub.tx_burst;
		b->out[i].n_txq = 1;
		b->out[i].txq[0] = &b->in;
		port_add(b, &b->out[i], i + 1);
	}
	b->workers = must(workers_new(&conf, &err));
	for (unsigned i = 0; i <= PORTS; i++)
		if (workers_bind(b->workers, b->dp.port[i]))
			die("ports");
}

static void route_put(struct table *table, const struct prefix *prefix, uint16_t nh)
{
	struct route route = {.prefix = *prefix, .source = ROUTE_BGP, .nh = nh};

	if (table_add(table, &route))
		die("routes");
}

// `of` next hops of n_out ports (0: groups of four) take the routes in turn.
static struct table *table_make(struct bench *b, const struct bench_table *in, unsigned family,
				unsigned n_out)
{
	struct table *table = must(table_new(b->nexthops));
	uint16_t group[FEW_ROUTES] = {0};

	for (unsigned out = 0; out < PORTS; out++)
		for (unsigned i = 0; i < NEXTHOPS; i++)
			b->gw[out][i] = gateway(b, family, out, i);
	for (unsigned i = 0; i < FEW_ROUTES && !n_out; i++)
		group[i] = (uint16_t)nexthop_group_get(b->nexthops, &b->gw[0][i * 4],
						       (const uint8_t[]){1, 1, 1, 1}, 4);
	table_bulk_start(table);
	for (size_t i = 0; i < in->n; i++) {
		unsigned nh = in->route[i].nh;

		route_put(table, &in->route[i].prefix,
			  n_out ? b->gw[nh / NEXTHOPS % n_out][nh % NEXTHOPS]
				: group[nh % FEW_ROUTES]);
	}
	table_bulk_stop(table);
	while (table_step(table, 5 * CLOCK_NS_PER_MS))
		;
	return table;
}

// Packets.

static const char *const template4 = "\2\0\0\0\0\0\2\0\0\0\xee\1\x08\0"
				     "\x45\0\0\x32\0\0\0\0\x40\x11\0\0\xc0\0\2\1\0\0\0\0";

static bool is_routable(unsigned family, const uint8_t *addr)
{
	if (family == 6)
		return addr[0] >> 5 == 1;
	return addr[0] != 0 && addr[0] != 127 && addr[0] < 224 &&
	       !(addr[0] == 169 && addr[1] == 254);
}

static void template_make(struct graph_packets *p)
{
	struct ip6_hdr ip6 = {.vtf = htonl(6u << 28),
			      .len = htons(GRAPH_PACKET_LEN - ETH_HDR_LEN - IP6_HDR_LEN),
			      .next = IP_PROTO_UDP,
			      .hop_limit = 64,
			      .src = {0x20, 1, 0xd, 0xb8, [15] = 1}};

	memcpy(p->template, template4, 34);
	if (p->family == 6) {
		memcpy(p->template + 12, "\x86\xdd", 2);
		memcpy(p->template + ETH_HDR_LEN, &ip6, sizeof(ip6));
	}
}

static uint16_t csum_for(const struct graph_packets *p, const uint8_t *dst)
{
	struct ip4_hdr ip;

	memcpy(&ip, p->template + ETH_HDR_LEN, sizeof(ip));
	memcpy(&ip.dst, dst, 4);
	ip.csum = 0;
	return csum_of(&ip, sizeof(ip));
}

// n destinations inside random prefixes.
static void packets_make(struct graph_packets *p, const struct bench_table *in, unsigned family,
			 size_t n)
{
	uint8_t(*key)[16] = must(bench_keys_make(in, BENCH_INSIDE, n));

	memset(p, 0, sizeof(*p));
	p->family = family;
	p->dst = key;
	p->csum = must(calloc(n, sizeof(*p->csum)));
	template_make(p);
	for (size_t i = 0; i < n; i++)
		if (is_routable(family, key[i]))
			memcpy(key[p->n++], key[i], 16);
	for (size_t i = 0; i < p->n && family == 4; i++)
		p->csum[i] = csum_for(p, key[i]);
}

static void packets_free(struct graph_packets *p)
{
	free(p->dst);
	free(p->csum);
}

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
		b->in.pub.rx_burst(&b->in, pkts, BATCH_FILL);
		b->in.pub.tx_burst(&b->in, pkts, BATCH_FILL);
	}
	return (double)(clock_thread_ns() - start) / WINDOW;
}

static double graph_window(struct bench *b)
{
	uint64_t sent = b->in.n_sent;
	uint64_t start = clock_thread_ns();

	for (unsigned n = 0; n < WINDOW; n += BATCH_FILL)
		workers_turn(b->workers, 0);
	start = clock_thread_ns() - start;
	if (b->in.n_sent - sent != WINDOW)
		die("packets were dropped");
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

		workers_node_stats(b->workers, node, &s);
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
	b->in.check = packet_check;
	b->in.check_arg = verdict;
	for (unsigned i = 0; i < 16; i++)
		graph_window(b);
	b->in.check = NULL;
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
	packets_make(&packets, in, family, n_dst);
	graph_port_load(&b->in, &packets);
	measure(b, name, family);
	packets_free(&packets);
}

static void table_use(struct bench *b, struct table *table)
{
	b->dp.fib4[0] = table_fib4(table);
	b->dp.fib6[0] = table_fib6(table);
}

// FEW_ROUTES prefixes of 16 (IPv6: 32) bits.
static void few_make(struct bench_table *few, unsigned family)
{
	few->n = FEW_ROUTES;
	few->route = must(calloc(FEW_ROUTES, sizeof(*few->route)));
	for (unsigned i = 0; i < FEW_ROUTES; i++)
		few->route[i] = (struct bench_route){
			.prefix = {.family = (uint8_t)family,
				   .len = family == 4 ? 16 : 32,
				   .bytes = {family == 4 ? 100 : 0x20, (uint8_t)(i + 1)}},
			.nh = (uint16_t)(i * NEXTHOPS + i * 4),
		};
}

static void few_run(struct bench *b, const char *name, unsigned family, unsigned n_out)
{
	struct bench_table few = {0};
	struct table *table;

	if (!is_wanted(b, name))
		return;
	few_make(&few, family);
	table = table_make(b, &few, family, n_out);
	table_use(b, table);
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
	table = table_make(b, in, family, 1);
	table_use(b, table);
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
	b->data.n_nexthops = NEXTHOPS;
	if (!path)
		bench_data_make(&b->data, b->windows == WINDOWS ? 1.0 : 0.2);
	else if (bench_data_read(&b->data, path))
		die("--table: the file cannot be read");
}

int main(int argc, char **argv)
{
	static struct bench b;

	options_read(&b, argc, argv);
	router_init(&b);
	few_run(&b, "ip4-16", 4, 1);
	few_run(&b, "ip4-16-4-ports", 4, PORTS);
	few_run(&b, "ip4-16-ecmp", 4, 0);
	full_run(&b, "ip4-full-4k", "ip4-full-1m", &b.data.ip4, 4);
	few_run(&b, "ip6-16", 6, 1);
	full_run(&b, "ip6-full-4k", "ip6-full-1m", &b.data.ip6, 6);
	return 0;
}
