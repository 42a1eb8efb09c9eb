// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/bucket.h"
#include "tests/unit/test.h"

static unsigned take_all(struct bucket *b, uint64_t now)
{
	unsigned n = 0;

	while (n < 100000 && bucket_take(b, now))
		n++;
	return n;
}

static void bucket_starts_full(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 1000, 10, 5);
	assert_int_equal(take_all(&b, 5000), 5);
	assert_int_equal(take_all(&b, 5000), 0);
}

static void bucket_refills_at_its_rate(void **state)
{
	struct bucket b;
	unsigned n = 0;

	(void)state;
	bucket_init(&b, 1000000, 100, 2);
	take_all(&b, 1000000000);
	for (uint64_t now = 1000000000; now < 1000000000 + 10 * 1000000ull; now += 777)
		n += take_all(&b, now);
	assert_in_range(n, 995, 1001);
}

static void bucket_never_holds_more_than_a_burst(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 1000, 10, 5);
	take_all(&b, 5000);
	assert_int_equal(take_all(&b, 5000 + 1000000), 5);
}

static void bucket_of_rate_0_has_no_limit(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 1000, 0, 0);
	assert_int_equal(take_all(&b, 1), 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bucket_starts_full),
		cmocka_unit_test(bucket_refills_at_its_rate),
		cmocka_unit_test(bucket_never_holds_more_than_a_burst),
		cmocka_unit_test(bucket_of_rate_0_has_no_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
