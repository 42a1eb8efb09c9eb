// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/attr.h"
#include "tests/unit/mrt_make.h"

static const struct bgp_attr_style style4 = {.family = 4, .as_bytes = 4};
static const struct bgp_attr_style style6 = {.family = 6, .as_bytes = 4};

static int decode(const char *hex, struct bgp_attr_style style, struct bgp_path *path,
		  struct fault *fault)
{
	struct bytes b = {.len = 0};
	uint8_t *exact;
	int code;

	// A buffer of exactly this size: a sanitizer sees the first byte too many.
	put_hex(&b, hex);
	exact = malloc(b.len ? b.len : 1);
	memcpy(exact, b.data, b.len);
	*fault = (struct fault){.code = FAULT_NONE};
	code = bgp_path_decode(exact, b.len, style, path, fault);
	free(exact);
	return code;
}

static struct bgp_path good(const char *hex, struct bgp_attr_style style)
{
	struct bgp_path path;
	struct fault fault;

	assert_int_equal(decode(hex, style, &path, &fault), 0);
	assert_int_equal(fault.code, FAULT_NONE);
	return path;
}

static void path_of_every_attribute(void **state)
{
	struct bgp_path path = good("40 01 01 01"
				    "40 02 0e 02 03 00000001 00000002 00010000"
				    "40 03 04 c0000201"
				    "80 04 04 0000000a"
				    "40 05 04 000000c8"
				    "c0 08 04 00010002",
				    style4);

	(void)state;
	assert_int_equal(path.origin, BGP_ORIGIN_EGP);
	assert_int_equal(path.has,
			 BGP_HAS_ORIGIN | BGP_HAS_AS_PATH | BGP_HAS_MED | BGP_HAS_LOCAL_PREF);
	assert_int_equal(path.n_hops, 3);
	assert_int_equal(path.first_as, 1);
	assert_int_equal(path.origin_as, 0x10000);
	assert_int_equal(path.nexthop.family, 4);
	assert_memory_equal(path.nexthop.bytes, "\xc0\x00\x02\x01", 4);
	assert_int_equal(path.med, 10);
	assert_int_equal(path.local_pref, 200);
}

// A collector's own route: nothing at all, and that is no error.
static void path_of_no_attributes(void **state)
{
	struct bgp_path path = good("", style4);

	(void)state;
	assert_int_equal(path.has, 0);
	assert_int_equal(path.nexthop.family, 0);
	assert_int_equal(path.n_hops, 0);
	assert_int_equal(path.origin, BGP_ORIGIN_INCOMPLETE);
	assert_int_equal(path.local_pref, 100);
}

// RFC 4271 §9.1.2.2 a: an AS_SET counts as one; RFC 5065 §5.3: confederations not.
static void hops_count_sets_once_and_confederations_never(void **state)
{
	static const struct {
		const char *hex;
		unsigned n_hops, first_as, origin_as;
		bool has_set;
	} cases[] = {
		{"40 02 00", 0, 0, 0, false},
		{"40 02 06 02 01 00000007", 1, 7, 7, false},
		{"40 02 10 02 01 00000007 01 02 00000008 00000009", 2, 7, 0, true},
		{"40 02 0c 02 01 00000007 01 01 00000008", 2, 7, 8, true},
		{"40 02 0a 01 02 00000008 00000009", 1, 0, 0, true},
		{"40 02 0c 03 01 0000fde8 02 01 00000007", 1, 7, 7, false},
		{"40 02 0c 04 01 0000fde8 02 01 00000007", 1, 7, 7, false},
		{"40 02 0c 02 01 00000007 02 01 00000008", 2, 7, 8, false},
		{"40 02 06 03 01 0000fde8", 0, 0, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bgp_path path = good(cases[i].hex, style4);

		assert_int_equal(path.n_hops, cases[i].n_hops);
		assert_int_equal(path.first_as, cases[i].first_as);
		assert_int_equal(path.origin_as, cases[i].origin_as);
		assert_int_equal(!!(path.has & BGP_HAS_AS_SET), cases[i].has_set);
	}
}

static void as_numbers_of_two_bytes(void **state)
{
	struct bgp_attr_style style = {.family = 4, .as_bytes = 2};
	struct bgp_path path = good("40 02 06 02 02 fde8 0001", style);

	(void)state;
	assert_int_equal(path.n_hops, 2);
	assert_int_equal(path.first_as, 65000);
	assert_int_equal(path.origin_as, 1);
}

#define GLOBAL "20010db8000000000000000000000001"
#define LOCAL  "fe800000000000000000000000000001"

// RFC 6396 §4.3.4, and the two shapes that others write.
static void mp_reach_in_three_shapes(void **state)
{
	static const struct {
		const char *hex;
		bool has_local;
	} cases[] = {
		{"80 0e 11 10" GLOBAL, false},
		{"80 0e 21 20" GLOBAL LOCAL, true},
		{"80 0e 15 0002 01 10" GLOBAL "00", false},
		{"80 0e 25 0002 01 20" GLOBAL LOCAL "00", true},
		{"80 0e 1a 0002 01 10" GLOBAL "00 20 20010db8", false},
		{"90 0e 0011 10" GLOBAL, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bgp_path path = good(cases[i].hex, style6);

		assert_int_equal(path.nexthop.family, 6);
		assert_int_equal(path.nexthop.bytes[0], 0x20);
		assert_int_equal(path.nexthop.bytes[15], 1);
		assert_int_equal(path.link_local.family, cases[i].has_local ? 6 : 0);
	}
}

// RFC 8950 §3: an IPv4 prefix may have an IPv6 next hop.
static void mp_reach_of_an_ip4_prefix(void **state)
{
	struct bgp_path path = good("80 0e 15 0001 01 10" GLOBAL "00", style4);

	(void)state;
	assert_int_equal(path.nexthop.family, 6);
	path = good("80 0e 05 04 c0000201", style4);
	assert_int_equal(path.nexthop.family, 4);
	assert_int_equal(path.nexthop.bytes[0], 0xc0);
}

// RFC 7606 §3 g.
static void first_of_repeated_attributes_counts(void **state)
{
	struct bgp_path path = good("80 04 04 00000001 80 04 04 00000002", style4);

	(void)state;
	assert_int_equal(path.med, 1);
}

static void malformed_attributes_are_named_and_located(void **state)
{
	static const struct {
		const char *hex;
		const struct bgp_attr_style *style;
		enum fault_code code;
		unsigned at;
	} cases[] = {
		{"40", &style4, FAULT_ATTR_CUT, 0},
		{"40 01", &style4, FAULT_ATTR_CUT, 0},
		{"50 01 00", &style4, FAULT_ATTR_CUT, 0},
		{"40 01 01", &style4, FAULT_ATTR_CUT, 0},
		{"40 01 01 00 40 02 05 02 01", &style4, FAULT_ATTR_CUT, 4},
		{"50 02 ffff 00", &style4, FAULT_ATTR_CUT, 0},
		{"40 01 00", &style4, FAULT_ORIGIN, 3},
		{"40 01 02 00 00", &style4, FAULT_ORIGIN, 3},
		{"40 01 01 03", &style4, FAULT_ORIGIN, 3},
		{"40 02 01 02", &style4, FAULT_AS_PATH, 3},
		{"40 02 02 02 00", &style4, FAULT_AS_PATH, 3},
		{"40 02 06 05 01 00000001", &style4, FAULT_AS_PATH, 3},
		{"40 02 06 00 01 00000001", &style4, FAULT_AS_PATH, 3},
		{"40 02 06 02 02 00000001", &style4, FAULT_AS_PATH, 3},
		{"40 02 05 02 01 000000", &style4, FAULT_AS_PATH, 3},
		{"40 02 07 02 01 00000001 02", &style4, FAULT_AS_PATH, 3},
		{"40 03 03 c00002", &style4, FAULT_NEXT_HOP, 3},
		{"40 03 05 c000020101", &style4, FAULT_NEXT_HOP, 3},
		{"80 04 02 0001", &style4, FAULT_MED, 3},
		{"40 05 00", &style4, FAULT_LOCAL_PREF, 3},
		{"80 0e 00", &style6, FAULT_MP_REACH, 3},
		{"80 0e 10 10" GLOBAL, &style6, FAULT_MP_REACH, 3},
		{"80 0e 05 04 c0000201", &style6, FAULT_MP_REACH, 3},
		{"80 0e 12 10" GLOBAL "00", &style6, FAULT_MP_REACH, 3},
		{"80 0e 11 0f" GLOBAL, &style6, FAULT_MP_REACH, 3},
		{"80 0e 13 0002 01 10 20010db8 00000000 00000000 000000", &style6, FAULT_MP_REACH,
		 3},
		{"80 0e 15 0001 01 10" GLOBAL "00", &style6, FAULT_MP_REACH, 3},
		{"80 0e 15 0002 01 20" GLOBAL "00", &style6, FAULT_MP_REACH, 3},
		{"80 0e 03 0002 01", &style6, FAULT_MP_REACH, 3},
		{"80 0e 01 00", &style6, FAULT_MP_REACH, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bgp_path path;
		struct fault fault;

		assert_int_equal(decode(cases[i].hex, *cases[i].style, &path, &fault), -EBADMSG);
		if (fault.code != cases[i].code || fault.at != cases[i].at)
			fail_msg("%s: got %s at %u", cases[i].hex, fault_name(fault.code),
				 fault.at);
	}
}

static void every_fault_has_a_name_and_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < FAULT_N_CODES; i++) {
		assert_non_null(fault_name((enum fault_code)i));
		assert_non_null(fault_text((enum fault_code)i));
	}
}

// Whatever the bytes are: an end, or a fault inside them.
static void random_bytes_end_in_a_path_or_a_located_fault(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		size_t len = test_rand(&seed) % 64;
		uint8_t *data = malloc(len + 1);
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_path path;

		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)(test_rand(&seed) % (i % 3 ? 20 : 256));
		data = realloc(data, len ? len : 1);
		if (bgp_path_decode(data, len, round % 2 ? style4 : style6, &path, &fault))
			assert_true(fault.code != FAULT_NONE && fault.at <= len);
		else
			assert_int_equal(fault.code, FAULT_NONE);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_of_every_attribute),
		cmocka_unit_test(path_of_no_attributes),
		cmocka_unit_test(hops_count_sets_once_and_confederations_never),
		cmocka_unit_test(as_numbers_of_two_bytes),
		cmocka_unit_test(mp_reach_in_three_shapes),
		cmocka_unit_test(mp_reach_of_an_ip4_prefix),
		cmocka_unit_test(first_of_repeated_attributes_counts),
		cmocka_unit_test(malformed_attributes_are_named_and_located),
		cmocka_unit_test(every_fault_has_a_name_and_a_text),
		cmocka_unit_test(random_bytes_end_in_a_path_or_a_located_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
