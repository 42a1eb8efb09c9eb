// SPDX-License-Identifier: BSD-3-Clause
// What the router says by ICMP: errors (RFC 1812 §4.3.2), echo replies, and when
// it says nothing.
#include "dataplane/pkt/eth.h"
#include "tests/unit/rigged.h"

#include <arpa/inet.h>

static struct rigged *r;
static struct rig *rig;
static uint8_t frame[RIG_FRAME_MAX];
static struct rig_frame got;

// Two ports; 192.0.2.0/24 behind 10.0.2.1, 10.0.1.1 sends.
static int setup(void **state)
{
	r = rigged_new(2, 1);
	rig = r->rig;
	rigged_route(r, "192.0.2.0/24", rigged_gateway(r, 2, "10.0.2.1"));
	rigged_route(r, "10.0.1.1", rigged_gateway(r, 1, "10.0.1.1"));
	return 0;
}

static int teardown(void **state)
{
	rigged_free(r);
	return 0;
}

static const struct ip4_spec plain = {.src = "10.0.1.1", .dst = "192.0.2.7", .len = 18};
static const uint8_t echo[] = {8, 0, 0, 0, 0x12, 0x34, 0, 7, 'a', 'b', 'c', 'd', 'e'};

static void put(unsigned len)
{
	rig_put(rig, 0, frame, len);
	rig_run(rig);
}

// The error that came back by port 0: well-formed, about the packet as sent.
static const struct icmp_hdr *expect_error(unsigned type, unsigned code, const char *from)
{
	const struct ip4_hdr *ip = frame_ip4(got.data), *cause = frame_ip4(frame);
	const struct icmp_hdr *icmp = (const void *)(ip + 1);
	unsigned quote = ntohs(cause->len) < 548 ? ntohs(cause->len) : 548;

	assert_true(rig_take(rig, 0, &got));
	assert_int_equal(got.len, 14 + 28 + quote);
	assert_memory_equal(got.data, "\2\0\0\1\1\1\2\0\0\0\0\1\x08\0", 14);
	assert_int_equal(ip->vihl, 0x45);
	assert_int_equal(ip->tos, 0xc0);
	assert_int_equal(ntohs(ip->len), 28 + quote);
	assert_int_equal(ip->ttl, 64);
	assert_int_equal(ip->proto, IP_PROTO_ICMP);
	assert_int_equal(slow_csum(ip, 20), 0);
	assert_int_equal(slow_csum(icmp, 8 + quote), 0);
	assert_int_equal(ip->src, ip4_of(from));
	assert_int_equal(ip->dst, cause->src);
	assert_int_equal(icmp->type, type);
	assert_int_equal(icmp->code, code);
	assert_memory_equal(icmp + 1, cause, quote);
	assert_int_equal(rig_n_out(rig, 0) + rig_n_out(rig, 1), 0);
	assert_int_equal(rig_all_drops(rig), 0);
	return icmp;
}

static void icmp4_ttl_0_and_1_earn_time_exceeded(void **state)
{
	struct ip4_spec spec = plain;

	for (unsigned ttl = 0; ttl < 2; ttl++) {
		unsigned len;

		spec.ttl = 1;
		len = rigged_ip4(frame, 0, &spec);
		if (ttl == 0) {
			struct ip4_hdr *ip = frame_ip4(frame);

			ip->ttl = 0;
			ip->csum = 0;
			ip->csum = htons(slow_csum(ip, 20));
		}
		put(len);
		expect_error(ICMP4_TIME_EXCEEDED, 0, "10.0.1.254");
	}
	spec.ttl = 2;
	put(rigged_ip4(frame, 0, &spec));
	assert_int_equal(rig_n_out(rig, 1), 1);
}

static void icmp4_errors_quote_at_most_576_bytes(void **state)
{
	struct ip4_spec spec = plain;

	spec.ttl = 1;
	for (unsigned len = 0; len < 1480; len += 37) {
		unsigned all;

		spec.len = len;
		all = rigged_ip4(frame, 0, &spec);
		put(all);
		expect_error(ICMP4_TIME_EXCEEDED, 0, "10.0.1.254");
		if (all < 36)
			continue;
		rig_put_chained(rig, 0, frame, all, 34 + len / 3);
		rig_run(rig);
		expect_error(ICMP4_TIME_EXCEEDED, 0, "10.0.1.254");
	}
}

static void icmp4_unreachable_says_why(void **state)
{
	struct ip4_spec spec = plain;

	spec.dst = "203.0.113.1";
	put(rigged_ip4(frame, 0, &spec));
	expect_error(ICMP4_UNREACHABLE, ICMP4_UNREACH_NET, "10.0.1.254");
	rigged_route(r, "203.0.113.0/24", rigged_special(r, NH_UNREACHABLE, 0));
	put(rigged_ip4(frame, 0, &spec));
	expect_error(ICMP4_UNREACHABLE, ICMP4_UNREACH_HOST, "10.0.1.254");
	rigged_route(r, "203.0.113.0/24", rigged_special(r, NH_PROHIBIT, 0));
	put(rigged_ip4(frame, 0, &spec));
	expect_error(ICMP4_UNREACHABLE, ICMP4_UNREACH_ADMIN, "10.0.1.254");
}

// RFC 1191 §4
static void icmp4_frag_needed_tells_the_mtu(void **state)
{
	uint16_t nh = rigged_gateway(r, 2, "10.0.2.1");
	struct ip4_spec spec = plain;
	const struct icmp_hdr *icmp;

	nexthop_mtu_set(r->nexthops, nh, 1280);
	spec.frag = IP4_FRAG_DF;
	spec.len = 1260;
	put(rigged_ip4(frame, 0, &spec));
	assert_true(rig_take(rig, 1, &got));
	spec.len = 1261;
	put(rigged_ip4(frame, 0, &spec));
	icmp = expect_error(ICMP4_UNREACHABLE, ICMP4_UNREACH_FRAG_NEEDED, "10.0.1.254");
	assert_int_equal(ntohl(icmp->word), 1280);
}

// RFC 1122 §3.2.2.1: from the address that was asked.
static void icmp4_services_nobody_offers_are_refused(void **state)
{
	struct ip4_spec spec = plain;

	spec.dst = "10.0.2.254";
	spec.ttl = 1; // not judged here
	put(rigged_ip4(frame, 0, &spec));
	expect_error(ICMP4_UNREACHABLE, ICMP4_UNREACH_PORT, "10.0.2.254");
	spec.proto = IP_PROTO_TCP;
	put(rigged_ip4(frame, 0, &spec));
	expect_error(ICMP4_UNREACHABLE, ICMP4_UNREACH_PORT, "10.0.2.254");
	spec.proto = 89;
	put(rigged_ip4(frame, 0, &spec));
	expect_error(ICMP4_UNREACHABLE, ICMP4_UNREACH_PROTO, "10.0.2.254");
	spec.frag = 3;
	rigged_expect_drop(r, NODE_IP4_DELIVER, IP4_DELIVER_IGNORED, frame,
			   rigged_ip4(frame, 0, &spec));
	spec.frag = 0;
	spec.proto = IP_PROTO_IGMP;
	rigged_expect_drop(r, NODE_IP4_DELIVER, IP4_DELIVER_IGNORED, frame,
			   rigged_ip4(frame, 0, &spec));
}

static void icmp4_services_belong_to_the_host_where_there_is_one(void **state)
{
	static const uint8_t protos[] = {IP_PROTO_UDP, IP_PROTO_TCP, 89, IP_PROTO_IGMP};
	struct ip4_spec spec = plain;
	struct meta meta;

	iface_flags_set(rig->ifaces, 1, IFACE_TAP, 0);
	spec.dst = "10.0.2.254";
	for (unsigned i = 0; i < ARRAY_LEN(protos); i++) {
		struct rte_mbuf *m;

		spec.proto = protos[i];
		put(rigged_ip4(frame, 0, &spec));
		m = rig_take_punt(rig, PEER_HOST, &meta);
		assert_non_null(m);
		assert_int_equal(meta.iface, 1);
		assert_int_equal(meta.l3_off, 14);
		assert_memory_equal(rte_pktmbuf_mtod(m, char *), frame, m->pkt_len);
		rte_pktmbuf_free(m);
	}
}

// RFC 1812 §4.3.2.7: about what there is no error.
static void icmp4_errors_are_never_sent_where_forbidden(void **state)
{
	static const uint8_t errors[] = {3, 4, 5, 11, 12, 1, 2, 7, 19, 40, 255};
	struct ip4_spec spec = plain;

	spec.ttl = 1;
	spec.frag = 3; // not the first fragment
	rigged_expect_drop(r, NODE_ICMP4_ERROR, ICMP4_ERROR_FORBIDDEN, frame,
			   rigged_ip4(frame, 0, &spec));
	spec.frag = 0;
	spec.proto = IP_PROTO_ICMP;
	for (unsigned i = 0; i < ARRAY_LEN(errors); i++) {
		uint8_t icmp[8] = {errors[i]};

		spec.payload = icmp;
		spec.len = sizeof(icmp);
		rigged_expect_drop(r, NODE_ICMP4_ERROR, ICMP4_ERROR_FORBIDDEN, frame,
				   rigged_ip4(frame, 0, &spec));
	}
	spec.len = 0; // not even a type
	rigged_expect_drop(r, NODE_ICMP4_ERROR, ICMP4_ERROR_FORBIDDEN, frame,
			   rigged_ip4(frame, 0, &spec));
	rig->dp.ip.martians = false;
	spec = plain;
	spec.ttl = 1;
	spec.src = "224.0.0.9";
	rigged_expect_drop(r, NODE_ICMP4_ERROR, ICMP4_ERROR_FORBIDDEN, frame,
			   rigged_ip4(frame, 0, &spec));
	spec.src = "0.0.0.0";
	rigged_expect_drop(r, NODE_ICMP4_ERROR, ICMP4_ERROR_FORBIDDEN, frame,
			   rigged_ip4(frame, 0, &spec));
}

static void icmp4_errors_are_sent_about_questions_and_first_fragments(void **state)
{
	struct ip4_spec spec = plain;

	spec.ttl = 1;
	spec.frag = IP4_FRAG_MF;
	spec.len = 16;
	put(rigged_ip4(frame, 0, &spec));
	expect_error(ICMP4_TIME_EXCEEDED, 0, "10.0.1.254");
	spec.frag = 0;
	spec.proto = IP_PROTO_ICMP;
	spec.payload = echo;
	spec.len = sizeof(echo);
	put(rigged_ip4(frame, 0, &spec));
	expect_error(ICMP4_TIME_EXCEEDED, 0, "10.0.1.254");
}

// An iface without address: the address of the one the error leaves by.
static void icmp4_errors_find_a_source_or_are_dropped_by_name(void **state)
{
	struct ip4_spec spec = plain;

	assert_int_equal(iface_addrs_set(rig->ifaces, 1, NULL, 0), 0);
	spec.ttl = 1;
	rigged_expect_drop(r, NODE_ICMP4_ERROR, ICMP4_ERROR_NO_SOURCE, frame,
			   rigged_ip4(frame, 0, &spec));
	spec.src = "192.0.2.200"; // lives behind port 1
	put(rigged_ip4(frame, 0, &spec));
	assert_true(rig_take(rig, 1, &got));
	assert_int_equal(frame_ip4(got.data)->src, ip4_of("10.0.2.254"));
}

// RFC 1812 §4.3.2.8: the burst of the rig is 100.
static void icmp4_errors_are_rate_limited_by_name(void **state)
{
	struct worker *w = workers_get(rig->workers, 0);
	struct ip4_spec spec = plain;
	unsigned len;

	bucket_init(&w->icmp_error, w->tsc_hz, 1, 100);
	spec.ttl = 1;
	len = rigged_ip4(frame, 0, &spec);
	for (unsigned i = 0; i < 1000; i++)
		rig_put(rig, 0, frame, len);
	rig_run(rig);
	assert_int_equal(rig_n_out(rig, 0), 100);
	assert_int_equal(rig_drops(rig, NODE_ICMP4_ERROR, ICMP4_ERROR_RATE_LIMIT), 900);
}

static unsigned echo_to(const char *dst, uint16_t frag)
{
	struct ip4_spec spec = plain;
	uint8_t icmp[sizeof(echo)];
	uint16_t csum;

	memcpy(icmp, echo, sizeof(icmp));
	csum = htons(slow_csum(icmp, sizeof(icmp)));
	memcpy(icmp + 2, &csum, 2);
	spec.dst = dst;
	spec.proto = IP_PROTO_ICMP;
	spec.tos = 0x88;
	spec.frag = frag;
	spec.payload = icmp;
	spec.len = sizeof(icmp);
	return rigged_ip4(frame, 0, &spec);
}

static void expect_echo_reply(const char *from)
{
	const struct ip4_hdr *ip = frame_ip4(got.data);
	const struct icmp_hdr *icmp = (const void *)(ip + 1);

	assert_true(rig_take(rig, 0, &got));
	assert_int_equal(got.len, 14 + 20 + sizeof(echo));
	assert_int_equal(ip->src, ip4_of(from));
	assert_int_equal(ip->dst, ip4_of("10.0.1.1"));
	assert_int_equal(ip->ttl, 64);
	assert_int_equal(ip->tos, 0x88);
	assert_int_equal(slow_csum(ip, 20), 0);
	assert_int_equal(slow_csum(icmp, sizeof(echo)), 0);
	assert_int_equal(icmp->type, ICMP4_ECHO_REPLY);
	assert_memory_equal(&icmp->word, echo + 4, sizeof(echo) - 4);
}

static void icmp4_echo_is_answered_from_the_address_asked(void **state)
{
	unsigned len;

	put(echo_to("10.0.1.254", 0));
	expect_echo_reply("10.0.1.254");
	len = echo_to("10.0.2.254", 0);
	put(len);
	expect_echo_reply("10.0.2.254");
	iface_flags_set(rig->ifaces, 1, IFACE_TAP, 0); // still ours
	for (unsigned first = 14 + 28; first < len; first++) {
		rig_put_chained(rig, 0, frame, len, first);
		rig_run(rig);
		expect_echo_reply("10.0.2.254");
	}
	frame[14 + 20 + 9] ^= 0x10;
	rigged_expect_drop(r, NODE_ICMP4_ECHO, ICMP4_ECHO_BAD_CSUM, frame, len);
}

static void icmp4_echo_to_many_is_never_answered(void **state)
{
	static const char *const dst[] = {"224.0.0.1", "255.255.255.255", "10.0.1.255"};
	uint64_t ignored = 0;

	for (unsigned i = 0; i < ARRAY_LEN(dst); i++) {
		unsigned len = echo_to(dst[i], 0);

		memset(frame, 0xff, 6);
		rigged_expect_drop(r, NODE_IP4_DELIVER, IP4_DELIVER_IGNORED, frame, len);
		iface_flags_set(rig->ifaces, 1, IFACE_TAP, 0);
		rigged_expect_drop(r, NODE_IP4_DELIVER, IP4_DELIVER_IGNORED, frame, len);
		iface_flags_set(rig->ifaces, 1, 0, IFACE_TAP);
		ignored += 2;
	}
	assert_int_equal(rig_drops(rig, NODE_IP4_DELIVER, IP4_DELIVER_IGNORED), ignored);
}

static void icmp4_fragments_of_echoes_are_the_hosts(void **state)
{
	struct meta meta;
	struct rte_mbuf *m;
	unsigned len = echo_to("10.0.1.254", 1);

	rigged_expect_drop(r, NODE_IP4_DELIVER, IP4_DELIVER_IGNORED, frame, len);
	iface_flags_set(rig->ifaces, 1, IFACE_TAP, 0);
	put(len);
	m = rig_take_punt(rig, PEER_HOST, &meta);
	assert_non_null(m);
	rte_pktmbuf_free(m);
}

static void icmp4_messages_without_header_are_dropped_by_name(void **state)
{
	struct ip4_spec spec = plain;

	spec.dst = "10.0.1.254";
	spec.proto = IP_PROTO_ICMP;
	spec.payload = echo;
	for (spec.len = 0; spec.len < 8; spec.len++)
		rigged_expect_drop(r, NODE_IP4_DELIVER, IP4_DELIVER_BAD_ICMP, frame,
				   rigged_ip4(frame, 0, &spec));
	spec.len = 8;
	spec.payload = "\0\0\0\0\0\0\0"; // an answer nobody waits for
	rigged_expect_drop(r, NODE_IP4_DELIVER, IP4_DELIVER_IGNORED, frame,
			   rigged_ip4(frame, 0, &spec));
}

// What we answer is for us alone to answer: two routers without a route to one
// another's source do not talk for ever.
static void icmp4_own_errors_never_cause_errors(void **state)
{
	struct ip4_spec spec = plain;

	spec.src = "203.0.113.9"; // no route back
	spec.ttl = 1;
	rigged_expect_drop(r, NODE_ICMP4_ERROR, ICMP4_ERROR_FORBIDDEN, frame,
			   rigged_ip4(frame, 0, &spec));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(icmp4_ttl_0_and_1_earn_time_exceeded),
		CASE(icmp4_errors_quote_at_most_576_bytes),
		CASE(icmp4_unreachable_says_why),
		CASE(icmp4_frag_needed_tells_the_mtu),
		CASE(icmp4_services_nobody_offers_are_refused),
		CASE(icmp4_services_belong_to_the_host_where_there_is_one),
		CASE(icmp4_errors_are_never_sent_where_forbidden),
		CASE(icmp4_errors_are_sent_about_questions_and_first_fragments),
		CASE(icmp4_errors_find_a_source_or_are_dropped_by_name),
		CASE(icmp4_errors_are_rate_limited_by_name),
		CASE(icmp4_echo_is_answered_from_the_address_asked),
		CASE(icmp4_echo_to_many_is_never_answered),
		CASE(icmp4_fragments_of_echoes_are_the_hosts),
		CASE(icmp4_messages_without_header_are_dropped_by_name),
		CASE(icmp4_own_errors_never_cause_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
