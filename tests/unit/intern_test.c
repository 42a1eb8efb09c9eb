// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/intern_test.h"

#include "dataplane/base/err.h"
#include "dataplane/base/intern.h"
#include "dataplane/base/siphash.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

enum { STRINGS = 3000, LEN_MAX = 24 };

// SipHash paper, appendix A: key 00..0f, message 00..0e; and the empty message.
static void siphash_gives_the_papers_value(void **state)
{
	uint8_t bytes[16];
	uint64_t key[2];

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		bytes[i] = (uint8_t)i;
	memcpy(key, bytes, sizeof(key));
	assert_true(siphash(key, bytes, 15) == 0xa129ca6149be45e5ull);
	assert_true(siphash(key, bytes, 0) == 0x726fdb47dd0e0e31ull);
}

static uint64_t hash_all_equal(const uint64_t key[2], const void *bytes, size_t len)
{
	return 0x1234567890abcdefull;
}

// The bug of a predecessor: ids by hash alone merge what is different.
static void equal_hashes_do_not_merge_different_sets(void **state)
{
	struct intern *in = intern_new_hashed(1 << 20, hash_all_equal);
	const char *text[] = {"65001 65002", "65001 65003", "65001 6500", "", "65001 65002 "};
	uint32_t id[5], again;
	size_t len;

	(void)state;
	assert_non_null(in);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(intern_get(in, text[i], strlen(text[i]), &id[i]), 0);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(id[i], id[j]);
	}
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(intern_get(in, text[i], strlen(text[i]), &again), 0);
		assert_int_equal(again, id[i]);
		assert_memory_equal(intern_bytes(in, again, &len), text[i], strlen(text[i]));
		assert_int_equal(len, strlen(text[i]));
	}
	intern_free(in);
}

// The obvious table: a list of strings with their counts.
struct known {
	char bytes[LEN_MAX];
	size_t len;
	uint32_t id, refs;
};

static struct known *known_find(struct known known[], const char *bytes, size_t len)
{
	for (unsigned i = 0; i < STRINGS; i++)
		if (known[i].refs && known[i].len == len && !memcmp(known[i].bytes, bytes, len))
			return &known[i];
	return NULL;
}

static struct known *known_free(struct known known[])
{
	for (unsigned i = 0; i < STRINGS; i++)
		if (!known[i].refs)
			return &known[i];
	return NULL;
}

static void get_random(struct intern *in, struct known known[], uint64_t *seed)
{
	char bytes[LEN_MAX] = {0};
	size_t len = test_rand(seed) % LEN_MAX;
	struct known *k;
	uint32_t id;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(test_rand(seed) % 3); // often the same
	assert_int_equal(intern_get(in, bytes, len, &id), 0);
	k = known_find(known, bytes, len);
	if (!k) {
		for (unsigned i = 0; i < STRINGS; i++)
			assert_true(!known[i].refs || known[i].id != id);
		k = known_free(known);
		assert_non_null(k);
		*k = (struct known){.len = len, .id = id};
		memcpy(k->bytes, bytes, len);
	}
	assert_int_equal(k->id, id);
	k->refs++;
	assert_int_equal(intern_refs(in, id), k->refs);
}

static void put_random(struct intern *in, struct known known[], uint64_t *seed)
{
	struct known *k = &known[test_rand(seed) % STRINGS];

	if (!k->refs)
		return;
	intern_put(in, k->id);
	if (!--k->refs)
		assert_int_equal(intern_refs(in, k->id), 0);
}

static void ids_and_counts_equal_those_of_a_list(void **state)
{
	intern_hash_fn *const hash[] = {siphash, hash_all_equal};
	static struct known known[STRINGS];
	struct intern_stats empty, stats;
	uint64_t seed = 1;

	(void)state;
	for (unsigned h = 0; h < 2; h++) {
		struct intern *in = intern_new_hashed(1 << 24, hash[h]);

		intern_stats_get(in, &empty);
		for (unsigned i = 0; i < 6000; i++)
			if (test_rand(&seed) % 5 < 2)
				get_random(in, known, &seed);
			else
				put_random(in, known, &seed);
		for (unsigned i = 0; i < STRINGS; i++) {
			size_t len;

			if (!known[i].refs)
				continue;
			assert_memory_equal(intern_bytes(in, known[i].id, &len), known[i].bytes,
					    known[i].len);
			for (; known[i].refs; known[i].refs--)
				intern_put(in, known[i].id);
			assert_null(intern_bytes(in, known[i].id, &len));
		}
		intern_stats_get(in, &stats);
		assert_int_equal(stats.n, 0);
		assert_int_equal(stats.bytes, empty.bytes);
		intern_free(in);
	}
}

static void ids_are_used_again(void **state)
{
	struct intern *in = intern_new(1 << 24);
	uint32_t id, max = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		assert_int_equal(intern_get(in, &i, sizeof(i), &id), 0);
		max = id > max ? id : max;
		intern_put(in, id);
	}
	assert_int_equal(max, 1);
	assert_int_equal(intern_refs(in, 0), 0);
	assert_int_equal(intern_refs(in, 77), 0);
	intern_free(in);
}

static void memory_is_bounded_and_refusal_counted(void **state)
{
	struct intern *in = intern_new(1 << 20);
	struct intern_stats stats;
	uint64_t set[8] = {0};
	uint32_t id = 0, n = 0;
	int rc;

	(void)state;
	while ((rc = intern_get(in, set, sizeof(set), &id)) == 0) {
		n++;
		set[0]++;
	}
	assert_int_equal(rc, -ENOSPC);
	assert_int_equal(id, 0);
	intern_stats_get(in, &stats);
	assert_int_equal(stats.n_refused, 1);
	assert_int_equal(stats.n, n);
	assert_true(stats.bytes <= 1 << 20 && n > 4000);
	set[0] = 5; // what is known needs no memory
	assert_int_equal(intern_get(in, set, sizeof(set), &id), 0);
	intern_put(in, id);
	intern_put(in, id);
	set[0] = UINT64_MAX; // and one that went makes room for another
	assert_int_equal(intern_get(in, set, sizeof(set), &id), 0);
	assert_int_equal(intern_get(in, set, INTERN_LEN_MAX + 1, &id), -E2BIG);
	intern_free(in);
}

static void a_hundred_thousand_sets_are_all_found(void **state)
{
	struct intern *in = intern_new(1 << 26);
	uint32_t id;

	(void)state;
	for (uint64_t i = 0; i < 100000; i++) {
		uint64_t set[3] = {i * 77, 5, i};

		assert_int_equal(intern_get(in, set, sizeof(set), &id), 0);
		assert_int_equal(id, i + 1);
	}
	for (uint64_t i = 0; i < 100000; i++) {
		uint64_t set[3] = {i * 77, 5, i};

		assert_int_equal(intern_get(in, set, sizeof(set), &id), 0);
		assert_int_equal(id, i + 1);
	}
	intern_free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_gives_the_papers_value),
		cmocka_unit_test(equal_hashes_do_not_merge_different_sets),
		cmocka_unit_test(ids_and_counts_equal_those_of_a_list),
		cmocka_unit_test(ids_are_used_again),
		cmocka_unit_test(memory_is_bounded_and_refusal_counted),
		cmocka_unit_test(a_hundred_thousand_sets_are_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
