// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/loop.h"
#include "tests/unit/bgp_make.h"

#define PATH "40020e 0203 0000000a 0000000b 0000000c"

static enum bgp_refusal refusal_of(const char *hex, bool unicast, const struct bgp_session *s)
{
	struct exact e = exact_of(hex);
	enum bgp_refusal got = bgp_route_refusal(e.data, e.len, unicast, s);

	free(e.data);
	return got;
}

// RFC 4271 §9.1.2, RFC 5065 §4, RFC 4456 §8.
static void routes_that_came_back_are_refused(void **state)
{
	static const struct bgp_session far = {.as4 = true, .local_as = 13};
	static const struct bgp_session near = {.as4 = true, .local_as = 12};
	static const struct bgp_session member = {.as4 = true, .local_as = 65000, .confed_as = 11};
	static const struct bgp_session rr = {
		.kind = BGP_PEER_INTERNAL, .as4 = true, .local_id = 0x01020304, .cluster_id = 7};
	static const struct bgp_session outside = {
		.kind = BGP_PEER_EXTERNAL, .as4 = true, .local_id = 0x01020304, .cluster_id = 7};
	static const struct bgp_session nobody = {.as4 = true};
	static const struct {
		const struct bgp_session *s;
		const char *hex;
		enum bgp_refusal want;
	} cases[] = {
		{&far, PATH, BGP_ACCEPTED},
		{&near, PATH, BGP_AS_LOOP},
		{&near, "400206 0201 0000000a" PATH, BGP_ACCEPTED},
		{&near, "400206 0101 0000000c", BGP_AS_LOOP},
		{&member, PATH, BGP_AS_LOOP},
		{&member, "400206 0301 0000fde8", BGP_AS_LOOP},
		{&nobody, PATH "800904 01020304 800a04 00000007", BGP_ACCEPTED},
		{&rr, "800904 01020304", BGP_ORIGINATOR_LOOP},
		{&rr, "800904 01020305", BGP_ACCEPTED},
		{&rr, "800a08 00000008 00000007", BGP_CLUSTER_LOOP},
		{&rr, "800a08 00000008 00000009", BGP_ACCEPTED},
		{&outside, "800904 01020304 800a04 00000007", BGP_ACCEPTED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (refusal_of(cases[i].hex, true, cases[i].s) != cases[i].want)
			fail_msg("%zu: not %s", i, bgp_refusal_name(cases[i].want));
}

// RFC 9234 §5: every pair of roles; what comes in, what it has then, what goes out.
static void routes_only_for_customers_stay_below(void **state)
{
	static const struct {
		uint8_t ours;
		bool refuses_own, refuses_other; // ... OTC of the peer's AS, of another
		bool marks_in, sends_marked, marks_out;
	} cases[] = {
		{BGP_ROLE_PROVIDER, true, true, false, true, true},
		{BGP_ROLE_RS, true, true, false, true, true},
		{BGP_ROLE_RS_CLIENT, false, false, true, false, false},
		{BGP_ROLE_CUSTOMER, false, false, true, false, false},
		{BGP_ROLE_PEER, false, true, true, false, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bgp_session s = {.kind = BGP_PEER_EXTERNAL,
					.as4 = true,
					.has_role = true,
					.role = cases[i].ours,
					.local_as = 1,
					.peer_as = 2};
		uint32_t none = 0, some = 3;

		assert_int_equal(refusal_of("c02304 00000002", true, &s) == BGP_LEAK,
				 cases[i].refuses_own);
		assert_int_equal(refusal_of("c02304 00000003", true, &s) == BGP_LEAK,
				 cases[i].refuses_other);
		assert_int_equal(refusal_of("c02304 00000003", false, &s), BGP_ACCEPTED);
		assert_int_equal(bgp_otc_in(0, &s), cases[i].marks_in ? 2 : 0);
		assert_int_equal(bgp_otc_in(3, &s), 3);
		assert_int_equal(bgp_otc_out(&some, &s), cases[i].sends_marked);
		assert_int_equal(some, 3);
		assert_true(bgp_otc_out(&none, &s));
		assert_int_equal(none, cases[i].marks_out ? 1 : 0);
	}
}

static void peers_without_roles_leak_nothing(void **state)
{
	static const struct bgp_session s = {.kind = BGP_PEER_EXTERNAL, .as4 = true, .peer_as = 2};
	uint32_t otc = 3;

	(void)state;
	assert_int_equal(refusal_of("c02304 00000003", true, &s), BGP_ACCEPTED);
	assert_int_equal(bgp_otc_in(0, &s), 0);
	assert_true(bgp_otc_out(&otc, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_that_came_back_are_refused),
		cmocka_unit_test(routes_only_for_customers_stay_below),
		cmocka_unit_test(peers_without_roles_leak_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
