// SPDX-License-Identifier: BSD-3-Clause
// The runner moves packets along edges: one runner a worker.
//
// Nodes wait in the order of graph.def with a batch each. A batch that takes the
// main arc whole is passed on by its pointer; a few exceptions are appended one
// by one while the majority closes ranks in place. Back arcs (an ICMP error to
// the lookup) are delivered in the same walk.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/graph/node.h"

enum { RUNNER_SPARES = 8, RUNNER_STEPS_MAX = 4096, RUNNER_TIMED_EVERY = 16 };

struct runner_slot {
	struct batch batch;
	alignas(64) uint8_t edge[BATCH_MAX + 64];
};

struct node_stats {
	uint64_t calls, packets;
	uint64_t cycles, timed_packets; // of every 16th walk
};

struct runner {
	uint64_t ready; // bit: the node's batch is not empty
	unsigned n_walks;
	bool is_timed;
	struct runner_slot *pending[GRAPH_N_NODES];
	struct runner_slot *spare[GRAPH_N_NODES + RUNNER_SPARES];
	unsigned n_spare;
	uint8_t target[GRAPH_N_NODES][GRAPH_EDGES_MAX]; // NODE_HELD and NODE_DROP among them
	uint64_t n_overflow;				// packets dropped because spares ran out
	uint64_t n_in; // packets that entered the graph from outside
	uint64_t arc[GRAPH_N_NODES][GRAPH_EDGES_MAX];
	struct node_stats node[GRAPH_N_NODES];
};
static_assert(GRAPH_N_NODES <= 64, "runner.ready has a bit a node");

struct runner *runner_new(void) must_check;
void runner_free(struct runner *runner); // frees packets still inside

// The empty batch of a node, to be filled from outside: set n, then runner_walk().
struct batch *runner_input(struct runner *runner, enum graph_node node);
void runner_ready(struct runner *runner, enum graph_node node);
// Appends one packet that came over a ring (pkt/meta.h).
void runner_append(struct worker *w, enum graph_node node, const struct emitted *e);

// Runs until no packet is left inside. Hot.
void runner_walk(struct worker *w);

// Tables made from graph.def (graph.c).
const char *graph_drop_name(unsigned node, unsigned edge); // NULL: no drop
const char *graph_loss_name(unsigned node, unsigned edge); // NULL: no lost packet's answer
void graph_targets(uint8_t target[GRAPH_N_NODES][GRAPH_EDGES_MAX]);
unsigned graph_node_hook(unsigned node);
