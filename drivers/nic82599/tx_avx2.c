// SPDX-License-Identifier: BSD-3-Clause
// nic82599: transmit with AVX2: four packets of one segment that ask for nothing,
// at a time. Whatever else comes goes through nic_tx_one() (tx.c).
#include "drivers/nic82599/priv.h"

#include <immintrin.h>

static bool are_plain(struct rte_mbuf *const m[4])
{
	uint64_t flags = m[0]->ol_flags | m[1]->ol_flags | m[2]->ol_flags | m[3]->ol_flags;
	unsigned segs = m[0]->nb_segs | m[1]->nb_segs | m[2]->nb_segs | m[3]->nb_segs;
	unsigned len = (m[0]->pkt_len - 1) | (m[1]->pkt_len - 1) | (m[2]->pkt_len - 1) |
		       (m[3]->pkt_len - 1); // an empty one is longer than any

	return !(flags & NIC_TX_OFFLOADS) && segs == 1 && len < NIC_TX_PLAIN_MAX;
}

static __m128i desc_of(const struct rte_mbuf *m)
{
	uint64_t len = m->data_len;

	return _mm_set_epi64x((long long)(len | len << NIC_TXD_PAYLEN_SHIFT | NIC_TXD_DTYP_DATA |
					  NIC_TXD_IFCS | NIC_TXD_DEXT | NIC_TXD_EOP),
			      (long long)rte_mbuf_data_iova(m));
}

static void four(struct nic_txq *q, struct rte_mbuf *const m[4])
{
	__m256i *desc = (__m256i *)(q->ring + q->next);

	_mm256_storeu_si256((__m256i *)(q->sw + q->next), _mm256_loadu_si256((const __m256i *)m));
	_mm256_storeu_si256(desc, _mm256_set_m128i(desc_of(m[1]), desc_of(m[0])));
	_mm256_storeu_si256(desc + 1, _mm256_set_m128i(desc_of(m[3]), desc_of(m[2])));
	q->next = (uint16_t)((q->next + 4) & (q->n - 1));
	q->n_free = (uint16_t)(q->n_free - 4);
	q->unreported = (uint16_t)(q->unreported + 4);
	if (q->unreported >= NIC_REPORT)
		nic_tx_report(q);
}

uint16_t nic_tx_avx2(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct nic_txq *q = queue;
	uint16_t sent = 0;

	if (unlikely(!atomic_load_explicit(&q->is_on, memory_order_acquire)))
		return 0;
	nic_tx_clean(q);
	while (sent < n) {
		if (likely(n - sent >= 4 && q->n_free >= 4 && q->n - q->next >= 4) &&
		    likely(are_plain(pkts + sent))) {
			four(q, pkts + sent);
			sent = (uint16_t)(sent + 4);
			continue;
		}
		if (unlikely(!nic_tx_one(q, pkts[sent])))
			break;
		sent++;
	}
	nic_tx_ring_bell(q, sent);
	return sent;
}
