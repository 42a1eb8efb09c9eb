// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/err.h"
#include "dataplane/base/rcu.h"
#include "dataplane/route/nexthop.h"
#include "tests/unit/test.h"

#include <string.h>
#include <unistd.h>

enum { BUCKETS_MIN = 64 };

static struct nexthop_key gateway(unsigned i)
{
	return (struct nexthop_key){
		.kind = NH_RESOLVE,
		.iface = (uint16_t)(1 + i % 3),
		.gw = {.family = 4,
		       .bytes = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}},
	};
}

static uint16_t get(struct nexthops *nhs, unsigned i)
{
	struct nexthop_key key = gateway(i);
	int id = nexthop_get(nhs, &key);

	assert_true(id > 0);
	return (uint16_t)id;
}

static void wait_for_count(struct nexthops *nhs, unsigned want)
{
	for (int ms = 0; ms < 5000 && nexthops_count(nhs) != want; ms++) {
		nexthops_step(nhs);
		usleep(1000);
	}
	assert_int_equal(nexthops_count(nhs), want);
}

static int setup(void **state)
{
	*state = nexthops_new();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	nexthops_free(*state);
	return 0;
}

static void nexthops_are_one_if_their_content_is(void **state)
{
	struct nexthops *nhs = *state;
	struct nexthop_key key = gateway(7), other = key;

	other.gw.bytes[9] = 1; // not part of an IPv4 address
	assert_int_equal(nexthop_get(nhs, &key), 1);
	assert_int_equal(nexthop_get(nhs, &other), 1);
	other.iface++;
	assert_int_equal(nexthop_get(nhs, &other), 2);
	other.gw.family = 6;
	assert_int_equal(nexthop_get(nhs, &other), 3);
	assert_int_equal(nexthop_find(nhs, &key), 1);
	assert_int_equal(nexthops_array(nhs)[1].kind, NH_RESOLVE);
	assert_int_equal(nexthops_array(nhs)[3].family, 6);
	key.kind = NH_FORWARD;
	assert_int_equal(nexthop_find(nhs, &key), 1);
	other.kind = NH_BLACKHOLE;
	assert_int_equal(nexthop_get(nhs, &other), -EINVAL);
	other = (struct nexthop_key){.kind = NH_BLACKHOLE};
	assert_int_equal(nexthop_get(nhs, &other), 4);
	other.kind = NH_GROUP;
	assert_int_equal(nexthop_get(nhs, &other), -EINVAL);
}

static void ids_are_dense_and_reused_after_a_grace_period(void **state)
{
	struct nexthops *nhs = *state;
	struct nexthop_key key = gateway(3);

	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(get(nhs, i), i + 1);
	assert_int_equal(get(nhs, 3), 4);
	nexthop_put(nhs, 4);
	nexthop_put(nhs, 4);
	assert_int_equal(nexthop_find(nhs, &key), 0);
	assert_int_equal(nexthops_array(nhs)[4].kind, NH_RESOLVE); // a worker may still look
	assert_int_equal(get(nhs, 5000), 1001);
	wait_for_count(nhs, 1000);
	assert_int_equal(nexthops_array(nhs)[4].kind, NH_NONE);
	assert_int_equal(get(nhs, 3), 4);
}

static void running_out_of_ids_is_an_error_and_passes(void **state)
{
	struct nexthops *nhs = *state;
	struct nexthop_key key = gateway(100000);

	for (unsigned i = 0; i < NEXTHOP_MAX - 1; i++)
		assert_int_equal(get(nhs, i), i + 1);
	assert_int_equal(nexthop_get(nhs, &key), -ENOSPC);
	nexthop_put(nhs, 77);
	wait_for_count(nhs, NEXTHOP_MAX - 2);
	assert_int_equal(nexthop_get(nhs, &key), 77);
}

static void a_header_changes_only_while_nobody_may_copy_it(void **state)
{
	struct nexthops *nhs = *state;
	const uint8_t old_l2[14] = {1, 1, 1}, new_l2[14] = {2, 2, 2};
	uint16_t id = get(nhs, 0);
	const struct nexthop *nh = &nexthops_array(nhs)[id];

	nexthop_resolve(nhs, id, old_l2, 14);
	assert_int_equal(nh->kind, NH_FORWARD);
	rcu_register_thread(); // a reader that has not been quiescent yet
	nexthop_resolve(nhs, id, new_l2, 14);
	for (int ms = 0; ms < 50; ms++) {
		nexthops_step(nhs);
		assert_int_equal(nh->kind, NH_RESOLVE);
		assert_memory_equal(nh->l2, old_l2, 14);
		usleep(1000);
	}
	rcu_unregister_thread();
	for (int ms = 0; ms < 5000 && nh->kind != NH_FORWARD; ms++) {
		nexthops_step(nhs);
		usleep(1000);
	}
	assert_int_equal(nh->kind, NH_FORWARD);
	assert_memory_equal(nh->l2, new_l2, 14);
	nexthop_unresolve(nhs, id, false);
	assert_int_equal(nh->kind, NH_RESOLVE);
	nexthop_resolve(nhs, id, new_l2, 14); // the same bytes: at once
	assert_int_equal(nh->kind, NH_FORWARD);
}

static uint16_t group_of(struct nexthops *nhs, const uint16_t ids[], unsigned n)
{
	uint8_t weights[NEXTHOP_GROUP_MAX];
	int id;

	memset(weights, 1, sizeof(weights));
	id = nexthop_group_get(nhs, ids, weights, n);
	assert_true(id > 0);
	return (uint16_t)id;
}

static unsigned share_of(const struct nexthop *group, uint16_t id)
{
	unsigned n = 0;

	for (uint32_t b = 0; b <= group->group.mask; b++)
		n += group->group.bucket[b] == id;
	return n;
}

static void groups_are_one_if_their_members_are(void **state)
{
	struct nexthops *nhs = *state;
	uint16_t a = get(nhs, 0), b = get(nhs, 1), out[4];
	uint16_t ab[] = {a, b}, ba[] = {b, a}, aab[] = {a, a, b};
	uint8_t one[] = {1, 1, 1}, weights[4];
	int id = group_of(nhs, ab, 2);

	assert_int_equal(group_of(nhs, ba, 2), id);
	assert_int_not_equal(nexthop_group_get(nhs, aab, one, 3), id);
	assert_int_equal(nexthop_group_get(nhs, ab, one, 1), a); // a group of one is its member
	assert_int_equal(nexthop_group_members(nhs, (uint16_t)id, out, weights, 4), 2);
	assert_int_equal(out[0], a);
	assert_int_equal(weights[1], 1);
	assert_int_equal(nexthop_group_members(nhs, a, out, weights, 4), 0);
	ab[1] = (uint16_t)id;
	assert_int_equal(nexthop_group_get(nhs, ab, one, 2), -EINVAL); // no groups of groups
	ab[1] = 999;
	assert_int_equal(nexthop_group_get(nhs, ab, one, 2), -EINVAL);
	assert_int_equal(nexthop_group_get(nhs, ab, one, 0), -EINVAL);
}

static void group_keeps_its_members_alive(void **state)
{
	struct nexthops *nhs = *state;
	uint16_t ids[] = {get(nhs, 0), get(nhs, 1)};
	uint16_t group = group_of(nhs, ids, 2);

	nexthop_put(nhs, ids[0]);
	nexthop_put(nhs, ids[1]);
	for (int ms = 0; ms < 50; ms++) {
		nexthops_step(nhs);
		usleep(1000);
	}
	assert_int_equal(nexthops_count(nhs), 3);
	nexthop_put(nhs, group);
	wait_for_count(nhs, 0);
}

static void buckets_follow_the_weights(void **state)
{
	struct nexthops *nhs = *state;
	uint16_t ids[4] = {get(nhs, 0), get(nhs, 1), get(nhs, 2), get(nhs, 3)};
	uint8_t weights[4] = {1, 2, 3, 10};
	int id = nexthop_group_get(nhs, ids, weights, 4);
	const struct nexthop *group = &nexthops_array(nhs)[id];
	double n = group->group.mask + 1.0;

	assert_int_equal(group->kind, NH_GROUP);
	assert_true(n >= BUCKETS_MIN);
	assert_int_equal((uint32_t)n & group->group.mask, 0);
	for (unsigned i = 0; i < 4; i++) {
		double share = share_of(group, ids[i]) / n * 16;

		assert_true(share > weights[i] * 0.7 && share < weights[i] * 1.3);
	}
}

// Whoever goes, in place or as another group, takes only its own flows along.
static void only_flows_of_a_lost_member_move(void **state)
{
	struct nexthops *nhs = *state;
	const struct nexthop *nh = nexthops_array(nhs);
	uint16_t ids[8], before[4096];
	uint16_t all, less;
	uint32_t n;

	for (unsigned i = 0; i < 8; i++)
		ids[i] = get(nhs, i);
	all = group_of(nhs, ids, 8);
	less = group_of(nhs, ids, 7);
	n = nh[all].group.mask + 1;
	assert_true(n <= 4096);
	memcpy(before, nh[all].group.bucket, n * sizeof(*before));
	for (uint32_t b = 0; b < n; b++)
		if (before[b] != ids[7])
			assert_int_equal(nh[less].group.bucket[b], before[b]);
	nexthop_unresolve(nhs, ids[7], true);
	assert_memory_equal(nh[all].group.bucket, nh[less].group.bucket, n * sizeof(*before));
	for (unsigned i = 0; i < 7; i++)
		nexthop_unresolve(nhs, ids[i], true);
	assert_memory_equal(nh[all].group.bucket, before, n * sizeof(*before)); // none is up
	nexthop_resolve(nhs, ids[2], (const uint8_t[14]){2}, 14);
	assert_int_equal(share_of(&nh[all], ids[2]), n);
}

// Many groups share a member: some follow at once, all within a few steps.
static void all_groups_of_a_lost_member_follow(void **state)
{
	enum { GROUPS = 400 };
	struct nexthops *nhs = *state;
	const struct nexthop *nh = nexthops_array(nhs);
	uint16_t shared = get(nhs, 0), group[GROUPS];
	unsigned n_left = GROUPS;

	for (unsigned i = 0; i < GROUPS; i++) {
		uint16_t ids[2] = {shared, get(nhs, i + 1)};

		group[i] = group_of(nhs, ids, 2);
		assert_true(share_of(&nh[group[i]], shared) > 0);
	}
	nexthop_unresolve(nhs, shared, true);
	for (unsigned step = 0; step < 10 && n_left; step++) {
		n_left = 0;
		for (unsigned i = 0; i < GROUPS; i++)
			n_left += share_of(&nh[group[i]], shared) > 0;
		assert_true(n_left < GROUPS);
		nexthops_step(nhs);
	}
	assert_int_equal(n_left, 0);
}

static void count_one(struct nexthops *nhs, uint16_t id, const struct nexthop *nh, void *arg)
{
	(void)nhs;
	assert_int_equal(nh->gw[3] % 3 + 1, nh->iface);
	assert_int_equal(id, nh->gw[3] + 1);
	++*(unsigned *)arg;
}

static void foreach_visits_the_gateways_of_an_iface(void **state)
{
	struct nexthops *nhs = *state;
	struct nexthop_key local = {.kind = NH_LOCAL, .iface = 2};
	unsigned n = 0;

	for (unsigned i = 0; i < 30; i++)
		get(nhs, i);
	assert_true(nexthop_get(nhs, &local) > 0);
	nexthop_foreach(nhs, 2, count_one, &n);
	assert_int_equal(n, 10);
	nexthop_foreach(nhs, 0, count_one, &n);
	assert_int_equal(n, 40);
}

#define nexthop_unit_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		nexthop_unit_test(nexthops_are_one_if_their_content_is),
		nexthop_unit_test(ids_are_dense_and_reused_after_a_grace_period),
		nexthop_unit_test(running_out_of_ids_is_an_error_and_passes),
		nexthop_unit_test(a_header_changes_only_while_nobody_may_copy_it),
		nexthop_unit_test(groups_are_one_if_their_members_are),
		nexthop_unit_test(group_keeps_its_members_alive),
		nexthop_unit_test(buckets_follow_the_weights),
		nexthop_unit_test(only_flows_of_a_lost_member_move),
		nexthop_unit_test(all_groups_of_a_lost_member_follow),
		nexthop_unit_test(foreach_visits_the_gateways_of_an_iface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
