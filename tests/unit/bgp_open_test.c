// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/aspath.h"
#include "dataplane/bgp/open.h"
#include "tests/unit/bgp_make.h"

static struct bgp_open open_of(const struct exact *e)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_open open;

	assert_int_equal(bgp_open_decode(e->data, e->len, &open, &fault), 0);
	return open;
}

static void opens_with_any_parameters_return_byte_for_byte(void **state)
{
	static const char *const hex[] = {
		"04 0002 00b4 ac130003 00",
		"04 0002 00b4 ac130003 06 0204 00020102",
		"04 0002 00b4 ac130003 10 0206 010400010001 0206 4104 00010000",
		"04 0002 00b4 ac130003 0a 0102 0102 0204 63020102",
		"04 0002 00b4 ac130003 ff ff 0007 02 0004 63020102",
		"04 0002 00b4 ac130003 01 ff 0000",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hex); i++) {
		struct exact e = exact_of(hex[i]);
		struct bgp_open open = open_of(&e);
		uint8_t buf[64];
		struct out out = {buf, sizeof(buf), 0};

		assert_int_equal(open.as, 2);
		assert_int_equal(open.hold_s, 180);
		assert_int_equal(open.id, 0xac130003);
		bgp_open_put(&out, &open);
		assert_int_equal(out.len, e.len);
		assert_memory_equal(buf, e.data, e.len);
		free(e.data);
	}
}

static void capabilities_of_every_kind(void **state)
{
	struct exact e = exact_of("04 5ba0 00b4 ac130003 5a"
				  "0206 010400020001"
				  "0202 0200"
				  "0206 010400010001"
				  "020e 050c 000100010002 000100800002"
				  "0202 0600"
				  "020a 0808 00010403 00020401"
				  "0203 090103"
				  "0208 4006 c078 00010180"
				  "0206 4104 00010000"
				  "020a 4508 00010103 00020102"
				  "0202 4600"
				  "0206 4904 03616263");
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_open open;
	struct bgp_caps caps;

	(void)state;
	e.data[9] = (uint8_t)(e.len - 10);
	open = open_of(&e);
	assert_int_equal(bgp_caps_decode(&open, &caps, &fault), 0);
	assert_true(caps.refresh && caps.enhanced_refresh && caps.extended_msg && caps.as4);
	assert_true(caps.restart && caps.has_role);
	assert_int_equal(caps.role, BGP_ROLE_CUSTOMER);
	assert_int_equal(bgp_open_as(&open, &caps), 65536);
	assert_int_equal(caps.restart_s, 120);
	assert_int_equal(caps.restart_flags, 12);
	assert_int_equal(caps.n_unknown, 1);
	assert_int_equal(caps.n_families, 4);
	assert_int_equal(caps.family[3].safi, BGP_SAFI_LABELLED);
	assert_int_equal(caps.family[3].max_labels, 3);
	assert_int_equal(caps.family[0].afi, 2);
	assert_int_equal(caps.family[0].add_path, BGP_ADD_PATH_SEND);
	assert_true(caps.family[1].is_offered && caps.family[1].ip6_nexthop);
	assert_true(caps.family[1].can_restart && caps.family[1].is_restarted);
	assert_int_equal(caps.family[1].add_path, BGP_ADD_PATH_BOTH);
	assert_false(caps.family[2].is_offered);
	assert_true(caps.family[2].ip6_nexthop);
	free(e.data);
}

// RFC 5492 §4: several in one parameter, and what nobody knows stays as it is.
static void capabilities_come_out_one_by_one(void **state)
{
	struct exact e = exact_of("04 0002 00b4 ac130003 0e 0206 0200 63020102 0200 0202 0600");
	struct bgp_open open = open_of(&e);
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_cap_iter it = {0};
	struct bgp_cap cap;

	(void)state;
	assert_int_equal(bgp_cap_next(&open, &it, &cap, &fault), 1);
	assert_int_equal(cap.code, BGP_CAP_REFRESH);
	assert_int_equal(bgp_cap_next(&open, &it, &cap, &fault), 1);
	assert_int_equal(cap.code, 0x63);
	assert_int_equal(cap.len, 2);
	assert_null(bgp_cap_name(cap.code));
	assert_memory_equal(cap.value, "\1\2", 2);
	assert_int_equal(bgp_cap_next(&open, &it, &cap, &fault), 1);
	assert_string_equal(bgp_cap_name(cap.code), "extended-message");
	assert_int_equal(bgp_cap_next(&open, &it, &cap, &fault), 0);
	free(e.data);
}

static void malformed_opens_are_located(void **state)
{
	static const struct {
		const char *hex;
		enum fault_code code;
		unsigned at;
	} cases[] = {
		{"04 0002 00b4 ac1300", FAULT_MSG_LEN, 8},
		{"04 0002 00b4 ac130003 01", FAULT_PARAM_CUT, 9},
		{"04 0002 00b4 ac130003 00 00", FAULT_PARAM_CUT, 9},
		{"04 0002 00b4 ac130003 00 ff 0000", FAULT_PARAM_CUT, 9},
		{"04 0002 00b4 ac130003 ff ff 00", FAULT_PARAM_CUT, 10},
		{"04 0002 00b4 ac130003 ff ff 0001", FAULT_PARAM_CUT, 9},
		{"04 0002 00b4 ac130003 01 02", FAULT_PARAM_CUT, 10},
		{"04 0002 00b4 ac130003 03 0202 00", FAULT_PARAM_CUT, 10},
		{"04 0002 00b4 ac130003 ff ff 0003 02 0001", FAULT_PARAM_CUT, 13},
		{"04 0002 00b4 ac130003 03 0201 02", FAULT_CAP_CUT, 12},
		{"04 0002 00b4 ac130003 04 0202 0201", FAULT_CAP_CUT, 12},
		{"04 0002 00b4 ac130003 05 0203 020100", FAULT_CAP_LEN, 12},
		{"04 0002 00b4 ac130003 07 0205 0103000100", FAULT_CAP_LEN, 12},
		{"04 0002 00b4 ac130003 06 0204 41020001", FAULT_CAP_LEN, 12},
		{"04 0002 00b4 ac130003 05 0203 400100", FAULT_CAP_LEN, 12},
		{"04 0002 00b4 ac130003 06 0204 45020001", FAULT_CAP_LEN, 12},
		{"04 0002 00b4 ac130003 06 0204 05020001", FAULT_CAP_LEN, 12},
		{"04 0002 00b4 ac130003 06 0204 09020001", FAULT_CAP_LEN, 12},
		{"04 0002 00b4 ac130003 08 0206 090103 090104", FAULT_ROLE, 15},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = exact_of(cases[i].hex);
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_open open;
		struct bgp_caps caps;

		if (!bgp_open_decode(e.data, e.len, &open, &fault))
			assert_int_equal(bgp_caps_decode(&open, &caps, &fault), -EBADMSG);
		if (fault.code != cases[i].code || fault.at != cases[i].at)
			fail_msg("%s: got %s at %u", cases[i].hex, fault_name(fault.code),
				 fault.at);
		free(e.data);
	}
}

// RFC 9234 §4.2: table 2.
static void roles_fit_in_three_pairs(void **state)
{
	static const uint8_t fits[][2] = {{0, 3}, {3, 0}, {1, 2}, {2, 1}, {4, 4}};

	(void)state;
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			bool want = false;

			for (size_t i = 0; i < ARRAY_LEN(fits); i++)
				want |= fits[i][0] == a && fits[i][1] == b;
			assert_int_equal(bgp_role_fits((uint8_t)a, (uint8_t)b), want);
		}
}

// RFC 7911 §4: one must send what the other receives.
static void sessions_have_what_both_offer(void **state)
{
	static const struct bgp_caps us = {
		.as4 = true,
		.extended_msg = true,
		.n_families = 3,
		.family = {{1, 1, .is_offered = true, .add_path = BGP_ADD_PATH_RECEIVE,
			    .max_labels = 2},
			   {2, 1, .is_offered = true, .add_path = BGP_ADD_PATH_BOTH},
			   {1, 128, .is_offered = true}},
	};
	static const struct bgp_caps peer = {
		.as4 = true,
		.n_families = 2,
		.family = {{2, 1, .is_offered = true, .add_path = BGP_ADD_PATH_RECEIVE,
			    .max_labels = 3},
			   {1, 1, .is_offered = true, .add_path = BGP_ADD_PATH_SEND,
			    .max_labels = 3}},
	};
	static const struct bgp_caps old;
	struct bgp_session s = {.kind = BGP_PEER_EXTERNAL};

	(void)state;
	bgp_session_agree(&s, &us, &peer);
	assert_true(s.as4);
	assert_false(s.extended_msg);
	assert_int_equal(s.n_families, 2);
	assert_true(bgp_session_has_path_ids(&s, 1, 1));
	assert_false(bgp_session_has_path_ids(&s, 2, 1));
	assert_true(bgp_session_has_labels(&s, 1, 1));
	assert_false(bgp_session_has_labels(&s, 2, 1));
	assert_null(bgp_session_family(&s, 1, 128));
	bgp_session_agree(&s, &us, &old);
	assert_false(s.as4);
	assert_int_equal(s.n_families, 1);
	assert_non_null(bgp_session_family(&s, 1, 1));
	bgp_session_agree(&s, &old, &us);
	assert_int_equal(s.n_families, 1);
}

static struct bgp_caps random_caps(uint64_t *seed)
{
	static const uint16_t afis[] = {1, 2, 25, 16388};
	struct bgp_caps caps = {.refresh = test_rand(seed) & 1,
				.enhanced_refresh = test_rand(seed) & 1,
				.extended_msg = test_rand(seed) & 1,
				.as4 = test_rand(seed) & 1,
				.restart = test_rand(seed) & 1,
				.has_role = test_rand(seed) & 1};
	unsigned n = test_rand(seed) % (BGP_FAMILIES_MAX + 1);

	caps.role = caps.has_role ? test_rand(seed) % 6 : 0;
	caps.as = caps.as4 ? (uint32_t)test_rand(seed) : 0;
	caps.restart_flags = caps.restart ? test_rand(seed) % 16 : 0;
	caps.restart_s = caps.restart ? test_rand(seed) % 4096 : 0;
	caps.n_families = (uint8_t)n;
	for (unsigned i = 0; i < n; i++)
		caps.family[i] = (struct bgp_cap_family){
			.afi = afis[i % 4],
			.safi = (uint8_t)(1 + i / 4),
			.is_offered = true,
			.ip6_nexthop = test_rand(seed) & 1,
			.can_restart = caps.restart,
			.is_restarted = caps.restart && (test_rand(seed) & 1),
			.add_path = test_rand(seed) % 4,
			.max_labels = test_rand(seed) & 1 ? 2 + test_rand(seed) % 200 : 0,
		};
	return caps;
}

// RFC 9072 §2: beyond 255 bytes the parameters become extended by themselves.
static void random_capabilities_return_as_they_went(void **state)
{
	unsigned n_extended = 0;
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct bgp_caps caps = random_caps(&seed), back;
		struct fault fault = {.code = FAULT_NONE};
		uint8_t buf[1024];
		struct out out = {buf, sizeof(buf), 0};
		struct bgp_open open;

		bgp_open_put_caps(&out, 65536, 90, 7, &caps);
		assert_false(out_is_full(&out));
		assert_int_equal(bgp_open_decode(buf, out.len, &open, &fault), 0);
		assert_int_equal(open.as, BGP_AS_TRANS);
		assert_int_equal(open.hold_s, 90);
		assert_int_equal(bgp_caps_decode(&open, &back, &fault), 0);
		assert_memory_equal(&caps, &back, sizeof(caps));
		n_extended += open.is_extended;
	}
	assert_true(n_extended > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_with_any_parameters_return_byte_for_byte),
		cmocka_unit_test(capabilities_of_every_kind),
		cmocka_unit_test(capabilities_come_out_one_by_one),
		cmocka_unit_test(malformed_opens_are_located),
		cmocka_unit_test(roles_fit_in_three_pairs),
		cmocka_unit_test(sessions_have_what_both_offer),
		cmocka_unit_test(random_capabilities_return_as_they_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
