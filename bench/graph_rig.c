// SPDX-License-Identifier: BSD-3-Clause
#include "bench/graph_rig.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/csum.h"
#include "dataplane/base/rcu.h"
#include "dataplane/graph/iface.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/icmp.h"
#include "dataplane/pkt/ip4.h"
#include "dataplane/pkt/ip6.h"
#include "dataplane/pkt/l4.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/table.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void graph_die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

void *graph_must(void *p)
{
	return p ? p : (graph_die("out of memory"), NULL);
}

static void port_add(struct graph_rig *rig, struct port *port, unsigned id)
{
	char name[8];
	struct iface_conf conf = {.name = name,
				  .port = (uint16_t)id,
				  .mtu = 1500,
				  .mac = {2, 0, 0, 0, 0, (uint8_t)id},
				  .flags = IFACE_UP};

	snprintf(name, sizeof(name), "p%u", id);
	port->id = (uint16_t)id;
	port->iface = (uint16_t)iface_add(rig->ifaces, &conf);
	rig->dp.port[id] = port;
}

static uint16_t gateway(struct graph_rig *rig, unsigned family, unsigned out, unsigned i)
{
	struct nexthop_key key = {
		.kind = NH_RESOLVE,
		.iface = rig->out[out].iface,
		.gw = {.family = (uint8_t)family, .bytes = {10, 0, 0, (uint8_t)i}}};
	struct eth_hdr eth = {.dst = {2, 0, 0, 1, (uint8_t)out, (uint8_t)i},
			      .src = {2, 0, 0, 0, 0, (uint8_t)(out + 1)},
			      .type = htons(family == 4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6)};
	int id = nexthop_get(rig->nexthops, &key);

	if (id < 0)
		graph_die("next hops");
	nexthop_mtu_set(rig->nexthops, (uint16_t)id, 1500);
	nexthop_resolve(rig->nexthops, (uint16_t)id, (const uint8_t *)&eth, sizeof(eth));
	return (uint16_t)id;
}

void graph_rig_init(struct graph_rig *rig)
{
	struct worker_conf conf = {.n = 1, .batch = BATCH_FILL, .busy = true, .dp = &rig->dp};
	struct err err = {0};

	if (graph_eal_start())
		graph_die("DPDK does not start");
	rcu_register_thread();
	conf.pool = graph_must(graph_pool_new(4095));
	rig->dp.ip.martians = true;
	rig->dp.hash_key = (struct hash_key){{0x0123456789abcdef, 0xfedcba9876543210}};
	rig->ifaces = graph_must(ifaces_new(&rig->dp));
	rig->nexthops = graph_must(nexthops_new());
	rig->dp.nexthop = nexthops_array(rig->nexthops);
	graph_port_init(&rig->in, conf.pool);
	port_add(rig, &rig->in.pub, 0);
	for (unsigned i = 0; i < GRAPH_PORTS; i++) {
		rig->out[i].tx_burst = rig->in.pub.tx_burst;
		rig->out[i].n_txq = 1;
		rig->out[i].txq[0] = &rig->in;
		port_add(rig, &rig->out[i], i + 1);
	}
	rig->workers = graph_must(workers_new(&conf, &err));
	for (unsigned i = 0; i <= GRAPH_PORTS; i++)
		if (workers_bind(rig->workers, rig->dp.port[i]))
			graph_die("ports");
}

static void route_put(struct table *table, const struct prefix *prefix, uint16_t nh)
{
	struct route route = {.prefix = *prefix, .source = ROUTE_BGP, .nh = nh};

	if (table_add(table, &route))
		graph_die("routes");
}

// `of` next hops of n_out ports (0: groups of four) take the routes in turn.
struct table *graph_table_new(struct graph_rig *rig, const struct bench_table *in, unsigned family,
			      unsigned n_out)
{
	struct table *table = graph_must(table_new(rig->nexthops));
	uint16_t group[GRAPH_FEW_ROUTES] = {0};

	for (unsigned out = 0; out < GRAPH_PORTS; out++)
		for (unsigned i = 0; i < GRAPH_NEXTHOPS; i++)
			rig->gw[out][i] = gateway(rig, family, out, i);
	for (unsigned i = 0; i < GRAPH_FEW_ROUTES && !n_out; i++)
		group[i] = (uint16_t)nexthop_group_get(rig->nexthops, &rig->gw[0][i * 4],
						       (const uint8_t[]){1, 1, 1, 1}, 4);
	table_bulk_start(table);
	for (size_t i = 0; i < in->n; i++) {
		unsigned nh = in->route[i].nh;

		route_put(table, &in->route[i].prefix,
			  n_out ? rig->gw[nh / GRAPH_NEXTHOPS % n_out][nh % GRAPH_NEXTHOPS]
				: group[nh % GRAPH_FEW_ROUTES]);
	}
	table_bulk_stop(table);
	while (table_step(table, 5 * CLOCK_NS_PER_MS))
		;
	rig->dp.fib4[0] = table_fib4(table);
	rig->dp.fib6[0] = table_fib6(table);
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
void graph_packets_make(struct graph_packets *p, const struct bench_table *in, unsigned family,
			enum bench_pattern pattern, size_t n)
{
	uint8_t(*key)[16] = graph_must(bench_keys_make(in, pattern, n));

	memset(p, 0, sizeof(*p));
	p->family = family;
	p->dst = key;
	p->csum = graph_must(calloc(n, sizeof(*p->csum)));
	template_make(p);
	for (size_t i = 0; i < n; i++)
		if (is_routable(family, key[i]))
			memcpy(key[p->n++], key[i], 16);
	for (size_t i = 0; i < p->n && family == 4; i++)
		p->csum[i] = csum_for(p, key[i]);
}

void graph_packets_free(struct graph_packets *p)
{
	free(p->dst);
	free(p->csum);
}
