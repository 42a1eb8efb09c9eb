// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/router_replay.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/intern.h"
#include "dataplane/base/log.h"
#include "dataplane/ctl/router.h"

#include <stdlib.h>
#include <string.h>

// Changes between two looks at the clock: each may rebuild a slot, 20 us.
enum { CHUNK = 32, PAGE = 64 };

struct router_replay {
	struct router *router;
	struct replay *replay;
	struct replay_conf conf; // its map is ours
	uint16_t *nexthop;	 // [n_gateways], references; 0: cannot be reached
	unsigned n_gateways;
	struct replay_peer peer[REPLAY_PEERS_MAX + 1];
	unsigned n_peers;
	struct replay_batch *batch; // being applied
	unsigned batch_at;
	bool is_known, is_running, is_bulk, has_routes;
	bool drops; // what still comes is not wanted
	bool is_withdrawing;
	struct prefix withdrawn; // the last of them; family 0: from the start
	uint32_t down;		 // peer whose routes are going; 0: none
	struct table_cursor down_at;
	uint64_t n_refused;
	struct replay_result last;
};

struct router_replay *router_replay_new(struct router *r, struct err *err)
{
	struct router_replay *rr = calloc(1, sizeof(*rr));

	if (!rr) {
		err_set(err, ENOMEM, "no memory for the replay");
		return err_null(ENOMEM);
	}
	rr->router = r;
	rr->replay = replay_new(err);
	if (!rr->replay) {
		free(rr);
		return err_null(err->code);
	}
	return rr;
}

void router_replay_free(struct router_replay *rr)
{
	if (!rr)
		return;
	if (rr->batch)
		replay_put(rr->replay, rr->batch);
	replay_free(rr->replay);
	router_gateways_put(rr->router, rr->nexthop, rr->n_gateways);
	free(rr->conf.mrt.map);
	free(rr);
}

static struct table *table_of(const struct router_replay *rr)
{
	return rr->router->table[rr->conf.mrt.table];
}

static int conf_take(struct router_replay *rr, const struct replay_conf *conf)
{
	size_t size = conf->mrt.n_map * sizeof(*conf->mrt.map);
	uint16_t *nexthop = router_gateways_get(rr->router, &conf->mrt);
	struct conf_mrt_map *map = malloc(size ? size : 1);

	if (!nexthop || !map) {
		router_gateways_put(rr->router, nexthop, conf->mrt.n_map + 2);
		free(map);
		return -ENOMEM;
	}
	if (size)
		memcpy(map, conf->mrt.map, size);
	router_gateways_put(rr->router, rr->nexthop, rr->n_gateways);
	free(rr->conf.mrt.map);
	rr->conf = *conf;
	rr->conf.mrt.map = map;
	rr->nexthop = nexthop;
	rr->n_gateways = conf->mrt.n_map + 2;
	return 0;
}

static int start_check(const struct router_replay *rr, const struct replay_conf *conf,
		       struct err *err)
{
	if (rr->is_running)
		return err_set(err, EBUSY, "%s is being replayed: end it with mrt stop",
			       rr->conf.file[0]);
	if (rr->is_withdrawing)
		return err_set(err, EBUSY,
			       "the routes of the replay before are being withdrawn: "
			       "try again in a moment");
	if (rr->is_known && rr->conf.mrt.table != conf->mrt.table && rr->has_routes)
		return err_set(err, EBUSY,
			       "routes replayed into table %u are still there: "
			       "withdraw them with mrt stop",
			       rr->conf.mrt.table);
	return 0;
}

int router_replay_start(struct router_replay *rr, const struct replay_conf *conf, struct err *err)
{
	int rc = start_check(rr, conf, err);

	if (rc < 0)
		return rc;
	if (!router_table(rr->router, conf->mrt.table) || conf_take(rr, conf) < 0 ||
	    replay_start(rr->replay, &rr->conf) < 0)
		return err_set(err, ENOMEM, "no memory for a replay");
	rr->is_known = rr->is_running = rr->has_routes = true;
	rr->drops = false;
	rr->n_refused = 0;
	rr->last = (struct replay_result){.is_done = false};
	rr->is_bulk = conf->speed <= 0;
	if (rr->is_bulk)
		table_bulk_start(table_of(rr));
	return 0;
}

int router_replay_stop(struct router_replay *rr, bool keep, struct err *err)
{
	if (!rr->is_known)
		return err_set(err, ENOENT, "nothing was replayed");
	if (rr->is_running) {
		rr->drops = true;
		replay_stop(rr->replay);
	}
	if (!keep && !rr->is_withdrawing) {
		rr->is_withdrawing = true;
		rr->withdrawn = (struct prefix){.family = 0};
	}
	return 0;
}

void router_replay_refresh(struct router_replay *rr)
{
	uint16_t *nexthop;

	if (!rr->is_known)
		return;
	nexthop = router_gateways_get(rr->router, &rr->conf.mrt);
	if (!nexthop)
		return;
	router_gateways_put(rr->router, rr->nexthop, rr->n_gateways);
	rr->nexthop = nexthop;
}

static void path_withdraw(struct router_replay *rr, const struct route *route)
{
	(void)table_withdraw(table_of(rr), route); // -ENOENT: withdrawn twice, or never there
}

static void path_add(struct router_replay *rr, struct route *route, const struct replay_item *item)
{
	struct intern *attrs = rr->router->attrs;
	int rc = -ENETUNREACH;

	if (item->gateway < rr->n_gateways)
		route->nh = rr->nexthop[item->gateway];
	if (route->nh)
		rc = intern_get(attrs, &item->key, sizeof(item->key), &route->attrs);
	if (rc == 0) {
		rc = table_add(table_of(rr), route);
		intern_put(attrs, route->attrs);
	}
	if (rc < 0) {
		rr->n_refused++;
		path_withdraw(rr, route);
	}
}

static void item_apply(struct router_replay *rr, const struct replay_item *item)
{
	struct route route = {.source = ROUTE_MRT, .peer = item->peer, .path_id = item->path_id};

	switch (item->kind) {
	case REPLAY_ADD:
		route.prefix = item->prefix;
		path_add(rr, &route, item);
		break;
	case REPLAY_WITHDRAW:
		route.prefix = item->prefix;
		path_withdraw(rr, &route);
		break;
	case REPLAY_PEER:
		rr->peer[item->peer] = item->who;
		if (item->peer > rr->n_peers)
			rr->n_peers = item->peer;
		break;
	case REPLAY_DOWN:
		rr->down = item->peer;
		rr->down_at = (struct table_cursor){.is_begun = false};
		break;
	}
}

static void done_report(struct router_replay *rr, const struct replay_result *res)
{
	rr->last = *res;
	rr->is_running = false;
	if (rr->is_bulk)
		table_bulk_stop(table_of(rr));
	rr->is_bulk = false;
	if (res->code) {
		log_error("replay: %s", res->error);
		return;
	}
	log_info("replay of %s %s: %lu records in %.1f s, %lu routes announced, %lu withdrawn",
		 rr->conf.file[0], res->is_stopped ? "stopped" : "is through",
		 (unsigned long)res->n_records, res->seconds, (unsigned long)res->n_announced,
		 (unsigned long)res->n_withdrawn);
	if (res->n_bad)
		log_warn("replay: %lu records or messages were in error; first: %s",
			 (unsigned long)res->n_bad, res->error);
	if (res->n_no_gateway + rr->n_refused)
		log_warn("replay: %lu routes have no gateway here, %lu were refused",
			 (unsigned long)res->n_no_gateway, (unsigned long)rr->n_refused);
}

// Some changes at once; false: the batch is finished.
static bool chunk_apply(struct router_replay *rr)
{
	struct replay_batch *batch = rr->batch;
	unsigned n = 0;

	if (!rr->is_bulk)
		table_burst_start(table_of(rr));
	while (rr->batch_at < batch->n && n++ < CHUNK && !rr->down)
		item_apply(rr, &batch->item[rr->batch_at++]);
	if (!rr->is_bulk)
		table_burst_stop(table_of(rr));
	return rr->batch_at < batch->n;
}

static void batch_end(struct router_replay *rr)
{
	if (rr->batch->result.is_done)
		done_report(rr, &rr->batch->result);
	replay_put(rr->replay, rr->batch);
	rr->batch = NULL;
}

static void down_step(struct router_replay *rr)
{
	if (!table_flush_peer(table_of(rr), ROUTE_MRT, rr->down, &rr->down_at, CHUNK))
		rr->down = 0;
}

static void prefix_clear(struct router_replay *rr, const struct prefix *prefix)
{
	static struct route path[TABLE_PATHS_MAX];
	unsigned n = table_paths(table_of(rr), prefix, path, TABLE_PATHS_MAX);

	for (unsigned i = 0; i < n; i++)
		if (path[i].source == ROUTE_MRT && path[i].peer)
			path_withdraw(rr, &path[i]);
}

static void withdraw_step(struct router_replay *rr)
{
	const struct prefix *from = rr->withdrawn.family ? &rr->withdrawn : NULL;
	struct table *table = table_of(rr);
	struct route page[PAGE];
	size_t n = table_walk(table, from, page, PAGE);

	if (!from)
		table_bulk_start(table);
	for (size_t i = 0; i < n; i++)
		prefix_clear(rr, &page[i].prefix);
	if (n)
		rr->withdrawn = page[n - 1].prefix;
	rr->is_withdrawing = rr->has_routes = n == PAGE;
	if (!rr->is_withdrawing)
		table_bulk_stop(table);
}

// One small step; false: nothing to do.
static bool step(struct router_replay *rr)
{
	if (rr->down) {
		down_step(rr);
		return true;
	}
	if (!rr->batch) {
		rr->batch = replay_take(rr->replay);
		rr->batch_at = 0;
	}
	if (rr->batch) {
		if (rr->drops)
			rr->batch_at = rr->batch->n;
		if (!chunk_apply(rr) && !rr->down)
			batch_end(rr);
		return true;
	}
	if (!rr->is_withdrawing || rr->is_running)
		return false;
	withdraw_step(rr);
	return true;
}

bool router_replay_step(struct router_replay *rr, uint64_t budget_ns)
{
	uint64_t until_ns = clock_ns() + budget_ns;

	while (step(rr))
		if (clock_ns() >= until_ns)
			return true;
	return false;
}

bool router_replay_state_get(struct router_replay *rr, struct router_replay_state *state)
{
	if (!rr->is_known)
		return false;
	*state = (struct router_replay_state){
		.name = rr->is_running && !rr->drops	       ? "playing"
			: rr->is_running || rr->is_withdrawing ? "withdrawing"
			: rr->last.code			       ? "failed"
			: rr->last.is_stopped		       ? "stopped"
							       : "done",
		.conf = &rr->conf,
		.last = rr->last,
		.n_refused = rr->n_refused,
		.n_peers = rr->n_peers,
	};
	replay_progress_get(rr->replay, &state->progress);
	return true;
}

static void candidate_make(const struct router_replay *rr, const struct route *path,
			   struct bgp_route *route)
{
	size_t len = 0;
	const struct replay_key *key = intern_bytes(rr->router->attrs, path->attrs, &len);
	const struct replay_peer *peer = &rr->peer[path->peer <= REPLAY_PEERS_MAX ? path->peer : 0];

	*route = (struct bgp_route){.peer = peer->addr,
				    .peer_as = peer->asn,
				    .peer_id = peer->id,
				    .peer_index = (uint16_t)path->peer,
				    .path_id = path->path_id};
	if (!key || len != sizeof(*key))
		return;
	route->path.local_pref = key->local_pref;
	route->path.med = key->med;
	route->path.first_as = key->neighbour_as;
	route->path.n_hops = key->n_hops;
	route->path.origin = (uint8_t)key->origin;
}

// Of the lowest source; of MRT, paths of a replay before that of the loader.
static bool is_before(const struct route *a, const struct route *b)
{
	if (a->source != b->source)
		return a->source < b->source;
	if ((a->attrs != 0) != (b->attrs != 0))
		return a->attrs != 0;
	return a->attrs == 0 && a->pref < b->pref;
}

unsigned router_replay_best(void *arg, const struct route path[], unsigned n)
{
	static struct bgp_route route[TABLE_PATHS_MAX];
	const struct router *r = arg;
	const struct router_replay *rr = r->replay;
	const struct bgp_route *won;
	unsigned best = 0, n_routes = 0;

	for (unsigned i = 1; i < n; i++)
		if (is_before(&path[i], &path[best]))
			best = i;
	if (!path[best].attrs || !rr)
		return best;
	for (unsigned i = 0; i < n && n_routes < TABLE_PATHS_MAX; i++)
		if (path[i].attrs && path[i].source == path[best].source)
			candidate_make(rr, &path[i], &route[n_routes++]);
	won = &route[bgp_best(route, n_routes)];
	for (unsigned i = 0; i < n; i++)
		if (path[i].attrs && path[i].source == path[best].source &&
		    path[i].peer == won->peer_index && path[i].path_id == won->path_id)
			return i;
	return best;
}
