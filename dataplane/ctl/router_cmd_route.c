// SPDX-License-Identifier: BSD-3-Clause
// `jerboactl` about routes: show routes, show route ADDR, show tables, show mrt,
// route add, route del, mrt reload, reload.
#include "dataplane/base/clock.h"
#include "dataplane/ctl/router.h"
#include "dataplane/ctl/router_cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 256, VIA_MAX = 512 };

static const char *const kind_name[NH_N_KINDS] = {
	[NH_NONE] = "none",
	[NH_FORWARD] = "via",
	[NH_RESOLVE] = "via",
	[NH_GLEAN] = "connected",
	[NH_LOCAL] = "local",
	[NH_BLACKHOLE] = "blackhole",
	[NH_UNREACHABLE] = "unreachable",
	[NH_PROHIBIT] = "prohibit",
	[NH_BROADCAST] = "broadcast",
	[NH_GROUP] = "ecmp",
};

static size_t via_one(struct router *r, uint16_t id, char *text, size_t len)
{
	const struct nexthop *nh = &r->dp.nexthop[id];
	const struct iface *iface = iface_get(r->ifaces, nh->iface);
	struct addr gw = {.family = nh->family};
	char addr[ADDR_TEXT_MAX];
	int n;

	memcpy(gw.bytes, nh->gw, sizeof(gw.bytes));
	if (gw.family)
		n = snprintf(text, len, "%s dev %s%s", addr_format(&gw, addr),
			     iface ? iface->name : "-",
			     nh->kind == NH_RESOLVE ? " (unresolved)" : "");
	else
		n = snprintf(text, len, "dev %s", iface ? iface->name : "-");
	return n < 0 ? 0 : (size_t)n;
}

// "10.0.2.1 dev wan" or, of a group, all members with their weights.
static const char *via_format(struct router *r, uint16_t id, char text[VIA_MAX])
{
	uint16_t ids[NEXTHOP_GROUP_MAX];
	uint8_t weights[NEXTHOP_GROUP_MAX];
	unsigned n = nexthop_group_members(r->nexthops, id, ids, weights, NEXTHOP_GROUP_MAX);
	size_t at = 0;

	text[0] = 0;
	if (!n && (r->dp.nexthop[id].iface || r->dp.nexthop[id].family))
		via_one(r, id, text, VIA_MAX);
	for (unsigned i = 0; i < n && at < VIA_MAX; i++) {
		if (i)
			at += (size_t)snprintf(text + at, VIA_MAX - at, ", ");
		if (at < VIA_MAX)
			at += via_one(r, ids[i], text + at, VIA_MAX - at);
		if (weights[i] > 1 && at < VIA_MAX)
			at += (size_t)snprintf(text + at, VIA_MAX - at, " weight %u", weights[i]);
	}
	return text;
}

static int route_row(struct cmd_call *call, struct router *r, const struct route *route)
{
	char prefix[PREFIX_TEXT_MAX], via[VIA_MAX];

	return cmd_row(call, "{s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:I}", "prefix",
		       prefix_format(&route->prefix, prefix), "source",
		       route_source_name(route->source), "kind",
		       kind_name[r->dp.nexthop[route->nh].kind % NH_N_KINDS], "via",
		       via_format(r, route->nh, via), "nexthop", route->nh, "pref", route->pref,
		       "peer", (json_int_t)route->peer, "path_id", (json_int_t)route->path_id);
}

static struct table *table_of(struct cmd_call *call)
{
	struct router *r = call->arg;
	int64_t id = cmd_number(call, "table", 0);

	if (r->table[id])
		return r->table[id];
	cmd_fail(call, ENOENT, "no routing table %d: show tables lists them", (int)id);
	return NULL;
}

static int page_state(struct cmd_call *call, const struct prefix *last)
{
	if (!call->state) {
		call->state = malloc(sizeof(*last));
		call->state_free = free;
	}
	if (!call->state)
		return cmd_fail(call, ENOMEM, "no memory");
	memcpy(call->state, last, sizeof(*last));
	return CMD_MORE;
}

static int show_routes(struct cmd_call *call)
{
	struct router *r = call->arg;
	struct table *table = table_of(call);
	struct route page[PAGE];
	size_t n;

	if (!table)
		return -ENOENT;
	call->data = json_array();
	n = table_walk(table, call->state, page, PAGE);
	for (size_t i = 0; i < n; i++)
		if (route_row(call, r, &page[i]) < 0)
			return cmd_fail(call, ENOMEM, "no memory");
	return n < PAGE ? 0 : page_state(call, &page[n - 1].prefix);
}

static int rows_add(struct cmd_call *call, const struct route route[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (route_row(call, call->arg, &route[i]) < 0)
			return cmd_fail(call, ENOMEM, "no memory");
	return 0;
}

static int paths_show(struct cmd_call *call, const struct table *table, const struct prefix *prefix)
{
	static struct route paths[TABLE_PATHS_MAX]; // control thread only
	unsigned n = table_paths(table, prefix, paths, TABLE_PATHS_MAX);
	char text[PREFIX_TEXT_MAX];

	if (!n)
		return cmd_fail(call, ENOENT, "no route to %s", prefix_format(prefix, text));
	return rows_add(call, paths, n);
}

static int longer_show(struct cmd_call *call, const struct table *table,
		       const struct prefix *prefix)
{
	struct route page[PAGE];
	size_t n = table_walk_below(table, prefix, call->state, page, PAGE);
	char text[PREFIX_TEXT_MAX];
	int rc;

	if (!n && !call->state)
		return cmd_fail(call, ENOENT, "no route to or below %s",
				prefix_format(prefix, text));
	rc = rows_add(call, page, n);
	return rc < 0 || n < PAGE ? rc : page_state(call, &page[n - 1].prefix);
}

static int show_route(struct cmd_call *call)
{
	const struct table *table = table_of(call);
	const struct prefix *prefix = &cmd_value(call, "destination", 0)->prefix;
	const char *match = cmd_text(call, "match");
	struct route covering[TABLE_COVERING_MAX];
	unsigned n;

	if (!table)
		return -ENOENT;
	call->data = json_array();
	if (match && strcmp(match, "longer") == 0)
		return longer_show(call, table, prefix);
	if (match && strcmp(match, "exact") == 0)
		return paths_show(call, table, prefix);
	n = table_covering(table, prefix, covering);
	if (!n)
		return cmd_fail(call, ENOENT, "no route to %s",
				cmd_value(call, "destination", 0)->text);
	if (match && strcmp(match, "shorter") == 0)
		return rows_add(call, covering, n);
	return paths_show(call, table, &covering[n - 1].prefix);
}

static int show_tables(struct cmd_call *call)
{
	struct router *r = call->arg;

	for (unsigned i = 0; i < TABLE_MAX; i++) {
		struct table_stats st;

		if (!r->table[i])
			continue;
		table_stats_get(r->table[i], &st);
		if (cmd_row(call, "{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			    "table", (int)i, "routes", (json_int_t)(st.n_routes4 + st.n_routes6),
			    "routes4", (json_int_t)st.n_routes4, "routes6",
			    (json_int_t)st.n_routes6, "static",
			    (json_int_t)st.n_by_source[ROUTE_STATIC], "mrt",
			    (json_int_t)st.n_by_source[ROUTE_MRT], "rib_bytes",
			    (json_int_t)st.rib_bytes, "fib_bytes",
			    (json_int_t)(st.fib4_bytes + st.fib6_bytes), "unbuilt",
			    (json_int_t)(st.unbuilt4 + st.unbuilt6), "refused",
			    (json_int_t)st.n_refused, "nexthops",
			    (json_int_t)nexthops_count(r->nexthops)) < 0)
			return cmd_fail(call, ENOMEM, "no memory");
	}
	return 0;
}

static int mrt_row(struct cmd_call *call, const struct router_mrt *m,
		   const struct loader_progress *lp)
{
	const struct loader_result *last = &m->last;
	bool is_mine = lp->is_busy && strcmp(lp->file, m->conf.file) == 0;
	const char *state = is_mine	   ? "loading"
			    : m->n_pending ? "waiting"
			    : m->is_loaded ? "loaded"
					   : "failed";

	return cmd_row(call, "{s:s, s:i, s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s}",
		       "file", m->conf.file, "table", (int)m->conf.table, "state", state, "percent",
		       is_mine && lp->size ? (int)(lp->pos * 100 / lp->size)
		       : m->is_loaded	   ? 100
					   : 0,
		       "routes4", (json_int_t)last->n_routes4, "routes6",
		       (json_int_t)last->n_routes6, "records", (json_int_t)last->n_records,
		       "bad_records", (json_int_t)(last->n_bad_records + last->n_damages),
		       "bad_entries", (json_int_t)last->n_bad_entries, "no_gateway",
		       (json_int_t)last->n_no_gateway, "refused", (json_int_t)m->n_refused,
		       "seconds", is_mine ? lp->seconds : last->seconds, "error", last->error);
}

static int show_mrt(struct cmd_call *call)
{
	struct router *r = call->arg;
	struct loader_progress lp;

	loader_progress_get(r->loader, &lp);
	call->data = json_array();
	for (unsigned i = 0; i < r->n_mrt; i++)
		if (r->mrt[i].conf.file[0] && mrt_row(call, &r->mrt[i], &lp) < 0)
			return cmd_fail(call, ENOMEM, "no memory");
	return router_replay_row(call);
}

static int route_del(struct cmd_call *call)
{
	struct err err = {0};

	if (router_route_del(call->arg, (unsigned)cmd_number(call, "table", 0),
			     &cmd_value(call, "prefix", 0)->prefix, &err) < 0)
		return cmd_fail(call, err.code, "%s", err.text);
	return 0;
}

static int gateways_take(struct cmd_call *call, struct conf_route *route)
{
	const struct cmd_value *via;
	const char *iface = cmd_text(call, "iface");

	for (; (via = cmd_value(call, "via", route->n_via)); route->n_via++) {
		const struct cmd_value *weight = cmd_value(call, "weight", route->n_via);
		struct conf_gateway *gw = &route->via[route->n_via];

		if (route->n_via == CONF_GATEWAYS_MAX)
			return cmd_fail(call, EINVAL, "more than %d gateways", CONF_GATEWAYS_MAX);
		if (via->addr.family != route->prefix.family)
			return cmd_fail(call, EINVAL, "gateway %s is of the other family",
					via->text);
		gw->addr = via->addr;
		gw->weight = weight ? (unsigned)weight->number : 1;
		if (iface)
			snprintf(gw->iface, sizeof(gw->iface), "%s", iface);
	}
	if (!route->n_via && iface) {
		snprintf(route->via[0].iface, sizeof(route->via[0].iface), "%s", iface);
		route->via[0].weight = 1;
		route->n_via = 1;
	}
	return 0;
}

static int route_add(struct cmd_call *call)
{
	struct conf_route route = {.table = (unsigned)cmd_number(call, "table", 0)};
	const char *kind = cmd_text(call, "kind");
	struct err err = {0};
	int rc;

	route.prefix = cmd_value(call, "prefix", 0)->prefix;
	rc = gateways_take(call, &route);
	if (rc < 0)
		return rc;
	if ((kind != NULL) == (route.n_via != 0))
		return cmd_fail(call, EINVAL,
				"give either gateways (via ADDRESS, or iface NAME) or a kind "
				"(kind blackhole, kind unreachable, kind prohibit)");
	if (kind)
		route.kind = strcmp(kind, "blackhole") == 0	? CONF_ROUTE_BLACKHOLE
			     : strcmp(kind, "unreachable") == 0 ? CONF_ROUTE_UNREACHABLE
								: CONF_ROUTE_PROHIBIT;
	if (router_route_add(call->arg, &route, &err) < 0)
		return cmd_fail(call, err.code, "%s", err.text);
	return 0;
}

static int mrt_reload(struct cmd_call *call)
{
	struct router *r = call->arg;
	struct err err = {0};

	if (router_mrt_reload(r, r->conf, false, &err) < 0)
		return cmd_fail(call, err.code, "%s", err.text);
	return 0;
}

static void change_row(const char *path, const char *from, const char *to, bool needs_restart,
		       void *arg)
{
	if (cmd_row(arg, "{s:s, s:s, s:s, s:s}", "key", path, "from", from, "to", to, "effect",
		    needs_restart ? "needs a restart" : "applied") < 0)
		return; // the change is made all the same
}

static int reload(struct cmd_call *call)
{
	struct err err = {0};

	call->data = json_array();
	if (router_reload(call->arg, change_row, call, &err) < 0)
		return cmd_fail(call, err.code, "%s", err.text);
	return 0;
}

#define TABLE_ARG                                                                                  \
	{                                                                                          \
		.name = "table", .help = "routing table, default 0", .type = CMD_NUMBER,           \
		.is_keyword = true, .min = 0, .max = TABLE_MAX - 1                                 \
	}

static const struct cmd_arg table_arg[] = {TABLE_ARG};
static const struct cmd_arg find_args[] = {
	{.name = "destination",
	 .help = "an address or a prefix",
	 .type = CMD_PREFIX,
	 .required = true},
	{.name = "match",
	 .help = "longest (unless said): the paths of the prefix that decides; exact: of this "
		 "prefix; shorter: all prefixes that cover it; longer: all below it",
	 .type = CMD_CHOICE,
	 .choices = "longest|exact|shorter|longer"},
	TABLE_ARG,
};
static const struct cmd_arg add_args[] = {
	{.name = "prefix", .help = "where to", .type = CMD_PREFIX, .required = true},
	{.name = "via",
	 .help = "gateway; several share the flows",
	 .type = CMD_ADDR,
	 .is_keyword = true,
	 .many = true},
	{.name = "weight",
	 .help = "of the gateway of the same place",
	 .type = CMD_NUMBER,
	 .is_keyword = true,
	 .many = true,
	 .min = 1,
	 .max = 255},
	{.name = "iface",
	 .help = "of the gateways, or of an on-link route",
	 .type = CMD_TEXT,
	 .is_keyword = true},
	{.name = "kind",
	 .help = "instead of gateways",
	 .type = CMD_CHOICE,
	 .is_keyword = true,
	 .choices = "blackhole|unreachable|prohibit"},
	TABLE_ARG,
};
static const struct cmd_arg del_args[] = {
	{.name = "prefix", .help = "of a static route", .type = CMD_PREFIX, .required = true},
	TABLE_ARG,
};

static const struct cmd_column route_columns[] = {
	{"prefix", NULL, CMD_PLAIN},
	{"source", NULL, CMD_PLAIN},
	{"kind", NULL, CMD_PLAIN},
	{"via", NULL, CMD_PLAIN},
};
static const struct cmd_column table_columns[] = {
	{"table", NULL, CMD_PLAIN},
	{"routes4", "IPv4", CMD_PLAIN},
	{"routes6", "IPv6", CMD_PLAIN},
	{"static", NULL, CMD_PLAIN},
	{"mrt", NULL, CMD_PLAIN},
	{"rib_bytes", "rib", CMD_BYTES},
	{"fib_bytes", "lazy trie", CMD_BYTES},
	{"unbuilt", "unbuilt slots", CMD_PLAIN},
	{"refused", NULL, CMD_PLAIN},
};
static const struct cmd_column mrt_columns[] = {
	{"file", NULL, CMD_PLAIN},	     {"table", NULL, CMD_PLAIN},
	{"state", NULL, CMD_PLAIN},	     {"percent", "%", CMD_PLAIN},
	{"routes4", "IPv4", CMD_PLAIN},	     {"routes6", "IPv6", CMD_PLAIN},
	{"announced", NULL, CMD_COUNTER},    {"withdrawn", NULL, CMD_COUNTER},
	{"bad_records", "bad", CMD_PLAIN},   {"no_gateway", "no gateway", CMD_PLAIN},
	{"refused", NULL, CMD_PLAIN},	     {"seconds", NULL, CMD_PLAIN},
	{"error", "first error", CMD_PLAIN},
};
static const struct cmd_column reload_columns[] = {
	{"key", NULL, CMD_PLAIN},
	{"from", NULL, CMD_PLAIN},
	{"to", NULL, CMD_PLAIN},
	{"effect", NULL, CMD_PLAIN},
};

#define COLUMNS(c) .columns = (c), .n_columns = ARRAY_LEN(c)
#define ARGS(a)	   .args = (a), .n_args = ARRAY_LEN(a)

static const struct cmd commands[] = {
	{.words = "show routes",
	 .help = "best routes, in order",
	 .fn = show_routes,
	 ARGS(table_arg),
	 COLUMNS(route_columns)},
	{.words = "show route",
	 .help = "where an address goes, and by whose word",
	 .fn = show_route,
	 ARGS(find_args),
	 COLUMNS(route_columns)},
	{.words = "show tables",
	 .help = "routing tables and their size",
	 .fn = show_tables,
	 COLUMNS(table_columns)},
	{.words = "show mrt",
	 .help = "MRT dumps and what became of them",
	 .fn = show_mrt,
	 COLUMNS(mrt_columns)},
	{.words = "route add",
	 .help = "add or replace a static route",
	 .fn = route_add,
	 ARGS(add_args)},
	{.words = "route del", .help = "delete a static route", .fn = route_del, ARGS(del_args)},
	{.words = "mrt reload", .help = "read the MRT dumps again", .fn = mrt_reload},
	{.words = "reload",
	 .help = "read the configuration again, apply or refuse it whole",
	 .fn = reload,
	 COLUMNS(reload_columns)},
};

int router_route_cmds_add(struct router *r)
{
	return cmds_add(r->cmds, commands, ARRAY_LEN(commands), r);
}
