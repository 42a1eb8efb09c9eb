// SPDX-License-Identifier: BSD-3-Clause
// Every step strikes out the routes that lose it, in the order of the RFC. MED
// decides only between routes of one neighbour AS, so there is no order of all
// routes that one comparison could define: survivors are sorted by neighbour.
#include "dataplane/bgp/best.h"

#include <string.h>

typedef uint64_t cost_fn(const struct bgp_route *route);

static uint64_t pref_cost(const struct bgp_route *route)
{
	return UINT32_MAX - route->path.local_pref;
}

static uint64_t hops_cost(const struct bgp_route *route)
{
	return route->path.n_hops;
}

static uint64_t origin_cost(const struct bgp_route *route)
{
	return route->path.origin;
}

static void swap(struct bgp_route *a, struct bgp_route *b)
{
	struct bgp_route copy = *a;

	*a = *b;
	*b = copy;
}

// Moves the routes of the lowest cost to the front; returns how many they are.
static size_t keep_lowest(struct bgp_route routes[], size_t n, cost_fn *cost)
{
	uint64_t lowest = cost(&routes[0]);
	size_t kept = 1;

	for (size_t i = 1; i < n; i++) {
		uint64_t c = cost(&routes[i]);

		if (c > lowest)
			continue;
		if (c < lowest) {
			lowest = c;
			kept = 0;
		}
		if (i != kept)
			swap(&routes[kept], &routes[i]);
		kept++;
	}
	return kept;
}

// RFC 4271 §9.1.2.2 c: the AS that the route came from.
static uint32_t neighbour(const struct bgp_route *route)
{
	return route->path.first_as ? route->path.first_as : route->peer_as;
}

static bool med_is_before(const struct bgp_route *a, const struct bgp_route *b)
{
	uint32_t as_a = neighbour(a), as_b = neighbour(b);

	return as_a != as_b ? as_a < as_b : a->path.med < b->path.med;
}

static void sift_down(struct bgp_route routes[], size_t root, size_t n)
{
	for (size_t child; (child = 2 * root + 1) < n; root = child) {
		if (child + 1 < n && med_is_before(&routes[child], &routes[child + 1]))
			child++;
		if (!med_is_before(&routes[root], &routes[child]))
			return;
		swap(&routes[root], &routes[child]);
	}
}

// Heap sort: no memory of its own, and no input makes it slow.
static void med_sort(struct bgp_route routes[], size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift_down(routes, i, n);
	for (size_t i = n; i-- > 1;) {
		swap(&routes[0], &routes[i]);
		sift_down(routes, 0, i);
	}
}

static bool med_differs(const struct bgp_route routes[], size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (routes[i].path.med != routes[0].path.med)
			return true;
	return false;
}

static size_t keep_med(struct bgp_route routes[], size_t n)
{
	uint32_t as = 0, lowest = 0;
	size_t kept = 0;

	if (!med_differs(routes, n))
		return n;
	med_sort(routes, n);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || neighbour(&routes[i]) != as) {
			as = neighbour(&routes[i]);
			lowest = routes[i].path.med;
		}
		if (routes[i].path.med == lowest)
			swap(&routes[kept++], &routes[i]);
	}
	return kept;
}

// Steps f and g, then what only a dump with add-path leaves open.
static bool tie_is_won(const struct bgp_route *a, const struct bgp_route *b)
{
	int order;

	if (a->peer_id != b->peer_id)
		return a->peer_id < b->peer_id;
	if (a->peer.family != b->peer.family)
		return a->peer.family < b->peer.family;
	order = memcmp(a->peer.bytes, b->peer.bytes, sizeof(a->peer.bytes));
	if (order)
		return order < 0;
	if (a->peer_index != b->peer_index)
		return a->peer_index < b->peer_index;
	return a->path_id < b->path_id;
}

size_t bgp_best(struct bgp_route routes[], size_t n)
{
	size_t best = 0;

	n = keep_lowest(routes, n, pref_cost);
	n = keep_lowest(routes, n, hops_cost);
	n = keep_lowest(routes, n, origin_cost);
	n = keep_med(routes, n);
	for (size_t i = 1; i < n; i++)
		if (tie_is_won(&routes[i], &routes[best]))
			best = i;
	return best;
}
