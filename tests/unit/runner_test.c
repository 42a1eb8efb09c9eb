// SPDX-License-Identifier: BSD-3-Clause
// The runner and the rings: nothing is lost, nothing is counted twice, order is
// kept, and one worker's packets leave by another's queue where they must.
#include "dataplane/pkt/eth.h"
#include "tests/unit/rig.h"

#include <arpa/inet.h>
#include <string.h>

static struct rig *rig;

static int setup(void **state)
{
	rig = rig_new(2, 1);
	return 0;
}

static int setup_two_workers(void **state)
{
	rig = rig_new(2, 2);
	return 0;
}

static int teardown(void **state)
{
	rig_free(rig);
	return 0;
}

static uint64_t arcs_of(unsigned node)
{
	uint64_t sum = 0;

	for (unsigned edge = 0; edge < GRAPH_EDGES_MAX; edge++)
		sum += workers_arc(rig->workers, node, edge);
	return sum;
}

// Frames of every kind that eth-input tells apart, in random order and bursts.
static unsigned random_frame(uint64_t *seed, uint8_t frame[64])
{
	static const uint16_t types[] = {ETH_TYPE_ARP, 0x88cc, ETH_TYPE_VLAN, 0x0026};
	uint8_t zero[46] = {0};
	unsigned len = rig_eth(frame, 0, types[test_rand(seed) % 4], zero, sizeof(zero));

	if (test_rand(seed) % 4 == 0)
		frame[0] = 0xff;
	if (test_rand(seed) % 8 == 0)
		frame[6] |= 1;
	if (test_rand(seed) % 8 == 0)
		frame[5] = 77;
	if (test_rand(seed) % 16 == 0)
		len = 1 + (unsigned)(test_rand(seed) % 20);
	return len;
}

static void runner_counts_every_packet_on_exactly_one_edge(void **state)
{
	uint64_t seed = 3, total = 0;
	uint8_t frame[64];

	for (unsigned round = 0; round < 300; round++) {
		unsigned n = (unsigned)(test_rand(&seed) % 300);

		for (unsigned i = 0; i < n; i++)
			rig_put(rig, 0, frame, random_frame(&seed, frame));
		total += n;
		rig_run(rig);
		assert_int_equal(arcs_of(NODE_ETH_INPUT), total);
	}
	// each was an ARP frame (malformed: all zero) or dropped by eth-input
	assert_int_equal(rig_all_drops(rig), total);
	assert_int_equal(arcs_of(NODE_ARP_INPUT),
			 workers_arc(rig->workers, NODE_ETH_INPUT, ETH_INPUT_ARP));
}

static void inject(unsigned worker, unsigned out, uint8_t tag)
{
	uint8_t frame[60] = {0};
	struct rte_mbuf *m;
	struct meta meta = {.node = NODE_TX, .out = (uint16_t)out};

	frame[20] = tag;
	m = rig_mbuf(rig, frame, sizeof(frame));
	meta_put(m, &meta);
	assert_true(workers_inject(rig->workers, worker, PEER_CTL, m));
}

// Ports of the rig have one transmit queue: worker 0 has it.
static void runner_hands_over_what_another_worker_must_send(void **state)
{
	struct rig_frame got;

	for (unsigned i = 0; i < 200; i++) {
		inject(1, 1 + i % 2, (uint8_t)i);
		if (i % 50 == 49)
			rig_run(rig);
	}
	for (unsigned i = 0; i < 200; i++) {
		assert_true(rig_take(rig, i % 2, &got));
		assert_int_equal(got.data[20], i);
	}
	assert_int_equal(rig_all_drops(rig), 0);
}

// Worker 0 does not turn: the ring fills, the rest is dropped by name.
static void runner_counts_what_a_full_handoff_ring_refuses(void **state)
{
	unsigned n = WORKER_HANDOFF_LEN + 500;

	for (unsigned i = 0; i < n; i++) {
		inject(1, 1, 0);
		while (workers_turn(rig->workers, 1))
			;
	}
	assert_int_equal(rig_drops(rig, NODE_TX, TX_HANDOFF_FULL),
			 n - (WORKER_HANDOFF_LEN - 1)); // a ring holds one less than its size
	rig_run(rig);
	assert_int_equal(rig_n_out(rig, 0), WORKER_HANDOFF_LEN - 1);
}

static void runner_keeps_names_for_every_drop(void **state)
{
	for (unsigned node = 1; node < GRAPH_N_NODES; node++) {
		uint8_t target[GRAPH_N_NODES][GRAPH_EDGES_MAX];

		graph_targets(target);
		assert_non_null(graph_node_name(node));
		for (unsigned edge = 0; edge < GRAPH_EDGES_MAX; edge++)
			assert_int_equal(target[node][edge] == NODE_DROP,
					 graph_drop_name(node, edge) != NULL);
		for (unsigned edge = 0; edge < GRAPH_EDGES_MAX; edge++)
			if (graph_loss_name(node, edge))
				assert_true(target[node][edge] > 0 &&
					    target[node][edge] < GRAPH_N_NODES);
	}
	assert_string_equal(graph_loss_name(NODE_ICMP4_ERROR, ICMP4_ERROR_NO_ROUTE), "no-route");
	assert_null(graph_drop_name(GRAPH_N_NODES, 0));
	assert_null(graph_node_name(GRAPH_N_NODES + 2));
}

static void runner_leads_hooks_to_their_features_and_end(void **state)
{
	uint8_t target[GRAPH_N_NODES][GRAPH_EDGES_MAX];

	graph_targets(target);
	assert_int_equal(target[NODE_IP4_INPUT][EDGE_MAIN], NODE_IP4_LOOKUP);
	assert_int_equal(target[NODE_IP4_INPUT][FEATURE_IP4_RPF], NODE_IP4_RPF);
	assert_int_equal(target[NODE_IP4_OPTIONS][FEATURE_IP4_RPF], NODE_IP4_RPF);
	assert_int_equal(target[NODE_IP4_RPF][EDGE_MAIN], NODE_IP4_LOOKUP);
	assert_int_equal(target[NODE_IP4_REWRITE][EDGE_MAIN], NODE_TX);
	assert_int_equal(target[NODE_TX][TX_SENT], NODE_HELD);
}

#define CASE(name)     cmocka_unit_test_setup_teardown(name, setup, teardown)
#define CASE_TWO(name) cmocka_unit_test_setup_teardown(name, setup_two_workers, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(runner_counts_every_packet_on_exactly_one_edge),
		CASE_TWO(runner_hands_over_what_another_worker_must_send),
		CASE_TWO(runner_counts_what_a_full_handoff_ring_refuses),
		CASE(runner_keeps_names_for_every_drop),
		CASE(runner_leads_hooks_to_their_features_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
