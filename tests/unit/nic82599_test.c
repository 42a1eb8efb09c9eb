// SPDX-License-Identifier: BSD-3-Clause
// The 82599 driver on the model of the card: D1 to D8, D11 of the cases that other
// drivers of this chip got wrong, and what happens when the card misbehaves.
// Sections: 82599 datasheet, revision 3.3.
#include "tests/unit/nic_rig.h"

#include <rte_ip.h>

#include <arpa/inet.h>
#include <string.h>

enum { BURST = 32 };

static unsigned drain(struct nic_rig *rig, unsigned q, uint32_t *seed, unsigned len)
{
	struct rte_mbuf *pkts[BURST];
	unsigned n = nic_rig_rx(rig, q, pkts, BURST);

	for (unsigned i = 0; i < n; i++) {
		if (!nic_rig_mbuf_is(pkts[i], len, *seed))
			fail_msg("packet %u came wrong", *seed);
		(*seed)++;
		rte_pktmbuf_free(pkts[i]);
	}
	return n;
}

// The place in what was written, from *at on, of the first write to reg; after it.
static void wrote(const struct nic_rig *rig, unsigned *at, uint32_t reg, uint32_t mask,
		  uint32_t want)
{
	for (unsigned i = *at; i < rig->n_writes; i++)
		if (rig->write[i].reg == reg && (rig->write[i].value & mask) == want) {
			*at = i + 1;
			return;
		}
	fail_msg("register %#x was not written with %#x (mask %#x) in its turn", reg, want, mask);
}

// D1: §4.6.3, §4.6.7, §4.6.8, with the registers in shared pages recorded, too.
static void init_writes_in_the_datasheets_order(void **state)
{
	struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){.n_rxq = 2, .n_txq = 2});
	struct err err = {0};
	uint64_t mapped[2];
	unsigned at = 0;

	(void)state;
	rig->port.ops->stop(&rig->port);
	rig->n_writes = 0;
	assert_int_equal(nic_rings_new(rig->nic, &err), 0);
	assert_int_equal(nic_rings_fill(rig->nic, &err), 0);
	memcpy(mapped, rig->nic->pci.mapped, sizeof(mapped));
	memset(rig->nic->pci.mapped, 0, sizeof(mapped));
	assert_int_equal(nic_reset(rig->nic, &err), 0);
	nic_link_start(rig->nic);
	assert_int_equal(nic_rx_init(rig->nic, &err), 0);
	assert_int_equal(nic_tx_init(rig->nic, &err), 0);
	memcpy(rig->nic->pci.mapped, mapped, sizeof(mapped));

	wrote(rig, &at, NIC_EIMC, 0x7fffffff, 0x7fffffff);
	wrote(rig, &at, NIC_CTRL, NIC_CTRL_GIO_DIS, NIC_CTRL_GIO_DIS);
	wrote(rig, &at, NIC_CTRL, NIC_CTRL_RST | NIC_CTRL_LRST, NIC_CTRL_RST | NIC_CTRL_LRST);
	wrote(rig, &at, NIC_EIMC, 0x7fffffff, 0x7fffffff);
	wrote(rig, &at, NIC_AUTOC, NIC_AUTOC_RESTART_AN, NIC_AUTOC_RESTART_AN);
	wrote(rig, &at, NIC_RXCTRL, NIC_RXCTRL_RXEN, 0);
	wrote(rig, &at, NIC_RAL(0), UINT32_MAX, 0x9e598202);
	wrote(rig, &at, NIC_RAH(0), UINT32_MAX, NIC_RAH_AV | 0x0700);
	wrote(rig, &at, NIC_MTA(127), UINT32_MAX, 0);
	wrote(rig, &at, NIC_VFTA(127), UINT32_MAX, 0);
	wrote(rig, &at, NIC_RXPBSIZE(0), UINT32_MAX, 0x80000);
	wrote(rig, &at, NIC_RXPBSIZE(7), UINT32_MAX, 0);
	wrote(rig, &at, NIC_HLREG0, NIC_HLREG0_RXCRCSTRP, NIC_HLREG0_RXCRCSTRP);
	wrote(rig, &at, NIC_RDRXCTL, NIC_RDRXCTL_CRCSTRIP, NIC_RDRXCTL_CRCSTRIP);
	wrote(rig, &at, NIC_RETA(0), UINT32_MAX, 0x01000100);
	wrote(rig, &at, NIC_MRQC, NIC_MRQC_MRQE, NIC_MRQC_MRQE_RSS);
	for (unsigned q = 0; q < 2; q++) {
		wrote(rig, &at, NIC_RDBAL(q), UINT32_MAX, (uint32_t)nic_rx_ring_iova(rig->nic, q));
		wrote(rig, &at, NIC_RDBAH(q), UINT32_MAX,
		      (uint32_t)(nic_rx_ring_iova(rig->nic, q) >> 32));
		wrote(rig, &at, NIC_RDLEN(q), UINT32_MAX, 512 * 16);
		wrote(rig, &at, NIC_SRRCTL(q), UINT32_MAX,
		      2 | NIC_SRRCTL_DESCTYPE_ADV | NIC_SRRCTL_DROP_EN);
		wrote(rig, &at, NIC_RXDCTL(q), NIC_RXDCTL_ENABLE, NIC_RXDCTL_ENABLE);
		wrote(rig, &at, NIC_RDT(q), UINT32_MAX, 512 - NIC_REFILL); // §4.6.7.1: after it
	}
	wrote(rig, &at, NIC_SECRXCTRL, NIC_SECRXCTRL_RX_DIS, NIC_SECRXCTRL_RX_DIS);
	wrote(rig, &at, NIC_RXCTRL, NIC_RXCTRL_RXEN, NIC_RXCTRL_RXEN);
	wrote(rig, &at, NIC_SECRXCTRL, NIC_SECRXCTRL_RX_DIS, 0);
	wrote(rig, &at, NIC_HLREG0, NIC_HLREG0_TXCRCEN | NIC_HLREG0_TXPADEN,
	      NIC_HLREG0_TXCRCEN | NIC_HLREG0_TXPADEN);
	wrote(rig, &at, NIC_RTTDCS, NIC_RTTDCS_ARBDIS, NIC_RTTDCS_ARBDIS);
	wrote(rig, &at, NIC_TXPBSIZE(0), UINT32_MAX, 0x28000);
	wrote(rig, &at, NIC_DTXMXSZRQ, UINT32_MAX, 0xfff);
	wrote(rig, &at, NIC_RTTDCS, NIC_RTTDCS_ARBDIS, 0);
	wrote(rig, &at, NIC_DMATXCTL, NIC_DMATXCTL_TE, NIC_DMATXCTL_TE);
	for (unsigned q = 0; q < 2; q++) {
		wrote(rig, &at, NIC_TDBAL(q), UINT32_MAX, (uint32_t)nic_tx_ring_iova(rig->nic, q));
		wrote(rig, &at, NIC_TDLEN(q), UINT32_MAX, 512 * 16);
		wrote(rig, &at, NIC_TXDCTL(q), NIC_TXDCTL_ENABLE, NIC_TXDCTL_ENABLE);
	}
	nic_quiet(rig->nic);
	nic_rings_empty(rig->nic);
	nic_rings_free(rig->nic);
	nic_rig_free(rig);
}

// D2, D3: three times around, in order; the tail never meets the head.
static void rings_wrap_without_loss(void **state)
{
	enum { RING = 512, ROUNDS = 3 };

	(void)state;
	for (unsigned vector = 0; vector < 2; vector++) {
		struct nic_rig *rig =
			nic_rig_new(&(struct nic_rig_conf){.ring = RING, .is_vector = vector});
		uint32_t in = 0, out = 0;

		while (out < RING * ROUNDS) {
			for (unsigned i = 0; i < 1 + in % 45 && in < RING * ROUNDS; i++, in++)
				nic_rig_receive(rig, 60 + in % 8, in);
			nic_rig_step(rig, 1);
			for (;;) {
				struct rte_mbuf *m[1 + 20];
				unsigned n = nic_rig_rx(rig, 0, m, 1 + in % 20);

				assert_int_not_equal(*pci_ptr(&rig->nic->pci, NIC_RDT(0)),
						     *pci_ptr(&rig->nic->pci, NIC_RDH(0)));
				for (unsigned i = 0; i < n; i++, out++)
					assert_true(nic_rig_mbuf_is(m[i], 60 + out % 8, out));
				assert_int_equal(nic_rig_tx(rig, 0, m, n), n);
				if (n == 0)
					break;
			}
			assert_int_equal(in, out);
		}
		assert_int_equal(rig->n_sent, RING * ROUNDS);
		for (uint32_t i = 0; i < RING * ROUNDS; i++) {
			uint8_t want[128];

			nic_rig_frame(want, 60 + i % 8, i);
			assert_int_equal(rig->sent_len[i], 60 + i % 8);
			assert_memory_equal(rig->sent[i], want, 60 + i % 8);
		}
		nic_rig_free(rig);
	}
}

// D4: a frame in five buffers is one packet; two of them, with others between.
static void jumbo_frames_are_chained(void **state)
{
	(void)state;
	for (unsigned vector = 0; vector < 2; vector++) {
		struct nic_rig *rig =
			nic_rig_new(&(struct nic_rig_conf){.mtu = 9000, .is_vector = vector});
		static const unsigned len[] = {9014, 64, 2048, 2049, 4096, 60, 60, 60, 60, 9014};
		struct rte_mbuf *m[BURST];

		for (unsigned i = 0; i < ARRAY_LEN(len); i++)
			nic_rig_receive(rig, len[i], i);
		nic_rig_step(rig, 2);
		assert_int_equal(nic_rig_rx(rig, 0, m, BURST), ARRAY_LEN(len));
		for (unsigned i = 0; i < ARRAY_LEN(len); i++) {
			assert_int_equal(m[i]->nb_segs, (len[i] + 2047) / 2048);
			assert_true(nic_rig_mbuf_is(m[i], len[i], i));
		}
		assert_int_equal(nic_rig_tx(rig, 0, m, ARRAY_LEN(len)), ARRAY_LEN(len));
		nic_rig_step(rig, 4);
		for (unsigned i = 0; i < ARRAY_LEN(len); i++)
			assert_int_equal(rig->sent_len[i], len[i]);
		nic_rig_free(rig);
	}
}

// What no card should write: errors, no length, more than a buffer, no end.
static void broken_descriptors_are_counted(void **state)
{
	static const struct {
		uint64_t hi;
		unsigned n_broken;
	} cases[] = {
		{NIC_RXD_DD | NIC_RXD_EOP | NIC_RXD_RXE | 60ull << NIC_RXD_LEN_SHIFT, 1},
		{NIC_RXD_DD | NIC_RXD_EOP, 1},
		{NIC_RXD_DD | NIC_RXD_EOP | 2049ull << NIC_RXD_LEN_SHIFT, 1},
		{NIC_RXD_DD | NIC_RXD_EOP | 65535ull << NIC_RXD_LEN_SHIFT, 1},
	};

	(void)state;
	for (unsigned vector = 0; vector < 2; vector++) {
		struct nic_rig *rig =
			nic_rig_new(&(struct nic_rig_conf){.mtu = 9000, .is_vector = vector});
		struct nic_rxq *q = rig->port.rxq[0];
		struct rte_mbuf *m[BURST];
		unsigned want = 0;

		vnic_command(rig->card, "hang on", (char[64]){0}, 64); // the ring is ours
		for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
			for (unsigned k = 0; k < 4; k++)
				q->ring[(q->next + k) % q->n].hi =
					NIC_RXD_DD | NIC_RXD_EOP | 60ull << NIC_RXD_LEN_SHIFT;
			q->ring[(q->next + 2) % q->n].hi = cases[i].hi;
			assert_int_equal(nic_rig_rx(rig, 0, m, BURST), 3);
			rte_pktmbuf_free_bulk(m, 3);
			want += cases[i].n_broken;
			assert_int_equal(q->n_broken, want);
		}
		for (unsigned i = 0; i < 12; i++) // six buffers without an end, twice
			q->ring[(q->next + i) % q->n].hi =
				NIC_RXD_DD | 2048ull << NIC_RXD_LEN_SHIFT;
		assert_int_equal(nic_rig_rx(rig, 0, m, BURST), 0);
		assert_int_equal(q->n_broken, want + 2);
		nic_rig_free(rig);
	}
}

// D5: no memory: the card drops and counts; memory again: packets again.
static void an_empty_pool_recovers(void **state)
{
	enum { POOL = 1023, RING = 512 };

	(void)state;
	for (unsigned vector = 0; vector < 2; vector++) {
		struct nic_rig *rig = nic_rig_new(
			&(struct nic_rig_conf){.ring = RING, .pool = POOL, .is_vector = vector});
		struct rte_mbuf *kept[POOL], *m[BURST];
		struct port_stats stats;
		unsigned n = 0;

		for (uint32_t i = 0; i < 3 * RING; i++) {
			nic_rig_receive(rig, 60, i);
			nic_rig_step(rig, 1);
			n += nic_rig_rx(rig, 0, kept + n, BURST);
		}
		assert_int_equal(n, POOL / NIC_REFILL * NIC_REFILL);
		rig->port.ops->stats_get(&rig->port, &stats);
		assert_true(stats.rx_no_mbuf > 0);
		assert_int_equal(stats.rx_packets + stats.rx_missed, 3 * RING);
		rte_pktmbuf_free_bulk(kept, n);
		assert_int_equal(nic_rig_rx(rig, 0, m, BURST), 0); // the buffers go back
		nic_rig_step(rig, 1);				   // the card sees the tail
		nic_rig_receive(rig, 60, 7);
		nic_rig_step(rig, 2);
		assert_int_equal(nic_rig_rx(rig, 0, m, BURST), 1);
		assert_true(nic_rig_mbuf_is(m[0], 60, 7));
		rte_pktmbuf_free(m[0]);
		nic_rig_free(rig);
	}
}

static void ip4_frame(uint8_t f[60], uint32_t src, uint32_t dst, uint16_t port)
{
	memset(f, 0, 60);
	nic_rig_frame(f, 60, src);
	f[12] = 8;
	f[13] = 0;
	memset(f + 14, 0, 46);
	f[14] = 0x45;
	f[17] = 46;
	f[22] = 64;
	f[23] = 17; // UDP
	src = htonl(src);
	dst = htonl(dst);
	memcpy(f + 26, &src, 4);
	memcpy(f + 30, &dst, 4);
	f[34] = (uint8_t)(port >> 8);
	f[35] = (uint8_t)port;
	f[37] = 53;
	f[39] = 26; // of UDP; its checksum is 0: none
	uint16_t sum = rte_ipv4_cksum((const struct rte_ipv4_hdr *)(f + 14));
	memcpy(f + 24, &sum, 2);
}

// D6: every number of queues; each packet comes once, flows stay together, and
// both directions of one meet in the same queue.
static void queues_share_the_flows(void **state)
{
	static const unsigned numbers[] = {1, 2, 3, 4, 8, 15, 16, 17, 33, 64};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(numbers); i++) {
		unsigned n = numbers[i], used = 0, total = 0;
		struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){
			.n_rxq = n, .n_txq = n, .ring = 256, .is_vector = i % 2});

		nic_rig_step(rig, 40);
		for (unsigned f = 0; f < 64; f++) {
			uint8_t a[60], b[60];

			ip4_frame(a, 0x0a000000 + f * 77, 0xc0000200 + f, 53);
			ip4_frame(b, 0xc0000200 + f, 0x0a000000 + f * 77, 53);
			vnic_receive(rig->card, a, 60);
			vnic_receive(rig->card, b, 60);
		}
		nic_rig_step(rig, 4);
		for (unsigned q = 0; q < n; q++) {
			struct rte_mbuf *m[128];
			unsigned got = nic_rig_rx(rig, q, m, 128);

			assert_int_equal(got % 2, 0);
			for (unsigned k = 0; k < got; k += 2) // a flow and its answer, in turn
				assert_int_equal(m[k]->hash.rss, m[k + 1]->hash.rss);
			used += got != 0;
			total += got;
			assert_int_equal(nic_rig_tx(rig, q, m, got), got);
		}
		nic_rig_step(rig, 64);
		assert_int_equal(total, 128);
		assert_int_equal(rig->n_sent, 128);
		assert_true(used >= (n < 16 ? n : 12)); // 64 flows over at most 16 queues
		nic_rig_free(rig);
	}
}

// D7: what was sent last comes back without further traffic.
static void sent_packets_come_back_when_traffic_stops(void **state)
{
	(void)state;
	for (unsigned vector = 0; vector < 2; vector++) {
		struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){.is_vector = vector});
		unsigned before = rte_mempool_in_use_count(rig->pool);

		for (unsigned n = 1; n < 70; n += 4) {
			struct rte_mbuf *m[70];

			for (unsigned i = 0; i < n; i++)
				m[i] = nic_rig_mbuf(rig, 60, i);
			assert_int_equal(nic_rig_tx(rig, 0, m, n), n);
			nic_rig_step(rig, 4);
			assert_int_equal(nic_rig_tx(rig, 0, NULL, 0), 0);
			assert_int_equal(rte_mempool_in_use_count(rig->pool), before);
		}
		nic_rig_free(rig);
	}
}

static void a_full_ring_takes_what_fits(void **state)
{
	(void)state;
	for (unsigned vector = 0; vector < 2; vector++) {
		struct nic_rig *rig =
			nic_rig_new(&(struct nic_rig_conf){.ring = 128, .is_vector = vector});
		struct rte_mbuf *m[256];
		unsigned sent;

		vnic_command(rig->card, "stuck-dd on", (char[64]){0}, 64);
		for (unsigned i = 0; i < 256; i++)
			m[i] = nic_rig_mbuf(rig, 60, i);
		sent = nic_rig_tx(rig, 0, m, 256);
		assert_in_range(sent, 120, 127);
		assert_int_equal(nic_rig_tx(rig, 0, m + sent, 256 - sent), 0);
		rte_pktmbuf_free_bulk(m + sent, 256 - sent);
		nic_rig_free(rig);
	}
}

static uint32_t roll_read(struct pci_dev *dev, uint32_t reg)
{
	(void)dev;
	switch (reg) {
	case NIC_GPRC:
	case NIC_GPTC:
		return 1000;
	case NIC_GORCL:
	case NIC_GOTCL:
		return 0xfffffff0;
	case NIC_GORCL + 4:
	case NIC_GOTCL + 4:
		return 0xf; // 36 bits
	case NIC_CRCERRS:
		return 3;
	}
	return 0;
}

// D8
static void counters_are_64_bits_and_lost_to_nobody(void **state)
{
	struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){0});
	struct pci_dev *pci = &rig->nic->pci;
	const struct pci_ops *model = pci->ops;
	struct pci_ops fake = *model;
	struct port_stats s;
	struct port_link link;

	(void)state;
	fake.read = roll_read;
	pci->ops = &fake;
	for (unsigned i = 0; i < 3; i++)
		rig->port.ops->stats_get(&rig->port, &s);
	pci->ops = model;
	assert_int_equal(s.rx_packets, 3000);
	assert_int_equal(s.rx_bytes, 3 * (0xffffffff0ull - 4000));
	assert_int_equal(s.tx_bytes, 3 * (0xffffffff0ull - 4000));
	assert_int_equal(s.rx_errors, 9);

	for (uint32_t i = 0, seed = 0; i < 10; i++) { // two readers of what reading clears
		nic_rig_receive(rig, 60, i);
		nic_rig_step(rig, 1);
		drain(rig, 0, &seed, 60);
		seed = i + 1;
		if (i % 2)
			rig->port.ops->link_get(&rig->port, &link);
		else
			rig->port.ops->stats_get(&rig->port, &s);
	}
	rig->port.ops->stats_get(&rig->port, &s);
	assert_int_equal(s.rx_packets, 3010);
	nic_rig_free(rig);
}

static void command(struct nic_rig *rig, const char *line)
{
	assert_int_equal(vnic_command(rig->card, line, (char[256]){0}, 256), 0);
}

static void link_follows_the_cable(void **state)
{
	struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){0});
	struct port_link link;

	(void)state;
	rig->port.ops->link_get(&rig->port, &link);
	assert_true(link.is_up);
	assert_int_equal(link.mbit_s, 10000);
	command(rig, "link down");
	rig->port.ops->link_get(&rig->port, &link);
	assert_false(link.is_up);
	command(rig, "speed 1000");
	command(rig, "link up");
	rig->port.ops->link_get(&rig->port, &link);
	assert_int_equal(link.mbit_s, 1000);
	nic_rig_free(rig);
}

static void errors_of_the_wire_are_counted(void **state)
{
	struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){0});
	struct port_stats s;
	uint32_t seed = 5;

	(void)state;
	command(rig, "inject crc 2");
	command(rig, "inject missed 3");
	for (uint32_t i = 0; i < 6; i++)
		nic_rig_receive(rig, 60, i);
	nic_rig_step(rig, 2);
	assert_int_equal(drain(rig, 0, &seed, 60), 1);
	rig->port.ops->stats_get(&rig->port, &s);
	assert_int_equal(s.rx_errors, 2);
	assert_int_equal(s.rx_missed, 3);
	assert_int_equal(s.rx_packets, 1);
	nic_rig_free(rig);
}

static void look(struct nic_rig *rig, struct port_link *link)
{
	rig->nic->hang_at = 0; // a second ago
	rig->port.ops->link_get(&rig->port, link);
}

// A hang is found by the second look, the card started again, nothing lost but
// what it held.
static void a_hang_ends_by_a_reset(void **state)
{
	static const char *const faults[] = {"hang on", "stuck-dd on"};

	(void)state;
	for (unsigned f = 0; f < ARRAY_LEN(faults); f++) {
		struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){.is_vector = f});
		struct rte_mbuf *m[4];
		struct port_link link;
		uint32_t seed = 99;

		for (unsigned i = 0; i < 4; i++)
			m[i] = nic_rig_mbuf(rig, 60, i);
		command(rig, faults[f]);
		assert_int_equal(nic_rig_tx(rig, 0, m, 4), 4);
		look(rig, &link);
		assert_int_equal(rig->nic->counts.n_resets, 0); // it has to stand a while
		look(rig, &link);
		look(rig, &link);
		assert_int_equal(rig->nic->counts.n_resets, 1);
		command(rig, "stuck-dd off");
		nic_rig_step(rig, 40);
		nic_rig_receive(rig, 60, 99);
		nic_rig_step(rig, 2);
		assert_int_equal(drain(rig, 0, &seed, 60), 1);
		rig->n_sent = 0;
		m[0] = nic_rig_mbuf(rig, 60, 1);
		assert_int_equal(nic_rig_tx(rig, 0, m, 1), 1);
		nic_rig_step(rig, 2);
		assert_int_equal(rig->n_sent, 1);
		look(rig, &link);
		look(rig, &link);
		look(rig, &link);
		assert_int_equal(rig->nic->counts.n_resets, 1);
		nic_rig_free(rig);
	}
}

// Surprise removal: ones everywhere, and the port is only down.
static void a_card_that_is_gone_is_link_down(void **state)
{
	struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){.is_vector = true});
	struct rte_mbuf *m[BURST];
	struct port_link link;
	struct port_stats before, after;

	(void)state;
	rig->port.ops->stats_get(&rig->port, &before);
	command(rig, "remove");
	rig->is_unplugged = true;
	assert_int_equal(nic_rig_rx(rig, 0, m, BURST), 0);
	look(rig, &link);
	assert_false(link.is_up);
	look(rig, &link); // off the bus: queues off, buffers back
	assert_false(link.is_up);
	assert_int_equal(nic_rig_rx(rig, 0, m, BURST), 0);
	m[0] = nic_rig_mbuf(rig, 60, 0);
	assert_int_equal(nic_rig_tx(rig, 0, m, 1), 0);
	rte_pktmbuf_free(m[0]);
	rig->port.ops->stats_get(&rig->port, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	nic_rig_free(rig);
}

static void only_an_82599_is_taken(void **state)
{
	static const struct {
		uint16_t vendor, device;
		uint32_t class_code;
		const char *word;
	} cases[] = {
		{0x8086, 0x10fb, 0x010000, "no Ethernet controller"}, // SCSI
		{0x1af4, 0x1000, 0x020000, "no Intel 82599"},
		{0x8086, 0x1533, 0x020000, "no Intel 82599"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){0});
		struct nic other = {.pci = rig->nic->pci};
		struct port port = {0};
		struct err err = {0};

		rig->n_writes = 0;
		other.pci.vendor = cases[i].vendor;
		other.pci.device = cases[i].device;
		other.pci.class_code = cases[i].class_code;
		assert_int_equal(nic_attach(&other, &port, &err), -ENODEV);
		assert_non_null(strstr(err.text, cases[i].word));
		assert_int_equal(rig->n_writes, 0); // before anything was touched
		nic_rig_free(rig);
	}
}

// §7.2.5: checksums by the card, where the headers are as long as the mbuf says.
static void checksums_are_put_in_when_asked(void **state)
{
	(void)state;
	for (unsigned vector = 0; vector < 2; vector++) {
		struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){.is_vector = vector});
		struct rte_mbuf *m[8];
		uint8_t want[60];

		ip4_frame(want, 0x0a000001, 0x0a000002, 1000);
		for (unsigned i = 0; i < 8; i++) {
			m[i] = nic_rig_mbuf(rig, 60, 1);
			memcpy(rte_pktmbuf_mtod(m[i], uint8_t *), want, 60);
			if (i != 3)
				continue;
			memset(rte_pktmbuf_mtod(m[i], uint8_t *) + 24, 0, 2);
			m[i]->ol_flags |= RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
			m[i]->l2_len = 14;
			m[i]->l3_len = 20;
		}
		assert_int_equal(nic_rig_tx(rig, 0, m, 8), 8);
		nic_rig_step(rig, 4);
		assert_int_equal(rig->n_sent, 8);
		for (unsigned i = 0; i < 8; i++)
			assert_memory_equal(rig->sent[i], want, 60);
		nic_rig_free(rig);
	}
}

static void what_the_card_cannot_send_is_counted(void **state)
{
	struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){.is_vector = true, .mtu = 9000});
	struct rte_mbuf *head = nic_rig_mbuf(rig, 60, 0), *empty = rte_pktmbuf_alloc(rig->pool),
			*m[6];
	struct port_stats s;

	(void)state;
	for (unsigned i = 0; i < NIC_TX_SEGS_MAX; i++)
		assert_int_equal(rte_pktmbuf_chain(head, nic_rig_mbuf(rig, 60, i)), 0);
	for (unsigned i = 0; i < 6; i++)
		m[i] = i == 1 ? head : i == 2 ? empty : nic_rig_mbuf(rig, 60, i);
	assert_int_equal(nic_rig_tx(rig, 0, m, 6), 6);
	nic_rig_step(rig, 4);
	assert_int_equal(rig->n_sent, 4);
	rig->port.ops->stats_get(&rig->port, &s);
	assert_int_equal(s.tx_errors, 2);
	nic_rig_free(rig);
}

static void addresses_filter_what_is_received(void **state)
{
	static const uint8_t second[6] = {2, 1, 2, 3, 4, 5}, group[6] = {1, 0, 0x5e, 1, 2, 3};
	struct nic_rig *rig = nic_rig_new(&(struct nic_rig_conf){0});
	const struct port_ops *ops = rig->port.ops;
	struct rte_mbuf *m[BURST];
	uint8_t f[60];

	(void)state;
	nic_rig_frame(f, 60, 0);
	memcpy(f, second, 6);
	vnic_receive(rig->card, f, 60);
	nic_rig_step(rig, 2);
	assert_int_equal(nic_rig_rx(rig, 0, m, BURST), 0);
	assert_int_equal(ops->mac_filter(&rig->port, second, true), 0);
	vnic_receive(rig->card, f, 60);
	memcpy(f, group, 6);
	vnic_receive(rig->card, f, 60);
	nic_rig_step(rig, 2);
	assert_int_equal(nic_rig_rx(rig, 0, m, BURST), 2);
	rte_pktmbuf_free_bulk(m, 2);
	assert_int_equal(ops->mac_filter(&rig->port, second, false), 0);
	memcpy(f, second, 6);
	vnic_receive(rig->card, f, 60);
	nic_rig_step(rig, 2);
	assert_int_equal(nic_rig_rx(rig, 0, m, BURST), 0);
	for (unsigned i = 1; i < NIC_RAR_MAX; i++)
		assert_int_equal(
			ops->mac_filter(&rig->port, (uint8_t[6]){2, 9, 9, 9, 9, (uint8_t)i}, true),
			0);
	assert_int_equal(ops->mac_filter(&rig->port, second, true), -ENOSPC);
	nic_rig_free(rig);
}

// The vector path against the reference: random frames, good and bad checksums,
// random bursts; every field of the mbuf that anybody reads.
static void vector_and_scalar_agree(void **state)
{
	struct nic_rig *rig[2];
	uint64_t seed = 82599;

	(void)state;
	for (unsigned v = 0; v < 2; v++)
		rig[v] = nic_rig_new(&(struct nic_rig_conf){.mtu = 9000, .is_vector = v});
	for (unsigned round = 0; round < 2000; round++) {
		unsigned n = test_rand(&seed) % 40, want = 1 + test_rand(&seed) % 64, got[2];
		struct rte_mbuf *m[2][64];

		for (unsigned i = 0; i < n; i++) {
			uint64_t r = test_rand(&seed);
			unsigned len = r % 16 ? 60 + r % 200 : 2000 + r % 7000;
			uint8_t f[VNIC_FRAME_MAX];

			nic_rig_frame(f, len, (uint32_t)r);
			if (r % 3)
				ip4_frame(f, (uint32_t)r, (uint32_t)(r >> 32), (uint16_t)r);
			if (r % 5 == 0)
				f[24] ^= 1;
			for (unsigned v = 0; v < 2; v++)
				vnic_receive(rig[v]->card, f, r % 3 ? 60 : len);
		}
		for (unsigned v = 0; v < 2; v++) {
			nic_rig_step(rig[v], 2);
			got[v] = nic_rig_rx(rig[v], 0, m[v], want);
		}
		assert_int_equal(got[0], got[1]);
		for (unsigned i = 0; i < got[0]; i++) {
			const struct rte_mbuf *a = m[0][i], *b = m[1][i];

			assert_int_equal(a->pkt_len, b->pkt_len);
			assert_int_equal(a->data_len, b->data_len);
			assert_int_equal(a->nb_segs, b->nb_segs);
			assert_int_equal(a->ol_flags, b->ol_flags);
			assert_int_equal(a->hash.rss, b->hash.rss);
			assert_int_equal(a->vlan_tci, b->vlan_tci);
			assert_int_equal(a->data_off, b->data_off);
			assert_int_equal(rte_mbuf_refcnt_read(a), rte_mbuf_refcnt_read(b));
			assert_int_equal(a->packet_type, b->packet_type);
			assert_memory_equal(rte_pktmbuf_mtod(a, void *),
					    rte_pktmbuf_mtod(b, void *), a->data_len);
		}
		for (unsigned v = 0; v < 2; v++)
			assert_int_equal(nic_rig_tx(rig[v], 0, m[v], got[v]), got[v]);
		assert_int_equal(rig[0]->n_sent, rig[1]->n_sent);
	}
	assert_true(rig[0]->n_sent > 30000);
	assert_memory_equal(rig[0]->sent, rig[1]->sent, sizeof(rig[0]->sent));
	assert_memory_equal(rig[0]->sent_len, rig[1]->sent_len, sizeof(rig[0]->sent_len));
	for (unsigned v = 0; v < 2; v++)
		nic_rig_free(rig[v]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_writes_in_the_datasheets_order),
		cmocka_unit_test(rings_wrap_without_loss),
		cmocka_unit_test(jumbo_frames_are_chained),
		cmocka_unit_test(broken_descriptors_are_counted),
		cmocka_unit_test(an_empty_pool_recovers),
		cmocka_unit_test(queues_share_the_flows),
		cmocka_unit_test(sent_packets_come_back_when_traffic_stops),
		cmocka_unit_test(a_full_ring_takes_what_fits),
		cmocka_unit_test(counters_are_64_bits_and_lost_to_nobody),
		cmocka_unit_test(link_follows_the_cable),
		cmocka_unit_test(errors_of_the_wire_are_counted),
		cmocka_unit_test(a_hang_ends_by_a_reset),
		cmocka_unit_test(a_card_that_is_gone_is_link_down),
		cmocka_unit_test(only_an_82599_is_taken),
		cmocka_unit_test(checksums_are_put_in_when_asked),
		cmocka_unit_test(what_the_card_cannot_send_is_counted),
		cmocka_unit_test(addresses_filter_what_is_received),
		cmocka_unit_test(vector_and_scalar_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
