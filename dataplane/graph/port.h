// SPDX-License-Identifier: BSD-3-Clause
// A port: a device with queues. What a driver must offer.
//
// Life: drivers fill port_ops; control calls open (probe and learn), configure,
// start, stop, close. rx_burst and tx_burst are the workers', one worker a queue.
// rx_burst gives owned mbufs (refcnt 1); tx_burst owns what it counts, the
// caller frees the rest: no retry loop. tx_burst of no packets frees what has left
// since the last one.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"
#include "dataplane/graph/node.h"

enum { PORT_QUEUES_MAX = 64, PORT_NAME_MAX = 16, PORT_DEVICE_MAX = 256 };

struct rte_mbuf;
struct rte_mempool;
struct port;

typedef uint16_t port_burst_fn(void *queue, struct rte_mbuf *pkts[], uint16_t n);

struct port_conf {
	unsigned n_rxq, n_txq;	   // wanted; open() says what there is
	unsigned rx_ring, tx_ring; // descriptors, 0: the driver's default
	unsigned mtu;		   // largest L3 packet, bytes
	bool promisc;
	struct rte_mempool *pool;
};

struct port_link {
	bool is_up;
	unsigned mbit_s; // 0: unknown
	bool full_duplex;
};

struct port_stats {
	uint64_t rx_packets, rx_bytes, rx_errors, rx_missed, rx_no_mbuf;
	uint64_t tx_packets, tx_bytes, tx_errors;
};

struct port_ops {
	const char *name;
	// Bytes of a packet buffer, headroom included, for L3 packets of mtu bytes.
	unsigned (*data_room)(unsigned mtu);
	// Finds the device, sets mac, max_rxq, max_txq, max_mtu. Errors say what to do.
	int (*open)(struct port *port, struct err *err);
	int (*configure)(struct port *port, const struct port_conf *conf, struct err *err);
	int (*start)(struct port *port, struct err *err);
	void (*stop)(struct port *port); // DMA off before memory goes
	void (*close)(struct port *port);
	void (*link_get)(struct port *port, struct port_link *link);
	void (*stats_get)(struct port *port, struct port_stats *stats);	      // since open
	int (*mac_filter)(struct port *port, const uint8_t mac[6], bool add); // multicast, too
};

struct port {
	// Read by workers.
	port_burst_fn *rx_burst, *tx_burst;
	uint16_t id;
	uint16_t iface; // of untagged frames
	uint16_t n_rxq, n_txq;
	uint8_t tx_worker[WORKER_MAX]; // who transmits for worker i (itself if it has a queue)
	void *rxq[PORT_QUEUES_MAX];
	void *txq[PORT_QUEUES_MAX]; // by worker id

	// Control only.
	char name[PORT_NAME_MAX];
	char device[PORT_DEVICE_MAX];
	const struct port_ops *ops;
	void *driver; // the driver's own
	uint8_t mac[6];
	uint16_t max_rxq, max_txq;
	unsigned max_mtu;
	unsigned mtu;
	struct port_link link;
};
