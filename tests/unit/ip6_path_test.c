// SPDX-License-Identifier: BSD-3-Clause
// Which way an IPv6 packet goes: equal paths by flow, reverse path checks, waits
// for a neighbour; and the walk over extension headers against a slow oracle.
#include "dataplane/pkt/hash6.h"
#include "tests/unit/ip6_rig.h"

#include <stdlib.h>

enum { N_PATHS = 4, N_FLOWS = 2000 };

static struct rigged *r;
static uint8_t frame[2048];
static unsigned len;
static struct rig_frame got;

static const char PEER[] = "2001:db8:0::1", AWAY[] = "2001:db8:e::1";

static int setup(void **state)
{
	static const char *const gw[N_PATHS] = {"2001:db8:1::a", "2001:db8:1::b", "2001:db8:1::c",
						"2001:db8:1::d"};
	uint8_t weight[N_PATHS] = {1, 1, 1, 1};
	uint16_t id[N_PATHS];
	int group;

	r = ip6_rig_new();
	for (unsigned i = 0; i < N_PATHS; i++)
		id[i] = rigged_gateway(r, 2, gw[i]);
	group = nexthop_group_get(r->nexthops, id, weight, N_PATHS);
	assert_true(group > 0);
	rigged_route(r, "2001:db8:e::/48", (uint16_t)group);
	return 0;
}

static int teardown(void **state)
{
	rigged_free(r);
	return 0;
}

static void put(void)
{
	rig_put(r->rig, 0, frame, len);
	rig_run(r->rig);
}

// The gateway (0..3) by which the frame leaves.
static unsigned path(void)
{
	put();
	assert_true(rig_take(r->rig, 1, &got));
	assert_in_range(got.data[5], 0xa, 0xd);
	return got.data[5] - 0xau;
}

static void flow(uint32_t label, uint16_t sport, uint16_t dport)
{
	be16_t udp[8] = {htons(sport), htons(dport), htons(16)};

	len = ip6_rig_frame(frame, PEER, AWAY, IP_PROTO_UDP, udp, sizeof(udp));
	ip6_rig_ip(frame)->vtf |= htonl(label);
}

static void expect_even(const unsigned count[N_PATHS])
{
	for (unsigned i = 0; i < N_PATHS; i++)
		assert_in_range(count[i], N_FLOWS / N_PATHS * 8 / 10, N_FLOWS / N_PATHS * 12 / 10);
}

static void ip6_flows_by_ports_spread_and_stay(void **state)
{
	unsigned count[N_PATHS] = {0};

	for (unsigned i = 0; i < N_FLOWS; i++) {
		unsigned first;

		flow(0, (uint16_t)(1024 + i), 53);
		first = path();
		count[first]++;
		frame[len - 1] ^= 0xff; // other data, other traffic class
		ip6_rig_ip(frame)->vtf |= htonl(0x00300000);
		assert_int_equal(path(), first);
		len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 2);
		assert_int_equal(path(), first);
	}
	expect_even(count);
}

// RFC 6438 §3: with a label the ports need not be looked at.
static void ip6_flows_by_label_spread_and_stay(void **state)
{
	unsigned count[N_PATHS] = {0};

	for (unsigned i = 1; i <= N_FLOWS; i++) {
		unsigned first;

		flow(i, 1024, 53);
		first = path();
		count[first]++;
		flow(i, (uint16_t)(i * 3), 99);
		assert_int_equal(path(), first);
	}
	expect_even(count);
}

static void ip6_fragments_of_a_packet_take_one_path(void **state)
{
	for (unsigned i = 0; i < 200; i++) {
		unsigned first;

		flow(0, (uint16_t)i, (uint16_t)(i * 7));
		len = ip6_rig_ext(frame, len, IP6_EXT_FRAGMENT, 1);
		frame[54 + 3] = 1; // the first of more
		first = path();
		memset(frame + 62, (int)i, 8); // where ports would be
		frame[54 + 3] = (uint8_t)(8 * i | 1);
		frame[54 + 2] = 1;
		assert_int_equal(path(), first);
	}
}

static void ip6_flow_behind_too_many_headers_still_has_a_path(void **state)
{
	unsigned first;

	flow(0, 1, 2);
	for (unsigned i = 0; i < 2 * IP6_EXT_MAX; i++)
		len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 1);
	first = path();
	for (unsigned i = 0; i < 20; i++) {
		frame[len - 16] = (uint8_t)i;
		assert_int_equal(path(), first);
	}
}

static void ip6_unresolved_next_hop_waits_as_it_came(void **state)
{
	static const char *const dst[] = {"2001:db8:2::77", "2001:db8:f::1"};
	struct meta meta;
	struct rte_mbuf *m;

	rigged_route(r, "2001:db8:f::/48", rigged_unresolved(r, 3, "2001:db8:2::88"));
	for (unsigned i = 0; i < 2; i++) {
		len = ip6_rig_frame(frame, PEER, dst[i], IP_PROTO_UDP, "abcdefgh", 8);
		put();
		m = rig_take_punt(r->rig, PEER_CTL, &meta);
		assert_non_null(m);
		assert_int_equal(meta.node, PUNT_RESOLVE);
		assert_int_equal(meta.iface, 1);
		assert_int_equal(meta.out, 3);
		assert_int_equal(meta.l3_off, ETH_HDR_LEN);
		assert_int_equal(nexthops_array(r->nexthops)[meta.nh].kind,
				 i ? NH_RESOLVE : NH_GLEAN);
		assert_memory_equal(rte_pktmbuf_mtod(m, void *), frame, len);
		rte_pktmbuf_free(m);
		ip6_rig_ip(frame)->hop_limit = 1; // judged before it waits
		put();
		assert_true(rig_take(r->rig, 0, &got));
		assert_int_equal(got.data[54], ICMP6_TIME_EXCEEDED);
	}
}

static void ip6_unresolved_member_of_a_group_waits(void **state)
{
	uint16_t id[2] = {rigged_unresolved(r, 3, "2001:db8:2::21"),
			  rigged_unresolved(r, 3, "2001:db8:2::22")};
	uint8_t weight[2] = {1, 1};
	int group = nexthop_group_get(r->nexthops, id, weight, 2);
	struct rte_mbuf *m;
	struct meta meta;

	rigged_route(r, "2001:db8:f::/48", (uint16_t)group);
	len = ip6_rig_frame(frame, PEER, "2001:db8:f::1", IP_PROTO_UDP, "abcdefgh", 8);
	put();
	m = rig_take_punt(r->rig, PEER_CTL, &meta);
	assert_non_null(m);
	assert_true(meta.nh == id[0] || meta.nh == id[1]);
	rte_pktmbuf_free(m);
}

// RFC 4861 §6.1, §7.1, §8.1: those messages are not the host's.
static void ip6_neighbour_discovery_goes_to_control(void **state)
{
	uint64_t before;

	for (uint8_t type = ICMP6_RS; type <= ICMP6_REDIRECT; type++) {
		before = workers_arc(r->rig->workers, NODE_IP6_DELIVER, IP6_DELIVER_ND);
		len = ip6_rig_icmp(frame, "fe80::1", "fe80::fe:0", type, 0, 32);
		put();
		assert_int_equal(workers_arc(r->rig->workers, NODE_IP6_DELIVER, IP6_DELIVER_ND),
				 before + 1);
	}
}

static void rpf(uint8_t mode)
{
	iface_get(r->rig->ifaces, 1)->rpf = mode;
	iface_feature_set(r->rig->ifaces, 1, AT_PRE_LOOKUP6, FEATURE_IP6_RPF, mode != 0);
}

static void expect_rpf(const char *src, bool strict_ok, bool loose_ok)
{
	for (uint8_t mode = 0; mode <= 2; mode++) {
		uint64_t before = rig_drops(r->rig, NODE_IP6_RPF, IP6_RPF_FAILED);
		bool ok = mode == 0 || (mode == 1 ? loose_ok : strict_ok);

		rpf(mode);
		len = ip6_rig_frame(frame, src, "2001:db8:a::1", IP_PROTO_UDP, "abcdefgh", 8);
		put();
		assert_int_equal(rig_take(r->rig, 1, &got), ok);
		assert_int_equal(rig_drops(r->rig, NODE_IP6_RPF, IP6_RPF_FAILED), before + !ok);
	}
}

// RFC 3704 §2.2, §2.4.
static void ip6_rpf_drops_sources_that_lie_elsewhere(void **state)
{
	expect_rpf(PEER, true, true);		    // neighbour
	expect_rpf("2001:db8:0::99", true, true);   // connected
	expect_rpf("2001:db8:1::1", false, true);   // neighbour of another iface
	expect_rpf("2001:db8:a::1", false, true);   // behind another iface
	expect_rpf("2001:db8:e::1", false, true);   // behind a group, elsewhere
	expect_rpf("2001:db9::1", false, false);    // nowhere
	expect_rpf("2001:db8:0::fe", false, false); // our own
	rigged_route(r, "2001:db8:b::/48", rigged_special(r, NH_BLACKHOLE, 0));
	expect_rpf("2001:db8:b::1", false, false);
}

static void ip6_rpf_takes_any_path_of_a_group(void **state)
{
	uint16_t id[2] = {rigged_gateway(r, 1, "2001:db8:0::21"),
			  rigged_gateway(r, 3, "2001:db8:2::21")};
	uint8_t weight[2] = {1, 1};
	int group = nexthop_group_get(r->nexthops, id, weight, 2);

	rigged_route(r, "2001:db8:f::/48", (uint16_t)group);
	expect_rpf("2001:db8:f::1", true, true);
}

static void ip6_rpf_leaves_link_local_sources_alone(void **state)
{
	rpf(2);
	len = ip6_rig_icmp(frame, "fe80::1", "2001:db8:0::fe", ICMP6_ECHO_REQUEST, 0, 8);
	put();
	assert_true(rig_take(r->rig, 0, &got));
	assert_int_equal(rig_all_drops(r->rig), 0);
}

// The walk once more, by the book and without a thought for speed.
static enum ip6_walk_end slow_walk(const uint8_t *p, unsigned room, struct ip6_walk *walk)
{
	unsigned off = 40, n = 0, size;

	*walk = (struct ip6_walk){.next = p[6], .named_at = 6, .off = 40};
	while (!walk->is_later) {
		switch (walk->next) {
		case 0:
		case 43:
		case 60:
			size = off + 8 <= room ? 8u * (p[off + 1] + 1u) : 8;
			break;
		case 44:
			size = 8;
			break;
		case 51:
			size = off + 8 <= room ? 4u * (p[off + 1] + 2u) : 8;
			break;
		default:
			return IP6_WALK_OK;
		}
		if (n == 4)
			return IP6_WALK_TOO_MANY;
		if (off + 8 > room)
			return IP6_WALK_CUT;
		if (off + size > 40 + 256)
			return IP6_WALK_TOO_MANY;
		if (off + size > room)
			return IP6_WALK_CUT;
		if (walk->next == 44) {
			walk->is_fragment = true;
			walk->is_later = (p[off + 2] << 8 | p[off + 3]) >> 3 != 0;
		}
		walk->next = p[off];
		walk->named_at = (uint16_t)off;
		off += size;
		walk->off = (uint16_t)off;
		walk->n = (uint8_t)++n;
	}
	return IP6_WALK_OK;
}

static void ip6_walk_equals_the_slow_walk(void **state)
{
	static const uint8_t next[] = {0, 43, 44, 51, 60, 60, 60, 6, 17, 58, 59, 135};
	uint64_t seed = 1;
	unsigned ends[3] = {0};

	for (unsigned i = 0; i < 200000; i++) {
		unsigned room = 40 + (unsigned)(test_rand(&seed) % 300);
		uint8_t *p = malloc(room); // exactly: ASan sees what is read behind it
		struct ip6_walk fast, slow;
		enum ip6_walk_end end;

		for (unsigned at = 0; at < room; at++)
			p[at] = at % 2 ? (uint8_t)(test_rand(&seed) % 5)
				       : next[test_rand(&seed) % ARRAY_LEN(next)];
		end = slow_walk(p, room, &slow);
		assert_int_equal(ip6_ext_walk((const struct ip6_hdr *)p, room, &fast), end);
		ends[end]++;
		if (end == IP6_WALK_OK) {
			assert_int_equal(fast.next, slow.next);
			assert_int_equal(fast.off, slow.off);
			assert_int_equal(fast.named_at, slow.named_at);
			assert_int_equal(fast.is_fragment, slow.is_fragment);
			assert_int_equal(fast.is_later, slow.is_later);
		}
		hash_flow6(&r->rig->dp.hash_key, (const struct ip6_hdr *)p, room);
		free(p);
	}
	for (unsigned end = 0; end < 3; end++)
		assert_true(ends[end] > 1000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ip6_flows_by_ports_spread_and_stay),
		CASE(ip6_flows_by_label_spread_and_stay),
		CASE(ip6_fragments_of_a_packet_take_one_path),
		CASE(ip6_flow_behind_too_many_headers_still_has_a_path),
		CASE(ip6_unresolved_next_hop_waits_as_it_came),
		CASE(ip6_unresolved_member_of_a_group_waits),
		CASE(ip6_neighbour_discovery_goes_to_control),
		CASE(ip6_rpf_drops_sources_that_lie_elsewhere),
		CASE(ip6_rpf_takes_any_path_of_a_group),
		CASE(ip6_rpf_leaves_link_local_sources_alone),
		CASE(ip6_walk_equals_the_slow_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
