// SPDX-License-Identifier: BSD-3-Clause
// Ports and ifaces as the configuration names them; links; addresses and the
// routes that follow from them.
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/ctl/router.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/ip6.h"

#include <stdio.h>
#include <string.h>

enum { ADDRS_MAX = 256, PLEN_LINK_LOCAL = 64 };

const struct port_ops *router_driver_find(const struct router *r, const char *name)
{
	for (unsigned i = 0; r->drivers[i]; i++)
		if (strcmp(r->drivers[i]->name, name) == 0)
			return r->drivers[i];
	return NULL;
}

static int port_open(struct router *r, const struct conf_port *conf, struct err *err)
{
	struct port *port = &r->port[r->n_ports];
	int rc;

	memset(port, 0, sizeof(*port));
	port->id = (uint16_t)r->n_ports;
	port->mtu = conf->mtu;
	port->ops = router_driver_find(r, conf->driver);
	snprintf(port->name, sizeof(port->name), "%s", conf->name);
	snprintf(port->device, sizeof(port->device), "%s", conf->device);
	if (!port->ops)
		return err_set(err, ENODEV,
			       "%s:%u: ports.%s.driver: no driver \"%s\" in this build",
			       r->conf->file, conf->line, conf->name, conf->driver);
	rc = port->ops->open(port, err);
	if (rc < 0) {
		err_prefix(err, "%s:%u: ports.%s", r->conf->file, conf->line, conf->name);
		return rc;
	}
	r->dp.port[port->id] = port;
	r->n_ports++;
	return 0;
}

int router_ports_open(struct router *r, struct err *err)
{
	if (r->conf->n_ports > PORT_MAX)
		return err_set(err, ENOSPC, "%s: %u ports, at most %d are allowed", r->conf->file,
			       r->conf->n_ports, PORT_MAX);
	for (unsigned i = 0; i < r->conf->n_ports; i++) {
		int rc = port_open(r, &r->conf->port[i], err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static unsigned at_most(unsigned want, unsigned have)
{
	return want < have ? want : have;
}

static int port_start(struct router *r, struct port *port, const struct conf_port *conf,
		      struct err *err)
{
	unsigned n = router_n_workers(r->conf);
	struct port_conf pc = {
		.n_rxq = at_most(conf->n_queues ? conf->n_queues : n, port->max_rxq),
		.n_txq = at_most(n, port->max_txq),
		.rx_ring = conf->rx_ring,
		.tx_ring = conf->tx_ring,
		.mtu = conf->mtu,
		.promisc = conf->promisc,
		.pool = r->pool,
	};
	int rc = port->ops->configure(port, &pc, err);

	if (rc == 0)
		rc = port->ops->start(port, err);
	if (rc == 0 && workers_bind(r->workers, port) < 0)
		rc = err_set(err, ENOMEM, "no memory for transmit buffers");
	if (rc < 0)
		err_prefix(err, "%s:%u: ports.%s", r->conf->file, conf->line, conf->name);
	return rc;
}

int router_ports_start(struct router *r, struct err *err)
{
	for (unsigned i = 0; i < r->n_ports; i++) {
		int rc = port_start(r, &r->port[i], &r->conf->port[i], err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

void router_ports_close(struct router *r)
{
	for (unsigned i = 0; i < r->n_ports; i++) {
		r->port[i].ops->stop(&r->port[i]);
		r->port[i].ops->close(&r->port[i]);
		r->dp.port[i] = NULL;
	}
	r->n_ports = 0;
}

static struct port *port_find(struct router *r, const char *name)
{
	for (unsigned i = 0; i < r->n_ports; i++)
		if (strcmp(r->port[i].name, name) == 0)
			return &r->port[i];
	return NULL;
}

// A port nobody gave an untagged iface still needs one, for its tags to hang at;
// it has no name and is never up.
static int port_iface_ensure(struct router *r, struct port *port)
{
	struct iface_conf ic = {.name = "", .port = port->id, .mtu = (uint16_t)port->mtu};
	int id;

	if (port->iface)
		return 0;
	memcpy(ic.mac, port->mac, sizeof(ic.mac));
	id = iface_add(r->ifaces, &ic);
	if (id > 0)
		port->iface = (uint16_t)id;
	return id < 0 ? id : 0;
}

// Linux wants one for the TAP: locally administered, the same at every start.
static void loopback_mac(const char *name, uint8_t mac[6])
{
	uint32_t hash = 2166136261u; // FNV-1a

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	mac[0] = 0x02;
	mac[1] = 'j';
	memcpy(mac + 2, &hash, sizeof(hash));
}

static int iface_one_add(struct router *r, const struct conf_iface *conf, struct err *err)
{
	struct port *port = port_find(r, conf->port);
	struct iface_conf ic = {
		.name = conf->name,
		.port = port ? port->id : PORT_NONE,
		.parent = port ? port->iface : 0, // untagged: the nameless one it replaces
		.vlan = (uint16_t)conf->vlan,
		.inner_vlan = (uint16_t)conf->inner_vlan,
		.mtu = (uint16_t)(conf->mtu ? conf->mtu
				  : port    ? port->mtu
					    : ROUTER_LOOPBACK_MTU),
		.table = (uint16_t)conf->table,
		.flags = port ? 0 : IFACE_UP | IFACE_LOOPBACK,
	};
	int id;

	if (port)
		memcpy(ic.mac, port->mac, sizeof(ic.mac));
	else
		loopback_mac(conf->name, ic.mac);
	if (!router_table(r, conf->table))
		return err_set(err, ENOMEM, "no memory for routing table %u", conf->table);
	id = iface_add(r->ifaces, &ic);
	if (id < 0)
		return err_set(err, -id, "%s:%u: ifaces.%s: %s", r->conf->file, conf->line,
			       conf->name, strerror(-id));
	if (port && !conf->vlan)
		port->iface = (uint16_t)id;
	r->dp.iface[id].rpf = (uint8_t)conf->rpf;
	if (conf->rpf != CONF_RPF_OFF) {
		iface_feature_set(r->ifaces, (unsigned)id, AT_PRE_LOOKUP4, FEATURE_IP4_RPF, true);
		iface_feature_set(r->ifaces, (unsigned)id, AT_PRE_LOOKUP6, FEATURE_IP6_RPF, true);
	}
	return 0;
}

// Untagged ifaces first, so that tags find their port's.
int router_ifaces_add(struct router *r, struct err *err)
{
	for (unsigned tagged = 0; tagged < 2; tagged++) {
		for (unsigned i = 0; i < r->conf->n_ifaces; i++) {
			const struct conf_iface *conf = &r->conf->iface[i];
			int rc = 0;

			if ((conf->vlan != 0) == (tagged != 0) &&
			    !iface_find(r->ifaces, conf->name))
				rc = iface_one_add(r, conf, err);
			if (rc < 0)
				return rc;
		}
		for (unsigned i = 0; i < r->n_ports; i++)
			if (port_iface_ensure(r, &r->port[i]) < 0)
				return err_set(err, ENOMEM, "no memory for ifaces");
	}
	return 0;
}

static void route_put(struct router *r, const struct iface *iface, const struct prefix *prefix,
		      enum route_source source, enum nexthop_kind kind)
{
	struct nexthop_key key = {.kind = (uint8_t)kind, .iface = iface->id};
	struct route route = {.prefix = *prefix, .source = (uint8_t)source};
	struct table *table = router_table(r, iface->table);
	int id = table ? nexthop_get(r->nexthops, &key) : -ENOMEM;
	char text[PREFIX_TEXT_MAX];

	if (id > 0) {
		route.nh = (uint16_t)id;
		nexthop_mtu_set(r->nexthops, route.nh, iface->mtu);
		if (table_add(table, &route) == 0) {
			nexthop_put(r->nexthops, route.nh);
			return;
		}
		nexthop_put(r->nexthops, route.nh);
	}
	log_error("%s: no memory for the route to %s", iface->name, prefix_format(prefix, text));
}

static struct prefix prefix_of(const struct iface_addr *a, unsigned len)
{
	struct prefix prefix = {.family = a->family, .len = (uint8_t)len};

	memcpy(prefix.bytes, a->bytes, sizeof(prefix.bytes));
	prefix_mask(&prefix);
	return prefix;
}

static unsigned full_len(const struct iface_addr *a)
{
	return a->family == 4 ? 32 : 128;
}

static bool is_at_wire(const struct iface *iface)
{
	return iface->flags & IFACE_UP && iface->port != PORT_NONE;
}

// Who has this prefix now: of several addresses with one prefix, or when a
// reload gave it to another iface, a route outlives the address it came from.
static const struct iface *prefix_owner(struct router *r, unsigned table,
					const struct prefix *prefix, enum route_source source)
{
	for (unsigned id = 1; id <= iface_max(r->ifaces); id++) {
		const struct iface *iface = iface_get(r->ifaces, id);

		if (!iface || iface->table != table)
			continue;
		for (unsigned i = 0; i < iface->addrs->n; i++) {
			const struct iface_addr *a = &iface->addrs->addr[i];
			bool is_local = source == ROUTE_LOCAL;
			struct prefix own = prefix_of(a, is_local ? full_len(a) : a->plen);

			if (!a->is_link_local && prefix_is_equal(&own, prefix) &&
			    (is_local ? !a->is_tentative : is_at_wire(iface)))
				return iface;
		}
	}
	return NULL;
}

// The router's own address; link-local ones are known per iface, not by route.
static void local_route(struct router *r, const struct iface *iface, const struct iface_addr *a,
			bool add)
{
	struct prefix prefix = prefix_of(a, full_len(a));
	unsigned table = iface->table;

	if (a->is_link_local)
		return;
	if (!add)
		iface = prefix_owner(r, table, &prefix, ROUTE_LOCAL);
	if (iface)
		route_put(r, iface, &prefix, ROUTE_LOCAL, NH_LOCAL);
	else
		(void)table_del(router_table(r, table), &prefix, ROUTE_LOCAL);
}

// The connected prefix, and with IPv4 its two broadcast addresses, RFC 1812 §5.3.5:
// all zeroes and all ones behind the prefix.
static void connected_routes(struct router *r, const struct iface *iface,
			     const struct iface_addr *a, bool add)
{
	struct prefix prefix = prefix_of(a, a->plen);
	struct prefix ends[2] = {prefix, prefix};
	struct table *table = router_table(r, iface->table);

	if (a->is_link_local || a->plen == full_len(a) || iface->port == PORT_NONE)
		return;
	if (!add)
		iface = prefix_owner(r, iface->table, &prefix, ROUTE_CONNECTED);
	if (iface)
		route_put(r, iface, &prefix, ROUTE_CONNECTED, NH_GLEAN);
	else
		(void)table_del(table, &prefix, ROUTE_CONNECTED);
	if (a->family != 4 || a->plen > 30)
		return;
	for (unsigned i = 0; i < 2; i++) {
		ends[i].len = 32;
		for (unsigned bit = a->plen; i && bit < 32; bit++)
			ends[i].bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		if (iface)
			route_put(r, iface, &ends[i], ROUTE_CONNECTED, NH_BROADCAST);
		else
			(void)table_del(table, &ends[i], ROUTE_CONNECTED);
	}
}

static bool is_same_addr(const struct iface_addr *a, const struct iface_addr *b)
{
	return a->family == b->family && a->plen == b->plen &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static const struct iface_addr *addr_in(const struct iface_addr *a, const struct iface_addr list[],
					unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (is_same_addr(a, &list[i]))
			return &list[i];
	return NULL;
}

static bool has_link_local(const struct iface_addr list[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (list[i].is_link_local)
			return true;
	return false;
}

// RFC 4291 appendix A: the MAC with ff:fe in its middle and one bit turned.
static void link_local_make(const uint8_t mac[6], struct iface_addr *a)
{
	memset(a, 0, sizeof(*a));
	a->family = 6;
	a->plen = PLEN_LINK_LOCAL;
	a->is_link_local = 1;
	a->is_tentative = ADDR_TENTATIVE;
	a->bytes[0] = 0xfe;
	a->bytes[1] = 0x80;
	memcpy(a->bytes + 8, mac, 3);
	a->bytes[8] ^= 2;
	a->bytes[11] = 0xff;
	a->bytes[12] = 0xfe;
	memcpy(a->bytes + 13, mac + 3, 3);
}

// Addresses of conf, IPv4 first; IPv6 ones start tentative (loopbacks' do not).
static unsigned addrs_build(const struct iface *iface, const struct conf_iface *conf,
			    struct iface_addr list[])
{
	bool has_port = iface->port != PORT_NONE;
	unsigned n = 0;

	for (unsigned family = 4; family <= 6; family += 2)
		for (unsigned i = 0; i < conf->n_addr && n < ADDRS_MAX - 1; i++) {
			const struct conf_addr *ca = &conf->addr[i];
			struct iface_addr *a = &list[n];

			if (ca->addr.family != family)
				continue;
			memset(a, 0, sizeof(*a));
			a->family = (uint8_t)family;
			a->plen = ca->net.len;
			memcpy(a->bytes, ca->addr.bytes, sizeof(a->bytes));
			a->is_link_local = family == 6 && ip6_is_link_local(a->bytes);
			a->is_tentative = family == 6 && has_port;
			n++;
		}
	if (has_port && !has_link_local(list, n))
		link_local_make(iface->mac, &list[n++]);
	for (unsigned i = 0; i < n; i++) {
		const struct iface_addr *old =
			addr_in(&list[i], iface->addrs->addr, iface->addrs->n);

		if (old)
			list[i].is_tentative = old->is_tentative;
	}
	return n;
}

static void addr_install(struct router *r, const struct iface *iface, const struct iface_addr *a)
{
	if (!a->is_tentative)
		local_route(r, iface, a, true);
	if (iface->flags & IFACE_UP)
		connected_routes(r, iface, a, true);
}

static void addr_uninstall(struct router *r, const struct iface *iface, const struct iface_addr *a)
{
	local_route(r, iface, a, false);
	connected_routes(r, iface, a, false);
}

// Neighbours of a network that an iface has no more: their routes would win
// against those of whoever has the network now.
static void neighbours_forget(struct router *r, const struct iface *iface,
			      const struct iface_addr *a)
{
	struct prefix prefix = prefix_of(a, a->plen);

	if (!a->is_link_local && prefix_owner(r, iface->table, &prefix, ROUTE_CONNECTED) != iface)
		neigh_prefix_flush(r->neigh, iface->id, &prefix);
}

int router_addrs_set(struct router *r, const struct conf_iface *conf, struct err *err)
{
	struct iface *iface = iface_find(r->ifaces, conf->name);
	struct iface_addr list[ADDRS_MAX], old[ADDRS_MAX];
	unsigned n, n_old;

	if (conf->n_addr >= ADDRS_MAX - 1)
		return err_set(err, ENOSPC,
			       "%s:%u: ifaces.%s: %u addresses, at most %d are allowed",
			       r->conf->file, conf->line, conf->name, conf->n_addr, ADDRS_MAX - 2);
	n = addrs_build(iface, conf, list);
	n_old = iface->addrs->n;
	memcpy(old, iface->addrs->addr, n_old * sizeof(old[0]));
	if (iface_addrs_set(r->ifaces, iface->id, list, n) < 0)
		return err_set(err, ENOMEM, "no memory for addresses of %s", conf->name);
	for (unsigned i = 0; i < n_old; i++)
		if (!addr_in(&old[i], list, n)) {
			addr_uninstall(r, iface, &old[i]);
			neighbours_forget(r, iface, &old[i]);
		}
	for (unsigned i = 0; i < n; i++) {
		if (addr_in(&list[i], old, n_old))
			continue;
		addr_install(r, iface, &list[i]);
		if (iface->flags & IFACE_UP && iface->port != PORT_NONE)
			neigh_addr_add(r->neigh, iface->id, &list[i], clock_ns());
	}
	router_host_update(r, iface);
	return 0;
}

void router_addrs_remove(struct router *r, struct iface *iface)
{
	struct iface_addr old[ADDRS_MAX];
	unsigned n = iface->addrs->n;

	memcpy(old, iface->addrs->addr, n * sizeof(old[0]));
	if (iface_addrs_set(r->ifaces, iface->id, NULL, 0) < 0)
		log_error("%s: no memory to remove addresses", iface->name);
	for (unsigned i = 0; i < n; i++)
		addr_uninstall(r, iface, &old[i]);
}

void router_dad_done(void *arg, unsigned id, const uint8_t addr[16], bool is_unique)
{
	struct router *r = arg;
	struct iface *iface = iface_get(r->ifaces, id);
	struct iface_addr list[ADDRS_MAX];
	struct addr shown = {.family = 6};
	char text[ADDR_TEXT_MAX];
	unsigned n;

	if (!iface)
		return;
	memcpy(shown.bytes, addr, 16);
	if (!is_unique)
		log_error("%s: address %s is in use by another node, not used", iface->name,
			  addr_format(&shown, text));
	n = iface->addrs->n;
	memcpy(list, iface->addrs->addr, n * sizeof(list[0]));
	for (unsigned i = 0; i < n; i++)
		if (list[i].family == 6 && memcmp(list[i].bytes, addr, 16) == 0) {
			list[i].is_tentative = is_unique ? ADDR_UNIQUE : ADDR_DUPLICATE;
			if (is_unique)
				local_route(r, iface, &list[i], true);
		}
	if (iface_addrs_set(r->ifaces, id, list, n) < 0)
		log_error("%s: no memory for address %s", iface->name, addr_format(&shown, text));
	router_host_update(r, iface);
}

void router_iface_up(struct router *r, struct iface *iface)
{
	iface_flags_set(r->ifaces, iface->id, IFACE_UP, 0);
	for (unsigned i = 0; i < iface->addrs->n; i++)
		connected_routes(r, iface, &iface->addrs->addr[i], true);
	neigh_iface_up(r->neigh, iface->id, clock_ns());
}

static void iface_down(struct router *r, struct iface *iface)
{
	iface_flags_set(r->ifaces, iface->id, 0, IFACE_UP);
	for (unsigned i = 0; i < iface->addrs->n; i++)
		connected_routes(r, iface, &iface->addrs->addr[i], false);
	neigh_iface_down(r->neigh, iface->id);
}

static void link_changed(struct router *r, struct port *port)
{
	log_info("%s: link %s", port->name, port->link.is_up ? "up" : "down");
	for (unsigned id = 1; id <= iface_max(r->ifaces); id++) {
		struct iface *iface = iface_get(r->ifaces, id);

		if (!iface || iface->port != port->id || !iface->name[0])
			continue;
		if (port->link.is_up)
			router_iface_up(r, iface);
		else
			iface_down(r, iface);
		router_host_update(r, iface);
	}
}

void router_links_poll(struct router *r)
{
	bool changed = false;

	for (unsigned i = 0; i < r->n_ports; i++) {
		struct port *port = &r->port[i];
		struct port_link link = {0};

		port->ops->link_get(port, &link);
		if (link.is_up != port->link.is_up) {
			port->link = link;
			link_changed(r, port);
			changed = true;
		}
		port->link = link;
	}
	if (changed)
		router_routes_refresh(r);
}
