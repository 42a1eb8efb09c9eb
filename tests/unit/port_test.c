// SPDX-License-Identifier: BSD-3-Clause
// Ports over real devices: DPDK's virtual ones, and veth by AF_PACKET in a
// network namespace of its own (skipped without the rights to make one).
#include "dataplane/base/csum.h"
#include "dataplane/ctl/eal.h"
#include "dataplane/pkt/eth.h"
#include "drivers/dpdk/dpdk.h"
#include "drivers/dpdk/dpdk_priv.h"
#include "tests/unit/test.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct rte_mempool *pool;

static int group_setup(void **state)
{
	static const char *const device[] = {"net_ring0"};
	struct eal_conf conf = {.hugepages = 0,
				.mem_bytes = 96 << 20,
				.plain_bytes = 96 << 20,
				.device = device,
				.n_devices = 1};
	struct err err = {0};

	(void)state;
	if (eal_start(&conf, &err) < 0)
		fail_msg("%s", err.text);
	pool = eal_pool_new(8192, dpdk_data_room(1500), &err);
	return pool ? 0 : -1;
}

// In a cache of 64 sets of 64 bytes, first lines a page apart would all meet in
// one set.
static void buffers_in_plain_memory_share_the_cache_fairly(void **state)
{
	struct rte_mbuf *pkts[64];
	uint64_t seen = 0;

	(void)state;
	assert_false(eal_is_huge());
	assert_int_equal(rte_pktmbuf_alloc_bulk(pool, pkts, 64), 0);
	for (unsigned i = 0; i < 64; i++)
		seen |= 1ull << ((uintptr_t)pkts[i] / 64 % 64);
	assert_true(__builtin_popcountll(seen) > 32);
	rte_pktmbuf_free_bulk(pkts, 64);
}

static int open_as(struct port *port, const char *device, struct err *err)
{
	memset(port, 0, sizeof(*port));
	snprintf(port->name, sizeof(port->name), "p0");
	snprintf(port->device, sizeof(port->device), "%s", device);
	port->ops = &dpdk_port_ops;
	return port->ops->open(port, err);
}

static void up(struct port *port, const char *device, unsigned queues)
{
	struct port_conf conf = {.n_rxq = queues, .n_txq = queues, .mtu = 1500, .pool = pool};
	struct err err = {0};

	if (open_as(port, device, &err) < 0 || port->ops->configure(port, &conf, &err) < 0 ||
	    port->ops->start(port, &err) < 0)
		fail_msg("%s: %s", device, err.text);
}

static void down(struct port *port)
{
	port->ops->stop(port);
	port->ops->close(port);
	assert_null(port->driver);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
}

static struct rte_mbuf *packet(unsigned len, unsigned first)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool), *tail;
	char *data = rte_pktmbuf_append(m, (uint16_t)first);

	memset(data, 0xff, 6);
	for (unsigned i = 6; i < first; i++)
		data[i] = (char)i;
	if (first == len)
		return m;
	tail = rte_pktmbuf_alloc(pool);
	data = rte_pktmbuf_append(tail, (uint16_t)(len - first));
	for (unsigned i = first; i < len; i++)
		data[i - first] = (char)i;
	assert_int_equal(rte_pktmbuf_chain(m, tail), 0);
	return m;
}

static void a_ring_port_gives_back_what_it_was_given(void **state)
{
	struct rte_mbuf *pkts[4], *back[8];
	struct port_stats stats;
	struct port_link link;
	struct port port;

	(void)state;
	up(&port, "net_ring0", 1);
	for (unsigned i = 0; i < 4; i++)
		pkts[i] = packet(100, 100);
	assert_int_equal(port.tx_burst(port.txq[0], pkts, 4), 4);
	assert_int_equal(port.rx_burst(port.rxq[0], back, 8), 4);
	for (unsigned i = 0; i < 4; i++)
		assert_ptr_equal(back[i], pkts[i]);
	rte_pktmbuf_free_bulk(back, 4);
	port.ops->stats_get(&port, &stats);
	assert_int_equal(stats.rx_packets, 4);
	assert_int_equal(stats.tx_packets, 4);
	port.ops->link_get(&port, &link);
	assert_true(link.is_up);
	down(&port);
}

// Solicited-node groups, OSPF, whatever daemons on the TAPs have joined.
static void a_started_port_receives_all_groups(void **state)
{
	struct ifreq ifr = {.ifr_name = "jb-tap7"};
	int sock = socket(AF_INET, SOCK_DGRAM, 0);
	struct port port;

	(void)state;
	if (access("/dev/net/tun", R_OK | W_OK) != 0) {
		print_message("skipped: no /dev/net/tun\n");
		skip();
	}
	up(&port, "net_tap7,iface=jb-tap7", 1);
	assert_int_equal(ioctl(sock, SIOCGIFFLAGS, &ifr), 0);
	assert_true(ifr.ifr_flags & IFF_ALLMULTI);
	down(&port);
	close(sock);
}

// net_ring takes chains; called as for a device that does not.
static void devices_without_segments_get_packets_in_one(void **state)
{
	struct rte_mbuf *pkts[3] = {packet(60, 60), packet(1200, 60), packet(60, 60)};
	struct rte_mbuf *back[4];
	struct port port;

	(void)state;
	up(&port, "net_ring1", 1);
	assert_int_equal(pkts[1]->nb_segs, 2);
	assert_int_equal(dpdk_tx_linear(port.txq[0], pkts, 3), 3);
	assert_int_equal(port.rx_burst(port.rxq[0], back, 4), 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(back[i]->nb_segs, 1);
	assert_int_equal(back[1]->pkt_len, 1200);
	for (unsigned i = 6; i < 1200; i++)
		assert_int_equal(rte_pktmbuf_mtod(back[1], char *)[i], (char)i);
	rte_pktmbuf_free_bulk(back, 3);
	down(&port);
}

// Its first segment has no room behind the data, so a copy must be made.
static struct rte_mbuf *cramped(unsigned len)
{
	struct rte_mbuf *m = packet(len, 60);
	char head[60];

	memcpy(head, rte_pktmbuf_mtod(m, char *), sizeof(head));
	m->data_off = (uint16_t)(m->buf_len - sizeof(head));
	memcpy(rte_pktmbuf_mtod(m, char *), head, sizeof(head));
	return m;
}

static void a_chain_that_fits_nowhere_is_copied(void **state)
{
	struct rte_mbuf *m = cramped(1200), *back;
	struct port port;

	(void)state;
	up(&port, "net_ring3", 1);
	assert_int_equal(dpdk_tx_linear(port.txq[0], &m, 1), 1);
	assert_int_equal(port.rx_burst(port.rxq[0], &back, 1), 1);
	assert_int_equal(back->nb_segs, 1);
	assert_int_equal(back->pkt_len, 1200);
	for (unsigned i = 6; i < 1200; i++)
		assert_int_equal(rte_pktmbuf_mtod(back, char *)[i], (char)i);
	rte_pktmbuf_free(back);
	down(&port);
}

static void without_an_mbuf_for_its_copy_a_chain_is_lost_and_counted(void **state)
{
	static struct rte_mbuf *rest[8192];
	struct rte_mbuf *pkts[3] = {packet(60, 60), cramped(1200), packet(60, 60)}, *back[3];
	struct port_stats stats;
	struct port port;
	unsigned n = 0;

	(void)state;
	up(&port, "net_ring4", 1);
	while (n < ARRAY_LEN(rest) && (rest[n] = rte_pktmbuf_alloc(pool)))
		n++;
	assert_int_equal(dpdk_tx_linear(port.txq[0], pkts, 3), 3);
	rte_pktmbuf_free_bulk(rest, n);
	assert_int_equal(port.rx_burst(port.rxq[0], back, 3), 2);
	rte_pktmbuf_free_bulk(back, 2);
	port.ops->stats_get(&port, &stats);
	assert_int_equal(stats.tx_errors, 1);
	down(&port);
}

static void a_null_port_receives_and_swallows(void **state)
{
	struct rte_mbuf *pkts[32];
	struct port port;
	uint16_t n;

	(void)state;
	up(&port, "net_null0,size=64", 1);
	n = port.rx_burst(port.rxq[0], pkts, 32);
	assert_int_equal(n, 32);
	assert_int_equal(pkts[0]->pkt_len, 64);
	assert_int_equal(port.tx_burst(port.txq[0], pkts, n), n);
	down(&port);
}

static void errors_say_what_to_do(void **state)
{
	static const struct {
		const char *device, *words;
	} cases[] = {
		{"net_nosuch0", "net_af_packet0,iface=NAME"},
		{"0000:ff:1f.7", "no PCI device '0000:ff:1f.7'; network devices here:"},
		{"net_af_packet0,iface=nosuch0", "no interface 'nosuch0' here; there are:"},
		{"net_af_packet0", "names no interface"},
		{"net_af_packet0,iface=lo", "no Ethernet interface"},
	};
	struct port port;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};

		assert_true(open_as(&port, cases[i].device, &err) < 0);
		assert_null(port.driver);
		if (!strstr(err.text, cases[i].words) || strncmp(err.text, "ports.p0", 8) != 0)
			fail_msg("%s: %s", cases[i].device, err.text);
	}
}

static void a_device_used_twice_is_refused_by_name(void **state)
{
	struct port port, second;
	struct err err = {0};

	(void)state;
	up(&port, "net_ring2", 1);
	assert_int_equal(open_as(&second, "net_ring2", &err), -EEXIST);
	assert_non_null(strstr(err.text, "used twice"));
	down(&port);
}

// --- veth ---

static int wire = -1; // a raw socket at the peer, jb-b

static void sh(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

// In a namespace of its own, gone with the process.
static bool veth_make(void)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(3)};

	if (wire >= 0)
		return true;
	if (unshare(CLONE_NEWNET) < 0)
		return false;
	sh("ip link add jb-a type veth peer name jb-b");
	sh("for i in jb-a jb-b; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done");
	sh("ip link set jb-a arp off up && ip link set jb-b up");
	wire = socket(AF_PACKET, SOCK_RAW, 0);
	assert_true(wire >= 0);
	addr.sll_ifindex = (int)if_nametoindex("jb-b");
	assert_int_equal(bind(wire, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return true;
}

// Waits up to a second for one frame.
static struct rte_mbuf *receive(struct port *port, unsigned queue)
{
	struct timespec nap = {.tv_nsec = 1000000};
	struct rte_mbuf *m;

	for (unsigned i = 0; i < 1000; i++) {
		if (port->rx_burst(port->rxq[queue], &m, 1) == 1)
			return m;
		nanosleep(&nap, NULL);
	}
	return NULL;
}

static unsigned frame_make(uint8_t frame[], uint16_t type, unsigned len)
{
	memset(frame, 0xff, 6);
	memset(frame + 6, 2, 6);
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	for (unsigned i = 14; i < len; i++)
		frame[i] = (uint8_t)i;
	return len;
}

static void a_veth_port_carries_frames_of_every_length(void **state)
{
	static const unsigned lens[] = {14, 20, 42, 60, 64, 1514};
	uint8_t frame[1600], got[1600];
	struct port port;

	(void)state;
	if (!veth_make())
		skip();
	up(&port, "net_af_packet0,iface=jb-a", 1);
	for (unsigned i = 0; i < ARRAY_LEN(lens); i++) {
		unsigned len = frame_make(frame, 0x88b5, lens[i]);
		struct rte_mbuf *m;

		assert_int_equal(send(wire, frame, len, 0), len);
		m = receive(&port, 0);
		assert_non_null(m);
		assert_int_equal(m->pkt_len, len);
		assert_memory_equal(rte_pktmbuf_mtod(m, void *), frame, len);
		assert_int_equal(port.tx_burst(port.txq[0], &m, 1), 1);
		assert_int_equal(recv(wire, got, sizeof(got), 0), len);
		assert_memory_equal(got, frame, len);
	}
	down(&port);
}

static void a_chained_packet_leaves_whole(void **state)
{
	struct rte_mbuf *m = packet(1200, 100);
	uint8_t got[1600];
	struct port port;

	(void)state;
	if (!veth_make())
		skip();
	up(&port, "net_af_packet0,iface=jb-a", 1);
	assert_int_equal(port.tx_burst(port.txq[0], &m, 1), 1);
	assert_int_equal(recv(wire, got, sizeof(got), 0), 1200);
	for (unsigned i = 6; i < 1200; i++)
		assert_int_equal(got[i], (uint8_t)i);
	down(&port);
}

static void a_vlan_tag_comes_in_the_mbuf(void **state)
{
	uint8_t frame[100];
	struct rte_mbuf *m;
	struct port port;

	(void)state;
	if (!veth_make())
		skip();
	up(&port, "net_af_packet0,iface=jb-a", 1);
	frame_make(frame, ETH_TYPE_VLAN, sizeof(frame));
	frame[14] = 0;
	frame[15] = 100;
	assert_int_equal(send(wire, frame, sizeof(frame), 0), sizeof(frame));
	m = receive(&port, 0);
	assert_non_null(m);
	assert_true(m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED);
	assert_int_equal(m->vlan_tci, 100);
	assert_int_equal(m->pkt_len, sizeof(frame) - VLAN_TAG_LEN);
	rte_pktmbuf_free(m);
	down(&port);
}

// DPDK's PMD lets the kernel put them together: a router must not.
static void fragments_arrive_as_fragments(void **state)
{
	uint8_t ip[60] = {0x45, 0, 0, 40, 0, 7, 0x20, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
	uint8_t frame[14 + 60];
	struct port port;

	(void)state;
	if (!veth_make())
		skip();
	up(&port, "net_af_packet0,iface=jb-a", 2);
	frame_make(frame, ETH_TYPE_IP4, sizeof(frame));
	for (unsigned i = 0; i < 2; i++) {
		uint16_t sum = 0;
		struct rte_mbuf *m;

		ip[6] = i ? 0 : 0x20; // more fragments, then the last at offset 16
		ip[7] = i ? 20 / 8 : 0;
		memcpy(ip + 10, &sum, 2);
		sum = csum_of(ip, 20);
		memcpy(ip + 10, &sum, 2);
		memcpy(frame + 14, ip, sizeof(ip));
		assert_int_equal(send(wire, frame, 14 + 40, 0), 14 + 40);
		m = receive(&port, 0);
		if (!m)
			m = receive(&port, 1);
		assert_non_null(m);
		assert_int_equal(m->pkt_len, 14 + 40);
		rte_pktmbuf_free(m);
	}
	down(&port);
}

static void a_checksum_left_to_hardware_is_completed(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	int sock;
	struct port_stats stats;
	struct rte_mbuf *m;
	struct port port;
	uint8_t *ip;
	uint16_t pseudo[2] = {htons(17), htons(8 + 33)};
	char data[33] = "partial";

	(void)state;
	if (!veth_make())
		skip();
	up(&port, "net_af_packet0,iface=jb-a", 1);
	sh("ip address add 10.77.0.1/24 dev jb-b");
	sh("ip neigh add 10.77.0.2 lladdr 02:00:00:00:00:02 dev jb-b");
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	inet_pton(AF_INET, "10.77.0.2", &to.sin_addr);
	assert_int_equal(sendto(sock, data, 33, 0, (struct sockaddr *)&to, sizeof(to)), 33);
	do {
		m = receive(&port, 0);
		assert_non_null(m);
		ip = rte_pktmbuf_mtod_offset(m, uint8_t *, 14);
		if (ip[9] == 17)
			break;
		rte_pktmbuf_free(m);
	} while (true);
	assert_int_equal(
		csum_finish(csum_add(csum_add(csum_add(0, ip + 12, 8), pseudo, 4), ip + 20, 41)),
		0);
	rte_pktmbuf_free(m);
	port.ops->stats_get(&port, &stats);
	close(sock);
	sh("ip address flush dev jb-b");
	down(&port);
}

// The kernel opens its transmit queue some time after the carrier is there.
static void frames_pass(struct port *port)
{
	uint8_t frame[60];
	struct rte_mbuf *m = NULL;

	frame_make(frame, 0x88b5, sizeof(frame));
	for (unsigned i = 0; i < 20 && !m; i++) {
		(void)!send(wire, frame, sizeof(frame), 0);
		m = receive(port, 0);
	}
	assert_non_null(m);
	rte_pktmbuf_free(m);
}

static void link_follows_the_carrier(void **state)
{
	struct port_link link;
	struct port port;

	(void)state;
	if (!veth_make())
		skip();
	up(&port, "net_af_packet0,iface=jb-a", 1);
	port.ops->link_get(&port, &link);
	assert_true(link.is_up);
	assert_int_equal(link.mbit_s, 10000);
	sh("ip link set jb-b down");
	port.ops->link_get(&port, &link);
	assert_false(link.is_up);
	sh("ip link set jb-b up");
	port.ops->link_get(&port, &link);
	assert_true(link.is_up);
	frames_pass(&port);
	down(&port);
}

static void a_full_ring_loses_frames_and_counts_them(void **state)
{
	struct port_conf conf = {.n_rxq = 1, .n_txq = 1, .mtu = 1500, .rx_ring = 64, .pool = pool};
	struct port_stats stats;
	struct err err = {0};
	uint8_t frame[60];
	struct port port;
	struct rte_mbuf *m;
	unsigned got = 0;

	(void)state;
	if (!veth_make())
		skip();
	assert_int_equal(open_as(&port, "net_af_packet0,iface=jb-a", &err), 0);
	assert_int_equal(port.ops->configure(&port, &conf, &err), 0);
	assert_int_equal(port.ops->start(&port, &err), 0);
	frame_make(frame, 0x88b5, sizeof(frame));
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(send(wire, frame, sizeof(frame), 0), sizeof(frame));
	while (port.rx_burst(port.rxq[0], &m, 1)) {
		rte_pktmbuf_free(m);
		got++;
	}
	port.ops->stats_get(&port, &stats);
	assert_int_equal(stats.rx_packets, got);
	assert_int_equal(stats.rx_packets + stats.rx_missed, 100);
	assert_true(stats.rx_missed > 0);
	down(&port);
}

static void the_mtu_is_raised_and_restored(void **state)
{
	struct port_conf conf = {.n_rxq = 1, .n_txq = 1, .mtu = 1800, .pool = pool};
	struct err err = {0};
	struct port port;

	(void)state;
	if (!veth_make())
		skip();
	assert_int_equal(open_as(&port, "net_af_packet0,iface=jb-a", &err), 0);
	assert_int_equal(port.ops->configure(&port, &conf, &err), 0);
	sh("ip link show jb-a | grep -q 'mtu 1800'");
	down(&port);
	sh("ip link show jb-a | grep -q 'mtu 1500'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_in_plain_memory_share_the_cache_fairly),
		cmocka_unit_test(a_ring_port_gives_back_what_it_was_given),
		cmocka_unit_test(a_started_port_receives_all_groups),
		cmocka_unit_test(devices_without_segments_get_packets_in_one),
		cmocka_unit_test(a_chain_that_fits_nowhere_is_copied),
		cmocka_unit_test(without_an_mbuf_for_its_copy_a_chain_is_lost_and_counted),
		cmocka_unit_test(a_null_port_receives_and_swallows),
		cmocka_unit_test(errors_say_what_to_do),
		cmocka_unit_test(a_device_used_twice_is_refused_by_name),
		cmocka_unit_test(a_veth_port_carries_frames_of_every_length),
		cmocka_unit_test(a_chained_packet_leaves_whole),
		cmocka_unit_test(a_vlan_tag_comes_in_the_mbuf),
		cmocka_unit_test(fragments_arrive_as_fragments),
		cmocka_unit_test(a_checksum_left_to_hardware_is_completed),
		cmocka_unit_test(link_follows_the_carrier),
		cmocka_unit_test(a_full_ring_loses_frames_and_counts_them),
		cmocka_unit_test(the_mtu_is_raised_and_restored),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
