// SPDX-License-Identifier: BSD-3-Clause
// What the files of this folder's control side share: one neighbour table.
//
// neigh.c         the public face, punted packets, memory
// neigh_entry.c   entries: hash, timers (a heap), classes for eviction
// neigh_hold.c    packets that wait
// neigh_state.c   the state machine (RFC 4861 §7.3)
// neigh_publish.c entries as next hops and host routes
// neigh_addr.c    our own addresses: DAD, announcements, conflicts
// neigh_arp.c, neigh_nd.c, neigh_frame.c   messages in and out
// neigh_show.c    what people see
#pragma once

#include "dataplane/base/bucket.h"
#include "dataplane/neigh/neigh.h"

#include <rte_mbuf.h>

#include <sys/queue.h>

enum neigh_count {
#define COUNT(id, name, is_drop) NEIGH_COUNT_##id,
#include "dataplane/neigh/neigh_counts.def"
#undef COUNT
	NEIGH_N_COUNTS,
};

// Who goes first when the table is full: what is not known yet, then what nobody
// uses, then the longest unconfirmed. Gateways, static ones and those in use stay.
enum neigh_class { CLASS_PENDING, CLASS_UNUSED, CLASS_STALE, CLASS_KEPT, NEIGH_N_CLASSES };

struct neigh_held {
	TAILQ_ENTRY(neigh_held) of_entry, of_all;
	struct neigh_entry *entry;
	struct rte_mbuf *pkt;
	uint16_t iface; // came in there
	uint8_t l3_off;
	bool is_ip6, is_direct;
};
TAILQ_HEAD(neigh_held_list, neigh_held);

struct neigh_entry {
	struct neigh_entry *chain;
	TAILQ_ENTRY(neigh_entry) of_class, of_waiting;
	struct neigh_held_list held;
	uint64_t due_ns, confirmed_ns, published_ns;
	uint32_t heap_pos;
	uint32_t n_held;
	struct addr addr;
	uint16_t iface;
	uint16_t nh;	// one reference is ours; 0: none
	uint16_t table; // where has_route is
	uint8_t mac[6];
	uint8_t state, class; // enum neigh_state, enum neigh_class
	uint8_t n_probes;
	bool is_router;
	bool is_used; // somebody sent to it: publish it, keep it fresh
	bool is_gateway;
	bool is_gleaned; // a connected route led to it
	bool has_route;
	bool is_waiting; // in neigh.waiting
};
TAILQ_HEAD(neigh_entry_list, neigh_entry);

enum { NEIGH_HEADS = 1 << 16, NEIGH_CONFLICTS = 16 };

// One of our addresses to check or to announce.
struct neigh_task {
	TAILQ_ENTRY(neigh_task) link;
	struct iface_addr addr;
	uint16_t iface;
	bool is_dad;
	uint8_t n_left; // messages
	uint8_t nonce[6];
	uint64_t due_ns;
};
TAILQ_HEAD(neigh_task_list, neigh_task);

struct neigh {
	struct neigh_conf conf;
	struct neigh_env env;
	uint64_t now_ns; // of the latest call that told it
	uint64_t seed, rand;
	struct neigh_entry **head; // [NEIGH_HEADS]
	struct neigh_entry **heap; // [1..n], earliest first
	unsigned n, heap_room;
	struct neigh_entry_list class[NEIGH_N_CLASSES]; // oldest first
	struct neigh_entry_list waiting;		// have packets, next hop not yet visible
	struct neigh_held_list held;
	unsigned n_held;
	struct neigh_task_list tasks;
	struct bucket create, warn;
	struct {
		uint16_t iface;
		struct addr addr;
		uint64_t defended_ns;
	} conflict[NEIGH_CONFLICTS];
	unsigned next_conflict;
	uint64_t count[NEIGH_N_COUNTS];
};

static inline void neigh_count(struct neigh *tbl, enum neigh_count what)
{
	tbl->count[what]++;
}
uint64_t neigh_rand(struct neigh *tbl);

static inline bool neigh_has_mac(const struct neigh_entry *e)
{
	return e->state != NEIGH_INCOMPLETE && e->state != NEIGH_FAILED;
}
