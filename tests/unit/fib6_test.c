// SPDX-License-Identifier: BSD-3-Clause
// Changes inside a few pairs of the IPv6 table (lines, many lines, dirs, and pairs
// below them): one by one and in bursts, by every engine, against a list that is
// searched from end to end.
#include "dataplane/route/fib6.h"
#include "dataplane/route/fib6_image.h"
#include "dataplane/route/simd.h"
#include "tests/unit/table_oracle.h"

enum { ROUTES = 2200, NEXTHOPS = 600, PROBES = 64 };

static int setup(void **state)
{
	struct oracle *o = malloc(sizeof(*o));

	oracle_init(o, ROUTES, NEXTHOPS);
	oracle_build_all(o);
	*state = o;
	return 0;
}

static int teardown(void **state)
{
	oracle_fini(*state);
	free(*state);
	return 0;
}

// How the keys of a table lie: prefixes of more than 32 bits in two pairs.
struct shape {
	uint8_t first_mask, second_mask; // which bits of bytes 4 and 5 vary
	unsigned n_nexthops, min_len, max_len;
	unsigned one_in_deep; // so many go beyond 48 bits
};

static const struct shape shapes[] = {
	{0x00, 0x0f, 4, 44, 48, 0},    {0x00, 0xff, 600, 41, 48, 0}, {0x0f, 0x0f, 600, 36, 48, 9},
	{0xff, 0x00, 9, 33, 40, 30},   {0x03, 0xff, 600, 48, 48, 0}, {0xff, 0xff, 600, 33, 48, 5},
	{0x81, 0x81, 600, 33, 48, 2},  {0x07, 0xff, 3, 40, 48, 40},  {0xf0, 0x3f, 600, 48, 48, 3},
	{0x00, 0xff, 300, 48, 128, 1}, {0x01, 0x80, 2, 29, 48, 4},   {0xff, 0x01, 600, 46, 48, 2},
};

static struct addr addr_random(struct oracle *o, const struct shape *shape)
{
	struct addr addr = {6, {0x20, 1, 0x0d, (uint8_t)(0xb8 + oracle_rand(o, 2))}};

	addr.bytes[4] = (uint8_t)test_rand(&o->seed) & shape->first_mask;
	addr.bytes[5] = (uint8_t)test_rand(&o->seed) & shape->second_mask;
	for (unsigned i = 6; i < 16; i++)
		addr.bytes[i] = (uint8_t)(oracle_rand(o, 3) ? 0 : oracle_rand(o, 2) * 255);
	return addr;
}

static struct route route_random(struct oracle *o, const struct shape *shape)
{
	struct addr addr = addr_random(o, shape);
	struct route route = {.prefix = {.family = 6}, .source = ROUTE_BGP};
	unsigned len = shape->min_len + oracle_rand(o, shape->max_len - shape->min_len + 1);

	if (shape->one_in_deep && !oracle_rand(o, shape->one_in_deep))
		len = 49 + oracle_rand(o, 80);
	else if (!oracle_rand(o, 50))
		len = 17 + oracle_rand(o, 16);
	memcpy(route.prefix.bytes, addr.bytes, 16);
	route.prefix.len = (uint8_t)len;
	prefix_mask(&route.prefix);
	route.nh = (uint16_t)(1 + oracle_rand(o, shape->n_nexthops));
	return route;
}

// By every engine: random keys, and both ends and the neighbours of some prefixes.
static void probes_check(struct oracle *o, const struct shape *shape)
{
	struct addr addr[PROBES];
	const uint8_t *dst[PROBES];
	uint16_t nh[PROBES];

	for (unsigned i = 0; i < PROBES; i++) {
		addr[i] = addr_random(o, shape);
		if (i % 2 && o->n) {
			const struct prefix *p = &o->route[oracle_rand(o, o->n)].prefix;

			addr[i] = prefix_end(p, i % 4 == 1);
			if (i % 8 > 4)
				addr_step(&addr[i], i % 4 == 1 ? 1 : -1);
		}
		dst[i] = addr[i].bytes;
	}
	for (unsigned simd = 0; simd <= simd_best(); simd++) {
		assert_int_equal(table_engine_set(o->table, simd_name(simd)), 0);
		fib6_lookup_bulk(table_fib6(o->table), dst, nh, PROBES);
		for (unsigned i = 0; i < PROBES; i++) {
			const struct route *want = oracle_match(o, &addr[i]);
			char text[ADDR_TEXT_MAX];

			if (nh[i] != (want ? want->nh : 0))
				fail_msg("%s by %s: next hop %u, not %u",
					 addr_format(&addr[i], text), simd_name(simd), nh[i],
					 want ? want->nh : 0);
		}
	}
}

static void change_random(struct oracle *o, const struct shape *shape, unsigned most)
{
	if (o->n < most && oracle_rand(o, 5) < 3) {
		struct route route = route_random(o, shape);

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

static void all_delete(struct oracle *o)
{
	while (o->n)
		oracle_del(o, oracle_rand(o, o->n));
	oracle_build_all(o);
}

static void changes_one_by_one_are_right_in_all_shapes(void **state)
{
	struct oracle *o = *state;

	for (unsigned s = 0; s < ARRAY_LEN(shapes); s++) {
		for (unsigned i = 0; i < 1500; i++) {
			change_random(o, &shapes[s], 10 + i / 3);
			if (i % 3 == 0)
				flap_random(o);
			if (i % 4 == 0)
				probes_check(o, &shapes[s]);
			if (i % 64 == 0)
				assert_true(fib6_sanity(table_fib6(o->table)));
		}
		all_delete(o);
	}
}

static void bursts_end_in_the_right_answers(void **state)
{
	struct oracle *o = *state;

	for (unsigned round = 0; round < 240; round++) {
		const struct shape *shape = &shapes[round / 20];
		unsigned n = 1 + oracle_rand(o, round % 8 ? 30 : 1500);

		table_burst_start(o->table);
		for (unsigned i = 0; i < n; i++) {
			if (oracle_rand(o, 2))
				flap_random(o);
			else
				change_random(o, shape, ROUTES - 1);
			if (round % 5 == 0 && i == n / 2) // a step in the middle
				(void)table_step(o->table, 1000);
		}
		table_burst_stop(o->table);
		oracle_build_all(o);
		for (unsigned i = 0; i < 8; i++)
			probes_check(o, shape);
	}
}

// Withdrawn, then the tables are built, then announced again: no net zero.
static void a_step_in_a_burst_loses_nothing(void **state)
{
	struct oracle *o = *state;
	struct route route = {
		.prefix = {6, 48, {0x20, 1, 0x0d, 0xb8, 0, 1}}, .source = ROUTE_BGP, .nh = 7};
	struct addr addr = {6, {0x20, 1, 0x0d, 0xb8, 0, 1, 9}};

	oracle_add(o, &route);
	table_burst_start(o->table);
	oracle_del(o, 0);
	assert_int_equal(table_lookup(o->table, &addr), 7); // at the burst's stop
	(void)fib6_step((struct fib6 *)table_fib6(o->table), 1, false);
	assert_int_equal(table_lookup(o->table, &addr), 0); // or at a step
	oracle_add(o, &route);
	table_burst_stop(o->table);
	assert_int_equal(table_lookup(o->table, &addr), 7);
}

// What flaps has a place of its own: no memory moves.
static void a_flap_is_stored_in_place(void **state)
{
	struct oracle *o = *state;
	struct table_stats before, after;

	for (unsigned i = 0; i < 100; i++) {
		struct route route = {
			.prefix = {6,
				   (uint8_t)(i % 3 ? 48 : 44),
				   {0x20, 1, 0x0d, 0xb8, (uint8_t)(i % 2), (uint8_t)(i * 16)}},
			.source = ROUTE_BGP,
			.nh = (uint16_t)(1 + i % 7)};

		if (i * 16 < 256)
			oracle_add(o, &route);
	}
	for (unsigned round = 0; round < 2; round++) {
		table_stats_get(o->table, &before);
		for (unsigned i = 0; i < 16; i++) {
			struct route route = o->route[0];

			oracle_del(o, 0);
			oracle_add(o, &route);
		}
	}
	table_stats_get(o->table, &after);
	assert_int_equal(before.fib6_bytes, after.fib6_bytes); // retired memory counts
}

static void runs_make(struct fib6_runs *runs, unsigned first, unsigned last, unsigned every,
		      struct oracle *o)
{
	*runs = (struct fib6_runs){.first = first, .last = last};
	for (unsigned key = first; key <= last; key++)
		if (key == first || oracle_rand(o, every) == 0)
			fib6_run_add(runs, key, (uint16_t)(1 + oracle_rand(o, 5)));
}

static uint16_t run_value(const struct fib6_runs *runs, unsigned key)
{
	unsigned i = runs->n;

	while (runs->run[--i].start > key)
		;
	return runs->run[i].value;
}

static uint16_t line_value(const struct fib6 *fib, uint32_t lines, unsigned key)
{
	struct fib6_spot spot = fib6_lines_spot(fib, lines, key);

	return spot.line->value[spot.at];
}

// All 256 keys of a byte may differ: that fits whatever they are.
static void lines_hold_any_runs_of_a_byte(void **state)
{
	struct oracle *o = *state;
	struct fib6 *fib = (struct fib6 *)table_fib6(o->table);
	struct fib6_runs runs;

	for (unsigned round = 0; round < 500; round++) {
		unsigned byte = round % 4 ? oracle_rand(o, 256) : 255;
		uint32_t lines;

		runs_make(&runs, byte << 8, byte << 8 | 255, 1 + round % 20, o);
		lines = fib6_lines_new(fib, &runs);
		assert_true(lines & FIB6_CHILD && lines & FIB6_LINES);
		for (unsigned key = byte << 8; key <= (byte << 8 | 255); key++)
			assert_int_equal(line_value(fib, lines, key), run_value(&runs, key));
		fib6_image_retire(fib, lines);
	}
}

static void splicing_changes_the_keys_it_names_and_no_other(void **state)
{
	static uint16_t want[65536];
	struct oracle *o = *state;
	struct fib6 *fib = (struct fib6 *)table_fib6(o->table);
	struct fib6_runs runs;
	unsigned n_fit = 0;

	for (unsigned round = 0; round < 300; round++) {
		unsigned first = oracle_rand(o, 65536);
		unsigned last = first + oracle_rand(o, 65536 - first);
		uint32_t lines, to;

		runs_make(&runs, 0, 0xffff, 600 + round * 50, o);
		lines = fib6_lines_new(fib, &runs);
		if (!lines)
			continue;
		for (unsigned key = 0; key < 65536; key++)
			want[key] = run_value(&runs, key);
		runs_make(&runs, first, last, 3000, o);
		to = fib6_lines_splice(fib, lines, &runs, false);
		for (unsigned key = first; to && key <= last; key++)
			want[key] = run_value(&runs, key);
		for (unsigned key = 0; to && key < 65536; key++)
			if (line_value(fib, to, key) != want[key])
				fail_msg("round %u: key %x", round, key);
		n_fit += to != 0;
		if (to && to != lines)
			fib6_image_retire(fib, to);
		fib6_image_retire(fib, lines);
	}
	assert_true(n_fit > 100);
}

#define fib6_unit_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		fib6_unit_test(changes_one_by_one_are_right_in_all_shapes),
		fib6_unit_test(bursts_end_in_the_right_answers),
		fib6_unit_test(a_step_in_a_burst_loses_nothing),
		fib6_unit_test(a_flap_is_stored_in_place),
		fib6_unit_test(lines_hold_any_runs_of_a_byte),
		fib6_unit_test(splicing_changes_the_keys_it_names_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
