// SPDX-License-Identifier: BSD-3-Clause
// A worker's loop. Hot: no allocation, no lock, no log; the only system call is
// the sleep of an idle worker (scripts/hot-allow.txt).
#include "dataplane/base/clock.h"
#include "dataplane/base/rcu.h"
#include "dataplane/graph/worker_priv.h"
#include "dataplane/pkt/ip4.h"

#include <rte_ring.h>

#include <arpa/inet.h>
#include <time.h>

enum {
	RING_BURST = 32,
	IDLE_SPINS = 256,	   // empty turns before the first sleep
	IDLE_NAP_MIN_NS = 20000,   // a nap takes this part of the silence before it, so
	IDLE_NAP_PART = 512,	   // that no packet comes later by more than that part,
	IDLE_NAP_MAX_NS = 1000000, // and a router that nobody uses hardly wakes
};

// Bursts of a tenth of a second, so that a traceroute's three probes get
// their three answers.
void worker_limits_set(struct worker_priv *p)
{
	struct worker *w = &p->pub;
	const struct dp_ip *ip = &w->dp->ip;
	unsigned punt = ip->punt_rate;

	p->limits_generation = ip->generation;
	bucket_init(&w->icmp_error, w->tsc_hz, ip->icmp_rate, ip->icmp_burst);
	bucket_init(&w->icmp_echo, w->tsc_hz, 0, 0);
	bucket_init(&w->host, w->tsc_hz, ip->host_rate, ip->host_rate / 10);
	bucket_init(&w->arp, w->tsc_hz, punt, punt / 10);
	bucket_init(&w->nd, w->tsc_hz, punt, punt / 10);
	bucket_init(&w->hold, w->tsc_hz, punt, punt / 10);
}

static void flush_port(struct worker_priv *p, unsigned id)
{
	struct port *port = p->pub.dp->port[id];
	struct tx_buffer *buf = p->tx[id];
	unsigned sent = port->tx_burst(port->txq[p->pub.id], buf->pkt, (uint16_t)buf->n);

	if (unlikely(sent < buf->n)) {
		rte_pktmbuf_free_bulk(buf->pkt + sent, buf->n - sent);
		worker_count(&p->pub, NODE_TX, TX_RING_FULL, buf->n - sent);
	}
	buf->n = 0;
}

static void flush_all(struct worker_priv *p)
{
	uint64_t used = p->tx_used;

	p->tx_used = 0;
	for (; used; used &= used - 1)
		flush_port(p, (unsigned)__builtin_ctzll(used));
}

// The port's queue belongs to another worker: give the packets to it.
static void hand_over(struct worker *w, unsigned to, struct batch *b, unsigned first, unsigned n)
{
	struct worker_priv *p = container_of_type(w, struct worker_priv, pub);

	for (unsigned i = first; i < first + n; i++) {
		struct meta meta = {.node = NODE_TX, .iface = b->iface[i], .out = b->out[i]};

		meta_put(b->pkt[i], &meta);
		if (unlikely(rte_ring_sp_enqueue(p->handoff_out[to], b->pkt[i]) != 0)) {
			rte_pktmbuf_free(b->pkt[i]);
			worker_count(w, NODE_TX, TX_HANDOFF_FULL, 1);
		}
	}
}

void worker_tx(struct worker *w, uint16_t id, struct batch *b, unsigned first, unsigned n)
{
	struct worker_priv *p = container_of_type(w, struct worker_priv, pub);
	unsigned owner = w->dp->port[id]->tx_worker[w->id];
	struct tx_buffer *buf;

	if (unlikely(owner != w->id)) {
		hand_over(w, owner, b, first, n);
		return;
	}
	buf = p->tx[id];
	if (buf->n + n > BATCH_MAX)
		flush_port(p, id);
	memcpy(buf->pkt + buf->n, b->pkt + first, n * sizeof(b->pkt[0]));
	buf->n += n;
	p->tx_used |= 1ull << id;
}

bool worker_punt(struct worker *w, enum punt_kind kind, const struct batch *b, unsigned i)
{
	struct rte_mbuf *m = b->pkt[i];
	struct meta meta = {
		.node = (uint8_t)kind,
		.l3_off = (uint8_t)((char *)b->l3[i] - rte_pktmbuf_mtod(m, char *)),
		.iface = b->iface[i],
		.out = b->out[i],
		.nh = b->nh[i],
	};

	meta_put(m, &meta);
	return rte_ring_sp_enqueue(kind == PUNT_HOST ? w->to_host : w->to_ctl, m) == 0;
}

static unsigned rx_poll(struct worker_priv *p, const struct rx_queue *rxq)
{
	struct runner *r = p->pub.runner;
	enum graph_node first = p->pub.dp->hook_used & 1u << AT_RX ? NODE_RX : NODE_ETH_INPUT;
	struct batch *b = runner_input(r, first);
	unsigned n = rxq->port->rx_burst(rxq->queue, b->pkt, (uint16_t)p->batch);

	if (n == 0)
		return 0;
	b->n = n;
	for (unsigned i = 0; i < n; i++)
		b->iface[i] = rxq->port->iface;
	runner_ready(r, first);
	runner_walk(&p->pub);
	return n;
}

// Packets that control, the host or another worker sends into this graph.
static unsigned ring_poll(struct worker_priv *p, struct rte_ring *ring)
{
	struct rte_mbuf *pkts[RING_BURST];
	unsigned n = rte_ring_sc_dequeue_burst(ring, (void **)pkts, RING_BURST, NULL);

	for (unsigned i = 0; i < n; i++) {
		struct meta meta = meta_get(pkts[i]);
		char *l3 = rte_pktmbuf_mtod(pkts[i], char *) + meta.l3_off;
		struct emitted e = {
			.pkt = pkts[i],
			.l3 = l3,
			.dst = meta.node == NODE_IP4_LOOKUP
				       ? ntohl(((const struct ip4_hdr *)l3)->dst)
				       : 0,
			.nh = meta.nh,
			.iface = meta.iface,
			.out = meta.out,
		};

		runner_append(&p->pub, meta.node, &e);
	}
	if (n)
		runner_walk(&p->pub);
	return n;
}

unsigned worker_turn(struct worker_priv *p)
{
	unsigned n = 0;

	p->pub.now = clock_tsc();
	if (unlikely(p->limits_generation != p->pub.dp->ip.generation))
		worker_limits_set(p);
	for (unsigned i = 0; i < p->n_rxq; i++)
		n += rx_poll(p, &p->rxq[i]);
	n += ring_poll(p, p->from_ctl);
	n += ring_poll(p, p->from_host);
	for (unsigned i = 0; i < p->pub.n_workers; i++)
		if (i != p->pub.id)
			n += ring_poll(p, p->handoff_in[i]);
	flush_all(p);
	p->turns++;
	p->packets += n;
	if (n)
		p->busy_cycles += clock_tsc() - p->pub.now;
	else
		p->empty_turns++;
	return n;
}

static long nap_ns(const struct worker_priv *p)
{
	uint64_t hz = p->pub.tsc_hz;
	uint64_t silence = p->pub.now - p->last_busy;
	uint64_t ns = silence < hz ? silence * 1000000000ull / hz / IDLE_NAP_PART : IDLE_NAP_MAX_NS;

	if (ns < IDLE_NAP_MIN_NS)
		return IDLE_NAP_MIN_NS;
	return ns < IDLE_NAP_MAX_NS ? (long)ns : IDLE_NAP_MAX_NS;
}

// Drivers free what was sent when they send again: here, so do they at rest.
static void reclaim(struct worker_priv *p)
{
	struct worker *w = &p->pub;

	for (unsigned id = 0; id < PORT_MAX; id++) {
		struct port *port = w->dp->port[id];

		if (port && p->tx[id] && port->tx_worker[w->id] == w->id)
			(void)port->tx_burst(port->txq[w->id], NULL, 0);
	}
}

// An idle worker first spins, then sleeps a little, then longer. It is offline
// for RCU meanwhile, so grace periods do not wait for it.
static void idle(struct worker_priv *p)
{
	struct timespec nap = {0};

	if (++p->n_idle == IDLE_SPINS)
		reclaim(p);
	if (p->is_busy_poll || p->n_idle < IDLE_SPINS) {
#if defined(__x86_64__)
		__builtin_ia32_pause();
#endif
		return;
	}
	nap.tv_nsec = nap_ns(p);
	p->sleeps++;
	rcu_thread_offline();
	nanosleep(&nap, NULL);
	rcu_thread_online();
}

static void not_idle(struct worker_priv *p)
{
	p->n_idle = 0;
	p->last_busy = p->pub.now;
}

void worker_loop(struct worker_priv *p)
{
	while (!p->stop) {
		if (worker_turn(p) == 0)
			idle(p);
		else
			not_idle(p);
		rcu_quiescent_state();
	}
}
