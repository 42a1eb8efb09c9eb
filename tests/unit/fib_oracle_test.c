// SPDX-License-Identifier: BSD-3-Clause
// Millions of lookups, by every engine, against a linear scan: small tables, many of
// them, each built to hurt and checked after every batch of changes.
// ORACLE_LOOKUPS (10,000,000; a tenth under sanitizers) says how many addresses,
// ORACLE_SEED (1) which.
#include "dataplane/route/fib4.h"
#include "dataplane/route/fib4_layout.h"
#include "dataplane/route/fib6.h"
#include "dataplane/route/fib6_layout.h"
#include "tests/unit/table_oracle.h"

#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { LOOKUPS = 1000000 };
#else
enum { LOOKUPS = 10000000 };
#endif

enum { RULES_MAX = 200, NEXTHOPS = 600, BURST = 500, BATCHES = 8 };

typedef unsigned __int128 u128;

// A route as the scan reads it: IPv4 in the upper 32 bits.
struct rule {
	u128 bits, mask;
	uint8_t len, source;
	uint16_t nh;
	uint8_t family;
};

struct engine {
	const char *name;
	fib4_lookup_fn *lookup4;
	fib6_lookup_fn *lookup6;
};

static struct test {
	struct oracle o; // its table, next hops and seed
	struct rule rule[RULES_MAX];
	unsigned n;
	struct engine engine[4];
	unsigned n_engines;
	u128 centre; // where this table's prefixes are
	uint64_t n_lookups, n_changes, n_tables;
} test;

static unsigned pick(unsigned n)
{
	return oracle_rand(&test.o, n);
}

static u128 bits_random(void)
{
	return (u128)test_rand(&test.o.seed) << 64 | test_rand(&test.o.seed);
}

static u128 mask_of(unsigned len)
{
	return len ? ~(u128)0 << (128 - len) : 0;
}

static void bytes_of(u128 bits, uint8_t bytes[16])
{
	for (unsigned i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(bits >> (120 - 8 * i));
}

// The scan.

static uint16_t scan(u128 addr, uint8_t family)
{
	const struct rule *best = NULL;

	for (unsigned i = 0; i < test.n; i++) {
		const struct rule *r = &test.rule[i];

		if (r->family != family || (addr & r->mask) != r->bits)
			continue;
		if (!best || r->len > best->len ||
		    (r->len == best->len && r->source < best->source))
			best = r;
	}
	return best ? best->nh : 0;
}

// Changes.

static struct route route_of(const struct rule *rule)
{
	struct route route = {.prefix = {.family = rule->family, .len = rule->len},
			      .source = rule->source,
			      .nh = rule->nh};

	bytes_of(rule->bits, route.prefix.bytes);
	return route;
}

static void rule_add(uint8_t family, u128 bits, unsigned len)
{
	static const uint8_t sources[] = {ROUTE_CONNECTED, ROUTE_STATIC, ROUTE_MRT, ROUTE_BGP};
	struct rule rule = {.bits = bits & mask_of(len),
			    .mask = mask_of(len),
			    .len = (uint8_t)len,
			    .source = sources[pick(ARRAY_LEN(sources))],
			    .family = family};
	struct route route;
	unsigned i = 0;

	rule.nh = (uint16_t)(1 + pick(pick(2) ? NEXTHOPS : 9));
	while (i < test.n && (test.rule[i].bits != rule.bits || test.rule[i].len != rule.len ||
			      test.rule[i].source != rule.source || test.rule[i].family != family))
		i++;
	if (i == RULES_MAX)
		return;
	route = route_of(&rule);
	assert_int_equal(table_add(test.o.table, &route), 0);
	test.rule[i] = rule;
	test.n += i == test.n;
	test.n_changes++;
}

static void rule_del(unsigned i)
{
	struct route route = route_of(&test.rule[i]);

	assert_int_equal(table_del(test.o.table, &route.prefix, route.source), 0);
	test.rule[i] = test.rule[--test.n];
	test.n_changes++;
}

static bool is_behind(void)
{
	return fib4_is_behind(table_fib4(test.o.table)) || fib6_is_behind(table_fib6(test.o.table));
}

// What was changed is to be seen; what is unbuilt may stay so.
static void settle(void)
{
	while (is_behind())
		(void)table_step(test.o.table, 100000);
}

// Kinds of tables: each says what the next prefix is.

static unsigned bits_in(uint8_t family)
{
	return oracle_bits(family);
}

// All lengths over one address, from nothing to the host.
static void chain_add(uint8_t family)
{
	rule_add(family, test.centre, pick(bits_in(family) + 1));
}

// Neighbours in a block that one node describes, and hosts below some of them.
static void dense_add(uint8_t family)
{
	unsigned low = family == 4 ? 14 : 16, len = pick(4) ? 24 : 20 + pick(13);
	u128 in_block = (u128)pick(1u << low) << (family == 4 ? 96 : 80);

	if (family == 6)
		len = pick(4) ? 40 + pick(9) : 48 + pick(81);
	rule_add(family,
		 (test.centre & ~((((u128)1 << low) - 1) << (family == 4 ? 96 : 80))) | in_block,
		 len);
}

// Bytes of few values, so that prefixes of all lengths nest and touch.
static void tangle_add(uint8_t family)
{
	static const uint8_t few[] = {0, 1, 127, 128, 255};
	unsigned bits = bits_in(family), len = pick(bits + 1);
	u128 addr = 0;

	for (unsigned i = 0; i < 16; i++)
		addr = addr << 8 | few[pick(ARRAY_LEN(few))];
	if (len && len < 8 && pick(8))
		len += 8;
	rule_add(family, addr, len);
}

// Hosts and pairs side by side, which engines in wide use get wrong.
static void hosts_add(uint8_t family)
{
	unsigned bits = bits_in(family);
	u128 host = (u128)pick(64) << (128 - bits);

	rule_add(family, (test.centre & mask_of(bits - 6)) | host, bits - pick(3));
}

static void (*const kinds[])(uint8_t family) = {chain_add, dense_add, tangle_add, hosts_add};

// Many adds while there is little, many removals when there is much, and the default
// route and what is best of several sources change all the time.
static void batch_change(void (*add)(uint8_t family), unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t family = pick(2) ? 4 : 6;

		if (pick(16) == 0)
			rule_add(family, 0, 0);
		else if (test.n && pick(RULES_MAX) < test.n)
			rule_del(pick(test.n));
		else
			add(family);
		if (test.n && pick(8) == 0) { // the same once more
			const struct rule *r = &test.rule[pick(test.n)];

			rule_add(r->family, r->bits, r->len);
		}
	}
}

static void batch_run(void (*add)(uint8_t family))
{
	unsigned way = pick(4), n = 1 + pick(40);

	if (way == 0)
		table_bulk_start(test.o.table);
	if (way == 1)
		table_burst_start(test.o.table);
	batch_change(add, n);
	if (way == 1)
		table_burst_stop(test.o.table);
	settle();
	if (way == 0)
		table_bulk_stop(test.o.table);
	if (pick(4) == 0)
		(void)table_step(test.o.table, 200000);
}

// Addresses.

static u128 addr_random(uint8_t family)
{
	const struct rule *r = &test.rule[pick(test.n ? test.n : 1)];
	u128 one = (u128)1 << (128 - bits_in(family)), random = bits_random(), host = ~r->mask;

	if (family == 4)
		host &= ~(u128)0 << 96;
	switch (test.n && r->family == family ? pick(8) : 8) {
	case 0:
		return r->bits;
	case 1:
		return r->bits | host;
	case 2:
		return r->bits - one;
	case 3:
		return (r->bits | host) + one;
	case 4:
	case 5:
		return r->bits | (random & host);
	case 6:
		return (r->bits | (bits_random() & host)) ^ one << pick(bits_in(family));
	case 7:
		return test.centre ^ one << pick(bits_in(family));
	default:
		return random;
	}
}

static cold_fn void complain(const struct engine *engine, u128 addr, uint8_t family, uint16_t got,
			     uint16_t want)
{
	struct addr a = {.family = family};
	char text[ADDR_TEXT_MAX];

	bytes_of(addr, a.bytes);
	fail_msg("%s: %s: %u, not %u, in table %lu after %lu changes", engine->name,
		 addr_format(&a, text), got, want, test.n_tables, test.n_changes);
}

static void family_check(uint8_t family)
{
	static uint8_t bytes[BURST][16];
	static const uint8_t *dst6[BURST];
	static uint32_t dst4[BURST];
	static uint16_t want[BURST], nh[BURST];
	static u128 addr[BURST];
	unsigned n = BURST - pick(70);

	for (unsigned i = 0; i < n; i++) {
		addr[i] = addr_random(family);
		if (family == 4)
			addr[i] &= ~(u128)0 << 96;
		dst4[i] = (uint32_t)(addr[i] >> 96);
		bytes_of(addr[i], bytes[i]);
		dst6[i] = bytes[i];
		want[i] = scan(addr[i], family);
	}
	for (unsigned e = 0; e < test.n_engines; e++) {
		const struct engine *engine = &test.engine[e];

		if (family == 4)
			engine->lookup4(table_fib4(test.o.table), dst4, nh, n);
		else
			engine->lookup6(table_fib6(test.o.table), dst6, nh, n);
		for (unsigned i = 0; i < n; i++)
			if (unlikely(nh[i] != want[i]))
				complain(engine, addr[i], family, nh[i], want[i]);
	}
	test.n_lookups += n;
}

// Half of the tables begin with everything unbuilt, and half of those stay so but
// for what is looked up.
static void table_renew(void)
{
	table_free(test.o.table);
	test.o.table = table_new(test.o.nhs);
	assert_non_null(test.o.table);
	table_build_set(test.o.table, pick(2) ? TABLE_BUILD_ALL : TABLE_BUILD_ON_DEMAND);
}

static void table_run(unsigned kind)
{
	test.n_tables++;
	if (pick(2))
		table_renew();
	test.centre = bits_random();
	for (unsigned batch = 0; batch < BATCHES; batch++) {
		batch_run(kinds[kind]);
		for (unsigned i = 0; i < 2; i++) {
			family_check(4);
			family_check(6);
		}
	}
	while (test.n) {
		rule_del(pick(test.n));
		if (test.n % 16 == 0) {
			settle();
			family_check(pick(2) ? 4 : 6);
		}
	}
	if (test.n_tables % 64 == 0)
		assert_true(table_sanity(test.o.table));
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void every_lookup_equals_a_linear_scan(void **state)
{
	uint64_t n = number("ORACLE_LOOKUPS", LOOKUPS);

	(void)state;
	test.o.seed = number("ORACLE_SEED", 1);
	while (test.n_lookups < n)
		table_run((unsigned)test.n_tables % ARRAY_LEN(kinds));
	print_message("%lu lookups by %u engines, %lu tables, %lu changes\n", test.n_lookups,
		      test.n_engines, test.n_tables, test.n_changes);
}

static int setup(void **state)
{
	static const char *const names[] = {"scalar", "avx2", "avx512"};

	(void)state;
	oracle_init(&test.o, 1, NEXTHOPS);
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (!table_engine_set(test.o.table, names[i]))
			test.engine[test.n_engines++] =
				(struct engine){names[i], table_fib4(test.o.table)->lookup,
						table_fib6(test.o.table)->lookup};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	oracle_fini(&test.o);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_lookup_equals_a_linear_scan),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
