// SPDX-License-Identifier: BSD-3-Clause
// Many paths to one prefix: of several sources, peers and path ids, against a
// list of all of them.
#include "dataplane/base/err.h"
#include "dataplane/base/intern.h"
#include "tests/unit/table_oracle.h"

#include <unistd.h>

enum { PREFIXES = 12, NEXTHOPS = 200, PATHS_MAX = 4000, SETS = 40 };

struct paths {
	struct oracle o; // its own list is not used: it has one path a source
	struct intern *attrs;
	uint32_t set[SETS];
	struct prefix prefix[PREFIXES];
	struct route path[PATHS_MAX]; // the list
	struct route best[PREFIXES];  // nh 0: none
	unsigned n;
};

static int setup(void **state)
{
	static const char *const text[PREFIXES] = {
		"10.0.0.0/8",	 "10.1.0.0/16", "10.1.2.0/24",	   "10.1.2.3/32",
		"0.0.0.0/0",	 "10.2.0.0/15", "192.0.2.0/25",	   "2001:db8::/32",
		"2001:db8::/48", "::/0",	"2001:db8::1/128", "fc00::/7",
	};
	struct paths *p = calloc(1, sizeof(*p));

	oracle_init(&p->o, 1, NEXTHOPS);
	p->attrs = intern_new(1 << 20);
	table_attrs_use(p->o.table, p->attrs);
	for (uint32_t i = 0; i < SETS; i++)
		assert_int_equal(intern_get(p->attrs, &i, sizeof(i), &p->set[i]), 0);
	for (unsigned i = 0; i < PREFIXES; i++)
		assert_int_equal(prefix_parse(text[i], &p->prefix[i]), 0);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct paths *p = *state;

	oracle_fini(&p->o);
	for (unsigned i = 0; i < SETS; i++)
		assert_int_equal(intern_refs(p->attrs, p->set[i]), 1);
	intern_free(p->attrs);
	free(p);
	return 0;
}

static bool key_is_equal(const struct route *a, const struct route *b)
{
	return prefix_is_equal(&a->prefix, &b->prefix) && a->source == b->source &&
	       a->peer == b->peer && a->path_id == b->path_id;
}

static int path_find(const struct paths *p, const struct route *key)
{
	for (unsigned i = 0; i < p->n; i++)
		if (key_is_equal(&p->path[i], key))
			return (int)i;
	return -1;
}

static unsigned rank(const struct route *route)
{
	return (unsigned)route->source << 8 | route->pref;
}

static void add(struct paths *p, const struct route *route)
{
	int i = path_find(p, route);

	assert_int_equal(table_add(p->o.table, route), 0);
	if (i < 0)
		i = (int)p->n++;
	assert_true(p->n < PATHS_MAX);
	p->path[i] = *route;
}

static void withdraw(struct paths *p, unsigned i)
{
	struct route key = p->path[i];

	key.nh = 77; // no part of the key
	key.attrs = 0;
	key.pref = 3;
	assert_int_equal(table_withdraw(p->o.table, &key), 0);
	assert_int_equal(table_withdraw(p->o.table, &key), -ENOENT);
	p->path[i] = p->path[--p->n];
}

// The lowest rank there is; of several, the best until now if it is one of them.
static void best_check(struct paths *p, unsigned at)
{
	struct route got, *best = &p->best[at];
	unsigned low = ~0u;
	bool stays = false;

	for (unsigned i = 0; i < p->n; i++)
		if (prefix_is_equal(&p->path[i].prefix, &p->prefix[at]) && rank(&p->path[i]) < low)
			low = rank(&p->path[i]);
	if (low == ~0u) {
		assert_int_equal(table_get(p->o.table, &p->prefix[at], &got), -ENOENT);
		best->nh = 0;
		return;
	}
	for (unsigned i = 0; i < p->n; i++)
		stays |= best->nh && key_is_equal(&p->path[i], best) && rank(&p->path[i]) == low;
	assert_int_equal(table_get(p->o.table, &p->prefix[at], &got), 0);
	assert_int_equal(rank(&got), low);
	if (stays)
		assert_true(key_is_equal(&got, best));
	*best = got;
}

static void all_check(struct paths *p)
{
	static struct route out[TABLE_PATHS_MAX];
	unsigned total = 0;

	for (unsigned at = 0; at < PREFIXES; at++) {
		unsigned n = table_paths(p->o.table, &p->prefix[at], out, TABLE_PATHS_MAX);

		best_check(p, at);
		for (unsigned i = 0; i < n; i++) {
			int j = path_find(p, &out[i]);

			assert_true(j >= 0);
			assert_memory_equal(&p->path[j], &out[i], sizeof(*out));
			assert_true(!i || rank(&out[i - 1]) <= rank(&out[i]));
		}
		if (n)
			assert_memory_equal(out, &p->best[at], sizeof(*out));
		total += n;
	}
	assert_int_equal(total, p->n);
}

static uint16_t slow_lookup(const struct paths *p, const struct addr *addr)
{
	uint16_t nh = 0;
	int len = -1;

	for (unsigned i = 0; i < PREFIXES; i++)
		if (p->best[i].nh && prefix_has_addr(&p->prefix[i], addr) &&
		    p->prefix[i].len > len) {
			nh = p->best[i].nh;
			len = p->prefix[i].len;
		}
	return nh;
}

static void lookups_check(struct paths *p)
{
	for (unsigned i = 0; i < PREFIXES; i++) {
		struct addr addr = prefix_end(&p->prefix[i], i % 2);

		assert_int_equal(table_lookup(p->o.table, &addr), slow_lookup(p, &addr));
	}
}

static struct route route_random(struct paths *p, unsigned peers)
{
	return (struct route){
		.prefix = p->prefix[oracle_rand(&p->o, PREFIXES)],
		.source = (uint8_t)oracle_rand(&p->o, ROUTE_N_SOURCES),
		.pref = (uint8_t)oracle_rand(&p->o, 3),
		.nh = (uint16_t)(1 + oracle_rand(&p->o, NEXTHOPS)),
		.peer = oracle_rand(&p->o, peers),
		.path_id = oracle_rand(&p->o, 3),
		.attrs = oracle_rand(&p->o, 2) ? p->set[oracle_rand(&p->o, SETS)] : 0,
	};
}

static void attrs_check(struct paths *p)
{
	for (unsigned s = 0; s < SETS; s++) {
		unsigned refs = 1;

		for (unsigned i = 0; i < p->n; i++)
			refs += p->path[i].attrs == p->set[s];
		assert_int_equal(intern_refs(p->attrs, p->set[s]), refs);
	}
}

static void any_paths_in_any_order_are_those_of_a_list(void **state)
{
	struct paths *p = *state;
	struct table_stats stats;

	for (unsigned round = 0; round < 12; round++) {
		unsigned peers = 1u << round % 5, share = round % 3;

		for (unsigned i = 0; i < 400; i++) {
			if (oracle_rand(&p->o, 4) > share || !p->n) {
				struct route route = route_random(p, peers);

				add(p, &route);
			} else {
				withdraw(p, oracle_rand(&p->o, p->n));
			}
			all_check(p);
			lookups_check(p);
		}
		assert_true(table_sanity(p->o.table));
		attrs_check(p);
		if (round % 4 == 3) {
			while (p->n) {
				withdraw(p, oracle_rand(&p->o, p->n));
				all_check(p);
			}
			oracle_build_all(&p->o);
		}
	}
	table_stats_get(p->o.table, &stats);
	assert_int_equal(stats.n_paths4 + stats.n_paths6, p->n);
}

static void a_peer_goes_with_all_its_paths(void **state)
{
	struct paths *p = *state;
	struct table_cursor at = {0};

	for (unsigned i = 0; i < 1500; i++) {
		struct route route = route_random(p, 5);

		add(p, &route);
	}
	while (table_flush_peer(p->o.table, ROUTE_BGP, 3, &at, 4))
		;
	for (unsigned i = p->n; i--;)
		if (p->path[i].source == ROUTE_BGP && p->path[i].peer == 3)
			p->path[i] = p->path[--p->n];
	all_check(p);
	lookups_check(p);
	while (table_flush(p->o.table, ROUTE_BGP, 10))
		;
	for (unsigned i = p->n; i--;)
		if (p->path[i].source == ROUTE_BGP)
			p->path[i] = p->path[--p->n];
	all_check(p);
	assert_true(table_sanity(p->o.table));
}

static void more_paths_than_the_limit_are_refused_by_name(void **state)
{
	struct paths *p = *state;
	struct route route = {.prefix = p->prefix[0], .source = ROUTE_BGP, .nh = 1}, out;
	struct table_stats stats;

	for (route.peer = 0; route.peer < TABLE_PATHS_MAX; route.peer++)
		add(p, &route);
	assert_int_equal(table_add(p->o.table, &route), -ENOSPC);
	table_stats_get(p->o.table, &stats);
	assert_int_equal(stats.n_refused, 1);
	route.source = ROUTE_STATIC;
	assert_int_equal(table_add(p->o.table, &route), -ENOSPC);
	route.source = ROUTE_BGP;
	route.peer = 500; // in the place of another
	route.nh = 7;
	add(p, &route);
	all_check(p);
	withdraw(p, 3);
	assert_int_equal(table_get(p->o.table, &p->prefix[0], &out), 0);
	assert_int_equal(out.peer, 0);
	assert_true(table_sanity(p->o.table));
}

static void attributes_that_are_not_there_are_refused(void **state)
{
	struct paths *p = *state;
	struct route route = {.prefix = p->prefix[0], .source = ROUTE_BGP, .nh = 1, .attrs = 4000};

	assert_int_equal(table_add(p->o.table, &route), -EINVAL);
	route.attrs = p->set[1];
	add(p, &route);
	attrs_check(p);
}

// The owner's word counts: here, whoever has the highest next hop.
static unsigned highest(void *arg, const struct route path[], unsigned n)
{
	unsigned best = 0;

	++*(unsigned *)arg;
	for (unsigned i = 1; i < n; i++) {
		assert_true(prefix_is_equal(&path[i].prefix, &path[0].prefix));
		best = path[i].nh > path[best].nh ? i : best;
	}
	return best;
}

static void an_owner_chooses_the_best_path(void **state)
{
	struct paths *p = *state;
	unsigned n_asked = 0;

	table_best_set(p->o.table, highest, &n_asked);
	for (unsigned i = 0; i < 3000; i++) {
		struct route got, route = route_random(p, 8);
		unsigned max = 0;
		int at;

		if (i % 3 == 2) {
			at = (int)oracle_rand(&p->o, p->n);
			route = p->path[at];
			withdraw(p, (unsigned)at);
		} else {
			add(p, &route);
		}
		for (unsigned j = 0; j < p->n; j++)
			if (prefix_is_equal(&p->path[j].prefix, &route.prefix) &&
			    p->path[j].nh > max)
				max = p->path[j].nh;
		if (!max)
			assert_int_equal(table_get(p->o.table, &route.prefix, &got), -ENOENT);
		else
			assert_int_equal(table_get(p->o.table, &route.prefix, &got), 0);
		assert_int_equal(max ? got.nh : 0, max);
	}
	assert_true(n_asked > 1000);
	assert_true(table_sanity(p->o.table));
}

// <= 30 bytes a prefix with one path of a peer with attributes, <= 20 bytes for
// each further path; the prefixes lie as in the Internet, /24s beside each other.
static void a_path_costs_what_it_may(void **state)
{
	struct paths *p = *state;
	struct table_stats stats;
	size_t before = 0;

	for (unsigned peer = 0; peer < 12; peer++) {
		for (unsigned i = 0; i < 20000; i++) {
			struct route route = {
				.prefix = {.family = 4, .len = 24},
				.source = ROUTE_BGP,
				.nh = 1,
				.peer = peer + 1,
				.attrs = p->set[i % SETS],
			};

			route.prefix.bytes[0] = (uint8_t)(20 + i / 8192);
			route.prefix.bytes[1] = (uint8_t)(i / 32);
			route.prefix.bytes[2] = (uint8_t)(i % 32 * 8);
			assert_int_equal(table_add(p->o.table, &route), 0);
		}
		for (unsigned ms = 0; ms < 50; ms++) { // what was replaced is given back
			(void)table_step(p->o.table, 10000000);
			usleep(1000);
		}
		table_stats_get(p->o.table, &stats);
		if (!peer)
			assert_in_range(stats.rib_bytes / 20000, 16, 30);
		else
			assert_in_range((stats.rib_bytes - before) / 20000 / peer, 0, 20);
		before = peer ? before : stats.rib_bytes;
	}
	while (table_flush(p->o.table, ROUTE_BGP, 10000))
		;
}

#define paths_unit_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		paths_unit_test(any_paths_in_any_order_are_those_of_a_list),
		paths_unit_test(a_peer_goes_with_all_its_paths),
		paths_unit_test(more_paths_than_the_limit_are_refused_by_name),
		paths_unit_test(attributes_that_are_not_there_are_refused),
		paths_unit_test(an_owner_chooses_the_best_path),
		paths_unit_test(a_path_costs_what_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
