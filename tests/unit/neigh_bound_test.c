// SPDX-License-Identifier: BSD-3-Clause
// What a link full of enemies, or of VLANs, may do to the neighbour code; and what
// its nodes let pass.
#include "dataplane/base/log.h"
#include "tests/unit/neigh_rig.h"

static struct neigh_rig *rig;
static const uint8_t host_mac[6] = {0x02, 0xaa, 0, 0, 0, 1};

static int setup(void **state)
{
	rig = neigh_rig_new();
	return 0;
}

static int teardown(void **state)
{
	neigh_rig_free(rig);
	return 0;
}

// Iface 2 gets a prefix that holds more hosts than the table.
static void widen(void)
{
	struct iface_addr addr = neigh_rig_addr("10.0.2.254", 8);

	assert_int_equal(iface_addrs_set(rig->r->rig->ifaces, 2, &addr, 1), 0);
	rigged_route(rig->r, "10.0.0.0/8", rigged_special(rig->r, NH_GLEAN, 2));
}

static size_t n_entries(void)
{
	static struct neigh_info all[4096];

	return neigh_walk(rig->neigh, NULL, all, ARRAY_LEN(all));
}

static void learn(const char *who)
{
	neigh_rig_ping4(rig, 0, who, 1);
	neigh_rig_arp(rig, 1, ARP_REPLY, host_mac, who, "10.0.2.254");
	neigh_rig_is(rig, 2, who, NEIGH_REACHABLE);
	neigh_rig_discard(rig, 1);
}

// The node's bucket is the first bound; here everything gets through it.
static void punt(enum punt_kind kind, const void *frame, unsigned len, uint16_t nh)
{
	struct meta meta = {.node = (uint8_t)kind,
			    .l3_off = ETH_HDR_LEN,
			    .iface = kind == PUNT_RESOLVE ? 1 : 2,
			    .nh = nh};

	neigh_punt(rig->neigh, rig_mbuf(rig->r->rig, frame, len), &meta, rig->now_ns);
}

static void storm_of_requests_leaves_neighbours_in_use_alone(void **state)
{
	uint8_t frame[ETH_MIN_LEN];
	struct arp_hdr *arp = (struct arp_hdr *)(frame + ETH_HDR_LEN);
	uint64_t seed = 7;

	widen();
	learn("10.0.2.5");
	neigh_rig_ping4(rig, 0, "10.0.2.6", 9); // waits for its answer meanwhile
	neigh_rig_arp_frame(frame, 1, ARP_REQUEST, host_mac, "10.0.0.1", "10.0.2.254");
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t x = test_rand(&seed);

		memcpy(arp->sender_ip + 1, &x, 3);
		memcpy(arp->sender_mac + 2, (char *)&x + 4, 4);
		punt(PUNT_ARP, frame, sizeof(frame), 0);
		rig->now_ns += 100000; // ten seconds in all
		if (i % 256 == 0) {
			neigh_step(rig->neigh, rig->now_ns);
			neigh_rig_turn(rig);
			neigh_rig_discard(rig, 1);
		}
	}
	assert_true(n_entries() <= rig->conf.max);
	assert_true(neigh_rig_count(rig, "neigh/created") <= 11000);
	assert_true(neigh_rig_count(rig, "neigh/create-limit") > 80000);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_REACHABLE);
	neigh_rig_ping4(rig, 0, "10.0.2.5", 2);
	assert_int_equal(rig_n_out(rig->r->rig, 1) > 0, true);
}

// Probes for hosts that are not there: as many entries as the table may hold,
// each packet answered, dropped by name or still held.
static void scan_of_a_connected_prefix_stays_bounded(void **state)
{
	struct ip4_spec spec = {.src = "192.0.2.7", .dst = "10.0.2.9", .len = 40};
	uint8_t frame[200];
	unsigned len = rigged_ip4(frame, 0, &spec);
	uint16_t glean;
	uint64_t asked;

	widen();
	glean = rigged_special(rig->r, NH_GLEAN, 2);
	learn("10.0.2.5");
	for (uint32_t i = 0; i < 65536; i++) {
		frame_ip4(frame)->dst = htonl(0x0a770000 | i);
		punt(PUNT_RESOLVE, frame, len, glean);
		rig->now_ns += 100000;
		if (i % 256 == 0) {
			neigh_step(rig->neigh, rig->now_ns);
			neigh_rig_turn(rig);
			neigh_rig_discard(rig, 1);
			neigh_rig_discard(rig, 0);
		}
	}
	asked = neigh_rig_count(rig, "neigh/arp-request-out");
	assert_true(asked < 65536 / 10 * 3 + 3000);
	assert_true(n_entries() <= rig->conf.max);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_REACHABLE);
	assert_true(neigh_rig_has_route(rig, "10.0.2.5/32"));
	neigh_rig_wait(rig, 20000);
	assert_int_equal(n_entries(), 1);
}

static void table_full_of_neighbours_in_use_takes_no_more(void **state)
{
	char who[32];

	rig->conf.max = 16;
	neigh_conf_set(rig->neigh, &rig->conf);
	for (unsigned i = 1; i <= 16; i++) {
		snprintf(who, sizeof(who), "10.0.2.%u", i);
		learn(who);
	}
	neigh_rig_ping4(rig, 0, "10.0.2.17", 1);
	assert_false(neigh_rig_has(rig, 2, "10.0.2.17"));
	assert_int_equal(neigh_rig_count(rig, "neigh/table-full"), 1);
	neigh_rig_wait(rig, 46000); // stale: the one that was confirmed first goes
	neigh_rig_ping4(rig, 0, "10.0.2.17", 1);
	neigh_rig_is(rig, 2, "10.0.2.17", NEIGH_INCOMPLETE);
	assert_int_equal(neigh_rig_count(rig, "neigh/evicted"), 1);
	assert_int_equal(n_entries(), 16);
}

static void unanswered_go_before_unused_before_stale(void **state)
{
	static const char *const left[] = {"10.0.2.1", "10.0.2.2", "10.0.2.4", "10.0.2.5"};

	rig->conf.max = 4;
	neigh_conf_set(rig->neigh, &rig->conf);
	neigh_rig_arp(rig, 1, ARP_REQUEST, host_mac, "10.0.2.1", "10.0.2.254");
	learn("10.0.2.2");
	neigh_rig_ping4(rig, 0, "10.0.2.3", 1);
	neigh_rig_arp(rig, 1, ARP_REQUEST, host_mac, "10.0.2.4", "10.0.2.254");
	neigh_rig_ping4(rig, 0, "10.0.2.5", 1); // in the place of .3
	for (unsigned i = 0; i < ARRAY_LEN(left); i++)
		assert_true(neigh_rig_has(rig, 2, left[i]));
	neigh_rig_arp(rig, 1, ARP_REPLY, host_mac, "10.0.2.5", "10.0.2.254");
	neigh_rig_ping4(rig, 0, "10.0.2.6", 1); // in the place of .1
	assert_false(neigh_rig_has(rig, 2, "10.0.2.1"));
	assert_true(neigh_rig_has(rig, 2, "10.0.2.4"));
	assert_true(neigh_rig_has(rig, 2, "10.0.2.2"));
}

static void walk_is_in_order_and_pages(void **state)
{
	struct neigh_info all[500], page[7], *from = NULL;
	size_t n, total = 0;
	uint64_t seed = 3;
	char who[32];

	for (unsigned i = 0; i < 200; i++) {
		unsigned port = (unsigned)test_rand(&seed) % 2;

		snprintf(who, sizeof(who), "10.0.%u.%u", port + 1,
			 1 + (unsigned)test_rand(&seed) % 250);
		neigh_rig_arp(rig, port, ARP_REQUEST, host_mac, who,
			      port ? "10.0.2.254" : "10.0.1.254");
	}
	while ((n = neigh_walk(rig->neigh, from, page, ARRAY_LEN(page)))) {
		memcpy(all + total, page, n * sizeof(page[0]));
		total += n;
		from = &all[total - 1];
	}
	assert_int_equal(total, neigh_walk(rig->neigh, NULL, all + total, 500 - total));
	assert_int_equal(total, neigh_rig_count(rig, "neigh/created"));
	for (size_t i = 1; i < total; i++) {
		assert_true(all[i].iface >= all[i - 1].iface);
		if (all[i].iface == all[i - 1].iface)
			assert_true(memcmp(all[i].addr.bytes, all[i - 1].addr.bytes, 4) > 0);
	}
}

// Sub-ports.

static unsigned sub_port(uint16_t vlan, uint16_t inner)
{
	struct iface_conf conf = {.name = inner ? "qinq" : "vlan",
				  .port = 1,
				  .parent = 2,
				  .vlan = vlan,
				  .inner_vlan = inner,
				  .mtu = 1400,
				  .mac = {2, 0, 0, 0, 0, 2},
				  .flags = IFACE_UP};
	struct iface_addr addr[2] = {neigh_rig_addr("10.7.0.254", 24),
				     neigh_rig_addr("fe80::7", 64)};
	int id = iface_add(rig->r->rig->ifaces, &conf);

	assert_true(id > 0);
	assert_int_equal(iface_addrs_set(rig->r->rig->ifaces, (unsigned)id, addr, 2), 0);
	rigged_route(rig->r, "10.7.0.0/24", rigged_special(rig->r, NH_GLEAN, (unsigned)id));
	rigged_route(rig->r, "2001:db8:7::/64", rigged_special(rig->r, NH_GLEAN, (unsigned)id));
	return (unsigned)id;
}

// One neighbour of each family behind these tags: asked, answers, gets packets.
static void neighbours_behind(const uint8_t *tags, unsigned len, unsigned id)
{
	uint8_t frame[ETH_MIN_LEN + 8] = {0}, plain[ETH_MIN_LEN];
	struct rig_frame got;

	neigh_rig_ping4(rig, 0, "10.7.0.5", 1);
	assert_true(rig_take(rig->r->rig, 1, &got));
	assert_memory_equal(got.data + 12, tags, len);
	assert_int_equal(got.data[12 + len] << 8 | got.data[13 + len], ETH_TYPE_ARP);
	assert_int_equal(got.len, ETH_MIN_LEN);
	neigh_rig_arp_frame(plain, 1, ARP_REPLY, host_mac, "10.7.0.5", "10.7.0.254");
	memcpy(frame, plain, 12);
	memcpy(frame + 12, tags, len);
	memcpy(frame + 12 + len, plain + 12, sizeof(plain) - 12);
	neigh_rig_put(rig, 1, frame, sizeof(frame));
	neigh_rig_is(rig, id, "10.7.0.5", NEIGH_REACHABLE);
	assert_true(rig_take(rig->r->rig, 1, &got));
	assert_memory_equal(got.data, host_mac, 6);
	assert_memory_equal(got.data + 12, tags, len);
	assert_int_equal(got.data[12 + len] << 8 | got.data[13 + len], ETH_TYPE_IP4);
	assert_int_equal(got.data[14 + len], 0x45);
	neigh_rig_ping6(rig, 0, "2001:db8:7::5");
	assert_true(rig_take(rig->r->rig, 1, &got));
	assert_memory_equal(got.data + 12, tags, len);
	assert_int_equal(got.data[12 + len] << 8 | got.data[13 + len], ETH_TYPE_IP6);
	assert_int_equal(got.data[14 + len + 40], ICMP6_NS);
}

static void neighbours_of_a_sub_port_have_its_tag(void **state)
{
	neighbours_behind((const uint8_t *)"\x81\0\0\5", 4, sub_port(5, 0));
}

static void neighbours_of_a_qinq_sub_port_have_both_tags(void **state)
{
	unsigned id = sub_port(5, 7);
	const struct nexthop *nh = nexthops_array(rig->r->nexthops);
	struct nexthop_key key = {.kind = NH_RESOLVE, .iface = (uint16_t)id};

	neighbours_behind((const uint8_t *)"\x88\xa8\0\5\x81\0\0\7", 8, id);
	key.gw = ip6_rig_addr("10.7.0.5");
	nh += nexthop_find(rig->r->nexthops, &key);
	assert_int_equal(nh->l2_len, 22);
	assert_int_equal(nh->mtu, 1400); // the iface's
}

// Next hops run out: packets go by name, nothing goes round in circles.
static void without_next_hops_packets_are_dropped_by_name(void **state)
{
	struct nexthop_key key = {.kind = NH_RESOLVE, .iface = 1, .gw.family = 6};

	for (uint32_t i = 0; i < NEXTHOP_MAX; i++) {
		memcpy(key.gw.bytes, &i, sizeof(i));
		if (nexthop_get(rig->r->nexthops, &key) < 0)
			break;
	}
	neigh_rig_ping4(rig, 0, "10.0.2.5", 1);
	neigh_rig_arp(rig, 1, ARP_REPLY, host_mac, "10.0.2.5", "10.0.2.254");
	assert_int_equal(neigh_rig_count(rig, "neigh/nexthop-refused"), 1);
	assert_int_equal(neigh_rig_count(rig, "neigh/not-published"), 1);
	assert_int_equal(neigh_rig_count(rig, "neigh/held-released"), 0);
}

// Another table's route leads to a link whose hosts are in ours.
static void packet_that_comes_back_is_not_sent_round_for_ever(void **state)
{
	struct ip4_spec spec = {.src = "192.0.2.7", .dst = "10.0.2.5", .len = 40};
	uint8_t frame[200];
	unsigned len = rigged_ip4(frame, 0, &spec);

	learn("10.0.2.5");
	neigh_rig_wait(rig, 200);
	punt(PUNT_RESOLVE, frame, len, rigged_special(rig->r, NH_GLEAN, 2));
	assert_int_equal(neigh_rig_count(rig, "neigh/not-published"), 1);
}

static void punts_about_nothing_are_dropped_by_name(void **state)
{
	uint8_t frame[100] = {0};
	struct ip4_spec spec = {.src = "192.0.2.7", .dst = "224.0.2.5", .len = 40};
	uint16_t glean = rigged_special(rig->r, NH_GLEAN, 2);

	punt(PUNT_RESOLVE, frame, sizeof(frame), glean);	       // no IP
	punt(PUNT_RESOLVE, frame, rigged_ip4(frame, 0, &spec), glean); // a group
	punt(PUNT_ARP, frame, 20, 0);
	punt(PUNT_ND, frame, 20, 0);
	assert_int_equal(neigh_rig_count(rig, "neigh/malformed"), 4);
	spec.dst = "10.0.2.5";
	punt(PUNT_RESOLVE, frame, rigged_ip4(frame, 0, &spec), 60000); // unused id
	punt(PUNT_RESOLVE, frame, rigged_ip4(frame, 0, &spec), rigged_special(rig->r, NH_LOCAL, 2));
	assert_int_equal(neigh_rig_count(rig, "neigh/nexthop-gone"), 2);
	punt(PUNT_HOST, frame, sizeof(frame), 0);
	assert_int_equal(neigh_rig_count(rig, "neigh/not-for-us"), 1);
	iface_flags_set(rig->r->rig->ifaces, 2, 0, IFACE_UP);
	punt(PUNT_ARP, frame, sizeof(frame), 0);
	assert_int_equal(neigh_rig_count(rig, "neigh/iface-down"), 1);
}

// arp-input.

static void expect_arp_drop(const uint8_t *frame, unsigned len, unsigned edge)
{
	uint64_t before = rig_drops(rig->r->rig, NODE_ARP_INPUT, edge);

	neigh_rig_put(rig, 1, frame, len);
	assert_int_equal(rig_drops(rig->r->rig, NODE_ARP_INPUT, edge), before + 1);
}

static void malformed_arp_is_dropped_by_name(void **state)
{
	static const struct {
		const char *what;
		unsigned at;
		uint8_t value;
	} line[] = {
		{"hardware", 1, 6},	      {"protocol", 2, 9},
		{"hardware length", 4, 8},    {"protocol length", 5, 6},
		{"operation", 7, 3},	      {"group sender", 8, 3},
		{"loopback sender", 14, 127}, {"class D sender", 14, 225},
	};
	uint8_t frame[ETH_MIN_LEN];

	for (unsigned i = 0; i < ARRAY_LEN(line); i++) {
		neigh_rig_arp_frame(frame, 1, ARP_REQUEST, host_mac, "10.0.2.5", "10.0.2.254");
		frame[ETH_HDR_LEN + line[i].at] = line[i].value;
		expect_arp_drop(frame, sizeof(frame), ARP_INPUT_MALFORMED);
	}
	neigh_rig_arp_frame(frame, 1, ARP_REPLY, host_mac, "0.0.0.0", "10.0.2.254");
	expect_arp_drop(frame, sizeof(frame), ARP_INPUT_MALFORMED);
	neigh_rig_arp_frame(frame, 1, ARP_REQUEST, host_mac, "10.0.2.5", "10.0.2.254");
	for (unsigned len = 34; len < 42; len++)
		expect_arp_drop(frame, len, ARP_INPUT_MALFORMED);
	assert_int_equal(neigh_rig_count(rig, "neigh/arp-request-in"), 0);
}

static void arp_between_others_is_not_for_us(void **state)
{
	const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2};
	uint8_t frame[ETH_MIN_LEN];

	neigh_rig_arp_frame(frame, 1, ARP_REQUEST, host_mac, "10.0.2.5", "10.0.2.6");
	expect_arp_drop(frame, sizeof(frame), ARP_INPUT_NOT_FOR_US);
	neigh_rig_arp_frame(frame, 1, ARP_REPLY, host_mac, "10.0.2.5", "10.0.2.6");
	expect_arp_drop(frame, sizeof(frame), ARP_INPUT_NOT_FOR_US);
	neigh_rig_arp_frame(frame, 1, ARP_REQUEST, our_mac, "10.0.2.254", "10.0.2.254");
	expect_arp_drop(frame, sizeof(frame), ARP_INPUT_NOT_FOR_US); // our own
}

// Without control to empty its ring: the bucket is what a worker lets through.
static void storms_stop_at_the_worker_by_name(void **state)
{
	struct rig *bench = rig->r->rig;
	uint8_t frame[200];
	struct rte_mbuf *pkt;
	struct meta meta;
	struct ip4_spec spec = {.src = "192.0.2.7", .dst = "10.0.2.5", .len = 40};
	unsigned len = rigged_ip4(frame, 0, &spec);
	uint64_t lost;

	for (unsigned i = 0; i < 3000; i++)
		rig_put(bench, 0, frame, len);
	rig_run(bench);
	lost = rig_drops(bench, NODE_NEIGH_HOLD, NEIGH_HOLD_RATE_LIMIT) +
	       rig_drops(bench, NODE_NEIGH_HOLD, NEIGH_HOLD_RING_FULL);
	assert_true(lost >= 3000 - WORKER_RING_LEN);
	neigh_rig_arp_frame(frame, 1, ARP_REQUEST, host_mac, "10.0.2.5", "10.0.2.254");
	for (unsigned i = 0; i < 3000; i++)
		rig_put(bench, 1, frame, ETH_MIN_LEN);
	rig_run(bench);
	assert_true(rig_drops(bench, NODE_ARP_INPUT, ARP_INPUT_RATE_LIMIT) +
			    rig_drops(bench, NODE_ARP_INPUT, ARP_INPUT_RING_FULL) >=
		    3000 - WORKER_RING_LEN);
	while ((pkt = rig_take_punt(bench, PEER_CTL, &meta)))
		rte_pktmbuf_free(pkt);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(storm_of_requests_leaves_neighbours_in_use_alone),
		CASE(scan_of_a_connected_prefix_stays_bounded),
		CASE(table_full_of_neighbours_in_use_takes_no_more),
		CASE(unanswered_go_before_unused_before_stale),
		CASE(walk_is_in_order_and_pages),
		CASE(neighbours_of_a_sub_port_have_its_tag),
		CASE(neighbours_of_a_qinq_sub_port_have_both_tags),
		CASE(without_next_hops_packets_are_dropped_by_name),
		CASE(packet_that_comes_back_is_not_sent_round_for_ever),
		CASE(punts_about_nothing_are_dropped_by_name),
		CASE(malformed_arp_is_dropped_by_name),
		CASE(arp_between_others_is_not_for_us),
		CASE(storms_stop_at_the_worker_by_name),
	};

	log_level_set(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
