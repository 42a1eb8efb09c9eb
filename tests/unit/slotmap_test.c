// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/slotmap.h"
#include "tests/unit/test.h"

#include <string.h>

static int slow_next(const bool *set, unsigned n, unsigned from)
{
	for (; from < n; from++)
		if (set[from])
			return (int)from;
	return -1;
}

// Oracle: an array of bools, at both sizes in use and an odd one.
static void slotmap_equals_an_array_of_bools(void **state)
{
	static bool set[SLOTMAP_MAX];
	const unsigned sizes[] = {SLOTMAP_MAX, 1 << 16, 131};
	uint64_t seed = 1;

	(void)state;
	for (unsigned s = 0; s < 3; s++) {
		struct slotmap map;
		unsigned count = 0, n = sizes[s];

		memset(set, 0, sizeof(set));
		assert_int_equal(slotmap_init(&map, n), 0);
		for (unsigned i = 0; i < 20000; i++) {
			unsigned at = (unsigned)(test_rand(&seed) % n);
			unsigned len = (unsigned)(test_rand(&seed) % 300);

			if (i % 16 == 0 && at + len <= n) {
				slotmap_set_range(&map, at, len);
				for (unsigned j = at; j < at + len; j++) {
					count += !set[j];
					set[j] = true;
				}
			} else {
				slotmap_clear(&map, at);
				count -= set[at];
				set[at] = false;
			}
			assert_int_equal(map.count, count);
			if (i % 64 == 0)
				assert_int_equal(slotmap_next(&map, at), slow_next(set, n, at));
		}
		assert_int_equal(slotmap_next(&map, n), -1);
		slotmap_fini(&map);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slotmap_equals_an_array_of_bools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
