// SPDX-License-Identifier: BSD-3-Clause
// ECMP groups. Each bucket belongs to the member that bids the most for it, and
// a bid depends on nothing but the member's own key, its weight and the bucket
// (highest random weight): whoever joins or leaves, in place or as a new group,
// moves no flow between the others. Buckets are 16-bit words, stored one by one,
// so a worker reads the old owner or the new one.
#include "dataplane/base/err.h"
#include "dataplane/route/nexthop_rec.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// Dealing one member in costs 10 us: so some milliseconds at most.
enum { MEMBERS_AT_ONCE = 256 };

// -log2(u) for u = (hash + 1) / 2^64, in units of 2^-16; the mantissa's part by
// log2(1 + m) = m + 0.344 m (1 - m), good to 1 %.
static uint64_t log2_negative(uint64_t hash)
{
	unsigned zeros = (unsigned)__builtin_clzll(hash | 1);
	uint64_t m = zeros == 63 ? 0 : hash << (zeros + 1) >> 48;
	uint64_t log2 = m + ((m * (65536 - m) >> 16) * 22544 >> 16);

	return ((uint64_t)(zeros + 1) << 16) - log2;
}

// Exponential variates: the smallest of them falls to member i with
// probability weight[i] / sum, whoever else takes part.
static uint64_t bid(const struct nexthops *nhs, const struct group *group, unsigned i, unsigned b)
{
	uint64_t hash = nexthop_mix(nhs->rec[group->id[i]].hash, b);

	return (log2_negative(hash) << 16) / group->weight[i];
}

static bool is_candidate(const struct nexthops *nhs, const struct group *group, unsigned i,
			 bool any_up)
{
	return !any_up || !nhs->rec[group->id[i]].is_down;
}

static void deal(const struct nexthops *nhs, struct group *group)
{
	bool any_up = false;

	for (unsigned i = 0; i < group->n; i++)
		any_up |= !nhs->rec[group->id[i]].is_down;
	for (unsigned b = 0; b < NEXTHOP_BUCKETS; b++) {
		uint64_t best = UINT64_MAX;
		uint16_t id = 0;

		for (unsigned i = 0; i < group->n; i++) {
			uint64_t mine;

			if (!is_candidate(nhs, group, i, any_up))
				continue;
			mine = bid(nhs, group, i, b);
			if (mine < best) {
				best = mine;
				id = group->id[i];
			}
		}
		__atomic_store_n(&group->bucket[b], id, __ATOMIC_RELEASE);
	}
}

static bool has_member(const struct group *group, uint16_t id)
{
	for (unsigned i = 0; i < group->n; i++)
		if (group->id[i] == id)
			return true;
	return false;
}

void nexthop_groups_deal(struct nexthops *nhs)
{
	unsigned n_members = 0;
	int id = 0;

	while (n_members < MEMBERS_AT_ONCE && (id = slotmap_next(&nhs->stale, (unsigned)id)) >= 0) {
		slotmap_clear(&nhs->stale, (unsigned)id);
		deal(nhs, nhs->rec[id].group);
		n_members += nhs->rec[id].group->n;
	}
}

void nexthop_groups_update(struct nexthops *nhs, uint16_t member)
{
	unsigned left = nhs->n_groups;

	for (unsigned id = 1; left && id <= NEXTHOP_MAX; id++) {
		const struct group *group = nhs->rec[id].group;

		if (!group)
			continue;
		left--;
		if (has_member(group, member))
			slotmap_set(&nhs->stale, id);
	}
	nexthop_groups_deal(nhs);
}

// Inserts by id; the weights of a member named twice add up.
static int member_add(const struct nexthops *nhs, struct group *group, uint16_t id, unsigned weight)
{
	unsigned i = 0;

	if (!id || !weight || !nhs->rec[id].refs || nhs->rec[id].group)
		return -EINVAL;
	while (i < group->n && group->id[i] < id)
		i++;
	if (i < group->n && group->id[i] == id) {
		weight += group->weight[i];
	} else {
		memmove(&group->id[i + 1], &group->id[i], (group->n - i) * sizeof(*group->id));
		memmove(&group->weight[i + 1], &group->weight[i], group->n - i);
		group->n++;
	}
	group->id[i] = id;
	group->weight[i] = (uint8_t)(weight < UINT8_MAX ? weight : UINT8_MAX);
	return 0;
}

static uint64_t group_hash(const struct group *group)
{
	uint64_t hash = NH_GROUP;

	for (unsigned i = 0; i < group->n; i++)
		hash = nexthop_mix(hash, (uint64_t)group->id[i] << 8 | group->weight[i]);
	return hash;
}

static uint16_t group_find(const struct nexthops *nhs, const struct group *group, uint64_t hash)
{
	uint16_t id = nhs->head[hash % NEXTHOP_HEADS];

	for (; id; id = nhs->rec[id].chain) {
		const struct group *other = nhs->rec[id].group;

		if (other && nhs->rec[id].hash == hash && other->n == group->n &&
		    !memcmp(other->id, group->id, group->n * sizeof(*group->id)) &&
		    !memcmp(other->weight, group->weight, group->n))
			return id;
	}
	return 0;
}

static int group_publish(struct nexthops *nhs, struct group *group, uint64_t hash)
{
	int id = nexthop_id_new(nhs, hash);

	if (id < 0)
		return id;
	for (unsigned i = 0; i < group->n; i++)
		nexthop_ref(nhs, group->id[i]);
	nhs->rec[id].group = group;
	nhs->n_groups++;
	deal(nhs, group);
	nhs->array[id].group.bucket = group->bucket;
	nhs->array[id].group.mask = NEXTHOP_BUCKETS - 1;
	atomic_store_explicit(&nhs->array[id].kind, NH_GROUP, memory_order_release);
	return id;
}

// Takes over group, or frees it.
static int group_intern(struct nexthops *nhs, struct group *group)
{
	uint64_t hash = group_hash(group);
	int id = group->n == 1 ? group->id[0] : group_find(nhs, group, hash);

	if (id) {
		nexthop_ref(nhs, (uint16_t)id);
		free(group);
		return id;
	}
	id = group_publish(nhs, group, hash);
	if (id < 0)
		free(group);
	return id;
}

int nexthop_group_get(struct nexthops *nhs, const uint16_t ids[], const uint8_t weights[],
		      unsigned n)
{
	struct group *group;

	if (!n || n > NEXTHOP_GROUP_MAX)
		return -EINVAL;
	group = calloc(1, sizeof(*group));
	if (!group)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		int rc = member_add(nhs, group, ids[i], weights[i]);

		if (rc) {
			free(group);
			return rc;
		}
	}
	return group_intern(nhs, group);
}

unsigned nexthop_group_members(const struct nexthops *nhs, uint16_t id, uint16_t ids[],
			       uint8_t weights[], unsigned max)
{
	const struct group *group = nhs->rec[id].group;
	unsigned n = 0;

	if (!group)
		return 0;
	for (; n < group->n && n < max; n++) {
		ids[n] = group->id[n];
		weights[n] = group->weight[n];
	}
	return n;
}
