// SPDX-License-Identifier: BSD-3-Clause
// Fragments made by the router, put together again by the obvious reassembler,
// are the packet that was cut (RFC 791 §3.2).
#include "dataplane/pkt/eth.h"
#include "tests/unit/rigged.h"

#include <arpa/inet.h>

static struct rigged *r;
static struct rig *rig;
static uint16_t nh;
static uint8_t frame[RIG_FRAME_MAX];
static struct rig_frame got;

static int setup(void **state)
{
	r = rigged_new(2, 1);
	rig = r->rig;
	nh = rigged_gateway(r, 2, "10.0.2.1");
	rigged_route(r, "192.0.2.0/24", nh);
	return 0;
}

static int teardown(void **state)
{
	rigged_free(r);
	return 0;
}

// An IP packet in segments of seg bytes (the first of 60) to iface 1's ip4-input.
static void put(const uint8_t *packet, unsigned len, unsigned seg)
{
	struct meta meta = {.node = NODE_IP4_INPUT, .iface = 1};
	struct rte_mbuf *m = rig_mbuf(rig, packet, len < 60 ? len : 60);

	for (unsigned at = 60; at < len; at += seg)
		assert_int_equal(rte_pktmbuf_chain(m, rig_mbuf(rig, packet + at,
							       len - at < seg ? len - at : seg)),
				 0);
	meta_put(m, &meta);
	assert_true(workers_inject(rig->workers, 0, PEER_CTL, m));
	rig_run(rig);
}

struct whole {
	uint8_t data[65536];
	uint8_t seen[65536];
	unsigned len; // 0: the last fragment has not come
};
static struct whole whole;

// One byte at a time: none twice, none beyond the end.
static void whole_add(const struct ip4_hdr *ip)
{
	unsigned hdr_len = ip4_hdr_len(ip), frag = ntohs(ip->frag);
	unsigned off = (frag & IP4_FRAG_OFF) * 8;
	const uint8_t *payload = (const uint8_t *)ip + hdr_len;
	unsigned len = ntohs(ip->len) - hdr_len;

	for (unsigned i = 0; i < len; i++) {
		assert_false(whole.seen[off + i]);
		whole.seen[off + i] = 1;
		whole.data[off + i] = payload[i];
	}
	if (!(frag & IP4_FRAG_MF))
		whole.len = off + len;
}

// Takes all fragments; the checks are those every one must pass.
static unsigned take_all(const struct ip4_spec *spec, unsigned mtu)
{
	unsigned n = 0, end = (spec->frag & IP4_FRAG_OFF) * 8u;

	memset(&whole, 0, sizeof(whole));
	for (; rig_take(rig, 1, &got); n++) {
		const struct ip4_hdr *ip = frame_ip4(got.data);
		bool is_last = rig_n_out(rig, 1) == 0;

		assert_memory_equal(got.data, "\2\0\0\1\2\1\2\0\0\0\0\2\x08\0", 14);
		assert_int_equal(got.len, 14 + ntohs(ip->len));
		assert_true(ntohs(ip->len) <= mtu);
		assert_int_equal(slow_csum(ip, ip4_hdr_len(ip)), 0);
		assert_int_equal(ip->id, htons(spec->id));
		assert_int_equal(ip->ttl, 63);
		assert_int_equal(ip->tos, spec->tos);
		assert_int_equal(ip->src, ip4_of(spec->src));
		assert_int_equal(ip->dst, ip4_of(spec->dst));
		// in order, and full but for the last
		assert_int_equal((ntohs(ip->frag) & IP4_FRAG_OFF) * 8, end);
		assert_true(is_last || ntohs(ip->len) + 8u > mtu);
		assert_int_equal(!!(ip->frag & htons(IP4_FRAG_MF)),
				 !is_last || spec->frag & IP4_FRAG_MF);
		end += ntohs(ip->len) - ip4_hdr_len(ip);
		whole_add(ip);
	}
	return n;
}

static void expect_whole(const struct ip4_spec *spec, const uint8_t *payload)
{
	unsigned start = (spec->frag & IP4_FRAG_OFF) * 8u;

	for (unsigned i = 0; i < spec->len; i++)
		assert_true(whole.seen[start + i]);
	assert_memory_equal(whole.data + start, payload, spec->len);
	assert_int_equal(whole.len, spec->frag & IP4_FRAG_MF ? 0 : start + spec->len);
}

// Random sizes and MTUs, in one or two segments, fragments of fragments too.
static void ip4_fragments_make_the_packet_again(void **state)
{
	static uint8_t payload[9000];
	uint64_t seed = 1;

	for (unsigned i = 0; i < 3000; i++) {
		unsigned mtu = 68 + (unsigned)(test_rand(&seed) % (i % 3 ? 1433 : 300));
		unsigned max = i % 10 ? 1480 : 8900;
		struct ip4_spec spec = {.src = "10.0.1.1",
					.dst = "192.0.2.7",
					.tos = 0x28,
					.id = (uint16_t)i,
					.payload = payload};
		unsigned len;

		spec.len = mtu - 20 + (unsigned)(test_rand(&seed) % (max + 21 - mtu));
		if (i % 4 == 1) {
			spec.frag = (uint16_t)(test_rand(&seed) % 5000);
			if (i % 8 == 1) {
				spec.frag |= IP4_FRAG_MF;
				spec.len &= ~7u;
			}
		}
		if (20 + spec.len <= mtu || spec.len / ((mtu - 20) & ~7u) > 255)
			continue;
		for (unsigned k = 0; k < spec.len; k++)
			payload[k] = (uint8_t)test_rand(&seed);
		nexthop_mtu_set(r->nexthops, nh, (uint16_t)mtu);
		len = rigged_ip4(frame, 0, &spec);
		put(frame + 14, len - 14, 1 + (unsigned)(test_rand(&seed) % 2000));
		assert_true(take_all(&spec, mtu) > 1);
		expect_whole(&spec, payload);
		assert_int_equal(rig_all_drops(rig), 0);
	}
}

// RFC 791 §3.1: the copied bit. Router alert goes along, record route stays.
static void ip4_fragments_carry_the_options_that_are_copied(void **state)
{
	static const uint8_t options[] = {7, 7, 4,   0, 0, 0, 0, 148, 4, 0,
					  0, 1, 130, 5, 1, 2, 3, 0,   0, 0};
	static const uint8_t later[] = {148, 4, 0, 0, 130, 5, 1, 2, 3, 0, 0, 0};
	struct ip4_spec spec = {.src = "10.0.1.1",
				.dst = "192.0.2.7",
				.options = options,
				.options_len = sizeof(options),
				.len = 1000};
	const struct ip4_hdr *ip = frame_ip4(got.data);

	nexthop_mtu_set(r->nexthops, nh, 296);
	rig_put(rig, 0, frame, rigged_ip4(frame, 0, &spec));
	rig_run(rig);
	assert_int_equal(rig_n_out(rig, 1), 4);
	assert_true(rig_take(rig, 1, &got));
	assert_int_equal(ip->vihl, 0x4a);
	assert_memory_equal(ip + 1, "\7\7\10\12\0\2\376\224\4\0\0\1\202\5\1\2\3", 17);
	while (rig_take(rig, 1, &got)) {
		assert_int_equal(ip->vihl, 0x48);
		assert_int_equal(slow_csum(ip, 32), 0);
		assert_memory_equal(ip + 1, later, sizeof(later));
	}
}

static void ip4_fragments_without_memory_drop_the_packet_by_name(void **state)
{
	struct ip4_spec spec = {.src = "10.0.1.1", .dst = "192.0.2.7", .len = 1400};
	struct rte_mbuf *hoard[20000];
	unsigned n = 0, len = rigged_ip4(frame, 0, &spec);

	nexthop_mtu_set(r->nexthops, nh, 296);
	rig_put(rig, 0, frame, len);
	while ((hoard[n] = rte_pktmbuf_alloc(rig->pool)))
		n++;
	rte_pktmbuf_free_bulk(hoard + n - 3, 3); // half of what is needed
	rig_run(rig);
	rte_pktmbuf_free_bulk(hoard, n - 3);
	assert_int_equal(rig_n_out(rig, 1), 0);
	assert_int_equal(rig_drops(rig, NODE_IP4_FRAGMENT, IP4_FRAGMENT_NO_MBUF), 1);
}

static void ip4_fragments_beyond_a_bound_drop_the_packet_by_name(void **state)
{
	static uint8_t packet[48 * 256 + 100];
	struct ip4_hdr *ip = (struct ip4_hdr *)packet;

	nexthop_mtu_set(r->nexthops, nh, 68);
	for (unsigned i = 0; i < 2; i++) { // 256, then one more
		unsigned len = 20 + 48 * 256 + i;

		*ip = (struct ip4_hdr){
			.vihl = 0x45,
			.len = htons((uint16_t)len),
			.ttl = 9,
			.src = ip4_of("10.0.1.1"),
			.dst = ip4_of("192.0.2.7"),
		};
		ip->csum = htons(slow_csum(ip, 20));
		put(packet, len, 1000);
		assert_int_equal(rig_n_out(rig, 1), i ? 0 : 256);
		while (rig_take(rig, 1, &got))
			;
	}
	assert_int_equal(rig_drops(rig, NODE_IP4_FRAGMENT, IP4_FRAGMENT_TOO_MANY), 1);
}

// A jumbo MTU: fragments longer than one mbuf are chained.
static void ip4_fragments_longer_than_a_buffer_are_chained(void **state)
{
	static uint8_t payload[9000];
	struct ip4_spec spec = {
		.src = "10.0.1.1", .dst = "192.0.2.7", .payload = payload, .len = 9000};
	unsigned len;

	for (unsigned i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i / 7);
	nexthop_mtu_set(r->nexthops, nh, 8000);
	iface_get(rig->ifaces, 2)->mtu = 8000;
	len = rigged_ip4(frame, 0, &spec);
	put(frame + 14, len - 14, 2000);
	assert_int_equal(take_all(&spec, 8000), 2);
	expect_whole(&spec, payload);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ip4_fragments_make_the_packet_again),
		CASE(ip4_fragments_carry_the_options_that_are_copied),
		CASE(ip4_fragments_without_memory_drop_the_packet_by_name),
		CASE(ip4_fragments_beyond_a_bound_drop_the_packet_by_name),
		CASE(ip4_fragments_longer_than_a_buffer_are_chained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
