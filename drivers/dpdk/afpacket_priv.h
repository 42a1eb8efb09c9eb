// SPDX-License-Identifier: BSD-3-Clause
// The inside of an AF_PACKET port. A socket a queue pair: frames come by a ring
// shared with the kernel (TPACKET_V2), and leave by sendmmsg(2).
#pragma once

#include "dataplane/graph/port.h"

#include <net/if.h>
#include <stdatomic.h>

enum {
	AFPACKET_QUEUES_MAX = 16,
	AFPACKET_TX_MAX = 64,	// frames a system call
	AFPACKET_SEGS_MAX = 16, // segments a frame, else it is dropped
};

struct afpacket_queue {
	// Read by the worker.
	int fd;
	uint8_t *map;
	unsigned n_frames, frame_len, frames_per_block, block_len;
	uint16_t room; // bytes that fit into an mbuf
	struct rte_mempool *pool;

	// The worker's.
	alignas(64) unsigned next; // frame of the ring
	_Atomic uint64_t rx_packets, rx_bytes, rx_no_mbuf, rx_cut, rx_unfinished;
	_Atomic uint64_t tx_packets, tx_bytes, tx_errors;

	// Control's.
	alignas(64) uint64_t rx_missed; // sum: the kernel clears at each reading
};

struct afpacket_port {
	char iface[IFNAMSIZ];
	int ifindex;
	int ctl; // a socket for ioctl(2)
	unsigned old_mtu, old_flags;
	bool is_bound, mtu_changed, warned_cut, warned_unfinished;
	unsigned n_queues;
	struct afpacket_queue queue[AFPACKET_QUEUES_MAX];
};

static inline void afpacket_count(_Atomic uint64_t *counter, uint64_t n)
{
	// one writer: no locked instruction
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

uint16_t afpacket_rx(void *queue, struct rte_mbuf *pkts[], uint16_t n);
uint16_t afpacket_tx(void *queue, struct rte_mbuf *pkts[], uint16_t n);
