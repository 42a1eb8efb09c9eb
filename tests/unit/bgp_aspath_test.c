// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/aspath.h"
#include "tests/unit/bgp_make.h"

static void paths_are_walked_by_segment(void **state)
{
	struct exact e = exact_of("02 02 fde8 0001  01 01 0002");
	struct bgp_as_path path = {e.data, (uint16_t)e.len, 2};
	struct bgp_segment seg;
	size_t at = 0;

	(void)state;
	assert_int_equal(bgp_segment_next(&path, &at, &seg), 1);
	assert_int_equal(seg.kind, BGP_SEG_SEQUENCE);
	assert_int_equal(seg.n, 2);
	assert_int_equal(bgp_segment_as(&seg, 0), 65000);
	assert_int_equal(bgp_segment_as(&seg, 1), 1);
	assert_int_equal(bgp_segment_next(&path, &at, &seg), 1);
	assert_int_equal(seg.kind, BGP_SEG_SET);
	assert_int_equal(bgp_segment_next(&path, &at, &seg), 0);
	assert_int_equal(bgp_as_path_hops(&path), 3);
	assert_true(bgp_as_path_has(&path, 2));
	assert_false(bgp_as_path_has(&path, 3));
	assert_false(bgp_as_path_has_confed(&path));
	free(e.data);
}

// RFC 7606 §7.2.
static void malformed_segments_end_the_walk(void **state)
{
	static const char *const hex[] = {"02",	       "0200",	    "0001 0001", "0501 0001",
					  "0202 0001", "02ff 0001", "0201 00"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hex); i++) {
		struct exact e = exact_of(hex[i]);
		struct bgp_as_path path = {e.data, (uint16_t)e.len, 2};
		struct bgp_segment seg;
		size_t at = 0;

		assert_int_equal(bgp_segment_next(&path, &at, &seg), -EBADMSG);
		assert_int_equal(at, 0);
		free(e.data);
	}
}

// RFC 6793 §4.2.3, and RFC 4893 §4.2.3 before it.
static void merged_paths(void **state)
{
	static const struct {
		const char *path, *as4, *merged;
	} cases[] = {
		// 1 TRANS TRANS with the last two known.
		{"0203 0001 5ba0 5ba0", "0202 00010000 00010001",
		 "0201 00000001 0202 00010000 00010001"},
		{"0202 5ba0 5ba0", "0202 00010000 00010001", "0202 00010000 00010001"},
		// AS4_PATH longer, or empty: as if it were not there.
		{"0201 5ba0", "0202 00010000 00010001", "0201 00005ba0"},
		{"0202 0001 0002", "", "0202 00000001 00000002"},
		// A set is one hop.
		{"0201 0001 0102 0002 5ba0", "0102 00000002 00010000",
		 "0201 00000001 0102 00000002 00010000"},
		// Confederations: one that leads and one beside come along, others do not.
		{"0301 fde8 0202 0001 5ba0", "0201 00010000",
		 "0301 0000fde8 0201 00000001 0201 00010000"},
		{"0201 0001 0301 fde8 0201 5ba0", "0201 00010000",
		 "0201 00000001 0301 0000fde8 0201 00010000"},
		{"0201 5ba0 0301 fde8 0201 0001", "0202 00010000 00000001",
		 "0202 00010000 00000001"},
		// RFC 6793 §6: confederations have no place in AS4_PATH.
		{"0202 0001 5ba0", "0301 0000fde8 0201 00010000", "0201 00000001 0201 00010000"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact old = exact_of(cases[i].path), new = exact_of(cases[i].as4);
		struct exact want = exact_of(cases[i].merged);
		struct bgp_as_path path = {old.data, (uint16_t)old.len, 2};
		struct bgp_as_path as4 = {new.data, (uint16_t) new.len, 4};
		uint8_t buf[256];
		struct out out = {buf, 2 * old.len + new.len, 0};

		bgp_as_path_merge(&path, &as4, &out);
		assert_false(out_is_full(&out));
		if (out.len != want.len || memcmp(buf, want.data, want.len) != 0)
			fail_msg("%s with %s", cases[i].path, cases[i].as4);
		free(old.data);
		free(new.data);
		free(want.data);
	}
}

// RFC 6793 §4.2.2.
static void two_bytes_say_as_trans_for_what_they_cannot(void **state)
{
	static const uint32_t as[] = {1, 65535, 65536};
	uint8_t buf[16];
	struct out out = {buf, sizeof(buf), 0};
	struct exact want = exact_of("0203 0001 ffff 5ba0");

	(void)state;
	bgp_segment_put(&out, BGP_SEG_SEQUENCE, as, 3, 2);
	assert_int_equal(out.len, want.len);
	assert_memory_equal(buf, want.data, want.len);
	free(want.data);
}

static void random_paths_return_as_they_went(void **state)
{
	static uint32_t as[600];
	static uint8_t buf[4096], again[4096];
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		unsigned kind = 1 + test_rand(&seed) % 4, n = test_rand(&seed) % 600, k = 0;
		struct out out = {buf, sizeof(buf), 0}, copy = {again, sizeof(again), 0};
		struct bgp_as_path path = {buf, 0, round % 2 ? 4 : 2};
		struct bgp_segment seg;
		size_t at = 0;
		int more;

		for (unsigned i = 0; i < n; i++)
			as[i] = (uint32_t)test_rand(&seed) >> (path.as_bytes == 4 ? 0 : 16);
		bgp_segment_put(&out, kind, as, n, path.as_bytes);
		path.len = (uint16_t)out.len;
		while ((more = bgp_segment_next(&path, &at, &seg)) > 0) {
			assert_int_equal(seg.kind, kind);
			for (unsigned i = 0; i < seg.n; i++)
				assert_int_equal(bgp_segment_as(&seg, i), as[k++]);
		}
		assert_int_equal(more, 0);
		assert_int_equal(k, n);
		bgp_as_path_put(&copy, &path, path.as_bytes);
		assert_int_equal(copy.len, out.len);
		assert_memory_equal(buf, again, out.len);
	}
}

// What does not fit is counted, and not written.
static void a_full_buffer_is_never_overrun(void **state)
{
	static const uint32_t as[] = {1, 2, 3, 4};

	(void)state;
	for (size_t size = 0; size <= 20; size++) {
		uint8_t *buf = malloc(size ? size : 1);
		struct out out = {buf, size, 0};

		bgp_segment_put(&out, BGP_SEG_SET, as, 4, 4);
		out_insert(&out, 1, "x", 1);
		out_set16(&out, 2, 7);
		out_set8(&out, 19, 7);
		assert_int_equal(out.len, 19);
		assert_int_equal(out_is_full(&out), size < 19);
		free(buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_walked_by_segment),
		cmocka_unit_test(malformed_segments_end_the_walk),
		cmocka_unit_test(merged_paths),
		cmocka_unit_test(two_bytes_say_as_trans_for_what_they_cannot),
		cmocka_unit_test(random_paths_return_as_they_went),
		cmocka_unit_test(a_full_buffer_is_never_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
