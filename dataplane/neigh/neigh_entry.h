// SPDX-License-Identifier: BSD-3-Clause
// Entries of the neighbour table: found by address, timed by a heap, evicted by
// class. Every entry is in all three for its whole life.
#pragma once

#include "dataplane/neigh/neigh_priv.h"

#define NEIGH_NEVER UINT64_MAX

struct neigh_entry *neigh_entry_find(const struct neigh *tbl, unsigned iface,
				     const struct addr *addr);
// INCOMPLETE and without timer. A full table evicts, or refuses: NULL, counted.
struct neigh_entry *neigh_entry_new(struct neigh *tbl, unsigned iface, const struct addr *addr);
// Not published any more, no packets held: the callers' business.
void neigh_entry_free(struct neigh *tbl, struct neigh_entry *e);

void neigh_entry_due(struct neigh *tbl, struct neigh_entry *e, uint64_t due_ns);
// The next one whose time has come, or NULL.
struct neigh_entry *neigh_entry_expired(const struct neigh *tbl);
// Puts it last of the class that its state and use give it now.
void neigh_entry_reclass(struct neigh *tbl, struct neigh_entry *e);
// Who may go so that another can come, or NULL.
struct neigh_entry *neigh_entry_victim(const struct neigh *tbl);
