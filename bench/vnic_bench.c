// SPDX-License-Identifier: BSD-3-Clause
// How many frames a second does the virtual 82599 move? Two cards on a cable,
// both sending and receiving through mapped doorbells, on one core, the driver's
// side of the rings included. The peer copies every frame into a buffer and out.
#include "dataplane/base/clock.h"
#include "drivers/nic82599/regs.h"
#include "drivers/vnic82599/vnic.h"
#include "drivers/vnic82599/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MEM = 8 << 20, RING = 512, BATCH = 64, SLICES = 41, SLICE_FRAMES = 40000, BUF = 2048 };
enum { RX_RING = 0, TX_RING = RING * 16, RX_BUF = 1 << 20, TX_BUF = 4 << 20 };

struct side {
	struct vnic *nic;
	uint8_t *mem, *doorbells;
	unsigned rx, tx, n_rx, len;
};

static struct nic_desc *desc(struct side *s, unsigned ring, unsigned i)
{
	return (struct nic_desc *)(void *)(s->mem + ring + 16 * (i % RING));
}

static void put(struct side *s, uint32_t off, uint32_t value)
{
	__atomic_store_n((uint32_t *)(void *)(s->doorbells + off), value, __ATOMIC_RELEASE);
}

static void die(const char *what)
{
	fprintf(stderr, "vnic_bench: %s\n", what);
	exit(1);
}

static void rings_init(struct side *s)
{
	static const uint8_t frame[] = {2,    0, 0,  0,	 0, 1, 2, 0, 0,	 0,  0, 2, 8,  0,
					0x45, 0, 0,  46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0,
					0,    1, 10, 0,	 0, 2, 1, 2, 3,	 4,  0, 26};

	for (unsigned i = 0; i < RING; i++) {
		desc(s, RX_RING, i)->lo = RX_BUF + i * BUF;
		memcpy(s->mem + TX_BUF + i * BUF, frame, sizeof(frame));
	}
	put(s, NIC_RDBAL(0), RX_RING);
	put(s, NIC_RDLEN(0), RING * 16);
	put(s, NIC_SRRCTL(0), NIC_SRRCTL_DESCTYPE_ADV | NIC_SRRCTL_DROP_EN | 2);
	put(s, NIC_RXDCTL(0), NIC_RXDCTL_ENABLE);
	put(s, NIC_RDT(0), RING - 1);
	put(s, NIC_TDBAL(0), TX_RING);
	put(s, NIC_TDLEN(0), RING * 16);
	put(s, NIC_TXDCTL(0), NIC_TXDCTL_ENABLE);
}

static void side_init(struct side *s, unsigned len)
{
	static const struct vnic_conf conf = {.mac = {2, 0, 0, 0, 0, 1}};
	struct vnic_dma_conf dma = {.len = MEM, .fd = -1, .can_read = true, .can_write = true};

	s->len = len;
	s->nic = vnic_new(&conf);
	s->mem = aligned_alloc(1 << 21, MEM);
	if (!s->nic || !s->mem)
		die("no memory");
	(void)madvise(s->mem, MEM, MADV_HUGEPAGE); // what clients have
	memset(s->mem, 0, MEM);
	dma.host = s->mem;
	if (vnic_dma_add(s->nic, &dma) < 0)
		die("no DMA");
	s->doorbells = mmap(NULL, VNIC_BAR0_LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			    vnic_bar_fd(s->nic), 0);
	if (s->doorbells == MAP_FAILED)
		die("no doorbells");
	vnic_cfg_write(s->nic, 4, &(uint16_t){6}, 2);
	vnic_write(s->nic, NIC_FCTRL, NIC_FCTRL_BAM);
	vnic_write(s->nic, NIC_RXCTRL, 1);
	vnic_write(s->nic, NIC_DMATXCTL, 1);
	vnic_write(s->nic, NIC_HLREG0, NIC_HLREG0_RXCRCSTRP | NIC_HLREG0_JUMBOEN);
	vnic_write(s->nic, NIC_MRQC, NIC_MRQC_MRQE_RSS | NIC_MRQC_UDP_IPV4 | NIC_MRQC_IPV4);
	rings_init(s);
}

// What a driver does: a batch to send, and what has come is offered anew.
static void drive(struct side *s)
{
	for (unsigned i = 0; i < BATCH; i++, s->tx++)
		*desc(s, TX_RING, s->tx) =
			(struct nic_desc){TX_BUF + s->tx % RING * BUF,
					  s->len | NIC_TXD_DTYP_DATA | NIC_TXD_DEXT | NIC_TXD_EOP |
						  NIC_TXD_IFCS | (i % 32 == 31 ? NIC_TXD_RS : 0)};
	put(s, NIC_TDT(0), s->tx % RING);
	while (desc(s, RX_RING, s->rx)->hi & NIC_RXD_DD) {
		*desc(s, RX_RING, s->rx) = (struct nic_desc){.lo = RX_BUF + s->rx % RING * BUF};
		s->rx++;
		s->n_rx++;
	}
	put(s, NIC_RDT(0), (s->rx + RING - 1) % RING);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

// Nanoseconds for a frame each way.
static double slice(struct side s[2])
{
	uint64_t start = clock_thread_ns(), now = 0;
	unsigned before = s[0].n_rx + s[1].n_rx;

	while (s[0].n_rx + s[1].n_rx - before < 2 * SLICE_FRAMES) {
		drive(&s[0]);
		drive(&s[1]);
		for (unsigned i = 0; i < 4; i++)
			vnic_step(s[i & 1].nic, now += 1000);
	}
	return (double)(clock_thread_ns() - start) / SLICE_FRAMES;
}

static double copy_twice(const struct side *s)
{
	static uint8_t middle[16384];
	uint64_t start = clock_thread_ns();

	for (unsigned i = 0; i < 2 * SLICE_FRAMES; i++) {
		memcpy(middle, s[0].mem + TX_BUF + i % RING * BUF, s->len);
		__asm__ volatile("" ::: "memory");
		memcpy(s[1].mem + RX_BUF + i % RING * BUF, middle, s->len);
		__asm__ volatile("" ::: "memory");
	}
	return (double)(clock_thread_ns() - start) / SLICE_FRAMES;
}

static void measure(const char *name, unsigned len)
{
	static double all[SLICES], peer[SLICES];
	struct side s[2] = {0};
	struct wire *end[2];

	side_init(&s[0], len);
	side_init(&s[1], len);
	if (wire_cable_open(end) < 0)
		die("no cable");
	vnic_wire_set(s[0].nic, end[0]);
	vnic_wire_set(s[1].nic, end[1]);
	for (unsigned i = 0; i < 64; i++) // queues are found
		vnic_step(s[i & 1].nic, 0);
	for (unsigned i = 0; i < SLICES; i++) {
		all[i] = slice(s);
		peer[i] = copy_twice(s);
	}
	qsort(all, SLICES, sizeof(*all), compare);
	qsort(peer, SLICES, sizeof(*peer), compare);
	printf("{\"bench\":\"vnic82599/cable-%s\",\"engine\":\"jerboa\",\"ns\":%.1f,\"p10\":%.1f,"
	       "\"p90\":%.1f,\"mpps_each_way\":%.2f,\"wrong\":0}\n",
	       name, all[SLICES / 2], all[SLICES / 10], all[SLICES * 9 / 10],
	       1000 / all[SLICES / 2]);
	printf("{\"bench\":\"vnic82599/cable-%s\",\"peer\":\"memcpy twice\",\"ratio\":%.3f}\n",
	       name, peer[SLICES / 2] / all[SLICES / 2]);
	for (unsigned i = 0; i < 2; i++) {
		vnic_free(s[i].nic);
		munmap(s[i].doorbells, VNIC_BAR0_LEN);
		free(s[i].mem);
	}
}

int main(void)
{
	measure("64", 60);
	measure("1514", 1514);
	return 0;
}
