// SPDX-License-Identifier: BSD-3-Clause
// Reload: the new file is read and checked whole, then what can be refused is
// tried, and only then the running state changes. What needs a restart is named
// and stays as it runs (and is named again at the next reload).
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/ctl/router.h"

#include <stdio.h>
#include <string.h>

enum { TAPS_GONE_MS = 50 };

// What config_diff() found, by block.
struct changes {
	config_change_fn *fn;
	void *arg;
	bool ifaces, mrt;
};

static void change_note(const char *path, const char *from, const char *to, bool needs_restart,
			void *arg)
{
	struct changes *c = arg;

	c->ifaces |= strncmp(path, "ifaces", 6) == 0 && !needs_restart;
	c->mrt |= strncmp(path, "mrt", 3) == 0;
	c->fn(path, from, to, needs_restart, c->arg);
}

static const struct conf_iface *conf_iface_find(const struct config *conf, const char *name)
{
	for (unsigned i = 0; i < conf->n_ifaces; i++)
		if (strcmp(conf->iface[i].name, name) == 0)
			return &conf->iface[i];
	return NULL;
}

static bool has_port(const struct router *r, const char *name)
{
	for (unsigned i = 0; i < r->n_ports; i++)
		if (strcmp(r->port[i].name, name) == 0)
			return true;
	return false;
}

// An iface that stays keeps its place until a restart; nobody may take it before.
static int place_check(struct router *r, const struct config *new, const struct conf_iface *ci,
		       struct err *err)
{
	for (unsigned i = 0; ci->port[0] && i < r->conf->n_ifaces; i++) {
		const struct conf_iface *was = &r->conf->iface[i];

		if (conf_iface_find(new, was->name) && strcmp(was->port, ci->port) == 0 &&
		    was->vlan == ci->vlan && was->inner_vlan == ci->inner_vlan)
			return err_set(err, EBUSY,
				       "%s:%u: ifaces.%s: iface \"%s\" leaves this place on port "
				       "%s only at a restart",
				       new->file, ci->line, ci->name, was->name, ci->port);
	}
	return 0;
}

// The TAP of that name may be one that the reload before is about to remove.
static int name_check(struct router *r, const char *name, struct err *err)
{
	struct err other = {0};

	if (host_name_check(name, err) == 0)
		return 0;
	if (host_sync(r->host, TAPS_GONE_MS, &other) < 0)
		log_debug("reload: %s", other.text); // the host thread has said it
	*err = (struct err){0};
	return host_name_check(name, err);
}

// All that can be refused, before anything is touched.
static int prepare(struct router *r, struct config *new, struct err *err)
{
	for (unsigned i = 0; i < new->n_ifaces; i++) {
		const struct conf_iface *ci = &new->iface[i];

		if (ci->port[0] && !has_port(r, ci->port))
			return err_set(err, ENODEV,
				       "%s:%u: ifaces.%s.port: \"%s\" is a new port, and new ports "
				       "need a restart",
				       new->file, ci->line, ci->name, ci->port);
		if (conf_iface_find(r->conf, ci->name))
			continue;
		if (place_check(r, new, ci, err) < 0)
			return -err->code;
		if (r->host && ci->host && name_check(r, ci->name, err) < 0) {
			err_prefix(err, "%s:%u", new->file, ci->line);
			return -err->code;
		}
	}
	return 0;
}

#define KEEP(new, old, field)                                                                      \
	do {                                                                                       \
		__typeof__((new)->field) tmp = (new)->field;                                       \
		(new)->field = (old)->field;                                                       \
		(old)->field = tmp;                                                                \
	} while (0)

// What needs a restart goes on as it was.
static void running_keep(struct config *new, struct config *old)
{
	KEEP(new, old, workers);
	KEEP(new, old, memory);
	KEEP(new, old, control);
	KEEP(new, old, port);
	KEEP(new, old, n_ports);
	new->host.enable = old->host.enable;
	new->host.default_route = old->host.default_route;
	new->host.metric = old->host.metric;
	for (unsigned i = 0; i < new->n_ifaces; i++) {
		struct conf_iface *ci = &new->iface[i];
		const struct conf_iface *was = conf_iface_find(old, ci->name);

		if (!was)
			continue;
		memcpy(ci->port, was->port, sizeof(ci->port));
		ci->vlan = was->vlan;
		ci->inner_vlan = was->inner_vlan;
		ci->table = was->table;
	}
}

static bool has_route(const struct config *conf, const struct conf_route *route)
{
	for (unsigned i = 0; i < conf->n_routes; i++)
		if (conf->route[i].table == route->table &&
		    prefix_is_equal(&conf->route[i].prefix, &route->prefix))
			return true;
	return false;
}

static void routes_remove(struct router *r, const struct config *old, const struct config *new)
{
	for (unsigned i = 0; i < old->n_routes; i++) {
		struct err none = {0};

		if (!has_route(new, &old->route[i]) &&
		    router_route_del(r, old->route[i].table, &old->route[i].prefix, &none) < 0)
			log_debug("reload: %s", none.text); // deleted by jerboactl before
	}
}

static void neighbours_apply(struct router *r, const struct config *conf, bool add)
{
	for (unsigned i = 0; i < conf->n_neighbours; i++) {
		const struct conf_neighbour *n = &conf->neighbour[i];
		const struct iface *iface = iface_find(r->ifaces, n->iface);
		int rc = 0;

		if (iface && add)
			rc = neigh_static_add(r->neigh, iface->id, &n->addr, n->mac);
		else if (iface)
			(void)neigh_static_del(r->neigh, iface->id, &n->addr);
		if (rc < 0)
			log_error("%s:%u: static neighbour: %s", conf->file, n->line,
				  strerror(-rc));
	}
}

static void ifaces_remove(struct router *r, const struct config *old, struct config *new)
{
	for (unsigned i = 0; i < old->n_ifaces; i++) {
		struct iface *iface = iface_find(r->ifaces, old->iface[i].name);

		if (conf_iface_find(new, old->iface[i].name) || !iface)
			continue;
		router_addrs_remove(r, iface);
		neigh_iface_down(r->neigh, iface->id);
		if (r->host && iface->flags & IFACE_TAP && host_iface_del(r->host, iface->id) < 0)
			log_error("%s: its TAP cannot be removed now", iface->name);
		iface_flags_set(r->ifaces, iface->id, 0, IFACE_TAP);
		iface_del(r->ifaces, iface->id);
	}
	for (unsigned p = 0; p < r->n_ports; p++)
		if (!iface_get(r->ifaces, r->port[p].iface))
			r->port[p].iface = 0;
}

static void mtu_each(struct nexthops *nhs, uint16_t id, const struct nexthop *nh, void *arg)
{
	nexthop_mtu_set(nhs, id, *(const uint16_t *)arg);
}

static void iface_change(struct router *r, struct iface *iface, const struct conf_iface *ci)
{
	bool rpf = ci->rpf != CONF_RPF_OFF;
	uint16_t mtu = (uint16_t)(ci->mtu		     ? ci->mtu
				  : iface->port == PORT_NONE ? ROUTER_LOOPBACK_MTU
							     : r->port[iface->port].mtu);
	struct err err = {0};

	iface->rpf = (uint8_t)ci->rpf;
	iface_feature_set(r->ifaces, iface->id, AT_PRE_LOOKUP4, FEATURE_IP4_RPF, rpf);
	iface_feature_set(r->ifaces, iface->id, AT_PRE_LOOKUP6, FEATURE_IP6_RPF, rpf);
	if (mtu != iface->mtu) {
		iface->mtu = mtu;
		nexthop_foreach(r->nexthops, iface->id, mtu_each, &mtu);
	}
	if (router_addrs_set(r, ci, &err) < 0)
		log_error("%s", err.text);
	if (router_host_apply(r, iface, ci->host, &err) < 0)
		log_error("%s: %s", iface->name, err.text);
}

static void ifaces_apply(struct router *r, struct config *old, const struct config *new)
{
	struct err err = {0};

	if (router_ifaces_add(r, &err) < 0)
		log_error("reload: %s", err.text);
	for (unsigned i = 0; i < new->n_ifaces; i++) {
		struct iface *iface = iface_find(r->ifaces, new->iface[i].name);

		if (iface && !conf_iface_find(old, iface->name) && iface->port != PORT_NONE &&
		    r->port[iface->port].link.is_up)
			router_iface_up(r, iface);
		if (iface)
			iface_change(r, iface, &new->iface[i]);
	}
}

static void routes_apply(struct router *r, const struct config *new)
{
	for (unsigned i = 0; i < new->n_routes; i++) {
		struct err err = {0};

		if (router_route_add(r, &new->route[i], &err) < 0)
			log_error("%s:%u: %s", new->file, new->route[i].line, err.text);
	}
}

static void neigh_apply(struct router *r)
{
	struct neigh_conf nc;

	router_neigh_conf(r, &nc);
	neigh_conf_set(r->neigh, &nc);
}

int router_reload(struct router *r, config_change_fn *fn, void *arg, struct err *err)
{
	struct changes changes = {.fn = fn, .arg = arg};
	struct config *old = r->conf;
	struct config *new = config_load(old->file, err);

	if (!new)
		return -err->code;
	if (prepare(r, new, err) < 0) {
		config_free(new);
		return -err->code;
	}
	config_diff(old, new, change_note, &changes);
	running_keep(new, old);
	r->conf = new;
	log_level_set(new->log_level);
	router_switches_set(r);
	neigh_apply(r);
	neighbours_apply(r, old, false);
	routes_remove(r, old, new);
	ifaces_remove(r, old, new);
	ifaces_apply(r, old, new);
	routes_apply(r, new);
	router_routes_reapply(r);
	neighbours_apply(r, new, true);
	config_free(old);
	log_info("reloaded %s", new->file);
	if (changes.mrt || changes.ifaces)
		return router_mrt_reload(r, new, !changes.mrt, err);
	return 0;
}
