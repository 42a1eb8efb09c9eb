// SPDX-License-Identifier: BSD-3-Clause
// Lookups of both families against a linear scan, on tables built to hurt.
#include "tests/unit/table_oracle.h"

static const char *engine;

enum { ROUTES = 1200, NEXTHOPS = 700 };

static int setup(void **state)
{
	struct oracle *o = malloc(sizeof(*o));

	oracle_init(o, ROUTES + 200, NEXTHOPS);
	assert_int_equal(table_engine_set(o->table, engine), 0);
	*state = o;
	return 0;
}

static int teardown(void **state)
{
	oracle_fini(*state);
	free(*state);
	return 0;
}

// Few enough different bits that prefixes nest and touch: bytes are 0, 1, 255 or
// anything; half the next hops fit a byte.
static struct route route_random(struct oracle *o, uint8_t family, unsigned min_len)
{
	static const uint8_t bytes[] = {0, 1, 255, 128, 127};
	struct route route = {.prefix.family = family, .source = (uint8_t)oracle_rand(o, 3)};
	unsigned bits = oracle_bits(family);

	do
		route.prefix.len = (uint8_t)oracle_rand(o, bits + 1);
	while (route.prefix.len && route.prefix.len < min_len);
	for (unsigned i = 0; i < bits / 8; i++)
		route.prefix.bytes[i] = oracle_rand(o, 8) ? bytes[oracle_rand(o, sizeof(bytes))]
							  : (uint8_t)oracle_rand(o, 256);
	prefix_mask(&route.prefix);
	route.pref = (uint8_t)oracle_rand(o, 3);
	route.nh = (uint16_t)(1 + oracle_rand(o, oracle_rand(o, 2) ? NEXTHOPS : 50));
	return route;
}

// Adds and removes, more adds while the table is small.
static void churn_from(struct oracle *o, unsigned n, unsigned target, unsigned min_len)
{
	for (unsigned i = 0; i < n; i++) {
		struct route route = route_random(o, oracle_rand(o, 2) ? 4 : 6, min_len);

		if (o->n && oracle_rand(o, 2 * target) < o->n)
			oracle_del(o, oracle_rand(o, o->n));
		else if (o->n < ROUTES)
			oracle_add(o, &route);
	}
}

// Shorter ones than these may be left to table_step().
static void churn(struct oracle *o, unsigned n, unsigned target)
{
	churn_from(o, n, target, 8);
}

static void single_changes_are_seen_at_once_in_built_slots(void **state)
{
	struct oracle *o = *state;

	oracle_build_all(o);
	for (unsigned round = 0; round < 60; round++) {
		churn(o, 40, 400);
		oracle_check(o, 60);
		assert_true(table_sanity(o->table));
	}
}

static void unbuilt_slots_answer_like_built_ones(void **state)
{
	struct oracle *o = *state;

	for (unsigned round = 0; round < 12; round++) {
		table_bulk_start(o->table);
		churn(o, 100, 600);
		table_bulk_stop(o->table);
		if (round)
			oracle_build_all(o);
		oracle_check(o, 100);
	}
}

static void half_built_tables_are_right(void **state)
{
	struct oracle *o = *state;

	churn(o, 800, 600);
	for (unsigned step = 0; step < 30; step++) {
		churn(o, 20, 600);
		(void)table_step(o->table, 100000);
		oracle_check(o, 20);
	}
	oracle_build_all(o);
	oracle_check(o, 100);
}

static void bulk_changes_reach_built_slots_with_the_next_steps(void **state)
{
	struct oracle *o = *state;

	churn(o, 600, 400);
	oracle_build_all(o);
	for (unsigned round = 0; round < 5; round++) {
		table_bulk_start(o->table);
		churn(o, 300, 400);
		table_bulk_stop(o->table);
		churn(o, 30, 400); // on slots that are behind
		oracle_build_all(o);
		oracle_check(o, 100);
	}
}

static void very_short_prefixes_arrive_with_the_next_steps(void **state)
{
	struct oracle *o = *state;

	oracle_build_all(o);
	for (unsigned round = 0; round < 20; round++) {
		churn_from(o, 60, 200, 1);
		oracle_build_all(o);
		oracle_check(o, 60);
	}
}

// One prefix of each length over one address, in random order, and away again.
static void chain(struct oracle *o, uint8_t family, uint8_t fill)
{
	unsigned bits = oracle_bits(family);
	uint8_t order[129];

	for (unsigned i = 0; i <= bits; i++) {
		unsigned j = oracle_rand(o, i + 1);

		order[i] = order[j];
		order[j] = (uint8_t)i;
	}
	for (unsigned i = 0; i <= bits; i++) {
		struct route route = {.prefix = {.family = family, .len = order[i]},
				      .nh = (uint16_t)(1 + order[i])};

		memset(route.prefix.bytes, fill, bits / 8);
		prefix_mask(&route.prefix);
		oracle_add(o, &route);
		if (order[i] < 8)
			oracle_build_all(o);
		if (i % 8 == 0)
			oracle_check(o, 10);
	}
	oracle_check(o, 100);
	assert_true(table_sanity(o->table));
	while (o->n) {
		oracle_del(o, oracle_rand(o, o->n));
		if (o->n % 8)
			continue;
		oracle_build_all(o);
		oracle_check(o, 10);
	}
	assert_true(table_sanity(o->table));
}

static void nested_chains_of_all_lengths_come_and_go(void **state)
{
	struct oracle *o = *state;
	const uint8_t fills[] = {0, 0xff, 0xaa, 0x55};

	oracle_build_all(o);
	for (unsigned i = 0; i < sizeof(fills); i++) {
		chain(o, 4, fills[i]);
		chain(o, 6, fills[i]);
	}
}

// A node whose leaves all differ, and hosts below some of them.
static void dense_blocks_with_hosts_below_are_exact(void **state)
{
	struct oracle *o = *state;
	struct route route = {.prefix = {.family = 4, .bytes = {10, 1}}};

	oracle_build_all(o);
	for (unsigned i = 0; i < 64 * 8; i++) {
		route.prefix.len = i % 8 ? 32 : 24;
		route.prefix.bytes[2] = (uint8_t)(i / 8);
		route.prefix.bytes[3] = (uint8_t)(i % 8 * 37);
		route.nh = (uint16_t)(1 + i);
		if (i % 8)
			prefix_mask(&route.prefix);
		oracle_add(o, &route);
	}
	oracle_check(o, 200);
	for (unsigned i = 0; i < 400; i++)
		oracle_del(o, oracle_rand(o, o->n));
	oracle_check(o, 200);
	assert_true(table_sanity(o->table));
}

static void dense_ip6_nodes_are_exact(void **state)
{
	struct oracle *o = *state;
	struct route route = {.prefix = {.family = 6, .bytes = {0x20, 1, 0x0d, 0xb8}}};

	oracle_build_all(o);
	for (unsigned i = 0; i < 256; i++) {
		route.prefix.bytes[4] = (uint8_t)i;
		route.prefix.len = 40;
		route.nh = (uint16_t)(1 + i % 3);
		oracle_add(o, &route);
		route.prefix.len = i % 2 ? 64 : 128;
		route.prefix.bytes[7] = 1;
		route.nh = (uint16_t)(1 + i);
		oracle_add(o, &route);
		route.prefix.bytes[7] = 0;
	}
	oracle_check(o, 200);
	route.prefix = (struct prefix){.family = 6, .len = 3, .bytes = {0x20}};
	oracle_add(o, &route);
	oracle_build_all(o);
	oracle_check(o, 100);
	oracle_del(o, o->n - 1);
	oracle_build_all(o);
	for (unsigned i = 0; i < 400; i++)
		oracle_del(o, oracle_rand(o, o->n));
	oracle_check(o, 200);
	assert_true(table_sanity(o->table));
}

// Any n, any rest of a vector, and the same answers as one by one.
static void bulk_of_every_size_equals_single_lookups(void **state)
{
	struct oracle *o = *state;
	uint32_t dst4[300];
	uint8_t bytes[300 * 16 + 1];
	const uint8_t *dst6[300];
	uint16_t nh[301];

	churn(o, 900, 700);
	(void)table_step(o->table, 2000000);
	for (unsigned n = 0; n <= 300; n += n < 70 ? 1 : 23) {
		for (unsigned i = 0; i < n; i++) {
			const struct prefix *p = &o->route[oracle_rand(o, o->n)].prefix;

			dst4[i] = (uint32_t)p->bytes[0] << 24 | (uint32_t)p->bytes[1] << 16 |
				  (uint32_t)p->bytes[2] << 8 | oracle_rand(o, 256);
			dst6[i] = bytes + 1 + 16 * i; // unaligned
			memcpy(bytes + 1 + 16 * i, p->bytes, 16);
		}
		nh[n] = 0xbeef;
		fib4_lookup_bulk(table_fib4(o->table), dst4, nh, n);
		for (unsigned i = 0; i < n; i++) {
			uint16_t one;

			fib4_lookup_bulk(table_fib4(o->table), &dst4[i], &one, 1);
			assert_int_equal(nh[i], one);
		}
		fib6_lookup_bulk(table_fib6(o->table), dst6, nh, n);
		for (unsigned i = 0; i < n; i++) {
			uint16_t one;

			fib6_lookup_bulk(table_fib6(o->table), &dst6[i], &one, 1);
			assert_int_equal(nh[i], one);
		}
		assert_int_equal(nh[n], 0xbeef);
	}
}

#define fib_unit_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		fib_unit_test(single_changes_are_seen_at_once_in_built_slots),
		fib_unit_test(unbuilt_slots_answer_like_built_ones),
		fib_unit_test(half_built_tables_are_right),
		fib_unit_test(bulk_changes_reach_built_slots_with_the_next_steps),
		fib_unit_test(very_short_prefixes_arrive_with_the_next_steps),
		fib_unit_test(nested_chains_of_all_lengths_come_and_go),
		fib_unit_test(dense_blocks_with_hosts_below_are_exact),
		fib_unit_test(dense_ip6_nodes_are_exact),
		fib_unit_test(bulk_of_every_size_equals_single_lookups),
	};
	const char *engines[] = {"scalar", "avx2", "avx512"};
	int n_failed = 0;

	for (unsigned i = 0; i < ARRAY_LEN(engines); i++) {
		struct table *probe = table_new(NULL);
		bool has = probe && !table_engine_set(probe, engines[i]);

		table_free(probe);
		engine = engines[i];
		print_message("engine %s%s\n", engine, has ? "" : ": skipped, not on this machine");
		if (has)
			n_failed += cmocka_run_group_tests(tests, NULL, NULL);
	}
	return n_failed;
}
