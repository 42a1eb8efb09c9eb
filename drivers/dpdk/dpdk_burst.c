// SPDX-License-Identifier: BSD-3-Clause
// The workers' side of a DPDK port.
#include "drivers/dpdk/dpdk_priv.h"

uint16_t dpdk_rx(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct dpdk_queue *q = queue;

	return rte_eth_rx_burst(q->ethdev, q->queue, pkts, n);
}

uint16_t dpdk_tx(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct dpdk_queue *q = queue;

	return rte_eth_tx_burst(q->ethdev, q->queue, pkts, n);
}

// The packet in one segment: itself, a copy in its place, or NULL.
static struct rte_mbuf *in_one_segment(struct dpdk_queue *q, struct rte_mbuf *m)
{
	struct rte_mbuf *copy;
	char *to;

	if (likely(m->nb_segs == 1))
		return m;
	if (rte_pktmbuf_linearize(m) == 0)
		return m;
	copy = rte_pktmbuf_alloc(q->pool);
	to = copy ? rte_pktmbuf_append(copy, (uint16_t)RTE_MIN(m->pkt_len, UINT16_MAX)) : NULL;
	if (!to) {
		rte_pktmbuf_free(copy);
		return NULL;
	}
	for (struct rte_mbuf *seg = m; seg; seg = seg->next) {
		memcpy(to, rte_pktmbuf_mtod(seg, char *), seg->data_len);
		to += seg->data_len;
	}
	rte_pktmbuf_free(m);
	return copy;
}

// A packet without room for its copy is sent short by one: freed and counted.
uint16_t dpdk_tx_linear(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct dpdk_queue *q = queue;
	uint16_t ready = 0, lost = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = in_one_segment(q, pkts[i]);

		if (unlikely(!m)) {
			rte_pktmbuf_free(pkts[i]);
			lost++;
			continue;
		}
		pkts[ready++] = m;
	}
	if (unlikely(lost)) {
		// What is left over goes back to the caller behind a gap: move it.
		uint16_t sent = rte_eth_tx_burst(q->ethdev, q->queue, pkts, ready);

		q->n_no_mbuf += lost;
		memmove(pkts + sent + lost, pkts + sent, (size_t)(ready - sent) * sizeof(pkts[0]));
		return (uint16_t)(sent + lost);
	}
	return rte_eth_tx_burst(q->ethdev, q->queue, pkts, n);
}
