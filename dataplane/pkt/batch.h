// SPDX-License-Identifier: BSD-3-Clause
// A batch: some packets and what the graph knows of each, in dense arrays.
//
// One worker owns it. All metadata of a packet on its way through the graph is
// here (26 bytes), never in a further cache line of the mbuf; what must cross a
// ring goes by pkt/meta.h. mbuf data starts at the Ethernet header as received
// until ip4-rewrite or ip6-rewrite puts the new one before l3.
#pragma once

#include "dataplane/base/compiler.h"

#include <rte_mbuf.h>

#include <stdalign.h>
#include <stdbool.h>

enum {
	BATCH_MAX = 256,
	BATCH_FILL = 64,  // best measured: per-visit costs spread, all in L1
	BATCH_SLACK = 32, // vector code may write a register beyond the last packet
};

struct batch {
	unsigned n;
	alignas(64) struct rte_mbuf *pkt[BATCH_MAX + BATCH_SLACK];
	void *l3[BATCH_MAX + BATCH_SLACK];	 // IP header (ARP: the ARP header)
	uint32_t dst[BATCH_MAX + BATCH_SLACK];	 // IPv4 destination, host order
	uint16_t nh[BATCH_MAX + BATCH_SLACK];	 // next-hop id, after the lookup
	uint16_t iface[BATCH_MAX + BATCH_SLACK]; // the packet came in here
	uint16_t out[BATCH_MAX + BATCH_SLACK];	 // and goes out there
};

// Sends packet i along another edge than the node's main arc. Returns true:
// `diverted = divert(edge, i, IP4_INPUT_BAD_CSUM);`
static inline bool divert(uint8_t edge[], unsigned i, unsigned to)
{
	edge[i] = (uint8_t)to;
	return true;
}

// Bytes of packet i from l3 on, in its first segment: what may be read there.
static inline unsigned batch_l3_room(const struct batch *b, unsigned i)
{
	const struct rte_mbuf *m = b->pkt[i];
	const char *end = (const char *)m->buf_addr + m->data_off + m->data_len;

	return (unsigned)(end - (const char *)b->l3[i]);
}

// Bytes of packet i from l3 on, in all segments.
static inline unsigned batch_l3_len(const struct batch *b, unsigned i)
{
	const struct rte_mbuf *m = b->pkt[i];
	const char *start = (const char *)m->buf_addr + m->data_off;

	return m->pkt_len - (unsigned)((const char *)b->l3[i] - start);
}
