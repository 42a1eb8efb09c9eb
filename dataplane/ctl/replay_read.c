// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/replay_read.h"

#include "dataplane/bgp/msg.h"
#include "dataplane/bgp/update.h"
#include "dataplane/ctl/mrt_gateway.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH = 2 * REPLAY_PEERS_MAX, STATE_ESTABLISHED = 6 };
static_assert((HASH & (HASH - 1)) == 0, "a power of two");
static_assert(sizeof(struct replay_key) == 16, "no padding: compared as bytes");

struct replay_reader {
	struct replay_peer peer[REPLAY_PEERS_MAX + 1]; // by number, from 1
	unsigned n_peers;
	uint16_t hash[HASH]; // number of a peer; 0: free

	const struct conf_mrt *conf;
	uint16_t *row; // of the latest peer table: number, 0: one too many
	unsigned n_rows;

	// Of the record at hand.
	const struct mrt_file_record *rec;
	replay_item_fn *fn;
	void *arg;
	struct replay_result *result;
	bool goes_on;
};

struct replay_reader *replay_reader_new(void)
{
	return calloc(1, sizeof(struct replay_reader));
}

void replay_reader_free(struct replay_reader *r)
{
	if (!r)
		return;
	free(r->row);
	free(r);
}

void replay_reader_start(struct replay_reader *r, const struct conf_mrt *conf)
{
	r->conf = conf;
	r->n_rows = 0;
}

bool replay_is_timed(const struct mrt_hdr *hdr)
{
	enum mrt_kind kind = mrt_hdr_kind(hdr);

	return kind == MRT_KIND_MESSAGE || kind == MRT_KIND_STATE;
}

static void give(struct replay_reader *r, const struct replay_item *item)
{
	r->goes_on = r->goes_on && r->fn(r->arg, item);
}

static void note(struct replay_reader *r, const struct fault *fault)
{
	struct replay_result *res = r->result;

	res->n_bad++;
	if (!res->error[0])
		snprintf(res->error, sizeof(res->error), "record %lu at offset %lu, byte %u: %s",
			 (unsigned long)r->rec->number, (unsigned long)r->rec->offset, fault->at,
			 fault_text(fault->code));
}

static unsigned hash_of(const struct bgp_addr *addr, uint32_t asn)
{
	uint64_t h = asn;

	for (unsigned i = 0; i < sizeof(addr->bytes); i++)
		h = (h ^ addr->bytes[i]) * 0x100000001b3ull;
	return (unsigned)(h >> 20) % HASH;
}

// Number of a peer, announced to control when it is new; 0: there are too many.
static unsigned peer_number(struct replay_reader *r, const struct bgp_addr *addr, uint32_t asn,
			    uint32_t id)
{
	struct replay_item item = {.kind = REPLAY_PEER};
	unsigned at = hash_of(addr, asn);
	struct replay_peer *peer;
	unsigned number;

	for (; (number = r->hash[at]); at = (at + 1) % HASH) {
		peer = &r->peer[number];
		if (peer->asn == asn && peer->addr.family == addr->family &&
		    memcmp(peer->addr.bytes, addr->bytes, sizeof(addr->bytes)) == 0)
			break;
	}
	if (!number && r->n_peers == REPLAY_PEERS_MAX)
		return 0;
	if (!number)
		number = ++r->n_peers;
	r->hash[at] = (uint16_t)number;
	peer = &r->peer[number];
	if (peer->is_known && (!id || peer->id == id))
		return number;
	*peer = (struct replay_peer){.addr = *addr, .asn = asn, .id = id, .is_known = true};
	item.peer = number;
	item.who = *peer;
	give(r, &item);
	return number;
}

static bool peer_is_wanted(const struct replay_reader *r, unsigned number)
{
	const struct replay_peer *peer = &r->peer[number];
	const struct conf_mrt *conf = r->conf;

	if (!number)
		return false;
	if (conf->view == CONF_MRT_PEER_ASN)
		return peer->asn == conf->peer_asn;
	if (conf->view == CONF_MRT_PEER_ADDR)
		return peer->addr.family == conf->peer_addr.family &&
		       memcmp(peer->addr.bytes, conf->peer_addr.bytes, sizeof(peer->addr.bytes)) ==
			       0;
	return true;
}

static bool peers_take(struct replay_reader *r, struct mrt_peers *peers)
{
	uint16_t *row = realloc(r->row, (peers->n_peers + 1u) * sizeof(*row));
	struct mrt_peer peer;

	if (!row)
		return false;
	r->row = row;
	r->n_rows = 0;
	while (mrt_peers_next(peers, &peer))
		r->row[r->n_rows++] = (uint16_t)peer_number(r, &peer.addr, peer.asn, peer.id);
	return true;
}

static void item_init(struct replay_item *item, enum replay_kind kind, unsigned peer,
		      const struct bgp_prefix *prefix, uint32_t path_id)
{
	memset(item, 0, sizeof(*item));
	item->kind = (uint8_t)kind;
	item->peer = peer;
	item->path_id = path_id;
	item->prefix.family = prefix->family;
	item->prefix.len = prefix->len;
	memcpy(item->prefix.bytes, prefix->bytes, sizeof(item->prefix.bytes));
}

static void withdraw(struct replay_reader *r, unsigned peer, const struct bgp_prefix *prefix,
		     uint32_t path_id)
{
	struct replay_item item;

	item_init(&item, REPLAY_WITHDRAW, peer, prefix, path_id);
	r->result->n_withdrawn++;
	give(r, &item);
}

// A route without a gateway replaces the peer's older one: it goes.
static void announce(struct replay_reader *r, unsigned peer, const struct bgp_prefix *prefix,
		     uint32_t path_id, const struct bgp_path *path)
{
	uint32_t asn = r->peer[peer].asn;
	int gateway = mrt_gateway(r->conf, prefix->family, &path->nexthop, asn);
	struct replay_item item;

	if (gateway < 0) {
		r->result->n_no_gateway++;
		withdraw(r, peer, prefix, path_id);
		return;
	}
	item_init(&item, REPLAY_ADD, peer, prefix, path_id);
	item.gateway = (uint16_t)gateway;
	item.key = (struct replay_key){
		.local_pref = path->local_pref,
		.med = path->med,
		.neighbour_as = path->first_as ? path->first_as : asn,
		.n_hops = path->n_hops,
		.origin = path->origin,
	};
	r->result->n_announced++;
	give(r, &item);
}

static bool is_unicast(uint16_t afi, uint8_t safi)
{
	return (afi == MRT_AFI_IP4 || afi == MRT_AFI_IP6) && safi == MRT_SAFI_UNICAST;
}

static void table_route(struct replay_reader *r, const struct mrt_route *route)
{
	struct bgp_attr_style style = {.family = route->prefix.family, .as_bytes = route->as_bytes};
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_path path;
	unsigned peer = 0;

	if (!route->prefix.family || !is_unicast(route->afi, route->safi))
		return;
	if (!route->has_index)
		peer = peer_number(r, &route->peer, route->peer_as, 0);
	else if (route->peer_index < r->n_rows)
		peer = r->row[route->peer_index];
	else
		fault_set(&fault, r->n_rows ? FAULT_PEER_INDEX : FAULT_PEERS_MISSING, 0);
	if (peer_is_wanted(r, peer) &&
	    bgp_path_decode(route->attrs, route->attrs_len, style, &path, &fault) == 0) {
		if (route->nexthop.family)
			path.nexthop = route->nexthop;
		announce(r, peer, &route->prefix, route->path_id, &path);
	}
	if (fault.code)
		note(r, &fault);
}

// What the attributes of an UPDATE say of its NLRI, and of what is in MP_REACH_NLRI.
struct update_path {
	bool is_read, is_bad;
	struct bgp_path path;
};

static const struct update_path *path_get(struct replay_reader *r, struct update_path paths[2],
					  const struct bgp_routes *routes, unsigned as_bytes,
					  uint8_t family)
{
	bool is_mp = routes->place == BGP_IN_MP_REACH;
	struct bgp_attr_style style = {
		.family = family, .as_bytes = (uint8_t)as_bytes, .ignores_mp = !is_mp};
	struct update_path *p = &paths[is_mp];
	struct fault fault = {.code = FAULT_NONE};

	if (p->is_read)
		return p;
	p->is_read = true;
	p->is_bad = bgp_path_decode(routes->upd.attrs, routes->upd.attrs_len, style, &p->path,
				    &fault) < 0;
	if (p->is_bad)
		note(r, &fault);
	return p;
}

// RFC 7606 §2: routes whose attributes are in error are withdrawn.
static void update_route(struct replay_reader *r, const struct mrt_message *msg, unsigned peer,
			 const struct bgp_routes *routes, const struct bgp_nlri *nlri,
			 struct update_path paths[2])
{
	const struct update_path *p = NULL;

	if (!is_unicast(routes->afi, routes->safi))
		return;
	if (!routes->is_withdrawn)
		p = path_get(r, paths, routes, msg->session.as_bytes, nlri->prefix.family);
	if (p && !p->is_bad)
		announce(r, peer, &nlri->prefix, nlri->path_id, &p->path);
	else
		withdraw(r, peer, &nlri->prefix, nlri->path_id);
}

static void update_take(struct replay_reader *r, const struct mrt_message *msg, unsigned peer,
			const uint8_t *body, size_t len)
{
	struct bgp_session session = {.as4 = msg->session.as_bytes == 4,
				      .add_path_all = msg->add_path};
	struct update_path paths[2] = {{.is_read = false}};
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_routes routes;
	struct bgp_update upd;
	struct bgp_nlri nlri;
	int more;

	if (bgp_update_decode(body, len, &upd, &fault) < 0) {
		note(r, &fault);
		return;
	}
	more = bgp_routes_start(&routes, &upd, &session, &fault);
	while (more < 0 || (more = bgp_routes_next(&routes, &nlri, &fault)) != 0) {
		if (more < 0)
			note(r, &fault);
		else
			update_route(r, msg, peer, &routes, &nlri, paths);
		more = 0;
		fault.code = FAULT_NONE;
	}
}

static void message_take(struct replay_reader *r, const struct mrt_message *msg)
{
	unsigned peer = peer_number(r, &msg->session.peer, msg->session.peer_as, 0);
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_msg found = {.body = msg->msg, .body_len = msg->len};

	if (msg->type != BGP_MSG_UPDATE || msg->is_local || !peer_is_wanted(r, peer))
		return;
	if (msg->has_hdr && bgp_msg_find_lax(msg->msg, msg->len, &found, &fault) <= 0) {
		if (!fault.code)
			fault_set(&fault, FAULT_RECORD_CUT, 0);
		note(r, &fault);
		return;
	}
	update_take(r, msg, peer, found.body, found.body_len);
}

static void state_take(struct replay_reader *r, const struct mrt_state *state)
{
	struct replay_item item = {.kind = REPLAY_DOWN};

	if (state->session.is_bare || state->new_state == STATE_ESTABLISHED ||
	    state->old_state != STATE_ESTABLISHED)
		return;
	item.peer = peer_number(r, &state->session.peer, state->session.peer_as, 0);
	if (!peer_is_wanted(r, item.peer))
		return;
	r->result->n_downs++;
	give(r, &item);
}

bool replay_reader_record(struct replay_reader *r, const struct mrt_file_record *rec,
			  replay_item_fn *fn, void *arg, struct replay_result *result)
{
	struct fault fault = {.code = FAULT_NONE};
	struct mrt_record record;
	struct mrt_route route;

	r->rec = rec;
	r->fn = fn;
	r->arg = arg;
	r->result = result;
	r->goes_on = true;
	result->n_records++;
	if (mrt_decode(&rec->hdr, rec->body, &record, &fault) < 0) {
		note(r, &fault);
		return true;
	}
	switch (record.kind) {
	case MRT_KIND_PEERS:
		if (peers_take(r, &record.peers))
			break;
		result->code = ENOMEM;
		return false;
	case MRT_KIND_RIB:
	case MRT_KIND_DUMP:
	case MRT_KIND_ENTRY:
		while (r->goes_on && mrt_route_next(&record, &route))
			table_route(r, &route);
		break;
	case MRT_KIND_MESSAGE:
		message_take(r, &record.message);
		break;
	case MRT_KIND_STATE:
		state_take(r, &record.state);
		break;
	default:
		break;
	}
	return r->goes_on;
}
