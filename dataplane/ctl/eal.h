// SPDX-License-Identifier: BSD-3-Clause
// DPDK's environment (EAL): the one place that starts it and makes its arguments.
//
// Control thread, once a process. Nothing is written below /var/run, so several
// daemons run side by side and a crash leaves nothing behind. No sysctl is changed.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

#include <stdbool.h>

struct rte_mempool;

enum { EAL_ARGS_MAX = 160, EAL_TEXT_MAX = 4096 };

struct eal_conf {
	int hugepages;		   // 0 never, 1 must, -1 when they can be had
	uint64_t mem_bytes;	   // of pools and rings: eal_mem_need()
	uint64_t plain_bytes;	   // the same in plain memory
	const char *const *device; // of DPDK's ports, as configured: PCI ones are found
	unsigned n_devices;
	bool is_physical; // a device without IOMMU: DMA by physical addresses
};

// argv as EAL gets it: made without looking at the machine.
struct eal_args {
	int argc;
	char *argv[EAL_ARGS_MAX + 1];
	char text[EAL_TEXT_MAX];
};
// -E2BIG if they do not fit.
int eal_args_make(struct eal_args *args, const struct eal_conf *conf, bool use_huge,
		  unsigned core) must_check;
bool eal_is_pci(const char *device);
bool eal_is_uio(const char *device); // a PCI device in the hands of a UIO driver

// What packets need: the sum of all places where mbufs can be.
struct eal_need {
	unsigned n_ports, rx_queues, tx_queues; // queues of all ports together
	unsigned rx_ring, tx_ring;		// descriptors a queue
	unsigned n_workers;			// rings between them, control and host
	unsigned hold;				// packets waiting for neighbours
	unsigned batch;
};
// Number of mbufs; text gets the sum in words ("4 rx queues x 1024 = 4096, ...").
unsigned eal_pool_size(const struct eal_need *need, char *text, size_t len);
// Bytes for n mbufs of data_room bytes (headroom included), and the rest of DPDK.
uint64_t eal_mem_need(unsigned n_mbufs, unsigned data_room);

// Also resets the affinity of the calling thread, and sends DPDK's log to ours.
int eal_start(const struct eal_conf *conf, struct err *err) must_check;
void eal_stop(void);
bool eal_is_huge(void);
struct rte_mempool *eal_pool_new(unsigned n_mbufs, unsigned data_room, struct err *err) must_check;
