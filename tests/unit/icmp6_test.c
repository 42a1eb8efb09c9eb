// SPDX-License-Identifier: BSD-3-Clause
// icmp6-echo and icmp6-error through the real graph; every checksum is made
// again by the slow sum.
#include "tests/unit/ip6_rig.h"

static struct rigged *r;
static uint8_t frame[2048];
static unsigned len;
static struct rig_frame got;
static const struct ip6_hdr *const ip = (const struct ip6_hdr *)(got.data + ETH_HDR_LEN);
static const struct icmp_hdr *const icmp =
	(const struct icmp_hdr *)(got.data + ETH_HDR_LEN + IP6_HDR_LEN);

static const char ME[] = "2001:db8:0::fe", PEER[] = "2001:db8:0::1", NEAR[] = "fe80::1",
		  ME_NEAR[] = "fe80::fe:0";

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

// Frames to a group go to its Ethernet address (RFC 2464 §7).
static void group_mac(void)
{
	const uint8_t *dst = ip6_rig_ip(frame)->dst;

	frame[0] = frame[1] = 0x33;
	memcpy(frame + 2, dst + 12, 4);
}

static void put(void)
{
	rig_put(r->rig, 0, frame, len);
	rig_run(r->rig);
}

static uint64_t sent(void)
{
	uint64_t n = 0;

	for (unsigned edge = ICMP6_ERROR_TTL; edge <= ICMP6_ERROR_REFLECT; edge++)
		n += workers_arc(r->rig->workers, NODE_ICMP6_ERROR, edge);
	return n;
}

static void expect_drop(enum graph_node node, unsigned edge)
{
	uint64_t before = rig_drops(r->rig, node, edge), all = rig_all_drops(r->rig);
	uint64_t sent_before = sent();

	put();
	assert_int_equal(rig_drops(r->rig, node, edge), before + 1);
	assert_int_equal(rig_all_drops(r->rig), all + 1);
	assert_int_equal(sent(), sent_before);
	assert_int_equal(rig_n_out(r->rig, 0), 0);
}

static void take_message(uint8_t type, uint8_t code, const char *src, const char *dst)
{
	assert_true(rig_take(r->rig, 0, &got));
	assert_int_equal(got.len, ETH_HDR_LEN + IP6_HDR_LEN + ntohs(ip->len));
	ip6_rig_is(ip->src, src);
	ip6_rig_is(ip->dst, dst);
	assert_int_equal(ip->hop_limit, 64);
	assert_int_equal(ip->next, IP_PROTO_ICMP6);
	assert_int_equal(icmp->type, type);
	assert_int_equal(icmp->code, code);
	assert_true(ip6_rig_csum_ok(ip));
	assert_memory_equal(got.data + 6, "\2\0\0\0\0\1", 6);
}

static void expect_reply(const char *src, const char *dst, unsigned data_len)
{
	take_message(ICMP6_ECHO_REPLY, 0, src, dst);
	assert_int_equal(ntohs(ip->len), 8 + data_len);
	assert_memory_equal(&icmp->word, frame + len - data_len - 4, data_len + 4);
	assert_int_equal(rig_all_drops(r->rig), 0);
}

static void ping(const char *src, const char *dst, unsigned data_len)
{
	len = ip6_rig_icmp(frame, src, dst, ICMP6_ECHO_REQUEST, 0, data_len);
}

static void icmp6_echo_returns_id_sequence_and_data(void **state)
{
	for (unsigned n = 0; n <= 1452; n += 11) {
		ping(PEER, ME, n);
		put();
		expect_reply(ME, PEER, n);
	}
	len = ip6_rig_icmp(frame, PEER, ME, ICMP6_ECHO_REQUEST, 7, 9);
	put();
	expect_reply(ME, PEER, 9);	 // whatever the code was
	ping(PEER, "2001:db8:2::fe", 9); // the address of another iface
	put();
	expect_reply("2001:db8:2::fe", PEER, 9);
}

// The sum runs over all segments, whose lengths may be odd.
static void icmp6_echo_may_lie_in_two_segments(void **state)
{
	ping(PEER, ME, 60);
	for (unsigned first = 62; first < len; first++) {
		rig_put_chained(r->rig, 0, frame, len, first);
		rig_run(r->rig);
		expect_reply(ME, PEER, 60);
	}
}

static void icmp6_echo_keeps_dscp_but_no_flow_label(void **state)
{
	ping(PEER, ME, 20);
	ip6_rig_ip(frame)->vtf = htonl(0x6bb12345); // DSCP 46, ECN 3
	put();
	expect_reply(ME, PEER, 20);
	assert_int_equal(ntohl(ip->vtf), 0x6b800000);
}

static void icmp6_echo_answers_at_hop_limit_zero_and_one(void **state)
{
	for (uint8_t hops = 0; hops < 2; hops++) {
		ping(PEER, ME, 20);
		ip6_rig_ip(frame)->hop_limit = hops;
		put();
		expect_reply(ME, PEER, 20);
	}
}

static void icmp6_echo_reply_has_no_extension_headers(void **state)
{
	for (unsigned units = 1; units < 16; units++) {
		ping(PEER, ME, 40);
		len = ip6_rig_ext(frame, len, IP6_EXT_DEST, units);
		len = ip6_rig_ext(frame, len, IP6_EXT_HOP, units);
		put();
		expect_reply(ME, PEER, 40);
	}
}

// RFC 4291 §2.5.6: no table knows the peer, so the frame goes back.
static void icmp6_echo_to_a_link_local_peer_goes_back_by_its_link(void **state)
{
	ping(NEAR, ME_NEAR, 33);
	put();
	expect_reply(ME_NEAR, NEAR, 33);
	assert_memory_equal(got.data, frame + 6, 6);
	ping(NEAR, ME, 33);
	put();
	expect_reply(ME, NEAR, 33);
	assert_memory_equal(got.data, frame + 6, 6);
	rig_put(r->rig, 0, frame, len + 9); // padding stays here
	rig_run(r->rig);
	expect_reply(ME, NEAR, 33);
}

// RFC 4443 §4.2: a group may be asked; §2.2: a unicast address answers.
static void icmp6_echo_to_all_nodes_is_answered_by_our_address(void **state)
{
	ping(NEAR, "ff02::1", 33);
	group_mac();
	put();
	expect_reply(ME_NEAR, NEAR, 33);
	assert_memory_equal(got.data, frame + 6, 6);
	ping(PEER, "ff02::2", 34);
	group_mac();
	put();
	expect_reply(ME, PEER, 34);
}

static void icmp6_echo_in_a_vlan_goes_back_with_its_tags(void **state)
{
	static const uint8_t two[] = {0x88, 0xa8, 0, 5, 0x81, 0, 0, 7, 0x86, 0xdd};
	struct iface_conf sub = {.name = "v5.7",
				 .port = 0,
				 .parent = 1,
				 .vlan = 5,
				 .inner_vlan = 7,
				 .mtu = 1500,
				 .mac = {2, 0, 0, 0, 0, 1},
				 .flags = IFACE_UP};
	struct iface_addr addr = {.family = 6, .plen = 64, .is_link_local = 1};
	int id = iface_add(r->rig->ifaces, &sub);

	assert_true(id > 0);
	memcpy(addr.bytes, ip6_rig_addr("fe80::57").bytes, 16);
	assert_int_equal(iface_addrs_set(r->rig->ifaces, (unsigned)id, &addr, 1), 0);
	for (unsigned in_mbuf = 0; in_mbuf < 2; in_mbuf++) {
		unsigned skip = in_mbuf ? 4 : 0; // the NIC took the outer tag off

		ping(NEAR, "fe80::57", 10);
		memmove(frame + 22 - skip, frame + 14, len - 14);
		memcpy(frame + 12, two + skip, 10 - skip);
		if (in_mbuf)
			rig_put_tagged(r->rig, 0, 5, frame, len + 8 - skip);
		else
			rig_put(r->rig, 0, frame, len + 8);
		rig_run(r->rig);
		assert_true(rig_take(r->rig, 0, &got));
		assert_int_equal(got.len, len + 8);
		assert_memory_equal(got.data, frame + 6, 6);
		assert_memory_equal(got.data + 12, two, sizeof(two));
		assert_int_equal(got.data[22 + 40], ICMP6_ECHO_REPLY);
	}
}

static void icmp6_echo_beyond_the_rate_is_dropped_by_name(void **state)
{
	bucket_init(&workers_get(r->rig->workers, 0)->icmp_echo, 5000000000, 1, 3);
	ping(PEER, ME, 10);
	for (unsigned i = 0; i < 3; i++)
		put();
	assert_int_equal(rig_n_out(r->rig, 0), 3);
	while (rig_take(r->rig, 0, &got))
		;
	expect_drop(NODE_ICMP6_ECHO, ICMP6_ECHO_RATE_LIMIT);
}

static void icmp6_echo_without_an_address_is_dropped_by_name(void **state)
{
	assert_int_equal(iface_addrs_set(r->rig->ifaces, 1, NULL, 0), 0);
	ping(NEAR, "ff02::1", 10);
	group_mac();
	expect_drop(NODE_ICMP6_ECHO, ICMP6_ECHO_NO_SOURCE);
}

static void icmp6_echo_without_room_for_tags_is_dropped_by_name(void **state)
{
	struct rte_mbuf *m;

	ping(NEAR, ME_NEAR, 10);
	iface_get(r->rig->ifaces, 1)->vlan = 5; // its frames grow by a tag
	m = rig_mbuf(r->rig, frame, len);
	memmove(m->buf_addr, rte_pktmbuf_mtod(m, void *), m->data_len);
	m->data_off = 0;
	meta_put(m, &(struct meta){.node = NODE_IP6_DELIVER, .l3_off = ETH_HDR_LEN, .iface = 1});
	assert_true(workers_inject(r->rig->workers, 0, PEER_CTL, m));
	rig_run(r->rig);
	assert_int_equal(rig_drops(r->rig, NODE_ICMP6_ECHO, ICMP6_ECHO_NO_HEADROOM), 1);
}

static void udp(const char *src, const char *dst, unsigned data_len)
{
	uint8_t data[1600];

	for (unsigned i = 0; i < data_len; i++)
		data[i] = (uint8_t)(i * 31 + 7);
	len = ip6_rig_frame(frame, src, dst, IP_PROTO_UDP, data, data_len);
}

// RFC 4443 §2.4 c.
static void icmp6_error_quotes_what_fits_into_the_minimum_mtu(void **state)
{
	for (unsigned n = 0; n < 1460; n += 13) {
		unsigned quoted = n + 40 < 1232 ? n + 40 : 1232;

		udp(PEER, "2001:db9::1", n);
		put();
		take_message(ICMP6_UNREACHABLE, ICMP6_UNREACH_NO_ROUTE, ME, PEER);
		assert_int_equal(ntohs(ip->len), 8 + quoted);
		assert_memory_equal(icmp + 1, frame + ETH_HDR_LEN, quoted);
		workers_get(r->rig->workers, 0)->icmp_error.empty = 0; // no limit here
	}
}

static void icmp6_error_quotes_packets_in_two_segments(void **state)
{
	udp(PEER, "2001:db9::1", 1400);
	for (unsigned first = 54; first < len; first += 29) {
		rig_put_chained(r->rig, 0, frame, len, first);
		rig_run(r->rig);
		take_message(ICMP6_UNREACHABLE, ICMP6_UNREACH_NO_ROUTE, ME, PEER);
		assert_int_equal(got.len, ETH_HDR_LEN + IP6_MIN_MTU);
		assert_memory_equal(icmp + 1, frame + ETH_HDR_LEN, 1232);
	}
}

// RFC 4443 §2.4 e.1, e.2, also where extension headers stand before the message.
static void icmp6_no_error_about_an_error_or_a_redirect(void **state)
{
	static const uint8_t never[] = {0, 1, 2, 3, 4, 100, 127, ICMP6_REDIRECT};
	static const uint8_t informational[] = {128, 129, 130, 143, 255};

	for (unsigned i = 0; i < 2 * ARRAY_LEN(never); i++) {
		len = ip6_rig_icmp(frame, PEER, "2001:db9::1", never[i / 2], 0, 50);
		if (i % 2) {
			len = ip6_rig_ext(frame, len, IP6_EXT_FRAGMENT, 1);
			len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 2);
		}
		expect_drop(NODE_ICMP6_ERROR, ICMP6_ERROR_FORBIDDEN);
	}
	for (unsigned i = 0; i < ARRAY_LEN(informational); i++) {
		len = ip6_rig_icmp(frame, PEER, "2001:db9::1", informational[i], 0, 50);
		put();
		take_message(ICMP6_UNREACHABLE, 0, ME, PEER);
	}
}

// What cannot be read may be an error; a later fragment has no message to read.
static void icmp6_no_error_about_what_cannot_be_told(void **state)
{
	len = ip6_rig_icmp(frame, PEER, "2001:db9::1", ICMP6_ECHO_REQUEST, 0, 0) - 8;
	ip6_rig_ip(frame)->len = 0;
	expect_drop(NODE_ICMP6_ERROR, ICMP6_ERROR_FORBIDDEN);
	len += 8; // padding is no message
	expect_drop(NODE_ICMP6_ERROR, ICMP6_ERROR_FORBIDDEN);
	udp(PEER, "2001:db9::1", 50);
	for (unsigned i = 0; i < IP6_EXT_MAX + 1; i++)
		len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 1);
	expect_drop(NODE_ICMP6_ERROR, ICMP6_ERROR_FORBIDDEN);
	len = ip6_rig_icmp(frame, PEER, "2001:db9::1", ICMP6_UNREACHABLE, 0, 50);
	len = ip6_rig_ext(frame, len, IP6_EXT_FRAGMENT, 1);
	frame[54 + 3] = 0x08; // offset 8
	put();
	take_message(ICMP6_UNREACHABLE, 0, ME, PEER);
}

// RFC 4443 §2.4 e.3, e.4.
static void icmp6_no_error_about_a_packet_to_a_group(void **state)
{
	udp(NEAR, "ff02::1", 50);
	group_mac();
	expect_drop(NODE_ICMP6_ERROR, ICMP6_ERROR_FORBIDDEN);
	udp(NEAR, "ff02::1", 50); // in a unicast frame
	expect_drop(NODE_ICMP6_ERROR, ICMP6_ERROR_FORBIDDEN);
}

// RFC 4443 §2.4 e.3: but these two.
static void icmp6_unknown_option_to_a_group_earns_an_error(void **state)
{
	udp(NEAR, "ff02::1", 50);
	len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 1);
	frame[56] = 0x9e; // 10: an error even to a group
	group_mac();
	put();
	take_message(ICMP6_PARAM_PROBLEM, 2, ME_NEAR, NEAR);
	assert_int_equal(ntohl(icmp->word), 42);
	frame[56] = 0xde; // 11: not to a group
	expect_drop(NODE_IP6_DELIVER, IP6_DELIVER_UNKNOWN_OPTION);
}

// RFC 4443 §2.4 e.6.
static void icmp6_no_error_to_the_unspecified_address(void **state)
{
	udp("::", "ff02::1", 50);
	len = ip6_rig_ext(frame, len, IP6_EXT_DEST, 1);
	frame[56] = 0x9e;
	group_mac();
	expect_drop(NODE_ICMP6_ERROR, ICMP6_ERROR_FORBIDDEN);
}

// RFC 4443 §2.4 f.
static void icmp6_errors_beyond_the_rate_are_dropped_by_name(void **state)
{
	unsigned n = 0;

	udp(PEER, "2001:db9::1", 50);
	for (unsigned i = 0; i < 300; i++)
		rig_put(r->rig, 0, frame, len);
	bucket_init(&workers_get(r->rig->workers, 0)->icmp_error, 5000000000, 1, 100);
	rig_run(r->rig);
	while (rig_take(r->rig, 0, &got))
		n++;
	assert_int_equal(n, 100);
	assert_int_equal(rig_drops(r->rig, NODE_ICMP6_ERROR, ICMP6_ERROR_RATE_LIMIT), 200);
}

// RFC 4443 §2.2 b.
static void icmp6_error_comes_from_an_address_of_the_iface(void **state)
{
	struct iface_addr near = {.family = 6, .plen = 64, .is_link_local = 1};

	memcpy(near.bytes, ip6_rig_addr(ME_NEAR).bytes, 16);
	assert_int_equal(iface_addrs_set(r->rig->ifaces, 1, &near, 1), 0);
	// only link-local: one of the iface towards the sender
	udp("2001:db8:a::9", "2001:db9::1", 50);
	put();
	assert_true(rig_take(r->rig, 1, &got));
	ip6_rig_is(ip->src, "2001:db8:1::fe");
	assert_true(ip6_rig_csum_ok(ip));
	udp(PEER, "2001:db9::1", 50); // that iface has none either
	expect_drop(NODE_ICMP6_ERROR, ICMP6_ERROR_NO_SOURCE);
	udp(NEAR, "2001:db9::1", 50);
	put();
	take_message(ICMP6_UNREACHABLE, 0, ME_NEAR, NEAR);
}

static void icmp6_error_without_headroom_is_dropped_by_name(void **state)
{
	udp(PEER, "2001:db9::1", 50);
	for (unsigned room = 40; room <= 48; room += 4) {
		struct rte_mbuf *m = rig_mbuf(r->rig, frame, len);
		struct meta meta = {.node = NODE_ICMP6_ERROR,
				    .l3_off = ETH_HDR_LEN,
				    .iface = 1,
				    .nh = ICMP_WHY_HOST};

		memmove((uint8_t *)m->buf_addr + room, rte_pktmbuf_mtod(m, void *), m->data_len);
		m->data_off = (uint16_t)room;
		meta_put(m, &meta);
		assert_true(workers_inject(r->rig->workers, 0, PEER_CTL, m));
	}
	rig_run(r->rig);
	assert_int_equal(rig_drops(r->rig, NODE_ICMP6_ERROR, ICMP6_ERROR_NO_HEADROOM), 2);
	take_message(ICMP6_UNREACHABLE, ICMP6_UNREACH_ADDR, ME, PEER);
}

static void inject(enum icmp_reason why)
{
	struct meta meta = {
		.node = NODE_ICMP6_ERROR, .l3_off = ETH_HDR_LEN, .iface = 1, .nh = (uint16_t)why};
	struct rte_mbuf *m = rig_mbuf(r->rig, frame, len);

	meta_put(m, &meta);
	assert_true(workers_inject(r->rig->workers, 0, PEER_CTL, m));
	rig_run(r->rig);
}

static void icmp6_reason_out_of_range_is_dropped(void **state)
{
	udp(PEER, "2001:db9::1", 50);
	inject(ICMP_WHY_N);
	assert_int_equal(rig_drops(r->rig, NODE_ICMP6_ERROR, ICMP6_ERROR_FORBIDDEN), 1);
}

// RFC 4443 §2.4 e.4.
static void icmp6_no_error_about_what_came_in_a_group_frame(void **state)
{
	udp(PEER, "2001:db9::1", 50);
	inject(ICMP_WHY_HOST);
	take_message(ICMP6_UNREACHABLE, ICMP6_UNREACH_ADDR, ME, PEER);
	frame[0] |= 1;
	inject(ICMP_WHY_HOST);
	assert_int_equal(rig_drops(r->rig, NODE_ICMP6_ERROR, ICMP6_ERROR_FORBIDDEN), 1);
	inject(ICMP_WHY_TOO_BIG); // e.3: but this one
	take_message(ICMP6_PACKET_TOO_BIG, 0, ME, PEER);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(icmp6_echo_returns_id_sequence_and_data),
		CASE(icmp6_echo_may_lie_in_two_segments),
		CASE(icmp6_echo_keeps_dscp_but_no_flow_label),
		CASE(icmp6_echo_answers_at_hop_limit_zero_and_one),
		CASE(icmp6_echo_reply_has_no_extension_headers),
		CASE(icmp6_echo_to_a_link_local_peer_goes_back_by_its_link),
		CASE(icmp6_echo_to_all_nodes_is_answered_by_our_address),
		CASE(icmp6_echo_in_a_vlan_goes_back_with_its_tags),
		CASE(icmp6_echo_beyond_the_rate_is_dropped_by_name),
		CASE(icmp6_echo_without_an_address_is_dropped_by_name),
		CASE(icmp6_echo_without_room_for_tags_is_dropped_by_name),
		CASE(icmp6_error_quotes_what_fits_into_the_minimum_mtu),
		CASE(icmp6_error_quotes_packets_in_two_segments),
		CASE(icmp6_no_error_about_an_error_or_a_redirect),
		CASE(icmp6_no_error_about_what_cannot_be_told),
		CASE(icmp6_no_error_about_a_packet_to_a_group),
		CASE(icmp6_unknown_option_to_a_group_earns_an_error),
		CASE(icmp6_no_error_to_the_unspecified_address),
		CASE(icmp6_errors_beyond_the_rate_are_dropped_by_name),
		CASE(icmp6_error_comes_from_an_address_of_the_iface),
		CASE(icmp6_error_without_headroom_is_dropped_by_name),
		CASE(icmp6_reason_out_of_range_is_dropped),
		CASE(icmp6_no_error_about_what_came_in_a_group_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
