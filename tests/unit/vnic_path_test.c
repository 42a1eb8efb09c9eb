// SPDX-License-Identifier: BSD-3-Clause
// Frames through the model: descriptors, filters, RSS, offloads, counters.
// Section numbers are those of the 82599 datasheet.
#include "dataplane/base/csum.h"
#include "tests/unit/vnic_rig.h"

#include <errno.h>

static const uint8_t addrs[8] = {10, 0, 0, 1, 10, 0, 0, 2};
static const uint16_t ports[2] = {1000, 2000};

static struct nic_desc rx_desc(struct rig *rig, unsigned q, unsigned i)
{
	return *rig_desc(rig, RIG_RX_RINGS, q, i);
}

static uint8_t *rx_buf(struct rig *rig, unsigned q, unsigned i)
{
	return rig->mem + RIG_RX_BUFS + (q * RIG_RING + i) % 1024 * RIG_BUF;
}

static void receive(struct rig *rig, const uint8_t *frame, unsigned len)
{
	vnic_receive(rig->nic, frame, len);
	rig_step(rig);
}

static unsigned udp(uint8_t *frame, unsigned payload)
{
	return rig_frame(frame, 17, addrs, ports, payload);
}

// Independent of the model: sum of pseudo header and everything behind it.
static uint16_t l4_check(const uint8_t *frame, unsigned l3, unsigned total)
{
	const uint8_t *ip = frame + l3;
	unsigned l4_len = total - l3 - 20;
	uint8_t tail[4] = {0, ip[9], (uint8_t)(l4_len >> 8), (uint8_t)l4_len};

	return csum_finish(csum_add(csum_add(csum_add(0, ip + 12, 8), tail, 4), ip + 20, l4_len));
}

static void a_frame_arrives_with_its_status(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 100);
	struct nic_desc d;

	rig_start(rig, 1);
	frame[24] = frame[25] = 0;
	d.lo = csum_of(frame + 14, 20);
	memcpy(frame + 24, &d.lo, 2);
	receive(rig, frame, len);
	d = rx_desc(rig, 0, 0);
	assert_int_equal(d.hi >> NIC_RXD_LEN_SHIFT & 0xffff, len);
	assert_int_equal((uint32_t)d.hi, NIC_RXD_DD | NIC_RXD_EOP | NIC_RXD_IPCS);
	assert_int_equal(d.lo & NIC_RXD_PTYPE, NIC_PTYPE_IPV4 | NIC_PTYPE_UDP);
	assert_memory_equal(rx_buf(rig, 0, 0), frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), 1);
	assert_int_equal(vnic_read(rig->nic, NIC_GPRC), 1);
	assert_int_equal(vnic_read(rig->nic, NIC_GPRC), 0); // cleared by reading
	assert_int_equal(vnic_read(rig->nic, NIC_GORCL), len + 4);
}

static void bad_checksums_are_reported_not_dropped(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = rig_frame(frame, 6, addrs, ports, 100);
	uint16_t sum;

	rig_start(rig, 1);
	sum = l4_check(frame, 14, len);
	memcpy(frame + 50, &sum, 2);
	receive(rig, frame, len); // IP sum still 0
	assert_int_equal((uint32_t)rx_desc(rig, 0, 0).hi,
			 NIC_RXD_DD | NIC_RXD_EOP | NIC_RXD_IPCS | NIC_RXD_L4I | NIC_RXD_IPE);
	frame[60] ^= 1;
	receive(rig, frame, len);
	assert_true(rx_desc(rig, 0, 1).hi & NIC_RXD_L4E);
}

static void unicast_filter_multicast_hash_and_promisc(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 20);
	unsigned hash;

	rig_start(rig, 1);
	frame[5] = 0x77;
	receive(rig, frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), 0);
	vnic_write(rig->nic, NIC_FCTRL, NIC_FCTRL_UPE);
	receive(rig, frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), 1);
	vnic_write(rig->nic, NIC_FCTRL, 0);
	vnic_write(rig->nic, NIC_RAL(5), 0x9e598202);
	vnic_write(rig->nic, NIC_RAH(5), 0x80007700);
	receive(rig, frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), 2);
	memcpy(frame, "\x01\x00\x5e\x01\x02\x03", 6);
	receive(rig, frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), 2);
	hash = (0x02u >> 4 | 0x03u << 4) & 0xfff; // MO 0: bits 47:36
	vnic_write(rig->nic, NIC_MTA(hash >> 5), 1u << (hash & 31));
	vnic_write(rig->nic, NIC_MCSTCTRL, NIC_MCSTCTRL_MFE);
	receive(rig, frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), 3);
	memset(frame, 0xff, 6);
	receive(rig, frame, len); // BAM is off
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), 3);
}

static unsigned tag(uint8_t *frame, unsigned len, uint16_t vlan)
{
	memmove(frame + 16, frame + 12, len - 12);
	frame[12] = 0x81;
	frame[13] = 0;
	frame[14] = (uint8_t)(vlan >> 8);
	frame[15] = (uint8_t)vlan;
	return len + 4;
}

static void vlan_tags_are_filtered_and_stripped(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256], plain[256];
	unsigned len = udp(frame, 60);

	memcpy(plain, frame, len);
	len = tag(frame, len, 0x6064);
	rig_start(rig, 1);
	vnic_write(rig->nic, NIC_RXDCTL(0), NIC_RXDCTL_ENABLE | NIC_RXDCTL_VME);
	vnic_write(rig->nic, NIC_VLNCTRL, 0x8100 | NIC_VLNCTRL_VFE);
	receive(rig, frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), 0);
	vnic_write(rig->nic, NIC_VFTA(100 / 32), 1u << (100 % 32));
	receive(rig, frame, len);
	assert_int_equal(rx_desc(rig, 0, 0).hi >> NIC_RXD_VLAN_SHIFT, 0x6064);
	assert_int_equal(rx_desc(rig, 0, 0).hi >> NIC_RXD_LEN_SHIFT & 0xffff, len - 4);
	assert_true(rx_desc(rig, 0, 0).hi & NIC_RXD_VP);
	assert_memory_equal(rx_buf(rig, 0, 0), plain, len - 4);
}

static void jumbo_frames_span_descriptors(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[9100];
	unsigned len = udp(frame, 9000);

	rig_start(rig, 1);
	receive(rig, frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_ROC), 1);
	vnic_write(rig->nic, NIC_HLREG0, 0x403 | NIC_HLREG0_JUMBOEN);
	vnic_write(rig->nic, NIC_MAXFRS, 9216u << 16);
	receive(rig, frame, len);
	for (unsigned i = 0; i < 5; i++) {
		struct nic_desc d = rx_desc(rig, 0, i);

		assert_true(d.hi & NIC_RXD_DD);
		assert_int_equal(!!(d.hi & NIC_RXD_EOP), i == 4);
		assert_int_equal(d.hi >> NIC_RXD_LEN_SHIFT & 0xffff, i < 4 ? 2048 : len - 8192);
		assert_memory_equal(rx_buf(rig, 0, i), frame + 2048 * i, i < 4 ? 2048 : len - 8192);
	}
}

// §7.1.2.8.3: the verification suite (addresses and ports in frame order).
static void rss_hashes_equal_the_verification_suite(void **state)
{
	static const uint8_t key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
					0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
					0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
					0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
	static const struct {
		uint8_t ip[8];
		uint16_t port[2];
		uint32_t tcp, plain;
	} suite[] = {
		{{66, 9, 149, 187, 161, 142, 100, 80}, {2794, 1766}, 0x51ccc178, 0x323e8fc2},
		{{199, 92, 111, 2, 65, 69, 140, 83}, {14230, 4739}, 0xc626b0ea, 0xd718262a},
		{{24, 19, 198, 95, 12, 22, 207, 184}, {12898, 38024}, 0x5c2b394a, 0xd2d0a5de},
		{{38, 27, 205, 30, 209, 142, 163, 6}, {48228, 2217}, 0xafc7327f, 0x82989176},
		{{153, 39, 163, 191, 202, 188, 127, 2}, {44251, 1303}, 0x10e828a2, 0x5d1809c5},
	};
	struct rig *rig = *state;
	uint8_t frame[256];

	rig_start(rig, 4);
	for (unsigned i = 0; i < 10; i++) {
		uint32_t word;

		memcpy(&word, key + 4 * i, 4);
		vnic_write(rig->nic, NIC_RSSRK(i), word);
	}
	for (unsigned i = 0; i < 32; i++)
		vnic_write(rig->nic, NIC_RETA(i), 0x03020100);
	for (unsigned i = 0; i < 2 * ARRAY_LEN(suite); i++) {
		bool is_tcp = i < ARRAY_LEN(suite);
		unsigned k = i % ARRAY_LEN(suite), len, q;
		uint32_t want = is_tcp ? suite[k].tcp : suite[k].plain, at;

		vnic_write(rig->nic, NIC_MRQC,
			   NIC_MRQC_MRQE_RSS | (is_tcp ? NIC_MRQC_TCP_IPV4 : NIC_MRQC_IPV4));
		len = rig_frame(frame, 6, suite[k].ip, suite[k].port, 10);
		q = want & 3;
		at = vnic_read(rig->nic, NIC_RDH(q));
		receive(rig, frame, len);
		assert_int_equal(vnic_read(rig->nic, NIC_RDH(q)), at + 1);
		assert_int_equal(rx_desc(rig, q, at).lo >> NIC_RXD_HASH_SHIFT, want);
		assert_int_equal(rx_desc(rig, q, at).lo & 15,
				 is_tcp ? NIC_RSS_TCP_IPV4 : NIC_RSS_IPV4);
	}
}

static void perfect_filters_steer_by_masked_port(void **state)
{
	struct rig *rig = *state;
	uint16_t port[2] = {5, 0x4123};
	uint8_t frame[256];
	unsigned len;

	rig_start(rig, 3);
	// Of the destination the 8 high bits count; in the register they are reversed.
	vnic_write(rig->nic, NIC_FDIRUDPM, (uint32_t)0xff00 << 16 | 0xffff);
	vnic_write(rig->nic, NIC_FDIRSIP4M, 0xffffffff);
	vnic_write(rig->nic, NIC_FDIRM, NIC_FDIRM_VLANID | NIC_FDIRM_VLANP);
	vnic_write(rig->nic, NIC_FDIRCTRL, 1 | NIC_FDIRCTRL_PERFECT_MATCH);
	vnic_write(rig->nic, NIC_FDIRIPDA, 0x0a000002);
	vnic_write(rig->nic, NIC_FDIRPORT, 0x41000000);
	vnic_write(rig->nic, NIC_FDIRHASH, 0x00070123);
	vnic_write(rig->nic, NIC_FDIRCMD,
		   NIC_FDIRCMD_CMD_ADD | 1 << 5 | NIC_FDIRCMD_QUEUE_EN |
			   2 << NIC_FDIRCMD_RX_QUEUE_SHIFT);
	assert_int_equal(vnic_read(rig->nic, NIC_FDIRCMD) & NIC_FDIRCMD_CMD, 0);
	len = rig_frame(frame, 17, addrs, port, 40);
	receive(rig, frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(2)), 1);
	assert_true(rx_desc(rig, 2, 0).hi & NIC_RXD_FLM);
	port[1] = 0x4223;
	len = rig_frame(frame, 17, addrs, port, 40);
	receive(rig, frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), 1);
	vnic_write(rig->nic, NIC_FDIRCMD, NIC_FDIRCMD_CMD_QUERY);
	assert_true(vnic_read(rig->nic, NIC_FDIRCMD) & NIC_FDIRCMD_FILTER_VALID);
	vnic_write(rig->nic, NIC_FDIRCMD, NIC_FDIRCMD_CMD_REMOVE);
	vnic_write(rig->nic, NIC_FDIRCMD, NIC_FDIRCMD_CMD_QUERY);
	assert_false(vnic_read(rig->nic, NIC_FDIRCMD) & NIC_FDIRCMD_FILTER_VALID);
}

static void a_full_ring_backs_up_then_misses(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 60);

	rig_start(rig, 1);
	for (unsigned i = 0; i < RIG_RING + 10; i++)
		receive(rig, frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), RIG_RING - 1); // never equals RDT + 1
	assert_true(vnic_is_backlogged(rig->nic));
	vnic_write(rig->nic, NIC_RDT(0), RIG_RING - 2);
	rig_step(rig);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), 10);
	assert_false(vnic_is_backlogged(rig->nic));
	assert_int_equal(vnic_read(rig->nic, NIC_MPC(0)), 0);
	for (unsigned i = 0; i < 10000; i++)
		vnic_receive(rig->nic, frame, len);
	assert_true(vnic_read(rig->nic, NIC_MPC(0)) > 4000); // 512 KB of them waited
	vnic_write(rig->nic, NIC_SRRCTL(0), NIC_SRRCTL_DESCTYPE_ADV | 2 | NIC_SRRCTL_DROP_EN);
	rig_step(rig);
	assert_false(vnic_is_backlogged(rig->nic));
}

static void a_frame_in_pieces_goes_out_whole(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 150);

	rig_start(rig, 1);
	rig_tx(rig, frame, len, 3, (uint64_t)len << NIC_TXD_PAYLEN_SHIFT);
	assert_int_equal(rig->out->n, 1);
	assert_int_equal(rig->out->len[0], len);
	assert_memory_equal(rig->out->frame[0], frame, len);
	assert_int_equal(rig_desc(rig, RIG_TX_RINGS, 0, 2)->hi, NIC_TXD_DD);
	assert_int_equal(rig_desc(rig, RIG_TX_RINGS, 0, 0)->hi & NIC_TXD_DD, 0); // no RS
	assert_int_equal(vnic_read(rig->nic, NIC_TDH(0)), 3);
	assert_int_equal(vnic_read(rig->nic, NIC_GPTC), 1);
	assert_int_equal(vnic_read(rig->nic, NIC_GOTCL), len + 4);
}

static void a_frame_without_its_end_waits(void **state)
{
	struct rig *rig = *state;

	rig_start(rig, 1);
	rig_tx_desc(rig, RIG_IOVA + RIG_TX_BUFS, 60 | NIC_TXD_DTYP_DATA | NIC_TXD_DEXT);
	vnic_write(rig->nic, NIC_TDT(0), 1);
	rig_step(rig);
	assert_int_equal(rig->out->n, 0);
	assert_int_equal(vnic_read(rig->nic, NIC_TDH(0)), 0);
	rig_tx_desc(rig, RIG_IOVA + RIG_TX_BUFS,
		    40 | NIC_TXD_DTYP_DATA | NIC_TXD_DEXT | NIC_TXD_EOP);
	vnic_write(rig->nic, NIC_TDT(0), 2);
	rig_step(rig);
	assert_int_equal(rig->out->len[0], 100);
}

static void context(struct rig *rig, unsigned vlan, unsigned l4t, unsigned l4len, unsigned mss)
{
	rig_tx_desc(rig, 20 | 14 << NIC_TXC_MACLEN_SHIFT | (uint64_t)vlan << NIC_TXC_VLAN_SHIFT,
		    NIC_TXD_DTYP_CTXT | NIC_TXD_DEXT | NIC_TXC_IPV4 |
			    (uint64_t)l4t << NIC_TXC_L4T_SHIFT |
			    (uint64_t)l4len << NIC_TXC_L4LEN_SHIFT |
			    (uint64_t)mss << NIC_TXC_MSS_SHIFT);
}

// What a driver leaves in the L4 field: the folded sum of the pseudo header.
static void seed(uint8_t *frame, unsigned off, unsigned l4_len)
{
	uint8_t tail[4] = {0, frame[23], (uint8_t)(l4_len >> 8), (uint8_t)l4_len};
	uint16_t sum = csum_fold(csum_add(csum_add(0, frame + 26, 8), tail, 4));

	memcpy(frame + off, &sum, 2);
}

static void checksums_and_tags_are_inserted(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 150);
	const uint8_t *out = rig->out->frame[0];

	rig_start(rig, 1);
	seed(frame, 40, 158);
	context(rig, 0x0064, 0, 8, 0);
	rig_tx(rig, frame, len, 2, NIC_TXD_IXSM | NIC_TXD_TXSM | NIC_TXD_VLE);
	assert_int_equal(rig->out->len[0], len + 4);
	assert_memory_equal(out + 12, "\x81\x00\x00\x64\x08\x00", 6);
	assert_int_equal(csum_of(out + 18, 20), 0);
	assert_int_equal(l4_check(out, 18, len + 4), 0);
}

static void a_large_tcp_segment_is_cut(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[5100];
	unsigned len = rig_frame(frame, 6, addrs, ports, 5000), at = 0;

	rig_start(rig, 1);
	seed(frame, 50, 0);
	context(rig, 0, 1, 20, 1460);
	rig_tx(rig, frame, len, 4, NIC_TXD_TSE | NIC_TXD_IXSM | NIC_TXD_TXSM);
	assert_int_equal(rig->out->n, 4);
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *out = rig->out->frame[i];
		unsigned n = i < 3 ? 1460 : 5000 - 3 * 1460;

		assert_int_equal(rig->out->len[i], 54 + n);
		assert_int_equal(out[16] << 8 | out[17], 40 + n);
		assert_int_equal(out[18] << 8 | out[19], i);
		assert_int_equal((uint32_t)out[38] << 24 | out[39] << 16 | out[40] << 8 | out[41],
				 at);
		assert_int_equal(out[47], i < 3 ? 0x10 : 0x19); // FIN and PSH in the last
		assert_int_equal(csum_of(out + 14, 20), 0);
		assert_int_equal(l4_check(out, 14, 54 + n), 0);
		assert_memory_equal(out + 54, frame + 54 + at, n);
		at += n;
	}
}

static void legacy_descriptors_work(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 100);
	struct nic_desc d;

	rig_start(rig, 1);
	memcpy(rig->mem + RIG_TX_BUFS, frame, len);
	rig_tx_desc(rig, RIG_IOVA + RIG_TX_BUFS, len | NIC_TXD_EOP | NIC_TXD_RS | NIC_TXD_IFCS);
	vnic_write(rig->nic, NIC_TDT(0), 1);
	rig_step(rig);
	assert_memory_equal(rig->out->frame[0], frame, len);
	assert_true(rig_desc(rig, RIG_TX_RINGS, 0, 0)->hi & NIC_TXD_DD);
	vnic_write(rig->nic, NIC_SRRCTL(0), 2);
	receive(rig, frame, len);
	d = rx_desc(rig, 0, 0);
	assert_int_equal(d.hi & 0xffff, len);
	assert_int_equal(d.hi >> 32 & 3, 3);
	assert_int_equal(d.lo, RIG_IOVA + RIG_RX_BUFS);
}

static void head_write_back_goes_to_memory(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 100);
	uint32_t head;

	rig_start(rig, 1);
	vnic_write(rig->nic, NIC_TDWBAL(0), (RIG_IOVA + 0x70000) | NIC_TDWBAL_HEAD_WB_EN);
	rig_tx(rig, frame, len, 2, 0);
	memcpy(&head, rig->mem + 0x70000, 4);
	assert_int_equal(head, 2);
	assert_int_equal(rig_desc(rig, RIG_TX_RINGS, 0, 1)->hi & NIC_TXD_DD, 0);
}

// D2: more frames than the ring has, in order, none lost.
static void rings_wrap_many_times(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 60);

	rig_start(rig, 1);
	for (unsigned i = 0; i < 3 * RIG_RING; i++) {
		unsigned at = i % RIG_RING;

		frame[60] = (uint8_t)i;
		rig_tx(rig, frame, len, 1, 0);
		assert_int_equal(rig->out->n, 1);
		receive(rig, rig->out->frame[0], rig->out->len[0]);
		rig->out->n = 0;
		assert_true(rx_desc(rig, 0, at).hi & NIC_RXD_DD);
		assert_int_equal(rx_buf(rig, 0, at)[60], (uint8_t)i);
		*rig_desc(rig, RIG_RX_RINGS, 0, at) =
			(struct nic_desc){.lo = RIG_IOVA + RIG_RX_BUFS + at * RIG_BUF};
		vnic_write(rig->nic, NIC_RDT(0), at);
	}
}

static void bad_addresses_are_counted_events(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 60);
	char out[1024];

	rig_start(rig, 1);
	rig_tx_desc(rig, 0xdead0000, 60 | NIC_TXD_DTYP_DATA | NIC_TXD_DEXT | NIC_TXD_EOP);
	rig_tx_desc(rig, RIG_IOVA + RIG_MEM - 10,
		    60 | NIC_TXD_DTYP_DATA | NIC_TXD_DEXT | NIC_TXD_EOP);
	rig_tx_desc(rig, UINT64_MAX - 4, 60 | NIC_TXD_DTYP_DATA | NIC_TXD_DEXT | NIC_TXD_EOP);
	rig_desc(rig, RIG_RX_RINGS, 0, 0)->lo = UINT64_MAX - 10;
	vnic_write(rig->nic, NIC_TDT(0), 3);
	receive(rig, frame, len);
	assert_int_equal(vnic_command(rig->nic, "show", out, sizeof(out)), 0);
	assert_non_null(strstr(out, "bad-dma 4\n"));
	assert_int_equal(vnic_read(rig->nic, NIC_TDH(0)), 3);
	vnic_write(rig->nic, NIC_TDT(0), 0xffffff); // nonsense: nothing to do
	rig_step(rig);
	vnic_write(rig->nic, NIC_TXDCTL(0), 0);
	vnic_write(rig->nic, NIC_TDBAL(0), 0xfffff000);
	vnic_write(rig->nic, NIC_TDBAH(0), 0xffffffff);
	vnic_write(rig->nic, NIC_TXDCTL(0), NIC_TXDCTL_ENABLE);
	vnic_write(rig->nic, NIC_TDT(0), 5);
	rig_step(rig);
}

static void faults_can_be_injected(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 60);
	char out[256];

	rig_start(rig, 1);
	assert_int_equal(vnic_command(rig->nic, "inject crc 2", out, sizeof(out)), 0);
	assert_int_equal(vnic_command(rig->nic, "inject missed 1", out, sizeof(out)), 0);
	for (unsigned i = 0; i < 4; i++)
		receive(rig, frame, len);
	assert_int_equal(vnic_read(rig->nic, NIC_CRCERRS), 2);
	assert_int_equal(vnic_read(rig->nic, NIC_MPC(0)), 1);
	assert_int_equal(vnic_read(rig->nic, NIC_RDH(0)), 1);
	assert_int_equal(vnic_command(rig->nic, "stuck-dd on", out, sizeof(out)), 0);
	rig_tx(rig, frame, len, 1, 0);
	assert_int_equal(rig_desc(rig, RIG_TX_RINGS, 0, 0)->hi & NIC_TXD_DD, 0);
	assert_int_equal(vnic_command(rig->nic, "hang on", out, sizeof(out)), 0);
	rig_tx(rig, frame, len, 1, 0);
	assert_int_equal(vnic_read(rig->nic, NIC_TDH(0)), 1);
	vnic_write(rig->nic, NIC_CTRL, NIC_CTRL_RST); // a reset cures it
	assert_int_equal(vnic_read(rig->nic, NIC_TDH(0)), 0);
}

static void nothing_moves_without_bus_master(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 60);
	uint16_t command = 2;

	rig_start(rig, 1);
	vnic_cfg_write(rig->nic, 4, &command, 2);
	rig_tx(rig, frame, len, 1, 0);
	receive(rig, frame, len);
	assert_int_equal(rig->out->n, 0);
	assert_int_equal(rx_desc(rig, 0, 0).hi, 0);
}

// §5.2.5.3.2: what a driver that is about to free its memory relies on.
static void told_to_stop_the_card_touches_no_memory(void **state)
{
	static const struct {
		uint32_t off, value;
	} stops[] = {
		{NIC_CTRL, NIC_CTRL_GIO_DIS}, {NIC_RXCTRL, 0}, {NIC_DMATXCTL, 0}, {0x80004, 2}};
	struct rig *rig = *state;
	uint8_t frame[256], *before = malloc(RIG_MEM);
	unsigned len = udp(frame, 60);

	for (unsigned i = 0; i < ARRAY_LEN(stops); i++) {
		bool is_tx_only = stops[i].off == NIC_DMATXCTL,
		     is_rx_only = stops[i].off == NIC_RXCTRL;

		vnic_write(rig->nic, NIC_CTRL, NIC_CTRL_RST);
		vnic_cfg_write(rig->nic, 4, &(uint16_t){6}, 2);
		rig->tx_tail = rig->out->n = 0;
		rig_start(rig, 1);
		for (unsigned k = 0; k < RIG_RING + 10 && !is_tx_only; k++)
			receive(rig, frame, len); // some wait in the packet buffer
		rig_tx_desc(rig, RIG_IOVA + RIG_TX_BUFS, 60 | NIC_TXD_EOP | NIC_TXD_RS);
		if (!is_rx_only)
			vnic_write(rig->nic, NIC_TDT(0), 1);
		if (stops[i].off < NIC_BAR0_LEN)
			vnic_write(rig->nic, stops[i].off, stops[i].value);
		else
			vnic_cfg_write(rig->nic, 4, &stops[i].value, 2);
		assert_int_equal(!(vnic_read(rig->nic, NIC_STATUS) & NIC_STATUS_GIO_MASTER),
				 stops[i].value == NIC_CTRL_GIO_DIS);
		vnic_write(rig->nic, NIC_RDT(0), RIG_RING - 2);
		memcpy(before, rig->mem, RIG_MEM);
		for (unsigned k = 0; k < 40; k++) {
			if (!is_tx_only)
				vnic_receive(rig->nic, frame, len);
			rig_step(rig);
		}
		assert_memory_equal(before, rig->mem, RIG_MEM);
		assert_int_equal(rig->out->n, 0);
	}
	free(before);
}

static void a_slow_link_sends_at_its_rate(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[256];
	unsigned len = udp(frame, 60);
	char out[64];

	rig_start(rig, 1);
	assert_int_equal(vnic_command(rig->nic, "rate 1", out, sizeof(out)), 0);
	for (unsigned i = 0; i < 40; i++)
		rig_tx(rig, frame, len, 1, 0);
	rig->out->n = 0;
	for (unsigned i = 0; i < 10000; i++) // 10 ms at 1 Mbit/s: 10,000 bits
		rig_step(rig);
	assert_in_range(rig->out->n, 8, 11); // 126 bytes each on the wire
}

static void dma_maps_are_checked(void **state)
{
	struct rig *rig = *state;
	struct vnic_dma_conf dma = {
		.iova = RIG_IOVA, .len = 4096, .fd = -1, .can_read = true, .can_write = true};

	assert_int_equal(vnic_dma_add(rig->nic, &dma), -EEXIST);
	dma.iova = RIG_IOVA - 4096;
	dma.len = 8192;
	assert_int_equal(vnic_dma_add(rig->nic, &dma), -EEXIST);
	dma.len = 0;
	assert_int_equal(vnic_dma_add(rig->nic, &dma), -EINVAL);
	dma.iova = UINT64_MAX - 4095;
	dma.len = 8192;
	assert_int_equal(vnic_dma_add(rig->nic, &dma), -EINVAL);
	dma.len = 4096;
	assert_int_equal(vnic_dma_add(rig->nic, &dma), 0);
	assert_int_equal(vnic_dma_del(rig->nic, UINT64_MAX - 4095, 2048), -ENOENT);
	assert_int_equal(vnic_dma_del(rig->nic, UINT64_MAX - 8191, 8192), 0);
	assert_int_equal(vnic_dma_del(rig->nic, RIG_IOVA + 4096, UINT64_MAX / 2), -ENOENT);
	assert_int_equal(vnic_dma_del(rig->nic, 0, UINT64_MAX), 0);
}

static int setup(void **state)
{
	*state = rig_new(false);
	return 0;
}

static int setup_trapped(void **state)
{
	*state = rig_new(true);
	return 0;
}

static int teardown(void **state)
{
	rig_free(*state);
	return 0;
}

#define t(name)                                                                                    \
	cmocka_unit_test_setup_teardown(name, setup, teardown),                                    \
		cmocka_unit_test_setup_teardown(name, setup_trapped, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(a_frame_arrives_with_its_status),
		t(bad_checksums_are_reported_not_dropped),
		t(unicast_filter_multicast_hash_and_promisc),
		t(vlan_tags_are_filtered_and_stripped),
		t(jumbo_frames_span_descriptors),
		t(rss_hashes_equal_the_verification_suite),
		t(perfect_filters_steer_by_masked_port),
		t(a_full_ring_backs_up_then_misses),
		t(a_frame_in_pieces_goes_out_whole),
		t(a_frame_without_its_end_waits),
		t(checksums_and_tags_are_inserted),
		t(a_large_tcp_segment_is_cut),
		t(legacy_descriptors_work),
		t(head_write_back_goes_to_memory),
		t(rings_wrap_many_times),
		t(bad_addresses_are_counted_events),
		t(faults_can_be_injected),
		t(nothing_moves_without_bus_master),
		t(told_to_stop_the_card_touches_no_memory),
		t(a_slow_link_sends_at_its_rate),
		t(dma_maps_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
