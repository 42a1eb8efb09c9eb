// SPDX-License-Identifier: BSD-3-Clause
// The host path: frames between wire and TAP as pure functions, then a real TAP
// in a network namespace of its own (skipped without the rights to make one).
#include "dataplane/base/csum.h"
#include "dataplane/ctl/host.h"
#include "dataplane/ctl/host_frame.h"
#include "dataplane/pkt/eth.h"
#include "tests/unit/rig.h"

#include <rte_ring.h>

#include <arpa/inet.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const uint8_t own[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer[6] = {2, 0, 0, 0, 0xee, 1};

// dst, src, tags, type, then the bytes 0, 1, 2...
static unsigned frame_make(uint8_t *frame, const uint8_t dst[6], unsigned n_tags, uint16_t type,
			   unsigned payload)
{
	uint8_t *at = frame + 12;

	memcpy(frame, dst, 6);
	memcpy(frame + 6, peer, 6);
	for (unsigned i = 0; i < n_tags; i++) {
		static const uint8_t tag[2][4] = {{0x81, 0, 0, 100}, {0x88, 0xa8, 0, 7}};

		memcpy(at, tag[n_tags - 1 - i], 4);
		at += 4;
	}
	*at++ = (uint8_t)(type >> 8);
	*at++ = (uint8_t)type;
	for (unsigned i = 0; i < payload; i++)
		*at++ = (uint8_t)i;
	return (unsigned)(at - frame);
}

static void tags_go_and_come_back(void **state)
{
	struct rig *rig = rig_new(1, 1);
	uint8_t frame[128], plain[128];

	(void)state;
	for (unsigned n_tags = 0; n_tags <= 2; n_tags++) {
		unsigned len = frame_make(frame, own, n_tags, ETH_TYPE_IP4, 60);
		unsigned plain_len = frame_make(plain, own, 0, ETH_TYPE_IP4, 60);
		struct rte_mbuf *m = rig_mbuf(rig, frame, len);

		assert_int_equal(host_frame_l3(m), 14 + 4 * n_tags);
		assert_true(host_frame_untag(m, host_frame_l3(m), own));
		assert_int_equal(m->pkt_len, plain_len);
		assert_memory_equal(rte_pktmbuf_mtod(m, void *), plain, plain_len);
		assert_true(host_frame_tag(m,
					   n_tags == 2 ? 7
					   : n_tags    ? 100
						       : 0,
					   n_tags == 2 ? 100 : 0));
		assert_int_equal(m->pkt_len, len);
		assert_memory_equal(rte_pktmbuf_mtod(m, void *), frame, len);
		rte_pktmbuf_free(m);
	}
	rig_free(rig);
}

static void short_frames_are_refused(void **state)
{
	struct rig *rig = rig_new(1, 1);
	uint8_t frame[64];

	(void)state;
	for (unsigned len = 1; len < 22; len++) {
		struct rte_mbuf *m;
		unsigned l3_off;

		frame_make(frame, own, 2, ETH_TYPE_IP4, 10);
		m = rig_mbuf(rig, frame, len);
		l3_off = host_frame_l3(m);
		assert_true(l3_off <= len);
		if (len < 14)
			assert_int_equal(l3_off, 0);
		assert_int_equal(host_frame_untag(m, l3_off ? l3_off : UINT_MAX, own), l3_off != 0);
		if (len < 14)
			assert_int_equal(host_frame_way(m, own), HOST_WAY_NONE);
		rte_pktmbuf_free(m);
	}
	rig_free(rig);
}

static void packets_of_jerboa_get_an_ethernet_header(void **state)
{
	static const uint16_t types[16] = {[4] = ETH_TYPE_IP4, [6] = ETH_TYPE_IP6};
	struct rig *rig = rig_new(1, 1);
	uint8_t packet[40] = {0}, header[14];

	(void)state;
	for (unsigned version = 0; version < 16; version++)
		for (unsigned l3_off = 0; l3_off < 14; l3_off++) {
			struct rte_mbuf *m;

			packet[l3_off] = (uint8_t)(version << 4);
			m = rig_mbuf(rig, packet, sizeof(packet));
			packet[l3_off] = 0;
			assert_int_equal(host_frame_untag(m, l3_off, own), types[version] != 0);
			if (types[version]) {
				frame_make(header, own, 0, types[version], 0);
				memcpy(header + 6, own, 6);
				assert_int_equal(m->pkt_len, 14 + sizeof(packet) - l3_off);
				assert_memory_equal(rte_pktmbuf_mtod(m, void *), header, 14);
			}
			rte_pktmbuf_free(m);
		}
	rig_free(rig);
}

static void groups_keep_their_address_and_stations_get_the_tap_s(void **state)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t other[6] = {2, 9, 9, 9, 9, 9};
	struct rig *rig = rig_new(1, 1);
	uint8_t frame[64];
	struct rte_mbuf *m;

	(void)state;
	m = rig_mbuf(rig, frame, frame_make(frame, all, 1, ETH_TYPE_ARP, 28));
	assert_true(host_frame_untag(m, 18, own));
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), all, 6);
	rte_pktmbuf_free(m);
	m = rig_mbuf(rig, frame, frame_make(frame, other, 0, ETH_TYPE_IP4, 20));
	assert_true(host_frame_untag(m, 14, own));
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), own, 6);
	rte_pktmbuf_free(m);
	rig_free(rig);
}

static void frames_to_the_iface_itself_are_routed(void **state)
{
	static const struct {
		const uint8_t *dst;
		uint16_t type;
		enum host_way way;
	} cases[] = {
		{peer, ETH_TYPE_IP4, HOST_WAY_WIRE}, {own, ETH_TYPE_IP4, HOST_WAY_IP4},
		{own, ETH_TYPE_IP6, HOST_WAY_IP6},   {own, ETH_TYPE_ARP, HOST_WAY_NONE},
		{peer, 0x88cc, HOST_WAY_WIRE},
	};
	struct rig *rig = rig_new(1, 1);
	uint8_t frame[64];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rte_mbuf *m =
			rig_mbuf(rig, frame, frame_make(frame, cases[i].dst, 0, cases[i].type, 40));

		assert_int_equal(host_frame_way(m, own), cases[i].way);
		rte_pktmbuf_free(m);
	}
	rig_free(rig);
}

// --- a real TAP ---

static bool namespace_enter(void)
{
	static bool is_in;

	if (!is_in)
		is_in = unshare(CLONE_NEWNET) == 0 && access("/dev/net/tun", R_OK | W_OK) == 0 &&
			system("ip link set lo up") == 0;
	return is_in;
}

static struct host_iface iface_make(const char *name, unsigned id)
{
	struct host_iface iface = {.id = (uint16_t)id, .mtu = 1500, .is_up = true, .n_addr = 2};

	snprintf(iface.name, sizeof(iface.name), "%s", name);
	memcpy(iface.mac, own, 6);
	iface.addr[0] = (struct iface_addr){.family = 4, .plen = 24, .bytes = {10, 9, 0, 1}};
	iface.addr[1] = (struct iface_addr){
		.family = 6, .plen = 64, .is_link_local = 1, .bytes = {0xfe, 0x80, [15] = 1}};
	return iface;
}

static struct host *start(struct rig *rig, bool default_route)
{
	struct host_conf conf = {.workers = rig->workers,
				 .pool = rig->pool,
				 .default_route = default_route,
				 .metric = 8192};
	struct err err = {0};
	struct host *host = host_start(&conf, &err);

	if (!host)
		fail_msg("%s", err.text);
	return host;
}

static void add(struct host *host, const struct host_iface *iface)
{
	struct err err = {0};

	assert_int_equal(host_iface_add(host, iface), 0);
	if (host_sync(host, 5000, &err) < 0)
		fail_msg("%s", err.text);
}

static bool says(const char *command, const char *words)
{
	char text[4096];
	FILE *pipe = popen(command, "r");
	size_t len = fread(text, 1, sizeof(text) - 1, pipe);

	text[len] = '\0';
	pclose(pipe);
	return strstr(text, words);
}

static void a_tap_has_what_its_iface_has(void **state)
{
	struct rig *rig;
	struct host *host;
	struct host_iface iface = iface_make("jbh0", 1);
	struct err err = {0};

	(void)state;
	if (!namespace_enter())
		skip();
	rig = rig_new(1, 1);
	host = start(rig, true);
	add(host, &iface);
	assert_true(says("ip link show jbh0", "02:00:00:00:00:01"));
	assert_true(says("ip link show jbh0", "LOWER_UP"));
	assert_true(says("ip address show jbh0", "inet 10.9.0.1/24"));
	assert_true(says("ip address show jbh0", "inet6 fe80::1/64"));
	assert_true(says("ip route show default", "dev jbh0"));
	assert_true(says("ip route show default", "src 10.9.0.1"));
	iface.mtu = 1400;
	iface.is_up = false;
	iface.addr[0].bytes[3] = 9;
	assert_int_equal(host_iface_update(host, &iface), 0);
	assert_int_equal(host_sync(host, 5000, &err), 0);
	assert_true(says("ip link show jbh0", "NO-CARRIER"));
	assert_true(says("ip link show jbh0", "mtu 1400"));
	assert_true(says("ip address show jbh0", "inet 10.9.0.9/24"));
	assert_false(says("ip address show jbh0", "10.9.0.1/"));
	assert_int_equal(host_iface_del(host, 1), 0);
	assert_int_equal(host_sync(host, 5000, &err), 0);
	assert_int_equal(if_nametoindex("jbh0"), 0);
	host_stop(host);
	rig_free(rig);
}

static void taps_go_with_the_thread(void **state)
{
	struct host_iface iface = iface_make("jbh0", 1);
	struct rig *rig;
	struct host *host;

	(void)state;
	if (!namespace_enter())
		skip();
	rig = rig_new(1, 1);
	host = start(rig, false);
	add(host, &iface);
	assert_true(if_nametoindex("jbh0") != 0);
	assert_false(says("ip route show default", "jbh0"));
	host_stop(host);
	assert_int_equal(if_nametoindex("jbh0"), 0);
	rig_free(rig);
}

static void a_name_that_is_taken_is_a_clear_error(void **state)
{
	struct host_iface iface = iface_make("jbtaken", 1);
	struct err err = {0};
	struct rig *rig;
	struct host *host;

	(void)state;
	if (!namespace_enter())
		skip();
	assert_int_equal(system("ip link add jbtaken type veth peer name jbother"), 0);
	rig = rig_new(1, 1);
	host = start(rig, false);
	assert_int_equal(host_iface_add(host, &iface), 0);
	assert_int_equal(host_sync(host, 5000, &err), -EEXIST);
	assert_non_null(strstr(err.text, "ifaces.jbtaken: this machine has an interface of that"));
	assert_int_equal(system("ip link del jbtaken"), 0);
	host_stop(host);
	rig_free(rig);
}

// Turns the worker until a frame leaves port 0.
static bool wait_frame(struct rig *rig, struct rig_frame *frame, uint16_t type)
{
	struct timespec nap = {.tv_nsec = 1000000};

	for (unsigned i = 0; i < 2000; i++) {
		workers_turn(rig->workers, 0);
		while (rig_take(rig, 0, frame))
			if ((frame->data[12] << 8 | frame->data[13]) == type)
				return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

static void arp_answer(struct rig *rig, struct host *host, const struct rig_frame *request)
{
	uint8_t reply[42];
	struct rte_mbuf *m;

	assert_int_equal(request->data[21], 1); // a request
	memcpy(reply, request->data, sizeof(reply));
	memcpy(reply, request->data + 6, 6);
	memcpy(reply + 6, peer, 6);
	reply[21] = 2;
	memcpy(reply + 22, peer, 6);
	memcpy(reply + 28, request->data + 38, 4);
	memcpy(reply + 32, request->data + 22, 10);
	m = rig_mbuf(rig, reply, sizeof(reply));
	host_give(host, m, 1);
}

static uint16_t udp_csum(const uint8_t *ip, unsigned udp_len)
{
	uint16_t tail[2] = {htons((uint16_t)udp_len), htons(17)};

	return csum_finish(csum_add(csum_add(csum_add(0, ip + 12, 8), tail, 4), ip + 20, udp_len));
}

// Linux asks for its neighbour through jerboa, and finishes its checksums itself.
static void linux_sends_whole_frames_to_the_wire(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct host_iface iface = iface_make("jbh0", 1);
	struct rig_frame frame;
	char data[100] = "hello";
	struct rig *rig;
	struct host *host;
	int sock;

	(void)state;
	if (!namespace_enter())
		skip();
	rig = rig_new(1, 1);
	host = start(rig, true);
	add(host, &iface);
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	inet_pton(AF_INET, "10.9.0.2", &to.sin_addr);
	assert_int_equal(sendto(sock, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)),
			 100);
	assert_true(wait_frame(rig, &frame, ETH_TYPE_ARP));
	arp_answer(rig, host, &frame);
	assert_true(wait_frame(rig, &frame, ETH_TYPE_IP4));
	assert_memory_equal(frame.data, peer, 6);
	assert_memory_equal(frame.data + 6, own, 6);
	assert_int_equal(frame.data[14 + 9], 17);
	assert_int_equal(udp_csum(frame.data + 14, 108), 0);
	close(sock);
	host_stop(host);
	rig_run(rig);
	while (rig_take(rig, 0, &frame))
		;
	rig_free(rig);
}

static struct rte_mbuf *udp_to_us(struct rig *rig, uint16_t port, unsigned n_tags)
{
	uint8_t frame[128];
	unsigned len = frame_make(frame, own, n_tags, ETH_TYPE_IP4, 48);
	uint8_t *ip = frame + 14 + 4 * n_tags;
	static const uint8_t header[20] = {0x45, 0, 0,	48, 0, 0, 0,  0, 64, 17,
					   0,	 0, 10, 9,  0, 2, 10, 9, 0,  1};
	uint16_t csum, udp[4] = {htons(9), htons(port), htons(28), 0};

	memcpy(ip, header, 20);
	csum = csum_of(ip, 20);
	memcpy(ip + 10, &csum, 2);
	memcpy(ip + 20, udp, 8);
	return rig_mbuf(rig, frame, len);
}

static void punted_packets_reach_a_socket(void **state)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(4242)};
	struct timeval limit = {.tv_sec = 2};
	struct host_iface iface = iface_make("jbh0", 1);
	struct rig *rig;
	struct host *host;
	char data[64];
	int sock;

	(void)state;
	if (!namespace_enter())
		skip();
	rig = rig_new(1, 1);
	host = start(rig, true);
	add(host, &iface);
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(bind(sock, (struct sockaddr *)&any, sizeof(any)), 0);
	for (unsigned n_tags = 0; n_tags <= 2; n_tags++) {
		struct rte_mbuf *m = udp_to_us(rig, 4242, n_tags);
		struct meta meta = {
			.node = PUNT_HOST, .l3_off = (uint8_t)(14 + 4 * n_tags), .iface = 1};

		meta_put(m, &meta);
		assert_int_equal(rte_ring_enqueue(workers_get(rig->workers, 0)->to_host, m), 0);
		assert_int_equal(recv(sock, data, sizeof(data), 0), 20);
	}
	close(sock);
	host_stop(host);
	rig_free(rig);
}

static void a_deleted_tap_is_noticed_and_not_polled(void **state)
{
	struct host_iface iface = iface_make("jbh0", 1);
	struct timespec nap = {.tv_nsec = 20000000};
	struct host_stats stats = {0};
	struct rig *rig;
	struct host *host;

	(void)state;
	if (!namespace_enter())
		skip();
	rig = rig_new(1, 1);
	host = start(rig, false);
	add(host, &iface);
	assert_int_equal(system("ip link del jbh0"), 0);
	for (unsigned i = 0; i < 100; i++) {
		host_stats_get(host, &stats);
		if (stats.n_taps == 0)
			break;
		nanosleep(&nap, NULL);
	}
	assert_int_equal(stats.n_taps, 0);
	host_stop(host);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_go_and_come_back),
		cmocka_unit_test(short_frames_are_refused),
		cmocka_unit_test(packets_of_jerboa_get_an_ethernet_header),
		cmocka_unit_test(groups_keep_their_address_and_stations_get_the_tap_s),
		cmocka_unit_test(frames_to_the_iface_itself_are_routed),
		cmocka_unit_test(a_tap_has_what_its_iface_has),
		cmocka_unit_test(taps_go_with_the_thread),
		cmocka_unit_test(a_name_that_is_taken_is_a_clear_error),
		cmocka_unit_test(linux_sends_whole_frames_to_the_wire),
		cmocka_unit_test(punted_packets_reach_a_socket),
		cmocka_unit_test(a_deleted_tap_is_noticed_and_not_polled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
