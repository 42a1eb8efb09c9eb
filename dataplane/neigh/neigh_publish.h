// SPDX-License-Identifier: BSD-3-Clause
// Entries as workers see them: a next hop with the neighbour's Ethernet header
// and, for destinations on the link, a host route to it.
#pragma once

#include "dataplane/neigh/neigh_priv.h"

struct nexthop_key neigh_nexthop_key(const struct neigh_entry *e);
// Makes e hold its next hop: false, counted, if there are no more.
bool neigh_nexthop_take(struct neigh *tbl, struct neigh_entry *e);
// The next hop gets e's header; gleaned destinations their route.
void neigh_publish(struct neigh *tbl, struct neigh_entry *e, const struct iface *iface);
// A gateway's next hop stays held, for when it comes back; is_down: without its
// share of ECMP groups until then.
void neigh_unpublish(struct neigh *tbl, struct neigh_entry *e, bool is_down);
// Workers send to e by now: a changed header waits for a grace period.
bool neigh_is_visible(const struct neigh *tbl, const struct neigh_entry *e);
// Clears e->is_gateway when nobody but us holds the next hop. A table holds it
// once for all its routes, our host route among them, so a gateway that is no more
// shows only after that route went.
void neigh_gateway_refresh(const struct neigh *tbl, struct neigh_entry *e);
