// SPDX-License-Identifier: BSD-3-Clause
#include "bench/route_data.h"

#include "dataplane/base/err.h"
#include "dataplane/bgp/mrt_table.h"
#include "dataplane/bgp/mrt_view.h"
#include "dataplane/ctl/mrt_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

uint64_t bench_rand(uint64_t *seed)
{
	uint64_t x = (*seed += 0x9e3779b97f4a7c15ull);

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static void *must(void *mem)
{
	if (!mem) {
		perror("route_bench");
		exit(1);
	}
	return mem;
}

static unsigned bits_of(const struct prefix *prefix)
{
	return prefix->family == 4 ? 32 : 128;
}

static void add(struct bench_table *table, const struct prefix *prefix)
{
	if (table->n == table->max) {
		table->max = table->max ? table->max * 2 : 1 << 16;
		table->route = must(realloc(table->route, table->max * sizeof(*table->route)));
	}
	table->route[table->n++].prefix = *prefix;
}

// Finishing: sorted, each prefix once, next hops by a hash of the prefix (so that
// neighbours seldom share one: the worst case), then in random order.

static int order_of(const void *a, const void *b)
{
	const struct prefix *pa = &((const struct bench_route *)a)->prefix;
	const struct prefix *pb = &((const struct bench_route *)b)->prefix;
	int order = memcmp(pa->bytes, pb->bytes, sizeof(pa->bytes));

	return order ? order : pa->len - pb->len;
}

static uint16_t nexthop_of(const struct prefix *prefix, unsigned n_nexthops)
{
	uint64_t hash = prefix->len, word[2];

	memcpy(word, prefix->bytes, sizeof(word));
	hash = bench_rand(&hash) ^ word[0];
	hash = bench_rand(&hash) ^ word[1];
	return (uint16_t)(1 + bench_rand(&hash) % n_nexthops);
}

static void finish(struct bench_table *table, unsigned n_nexthops)
{
	uint64_t seed = 7;
	size_t n = 0;

	qsort(table->route, table->n, sizeof(*table->route), order_of);
	for (size_t i = 0; i < table->n; i++)
		if (!n || order_of(&table->route[n - 1], &table->route[i]))
			table->route[n++] = table->route[i];
	table->n = n;
	for (size_t i = 0; i < n; i++)
		table->route[i].nh = nexthop_of(&table->route[i].prefix, n_nexthops);
	for (size_t i = n; i > 1; i--) {
		size_t j = bench_rand(&seed) % i;
		struct bench_route tmp = table->route[i - 1];

		table->route[i - 1] = table->route[j];
		table->route[j] = tmp;
	}
}

static int list_read(struct bench_data *data, const char *path)
{
	char line[256];
	gzFile file = gzopen(path, "rb");
	struct prefix prefix;

	if (!file)
		return errno ? -errno : -ENOMEM;
	while (gzgets(file, line, sizeof(line))) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (!prefix_parse(line, &prefix))
			add(prefix.family == 4 ? &data->ip4 : &data->ip6, &prefix);
	}
	gzclose(file);
	return 0;
}

static void bgp_add(struct bench_data *data, const struct bgp_prefix *in)
{
	struct prefix prefix = {.family = in->family, .len = in->len};

	memcpy(prefix.bytes, in->bytes, prefix.family == 4 ? 4 : 16);
	prefix_mask(&prefix);
	add(prefix.family == 4 ? &data->ip4 : &data->ip6, &prefix);
}

// TABLE_DUMP, which ended about 2010: each record is a path of one peer.
static void dump_read(struct bench_data *data, const struct mrt_file_record *rec)
{
	struct mrt_dump_entry entry;
	struct fault fault = {.code = FAULT_NONE};
	struct mrt_dump dump;

	if (mrt_dump_decode(&rec->hdr, rec->body, &dump, &fault))
		return;
	while (mrt_dump_next(&dump, &entry))
		bgp_add(data, &entry.prefix);
}

// The prefixes of all peers; next hops mean nothing here.
static int mrt_read(struct bench_data *data, const char *path)
{
	const struct mrt_view_spec spec = {.kind = MRT_VIEW_BEST};
	struct mrt_view *view = must(mrt_view_new(&spec));
	struct mrt_file *file = mrt_file_open(path, NULL);
	enum mrt_file_event event;
	static struct mrt_file_record rec;
	struct mrt_view_route route;
	struct fault fault;

	while (file && (event = mrt_file_next(file, &rec)) != MRT_FILE_END) {
		fault.code = FAULT_NONE;
		if (event == MRT_FILE_RECORD && rec.hdr.type == MRT_TABLE_DUMP)
			dump_read(data, &rec);
		else if (event == MRT_FILE_RECORD &&
			 mrt_view_record(view, &rec.hdr, rec.body, &route, &fault) > 0)
			bgp_add(data, &route.prefix);
	}
	mrt_view_free(view);
	if (!file)
		return -ENOENT;
	mrt_file_close(file);
	return 0;
}

// By the type of the first record (RFC 6396 §4), or bzip2, which lists are not.
static bool is_mrt(const char *path)
{
	uint8_t head[12] = {0};
	gzFile file = gzopen(path, "rb");
	int n = file ? gzread(file, head, sizeof(head)) : 0;

	if (file)
		gzclose(file);
	return n == sizeof(head) &&
	       (!memcmp(head, "BZh", 3) || (!head[4] && (head[5] == 12 || head[5] == 13)));
}

int bench_data_read(struct bench_data *data, const char *path)
{
	int rc = is_mrt(path) ? mrt_read(data, path) : list_read(data, path);

	if (rc)
		return rc;
	if (!data->ip4.n && !data->ip6.n)
		return -EINVAL;
	finish(&data->ip4, data->n_nexthops);
	finish(&data->ip6, data->n_nexthops);
	return 0;
}

// Made tables: {length, how many}.

static const unsigned shape4[][2] = {
	{8, 16},      {9, 13},	   {10, 38},	 {11, 103},   {12, 299},   {13, 581},	{14, 1203},
	{15, 2100},   {16, 13490}, {17, 8235},	 {18, 13798}, {19, 24870}, {20, 42611}, {21, 50750},
	{22, 108623}, {23, 96510}, {24, 537698}, {25, 20},    {26, 3},	   {27, 11},	{28, 18},
	{29, 17},     {30, 3},	   {31, 3},	 {32, 886},
};

static const unsigned shape6[][2] = {
	{16, 1},     {19, 1},	  {20, 16},    {21, 3},	   {22, 7},    {23, 8},	    {24, 30},
	{25, 8},     {26, 15},	  {27, 20},    {28, 193},  {29, 4371}, {30, 650},   {31, 284},
	{32, 22548}, {33, 2926},  {34, 2603},  {35, 1043}, {36, 5996}, {37, 880},   {38, 1617},
	{39, 1377},  {40, 13418}, {41, 903},   {42, 2301}, {43, 1001}, {44, 14365}, {45, 1553},
	{46, 3039},  {47, 3153},  {48, 75488}, {49, 11},   {50, 3},    {52, 1},	    {55, 1},
	{56, 24},    {58, 20},	  {60, 2},     {64, 184},  {112, 2},   {122, 1},    {124, 4},
	{125, 9},    {126, 19},	  {127, 42},   {128, 6},
};

static void randomise(struct prefix *prefix, unsigned from, uint64_t *seed)
{
	for (unsigned i = from; i < prefix->len; i++)
		if (bench_rand(seed) & 1)
			prefix->bytes[i / 8] ^= (uint8_t)(0x80 >> i % 8);
}

static void step(struct prefix *prefix)
{
	for (unsigned i = prefix->len; i--;) {
		prefix->bytes[i / 8] ^= (uint8_t)(0x80 >> i % 8);
		if (prefix->bytes[i / 8] & 0x80 >> i % 8)
			return;
	}
}

// Which prefixes are there already: by a hash of 64 bits, good enough for a set.
enum { SEEN = 1 << 22 };
static uint64_t seen[SEEN];

static bool is_new(const struct prefix *prefix)
{
	uint64_t hash = prefix->len, word[2];
	size_t at;

	memcpy(word, prefix->bytes, sizeof(word));
	hash = bench_rand(&hash) ^ word[0];
	hash = bench_rand(&hash) ^ word[1] ^ prefix->family;
	hash = bench_rand(&hash) | 1;
	for (at = hash % SEEN; seen[at]; at = (at + 1) % SEEN)
		if (seen[at] == hash)
			return false;
	seen[at] = hash;
	return true;
}

// IPv6 is given out of few /16s.
static const uint8_t registry6[32][2] = {
	{0x20, 0x01}, {0x20, 0x01}, {0x20, 0x01}, {0x24, 0x00}, {0x24, 0x01}, {0x24, 0x02},
	{0x24, 0x03}, {0x24, 0x04}, {0x24, 0x05}, {0x24, 0x06}, {0x24, 0x07}, {0x24, 0x08},
	{0x24, 0x09}, {0x24, 0x0a}, {0x24, 0x0e}, {0x26, 0x00}, {0x26, 0x02}, {0x26, 0x04},
	{0x26, 0x05}, {0x26, 0x06}, {0x26, 0x07}, {0x26, 0x20}, {0x28, 0x00}, {0x28, 0x03},
	{0x28, 0x04}, {0x28, 0x06}, {0x2a, 0x00}, {0x2a, 0x02}, {0x2a, 0x0a}, {0x2a, 0x0b},
	{0x2a, 0x0e}, {0x2c, 0x0f},
};

// The neighbour of the one before, something below an earlier one, or anywhere.
static void make_len(struct bench_table *table, uint8_t family, unsigned len, size_t n,
		     uint64_t *seed)
{
	struct prefix prefix = {.family = family, .len = (uint8_t)len};

	for (size_t i = 0, tries = 0; i < n && tries < 20 * n + 100; tries++) {
		unsigned kind = (unsigned)(bench_rand(seed) % 8);

		if (tries && kind < 5) {
			step(&prefix);
		} else {
			size_t at = table->n ? bench_rand(seed) % table->n : 0;
			bool is_below = table->n && (kind < 7 || len > (family == 4 ? 24 : 32));
			unsigned from = is_below ? table->route[at].prefix.len : 0;

			prefix = (struct prefix){.family = family};
			if (is_below)
				prefix = table->route[at].prefix;
			prefix.len = (uint8_t)len;
			randomise(&prefix, from < len ? from : len - 4, seed);
			if (family == 6 && !is_below)
				memcpy(prefix.bytes, registry6[bench_rand(seed) % 32], 2);
		}
		prefix_mask(&prefix);
		if (!is_new(&prefix))
			continue;
		add(table, &prefix);
		i++;
	}
}

void bench_data_make(struct bench_data *data, double scale)
{
	uint64_t seed = 2026;

	for (unsigned i = 0; i < ARRAY_LEN(shape4); i++)
		make_len(&data->ip4, 4, shape4[i][0], (size_t)(shape4[i][1] * scale) + 1, &seed);
	for (unsigned i = 0; i < ARRAY_LEN(shape6); i++)
		make_len(&data->ip6, 6, shape6[i][0], (size_t)(shape6[i][1] * scale) + 1, &seed);
	finish(&data->ip4, data->n_nexthops);
	finish(&data->ip6, data->n_nexthops);
}

void bench_data_free(struct bench_data *data)
{
	free(data->ip4.route);
	free(data->ip6.route);
}

// Keys.

static void key_inside(const struct bench_table *table, uint8_t key[16], uint64_t *seed)
{
	struct prefix prefix = table->route[bench_rand(seed) % table->n].prefix;
	unsigned len = prefix.len;

	prefix.len = (uint8_t)bits_of(&prefix);
	randomise(&prefix, len, seed);
	memcpy(key, prefix.bytes, 16);
}

enum { ZIPF_DESTINATIONS = 1000000 };

// Zipf with s = 1 over the first n of a set: the inverse of log(1 + rank), good
// to less than a rank.
static size_t zipf_rank(uint64_t *seed, size_t n)
{
	double u = (double)(bench_rand(seed) >> 11) / (double)(1ull << 53);

	return (size_t)(exp(u * log((double)n + 1)) - 1) % n;
}

uint8_t (*bench_keys_make(const struct bench_table *table, enum bench_pattern pattern,
			  size_t n))[16]
{
	uint8_t(*key)[16] = must(calloc(n, sizeof(*key)));
	uint8_t(*set)[16] = NULL;
	uint64_t seed = 42;

	if (pattern == BENCH_ZIPF) {
		set = must(calloc(ZIPF_DESTINATIONS, sizeof(*set)));
		for (size_t i = 0; i < ZIPF_DESTINATIONS; i++)
			key_inside(table, set[i], &seed);
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t word = bench_rand(&seed);

		if (pattern == BENCH_UNIFORM)
			memcpy(key[i], &word, sizeof(word));
		else if (pattern == BENCH_INSIDE)
			key_inside(table, key[i], &seed);
		else
			memcpy(key[i], set[zipf_rank(&seed, ZIPF_DESTINATIONS)], 16);
	}
	free(set);
	return key;
}

// Reference.

struct ref_node {
	uint32_t child[2];
	uint16_t nh;
};

struct bench_ref {
	struct ref_node *node;
	size_t n, max;
};

static uint32_t node_new(struct bench_ref *ref)
{
	if (ref->n == ref->max) {
		ref->max = ref->max ? ref->max * 2 : 1 << 16;
		ref->node = must(realloc(ref->node, ref->max * sizeof(*ref->node)));
	}
	memset(&ref->node[ref->n], 0, sizeof(*ref->node));
	return (uint32_t)ref->n++;
}

static unsigned bit_of(const uint8_t *addr, unsigned i)
{
	return addr[i / 8] >> (7 - i % 8) & 1;
}

struct bench_ref *bench_ref_new(const struct bench_table *table)
{
	struct bench_ref *ref = must(calloc(1, sizeof(*ref)));

	node_new(ref);
	for (size_t i = 0; i < table->n; i++) {
		const struct prefix *prefix = &table->route[i].prefix;
		uint32_t at = 0;

		for (unsigned b = 0; b < prefix->len; b++) {
			unsigned bit = bit_of(prefix->bytes, b);

			if (!ref->node[at].child[bit]) {
				uint32_t child = node_new(ref);

				ref->node[at].child[bit] = child;
			}
			at = ref->node[at].child[bit];
		}
		ref->node[at].nh = table->route[i].nh;
	}
	return ref;
}

uint16_t bench_ref_find(const struct bench_ref *ref, const uint8_t *addr, unsigned n_bits)
{
	uint16_t nh = ref->node[0].nh;
	uint32_t at = 0;

	for (unsigned b = 0; b < n_bits; b++) {
		at = ref->node[at].child[bit_of(addr, b)];
		if (!at)
			break;
		nh = ref->node[at].nh ? ref->node[at].nh : nh;
	}
	return nh;
}

uint64_t bench_ref_bytes(const struct bench_ref *ref)
{
	return ref->n * sizeof(*ref->node);
}

void bench_ref_free(struct bench_ref *ref)
{
	free(ref->node);
	free(ref);
}
