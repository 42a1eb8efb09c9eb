// SPDX-License-Identifier: BSD-3-Clause
// nic82599: one port of the card, and its queues.
// Sections: 82599 datasheet, revision 3.3.
#pragma once

#include "dataplane/graph/port.h"
#include "drivers/nic82599/regs.h"
#include "drivers/pci/pci_mem.h"

#include <rte_mbuf.h>

#include <stdalign.h>
#include <stdatomic.h>

enum {
	NIC_RXQ_MAX = 64,
	NIC_TXQ_MAX = 64,
	NIC_RSS_QUEUES = 16, // §7.1.2.8.1: an entry of RETA has 4 bits
	NIC_RING_MIN = 128,
	NIC_RING_MAX = 4096,
	NIC_RING_DEFAULT = 512,
	NIC_REFILL = 32,	 // receive buffers are put into the ring by so many
	NIC_REPORT = 32,	 // a transmit descriptor of so many reports that it is done
	NIC_FRAME_MAX = 9728,	 // §8.2.3.22.13, with CRC
	NIC_TX_SEGS_MAX = 38,	 // §7.2.1.1: 40 descriptors a packet
	NIC_TX_PLAIN_MAX = 8192, // lengths are tested by their union
	NIC_RAR_MAX = 16,
	NIC_MC_MAX = 64,
};

struct nic_rxq {
	// Fixed while the queue is on.
	alignas(64) struct nic_desc *ring;
	struct rte_mbuf **sw; // the buffer of each descriptor
	volatile uint32_t *tail;
	struct rte_mempool *pool;
	uint64_t mbuf_init; // data_off, refcnt, nb_segs, port of a received packet
	uint16_t n;	    // descriptors, a power of two
	_Atomic bool is_on; // written by control

	// Written by the worker.
	alignas(64) uint16_t next;    // the card writes here next
	uint16_t refill;	      // first descriptor without a buffer
	uint16_t n_empty;	      // how many have none
	uint16_t buf_len;	      // longest piece the card may write, bytes
	struct rte_mbuf *head, *last; // a frame in several buffers, not whole yet
	uint64_t n_no_mbuf;	      // refills without memory
	uint64_t n_broken;	      // frames dropped: the card said so, or lied
};

struct nic_txq {
	alignas(64) struct nic_desc *ring;
	struct rte_mbuf **sw; // the segment of each descriptor, or NULL
	uint16_t *report;     // [n] a ring: descriptors that will say when they are done
	volatile uint32_t *tail;
	uint16_t n;
	_Atomic bool is_on;

	alignas(64) uint16_t next; // first free descriptor
	uint16_t clean;		   // oldest one in use
	uint16_t n_free;	   // one always stays free: tail = head means empty
	uint16_t unreported;	   // descriptors since the last that reports
	uint16_t report_in, report_out;
	uint64_t n_refused; // packets that cannot be sent: too many segments
};

// §8.2.3.23: what the card counts, in 64 bits; control alone.
struct nic_counts {
	uint64_t rx_packets, rx_bytes, rx_errors, rx_missed;
	uint64_t tx_packets, tx_bytes;
	uint64_t n_resets; // hangs and returns of a device
};

struct nic {
	struct pci_dev pci;
	struct pci_dma dma; // all rings
	struct port *port;
	struct port_conf conf;
	struct nic_rxq rxq[NIC_RXQ_MAX];
	struct nic_txq txq[NIC_TXQ_MAX];
	struct nic_counts counts;
	uint8_t rar[NIC_RAR_MAX][6]; // unicast addresses, the port's own first
	uint8_t mc[NIC_MC_MAX][6];
	unsigned n_rar, n_mc;
	bool is_started;
	bool has_dma;
	bool link_was_up;
	uint64_t hang_at;		 // when it was last looked, clock_ns()
	uint32_t hang_head[NIC_TXQ_MAX]; // TDH then
	uint16_t hang_clean[NIC_TXQ_MAX];
	bool hang_seen[NIC_TXQ_MAX]; // it stood still then
};

// init.c: the card from any state to one that moves no packet; then queues.
int nic_reset(struct nic *nic, struct err *err) must_check;
int nic_eeprom_read(struct nic *nic, unsigned word, uint16_t *value) must_check;
int nic_mac_read(struct nic *nic, uint8_t mac[6], struct err *err) must_check;
int nic_rx_init(struct nic *nic, struct err *err) must_check;
int nic_tx_init(struct nic *nic, struct err *err) must_check;
void nic_quiet(struct nic *nic); // DMA and interrupts off
// Polls until (register & mask) == want; -ETIMEDOUT.
int nic_wait(struct nic *nic, uint32_t reg, uint32_t mask, uint32_t want,
	     unsigned limit_us) must_check;

// nic82599.c: nic->pci is open; checks it, resets it, makes port its.
int nic_attach(struct nic *nic, struct port *port, struct err *err) must_check;

// sfp.c
void nic_link_start(struct nic *nic);

// filter.c
void nic_filters_write(struct nic *nic);
void nic_rss_write(struct nic *nic);
int nic_mac_filter(struct port *port, const uint8_t mac[6], bool add);

// stats.c
void nic_counts_gather(struct nic *nic); // at least every 200 s: 32-bit registers
void nic_stats_get(struct port *port, struct port_stats *stats);

// ring.c: rings in memory; buffers in and out of them.
int nic_rings_new(struct nic *nic, struct err *err) must_check;
void nic_rings_free(struct nic *nic);
int nic_rings_fill(struct nic *nic, struct err *err) must_check;
void nic_rings_empty(struct nic *nic); // all packets back to their pools
uint64_t nic_rx_ring_iova(const struct nic *nic, unsigned q);
uint64_t nic_tx_ring_iova(const struct nic *nic, unsigned q);

// Bursts, chosen when the port is configured.
port_burst_fn nic_rx_scalar, nic_tx_scalar, nic_rx_avx2, nic_tx_avx2;

// rx.c, shared by its versions.
bool nic_rx_refill(struct nic_rxq *q); // false: no buffers
void nic_rx_refill_all(struct nic_rxq *q);
struct rte_mbuf *nic_rx_one(struct nic_rxq *q); // NULL: no frame is complete here
static inline bool nic_rx_is_ready(const struct nic_rxq *q)
{
	return q->n_empty < q->n &&
	       __atomic_load_n(&q->ring[q->next].hi, __ATOMIC_ACQUIRE) & NIC_RXD_DD;
}

// tx.c, shared by its versions.
void nic_tx_clean(struct nic_txq *q);
bool nic_tx_one(struct nic_txq *q, struct rte_mbuf *m); // false: the ring is full
void nic_tx_report(struct nic_txq *q);
void nic_tx_ring_bell(struct nic_txq *q, uint16_t sent);
#define NIC_TX_OFFLOADS                                                                            \
	(RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_VLAN |                     \
	 RTE_MBUF_F_TX_TCP_SEG)
