// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/clock.h"
#include "dataplane/neigh/neigh_entry.h"

static const struct neigh_counter counters[NEIGH_N_COUNTS] = {
#define COUNT(id, text, drop) [NEIGH_COUNT_##id] = {.name = (text), .is_drop = (drop)},
#include "dataplane/neigh/neigh_counts.def"
};

static const char *const state_name[NEIGH_N_STATES] = {
	[NEIGH_INCOMPLETE] = "incomplete", [NEIGH_REACHABLE] = "reachable",
	[NEIGH_STALE] = "stale",	   [NEIGH_DELAY] = "delay",
	[NEIGH_PROBE] = "probe",	   [NEIGH_FAILED] = "failed",
	[NEIGH_STATIC] = "static",
};

const char *neigh_state_name(enum neigh_state state)
{
	return (unsigned)state < NEIGH_N_STATES ? state_name[state] : "?";
}

unsigned neigh_counters(const struct neigh *tbl, struct neigh_counter out[], unsigned max)
{
	unsigned n = max < NEIGH_N_COUNTS ? max : NEIGH_N_COUNTS;

	for (unsigned i = 0; i < n; i++) {
		out[i] = counters[i];
		out[i].n = tbl->count[i];
	}
	return NEIGH_N_COUNTS;
}

static int compare(unsigned iface_a, const struct addr *a, unsigned iface_b, const struct addr *b)
{
	if (iface_a != iface_b)
		return iface_a < iface_b ? -1 : 1;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static void info_fill(const struct neigh *tbl, const struct neigh_entry *e, struct neigh_info *info)
{
	memset(info, 0, sizeof(*info));
	info->iface = e->iface;
	info->addr = e->addr;
	memcpy(info->mac, e->mac, sizeof(info->mac));
	info->state = (enum neigh_state)e->state;
	info->age_ms =
		e->confirmed_ns ? (tbl->now_ns - e->confirmed_ns) / CLOCK_NS_PER_MS : NEIGH_NEVER;
	info->held = e->n_held;
	info->is_router = e->is_router;
}

// Where e belongs among the n that are in order: binary search.
static size_t place_of(const struct neigh_info out[], size_t n, const struct neigh_entry *e)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (compare(out[mid].iface, &out[mid].addr, e->iface, &e->addr) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

// Keeps the max smallest: one look at every entry, which have no order of their own.
size_t neigh_walk(const struct neigh *tbl, const struct neigh_info *from, struct neigh_info out[],
		  size_t max)
{
	size_t n = 0;

	for (uint32_t i = 1; i <= tbl->n; i++) {
		const struct neigh_entry *e = tbl->heap[i];
		size_t at;

		if (from && compare(from->iface, &from->addr, e->iface, &e->addr) >= 0)
			continue;
		at = place_of(out, n, e);
		if (at == max)
			continue;
		if (n < max)
			n++;
		memmove(&out[at + 1], &out[at], (n - at - 1) * sizeof(out[0]));
		info_fill(tbl, e, &out[at]);
	}
	return n;
}
