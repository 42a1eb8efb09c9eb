// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/notify.h"
#include "tests/unit/bgp_make.h"

static void notifications_return_byte_for_byte(void **state)
{
	static const char *const hex[] = {"0102 0032", "0303 03", "0400", "0602"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hex); i++) {
		struct exact e = exact_of(hex[i]);
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_notification n;
		uint8_t buf[16];
		struct out out = {buf, sizeof(buf), 0};

		assert_int_equal(bgp_notification_decode(e.data, e.len, &n, &fault), 0);
		assert_int_equal(n.data_len, e.len - 2);
		bgp_notification_put(&out, &n);
		assert_int_equal(out.len, e.len);
		assert_memory_equal(buf, e.data, e.len);
		free(e.data);
	}
}

static void codes_have_their_names(void **state)
{
	(void)state;
	assert_string_equal(bgp_error_name(BGP_ERR_UPDATE), "UPDATE Message Error");
	assert_null(bgp_error_name(0));
	assert_null(bgp_error_name(8));
	assert_string_equal(bgp_error_subname(BGP_ERR_HEADER, BGP_ERR_LEN), "Bad Message Length");
	assert_string_equal(bgp_error_subname(BGP_ERR_OPEN, BGP_ERR_ROLE), "Role Mismatch");
	// RFC 4486 §3.
	assert_string_equal(bgp_error_subname(BGP_ERR_CEASE, 2), "Administrative Shutdown");
	assert_string_equal(bgp_error_subname(BGP_ERR_CEASE, 8), "Out of Resources");
	assert_null(bgp_error_subname(BGP_ERR_CEASE, 0));
}

// RFC 9003 §2.
static void shutdown_texts(void **state)
{
	static const struct {
		const char *hex, *text;
		int got;
	} cases[] = {
		{"0602 02 6f6b", "ok", 1},
		{"0604 03 e2 82ac", "\xe2\x82\xac", 1},
		{"0602 04 f09f9982", "\xf0\x9f\x99\x82", 1},
		{"0602 02 6f6b ffff", "ok", 1},
		{"0602 00", NULL, 0},
		{"0602", NULL, 0},
		{"0603 02 6f6b", NULL, 0},
		{"0402 02 6f6b", NULL, 0},
		{"0602 03 6f6b", NULL, -EBADMSG},
		{"0602 01 ff", NULL, -EBADMSG},
		{"0602 01 80", NULL, -EBADMSG},
		{"0602 02 c080", NULL, -EBADMSG},
		{"0602 02 e282 ac", NULL, -EBADMSG},
		{"0602 03 eda080", NULL, -EBADMSG},
		{"0602 04 f4908080", NULL, -EBADMSG},
		{"0602 04 f8888080", NULL, -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = exact_of(cases[i].hex);
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_notification n;
		const char *text;
		size_t len;

		assert_int_equal(bgp_notification_decode(e.data, e.len, &n, &fault), 0);
		assert_int_equal(bgp_shutdown_text(&n, &text, &len, &fault), cases[i].got);
		if (cases[i].got > 0) {
			assert_int_equal(len, strlen(cases[i].text));
			assert_memory_equal(text, cases[i].text, len);
		}
		if (cases[i].got < 0)
			assert_int_equal(fault.code, FAULT_TEXT);
		free(e.data);
	}
}

// Cut between two characters, whatever their lengths.
static void long_shutdown_texts_are_cut_at_a_character(void **state)
{
	char text[400];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	for (unsigned shift = 0; shift < 2; shift++) {
		uint8_t buf[300];
		struct out out = {buf, sizeof(buf), 0};
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_notification n;
		const char *got;
		size_t len;

		text[0] = shift ? 'x' : text[0];
		if (shift)
			memmove(text + 1, text + 2, sizeof(text) - 2);
		bgp_shutdown_put(&out, BGP_CEASE_RESET, text, 300);
		assert_int_equal(bgp_notification_decode(buf, out.len, &n, &fault), 0);
		assert_int_equal(bgp_shutdown_text(&n, &got, &len, &fault), 1);
		assert_int_equal(len, shift ? 255 : 254);
	}
}

// RFC 2918 §3, RFC 7313 §3.2, §5.
static void refreshes(void **state)
{
	static const struct {
		const char *hex;
		int got;
	} cases[] = {
		{"0001 00 01", 0},	     {"0002 01 80", 0},		  {"0002 02 01", 0},
		{"0002 09 01", 0},	     {"0001 00 01 01020304", 0},  {"0001 00", -EBADMSG},
		{"0001 01 01 00", -EBADMSG}, {"0001 02 01 00", -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = exact_of(cases[i].hex);
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_refresh refresh;
		uint8_t buf[16];
		struct out out = {buf, sizeof(buf), 0};

		assert_int_equal(bgp_refresh_decode(e.data, e.len, &refresh, &fault), cases[i].got);
		if (cases[i].got == 0) {
			bgp_refresh_put(&out, &refresh);
			assert_int_equal(out.len, e.len);
			assert_memory_equal(buf, e.data, e.len);
		}
		free(e.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notifications_return_byte_for_byte),
		cmocka_unit_test(codes_have_their_names),
		cmocka_unit_test(shutdown_texts),
		cmocka_unit_test(long_shutdown_texts_are_cut_at_a_character),
		cmocka_unit_test(refreshes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
