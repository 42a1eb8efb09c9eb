// SPDX-License-Identifier: BSD-3-Clause
// The 82599 driver on the model of the card, in one process: registers are calls,
// doorbells shared pages, DMA the same memory. What the driver writes is recorded.
#pragma once

#include "drivers/nic82599/nic82599.h"
#include "drivers/nic82599/priv.h"
#include "drivers/vnic82599/vnic.h"
#include "drivers/vnic82599/wire.h"
#include "tests/unit/test.h"

struct nic_rig;

enum { NIC_RIG_SENT = 4096, NIC_RIG_WRITES = 8192, NIC_RIG_POOL = 16383 };

struct nic_write {
	uint32_t reg, value;
};

struct nic_rig {
	struct vnic *card;
	struct nic *nic;
	struct port port;
	struct rte_mempool *pool;
	uint64_t now_ns;

	// What left by the wire: lengths and the first bytes.
	unsigned n_sent;
	uint16_t sent_len[NIC_RIG_SENT];
	uint8_t sent[NIC_RIG_SENT][128];

	unsigned n_writes;
	struct nic_write write[NIC_RIG_WRITES];
	bool is_unplugged;
};

struct nic_rig_conf {
	unsigned n_rxq, n_txq, ring, mtu, room; // 0: 1, 1, 512, 1500, 2048
	unsigned pool;				// packets, 0: NIC_RIG_POOL
	uint16_t device;			// 0: 82599ES
	bool is_vector;
};

struct nic_rig *nic_rig_new(const struct nic_rig_conf *conf);
void nic_rig_free(struct nic_rig *rig); // also: every buffer is back in the pool
void nic_rig_step(struct nic_rig *rig, unsigned n);
// An Ethernet frame of len bytes whose content says seed; as the wire brings it.
void nic_rig_receive(struct nic_rig *rig, unsigned len, uint32_t seed);
void nic_rig_frame(uint8_t *frame, unsigned len, uint32_t seed);
bool nic_rig_mbuf_is(const struct rte_mbuf *m, unsigned len, uint32_t seed);
struct rte_mbuf *nic_rig_mbuf(struct nic_rig *rig, unsigned len, uint32_t seed);
unsigned nic_rig_rx(struct nic_rig *rig, unsigned q, struct rte_mbuf *pkts[], unsigned n);
unsigned nic_rig_tx(struct nic_rig *rig, unsigned q, struct rte_mbuf *pkts[], unsigned n);
