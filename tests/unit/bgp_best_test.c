// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/best.h"
#include "tests/unit/test.h"

#include <string.h>

// A route told apart from others by its path id.
static struct bgp_route route(uint32_t id, uint32_t pref, unsigned n_hops, unsigned origin,
			      uint32_t first_as, uint32_t med, uint32_t peer_id)
{
	return (struct bgp_route){
		.path = {.local_pref = pref,
			 .n_hops = (uint16_t)n_hops,
			 .origin = (uint8_t)origin,
			 .first_as = first_as,
			 .med = med},
		.peer_as = 1,
		.peer_id = peer_id,
		.path_id = id,
	};
}

static uint32_t best(const struct bgp_route *routes, size_t n)
{
	struct bgp_route copy[64];

	memcpy(copy, routes, n * sizeof(*routes));
	return copy[bgp_best(copy, n)].path_id;
}

static void every_step_decides_in_its_turn(void **state)
{
	const struct bgp_route base = route(1, 100, 3, 0, 7, 50, 10);
	const struct {
		struct bgp_route rival;
		uint32_t winner;
	} cases[] = {
		{route(2, 101, 9, 2, 7, 99, 99), 2}, // LOCAL_PREF over all
		{route(2, 99, 1, 0, 7, 0, 1), 1},
		{route(2, 100, 2, 2, 7, 99, 99), 2}, // shorter path over origin
		{route(2, 100, 3, 1, 7, 0, 1), 1},   // IGP over EGP
		{route(2, 100, 3, 0, 7, 49, 99), 2}, // MED of one neighbour
		{route(2, 100, 3, 0, 8, 0, 99), 1},  // not of two: identifier
		{route(2, 100, 3, 0, 8, 99, 9), 2},
		{route(2, 100, 3, 0, 7, 50, 9), 2},
		{route(2, 100, 3, 0, 7, 50, 10), 1}, // nothing left but the path id
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bgp_route both[2] = {base, cases[i].rival};
		struct bgp_route back[2] = {cases[i].rival, base};

		assert_int_equal(best(both, 2), cases[i].winner);
		assert_int_equal(best(back, 2), cases[i].winner);
	}
}

static void lower_peer_address_wins_last(void **state)
{
	struct bgp_route two[2] = {route(1, 100, 3, 0, 7, 0, 5), route(2, 100, 3, 0, 7, 0, 5)};

	(void)state;
	two[0].peer = (struct bgp_addr){.family = 4, .bytes = {192, 0, 2, 9}};
	two[1].peer = (struct bgp_addr){.family = 4, .bytes = {192, 0, 2, 1}};
	assert_int_equal(best(two, 2), 2);
}

// The classic: A loses to B by MED, B to C by identifier, C to A by identifier.
static void med_makes_no_order_yet_there_is_one_best(void **state)
{
	struct bgp_route all[3] = {
		route(1, 100, 3, 0, 7, 20, 1), // A: best identifier, beaten by B
		route(2, 100, 3, 0, 7, 10, 3), // B
		route(3, 100, 3, 0, 8, 99, 2), // C
	};

	(void)state;
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			if (i != j) {
				struct bgp_route order[3] = {all[i], all[j], all[3 - i - j]};

				assert_int_equal(best(order, 3), 3);
			}
	// MED absent is 0 (seed case: 10 beats 20, absent beats both).
	all[2] = route(3, 100, 3, 0, 7, 0, 9);
	assert_int_equal(best(all, 3), 3);
}

// A set first, or no path: the peer itself is the neighbour.
static void neighbour_without_a_sequence_is_the_peer(void **state)
{
	struct bgp_route two[2] = {route(1, 100, 1, 0, 0, 20, 1), route(2, 100, 1, 0, 0, 10, 2)};

	(void)state;
	assert_int_equal(best(two, 2), 2);
	two[1].peer_as = 2;
	assert_int_equal(best(two, 2), 1);
}

// Oracle: strike out route by route, step by step, as the RFC's text does.
static uint32_t slow_neighbour(const struct bgp_route *r)
{
	return r->path.first_as ? r->path.first_as : r->peer_as;
}

static bool slow_loses(const struct bgp_route *a, const struct bgp_route *b, int step)
{
	switch (step) {
	case 0:
		return a->path.local_pref < b->path.local_pref;
	case 1:
		return a->path.n_hops > b->path.n_hops;
	case 2:
		return a->path.origin > b->path.origin;
	case 3:
		return slow_neighbour(a) == slow_neighbour(b) && a->path.med > b->path.med;
	case 4:
		return a->peer_id > b->peer_id;
	default:
		return a->path_id > b->path_id;
	}
}

static uint32_t slow_best(const struct bgp_route *routes, size_t n)
{
	bool out[64] = {false}, lost[64];

	for (int step = 0; step <= 5; step++) {
		memset(lost, 0, sizeof(lost));
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++)
				if (!out[i] && !out[j] && slow_loses(&routes[i], &routes[j], step))
					lost[i] = true;
		for (size_t i = 0; i < n; i++)
			out[i] |= lost[i];
	}
	for (size_t i = 0; i < n; i++)
		if (!out[i])
			return routes[i].path_id;
	return 0;
}

static void best_equals_the_slow_reference(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = 1 + test_rand(&seed) % 40;
		struct bgp_route routes[64];

		for (size_t i = 0; i < n; i++)
			routes[i] = route((uint32_t)i + 1, 100 + test_rand(&seed) % 8 / 7,
					  test_rand(&seed) % 2, test_rand(&seed) % 2,
					  (uint32_t)(test_rand(&seed) % 4),
					  (uint32_t)(test_rand(&seed) % 3),
					  (uint32_t)(test_rand(&seed) % 6));
		assert_int_equal(best(routes, n), slow_best(routes, n));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_step_decides_in_its_turn),
		cmocka_unit_test(lower_peer_address_wins_last),
		cmocka_unit_test(med_makes_no_order_yet_there_is_one_best),
		cmocka_unit_test(neighbour_without_a_sequence_is_the_peer),
		cmocka_unit_test(best_equals_the_slow_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
