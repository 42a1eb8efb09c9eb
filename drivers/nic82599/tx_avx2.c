// SPDX-License-Identifier: BSD-3-Clause
// nic82599: transmit with AVX2: four packets of one segment that ask for nothing,
// at a time. Whatever else comes goes through nic_tx_one() (tx.c).
#include "drivers/nic82599/priv.h"

#include <immintrin.h>

enum {
	AT_IOVA = 8,   // buf_iova, then data_off, refcnt, nb_segs, port (16 bits each)
	AT_FLAGS = 24, // ol_flags, then packet_type, pkt_len (32 bits each)
};
static_assert(offsetof(struct rte_mbuf, buf_iova) == AT_IOVA, "read as 16 bytes");
static_assert(offsetof(struct rte_mbuf, data_off) == AT_IOVA + 8, "read as 16 bytes");
static_assert(offsetof(struct rte_mbuf, nb_segs) == AT_IOVA + 12, "read as 16 bytes");
static_assert(offsetof(struct rte_mbuf, ol_flags) == AT_FLAGS, "read as 16 bytes");
static_assert(offsetof(struct rte_mbuf, pkt_len) == AT_FLAGS + 12, "read as 16 bytes");

static __m256i load_pair(struct rte_mbuf *const m[2], unsigned at)
{
	return _mm256_loadu2_m128i((const __m128i *)((const char *)m[1] + at),
				   (const __m128i *)((const char *)m[0] + at));
}

// One segment each, no wishes, and a length from 1 to NIC_TX_PLAIN_MAX.
static bool are_plain(__m256i iova, __m256i flags)
{
	const __m256i segs = _mm256_set1_epi64x(0xffffll << 32);
	const __m256i one_seg = _mm256_set_epi64x(1ll << 32, 0, 1ll << 32, 0);
	const __m256i unwanted = _mm256_set_epi64x(
		(long long)((uint64_t) ~(NIC_TX_PLAIN_MAX - 1u) << 32), (long long)NIC_TX_OFFLOADS,
		(long long)((uint64_t) ~(NIC_TX_PLAIN_MAX - 1u) << 32), (long long)NIC_TX_OFFLOADS);
	__m256i bad = _mm256_and_si256(flags, unwanted);
	__m256i high = _mm256_set_epi64x(-1, 0, -1, 0);

	bad = _mm256_or_si256(
		bad,
		_mm256_xor_si256(_mm256_and_si256(_mm256_and_si256(iova, segs), high), one_seg));
	return _mm256_testz_si256(bad, bad);
}

// Two descriptors out of two mbufs: address, then length and commands.
static __m256i desc_of(__m256i iova, __m256i flags)
{
	const __m256i command = _mm256_set1_epi64x(
		(long long)(NIC_TXD_DTYP_DATA | NIC_TXD_IFCS | NIC_TXD_DEXT | NIC_TXD_EOP));
	__m256i off =
		_mm256_and_si256(_mm256_unpackhi_epi64(iova, iova), _mm256_set1_epi64x(0xffff));
	__m256i len = _mm256_srli_epi64(flags, 32);
	__m256i hi = _mm256_or_si256(_mm256_or_si256(len, command),
				     _mm256_slli_epi64(len, NIC_TXD_PAYLEN_SHIFT));

	return _mm256_blend_epi32(_mm256_add_epi64(iova, off), hi, 0xcc);
}

static bool four(struct nic_txq *q, struct rte_mbuf *const m[4])
{
	const __m256i one_byte = _mm256_set_epi32(1, 0, 0, 0, 1, 0, 0, 0); // an empty one wraps
	__m256i *desc = (__m256i *)(q->ring + q->next);
	__m256i iova0 = load_pair(m, AT_IOVA), flags0 = load_pair(m, AT_FLAGS);
	__m256i iova1 = load_pair(m + 2, AT_IOVA), flags1 = load_pair(m + 2, AT_FLAGS);
	__m256i lens = _mm256_or_si256(_mm256_sub_epi32(flags0, one_byte),
				       _mm256_sub_epi32(flags1, one_byte));

	if (unlikely(!are_plain(_mm256_or_si256(iova0, iova1), lens)))
		return false;
	_mm256_storeu_si256((__m256i *)(q->sw + q->next), _mm256_loadu_si256((const __m256i *)m));
	_mm256_storeu_si256(desc, desc_of(iova0, flags0));
	_mm256_storeu_si256(desc + 1, desc_of(iova1, flags1));
	q->next = (uint16_t)((q->next + 4) & (q->n - 1));
	q->n_free = (uint16_t)(q->n_free - 4);
	q->unreported = (uint16_t)(q->unreported + 4);
	if (unlikely(q->unreported >= NIC_REPORT))
		nic_tx_report(q);
	return true;
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
		    likely(four(q, pkts + sent))) {
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
