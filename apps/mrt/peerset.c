// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/peerset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HASH = 1 << 17 };

struct peerset {
	unsigned n;
	struct mrt_peer peer[PEERSET_MAX];
	uint32_t slot[HASH]; // number + 1; 0: free
};

struct peerset *peerset_new(void)
{
	return calloc(1, sizeof(struct peerset));
}

void peerset_free(struct peerset *set)
{
	free(set);
}

// The slot of a peer: of its number, or free.
static unsigned slot_of(const struct peerset *set, const struct mrt_peer *peer)
{
	uint64_t h = peer->asn;
	unsigned at;

	for (unsigned i = 0; i < sizeof(peer->addr.bytes); i++)
		h = (h ^ peer->addr.bytes[i]) * 0x100000001b3ull;
	for (at = (unsigned)(h >> 24) % HASH; set->slot[at]; at = (at + 1) % HASH) {
		const struct mrt_peer *have = &set->peer[set->slot[at] - 1];

		if (have->asn == peer->asn &&
		    memcmp(&have->addr, &peer->addr, sizeof(peer->addr)) == 0)
			break;
	}
	return at;
}

int peerset_add(struct peerset *set, const struct mrt_peer *peer)
{
	unsigned at = slot_of(set, peer);

	if (!set->slot[at]) {
		if (set->n == PEERSET_MAX)
			return -E2BIG;
		set->peer[set->n++] = *peer;
		set->slot[at] = set->n;
	}
	return (int)set->slot[at] - 1;
}

int peerset_find(const struct peerset *set, const struct mrt_peer *peer)
{
	return (int)set->slot[slot_of(set, peer)] - 1;
}

const struct mrt_peer *peerset_get(const struct peerset *set, unsigned number)
{
	return &set->peer[number];
}

unsigned peerset_count(const struct peerset *set)
{
	return set->n;
}
