// SPDX-License-Identifier: BSD-3-Clause
// Bytes of a packet that may lie in several segments.
//
// Offsets count from the packet's first byte; callers have checked them
// against pkt_len.
#pragma once

#include "dataplane/base/csum.h"

#include <rte_mbuf.h>

// Moves *off to the segment that holds it.
static inline const struct rte_mbuf *chain_seek(const struct rte_mbuf *m, uint32_t *off)
{
	while (m && *off >= m->data_len) {
		*off -= m->data_len;
		m = m->next;
	}
	return m;
}

static inline void chain_copy(const struct rte_mbuf *m, uint32_t off, uint32_t len, void *to)
{
	m = chain_seek(m, &off);
	for (char *at = to; len && m; m = m->next, off = 0) {
		uint32_t n = m->data_len - off < len ? m->data_len - off : len;

		memcpy(at, rte_pktmbuf_mtod_offset(m, const char *, off), n);
		at += n;
		len -= n;
	}
}

// Internet checksum of a range, to be added to other sums (csum_finish() ends
// it). A piece that starts at an odd byte counts swapped (RFC 1071 §2).
static inline uint64_t chain_csum(const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	uint64_t sum = 0;
	unsigned odd = 0;

	m = chain_seek(m, &off);
	for (; len && m; m = m->next, off = 0) {
		uint32_t n = m->data_len - off < len ? m->data_len - off : len;
		uint16_t part =
			csum_fold(csum_add(0, rte_pktmbuf_mtod_offset(m, const char *, off), n));

		sum += odd ? __builtin_bswap16(part) : part;
		odd ^= n & 1;
		len -= n;
	}
	return sum;
}

// Cuts the packet to its first len bytes (at least 1, at most pkt_len).
static inline void chain_cut(struct rte_mbuf *m, uint32_t len)
{
	struct rte_mbuf *head = m;
	uint16_t n_segs = 1;

	head->pkt_len = len;
	for (; len > m->data_len; m = m->next, n_segs++)
		len -= m->data_len;
	m->data_len = (uint16_t)len;
	if (m->next)
		rte_pktmbuf_free(m->next);
	m->next = NULL;
	head->nb_segs = n_segs;
}
