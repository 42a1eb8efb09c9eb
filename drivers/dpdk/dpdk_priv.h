// SPDX-License-Identifier: BSD-3-Clause
// The inside of a DPDK port.
#pragma once

#include "dataplane/graph/port.h"

#include <rte_ethdev.h>

enum { MC_MAX = 64 }; // multicast addresses a device is given one by one

// What rx_burst and tx_burst get.
struct dpdk_queue {
	uint16_t ethdev, queue;
	struct rte_mempool *pool; // for copies in one segment
	uint64_t n_no_mbuf;	  // written by the queue's worker
};

struct dpdk_port {
	uint16_t ethdev;
	struct rte_device *device;
	struct rte_eth_dev_info info;
	struct dpdk_queue rxq[PORT_QUEUES_MAX], txq[PORT_QUEUES_MAX];
	struct rte_ether_addr mc[MC_MAX];
	unsigned n_mc;
	bool is_started;
};

// Finds or makes the device and says why it cannot be had (dpdk_probe.c).
int dpdk_probe(const char *device, uint16_t *ethdev, struct err *err) must_check;

// tx_burst of devices that take one segment a packet (dpdk_burst.c).
uint16_t dpdk_rx(void *queue, struct rte_mbuf *pkts[], uint16_t n);
uint16_t dpdk_tx(void *queue, struct rte_mbuf *pkts[], uint16_t n);
uint16_t dpdk_tx_linear(void *queue, struct rte_mbuf *pkts[], uint16_t n);
