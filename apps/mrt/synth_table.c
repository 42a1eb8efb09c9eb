// SPDX-License-Identifier: BSD-3-Clause
// Lengths are filled from short to long. Of each length a part takes free space
// in runs of neighbours, the rest splits what an earlier block announced: so
// most prefixes have a covering one and share its origin, as in the real table.
#include "apps/mrt/synth.h"

#include <stdlib.h>
#include <string.h>

enum { V4_ORIGINS = 105000, V6_ORIGINS = 42000, V6_POOLS = 4176 };
enum { COVER_LEN = 24 }; // free IPv4 space is counted in /24

static const uint32_t shape4[33] = {
	[8] = 16,     [9] = 13,	     [10] = 38,	   [11] = 103,	 [12] = 299,
	[13] = 581,   [14] = 1203,   [15] = 2100,  [16] = 13490, [17] = 8235,
	[18] = 13798, [19] = 24870,  [20] = 42611, [21] = 50750, [22] = 108623,
	[23] = 96510, [24] = 537698, [25] = 20,	   [26] = 3,	 [27] = 11,
	[28] = 18,    [29] = 17,     [30] = 3,	   [31] = 3,	 [32] = 886,
};
static const uint32_t shape6[129] = {
	[16] = 1,     [19] = 1,	   [20] = 16,	 [21] = 3,    [22] = 7,	    [23] = 8,
	[24] = 30,    [25] = 8,	   [26] = 15,	 [27] = 20,   [28] = 193,   [29] = 4371,
	[30] = 650,   [31] = 284,  [32] = 22548, [33] = 2926, [34] = 2603,  [35] = 1043,
	[36] = 5996,  [37] = 880,  [38] = 1617,	 [39] = 1377, [40] = 13418, [41] = 903,
	[42] = 2301,  [43] = 1001, [44] = 14365, [45] = 1553, [46] = 3039,  [47] = 3153,
	[48] = 75488, [49] = 11,   [50] = 3,	 [52] = 1,    [55] = 1,	    [56] = 24,
	[58] = 20,    [60] = 2,	   [64] = 184,	 [112] = 2,   [122] = 1,    [124] = 4,
	[125] = 9,    [126] = 19,  [127] = 42,	 [128] = 6,
};

struct block {
	uint64_t bits; // from the top, as synth_prefix.hi
	uint8_t len;
};

#define IP4(a, b, c) ((uint64_t)(a) << 56 | (uint64_t)(b) << 48 | (uint64_t)(c) << 40)

// Space that no network announces (RFC 6890 §2.2.2, RFC 5737 §3, multicast).
static const struct block reserved4[] = {
	{IP4(0, 0, 0), 8},     {IP4(10, 0, 0), 8},	{IP4(100, 64, 0), 10},
	{IP4(127, 0, 0), 8},   {IP4(169, 254, 0), 16},	{IP4(172, 16, 0), 12},
	{IP4(192, 0, 0), 22},  {IP4(192, 88, 99), 24},	{IP4(192, 168, 0), 16},
	{IP4(198, 18, 0), 15}, {IP4(198, 51, 100), 24}, {IP4(203, 0, 113), 24},
	{IP4(224, 0, 0), 3},
};
// RFC 6890 §2.2.3, RFC 9637 §4, 6to4.
static const struct block reserved6[] = {
	{0x2001000000000000, 23},
	{0x20010db800000000, 32},
	{0x2002000000000000, 16},
	{0x3fff000000000000, 20},
};
// Where the registries hand out IPv6.
static const struct block registry6[] = {
	{0x2001000000000000, 16}, {0x2400000000000000, 12}, {0x2600000000000000, 12},
	{0x2800000000000000, 12}, {0x2a00000000000000, 12}, {0x2a00000000000000, 12},
	{0x2c00000000000000, 12},
};

struct maker {
	const struct synth_options *opt;
	struct synth_table *table;
	unsigned max;
	uint64_t seed;
	uint8_t family;
	unsigned first; // of this family in the table
	uint32_t *slot; // set of prefixes: index + 1, open addressing
	uint32_t slot_mask;
	uint8_t *covered; // IPv4: one bit a /24 that a block announced
	uint64_t pool6[V6_POOLS];
};

static uint64_t rnd(struct maker *m)
{
	m->seed += 0x9e3779b97f4a7c15ull;
	return synth_mix(m->seed);
}

static uint64_t mask_of(unsigned len)
{
	return len == 0 ? 0 : len >= 64 ? UINT64_MAX : UINT64_MAX << (64 - len);
}

static bool overlaps(uint64_t bits, unsigned len, const struct block *block)
{
	unsigned shorter = len < block->len ? len : block->len;

	return ((bits ^ block->bits) & mask_of(shorter)) == 0;
}

static bool is_reserved(uint8_t family, uint64_t bits, unsigned len)
{
	const struct block *list = family == 4 ? reserved4 : reserved6;
	size_t n = family == 4 ? ARRAY_LEN(reserved4) : ARRAY_LEN(reserved6);

	for (size_t i = 0; i < n; i++)
		if (overlaps(bits, len, &list[i]))
			return true;
	return false;
}

static uint64_t bits_of(const uint8_t *bytes)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < 8; i++)
		bits = bits << 8 | bytes[i];
	return bits;
}

// Nothing more specific may stray into what the user asked for by name.
static bool is_included(const struct synth_options *opt, uint8_t family, uint64_t bits,
			unsigned len)
{
	for (unsigned i = 0; i < opt->n_includes; i++) {
		const struct prefix *p = &opt->include[i].prefix;

		if (p->family == family && len >= p->len &&
		    ((bits ^ bits_of(p->bytes)) & mask_of(p->len)) == 0)
			return true;
	}
	return false;
}

static uint32_t *slot_find(struct maker *m, const struct synth_prefix *p)
{
	uint64_t h = synth_mix(p->hi ^ synth_mix(p->lo ^ p->len << 8 ^ p->family));

	for (uint32_t i = (uint32_t)h & m->slot_mask;; i = (i + 1) & m->slot_mask) {
		const struct synth_prefix *q = &m->table->prefix[m->slot[i] - 1];

		if (m->slot[i] == 0 || (q->hi == p->hi && q->lo == p->lo && q->len == p->len &&
					q->family == p->family))
			return &m->slot[i];
	}
}

static bool is_covered(const struct maker *m, uint64_t bits)
{
	uint32_t i = (uint32_t)(bits >> (64 - COVER_LEN));

	return m->covered[i / 8] >> i % 8 & 1;
}

static void cover(struct maker *m, const struct synth_prefix *p)
{
	uint32_t at = (uint32_t)(p->hi >> (64 - COVER_LEN));
	uint32_t n = p->len >= COVER_LEN ? 1 : 1u << (COVER_LEN - p->len);

	if (n >= 8) {
		memset(m->covered + at / 8, 0xff, n / 8);
		return;
	}
	for (uint32_t i = at; i < at + n; i++)
		m->covered[i / 8] |= (uint8_t)(1 << i % 8);
}

static bool add(struct maker *m, const struct synth_prefix *p)
{
	uint32_t *slot;

	if (m->table->n == m->max || is_reserved(p->family, p->hi, p->len) ||
	    is_included(m->opt, p->family, p->hi, p->len))
		return false;
	slot = slot_find(m, p);
	if (*slot)
		return false;
	m->table->prefix[m->table->n++] = *p;
	*slot = m->table->n;
	if (p->family == 4)
		cover(m, p);
	return true;
}

// Heavy tail: half of all runs are one prefix, the longest 256.
static unsigned run_length(struct maker *m)
{
	static const struct {
		uint8_t percent, from, span;
	} tail[] = {{60, 1, 1}, {80, 2, 2}, {93, 4, 5}, {99, 9, 24}, {100, 33, 224}};
	uint64_t r = rnd(m), i = 0;

	while (r % 100 >= tail[i].percent)
		i++;
	r = tail[i].from + (r >> 32) % tail[i].span;
	return (unsigned)r;
}

// Power law over the origins: the largest own thousands of prefixes, half of
// them one to three. Every second old one has a 16-bit number.
static uint32_t origin_pick(struct maker *m)
{
	unsigned n = m->family == 4 ? V4_ORIGINS : V6_ORIGINS;
	double u = (double)(rnd(m) >> 11) * 0x1p-53;
	uint32_t i = (uint32_t)(n * u * u);

	return i < 44000 && i % 2 ? 1000 + i : 131072 + 3 * i;
}

// Space for a new block: anywhere in IPv4, in a registry's pool in IPv6.
static uint64_t fresh_pick(struct maker *m, unsigned len)
{
	const struct block *registry;
	uint64_t r = rnd(m);

	if (m->family == 4)
		return r & mask_of(len) & mask_of(32);
	if (len >= 23) {
		uint64_t pool = m->pool6[r % V6_POOLS];

		return pool | (rnd(m) & ~mask_of(23) & mask_of(len));
	}
	registry = &registry6[r % ARRAY_LEN(registry6)];
	return registry->bits | (rnd(m) & ~mask_of(registry->len) & mask_of(len));
}

// A run of neighbours in free space; returns how many found a place.
static unsigned fresh_run(struct maker *m, unsigned len, unsigned n)
{
	struct synth_prefix p = {.family = m->family, .len = (uint8_t)len, .peer = SYNTH_ALL_PEERS};
	uint64_t step = 1ull << (64 - len);
	unsigned done = 0;

	p.origin = origin_pick(m);
	p.hi = fresh_pick(m, len);
	while (done < n && !(m->family == 4 && is_covered(m, p.hi)) && add(m, &p)) {
		p.hi += step;
		done++;
	}
	return done;
}

// A run inside a block that is announced already.
static unsigned nested_run(struct maker *m, unsigned len, unsigned n, unsigned n_parents)
{
	const struct synth_prefix *parent = &m->table->prefix[m->first + rnd(m) % n_parents];
	struct synth_prefix p = *parent;
	uint64_t r = rnd(m), step = len <= 64 ? 1ull << (64 - len) : 0;
	unsigned done = 0;

	p.len = (uint8_t)len;
	p.hi |= r & ~mask_of(parent->len) & mask_of(len);
	if (len > 64)
		p.lo |= rnd(m) & mask_of(len - 64);
	if (synth_mix(r) % 10 == 0)
		p.origin = origin_pick(m); // a customer of the block's owner
	while (done < n && ((p.hi ^ parent->hi) & mask_of(parent->len)) == 0 && add(m, &p)) {
		p.hi += step;
		done++;
	}
	return done;
}

// Percent of the prefixes of this length that take space of their own.
static unsigned fresh_percent(uint8_t family, unsigned len)
{
	static const struct {
		uint8_t upto, percent;
	} share4[] = {{8, 100}, {15, 75}, {16, 85}, {23, 44}, {24, 37}, {32, 0}},
	  share6[] = {{28, 100}, {32, 85}, {48, 13}, {128, 0}}, *share;

	for (share = family == 4 ? share4 : share6; len > share->upto;)
		share++;
	return share->percent;
}

static unsigned lower(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

// Places up to n prefixes of one length in free space; returns how many it did.
static unsigned fresh_fill(struct maker *m, unsigned len, unsigned n)
{
	unsigned large = m->family == 4 ? 20 : 40; // registries hand out these one by one
	uint64_t tries = 1000 + 50ull * n;
	unsigned left = n;

	while (left > 0 && tries-- > 0) {
		unsigned run = lower(run_length(m), len < large ? 2 : left);

		left -= fresh_run(m, len, lower(run, left));
	}
	return n - left;
}

// Places n prefixes of one length. A miss is cheap: only after very many of
// them the space counts as full.
static int length_fill(struct maker *m, unsigned len, unsigned n)
{
	unsigned n_parents = m->table->n - m->first;
	unsigned percent = n_parents ? fresh_percent(m->family, len) : 100;
	uint64_t tries = 1000 + 50ull * n;
	unsigned left = n - fresh_fill(m, len, (unsigned)((uint64_t)n * percent / 100));

	while (left > 0 && n_parents > 0 && tries-- > 0)
		left -= nested_run(m, len, lower(run_length(m), left), n_parents);
	left -= fresh_fill(m, len, left); // few and full parents, in a small table
	return left ? -ENOSPC : 0;
}

static void pools_make(struct maker *m)
{
	for (unsigned i = 0; i < V6_POOLS;) {
		const struct block *registry = &registry6[rnd(m) % ARRAY_LEN(registry6)];
		uint64_t bits = registry->bits | (rnd(m) & ~mask_of(registry->len) & mask_of(23));

		if (!is_reserved(6, bits, 23))
			m->pool6[i++] = bits;
	}
}

// Scales the counts to n prefixes of this family, without losing any.
static int family_fill(struct maker *m, uint8_t family, unsigned n, struct err *err)
{
	unsigned bits = family == 4 ? 32 : 128, total = family == 4 ? SYNTH_FULL4 : SYNTH_FULL6;
	const uint32_t *shape = family == 4 ? shape4 : shape6;
	uint64_t sum = 0, before = 0;

	m->family = family;
	m->first = m->table->n;
	for (unsigned len = 0; len <= bits; len++) {
		uint64_t upto;

		sum += shape[len];
		upto = sum * n / total;
		if (length_fill(m, len, (unsigned)(upto - before)))
			return err_set(err, ENOSPC,
				       "cannot place %u IPv%u prefixes: no room for another /%u", n,
				       family, len);
		before = upto;
	}
	return 0;
}

static void includes_add(struct maker *m)
{
	for (unsigned i = 0; i < m->opt->n_includes; i++) {
		const struct synth_include *inc = &m->opt->include[i];
		struct synth_prefix *p = &m->table->prefix[m->table->n++];

		*p = (struct synth_prefix){
			.hi = bits_of(inc->prefix.bytes),
			.lo = bits_of(inc->prefix.bytes + 8),
			.family = inc->prefix.family,
			.len = inc->prefix.len,
			.origin = 64496 + i % 16, // for documentation (RFC 5398 §3)
			.peer = inc->peer,
		};
	}
}

static int prefix_compare(const void *a, const void *b)
{
	const struct synth_prefix *p = a, *q = b;

	if (p->family != q->family)
		return p->family < q->family ? -1 : 1;
	if (p->hi != q->hi)
		return p->hi < q->hi ? -1 : 1;
	if (p->lo != q->lo)
		return p->lo < q->lo ? -1 : 1;
	return (int)p->len - (int)q->len;
}

static void finish(struct synth_table *table)
{
	qsort(table->prefix, table->n, sizeof(*table->prefix), prefix_compare);
	for (unsigned i = 0; i < table->n; i++)
		table->n4 += table->prefix[i].family == 4;
	table->n6 = table->n - table->n4;
}

static int fill(struct maker *m, struct err *err)
{
	const struct synth_options *opt = m->opt;
	uint64_t full = (opt->with4 ? SYNTH_FULL4 : 0) + (opt->with6 ? SYNTH_FULL6 : 0);
	unsigned n4 = opt->with4 ? (unsigned)(opt->n_prefixes * (uint64_t)SYNTH_FULL4 / full) : 0;
	int code = 0;

	if (!opt->with6)
		n4 = opt->n_prefixes;
	pools_make(m);
	if (opt->with4)
		code = family_fill(m, 4, n4, err);
	if (!code && opt->with6)
		code = family_fill(m, 6, opt->n_prefixes - n4, err);
	if (!code)
		includes_add(m);
	return code;
}

int synth_table_make(const struct synth_options *opt, struct synth_table *table, struct err *err)
{
	struct maker *m = calloc(1, sizeof(*m));
	uint32_t n_slots = 1024;
	int code = -ENOMEM;

	memset(table, 0, sizeof(*table));
	if (!m)
		return err_set(err, ENOMEM, "out of memory");
	while (n_slots < 2 * opt->n_prefixes)
		n_slots *= 2;
	m->opt = opt;
	m->table = table;
	m->max = opt->n_prefixes;
	m->seed = synth_mix(opt->seed);
	m->slot_mask = n_slots - 1;
	m->slot = calloc(n_slots, sizeof(*m->slot));
	m->covered = calloc(1, 1 << (COVER_LEN - 3));
	table->prefix = calloc(opt->n_prefixes + opt->n_includes + 1u, sizeof(*table->prefix));
	if (m->slot && m->covered && table->prefix)
		code = fill(m, err);
	if (!code)
		finish(table);
	else
		err_set(err, ENOMEM, "out of memory");
	free(m->slot);
	free(m->covered);
	free(m);
	return code;
}

void synth_table_fini(struct synth_table *table)
{
	free(table->prefix);
	memset(table, 0, sizeof(*table));
}
