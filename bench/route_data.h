// SPDX-License-Identifier: BSD-3-Clause
// What route_bench measures with: tables (real or made), keys, and a reference
// that is too slow to be wrong.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/prefix.h"

#include <stdbool.h>

struct bench_route {
	struct prefix prefix;
	uint16_t nh;
};

struct bench_table {
	struct bench_route *route;
	size_t n, max;
};

struct bench_data {
	struct bench_table ip4, ip6;
	unsigned n_nexthops;
};

uint64_t bench_rand(uint64_t *seed);

// An MRT dump, or a prefix a line (what follows it is ignored; lines that are none
// are skipped), plain or compressed. Returns 0 or -errno.
int bench_data_read(struct bench_data *data, const char *path) must_check;
// The lengths of an Internet table of 2026, in clusters; scale 1.0 is all of it.
void bench_data_make(struct bench_data *data, double scale);
void bench_data_free(struct bench_data *data);

enum bench_pattern { BENCH_UNIFORM, BENCH_INSIDE, BENCH_ZIPF };

// n addresses of 16 bytes (IPv4: 4 used, network order).
uint8_t (*bench_keys_make(const struct bench_table *table, enum bench_pattern pattern,
			  size_t n))[16] must_check;

// One bit a level.
struct bench_ref;
struct bench_ref *bench_ref_new(const struct bench_table *table) must_check;
uint16_t bench_ref_find(const struct bench_ref *ref, const uint8_t *addr, unsigned n_bits);
uint64_t bench_ref_bytes(const struct bench_ref *ref);
void bench_ref_free(struct bench_ref *ref);
