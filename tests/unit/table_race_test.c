// SPDX-License-Identifier: BSD-3-Clause
// A worker looks up while the control thread changes routes as fast as it can.
// Each answer must be right for some state between the worker's two looks at
// the number of changes. RACE_SECONDS (3) says how long.
#include "dataplane/base/clock.h"
#include "dataplane/base/rcu.h"
#include "tests/unit/table_oracle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { PROBES = 64, HALF = 2048, CHANGES = 2 * HALF, NEXTHOPS = 600, STATES = CHANGES };

struct change {
	struct route route;
	bool is_add;
};

struct race {
	struct oracle o;
	struct addr probe[2][PROBES];	    // IPv4, IPv6
	struct change change[CHANGES];	    // the second half undoes the first
	uint16_t answer[STATES][2][PROBES]; // after so many changes
	_Atomic uint64_t n_started, n_done;
	_Atomic bool is_over;
	uint64_t n_lookups;
	char wrong[200];
};

static struct prefix prefix_near(struct race *r, unsigned family)
{
	const struct addr *probe = &r->probe[family][oracle_rand(&r->o, PROBES)];
	struct prefix prefix = {.family = probe->family};
	unsigned bits = oracle_bits(probe->family);

	memcpy(prefix.bytes, probe->bytes, sizeof(prefix.bytes));
	// Shorter ones may be left to table_step().
	prefix.len = (uint8_t)(8 + oracle_rand(&r->o, bits - 7));
	if (oracle_rand(&r->o, 30) == 0)
		prefix.len = 0;
	prefix_mask(&prefix);
	return prefix;
}

static void probes_make(struct race *r)
{
	for (unsigned f = 0; f < 2; f++) {
		for (unsigned i = 0; i < PROBES; i++) {
			struct addr *probe = &r->probe[f][i];

			if (i % 4)
				*probe = r->probe[f][i - 1]; // share a long prefix
			probe->family = f ? 6 : 4;
			for (unsigned b = i % 4 ? (f ? 7 : 3) : 0; b < (f ? 16 : 4); b++)
				probe->bytes[b] = (uint8_t)test_rand(&r->o.seed);
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

static void changes_make(struct race *r)
{
	for (unsigned i = 0; i < HALF; i++) {
		struct change *add = &r->change[i], *undo = &r->change[CHANGES - 1 - i];
		int at;

		*add = (struct change){{.prefix = prefix_near(r, oracle_rand(&r->o, 2)),
					.source = (uint8_t)oracle_rand(&r->o, 2),
					.nh = (uint16_t)(1 + oracle_rand(&r->o, NEXTHOPS))},
				       true};
		if (oracle_rand(&r->o, 600) < r->o.n) {
			add->route = r->o.route[oracle_rand(&r->o, r->o.n)];
			add->is_add = false;
		}
		at = oracle_find(&r->o, &add->route.prefix, add->route.source);
		*undo = (struct change){at < 0 ? add->route : r->o.route[at], at >= 0};
		model_apply(&r->o, add);
	}
}

static void answers_make(struct race *r)
{
	r->o.n = 0;
	for (unsigned s = 0; s < STATES; s++) {
		for (unsigned f = 0; f < 2; f++) {
			for (unsigned i = 0; i < PROBES; i++) {
				const struct route *best = oracle_match(&r->o, &r->probe[f][i]);

				r->answer[s][f][i] = best ? best->nh : 0;
			}
		}
		model_apply(&r->o, &r->change[s]);
	}
	assert_int_equal(r->o.n, 0); // the circle is closed
}

static bool is_right(const struct race *r, unsigned f, unsigned i, uint16_t nh, uint64_t first,
		     uint64_t last)
{
	for (uint64_t s = first; s <= last && s < first + STATES; s++)
		if (r->answer[s % STATES][f][i] == nh)
			return true;
	return false;
}

static void look(struct race *r, unsigned f, const uint32_t dst4[], const uint8_t *const dst6[])
{
	uint64_t first = atomic_load(&r->n_done), last;
	uint16_t nh[PROBES];

	if (f)
		fib6_lookup_bulk(table_fib6(r->o.table), dst6, nh, PROBES);
	else
		fib4_lookup_bulk(table_fib4(r->o.table), dst4, nh, PROBES);
	last = atomic_load(&r->n_started);
	for (unsigned i = 0; i < PROBES; i++) {
		char text[ADDR_TEXT_MAX];

		if (is_right(r, f, i, nh[i], first, last) || *r->wrong)
			continue;
		snprintf(r->wrong, sizeof(r->wrong), "%s: %u is right in no state of %lu..%lu",
			 addr_format(&r->probe[f][i], text), nh[i], first, last);
	}
}

static void *reader(void *arg)
{
	struct race *r = arg;
	const uint8_t *dst6[PROBES];
	uint32_t dst4[PROBES];

	for (unsigned i = 0; i < PROBES; i++) {
		const uint8_t *b = r->probe[0][i].bytes;

		dst4[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
		dst6[i] = r->probe[1][i].bytes;
	}
	rcu_register_thread();
	while (!atomic_load(&r->is_over)) {
		for (unsigned f = 0; f < 2; f++)
			look(r, f, dst4, dst6);
		r->n_lookups += 2ul * PROBES;
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	return NULL;
}

static void write_one(struct race *r, uint64_t i)
{
	const struct change *change = &r->change[i % CHANGES];

	atomic_store(&r->n_started, i + 1);
	if (change->is_add)
		assert_int_equal(table_add(r->o.table, &change->route), 0);
	else
		assert_int_equal(table_del(r->o.table, &change->route.prefix, change->route.source),
				 0);
	atomic_store(&r->n_done, i + 1);
}

static double seconds(void)
{
	const char *text = getenv("RACE_SECONDS");

	return text ? atof(text) : 3;
}

static void every_answer_was_right_at_some_moment(void **state)
{
	struct race *r = calloc(1, sizeof(*r));
	uint64_t end, i = 0;
	pthread_t thread;

	(void)state;
	oracle_init(&r->o, CHANGES, NEXTHOPS);
	probes_make(r);
	changes_make(r);
	answers_make(r);
	assert_int_equal(pthread_create(&thread, NULL, reader, r), 0);
	end = clock_ns() + (uint64_t)(seconds() * 1e9);
	while (clock_ns() < end && !*(volatile char *)r->wrong) {
		for (unsigned n = 0; n < 64; n++)
			write_one(r, i++);
		if (i % 1024 == 0) // begins unbuilt, and is built under way
			(void)table_step(r->o.table, 100000);
	}
	atomic_store(&r->is_over, true);
	pthread_join(thread, NULL);
	print_message("%lu changes, %lu lookups\n", i, r->n_lookups);
	if (*r->wrong)
		fail_msg("%s", r->wrong);
	assert_true(table_sanity(r->o.table));
	oracle_fini(&r->o);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_was_right_at_some_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
