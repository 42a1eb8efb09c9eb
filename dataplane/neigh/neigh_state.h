// SPDX-License-Identifier: BSD-3-Clause
// The state machine of RFC 4861 §7.3 for both families; ARP has none of its own.
//
// Workers do not tell which neighbours they use, so "used" means: somebody once
// sent to it, or a route has it as gateway. A used entry is asked again when its
// reachable time is over (a gateway at once, a host after twice that time more,
// each after the usual delay), whether packets flow or not: what still forwards
// is never older than that, no packet pays for the check, and a dead gateway is
// found without traffic. The price is a small message a neighbour every minute or
// two. An entry nobody used goes when it was STALE for a while.
#pragma once

#include "dataplane/neigh/neigh_priv.h"

// What a message says of who sent it (or of its target).
struct neigh_claim {
	const uint8_t *mac; // NULL: nothing
	bool is_advert;	    // an answer (NA, ARP reply), else a question
	bool is_solicited, is_override, is_router;
};
void neigh_claim(struct neigh *tbl, struct neigh_entry *e, const struct neigh_claim *claim);
// The sender of a question: also makes entries, within limits.
void neigh_learn(struct neigh *tbl, unsigned iface, const struct addr *addr, const uint8_t mac[6]);

void neigh_ask(struct neigh *tbl, struct neigh_entry *e); // starts anew: INCOMPLETE
// Somebody sends to e: it is published if known; packets that wait go on.
void neigh_use(struct neigh *tbl, struct neigh_entry *e);
void neigh_timer(struct neigh *tbl, struct neigh_entry *e);
void neigh_static_set(struct neigh *tbl, struct neigh_entry *e, const uint8_t mac[6]);
// Sends on what waits, or lets it wait for its next hop to become visible.
void neigh_deliver(struct neigh *tbl, struct neigh_entry *e);
// Without a neighbour from here on; a gateway stays as FAILED entry to ask again.
void neigh_lose(struct neigh *tbl, struct neigh_entry *e);
// Out of the table.
void neigh_forget(struct neigh *tbl, struct neigh_entry *e);
bool neigh_may_create(struct neigh *tbl);
