// SPDX-License-Identifier: BSD-3-Clause
// `jerboactl show ...` of what packets pass: ports, ifaces, nodes, drops,
// workers, neighbours; and of the daemon: threads, memory.
#include "dataplane/ctl/router_cmd.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/mem.h"
#include "dataplane/ctl/eal.h"
#include "dataplane/ctl/router.h"

#include <rte_mempool.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 256, COUNTERS_MAX = 64 };

static const char *port_ifaces(struct router *r, unsigned port, char *text, size_t len)
{
	size_t at = 0;

	text[0] = 0;
	for (unsigned id = 1; id <= iface_max(r->ifaces); id++) {
		const struct iface *iface = iface_get(r->ifaces, id);

		if (iface && iface->port == port && iface->name[0] && at < len)
			at += (size_t)snprintf(text + at, len - at, "%s%s", at ? "," : "",
					       iface->name);
	}
	return text;
}

static void mac_format(const uint8_t mac[6], char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}

static int show_ports(struct cmd_call *call)
{
	struct router *r = call->arg;

	for (unsigned i = 0; i < r->n_ports; i++) {
		struct port *port = &r->port[i];
		struct port_stats st = {0};
		char mac[18], ifaces[128];

		port->ops->stats_get(port, &st);
		mac_format(port->mac, mac);
		if (cmd_row(call,
			    "{s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:I, s:I, s:I, "
			    "s:I, "
			    "s:I, s:I, s:I, s:I}",
			    "name", port->name, "driver", port->ops->name, "device", port->device,
			    "ifaces", port_ifaces(r, i, ifaces, sizeof(ifaces)), "mac", mac, "link",
			    port->link.is_up, "mbit_s", (int)port->link.mbit_s, "mtu",
			    (int)port->mtu, "rx_queues", port->n_rxq, "tx_queues", port->n_txq,
			    "rx_packets", (json_int_t)st.rx_packets, "tx_packets",
			    (json_int_t)st.tx_packets, "rx_bytes", (json_int_t)st.rx_bytes,
			    "tx_bytes", (json_int_t)st.tx_bytes, "rx_errors",
			    (json_int_t)(st.rx_errors), "rx_missed", (json_int_t)st.rx_missed,
			    "rx_no_mbuf", (json_int_t)st.rx_no_mbuf, "tx_errors",
			    (json_int_t)st.tx_errors) < 0)
			return cmd_fail(call, ENOMEM, "no memory");
	}
	return 0;
}

static json_t *addresses(const struct iface *iface)
{
	static const char *const word[] = {
		[ADDR_UNIQUE] = "",
		[ADDR_TENTATIVE] = " (tentative)",
		[ADDR_DUPLICATE] = " (duplicate)",
	};
	json_t *list = json_array();

	for (unsigned i = 0; i < iface->addrs->n; i++) {
		const struct iface_addr *a = &iface->addrs->addr[i];
		struct addr addr = {.family = a->family};
		char text[ADDR_TEXT_MAX], row[ADDR_TEXT_MAX + 32];

		memcpy(addr.bytes, a->bytes, sizeof(addr.bytes));
		snprintf(row, sizeof(row), "%s/%u%s", addr_format(&addr, text), a->plen,
			 word[a->is_tentative]);
		json_array_append_new(list, json_string(row));
	}
	return list;
}

static int iface_row(struct cmd_call *call, struct router *r, const struct iface *iface)
{
	static const char *const rpf[] = {"off", "loose", "strict"};
	struct iface_counters c;
	char mac[18];

	workers_iface_counters(r->workers, iface->id, &c);
	mac_format(iface->mac, mac);
	return cmd_row(
		call, "{s:s, s:i, s:s, s:i, s:i, s:i, s:i, s:b, s:s, s:s, s:o, s:I, s:I, s:I, s:I}",
		"name", iface->name, "id", iface->id, "port",
		iface->port == PORT_NONE ? "-" : r->port[iface->port].name, "vlan", iface->vlan,
		"inner_vlan", iface->inner_vlan, "table", iface->table, "mtu", iface->mtu, "up",
		(iface->flags & IFACE_UP) != 0, "mac", mac, "rpf", rpf[iface->rpf % 3], "address",
		addresses(iface), "rx_packets", (json_int_t)c.rx_packets, "tx_packets",
		(json_int_t)c.tx_packets, "rx_bytes", (json_int_t)c.rx_bytes, "tx_bytes",
		(json_int_t)c.tx_bytes);
}

static int show_ifaces(struct cmd_call *call)
{
	struct router *r = call->arg;

	for (unsigned id = 1; id <= iface_max(r->ifaces); id++) {
		const struct iface *iface = iface_get(r->ifaces, id);

		if (iface && iface->name[0] && iface_row(call, r, iface) < 0)
			return cmd_fail(call, ENOMEM, "no memory");
	}
	return 0;
}

static int drop_row(struct cmd_call *call, const char *name, uint64_t n)
{
	if (!n && !cmd_text(call, "all"))
		return 0;
	return cmd_row(call, "{s:s, s:I}", "name", name, "packets", (json_int_t)n);
}

// What no node counts: packets lost between graph, rings and control.
static int other_drops(struct cmd_call *call, struct router *r)
{
	struct neigh_counter nc[COUNTERS_MAX];
	struct host_counter hc[COUNTERS_MAX];
	unsigned n = neigh_counters(r->neigh, nc, COUNTERS_MAX);
	int rc = drop_row(call, "graph/overflow", workers_overflow(r->workers));

	rc |= drop_row(call, "ctl/inject-ring-full", r->n_inject_full);
	for (unsigned i = 0; i < n; i++)
		if (nc[i].is_drop)
			rc |= drop_row(call, nc[i].name, nc[i].n);
	n = r->host ? host_counters(r->host, hc, COUNTERS_MAX) : 0;
	for (unsigned i = 0; i < n; i++)
		if (hc[i].is_drop)
			rc |= drop_row(call, hc[i].name, hc[i].n);
	return rc;
}

static int port_drops(struct cmd_call *call, struct router *r)
{
	uint64_t missed = 0, no_mbuf = 0, errors = 0;
	int rc;

	for (unsigned i = 0; i < r->n_ports; i++) {
		struct port_stats st = {0};

		r->port[i].ops->stats_get(&r->port[i], &st);
		missed += st.rx_missed;
		no_mbuf += st.rx_no_mbuf;
		errors += st.rx_errors;
	}
	rc = drop_row(call, "port/rx-missed", missed);
	rc |= drop_row(call, "port/rx-no-mbuf", no_mbuf);
	return rc | drop_row(call, "port/rx-error", errors);
}

static int show_drops(struct cmd_call *call)
{
	struct router *r = call->arg;
	int rc = port_drops(call, r);
	char name[64];

	for (unsigned node = 1; node < GRAPH_N_NODES; node++)
		for (unsigned edge = 0; edge < GRAPH_EDGES_MAX; edge++) {
			const char *reason = graph_drop_name(node, edge);

			if (!reason)
				reason = graph_loss_name(node, edge);
			if (!reason)
				continue;
			snprintf(name, sizeof(name), "%s/%s", graph_node_name(node), reason);
			rc |= drop_row(call, name, workers_arc(r->workers, node, edge));
		}
	rc |= other_drops(call, r);
	if (!rc && !call->data)
		call->data = json_array();
	return rc ? cmd_fail(call, ENOMEM, "no memory") : 0;
}

// One digit; null where nothing was measured yet.
static json_t *ratio(uint64_t sum, uint64_t n)
{
	return n ? json_real((double)(sum * 10 / n) / 10) : json_null();
}

// What the neighbour code and the host path did, drops or not.
static int show_counters(struct cmd_call *call)
{
	struct router *r = call->arg;
	struct neigh_counter nc[COUNTERS_MAX];
	struct host_counter hc[COUNTERS_MAX];
	unsigned n = neigh_counters(r->neigh, nc, COUNTERS_MAX);
	int rc = 0;

	for (unsigned i = 0; i < n; i++)
		rc |= drop_row(call, nc[i].name, nc[i].n);
	n = r->host ? host_counters(r->host, hc, COUNTERS_MAX) : 0;
	for (unsigned i = 0; i < n; i++)
		rc |= drop_row(call, hc[i].name, hc[i].n);
	if (!rc && !call->data)
		call->data = json_array();
	return rc ? cmd_fail(call, ENOMEM, "no memory") : 0;
}

static int show_nodes(struct cmd_call *call)
{
	struct router *r = call->arg;

	for (unsigned node = 1; node < GRAPH_N_NODES; node++) {
		struct node_stats st;

		workers_node_stats(r->workers, node, &st);
		if (!st.calls && !cmd_text(call, "all"))
			continue;
		if (cmd_row(call, "{s:s, s:I, s:I, s:o, s:o}", "name", graph_node_name(node),
			    "packets", (json_int_t)st.packets, "calls", (json_int_t)st.calls,
			    "batch", ratio(st.packets, st.calls), "cycles",
			    ratio(st.cycles, st.timed_packets)) < 0)
			return cmd_fail(call, ENOMEM, "no memory");
	}
	if (!call->data)
		call->data = json_array();
	return 0;
}

static int show_workers(struct cmd_call *call)
{
	struct router *r = call->arg;

	for (unsigned i = 0; i < workers_count(r->workers); i++) {
		struct worker_stats st;

		workers_stats(r->workers, i, &st);
		if (cmd_row(call, "{s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:o}", "worker", (int)i,
			    "core", st.core, "rx_queues", (int)st.rx_queues, "packets",
			    (json_int_t)st.packets, "turns", (json_int_t)st.turns, "empty",
			    (json_int_t)st.empty_turns, "sleeps", (json_int_t)st.sleeps,
			    "busy_cycles", (json_int_t)st.busy_cycles, "cycles_per_packet",
			    ratio(st.busy_cycles, st.packets)) < 0)
			return cmd_fail(call, ENOMEM, "no memory");
	}
	return 0;
}

static int thread_row(struct cmd_call *call, const char *name, const char *job, uint64_t n,
		      uint64_t longest_ns, unsigned queue)
{
	return cmd_row(call, "{s:s, s:s, s:I, s:f, s:i}", "name", name, "job", job, "steps",
		       (json_int_t)n, "longest_ms", (double)longest_ns / 1e6, "queue", (int)queue);
}

static int show_threads(struct cmd_call *call)
{
	struct router *r = call->arg;
	struct loader_progress lp;
	struct server_stats ss;
	struct host_stats hs;
	unsigned queue = 0;
	char name[32];
	int rc;

	loader_progress_get(r->loader, &lp);
	server_stats_get(r->server, &ss);
	for (unsigned i = 0; i < workers_count(r->workers); i++) {
		struct worker_stats st;

		workers_stats(r->workers, i, &st);
		queue += st.to_ctl;
	}
	rc = 0;
	for (unsigned i = 0; i < ROUTER_JOBS; i++)
		rc |= thread_row(call, "control", router_job_name(i), r->job[i].n,
				 r->job[i].longest_ns, i ? 0 : queue);
	rc |= thread_row(call, "control", "commands", ss.n_requests, ss.longest_ns, ss.n_clients);
	rc |= thread_row(call, "loader", lp.is_busy ? lp.file : "idle", lp.n_routes, 0,
			 lp.n_jobs + lp.is_busy);
	if (r->host) {
		host_stats_get(r->host, &hs);
		rc |= thread_row(call, "host", "TAPs", hs.turns, hs.longest_ns, hs.queue);
	}
	for (unsigned i = 0; i < workers_count(r->workers); i++) {
		struct worker_stats st;

		workers_stats(r->workers, i, &st);
		snprintf(name, sizeof(name), "worker-%u", i);
		rc |= thread_row(call, name, "graph", st.turns, 0, st.handoff);
	}
	return rc ? cmd_fail(call, ENOMEM, "no memory") : 0;
}

static int neigh_row(struct cmd_call *call, struct router *r, const struct neigh_info *n)
{
	const struct iface *iface = iface_get(r->ifaces, n->iface);
	bool has_mac = n->state != NEIGH_INCOMPLETE && n->state != NEIGH_FAILED;
	char text[ADDR_TEXT_MAX], mac[18] = "-";

	if (has_mac)
		mac_format(n->mac, mac);
	return cmd_row(call, "{s:s, s:s, s:s, s:s, s:o, s:i, s:b}", "address",
		       addr_format(&n->addr, text), "mac", mac, "iface", iface ? iface->name : "-",
		       "state", neigh_state_name(n->state), "age",
		       n->age_ms == NEIGH_NEVER ? json_null() : json_real((double)n->age_ms / 1e3),
		       "held", (int)n->held, "router", n->is_router);
}

// In pages: a table of neighbours may have tens of thousands.
static int show_neighbours(struct cmd_call *call)
{
	struct router *r = call->arg;
	struct neigh_info page[PAGE];
	struct neigh_info *from = call->state;
	size_t n = neigh_walk(r->neigh, from, page, PAGE);

	call->data = json_array();
	for (size_t i = 0; i < n; i++)
		if (neigh_row(call, r, &page[i]) < 0)
			return cmd_fail(call, ENOMEM, "no memory");
	if (n < PAGE)
		return 0;
	if (!from) {
		from = call->state = malloc(sizeof(*from));
		call->state_free = free;
	}
	if (!from)
		return cmd_fail(call, ENOMEM, "no memory");
	*from = page[n - 1];
	return CMD_MORE;
}

static int neighbour_flush(struct cmd_call *call)
{
	struct router *r = call->arg;
	const char *name = cmd_text(call, "iface");
	const struct iface *iface = name ? iface_find(r->ifaces, name) : NULL;

	if (name && !iface)
		return cmd_fail(call, ENOENT, "no iface \"%s\": show ifaces lists them", name);
	neigh_flush(r->neigh, iface ? iface->id : 0);
	return 0;
}

static const struct cmd_arg all_arg[] = {
	{.name = "all", .help = "zeroes, too", .type = CMD_CHOICE, .choices = "all"},
};
static const struct cmd_arg iface_arg[] = {
	{.name = "iface", .help = "only those of this iface", .type = CMD_TEXT, .is_keyword = true},
};

static const struct cmd_column port_columns[] = {
	{"name", "port", CMD_PLAIN},
	{"driver", NULL, CMD_PLAIN},
	{"ifaces", NULL, CMD_PLAIN},
	{"link", NULL, CMD_PLAIN},
	{"mbit_s", "Mbit/s", CMD_PLAIN},
	{"rx_packets", "rx packets", CMD_COUNTER},
	{"tx_packets", "tx packets", CMD_COUNTER},
	{"rx_bytes", "rx bytes", CMD_COUNTER},
	{"tx_bytes", "tx bytes", CMD_COUNTER},
	{"rx_missed", "missed", CMD_COUNTER},
	{"rx_errors", "errors", CMD_COUNTER},
};
static const struct cmd_column iface_columns[] = {
	{"name", "iface", CMD_PLAIN},
	{"port", NULL, CMD_PLAIN},
	{"vlan", NULL, CMD_PLAIN},
	{"mtu", NULL, CMD_PLAIN},
	{"table", NULL, CMD_PLAIN},
	{"up", NULL, CMD_PLAIN},
	{"rx_packets", "rx packets", CMD_COUNTER},
	{"tx_packets", "tx packets", CMD_COUNTER},
	{"address", "addresses", CMD_LIST},
};
static const struct cmd_column drop_columns[] = {
	{"name", "node/reason", CMD_PLAIN},
	{"packets", NULL, CMD_COUNTER},
};
static const struct cmd_column counter_columns[] = {
	{"name", "counter", CMD_PLAIN},
	{"packets", "count", CMD_COUNTER},
};
static const struct cmd_column node_columns[] = {
	{"name", "node", CMD_PLAIN},
	{"packets", NULL, CMD_COUNTER},
	{"calls", NULL, CMD_COUNTER},
	{"batch", "packets/call", CMD_PLAIN},
	{"cycles", "cycles/packet", CMD_PLAIN},
};
static const struct cmd_column worker_columns[] = {
	{"worker", NULL, CMD_PLAIN},	       {"core", NULL, CMD_PLAIN},
	{"rx_queues", "rx queues", CMD_PLAIN}, {"packets", NULL, CMD_COUNTER},
	{"turns", NULL, CMD_COUNTER},	       {"empty", "empty turns", CMD_COUNTER},
	{"sleeps", NULL, CMD_COUNTER},	       {"cycles_per_packet", "cycles/packet", CMD_PLAIN},
};
static const struct cmd_column thread_columns[] = {
	{"name", "thread", CMD_PLAIN}, {"job", NULL, CMD_PLAIN},
	{"steps", NULL, CMD_COUNTER},  {"longest_ms", "longest step ms", CMD_PLAIN},
	{"queue", NULL, CMD_PLAIN},
};
static const struct cmd_column memory_columns[] = {
	{"what", NULL, CMD_PLAIN},
	{"bytes", NULL, CMD_BYTES},
	{"top", "at most", CMD_BYTES},
	{"count", NULL, CMD_PLAIN},
};
static const struct cmd_column neigh_columns[] = {
	{"address", NULL, CMD_PLAIN}, {"mac", NULL, CMD_PLAIN}, {"iface", NULL, CMD_PLAIN},
	{"state", NULL, CMD_PLAIN},   {"age", NULL, CMD_AGE},	{"held", NULL, CMD_PLAIN},
};

#define COLUMNS(c) .columns = (c), .n_columns = ARRAY_LEN(c)
#define ARGS(a)	   .args = (a), .n_args = ARRAY_LEN(a)

static const struct cmd commands[] = {
	{.words = "show ports",
	 .help = "devices, their links and counters",
	 .fn = show_ports,
	 COLUMNS(port_columns)},
	{.words = "show ifaces",
	 .help = "what has addresses, with counters",
	 .fn = show_ifaces,
	 COLUMNS(iface_columns)},
	{.words = "show drops",
	 .help = "every lost packet, by node and reason",
	 .fn = show_drops,
	 ARGS(all_arg),
	 COLUMNS(drop_columns)},
	{.words = "show counters",
	 .help = "what neighbours and the host path did",
	 .fn = show_counters,
	 ARGS(all_arg),
	 COLUMNS(counter_columns)},
	{.words = "show nodes",
	 .help = "packets and cycles of the graph's nodes",
	 .fn = show_nodes,
	 ARGS(all_arg),
	 COLUMNS(node_columns)},
	{.words = "show workers",
	 .help = "packet threads",
	 .fn = show_workers,
	 COLUMNS(worker_columns)},
	{.words = "show threads",
	 .help = "longest step and queue of every thread",
	 .fn = show_threads,
	 COLUMNS(thread_columns)},
	{.words = "show memory",
	 .help = "what tables and packets take",
	 .fn = router_show_memory,
	 COLUMNS(memory_columns)},
	{.words = "show neighbours",
	 .help = "ARP and neighbour discovery",
	 .fn = show_neighbours,
	 COLUMNS(neigh_columns)},
	{.words = "neighbour flush",
	 .help = "forget learnt neighbours",
	 .fn = neighbour_flush,
	 ARGS(iface_arg)},
};

int router_cmds_add(struct router *r)
{
	int rc = cmds_add(r->cmds, commands, ARRAY_LEN(commands), r);

	if (rc == 0)
		rc = router_replay_cmds_add(r);
	return rc < 0 ? rc : router_route_cmds_add(r);
}

int router_server_start(struct router *r, struct err *err)
{
	r->server = server_new(r->base, r->cmds);
	if (!r->server)
		return err_set(err, ENOMEM, "no memory for the control socket");
	return server_open(r->server, r->conf->control.socket, r->conf->control.group, err);
}
