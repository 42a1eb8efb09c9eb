// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/msg.h"
#include "tests/unit/bgp_make.h"

static const struct bgp_session plain, extended = {.extended_msg = true};

static void messages_of_a_stream_in_any_pieces(void **state)
{
	struct exact e = exact_of(MARKER "001304" MARKER "00170200000000" MARKER "0015030602");
	static const uint8_t types[] = {BGP_MSG_KEEPALIVE, BGP_MSG_UPDATE, BGP_MSG_NOTIFICATION};
	static const size_t lens[] = {19, 23, 21};
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_msg msg;

		for (size_t have = 0; have < lens[i]; have++) {
			assert_int_equal(bgp_msg_find(e.data + at, have, &plain, &msg, &fault), 0);
			assert_int_equal(msg.need, have < BGP_HDR_LEN ? BGP_HDR_LEN : lens[i]);
		}
		assert_int_equal(bgp_msg_find(e.data + at, e.len - at, &plain, &msg, &fault),
				 lens[i]);
		assert_int_equal(msg.type, types[i]);
		assert_int_equal(msg.len, lens[i]);
		assert_int_equal(msg.body_len, lens[i] - BGP_HDR_LEN);
		assert_ptr_equal(msg.body, e.data + at + BGP_HDR_LEN);
		at += lens[i];
	}
	assert_int_equal(at, e.len);
	free(e.data);
}

// RFC 4271 §6.1, RFC 8654 §4, §5: judged by the header alone.
static void headers_that_lose_the_stream(void **state)
{
	static const struct {
		const struct bgp_session *s;
		const char *hex;
		enum fault_code code;
		unsigned at;
	} cases[] = {
		{&plain, "00000000000000000000000000000000 001304", FAULT_MARKER, 0},
		{&plain, "ffff00", FAULT_MARKER, 2},
		{&plain, MARKER "001204", FAULT_MSG_LEN, 16},
		{&plain, MARKER "100102", FAULT_MSG_LEN, 16},
		{&plain, MARKER "001404", FAULT_MSG_LEN, 16},
		{&plain, MARKER "001302", FAULT_MSG_LEN, 16}, // an UPDATE of 19 bytes
		{&plain, MARKER "001602", FAULT_MSG_LEN, 16},
		{&plain, MARKER "001c01", FAULT_MSG_LEN, 16},
		{&plain, MARKER "001403", FAULT_MSG_LEN, 16},
		{&plain, MARKER "001605", FAULT_MSG_LEN, 16},
		{&plain, MARKER "001300", FAULT_MSG_TYPE, 18},
		{&plain, MARKER "001306", FAULT_MSG_TYPE, 18},
		{&plain, MARKER "0013ff", FAULT_MSG_TYPE, 18},
		{&extended, MARKER "100101", FAULT_MSG_LEN, 16},
		{&extended, MARKER "100104", FAULT_MSG_LEN, 16},
		{&extended, MARKER "001202", FAULT_MSG_LEN, 16},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = exact_of(cases[i].hex);
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_msg msg;

		assert_int_equal(bgp_msg_find(e.data, e.len, cases[i].s, &msg, &fault), -EBADMSG);
		if (fault.code != cases[i].code || fault.at != cases[i].at)
			fail_msg("%s: got %s at %u", cases[i].hex, fault_name(fault.code),
				 fault.at);
		free(e.data);
	}
}

// RFC 8654 §4.
static void extended_messages_where_agreed(void **state)
{
	static const char *const hex[] = {MARKER "ffff02", MARKER "ffff03", MARKER "ffff05",
					  MARKER "100102"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hex); i++) {
		struct exact e = exact_of(hex[i]);
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_msg msg;

		assert_int_equal(bgp_msg_find(e.data, e.len, &extended, &msg, &fault), 0);
		assert_int_equal(msg.need, i < 3 ? 65535 : 4097);
		assert_int_equal(bgp_msg_find(e.data, e.len, &plain, &msg, &fault), -EBADMSG);
		free(e.data);
	}
}

// A dump's messages: whatever fills the bytes there are.
static void lax_framing_asks_for_the_length_alone(void **state)
{
	static const struct {
		const char *hex;
		int got;
	} cases[] = {
		{"00000000000000000000000000000000 001306", 19},
		{"00000000000000000000000000000000 001306 0000", 19},
		{MARKER "001206", -EBADMSG},
		{MARKER "001406", -EBADMSG},
		{MARKER "0013", -EBADMSG},
		{"", -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = exact_of(cases[i].hex);
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_msg msg;

		assert_int_equal(bgp_msg_find_lax(e.data, e.len, &msg, &fault), cases[i].got);
		free(e.data);
	}
}

static void types_have_names(void **state)
{
	(void)state;
	assert_string_equal(bgp_msg_name(BGP_MSG_REFRESH), "ROUTE-REFRESH");
	assert_null(bgp_msg_name(0));
	assert_null(bgp_msg_name(6));
	assert_string_equal(bgp_family_name(2, 4), "ipv6-labelled");
	assert_null(bgp_family_name(9, 9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_a_stream_in_any_pieces),
		cmocka_unit_test(headers_that_lose_the_stream),
		cmocka_unit_test(extended_messages_where_agreed),
		cmocka_unit_test(lax_framing_asks_for_the_length_alone),
		cmocka_unit_test(types_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
