// SPDX-License-Identifier: BSD-3-Clause
// What a packet costs in the 82599 driver: received and sent again, no graph, no
// PCIe. The card is played between the measured calls: it marks descriptors done.
//
//   nic82599_bench [--quick] [--engine scalar|avx2] [--batch N]
//
// One JSON line an engine and batch size; cycles and their spread are of batches,
// per packet. Under callgrind: --toggle-collect=measured --engine ... --batch 32,
// then divide by "packets".
#include "dataplane/base/clock.h"
#include "drivers/nic82599/priv.h"

#include <rte_eal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 512, BURST_MAX = 64, SLICE = 16, SLICES_MAX = 40000, FRAME = 60 };

struct bench {
	struct nic_rxq rx;
	struct nic_txq tx;
	volatile uint32_t bell[2];
	port_burst_fn *receive, *transmit;
	uint64_t packets, cycles[SLICES_MAX];
};

static void die(const char *text)
{
	fprintf(stderr, "nic82599_bench: %s\n", text);
	exit(1);
}

static void *zeroed(size_t n, size_t size)
{
	void *mem = aligned_alloc(4096, (n * size + 4095) / 4096 * 4096);

	if (!mem)
		die("no memory");
	return memset(mem, 0, n * size);
}

static void setup(struct bench *b, struct rte_mempool *pool)
{
	struct rte_mbuf init = {.nb_segs = 1, .data_off = RTE_PKTMBUF_HEADROOM};

	rte_mbuf_refcnt_set(&init, 1);
	memset(b, 0, sizeof(*b));
	memcpy(&b->rx.mbuf_init, (char *)&init + offsetof(struct rte_mbuf, rearm_data), 8);
	b->rx.ring = zeroed(RING, sizeof(struct nic_desc));
	b->rx.sw = zeroed(RING, sizeof(struct rte_mbuf *));
	b->rx.pool = pool;
	b->rx.n = b->rx.n_empty = RING;
	b->rx.buf_len = 2048;
	b->rx.tail = &b->bell[0];
	b->rx.is_on = true;
	nic_rx_refill_all(&b->rx);
	b->tx.ring = zeroed(RING, sizeof(struct nic_desc));
	b->tx.sw = zeroed(RING, sizeof(struct rte_mbuf *));
	b->tx.report = zeroed(RING, sizeof(uint16_t));
	b->tx.n = RING;
	b->tx.n_free = RING - 1;
	b->tx.tail = &b->bell[1];
	b->tx.is_on = true;
}

// The card: n more frames have come, and everything given to it has left.
static void card_works(struct bench *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct nic_desc *d = &b->rx.ring[(b->rx.next + i) & (RING - 1)];

		d->lo = 0x12345678ull << NIC_RXD_HASH_SHIFT;
		d->hi = NIC_RXD_DD | NIC_RXD_EOP | NIC_RXD_IPCS |
			(uint64_t)FRAME << NIC_RXD_LEN_SHIFT;
	}
	for (uint16_t i = b->tx.report_out; i != b->tx.report_in; i = (i + 1) & (RING - 1))
		b->tx.ring[b->tx.report[i]].hi |= NIC_TXD_DD;
}

// Not inlined: callgrind counts what happens in here.
__attribute__((noinline, noclone)) static unsigned measured(struct bench *b, unsigned batch)
{
	struct rte_mbuf *pkts[BURST_MAX];
	unsigned n = b->receive(&b->rx, pkts, (uint16_t)batch);

	return n ? b->transmit(&b->tx, pkts, (uint16_t)n) : 0;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

// Reading the counter costs cycles as well: those of an empty interval.
static uint64_t counter_cost(void)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < 1000; i++) {
		uint64_t t = clock_tsc();

		t = clock_tsc() - t;
		best = t < best ? t : best;
	}
	return best;
}

static void run(struct bench *b, const char *engine, unsigned batch, unsigned slices)
{
	uint64_t cost = counter_cost();
	double per;

	b->packets = 0;
	for (unsigned s = 0; s < slices; s++) {
		uint64_t sum = 0;

		for (unsigned i = 0; i < SLICE; i++) {
			uint64_t t;

			card_works(b, batch);
			t = clock_tsc();
			if (measured(b, batch) != batch)
				die("packets were lost");
			t = clock_tsc() - t;
			sum += t > cost ? t - cost : 0;
		}
		b->cycles[s] = sum;
		b->packets += SLICE * batch;
	}
	qsort(b->cycles, slices, sizeof(b->cycles[0]), by_value);
	per = 1.0 / (SLICE * batch);
	printf("{\"bench\":\"nic82599/rxtx-%s\",\"engine\":\"%s\",\"batch\":%u,\"cycles\":%.1f,"
	       "\"p10\":%.1f,\"p90\":%.1f,\"packets\":%llu}\n",
	       strcmp(engine, "scalar") ? "vector" : "scalar", engine, batch,
	       (double)b->cycles[slices / 2] * per, (double)b->cycles[slices / 10] * per,
	       (double)b->cycles[slices * 9 / 10] * per, (unsigned long long)b->packets);
	fflush(stdout);
}

static struct rte_mempool *pool_new(void)
{
	char *args[] = {"nic82599_bench", "--no-huge",	   "--no-shconf",    "--no-pci", "-m", "64",
			"--no-telemetry", "--log-level=4", "--iova-mode=va", NULL};
	struct rte_mempool *pool;

	if (rte_eal_init((int)(sizeof(args) / sizeof(args[0])) - 1, args) < 0)
		die("DPDK does not start");
	pool = rte_pktmbuf_pool_create("packets", 4095, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
				       SOCKET_ID_ANY);
	if (!pool)
		die("no memory for packets");
	return pool;
}

int main(int argc, char **argv)
{
	static struct bench b;
	const char *only = NULL;
	unsigned slices = 20000, only_batch = 0;
	struct rte_mempool *pool;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0)
			slices = 2000;
		else if (strcmp(argv[i], "--engine") == 0 && i + 1 < argc)
			only = argv[++i];
		else if (strcmp(argv[i], "--batch") == 0 && i + 1 < argc)
			only_batch = (unsigned)atoi(argv[++i]);
		else
			die("[--quick] [--engine scalar|avx2] [--batch N]");
	}
	pool = pool_new();
	setup(&b, pool);
	for (unsigned e = 0; e < 2; e++) {
		const char *engine = e ? "avx2" : "scalar";

		if ((only && strcmp(only, engine) != 0) || (e && !__builtin_cpu_supports("avx2")))
			continue;
		b.receive = e ? nic_rx_avx2 : nic_rx_scalar;
		b.transmit = e ? nic_tx_avx2 : nic_tx_scalar;
		for (unsigned batch = 1; batch <= BURST_MAX; batch *= 2)
			if (!only_batch || batch == only_batch)
				run(&b, engine, batch, slices);
	}
	return 0;
}
