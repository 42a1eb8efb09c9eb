// SPDX-License-Identifier: BSD-3-Clause
// IPv4 options on their way through the router (RFC 791 §3.1, RFC 1812 §5.3.13).
#include "dataplane/pkt/eth.h"
#include "tests/unit/rigged.h"

#include <arpa/inet.h>

static struct rigged *r;
static struct rig *rig;
static uint8_t frame[RIG_FRAME_MAX];
static struct rig_frame got;

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

static unsigned with_options(const char *dst, const void *options, unsigned len)
{
	struct ip4_spec spec = plain;

	spec.dst = dst;
	spec.options = options;
	spec.options_len = len;
	return rigged_ip4(frame, 0, &spec);
}

// Sends a packet with options; returns them as they left by port.
static const uint8_t *through(const char *dst, const void *options, unsigned len, unsigned port)
{
	const struct ip4_hdr *ip = frame_ip4(got.data);

	rig_put(rig, 0, frame, with_options(dst, options, len));
	rig_run(rig);
	assert_true(rig_take(rig, port, &got));
	assert_int_equal(rig_all_drops(rig), 0);
	assert_int_equal(ip->vihl, 0x40 | (20 + len) / 4);
	assert_int_equal(slow_csum(ip, 20 + len), 0);
	return (const uint8_t *)(ip + 1);
}

static void ip4_options_that_nobody_knows_pass_unchanged(void **state)
{
	static const uint8_t options[][8] = {
		{148, 4, 0, 0, 0, 0, 0, 0}, // router alert
		{1, 1, 1, 1, 1, 1, 1, 1},   // padding only
		{0, 9, 9, 9, 9, 9, 9, 9},   // rubbish behind the end
		{30, 8, 1, 2, 3, 4, 5, 6},  // an unknown one
		{1, 130, 7, 1, 2, 3, 4, 5}, // security
		{99, 2, 99, 2, 99, 2, 99, 2},
	};

	for (unsigned i = 0; i < ARRAY_LEN(options); i++)
		assert_memory_equal(through("192.0.2.7", options[i], 8, 1), options[i], 8);
}

static void ip4_record_route_gets_the_address_it_leaves_by(void **state)
{
	static const uint8_t options[] = {1, 7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t second[] = {1, 7, 11, 8, 9, 9, 9, 9, 0, 0, 0, 0};
	static const uint8_t full[] = {1, 7, 11, 12, 9, 9, 9, 9, 8, 8, 8, 8};

	assert_memory_equal(through("192.0.2.7", options, 12, 1), "\1\7\13\10\12\0\2\376\0\0\0\0",
			    12);
	assert_memory_equal(through("192.0.2.7", second, 12, 1),
			    "\1\7\13\14\11\11\11\11\12\0\2\376", 12);
	assert_memory_equal(through("192.0.2.7", full, 12, 1), full, 12);
}

static void ip4_timestamps_are_filled_in(void **state)
{
	static const uint8_t only[] = {68, 8, 5, 0, 0, 0, 0, 0};
	static const uint8_t with_addr[] = {68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t ours[] = {68, 12, 5, 3, 10, 0, 1, 254, 0, 0, 0, 0};
	static const uint8_t others[] = {68, 12, 5, 3, 10, 0, 1, 253, 0, 0, 0, 0};
	static const uint8_t full[] = {68, 8, 9, 0xe0, 1, 2, 3, 4};
	const uint8_t *out;

	out = through("192.0.2.7", only, 8, 1);
	assert_memory_equal(out, "\104\10\11\0", 4);
	assert_true(out[4] & 0x80); // not universal time (RFC 1122 §3.2.2.8)
	out = through("192.0.2.7", with_addr, 12, 1);
	assert_memory_equal(out, "\104\14\15\1\12\0\2\376", 8);
	assert_true(out[8] & 0x80);
	out = through("192.0.2.7", ours, 12, 1);
	assert_memory_equal(out, "\104\14\15\3\12\0\1\376", 8);
	assert_true(out[8] & 0x80);
	assert_memory_equal(through("192.0.2.7", others, 12, 1), others, 12);
	out = through("192.0.2.7", full, 8, 1);
	assert_memory_equal(out, "\104\10\11\360\1\2\3\4", 8); // one more that found no room
}

// RFC 1812 §4.3.3.5: the pointer names the byte.
static void ip4_broken_options_earn_a_parameter_problem(void **state)
{
	static const struct {
		uint8_t pointer, options[12];
	} cases[] = {
		{21, {30, 0}},	// length 0
		{21, {30, 1}},	// length 1
		{21, {30, 13}}, // beyond the header
		{31, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 30, 3}},
		{32, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 30}}, // no length at all
		{21, {7, 2}},				     // no pointer
		{22, {7, 11, 3}},			     // pointer into the option's head
		{22, {7, 11, 9}},			     // half an address left
		{21, {68, 3}},				     // no flags
		{22, {68, 12, 4}},			     // pointer into the head
		{22, {68, 12, 11, 0}},			     // half a time left
		{22, {68, 12, 9, 1}},			     // no room for address and time
		{23, {68, 12, 5, 2}},			     // unknown flag
		{23, {68, 12, 13, 0xf0}},		     // the overflow count would overflow
		{22, {131, 7, 1}},
		{24, {131, 3, 4, 1, 137, 3, 4}}, // two source routes
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct icmp_hdr *icmp = (const void *)(got.data + 34);
		unsigned len = with_options("192.0.2.7", cases[i].options, 12);
		unsigned pointer = cases[i].pointer;

		rig_put(rig, 0, frame, len);
		rig_run(rig);
		assert_true(rig_take(rig, 0, &got));
		assert_int_equal(icmp->type, ICMP4_PARAM_PROBLEM);
		assert_int_equal(icmp->code, 0);
		if (ntohl(icmp->word) >> 24 != pointer)
			fail_msg("case %u: pointer %u", i, ntohl(icmp->word) >> 24);
		assert_memory_equal(icmp + 1, frame + 14, 32 + 18);
		assert_int_equal(rig_n_out(rig, 1), 0);
	}
}

static void ip4_source_routes_are_dropped_by_name(void **state)
{
	static const uint8_t lsrr[] = {131, 7, 4, 192, 0, 2, 9, 0};
	static const uint8_t ssrr[] = {1, 137, 7, 4, 192, 0, 2, 9};
	static const uint8_t done[] = {131, 7, 8, 192, 0, 2, 9, 0};

	rigged_expect_drop(r, NODE_IP4_OPTIONS, IP4_OPTIONS_SOURCE_ROUTE, frame,
			   with_options("192.0.2.7", lsrr, 8));
	rigged_expect_drop(r, NODE_IP4_OPTIONS, IP4_OPTIONS_SOURCE_ROUTE, frame,
			   with_options("10.0.1.254", lsrr, 8));
	rigged_expect_drop(r, NODE_IP4_OPTIONS, IP4_OPTIONS_SOURCE_ROUTE, frame,
			   with_options("192.0.2.7", ssrr, 8));
	rigged_expect_drop(r, NODE_IP4_OPTIONS, IP4_OPTIONS_SOURCE_ROUTE, frame,
			   with_options("192.0.2.7", done, 8));
}

// RFC 1812 §5.3.13.4, by the switch.
static void ip4_source_routes_are_followed_where_allowed(void **state)
{
	static const uint8_t lsrr[] = {131, 7, 4, 192, 0, 2, 9, 0};
	static const uint8_t far_ssrr[] = {137, 7, 4, 192, 0, 2, 9, 0};
	static const uint8_t near_ssrr[] = {137, 7, 4, 10, 0, 2, 1, 0};
	static const uint8_t evil[] = {131, 7, 4, 224, 0, 0, 5, 0};
	static const uint8_t done[] = {131, 7, 8, 192, 0, 2, 9, 0};

	rig->dp.ip.source_route = true;
	rigged_route(r, "10.0.2.1", rigged_gateway(r, 2, "10.0.2.1"));
	// not at a named place yet: on as it is
	assert_memory_equal(through("192.0.2.7", lsrr, 8, 1), lsrr, 8);
	assert_int_equal(frame_ip4(got.data)->dst, ip4_of("192.0.2.7"));
	// here: to the next of the list, our address in its place
	assert_memory_equal(through("10.0.1.254", lsrr, 8, 1), "\203\7\10\12\0\2\376\0", 8);
	assert_int_equal(frame_ip4(got.data)->dst, ip4_of("192.0.2.9"));
	assert_memory_equal(through("10.0.1.254", near_ssrr, 8, 1), "\211\7\10\12\0\2\376\0", 8);
	assert_int_equal(frame_ip4(got.data)->dst, ip4_of("10.0.2.1"));
	assert_memory_equal(through("192.0.2.7", done, 8, 1), done, 8);
	rigged_expect_drop(r, NODE_IP4_OPTIONS, IP4_OPTIONS_SOURCE_ROUTE, frame,
			   with_options("10.0.1.254", far_ssrr, 8)); // not on a link of ours
	rigged_expect_drop(r, NODE_IP4_OPTIONS, IP4_OPTIONS_SOURCE_ROUTE, frame,
			   with_options("10.0.1.254", evil, 8));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ip4_options_that_nobody_knows_pass_unchanged),
		CASE(ip4_record_route_gets_the_address_it_leaves_by),
		CASE(ip4_timestamps_are_filled_in),
		CASE(ip4_broken_options_earn_a_parameter_problem),
		CASE(ip4_source_routes_are_dropped_by_name),
		CASE(ip4_source_routes_are_followed_where_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
