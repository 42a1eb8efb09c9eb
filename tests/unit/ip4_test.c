// SPDX-License-Identifier: BSD-3-Clause
// The IPv4 path through the real graph: what is forwarded and how, what is
// dropped and by which name.
#include "dataplane/pkt/eth.h"
#include "tests/unit/router.h"

#include <arpa/inet.h>

static struct router *r;
static struct rig *rig;
static uint8_t frame[RIG_FRAME_MAX];
static struct rig_frame got;

// Two ports; 192.0.2.0/24 behind 10.0.2.1.
static int setup(void **state)
{
	r = router_new(2, 1);
	rig = r->rig;
	router_route(r, "192.0.2.0/24", router_gateway(r, 2, "10.0.2.1"));
	router_route(r, "10.0.1.1", router_gateway(r, 1, "10.0.1.1"));
	return 0;
}

static int teardown(void **state)
{
	router_free(r);
	return 0;
}

static void put(unsigned len)
{
	rig_put(rig, 0, frame, len);
	rig_run(rig);
}

static void expect_drop(enum graph_node node, unsigned edge, unsigned len)
{
	uint64_t before = rig_drops(rig, node, edge);
	uint64_t all = rig_all_drops(rig);

	put(len);
	assert_int_equal(rig_drops(rig, node, edge), before + 1);
	assert_int_equal(rig_all_drops(rig), all + 1);
	assert_int_equal(rig_n_out(rig, 0) + rig_n_out(rig, 1), 0);
}

static const struct ip4_spec plain = {.src = "10.0.1.1", .dst = "192.0.2.7", .len = 18};

static void ip4_forwards_one_hop_older_with_the_next_hops_header(void **state)
{
	struct ip4_hdr *ip = frame_ip4(got.data);
	unsigned len = router_ip4(frame, 0, &plain);

	put(len);
	assert_true(rig_take(rig, 1, &got));
	assert_int_equal(got.len, len);
	assert_memory_equal(got.data, "\2\0\0\1\2\1\2\0\0\0\0\2\x08\0", 14);
	assert_int_equal(ip->ttl, 63);
	assert_int_equal(slow_csum(ip, IP4_HDR_LEN), 0);
	assert_memory_equal(got.data + 34, frame + 34, len - 34);
	assert_int_equal(rig_all_drops(rig), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ip4_forwards_one_hop_older_with_the_next_hops_header),
	};

	(void)expect_drop;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
