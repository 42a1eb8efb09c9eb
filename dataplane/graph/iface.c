// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/graph/iface.h"

#include "dataplane/base/err.h"
#include "dataplane/base/mem.h"
#include "dataplane/base/rcu.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/ip6.h"

#include <stdio.h>
#include <stdlib.h>

enum { VLAN_IDS = 4096 };

struct ifaces {
	struct dp_tbl *dp;
	struct iface *iface; // [IFACE_MAX], what dp->iface points to
	unsigned max;
	unsigned last;				     // id handed out last
	uint16_t features[IFACE_MAX][GRAPH_N_HOOKS]; // bit: position enabled
};

struct addrs_rcu {
	struct rcu_head rcu;
	struct iface_addrs addrs;
};

static void addrs_free(struct rcu_head *head)
{
	free(container_of_type(head, struct addrs_rcu, rcu));
}

static struct iface_addrs *addrs_new(const struct iface_addr addr[], unsigned n)
{
	struct addrs_rcu *a = calloc(1, sizeof(*a) + n * sizeof(a->addrs.addr[0]));

	if (!a)
		return NULL;
	a->addrs.n = n;
	if (n)
		memcpy(a->addrs.addr, addr, n * sizeof(addr[0]));
	return &a->addrs;
}

struct ifaces *ifaces_new(struct dp_tbl *dp)
{
	struct ifaces *ifs = calloc(1, sizeof(*ifs));

	if (!ifs)
		return NULL;
	ifs->iface = mem_table_new(IFACE_MAX * sizeof(*ifs->iface));
	if (!ifs->iface) {
		free(ifs);
		return err_null(ENOMEM);
	}
	ifs->dp = dp;
	dp->iface = ifs->iface;
	return ifs;
}

static bool is_used(const struct ifaces *ifs, unsigned id)
{
	return id && id < IFACE_MAX && ifs->iface[id].id;
}

// A packet in a ring may name the iface for a while: it finds no address.
static void release(struct iface *iface)
{
	static const struct iface_addrs none;
	const struct iface_addrs *addrs = iface->addrs;
	void *vlan_map = (void *)iface->vlan_map;

	memset(iface, 0, sizeof(*iface));
	iface->port = PORT_NONE;
	iface->addrs = &none;
	free(container_of_type(addrs, struct addrs_rcu, addrs));
	free(vlan_map);
}

void ifaces_free(struct ifaces *ifs)
{
	if (!ifs)
		return;
	for (unsigned i = 1; i <= ifs->max; i++)
		if (is_used(ifs, i))
			release(&ifs->iface[i]);
	mem_table_free(ifs->iface, IFACE_MAX * sizeof(*ifs->iface));
	free(ifs);
}

struct iface *iface_get(struct ifaces *ifs, unsigned id)
{
	return is_used(ifs, id) ? &ifs->iface[id] : NULL;
}

struct iface *iface_find(struct ifaces *ifs, const char *name)
{
	for (unsigned i = 1; i <= ifs->max; i++)
		if (is_used(ifs, i) && strcmp(ifs->iface[i].name, name) == 0)
			return &ifs->iface[i];
	return NULL;
}

unsigned iface_max(const struct ifaces *ifs)
{
	return ifs->max;
}

// The map of VLAN ids that hangs at a port's iface or at an outer tag's iface.
static uint16_t *vlan_map_of(struct iface *iface)
{
	if (!iface->vlan_map)
		iface->vlan_map = calloc(VLAN_IDS, sizeof(uint16_t));
	return (uint16_t *)iface->vlan_map;
}

// An id rests long before it names another iface: packets and routes that still
// name the old one end at an iface that is down.
static unsigned free_id(const struct ifaces *ifs)
{
	for (unsigned i = 0; i < IFACE_MAX - 1; i++) {
		unsigned id = 1 + (ifs->last + i) % (IFACE_MAX - 1);

		if (!is_used(ifs, id))
			return id;
	}
	return 0;
}

static int slot_take(struct ifaces *ifs, const struct iface_conf *conf)
{
	unsigned id = free_id(ifs);
	struct iface *iface = &ifs->iface[id];
	struct iface_addrs *none = id ? addrs_new(NULL, 0) : NULL;

	if (!id)
		return -ENOSPC;
	if (!none)
		return -ENOMEM;
	memset(iface, 0, sizeof(*iface));
	memset(ifs->features[id], 0, sizeof(ifs->features[id]));
	snprintf(iface->name, sizeof(iface->name), "%s", conf->name);
	memcpy(iface->mac, conf->mac, sizeof(iface->mac));
	memcpy(&iface->mac48, conf->mac, sizeof(iface->mac)); // the upper two bytes stay zero
	iface->id = (uint16_t)id;
	iface->port = conf->port;
	iface->parent = conf->parent ? conf->parent : (uint16_t)id;
	iface->vlan = conf->vlan;
	iface->inner_vlan = conf->inner_vlan;
	iface->mtu = conf->mtu;
	iface->table = conf->table;
	iface->flags = conf->flags;
	iface->addrs = none;
	ifs->last = id;
	if (id > ifs->max)
		ifs->max = id;
	return (int)id;
}

// Where frames with conf's tags enter: the outer tag's own iface stands between
// a port and its QinQ sub-ports (made without a name when nobody configured it).
static int outer_get(struct ifaces *ifs, const struct iface_conf *conf)
{
	uint16_t *map = vlan_map_of(&ifs->iface[conf->parent]);
	struct iface_conf outer = *conf;
	int id;

	if (!map)
		return -ENOMEM;
	if (map[conf->vlan])
		return map[conf->vlan];
	outer.name = "";
	outer.inner_vlan = 0;
	outer.flags = 0;
	id = slot_take(ifs, &outer);
	if (id > 0)
		map[conf->vlan] = (uint16_t)id;
	return id;
}

// Sub-ports may have made the iface they hang at already: it gets its name now.
static int outer_adopt(struct ifaces *ifs, const struct iface_conf *conf, unsigned id)
{
	struct iface *iface = &ifs->iface[id];

	if (iface->name[0])
		return -EEXIST;
	snprintf(iface->name, sizeof(iface->name), "%s", conf->name);
	iface->mtu = conf->mtu;
	iface->table = conf->table;
	iface->flags = conf->flags;
	return (int)id;
}

static int sub_port_add(struct ifaces *ifs, const struct iface_conf *conf)
{
	unsigned at = conf->parent;
	unsigned vid = conf->vlan;
	uint16_t *map;
	int id;

	if (conf->inner_vlan) {
		id = outer_get(ifs, conf);
		if (id < 0)
			return id;
		at = (unsigned)id;
		vid = conf->inner_vlan;
	}
	map = vlan_map_of(&ifs->iface[at]);
	if (!map)
		return -ENOMEM;
	if (map[vid])
		return conf->inner_vlan ? -EEXIST : outer_adopt(ifs, conf, map[vid]);
	id = slot_take(ifs, conf);
	if (id > 0)
		map[vid] = (uint16_t)id;
	return id;
}

int iface_add(struct ifaces *ifs, const struct iface_conf *conf)
{
	if (conf->name[0] && iface_find(ifs, conf->name))
		return -EEXIST;
	if (conf->vlan >= VLAN_IDS || conf->inner_vlan >= VLAN_IDS)
		return -EINVAL;
	if (conf->vlan == 0)
		return is_used(ifs, conf->parent) ? outer_adopt(ifs, conf, conf->parent)
						  : slot_take(ifs, conf);
	return is_used(ifs, conf->parent) ? sub_port_add(ifs, conf) : -ENOENT;
}

static bool has_children(const struct iface *iface)
{
	for (unsigned vid = 0; iface->vlan_map && vid < VLAN_IDS; vid++)
		if (iface->vlan_map[vid])
			return true;
	return false;
}

static void map_clear(struct iface *at, unsigned id)
{
	if (at->vlan_map)
		for (unsigned vid = 0; vid < VLAN_IDS; vid++)
			if (at->vlan_map[vid] == id)
				((uint16_t *)at->vlan_map)[vid] = 0;
}

static void hook_used_update(struct ifaces *ifs, unsigned hook)
{
	bool used = false;

	for (unsigned i = 1; i <= ifs->max; i++)
		used |= ifs->features[i][hook] != 0;
	if (used)
		ifs->dp->hook_used |= 1u << hook;
	else
		ifs->dp->hook_used &= ~(1u << hook);
}

void iface_feature_set(struct ifaces *ifs, unsigned id, enum graph_hook hook, unsigned pos,
		       bool enable)
{
	uint16_t *on = &ifs->features[id][hook];
	uint8_t next = EDGE_MAIN;

	*on = (uint16_t)(enable ? *on | 1u << pos : *on & ~(1u << pos));
	for (unsigned p = HOOK_EDGES; p-- > 0;) {
		ifs->iface[id].hook_next[hook][p] = next;
		if (*on & 1u << p)
			next = (uint8_t)p;
	}
	hook_used_update(ifs, hook);
}

// Sub-ports still hang at it: it goes on without a name, as if nobody had
// configured it.
static void strip(struct ifaces *ifs, struct iface *iface)
{
	for (unsigned hook = 1; hook < GRAPH_N_HOOKS; hook++)
		for (unsigned pos = 1; pos < HOOK_EDGES; pos++)
			iface_feature_set(ifs, iface->id, hook, pos, false);
	iface->name[0] = '\0';
	iface_flags_set(ifs, iface->id, 0, UINT32_MAX);
}

static void slot_free(struct ifaces *ifs, struct iface *iface)
{
	unsigned id = iface->id;

	memset(ifs->features[id], 0, sizeof(ifs->features[id]));
	for (unsigned hook = 1; hook < GRAPH_N_HOOKS; hook++)
		hook_used_update(ifs, hook);
	for (unsigned i = 1; i <= ifs->max; i++)
		if (is_used(ifs, i))
			map_clear(&ifs->iface[i], id);
	synchronize_rcu(); // rare: once a removed iface
	release(iface);
}

void iface_del(struct ifaces *ifs, unsigned id)
{
	struct iface *iface = iface_get(ifs, id);
	unsigned vlan, parent;

	if (!iface)
		return;
	vlan = iface->inner_vlan ? iface->vlan : 0;
	parent = iface->parent;
	if (has_children(iface)) {
		strip(ifs, iface);
		return;
	}
	iface_flags_set(ifs, id, 0, IFACE_UP);
	slot_free(ifs, iface);
	iface = vlan && is_used(ifs, parent) && ifs->iface[parent].vlan_map
			? iface_get(ifs, ifs->iface[parent].vlan_map[vlan])
			: NULL;
	if (iface && !iface->name[0] && !has_children(iface))
		slot_free(ifs, iface); // nobody else's outer tag
}

void iface_flags_set(struct ifaces *ifs, unsigned id, uint32_t set, uint32_t clear)
{
	struct iface *iface = &ifs->iface[id];

	iface->flags = (iface->flags & ~clear) | set;
}

static void primaries_choose(struct iface *iface)
{
	const struct iface_addrs *addrs = iface->addrs;
	const uint8_t *global = NULL, *local = NULL, *ip4 = NULL;
	static const uint8_t none[16];

	for (unsigned i = addrs->n; i-- > 0;) {
		const struct iface_addr *a = &addrs->addr[i];

		if (a->family == 4)
			ip4 = a->bytes;
		else if (a->is_tentative)
			continue;
		else if (a->is_link_local)
			local = a->bytes;
		else
			global = a->bytes;
	}
	memcpy(iface->ip4_primary, ip4 ? ip4 : none, 4);
	memcpy(iface->ip6_link_local, local ? local : none, 16);
	memcpy(iface->ip6_primary, global ? global : local ? local : none, 16);
}

int iface_addrs_set(struct ifaces *ifs, unsigned id, const struct iface_addr addr[], unsigned n)
{
	struct iface *iface = &ifs->iface[id];
	const struct iface_addrs *old = iface->addrs;
	struct iface_addrs *new = addrs_new(addr, n);

	if (!new)
		return -ENOMEM;
	__atomic_store_n(&iface->addrs, new, __ATOMIC_RELEASE);
	primaries_choose(iface);
	call_rcu(&container_of_type(old, struct addrs_rcu, addrs)->rcu, addrs_free);
	return 0;
}
