// SPDX-License-Identifier: BSD-3-Clause
// A port made of memory: receives 64-byte packets that were written DEPTH packets
// ago (so they lie in L2, as behind a real ring) and takes what is sent.
#pragma once

#include "dataplane/graph/port.h"

#include <rte_mbuf.h>

enum { GRAPH_PORT_DEPTH = 1024, GRAPH_PACKET_LEN = 64 };

// Only what differs between packets: the destination and the checksum before it.
struct graph_packets {
	unsigned family;
	size_t n, at;
	uint8_t template[GRAPH_PACKET_LEN];
	uint8_t (*dst)[16];
	uint16_t *csum; // IPv4 header checksum, by destination
};

struct graph_port {
	struct port pub;
	struct graph_packets *packets;
	unsigned head;
	struct rte_mbuf *ring[GRAPH_PORT_DEPTH];
	// Looks at each packet sent, when set.
	void (*check)(void *arg, const struct rte_mbuf *m);
	void *check_arg;
	uint64_t n_sent;
};

int graph_eal_start(void) must_check;
// Buffers on huge pages where the machine gives any.
struct rte_mempool *graph_pool_new(unsigned n) must_check;

// Fills pub; id and iface are the caller's.
void graph_port_init(struct graph_port *port, struct rte_mempool *pool);
// Changes what is received from now on: writes all buffers of the ring anew.
void graph_port_load(struct graph_port *port, struct graph_packets *packets);
