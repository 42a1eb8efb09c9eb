// SPDX-License-Identifier: BSD-3-Clause
// Linux's default routes: over one TAP to jerboa itself, whose table decides.
#include "dataplane/base/log.h"
#include "dataplane/ctl/host_priv.h"

#include <string.h>

// An address that programs of this machine may speak from, NULL if none.
static const struct iface_addr *source_of(const struct host_iface *iface, unsigned family)
{
	for (unsigned i = 0; i < iface->n_addr; i++) {
		const struct iface_addr *a = &iface->addr[i];

		if (a->family == family && !a->is_tentative && !a->is_link_local)
			return a;
	}
	return NULL;
}

// A loopback is always up and its address is the router's own; the others in
// the order of their ids. Only table 0 is Linux's.
static unsigned rank(const struct host_iface *iface)
{
	if (iface->table != 0 || !iface->is_up)
		return 0;
	return iface->is_loopback ? 2 : 1;
}

static const struct host_tap *best(const struct host *host, unsigned family, bool needs_source)
{
	const struct host_tap *found = NULL;
	unsigned found_rank = 0;

	for (unsigned id = 0; id < IFACE_MAX; id++) {
		const struct host_tap *tap = host->tap[id];

		if (!tap || (needs_source && !source_of(&tap->iface, family)))
			continue;
		if (rank(&tap->iface) > found_rank) {
			found = tap;
			found_rank = rank(&tap->iface);
		}
	}
	return found;
}

static void choose(const struct host *host, unsigned family, struct host_gateway *gw)
{
	const struct host_tap *from = best(host, family, true);
	const struct host_tap *by = best(host, family, false);
	const struct iface_addr *source;

	memset(gw, 0, sizeof(*gw));
	gw->family = family;
	if (!from || !by || (family == 6 && by->iface.mtu < 1280))
		return;
	source = source_of(&from->iface, family);
	gw->ifindex = by->ifindex;
	gw->metric = host->conf.metric;
	memcpy(gw->mac, by->iface.mac, sizeof(gw->mac));
	memcpy(gw->source, source->bytes, sizeof(gw->source));
}

// Installed again after each change: Linux drops routes of its own accord when
// their source address goes.
static void apply(struct host *host, struct host_gateway *now, unsigned family)
{
	struct host_gateway next;
	int rc = 0;

	choose(host, family, &next);
	if (now->ifindex && now->ifindex != next.ifindex)
		(void)!host_netlink_default(host->nl, now, false);
	if (next.ifindex)
		rc = host_netlink_default(host->nl, &next, true);
	if (rc < 0)
		log_warn("host: no IPv%u default route for programs of this machine: %s", family,
			 strerror(-rc));
	*now = next;
}

void host_route_update(struct host *host)
{
	if (!host->conf.default_route)
		return;
	apply(host, &host->gw4, 4);
	apply(host, &host->gw6, 6);
}
