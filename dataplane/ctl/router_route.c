// SPDX-License-Identifier: BSD-3-Clause
// Static routes: gateways become next hops, routes step aside while no gateway
// of theirs can be reached.
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/ctl/router.h"
#include "dataplane/route/simd.h"

#include <stdlib.h>
#include <string.h>

void router_build_set(const struct router *r, struct table *table)
{
	bool is_on_demand = r->conf->forwarding.build == CONF_BUILD_ON_DEMAND;
	int engine = r->conf->forwarding.engine;

	table_build_set(table, is_on_demand ? TABLE_BUILD_ON_DEMAND : TABLE_BUILD_ALL);
	(void)!table_engine_set(table, engine < 0 ? "auto" : simd_name((enum simd)engine));
}

struct table *router_table(struct router *r, unsigned id)
{
	if (id >= TABLE_MAX)
		return NULL;
	if (!r->table[id]) {
		r->table[id] = table_new(r->nexthops);
		if (!r->table[id])
			return NULL;
		table_best_set(r->table[id], router_replay_best, r);
		table_attrs_use(r->table[id], r->attrs);
		router_build_set(r, r->table[id]);
		r->dp.fib4[id] = table_fib4(r->table[id]);
		r->dp.fib6[id] = table_fib6(r->table[id]);
	}
	return r->table[id];
}

static bool is_connected(const struct iface *iface, const struct addr *addr)
{
	for (unsigned i = 0; i < iface->addrs->n; i++) {
		const struct iface_addr *a = &iface->addrs->addr[i];
		struct prefix prefix = {.family = a->family, .len = a->plen};

		memcpy(prefix.bytes, a->bytes, sizeof(prefix.bytes));
		prefix_mask(&prefix);
		if (!a->is_link_local && a->family == addr->family && iface->port != PORT_NONE &&
		    prefix_has_addr(&prefix, addr))
			return true;
	}
	return false;
}

// The iface a gateway is behind: named, or by a connected prefix. NULL: none.
static struct iface *gateway_iface(struct router *r, unsigned table, const struct conf_gateway *via)
{
	if (via->iface[0])
		return iface_find(r->ifaces, via->iface);
	for (unsigned id = 1; id <= iface_max(r->ifaces); id++) {
		struct iface *iface = iface_get(r->ifaces, id);

		if (iface && iface->table == table && is_connected(iface, &via->addr))
			return iface;
	}
	return NULL;
}

int router_gateway_get(struct router *r, unsigned table, const struct conf_gateway *via)
{
	struct iface *iface = gateway_iface(r, table, via);
	struct nexthop_key key = {.kind = NH_RESOLVE, .gw = via->addr};
	bool is_new;
	int id;

	if (!iface)
		return -ENETUNREACH;
	if (!via->addr.family)
		key.kind = NH_GLEAN; // "dev eth0": every destination is a neighbour
	key.iface = iface->id;
	is_new = nexthop_find(r->nexthops, &key) == 0;
	id = nexthop_get(r->nexthops, &key);
	if (id > 0 && is_new) {
		nexthop_mtu_set(r->nexthops, (uint16_t)id, iface->mtu);
		if (key.kind == NH_RESOLVE)
			neigh_gateway_add(r->neigh, (uint16_t)id, clock_ns());
	}
	return id;
}

// One next hop for all gateways of a route: a reference, or -errno.
static int route_nexthop(struct router *r, const struct conf_route *route)
{
	static const uint8_t special[] = {
		[CONF_ROUTE_BLACKHOLE] = NH_BLACKHOLE,
		[CONF_ROUTE_UNREACHABLE] = NH_UNREACHABLE,
		[CONF_ROUTE_PROHIBIT] = NH_PROHIBIT,
	};
	struct nexthop_key key = {.kind = special[route->kind]};
	uint16_t ids[CONF_GATEWAYS_MAX];
	uint8_t weights[CONF_GATEWAYS_MAX];
	unsigned n = 0;
	int id = 0;

	if (route->kind != CONF_ROUTE_VIA)
		return nexthop_get(r->nexthops, &key);
	for (unsigned i = 0; i < route->n_via; i++) {
		id = router_gateway_get(r, route->table, &route->via[i]);
		if (id == -ENETUNREACH)
			continue; // its iface went: the others carry on
		if (id < 0)
			break;
		ids[n] = (uint16_t)id;
		weights[n++] = (uint8_t)route->via[i].weight;
	}
	if (n == 0 || (id < 0 && id != -ENETUNREACH)) {
		for (unsigned i = 0; i < n; i++)
			nexthop_put(r->nexthops, ids[i]);
		return id;
	}
	if (n == 1)
		return ids[0];
	id = nexthop_group_get(r->nexthops, ids, weights, n);
	for (unsigned i = 0; i < n; i++)
		nexthop_put(r->nexthops, ids[i]);
	return id;
}

static bool is_usable(struct router *r, const struct conf_route *route)
{
	if (route->kind != CONF_ROUTE_VIA)
		return true;
	for (unsigned i = 0; i < route->n_via; i++) {
		const struct iface *iface = gateway_iface(r, route->table, &route->via[i]);

		if (iface && iface->flags & IFACE_UP)
			return true;
	}
	return false;
}

static int apply(struct router *r, struct router_static *s)
{
	struct table *table = router_table(r, s->conf.table);
	struct route route = {.prefix = s->conf.prefix, .source = ROUTE_STATIC};
	int id, rc;

	if (!table)
		return -ENOMEM;
	if (!is_usable(r, &s->conf)) {
		if (s->is_active)
			(void)table_del(table, &s->conf.prefix, ROUTE_STATIC);
		s->is_active = false;
		return 0;
	}
	id = route_nexthop(r, &s->conf);
	if (id < 0)
		return id;
	route.nh = (uint16_t)id;
	rc = table_add(table, &route);
	nexthop_put(r->nexthops, route.nh);
	s->is_active = rc == 0;
	return rc;
}

void router_routes_refresh(struct router *r)
{
	for (unsigned i = 0; i < r->n_fixed; i++) {
		struct router_static *s = &r->fixed[i];
		char text[PREFIX_TEXT_MAX];

		if (is_usable(r, &s->conf) != s->is_active && apply(r, s) < 0)
			log_error("route %s: cannot be set", prefix_format(&s->conf.prefix, text));
	}
}

void router_routes_reapply(struct router *r)
{
	for (unsigned i = 0; i < r->n_fixed; i++) {
		char text[PREFIX_TEXT_MAX];

		if (apply(r, &r->fixed[i]) < 0)
			log_error("route %s: cannot be set",
				  prefix_format(&r->fixed[i].conf.prefix, text));
	}
}

static struct router_static *find(struct router *r, unsigned table, const struct prefix *prefix)
{
	for (unsigned i = 0; i < r->n_fixed; i++)
		if (r->fixed[i].conf.table == table &&
		    prefix_is_equal(&r->fixed[i].conf.prefix, prefix))
			return &r->fixed[i];
	return NULL;
}

static struct router_static *slot_new(struct router *r)
{
	if (r->n_fixed == r->max_fixed) {
		unsigned max = r->max_fixed ? 2 * r->max_fixed : 64;
		struct router_static *bigger = realloc(r->fixed, max * sizeof(*bigger));

		if (!bigger)
			return NULL;
		r->fixed = bigger;
		r->max_fixed = max;
	}
	return &r->fixed[r->n_fixed];
}

static bool is_own(const struct iface *iface, const struct addr *addr)
{
	for (unsigned i = 0; i < iface->addrs->n; i++) {
		const struct iface_addr *a = &iface->addrs->addr[i];

		if (a->family == addr->family &&
		    memcmp(a->bytes, addr->bytes, a->family == 4 ? 4 : 16) == 0)
			return true;
	}
	return false;
}

// Names the first gateway that no iface reaches, or that is no other node.
static int gateways_check(struct router *r, const struct conf_route *route, struct err *err)
{
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < route->n_via; i++) {
		const struct conf_gateway *via = &route->via[i];
		const struct iface *iface = gateway_iface(r, route->table, via);

		if (iface && is_own(iface, &via->addr))
			return err_set(err, EINVAL, "gateway %s is the router's own, on iface %s",
				       addr_format(&via->addr, text), iface->name);
		if (iface)
			continue;
		if (via->iface[0])
			return err_set(err, ENODEV, "no iface \"%s\"", via->iface);
		return err_set(err, ENETUNREACH,
			       "gateway %s is in no connected prefix of table %u: name its iface "
			       "(iface NAME), or give an iface an address beside it",
			       addr_format(&via->addr, text), route->table);
	}
	return 0;
}

int router_route_add(struct router *r, const struct conf_route *route, struct err *err)
{
	struct router_static *s;
	struct conf_route old;
	bool is_new;
	int rc = gateways_check(r, route, err);

	if (rc < 0)
		return rc;
	s = find(r, route->table, &route->prefix);
	is_new = !s;
	if (is_new) {
		s = slot_new(r);
		if (!s)
			return err_set(err, ENOMEM, "no memory for another static route");
		*s = (struct router_static){.is_active = false};
	}
	old = s->conf;
	s->conf = *route;
	rc = apply(r, s);
	if (rc < 0) {
		s->conf = old;
		return err_set(err, -rc, "%s",
			       rc == -ENOSPC ? "no next-hop id is left (65,535)" : strerror(-rc));
	}
	r->n_fixed += is_new;
	return 0;
}

int router_route_del(struct router *r, unsigned table, const struct prefix *prefix, struct err *err)
{
	struct router_static *s = find(r, table, prefix);
	char text[PREFIX_TEXT_MAX];

	if (!s)
		return err_set(err, ENOENT, "no static route to %s in table %u",
			       prefix_format(prefix, text), table);
	if (s->is_active)
		(void)table_del(router_table(r, table), prefix, ROUTE_STATIC);
	*s = r->fixed[--r->n_fixed];
	return 0;
}

void router_routes_free(struct router *r)
{
	free(r->fixed);
	r->fixed = NULL;
	r->n_fixed = r->max_fixed = 0;
}
