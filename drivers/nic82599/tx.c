// SPDX-License-Identifier: BSD-3-Clause
// nic82599: transmit (§7.2). The reference that tx_avx2.c is tested against.
// Sections: 82599 datasheet, revision 3.3.
#include "drivers/nic82599/priv.h"

// One segment, ours alone, nothing attached: goes back as it is. Its second cache
// line is not looked at: unlink_seg() was there for a part of a chain.
static bool is_plain(const struct rte_mbuf *m)
{
	return rte_mbuf_refcnt_read(m) == 1 && m->nb_segs == 1 && RTE_MBUF_DIRECT(m);
}

// Frees segments from q->clean to end, those of one pool together.
static void segments_free(struct nic_txq *q, uint16_t end)
{
	struct rte_mbuf *done[64];
	struct rte_mempool *pool = NULL;
	unsigned n = 0, at = q->clean, mask = q->n - 1u;

	q->n_free = (uint16_t)(q->n_free + ((end - at) & mask));
	q->clean = end;
	for (; at != end; at = (at + 1) & mask) {
		struct rte_mbuf *m = q->sw[at];

		if (unlikely(!m))
			continue;
		if (unlikely(!is_plain(m))) {
			rte_pktmbuf_free_seg(m);
			continue;
		}
		if (unlikely(n == 64 || m->pool != pool)) {
			if (n)
				rte_mempool_put_bulk(pool, (void **)done, n);
			pool = m->pool;
			n = 0;
		}
		done[n++] = m;
	}
	if (n)
		rte_mempool_put_bulk(pool, (void **)done, n);
}

// §7.2.3.4: a descriptor that was asked to report says when it is done, and with
// it all before it.
void nic_tx_clean(struct nic_txq *q)
{
	while (q->report_out != q->report_in) {
		uint16_t at = q->report[q->report_out];

		if (!(__atomic_load_n(&q->ring[at].hi, __ATOMIC_ACQUIRE) & NIC_TXD_DD))
			return;
		q->report_out = (uint16_t)((q->report_out + 1) & (q->n - 1));
		segments_free(q, (uint16_t)((at + 1) & (q->n - 1)));
	}
}

static struct nic_desc *take(struct nic_txq *q, struct rte_mbuf *m)
{
	struct nic_desc *desc = &q->ring[q->next];

	q->sw[q->next] = m;
	q->next = (uint16_t)((q->next + 1) & (q->n - 1));
	q->n_free--;
	q->unreported++;
	return desc;
}

// §7.2.3.2.3: where headers end, for the data descriptors that follow.
static void context_write(struct nic_txq *q, const struct rte_mbuf *m)
{
	struct nic_desc *desc = take(q, NULL);
	uint64_t l4 = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;
	uint64_t type = m->ol_flags & RTE_MBUF_F_TX_TCP_SEG || l4 == RTE_MBUF_F_TX_TCP_CKSUM ? 1
			: l4 == RTE_MBUF_F_TX_SCTP_CKSUM				     ? 2
											     : 0;

	desc->lo = m->l3_len | (uint64_t)m->l2_len << NIC_TXC_MACLEN_SHIFT |
		   (uint64_t)m->vlan_tci << NIC_TXC_VLAN_SHIFT;
	desc->hi = NIC_TXD_DTYP_CTXT | NIC_TXD_DEXT | type << NIC_TXC_L4T_SHIFT |
		   (m->ol_flags & RTE_MBUF_F_TX_IPV4 ? NIC_TXC_IPV4 : 0);
	if (m->ol_flags & RTE_MBUF_F_TX_TCP_SEG)
		desc->hi |= (uint64_t)m->l4_len << NIC_TXC_L4LEN_SHIFT |
			    (uint64_t)m->tso_segsz << NIC_TXC_MSS_SHIFT;
}

// §7.2.3.2.4: what the first data descriptor of a packet asks for.
static uint64_t wishes_of(const struct rte_mbuf *m)
{
	uint64_t paylen = m->pkt_len, hi = NIC_TXD_CC;

	if (likely(!(m->ol_flags & NIC_TX_OFFLOADS)))
		return paylen << NIC_TXD_PAYLEN_SHIFT;
	if (m->ol_flags & RTE_MBUF_F_TX_IP_CKSUM)
		hi |= NIC_TXD_IXSM;
	if (m->ol_flags & (RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG))
		hi |= NIC_TXD_TXSM;
	if (m->ol_flags & RTE_MBUF_F_TX_VLAN)
		hi |= NIC_TXD_VLE;
	if (m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) {
		hi |= NIC_TXD_TSE;
		paylen -= m->l2_len + m->l3_len + m->l4_len;
	}
	return hi | paylen << NIC_TXD_PAYLEN_SHIFT;
}

void nic_tx_report(struct nic_txq *q)
{
	uint16_t last = (uint16_t)((q->next - 1) & (q->n - 1));

	q->ring[last].hi |= NIC_TXD_RS;
	q->report[q->report_in] = last;
	q->report_in = (uint16_t)((q->report_in + 1) & (q->n - 1));
	q->unreported = 0;
}

// Freed one by one: a chain that is ours alone is taken apart. Of shared ones the
// last owner does it.
static cold_fn void unlink_seg(struct rte_mbuf *seg)
{
	if (rte_mbuf_refcnt_read(seg) != 1)
		return;
	seg->next = NULL;
	seg->nb_segs = 1;
}

static void packet_write(struct nic_txq *q, struct rte_mbuf *m)
{
	uint64_t wishes = wishes_of(m);
	struct nic_desc *desc = NULL;

	if (unlikely(m->ol_flags & NIC_TX_OFFLOADS))
		context_write(q, m);
	for (struct rte_mbuf *seg = m, *after; seg; seg = after) {
		after = seg->next;
		desc = take(q, seg);
		desc->lo = rte_mbuf_data_iova(seg);
		desc->hi = seg->data_len | NIC_TXD_DTYP_DATA | NIC_TXD_IFCS | NIC_TXD_DEXT | wishes;
		wishes &= ~(uint64_t)(NIC_TXD_IXSM | NIC_TXD_TXSM);
		if (unlikely(after || seg != m))
			unlink_seg(seg);
	}
	desc->hi |= NIC_TXD_EOP;
	if (q->unreported >= NIC_REPORT)
		nic_tx_report(q);
}

// More than the card takes, or nothing: as sent, and counted.
static cold_fn void packet_refuse(struct nic_txq *q, struct rte_mbuf *m)
{
	q->n_refused++;
	rte_pktmbuf_free(m);
}

bool nic_tx_one(struct nic_txq *q, struct rte_mbuf *m)
{
	if (unlikely(m->nb_segs > NIC_TX_SEGS_MAX || m->pkt_len - 1 >= NIC_FRAME_MAX)) {
		packet_refuse(q, m);
		return true;
	}
	if (unlikely(m->nb_segs + 1u > q->n_free))
		return false;
	packet_write(q, m);
	return true;
}

// The last packets before a silence report, too, so they come back as well.
void nic_tx_ring_bell(struct nic_txq *q, uint16_t sent)
{
	if (sent == 0)
		return;
	if (q->unreported)
		nic_tx_report(q);
	// §7.2.3.3: the tail is one behind the last descriptor of software's.
	atomic_thread_fence(memory_order_release);
	*q->tail = q->next;
}

uint16_t nic_tx_scalar(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct nic_txq *q = queue;
	uint16_t sent = 0;

	if (unlikely(!atomic_load_explicit(&q->is_on, memory_order_acquire)))
		return 0;
	nic_tx_clean(q);
	while (sent < n && nic_tx_one(q, pkts[sent]))
		sent++;
	nic_tx_ring_bell(q, sent);
	return sent;
}
