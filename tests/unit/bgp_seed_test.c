// SPDX-License-Identifier: BSD-3-Clause
// Cases of the BGP codecs that came before ours: the same input, and what is
// right. Where they reset a session, RFC 7606 mostly withdraws the routes: the
// error code is theirs, the action ours.
#include "dataplane/bgp/best.h"
#include "dataplane/bgp/judge.h"
#include "dataplane/bgp/open.h"
#include "dataplane/bgp/value.h"
#include "tests/unit/bgp_make.h"

#include <stdio.h>

static const struct bgp_session peer = {.kind = BGP_PEER_EXTERNAL};
static const struct bgp_session inside = {.kind = BGP_PEER_INTERNAL};

// ORIGIN IGP; AS_SET {2 5 3}, AS_SEQUENCE 10 20 30; NEXT_HOP 192.168.1.253.
#define ORIGIN	  "400101 00"
#define PATH	  "400210 0103 0002 0005 0003 0203 000a 0014 001e"
#define NEXT_HOP  "400304 c0a801fd"
#define WITHDRAWN "10c0a8 080a 18ac1054"
#define NLRI	  "10c0a9"

// A whole message, read to its values, written from them: the same bytes.
static void message_returns(const char *hex, const struct bgp_session *s)
{
	static uint8_t buf[4096], attrs[4096];
	struct exact e = exact_of(hex);
	struct out out = {buf, sizeof(buf), 0}, a = {attrs, sizeof(attrs), 0};
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_verdict verdict;
	struct bgp_update upd;
	struct bgp_attr attr;
	struct bgp_value v;
	struct bgp_msg msg;
	size_t at = 0, start;

	assert_int_equal(bgp_msg_find(e.data, e.len, s, &msg, &fault), e.len);
	bgp_msg_judge(&msg, s, &verdict);
	assert_int_equal(verdict.action, BGP_NONE);
	assert_int_equal(bgp_update_decode(msg.body, msg.body_len, &upd, &fault), 0);
	while (bgp_attr_next(upd.attrs, upd.attrs_len, &at, &attr, &fault) > 0) {
		assert_int_equal(bgp_value_decode(&attr, s, &v, &fault), 0);
		bgp_value_put(&a, attr.flags, &v, s);
	}
	assert_int_equal(a.len, upd.attrs_len);
	upd.attrs = attrs;
	start = bgp_msg_start(&out, BGP_MSG_UPDATE);
	bgp_update_put(&out, &upd);
	assert_int_equal(bgp_msg_end(&out, start, s), 0);
	assert_int_equal(out.len, e.len);
	assert_memory_equal(buf, e.data, e.len);
	free(e.data);
}

static void update_with_all_its_parts_returns(void **state)
{
	(void)state;
	message_returns(MARKER "0041 02 0009" WITHDRAWN "001e" ORIGIN PATH NEXT_HOP NLRI, &peer);
}

static void update_that_withdraws_alone_returns(void **state)
{
	(void)state;
	message_returns(MARKER "0020 02 0009" WITHDRAWN "0000", &peer);
}

static void update_with_med_local_pref_and_atomic_returns(void **state)
{
	(void)state;
	message_returns(MARKER "0049 02 0000 002f" ORIGIN PATH NEXT_HOP "800404 0000000a"
			       "400504 00000014 400600 08 0a 00",
			&inside);
}

static void open_of_as_2_with_any_capabilities_returns(void **state)
{
	static const char *const hex[] = {
		MARKER "001d 01 04 0002 00b4 ac130003 00",
		MARKER "0021 01 04 0002 00b4 ac130003 04 0202 0200",
		MARKER "002b 01 04 0002 00b4 ac130003 0e 0202 0200 0208 01040001 0001 0600",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hex); i++) {
		struct exact e = exact_of(hex[i]);
		struct fault fault = {.code = FAULT_NONE};
		uint8_t buf[128];
		struct out out = {buf, sizeof(buf), 0};
		struct bgp_verdict verdict;
		struct bgp_open open;
		struct bgp_msg msg;
		size_t start;

		assert_int_equal(bgp_msg_find(e.data, e.len, &peer, &msg, &fault), e.len);
		bgp_msg_judge(&msg, &peer, &verdict);
		assert_int_equal(verdict.action, BGP_NONE);
		assert_int_equal(bgp_open_decode(msg.body, msg.body_len, &open, &fault), 0);
		assert_int_equal(open.as, 2);
		assert_int_equal(open.hold_s, 180);
		assert_int_equal(open.id, 172u << 24 | 19u << 16 | 3);
		start = bgp_msg_start(&out, BGP_MSG_OPEN);
		bgp_open_put(&out, &open);
		assert_int_equal(bgp_msg_end(&out, start, &peer), 0);
		assert_int_equal(out.len, e.len);
		assert_memory_equal(buf, e.data, e.len);
		free(e.data);
	}
}

static void keepalive_is_a_header(void **state)
{
	struct exact e = exact_of(MARKER "0013 04");
	uint8_t buf[32];
	struct out out = {buf, sizeof(buf), 0};
	size_t start = bgp_msg_start(&out, BGP_MSG_KEEPALIVE);

	(void)state;
	assert_int_equal(bgp_msg_end(&out, start, &peer), 0);
	assert_int_equal(out.len, e.len);
	assert_memory_equal(buf, e.data, e.len);
	free(e.data);
}

static void notification_of_a_bad_length_of_50(void **state)
{
	struct exact e = exact_of(MARKER "0017 03 01 02 0032");
	uint8_t data[2] = {0, 50}, buf[32];
	struct bgp_notification n = {BGP_ERR_HEADER, BGP_ERR_LEN, data, 2};
	struct out out = {buf, sizeof(buf), 0};
	size_t start = bgp_msg_start(&out, BGP_MSG_NOTIFICATION);

	(void)state;
	bgp_notification_put(&out, &n);
	assert_int_equal(bgp_msg_end(&out, start, &peer), 0);
	assert_int_equal(out.len, e.len);
	assert_memory_equal(buf, e.data, e.len);
	free(e.data);
}

// RFC 4271 §5: by type; and a set has no order of its own.
static void attributes_and_sets_can_be_ordered(void **state)
{
	struct exact mixed =
		exact_of(NEXT_HOP "400214 0105 0002 0005 0003 0005 0002 0203 000a 0014 001e"
				  "50010001 00" ORIGIN);
	struct exact want =
		exact_of(ORIGIN "400210 0103 0002 0003 0005 0203 000a 0014 001e" NEXT_HOP);
	struct fault fault = {.code = FAULT_NONE};
	uint8_t buf[64];
	struct out out = {buf, sizeof(buf), 0};

	(void)state;
	assert_int_equal(bgp_attrs_put_ordered(&out, mixed.data, mixed.len, &peer, &fault), 0);
	assert_int_equal(out.len, want.len);
	assert_memory_equal(buf, want.data, want.len);
	assert_int_equal(bgp_attrs_put_ordered(&out, mixed.data, mixed.len - 1, &peer, &fault),
			 -EBADMSG);
	free(mixed.data);
	free(want.data);
}

static void lengths_are_what_the_parts_add_up_to(void **state)
{
	static const struct {
		const char *hex;
		size_t len;
	} cases[] = {{WITHDRAWN, 9}, {ORIGIN, 4}, {PATH, 19}, {NEXT_HOP, 7}, {NLRI, 3}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = exact_of(cases[i].hex);

		assert_int_equal(e.len, cases[i].len);
		free(e.data);
	}
	message_returns(MARKER "0038 02 0000 001e" ORIGIN PATH NEXT_HOP NLRI, &peer); // 23 + 30 + 3
}

// What is wrong with a message, what is said, and what is done.
static void answer(const char *hex, unsigned code, unsigned subcode, enum bgp_action action,
		   const char *data)
{
	struct exact e = exact_of(hex), want = exact_of(data);
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_verdict v;
	struct bgp_msg msg;

	if (bgp_msg_find(e.data, e.len, &peer, &msg, &fault) < 0)
		bgp_header_judge(e.data, e.len, &fault, &v);
	else
		bgp_msg_judge(&msg, &peer, &v);
	assert_int_equal(v.code, code);
	assert_int_equal(v.subcode, subcode);
	assert_int_equal(v.action, action);
	assert_int_equal(v.data_len, want.len);
	assert_memory_equal(v.data ? v.data : v.own, want.data, want.len);
	free(e.data);
	free(want.data);
}

static void marker_of_zeros_is_not_synchronized(void **state)
{
	(void)state;
	answer("00000000000000000000000000000000000000", 1, 1, BGP_RESET, "");
}

static void update_of_19_bytes_is_a_bad_length(void **state)
{
	(void)state;
	answer(MARKER "001302", 1, 2, BGP_RESET, "0013");
}

static void type_6_is_a_bad_type(void **state)
{
	(void)state;
	answer(MARKER "001306", 1, 3, BGP_RESET, "06");
}

static void second_origin_is_a_malformed_list_and_left_out(void **state)
{
	(void)state;
	answer(MARKER "003c 02 0000 0022" ORIGIN ORIGIN PATH NEXT_HOP NLRI, 3, 1, BGP_DISCARD, "");
}

static void optional_origin_has_wrong_flags(void **state)
{
	(void)state;
	answer(MARKER "0038 02 0000 001e 800101 00" PATH NEXT_HOP NLRI, 3, 4, BGP_WITHDRAW,
	       "80010100");
}

static void origin_of_two_bytes_has_a_wrong_length(void **state)
{
	(void)state;
	answer(MARKER "0039 02 0000 001f 400102 0000" PATH NEXT_HOP NLRI, 3, 5, BGP_WITHDRAW,
	       "4001020000");
}

// Type 10 has got a meaning since: then its flags are wrong, and between networks
// it means nothing. A type without meaning is what type 10 was.
static void well_known_attribute_nobody_knows_resets(void **state)
{
	(void)state;
	answer(MARKER "003c 02 0000 0022" ORIGIN PATH NEXT_HOP "400a01 00" NLRI, 3, 0, BGP_DISCARD,
	       "400a0100");
	answer(MARKER "003c 02 0000 0022" ORIGIN PATH NEXT_HOP "40c801 00" NLRI, 3, 2, BGP_RESET,
	       "40c80100");
}

static void origin_4_is_invalid(void **state)
{
	(void)state;
	answer(MARKER "0038 02 0000 001e 400101 04" PATH NEXT_HOP NLRI, 3, 6, BGP_WITHDRAW,
	       "40010104");
}

static void missing_mandatory_attributes_withdraw(void **state)
{
	(void)state;
	answer(MARKER "0031 02 0000 0017" ORIGIN PATH NLRI, 3, 3, BGP_WITHDRAW, "03");
	answer(MARKER "0025 02 0000 000b" ORIGIN NEXT_HOP NLRI, 3, 3, BGP_WITHDRAW, "02");
	answer(MARKER "0034 02 0000 001a" PATH NEXT_HOP NLRI, 3, 3, BGP_WITHDRAW, "01");
	answer(MARKER "001a 02 0000 0000" NLRI, 3, 3, BGP_WITHDRAW, "01");
}

static struct bgp_path path_of(const char *hex)
{
	struct bgp_attr_style style = {.family = 4, .as_bytes = 2};
	struct exact e = exact_of(hex);
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_path path;

	assert_int_equal(bgp_path_decode(e.data, e.len, style, &path, &fault), 0);
	free(e.data);
	return path;
}

static void paths_that_differ_in_the_last_hop_are_two(void **state)
{
	struct bgp_path a = path_of("400210 0207 0001 0002 0003 0004 0005 0006 0007");
	struct bgp_path b = path_of("400210 0207 0001 0002 0003 0004 0005 0006 0008");

	(void)state;
	assert_int_equal(a.n_hops, 7);
	assert_int_equal(b.n_hops, 7);
	assert_int_not_equal(a.origin_as, b.origin_as);
}

// Lower wins; without MED it is 0; equal goes on to the next step.
static void med_decides_between_routes_of_one_neighbour(void **state)
{
	static const struct {
		const char *a, *b;
		size_t best;
	} cases[] = {
		{"800404 0000000a", "800404 00000014", 0},
		{"800404 00000014", "800404 0000000a", 1},
		{"800404 0000000a", "", 1},
		{"800404 0000000a", "800404 0000000a", 1},
		{"800404 00000000", "", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bgp_route r[2] = {{.peer_id = 2}, {.peer_id = 1}};
		char hex[2][128];

		snprintf(hex[0], sizeof(hex[0]), "%s%s", ORIGIN "400204 0201 0001", cases[i].a);
		snprintf(hex[1], sizeof(hex[1]), "%s%s", ORIGIN "400204 0201 0001", cases[i].b);
		r[0].path = path_of(hex[0]);
		r[1].path = path_of(hex[1]);
		assert_int_equal(r[bgp_best(r, 2)].peer_id, cases[i].best ? 1 : 2);
	}
}

static void attributes_nobody_reads_survive_byte_for_byte(void **state)
{
	(void)state;
	message_returns(
		MARKER "005f 02 0000 0045" ORIGIN PATH NEXT_HOP "c00706 000a 01020304"
		       "c00804 00010002 c01008 0002 0001 00000002 e0c803 010203 d0c90002 0405" NLRI,
		&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(update_with_all_its_parts_returns),
		cmocka_unit_test(update_that_withdraws_alone_returns),
		cmocka_unit_test(update_with_med_local_pref_and_atomic_returns),
		cmocka_unit_test(open_of_as_2_with_any_capabilities_returns),
		cmocka_unit_test(keepalive_is_a_header),
		cmocka_unit_test(notification_of_a_bad_length_of_50),
		cmocka_unit_test(attributes_and_sets_can_be_ordered),
		cmocka_unit_test(lengths_are_what_the_parts_add_up_to),
		cmocka_unit_test(marker_of_zeros_is_not_synchronized),
		cmocka_unit_test(update_of_19_bytes_is_a_bad_length),
		cmocka_unit_test(type_6_is_a_bad_type),
		cmocka_unit_test(second_origin_is_a_malformed_list_and_left_out),
		cmocka_unit_test(optional_origin_has_wrong_flags),
		cmocka_unit_test(origin_of_two_bytes_has_a_wrong_length),
		cmocka_unit_test(well_known_attribute_nobody_knows_resets),
		cmocka_unit_test(origin_4_is_invalid),
		cmocka_unit_test(missing_mandatory_attributes_withdraw),
		cmocka_unit_test(paths_that_differ_in_the_last_hop_are_two),
		cmocka_unit_test(med_decides_between_routes_of_one_neighbour),
		cmocka_unit_test(attributes_nobody_reads_survive_byte_for_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
