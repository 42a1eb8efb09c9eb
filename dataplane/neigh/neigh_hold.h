// SPDX-License-Identifier: BSD-3-Clause
// Packets that wait for their neighbour: bounded for each and for all, the
// oldest goes first (RFC 4861 §7.2.2).
#pragma once

#include "dataplane/neigh/neigh_priv.h"

// Takes the mbuf; one on top of a bound pushes the oldest out. is_direct: no route
// will ever lead to the neighbour (a link-local destination).
void neigh_hold_add(struct neigh *tbl, struct neigh_entry *e, struct rte_mbuf *pkt,
		    const struct meta *meta, bool is_direct);
// Back to the lookup, which finds the neighbour now; direct ones straight out.
void neigh_hold_release(struct neigh *tbl, struct neigh_entry *e, const struct iface *iface);
// To whoever writes the ICMP errors: host, or address, unreachable.
void neigh_hold_fail(struct neigh *tbl, struct neigh_entry *e);
// Frees them, counted as `why`.
void neigh_hold_drop(struct neigh *tbl, struct neigh_entry *e, enum neigh_count why);
// The bounds were lowered.
void neigh_hold_trim(struct neigh *tbl);
