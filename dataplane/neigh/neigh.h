// SPDX-License-Identifier: BSD-3-Clause
// Neighbours of both families: ARP (RFC 826, RFC 5227) and neighbour discovery
// (RFC 4861), one state machine; and duplicate address detection (RFC 4862 §5.4).
//
// Control thread only. Workers give it ARP and ND messages and the packets that
// must wait (graph/node.h: PUNT_ARP, PUNT_ND, PUNT_RESOLVE); it answers by
// packets injected into a worker's graph and by resolving next hops. Every bound
// is a setting; what is over it is dropped oldest first, and counted.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/graph/iface.h"
#include "dataplane/graph/node.h"
#include "dataplane/pkt/meta.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/prefix.h"

struct neigh;
struct table;

struct neigh_conf {
	unsigned reachable_ms; // RFC 4861 §10 REACHABLE_TIME
	unsigned retrans_ms;   // RETRANS_TIMER
	unsigned probes;       // MAX_UNICAST_SOLICIT and MAX_MULTICAST_SOLICIT
	unsigned max;	       // entries over all ifaces
	unsigned hold;	       // packets held for one address
	unsigned hold_all;     // and for all
};

// What it needs of the rest. send and to_host take the mbuf in any case; send
// finds meta (pkt/meta.h) filled: the node where the packet enters the graph.
struct neigh_env {
	struct ifaces *ifaces;
	struct nexthops *nexthops;
	struct rte_mempool *pool;
	struct table *(*table_get)(void *arg, unsigned id);
	void (*send)(void *arg, struct rte_mbuf *pkt);
	void (*to_host)(void *arg, struct rte_mbuf *pkt, unsigned iface);
	// DAD is over; is_unique false: the address must not be used.
	void (*dad_done)(void *arg, unsigned iface, const uint8_t addr[16], bool is_unique);
	void *arg;
};

struct neigh *neigh_new(const struct neigh_conf *conf, const struct neigh_env *env) must_check;
void neigh_free(struct neigh *tbl);
void neigh_conf_set(struct neigh *tbl, const struct neigh_conf *conf);

// One packet that a worker punted; takes the mbuf.
void neigh_punt(struct neigh *tbl, struct rte_mbuf *pkt, const struct meta *meta, uint64_t now_ns);
// Timers: probes, ageing, DAD, held packets. At most budget entries a call.
void neigh_step(struct neigh *tbl, uint64_t now_ns);

// A gateway next hop was made: resolve it if its neighbour is known, else ask.
void neigh_gateway_add(struct neigh *tbl, uint16_t nexthop, uint64_t now_ns);
// The iface has a new address: announce it (gratuitous ARP; IPv6: DAD first).
void neigh_addr_add(struct neigh *tbl, unsigned iface, const struct iface_addr *addr,
		    uint64_t now_ns);
// Link down or iface gone: its entries go, static ones stay unresolved.
void neigh_iface_down(struct neigh *tbl, unsigned iface);
void neigh_iface_up(struct neigh *tbl, unsigned iface, uint64_t now_ns);

int neigh_static_add(struct neigh *tbl, unsigned iface, const struct addr *addr,
		     const uint8_t mac[6]) must_check;
int neigh_static_del(struct neigh *tbl, unsigned iface, const struct addr *addr);
// Forgets learnt entries (of one iface, 0: of all).
void neigh_flush(struct neigh *tbl, unsigned iface);
// Forgets those learnt on an iface whose network went elsewhere.
void neigh_prefix_flush(struct neigh *tbl, unsigned iface, const struct prefix *prefix);

// RFC 4861 §7.3.2, and STATIC; FAILED keeps a negative answer for a while.
enum neigh_state {
	NEIGH_INCOMPLETE,
	NEIGH_REACHABLE,
	NEIGH_STALE,
	NEIGH_DELAY,
	NEIGH_PROBE,
	NEIGH_FAILED,
	NEIGH_STATIC,
	NEIGH_N_STATES,
};
const char *neigh_state_name(enum neigh_state state);

#define NEIGH_NEVER UINT64_MAX

struct neigh_info {
	unsigned iface;
	struct addr addr;
	uint8_t mac[6];
	enum neigh_state state;
	uint64_t age_ms; // since last confirmed, or NEIGH_NEVER
	unsigned held;
	bool is_router;
};
// In order of (iface, family, address), starting after *from (NULL: at the start).
size_t neigh_walk(const struct neigh *tbl, const struct neigh_info *from, struct neigh_info out[],
		  size_t max);

// Counters with names, for `show neighbours` and `show drops`.
struct neigh_counter {
	const char *name; // "neigh/held-overflow"
	uint64_t n;
	bool is_drop;
};
unsigned neigh_counters(const struct neigh *tbl, struct neigh_counter out[], unsigned max);
