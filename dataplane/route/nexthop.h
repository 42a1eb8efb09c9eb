// SPDX-License-Identifier: BSD-3-Clause
// Next hops, control side: interned by content, counted, ids handed out densely
// and small ones first (so that the forwarding tables' nodes stay narrow).
//
// Control thread only. An id whose last reference went is reused after a grace
// period. Workers read the array (nexthop_tbl.h).
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/nexthop_tbl.h"
#include "dataplane/route/prefix.h"

struct nexthops;

// What makes two next hops the same. A group's members are ids (get it by
// nexthop_group_get); a special kind has neither gateway nor (except NH_LOCAL,
// NH_GLEAN, NH_BROADCAST) iface.
struct nexthop_key {
	uint8_t kind; // NH_RESOLVE for a gateway (NH_FORWARD when resolved), or a special kind
	uint16_t iface;
	struct addr gw; // family 0: none
};

enum { NEXTHOP_GROUP_MAX = 128 }; // members of a group

struct nexthops *nexthops_new(void) must_check;
void nexthops_free(struct nexthops *nhs);
// The array workers read, [NEXTHOP_MAX + 1], fixed for the lifetime of nhs.
const struct nexthop *nexthops_array(const struct nexthops *nhs);

// Finds or makes the next hop and takes a reference: id >= 1, or -ENOSPC, -ENOMEM.
int nexthop_get(struct nexthops *nhs, const struct nexthop_key *key) must_check;
// An ECMP group: ids with weights (>= 1). Resilient: when members come or go, only
// the flows of the member that went, or a fair share for the new, move.
int nexthop_group_get(struct nexthops *nhs, const uint16_t ids[], const uint8_t weights[],
		      unsigned n) must_check;
void nexthop_ref(struct nexthops *nhs, uint16_t id);
void nexthop_put(struct nexthops *nhs, uint16_t id);
unsigned nexthop_refs(const struct nexthops *nhs, uint16_t id);

// For the neighbour code and ifaces: find without taking a reference (0: none).
uint16_t nexthop_find(const struct nexthops *nhs, const struct nexthop_key *key);
// Calls fn for each gateway next hop (NH_RESOLVE/NH_FORWARD) of iface, or for all (iface 0).
typedef void nexthop_fn(struct nexthops *nhs, uint16_t id, const struct nexthop *nh, void *arg);
void nexthop_foreach(struct nexthops *nhs, uint16_t iface, nexthop_fn *fn, void *arg);

// The gateway of id has this L2 header: publish NH_FORWARD (by the rule in
// nexthop_tbl.h: at once if unresolved or equal, else after a grace period).
void nexthop_resolve(struct nexthops *nhs, uint16_t id, const uint8_t l2[], unsigned l2_len);
// Back to NH_RESOLVE (neighbour gone, link down). Groups give its buckets to
// members that are up, and keep it only when none is.
void nexthop_unresolve(struct nexthops *nhs, uint16_t id, bool is_down);
void nexthop_mtu_set(struct nexthops *nhs, uint16_t id, uint16_t mtu);

// The members of a group, distinct (returns n; 0 if id is no group).
unsigned nexthop_group_members(const struct nexthops *nhs, uint16_t id, uint16_t ids[],
			       uint8_t weights[], unsigned max);
unsigned nexthops_count(const struct nexthops *nhs);
// Frees what grace periods have passed for; called often by the control loop.
void nexthops_step(struct nexthops *nhs);
