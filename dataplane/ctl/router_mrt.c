// SPDX-License-Identifier: BSD-3-Clause
// What the loader brings goes into the tables, a little at a time, beside
// everything else the control thread does.
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/ctl/router.h"

#include <stdlib.h>
#include <string.h>

enum { CLOCK_EVERY = 64 };

void router_gateways_put(struct router *r, uint16_t nexthop[], unsigned n)
{
	for (unsigned i = 0; nexthop && i < n; i++)
		if (nexthop[i])
			nexthop_put(r->nexthops, nexthop[i]);
	free(nexthop);
}

static uint16_t gateway(struct router *r, const struct conf_mrt *conf,
			const struct conf_gateway *via)
{
	char text[ADDR_TEXT_MAX];
	int id;

	if (!via->addr.family && !via->iface[0])
		return 0;
	id = router_gateway_get(r, conf->table, via);
	if (id > 0)
		return (uint16_t)id;
	log_warn("%s: gateway %s cannot be used (%s): its routes are left out", conf->file,
		 addr_format(&via->addr, text), strerror(-id));
	return 0;
}

// The next hop of each rule, as the items of a batch name them.
uint16_t *router_gateways_get(struct router *r, const struct conf_mrt *conf)
{
	uint16_t *nexthop = calloc(conf->n_map + 2, sizeof(*nexthop));

	if (!nexthop)
		return NULL;
	for (unsigned i = 0; i < conf->n_map; i++)
		nexthop[i] = gateway(r, conf, &conf->map[i].via);
	nexthop[conf->n_map] = gateway(r, conf, &conf->default4);
	nexthop[conf->n_map + 1] = gateway(r, conf, &conf->default6);
	return nexthop;
}

static struct router_mrt *find(struct router *r, unsigned table)
{
	for (unsigned i = 0; i < r->n_mrt; i++)
		if (r->mrt[i].conf.table == table)
			return &r->mrt[i];
	return NULL;
}

static int conf_copy(struct conf_mrt *to, const struct conf_mrt *from)
{
	struct conf_mrt_map *map = calloc(from->n_map + 1, sizeof(*map));

	if (!map)
		return -ENOMEM;
	if (from->n_map)
		memcpy(map, from->map, from->n_map * sizeof(*map));
	free(to->map);
	*to = *from;
	to->map = map;
	return 0;
}

// What was asked for last is loaded when the load under way is through.
static int load_later(struct router_mrt *m, const struct conf_mrt *conf, struct err *err)
{
	if (conf_copy(&m->next, conf) < 0)
		return err_set(err, ENOMEM, "%s: no memory to load it", conf->file);
	m->has_next = true;
	return 0;
}

// (Re)loads one block; its table's next hops are those of the new rules from
// now on. Batches of an older load of the table are still applied by them, so a
// load waits until the one before is through (a reload does not).
static int load(struct router *r, const struct conf_mrt *conf, struct err *err)
{
	struct router_mrt *m = find(r, conf->table);
	uint16_t *nexthop;

	if (!m)
		m = &r->mrt[r->n_mrt];
	if (m->n_pending)
		return load_later(m, conf, err);
	if (!router_table(r, conf->table))
		return err_set(err, ENOMEM, "no memory for routing table %u", conf->table);
	nexthop = router_gateways_get(r, conf);
	if (!nexthop || conf_copy(&m->conf, conf) < 0 || loader_load(r->loader, conf) < 0) {
		router_gateways_put(r, nexthop, conf->n_map + 2);
		return err_set(err, ENOMEM, "%s: no memory to load it", conf->file);
	}
	router_gateways_put(r, m->nexthop, m->n_gateways);
	m->nexthop = nexthop;
	m->n_gateways = conf->n_map + 2;
	m->n_pending++;
	m->n_refused = 0;
	if (m == &r->mrt[r->n_mrt])
		r->n_mrt++;
	table_bulk_start(r->table[conf->table]);
	return 0;
}

int router_mrt_start(struct router *r, struct err *err)
{
	r->mrt = calloc(TABLE_MAX, sizeof(*r->mrt));
	r->loader = loader_new(err);
	r->replay = router_replay_new(r, err);
	if (!r->mrt || !r->loader || !r->replay)
		return err_set(err, ENOMEM, "no memory for the loader");
	for (unsigned i = 0; i < r->conf->n_mrt; i++)
		if (load(r, &r->conf->mrt[i], err) < 0)
			return -err->code;
	return 0;
}

void router_mrt_stop(struct router *r)
{
	if (r->batch)
		loader_put(r->loader, r->batch);
	r->batch = NULL;
	loader_free(r->loader);
	r->loader = NULL;
	router_replay_free(r->replay);
	r->replay = NULL;
	for (unsigned i = 0; i < r->n_mrt; i++) {
		router_gateways_put(r, r->mrt[i].nexthop, r->mrt[i].n_gateways);
		free(r->mrt[i].conf.map);
		free(r->mrt[i].next.map);
	}
	free(r->mrt);
	r->mrt = NULL;
	r->n_mrt = 0;
}

static const struct conf_mrt *conf_of(const struct config *conf, unsigned table)
{
	for (unsigned i = 0; i < conf->n_mrt; i++)
		if (conf->mrt[i].table == table)
			return &conf->mrt[i];
	return NULL;
}

// Do the rules of a table still lead to the same next hops?
static bool gateways_hold(struct router *r, const struct conf_mrt *conf)
{
	const struct router_mrt *m = find(r, conf->table);
	uint16_t *nexthop = router_gateways_get(r, conf);
	bool hold = m && nexthop && m->nexthop && m->n_gateways == conf->n_map + 2 &&
		    memcmp(m->nexthop, nexthop, m->n_gateways * sizeof(*nexthop)) == 0;

	router_gateways_put(r, nexthop, conf->n_map + 2);
	return hold;
}

int router_mrt_reload(struct router *r, const struct config *conf, bool is_same, struct err *err)
{
	router_replay_refresh(r->replay);
	for (unsigned i = 0; i < r->n_mrt; i++) {
		struct conf_mrt none = {.table = r->mrt[i].conf.table};
		bool has = r->mrt[i].conf.file[0] || r->mrt[i].has_next;

		if (has && !conf_of(conf, none.table) && load(r, &none, err) < 0)
			return -err->code;
	}
	for (unsigned i = 0; i < conf->n_mrt; i++) {
		if (is_same && gateways_hold(r, &conf->mrt[i]))
			continue;
		if (load(r, &conf->mrt[i], err) < 0)
			return -err->code;
	}
	return 0;
}

static void item_apply(struct router *r, struct router_mrt *m, const struct loader_item *item)
{
	struct table *table = r->table[m->conf.table];
	struct route route = {.prefix = item->prefix, .source = ROUTE_MRT};

	if (!item->is_withdrawn && item->gateway < m->n_gateways)
		route.nh = m->nexthop[item->gateway];
	if (!route.nh)
		(void)table_del(table, &item->prefix, ROUTE_MRT);
	if (!item->is_withdrawn && (!route.nh || table_add(table, &route) < 0))
		m->n_refused++;
}

static void next_load(struct router *r, struct router_mrt *m)
{
	struct err err = {0};

	if (!m->has_next || m->n_pending)
		return;
	m->has_next = false;
	if (load(r, &m->next, &err) < 0)
		log_error("%s", err.text);
}

static void done_report(struct router *r, struct router_mrt *m, const struct loader_result *res)
{
	bool has_name = strncmp(res->error, res->file, strlen(res->file)) == 0;

	m->last = *res;
	m->is_loaded = res->code == 0;
	m->n_pending--;
	if (!res->file[0])
		return;
	if (res->code) {
		log_error("%s%s%s; the table stays as it was", has_name ? "" : res->file,
			  has_name ? "" : ": ", res->error);
		return;
	}
	log_info("%s: %lu IPv4 and %lu IPv6 routes in %.2f s from %lu records (%lu withdrawn)",
		 res->file, (unsigned long)res->n_routes4, (unsigned long)res->n_routes6,
		 res->seconds, (unsigned long)res->n_records, (unsigned long)res->n_withdrawn);
	if (res->n_bad_records + res->n_bad_entries + res->n_damages)
		log_warn("%s: %lu records and %lu entries were left out; first: %s", res->file,
			 (unsigned long)(res->n_bad_records + res->n_damages),
			 (unsigned long)res->n_bad_entries, res->error);
	if (res->n_no_gateway)
		log_warn("%s: %lu routes have no gateway here (mrt.default-gateway) and were left "
			 "out",
			 res->file, (unsigned long)res->n_no_gateway);
	if (m->n_refused)
		log_warn("%s: %lu routes were refused: no memory, or their gateway is not usable",
			 res->file, (unsigned long)m->n_refused);
}

// Applies some of the current batch; true when it is finished. An eager load is
// finished when its table is built.
static bool batch_apply(struct router *r, uint64_t until_ns)
{
	struct loader_batch *batch = r->batch;
	struct router_mrt *m = find(r, batch->table);

	while (r->batch_at < batch->n) {
		item_apply(r, m, &batch->item[r->batch_at++]);
		if (r->batch_at % CLOCK_EVERY == 0 && clock_ns() >= until_ns)
			return false;
	}
	if (!batch->result.is_done)
		return true;
	table_bulk_stop(r->table[m->conf.table]);
	if (r->conf->forwarding.build == CONF_BUILD_EAGER &&
	    !table_is_built(r->table[m->conf.table]))
		return false; // table_step() goes on
	done_report(r, m, &batch->result);
	next_load(r, m);
	return true;
}

bool router_mrt_step(struct router *r, uint64_t budget_ns)
{
	uint64_t until_ns = clock_ns() + budget_ns;

	do {
		if (!r->batch) {
			r->batch = loader_take(r->loader);
			r->batch_at = 0;
		}
		if (!r->batch)
			return false;
		if (!batch_apply(r, until_ns))
			return true;
		loader_put(r->loader, r->batch);
		r->batch = NULL;
	} while (clock_ns() < until_ns);
	return true;
}
