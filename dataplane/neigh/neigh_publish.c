// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/neigh/neigh_publish.h"

#include "dataplane/neigh/neigh_frame.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/route/table.h"

struct nexthop_key neigh_nexthop_key(const struct neigh_entry *e)
{
	return (struct nexthop_key){.kind = NH_RESOLVE, .iface = e->iface, .gw = e->addr};
}

bool neigh_nexthop_take(struct neigh *tbl, struct neigh_entry *e)
{
	struct nexthop_key key = neigh_nexthop_key(e);
	int id;

	if (e->nh)
		return true;
	id = nexthop_get(tbl->env.nexthops, &key);
	if (id < 0) {
		neigh_count(tbl, NEIGH_COUNT_NEXTHOP_REFUSED);
		return false;
	}
	e->nh = (uint16_t)id;
	return true;
}

static struct route route_of(const struct neigh_entry *e)
{
	struct route route = {
		.prefix = {.family = e->addr.family, .len = e->addr.family == 4 ? 32 : 128},
		.source = ROUTE_NEIGH,
		.nh = e->nh,
	};

	memcpy(route.prefix.bytes, e->addr.bytes, sizeof(route.prefix.bytes));
	return route;
}

static void route_add(struct neigh *tbl, struct neigh_entry *e, const struct iface *iface)
{
	struct table *table = tbl->env.table_get(tbl->env.arg, iface->table);
	struct route route = route_of(e);

	if (!table || table_add(table, &route) != 0) {
		neigh_count(tbl, NEIGH_COUNT_ROUTE_REFUSED);
		return;
	}
	e->has_route = true;
	e->table = iface->table;
	e->published_ns = tbl->now_ns;
}

static void route_del(struct neigh *tbl, struct neigh_entry *e)
{
	struct table *table = tbl->env.table_get(tbl->env.arg, e->table);
	struct route route = route_of(e);

	if (table)
		table_del(table, &route.prefix, ROUTE_NEIGH);
	e->has_route = false;
}

void neigh_publish(struct neigh *tbl, struct neigh_entry *e, const struct iface *iface)
{
	uint8_t l2[NEXTHOP_L2_MAX];
	uint16_t type = e->addr.family == 4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6;
	bool is_new = !e->nh;

	if (!e->is_gateway && !e->is_gleaned)
		return;
	if (!neigh_nexthop_take(tbl, e))
		return;
	if (is_new)
		nexthop_mtu_set(tbl->env.nexthops, e->nh, iface->mtu);
	nexthop_resolve(tbl->env.nexthops, e->nh, l2, neigh_l2_build(iface, e->mac, type, l2));
	if (e->is_gleaned && !e->has_route)
		route_add(tbl, e, iface);
}

void neigh_gateway_refresh(const struct neigh *tbl, struct neigh_entry *e)
{
	if (!e->nh || nexthop_refs(tbl->env.nexthops, e->nh) == 1)
		e->is_gateway = false;
}

void neigh_unpublish(struct neigh *tbl, struct neigh_entry *e, bool is_down)
{
	if (e->has_route)
		route_del(tbl, e);
	e->is_gleaned = false;
	neigh_gateway_refresh(tbl, e);
	if (!e->nh)
		return;
	if (e->is_gateway) {
		nexthop_unresolve(tbl->env.nexthops, e->nh, is_down);
		return;
	}
	nexthop_put(tbl->env.nexthops, e->nh);
	e->nh = 0;
}

bool neigh_is_visible(const struct neigh *tbl, const struct neigh_entry *e)
{
	return e->nh && nexthops_array(tbl->env.nexthops)[e->nh].kind == NH_FORWARD;
}
