// SPDX-License-Identifier: BSD-3-Clause
// A router in one thread, between ports of memory: what graph_bench and flap_bench
// measure.
#pragma once

#include "bench/graph_port.h"
#include "bench/route_data.h"
#include "dataplane/graph/worker.h"

enum { GRAPH_NEXTHOPS = 64, GRAPH_PORTS = 4, GRAPH_FEW_ROUTES = 16 };

struct graph_rig {
	struct dp_tbl dp;
	struct ifaces *ifaces;
	struct nexthops *nexthops;
	struct workers *workers;
	struct graph_port in;
	struct port out[GRAPH_PORTS];
	uint16_t gw[GRAPH_PORTS][GRAPH_NEXTHOPS]; // by out port
};

_Noreturn void graph_die(const char *what);
void *graph_must(void *p); // dies on NULL

// One way in, GRAPH_PORTS ways out, GRAPH_NEXTHOPS neighbours behind each.
void graph_rig_init(struct graph_rig *rig);

// n_out * GRAPH_NEXTHOPS next hops (0: groups of four) take the routes in turn. The
// table forwards from now on.
struct table;
struct table *graph_table_new(struct graph_rig *rig, const struct bench_table *in, unsigned family,
			      unsigned n_out) must_check;

// n destinations inside random prefixes, of those that a router forwards to.
void graph_packets_make(struct graph_packets *p, const struct bench_table *in, unsigned family,
			enum bench_pattern pattern, size_t n);
void graph_packets_free(struct graph_packets *p);
