// SPDX-License-Identifier: BSD-3-Clause
// IPv6 forwarding through the real graph: what passes, what is dropped by which
// name, what earns an error.
#include "tests/unit/ip6_rig.h"

#include <stdlib.h>

static struct rigged *r;
static uint8_t frame[2048];
static unsigned len;
static struct rig_frame got;

static int setup(void **state)
{
	r = ip6_rig_new();
	return 0;
}

static int teardown(void **state)
{
	rigged_free(r);
	return 0;
}

static void packet(const char *src, const char *dst, unsigned payload)
{
	static uint8_t data[1600];

	for (unsigned i = 0; i < payload; i++)
		data[i] = (uint8_t)(i * 7 + 1);
	len = ip6_rig_frame(frame, src, dst, IP_PROTO_UDP, data, payload);
}

static void put(void)
{
	rig_put(r->rig, 0, frame, len);
	rig_run(r->rig);
}

static void expect_drop(enum graph_node node, unsigned edge)
{
	uint64_t before = rig_drops(r->rig, node, edge), all = rig_all_drops(r->rig);

	put();
	assert_int_equal(rig_drops(r->rig, node, edge), before + 1);
	assert_int_equal(rig_all_drops(r->rig), all + 1);
	assert_int_equal(rig_n_out(r->rig, 0) + rig_n_out(r->rig, 1) + rig_n_out(r->rig, 2), 0);
}

// What went in comes out of port, one hop older, in a frame to the neighbour.
static void expect_forwarded(unsigned port, uint8_t neighbour)
{
	const uint8_t mac[] = {2, 0, 0, 1, (uint8_t)(port + 1), neighbour, 2,
			       0, 0, 0, 0, (uint8_t)(port + 1)};
	struct ip6_hdr *ip = ip6_rig_ip(frame);
	unsigned n = ETH_HDR_LEN + ip6_total_len(ip);

	put();
	assert_true(rig_take(r->rig, port, &got));
	assert_int_equal(got.len, n);
	assert_memory_equal(got.data, mac, sizeof(mac));
	ip->hop_limit--;
	assert_memory_equal(got.data + 12, frame + 12, n - 12);
	ip->hop_limit++;
	assert_int_equal(rig_all_drops(r->rig), 0);
}

static void expect_error(uint8_t type, uint8_t code, uint32_t word, const char *from)
{
	const struct ip6_hdr *ip = ip6_rig_ip(got.data);
	const struct icmp_hdr *icmp = (const struct icmp_hdr *)(ip + 1);

	put();
	assert_true(rig_take(r->rig, 0, &got));
	ip6_rig_is(ip->src, from);
	assert_memory_equal(ip->dst, ip6_rig_ip(frame)->src, 16);
	assert_int_equal(ip->hop_limit, 64);
	assert_int_equal(icmp->type, type);
	assert_int_equal(icmp->code, code);
	assert_int_equal(ntohl(icmp->word), word);
	// quoted as it came
	assert_memory_equal(icmp + 1, frame + ETH_HDR_LEN, got.len - ETH_HDR_LEN - 48);
	assert_int_equal(rig_n_out(r->rig, 1), 0);
}

static void ip6_packet_leaves_one_hop_older(void **state)
{
	for (unsigned payload = 0; payload <= 1460; payload += 73) {
		packet("2001:db8:0::1", "2001:db8:a::5", payload);
		expect_forwarded(1, 1);
	}
}

static void ip6_padding_of_the_frame_is_cut(void **state)
{
	packet("2001:db8:0::1", "2001:db8:a::5", 2);
	memset(frame + len, 0x55, 100);
	for (unsigned pad = 0; pad < 50; pad += 7) {
		len += 7;
		expect_forwarded(1, 1);
	}
}

static void ip6_packet_in_two_segments_is_forwarded_whole(void **state)
{
	packet("2001:db8:0::1", "2001:db8:a::5", 200);
	ip6_rig_ip(frame)->len = htons(190); // ten bytes of padding
	for (unsigned first = 34; first < len; first += 5) {
		bool fits = first >= ETH_HDR_LEN + IP6_HDR_LEN;

		rig_put_chained(r->rig, 0, frame, len, first);
		rig_run(r->rig);
		assert_int_equal(rig_take(r->rig, 1, &got), fits);
		if (!fits)
			continue;
		assert_int_equal(got.len, len - 10);
		assert_memory_equal(got.data + 54, frame + 54, 190);
	}
	assert_int_equal(rig_drops(r->rig, NODE_IP6_INPUT, IP6_INPUT_TOO_SHORT), 4);
}

static void ip6_cut_header_is_dropped_by_name(void **state)
{
	packet("2001:db8:0::1", "2001:db8:a::5", 0);
	for (len = ETH_HDR_LEN + IP6_HDR_LEN - 1; len >= ETH_HDR_LEN; len--)
		expect_drop(NODE_IP6_INPUT, IP6_INPUT_TOO_SHORT);
}

static void ip6_wrong_version_is_dropped_by_name(void **state)
{
	for (unsigned version = 0; version < 16; version++) {
		packet("2001:db8:0::1", "2001:db8:a::5", 10);
		frame[14] = (uint8_t)(version << 4);
		if (version != 6)
			expect_drop(NODE_IP6_INPUT, IP6_INPUT_BAD_VERSION);
	}
}

static void ip6_payload_beyond_the_frame_is_dropped_by_name(void **state)
{
	static const uint16_t lies[] = {101, 102, 255, 1500, 32767, 65535};

	for (unsigned i = 0; i < ARRAY_LEN(lies); i++) {
		packet("2001:db8:0::1", "2001:db8:a::5", 100);
		ip6_rig_ip(frame)->len = htons(lies[i]);
		expect_drop(NODE_IP6_INPUT, IP6_INPUT_TRUNCATED);
	}
}

// RFC 4291 §2.5.2, §2.5.3, §2.7; RFC 6890 §2.2.3. `always`: whatever the switch says.
static void ip6_martian_sources_are_dropped_by_name(void **state)
{
	static const struct {
		const char *addr;
		bool always;
	} bad[] = {{"::", true},   {"ff02::1", true},	      {"ff0e::5", true},
		   {"::1", false}, {"::ffff:1.2.3.4", false}, {"::1.2.3.4", false}};
	static const char *const good[] = {"64:ff9b::1.2.3.4", "2001:db8:9::9", "fc00::1",
					   "::1:0:0:0"};

	for (unsigned i = 0; i < 2 * ARRAY_LEN(bad); i++) {
		r->rig->dp.ip.martians = i % 2;
		packet(bad[i / 2].addr, "2001:db8:a::5", 10);
		if (bad[i / 2].always || i % 2) {
			expect_drop(NODE_IP6_INPUT, IP6_INPUT_MARTIAN_SRC);
			continue;
		}
		put();
		assert_true(rig_take(r->rig, 1, &got));
	}
	for (unsigned i = 0; i < ARRAY_LEN(good); i++) {
		packet(good[i], "2001:db8:a::5", 10);
		put();
		assert_true(rig_take(r->rig, 1, &got));
	}
}

static void ip6_martian_destinations_are_dropped_by_name(void **state)
{
	static const char *const bad[] = {"::", "::1", "::ffff:1.2.3.4", "::1.2.3.4"};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		packet("2001:db8:0::1", bad[i], 10);
		expect_drop(NODE_IP6_INPUT, IP6_INPUT_MARTIAN_DST);
		r->rig->dp.ip.martians = false;
		if (i < 2)
			expect_drop(NODE_IP6_INPUT, IP6_INPUT_MARTIAN_DST);
		else
			expect_error(ICMP6_UNREACHABLE, ICMP6_UNREACH_NO_ROUTE, 0,
				     "2001:db8:0::fe");
		r->rig->dp.ip.martians = true;
	}
	rigged_route(r, "64:ff9b::/96", rigged_gateway(r, 2, "2001:db8:1::1"));
	packet("2001:db8:0::1", "64:ff9b::1.2.3.4", 10);
	put();
	assert_true(rig_take(r->rig, 1, &got));
}

// RFC 8200 §4.3: a router skips it; RFC 8200 §4.2 is for the destination.
static void ip6_hop_by_hop_header_is_forwarded_unread(void **state)
{
	packet("2001:db8:0::1", "2001:db8:a::5", 64);
	ip6_rig_ip(frame)->next = IP6_EXT_HOP;
	memset(frame + 54, 0xc7, 64); // options that nobody knows
	for (unsigned units = 0; units < 8; units++) {
		frame[55] = (uint8_t)units;
		expect_forwarded(1, 1);
	}
	for (unsigned units = 8; units < 256; units += 13) {
		frame[55] = (uint8_t)units;
		expect_drop(NODE_IP6_INPUT, IP6_INPUT_BAD_EXT);
	}
}

static void ip6_extension_headers_of_others_are_not_read(void **state)
{
	static const uint8_t next[] = {IP6_EXT_ROUTING, IP6_EXT_FRAGMENT, IP6_EXT_AUTH,
				       IP6_EXT_NONE,	IP6_EXT_DEST,	  IP6_EXT_MOBILITY};

	for (unsigned i = 0; i < ARRAY_LEN(next); i++)
		for (unsigned payload = 0; payload < 40; payload++) {
			packet("2001:db8:0::1", "2001:db8:a::5", payload);
			memset(frame + 54, 0xff, payload);
			ip6_rig_ip(frame)->next = next[i];
			expect_forwarded(1, 1);
		}
}

static void ip6_hop_limit_of_one_earns_time_exceeded(void **state)
{
	for (unsigned hops = 0; hops < 3; hops++) {
		packet("2001:db8:0::1", "2001:db8:a::5", 100);
		ip6_rig_ip(frame)->hop_limit = (uint8_t)hops;
		if (hops == 2)
			expect_forwarded(1, 1);
		else
			expect_error(ICMP6_TIME_EXCEEDED, 0, 0, "2001:db8:0::fe");
	}
}

static void ip6_packet_above_the_mtu_earns_too_big(void **state)
{
	uint16_t nh = rigged_gateway(r, 2, "2001:db8:1::1");

	nexthop_mtu_set(r->nexthops, nh, 1300);
	packet("2001:db8:0::1", "2001:db8:a::5", 1300 - IP6_HDR_LEN);
	expect_forwarded(1, 1);
	packet("2001:db8:0::1", "2001:db8:a::5", 1301 - IP6_HDR_LEN);
	expect_error(ICMP6_PACKET_TOO_BIG, 0, 1300, "2001:db8:0::fe");
	assert_int_equal(got.len, ETH_HDR_LEN + IP6_MIN_MTU);
}

// RFC 4443 §3.1.
static void ip6_next_hops_that_lead_nowhere_earn_their_code(void **state)
{
	static const struct {
		unsigned kind;
		uint8_t code;
	} kinds[] = {{NH_UNREACHABLE, ICMP6_UNREACH_ADDR}, {NH_PROHIBIT, ICMP6_UNREACH_ADMIN}};

	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		rigged_route(r, "2001:db8:b::/48", rigged_special(r, kinds[i].kind, 0));
		packet("2001:db8:0::1", "2001:db8:b::5", 100);
		expect_error(ICMP6_UNREACHABLE, kinds[i].code, 0, "2001:db8:0::fe");
	}
	packet("2001:db8:0::1", "2001:db9::5", 100);
	expect_error(ICMP6_UNREACHABLE, ICMP6_UNREACH_NO_ROUTE, 0, "2001:db8:0::fe");
}

static void ip6_blackhole_is_silent(void **state)
{
	rigged_route(r, "2001:db8:b::/48", rigged_special(r, NH_BLACKHOLE, 0));
	packet("2001:db8:0::1", "2001:db8:b::5", 100);
	expect_drop(NODE_IP6_FORWARD, IP6_FORWARD_BLACKHOLE);
}

// RFC 4291 §2.5.6: never onto another link. RFC 4443 §3.1 code 2 says so.
static void ip6_link_local_source_is_not_forwarded(void **state)
{
	packet("fe80::1", "2001:db8:a::5", 100);
	expect_error(ICMP6_UNREACHABLE, ICMP6_UNREACH_SCOPE, 0, "fe80::fe:0");
	assert_memory_equal(got.data, frame + 6, 6); // back to where it came from
	assert_memory_equal(got.data + 6, frame, 6);
}

static void ip6_link_local_destination_is_ours_or_dropped(void **state)
{
	packet("fe80::1", "fe80::fe:0", 10);
	put();
	assert_int_equal(workers_arc(r->rig->workers, NODE_IP6_INPUT, IP6_INPUT_LOCAL), 1);
	while (rig_take(r->rig, 0, &got))
		;
	packet("fe80::1", "fe80::2", 10);
	expect_drop(NODE_IP6_INPUT, IP6_INPUT_LINK_SCOPE);
	packet("fe80::1", "fe80::fe:1", 10); // of another iface
	expect_drop(NODE_IP6_INPUT, IP6_INPUT_LINK_SCOPE);
}

// The header of an iface with tags; mbufs without room for it.
static void ip6_rewrite_writes_tags(void **state)
{
	static const uint8_t l2[22] = {2, 0x99, 0,    0, 0, 5,	  2, 0, 0, 0,	 0,
				       2, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 7, 0x86, 0xdd};
	uint16_t nh = rigged_unresolved(r, 2, "2001:db8:1::5");

	nexthop_resolve(r->nexthops, nh, l2, sizeof(l2));
	rigged_route(r, "2001:db8:b::/48", nh);
	packet("2001:db8:0::1", "2001:db8:b::5", 100);
	put();
	assert_true(rig_take(r->rig, 1, &got));
	assert_int_equal(got.len, 22 + 40 + 100);
	assert_memory_equal(got.data, l2, sizeof(l2));
	assert_memory_equal(got.data + 62, frame + 54, 100);
}

static void ip6_rewrite_without_headroom_is_dropped_by_name(void **state)
{
	struct rte_mbuf *m;
	struct meta meta = {.node = NODE_IP6_REWRITE, .out = 2};

	packet("2001:db8:0::1", "2001:db8:a::5", 100);
	for (unsigned room = 0; room <= ETH_HDR_LEN; room++) {
		m = rig_mbuf(r->rig, frame + ETH_HDR_LEN, len - ETH_HDR_LEN);
		memmove((uint8_t *)m->buf_addr + room, rte_pktmbuf_mtod(m, void *), m->data_len);
		m->data_off = (uint16_t)room;
		meta.nh = rigged_gateway(r, 2, "2001:db8:1::1");
		meta_put(m, &meta);
		assert_true(workers_inject(r->rig->workers, 0, PEER_CTL, m));
	}
	rig_run(r->rig);
	assert_int_equal(rig_drops(r->rig, NODE_IP6_REWRITE, IP6_REWRITE_NO_HEADROOM), ETH_HDR_LEN);
	assert_int_equal(rig_n_out(r->rig, 1), 1);
}

// Packets of an iface and of its sub-port, mixed in one batch.
static void ip6_lookup_takes_the_table_of_the_iface(void **state)
{
	struct table *other = table_new(r->nexthops);
	struct route route = {.source = ROUTE_STATIC};
	struct iface_conf sub = {.name = "v5",
				 .port = 0,
				 .parent = 1,
				 .vlan = 5,
				 .table = 1,
				 .mtu = 1500,
				 .mac = {2, 0, 0, 0, 0, 1},
				 .flags = IFACE_UP};

	assert_true(iface_add(r->rig->ifaces, &sub) > 0);
	assert_int_equal(prefix_parse("2001:db8:a::/48", &route.prefix), 0);
	route.nh = rigged_gateway(r, 3, "2001:db8:2::1");
	assert_int_equal(table_add(other, &route), 0);
	r->rig->dp.fib6[1] = table_fib6(other);
	packet("2001:db8:0::1", "2001:db8:a::5", 100);
	for (unsigned i = 0; i < 64; i++) {
		if (i % 3)
			rig_put(r->rig, 0, frame, len);
		else
			rig_put_tagged(r->rig, 0, 5, frame, len);
	}
	rig_run(r->rig);
	assert_int_equal(rig_n_out(r->rig, 1), 42);
	assert_int_equal(rig_n_out(r->rig, 2), 22);
	r->rig->dp.fib6[1] = r->rig->dp.fib6[0];
	table_free(other);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ip6_packet_leaves_one_hop_older),
		CASE(ip6_padding_of_the_frame_is_cut),
		CASE(ip6_packet_in_two_segments_is_forwarded_whole),
		CASE(ip6_cut_header_is_dropped_by_name),
		CASE(ip6_wrong_version_is_dropped_by_name),
		CASE(ip6_payload_beyond_the_frame_is_dropped_by_name),
		CASE(ip6_martian_sources_are_dropped_by_name),
		CASE(ip6_martian_destinations_are_dropped_by_name),
		CASE(ip6_hop_by_hop_header_is_forwarded_unread),
		CASE(ip6_extension_headers_of_others_are_not_read),
		CASE(ip6_hop_limit_of_one_earns_time_exceeded),
		CASE(ip6_packet_above_the_mtu_earns_too_big),
		CASE(ip6_next_hops_that_lead_nowhere_earn_their_code),
		CASE(ip6_blackhole_is_silent),
		CASE(ip6_link_local_source_is_not_forwarded),
		CASE(ip6_link_local_destination_is_ours_or_dropped),
		CASE(ip6_rewrite_writes_tags),
		CASE(ip6_rewrite_without_headroom_is_dropped_by_name),
		CASE(ip6_lookup_takes_the_table_of_the_iface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
