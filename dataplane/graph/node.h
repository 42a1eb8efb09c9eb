// SPDX-License-Identifier: BSD-3-Clause
// What a node function may see and do.
//
// bool x_node(struct worker *w, struct batch *b, uint8_t edge[]): edge[0..n) is 0
// (the main arc) on entry; the node writes only exceptions and returns whether
// there were any. A packet leaves by exactly one edge. Nodes never allocate,
// lock, log, block or call the kernel (scripts/check-hot.sh).
#pragma once

#include "dataplane/base/bucket.h"
#include "dataplane/base/compiler.h"
#include "dataplane/graph/dp_tbl.h"
#include "dataplane/graph/graph_def.h"
#include "dataplane/graph/iface_tbl.h"
#include "dataplane/pkt/batch.h"

struct rte_mempool;
struct rte_ring;
struct runner;

enum { WORKER_MAX = 64 };

// To whom a packet may be given; the first are kinds for the control thread.
enum punt_kind {
	PUNT_ARP,     // an ARP frame
	PUNT_ND,      // ICMPv6 types 133 to 137 to one of our addresses or groups
	PUNT_RESOLVE, // a packet whose next hop (meta.nh) has no Ethernet address
	PUNT_HOST,    // for the host's TAP of meta.iface
	PUNT_N_KINDS,
};

// One worker's state: its own cache lines, written by nobody else.
struct worker {
	unsigned id;
	unsigned n_workers;
	const struct dp_tbl *dp;
	struct runner *runner;
	struct iface_counters *iface; // [IFACE_MAX]
	struct rte_mempool *pool;
	uint64_t now; // TSC at the start of this loop turn
	uint64_t tsc_hz;
	uint64_t rand; // state of worker_rand()
	struct rte_ring *to_ctl, *to_host;
	struct bucket icmp_error, icmp_echo, host, arp, nd, hold;
};

typedef bool node_fn(struct worker *w, struct batch *b, uint8_t edge[]);

#define HOOK(id, name, end)
#define NODE(ID, id, name, hook) node_fn id##_node;
#define FEATURE(hook, pos, node)
#define ARC(node, edge, to)
#define DROP(node, edge, name)
#include "dataplane/graph.def"
#undef HOOK
#undef NODE
#undef FEATURE
#undef ARC
#undef DROP

// Enters (pos 0) or goes on in (pos: this feature's edge) the features of a
// hook: diverts packets to their next one, those of packets whose edge is
// still 0. iface[] says whose features count (b->iface or b->out).
static inline bool hook_go(const struct worker *w, const struct batch *b, uint8_t edge[],
			   enum graph_hook hook, unsigned pos, const uint16_t iface[])
{
	bool diverted = false;

	if (likely(!(w->dp->hook_used & 1u << hook)))
		return false;
	for (unsigned i = 0; i < b->n; i++)
		if (edge[i] == EDGE_MAIN) {
			edge[i] = w->dp->iface[iface[i]].hook_next[hook][pos];
			diverted |= edge[i] != EDGE_MAIN;
		}
	return diverted;
}

// A packet made by a node (a fragment, a reply beside the original): it goes
// along `edge` of `node` as if it had been in the batch. Takes the mbuf.
struct emitted {
	struct rte_mbuf *pkt;
	void *l3;
	uint32_t dst;
	uint16_t nh, iface, out;
};
void worker_emit(struct worker *w, enum graph_node node, unsigned edge, const struct emitted *e);

// Puts n packets of one port into this worker's transmit buffer (sent at the end
// of the loop turn) or, if another worker has the port's queue, hands them over.
// Takes all; what does not fit is freed and counted as tx/handoff-full.
void worker_tx(struct worker *w, uint16_t port, struct batch *b, unsigned first, unsigned n);

// Gives packet i of a batch to the control thread or the host: false if the
// ring is full (the caller drops it by name). After true the packet is HELD.
bool worker_punt(struct worker *w, enum punt_kind kind, const struct batch *b, unsigned i);

// Counts one packet that a node dropped itself, outside its batch.
void worker_count(struct worker *w, enum graph_node node, unsigned edge, unsigned n);

// xorshift64*: for sampling and jitter, not for secrets.
static inline uint32_t worker_rand(struct worker *w)
{
	uint64_t x = w->rand;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	w->rand = x;
	return (uint32_t)((x * 0x2545f4914f6cdd1dull) >> 32);
}

// The address of the iface that equals bytes, or NULL.
static inline const struct iface_addr *iface_addr_find(const struct iface *iface, unsigned family,
						       const void *bytes)
{
	const struct iface_addrs *addrs = iface->addrs;
	size_t len = family == 4 ? 4 : 16;

	for (unsigned i = 0; i < addrs->n; i++)
		if (addrs->addr[i].family == family &&
		    memcmp(addrs->addr[i].bytes, bytes, len) == 0)
			return &addrs->addr[i];
	return NULL;
}
