// SPDX-License-Identifier: BSD-3-Clause
#include "tests/unit/rig.h"

#include "dataplane/base/mem.h"
#include "dataplane/base/rcu.h"
#include "dataplane/pkt/eth.h"

#include <rte_eal.h>
#include <rte_errno.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define EXACT_BUFFERS 1
#elif defined(__has_feature) // clang
#define EXACT_BUFFERS __has_feature(address_sanitizer)
#else
#define EXACT_BUFFERS 0
#endif

enum { POOL_SIZE = 16383, MBUF_ROOM = RTE_MBUF_DEFAULT_BUF_SIZE };

struct queue {
	unsigned head, tail;
	struct rte_mbuf *pkt[RIG_QUEUE];
};

struct rig_port {
	struct queue in, out;
};

static bool queue_push(struct queue *q, struct rte_mbuf *m)
{
	if (q->tail - q->head == RIG_QUEUE)
		return false;
	q->pkt[q->tail++ % RIG_QUEUE] = m;
	return true;
}

static struct rte_mbuf *queue_pop(struct queue *q)
{
	return q->head == q->tail ? NULL : q->pkt[q->head++ % RIG_QUEUE];
}

static uint16_t rig_rx(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct queue *q = queue;
	uint16_t got = 0;

	while (got < n && q->head != q->tail)
		pkts[got++] = queue_pop(q);
	return got;
}

static uint16_t rig_tx(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	uint16_t sent = 0;

	while (sent < n && queue_push(queue, pkts[sent]))
		sent++;
	return sent;
}

static void eal_start(void)
{
	static bool started;
	char *args[] = {"rig", "--no-huge", "--no-shconf",   "--no-pci", "--no-telemetry",
			"-m",  "128",	    "--log-level=4", NULL};

	if (started)
		return;
	assert_true(rte_eal_init((int)ARRAY_LEN(args) - 1, args) >= 0);
	rcu_register_thread();
	started = true;
}

static void port_make(struct rig *rig, unsigned i)
{
	struct port *port = &rig->port[i];
	struct rig_port *rp = mem_table_new(sizeof(*rp));
	char name[IFACE_NAME_MAX];
	struct iface_conf conf = {
		.name = name,
		.port = (uint16_t)i,
		.mtu = 1500,
		.mac = {2, 0, 0, 0, 0, (uint8_t)(i + 1)},
		.flags = IFACE_UP,
	};

	snprintf(name, sizeof(name), "port%u", i);
	memset(port, 0, sizeof(*port));
	port->rx_burst = rig_rx;
	port->tx_burst = rig_tx;
	port->id = (uint16_t)i;
	port->n_rxq = port->n_txq = 1;
	port->rxq[0] = &rp->in;
	port->txq[0] = &rp->out;
	port->driver = rp;
	memcpy(port->mac, conf.mac, 6);
	rig->dp.port[i] = port;
	assert_int_equal(iface_add(rig->ifaces, &conf), i + 1);
	port->iface = (uint16_t)(i + 1);
}

struct rig *rig_new(unsigned n_ports, unsigned n_workers)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct worker_conf conf = {.n = n_workers, .batch = BATCH_FILL, .busy = true};
	struct err err = {0};
	static unsigned serial;
	char name[32];

	eal_start();
	snprintf(name, sizeof(name), "rig-%u", serial++);
	rig->pool = rte_pktmbuf_pool_create(name, POOL_SIZE, 0, 0, MBUF_ROOM, SOCKET_ID_ANY);
	assert_non_null(rig->pool);
	rig->dp.ip = (struct dp_ip){.martians = true,
				    .icmp_rate = 1000,
				    .icmp_burst = 100,
				    .punt_rate = 10000,
				    .host_rate = 0};
	rig->ifaces = ifaces_new(&rig->dp);
	rig->n_ports = n_ports;
	for (unsigned i = 0; i < n_ports; i++)
		port_make(rig, i);
	conf.pool = rig->pool;
	conf.dp = &rig->dp;
	rig->workers = workers_new(&conf, &err);
	assert_non_null(rig->workers);
	for (unsigned i = 0; i < n_ports; i++)
		assert_int_equal(workers_bind(rig->workers, &rig->port[i]), 0);
	return rig;
}

void rig_free(struct rig *rig)
{
	struct rte_mbuf *m;

	workers_free(rig->workers);
	for (unsigned i = 0; i < rig->n_ports; i++) {
		struct rig_port *rp = rig->port[i].driver;

		while ((m = queue_pop(&rp->in)) || (m = queue_pop(&rp->out)))
			rte_pktmbuf_free(m);
		mem_table_free(rp, sizeof(*rp));
	}
	// allocated = free + in rings + held: everything must be home now
	assert_int_equal(rte_mempool_in_use_count(rig->pool), 0);
	rte_mempool_free(rig->pool);
	rcu_barrier();
	ifaces_free(rig->ifaces);
	free(rig);
}

// DPDK's shared info and the frame's block, freed together.
struct exact {
	struct rte_mbuf_ext_shared_info info;
	uint8_t *block;
};

static void exact_free(void *addr, void *opaque)
{
	struct exact *x = opaque;

	free(x->block);
	free(x);
}

// Frame in a heap block that ends where the frame ends.
static void attach_exact(struct rte_mbuf *m, const void *frame, unsigned len)
{
	struct exact *x = malloc(sizeof(*x));
	uint16_t room = (uint16_t)(RTE_PKTMBUF_HEADROOM + len);

	assert_non_null(x);
	x->block = malloc(room);
	assert_non_null(x->block);
	x->info.free_cb = exact_free;
	x->info.fcb_opaque = x;
	rte_mbuf_ext_refcnt_set(&x->info, 1);
	rte_pktmbuf_attach_extbuf(m, x->block, RTE_BAD_IOVA, room, &x->info);
	m->data_off = RTE_PKTMBUF_HEADROOM;
	memcpy(x->block + RTE_PKTMBUF_HEADROOM, frame, len);
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
}

struct rte_mbuf *rig_mbuf(struct rig *rig, const void *frame, unsigned len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(rig->pool);

	assert_non_null(m);
	if (EXACT_BUFFERS) {
		attach_exact(m, frame, len);
		return m;
	}
	assert_true(len <= rte_pktmbuf_tailroom(m));
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	return m;
}

static void put(struct rig *rig, unsigned port, struct rte_mbuf *m)
{
	struct rig_port *rp = rig->port[port].driver;

	assert_true(queue_push(&rp->in, m));
}

void rig_put(struct rig *rig, unsigned port, const void *frame, unsigned len)
{
	put(rig, port, rig_mbuf(rig, frame, len));
}

void rig_put_chained(struct rig *rig, unsigned port, const void *frame, unsigned len,
		     unsigned first)
{
	struct rte_mbuf *head = rig_mbuf(rig, frame, first);

	assert_int_equal(
		rte_pktmbuf_chain(head, rig_mbuf(rig, (const uint8_t *)frame + first, len - first)),
		0);
	put(rig, port, head);
}

void rig_put_tagged(struct rig *rig, unsigned port, uint16_t tci, const void *frame, unsigned len)
{
	struct rte_mbuf *m = rig_mbuf(rig, frame, len);

	m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = tci;
	put(rig, port, m);
}

void rig_run(struct rig *rig)
{
	for (unsigned quiet = 0; quiet < 2;) {
		unsigned n = 0;

		for (unsigned i = 0; i < workers_count(rig->workers); i++)
			n += workers_turn(rig->workers, i);
		quiet = n ? 0 : quiet + 1;
		rcu_quiescent_state();
	}
}

unsigned rig_n_out(const struct rig *rig, unsigned port)
{
	const struct rig_port *rp = rig->port[port].driver;

	return rp->out.tail - rp->out.head;
}

bool rig_take(struct rig *rig, unsigned port, struct rig_frame *frame)
{
	struct rig_port *rp = rig->port[port].driver;
	struct rte_mbuf *m = queue_pop(&rp->out);
	const char *why;
	const void *data;

	if (!m)
		return false;
	assert_true(m->pkt_len <= RIG_FRAME_MAX);
	assert_int_equal(rte_mbuf_check(m, 1, &why), 0); // lengths of segments add up
	frame->len = m->pkt_len;
	data = rte_pktmbuf_read(m, 0, m->pkt_len, frame->data);
	assert_non_null(data);
	if (data != frame->data)
		memcpy(frame->data, data, m->pkt_len);
	rte_pktmbuf_free(m);
	return true;
}

struct rte_mbuf *rig_take_punt(struct rig *rig, enum worker_peer peer, struct meta *meta)
{
	struct rte_mbuf *m;

	for (unsigned i = 0; i < workers_count(rig->workers); i++)
		if (workers_take(rig->workers, i, peer, &m, 1)) {
			*meta = meta_get(m);
			return m;
		}
	return NULL;
}

uint64_t rig_drops(const struct rig *rig, enum graph_node node, unsigned edge)
{
	return workers_arc(rig->workers, node, edge);
}

uint64_t rig_all_drops(const struct rig *rig)
{
	uint64_t sum = workers_overflow(rig->workers);

	for (unsigned node = 1; node < GRAPH_N_NODES; node++)
		for (unsigned edge = 0; edge < GRAPH_EDGES_MAX; edge++)
			if (graph_drop_name(node, edge))
				sum += workers_arc(rig->workers, node, edge);
	return sum;
}

void rig_addr4(struct rig *rig, unsigned iface, const char *addr, unsigned plen)
{
	struct iface_addr a = {.family = 4, .plen = (uint8_t)plen};

	assert_int_equal(inet_pton(AF_INET, addr, a.bytes), 1);
	assert_int_equal(iface_addrs_set(rig->ifaces, iface, &a, 1), 0);
}

unsigned rig_eth(uint8_t *frame, unsigned to_port, uint16_t type, const void *payload, unsigned len)
{
	struct eth_hdr eth = {
		.dst = {2, 0, 0, 0, 0, (uint8_t)(to_port + 1)},
		.src = {2, 0, 0, 0, 0xee, (uint8_t)(to_port + 1)},
		.type = htons(type),
	};

	memmove(frame + sizeof(eth), payload, len); // a test may pass the frame itself
	memcpy(frame, &eth, sizeof(eth));
	return (unsigned)sizeof(eth) + len;
}
