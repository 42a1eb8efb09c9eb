// SPDX-License-Identifier: BSD-3-Clause
// Real tables of the Internet, loaded whole: sampled lookups against a trie of
// one bit a level. JERBOA_TABLES (a folder of .gz prefix lists), else
// ../shared/data/tables beside the source tree; skipped where there is none.
#include "tests/unit/table_oracle.h"

#include <glob.h>
#include <stdio.h>
#include <zlib.h>

enum { SAMPLES = 100000, NEXTHOPS = 300 };

struct ref_node {
	uint32_t child[2];
	uint16_t nh;
};

struct ref {
	struct ref_node *node;
	size_t n, max;
};

static uint32_t node_new(struct ref *ref)
{
	if (ref->n == ref->max) {
		ref->max = ref->max ? ref->max * 2 : 1024;
		ref->node = realloc(ref->node, ref->max * sizeof(*ref->node));
	}
	memset(&ref->node[ref->n], 0, sizeof(*ref->node));
	return (uint32_t)ref->n++;
}

static unsigned bit_of(const uint8_t *bytes, unsigned i)
{
	return bytes[i / 8] >> (7 - i % 8) & 1;
}

static void ref_set(struct ref *ref, const struct prefix *prefix, uint16_t nh)
{
	uint32_t at = 0;

	for (unsigned i = 0; i < prefix->len; i++) {
		unsigned bit = bit_of(prefix->bytes, i);
		uint32_t child = ref->node[at].child[bit];

		if (!child) {
			child = node_new(ref);
			ref->node[at].child[bit] = child;
		}
		at = child;
	}
	ref->node[at].nh = nh;
}

static uint16_t ref_find(const struct ref *ref, const struct addr *addr)
{
	uint16_t nh = ref->node[0].nh;
	uint32_t at = 0;

	for (unsigned i = 0; i < oracle_bits(addr->family); i++) {
		at = ref->node[at].child[bit_of(addr->bytes, i)];
		if (!at)
			break;
		nh = ref->node[at].nh ? ref->node[at].nh : nh;
	}
	return nh;
}

struct real {
	struct oracle o; // its routes are the table as read
	struct ref ref4, ref6;
};

static struct ref *ref_of(struct real *r, uint8_t family)
{
	return family == 4 ? &r->ref4 : &r->ref6;
}

static void list_read(struct real *r, const char *path)
{
	gzFile file = gzopen(path, "rb");
	struct prefix prefix;
	char line[256];

	assert_non_null(file);
	while (gzgets(file, line, sizeof(line))) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (prefix_parse(line, &prefix))
			continue;
		if (r->o.n == r->o.max) {
			r->o.max *= 2;
			r->o.route = realloc(r->o.route, r->o.max * sizeof(*r->o.route));
		}
		r->o.route[r->o.n++] = (struct route){
			.prefix = prefix,
			.source = ROUTE_MRT,
			.nh = (uint16_t)(1 + oracle_rand(&r->o, NEXTHOPS)),
		};
	}
	gzclose(file);
}

static void samples_check(struct real *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct prefix *p = &r->o.route[oracle_rand(&r->o, r->o.n)].prefix;
		struct addr addr = prefix_end(p, oracle_rand(&r->o, 2));
		char text[ADDR_TEXT_MAX];
		uint16_t got, want;

		if (i % 4 == 0)
			addr_step(&addr, i % 8 ? 1 : -1);
		else if (i % 4 == 1)
			for (unsigned b = 0; b < oracle_bits(p->family) / 8; b++)
				addr.bytes[b] = (uint8_t)test_rand(&r->o.seed);
		got = table_lookup(r->o.table, &addr);
		want = ref_find(ref_of(r, addr.family), &addr);
		if (got != want)
			fail_msg("%s: %u, not %u", addr_format(&addr, text), got, want);
	}
}

static void routes_change(struct real *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct route *route = &r->o.route[oracle_rand(&r->o, r->o.n)];
		struct ref *ref = ref_of(r, route->prefix.family);

		if (oracle_rand(&r->o, 2) && !table_del(r->o.table, &route->prefix, ROUTE_MRT)) {
			ref_set(ref, &route->prefix, 0);
			continue;
		}
		route->nh = (uint16_t)(1 + oracle_rand(&r->o, NEXTHOPS));
		assert_int_equal(table_add(r->o.table, route), 0);
		ref_set(ref, &route->prefix, route->nh);
	}
}

static void table_check(const char *path)
{
	struct real *r = calloc(1, sizeof(*r));
	struct table_stats stats;

	oracle_init(&r->o, 1024, NEXTHOPS);
	node_new(&r->ref4);
	node_new(&r->ref6);
	list_read(r, path);
	table_bulk_start(r->o.table);
	for (unsigned i = 0; i < r->o.n; i++) {
		assert_int_equal(table_add(r->o.table, &r->o.route[i]), 0);
		ref_set(ref_of(r, r->o.route[i].prefix.family), &r->o.route[i].prefix,
			r->o.route[i].nh);
	}
	table_bulk_stop(r->o.table);
	samples_check(r, SAMPLES); // unbuilt
	for (unsigned i = 0; i < 5; i++) {
		(void)table_step(r->o.table, 3000000);
		routes_change(r, 2000);
		samples_check(r, SAMPLES / 10);
	}
	oracle_build_all(&r->o);
	samples_check(r, SAMPLES);
	routes_change(r, 20000);
	samples_check(r, SAMPLES);
	assert_true(table_sanity(r->o.table));
	table_stats_get(r->o.table, &stats);
	print_message("%s: %u routes; rib %lu, fib4 %lu, fib6 %lu bytes\n", path, r->o.n,
		      stats.rib_bytes, stats.fib4_bytes, stats.fib6_bytes);
	oracle_fini(&r->o);
	free(r->ref4.node);
	free(r->ref6.node);
	free(r);
}

static glob_t found;

static bool tables_find(void)
{
	const char *dir = getenv("JERBOA_TABLES"), *root = getenv("SOURCE_ROOT");
	char pattern[512];

	if (dir)
		snprintf(pattern, sizeof(pattern), "%s/*.gz", dir);
	else
		snprintf(pattern, sizeof(pattern), "%s/../shared/data/tables/*.gz",
			 root ? root : ".");
	if (!glob(pattern, 0, NULL, &found))
		return true;
	printf("skipped: no real tables at %s\n", pattern);
	return false;
}

static void sampled_lookups_of_real_tables_equal_a_slow_reference(void **state)
{
	(void)state;
	for (size_t i = 0; i < found.gl_pathc; i++)
		table_check(found.gl_pathv[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sampled_lookups_of_real_tables_equal_a_slow_reference),
	};

	if (!tables_find())
		return 77; // a skip, to meson
	return cmocka_run_group_tests(tests, NULL, NULL);
}
