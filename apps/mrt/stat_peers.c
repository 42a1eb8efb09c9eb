// SPDX-License-Identifier: BSD-3-Clause
// Peers over all tables of a file: a peer that comes again is the same row.
#include "apps/mrt/stat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Rows beyond these are not searched, and beyond those not kept.
enum { SEARCH_MAX = 4096, ROWS_MAX = 200000 };

static bool is_same(const struct mrt_peer *a, const struct mrt_peer *b)
{
	return a->asn == b->asn && a->id == b->id && a->addr.family == b->addr.family &&
	       memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes)) == 0;
}

// The row of the peer at this index of a table; most often it has not moved.
static unsigned row_of(const struct stat *st, const struct mrt_peer *peer, unsigned index)
{
	unsigned n = st->n_peers < SEARCH_MAX ? st->n_peers : SEARCH_MAX;

	if (index < st->n_peers && is_same(&st->peer[index].peer, peer))
		return index;
	for (unsigned i = 0; i < n; i++)
		if (is_same(&st->peer[i].peer, peer))
			return i;
	return st->n_peers;
}

static int rows_grow(struct stat *st, unsigned n)
{
	struct stat_peer *list;
	unsigned *row;

	if (st->n_peers + n > ROWS_MAX)
		st->n_peers = 0;
	list = realloc(st->peer, (st->n_peers + n + 1u) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	st->peer = list;
	row = realloc(st->row, (n + 1u) * sizeof(*row));
	if (!row)
		return -ENOMEM;
	st->row = row;
	return 0;
}

int stat_peers_take(struct stat *st, const uint8_t *body, size_t len, struct fault *fault)
{
	struct mrt_peers peers;
	struct mrt_peer peer;

	if (mrt_peers_decode(body, len, &peers, fault))
		return -EBADMSG;
	if (rows_grow(st, peers.n_peers))
		return -ENOMEM;
	st->n_peer_tables++;
	st->n_rows = peers.n_peers;
	for (unsigned i = 0; mrt_peers_next(&peers, &peer); i++) {
		unsigned row = row_of(st, &peer, i);

		st->row[i] = row;
		if (row == st->n_peers)
			st->peer[st->n_peers++] = (struct stat_peer){.peer = peer};
	}
	return 0;
}
