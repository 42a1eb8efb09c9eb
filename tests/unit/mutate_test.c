// SPDX-License-Identifier: BSD-3-Clause
// A million damaged packets of both families through the real graph: nothing
// crashes, no packet is lost without a count, every buffer comes home. In ASan
// builds each frame lies in a block of exactly its size.
#include "tests/unit/ip6_rig.h"

enum { PACKETS = 1000000, BURST = 200, FRAME_MAX = 1600, SEED = 20261120 };

static struct rigged *r;
static struct rig *rig;

struct template
{
	unsigned len;
	uint8_t data[FRAME_MAX];
};
static struct template templates[64];
static unsigned n_templates;

static struct template *template_new(void)
{
	assert_true(n_templates < ARRAY_LEN(templates));
	return &templates[n_templates++];
}

static void add4(const struct ip4_spec *spec, const char *mac)
{
	struct template *t = template_new();

	t->len = rigged_ip4(t->data, 0, spec);
	if (mac)
		memcpy(t->data, mac, 6);
}

static void add6(const char *dst, uint8_t next, unsigned ext, const char *mac)
{
	struct template *t = template_new();
	static uint8_t payload[64];

	t->len = ip6_rig_frame(t->data, "2001:db8:0::1", dst, next, payload, sizeof(payload));
	if (ext)
		t->len = ip6_rig_ext(t->data, t->len, (uint8_t)ext, 1);
	if (mac)
		memcpy(t->data, mac, 6);
}

static void add_icmp6(const char *dst, uint8_t type, unsigned len, const char *mac)
{
	struct template *t = template_new();

	t->len = ip6_rig_icmp(t->data, "2001:db8:0::1", dst, type, 0, len);
	if (mac)
		memcpy(t->data, mac, 6);
}

// The same frame again behind a tag of VLAN 5.
static void add_tagged(unsigned from)
{
	struct template *t = template_new();
	const struct template *plain = &templates[from];

	memcpy(t->data, plain->data, 12);
	memcpy(t->data + 12, "\x81\0\0\5", 4);
	memcpy(t->data + 16, plain->data + 12, plain->len - 12);
	t->len = plain->len + 4;
}

static void templates4_make(void)
{
	static const uint8_t options[] = {7, 7, 4, 0, 0, 0, 0, 68,  12, 5, 1, 0,
					  0, 0, 0, 0, 0, 0, 0, 148, 4,	0, 0, 0};
	static const uint8_t echo[] = {8, 0, 0xf7, 0xff, 0, 0, 0, 0};
	static const char *const dst[] = {"192.0.2.7",	 "10.0.1.254",	    "10.0.2.254",
					  "203.0.113.9", "198.51.100.1",    "10.0.2.77",
					  "224.0.0.5",	 "255.255.255.255", "10.0.1.255",
					  "169.254.1.1", "100.64.0.1",	    "100.65.0.1"};

	for (unsigned i = 0; i < ARRAY_LEN(dst); i++)
		add4(&(struct ip4_spec){.src = "10.0.1.1", .dst = dst[i], .len = 18 + i}, NULL);
	add4(&(struct ip4_spec){.src = "10.0.1.1", .dst = "224.0.0.5", .proto = 89, .len = 40},
	     "\1\0\x5e\0\0\5");
	add4(&(struct ip4_spec){.src = "0.0.0.0", .dst = "255.255.255.255", .len = 300},
	     "\xff\xff\xff\xff\xff\xff");
	add4(&(struct ip4_spec){.src = "10.0.1.1", .dst = "192.0.2.7", .ttl = 1, .len = 700}, NULL);
	add4(&(struct ip4_spec){.src = "10.0.1.1",
				.dst = "192.0.2.7",
				.options = options,
				.options_len = sizeof(options),
				.len = 1200},
	     NULL);
	add4(
		&(struct ip4_spec){
			.src = "10.0.1.1", .dst = "192.0.2.7", .frag = IP4_FRAG_DF, .len = 1200},
		NULL);
	add4(&(struct ip4_spec){.src = "10.0.1.1",
				.dst = "192.0.2.7",
				.frag = IP4_FRAG_MF | 9,
				.len = 1200},
	     NULL);
	add4(&(struct ip4_spec){.src = "10.0.1.1",
				.dst = "203.0.113.9",
				.frag = 99,
				.proto = IP_PROTO_TCP,
				.len = 33},
	     NULL);
	add4(&(struct ip4_spec){.src = "10.0.1.1",
				.dst = "10.0.1.254",
				.proto = IP_PROTO_ICMP,
				.payload = echo,
				.len = sizeof(echo)},
	     NULL);
	add4(&(struct ip4_spec){.src = "10.0.1.1",
				.dst = "10.0.2.254",
				.proto = IP_PROTO_ICMP,
				.payload = echo,
				.len = sizeof(echo),
				.options = options,
				.options_len = sizeof(options)},
	     NULL);
	add_tagged(0);
	add_tagged(4);
}

static void templates6_make(void)
{
	static const char *const dst[] = {"2001:db8:a::7",  "2001:db8:0::fe", "2001:db8:1::fe",
					  "2001:db8:1::77", "fe80::fe:0",     "2001:db8:b::1",
					  "2001:db8:c::1"};
	static const uint8_t ext[] = {IP6_EXT_HOP, IP6_EXT_ROUTING, IP6_EXT_FRAGMENT, IP6_EXT_DEST,
				      IP6_EXT_AUTH};
	static const uint8_t nd[] = {133, 134, 135, 136, 137, 143};

	for (unsigned i = 0; i < ARRAY_LEN(dst); i++)
		add6(dst[i], IP_PROTO_UDP, 0, NULL);
	for (unsigned i = 0; i < ARRAY_LEN(ext); i++) {
		add6("2001:db8:a::7", IP_PROTO_TCP, ext[i], NULL);
		add6("2001:db8:0::fe", IP_PROTO_UDP, ext[i], NULL);
	}
	for (unsigned i = 0; i < ARRAY_LEN(nd); i++)
		add_icmp6("2001:db8:0::fe", nd[i], 24, NULL);
	add_icmp6("2001:db8:0::fe", 128, 100, NULL);
	add_icmp6("ff02::1:ff00:fe", 135, 24, "\x33\x33\xff\0\0\xfe");
	add_icmp6("ff02::1", 128, 40, "\x33\x33\0\0\0\1");
}

static void template_arp_make(void)
{
	static const uint8_t arp[] = {0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 0,	 0, 0xee, 1,
				      10, 0, 1, 1, 0, 0, 0, 0, 0, 0, 10, 0, 1,	  254};
	struct template *t = template_new();

	t->len = rig_eth(t->data, 0, ETH_TYPE_ARP, arp, sizeof(arp));
	memset(t->data, 0xff, 6);
}

static void addrs_make(unsigned iface)
{
	struct iface_addr addr[3] = {{.family = 4, .plen = 24, .bytes = {10, 0, 0, 254}},
				     {.family = 6, .plen = 64},
				     {.family = 6, .plen = 64, .is_link_local = 1}};
	char text[64];

	ip6_rig_port(r, iface - 1);
	addr[0].bytes[2] = (uint8_t)iface;
	snprintf(text, sizeof(text), "2001:db8:%u::fe", iface - 1);
	memcpy(addr[1].bytes, ip6_rig_addr(text).bytes, 16);
	snprintf(text, sizeof(text), "fe80::fe:%u", iface - 1);
	memcpy(addr[2].bytes, ip6_rig_addr(text).bytes, 16);
	assert_int_equal(iface_addrs_set(rig->ifaces, iface, addr, 3), 0);
}

// Routes of every kind, an MTU that cuts, a VLAN, a TAP, RPF on one iface, no
// limits.
static int setup(void **state)
{
	struct iface_conf sub = {.name = "v5",
				 .parent = 1,
				 .vlan = 5,
				 .mtu = 1500,
				 .mac = {2, 0, 0, 0, 0, 1},
				 .flags = IFACE_UP};
	struct worker *w;
	uint16_t ids[2];
	int group;

	r = rigged_new(3, 1);
	rig = r->rig;
	for (unsigned i = 1; i <= 3; i++)
		addrs_make(i);
	ids[0] = rigged_gateway(r, 2, "10.0.2.1");
	ids[1] = rigged_gateway(r, 3, "10.0.3.1");
	group = nexthop_group_get(r->nexthops, ids, (const uint8_t[]){1, 1}, 2);
	nexthop_mtu_set(r->nexthops, ids[0], 1000);
	rigged_route(r, "192.0.2.0/24", ids[0]);
	rigged_route(r, "203.0.113.0/24", (uint16_t)group);
	rigged_route(r, "10.0.1.1", rigged_gateway(r, 1, "10.0.1.1"));
	rigged_route(r, "198.51.100.0/24", rigged_special(r, NH_UNREACHABLE, 0));
	rigged_route(r, "100.64.0.0/16", rigged_special(r, NH_BLACKHOLE, 0));
	rigged_route(r, "169.254.0.0/16", ids[1]);
	rigged_route(r, "2001:db8:a::/48", rigged_gateway(r, 2, "2001:db8:1::1"));
	rigged_route(r, "2001:db8:b::/48", rigged_special(r, NH_BLACKHOLE, 0));
	assert_true(iface_add(rig->ifaces, &sub) > 0);
	iface_flags_set(rig->ifaces, 1, IFACE_TAP, 0);
	iface_feature_set(rig->ifaces, 2, AT_PRE_LOOKUP4, FEATURE_IP4_RPF, true);
	iface_feature_set(rig->ifaces, 2, AT_PRE_LOOKUP6, FEATURE_IP6_RPF, true);
	iface_get(rig->ifaces, 2)->rpf = 2;
	w = workers_get(rig->workers, 0);
	w->icmp_error = w->arp = w->nd = w->hold = w->host = (struct bucket){0};
	templates4_make();
	templates6_make();
	template_arp_make();
	return 0;
}

static int teardown(void **state)
{
	rigged_free(r);
	return 0;
}

static uint64_t seed = SEED;

static unsigned pick(unsigned n)
{
	return (unsigned)(test_rand(&seed) % n);
}

// The IPv4 checksum made right again, so that the damage is seen behind it.
static void csum_mend(uint8_t *frame, unsigned len)
{
	struct ip4_hdr *ip = frame_ip4(frame);
	unsigned hdr_len = ip4_hdr_len(ip);

	if (len < 34 || frame[12] != 8 || frame[13] != 0 || 14 + hdr_len > len)
		return;
	ip->csum = 0;
	ip->csum = htons(slow_csum(ip, hdr_len));
}

static void damage_one(uint8_t *frame, unsigned len)
{
	static const uint8_t likely[] = {0, 1, 4, 5, 6, 17, 44, 58, 0x7f, 0x80, 0xff};
	unsigned head = len < 80 ? len : 80;
	unsigned at = pick(4) ? pick(head) : pick(len);

	switch (pick(3)) {
	case 0:
		frame[at] ^= (uint8_t)(1u << pick(8));
		break;
	case 1:
		frame[at] = (uint8_t)pick(256);
		break;
	default:
		frame[at] = likely[pick(ARRAY_LEN(likely))];
	}
}

// Damaged bytes, a cut end, or both; in one segment or two.
static void put_mutant(void)
{
	const struct template *t = &templates[pick(n_templates)];
	static uint8_t frame[FRAME_MAX];
	unsigned len = t->len, port = pick(8) ? 0 : 1 + pick(2);

	memcpy(frame, t->data, len);
	if (port)
		frame[5] = (uint8_t)(port + 1);
	for (unsigned n = pick(4); n > 0; n--)
		damage_one(frame, len);
	if (pick(4))
		csum_mend(frame, len);
	if (pick(8) == 0)
		len = 1 + pick(len);
	if (len > 1 && pick(8) == 0)
		rig_put_chained(rig, port, frame, len, 1 + pick(len - 1));
	else
		rig_put(rig, port, frame, len);
}

static uint64_t punts_take(enum worker_peer peer)
{
	struct meta meta;
	struct rte_mbuf *m;
	uint64_t n = 0;

	while ((m = rig_take_punt(rig, peer, &meta))) {
		rte_pktmbuf_free(m);
		n++;
	}
	return n;
}

static uint64_t out_take(void)
{
	static struct rig_frame got;
	uint64_t n = 0;

	for (unsigned port = 0; port < rig->n_ports; port++)
		while (rig_take(rig, port, &got))
			n++;
	return n;
}

// Fragments that came into being.
static uint64_t fragments(void)
{
	uint64_t n = 0;

	for (unsigned edge = 0; edge < HOOK_EDGES; edge++)
		n += workers_arc(rig->workers, NODE_IP4_FRAGMENT, edge);
	return n;
}

static void mutants_of_both_families_are_all_accounted_for(void **state)
{
	uint64_t out = 0, punted = 0, in = 0, held;

	while (in < PACKETS) {
		for (unsigned i = 0; i < BURST; i++)
			put_mutant();
		in += BURST;
		rig_run(rig);
		out += out_take();
		punted += punts_take(PEER_CTL) + punts_take(PEER_HOST);
		if (rte_mempool_in_use_count(rig->pool) != 0)
			fail_msg("seed %u: a buffer is lost after %lu packets", SEED, in);
	}
	held = workers_arc(rig->workers, NODE_IP4_FRAGMENT, IP4_FRAGMENT_REPLACED);
	print_message("[ mutants  ] %lu in, %lu fragments made of %lu, %lu out, %lu dropped, "
		      "%lu to control and host\n",
		      in, fragments(), held, out, rig_all_drops(rig), punted);
	assert_int_equal(in + fragments(), held + out + rig_all_drops(rig) + punted);
	assert_true(out > in / 20);
	assert_true(punted > in / 100);
}

// A campaign that never gets to a check proves nothing about it.
static void mutants_reach_every_check_of_a_header(void **state)
{
	static const uint8_t nodes[] = {NODE_ETH_INPUT,	  NODE_IP4_INPUT,   NODE_IP4_OPTIONS,
					NODE_IP4_MULTI,	  NODE_IP4_FORWARD, NODE_IP4_RPF,
					NODE_IP4_DELIVER, NODE_IP6_INPUT,   NODE_IP6_MULTI,
					NODE_IP6_RPF,	  NODE_IP6_DELIVER};

	for (unsigned i = 0; i < ARRAY_LEN(nodes); i++)
		for (unsigned edge = 0; edge < GRAPH_EDGES_MAX; edge++) {
			const char *name = graph_drop_name(nodes[i], edge);

			if (name && !workers_arc(rig->workers, nodes[i], edge))
				print_message("[ unseen   ] %s/%s\n", graph_node_name(nodes[i]),
					      name);
		}
	for (unsigned edge = IP4_INPUT_TOO_SHORT; edge <= IP4_INPUT_MARTIAN_DST; edge++)
		assert_true(workers_arc(rig->workers, NODE_IP4_INPUT, edge) > 0);
	assert_true(workers_arc(rig->workers, NODE_IP4_OPTIONS, IP4_OPTIONS_ERROR) > 0);
	assert_true(workers_arc(rig->workers, NODE_ICMP4_ERROR, EDGE_MAIN) > 0);
	assert_true(workers_arc(rig->workers, NODE_ICMP4_ECHO, EDGE_MAIN) > 0);
	assert_true(workers_arc(rig->workers, NODE_ICMP6_ERROR, EDGE_MAIN) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutants_of_both_families_are_all_accounted_for),
		cmocka_unit_test(mutants_reach_every_check_of_a_header),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
