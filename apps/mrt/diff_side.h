// SPDX-License-Identifier: BSD-3-Clause
// One of the two tables that diff compares: its routes, prefix by prefix.
//
// One thread. A file that is sorted by prefix is read as a stream, with the routes
// of one prefix in memory; one that is not can be read into memory as a whole
// (32 bytes a route, and each attribute set once).
#pragma once

#include "apps/mrt/peerset.h"
#include "apps/mrt/walk.h"
#include "apps/mrt/where.h"
#include "dataplane/ctl/mrt_file.h"

struct side_route {
	unsigned peer; // in the peerset
	uint32_t path_id;
	bool add_path;
	uint8_t as_bytes;
	size_t attrs_at; // in side->bytes
	size_t attrs_len;
};

struct side {
	// The routes of one prefix; n 0: there are no more.
	struct bgp_prefix prefix;
	struct side_route *route;
	size_t n, max;
	uint8_t *bytes; // attributes of these routes
	size_t n_bytes, max_bytes;

	const char *path;
	struct where *where;
	struct peerset *peers;
	struct mrt_file_stats file;
	uint64_t n_routes, n_prefixes, n_bad, n_other; // n_other: not IPv4 or IPv6 unicast
	struct side_source *source;
};

// peers are shared by both sides. -errno with err.
int side_open(struct side *s, const char *path, bool in_memory, struct where *where,
	      struct peerset *peers, struct err *err) must_check;
void side_close(struct side *s);
// 0; -ESTALE: the prefix comes before the last one (not in memory); -ENOMEM; -E2BIG:
// too many peers.
int side_next(struct side *s) must_check;
int side_prefix_compare(const struct bgp_prefix *a, const struct bgp_prefix *b);
