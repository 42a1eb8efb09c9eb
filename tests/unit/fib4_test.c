// SPDX-License-Identifier: BSD-3-Clause
// Changes inside a few root slots of the IPv4 table: one by one (a node is
// spliced) and in bursts, against a list that is searched from end to end.
#include "dataplane/route/fib4.h"
#include "dataplane/route/fib4_burst.h"
#include "dataplane/route/fib4_layout.h"
#include "tests/unit/table_oracle.h"

enum { ROUTES = 600, NEXTHOPS = 600, SLOTS = 3 };

static int setup(void **state)
{
	struct oracle *o = malloc(sizeof(*o));

	oracle_init(o, ROUTES, NEXTHOPS);
	*state = o;
	return 0;
}

static int teardown(void **state)
{
	oracle_fini(*state);
	free(*state);
	return 0;
}

// In the slots of 10.0.0.0/18, 10.0.64.0/18 and 10.0.128.0/18; mostly of lengths
// that are spliced. Next hops: few, so that neighbours agree, and some wide ones.
static struct route route_random(struct oracle *o, unsigned n_narrow, unsigned one_in_deep)
{
	struct route route = {.prefix = {.family = 4, .bytes = {10}}, .source = ROUTE_BGP};
	unsigned len = 19 + oracle_rand(o, 6);

	if (!oracle_rand(o, 30))
		len = 15 + oracle_rand(o, 4);
	else if (one_in_deep && !oracle_rand(o, one_in_deep))
		len = 25 + oracle_rand(o, 8);
	route.prefix.len = (uint8_t)len;
	route.prefix.bytes[2] = (uint8_t)oracle_rand(o, SLOTS * 64);
	route.prefix.bytes[3] = (uint8_t)test_rand(&o->seed);
	prefix_mask(&route.prefix);
	route.nh = (uint16_t)(1 + oracle_rand(o, n_narrow));
	if (!oracle_rand(o, 20))
		route.nh = (uint16_t)(250 + oracle_rand(o, 300));
	return route;
}

static void change_random(struct oracle *o, unsigned n_narrow, unsigned one_in_deep, unsigned most)
{
	if (o->n < most && oracle_rand(o, 5) < 3) {
		struct route route = route_random(o, n_narrow, one_in_deep);

		oracle_add(o, &route);
	} else if (o->n) {
		oracle_del(o, oracle_rand(o, o->n));
	}
}

static void flap_random(struct oracle *o)
{
	unsigned i = oracle_rand(o, o->n ? o->n : 1);
	struct route route = o->route[i];

	if (!o->n)
		return;
	oracle_del(o, i);
	oracle_add(o, &route);
}

static uint16_t slow_answer(const struct oracle *o, const struct addr *addr)
{
	const struct route *best = oracle_match(o, addr);

	return best ? best->nh : 0;
}

// Every /24 of the slots and of their neighbours, at both ends.
static void slots_check(const struct oracle *o)
{
	for (unsigned i = 0; i < 256; i++)
		for (unsigned last = 0; last < 2; last++) {
			struct addr addr = {4, {10, 0, (uint8_t)i, last ? 255 : 0}};

			assert_int_equal(table_lookup(o->table, &addr), slow_answer(o, &addr));
		}
}

static void changes_one_by_one_are_right_everywhere(void **state)
{
	struct oracle *o = *state;

	for (unsigned round = 0; round < 12; round++) {
		oracle_build_all(o);
		for (unsigned i = 0; i < 300; i++) {
			change_random(o, 1 + round % 4 * 3, round % 3 * 8, 20 + round * 20);
			slots_check(o);
		}
		assert_true(fib4_sanity(table_fib4(o->table)));
	}
}

static void bursts_end_in_the_right_answers(void **state)
{
	struct oracle *o = *state;

	oracle_build_all(o);
	for (unsigned round = 0; round < 400; round++) {
		unsigned n = 1 + oracle_rand(o, round % 8 ? 12 : 200);

		table_burst_start(o->table);
		for (unsigned i = 0; i < n; i++)
			if (oracle_rand(o, 2))
				flap_random(o);
			else
				change_random(o, 1 + round % 4 * 3, round % 3 * 8, ROUTES - 1);
		if (round % 5 == 0) // a step of the control thread in the middle
			(void)table_step(o->table, 1000);
		table_burst_stop(o->table);
		while (table_step(o->table, 1000000))
			;
		slots_check(o);
		assert_true(fib4_sanity(table_fib4(o->table)));
	}
}

static void a_burst_takes_effect_at_its_stop(void **state)
{
	struct oracle *o = *state;
	struct route route = {.prefix = {4, 24, {10, 0, 1}}, .source = ROUTE_BGP, .nh = 1};
	struct addr addr = {4, {10, 0, 1, 1}};

	oracle_add(o, &route);
	oracle_build_all(o);
	table_burst_start(o->table);
	oracle_del(o, 0);
	assert_int_equal(table_lookup(o->table, &addr), 1);
	route.nh = 2;
	oracle_add(o, &route);
	assert_int_equal(table_lookup(o->table, &addr), 1);
	table_burst_stop(o->table);
	assert_int_equal(table_lookup(o->table, &addr), 2);
}

// A slot rebuilt in the midst of a burst must not keep what the burst takes back.
static void a_step_in_a_burst_loses_no_change(void **state)
{
	struct oracle *o = *state;
	struct route flapping = {.prefix = {4, 24, {10, 0, 1}}, .source = ROUTE_BGP, .nh = 1};
	struct route longer = {.prefix = {4, 32, {10, 0, 9, 9}}, .source = ROUTE_BGP, .nh = 3};

	oracle_add(o, &flapping);
	oracle_build_all(o);
	table_burst_start(o->table);
	oracle_del(o, 0);
	oracle_add(o, &longer); // marks the whole slot
	(void)table_step(o->table, 1000000);
	oracle_add(o, &flapping);
	table_burst_stop(o->table);
	slots_check(o);
}

// What comes back as it was costs no node.
static void a_flap_in_a_burst_builds_nothing(void **state)
{
	struct oracle *o = *state;
	struct table_stats before, after;

	for (unsigned i = 0; i < 64; i++) {
		struct route route = {.prefix = {4, 24, {10, 0, (uint8_t)i}},
				      .source = ROUTE_BGP,
				      .nh = (uint16_t)(1 + i % 7)};

		oracle_add(o, &route);
	}
	oracle_build_all(o);
	table_stats_get(o->table, &before);
	table_burst_start(o->table);
	for (unsigned i = 0; i < 3; i++) {
		struct route route = o->route[5];

		oracle_del(o, 5);
		oracle_add(o, &route);
	}
	table_burst_stop(o->table);
	table_stats_get(o->table, &after);
	assert_int_equal(before.fib4_bytes, after.fib4_bytes); // retired memory counts
	slots_check(o);
}

static void a_burst_remembers_first_and_last(void **state)
{
	static struct fib4_burst burst;
	struct fib4_burst_change change = {.first = 3, .len = 24, .old = 5};

	assert_true(fib4_burst_add(&burst, 77, &change));
	change = (struct fib4_burst_change){.first = 3, .len = 24, .new = 6};
	assert_true(fib4_burst_add(&burst, 77, &change));
	change = (struct fib4_burst_change){.first = 4, .len = 24, .old = 6};
	assert_true(fib4_burst_add(&burst, 77, &change));
	assert_int_equal(burst.n, 1);
	change = (struct fib4_burst_change){.first = 3, .len = 24, .old = 6, .new = 5};
	assert_true(fib4_burst_add(&burst, 77, &change));
	assert_int_equal(fib4_burst_net(&burst.slot[burst.used[0]]), 1);
	assert_int_equal(burst.slot[burst.used[0]].change[0].first, 4);
	(void)state;
}

static void a_node_narrows_when_its_last_wide_answer_goes(void **state)
{
	struct oracle *o = *state;
	struct route wide = {.prefix = {4, 24, {10, 0, 5}}, .source = ROUTE_BGP, .nh = 400};
	const unsigned slot = 10 << 10;

	for (unsigned i = 0; i < 3; i++) {
		struct route route = {.prefix = {4, 24, {10, 0, (uint8_t)i}},
				      .source = ROUTE_BGP,
				      .nh = (uint16_t)(1 + i)};

		oracle_add(o, &route);
	}
	oracle_build_all(o);
	assert_false(table_fib4(o->table)->root[slot] & FIB4_WIDE);
	oracle_add(o, &wide);
	assert_true(table_fib4(o->table)->root[slot] & FIB4_WIDE);
	oracle_del(o, 3);
	assert_false(table_fib4(o->table)->root[slot] & FIB4_WIDE);
	slots_check(o);
}

// More slots than a burst has seats for.
static void a_burst_of_everything_is_worked_off_in_parts(void **state)
{
	struct oracle *o = *state;
	struct route route = {.prefix = {.family = 4, .len = 24}, .source = ROUTE_BGP};

	for (unsigned pass = 0; pass < 2; pass++) {
		table_burst_start(o->table);
		for (unsigned i = 0; i < 3 * FIB4_BURST_MAX; i++) {
			route.prefix.bytes[0] = (uint8_t)(1 + (i >> 10));
			route.prefix.bytes[1] = (uint8_t)(i >> 2);
			route.prefix.bytes[2] = (uint8_t)(i << 6);
			route.nh = (uint16_t)(1 + (i + pass) % 100);
			assert_int_equal(table_add(o->table, &route), 0);
		}
		table_burst_stop(o->table);
		for (unsigned i = 0; i < 3 * FIB4_BURST_MAX; i++) {
			struct addr addr = {4,
					    {(uint8_t)(1 + (i >> 10)), (uint8_t)(i >> 2),
					     (uint8_t)(i << 6), 9}};

			assert_int_equal(table_lookup(o->table, &addr), 1 + (i + pass) % 100);
		}
		oracle_build_all(o);
	}
	while (table_flush(o->table, ROUTE_BGP, 10000))
		;
}

#define fib4_unit_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		fib4_unit_test(changes_one_by_one_are_right_everywhere),
		fib4_unit_test(bursts_end_in_the_right_answers),
		fib4_unit_test(a_burst_takes_effect_at_its_stop),
		fib4_unit_test(a_step_in_a_burst_loses_no_change),
		fib4_unit_test(a_flap_in_a_burst_builds_nothing),
		fib4_unit_test(a_burst_remembers_first_and_last),
		fib4_unit_test(a_node_narrows_when_its_last_wide_answer_goes),
		fib4_unit_test(a_burst_of_everything_is_worked_off_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
