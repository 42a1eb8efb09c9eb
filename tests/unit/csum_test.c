// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/csum.h"
#include "tests/unit/test.h"

// RFC 1071 §3: the words 0001 f203 f4f5 f6f7 sum to ddf2 (before complement).
static void csum_of_rfc1071_example(void **state)
{
	const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	const uint8_t want[] = {0xdd, 0xf2};
	uint16_t sum = csum_fold(csum_add(0, data, sizeof(data)));

	(void)state;
	assert_memory_equal(&sum, want, 2);
}

// RFC 1624 §4: field 0x5555 becomes 0x3285. The RFC 1141 form yields 0xffff.
static void csum_update_rfc1624_example(void **state)
{
	(void)state;
	assert_int_equal(csum_update16(0xdd2f, 0x5555, 0x3285), 0x0000);
}

static uint16_t slow_csum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;
	uint8_t out[2];
	uint16_t csum;

	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)data[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	out[0] = (uint8_t)(sum >> 8);
	out[1] = (uint8_t)sum;
	memcpy(&csum, out, 2);
	return csum;
}

// Oracle: bytes one by one, every length and alignment.
static void csum_of_equals_slow_sum(void **state)
{
	uint64_t seed = 1;
	uint8_t data[300];

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (unsigned i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)test_rand(&seed);
		for (unsigned off = 0; off < 8; off++)
			for (unsigned len = 0; len + off <= sizeof(data); len++)
				assert_int_equal(csum_of(data + off, len),
						 slow_csum(data + off, len));
	}
}

// Oracle: the incremental update equals the checksum of the changed data.
static void csum_update_equals_recompute(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint16_t data[10], old, csum;
		uint32_t from, to;

		for (unsigned j = 0; j < 10; j++)
			data[j] = (uint16_t)test_rand(&seed);
		data[0] |= 1; // all-zero data has two ones' complement checksums
		csum = csum_of(data, sizeof(data));
		old = data[7];
		data[7] = (uint16_t)test_rand(&seed);
		csum = csum_update16(csum, old, data[7]);
		assert_int_equal(csum, csum_of(data, sizeof(data)));
		memcpy(&from, &data[2], 4);
		to = (uint32_t)test_rand(&seed);
		memcpy(&data[2], &to, 4);
		assert_int_equal(csum_update32(csum, from, to), csum_of(data, sizeof(data)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csum_of_rfc1071_example),
		cmocka_unit_test(csum_update_rfc1624_example),
		cmocka_unit_test(csum_of_equals_slow_sum),
		cmocka_unit_test(csum_update_equals_recompute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
