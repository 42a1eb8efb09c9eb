// SPDX-License-Identifier: BSD-3-Clause
// Rules for whatever names a gateway: static routes, routes from MRT files,
// static neighbours.
#include "dataplane/ctl/config_check.h"
#include "dataplane/ctl/config_parse.h"

#include <stdio.h>
#include <string.h>

static bool is_in_net(const struct conf_iface *iface, const struct addr *addr)
{
	for (unsigned i = 0; i < iface->n_addr; i++)
		if (prefix_has_addr(&iface->addr[i].net, addr))
			return true;
	return false;
}

// A neighbour on an iface of the table; nobody is behind a loopback.
static bool is_connected(const struct config *conf, unsigned table, const struct addr *addr)
{
	for (unsigned i = 0; i < conf->n_ifaces; i++) {
		const struct conf_iface *iface = &conf->iface[i];

		if (iface->table == table && iface->port[0] && is_in_net(iface, addr))
			return true;
	}
	return false;
}

static bool is_own(const struct config *conf, unsigned table, const struct addr *addr)
{
	for (unsigned i = 0; i < conf->n_ifaces; i++)
		for (unsigned j = 0; j < conf->iface[i].n_addr && conf->iface[i].table == table;
		     j++)
			if (addr_is_equal(&conf->iface[i].addr[j].addr, addr))
				return true;
	return false;
}

// An iface that has neighbours.
static bool check_iface_name(struct conf_ctx *ctx, const struct config *conf, const char *name)
{
	const struct conf_iface *iface = conf_iface_find(conf, name);

	if (iface && iface->port[0])
		return true;
	conf_fail(ctx, name, "found \"%s\", allowed is the name of an iface%s", name,
		  iface ? " with a port" : "");
	return false;
}

static void check_gateway_addr(struct conf_ctx *ctx, const struct config *conf, unsigned table,
			       const struct conf_gateway *gw)
{
	char text[ADDR_TEXT_MAX];

	addr_format(&gw->addr, text);
	if (!conf_is_station(&gw->addr))
		conf_fail(ctx, &gw->addr, "found %s, allowed is an address that a router can have",
			  text);
	else if (conf_is_link_local(&gw->addr) && !gw->iface[0])
		conf_fail(ctx, &gw->addr,
			  "found link-local %s, allowed only with its iface: {address: \"%s\", "
			  "iface: NAME}",
			  text, text);
	else if (is_own(conf, table, &gw->addr))
		conf_fail(ctx, &gw->addr,
			  "found %s, allowed is an address that is not the router's own", text);
	else if (!gw->iface[0] && !is_connected(conf, table, &gw->addr))
		conf_fail(
			ctx, &gw->addr,
			"found %s, allowed is an address in a network of an iface of table %u, or "
			"one with its iface",
			text, table);
}

// family 0: whichever.
static void check_gateway(struct conf_ctx *ctx, const struct config *conf, unsigned table,
			  unsigned family, const struct conf_gateway *gw)
{
	char text[ADDR_TEXT_MAX];

	if (gw->iface[0] && !check_iface_name(ctx, conf, gw->iface))
		return;
	if (gw->addr.family == 0 && !gw->iface[0])
		conf_fail(ctx, gw,
			  "found neither address nor iface, allowed is one of them or both");
	else if (gw->addr.family && family && gw->addr.family != family)
		conf_fail(ctx, &gw->addr, "found %s, allowed is an IPv%u address",
			  addr_format(&gw->addr, text), family);
	else if (gw->addr.family)
		check_gateway_addr(ctx, conf, table, gw);
}

static bool is_same_gateway(const struct conf_gateway *a, const struct conf_gateway *b)
{
	return addr_is_equal(&a->addr, &b->addr) && strcmp(a->iface, b->iface) == 0;
}

static void check_route(struct conf_ctx *ctx, const struct config *conf,
			const struct conf_route *route)
{
	if (route->kind == CONF_ROUTE_VIA && route->n_via == 0)
		conf_fail(ctx, &route->prefix,
			  "found neither via nor kind, allowed is one of them");
	if (route->kind != CONF_ROUTE_VIA && route->n_via)
		conf_fail(ctx, &route->kind, "found beside via, allowed is one of them");
	for (unsigned i = 0; i < route->n_via; i++) {
		check_gateway(ctx, conf, route->table, route->prefix.family, &route->via[i]);
		for (unsigned j = 0; j < i; j++)
			if (is_same_gateway(&route->via[i], &route->via[j])) {
				conf_fail(ctx, &route->via[i].addr,
					  "found the same gateway twice, allowed is a weight");
				break;
			}
	}
}

static int route_order(const void *a, const void *b)
{
	const struct conf_route *x = a, *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return memcmp(&x->prefix, &y->prefix, sizeof(x->prefix));
}

static void check_map(struct conf_ctx *ctx, const struct config *conf, const struct conf_mrt *mrt,
		      const struct conf_mrt_map *map)
{
	if (map->nexthop.family && map->peer_asn)
		conf_fail(ctx, &map->peer_asn, "found beside next-hop, allowed is one of them");
	if (!map->nexthop.family && !map->peer_asn)
		conf_fail(ctx, &map->via,
			  "found without next-hop and peer-asn, allowed is with one of them");
	check_gateway(ctx, conf, mrt->table, 0, &map->via);
}

static void check_mrt(struct conf_ctx *ctx, const struct config *conf, const struct conf_mrt *mrt)
{
	const struct conf_gateway *gw4 = &mrt->default4, *gw6 = &mrt->default6;

	for (unsigned i = 0; i < mrt->n_map; i++)
		check_map(ctx, conf, mrt, &mrt->map[i]);
	if (conf_line(ctx, gw4))
		check_gateway(ctx, conf, mrt->table, 4, gw4);
	if (conf_line(ctx, gw6))
		check_gateway(ctx, conf, mrt->table, 6, gw6);
}

void config_check_routes(struct conf_ctx *ctx, const struct config *conf)
{
	conf_check_twins(ctx, conf->route, conf->n_routes,
			 (struct conf_twins){sizeof(struct conf_route),
					     offsetof(struct conf_route, prefix), route_order,
					     "prefix"});
	for (unsigned i = 0; i < conf->n_routes; i++)
		check_route(ctx, conf, &conf->route[i]);
	for (unsigned i = 0; i < conf->n_mrt; i++)
		check_mrt(ctx, conf, &conf->mrt[i]);
}

static int neighbour_order(const void *a, const void *b)
{
	const struct conf_neighbour *x = a, *y = b;
	int order = strcmp(x->iface, y->iface);

	return order ? order : memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

void config_check_neighbours(struct conf_ctx *ctx, const struct config *conf)
{
	char text[ADDR_TEXT_MAX];

	conf_check_twins(ctx, conf->neighbour, conf->n_neighbours,
			 (struct conf_twins){sizeof(struct conf_neighbour),
					     offsetof(struct conf_neighbour, addr), neighbour_order,
					     "neighbour"});
	for (unsigned i = 0; i < conf->n_neighbours; i++) {
		const struct conf_neighbour *neigh = &conf->neighbour[i];

		if (!check_iface_name(ctx, conf, neigh->iface))
			continue;
		if (!is_in_net(conf_iface_find(conf, neigh->iface), &neigh->addr) &&
		    !conf_is_link_local(&neigh->addr))
			conf_fail(ctx, &neigh->addr,
				  "found %s, allowed is an address in a network of iface %s",
				  addr_format(&neigh->addr, text), neigh->iface);
	}
}
