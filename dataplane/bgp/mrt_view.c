// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/mrt_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct mrt_view {
	struct mrt_view_spec spec;
	struct mrt_view_stats stats;
	bool has_peers;
	unsigned n_peers;
	struct mrt_peer *peer;
	bool *is_chosen;
	// Candidates of one prefix; entries of a record are at most 65,535.
	struct bgp_route *route;
	size_t max_routes;
	// Tables with a record a path: the record, the prefix at hand and its best.
	struct mrt_record rec;
	const uint8_t *body;
	struct bgp_prefix last;
	size_t n_same; // candidates in route[]
	struct bgp_route best;
};

// More paths of one prefix than there are peers anywhere.
enum { SAME_MAX = 1024 };

struct mrt_view *mrt_view_new(const struct mrt_view_spec *spec)
{
	struct mrt_view *view = calloc(1, sizeof(*view));

	if (view)
		view->spec = *spec;
	return view;
}

void mrt_view_free(struct mrt_view *view)
{
	if (!view)
		return;
	free(view->peer);
	free(view->is_chosen);
	free(view->route);
	free(view);
}

const struct mrt_view_stats *mrt_view_stats(const struct mrt_view *view)
{
	return &view->stats;
}

static bool addr_is_equal(const struct bgp_addr *a, const struct bgp_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool peer_is_chosen(const struct mrt_view_spec *spec, const struct mrt_peer *peer,
			   unsigned index)
{
	switch (spec->kind) {
	case MRT_VIEW_PEER_ASN:
		return peer->asn == spec->asn;
	case MRT_VIEW_PEER_ADDR:
		return addr_is_equal(&peer->addr, &spec->addr);
	case MRT_VIEW_PEER_INDEX:
		return index == spec->index;
	case MRT_VIEW_BEST:
		break;
	}
	return true;
}

static int peers_alloc(struct mrt_view *view, unsigned n)
{
	struct mrt_peer *peer = calloc(n + 1u, sizeof(*peer));
	bool *is_chosen = calloc(n + 1u, sizeof(*is_chosen));

	if (!peer || !is_chosen) {
		free(peer);
		free(is_chosen);
		return -ENOMEM;
	}
	free(view->peer);
	free(view->is_chosen);
	view->peer = peer;
	view->is_chosen = is_chosen;
	view->n_peers = n;
	return 0;
}

// A table replaces the one before: dumps may follow each other in one file.
static int peers_take(struct mrt_view *view, const uint8_t *body, size_t len, struct fault *fault)
{
	struct mrt_peers peers;
	int err = mrt_peers_decode(body, len, &peers, fault);

	if (!err)
		err = peers_alloc(view, peers.n_peers);
	view->has_peers = !err; // rather nobody than the peers of another dump
	if (err) {
		view->stats.n_bad_records++;
		return err;
	}
	view->stats.n_peers = peers.n_peers;
	view->stats.n_peers_chosen = 0;
	for (unsigned i = 0; mrt_peers_next(&peers, &view->peer[i]); i++) {
		view->is_chosen[i] = peer_is_chosen(&view->spec, &view->peer[i], i);
		view->stats.n_peers_chosen += view->is_chosen[i];
	}
	return 0;
}

static int routes_grow(struct mrt_view *view, size_t n)
{
	struct bgp_route *route;

	if (n <= view->max_routes)
		return 0;
	n = n < 64 ? 64 : n;
	route = realloc(view->route, n * sizeof(*route));
	if (!route)
		return -ENOMEM;
	view->route = route;
	view->max_routes = n;
	return 0;
}

static void entry_refuse(struct mrt_view *view, const struct fault *why, struct fault *fault)
{
	view->stats.n_bad_entries++;
	view->stats.n_faults[why->code]++;
	fault_set(fault, why->code, why->at);
}

// Without a peer table everybody is the unknown peer, whom only the best path
// and a choice by index accept.
static bool peer_find(struct mrt_view *view, unsigned index, struct bgp_route *route)
{
	const struct mrt_peer none = {.asn = 0}, *peer = &none;

	if (view->has_peers)
		peer = &view->peer[index];
	else
		view->stats.n_without_peers++;
	route->peer = peer->addr;
	route->peer_as = peer->asn;
	route->peer_id = peer->id;
	return view->has_peers ? view->is_chosen[index] : peer_is_chosen(&view->spec, peer, index);
}

// 1: *route is a candidate.
static int entry_take(struct mrt_view *view, const struct mrt_rib *rib,
		      const struct mrt_entry *entry, struct bgp_route *route, struct fault *fault)
{
	struct bgp_attr_style style = {.family = rib->prefix.family, .as_bytes = 4};
	size_t at = (size_t)(entry->attrs - rib->body);
	struct fault why = {.code = FAULT_NONE};

	view->stats.n_entries++;
	if (view->has_peers && entry->peer_index >= view->n_peers) {
		why = (struct fault){FAULT_PEER_INDEX, (uint32_t)at};
		entry_refuse(view, &why, fault);
		return 0;
	}
	if (!peer_find(view, entry->peer_index, route))
		return 0;
	if (bgp_path_decode(entry->attrs, entry->attrs_len, style, &route->path, &why)) {
		why.at += (uint32_t)at;
		entry_refuse(view, &why, fault);
		return 0;
	}
	route->peer_index = entry->peer_index;
	route->path_id = entry->path_id;
	route->time_s = entry->time_s;
	return 1;
}

static void rib_count(struct mrt_view *view, const struct mrt_rib *rib)
{
	view->stats.n_prefixes4 += rib->prefix.family == 4;
	view->stats.n_prefixes6 += rib->prefix.family == 6;
	view->stats.n_mislabelled += rib->is_mislabelled;
	view->stats.n_host_bits += rib->had_host_bits;
}

static int rib_take(struct mrt_view *view, const struct mrt_hdr *hdr, const uint8_t *body,
		    struct mrt_view_route *out, struct fault *fault)
{
	struct mrt_entry entry;
	struct mrt_rib rib;
	size_t n = 0;
	int err = mrt_rib_decode(hdr, body, &rib, fault);

	if (!err)
		err = routes_grow(view, rib.n_entries);
	if (err) {
		view->stats.n_bad_records++;
		return err;
	}
	if (rib.prefix.family == 0 || rib.safi != MRT_SAFI_UNICAST) {
		view->stats.n_other++;
		return 0;
	}
	rib_count(view, &rib);
	while (mrt_rib_next(&rib, &entry))
		n += (size_t)entry_take(view, &rib, &entry, &view->route[n], fault);
	if (n == 0)
		return 0;
	view->stats.n_routes++;
	out->prefix = rib.prefix;
	out->is_update = false;
	view->last.family = 0; // of a table of another kind
	out->best = view->route[bgp_best(view->route, n)];
	return 1;
}

static bool prefix_is_equal(const struct bgp_prefix *a, const struct bgp_prefix *b)
{
	return a->family == b->family && a->len == b->len &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool route_is_equal(const struct bgp_route *a, const struct bgp_route *b)
{
	return addr_is_equal(&a->peer, &b->peer) && a->peer_as == b->peer_as &&
	       a->time_s == b->time_s && addr_is_equal(&a->path.nexthop, &b->path.nexthop);
}

// 1: *to is a candidate.
static int path_take(struct mrt_view *view, const struct mrt_route *from, struct bgp_route *to,
		     struct fault *fault)
{
	struct bgp_attr_style style = {.family = from->prefix.family, .as_bytes = from->as_bytes};
	struct mrt_peer peer = {.addr = from->peer, .asn = from->peer_as};
	struct fault why = {.code = FAULT_NONE};

	view->stats.n_entries++;
	if (view->spec.kind == MRT_VIEW_PEER_INDEX || !peer_is_chosen(&view->spec, &peer, 0))
		return 0;
	memset(to, 0, sizeof(*to));
	to->peer = from->peer;
	to->peer_as = from->peer_as;
	to->time_s = from->time_s;
	if (bgp_path_decode(from->attrs, from->attrs_len, style, &to->path, &why)) {
		why.at += (uint32_t)(from->attrs - view->body);
		entry_refuse(view, &why, fault);
		return 0;
	}
	if (from->nexthop.family)
		to->path.nexthop = from->nexthop;
	return 1;
}

// A path of the prefix at hand or of another one, which is so from now on.
static int same_grow(struct mrt_view *view, const struct bgp_prefix *prefix)
{
	if (!prefix_is_equal(&view->last, prefix)) {
		view->last = *prefix;
		view->n_same = 0;
		view->stats.n_prefixes4 += prefix->family == 4;
		view->stats.n_prefixes6 += prefix->family == 6;
	}
	if (view->n_same == SAME_MAX) {
		view->route[0] = view->best;
		view->n_same = 1;
	}
	return routes_grow(view, view->n_same + 1);
}

// Has the candidate that came last changed the best?
static bool is_better(struct mrt_view *view)
{
	struct bgp_route before = view->best;

	view->best = view->route[bgp_best(view->route, view->n_same)];
	return view->n_same == 1 || !route_is_equal(&before, &view->best);
}

int mrt_view_more(struct mrt_view *view, struct mrt_view_route *route, struct fault *fault)
{
	struct mrt_route path;

	if (view->rec.kind != MRT_KIND_DUMP && view->rec.kind != MRT_KIND_ENTRY)
		return 0;
	while (mrt_route_next(&view->rec, &path)) {
		if (path.prefix.family == 0 || path.safi != MRT_SAFI_UNICAST)
			continue;
		if (same_grow(view, &path.prefix))
			return -ENOMEM;
		if (!path_take(view, &path, &view->route[view->n_same], fault))
			continue;
		view->n_same++;
		if (!is_better(view))
			continue;
		route->prefix = path.prefix;
		route->best = view->best;
		route->is_update = view->n_same > 1;
		view->stats.n_routes += !route->is_update;
		return 1;
	}
	return 0;
}

// TABLE_DUMP, BGP4MP_ENTRY.
static int table_take(struct mrt_view *view, const struct mrt_hdr *hdr, const uint8_t *body,
		      struct mrt_view_route *route, struct fault *fault)
{
	if (mrt_decode(hdr, body, &view->rec, fault)) {
		view->rec.kind = MRT_KIND_OTHER;
		view->stats.n_bad_records++;
		return -EBADMSG;
	}
	view->body = body;
	return mrt_view_more(view, route, fault);
}

int mrt_view_record(struct mrt_view *view, const struct mrt_hdr *hdr, const uint8_t *body,
		    struct mrt_view_route *route, struct fault *fault)
{
	struct fault found = {.code = FAULT_NONE};
	enum mrt_kind kind = mrt_hdr_kind(hdr);
	int got = 0;

	view->rec.kind = MRT_KIND_OTHER; // nothing more of the record before
	switch (kind) {
	case MRT_KIND_PEERS:
		got = peers_take(view, body, hdr->len, &found);
		break;
	case MRT_KIND_RIB:
		got = rib_take(view, hdr, body, route, &found);
		break;
	case MRT_KIND_DUMP:
	case MRT_KIND_ENTRY:
		got = table_take(view, hdr, body, route, &found);
		break;
	default:
		view->stats.n_other++;
		break;
	}
	if (got == -EBADMSG)
		view->stats.n_faults[found.code]++;
	if (found.code != FAULT_NONE)
		*fault = found;
	return got;
}
