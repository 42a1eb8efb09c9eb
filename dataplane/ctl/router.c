// SPDX-License-Identifier: BSD-3-Clause
// The life of a router: made, run by an event loop, ended.
#include "dataplane/ctl/router.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/intern.h"
#include "dataplane/base/log.h"
#include "dataplane/base/mem_ahead.h"
#include "dataplane/base/rcu.h"
#include "dataplane/ctl/eal.h"
#include "dataplane/ctl/guard.h"

#include <rte_mempool.h>

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>

#define MRT_BUDGET_NS	 (2ull * CLOCK_NS_PER_MS)
#define BUILD_BUDGET_NS	 (1ull * CLOCK_NS_PER_MS)
#define REPLAY_BUDGET_NS (2ull * CLOCK_NS_PER_MS)

enum {
	TICK_MS = 1,	      // while there is work
	TICK_IDLE_MS = 5,     // else
	ACTIVE_MS = 100,      // work lately
	LINK_MS = 100,	      // between looks at the links
	PUNT_BURST = 64,      // packets a worker and tick
	HOST_SYNC_MS = 10000, // for all TAPs at start
};

static struct table *table_for_neigh(void *arg, unsigned id)
{
	return router_table(arg, id);
}

// Packets of the control thread go out by worker 0.
static void packet_send(void *arg, struct rte_mbuf *pkt)
{
	struct router *r = arg;

	if (!workers_inject(r->workers, 0, PEER_CTL, pkt)) {
		rte_pktmbuf_free(pkt);
		r->n_inject_full++;
	}
}

static void packet_to_host(void *arg, struct rte_mbuf *pkt, unsigned iface)
{
	struct router *r = arg;

	if (r->host)
		host_give(r->host, pkt, iface);
	else
		rte_pktmbuf_free(pkt);
}

void router_neigh_conf(const struct router *r, struct neigh_conf *nc)
{
	const struct conf_neigh *conf = &r->conf->neigh;

	*nc = (struct neigh_conf){
		.reachable_ms = conf->reachable_s * 1000,
		.retrans_ms = conf->retrans_ms,
		.probes = conf->probes,
		.max = conf->max,
		.hold = conf->hold,
		.hold_all = ROUTER_HOLD_ALL,
	};
}

static int neigh_make(struct router *r)
{
	struct neigh_conf nc;
	struct neigh_env env = {
		.ifaces = r->ifaces,
		.nexthops = r->nexthops,
		.pool = r->pool,
		.table_get = table_for_neigh,
		.send = packet_send,
		.to_host = packet_to_host,
		.dad_done = router_dad_done,
		.arg = r,
	};

	router_neigh_conf(r, &nc);
	r->neigh = neigh_new(&nc, &env);
	return r->neigh ? 0 : -ENOMEM;
}

// "auto" is one worker a core listed, else one.
unsigned router_n_workers(const struct config *conf)
{
	if (conf->workers.count)
		return conf->workers.count;
	return conf->workers.n_cores ? conf->workers.n_cores : 1;
}

static int workers_make(struct router *r, struct err *err)
{
	const struct config *conf = r->conf;
	int core[WORKER_MAX];
	struct worker_conf wc = {
		.n = router_n_workers(conf),
		.core = core,
		.batch = conf->workers.batch,
		.busy = conf->workers.poll == CONF_POLL_BUSY,
		.pool = r->pool,
		.dp = &r->dp,
	};

	for (unsigned i = 0; i < WORKER_MAX; i++)
		core[i] = i < conf->workers.n_cores ? conf->workers.core[i] : -1;
	r->workers = workers_new(&wc, err);
	return r->workers ? 0 : -ENOMEM;
}

void router_switches_set(struct router *r)
{
	const struct config *conf = r->conf;
	unsigned generation = r->dp.ip.generation;

	r->dp.ip = (struct dp_ip){
		.martians = conf->ip.martians,
		.source_route = conf->ip.source_route,
		.directed_broadcast = conf->ip.directed_broadcast,
		.icmp_rate = conf->ip.icmp_rate,
		.icmp_burst = conf->ip.icmp_burst,
		.punt_rate = ROUTER_PUNT_RATE,
		.host_rate = conf->host.rate,
		.generation = generation + 1,
	};
	for (unsigned i = 0; i < TABLE_MAX; i++)
		if (r->table[i])
			router_build_set(r, r->table[i]);
}

void router_host_update(struct router *r, const struct iface *iface)
{
	struct host_iface hi;

	if (!r->host || !(iface->flags & IFACE_TAP))
		return;
	host_iface_from(&hi, iface);
	if (host_iface_update(r->host, &hi) < 0)
		log_error("%s: its TAP does not follow a change: the host thread is behind",
			  iface->name);
}

int router_host_apply(struct router *r, struct iface *iface, bool wanted, struct err *err)
{
	bool has = iface->flags & IFACE_TAP;
	struct host_iface hi;

	if (!r->host || wanted == has)
		return 0;
	host_iface_from(&hi, iface);
	if (wanted ? host_iface_add(r->host, &hi) < 0 : host_iface_del(r->host, iface->id) < 0)
		return err_set(err, ENOBUFS,
			       "the host thread is behind: its TAP cannot be changed");
	iface_flags_set(r->ifaces, iface->id, wanted ? IFACE_TAP : 0, wanted ? 0 : IFACE_TAP);
	return 0;
}

static int host_make(struct router *r, struct err *err)
{
	struct host_conf hc = {
		.workers = r->workers,
		.pool = r->pool,
		.default_route = r->conf->host.default_route,
		.metric = r->conf->host.metric,
	};

	if (!r->conf->host.enable)
		return 0;
	r->host = host_start(&hc, err);
	if (!r->host)
		return -err->code;
	for (unsigned i = 0; i < r->conf->n_ifaces; i++) {
		struct iface *iface = iface_find(r->ifaces, r->conf->iface[i].name);

		if (router_host_apply(r, iface, r->conf->iface[i].host, err) < 0)
			return -err->code;
	}
	return host_sync(r->host, HOST_SYNC_MS, err);
}

static int addrs_and_routes(struct router *r, struct err *err)
{
	const struct config *conf = r->conf;

	for (unsigned i = 0; i < conf->n_ifaces; i++)
		if (router_addrs_set(r, &conf->iface[i], err) < 0)
			return -err->code;
	for (unsigned i = 0; i < conf->n_neighbours; i++) {
		const struct conf_neighbour *n = &conf->neighbour[i];
		struct iface *iface = iface_find(r->ifaces, n->iface);

		if (neigh_static_add(r->neigh, iface->id, &n->addr, n->mac) < 0)
			return err_set(err, ENOMEM, "%s:%u: no memory for a static neighbour",
				       conf->file, n->line);
	}
	for (unsigned i = 0; i < conf->n_routes; i++)
		if (router_route_add(r, &conf->route[i], err) < 0) {
			err_prefix(err, "%s:%u", conf->file, conf->route[i].line);
			return -err->code;
		}
	return 0;
}

// Mbufs for everything that can hold one.
static unsigned packets_needed(const struct router *r, char *text, size_t len)
{
	const struct config *conf = r->conf;
	struct eal_need need = {
		.n_ports = conf->n_ports,
		.rx_queues = conf->n_ports * router_n_workers(conf),
		.tx_queues = conf->n_ports * router_n_workers(conf),
		.rx_ring = ROUTER_RING_DEFAULT,
		.tx_ring = ROUTER_RING_DEFAULT,
		.n_workers = router_n_workers(conf),
		.hold = ROUTER_HOLD_ALL,
		.batch = conf->workers.batch,
	};

	for (unsigned i = 0; i < conf->n_ports; i++) {
		if (conf->port[i].rx_ring > need.rx_ring)
			need.rx_ring = conf->port[i].rx_ring;
		if (conf->port[i].tx_ring > need.tx_ring)
			need.tx_ring = conf->port[i].tx_ring;
	}
	text[0] = 0;
	return conf->memory.packets ? conf->memory.packets : eal_pool_size(&need, text, len);
}

// One pool for all: buffers that hold the longest packet of any port.
static unsigned data_room(const struct router *r)
{
	unsigned room = 0;

	for (unsigned i = 0; i < r->conf->n_ports; i++) {
		const struct port_ops *ops = router_driver_find(r, r->conf->port[i].driver);
		unsigned need = ops ? ops->data_room(r->conf->port[i].mtu) : 0;

		room = need > room ? need : room;
	}
	return room ? room : RTE_MBUF_DEFAULT_BUF_SIZE;
}

static bool has_pci(const struct config *conf)
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (eal_is_pci(conf->port[i].device))
			return true;
	return false;
}

// Devices that DPDK shall look for; whether any port's has no IOMMU.
static unsigned eal_devices(const struct config *conf, const char *device[PORT_MAX],
			    bool *is_physical)
{
	unsigned n = 0;

	*is_physical = false;
	for (unsigned i = 0; i < conf->n_ports && i < PORT_MAX; i++) {
		*is_physical |= eal_is_uio(conf->port[i].device);
		if (strcmp(conf->port[i].driver, "dpdk") == 0)
			device[n++] = conf->port[i].device;
	}
	return n;
}

static int pool_make(struct router *r, struct err *err)
{
	const char *device[PORT_MAX];
	unsigned room = data_room(r);
	char sum[512];
	unsigned n = packets_needed(r, sum, sizeof(sum));
	struct eal_conf ec = {
		.hugepages = r->conf->memory.hugepages,
		.mem_bytes = eal_mem_need(n, room),
		.plain_bytes = eal_mem_need(n, room),
		.device = device,
	};

	ec.n_devices = eal_devices(r->conf, device, &ec.is_physical);
	if (guard_rights_limit(has_pci(r->conf) ? GUARD_START_PCI : GUARD_START, err) < 0 ||
	    eal_start(&ec, err) < 0)
		return -err->code;
	r->pool = eal_pool_new(n, room, err);
	if (r->pool)
		return 0;
	err_prefix(err, "%u packets are needed:\n%s", n, sum);
	return -err->code;
}

static void *nothing(void *arg)
{
	return arg;
}

// liburcu starts its thread at the first call_rcu() and aborts when it cannot:
// so it starts now, after another one has shown that there is room for it.
static int rcu_make(struct err *err)
{
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, nothing, NULL);

	if (rc)
		return err_set(err, rc, "cannot start the thread that frees memory: %s",
			       strerror(rc));
	pthread_join(thread, NULL);
	(void)get_default_call_rcu_data();
	rc = mem_ahead_start();
	if (rc < 0)
		return err_set(err, -rc, "cannot start the thread that makes memory: %s",
			       strerror(-rc));
	return 0;
}

static int memory_make(struct router *r, struct err *err)
{
	if (pool_make(r, err) < 0)
		return -err->code;
	rcu_register_thread();
	rcu_thread_offline(); // control only writes: no grace period waits for it
	r->ifaces = ifaces_new(&r->dp);
	r->nexthops = nexthops_new();
	r->attrs = intern_new(ROUTER_ATTRS_MAX);
	if (!r->ifaces || !r->nexthops || !r->attrs)
		return err_set(err, ENOMEM, "no memory for ifaces and next hops");
	r->dp.nexthop = nexthops_array(r->nexthops);
	// no neighbour of ours shall know which flows share a way
	if (getrandom(&r->dp.hash_key, sizeof(r->dp.hash_key), 0) < 0)
		return err_set(err, errno, "no random numbers for the flow hash");
	if (!router_table(r, 0))
		return err_set(err, ENOMEM, "no memory for a routing table");
	return 0;
}

static int graph_make(struct router *r, struct err *err)
{
	router_switches_set(r);
	if (router_ports_open(r, err) < 0 || router_ifaces_add(r, err) < 0)
		return -err->code;
	if (workers_make(r, err) < 0 || router_ports_start(r, err) < 0)
		return -err->code;
	// before the first thread: each has its own rights
	if (guard_rights_limit(has_pci(r->conf) ? GUARD_RUN_PCI : GUARD_RUN, err) < 0 ||
	    rcu_make(err) < 0)
		return -err->code;
	if (neigh_make(r) < 0)
		return err_set(err, ENOMEM, "no memory for neighbours");
	if (addrs_and_routes(r, err) < 0 || host_make(r, err) < 0)
		return -err->code;
	return workers_start(r->workers, err);
}

static void punts_take(struct router *r, uint64_t now_ns)
{
	struct rte_mbuf *pkts[PUNT_BURST];

	for (unsigned i = 0; i < workers_count(r->workers); i++) {
		unsigned n = workers_take(r->workers, i, PEER_CTL, pkts, PUNT_BURST);

		for (unsigned j = 0; j < n; j++) {
			struct meta meta = meta_get(pkts[j]);

			neigh_punt(r->neigh, pkts[j], &meta, now_ns);
		}
		if (n)
			r->active_ns = now_ns;
	}
}

static void neighbours_step(struct router *r, uint64_t now_ns)
{
	neigh_step(r->neigh, now_ns);
}

static void mrt_step(struct router *r, uint64_t now_ns)
{
	if (mem_ahead_is_busy() || router_mrt_step(r, MRT_BUDGET_NS))
		r->active_ns = now_ns;
}

static void replay_step(struct router *r, uint64_t now_ns)
{
	if (mem_ahead_is_busy() || router_replay_step(r->replay, REPLAY_BUDGET_NS))
		r->active_ns = now_ns;
}

// Loads and builds wait for memory that is being made. One budget for all tables: who had to stop
// begins the next time.
static void tables_step(struct router *r, uint64_t now_ns)
{
	uint64_t budget_ns = mem_ahead_is_busy() ? 0 : BUILD_BUDGET_NS;
	uint64_t end_ns = clock_ns() + budget_ns, at_ns;
	unsigned first = r->table_first;

	for (unsigned i = 0; i < TABLE_MAX; i++) {
		unsigned id = (first + i) % TABLE_MAX;

		if (!r->table[id])
			continue;
		at_ns = clock_ns();
		if (table_step(r->table[id], at_ns < end_ns ? end_ns - at_ns : 0) == 0)
			continue;
		r->active_ns = now_ns;
		if (at_ns < end_ns)
			r->table_first = (id + 1) % TABLE_MAX;
	}
	nexthops_step(r->nexthops);
}

static void links_step(struct router *r, uint64_t now_ns)
{
	if (now_ns - r->link_ns < LINK_MS * (uint64_t)CLOCK_NS_PER_MS)
		return;
	r->link_ns = now_ns;
	router_links_poll(r);
}

// The work of the control thread beside commands, in the order it is done.
static const struct {
	const char *name;
	void (*run)(struct router *r, uint64_t now_ns);
} jobs[] = {
	{"packets from workers", punts_take},
	{"neighbours", neighbours_step},
	{"routes from MRT", mrt_step},
	{"replay", replay_step},
	{"tables", tables_step},
	{"links", links_step},
};
static_assert(ARRAY_LEN(jobs) == ROUTER_JOBS, "struct router has a figure for each");

const char *router_job_name(unsigned job)
{
	return jobs[job].name;
}

// Steps are measured in CPU time: what another process took of the core is not
// this thread's work.
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct router *r = arg;
	uint64_t now_ns = clock_ns(), start_ns = clock_thread_ns(), end_ns;
	struct timeval next = {.tv_usec = TICK_IDLE_MS * 1000};

	for (unsigned i = 0; i < ARRAY_LEN(jobs); i++) {
		jobs[i].run(r, now_ns);
		end_ns = clock_thread_ns();
		r->job[i].n++;
		if (end_ns - start_ns > r->job[i].longest_ns)
			r->job[i].longest_ns = end_ns - start_ns;
		start_ns = end_ns;
	}
	if (now_ns - r->active_ns < ACTIVE_MS * (uint64_t)CLOCK_NS_PER_MS)
		next.tv_usec = TICK_MS * 1000;
	evtimer_add(r->tick, &next);
}

static void on_stop(evutil_socket_t sig, short what, void *arg)
{
	struct router *r = arg;

	log_info("signal %d: stopping", (int)sig);
	event_base_loopbreak(r->base);
}

static void reload_log(const char *path, const char *from, const char *to, bool needs_restart,
		       void *arg)
{
	log_info("reload: %s: %s -> %s%s", path, from, to,
		 needs_restart ? " (needs a restart)" : "");
}

static void on_reload(evutil_socket_t sig, short what, void *arg)
{
	struct err err = {0};

	if (router_reload(arg, reload_log, NULL, &err) < 0)
		log_error("reload refused: %s", err.text);
}

static int loop_make(struct router *r, struct err *err)
{
	r->base = event_base_new();
	r->tick = r->base ? evtimer_new(r->base, on_tick, r) : NULL;
	r->cmds = cmds_new();
	if (!r->tick || !r->cmds || router_cmds_add(r) < 0)
		return err_set(err, ENOMEM, "no memory for the event loop");
	r->on_term = evsignal_new(r->base, SIGTERM, on_stop, r);
	r->on_int = evsignal_new(r->base, SIGINT, on_stop, r);
	r->on_hup = evsignal_new(r->base, SIGHUP, on_reload, r);
	if (!r->on_term || !r->on_int || !r->on_hup)
		return err_set(err, ENOMEM, "no memory for signals");
	evsignal_add(r->on_term, NULL);
	evsignal_add(r->on_int, NULL);
	evsignal_add(r->on_hup, NULL);
	return 0;
}

struct router *router_new(struct config *conf, const struct port_ops *const drivers[],
			  struct err *err)
{
	struct router *r = calloc(1, sizeof(*r));

	if (!r) {
		config_free(conf);
		err_set(err, ENOMEM, "no memory");
		return err_null(ENOMEM);
	}
	r->conf = conf;
	r->drivers = drivers;
	r->start_ns = clock_ns();
	if (loop_make(r, err) < 0 || router_server_start(r, err) < 0 || memory_make(r, err) < 0 ||
	    graph_make(r, err) < 0 || router_mrt_start(r, err) < 0) {
		router_free(r);
		return err_null(err->code);
	}
	r->is_started = true;
	return r;
}

int router_run(struct router *r, struct err *err)
{
	struct timeval soon = {.tv_usec = 1000};

	evtimer_add(r->tick, &soon);
	if (event_base_dispatch(r->base) < 0)
		return err_set(err, EIO, "the event loop failed");
	return 0;
}

static void events_free(struct router *r)
{
	struct event *events[] = {r->tick, r->on_term, r->on_int, r->on_hup};

	for (unsigned i = 0; i < ARRAY_LEN(events); i++)
		if (events[i])
			event_free(events[i]);
	if (r->base)
		event_base_free(r->base);
}

// Reverse order: nobody is left who could use what goes.
void router_free(struct router *r)
{
	if (!r)
		return;
	if (r->server)
		server_free(r->server);
	if (r->loader)
		router_mrt_stop(r);
	if (r->workers)
		workers_stop(r->workers);
	if (r->host)
		host_stop(r->host);
	router_ports_close(r);
	neigh_free(r->neigh);
	workers_free(r->workers);
	router_routes_free(r);
	mem_ahead_stop();
	for (unsigned i = 0; i < TABLE_MAX; i++)
		if (r->table[i])
			table_free(r->table[i]);
	if (r->attrs)
		intern_free(r->attrs);
	if (r->nexthops)
		nexthops_free(r->nexthops);
	if (r->ifaces) {
		rcu_barrier();
		ifaces_free(r->ifaces);
	}
	rte_mempool_free(r->pool);
	cmds_free(r->cmds);
	events_free(r);
	config_free(r->conf);
	free(r);
}
