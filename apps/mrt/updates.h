// SPDX-License-Identifier: BSD-3-Clause
// Routes as UPDATE messages to a peer: routes with the same attributes that
// follow each other share messages.
//
// One thread, no memory but its own. Attributes are those of the file but for
// what a session asks for: the local AS in front of the path and no LOCAL_PREF
// towards another AS (RFC 4271 §5.1), AS numbers as wide as agreed, next hops by
// wish, IPv6 in MP_REACH_NLRI.
#pragma once

#include "apps/mrt/walk.h"
#include "dataplane/base/err.h"
#include "dataplane/bgp/msg.h"
#include "dataplane/route/prefix.h"

// Takes a whole message; -errno ends the matter.
typedef int updates_fn(void *arg, const void *msg, size_t len);

struct updates_conf {
	const struct bgp_session *session;
	bool keeps_path;		// the local AS is not put in front
	struct addr nexthop4, nexthop6; // family 0: as in the file
	updates_fn *fn;
	void *arg;
};

struct updates;

struct updates *updates_new(const struct updates_conf *conf) must_check; // NULL: ENOMEM
void updates_free(struct updates *up);
// EVENT_RIB, _ANNOUNCE, _WITHDRAW of IPv4 and IPv6 unicast. 0; 1: no such route, or
// its attributes cannot be sent; -errno of fn.
int updates_add(struct updates *up, const struct event *ev) must_check;
int updates_flush(struct updates *up) must_check; // what waits for company
int updates_end_of_rib(struct updates *up) must_check;

struct updates_stats {
	uint64_t n_messages, n_announced, n_withdrawn, n_left_out;
};
const struct updates_stats *updates_stats(const struct updates *up);
