// SPDX-License-Identifier: BSD-3-Clause
// Workers, cold side: made, bound to queues, started, stopped, read.
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/base/mem.h"
#include "dataplane/base/rcu.h"
#include "dataplane/graph/worker_priv.h"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_ring.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

struct workers {
	unsigned n;
	struct worker_priv *w[WORKER_MAX];
};

static struct rte_ring *ring_new(const char *what, unsigned from, unsigned to, unsigned len)
{
	static _Atomic unsigned serial; // ring names are unique in a process
	char name[64];

	snprintf(name, sizeof(name), "%.8s-%hu-%hu-%u", what, (uint16_t)from, (uint16_t)to,
		 serial++);
	return rte_ring_create(name, len, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static void ring_free(struct rte_ring *ring)
{
	void *pkt;

	if (!ring)
		return;
	while (rte_ring_sc_dequeue(ring, &pkt) == 0)
		rte_pktmbuf_free(pkt);
	rte_ring_free(ring);
}

static void worker_free(struct worker_priv *p)
{
	if (!p)
		return;
	ring_free(p->pub.to_ctl);
	ring_free(p->pub.to_host);
	ring_free(p->from_ctl);
	ring_free(p->from_host);
	for (unsigned i = 0; i < WORKER_MAX; i++)
		ring_free(p->handoff_in[i]);
	for (unsigned i = 0; i < PORT_MAX; i++)
		if (p->tx[i]) {
			rte_pktmbuf_free_bulk(p->tx[i]->pkt, p->tx[i]->n);
			mem_table_free(p->tx[i], sizeof(*p->tx[i]));
		}
	runner_free(p->pub.runner);
	mem_table_free(p->pub.iface, IFACE_MAX * sizeof(*p->pub.iface));
	mem_table_free(p, sizeof(*p));
}

static struct worker_priv *worker_new(const struct worker_conf *conf, unsigned id)
{
	struct worker_priv *p = mem_table_new(sizeof(*p));

	if (!p)
		return NULL;
	snprintf(p->name, sizeof(p->name), "worker-%hu", (uint16_t)id);
	p->batch = conf->batch;
	p->is_busy_poll = conf->busy;
	p->core = conf->core ? conf->core[id] : -1;
	p->pub.id = id;
	p->pub.n_workers = conf->n;
	p->pub.dp = conf->dp;
	p->pub.pool = conf->pool;
	p->pub.tsc_hz = clock_tsc_hz();
	p->pub.now = clock_tsc();
	p->pub.rand = p->pub.now * 2 + 1 + ((uint64_t)id << 48);
	worker_limits_set(p);
	p->pub.runner = runner_new();
	p->pub.iface = mem_table_new(IFACE_MAX * sizeof(*p->pub.iface));
	p->pub.to_ctl = ring_new("to-ctl", id, 0, WORKER_RING_LEN);
	p->pub.to_host = ring_new("to-host", id, 0, WORKER_RING_LEN);
	p->from_ctl = ring_new("from-ctl", 0, id, WORKER_RING_LEN);
	p->from_host = ring_new("from-host", 0, id, WORKER_RING_LEN);
	if (p->pub.runner && p->pub.iface && p->pub.to_ctl && p->pub.to_host && p->from_ctl &&
	    p->from_host)
		return p;
	worker_free(p);
	return NULL;
}

static int handoff_rings_new(struct workers *ws)
{
	for (unsigned from = 0; from < ws->n; from++)
		for (unsigned to = 0; to < ws->n; to++) {
			if (from == to)
				continue;
			ws->w[to]->handoff_in[from] =
				ring_new("handoff", from, to, WORKER_HANDOFF_LEN);
			if (!ws->w[to]->handoff_in[from])
				return -ENOMEM;
			ws->w[from]->handoff_out[to] = ws->w[to]->handoff_in[from];
		}
	return 0;
}

struct workers *workers_new(const struct worker_conf *conf, struct err *err)
{
	struct workers *ws = calloc(1, sizeof(*ws));

	if (!ws)
		goto no_memory;
	for (unsigned i = 0; i < conf->n; i++) {
		ws->w[i] = worker_new(conf, i);
		if (!ws->w[i])
			goto free_ws;
		ws->n++;
	}
	if (handoff_rings_new(ws) == 0)
		return ws;

free_ws:
	workers_free(ws);
no_memory:
	err_set(err, ENOMEM, "no memory for %u workers and their rings", conf->n);
	return err_null(ENOMEM);
}

int workers_bind(struct workers *ws, struct port *port)
{
	for (unsigned q = 0; q < port->n_rxq; q++) {
		struct worker_priv *p = ws->w[(port->id + q) % ws->n];

		if (p->n_rxq == PORT_MAX)
			return -ENOSPC;
		p->rxq[p->n_rxq++] = (struct rx_queue){port, port->rxq[q]};
	}
	for (unsigned i = 0; i < ws->n; i++) {
		port->tx_worker[i] = (uint8_t)(i % port->n_txq);
		ws->w[i]->tx[port->id] = mem_table_new(sizeof(struct tx_buffer));
		if (!ws->w[i]->tx[port->id])
			return -ENOMEM;
	}
	return 0;
}

int helper_enter(const char *name)
{
	pthread_setname_np(pthread_self(), name);
	if (rte_lcore_id() == LCORE_ID_ANY && rte_thread_register() < 0)
		return -rte_errno;
	rcu_register_thread();
	return 0;
}

void helper_leave(void)
{
	rcu_unregister_thread();
	rte_thread_unregister();
}

static void pin(const struct worker_priv *p)
{
	cpu_set_t set;

	if (p->core < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((unsigned)p->core, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		log_warn("%s: core %d cannot be had, running unpinned", p->name, p->core);
}

static void *worker_main(void *arg)
{
	struct worker_priv *p = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	pin(p);
	prctl(PR_SET_TIMERSLACK, 1000); // a 20 us nap shall not last 70
	if (helper_enter(p->name) < 0) {
		log_error("%s: too many threads for DPDK (RTE_MAX_LCORE)", p->name);
		return NULL;
	}
	worker_loop(p);
	helper_leave();
	return NULL;
}

int workers_start(struct workers *ws, struct err *err)
{
	for (unsigned i = 0; i < ws->n; i++) {
		struct worker_priv *p = ws->w[i];
		int rc;

		p->stop = false;
		rc = pthread_create(&p->thread, NULL, worker_main, p);
		if (rc) {
			workers_stop(ws);
			return err_set(err, rc, "%s: cannot start a thread: %s", p->name,
				       strerror(rc));
		}
		p->is_running = true;
	}
	return 0;
}

void workers_stop(struct workers *ws)
{
	for (unsigned i = 0; i < ws->n; i++)
		ws->w[i]->stop = true;
	for (unsigned i = 0; i < ws->n; i++) {
		if (ws->w[i]->is_running)
			pthread_join(ws->w[i]->thread, NULL);
		ws->w[i]->is_running = false;
	}
}

void workers_free(struct workers *ws)
{
	if (!ws)
		return;
	for (unsigned i = 0; i < ws->n; i++)
		worker_free(ws->w[i]);
	free(ws);
}

unsigned workers_count(const struct workers *ws)
{
	return ws->n;
}

unsigned workers_turn(struct workers *ws, unsigned i)
{
	return worker_turn(ws->w[i]);
}

struct worker *workers_get(struct workers *ws, unsigned i)
{
	return &ws->w[i]->pub;
}

unsigned workers_take(struct workers *ws, unsigned i, enum worker_peer peer,
		      struct rte_mbuf *pkts[], unsigned n)
{
	struct rte_ring *ring = peer == PEER_CTL ? ws->w[i]->pub.to_ctl : ws->w[i]->pub.to_host;

	return rte_ring_sc_dequeue_burst(ring, (void **)pkts, n, NULL);
}

bool workers_inject(struct workers *ws, unsigned i, enum worker_peer peer, struct rte_mbuf *pkt)
{
	struct rte_ring *ring = peer == PEER_CTL ? ws->w[i]->from_ctl : ws->w[i]->from_host;

	return rte_ring_sp_enqueue(ring, pkt) == 0;
}

void workers_iface_counters(const struct workers *ws, unsigned iface, struct iface_counters *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (unsigned i = 0; i < ws->n; i++) {
		const struct iface_counters *c = &ws->w[i]->pub.iface[iface];

		sum->rx_packets += c->rx_packets;
		sum->rx_bytes += c->rx_bytes;
		sum->rx_errors += c->rx_errors;
		sum->tx_packets += c->tx_packets;
		sum->tx_bytes += c->tx_bytes;
		sum->tx_errors += c->tx_errors;
	}
}

uint64_t workers_arc(const struct workers *ws, unsigned node, unsigned edge)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < ws->n; i++)
		sum += ws->w[i]->pub.runner->arc[node][edge];
	return sum;
}

void workers_node_stats(const struct workers *ws, unsigned node, struct node_stats *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (unsigned i = 0; i < ws->n; i++) {
		const struct node_stats *s = &ws->w[i]->pub.runner->node[node];

		sum->calls += s->calls;
		sum->packets += s->packets;
		sum->cycles += s->cycles;
		sum->timed_packets += s->timed_packets;
	}
}

uint64_t workers_overflow(const struct workers *ws)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < ws->n; i++)
		sum += ws->w[i]->pub.runner->n_overflow;
	return sum;
}

void workers_stats(const struct workers *ws, unsigned i, struct worker_stats *stats)
{
	const struct worker_priv *p = ws->w[i];

	*stats = (struct worker_stats){
		.core = p->core,
		.turns = p->turns,
		.empty_turns = p->empty_turns,
		.sleeps = p->sleeps,
		.packets = p->packets,
		.busy_cycles = p->busy_cycles,
		.rx_queues = p->n_rxq,
		.to_ctl = rte_ring_count(p->pub.to_ctl),
		.to_host = rte_ring_count(p->pub.to_host),
	};
	for (unsigned from = 0; from < ws->n; from++)
		if (p->handoff_in[from])
			stats->handoff += rte_ring_count(p->handoff_in[from]);
}
