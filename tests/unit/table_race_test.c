// SPDX-License-Identifier: BSD-3-Clause
// Workers look up, by every engine, while the control thread changes routes as fast
// as it can. Each answer must be right for some state between the worker's two looks
// at the number of changes: all states are known before the race, from a list that
// is searched from end to end. RACE_SECONDS (5) says how long, RACE_READERS (1) how
// many workers.
//
// Under ThreadSanitizer the scalar engines alone, for it sees no gathers, and fewer
// changes that rebuild thousands of slots.
#include "dataplane/base/clock.h"
#include "dataplane/base/rcu.h"
#include "dataplane/route/fib4.h"
#include "dataplane/route/fib4_layout.h"
#include "dataplane/route/fib6.h"
#include "dataplane/route/fib6_layout.h"
#include "tests/unit/table_oracle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#ifdef __SANITIZE_THREAD__
enum { HALF = 512, SHORT_SELDOM = 500, SHORT_MIN = 3 };
#else
enum { HALF = 2048, SHORT_SELDOM = 150, SHORT_MIN = 1 };
#endif

enum {
	PROBES = 100, // a whole chunk of any engine, and a rest
	CHANGES = 2 * HALF,
	STATES = CHANGES,
	NEXTHOPS = 600,
	READERS_MAX = 8,
	SCENARIOS = 5,
};

struct engine {
	const char *name;
	fib4_lookup_fn *lookup4;
	fib6_lookup_fn *lookup6;
};

struct change {
	struct route route;
	bool is_add;
};

// What happens, and what is right after so many changes.
static struct plan {
	struct oracle o;
	struct addr probe[2][PROBES];	  // IPv4, IPv6
	struct change change[CHANGES];	  // the second half undoes the first
	uint16_t rest[STATES][2][PROBES]; // by all routes but the default, which is apart
	uint16_t default_nh[STATES][2];
	struct engine engine[4];
	unsigned n_engines;
} plan;

// Where slots may be behind the RIB the default route may be newer than the rest of
// an answer: it is one store, whatever waits.
struct race {
	struct oracle o;
	bool may_be_behind;
	// All answers are at least as new as n_settled, and no newer than n_started.
	_Atomic uint64_t n_settled, n_started;
	_Atomic bool is_over, is_wrong;
	_Atomic uint64_t n_lookups;
	pthread_mutex_t lock;
	char wrong[200];
};

static const char *const engines[] = {
	"scalar",
#ifndef __SANITIZE_THREAD__
	"avx2",
	"avx512",
#endif
};

static void engines_find(struct plan *p)
{
	for (unsigned i = 0; i < ARRAY_LEN(engines); i++) {
		if (table_engine_set(p->o.table, engines[i]))
			continue;
		p->engine[p->n_engines++] = (struct engine){
			engines[i],
			table_fib4(p->o.table)->lookup,
			table_fib6(p->o.table)->lookup,
		};
	}
	assert_true(p->n_engines > 0);
}

// Half of the lengths long, a default route now and then, seldom a very short one.
static unsigned len_random(struct oracle *o, unsigned bits)
{
	if (oracle_rand(o, 30) == 0)
		return 0;
	if (oracle_rand(o, SHORT_SELDOM) == 0)
		return SHORT_MIN + oracle_rand(o, 8 - SHORT_MIN);
	if (oracle_rand(o, 2))
		return bits - oracle_rand(o, 9);
	return 8 + oracle_rand(o, bits - 7);
}

static struct prefix prefix_near(struct plan *p, unsigned family)
{
	const struct addr *probe = &p->probe[family][oracle_rand(&p->o, PROBES)];
	struct prefix prefix = {.family = probe->family};

	memcpy(prefix.bytes, probe->bytes, sizeof(prefix.bytes));
	prefix.len = (uint8_t)len_random(&p->o, oracle_bits(probe->family));
	prefix_mask(&prefix);
	return prefix;
}

static void probes_make(struct plan *p)
{
	for (unsigned f = 0; f < 2; f++) {
		for (unsigned i = 0; i < PROBES; i++) {
			struct addr *probe = &p->probe[f][i];

			if (i % 4)
				*probe = p->probe[f][i - 1]; // share a long prefix
			probe->family = f ? 6 : 4;
			for (unsigned b = i % 4 ? (f ? 7 : 3) : 0; b < (f ? 16 : 4); b++)
				probe->bytes[b] = (uint8_t)test_rand(&p->o.seed);
		}
	}
}

// The model alone: the table follows when the race is on.
static void model_apply(struct oracle *o, const struct change *change)
{
	int i = oracle_find(o, &change->route.prefix, change->route.source);

	if (change->is_add)
		o->route[i < 0 ? (int)o->n++ : i] = change->route;
	else
		o->route[i] = o->route[--o->n];
}

static void changes_make(struct plan *p)
{
	static const uint8_t sources[] = {ROUTE_STATIC, ROUTE_MRT, ROUTE_BGP};
	struct oracle *o = &p->o;

	for (unsigned i = 0; i < HALF; i++) {
		struct change *add = &p->change[i], *undo = &p->change[CHANGES - 1 - i];
		int at;

		*add = (struct change){{.prefix = prefix_near(p, oracle_rand(o, 2)),
					.source = sources[oracle_rand(o, ARRAY_LEN(sources))],
					.nh = (uint16_t)(1 + oracle_rand(o, NEXTHOPS))},
				       true};
		if (oracle_rand(o, 600) < o->n) {
			add->route = o->route[oracle_rand(o, o->n)];
			add->is_add = false;
		}
		at = oracle_find(o, &add->route.prefix, add->route.source);
		*undo = (struct change){at < 0 ? add->route : o->route[at], at >= 0};
		model_apply(o, add);
	}
}

static uint16_t default_of(const struct oracle *o, unsigned f)
{
	const struct route *best = NULL;

	for (unsigned i = 0; i < o->n; i++) {
		const struct route *r = &o->route[i];

		if (r->prefix.len || r->prefix.family != (f ? 6 : 4))
			continue;
		if (!best || r->source < best->source)
			best = r;
	}
	return best ? best->nh : 0;
}

static void answers_make(struct plan *p)
{
	p->o.n = 0;
	for (unsigned s = 0; s < STATES; s++) {
		for (unsigned f = 0; f < 2; f++) {
			p->default_nh[s][f] = default_of(&p->o, f);
			for (unsigned i = 0; i < PROBES; i++) {
				const struct route *best = oracle_match(&p->o, &p->probe[f][i]);

				if (best && best->prefix.len)
					p->rest[s][f][i] = best->nh;
			}
		}
		model_apply(&p->o, &p->change[s]);
	}
	assert_int_equal(p->o.n, 0); // the circle is closed
}

static int plan_make(void **state)
{
	(void)state;
	oracle_init(&plan.o, CHANGES, NEXTHOPS);
	engines_find(&plan);
	probes_make(&plan);
	changes_make(&plan);
	answers_make(&plan);
	return 0;
}

static int plan_free(void **state)
{
	(void)state;
	oracle_fini(&plan.o);
	return 0;
}

// The reader.

static bool is_right(const struct race *r, unsigned f, unsigned i, uint16_t nh, uint64_t first,
		     uint64_t last)
{
	bool is_default = false, has_no_rest = false;

	for (uint64_t s = first; s <= last && s < first + STATES; s++) {
		uint16_t rest = plan.rest[s % STATES][f][i];
		uint16_t default_nh = plan.default_nh[s % STATES][f];

		if (nh == (rest ? rest : default_nh))
			return true;
		is_default |= nh == default_nh;
		has_no_rest |= !rest;
	}
	return r->may_be_behind && is_default && has_no_rest;
}

static cold_fn void complain(struct race *r, const struct engine *engine, const struct addr *probe,
			     uint16_t nh, uint64_t first, uint64_t last)
{
	char text[ADDR_TEXT_MAX];

	pthread_mutex_lock(&r->lock);
	if (!*r->wrong)
		snprintf(r->wrong, sizeof(r->wrong), "%s: %s: %u is right in no state of %lu..%lu",
			 engine->name, addr_format(probe, text), nh, first, last);
	pthread_mutex_unlock(&r->lock);
	atomic_store(&r->is_wrong, true);
}

struct probes {
	uint32_t dst4[PROBES];
	const uint8_t *dst6[PROBES];
};

static void look(struct race *r, const struct engine *engine, unsigned f, const struct probes *p)
{
	uint64_t first = atomic_load(&r->n_settled), last;
	uint16_t nh[PROBES];

	if (f)
		engine->lookup6(table_fib6(r->o.table), p->dst6, nh, PROBES);
	else
		engine->lookup4(table_fib4(r->o.table), p->dst4, nh, PROBES);
	last = atomic_load(&r->n_started);
	for (unsigned i = 0; i < PROBES; i++)
		if (unlikely(!is_right(r, f, i, nh[i], first, last)))
			complain(r, engine, &plan.probe[f][i], nh[i], first, last);
}

static void *reader(void *arg)
{
	struct race *r = arg;
	struct probes p;

	for (unsigned i = 0; i < PROBES; i++) {
		const uint8_t *b = plan.probe[0][i].bytes;

		p.dst4[i] =
			(uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
		p.dst6[i] = plan.probe[1][i].bytes;
	}
	rcu_register_thread();
	for (unsigned turn = 0; !atomic_load(&r->is_over); turn++) {
		for (unsigned f = 0; f < 2; f++)
			look(r, &plan.engine[turn % plan.n_engines], f, &p);
		r->n_lookups += 2ul * PROBES;
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	return NULL;
}

// The writer.

static void write_one(struct race *r, uint64_t i)
{
	const struct change *change = &plan.change[i % CHANGES];

	atomic_store(&r->n_started, i + 1);
	if (change->is_add)
		assert_int_equal(table_add(r->o.table, &change->route), 0);
	else
		assert_int_equal(table_del(r->o.table, &change->route.prefix, change->route.source),
				 0);
}

// What was changed is seen; what is unbuilt is built little by little.
static void settle(struct race *r, uint64_t i)
{
	while (fib4_is_behind(table_fib4(r->o.table)) || fib6_is_behind(table_fib6(r->o.table)))
		(void)table_step(r->o.table, 1000);
	atomic_store(&r->n_settled, i);
}

// A single change is seen when the call returns, but for very short prefixes.
static uint64_t singly(struct race *r, uint64_t i)
{
	const struct prefix *prefix = &plan.change[i % CHANGES].route.prefix;

	write_one(r, i++);
	if (prefix->len && prefix->len < 8)
		settle(r, i);
	else
		atomic_store(&r->n_settled, i);
	return i;
}

// Some are left behind for a while, and changed again while they are.
static uint64_t lagging(struct race *r, uint64_t i)
{
	for (unsigned n = oracle_rand(&r->o, 60); n; n--) {
		write_one(r, i++);
		if (oracle_rand(&r->o, 4) == 0)
			(void)table_step(r->o.table, 1);
	}
	settle(r, i);
	return i;
}

static uint64_t in_bulk(struct race *r, uint64_t i)
{
	table_bulk_start(r->o.table);
	for (unsigned n = 1 + oracle_rand(&r->o, 200); n; n--)
		write_one(r, i++);
	if (oracle_rand(&r->o, 2))
		(void)table_step(r->o.table, 1000);
	table_bulk_stop(r->o.table);
	settle(r, i);
	return i;
}

static uint64_t in_bursts(struct race *r, uint64_t i)
{
	table_burst_start(r->o.table);
	for (unsigned n = 1 + oracle_rand(&r->o, 200); n; n--)
		write_one(r, i++);
	table_burst_stop(r->o.table);
	settle(r, i);
	return i;
}

static double seconds(void)
{
	const char *text = getenv("RACE_SECONDS");

	return (text ? atof(text) : 5) / SCENARIOS;
}

static unsigned readers(void)
{
	const char *text = getenv("RACE_READERS");
	int n = text ? atoi(text) : 1;

	return n < 1 ? 1 : n > READERS_MAX ? READERS_MAX : (unsigned)n;
}

// The table begins unbuilt, and is built under way.
static void race_run(bool may_be_behind, enum table_build build,
		     uint64_t (*write)(struct race *r, uint64_t i))
{
	struct race r = {.may_be_behind = may_be_behind, .lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t thread[READERS_MAX];
	uint64_t end = clock_ns() + (uint64_t)(seconds() * 1e9), i = 0;

	oracle_init(&r.o, 1, NEXTHOPS);
	table_build_set(r.o.table, build);
	for (unsigned n = 0; n < readers(); n++)
		assert_int_equal(pthread_create(&thread[n], NULL, reader, &r), 0);
	while (clock_ns() < end && !atomic_load(&r.is_wrong)) {
		for (unsigned n = 0; n < 16; n++)
			i = write(&r, i);
		if (i % 1024 < 16)
			(void)table_step(r.o.table, 100000);
	}
	atomic_store(&r.is_over, true);
	for (unsigned n = 0; n < readers(); n++)
		pthread_join(thread[n], NULL);
	print_message("%lu changes, %lu lookups\n", i, r.n_lookups);
	if (*r.wrong)
		fail_msg("%s", r.wrong);
	assert_true(table_sanity(r.o.table));
	oracle_fini(&r.o);
}

static void single_changes_are_seen_at_once_or_not_yet(void **state)
{
	(void)state;
	race_run(false, TABLE_BUILD_ALL, singly);
}

static void what_is_behind_answers_by_an_older_state(void **state)
{
	(void)state;
	race_run(true, TABLE_BUILD_ALL, lagging);
}

static void bulk_loads_show_states_that_were(void **state)
{
	(void)state;
	race_run(true, TABLE_BUILD_ALL, in_bulk);
}

static void bursts_show_states_that_were(void **state)
{
	(void)state;
	race_run(true, TABLE_BUILD_ALL, in_bursts);
}

static void slots_built_on_demand_are_right_before_and_after(void **state)
{
	(void)state;
	race_run(false, TABLE_BUILD_ON_DEMAND, singly);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_changes_are_seen_at_once_or_not_yet),
		cmocka_unit_test(what_is_behind_answers_by_an_older_state),
		cmocka_unit_test(bulk_loads_show_states_that_were),
		cmocka_unit_test(bursts_show_states_that_were),
		cmocka_unit_test(slots_built_on_demand_are_right_before_and_after),
	};

	static_assert(ARRAY_LEN(tests) == SCENARIOS, "each has its share of the time");
	return cmocka_run_group_tests(tests, plan_make, plan_free);
}
