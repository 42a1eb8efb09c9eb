// SPDX-License-Identifier: BSD-3-Clause
// A router on a bench: the real graph and workers between ports made of memory.
//
// rig_new() starts DPDK without hugepages (once a process) and gives ports 0..n-1
// with ifaces of id port + 1, MAC 02:00:00:00:00:<port + 1>, MTU 1500, table 0,
// up. A test puts frames into a port, turns the worker, and takes what came out.
// In ASan builds every frame lies in a heap block of exactly its size (plus
// headroom), attached as external buffer: reading behind it is an error.
#pragma once

#include "dataplane/graph/iface.h"
#include "dataplane/graph/port.h"
#include "dataplane/graph/worker.h"
#include "tests/unit/test.h"

enum { RIG_FRAME_MAX = 9600, RIG_QUEUE = 4096 };

struct rig_frame {
	unsigned len;
	uint8_t data[RIG_FRAME_MAX];
};

struct rig {
	struct dp_tbl dp;
	struct ifaces *ifaces;
	struct workers *workers;
	struct rte_mempool *pool;
	struct port port[PORT_MAX];
	unsigned n_ports;
};

struct rig *rig_new(unsigned n_ports, unsigned n_workers);
// Also checks the balance: every mbuf is back in the pool.
void rig_free(struct rig *rig);

void rig_put(struct rig *rig, unsigned port, const void *frame, unsigned len);
// The same in two segments, the first of `first` bytes.
void rig_put_chained(struct rig *rig, unsigned port, const void *frame, unsigned len,
		     unsigned first);
// One with a VLAN tag that the NIC took off.
void rig_put_tagged(struct rig *rig, unsigned port, uint16_t tci, const void *frame, unsigned len);
// Turns all workers until nothing moves.
void rig_run(struct rig *rig);
// Next frame that left by port: false if there is none.
bool rig_take(struct rig *rig, unsigned port, struct rig_frame *frame);
unsigned rig_n_out(const struct rig *rig, unsigned port);
// Next packet on the way to control or the host; the caller frees it.
struct rte_mbuf *rig_take_punt(struct rig *rig, enum worker_peer peer, struct meta *meta);
struct rte_mbuf *rig_mbuf(struct rig *rig, const void *frame, unsigned len);

uint64_t rig_drops(const struct rig *rig, enum graph_node node, unsigned edge);
uint64_t rig_all_drops(const struct rig *rig);
void rig_addr4(struct rig *rig, unsigned iface, const char *addr, unsigned plen);
// Frames to write tests with: Ethernet header in front of a payload.
unsigned rig_eth(uint8_t *frame, unsigned to_port, uint16_t type, const void *payload,
		 unsigned len);
