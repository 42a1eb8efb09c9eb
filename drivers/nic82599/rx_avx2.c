// SPDX-License-Identifier: BSD-3-Clause
// nic82599: receive with AVX2: four whole frames in one buffer each, at a time.
// Whatever else stands in the ring goes through nic_rx_one() (rx.c).
#include "drivers/nic82599/priv.h"

#include <immintrin.h>

enum {
	AT_INIT = 16,	// rearm_data, then ol_flags
	AT_FIELDS = 32, // packet_type, pkt_len, data_len, vlan_tci, hash
};
static_assert(offsetof(struct rte_mbuf, rearm_data) == AT_INIT, "written as 16 bytes");
static_assert(offsetof(struct rte_mbuf, ol_flags) == AT_INIT + 8, "written as 16 bytes");
static_assert(offsetof(struct rte_mbuf, packet_type) == AT_FIELDS, "written as 16 bytes");
static_assert(offsetof(struct rte_mbuf, pkt_len) == AT_FIELDS + 4, "written as 16 bytes");
static_assert(offsetof(struct rte_mbuf, data_len) == AT_FIELDS + 8, "written as 16 bytes");
static_assert(offsetof(struct rte_mbuf, vlan_tci) == AT_FIELDS + 10, "written as 16 bytes");
static_assert(offsetof(struct rte_mbuf, hash) == AT_FIELDS + 12, "written as 16 bytes");

static __m256i bit_to(__m256i bits, unsigned from, uint64_t flag)
{
	__m256i one = _mm256_and_si256(_mm256_srli_epi64(bits, (int)from), _mm256_set1_epi64x(1));

	return _mm256_slli_epi64(one, __builtin_ctzll(flag));
}

// What flags_of() in rx.c says, of four.
static __m256i flags_of(__m256i hi)
{
	__m256i ip_bad = _mm256_and_si256(_mm256_srli_epi64(hi, 31 - 6), hi); // IPE, at IPCS
	__m256i l4_bad = _mm256_and_si256(_mm256_srli_epi64(hi, 30 - 5), hi); // L4E, at L4I
	__m256i ip_good = _mm256_andnot_si256(_mm256_srli_epi64(hi, 31 - 6), hi);
	__m256i l4_good = _mm256_andnot_si256(_mm256_srli_epi64(hi, 30 - 5), hi);
	__m256i ip = _mm256_or_si256(bit_to(ip_bad, 6, RTE_MBUF_F_RX_IP_CKSUM_BAD),
				     bit_to(ip_good, 6, RTE_MBUF_F_RX_IP_CKSUM_GOOD));
	__m256i l4 = _mm256_or_si256(bit_to(l4_bad, 5, RTE_MBUF_F_RX_L4_CKSUM_BAD),
				     bit_to(l4_good, 5, RTE_MBUF_F_RX_L4_CKSUM_GOOD));

	return _mm256_or_si256(_mm256_or_si256(ip, l4), _mm256_set1_epi64x(RTE_MBUF_F_RX_RSS_HASH));
}

// Done, one buffer, no error, and a length that the buffer has.
static bool are_plain(__m256i hi, uint16_t buf_len)
{
	__m256i state =
		_mm256_and_si256(hi, _mm256_set1_epi64x(NIC_RXD_DD | NIC_RXD_EOP | NIC_RXD_RXE));
	__m256i len = _mm256_and_si256(_mm256_srli_epi64(hi, NIC_RXD_LEN_SHIFT),
				       _mm256_set1_epi64x(0xffff));
	__m256i good = _mm256_cmpeq_epi64(state, _mm256_set1_epi64x(NIC_RXD_DD | NIC_RXD_EOP));

	good = _mm256_and_si256(good, _mm256_cmpgt_epi64(len, _mm256_setzero_si256()));
	good = _mm256_andnot_si256(_mm256_cmpgt_epi64(len, _mm256_set1_epi64x(buf_len)), good);
	return _mm256_movemask_epi8(good) == -1;
}

static void mbuf_write(struct rte_mbuf *m, __m128i init, __m128i fields)
{
	_mm_storeu_si128((__m128i *)((char *)m + AT_INIT), init);
	_mm_storeu_si128((__m128i *)((char *)m + AT_FIELDS), fields);
}

static bool four(struct nic_rxq *q, struct rte_mbuf *pkts[])
{
	// Of a descriptor: length (twice), tag and hash, where a mbuf has them.
	const __m256i order = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(-1, -1, -1, -1, 12, 13, -1, -1, 12, 13, 14, 15, 4, 5, 6, 7));
	const struct nic_desc *desc = q->ring + q->next;
	__m256i d01, d23, hi, flags, init, init02, init13, pointers;

	// The card writes in order, so when the fourth is done all are.
	if (!(__atomic_load_n(&desc[3].hi, __ATOMIC_ACQUIRE) & NIC_RXD_DD))
		return false;
	d01 = _mm256_loadu_si256((const __m256i *)desc);
	d23 = _mm256_loadu_si256((const __m256i *)(desc + 2));
	hi = _mm256_unpackhi_epi64(d01, d23); // 0, 2, 1, 3
	if (unlikely(!are_plain(hi, q->buf_len)))
		return false;
	pointers = _mm256_loadu_si256((const __m256i *)(q->sw + q->next));
	_mm256_storeu_si256((__m256i *)pkts, pointers);
	flags = flags_of(hi);
	init = _mm256_set1_epi64x((long long)q->mbuf_init);
	init02 = _mm256_unpacklo_epi64(init, flags); // 0 | 1
	init13 = _mm256_unpackhi_epi64(init, flags); // 2 | 3
	d01 = _mm256_shuffle_epi8(d01, order);
	d23 = _mm256_shuffle_epi8(d23, order);
	mbuf_write(pkts[0], _mm256_castsi256_si128(init02), _mm256_castsi256_si128(d01));
	mbuf_write(pkts[1], _mm256_extracti128_si256(init02, 1), _mm256_extracti128_si256(d01, 1));
	mbuf_write(pkts[2], _mm256_castsi256_si128(init13), _mm256_castsi256_si128(d23));
	mbuf_write(pkts[3], _mm256_extracti128_si256(init13, 1), _mm256_extracti128_si256(d23, 1));
	q->next = (uint16_t)((q->next + 4) & (q->n - 1));
	q->n_empty = (uint16_t)(q->n_empty + 4);
	return true;
}

uint16_t nic_rx_avx2(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct nic_rxq *q = queue;
	uint16_t got = 0;

	if (unlikely(!atomic_load_explicit(&q->is_on, memory_order_acquire)))
		return 0;
	while (got < n) {
		struct rte_mbuf *m;

		if (likely(n - got >= 4 && q->n - q->n_empty >= 4 && q->n - q->next >= 4 &&
			   !q->head) &&
		    four(q, pkts + got)) {
			got = (uint16_t)(got + 4);
			continue;
		}
		if (!nic_rx_is_ready(q))
			break;
		m = nic_rx_one(q);
		if (likely(m))
			pkts[got++] = m;
	}
	nic_rx_refill_all(q);
	return got;
}
