// SPDX-License-Identifier: BSD-3-Clause
// The obvious routing table: a list of routes, searched from end to end. What
// tests compare dataplane/route with.
#pragma once

#include "dataplane/route/fib4_tbl.h"
#include "dataplane/route/fib6_tbl.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/table_test.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

struct oracle {
	struct nexthops *nhs;
	struct table *table;
	struct route *route;
	unsigned n, max;
	uint64_t seed;
};

static inline unsigned oracle_bits(uint8_t family)
{
	return family == 4 ? 32 : 128;
}

// Next hops get the ids 1..n_nexthops.
static inline void oracle_init(struct oracle *o, unsigned max, unsigned n_nexthops)
{
	memset(o, 0, sizeof(*o));
	o->nhs = nexthops_new();
	assert_non_null(o->nhs);
	for (unsigned i = 1; i <= n_nexthops; i++) {
		struct nexthop_key key = {
			.kind = NH_RESOLVE,
			.iface = 1,
			.gw = {.family = 4, .bytes = {10, 0, (uint8_t)(i >> 8), (uint8_t)i}},
		};

		assert_int_equal(nexthop_get(o->nhs, &key), i);
	}
	o->table = table_new(o->nhs);
	assert_non_null(o->table);
	o->route = calloc(max, sizeof(*o->route));
	o->max = max;
	o->seed = 1;
}

static inline void oracle_fini(struct oracle *o)
{
	table_free(o->table);
	nexthops_free(o->nhs);
	free(o->route);
}

static inline unsigned oracle_rand(struct oracle *o, unsigned n)
{
	return (unsigned)(test_rand(&o->seed) % n);
}

static inline int oracle_find(const struct oracle *o, const struct prefix *prefix, unsigned source)
{
	for (unsigned i = 0; i < o->n; i++)
		if (o->route[i].source == source && prefix_is_equal(&o->route[i].prefix, prefix))
			return (int)i;
	return -1;
}

static inline void oracle_add(struct oracle *o, const struct route *route)
{
	int i = oracle_find(o, &route->prefix, route->source);

	assert_int_equal(table_add(o->table, route), 0);
	if (i < 0) {
		assert_true(o->n < o->max);
		i = (int)o->n++;
	}
	o->route[i] = *route;
}

static inline void oracle_del(struct oracle *o, unsigned i)
{
	assert_int_equal(table_del(o->table, &o->route[i].prefix, o->route[i].source), 0);
	o->route[i] = o->route[--o->n];
}

// Longest match, of equal prefixes the lowest source; NULL if nothing covers addr.
static inline const struct route *oracle_match(const struct oracle *o, const struct addr *addr)
{
	const struct route *best = NULL;

	for (unsigned i = 0; i < o->n; i++) {
		const struct route *r = &o->route[i];

		if (!prefix_has_addr(&r->prefix, addr))
			continue;
		if (!best || r->prefix.len > best->prefix.len ||
		    (r->prefix.len == best->prefix.len && r->source < best->source))
			best = r;
	}
	return best;
}

static inline uint16_t table_lookup(const struct table *table, const struct addr *addr)
{
	const uint8_t *dst6 = addr->bytes;
	uint32_t dst4 = (uint32_t)addr->bytes[0] << 24 | (uint32_t)addr->bytes[1] << 16 |
			(uint32_t)addr->bytes[2] << 8 | addr->bytes[3];
	uint16_t nh = 0xdead;

	if (addr->family == 4)
		fib4_lookup_bulk(table_fib4(table), &dst4, &nh, 1);
	else
		fib6_lookup_bulk(table_fib6(table), &dst6, &nh, 1);
	return nh;
}

static inline void oracle_check_addr(const struct oracle *o, const struct addr *addr)
{
	const struct route *want = oracle_match(o, addr);
	struct route got;
	uint16_t nh = table_lookup(o->table, addr);
	char text[ADDR_TEXT_MAX];

	if (nh != (want ? want->nh : 0))
		fail_msg("%s: next hop %u, not %u", addr_format(addr, text), nh,
			 want ? want->nh : 0);
	assert_int_equal(table_find(o->table, addr, &got), want ? 0 : -2);
	if (want)
		assert_memory_equal(&got, want, sizeof(got));
}

// Adds +1 or -1, with carry.
static inline void addr_step(struct addr *addr, int by)
{
	for (unsigned i = oracle_bits(addr->family) / 8; i--;) {
		int sum = addr->bytes[i] + by;

		addr->bytes[i] = (uint8_t)sum;
		if (sum >= 0 && sum <= 255)
			return;
	}
}

static inline struct addr prefix_end(const struct prefix *prefix, bool last)
{
	struct addr addr = {.family = prefix->family};

	memcpy(addr.bytes, prefix->bytes, sizeof(addr.bytes));
	for (unsigned i = prefix->len; last && i < oracle_bits(prefix->family); i++)
		addr.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return addr;
}

// The first and last address of a prefix, and their neighbours outside.
static inline void oracle_check_edges(const struct oracle *o, const struct prefix *prefix)
{
	struct addr first = prefix_end(prefix, false), last = prefix_end(prefix, true);

	oracle_check_addr(o, &first);
	oracle_check_addr(o, &last);
	addr_step(&first, -1);
	addr_step(&last, 1);
	oracle_check_addr(o, &first);
	oracle_check_addr(o, &last);
}

static inline void oracle_check(struct oracle *o, unsigned n_random)
{
	for (unsigned i = 0; i < n_random; i++) {
		struct addr addr = {.family = i % 2 ? 4 : 6};

		for (unsigned b = 0; b < oracle_bits(addr.family) / 8; b++)
			addr.bytes[b] = (uint8_t)test_rand(&o->seed);
		if (i % 4 < 2 && o->n) { // near a prefix
			const struct prefix *p = &o->route[oracle_rand(o, o->n)].prefix;

			addr.family = p->family;
			if (p->family == 4)
				memset(addr.bytes, 0, sizeof(addr.bytes));
			memcpy(addr.bytes, p->bytes, (p->len + 7) / 8);
			addr.bytes[oracle_rand(o, oracle_bits(p->family) / 8)] ^=
				(uint8_t)(1 << oracle_rand(o, 8));
		}
		oracle_check_addr(o, &addr);
	}
	for (unsigned i = 0; i < o->n; i++)
		oracle_check_edges(o, &o->route[i].prefix);
}

static inline void oracle_build_all(struct oracle *o)
{
	for (int i = 0; i < 1000 && table_step(o->table, 1000000); i++)
		;
	assert_int_equal(table_step(o->table, 100000000), 0);
	assert_true(table_sanity(o->table));
}
