// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/err.h"
#include "dataplane/route/prefix.h"
#include "tests/unit/test.h"

#include <string.h>

static void prefix_text_survives_a_round_trip(void **state)
{
	const char *texts[] = {"0.0.0.0/0",	  "10.0.0.0/8", "192.0.2.255/32",
			       "128.0.0.0/1",	  "::/0",	"2001:db8::/32",
			       "2001:db8::1/128", "8000::/1",	"fe80::1:2:3/127"};
	char out[PREFIX_TEXT_MAX];
	struct prefix prefix;

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int rc = prefix_parse(texts[i], &prefix);

		assert_int_equal(rc, i == 8 ? -EDOM : 0);
		assert_string_equal(prefix_format(&prefix, out), texts[i]);
	}
}

static void prefix_without_length_is_the_whole_address(void **state)
{
	struct prefix prefix;

	(void)state;
	assert_int_equal(prefix_parse("192.0.2.1", &prefix), 0);
	assert_int_equal(prefix.len, 32);
	assert_int_equal(prefix_parse("2001:db8::1", &prefix), 0);
	assert_int_equal(prefix.len, 128);
}

static void prefix_with_host_bits_is_told_apart_from_rubbish(void **state)
{
	const char *bad[] = {"",
			     "/",
			     "/8",
			     "10.0.0.0/",
			     "10.0.0.0/33",
			     "10.0.0.0/-1",
			     "10.0.0/8",
			     "10.0.0.0/8x",
			     "10.0.0.0/ 8",
			     "10.0.0.0/+8",
			     "10.0.0.0/0x8",
			     "10.0.0.0/0008",
			     "2001:db8::/129",
			     "2001:db8::/1000",
			     "2001:db8:::/32",
			     "10.0.0.0/8/8",
			     "256.0.0.0/8",
			     "fe80::1%eth0/64",
			     "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/64"};
	struct prefix prefix;
	char out[PREFIX_TEXT_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(prefix_parse(bad[i], &prefix), -EINVAL);
	assert_int_equal(prefix_parse("10.1.2.3/8", &prefix), -EDOM);
	assert_string_equal(prefix_format(&prefix, out), "10.1.2.3/8");
	prefix_mask(&prefix);
	assert_string_equal(prefix_format(&prefix, out), "10.0.0.0/8");
}

static bool slow_has_addr(const struct prefix *prefix, const struct addr *addr)
{
	for (unsigned i = 0; i < prefix->len; i++)
		if ((prefix->bytes[i / 8] ^ addr->bytes[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

// Oracle: bit by bit, for every length of both families.
static void prefix_covers_what_shares_its_bits(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct prefix prefix = {.family = round % 2 ? 4 : 6};
		struct addr addr = {.family = prefix.family};
		unsigned bits = prefix.family == 4 ? 32 : 128;

		prefix.len = (uint8_t)(test_rand(&seed) % (bits + 1));
		for (unsigned i = 0; i < bits / 8; i++)
			prefix.bytes[i] = (uint8_t)test_rand(&seed);
		memcpy(addr.bytes, prefix.bytes, sizeof(addr.bytes));
		addr.bytes[test_rand(&seed) % (bits / 8)] ^= 1 << test_rand(&seed) % 8;
		prefix_mask(&prefix);
		for (unsigned i = prefix.len; i < bits; i++)
			assert_int_equal(prefix.bytes[i / 8] >> (7 - i % 8) & 1, 0);
		assert_int_equal(prefix_has_addr(&prefix, &addr), slow_has_addr(&prefix, &addr));
		addr.family ^= 2;
		assert_false(prefix_has_addr(&prefix, &addr));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefix_text_survives_a_round_trip),
		cmocka_unit_test(prefix_without_length_is_the_whole_address),
		cmocka_unit_test(prefix_with_host_bits_is_told_apart_from_rubbish),
		cmocka_unit_test(prefix_covers_what_shares_its_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
