// SPDX-License-Identifier: BSD-3-Clause
// The inside of a worker: shared by worker.c (hot) and worker_ctl.c (cold).
#pragma once

#include "dataplane/graph/port.h"
#include "dataplane/graph/worker.h"

#include <pthread.h>

struct rx_queue {
	struct port *port;
	void *queue;
};

// Packets for one port, sent at the end of the loop turn or when full.
struct tx_buffer {
	unsigned n;
	struct rte_mbuf *pkt[BATCH_MAX];
};

struct worker_priv {
	struct worker pub; // first: nodes get a pointer to it

	unsigned batch;
	unsigned n_rxq;
	struct rx_queue rxq[PORT_MAX];
	uint64_t tx_used; // bit: the port's buffer is not empty
	struct tx_buffer *tx[PORT_MAX];
	struct rte_ring *from_ctl, *from_host;
	struct rte_ring *handoff_in[WORKER_MAX];  // from worker i
	struct rte_ring *handoff_out[WORKER_MAX]; // to worker i
	bool is_busy_poll;
	unsigned n_idle;    // empty turns in a row
	uint64_t last_busy; // TSC of the last turn that was not empty
	int core;
	unsigned limits_generation;

	// Statistics, read by control.
	alignas(64) uint64_t turns, empty_turns, sleeps, packets, busy_cycles;

	// Written by control.
	alignas(64) _Atomic bool stop;
	pthread_t thread;
	bool is_running;
	char name[16];
};
static_assert(PORT_MAX <= 64, "tx_used has a bit a port");

// Takes the rates of dp->ip.
void worker_limits_set(struct worker_priv *p);
// One turn: receive, run the graph, transmit. Returns packets taken in.
unsigned worker_turn(struct worker_priv *p);
// Turns until p->stop, quiescent once a turn, sleeping when idle unless busy.
void worker_loop(struct worker_priv *p);
