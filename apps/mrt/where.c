// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/where.h"

#include "apps/mrt/where_priv.h"

#include <stdlib.h>
#include <string.h>

static bool node_holds(struct where *w, const struct where_node *node);

struct where *where_new(const char *text, struct err *err)
{
	struct where *w = calloc(1, sizeof(*w));

	if (!w) {
		err_set(err, ENOMEM, "no memory for a condition");
		return err_null(ENOMEM);
	}
	if (where_parse(w, text, err) < 0) {
		where_free(w);
		return err_null(err->code);
	}
	return w;
}

void where_free(struct where *w)
{
	if (!w)
		return;
	for (unsigned i = 0; i <= w->n; i++) {
		where_list_fini(&w->node[i].list);
		aspath_regex_free(w->node[i].regex);
	}
	free(w);
}

static bool has_route(const struct event *ev)
{
	return ev->kind == EVENT_RIB || ev->kind == EVENT_ANNOUNCE || ev->kind == EVENT_WITHDRAW;
}

// The attributes of a route that has some: a withdrawn one has none.
static const struct attrs *attrs_of(const struct where *w)
{
	bool has = w->ev->kind == EVENT_RIB || w->ev->kind == EVENT_ANNOUNCE;

	return has ? w->ev->attrs : NULL;
}

static bool prefix_of(const struct event *ev, struct prefix *prefix)
{
	if (!has_route(ev) || !ev->prefix.family)
		return false;
	prefix->family = ev->prefix.family;
	prefix->len = ev->prefix.len;
	memcpy(prefix->bytes, ev->prefix.bytes, sizeof(prefix->bytes));
	return true;
}

static bool segment_has(const struct where_list *list, const struct attrs_segment *seg)
{
	for (unsigned i = 0; i < seg->n; i++)
		if (where_has_number(list, attrs_as(seg->as, i, seg->as_bytes)))
			return true;
	return false;
}

static bool as_is_there(struct where *w, const struct where_list *list)
{
	const struct attrs *a = attrs_of(w);
	struct attrs_segment seg;
	struct attrs_path path;

	if (!a)
		return false;
	attrs_path_start(a, &path);
	while (attrs_path_next(&path, &seg) > 0)
		if (segment_has(list, &seg))
			return true;
	return false;
}

// Of a path that ends in a set, any member may be the origin. Confederations
// are nobody's origin (RFC 5065 §5.3).
static bool origin_is(struct where *w, const struct where_list *list)
{
	const struct attrs *a = attrs_of(w);
	struct attrs_segment seg, last = {.n = 0};
	struct attrs_path path;

	if (!a)
		return false;
	attrs_path_start(a, &path);
	while (attrs_path_next(&path, &seg) > 0)
		if (seg.kind <= 2 && seg.n)
			last = seg;
	if (last.kind == 2)
		return where_has_number(list, attrs_as(last.as, last.n - 1u, last.as_bytes));
	return segment_has(list, &last);
}

static bool path_is_like(struct where *w, struct aspath_regex *re)
{
	const struct attrs *a = attrs_of(w);
	uint16_t state = aspath_regex_begin(re);
	struct attrs_segment seg;
	struct attrs_path path;
	bool is_first = true;
	int more;

	if (!a)
		return false;
	attrs_path_start(a, &path);
	while ((more = attrs_path_next(&path, &seg)) > 0) {
		if (seg.kind < 1 || seg.kind > 4)
			return false;
		state = aspath_regex_segment(re, state, is_first, seg.kind, seg.as, seg.n,
					     seg.as_bytes);
		is_first = false;
	}
	return more == 0 && aspath_regex_end(re, state);
}

static bool peer_is(const struct event *ev, const struct where_list *list)
{
	if (!ev->peer)
		return false;
	return where_has_addr(list, &ev->peer->addr) || where_has_number(list, ev->peer->asn);
}

static bool nexthop_is(struct where *w, const struct where_list *list)
{
	const struct attrs *a = attrs_of(w);
	const uint8_t *bytes = w->ev->nexthop;
	uint8_t len = w->ev->nexthop_len;
	struct bgp_addr addr = {.family = 4};

	if (!a)
		return false;
	if (!bytes && attrs_has(a, BGP_ATTR_NEXT_HOP)) {
		bytes = a->at[BGP_ATTR_NEXT_HOP].value;
		len = (uint8_t)a->at[BGP_ATTR_NEXT_HOP].len;
	}
	if (!bytes || (len != 4 && len != 16 && len != 32))
		return false;
	addr.family = len == 4 ? 4 : 6;
	memcpy(addr.bytes, bytes, len == 4 ? 4 : 16);
	return where_has_addr(list, &addr);
}

static bool community_is_there(struct where *w, const struct where_list *list)
{
	static const struct {
		uint8_t type, kind;
	} kinds[] = {{8, WHERE_STANDARD}, {32, WHERE_LARGE}, {16, WHERE_EXTENDED}};
	const struct attrs *a = attrs_of(w);

	for (unsigned i = 0; a && i < ARRAY_LEN(kinds); i++) {
		const struct bgp_attr *attr = &a->at[kinds[i].type];

		if (attrs_has(a, kinds[i].type) &&
		    where_has_community(list, kinds[i].kind, attr->value, attr->len))
			return true;
	}
	return false;
}

static bool many_hold(struct where *w, const struct where_node *node, bool all)
{
	for (unsigned i = node->child; i; i = w->node[i].next)
		if (node_holds(w, &w->node[i]) != all)
			return !all;
	return all;
}

static bool prefix_holds(const struct event *ev, const struct where_node *node)
{
	struct prefix prefix;

	if (!prefix_of(ev, &prefix))
		return false;
	switch (node->op) {
	case WHERE_PREFIX:
		return where_has_prefix(&node->list, &prefix);
	case WHERE_SUB:
		return where_has_super(&node->list, &prefix);
	case WHERE_SUPER:
		return where_has_sub(&node->list, &prefix);
	case WHERE_LENGTH:
		return where_has_number(&node->list, prefix.len);
	default:
		return prefix.family == node->number;
	}
}

static bool node_holds(struct where *w, const struct where_node *node)
{
	const struct event *ev = w->ev;

	switch (node->op) {
	case WHERE_AND:
		return many_hold(w, node, true);
	case WHERE_OR:
		return many_hold(w, node, false);
	case WHERE_NOT:
		return !node_holds(w, &w->node[node->child]);
	case WHERE_KIND:
		return node->number >> ev->kind & 1;
	case WHERE_ORIGIN:
		return origin_is(w, &node->list);
	case WHERE_AS:
		return as_is_there(w, &node->list);
	case WHERE_PATH:
		return path_is_like(w, node->regex);
	case WHERE_PEER:
		return peer_is(ev, &node->list);
	case WHERE_NEXTHOP:
		return nexthop_is(w, &node->list);
	case WHERE_COMMUNITY:
		return community_is_there(w, &node->list);
	case WHERE_AFTER:
		return ev->time_s >= node->number;
	case WHERE_BEFORE:
		return ev->time_s < node->number;
	case WHERE_TYPE:
		return ev->hdr->type == node->number;
	default:
		return prefix_holds(ev, node);
	}
}

bool where_matches(struct where *w, const struct event *ev)
{
	w->ev = ev;
	return !w->root || node_holds(w, &w->node[w->root]);
}
