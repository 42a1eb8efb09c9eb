// SPDX-License-Identifier: BSD-3-Clause
// The IPv4 path through the real graph: what is forwarded and how, what is
// dropped and by which name.
#include "dataplane/pkt/eth.h"
#include "tests/unit/rigged.h"

#include <arpa/inet.h>

static struct rigged *r;
static struct rig *rig;
static uint8_t frame[RIG_FRAME_MAX];
static struct rig_frame got;

// Three ports; 192.0.2.0/24 behind 10.0.2.1.
static int setup(void **state)
{
	r = rigged_new(3, 1);
	rig = r->rig;
	rigged_route(r, "192.0.2.0/24", rigged_gateway(r, 2, "10.0.2.1"));
	rigged_route(r, "10.0.1.1", rigged_gateway(r, 1, "10.0.1.1"));
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

static void expect_drop(enum graph_node node, unsigned edge, unsigned len)
{
	rigged_expect_drop(r, node, edge, frame, len);
}

static void expect_forward(unsigned len)
{
	put(len);
	assert_true(rig_take(rig, 1, &got));
	assert_int_equal(rig_all_drops(rig), 0);
}

static void csum_renew(void)
{
	struct ip4_hdr *ip = frame_ip4(frame);

	ip->csum = 0;
	ip->csum = htons(slow_csum(ip, ip4_hdr_len(ip)));
}

static void ip4_forwards_one_hop_older_with_the_next_hops_header(void **state)
{
	struct ip4_hdr *ip = frame_ip4(got.data);
	unsigned len = rigged_ip4(frame, 0, &plain);

	expect_forward(len);
	assert_int_equal(got.len, len);
	assert_memory_equal(got.data, "\2\0\0\1\2\1\2\0\0\0\0\2\x08\0", 14);
	assert_int_equal(ip->ttl, 63);
	assert_int_equal(slow_csum(ip, IP4_HDR_LEN), 0);
	assert_memory_equal(got.data + 34, frame + 34, len - 34);
}

// Every checksum there is, by way of the id: the incremental step (RFC 1624 §3)
// equals a new sum, also around 0x0000 and 0xffff.
static void ip4_ttl_step_equals_a_new_checksum(void **state)
{
	struct ip4_spec spec = plain;

	for (unsigned id = 0; id < 65536; id++) {
		struct ip4_hdr *ip = frame_ip4(frame), *out = frame_ip4(got.data);

		spec.id = (uint16_t)id;
		put(rigged_ip4(frame, 0, &spec));
		assert_true(rig_take(rig, 1, &got));
		ip->ttl--;
		csum_renew();
		assert_int_equal(out->csum, ip->csum);
	}
}

// Any 20 bytes with any checksum: taken exactly where the slow sum says so.
static void ip4_checksum_is_judged_as_the_slow_sum_does(void **state)
{
	unsigned len = rigged_ip4(frame, 0, &plain);
	uint64_t seed = 1, good = 0;

	for (unsigned n = 0; n < 100000; n++) {
		struct ip4_hdr *ip = frame_ip4(frame);
		uint64_t before = rig_drops(rig, NODE_IP4_INPUT, IP4_INPUT_BAD_CSUM);
		bool is_good;

		ip->id = (uint16_t)test_rand(&seed);
		ip->tos = (uint8_t)test_rand(&seed);
		if (n % 8 > 3) { // 64-bit sums of these carry, once and twice
			ip->id = (uint16_t)((ip->id | 0xf0) & ~1); // an odd first byte of src
			ip->frag = htons(IP4_FRAG_DF);
			ip->src = 0xffbf0000 | (uint16_t)~ip->id;
		} else {
			ip->frag = 0;
			ip->src = ip4_of("10.0.1.1");
		}
		csum_renew();
		if (n % 4 == 0)
			ip->csum = (uint16_t)test_rand(&seed);
		if (n % 4 == 1)
			ip->csum = (uint16_t)(n / 8 % 2 ? ip->csum ^ 1u << n / 16 % 16
							: ip->csum + 1u);
		if (n % 4 == 2) // the other zero
			ip->csum = ip->csum == 0 ? 0xffff : ip->csum;
		is_good = slow_csum(ip, IP4_HDR_LEN) == 0;
		put(len);
		good += is_good;
		assert_int_equal(rig_n_out(rig, 1), is_good);
		assert_int_equal(rig_drops(rig, NODE_IP4_INPUT, IP4_INPUT_BAD_CSUM),
				 before + !is_good);
		while (rig_take(rig, 1, &got))
			;
	}
	assert_true(good > 49000);
}

static void ip4_padding_of_short_frames_is_not_sent_on(void **state)
{
	struct ip4_spec spec = plain;
	unsigned len;

	spec.len = 1;
	len = rigged_ip4(frame, 0, &spec);
	memset(frame + len, 0xee, 60 - len);
	put(60);
	assert_true(rig_take(rig, 1, &got));
	assert_int_equal(got.len, len);
	// padding in a segment of its own, and a packet that ends in the second
	rig_put_chained(rig, 0, frame, 60, len);
	rig_put_chained(rig, 0, frame, 60, 34);
	rig_run(rig);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(rig_take(rig, 1, &got));
		assert_int_equal(got.len, len);
		assert_memory_equal(got.data + 34, frame + 34, len - 34);
	}
}

static void ip4_malformed_headers_are_dropped_by_name(void **state)
{
	unsigned len = rigged_ip4(frame, 0, &plain);
	struct ip4_hdr *ip = frame_ip4(frame);

	expect_drop(NODE_IP4_INPUT, IP4_INPUT_TOO_SHORT, 14 + 19);
	expect_drop(NODE_IP4_INPUT, IP4_INPUT_TOO_SHORT, 14);
	expect_drop(NODE_IP4_INPUT, IP4_INPUT_TRUNCATED, len - 1);
	ip->csum ^= 1;
	expect_drop(NODE_IP4_INPUT, IP4_INPUT_BAD_CSUM, len);
	ip->vihl = 0x55;
	csum_renew();
	expect_drop(NODE_IP4_INPUT, IP4_INPUT_BAD_VERSION, len);
	ip->vihl = 0x44;
	csum_renew();
	expect_drop(NODE_IP4_INPUT, IP4_INPUT_BAD_HDR_LEN, len);
	ip->vihl = 0x45;
	ip->len = htons(19);
	csum_renew();
	expect_drop(NODE_IP4_INPUT, IP4_INPUT_BAD_LEN, len);
	ip->vihl = 0x4f; // 60 bytes of header in 38 of packet
	ip->len = htons(38);
	expect_drop(NODE_IP4_INPUT, IP4_INPUT_BAD_LEN, len);
}

static void ip4_header_split_over_segments_is_dropped_by_name(void **state)
{
	struct ip4_spec spec = plain;
	uint64_t all = 0;

	spec.options = "\1\1\1\1\1\1\1\0";
	spec.options_len = 8;
	for (unsigned first = 15; first < 14 + 28; first++) {
		unsigned len = rigged_ip4(frame, 0, &spec);

		rig_put_chained(rig, 0, frame, len, first);
		rig_run(rig);
		assert_int_equal(rig_drops(rig, NODE_IP4_INPUT, IP4_INPUT_TOO_SHORT), ++all);
	}
	rig_put_chained(rig, 0, frame, rigged_ip4(frame, 0, &spec), 14 + 28);
	rig_run(rig);
	assert_int_equal(rig_n_out(rig, 1), 1);
}

static void ip4_checksum_is_not_computed_where_the_nic_did(void **state)
{
	struct rte_mbuf *m;
	struct meta meta = {.node = NODE_IP4_INPUT, .iface = 1, .l3_off = 14};
	unsigned len = rigged_ip4(frame, 0, &plain);

	frame_ip4(frame)->csum ^= 1;
	m = rig_mbuf(rig, frame, len);
	m->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	meta_put(m, &meta);
	assert_true(workers_inject(rig->workers, 0, PEER_CTL, m));
	rig_run(rig);
	assert_int_equal(rig_n_out(rig, 1), 1);
	m = rig_mbuf(rig, frame, len);
	m->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_NONE;
	meta_put(m, &meta);
	assert_true(workers_inject(rig->workers, 0, PEER_CTL, m));
	rig_run(rig);
	assert_int_equal(rig_drops(rig, NODE_IP4_INPUT, IP4_INPUT_BAD_CSUM), 1);
}

// RFC 791 §3.2; the longest packet is 65535 bytes when put together.
static void ip4_malformed_fragments_are_dropped_by_name(void **state)
{
	static const struct {
		uint16_t frag;
		unsigned len;
		bool is_good;
	} cases[] = {
		{IP4_FRAG_MF, 16, true},
		{IP4_FRAG_MF, 15, false},
		{IP4_FRAG_MF, 0, false},
		{IP4_FRAG_MF | 3, 8, true},
		{IP4_FRAG_MF | 3, 20, false},
		{3, 20, true},
		{3, 0, false},
		{8189, 3, true},
		{8189, 4, false},
		{8191, 8, false},
		{IP4_FRAG_MF | 8188, 8, true},
		{IP4_FRAG_MF | 8189, 8, false},
		{IP4_FRAG_DF | 3, 20, true},
		{IP4_FRAG_DF, 0, true},
	};
	struct ip4_spec spec = plain;

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		spec.frag = cases[i].frag;
		spec.len = cases[i].len;
		if (!cases[i].is_good) {
			expect_drop(NODE_IP4_INPUT, IP4_INPUT_BAD_FRAGMENT,
				    rigged_ip4(frame, 0, &spec));
			continue;
		}
		put(rigged_ip4(frame, 0, &spec));
		assert_true(rig_take(rig, 1, &got));
		assert_int_equal(frame_ip4(got.data)->frag, htons(spec.frag));
	}
}

// RFC 1812 §5.3.7
static void ip4_martians_are_dropped_by_name_unless_switched_off(void **state)
{
	static const char *const src[] = {"0.0.0.0",   "0.1.2.3",	  "127.0.0.1",
					  "224.0.0.1", "239.255.255.255", "240.0.0.1",
					  "255.0.0.1", "255.255.255.255"};
	static const char *const dst[] = {"0.0.0.0", "0.9.9.9", "127.1.2.3", "240.1.2.3",
					  "255.0.0.1"};
	struct ip4_spec spec = plain;

	for (unsigned i = 0; i < ARRAY_LEN(src); i++) {
		spec.src = src[i];
		expect_drop(NODE_IP4_INPUT, IP4_INPUT_MARTIAN_SRC, rigged_ip4(frame, 0, &spec));
	}
	spec = plain;
	for (unsigned i = 0; i < ARRAY_LEN(dst); i++) {
		spec.dst = dst[i];
		expect_drop(NODE_IP4_INPUT, IP4_INPUT_MARTIAN_DST, rigged_ip4(frame, 0, &spec));
	}
	rig->dp.ip.martians = false;
	rigged_route(r, "0.0.0.0/0", rigged_gateway(r, 2, "10.0.2.1"));
	for (unsigned i = 0; i < ARRAY_LEN(dst); i++) {
		spec.dst = dst[i];
		spec.src = src[i];
		put(rigged_ip4(frame, 0, &spec));
	}
	assert_int_equal(rig_n_out(rig, 1), ARRAY_LEN(dst));
}

static void ip4_groups_and_broadcasts_are_never_forwarded(void **state)
{
	static const char *const dst[] = {"224.0.1.1", "239.1.2.3", "232.0.0.1"};
	struct ip4_spec spec = plain;

	rigged_route(r, "0.0.0.0/0", rigged_gateway(r, 2, "10.0.2.1"));
	for (unsigned i = 0; i < ARRAY_LEN(dst); i++) {
		unsigned len;

		spec.dst = dst[i];
		len = rigged_ip4(frame, 0, &spec);
		expect_drop(NODE_IP4_MULTI, IP4_MULTI_NOT_LOCAL, len);
		memcpy(frame, "\1\0\x5e\0\1\1", 6);
		expect_drop(NODE_IP4_MULTI, IP4_MULTI_NOT_LOCAL, len);
	}
	// a unicast address in a broadcast frame (RFC 1122 §3.3.6)
	spec.dst = "192.0.2.7";
	rigged_ip4(frame, 0, &spec);
	memset(frame, 0xff, 6);
	expect_drop(NODE_IP4_MULTI, IP4_MULTI_NOT_LOCAL, 60);
	spec.src = "127.0.0.1";
	rigged_ip4(frame, 0, &spec);
	memset(frame, 0xff, 6);
	expect_drop(NODE_IP4_MULTI, IP4_MULTI_MARTIAN_SRC, 60);
	frame_ip4(frame)->ttl ^= 1;
	expect_drop(NODE_IP4_MULTI, IP4_MULTI_MALFORMED, 60);
}

static void ip4_link_groups_and_broadcasts_reach_the_host(void **state)
{
	static const char *const dst[] = {"224.0.0.5", "255.255.255.255", "10.0.1.255"};
	struct ip4_spec spec = plain;
	struct meta meta;

	iface_flags_set(rig->ifaces, 1, IFACE_TAP, 0);
	spec.src = "0.0.0.0"; // as a client that asks for its address does
	for (unsigned i = 0; i < ARRAY_LEN(dst); i++) {
		struct rte_mbuf *m;

		spec.dst = dst[i];
		rigged_ip4(frame, 0, &spec);
		memset(frame, 0xff, 6);
		put(60);
		m = rig_take_punt(rig, PEER_HOST, &meta);
		assert_non_null(m);
		assert_int_equal(meta.iface, 1);
		rte_pktmbuf_free(m);
	}
	spec.dst = "239.1.1.1"; // a membership report goes to its group
	spec.proto = IP_PROTO_IGMP;
	put(rigged_ip4(frame, 0, &spec));
	assert_null(rig_take_punt(rig, PEER_HOST, &meta)); // 0.0.0.0 in a unicast frame
	memset(frame, 0xff, 6);
	put(60);
	rte_pktmbuf_free(rig_take_punt(rig, PEER_HOST, &meta));
	assert_int_equal(rig_n_out(rig, 1), 0);
}

static void ip4_next_hop_kinds_drop_by_name(void **state)
{
	struct ip4_spec spec = plain;

	rigged_route(r, "198.51.100.0/24", rigged_special(r, NH_BLACKHOLE, 0));
	spec.dst = "198.51.100.1";
	expect_drop(NODE_IP4_FORWARD, IP4_FORWARD_BLACKHOLE, rigged_ip4(frame, 0, &spec));
	spec.dst = "10.0.2.255";
	expect_drop(NODE_IP4_FORWARD, IP4_FORWARD_BROADCAST, rigged_ip4(frame, 0, &spec));
}

// RFC 1812 §5.3.5.2, by the switch.
static void ip4_directed_broadcasts_are_sent_to_all_where_allowed(void **state)
{
	struct ip4_spec spec = plain;
	unsigned len;

	rig->dp.ip.directed_broadcast = true;
	spec.dst = "10.0.2.255";
	len = rigged_ip4(frame, 0, &spec);
	expect_forward(len);
	assert_int_equal(got.len, len);
	assert_memory_equal(got.data, "\xff\xff\xff\xff\xff\xff\2\0\0\0\0\2\x08\0", 14);
	assert_int_equal(frame_ip4(got.data)->ttl, 63);
	assert_int_equal(slow_csum(got.data + 14, IP4_HDR_LEN), 0);
	spec.ttl = 1; // and no error tells
	expect_drop(NODE_IP4_FORWARD, IP4_FORWARD_BROADCAST, rigged_ip4(frame, 0, &spec));
	spec.ttl = 64;
	spec.dst = "10.0.1.255"; // back to where it came from
	expect_drop(NODE_IP4_FORWARD, IP4_FORWARD_BROADCAST, rigged_ip4(frame, 0, &spec));
}

static void expect_talk_with_link_local_neighbours(void)
{
	struct ip4_spec spec = {.src = "169.254.1.1", .dst = "10.0.1.254", .len = 18};

	rigged_route(r, "169.254.0.0/16", rigged_gateway(r, 1, "10.0.1.1"));
	put(rigged_ip4(frame, 0, &spec));
	assert_true(rig_take(rig, 0, &got));
	assert_int_equal(frame_ip4(got.data)->dst, ip4_of("169.254.1.1"));
	assert_int_equal(frame_ip4(got.data)->ttl, 64);
}

// RFC 3927 §7
static void ip4_link_scope_is_never_forwarded(void **state)
{
	struct ip4_spec spec = plain;

	rigged_route(r, "0.0.0.0/0", rigged_gateway(r, 2, "10.0.2.1"));
	spec.dst = "169.254.1.1";
	expect_drop(NODE_IP4_INPUT, IP4_INPUT_LINK_SCOPE, rigged_ip4(frame, 0, &spec));
	spec.dst = "192.0.2.7";
	spec.src = "169.254.1.1";
	expect_drop(NODE_IP4_INPUT, IP4_INPUT_LINK_SCOPE, rigged_ip4(frame, 0, &spec));
	spec.src = "169.253.1.1";
	spec.dst = "169.255.0.1";
	put(rigged_ip4(frame, 0, &spec));
	assert_int_equal(rig_n_out(rig, 1), 1);
	// but a neighbour may talk to us, and hears from us
	expect_talk_with_link_local_neighbours();
}

// The neighbour is asked for first; the packet waits as it came.
static void ip4_waits_for_a_neighbour_without_ageing(void **state)
{
	uint16_t gw = rigged_unresolved(r, 3, "10.0.3.1");
	struct ip4_spec spec = plain;
	struct meta meta;
	struct rte_mbuf *m;

	rigged_route(r, "198.51.100.0/24", gw);
	for (unsigned i = 0; i < 2; i++) {
		spec.dst = i ? "10.0.3.77" : "198.51.100.1";
		put(rigged_ip4(frame, 0, &spec));
		m = rig_take_punt(rig, PEER_CTL, &meta);
		assert_non_null(m);
		assert_int_equal(meta.node, PUNT_RESOLVE);
		assert_int_equal(meta.out, 3);
		assert_int_equal(meta.l3_off, 14);
		assert_true(i || meta.nh == gw);
		assert_memory_equal(rte_pktmbuf_mtod(m, char *), frame, m->pkt_len);
		rte_pktmbuf_free(m);
	}
}

static void ip4_tables_are_kept_apart(void **state)
{
	struct table *other = table_new(r->nexthops);
	struct route route = {.source = ROUTE_STATIC, .nh = rigged_gateway(r, 3, "10.0.3.1")};

	rig->dp.fib4[7] = table_fib4(other);
	iface_get(rig->ifaces, 2)->table = 7;
	assert_int_equal(prefix_parse("192.0.2.0/24", &route.prefix), 0);
	assert_int_equal(table_add(other, &route), 0);
	for (unsigned i = 0; i < 100; i++) { // both in one batch, too
		struct rte_mbuf *m = rig_mbuf(rig, frame, rigged_ip4(frame, 0, &plain));
		struct meta meta = {
			.node = NODE_IP4_INPUT, .iface = (uint16_t)(1 + i / 3 % 2), .l3_off = 14};

		meta_put(m, &meta);
		assert_true(workers_inject(rig->workers, 0, PEER_CTL, m));
	}
	rig_run(rig);
	assert_int_equal(rig_n_out(rig, 1), 51);
	assert_int_equal(rig_n_out(rig, 2), 49);
	while (rig_take(rig, 1, &got) || rig_take(rig, 2, &got))
		;
	iface_get(rig->ifaces, 2)->table = 0;
	table_free(other);
}

// RFC 3704 §2.2 and §2.4
static void ip4_reverse_path_is_checked_where_asked(void **state)
{
	struct ip4_spec spec = plain;
	uint16_t ids[2] = {rigged_gateway(r, 2, "10.0.2.9"), rigged_gateway(r, 1, "10.0.1.9")};
	int group = nexthop_group_get(r->nexthops, ids, (const uint8_t[]){1, 1}, 2);

	rigged_route(r, "203.0.113.0/24", (uint16_t)group);
	rigged_route(r, "198.51.100.0/24", rigged_special(r, NH_BLACKHOLE, 0));
	iface_feature_set(rig->ifaces, 1, AT_PRE_LOOKUP4, FEATURE_IP4_RPF, true);
	for (uint8_t mode = 0; mode < 3; mode++) {
		static const struct {
			const char *src;
			bool passes[3]; // off, loose, strict
		} cases[] = {
			{"10.0.1.77", {true, true, true}},
			{"192.0.2.99", {true, true, false}},	// by another iface
			{"203.0.113.9", {true, true, true}},	// by one of two
			{"10.0.2.254", {true, false, false}},	// our own
			{"198.51.100.1", {true, false, false}}, // a black hole
			{"100.64.0.1", {true, false, false}},	// no route
		};

		iface_get(rig->ifaces, 1)->rpf = mode;
		for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
			unsigned len;

			spec.src = cases[i].src;
			len = rigged_ip4(frame, 0, &spec);
			if (!cases[i].passes[mode]) {
				expect_drop(NODE_IP4_RPF, IP4_RPF_FAILED, len);
				continue;
			}
			put(len);
			assert_true(rig_take(rig, 1, &got));
		}
	}
}

static void ip4_rewrite_puts_tags_in_front(void **state)
{
	uint16_t id = rigged_unresolved(r, 2, "10.0.2.5");
	static const uint8_t l2[22] = {2, 1,	1,    1, 1, 1,	  2, 2, 2, 2, 2,
				       2, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 7, 8, 0};
	unsigned len;

	nexthop_resolve(r->nexthops, id, l2, sizeof(l2));
	rigged_route(r, "192.0.2.0/24", id);
	len = rigged_ip4(frame, 0, &plain);
	expect_forward(len);
	assert_int_equal(got.len, len + 8);
	assert_memory_equal(got.data, l2, sizeof(l2));
	assert_memory_equal(got.data + 42, frame + 34, len - 34);
}

static void ip4_rewrite_without_headroom_drops_by_name(void **state)
{
	uint16_t id = rigged_unresolved(r, 2, "10.0.2.5");
	static const uint8_t l2[22] = {2};
	struct meta meta = {.node = NODE_IP4_LOOKUP, .iface = 1};
	unsigned len = rigged_ip4(frame, 0, &plain);
	struct rte_mbuf *m;

	nexthop_resolve(r->nexthops, id, l2, sizeof(l2));
	rigged_route(r, "192.0.2.0/24", id);
	for (unsigned room = 0; room < 22; room++) {
		m = rig_mbuf(rig, frame, len);
		rte_pktmbuf_prepend(m, (uint16_t)(m->data_off - room));
		memcpy(rte_pktmbuf_mtod(m, char *), frame + 14, len - 14);
		meta_put(m, &meta);
		assert_true(workers_inject(rig->workers, 0, PEER_CTL, m));
	}
	rig_run(rig);
	assert_int_equal(rig_drops(rig, NODE_IP4_REWRITE, IP4_REWRITE_NO_HEADROOM), 22);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ip4_forwards_one_hop_older_with_the_next_hops_header),
		CASE(ip4_ttl_step_equals_a_new_checksum),
		CASE(ip4_checksum_is_judged_as_the_slow_sum_does),
		CASE(ip4_padding_of_short_frames_is_not_sent_on),
		CASE(ip4_malformed_headers_are_dropped_by_name),
		CASE(ip4_header_split_over_segments_is_dropped_by_name),
		CASE(ip4_checksum_is_not_computed_where_the_nic_did),
		CASE(ip4_malformed_fragments_are_dropped_by_name),
		CASE(ip4_martians_are_dropped_by_name_unless_switched_off),
		CASE(ip4_groups_and_broadcasts_are_never_forwarded),
		CASE(ip4_link_groups_and_broadcasts_reach_the_host),
		CASE(ip4_next_hop_kinds_drop_by_name),
		CASE(ip4_directed_broadcasts_are_sent_to_all_where_allowed),
		CASE(ip4_link_scope_is_never_forwarded),
		CASE(ip4_waits_for_a_neighbour_without_ageing),
		CASE(ip4_tables_are_kept_apart),
		CASE(ip4_reverse_path_is_checked_where_asked),
		CASE(ip4_rewrite_puts_tags_in_front),
		CASE(ip4_rewrite_without_headroom_drops_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
