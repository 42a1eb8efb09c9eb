// SPDX-License-Identifier: BSD-3-Clause
#include "bench/graph_port.h"

#include "dataplane/base/mem.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/ip4.h"
#include "dataplane/pkt/ip6.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>

#include <errno.h>
#include <string.h>

enum { DST4_AT = ETH_HDR_LEN + 16, CSUM4_AT = ETH_HDR_LEN + 10, DST6_AT = ETH_HDR_LEN + 24 };

int graph_eal_start(void)
{
	char *args[] = {"graph_bench", "--no-huge", "--no-shconf",   "--no-pci", "--no-telemetry",
			"-m",	       "64",	    "--log-level=1", NULL};

	return rte_eal_init((int)ARRAY_LEN(args) - 1, args) < 0 ? -rte_errno : 0;
}

struct rte_mempool *graph_pool_new(unsigned n)
{
	size_t len = (size_t)n * 2560 + (1 << 21);
	struct rte_mempool *pool = rte_mempool_create_empty(
		"graph", n, sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE, 512,
		sizeof(struct rte_pktmbuf_pool_private), SOCKET_ID_ANY,
		RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	char *mem = mem_table_new(len);

	if (!pool || !mem || rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL))
		return NULL;
	rte_pktmbuf_pool_init(pool, NULL);
	if (rte_mempool_populate_virt(pool, mem, len, 1 << 21, NULL, NULL) < 0)
		return NULL;
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

static inline void packet_write(struct graph_packets *p, struct rte_mbuf *m)
{
	char *data = (char *)m->buf_addr + RTE_PKTMBUF_HEADROOM;

	memcpy(data, p->template, GRAPH_PACKET_LEN);
	if (p->family == 4) {
		memcpy(data + DST4_AT, p->dst[p->at], 4);
		memcpy(data + CSUM4_AT, &p->csum[p->at], 2);
	} else {
		memcpy(data + DST6_AT, p->dst[p->at], 16);
	}
	if (++p->at == p->n)
		p->at = 0;
}

static uint16_t port_rx(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct graph_port *port = queue;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = port->ring[(port->head + i) % GRAPH_PORT_DEPTH];

		m->data_off = RTE_PKTMBUF_HEADROOM;
		m->ol_flags = 0;
		m->data_len = GRAPH_PACKET_LEN;
		m->pkt_len = GRAPH_PACKET_LEN;
		pkts[i] = m;
	}
	return n;
}

static uint16_t port_tx(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct graph_port *port = queue;

	for (unsigned i = 0; i < n; i++) {
		if (unlikely(port->check != NULL))
			port->check(port->check_arg, pkts[i]);
		packet_write(port->packets, pkts[i]);
		port->ring[(port->head + i) % GRAPH_PORT_DEPTH] = pkts[i];
	}
	port->head = (port->head + n) % GRAPH_PORT_DEPTH;
	port->n_sent += n;
	return n;
}

void graph_port_init(struct graph_port *port, struct rte_mempool *pool)
{
	memset(port, 0, sizeof(*port));
	port->pub.rx_burst = port_rx;
	port->pub.tx_burst = port_tx;
	port->pub.n_rxq = port->pub.n_txq = 1;
	port->pub.rxq[0] = port->pub.txq[0] = port;
	for (unsigned i = 0; i < GRAPH_PORT_DEPTH; i++)
		port->ring[i] = rte_pktmbuf_alloc(pool);
}

void graph_port_load(struct graph_port *port, struct graph_packets *packets)
{
	port->packets = packets;
	for (unsigned i = 0; i < GRAPH_PORT_DEPTH; i++)
		packet_write(packets, port->ring[(port->head + i) % GRAPH_PORT_DEPTH]);
}
