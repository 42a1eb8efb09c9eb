// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/rcu.h"
#include "dataplane/graph/iface.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <string.h>

static struct dp_tbl dp;
static struct ifaces *ifs;

static int setup(void **state)
{
	memset(&dp, 0, sizeof(dp));
	ifs = ifaces_new(&dp);
	return ifs ? 0 : -1;
}

static int teardown(void **state)
{
	rcu_barrier();
	ifaces_free(ifs);
	return 0;
}

static int add(const char *name, unsigned parent, unsigned vlan, unsigned inner)
{
	struct iface_conf conf = {.name = name,
				  .parent = (uint16_t)parent,
				  .mtu = 1500,
				  .vlan = (uint16_t)vlan,
				  .inner_vlan = (uint16_t)inner,
				  .flags = IFACE_UP};

	return iface_add(ifs, &conf);
}

static void iface_names_are_unique(void **state)
{
	assert_int_equal(add("wan", 0, 0, 0), 1);
	assert_int_equal(add("wan", 0, 0, 0), -EEXIST);
	assert_ptr_equal(iface_find(ifs, "wan"), iface_get(ifs, 1));
	assert_null(iface_find(ifs, "lan"));
}

static void iface_of_a_tag_is_found_in_the_port_map(void **state)
{
	int port = add("p", 0, 0, 0);
	int sub = add("p.5", (unsigned)port, 5, 0);

	assert_true(sub > 0);
	assert_int_equal(dp.iface[port].vlan_map[5], sub);
	assert_int_equal(dp.iface[port].vlan_map[6], 0);
	assert_int_equal(add("again", (unsigned)port, 5, 0), -EEXIST);
	iface_del(ifs, (unsigned)sub);
	assert_int_equal(dp.iface[port].vlan_map[5], 0);
	assert_null(iface_get(ifs, (unsigned)sub));
}

// Either may come first: the sub-port of both tags or that of the outer one.
static void iface_of_qinq_hangs_below_its_outer_tag(void **state)
{
	unsigned port = (unsigned)add("p", 0, 0, 0);
	int inner = add("p.5.7", port, 5, 7);
	unsigned outer = dp.iface[port].vlan_map[5];

	assert_true(inner > 0);
	assert_true(outer > 0);
	assert_false(dp.iface[outer].flags & IFACE_UP);
	assert_int_equal(dp.iface[outer].vlan_map[7], inner);
	assert_int_equal(add("p.5", port, 5, 0), outer);
	assert_true(dp.iface[outer].flags & IFACE_UP);
	assert_int_equal(add("p.5.8", port, 5, 8),
			 inner + 1 > (int)outer + 1 ? inner + 1 : (int)outer + 1);
}

static void iface_features_chain_in_order(void **state)
{
	unsigned id = (unsigned)add("p", 0, 0, 0);
	const uint8_t *next = dp.iface[id].hook_next[AT_PRE_LOOKUP4];

	assert_int_equal(next[0], EDGE_MAIN);
	iface_feature_set(ifs, id, AT_PRE_LOOKUP4, 5, true);
	iface_feature_set(ifs, id, AT_PRE_LOOKUP4, 2, true);
	assert_int_equal(next[0], 2);
	assert_int_equal(next[2], 5);
	assert_int_equal(next[5], EDGE_MAIN);
	assert_true(dp.hook_used & 1u << AT_PRE_LOOKUP4);
	iface_feature_set(ifs, id, AT_PRE_LOOKUP4, 2, false);
	assert_int_equal(next[0], 5);
	iface_feature_set(ifs, id, AT_PRE_LOOKUP4, 5, false);
	assert_int_equal(next[0], EDGE_MAIN);
	assert_false(dp.hook_used & 1u << AT_PRE_LOOKUP4);
}

static void iface_primary_is_a_finished_global_address(void **state)
{
	unsigned id = (unsigned)add("p", 0, 0, 0);
	struct iface_addr addr[] = {
		{.family = 4, .plen = 24, .bytes = {10, 0, 0, 1}},
		{.family = 4, .plen = 24, .bytes = {10, 0, 1, 1}},
		{.family = 6, .plen = 64, .is_link_local = 1, .bytes = {0xfe, 0x80, [15] = 1}},
		{.family = 6, .plen = 64, .is_tentative = 1, .bytes = {0x20, 1, [15] = 1}},
		{.family = 6, .plen = 64, .bytes = {0x20, 1, [15] = 2}},
	};
	struct iface *iface = iface_get(ifs, id);

	assert_int_equal(iface_addrs_set(ifs, id, addr, 5), 0);
	assert_memory_equal(iface->ip4_primary, addr[0].bytes, 4);
	assert_memory_equal(iface->ip6_link_local, addr[2].bytes, 16);
	assert_memory_equal(iface->ip6_primary, addr[4].bytes, 16);
	assert_int_equal(iface_addrs_set(ifs, id, addr, 4), 0);
	assert_memory_equal(iface->ip6_primary, addr[2].bytes, 16);
	assert_int_equal(iface_addrs_set(ifs, id, NULL, 0), 0);
	assert_int_equal(iface->ip4_primary[0], 0);
}

static void iface_ids_run_out_by_name(void **state)
{
	struct iface_conf conf = {.name = "", .mtu = 1500};

	for (unsigned i = 1; i < IFACE_MAX; i++)
		assert_int_equal(iface_add(ifs, &conf), i);
	assert_int_equal(iface_add(ifs, &conf), -ENOSPC);
	iface_del(ifs, 77);
	assert_int_equal(iface_add(ifs, &conf), 77);
}

// A removed iface that sub-ports hang at goes on without a name, until it is
// configured again or its last sub-port goes.
static void iface_with_sub_ports_only_loses_its_name(void **state)
{
	int port = add("p", 0, 0, 0);
	int sub = add("p.5", (unsigned)port, 5, 0);
	int outer = add("p.6", (unsigned)port, 6, 0);
	int inner = add("p.6.7", (unsigned)port, 6, 7);

	iface_feature_set(ifs, (unsigned)port, AT_PRE_LOOKUP4, 3, true);
	iface_del(ifs, (unsigned)port);
	iface_del(ifs, (unsigned)outer);
	assert_null(iface_find(ifs, "p"));
	assert_false(dp.iface[port].flags & IFACE_UP);
	assert_int_equal(dp.hook_used, 0);
	assert_int_equal(dp.iface[port].vlan_map[5], sub);
	assert_int_equal(dp.iface[dp.iface[port].vlan_map[6]].vlan_map[7], inner);
	assert_int_equal(add("p", (unsigned)port, 0, 0), port);
	iface_del(ifs, (unsigned)inner);
	assert_int_equal(dp.iface[port].vlan_map[6], 0);
	assert_null(iface_get(ifs, (unsigned)outer));
}

// What still names a removed iface finds one that is down and has no address.
static void iface_removed_is_safe_to_look_at_and_rests(void **state)
{
	int first = add("a", 0, 0, 0);

	iface_del(ifs, (unsigned)first);
	assert_int_equal(dp.iface[first].addrs->n, 0);
	assert_int_equal(dp.iface[first].flags, 0);
	assert_int_not_equal(add("b", 0, 0, 0), first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(iface_names_are_unique, setup, teardown),
		cmocka_unit_test_setup_teardown(iface_of_a_tag_is_found_in_the_port_map, setup,
						teardown),
		cmocka_unit_test_setup_teardown(iface_of_qinq_hangs_below_its_outer_tag, setup,
						teardown),
		cmocka_unit_test_setup_teardown(iface_features_chain_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(iface_primary_is_a_finished_global_address, setup,
						teardown),
		cmocka_unit_test_setup_teardown(iface_ids_run_out_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(iface_with_sub_ports_only_loses_its_name, setup,
						teardown),
		cmocka_unit_test_setup_teardown(iface_removed_is_safe_to_look_at_and_rests, setup,
						teardown),
	};
	int failed;

	rcu_register_thread();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return failed;
}
