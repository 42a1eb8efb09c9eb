// SPDX-License-Identifier: BSD-3-Clause
// ECMP over IPv4: flows are spread, each keeps its way.
#include "dataplane/pkt/hash.h"
#include "tests/unit/rigged.h"

#include <arpa/inet.h>

static struct rigged *r;
static struct rig *rig;
static uint8_t frame[RIG_FRAME_MAX];
static struct rig_frame got;

static int setup(void **state)
{
	r = rigged_new(2, 1);
	rig = r->rig;
	return 0;
}

static int teardown(void **state)
{
	rigged_free(r);
	return 0;
}

static const struct ip4_spec plain = {.src = "10.0.1.1", .dst = "192.0.2.7", .len = 18};

static void put(unsigned len)
{
	rig_put(rig, 0, frame, len);
	rig_run(rig);
}

// Four ways: each gets its share of 4,000 flows, and each flow one way.
static void ip4_ecmp_spreads_flows_and_keeps_each(void **state)
{
	uint16_t ids[4] = {rigged_gateway(r, 2, "10.0.2.11"), rigged_gateway(r, 2, "10.0.2.12"),
			   rigged_gateway(r, 2, "10.0.2.13"), rigged_gateway(r, 2, "10.0.2.14")};
	int group = nexthop_group_get(r->nexthops, ids, (const uint8_t[]){1, 1, 1, 1}, 4);
	unsigned count[4] = {0};
	struct ip4_spec spec = plain;

	rigged_route(r, "203.0.113.0/24", (uint16_t)group);
	spec.dst = "203.0.113.5";
	for (unsigned flow = 0; flow < 4000; flow++) {
		uint16_t ports[9] = {htons((uint16_t)(1024 + flow)), htons(443)};
		unsigned way;

		spec.payload = ports;
		spec.len = sizeof(ports);
		for (unsigned i = 0; i < 3; i++) {
			ports[4] = (uint16_t)i; // data differs, the flow does not
			put(rigged_ip4(frame, 0, &spec));
			assert_true(rig_take(rig, 1, &got));
			assert_in_range(got.data[5], 11, 14);
			assert_true(i == 0 || got.data[5] - 11u == way);
			way = got.data[5] - 11u;
		}
		count[way]++;
	}
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(count[i], 850, 1150);
}

// All fragments of a datagram hash alike, whatever lies where ports would be.
static void ip4_ecmp_sends_all_fragments_one_way(void **state)
{
	struct hash_key key = {{1, 2}};
	struct ip4_spec spec = plain;
	uint64_t seed = 1, payload[2] = {0};
	uint32_t want = 0;

	for (unsigned i = 0; i < 64; i++) {
		const struct ip4_hdr *ip = frame_ip4(frame);
		uint32_t hash;

		payload[0] = test_rand(&seed);
		spec.payload = payload;
		spec.len = 16;
		spec.frag = (uint16_t)(i == 63 ? 126 : IP4_FRAG_MF | 2 * i);
		rigged_ip4(frame, 0, &spec);
		hash = hash_flow4(&key, ip, 36);
		assert_true(i == 0 || hash == want);
		want = hash;
	}
	spec.frag = 0;
	rigged_ip4(frame, 0, &spec);
	assert_true(hash_flow4(&key, frame_ip4(frame), 36) != want);
	assert_int_equal(hash_flow4(&key, frame_ip4(frame), 23), want); // ports out of reach
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ip4_ecmp_spreads_flows_and_keeps_each),
		CASE(ip4_ecmp_sends_all_fragments_one_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
