// SPDX-License-Identifier: BSD-3-Clause
// What a replay (ctl/replay.h) brings goes into a table, a little at a time.
//
// Control thread only. Its routes are of source MRT, each of its peer; what the
// loader gave is peer 0 and yields to them. They stay when the replay is through
// and go when it is stopped.
#pragma once

#include "dataplane/ctl/replay.h"
#include "dataplane/route/table.h"

struct intern;
struct router;
struct router_replay;

struct router_replay_state {
	const char *name; // "playing", "withdrawing", "stopped", "done", "failed"
	const struct replay_conf *conf;
	struct replay_progress progress;
	struct replay_result last;
	uint64_t n_refused; // no memory, no usable gateway
	unsigned n_peers;
};

struct router_replay *router_replay_new(struct router *r, struct err *err) must_check;
void router_replay_free(struct router_replay *rr);

int router_replay_start(struct router_replay *rr, const struct replay_conf *conf,
			struct err *err) must_check;
// Ends it; withdraws its routes unless they shall stay. -ENOENT: nothing was replayed.
int router_replay_stop(struct router_replay *rr, bool keep, struct err *err) must_check;
// Gateways changed: routes that come from now on follow.
void router_replay_refresh(struct router_replay *rr);
// Applies batches for at most budget_ns; true while there is more.
bool router_replay_step(struct router_replay *rr, uint64_t budget_ns);
// false: nothing was ever replayed.
bool router_replay_state_get(struct router_replay *rr, struct router_replay_state *state);

// A table_best_fn: the best path of several peers (bgp/best.h); arg is the router's.
unsigned router_replay_best(void *arg, const struct route path[], unsigned n);
