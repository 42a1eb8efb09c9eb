// SPDX-License-Identifier: BSD-3-Clause
// Rules between keys: what one key says must fit what others say.
#include "dataplane/ctl/config_check.h"

#include "dataplane/ctl/config_parse.h"
#include "dataplane/ctl/config_schema.h"
#include "dataplane/route/simd.h"

#include <stdlib.h>
#include <string.h>

enum { MTU_MIN_IP6 = 1280 }; // RFC 8200 §5

static int twins_order(const void *a, const void *b, void *arg)
{
	const struct conf_twins *twins = arg;
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	int order = twins->order(x, y);

	return order ? order : (x > y) - (x < y);
}

void conf_check_twins(struct conf_ctx *ctx, const void *list, unsigned n, struct conf_twins twins)
{
	const char **entry = calloc(n + 1, sizeof(*entry));

	if (!entry) {
		conf_fail(ctx, list, "no memory to check it");
		return;
	}
	for (unsigned i = 0; i < n; i++)
		entry[i] = (const char *)list + i * twins.size;
	qsort_r(entry, n, sizeof(*entry), twins_order, &twins);
	for (unsigned i = 1; i < n; i++)
		if (twins.order(entry[i - 1], entry[i]) == 0)
			conf_fail(ctx, entry[i] + twins.field, "found the same %s as on line %u",
				  twins.what, conf_line(ctx, entry[i - 1] + twins.field));
	free(entry);
}

const struct conf_iface *conf_iface_find(const struct config *conf, const char *name)
{
	for (unsigned i = 0; i < conf->n_ifaces; i++)
		if (strcmp(conf->iface[i].name, name) == 0)
			return &conf->iface[i];
	return NULL;
}

static const struct conf_port *port_find(const struct config *conf, const char *name)
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (strcmp(conf->port[i].name, name) == 0)
			return &conf->port[i];
	return NULL;
}

bool conf_is_link_local(const struct addr *addr)
{
	return addr->family == 6 && addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80;
}

// An address that one station can have (RFC 1122 §3.2.1.3, RFC 4291 §2.5.2).
bool conf_is_station(const struct addr *addr)
{
	static const uint8_t zero[16];

	if (addr->family == 4)
		return addr->bytes[0] != 0 && addr->bytes[0] != 127 && addr->bytes[0] < 224;
	return addr->bytes[0] != 0xff && memcmp(addr->bytes, zero, 15) != 0;
}

static void check_workers(struct conf_ctx *ctx, struct conf_workers *workers)
{
	unsigned n = workers->n_cores;

	if (workers->count == 0)
		workers->count = n ? n : 1;
	if (n && n != workers->count)
		conf_fail(ctx, workers->core,
			  "found %u for %u workers, allowed is one a worker, or no cores at all", n,
			  workers->count);
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < i && workers->core[i] >= 0; j++)
			if (workers->core[i] == workers->core[j])
				conf_fail(ctx, &workers->core[i],
					  "found core %d twice, allowed is a core for each worker",
					  workers->core[i]);
	for (unsigned i = n; i < ARRAY_LEN(workers->core); i++)
		workers->core[i] = -1;
}

static int port_name_order(const void *a, const void *b)
{
	return strcmp(((const struct conf_port *)a)->name, ((const struct conf_port *)b)->name);
}

static int port_device_order(const void *a, const void *b)
{
	return strcmp(((const struct conf_port *)a)->device, ((const struct conf_port *)b)->device);
}

static void check_ports(struct conf_ctx *ctx, const struct config *conf)
{
	conf_check_twins(ctx, conf->port, conf->n_ports,
			 (struct conf_twins){sizeof(struct conf_port),
					     offsetof(struct conf_port, name), port_name_order,
					     "name"});
	conf_check_twins(ctx, conf->port, conf->n_ports,
			 (struct conf_twins){sizeof(struct conf_port),
					     offsetof(struct conf_port, device), port_device_order,
					     "device"});
}

static int iface_name_order(const void *a, const void *b)
{
	return strcmp(((const struct conf_iface *)a)->name, ((const struct conf_iface *)b)->name);
}

// Loopbacks, which have no port, share nothing.
static int iface_vlan_order(const void *a, const void *b)
{
	const struct conf_iface *x = a, *y = b;
	int order = strcmp(x->port, y->port);

	if (order)
		return order;
	if (!x->port[0])
		return (x > y) - (x < y);
	if (x->vlan != y->vlan)
		return x->vlan < y->vlan ? -1 : 1;
	return (x->inner_vlan > y->inner_vlan) - (x->inner_vlan < y->inner_vlan);
}

static void fail_no_port(struct conf_ctx *ctx, const struct config *conf, const char *name)
{
	char names[160] = "";
	size_t at = 0;

	for (unsigned i = 0; i < conf->n_ports; i++)
		at = text_append(names, sizeof(names), at, "%s%s", i ? ", " : " (",
				 conf->port[i].name);
	conf_fail(ctx, name, "found \"%s\", allowed is the name of a port%s%s", name, names,
		  at == 0	       ? "; there is none"
		  : at < sizeof(names) ? ")"
				       : "...)");
}

static bool has_ip6(const struct conf_iface *iface)
{
	for (unsigned i = 0; i < iface->n_addr; i++)
		if (iface->addr[i].addr.family == 6)
			return true;
	return false;
}

static void check_mtu(struct conf_ctx *ctx, const struct conf_iface *iface,
		      const struct conf_port *port)
{
	unsigned mtu = iface->mtu ? iface->mtu : port ? port->mtu : 0;
	const void *where = iface->mtu ? (const void *)&iface->mtu : (const void *)iface->name;

	if (port && mtu > port->mtu)
		conf_fail(ctx, where, "found %u, allowed are at most the %u of port %s", mtu,
			  port->mtu, port->name);
	if (mtu && mtu < MTU_MIN_IP6 && has_ip6(iface))
		conf_fail(ctx, where, "found mtu %u, allowed with IPv6 addresses is %d or more",
			  mtu, MTU_MIN_IP6);
}

static void check_iface_place(struct conf_ctx *ctx, const struct config *conf,
			      const struct conf_iface *iface)
{
	const struct conf_port *port = iface->port[0] ? port_find(conf, iface->port) : NULL;

	if (iface->port[0] && !port)
		fail_no_port(ctx, conf, iface->port);
	if (!iface->port[0] && iface->vlan)
		conf_fail(ctx, &iface->vlan, "found %u, allowed only with a port", iface->vlan);
	if (iface->inner_vlan && !iface->vlan)
		conf_fail(ctx, &iface->inner_vlan,
			  "found %u, allowed only with vlan, the outer tag", iface->inner_vlan);
	check_mtu(ctx, iface, port);
}

// The network and broadcast addresses of a network belong to nobody
// (RFC 1812 §4.2.2.11); networks of 31 and 32 bits have none (RFC 3021 §2.1).
static bool is_network_or_broadcast(const struct conf_addr *addr)
{
	unsigned host_bits = 32u - addr->net.len;
	uint32_t host = 0, mask;

	if (addr->addr.family != 4 || addr->net.len >= 31)
		return false;
	mask = host_bits == 32 ? UINT32_MAX : (1u << host_bits) - 1;
	for (unsigned i = 0; i < 4; i++)
		host = host << 8 | addr->addr.bytes[i];
	return (host & mask) == 0 || (host & mask) == mask;
}

static void check_iface_addrs(struct conf_ctx *ctx, const struct conf_iface *iface)
{
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < iface->n_addr; i++) {
		const struct conf_addr *addr = &iface->addr[i];

		addr_format(&addr->addr, text);
		if (!conf_is_station(&addr->addr))
			conf_fail(ctx, addr, "found %s, allowed is an address that a host can have",
				  text);
		else if (is_network_or_broadcast(addr))
			conf_fail(ctx, addr,
				  "found the network or broadcast address of a /%u, allowed is an "
				  "address between them",
				  addr->net.len);
	}
}

// An address of the router and where it is.
struct place {
	const struct conf_iface *iface;
	const struct conf_addr *addr;
};

// In the order of the file, where nothing else decides.
static int place_file_order(const struct place *x, const struct place *y)
{
	if (x->addr->line != y->addr->line)
		return x->addr->line < y->addr->line ? -1 : 1;
	if (x->iface != y->iface)
		return x->iface < y->iface ? -1 : 1;
	return (x->addr > y->addr) - (x->addr < y->addr);
}

static int place_table_order(const struct place *x, const struct place *y)
{
	return (x->iface->table > y->iface->table) - (x->iface->table < y->iface->table);
}

static int place_addr_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = place_table_order(x, y);

	if (order == 0)
		order = memcmp(&x->addr->addr, &y->addr->addr, sizeof(struct addr));
	return order ? order : place_file_order(x, y);
}

static int place_net_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = place_table_order(x, y);

	if (order == 0)
		order = memcmp(&x->addr->net, &y->addr->net, sizeof(struct prefix));
	return order ? order : place_file_order(x, y);
}

// Neighbours of both orders: one address twice in a table, or one network on
// two ifaces of a table. (A network inside a larger one is routing as usual.)
static void check_places(struct conf_ctx *ctx, struct place *place, unsigned n)
{
	char text[PREFIX_TEXT_MAX];

	qsort(place, n, sizeof(*place), place_addr_order);
	for (unsigned i = 1; i < n; i++)
		if (place_table_order(&place[i - 1], &place[i]) == 0 &&
		    addr_is_equal(&place[i - 1].addr->addr, &place[i].addr->addr))
			conf_fail(ctx, place[i].addr, "found %s, which iface %s has (line %u)",
				  addr_format(&place[i].addr->addr, text), place[i - 1].iface->name,
				  place[i - 1].addr->line);
	qsort(place, n, sizeof(*place), place_net_order);
	for (unsigned i = 1; i < n; i++)
		if (place_table_order(&place[i - 1], &place[i]) == 0 &&
		    place[i - 1].iface != place[i].iface &&
		    prefix_is_equal(&place[i - 1].addr->net, &place[i].addr->net) &&
		    !addr_is_equal(&place[i - 1].addr->addr, &place[i].addr->addr))
			conf_fail(
				ctx, place[i].addr,
				"found network %s, which iface %s has in the same table (line %u)",
				prefix_format(&place[i].addr->net, text), place[i - 1].iface->name,
				place[i - 1].addr->line);
}

// Link-local addresses are of their iface alone.
static void check_addresses(struct conf_ctx *ctx, const struct config *conf)
{
	struct place *place;
	unsigned n = 0;

	for (unsigned i = 0; i < conf->n_ifaces; i++)
		n += conf->iface[i].n_addr;
	place = calloc(n + 1, sizeof(*place));
	if (!place) {
		conf_fail(ctx, conf->iface, "no memory to check it");
		return;
	}
	n = 0;
	for (unsigned i = 0; i < conf->n_ifaces; i++)
		for (unsigned j = 0; j < conf->iface[i].n_addr; j++)
			if (!conf_is_link_local(&conf->iface[i].addr[j].addr))
				place[n++] =
					(struct place){&conf->iface[i], &conf->iface[i].addr[j]};
	check_places(ctx, place, n);
	free(place);
}

static void check_ifaces(struct conf_ctx *ctx, const struct config *conf)
{
	const size_t size = sizeof(struct conf_iface);

	conf_check_twins(ctx, conf->iface, conf->n_ifaces,
			 (struct conf_twins){size, offsetof(struct conf_iface, name),
					     iface_name_order, "name"});
	conf_check_twins(ctx, conf->iface, conf->n_ifaces,
			 (struct conf_twins){size, offsetof(struct conf_iface, port),
					     iface_vlan_order, "port and vlan"});
	for (unsigned i = 0; i < conf->n_ifaces; i++) {
		check_iface_place(ctx, conf, &conf->iface[i]);
		check_iface_addrs(ctx, &conf->iface[i]);
	}
	check_addresses(ctx, conf);
}

static void check_forwarding(struct conf_ctx *ctx, const struct conf_forwarding *forwarding)
{
	if (forwarding->engine > (int)simd_best())
		conf_fail(ctx, &forwarding->engine,
			  "found %s, but this machine has no more than %s: allowed is auto",
			  simd_name((enum simd)forwarding->engine), simd_name(simd_best()));
}

void config_check(struct conf_ctx *ctx, struct config *conf)
{
	check_workers(ctx, &conf->workers);
	check_ports(ctx, conf);
	check_ifaces(ctx, conf);
	config_check_neighbours(ctx, conf);
	config_check_routes(ctx, conf);
	check_forwarding(ctx, &conf->forwarding);
}
