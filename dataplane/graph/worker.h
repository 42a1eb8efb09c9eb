// SPDX-License-Identifier: BSD-3-Clause
// Workers: threads that receive, run the graph and transmit.
//
// Control makes them with everything they need, starts and stops them, and reads
// their counters. Rings to and from a worker have one producer and one consumer:
// control, the host thread, and every other worker have a ring of their own.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"
#include "dataplane/graph/node.h"
#include "dataplane/graph/runner.h"
#include "dataplane/pkt/meta.h"

struct port;
struct workers;

enum { WORKER_RING_LEN = 1024, WORKER_HANDOFF_LEN = 1024 };

struct worker_conf {
	unsigned n;
	const int *core; // [n], -1: not pinned
	unsigned batch;	 // packets a receive burst, 1..BATCH_MAX
	bool busy;	 // never sleep
	struct rte_mempool *pool;
	const struct dp_tbl *dp;
};

struct workers *workers_new(const struct worker_conf *conf, struct err *err) must_check;
// Binds queue q of port p to worker (p + q) mod n; a worker without a transmit
// queue of its own hands packets over to one that has. Before workers_start().
int workers_bind(struct workers *ws, struct port *port) must_check;
int workers_start(struct workers *ws, struct err *err) must_check;
void workers_stop(struct workers *ws); // joins the threads; rings keep their packets
void workers_free(struct workers *ws); // frees packets in rings and graphs
unsigned workers_count(const struct workers *ws);
// For tests and benches: one turn of worker i's loop in the calling thread.
unsigned workers_turn(struct workers *ws, unsigned i);
struct worker *workers_get(struct workers *ws, unsigned i);

// Control's and the host thread's ends of the rings of worker i. take: up to n
// packets, meta_get() tells the kind. inject: false if the ring is full (the
// caller frees); the packet enters at meta.node of the worker's graph.
enum worker_peer { PEER_CTL, PEER_HOST };
unsigned workers_take(struct workers *ws, unsigned i, enum worker_peer peer,
		      struct rte_mbuf *pkts[], unsigned n);
bool workers_inject(struct workers *ws, unsigned i, enum worker_peer peer, struct rte_mbuf *pkt);

// Threads that touch mbufs or RCU tables without being workers.
int helper_enter(const char *name) must_check; // registers with DPDK and QSBR
void helper_leave(void);

// Sums over all workers; counters never go back.
void workers_iface_counters(const struct workers *ws, unsigned iface, struct iface_counters *sum);
uint64_t workers_arc(const struct workers *ws, unsigned node, unsigned edge);
void workers_node_stats(const struct workers *ws, unsigned node, struct node_stats *sum);
uint64_t workers_overflow(const struct workers *ws);

struct worker_stats {
	int core;
	uint64_t turns, empty_turns, sleeps, packets;
	uint64_t busy_cycles; // of turns that found work
	unsigned rx_queues;
	unsigned to_ctl, to_host, handoff; // packets now in rings
};
void workers_stats(const struct workers *ws, unsigned i, struct worker_stats *stats);
