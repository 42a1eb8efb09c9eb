// SPDX-License-Identifier: BSD-3-Clause
// A router whose neighbours are asked for: the real graph, the real neighbour
// code, a clock of its own. Iface n has 10.0.n.254/24, 2001:db8:n::fe/64 and
// fe80::n, MAC 02:00:00:00:00:<n>. Frames go in and out by the ports.
#pragma once

#include "dataplane/base/clock.h"
#include "dataplane/base/rcu.h"
#include "dataplane/neigh/neigh.h"
#include "dataplane/pkt/eth.h"
#include "tests/unit/ip6_rig.h"

#include <stdlib.h>

enum { NEIGH_RIG_PORTS = 2, NEIGH_RIG_TICK_MS = 10, NEIGH_RIG_DAD_MAX = 8 };

struct neigh_rig {
	struct rigged *r;
	struct neigh *neigh;
	struct neigh_conf conf;
	uint64_t now_ns;
	unsigned n_host, n_frames; // given to the host; sent
	unsigned host_iface;
	unsigned n_dad;
	bool dad[NEIGH_RIG_DAD_MAX]; // results in order
};

static inline struct table *neigh_rig_table(void *arg, unsigned id)
{
	struct neigh_rig *rig = arg;

	return id == 0 ? rig->r->table : NULL;
}

static inline void neigh_rig_send(void *arg, struct rte_mbuf *pkt)
{
	struct neigh_rig *rig = arg;

	rig->n_frames++;
	while (!workers_inject(rig->r->rig->workers, 0, PEER_CTL, pkt))
		rig_run(rig->r->rig);
}

static inline void neigh_rig_to_host(void *arg, struct rte_mbuf *pkt, unsigned iface)
{
	struct neigh_rig *rig = arg;

	rig->n_host++;
	rig->host_iface = iface;
	rte_pktmbuf_free(pkt);
}

// What ctl does: the address loses its mark, or stays marked.
static inline void neigh_rig_dad(void *arg, unsigned iface, const uint8_t bytes[16], bool is_unique)
{
	struct neigh_rig *rig = arg;
	const struct iface_addrs *addrs = iface_get(rig->r->rig->ifaces, iface)->addrs;
	struct iface_addr copy[8];

	memcpy(copy, addrs->addr, addrs->n * sizeof(copy[0]));
	for (unsigned i = 0; i < addrs->n; i++)
		if (memcmp(copy[i].bytes, bytes, 16) == 0 && is_unique)
			copy[i].is_tentative = 0;
	assert_int_equal(iface_addrs_set(rig->r->rig->ifaces, iface, copy, addrs->n), 0);
	rig->dad[rig->n_dad++ % NEIGH_RIG_DAD_MAX] = is_unique;
}

static inline struct iface_addr neigh_rig_addr(const char *text, unsigned plen)
{
	struct addr addr = ip6_rig_addr(text);
	struct iface_addr own = {.family = addr.family, .plen = (uint8_t)plen};

	memcpy(own.bytes, addr.bytes, sizeof(own.bytes));
	own.is_link_local = addr.family == 6 && ip6_is_link_local(addr.bytes);
	return own;
}

static inline void neigh_rig_addrs(struct neigh_rig *rig, unsigned iface)
{
	struct iface_addr addr[3];
	char text[64];

	snprintf(text, sizeof(text), "10.0.%u.254", iface);
	addr[0] = neigh_rig_addr(text, 24);
	snprintf(text, sizeof(text), "fe80::%u", iface);
	addr[1] = neigh_rig_addr(text, 64);
	snprintf(text, sizeof(text), "2001:db8:%u::fe", iface);
	addr[2] = neigh_rig_addr(text, 64);
	assert_int_equal(iface_addrs_set(rig->r->rig->ifaces, iface, addr, 3), 0);
	rigged_route(rig->r, text, rigged_special(rig->r, NH_LOCAL, iface));
	snprintf(text, sizeof(text), "2001:db8:%u::/64", iface);
	rigged_route(rig->r, text, rigged_special(rig->r, NH_GLEAN, iface));
}

static inline struct neigh_rig *neigh_rig_new(void)
{
	struct neigh_rig *rig = calloc(1, sizeof(*rig));
	struct neigh_env env = {.table_get = neigh_rig_table,
				.send = neigh_rig_send,
				.to_host = neigh_rig_to_host,
				.dad_done = neigh_rig_dad,
				.arg = rig};

	assert_non_null(rig);
	rig->r = rigged_new(NEIGH_RIG_PORTS, 1);
	for (unsigned i = 1; i <= NEIGH_RIG_PORTS; i++)
		neigh_rig_addrs(rig, i);
	rig->conf = (struct neigh_conf){.reachable_ms = 30000,
					.retrans_ms = 1000,
					.probes = 3,
					.max = 1000,
					.hold = 3,
					.hold_all = 64};
	env.ifaces = rig->r->rig->ifaces;
	env.nexthops = rig->r->nexthops;
	env.pool = rig->r->rig->pool;
	rig->neigh = neigh_new(&rig->conf, &env);
	assert_non_null(rig->neigh);
	rig->now_ns = 1000 * CLOCK_NS_PER_S;
	return rig;
}

static inline void neigh_rig_free(struct neigh_rig *rig)
{
	neigh_free(rig->neigh);
	rigged_free(rig->r);
	free(rig);
}

// Workers and control until nothing moves.
static inline void neigh_rig_turn(struct neigh_rig *rig)
{
	struct rte_mbuf *pkt;
	struct meta meta;

	do {
		rig_run(rig->r->rig);
		pkt = rig_take_punt(rig->r->rig, PEER_CTL, &meta);
		if (pkt)
			neigh_punt(rig->neigh, pkt, &meta, rig->now_ns);
	} while (pkt);
}

// The same, and grace periods pass.
static inline void neigh_rig_pump(struct neigh_rig *rig)
{
	neigh_rig_turn(rig);
	rcu_barrier();
	nexthops_step(rig->r->nexthops);
	while (table_step(rig->r->table, 1000000))
		;
}

static inline void neigh_rig_wait(struct neigh_rig *rig, unsigned ms)
{
	for (unsigned i = 0; i < ms; i += NEIGH_RIG_TICK_MS) {
		rig->now_ns += NEIGH_RIG_TICK_MS * CLOCK_NS_PER_MS;
		neigh_step(rig->neigh, rig->now_ns);
		if (rig->n_frames || i % 1000 == 0)
			neigh_rig_turn(rig);
		rig->n_frames = 0;
	}
	neigh_rig_pump(rig);
	neigh_step(rig->neigh, rig->now_ns);
	neigh_rig_turn(rig);
}

// Frames that left by port and nobody looked at.
static inline unsigned neigh_rig_discard(struct neigh_rig *rig, unsigned port)
{
	struct rig_frame frame;
	unsigned n = 0;

	while (rig_take(rig->r->rig, port, &frame))
		n++;
	return n;
}

static inline void neigh_rig_put(struct neigh_rig *rig, unsigned port, const void *frame,
				 unsigned len)
{
	rig_put(rig->r->rig, port, frame, len);
	neigh_rig_turn(rig);
}

static inline uint64_t neigh_rig_count(struct neigh_rig *rig, const char *name)
{
	struct neigh_counter c[64];
	unsigned n = neigh_counters(rig->neigh, c, 64);

	assert_true(n <= 64);
	for (unsigned i = 0; i < n; i++)
		if (strcmp(c[i].name, name) == 0)
			return c[i].n;
	fail_msg("no counter is called %s", name);
	return 0;
}

// The entry of addr at iface: false if there is none.
static inline bool neigh_rig_entry(struct neigh_rig *rig, unsigned iface, const char *text,
				   struct neigh_info *info)
{
	struct addr addr = ip6_rig_addr(text);
	struct neigh_info all[4096];
	size_t n = neigh_walk(rig->neigh, NULL, all, ARRAY_LEN(all));

	for (size_t i = 0; i < n; i++)
		if (all[i].iface == iface && addr_is_equal(&all[i].addr, &addr)) {
			*info = all[i];
			return true;
		}
	return false;
}

static inline void neigh_rig_is(struct neigh_rig *rig, unsigned iface, const char *text,
				enum neigh_state state)
{
	struct neigh_info info;

	assert_true(neigh_rig_entry(rig, iface, text, &info));
	assert_string_equal(neigh_state_name(info.state), neigh_state_name(state));
}

static inline bool neigh_rig_has(struct neigh_rig *rig, unsigned iface, const char *text)
{
	struct neigh_info info;

	return neigh_rig_entry(rig, iface, text, &info);
}

static inline bool neigh_rig_has_route(struct neigh_rig *rig, const char *text)
{
	struct prefix prefix;
	struct route route[8];
	unsigned n;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	n = table_paths(rig->r->table, &prefix, route, 8);
	for (unsigned i = 0; i < n; i++)
		if (route[i].source == ROUTE_NEIGH)
			return true;
	return false;
}

// ARP.

// A frame of ETH_MIN_LEN bytes.
static inline void neigh_rig_arp_frame(uint8_t *frame, unsigned port, unsigned op,
				       const uint8_t mac[6], const char *sender, const char *target)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct arp_hdr arp = {
		.hw_type = htons(1),
		.proto_type = htons(ETH_TYPE_IP4),
		.hw_len = 6,
		.proto_len = 4,
		.op = htons((uint16_t)op),
	};

	memcpy(arp.sender_mac, mac, 6);
	memcpy(arp.sender_ip, ip6_rig_addr(sender).bytes, 4);
	memcpy(arp.target_ip, ip6_rig_addr(target).bytes, 4);
	memset(frame, 0, ETH_MIN_LEN);
	rig_eth(frame, port, ETH_TYPE_ARP, &arp, sizeof(arp));
	memcpy(frame + 6, mac, 6);
	if (op == ARP_REQUEST)
		memcpy(frame, all, 6);
}

static inline void neigh_rig_arp(struct neigh_rig *rig, unsigned port, unsigned op,
				 const uint8_t mac[6], const char *sender, const char *target)
{
	uint8_t frame[ETH_MIN_LEN];

	neigh_rig_arp_frame(frame, port, op, mac, sender, target);
	neigh_rig_put(rig, port, frame, sizeof(frame));
}

// The next frame that left by port must be ARP.
static inline struct arp_hdr neigh_rig_arp_out(struct neigh_rig *rig, unsigned port,
					       uint8_t eth_dst[6])
{
	struct rig_frame frame;
	struct arp_hdr arp;

	assert_true(rig_take(rig->r->rig, port, &frame));
	assert_int_equal(frame.len, ETH_MIN_LEN);
	assert_int_equal(frame.data[12] << 8 | frame.data[13], ETH_TYPE_ARP);
	memcpy(eth_dst, frame.data, 6);
	memcpy(&arp, frame.data + 14, sizeof(arp));
	assert_int_equal(arp.hw_type, htons(1));
	assert_int_equal(arp.proto_type, htons(ETH_TYPE_IP4));
	assert_int_equal(arp.hw_len << 8 | arp.proto_len, 0x604);
	assert_memory_equal(arp.sender_mac, frame.data + 6, 6);
	return arp;
}

static inline bool neigh_rig_ip_is(const uint8_t ip[4], const char *text)
{
	return memcmp(ip, ip6_rig_addr(text).bytes, 4) == 0;
}

// An IPv4 packet from port's neighbour (who is on no list) to dst.
static inline void neigh_rig_ping4(struct neigh_rig *rig, unsigned port, const char *dst,
				   uint16_t id)
{
	struct ip4_spec spec = {.src = "192.0.2.7", .dst = dst, .id = id, .len = 40};
	uint8_t frame[200];

	neigh_rig_put(rig, port, frame, rigged_ip4(frame, port, &spec));
}

static inline void neigh_rig_ping6(struct neigh_rig *rig, unsigned port, const char *dst)
{
	static const uint8_t payload[40];
	uint8_t frame[200];
	unsigned len = ip6_rig_frame(frame, "2001:db8:77::7", dst, 59, payload, sizeof(payload));

	frame[5] = (uint8_t)(port + 1);
	neigh_rig_put(rig, port, frame, len);
}
