// SPDX-License-Identifier: BSD-3-Clause
// The router: everything a daemon holds, made from one configuration.
//
// Control thread only. Parts are made in the order of struct router and ended in
// the reverse order. Features' own files know nothing of this one.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"
#include "dataplane/ctl/cmd.h"
#include "dataplane/ctl/config.h"
#include "dataplane/ctl/host.h"
#include "dataplane/ctl/loader.h"
#include "dataplane/ctl/router_replay.h"
#include "dataplane/ctl/server.h"
#include "dataplane/graph/iface.h"
#include "dataplane/graph/port.h"
#include "dataplane/graph/worker.h"
#include "dataplane/neigh/neigh.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/table.h"

#include <event2/event.h>

enum {
	ROUTER_HOLD_ALL = 4096,	  // packets that wait for neighbours
	ROUTER_PUNT_RATE = 20000, // ARP, ND, held packets: each, a second and worker
	ROUTER_LOOPBACK_MTU = 1500,
	ROUTER_ATTRS_MAX = 256 << 20, // bytes
	ROUTER_RING_DEFAULT = 1024,   // descriptors, where neither user nor driver says
};

// One MRT block of the configuration and where its gateways lead.
struct router_mrt {
	struct conf_mrt conf; // map is a copy
	struct conf_mrt next; // asked for while a load is under way; its map, too
	bool has_next;
	uint16_t *nexthop;   // [n_gateways], references; 0: the gateway cannot be reached
	unsigned n_gateways; // n_map + 2
	unsigned n_pending;  // loads asked for and not finished
	struct loader_result last;
	bool is_loaded;
	uint64_t n_refused; // routes that found no memory
};

// A static route, of the file or of `jerboactl route add`.
struct router_static {
	struct conf_route conf;
	bool is_active; // in the table: some gateway's iface is up
};

// A job of the control thread: how often, and the longest step in CPU time.
enum { ROUTER_JOBS = 6 };
struct router_job {
	uint64_t n, longest_ns;
};

struct router {
	struct config *conf;
	const struct port_ops *const *drivers; // NULL at the end
	struct event_base *base;
	struct rte_mempool *pool;
	struct dp_tbl dp;
	struct ifaces *ifaces;
	struct nexthops *nexthops;
	struct intern *attrs; // what decides between paths, of all tables
	struct table *table[TABLE_MAX];
	unsigned table_first; // of the next step
	struct port port[PORT_MAX];
	unsigned n_ports;
	struct workers *workers;
	struct neigh *neigh;
	struct host *host; // NULL: not configured
	struct loader *loader;
	struct router_static *fixed;
	unsigned n_fixed, max_fixed;
	struct router_mrt *mrt;
	unsigned n_mrt;
	struct loader_batch *batch; // being applied
	unsigned batch_at;
	struct router_replay *replay;
	struct cmds *cmds;
	struct server *server;
	struct event *tick, *on_term, *on_int, *on_hup;
	uint64_t start_ns, active_ns, link_ns;
	struct router_job job[ROUTER_JOBS];
	uint64_t n_inject_full; // packets of control that found the worker's ring full
	bool is_started;
};

struct router *router_new(struct config *conf, const struct port_ops *const drivers[],
			  struct err *err) must_check; // takes conf
int router_run(struct router *r, struct err *err);     // until SIGTERM or SIGINT
void router_free(struct router *r);

// router_port.c: ports, ifaces and their addresses.
const struct port_ops *router_driver_find(const struct router *r, const char *name); // NULL: none
int router_ports_open(struct router *r, struct err *err) must_check;
int router_ports_start(struct router *r, struct err *err) must_check;
void router_ports_close(struct router *r);
int router_ifaces_add(struct router *r, struct err *err) must_check;
// (Re)places all addresses of an iface and the routes that follow from them.
int router_addrs_set(struct router *r, const struct conf_iface *conf, struct err *err) must_check;
void router_addrs_remove(struct router *r, struct iface *iface);
void router_dad_done(void *arg, unsigned iface, const uint8_t addr[16], bool is_unique);
void router_iface_up(struct router *r, struct iface *iface);
void router_links_poll(struct router *r);

// router_route.c: static routes and gateways.
struct table *router_table(struct router *r, unsigned id); // made when asked for; NULL: ENOMEM
void router_build_set(const struct router *r, struct table *table); // forwarding.build
// The next hop of a gateway, a reference: id, or -ENETUNREACH (no iface reaches it).
int router_gateway_get(struct router *r, unsigned table, const struct conf_gateway *via) must_check;
int router_route_add(struct router *r, const struct conf_route *route, struct err *err) must_check;
int router_route_del(struct router *r, unsigned table, const struct prefix *prefix,
		     struct err *err) must_check;
void router_routes_free(struct router *r);
// Static routes whose ifaces are all down step aside; they return with the link.
void router_routes_refresh(struct router *r);
void router_routes_reapply(struct router *r); // all: ifaces came, went or changed addresses

// router_mrt.c: what the loader brings.
int router_mrt_start(struct router *r, struct err *err) must_check;
void router_mrt_stop(struct router *r);
// Loads anew what the configuration or (is_same) changed gateways ask for.
int router_mrt_reload(struct router *r, const struct config *conf, bool is_same,
		      struct err *err) must_check;
// Applies batches for at most budget_ns; true while there is more.
bool router_mrt_step(struct router *r, uint64_t budget_ns);

// The next hop of each rule and of the defaults, references; 0: cannot be reached.
uint16_t *router_gateways_get(struct router *r, const struct conf_mrt *conf) must_check;
void router_gateways_put(struct router *r, uint16_t nexthop[], unsigned n); // frees it

// router.c
const char *router_job_name(unsigned job);
unsigned router_n_workers(const struct config *conf);
// What a reload sets again from r->conf.
void router_switches_set(struct router *r);
void router_neigh_conf(const struct router *r, struct neigh_conf *nc);
// The TAP of an iface: made, kept up to date, or removed.
void router_host_update(struct router *r, const struct iface *iface);
int router_host_apply(struct router *r, struct iface *iface, bool wanted,
		      struct err *err) must_check;

// router_reload.c: fn is told every change. Refused whole, or applied.
int router_reload(struct router *r, config_change_fn *fn, void *arg, struct err *err) must_check;

// router_cmd*.c: tables of commands; the socket they come by.
int router_cmds_add(struct router *r) must_check;
int router_server_start(struct router *r, struct err *err) must_check;
