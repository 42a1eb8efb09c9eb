// SPDX-License-Identifier: BSD-3-Clause
// What the control thread knows of each next hop beyond nexthop_tbl.h: shared by
// nexthop.c (identity, counting, headers) and nexthop_group.c (ECMP) alone.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/grace.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/slotmap.h"

#include <stdbool.h>

enum { NEXTHOP_HEADS = 1 << 14, NEXTHOP_BUCKETS = 1024 };

struct group {
	unsigned n;
	uint16_t id[NEXTHOP_GROUP_MAX]; // ascending
	uint8_t weight[NEXTHOP_GROUP_MAX];
	uint16_t bucket[NEXTHOP_BUCKETS]; // read by workers
};

struct record {
	struct nexthop_key key;
	struct group *group;
	uint64_t hash;
	uint64_t ticket;       // nothing happens to a queued record before this one is over
	uint64_t seat;	       // what ticket was when it took its place in the queue
	uint32_t refs;	       // 0 while unused, or waiting for its last readers
	uint16_t chain, queue; // next id of the hash chain, of the grace queue
	bool is_queued;
	bool is_down;  // takes no part in groups
	bool has_next; // next_l2 waits for the grace period
	uint8_t next_len;
	uint8_t next_l2[NEXTHOP_L2_MAX];
};

struct nexthops {
	struct nexthop *array; // [NEXTHOP_MAX + 1], read by workers
	struct record *rec;    // [NEXTHOP_MAX + 1]
	struct grace *grace;
	struct slotmap unused;
	struct slotmap stale; // groups whose buckets are to be dealt anew
	uint16_t head[NEXTHOP_HEADS];
	uint16_t queue_first, queue_last; // by ticket
	unsigned n_groups;
};

uint64_t nexthop_mix(uint64_t hash, uint64_t word);
// Takes the smallest unused id, with one reference, and hangs it into the hash: or -ENOSPC.
int nexthop_id_new(struct nexthops *nhs, uint64_t hash);

// All groups with this member deal their buckets anew: some at once, and some
// with each call of nexthop_groups_deal().
void nexthop_groups_update(struct nexthops *nhs, uint16_t member);
void nexthop_groups_deal(struct nexthops *nhs);
