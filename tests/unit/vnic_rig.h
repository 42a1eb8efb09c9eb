// SPDX-License-Identifier: BSD-3-Clause
// A virtual card without a socket: its client's memory is an array here, its
// wire keeps what was sent.
#pragma once

#include "drivers/nic82599/regs.h"
#include "drivers/vnic82599/vnic.h"
#include "drivers/vnic82599/wire.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

enum {
	RIG_IOVA = 0x100000,
	RIG_MEM = 4 << 20,
	RIG_RING = 64, // descriptors
	RIG_BUF = 2048,
	RIG_SENT = 64,
	RIG_RX_RINGS = 0, // offsets into the memory
	RIG_TX_RINGS = 0x40000,
	RIG_RX_BUFS = 0x80000,
	RIG_TX_BUFS = 0x380000,
};

struct rig_wire {
	struct wire wire;
	unsigned n;
	unsigned len[RIG_SENT];
	uint8_t frame[RIG_SENT][VNIC_FRAME_MAX];
};

struct rig {
	struct vnic *nic;
	struct rig_wire *out;
	uint8_t *mem;
	uint64_t now_ns;
	unsigned irqs[VNIC_VECTORS];
	unsigned tx_tail, rx_head;
};

static bool rig_wire_tx(struct wire *wire, const uint8_t *frame, unsigned len)
{
	struct rig_wire *out = (struct rig_wire *)wire;

	if (out->n == RIG_SENT)
		return false;
	memcpy(out->frame[out->n], frame, len);
	out->len[out->n++] = len;
	return true;
}

static void rig_wire_close(struct wire *wire)
{
	free(wire);
}

static inline void rig_irq(void *arg, unsigned vector)
{
	((struct rig *)arg)->irqs[vector]++;
}

static const struct wire_ops rig_wire_ops = {
	.name = "rig", .tx = rig_wire_tx, .close = rig_wire_close};

static inline void rig_step(struct rig *rig)
{
	rig->now_ns += 1000;
	vnic_step(rig->nic, rig->now_ns);
}

static inline struct rig *rig_new(bool is_trapped)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct vnic_conf conf = {.mac = {2, 0x82, 0x59, 0x9e, 0, 1},
				 .is_trapped = is_trapped,
				 .irq = rig_irq,
				 .irq_arg = rig};
	struct vnic_dma_conf dma = {
		.iova = RIG_IOVA, .len = RIG_MEM, .fd = -1, .can_read = true, .can_write = true};
	uint16_t command = 6; // memory space, bus master

	assert_non_null(rig);
	rig->now_ns = 1000000000;
	rig->mem = aligned_alloc(4096, RIG_MEM);
	assert_non_null(rig->mem);
	memset(rig->mem, 0, RIG_MEM);
	rig->nic = vnic_new(&conf);
	assert_non_null(rig->nic);
	dma.host = rig->mem;
	assert_int_equal(vnic_dma_add(rig->nic, &dma), 0);
	vnic_cfg_write(rig->nic, 4, &command, 2);
	rig->out = calloc(1, sizeof(*rig->out));
	rig->out->wire.ops = &rig_wire_ops;
	rig->out->wire.fd = -1;
	vnic_wire_set(rig->nic, &rig->out->wire);
	return rig;
}

static inline void rig_free(struct rig *rig)
{
	vnic_free(rig->nic);
	free(rig->mem);
	free(rig);
}

static inline struct nic_desc *rig_desc(struct rig *rig, unsigned rings, unsigned q, unsigned i)
{
	return (struct nic_desc *)(rig->mem + rings + (q * RIG_RING + i) * 16);
}

// Ring registers: through the doorbell page where there is one, as a client.
static inline void rig_ring(struct rig *rig, uint32_t reg, uint32_t rings, unsigned q)
{
	vnic_write(rig->nic, reg, RIG_IOVA + rings + q * RIG_RING * 16);
	vnic_write(rig->nic, reg + 4, 0);
	vnic_write(rig->nic, reg + 8, RIG_RING * 16);
	vnic_write(rig->nic, reg + 0x10, 0);
	vnic_write(rig->nic, reg + 0x18, 0);
	vnic_write(rig->nic, reg + 0x28, NIC_RXDCTL_ENABLE);
}

// Receive queue q with all but one descriptor offered.
static inline void rig_rx_ring(struct rig *rig, unsigned q)
{
	vnic_write(rig->nic, NIC_SRRCTL(q), NIC_SRRCTL_DESCTYPE_ADV | RIG_BUF / 1024);
	rig_ring(rig, NIC_RX_QUEUE(q), RIG_RX_RINGS, q);
	for (unsigned i = 0; i < RIG_RING; i++)
		*rig_desc(rig, RIG_RX_RINGS, q, i) = (struct nic_desc){
			.lo = RIG_IOVA + RIG_RX_BUFS + (q * RIG_RING + i) % 1024 * RIG_BUF};
	vnic_write(rig->nic, NIC_RDT(q), RIG_RING - 1);
}

static inline void rig_start(struct rig *rig, unsigned n_rx)
{
	vnic_write(rig->nic, NIC_FCTRL, NIC_FCTRL_BAM);
	vnic_write(rig->nic, NIC_HLREG0,
		   NIC_HLREG0_TXCRCEN | NIC_HLREG0_RXCRCSTRP | NIC_HLREG0_TXPADEN);
	for (unsigned q = 0; q < n_rx; q++)
		rig_rx_ring(rig, q);
	rig_ring(rig, NIC_TX_QUEUE(0), RIG_TX_RINGS, 0);
	vnic_write(rig->nic, NIC_RXCTRL, NIC_RXCTRL_RXEN);
	vnic_write(rig->nic, NIC_DMATXCTL, NIC_DMATXCTL_TE);
	for (unsigned i = 0; i < 20; i++) // all queues are looked at
		rig_step(rig);
}

static inline void rig_tx_desc(struct rig *rig, uint64_t lo, uint64_t hi)
{
	*rig_desc(rig, RIG_TX_RINGS, 0, rig->tx_tail) = (struct nic_desc){.lo = lo, .hi = hi};
	rig->tx_tail = (rig->tx_tail + 1) % RIG_RING;
}

// A frame in n_desc descriptors of an advanced kind with the options of hi.
static inline void rig_tx(struct rig *rig, const uint8_t *frame, unsigned len, unsigned n_desc,
			  uint64_t hi)
{
	unsigned at = 0;

	memcpy(rig->mem + RIG_TX_BUFS, frame, len);
	for (unsigned i = 0; i < n_desc; i++) {
		unsigned n = i + 1 == n_desc ? len - at : len / n_desc;
		uint64_t last = i + 1 == n_desc ? NIC_TXD_EOP | NIC_TXD_RS : 0;

		rig_tx_desc(rig, RIG_IOVA + RIG_TX_BUFS + at,
			    (i ? 0 : hi) | n | last | NIC_TXD_DTYP_DATA | NIC_TXD_DEXT |
				    NIC_TXD_IFCS);
		at += n;
	}
	vnic_write(rig->nic, NIC_TDT(0), rig->tx_tail);
	rig_step(rig);
}

// An Ethernet frame to the card with IPv4 and UDP or TCP, all sums right.
static inline unsigned rig_frame(uint8_t *frame, uint8_t proto, const uint8_t ip[8],
				 const uint16_t port[2], unsigned payload)
{
	static const uint8_t eth[14] = {2, 0x82, 0x59, 0x9e, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0};
	unsigned l4 = proto == 6 ? 20 : 8, total = 20 + l4 + payload;
	uint8_t *l3 = frame + 14, *p = l3 + 20;

	memset(frame, 0, 14 + total);
	memcpy(frame, eth, sizeof(eth));
	l3[0] = 0x45;
	l3[2] = (uint8_t)(total >> 8);
	l3[3] = (uint8_t)total;
	l3[8] = 64;
	l3[9] = proto;
	memcpy(l3 + 12, ip, 8);
	for (unsigned i = 0; i < 2; i++) {
		p[2 * i] = (uint8_t)(port[i] >> 8);
		p[2 * i + 1] = (uint8_t)port[i];
	}
	if (proto == 6) {
		p[12] = 0x50;
		p[13] = 0x19; // ACK, PSH, FIN
	} else {
		p[4] = (uint8_t)((8 + payload) >> 8);
		p[5] = (uint8_t)(8 + payload);
	}
	for (unsigned i = 0; i < payload; i++)
		p[l4 + i] = (uint8_t)(i * 7 + 1);
	return 14 + total;
}
