// SPDX-License-Identifier: BSD-3-Clause
// Peers over all tables and sessions of a file: one that comes again is the same row.
#include "apps/mrt/stat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Garbage can name a new peer in every record: beyond these the last row takes all.
enum { ROWS_MAX = 1 << 17, ROWS_MIN = 64 };

static bool is_same(const struct mrt_peer *a, const struct mrt_peer *b)
{
	return a->asn == b->asn && a->id == b->id && a->addr.family == b->addr.family &&
	       memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes)) == 0;
}

static unsigned hash_of(const struct mrt_peer *peer)
{
	uint64_t words[2], hash;

	memcpy(words, peer->addr.bytes, sizeof(words));
	hash = (words[0] ^ words[1] * 3 ^ peer->asn) * 0x9e3779b97f4a7c15ull;
	return (unsigned)(hash >> 32);
}

static unsigned *bucket_of(const struct stat_peers *peers, const struct mrt_peer *peer)
{
	for (unsigned at = hash_of(peer);; at++) {
		unsigned *bucket = &peers->bucket[at & (peers->n_buckets - 1)];

		if (*bucket == 0 || is_same(&peers->row[*bucket - 1].peer, peer))
			return bucket;
	}
}

static int grow(struct stat_peers *peers)
{
	unsigned size = peers->size ? 2 * peers->size : ROWS_MIN;
	struct stat_peer *row = realloc(peers->row, size * sizeof(*row));
	unsigned *bucket;

	if (!row)
		return -ENOMEM;
	peers->row = row;
	bucket = calloc(2 * size, sizeof(*bucket));
	if (!bucket)
		return -ENOMEM;
	free(peers->bucket);
	peers->bucket = bucket;
	peers->n_buckets = 2 * size;
	peers->size = size;
	for (unsigned i = 0; i < peers->n; i++)
		*bucket_of(peers, &row[i].peer) = i + 1;
	return 0;
}

unsigned stat_peer_row(struct stat_peers *peers, const struct mrt_peer *peer, int *code)
{
	unsigned *bucket;

	if (peers->last < peers->n && is_same(&peers->row[peers->last].peer, peer))
		return peers->last;
	if (peers->n == peers->size && peers->n < ROWS_MAX && grow(peers))
		*code = -ENOMEM;
	if (peers->size == 0)
		return 0;
	bucket = bucket_of(peers, peer);
	if (*bucket == 0 && peers->n == peers->size)
		return peers->n - 1;
	if (*bucket == 0) {
		peers->row[peers->n] = (struct stat_peer){.peer = *peer};
		*bucket = ++peers->n;
	}
	peers->last = *bucket - 1;
	return peers->last;
}

void stat_peers_fini(struct stat_peers *peers)
{
	free(peers->row);
	free(peers->bucket);
	memset(peers, 0, sizeof(*peers));
}
