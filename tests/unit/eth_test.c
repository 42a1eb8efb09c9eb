// SPDX-License-Identifier: BSD-3-Clause
// eth-input and tx through the real graph: what is taken, what is dropped, by
// which name.
#include "dataplane/pkt/eth.h"
#include "tests/unit/rig.h"

#include <arpa/inet.h>

static struct rig *rig;
static uint8_t frame[128];

static int setup(void **state)
{
	rig = rig_new(2, 1);
	return 0;
}

static int teardown(void **state)
{
	rig_free(rig);
	return 0;
}

static void expect_drop(unsigned edge, unsigned len)
{
	uint64_t before = rig_drops(rig, NODE_ETH_INPUT, edge);

	rig_put(rig, 0, frame, len);
	rig_run(rig);
	assert_int_equal(rig_drops(rig, NODE_ETH_INPUT, edge), before + 1);
}

static void eth_runt_is_dropped_by_name(void **state)
{
	rig_eth(frame, 0, ETH_TYPE_IP4, "", 0);
	for (unsigned len = 1; len < ETH_HDR_LEN; len++)
		expect_drop(ETH_INPUT_TOO_SHORT, len);
}

static void eth_frame_for_another_is_dropped_by_name(void **state)
{
	unsigned len = rig_eth(frame, 1, ETH_TYPE_IP4, frame, 60);

	expect_drop(ETH_INPUT_NOT_FOR_US, len);
}

static void eth_group_source_is_dropped_by_name(void **state)
{
	unsigned len = rig_eth(frame, 0, ETH_TYPE_IP4, frame, 60);

	frame[6] |= 1;
	expect_drop(ETH_INPUT_BAD_SOURCE, len);
}

static void eth_unknown_type_is_dropped_by_name(void **state)
{
	expect_drop(ETH_INPUT_UNKNOWN_TYPE, rig_eth(frame, 0, 0x88cc, frame, 60));
}

static void eth_iface_down_drops_by_name(void **state)
{
	unsigned len = rig_eth(frame, 0, ETH_TYPE_IP4, frame, 60);

	iface_flags_set(rig->ifaces, 1, 0, IFACE_UP);
	expect_drop(ETH_INPUT_IFACE_DOWN, len);
}

// 802.1Q tags 5 and 5.7 configured; all other stacks have no iface.
static void eth_vlan_stacks_without_iface_are_dropped_by_name(void **state)
{
	struct iface_conf sub = {.name = "v5",
				 .port = 0,
				 .parent = 1,
				 .vlan = 5,
				 .mtu = 1500,
				 .mac = {2, 0, 0, 0, 0, 1},
				 .flags = IFACE_UP};
	static const uint8_t unknown[][8] = {
		{0, 6, 8, 0},			// 6
		{0, 5, 0x81, 0, 0, 8, 8, 0},	// 5.8
		{0, 5, 0x81, 0, 0, 7, 0x81, 0}, // 5.7 and a third
		{0, 6, 0x81, 0, 0, 7, 8, 0},	// 6.7
	};

	assert_true(iface_add(rig->ifaces, &sub) > 0);
	sub.name = "v5.7";
	sub.inner_vlan = 7;
	assert_true(iface_add(rig->ifaces, &sub) > 0);
	for (unsigned i = 0; i < ARRAY_LEN(unknown); i++) {
		unsigned len = rig_eth(frame, 0, ETH_TYPE_VLAN, unknown[i], 8);

		memset(frame + len, 0, 40);
		expect_drop(ETH_INPUT_UNKNOWN_VLAN, len + 40);
	}
	// a tag cut in the middle
	rig_eth(frame, 0, ETH_TYPE_VLAN, "\0\5\x81\0\0", 5);
	expect_drop(ETH_INPUT_UNKNOWN_VLAN, 16);
	expect_drop(ETH_INPUT_UNKNOWN_VLAN, 19);
}

// The tag is in the frame, or the NIC took it off, or one of each.
static void eth_tagged_frames_count_on_their_iface(void **state)
{
	struct iface_conf sub = {.name = "v5.7",
				 .port = 0,
				 .parent = 1,
				 .vlan = 5,
				 .inner_vlan = 7,
				 .mtu = 1500,
				 .mac = {2, 0, 0, 0, 0, 1},
				 .flags = IFACE_UP};
	static const uint8_t both[] = {0, 5, 0x81, 0, 0, 7, 0x88, 0xcc, 1, 2, 3};
	static const uint8_t inner[] = {0, 7, 0x88, 0xcc, 1, 2, 3};
	struct iface_counters c;
	int id = iface_add(rig->ifaces, &sub);

	rig_put(rig, 0, frame, rig_eth(frame, 0, ETH_TYPE_VLAN, both, sizeof(both)));
	rig_put_tagged(rig, 0, 0x2005, frame,
		       rig_eth(frame, 0, ETH_TYPE_VLAN, inner, sizeof(inner)));
	rig_run(rig);
	workers_iface_counters(rig->workers, (unsigned)id, &c);
	assert_int_equal(c.rx_packets, 2);
	assert_int_equal(rig_drops(rig, NODE_ETH_INPUT, ETH_INPUT_UNKNOWN_TYPE), 2);
	workers_iface_counters(rig->workers, 1, &c);
	assert_int_equal(c.rx_packets, 2);
}

static void inject(unsigned out, unsigned len)
{
	struct rte_mbuf *m = rig_mbuf(rig, frame, len);
	struct meta meta = {.node = NODE_TX, .out = (uint16_t)out};

	meta_put(m, &meta);
	assert_true(workers_inject(rig->workers, 0, PEER_CTL, m));
}

static void tx_sends_by_the_iface_it_is_told(void **state)
{
	struct rig_frame got;
	struct iface_counters c;

	rig_eth(frame, 9, 0x9000, "abcd", 4);
	for (unsigned i = 0; i < 9; i++) {
		frame[14] = (uint8_t)i;
		inject(1 + i % 3 / 2, 60);
	}
	rig_run(rig);
	assert_int_equal(rig_n_out(rig, 0), 6);
	assert_int_equal(rig_n_out(rig, 1), 3);
	for (unsigned i = 0; i < 9; i++) {
		assert_true(rig_take(rig, i % 3 / 2, &got));
		assert_int_equal(got.len, 60);
		assert_int_equal(got.data[14], i); // order is kept
	}
	workers_iface_counters(rig->workers, 1, &c);
	assert_int_equal(c.tx_packets, 6);
	assert_int_equal(c.tx_bytes, 360);
}

static void tx_drops_for_a_down_iface_by_name(void **state)
{
	iface_flags_set(rig->ifaces, 2, 0, IFACE_UP);
	inject(1, 60);
	inject(2, 60);
	inject(1, 60);
	rig_run(rig);
	assert_int_equal(rig_n_out(rig, 0), 2);
	assert_int_equal(rig_n_out(rig, 1), 0);
	assert_int_equal(rig_drops(rig, NODE_TX, TX_IFACE_DOWN), 1);
}

static void tx_drops_frames_above_the_mtu_by_name(void **state)
{
	static uint8_t big[1600];

	memcpy(frame, big, sizeof(frame));
	for (unsigned len = 1500; len < 1600; len += 11) {
		struct rte_mbuf *m = rig_mbuf(rig, big, len);
		struct meta meta = {.node = NODE_TX, .out = 1};

		meta_put(m, &meta);
		assert_true(workers_inject(rig->workers, 0, PEER_HOST, m));
	}
	rig_run(rig);
	assert_int_equal(rig_n_out(rig, 0), 3); // up to 1522
	assert_int_equal(rig_drops(rig, NODE_TX, TX_TOO_LONG), 7);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(eth_runt_is_dropped_by_name),
		CASE(eth_frame_for_another_is_dropped_by_name),
		CASE(eth_group_source_is_dropped_by_name),
		CASE(eth_unknown_type_is_dropped_by_name),
		CASE(eth_iface_down_drops_by_name),
		CASE(eth_vlan_stacks_without_iface_are_dropped_by_name),
		CASE(eth_tagged_frames_count_on_their_iface),
		CASE(tx_sends_by_the_iface_it_is_told),
		CASE(tx_drops_for_a_down_iface_by_name),
		CASE(tx_drops_frames_above_the_mtu_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
