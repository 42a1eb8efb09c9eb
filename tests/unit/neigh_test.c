// SPDX-License-Identifier: BSD-3-Clause
// Neighbours of IPv4 through the real graph: frames in, frames out, routes, time.
#include "dataplane/base/log.h"
#include "tests/unit/neigh_rig.h"

static struct neigh_rig *rig;
static const uint8_t host_mac[6] = {0x02, 0xaa, 0, 0, 0, 1};
static const uint8_t other_mac[6] = {0x02, 0xaa, 0, 0, 0, 2};

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

static void expect_request(unsigned port, const uint8_t to[6], const char *sender,
			   const char *target)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t dst[6];
	struct arp_hdr arp = neigh_rig_arp_out(rig, port, dst);

	assert_int_equal(arp.op, htons(ARP_REQUEST));
	assert_memory_equal(dst, to ? to : all, 6);
	assert_true(neigh_rig_ip_is(arp.sender_ip, sender));
	assert_true(neigh_rig_ip_is(arp.target_ip, target));
}

// A packet to 10.0.2.<x> came out of port 1 for this MAC, one hop older.
static void expect_packet(const uint8_t mac[6], const char *dst, uint16_t id)
{
	struct rig_frame frame;
	struct ip4_hdr *ip = frame_ip4(frame.data);

	assert_true(rig_take(rig->r->rig, 1, &frame));
	assert_int_equal(frame.data[12] << 8 | frame.data[13], ETH_TYPE_IP4);
	assert_memory_equal(frame.data, mac, 6);
	assert_int_equal(ip->dst, ip4_of(dst));
	assert_int_equal(ntohs(ip->id), id);
	assert_int_equal(ip->ttl, 63);
}

static void answer(const char *who, const uint8_t mac[6])
{
	neigh_rig_arp(rig, 1, ARP_REPLY, mac, who, "10.0.2.254");
}

static void learn(const char *who, const uint8_t mac[6])
{
	neigh_rig_ping4(rig, 0, who, 1);
	answer(who, mac);
	neigh_rig_discard(rig, 1);
	neigh_rig_is(rig, 2, who, NEIGH_REACHABLE);
}

static void first_packet_asks_and_waits_for_the_answer(void **state)
{
	neigh_rig_ping4(rig, 0, "10.0.2.5", 77);
	expect_request(1, NULL, "10.0.2.254", "10.0.2.5");
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_INCOMPLETE);
	answer("10.0.2.5", host_mac);
	expect_packet(host_mac, "10.0.2.5", 77);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_REACHABLE);
	assert_true(neigh_rig_has_route(rig, "10.0.2.5/32"));
	neigh_rig_ping4(rig, 0, "10.0.2.5", 78); // no control thread needed any more
	expect_packet(host_mac, "10.0.2.5", 78);
	assert_int_equal(neigh_rig_count(rig, "neigh/held-released"), 1);
	assert_int_equal(rig->n_host, 1); // the TAP hears answers too
}

static void packets_wait_in_order_and_the_oldest_goes(void **state)
{
	for (uint16_t id = 0; id < 5; id++)
		neigh_rig_ping4(rig, 0, "10.0.2.5", id);
	expect_request(1, NULL, "10.0.2.254", "10.0.2.5"); // once
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
	assert_int_equal(neigh_rig_count(rig, "neigh/held-overflow"), 2);
	answer("10.0.2.5", host_mac);
	for (uint16_t id = 2; id < 5; id++)
		expect_packet(host_mac, "10.0.2.5", id);
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
}

static void all_waiting_packets_have_one_bound(void **state)
{
	struct neigh_info info;
	char who[32];

	for (unsigned i = 1; i <= 100; i++) {
		snprintf(who, sizeof(who), "10.0.2.%u", i);
		neigh_rig_ping4(rig, 0, who, (uint16_t)i);
	}
	assert_int_equal(neigh_rig_count(rig, "neigh/held-all-overflow"), 36);
	assert_true(neigh_rig_entry(rig, 2, "10.0.2.36", &info));
	assert_int_equal(info.held, 0);
	assert_true(neigh_rig_entry(rig, 2, "10.0.2.37", &info));
	assert_int_equal(info.held, 1);
	rig->conf.hold_all = 10;
	neigh_conf_set(rig->neigh, &rig->conf);
	assert_int_equal(neigh_rig_count(rig, "neigh/held-all-overflow"), 90);
}

// Three questions, a second apart; then the packets earn their error, and for a
// while others do at once.
static void silence_is_host_unreachable(void **state)
{
	uint64_t before = workers_arc(rig->r->rig->workers, NODE_ICMP4_ERROR, ICMP4_ERROR_HOST);

	neigh_rig_ping4(rig, 0, "10.0.2.5", 1);
	neigh_rig_wait(rig, 2900);
	assert_int_equal(neigh_rig_discard(rig, 1), 3);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_INCOMPLETE);
	neigh_rig_wait(rig, 200);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_FAILED);
	assert_int_equal(workers_arc(rig->r->rig->workers, NODE_ICMP4_ERROR, ICMP4_ERROR_HOST),
			 before + 1);
	neigh_rig_ping4(rig, 0, "10.0.2.5", 2);
	assert_int_equal(workers_arc(rig->r->rig->workers, NODE_ICMP4_ERROR, ICMP4_ERROR_HOST),
			 before + 2);
	assert_int_equal(neigh_rig_discard(rig, 1), 0); // believed: nobody is asked
	neigh_rig_wait(rig, 5000);
	assert_false(neigh_rig_has(rig, 2, "10.0.2.5"));
	neigh_rig_ping4(rig, 0, "10.0.2.5", 3);
	expect_request(1, NULL, "10.0.2.254", "10.0.2.5");
}

static void failed_neighbour_that_speaks_is_found(void **state)
{
	neigh_rig_ping4(rig, 0, "10.0.2.5", 1);
	neigh_rig_wait(rig, 4000);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_FAILED);
	neigh_rig_arp(rig, 1, ARP_REQUEST, host_mac, "10.0.2.5", "10.0.2.254");
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_DELAY);
	neigh_rig_discard(rig, 1);
	neigh_rig_ping4(rig, 0, "10.0.2.5", 9);
	expect_packet(host_mac, "10.0.2.5", 9);
}

static void wait_for_state(const char *who, enum neigh_state state, unsigned max_ms)
{
	struct neigh_info info = {0};

	for (unsigned ms = 0; ms < max_ms; ms += 100) {
		assert_true(neigh_rig_entry(rig, 2, who, &info));
		if (info.state == state)
			return;
		neigh_rig_wait(rig, 100);
	}
	fail_msg("%s is still %s", who, neigh_state_name(info.state));
}

// RFC 4861 §7.3.2 all the way round, without one lost packet.
static void used_neighbour_is_asked_again_and_stays(void **state)
{
	learn("10.0.2.5", host_mac);
	neigh_rig_wait(rig, 14900);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_REACHABLE); // at least half its time
	wait_for_state("10.0.2.5", NEIGH_STALE, 30200);
	neigh_rig_ping4(rig, 0, "10.0.2.5", 2);
	expect_packet(host_mac, "10.0.2.5", 2);
	neigh_rig_wait(rig, 59000);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_STALE);
	wait_for_state("10.0.2.5", NEIGH_DELAY, 1200);
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
	wait_for_state("10.0.2.5", NEIGH_PROBE, 5200);
	expect_request(1, host_mac, "10.0.2.254", "10.0.2.5"); // only there
	neigh_rig_ping4(rig, 0, "10.0.2.5", 3);
	expect_packet(host_mac, "10.0.2.5", 3);
	answer("10.0.2.5", host_mac);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_REACHABLE);
}

static void used_neighbour_that_is_gone_leaves_no_trace(void **state)
{
	unsigned before = nexthops_count(rig->r->nexthops);

	learn("10.0.2.5", host_mac);
	assert_int_equal(nexthops_count(rig->r->nexthops), before + 1);
	neigh_rig_wait(rig, 115000);
	assert_int_equal(neigh_rig_discard(rig, 1), 3);
	assert_false(neigh_rig_has(rig, 2, "10.0.2.5"));
	assert_false(neigh_rig_has_route(rig, "10.0.2.5/32"));
	neigh_rig_wait(rig, 100);
	assert_int_equal(nexthops_count(rig->r->nexthops), before);
	assert_int_equal(neigh_rig_count(rig, "neigh/aged"), 1);
}

static void neighbour_that_only_asked_is_kept_a_while_without_route(void **state)
{
	neigh_rig_arp(rig, 1, ARP_REQUEST, host_mac, "10.0.2.5", "10.0.2.254");
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_STALE);
	assert_false(neigh_rig_has_route(rig, "10.0.2.5/32"));
	neigh_rig_wait(rig, 119000);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_STALE);
	neigh_rig_wait(rig, 2000);
	assert_false(neigh_rig_has(rig, 2, "10.0.2.5"));
	neigh_rig_arp(rig, 1, ARP_REQUEST, host_mac, "10.0.2.5", "10.0.2.254");
	neigh_rig_discard(rig, 1);
	neigh_rig_ping4(rig, 0, "10.0.2.5", 4); // used: sent at once, checked soon
	expect_packet(host_mac, "10.0.2.5", 4);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_DELAY);
	neigh_rig_wait(rig, 5100);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_PROBE);
}

static void neighbour_moves_by_its_announcement(void **state)
{
	learn("10.0.2.5", host_mac);
	neigh_rig_arp(rig, 1, ARP_REQUEST, other_mac, "10.0.2.5", "10.0.2.5");
	neigh_rig_wait(rig, 20); // the next hop's header changes after a grace period
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_DELAY);
	neigh_rig_ping4(rig, 0, "10.0.2.5", 5);
	expect_packet(other_mac, "10.0.2.5", 5);
	assert_int_equal(neigh_rig_count(rig, "neigh/moved"), 1);
	neigh_rig_wait(rig, 5100);
	expect_request(1, other_mac, "10.0.2.254", "10.0.2.5");
}

// A header changes only when no worker may copy it: until then packets wait.
static void packets_during_a_move_wait(void **state)
{
	struct ip4_spec spec = {.src = "192.0.2.7", .dst = "10.0.2.5", .id = 6, .len = 40};
	uint8_t frame[200], arp[60];
	struct neigh_info info;

	learn("10.0.2.5", host_mac);
	neigh_rig_arp_frame(arp, 1, ARP_REPLY, other_mac, "10.0.2.5", "10.0.2.254");
	rig_put(rig->r->rig, 1, arp, sizeof(arp));
	neigh_rig_turn(rig);
	rig_put(rig->r->rig, 0, frame, rigged_ip4(frame, 0, &spec));
	neigh_rig_turn(rig);
	neigh_step(rig->neigh, rig->now_ns);
	assert_true(neigh_rig_entry(rig, 2, "10.0.2.5", &info));
	assert_int_equal(info.held, 1);
	neigh_rig_wait(rig, 20);
	expect_packet(other_mac, "10.0.2.5", 6);
	assert_int_equal(rig_all_drops(rig->r->rig), 0);
}

static void requests_for_our_addresses_are_answered(void **state)
{
	uint8_t dst[6];
	struct arp_hdr arp;
	struct iface_addr addr[2] = {neigh_rig_addr("10.0.2.254", 24),
				     neigh_rig_addr("10.9.9.1", 30)};

	assert_int_equal(iface_addrs_set(rig->r->rig->ifaces, 2, addr, 2), 0);
	neigh_rig_arp(rig, 1, ARP_REQUEST, host_mac, "10.9.9.2", "10.9.9.1");
	arp = neigh_rig_arp_out(rig, 1, dst);
	assert_int_equal(arp.op, htons(ARP_REPLY));
	assert_memory_equal(dst, host_mac, 6);
	assert_memory_equal(arp.target_mac, host_mac, 6);
	assert_memory_equal(arp.sender_mac, ((uint8_t[6]){2, 0, 0, 0, 0, 2}), 6);
	assert_true(neigh_rig_ip_is(arp.sender_ip, "10.9.9.1"));
	assert_true(neigh_rig_ip_is(arp.target_ip, "10.9.9.2"));
	neigh_rig_arp(rig, 1, ARP_REQUEST, host_mac, "0.0.0.0", "10.0.2.254"); // a probe
	arp = neigh_rig_arp_out(rig, 1, dst);
	assert_true(neigh_rig_ip_is(arp.sender_ip, "10.0.2.254"));
	assert_false(neigh_rig_has(rig, 2, "0.0.0.0"));
	assert_int_equal(rig->n_host, 0); // jerboa alone answers ARP
}

static void who_is_not_on_the_link_is_answered_but_not_learnt(void **state)
{
	static const char *const who[] = {"172.16.0.1", "10.0.2.0", "10.0.2.255", "10.0.1.9"};

	for (unsigned i = 0; i < ARRAY_LEN(who); i++) {
		neigh_rig_arp(rig, 1, ARP_REQUEST, host_mac, who[i], "10.0.2.254");
		assert_false(neigh_rig_has(rig, 2, who[i]));
	}
	assert_int_equal(neigh_rig_discard(rig, 1), ARRAY_LEN(who));
}

static void answers_nobody_asked_for_make_no_entry(void **state)
{
	answer("10.0.2.5", host_mac);
	neigh_rig_arp(rig, 1, ARP_REQUEST, host_mac, "10.0.2.6", "10.0.2.6");
	neigh_rig_arp(rig, 1, ARP_REPLY, host_mac, "10.0.2.7", "10.0.2.7");
	assert_int_equal(neigh_rig_count(rig, "neigh/created"), 0);
	assert_int_equal(neigh_rig_discard(rig, 1), 0);
	assert_int_equal(rig->n_host, 3); // the host's own cache may know them
}

static void address_conflict_is_defended_once_in_a_while(void **state)
{
	for (unsigned i = 0; i < 20; i++)
		neigh_rig_arp(rig, 1, ARP_REPLY, host_mac, "10.0.2.254", "10.0.2.254");
	assert_int_equal(neigh_rig_count(rig, "neigh/address-conflict"), 20);
	expect_request(1, NULL, "10.0.2.254", "10.0.2.254");
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
	neigh_rig_wait(rig, 10000);
	neigh_rig_arp(rig, 1, ARP_REQUEST, host_mac, "10.0.2.254", "10.0.2.9");
	expect_request(1, NULL, "10.0.2.254", "10.0.2.254");
	assert_false(neigh_rig_has(rig, 2, "10.0.2.254"));
}

static void new_address_is_announced_twice(void **state)
{
	struct iface_addr addr = neigh_rig_addr("10.0.2.254", 24);

	neigh_addr_add(rig->neigh, 2, &addr, rig->now_ns);
	neigh_rig_wait(rig, 100);
	expect_request(1, NULL, "10.0.2.254", "10.0.2.254");
	neigh_rig_wait(rig, 1800);
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
	neigh_rig_wait(rig, 200);
	expect_request(1, NULL, "10.0.2.254", "10.0.2.254");
	neigh_rig_wait(rig, 10000);
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
}

// Gateways.

static uint16_t gateway_add(const char *gw, const char *prefix)
{
	uint16_t nh = rigged_unresolved(rig->r, 2, gw);

	rigged_route(rig->r, prefix, nh);
	neigh_gateway_add(rig->neigh, nh, rig->now_ns);
	neigh_rig_pump(rig);
	return nh;
}

static void gateway_is_asked_for_before_the_first_packet(void **state)
{
	uint16_t nh = gateway_add("10.0.2.1", "198.51.100.0/24");
	const struct nexthop *array = nexthops_array(rig->r->nexthops);

	expect_request(1, NULL, "10.0.2.254", "10.0.2.1");
	answer("10.0.2.1", host_mac);
	assert_int_equal(array[nh].kind, NH_FORWARD);
	assert_int_equal(array[nh].l2_len, 14);
	neigh_rig_ping4(rig, 0, "198.51.100.9", 1);
	expect_packet(host_mac, "198.51.100.9", 1);
	assert_false(neigh_rig_has_route(rig, "10.0.2.1/32")); // nobody sends to itself
	neigh_gateway_add(rig->neigh, nh, rig->now_ns);	       // known: nothing is asked
	neigh_rig_pump(rig);
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
}

static void gateway_is_watched_without_traffic_and_comes_back(void **state)
{
	uint16_t nh = gateway_add("10.0.2.1", "198.51.100.0/24");
	const struct nexthop *array = nexthops_array(rig->r->nexthops);

	answer("10.0.2.1", host_mac);
	neigh_rig_wait(rig, 45000 + 5000 + 3000 + 200);
	assert_int_equal(array[nh].kind, NH_RESOLVE); // dead: found without a packet
	wait_for_state("10.0.2.1", NEIGH_FAILED, 8200);
	neigh_rig_discard(rig, 1);
	neigh_rig_wait(rig, 60000); // asked again and again
	assert_true(neigh_rig_discard(rig, 1) >= 15);
	wait_for_state("10.0.2.1", NEIGH_INCOMPLETE, 9000);
	answer("10.0.2.1", other_mac);
	assert_int_equal(array[nh].kind, NH_FORWARD);
	assert_memory_equal(array[nh].l2, other_mac, 6);
}

static void gateway_without_routes_ages_out(void **state)
{
	uint16_t nh = gateway_add("10.0.2.1", "198.51.100.0/24");
	struct prefix prefix;

	answer("10.0.2.1", host_mac);
	assert_int_equal(prefix_parse("198.51.100.0/24", &prefix), 0);
	assert_int_equal(table_del(rig->r->table, &prefix, ROUTE_STATIC), 0);
	nexthop_put(rig->r->nexthops, nh);
	neigh_rig_wait(rig, 400000);
	assert_false(neigh_rig_has(rig, 2, "10.0.2.1"));
	assert_int_equal(nexthops_array(rig->r->nexthops)[nh].kind, NH_NONE);
}

static void link_down_forgets_and_link_up_asks_again(void **state)
{
	uint16_t nh = gateway_add("10.0.2.1", "198.51.100.0/24");
	const struct nexthop *array = nexthops_array(rig->r->nexthops);

	answer("10.0.2.1", host_mac);
	learn("10.0.2.5", other_mac);
	neigh_rig_ping4(rig, 0, "10.0.2.6", 1);
	iface_flags_set(rig->r->rig->ifaces, 2, 0, IFACE_UP);
	neigh_iface_down(rig->neigh, 2);
	assert_int_equal(array[nh].kind, NH_RESOLVE);
	assert_false(neigh_rig_has(rig, 2, "10.0.2.5"));
	assert_false(neigh_rig_has_route(rig, "10.0.2.5/32"));
	assert_int_equal(neigh_rig_count(rig, "neigh/held-abandoned"), 1);
	neigh_rig_discard(rig, 1);
	neigh_rig_wait(rig, 20000);
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
	iface_flags_set(rig->r->rig->ifaces, 2, IFACE_UP, 0);
	neigh_iface_up(rig->neigh, 2, rig->now_ns);
	neigh_rig_wait(rig, 5000);
	assert_true(neigh_rig_discard(rig, 1) > 0);
	answer("10.0.2.1", host_mac);
	assert_int_equal(array[nh].kind, NH_FORWARD);
}

static void static_neighbour_never_changes(void **state)
{
	struct addr addr = ip6_rig_addr("10.0.2.5");
	static const uint8_t group[6] = {1};

	assert_int_equal(neigh_static_add(rig->neigh, 2, &addr, group), -EINVAL);
	assert_int_equal(neigh_static_add(rig->neigh, 99, &addr, host_mac), -EINVAL);
	assert_int_equal(neigh_static_del(rig->neigh, 2, &addr), -ENOENT);
	assert_int_equal(neigh_static_add(rig->neigh, 2, &addr, host_mac), 0);
	neigh_rig_ping4(rig, 0, "10.0.2.5", 1);
	expect_packet(host_mac, "10.0.2.5", 1);
	answer("10.0.2.5", other_mac);
	neigh_rig_arp(rig, 1, ARP_REQUEST, other_mac, "10.0.2.5", "10.0.2.254");
	neigh_rig_discard(rig, 1);
	neigh_rig_wait(rig, 200000);
	neigh_flush(rig->neigh, 0);
	neigh_rig_is(rig, 2, "10.0.2.5", NEIGH_STATIC);
	neigh_rig_ping4(rig, 0, "10.0.2.5", 2);
	expect_packet(host_mac, "10.0.2.5", 2);
	assert_int_equal(neigh_static_del(rig->neigh, 2, &addr), 0);
	assert_false(neigh_rig_has(rig, 2, "10.0.2.5"));
	assert_false(neigh_rig_has_route(rig, "10.0.2.5/32"));
}

static void static_neighbour_survives_its_link(void **state)
{
	struct addr addr = ip6_rig_addr("10.0.2.1");
	uint16_t nh = gateway_add("10.0.2.1", "198.51.100.0/24");
	const struct nexthop *array = nexthops_array(rig->r->nexthops);

	assert_int_equal(neigh_static_add(rig->neigh, 2, &addr, host_mac), 0);
	assert_int_equal(array[nh].kind, NH_FORWARD);
	neigh_iface_down(rig->neigh, 2);
	assert_int_equal(array[nh].kind, NH_RESOLVE);
	neigh_iface_up(rig->neigh, 2, rig->now_ns);
	neigh_rig_pump(rig);
	assert_int_equal(array[nh].kind, NH_FORWARD);
	assert_int_equal(neigh_static_del(rig->neigh, 2, &addr), 0);
	neigh_rig_is(rig, 2, "10.0.2.1", NEIGH_INCOMPLETE); // a gateway is asked for
	assert_int_equal(array[nh].kind, NH_RESOLVE);
}

static void flush_forgets_what_was_learnt(void **state)
{
	learn("10.0.2.5", host_mac);
	neigh_rig_arp(rig, 0, ARP_REQUEST, other_mac, "10.0.1.6", "10.0.1.254");
	neigh_flush(rig->neigh, 1);
	assert_false(neigh_rig_has(rig, 1, "10.0.1.6"));
	assert_true(neigh_rig_has(rig, 2, "10.0.2.5"));
	neigh_flush(rig->neigh, 0);
	assert_false(neigh_rig_has_route(rig, "10.0.2.5/32"));
}

static void hosts_of_a_prefix_that_went_are_forgotten(void **state)
{
	struct iface_addr addr[2] = {neigh_rig_addr("10.0.2.254", 24),
				     neigh_rig_addr("10.9.9.1", 24)};
	struct prefix prefix;

	assert_int_equal(iface_addrs_set(rig->r->rig->ifaces, 2, addr, 2), 0);
	rigged_route(rig->r, "10.9.9.0/24", rigged_special(rig->r, NH_GLEAN, 2));
	learn("10.0.2.5", host_mac);
	neigh_rig_ping4(rig, 0, "10.9.9.5", 1);
	neigh_rig_arp(rig, 1, ARP_REPLY, other_mac, "10.9.9.5", "10.9.9.1");
	assert_true(neigh_rig_has_route(rig, "10.9.9.5/32"));
	assert_int_equal(prefix_parse("10.9.9.0/24", &prefix), 0);
	neigh_prefix_flush(rig->neigh, 1, &prefix); // of another iface
	assert_true(neigh_rig_has(rig, 2, "10.9.9.5"));
	neigh_prefix_flush(rig->neigh, 2, &prefix);
	assert_false(neigh_rig_has_route(rig, "10.9.9.5/32"));
	assert_true(neigh_rig_has_route(rig, "10.0.2.5/32"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(first_packet_asks_and_waits_for_the_answer),
		CASE(packets_wait_in_order_and_the_oldest_goes),
		CASE(all_waiting_packets_have_one_bound),
		CASE(silence_is_host_unreachable),
		CASE(failed_neighbour_that_speaks_is_found),
		CASE(used_neighbour_is_asked_again_and_stays),
		CASE(used_neighbour_that_is_gone_leaves_no_trace),
		CASE(neighbour_that_only_asked_is_kept_a_while_without_route),
		CASE(neighbour_moves_by_its_announcement),
		CASE(packets_during_a_move_wait),
		CASE(requests_for_our_addresses_are_answered),
		CASE(who_is_not_on_the_link_is_answered_but_not_learnt),
		CASE(answers_nobody_asked_for_make_no_entry),
		CASE(address_conflict_is_defended_once_in_a_while),
		CASE(new_address_is_announced_twice),
		CASE(gateway_is_asked_for_before_the_first_packet),
		CASE(gateway_is_watched_without_traffic_and_comes_back),
		CASE(gateway_without_routes_ages_out),
		CASE(link_down_forgets_and_link_up_asks_again),
		CASE(static_neighbour_never_changes),
		CASE(static_neighbour_survives_its_link),
		CASE(flush_forgets_what_was_learnt),
		CASE(hosts_of_a_prefix_that_went_are_forgotten),
	};

	log_level_set(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
