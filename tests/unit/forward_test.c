// SPDX-License-Identifier: BSD-3-Clause
// The golden rule: what was sent is what was received plus what was counted as
// dropped, exactly; and each packet's fate is the one an obvious router gives it.
#include "dataplane/pkt/eth.h"
#include "tests/unit/rigged.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { PACKETS = 200000, BURST = 1000, SERIAL_AT = 14 + IP4_HDR_LEN };

static struct rigged *r;
static struct rig *rig;

enum fate { OUT, TTL_ERROR, NO_ROUTE, BLACKHOLE, WAITS, REFUSED, N_FATES };

// A list of prefixes, searched from end to end.
static const struct {
	const char *prefix, *gw; // gw NULL: no gateway
	unsigned iface;
	enum fate fate;
} routes[] = {
	{"192.0.2.0/24", "10.0.2.1", 2, OUT},	 {"192.0.2.128/25", "10.0.3.1", 3, OUT},
	{"192.0.2.200/32", NULL, 0, BLACKHOLE},	 {"198.51.0.0/16", "10.0.3.2", 3, OUT},
	{"198.51.100.0/24", NULL, 0, BLACKHOLE}, {"203.0.113.0/24", "10.0.1.9", 1, OUT},
	{"10.0.3.0/24", NULL, 3, WAITS},	 {"10.0.2.254/32", NULL, 2, REFUSED},
};

static unsigned plen_of(unsigned i)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(routes[i].prefix, &prefix), 0);
	return prefix.len;
}

// Index of the longest match, -1: none.
static int route_find(uint32_t dst)
{
	int best = -1;

	for (unsigned i = 0; i < ARRAY_LEN(routes); i++) {
		struct prefix prefix;
		struct addr addr = {.family = 4};

		memcpy(addr.bytes, &dst, 4);
		assert_int_equal(prefix_parse(routes[i].prefix, &prefix), 0);
		if (prefix_has_addr(&prefix, &addr) &&
		    (best < 0 || plen_of(i) > plen_of((unsigned)best)))
			best = (int)i;
	}
	return best;
}

static int setup(void **state)
{
	struct worker *w;

	r = rigged_new(3, 1);
	rig = r->rig;
	for (unsigned i = 0; i < ARRAY_LEN(routes); i++) {
		if (routes[i].gw)
			rigged_route(r, routes[i].prefix,
				     rigged_gateway(r, routes[i].iface, routes[i].gw));
		else if (routes[i].fate == BLACKHOLE)
			rigged_route(r, routes[i].prefix, rigged_special(r, NH_BLACKHOLE, 0));
	}
	rigged_route(r, "10.0.1.1", rigged_gateway(r, 1, "10.0.1.1"));
	w = workers_get(rig->workers, 0);
	w->icmp_error = w->hold = (struct bucket){0};
	return 0;
}

static int teardown(void **state)
{
	rigged_free(r);
	return 0;
}

struct sent {
	enum fate fate;
	unsigned len, iface;
	uint8_t frame[256]; // as it must leave
};
static struct sent sent[BURST];
static uint64_t seed = 1;

static unsigned pick(unsigned n)
{
	return (unsigned)(test_rand(&seed) % n);
}

static const char *dst_pick(char text[32])
{
	static const char *const nets[] = {"192.0.2",	"198.51.100", "198.51.7",
					   "203.0.113", "10.0.3",     "100.64.0"};
	unsigned net = pick(ARRAY_LEN(nets) + 1);

	if (net == ARRAY_LEN(nets))
		return "10.0.2.254";
	snprintf(text, 32, "%s.%u", nets[net], 1 + pick(250));
	return text;
}

// What an obvious router does with the frame, before it is sent.
static void predict(struct sent *s, const uint8_t *frame, unsigned len)
{
	struct ip4_hdr *ip = frame_ip4(s->frame);
	int i;

	memcpy(s->frame, frame, len);
	s->len = len;
	i = route_find(ip->dst);
	s->fate = i < 0 ? NO_ROUTE : routes[i].fate;
	if ((s->fate == OUT || s->fate == WAITS) && ip->ttl <= 1)
		s->fate = TTL_ERROR;
	if (s->fate != OUT)
		return;
	s->iface = routes[i].iface;
	memcpy(s->frame,
	       (uint8_t[]){2, 0, 0, 1, (uint8_t)s->iface,
			   (uint8_t)(ntohl(ip4_of(routes[i].gw)) & 0xff), 2, 0, 0, 0, 0,
			   (uint8_t)s->iface, 8, 0},
	       14);
	ip->ttl--;
	ip->csum = 0;
	ip->csum = htons(slow_csum(ip, IP4_HDR_LEN));
}

static void burst_send(uint64_t count[N_FATES])
{
	for (uint32_t serial = 0; serial < BURST; serial++) {
		uint8_t frame[256], payload[160] = {0};
		char text[32];
		struct ip4_spec spec = {.src = "10.0.1.1",
					.dst = dst_pick(text),
					.ttl = (uint8_t)(1 + pick(4)),
					.id = (uint16_t)test_rand(&seed),
					.payload = payload,
					.len = 4 + pick(150)};
		unsigned len;

		memcpy(payload, &serial, 4);
		len = rigged_ip4(frame, 0, &spec);
		predict(&sent[serial], frame, len);
		count[sent[serial].fate]++;
		rig_put(rig, 0, frame, len);
	}
}

// Everything that left by a port is a packet that had to, as it had to, in order.
static uint64_t port_check(unsigned port, uint64_t *n_errors)
{
	struct rig_frame got;
	int64_t last = -1;
	uint64_t n = 0;

	while (rig_take(rig, port, &got)) {
		uint32_t serial;

		if (frame_ip4(got.data)->proto == IP_PROTO_ICMP) {
			(*n_errors)++;
			continue;
		}
		memcpy(&serial, got.data + SERIAL_AT, 4);
		assert_true(serial < BURST && serial > last);
		assert_int_equal(sent[serial].fate, OUT);
		assert_int_equal(sent[serial].iface, port + 1);
		assert_int_equal(sent[serial].len, got.len);
		assert_memory_equal(sent[serial].frame, got.data, got.len);
		last = serial;
		n++;
	}
	return n;
}

static uint64_t punts_take(void)
{
	struct meta meta;
	struct rte_mbuf *m;
	uint64_t n = 0;

	for (; (m = rig_take_punt(rig, PEER_CTL, &meta)); n++)
		rte_pktmbuf_free(m);
	return n;
}

static void forward_gives_each_packet_the_fate_of_an_obvious_router(void **state)
{
	uint64_t count[N_FATES] = {0}, out = 0, errors = 0, waiting = 0;

	for (unsigned n = 0; n < PACKETS; n += BURST) {
		burst_send(count);
		rig_run(rig);
		for (unsigned port = 0; port < 3; port++)
			out += port_check(port, &errors);
		waiting += punts_take();
	}
	assert_int_equal(out, count[OUT]);
	assert_int_equal(waiting, count[WAITS]);
	assert_int_equal(errors, count[TTL_ERROR] + count[NO_ROUTE] + count[REFUSED]);
	assert_int_equal(rig_drops(rig, NODE_IP4_FORWARD, IP4_FORWARD_BLACKHOLE), count[BLACKHOLE]);
	assert_int_equal(rig_all_drops(rig), count[BLACKHOLE]);
	assert_int_equal(PACKETS, out + errors + waiting + rig_all_drops(rig));
}

// More than a port takes at once, and an iface that goes down in between.
static void forward_counts_what_it_cannot_send(void **state)
{
	struct iface_counters in, out;
	uint64_t left;
	uint8_t frame[256];
	unsigned len = rigged_ip4(
		frame, 0, &(struct ip4_spec){.src = "10.0.1.1", .dst = "192.0.2.7", .len = 50});

	for (unsigned i = 0; i < 3 * RIG_QUEUE; i++) {
		rig_put(rig, 0, frame, len);
		if (i % 1024 == 1023)
			rig_run(rig);
		if (i == 2 * RIG_QUEUE)
			iface_flags_set(rig->ifaces, 2, 0, IFACE_UP);
	}
	left = rig_n_out(rig, 1);
	assert_int_equal(left, RIG_QUEUE);
	assert_true(rig_drops(rig, NODE_TX, TX_RING_FULL) > 0);
	assert_true(rig_drops(rig, NODE_TX, TX_IFACE_DOWN) > 0);
	assert_int_equal(3 * RIG_QUEUE, left + rig_all_drops(rig));
	workers_iface_counters(rig->workers, 1, &in);
	workers_iface_counters(rig->workers, 2, &out);
	assert_int_equal(in.rx_packets, 3 * RIG_QUEUE);
	assert_int_equal(in.rx_bytes, 3ull * RIG_QUEUE * len);
	assert_int_equal(out.tx_packets, in.rx_packets - rig_drops(rig, NODE_TX, TX_IFACE_DOWN));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(forward_gives_each_packet_the_fate_of_an_obvious_router),
		CASE(forward_counts_what_it_cannot_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
