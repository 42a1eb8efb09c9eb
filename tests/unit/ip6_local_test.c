// SPDX-License-Identifier: BSD-3-Clause
// ip6-multi, ip6-local and ip6-deliver through the real graph: which groups are
// ours, extension headers, what goes to the host.
#include "tests/unit/ip6_rig.h"

static struct rigged *r;
static uint8_t frame[2048];
static unsigned len;
static struct rig_frame got;
static const struct icmp_hdr *const icmp =
	(const struct icmp_hdr *)(got.data + ETH_HDR_LEN + IP6_HDR_LEN);

static const char ME[] = "2001:db8:0::fe", PEER[] = "2001:db8:0::1", NEAR[] = "fe80::1";

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
	assert_int_equal(rig_n_out(r->rig, 0), 0);
}

static void expect_problem(uint8_t code, uint32_t pointer)
{
	put();
	assert_true(rig_take(r->rig, 0, &got));
	assert_int_equal(icmp->type, ICMP6_PARAM_PROBLEM);
	assert_int_equal(icmp->code, code);
	assert_int_equal(ntohl(icmp->word), pointer);
	ip6_rig_is(ip6_rig_ip(got.data)->src, ME);
}

static void expect_reply(void)
{
	put();
	assert_true(rig_take(r->rig, 0, &got));
	assert_int_equal(icmp->type, ICMP6_ECHO_REPLY);
}

static void tap(void)
{
	iface_flags_set(r->rig->ifaces, 1, IFACE_TAP, 0);
}

// The frame as it came, with the iface it came by.
static void expect_host(void)
{
	struct meta meta;
	struct rte_mbuf *m;

	put();
	m = rig_take_punt(r->rig, PEER_HOST, &meta);
	assert_non_null(m);
	assert_int_equal(meta.iface, 1);
	assert_int_equal(m->pkt_len, len);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), frame, len);
	rte_pktmbuf_free(m);
	assert_int_equal(rig_all_drops(r->rig), 0);
}

static void packet(const char *dst, uint8_t proto)
{
	uint8_t data[64] = {0};

	len = ip6_rig_frame(frame, PEER, dst, proto, data, sizeof(data));
}

static void ping(const char *src, const char *dst)
{
	len = ip6_rig_icmp(frame, src, dst, ICMP6_ECHO_REQUEST, 0, 40);
}

static void group_mac(void)
{
	frame[0] = frame[1] = 0x33;
	memcpy(frame + 2, ip6_rig_ip(frame)->dst + 12, 4);
}

// RFC 4291 §2.7.1, §2.8; what is not listed belongs to others.
static void ip6_multi_takes_groups_of_the_link_and_its_own(void **state)
{
	static const struct {
		const char *group;
		unsigned edge;
	} cases[] = {
		{"ff02::1", IP6_MULTI_LOCAL},
		{"ff02::2", IP6_MULTI_LOCAL},
		{"ff02::5", IP6_MULTI_LOCAL},
		{"ff02::16", IP6_MULTI_LOCAL},
		{"ff12::1234", IP6_MULTI_LOCAL},
		{"ff05::2", IP6_MULTI_LOCAL},
		{"ff02::1:ff00:fe", IP6_MULTI_LOCAL},
		{"ff02::1:fffe:0", IP6_MULTI_LOCAL},
		{"ff02::1:ff00:ff", IP6_MULTI_NOT_LOCAL},
		{"ff02::1:ffff:fe", IP6_MULTI_NOT_LOCAL},
		{"ff05::1", IP6_MULTI_NOT_LOCAL},
		{"ff0e::1", IP6_MULTI_NOT_LOCAL},
		{"ff00::1", IP6_MULTI_MARTIAN_DST},
		{"ff01::1", IP6_MULTI_MARTIAN_DST},
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		for (unsigned is_unicast = 0; is_unicast < 2; is_unicast++) { // RFC 6085 §3
			uint64_t before =
				workers_arc(r->rig->workers, NODE_IP6_MULTI, cases[i].edge);

			packet(cases[i].group, IP_PROTO_UDP);
			if (!is_unicast)
				group_mac();
			put();
			assert_int_equal(
				workers_arc(r->rig->workers, NODE_IP6_MULTI, cases[i].edge),
				before + 1);
		}
	assert_int_equal(rig_n_out(r->rig, 0) + rig_n_out(r->rig, 1), 0);
}

static void ip6_multi_hears_the_group_of_a_tentative_address(void **state)
{
	struct iface_addr addr = {.family = 6, .plen = 64, .is_tentative = 1};

	memcpy(addr.bytes, ip6_rig_addr("2001:db8:0::abcd").bytes, 16);
	assert_int_equal(iface_addrs_set(r->rig->ifaces, 1, &addr, 1), 0);
	packet("ff02::1:ff00:abcd", IP_PROTO_UDP);
	group_mac();
	put();
	assert_int_equal(workers_arc(r->rig->workers, NODE_IP6_MULTI, IP6_MULTI_LOCAL), 1);
}

static void ip6_multi_drops_malformed_packets_by_name(void **state)
{
	packet("ff02::1", IP_PROTO_UDP);
	group_mac();
	frame[14] = 0x45;
	expect_drop(NODE_IP6_MULTI, IP6_MULTI_MALFORMED);
	frame[14] = 0x60;
	ip6_rig_ip(frame)->len = htons(65);
	expect_drop(NODE_IP6_MULTI, IP6_MULTI_MALFORMED);
	ip6_rig_ip(frame)->len = 0;
	for (len = 53; len >= 14; len--)
		expect_drop(NODE_IP6_MULTI, IP6_MULTI_MALFORMED);
}

static void ip6_multi_drops_martian_sources_by_name(void **state)
{
	static const char *const bad[] = {"ff02::1", "::1", "::ffff:1.2.3.4"};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		ping(bad[i], "ff02::1");
		group_mac();
		expect_drop(NODE_IP6_MULTI, IP6_MULTI_MARTIAN_SRC);
	}
	r->rig->dp.ip.martians = false;
	ping("ff02::1", "ff02::1"); // whatever the switch says
	group_mac();
	expect_drop(NODE_IP6_MULTI, IP6_MULTI_MARTIAN_SRC);
}

static void ip6_multi_drops_unicast_in_group_frames_by_name(void **state)
{
	packet("2001:db8:a::5", IP_PROTO_UDP);
	group_mac();
	expect_drop(NODE_IP6_MULTI, IP6_MULTI_UNICAST);
	packet(ME, IP_PROTO_UDP);
	memset(frame, 0xff, 6);
	expect_drop(NODE_IP6_MULTI, IP6_MULTI_UNICAST);
}

static void ip6_local_udp_and_tcp_without_host_earn_port_unreachable(void **state)
{
	static const uint8_t proto[] = {IP_PROTO_UDP, IP_PROTO_TCP};

	for (unsigned i = 0; i < 2; i++) {
		packet("2001:db8:2::fe", proto[i]);
		put();
		assert_true(rig_take(r->rig, 0, &got));
		assert_int_equal(icmp->type, ICMP6_UNREACHABLE);
		assert_int_equal(icmp->code, ICMP6_UNREACH_PORT);
		ip6_rig_is(ip6_rig_ip(got.data)->src, "2001:db8:2::fe"); // RFC 4443 §2.2 a
	}
}

static void ip6_local_unknown_protocol_earns_a_pointer_to_it(void **state)
{
	packet(ME, 99);
	expect_problem(1, 6);
	len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 2);
	expect_problem(1, 40);
	len = ip6_rig_ext(frame, len, IP6_EXT_HOP, 3);
	expect_problem(1, 64);
	packet(ME, IP6_EXT_AUTH);
	frame[54] = IP6_EXT_NONE;
	expect_problem(1, 6);
}

static void ip6_local_packet_with_nothing_inside_is_ignored(void **state)
{
	packet(ME, IP6_EXT_NONE);
	expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_IGNORED);
}

static void ip6_local_fragments_are_the_hosts(void **state)
{
	ping(PEER, ME);
	len = ip6_rig_ext(frame, len, IP6_EXT_FRAGMENT, 1);
	expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_IGNORED);
}

static void ip6_local_everything_but_echo_goes_to_the_host(void **state)
{
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP,	 99, 89,
					 IP6_EXT_AUTH, IP6_EXT_FRAGMENT, 50, IP6_EXT_NONE};
	static const uint8_t types[] = {1, 2, 3, 4, 129, 130, 131, 132, 143, 200};

	tap();
	for (unsigned i = 0; i < ARRAY_LEN(protos); i++) {
		packet(ME, protos[i]);
		expect_host();
	}
	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		len = ip6_rig_icmp(frame, PEER, ME, types[i], 0, 24);
		expect_host();
	}
	packet("ff02::5", 89);
	group_mac();
	expect_host();
	ping(PEER, ME);
	expect_reply();
}

static void ip6_local_icmp_that_nobody_knows_is_ignored(void **state)
{
	static const uint8_t types[] = {1, 2, 3, 4, 129, 130, 143, 200};

	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		len = ip6_rig_icmp(frame, PEER, ME, types[i], 0, 24);
		expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_IGNORED);
	}
}

static void ip6_local_wrong_checksum_is_dropped_by_name(void **state)
{
	for (unsigned bit = 0; bit < 48 * 8; bit++) {
		ping(PEER, ME);
		frame[54 + bit / 8] ^= (uint8_t)(1u << bit % 8);
		expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_BAD_ICMP);
	}
}

static void ip6_local_short_icmp_is_dropped_by_name(void **state)
{
	ping(PEER, ME);
	for (unsigned n = 0; n < 8; n++) {
		len = 54 + n;
		ip6_rig_ip(frame)->len = htons((uint16_t)n);
		expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_BAD_ICMP);
	}
}

static void ip6_local_echo_from_nobody_is_ignored(void **state)
{
	ping("::", "ff02::1");
	group_mac();
	expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_IGNORED);
}

// RFC 4862 §5.4.
static void ip6_local_tentative_address_is_not_answered(void **state)
{
	struct iface_addr addr = {.family = 6, .plen = 64, .is_tentative = 1};

	memcpy(addr.bytes, ip6_rig_addr(ME).bytes, 16);
	assert_int_equal(iface_addrs_set(r->rig->ifaces, 1, &addr, 1), 0);
	ping(PEER, ME);
	expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_TENTATIVE);
	packet(ME, IP_PROTO_UDP);
	expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_TENTATIVE);
	addr.is_link_local = 1;
	memcpy(addr.bytes, ip6_rig_addr("fe80::77").bytes, 16);
	assert_int_equal(iface_addrs_set(r->rig->ifaces, 1, &addr, 1), 0);
	ping(NEAR, "fe80::77");
	expect_drop(NODE_IP6_INPUT, IP6_INPUT_LINK_SCOPE);
}

// RFC 8200 §4.2: by the two high bits of the option's type.
static void ip6_local_unknown_options_do_what_their_type_says(void **state)
{
	static const uint8_t headers[] = {IP6_EXT_DEST, IP6_EXT_HOP};

	for (unsigned h = 0; h < 2; h++)
		for (unsigned type = 2; type < 256; type++) {
			ping(PEER, ME);
			len = ip6_rig_ext(frame, len, headers[h], 2);
			frame[56] = 1; // PadN of 3, then the option, of 7
			frame[57] = 3;
			frame[61] = (uint8_t)type;
			frame[62] = 7;
			workers_get(r->rig->workers, 0)->icmp_error.empty = 0;
			if (type >> 6 == 0)
				expect_reply();
			else if (type >> 6 == 1)
				expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_UNKNOWN_OPTION);
			else
				expect_problem(2, 47);
		}
}

static void ip6_local_option_beyond_its_header_is_dropped_by_name(void **state)
{
	for (unsigned n = 0; n < 256; n++) {
		ping(PEER, ME);
		len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 2);
		memset(frame + 56, 0, 14);
		frame[60] = 1;
		frame[61] = (uint8_t)n;
		if (n <= 8)
			expect_reply();
		else
			expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_BAD_EXT);
	}
	frame[60] = frame[61] = 0;
	frame[69] = 1; // a type at the very end, without its length
	expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_BAD_EXT);
	len = 70; // and nothing behind it
	ip6_rig_ip(frame)->len = htons(16);
	expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_BAD_EXT);
}

// RFC 8200 §4: hop-by-hop comes first or not at all.
static void ip6_local_late_hop_by_hop_header_earns_an_error(void **state)
{
	ping(PEER, ME);
	len = ip6_rig_ext(frame, len, IP6_EXT_HOP, 1);
	len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 3);
	expect_problem(1, 40);
}

// RFC 5095 §3, RFC 8200 §4.4: type 0 is as unknown as all others.
static void ip6_local_routing_header_with_segments_left_earns_an_error(void **state)
{
	for (unsigned type = 0; type < 5; type++)
		for (unsigned left = 0; left < 3; left++) {
			ping(PEER, ME);
			len = ip6_rig_ext(frame, len, IP6_EXT_ROUTING, 3);
			frame[56] = (uint8_t)type;
			frame[57] = (uint8_t)left;
			if (left == 0)
				expect_reply();
			else
				expect_problem(0, 42);
		}
}

static void ip6_local_extension_headers_are_bounded(void **state)
{
	for (unsigned n = 1; n < 7; n++) {
		ping(PEER, ME);
		for (unsigned i = 0; i < n; i++)
			len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 1);
		if (n <= IP6_EXT_MAX)
			expect_reply();
		else
			expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_TOO_MANY_EXT);
	}
	for (unsigned units = 31; units < 36; units++) {
		ping(PEER, ME);
		len = ip6_rig_ext(frame, len, IP6_EXT_DEST, units);
		if (units <= 32)
			expect_reply();
		else
			expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_TOO_MANY_EXT);
	}
}

static unsigned full_chain(void)
{
	ping(PEER, ME);
	len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 3);
	len = ip6_rig_ext(frame, len, IP6_EXT_ROUTING, 2);
	len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 1);
	len = ip6_rig_ext(frame, len, IP6_EXT_HOP, 2);
	return len;
}

// Cut by the frame and by the payload length alike: never answered, never read
// beyond (the ASan build would see it).
static void ip6_local_headers_cut_at_every_byte_are_dropped_by_name(void **state)
{
	unsigned whole = full_chain(), icmp_at = whole - 48;

	expect_reply();
	for (len = 54; len < whole; len++) {
		ip6_rig_ip(frame)->len = htons((uint16_t)(len - 54));
		if (len < 54 + 16)
			expect_drop(NODE_IP6_INPUT, IP6_INPUT_BAD_EXT);
		else if (len < icmp_at)
			expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_BAD_EXT);
		else
			expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_BAD_ICMP);
	}
	len = whole; // what is behind the payload is padding, no header
	for (unsigned n = 16; n < whole - 54; n++) {
		ip6_rig_ip(frame)->len = htons((uint16_t)n);
		expect_drop(NODE_IP6_DELIVER,
			    n + 54 < icmp_at ? IP6_DELIVER_BAD_EXT : IP6_DELIVER_BAD_ICMP);
	}
}

// Headers must lie in the first segment; data need not.
static void ip6_local_headers_in_a_later_segment_are_dropped_by_name(void **state)
{
	unsigned whole = full_chain(), icmp_at = whole - 48;

	for (unsigned first = 54; first < whole; first++) {
		uint64_t drops = rig_all_drops(r->rig);

		rig_put_chained(r->rig, 0, frame, whole, first);
		rig_run(r->rig);
		if (first < icmp_at + 8)
			assert_int_equal(rig_all_drops(r->rig), drops + 1);
		else
			assert_true(rig_take(r->rig, 0, &got));
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ip6_multi_takes_groups_of_the_link_and_its_own),
		CASE(ip6_multi_hears_the_group_of_a_tentative_address),
		CASE(ip6_multi_drops_malformed_packets_by_name),
		CASE(ip6_multi_drops_martian_sources_by_name),
		CASE(ip6_multi_drops_unicast_in_group_frames_by_name),
		CASE(ip6_local_udp_and_tcp_without_host_earn_port_unreachable),
		CASE(ip6_local_unknown_protocol_earns_a_pointer_to_it),
		CASE(ip6_local_packet_with_nothing_inside_is_ignored),
		CASE(ip6_local_fragments_are_the_hosts),
		CASE(ip6_local_everything_but_echo_goes_to_the_host),
		CASE(ip6_local_icmp_that_nobody_knows_is_ignored),
		CASE(ip6_local_wrong_checksum_is_dropped_by_name),
		CASE(ip6_local_short_icmp_is_dropped_by_name),
		CASE(ip6_local_echo_from_nobody_is_ignored),
		CASE(ip6_local_tentative_address_is_not_answered),
		CASE(ip6_local_unknown_options_do_what_their_type_says),
		CASE(ip6_local_option_beyond_its_header_is_dropped_by_name),
		CASE(ip6_local_late_hop_by_hop_header_earns_an_error),
		CASE(ip6_local_routing_header_with_segments_left_earns_an_error),
		CASE(ip6_local_extension_headers_are_bounded),
		CASE(ip6_local_headers_cut_at_every_byte_are_dropped_by_name),
		CASE(ip6_local_headers_in_a_later_segment_are_dropped_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
