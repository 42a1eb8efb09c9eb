// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/err.h"
#include "tests/unit/table_oracle.h"

#include <stdio.h>
#include <unistd.h>

enum { ROUTES = 4000, NEXTHOPS = 100 };

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

static struct route route_of(const char *text, enum route_source source, unsigned nh)
{
	struct route route = {.source = (uint8_t)source, .nh = (uint16_t)nh};

	assert_int_equal(prefix_parse(text, &route.prefix), 0);
	return route;
}

static void add(struct oracle *o, const char *text, enum route_source source, unsigned nh)
{
	struct route route = route_of(text, source, nh);

	oracle_add(o, &route);
}

static uint16_t lookup(const struct oracle *o, const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return table_lookup(o->table, &addr);
}

static void what_is_no_route_is_refused(void **state)
{
	struct oracle *o = *state;
	struct route route = route_of("10.0.0.0/8", ROUTE_STATIC, 1), bad;
	struct table_stats stats;

	bad = route;
	bad.prefix.bytes[1] = 1; // host bits
	assert_int_equal(table_add(o->table, &bad), -EINVAL);
	bad = route;
	bad.prefix.len = 33;
	assert_int_equal(table_add(o->table, &bad), -EINVAL);
	bad.prefix.len = 8;
	bad.prefix.family = 5;
	assert_int_equal(table_add(o->table, &bad), -EINVAL);
	bad = route;
	bad.source = ROUTE_N_SOURCES;
	assert_int_equal(table_add(o->table, &bad), -EINVAL);
	bad = route;
	bad.nh = 0;
	assert_int_equal(table_add(o->table, &bad), -EINVAL);
	assert_int_equal(table_del(o->table, &route.prefix, ROUTE_STATIC), -ENOENT);
	assert_int_equal(table_add(o->table, &route), 0);
	assert_int_equal(table_del(o->table, &route.prefix, ROUTE_BGP), -ENOENT);
	table_stats_get(o->table, &stats);
	assert_int_equal(stats.n_routes4, 1);
	assert_int_equal(stats.n_by_source[ROUTE_STATIC], 1);
}

static void lower_source_wins_and_the_next_one_takes_over(void **state)
{
	struct oracle *o = *state;
	struct route out[8], want = route_of("10.0.0.0/8", ROUTE_STATIC, 3);
	const unsigned order[] = {ROUTE_BGP,   ROUTE_CONNECTED, ROUTE_KERNEL, ROUTE_STATIC,
				  ROUTE_NEIGH, ROUTE_LOCAL,	ROUTE_MRT};
	unsigned best = ROUTE_N_SOURCES;

	for (unsigned i = 0; i < 7; i++) {
		best = order[i] < best ? order[i] : best;
		add(o, "10.0.0.0/8", order[i], 1 + order[i]);
		assert_int_equal(lookup(o, "10.1.2.3"), 1 + best);
	}
	assert_int_equal(table_paths(o->table, &want.prefix, out, 8), 7);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(out[i].source, i);
	assert_int_equal(table_paths(o->table, &want.prefix, out, 2), 2);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(lookup(o, "10.1.2.3"), 1 + i);
		assert_int_equal(table_get(o->table, &want.prefix, out), 0);
		assert_int_equal(out[0].source, i);
		assert_int_equal(table_del(o->table, &want.prefix, i), 0);
	}
	assert_int_equal(table_get(o->table, &want.prefix, out), -ENOENT);
	assert_int_equal(lookup(o, "10.1.2.3"), 0);
	assert_true(table_sanity(o->table));
}

static void second_route_of_a_source_replaces_the_first(void **state)
{
	struct oracle *o = *state;
	struct route out[8], route = route_of("2001:db8::/32", ROUTE_STATIC, 3);

	add(o, "2001:db8::/32", ROUTE_STATIC, 1);
	add(o, "2001:db8::/32", ROUTE_STATIC, 2);
	assert_int_equal(table_paths(o->table, &route.prefix, out, 8), 1);
	assert_int_equal(lookup(o, "2001:db8::1"), 2);
	add(o, "2001:db8::/32", ROUTE_BGP, 4);
	add(o, "2001:db8::/32", ROUTE_STATIC, 3);
	assert_int_equal(table_paths(o->table, &route.prefix, out, 8), 2);
	assert_int_equal(lookup(o, "2001:db8::1"), 3);
}

static void default_routes_catch_what_nothing_else_does(void **state)
{
	struct oracle *o = *state;

	for (unsigned built = 0; built < 2; built++) {
		add(o, "10.0.0.0/8", ROUTE_STATIC, 1);
		assert_int_equal(lookup(o, "11.0.0.1"), NEXTHOP_DEFAULT);
		add(o, "0.0.0.0/0", ROUTE_STATIC, 2);
		add(o, "::/0", ROUTE_STATIC, 3);
		assert_int_equal(lookup(o, "11.0.0.1"), 2);
		assert_int_equal(lookup(o, "10.0.0.1"), 1);
		assert_int_equal(lookup(o, "2001:db8::1"), 3);
		add(o, "0.0.0.0/0", ROUTE_STATIC, 4);
		assert_int_equal(lookup(o, "255.255.255.255"), 4);
		while (o->n)
			oracle_del(o, 0);
		assert_int_equal(lookup(o, "11.0.0.1"), NEXTHOP_DEFAULT);
		assert_int_equal(lookup(o, "2001:db8::1"), NEXTHOP_DEFAULT);
		oracle_build_all(o);
	}
}

static void two_tables_know_nothing_of_each_other(void **state)
{
	struct oracle *o = *state;
	struct table *other = table_new(o->nhs);
	struct route route = route_of("10.0.0.0/8", ROUTE_STATIC, 7);
	struct addr addr = {.family = 4, .bytes = {10}};

	assert_non_null(other);
	add(o, "10.0.0.0/8", ROUTE_STATIC, 1);
	assert_int_equal(table_lookup(other, &addr), 0);
	assert_int_equal(table_add(other, &route), 0);
	assert_int_equal(table_lookup(other, &addr), 7);
	assert_int_equal(table_lookup(o->table, &addr), 1);
	table_free(other);
	assert_int_equal(table_lookup(o->table, &addr), 1);
}

static int order_of(const void *a, const void *b)
{
	const struct route *ra = a, *rb = b;

	if (ra->prefix.family != rb->prefix.family)
		return ra->prefix.family - rb->prefix.family;
	if (memcmp(ra->prefix.bytes, rb->prefix.bytes, 16))
		return memcmp(ra->prefix.bytes, rb->prefix.bytes, 16);
	return ra->prefix.len - rb->prefix.len;
}

static struct prefix prefix_random(struct oracle *o)
{
	struct prefix prefix = {.family = oracle_rand(o, 2) ? 4 : 6};
	unsigned bits = oracle_bits(prefix.family);

	prefix.len = (uint8_t)oracle_rand(o, bits + 1);
	for (unsigned i = 0; i < bits / 8; i++)
		prefix.bytes[i] = (uint8_t)(oracle_rand(o, 4) * 85);
	prefix_mask(&prefix);
	return prefix;
}

static void fill_random(struct oracle *o, unsigned n, unsigned n_sources)
{
	for (unsigned i = 0; i < n; i++) {
		struct route route = {.prefix = prefix_random(o),
				      .source = (uint8_t)oracle_rand(o, n_sources),
				      .nh = (uint16_t)(1 + oracle_rand(o, NEXTHOPS))};

		oracle_add(o, &route);
	}
}

static void walk_pages_through_all_prefixes_in_order(void **state)
{
	static struct route out[ROUTES];
	struct oracle *o = *state;
	struct prefix from;
	size_t n;

	fill_random(o, 3000, 1);
	qsort(o->route, o->n, sizeof(*o->route), order_of);
	for (size_t page = 1; page < ROUTES; page = page * 3 + 1) {
		size_t total = table_walk(o->table, NULL, out, page);

		while (total < o->n) {
			n = table_walk(o->table, &out[total - 1].prefix, out + total, page);
			assert_true(n > 0 && n <= page);
			total += n;
		}
		assert_int_equal(total, o->n);
		assert_memory_equal(out, o->route, total * sizeof(*out));
		assert_int_equal(table_walk(o->table, &out[total - 1].prefix, out, page), 0);
	}
	for (unsigned i = 0; i < 200; i++) { // from anywhere
		unsigned want = 0;
		struct route key = {.prefix = from = prefix_random(o)};

		while (want < o->n && order_of(&o->route[want], &key) <= 0)
			want++;
		n = table_walk(o->table, &from, out, 1);
		assert_int_equal(n, want < o->n);
		if (n)
			assert_memory_equal(out, &o->route[want], sizeof(*out));
	}
}

static bool covers(const struct prefix *a, const struct prefix *b)
{
	struct addr addr = {.family = b->family};

	memcpy(addr.bytes, b->bytes, sizeof(addr.bytes));
	return a->len <= b->len && prefix_has_addr(a, &addr);
}

// Against a list in order: what a prefix covers, page by page, and what covers it.
static void queries_below_and_above_a_prefix_find_what_a_list_says(void **state)
{
	static struct route out[ROUTES], want[ROUTES];
	struct oracle *o = *state;
	struct route covering[TABLE_COVERING_MAX];

	fill_random(o, 3000, 1);
	qsort(o->route, o->n, sizeof(*o->route), order_of);
	for (unsigned i = 0; i < 600; i++) {
		struct prefix prefix =
			i % 2 ? prefix_random(o) : o->route[oracle_rand(o, o->n)].prefix;
		size_t n_want = 0, n = 0, page, more;
		unsigned n_covering = table_covering(o->table, &prefix, covering), at = 0;

		for (unsigned j = 0; j < o->n; j++) {
			if (covers(&prefix, &o->route[j].prefix))
				want[n_want++] = o->route[j];
			if (covers(&o->route[j].prefix, &prefix)) {
				assert_true(at < n_covering);
				assert_memory_equal(&covering[at++], &o->route[j], sizeof(*out));
			}
		}
		assert_int_equal(at, n_covering);
		page = 1 + oracle_rand(o, 200);
		while ((more = table_walk_below(o->table, &prefix, n ? &out[n - 1].prefix : NULL,
						&out[n], page))) {
			assert_true(more <= page);
			n += more;
		}
		assert_int_equal(n, n_want);
		assert_memory_equal(out, want, n * sizeof(*out));
	}
}

static void flush_removes_one_source_piece_by_piece(void **state)
{
	struct oracle *o = *state;
	struct table_stats stats;
	size_t left = SIZE_MAX;

	fill_random(o, 3000, 3);
	table_stats_get(o->table, &stats);
	while (left) {
		size_t before = left;

		left = table_flush(o->table, 1, 100);
		assert_true(before == SIZE_MAX || before - left <= 100);
	}
	for (unsigned i = o->n; i--;)
		if (o->route[i].source == 1)
			o->route[i] = o->route[--o->n];
	oracle_build_all(o);
	oracle_check(o, 500);
	assert_int_equal(table_flush(o->table, 1, 100), 0);
	table_stats_get(o->table, &stats);
	assert_int_equal(stats.n_by_source[1], 0);
	assert_int_equal(stats.n_by_source[0] + stats.n_by_source[2], o->n);
}

static void step_until_count(struct oracle *o, unsigned want)
{
	for (int ms = 0; ms < 5000 && nexthops_count(o->nhs) != want; ms++) {
		(void)table_step(o->table, 1000000);
		nexthops_step(o->nhs);
		usleep(1000);
	}
	assert_int_equal(nexthops_count(o->nhs), want);
}

static void next_hops_live_as_long_as_a_route_names_them(void **state)
{
	struct oracle *o = *state;

	fill_random(o, 2000, 4);
	for (unsigned id = 1; id <= NEXTHOPS; id++)
		nexthop_put(o->nhs, (uint16_t)id);
	oracle_build_all(o);
	assert_int_equal(nexthops_count(o->nhs), NEXTHOPS);
	table_bulk_start(o->table);
	while (o->n)
		oracle_del(o, oracle_rand(o, o->n));
	for (int i = 0; i < 50; i++) { // slots are behind: ids must not be given away
		nexthops_step(o->nhs);
		usleep(1000);
	}
	assert_int_equal(nexthops_count(o->nhs), NEXTHOPS);
	table_bulk_stop(o->table);
	step_until_count(o, 0);
}

// The node of what went leaves a tombstone in the one above.
static void a_prefix_comes_back_below_a_node_that_went(void **state)
{
	struct oracle *o = *state;

	for (unsigned i = 0; i < 8; i++) {
		char text[PREFIX_TEXT_MAX];

		snprintf(text, sizeof(text), "10.%u.1.0/24", i);
		add(o, text, ROUTE_STATIC, 1);
	}
	for (unsigned round = 0; round < 3; round++) {
		oracle_del(o, 7);
		assert_true(table_sanity(o->table));
		add(o, "10.7.1.0/24", ROUTE_STATIC, 2 + round);
		assert_true(table_sanity(o->table));
		assert_int_equal(lookup(o, "10.7.1.9"), 2 + round);
	}
}

static void settle(struct oracle *o)
{
	for (int i = 0; i < 1000 && table_step(o->table, 1000000); i++)
		;
	assert_int_equal(table_step(o->table, 1000000), 0);
}

// On demand: steps build what a worker met and nothing else; answers are right
// before and after. Back in the background, all is built.
static void on_demand_builds_only_what_is_looked_up(void **state)
{
	struct oracle *o = *state;
	struct table_stats all, stats;

	table_stats_get(o->table, &all);
	table_build_set(o->table, TABLE_BUILD_ON_DEMAND);
	table_bulk_start(o->table);
	fill_random(o, 1000, 3);
	table_bulk_stop(o->table);
	settle(o);
	table_stats_get(o->table, &stats);
	assert_int_equal(stats.unbuilt4, all.unbuilt4);
	assert_int_equal(stats.unbuilt6, all.unbuilt6);
	assert_false(table_is_built(o->table));
	assert_int_not_equal(lookup(o, "85.85.85.85"), 0xdead);
	settle(o);
	table_stats_get(o->table, &stats);
	assert_int_equal(stats.unbuilt4, all.unbuilt4 - 1);
	assert_int_not_equal(lookup(o, "5555:5555::1"), 0xdead);
	for (int i = 0; i < 100; i++)
		settle(o);
	table_stats_get(o->table, &stats);
	assert_int_equal(stats.unbuilt6, all.unbuilt6 - 1);
	oracle_check(o, 500); // posts many
	for (int i = 0; i < 100; i++) {
		settle(o);
		oracle_check(o, 10);
	}
	table_stats_get(o->table, &stats);
	assert_true(stats.unbuilt4 > all.unbuilt4 / 2);
	table_build_set(o->table, TABLE_BUILD_ALL);
	oracle_build_all(o);
	assert_true(table_is_built(o->table));
	oracle_check(o, 500);
}

// Memory: what is deleted is used again, and an empty table is small.
static void memory_comes_back(void **state)
{
	struct oracle *o = *state;
	struct table_stats empty, stats;

	oracle_build_all(o);
	table_stats_get(o->table, &empty);
	for (unsigned round = 0; round < 3; round++) {
		fill_random(o, 2000, 4);
		assert_true(table_sanity(o->table));
		while (o->n)
			oracle_del(o, oracle_rand(o, o->n));
		oracle_build_all(o);
	}
	for (int ms = 0; ms < 5000; ms++) {
		(void)table_step(o->table, 0);
		table_stats_get(o->table, &stats);
		if (stats.rib_bytes == empty.rib_bytes && stats.fib4_bytes == empty.fib4_bytes &&
		    stats.fib6_bytes == empty.fib6_bytes)
			return;
		usleep(1000);
	}
	fail_msg("rib %lu of %lu, fib4 %lu of %lu, fib6 %lu of %lu bytes", stats.rib_bytes,
		 empty.rib_bytes, stats.fib4_bytes, empty.fib4_bytes, stats.fib6_bytes,
		 empty.fib6_bytes);
}

// A table without memory refuses routes, keeps its answers, and recovers.
static void a_full_table_refuses_routes_and_stays_right(void **state)
{
	struct oracle *o = *state;
	unsigned n_refused = 0;

	table_free(o->table);
	o->table = table_new_limited(o->nhs, 64 << 10);
	assert_non_null(o->table);
	for (unsigned i = 0; i < 3000; i++) {
		struct route route = {.prefix = prefix_random(o),
				      .source = (uint8_t)oracle_rand(o, 3),
				      .nh = (uint16_t)(1 + oracle_rand(o, NEXTHOPS))};
		int rc = table_add(o->table, &route), at;

		assert_true(!rc || rc == -ENOMEM);
		n_refused += rc != 0;
		if (rc)
			continue;
		at = oracle_find(o, &route.prefix, route.source);
		o->route[at < 0 ? (int)o->n++ : at] = route;
		if (i % 500 == 0)
			oracle_build_all(o);
	}
	assert_true(n_refused > 100);
	oracle_build_all(o);
	oracle_check(o, 300);
	while (o->n)
		oracle_del(o, oracle_rand(o, o->n));
	for (int ms = 0; ms < 100; ms++) {
		(void)table_step(o->table, 1000000);
		usleep(1000);
	}
	oracle_build_all(o);
	fill_random(o, 100, 3);
	oracle_build_all(o);
	oracle_check(o, 300);
}

#define table_unit_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		table_unit_test(what_is_no_route_is_refused),
		table_unit_test(lower_source_wins_and_the_next_one_takes_over),
		table_unit_test(second_route_of_a_source_replaces_the_first),
		table_unit_test(default_routes_catch_what_nothing_else_does),
		table_unit_test(two_tables_know_nothing_of_each_other),
		table_unit_test(walk_pages_through_all_prefixes_in_order),
		table_unit_test(queries_below_and_above_a_prefix_find_what_a_list_says),
		table_unit_test(flush_removes_one_source_piece_by_piece),
		table_unit_test(next_hops_live_as_long_as_a_route_names_them),
		table_unit_test(a_prefix_comes_back_below_a_node_that_went),
		table_unit_test(on_demand_builds_only_what_is_looked_up),
		table_unit_test(memory_comes_back),
		table_unit_test(a_full_table_refuses_routes_and_stays_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
