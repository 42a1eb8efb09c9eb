// SPDX-License-Identifier: BSD-3-Clause
// nic82599: receive (§7.1). The reference that rx_avx2.c is tested against.
// Sections: 82599 datasheet, revision 3.3.
#include "drivers/nic82599/priv.h"

// §7.1.6.1: the address of the buffer, and none for headers, which also clears DD.
bool nic_rx_refill(struct nic_rxq *q)
{
	struct rte_mbuf **sw = q->sw + q->refill;
	struct nic_desc *desc = q->ring + q->refill;

	if (unlikely(rte_mempool_get_bulk(q->pool, (void **)sw, NIC_REFILL) < 0)) {
		q->n_no_mbuf++; // again at the next burst; meanwhile the card drops and counts
		return false;
	}
#pragma GCC unroll 8
	for (unsigned i = 0; i < NIC_REFILL; i++) {
		desc[i].lo = rte_mbuf_data_iova_default(sw[i]);
		desc[i].hi = 0;
	}
	q->refill = (uint16_t)((q->refill + NIC_REFILL) & (q->n - 1));
	q->n_empty = (uint16_t)(q->n_empty - NIC_REFILL);
	// §7.1.8: the tail is one behind the last descriptor that the card may use.
	atomic_thread_fence(memory_order_release);
	*q->tail = q->refill;
	return true;
}

// One refill's worth stays without buffers, so the tail never reaches the head.
void nic_rx_refill_all(struct nic_rxq *q)
{
	while (q->n_empty >= 2 * NIC_REFILL && nic_rx_refill(q))
		;
}

// §7.1.11: what the card says of checksums. UDP without one is not judged.
static uint64_t flags_of(uint64_t hi)
{
	uint64_t flags = 0;

	if (hi & NIC_RXD_IPCS)
		flags |=
			hi & NIC_RXD_IPE ? RTE_MBUF_F_RX_IP_CKSUM_BAD : RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	if (hi & NIC_RXD_L4I)
		flags |=
			hi & NIC_RXD_L4E ? RTE_MBUF_F_RX_L4_CKSUM_BAD : RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	return flags | RTE_MBUF_F_RX_RSS_HASH;
}

static void mbuf_fill(const struct nic_rxq *q, struct rte_mbuf *m, uint64_t lo, uint64_t hi)
{
	uint16_t len = (uint16_t)(hi >> NIC_RXD_LEN_SHIFT);

	memcpy((char *)m + offsetof(struct rte_mbuf, rearm_data), &q->mbuf_init,
	       sizeof(q->mbuf_init));
	m->ol_flags = flags_of(hi);
	m->packet_type = 0;
	m->pkt_len = len;
	m->data_len = len;
	m->vlan_tci = (uint16_t)(hi >> NIC_RXD_VLAN_SHIFT);
	m->hash.rss = (uint32_t)(lo >> NIC_RXD_HASH_SHIFT);
}

static cold_fn void chain_drop(struct nic_rxq *q)
{
	q->n_broken++;
	rte_pktmbuf_free(q->head);
	q->head = q->last = NULL;
}

// A frame in several buffers (§7.1.6.2): every piece but the last is full, the
// last descriptor speaks for all. What exceeds the longest frame was never one.
static cold_fn struct rte_mbuf *chain_add(struct nic_rxq *q, struct rte_mbuf *m, uint64_t hi)
{
	struct rte_mbuf *head = q->head;

	if (!head) {
		q->head = q->last = m;
	} else {
		head->nb_segs++;
		head->pkt_len += m->data_len;
		q->last->next = m;
		q->last = m;
	}
	if (q->head->pkt_len > NIC_FRAME_MAX) {
		chain_drop(q);
		return NULL;
	}
	if (!(hi & NIC_RXD_EOP))
		return NULL;
	head = q->head;
	head->ol_flags = m->ol_flags;
	head->hash.rss = m->hash.rss;
	head->vlan_tci = m->vlan_tci;
	q->head = q->last = NULL;
	return head;
}

struct rte_mbuf *nic_rx_one(struct nic_rxq *q)
{
	const struct nic_desc *desc = &q->ring[q->next];
	uint64_t hi = __atomic_load_n(&desc->hi, __ATOMIC_ACQUIRE); // before lo: DD is in it
	struct rte_mbuf *m = q->sw[q->next];

	q->next = (uint16_t)((q->next + 1) & (q->n - 1));
	q->n_empty++;
	mbuf_fill(q, m, desc->lo, hi);
	if (likely((hi & (NIC_RXD_EOP | NIC_RXD_RXE)) == NIC_RXD_EOP && !q->head &&
		   m->data_len - 1u < q->buf_len))
		return m;
	if (hi & NIC_RXD_RXE || m->data_len - 1u >= q->buf_len) {
		rte_pktmbuf_free(m);
		chain_drop(q);
		return NULL;
	}
	return chain_add(q, m, hi);
}

uint16_t nic_rx_scalar(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct nic_rxq *q = queue;
	uint16_t got = 0;

	if (unlikely(!atomic_load_explicit(&q->is_on, memory_order_acquire)))
		return 0;
	while (got < n && nic_rx_is_ready(q)) {
		struct rte_mbuf *m = nic_rx_one(q);

		if (likely(m))
			pkts[got++] = m;
	}
	nic_rx_refill_all(q);
	return got;
}
