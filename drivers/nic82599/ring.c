// SPDX-License-Identifier: BSD-3-Clause
// nic82599: the memory of rings (§7.1.8, §7.2.3.3): one mapping for all of them,
// each aligned to its own length, so that it is contiguous for the card.
// Sections: 82599 datasheet, revision 3.3.
#include "drivers/nic82599/priv.h"

#include <stdlib.h>
#include <string.h>

static uint16_t ring_len(unsigned wanted)
{
	unsigned n = NIC_RING_MIN;

	if (wanted == 0)
		return NIC_RING_DEFAULT;
	while (n < wanted && n < NIC_RING_MAX)
		n *= 2;
	return (uint16_t)n;
}

static uint64_t rx_bytes(const struct port_conf *conf)
{
	return (uint64_t)ring_len(conf->rx_ring) * sizeof(struct nic_desc);
}

static uint64_t tx_bytes(const struct port_conf *conf)
{
	return (uint64_t)ring_len(conf->tx_ring) * sizeof(struct nic_desc);
}

// The longer rings first: both lengths are powers of two, so all stay aligned.
static uint64_t ring_off(const struct nic *nic, bool is_tx, unsigned q)
{
	uint64_t rx = rx_bytes(&nic->conf), tx = tx_bytes(&nic->conf);

	if (is_tx)
		return (rx >= tx ? nic->port->n_rxq * rx : 0) + q * tx;
	return (rx >= tx ? 0 : nic->port->n_txq * tx) + q * rx;
}

uint64_t nic_rx_ring_iova(const struct nic *nic, unsigned q)
{
	return pci_dma_iova(&nic->dma, ring_off(nic, false, q));
}

uint64_t nic_tx_ring_iova(const struct nic *nic, unsigned q)
{
	return pci_dma_iova(&nic->dma, ring_off(nic, true, q));
}

static void rxq_set(struct nic *nic, unsigned i)
{
	struct nic_rxq *q = &nic->rxq[i];
	struct rte_mbuf init = {.nb_segs = 1, .data_off = RTE_PKTMBUF_HEADROOM};
	unsigned room = rte_pktmbuf_data_room_size(nic->conf.pool) - RTE_PKTMBUF_HEADROOM;

	memset(q, 0, sizeof(*q));
	rte_mbuf_refcnt_set(&init, 1);
	init.port = nic->port->id;
	memcpy(&q->mbuf_init, (const char *)&init + offsetof(struct rte_mbuf, rearm_data),
	       sizeof(q->mbuf_init));
	q->n = ring_len(nic->conf.rx_ring);
	q->ring = (struct nic_desc *)((char *)nic->dma.mem.addr + ring_off(nic, false, i));
	q->tail = pci_ptr(&nic->pci, NIC_RDT(i));
	q->pool = nic->conf.pool;
	// §8.2.3.8.7: in KB, 16 at most.
	q->buf_len = (uint16_t)((room / 1024 < 16 ? room / 1024 : 16) * 1024);
}

static void txq_set(struct nic *nic, unsigned i)
{
	struct nic_txq *q = &nic->txq[i];

	memset(q, 0, sizeof(*q));
	q->n = ring_len(nic->conf.tx_ring);
	q->ring = (struct nic_desc *)((char *)nic->dma.mem.addr + ring_off(nic, true, i));
	q->tail = pci_ptr(&nic->pci, NIC_TDT(i));
	q->n_free = (uint16_t)(q->n - 1);
}

int nic_rings_new(struct nic *nic, struct err *err)
{
	struct port *port = nic->port;
	uint64_t len = port->n_rxq * rx_bytes(&nic->conf) + port->n_txq * tx_bytes(&nic->conf);
	bool ok = true;
	int rc = pci_dma_new(&nic->dma, &nic->pci, len, err);

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < port->n_rxq; i++) {
		rxq_set(nic, i);
		nic->rxq[i].sw = calloc(nic->rxq[i].n, sizeof(struct rte_mbuf *));
		ok &= nic->rxq[i].sw != NULL;
	}
	for (unsigned i = 0; i < port->n_txq; i++) {
		txq_set(nic, i);
		nic->txq[i].sw = calloc(nic->txq[i].n, sizeof(struct rte_mbuf *));
		nic->txq[i].report = calloc(nic->txq[i].n, sizeof(uint16_t));
		ok &= nic->txq[i].sw && nic->txq[i].report;
	}
	return ok ? 0 : err_set(err, ENOMEM, "no memory for the rings of '%s'", nic->pci.name);
}

void nic_rings_free(struct nic *nic)
{
	for (unsigned i = 0; i < NIC_RXQ_MAX; i++) {
		free(nic->rxq[i].sw);
		nic->rxq[i].sw = NULL;
	}
	for (unsigned i = 0; i < NIC_TXQ_MAX; i++) {
		free(nic->txq[i].sw);
		free(nic->txq[i].report);
		nic->txq[i].sw = NULL;
		nic->txq[i].report = NULL;
	}
	pci_dma_free(&nic->dma, &nic->pci);
}

// All but one refill's worth: the tail never reaches the head.
static bool rxq_fill(struct nic_rxq *q)
{
	memset(q->ring, 0, q->n * sizeof(*q->ring));
	q->next = q->refill = 0;
	q->n_empty = q->n;
	nic_rx_refill_all(q);
	return q->n_empty < 2 * NIC_REFILL;
}

int nic_rings_fill(struct nic *nic, struct err *err)
{
	for (unsigned i = 0; i < nic->port->n_rxq; i++)
		if (!rxq_fill(&nic->rxq[i]))
			return err_set(err, ENOMEM,
				       "device '%s': too few packet buffers for %u rings of %u",
				       nic->pci.name, nic->port->n_rxq, nic->rxq[i].n);
	for (unsigned i = 0; i < nic->port->n_txq; i++) {
		struct nic_txq *q = &nic->txq[i];

		memset(q->ring, 0, q->n * sizeof(*q->ring));
		q->next = q->clean = q->unreported = q->report_in = q->report_out = 0;
		q->n_free = (uint16_t)(q->n - 1);
	}
	return 0;
}

static void rxq_empty(struct nic_rxq *q)
{
	unsigned held = q->sw ? (unsigned)(q->n - q->n_empty) : 0;

	for (unsigned i = 0; i < held; i++)
		rte_mbuf_raw_free(q->sw[(q->next + i) & (q->n - 1)]);
	rte_pktmbuf_free(q->head);
	q->head = q->last = NULL;
	q->next = q->refill = 0;
	q->n_empty = q->n;
}

void nic_rings_empty(struct nic *nic)
{
	for (unsigned i = 0; i < nic->port->n_rxq; i++)
		rxq_empty(&nic->rxq[i]);
	for (unsigned i = 0; i < nic->port->n_txq; i++) {
		struct nic_txq *q = &nic->txq[i];

		for (unsigned k = q->clean; q->sw && k != q->next; k = (k + 1) & (q->n - 1u))
			if (q->sw[k])
				rte_pktmbuf_free_seg(q->sw[k]);
		q->next = q->clean = q->unreported = q->report_in = q->report_out = 0;
		q->n_free = (uint16_t)(q->n - 1);
	}
}
