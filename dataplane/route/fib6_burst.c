// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/fib6_burst.h"

#include <assert.h>
#include <string.h>

static unsigned seat_of(const struct fib6_burst_change *change)
{
	uint64_t word[2], hash;

	memcpy(word, change->addr, sizeof(word));
	hash = (word[0] ^ change->len) * 0x9e3779b97f4a7c15ull;
	hash = (hash ^ word[1] ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
	return (unsigned)(hash >> 52);
}

static bool is_same(const struct fib6_burst_change *a, const struct fib6_burst_change *b)
{
	return a->len == b->len && !memcmp(a->addr, b->addr, sizeof(a->addr));
}

void fib6_burst_add(struct fib6_burst *burst, const struct fib6_burst_change *change)
{
	unsigned i = seat_of(change);

	for (; burst->seat[i]; i = (i + 1) % FIB6_BURST_SEATS) {
		struct fib6_burst_change *known = &burst->change[burst->seat[i] - 1];

		if (is_same(known, change)) {
			known->new = change->new;
			return;
		}
	}
	assert(burst->n < FIB6_BURST_MAX);
	burst->change[burst->n++] = *change;
	burst->seat[i] = (uint16_t)burst->n;
}

void fib6_burst_clear(struct fib6_burst *burst)
{
	if (burst->n)
		memset(burst->seat, 0, sizeof(burst->seat));
	burst->n = 0;
}
