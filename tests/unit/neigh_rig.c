// SPDX-License-Identifier: BSD-3-Clause
#include "tests/unit/neigh_rig.h"

#include "dataplane/base/rcu.h"

#include <stdlib.h>

void neigh_rig_tentative(struct neigh_rig *rig, unsigned iface, const uint8_t bytes[16],
			 bool is_tentative)
{
	const struct iface *on = iface_get(rig->r->rig->ifaces, iface);
	struct iface_addr *addr = (struct iface_addr *)iface_addr_find(on, 6, bytes);

	if (addr)
		addr->is_tentative = is_tentative;
}

static struct table *neigh_rig_table(void *arg, unsigned id)
{
	struct neigh_rig *rig = arg;

	return id == 0 ? rig->r->table : NULL;
}

static void neigh_rig_send(void *arg, struct rte_mbuf *pkt)
{
	struct neigh_rig *rig = arg;

	rig->n_frames++;
	while (!workers_inject(rig->r->rig->workers, 0, PEER_CTL, pkt))
		rig_run(rig->r->rig);
}

static void neigh_rig_to_host(void *arg, struct rte_mbuf *pkt, unsigned iface)
{
	struct neigh_rig *rig = arg;

	rig->n_host++;
	rig->host_iface = iface;
	rte_pktmbuf_free(pkt);
}

// What ctl does: the address loses its mark and may be a source, or stays marked.
static void neigh_rig_dad(void *arg, unsigned iface, const uint8_t bytes[16], bool is_unique)
{
	struct neigh_rig *rig = arg;
	const struct iface_addrs *addrs = iface_get(rig->r->rig->ifaces, iface)->addrs;
	struct iface_addr copy[8];

	if (is_unique) {
		neigh_rig_tentative(rig, iface, bytes, false);
		memcpy(copy, addrs->addr, addrs->n * sizeof(copy[0]));
		assert_int_equal(iface_addrs_set(rig->r->rig->ifaces, iface, copy, addrs->n), 0);
	}
	rig->dad[rig->n_dad++ % NEIGH_RIG_DAD_MAX] = is_unique;
}

struct iface_addr neigh_rig_addr(const char *text, unsigned plen)
{
	struct addr addr = ip6_rig_addr(text);
	struct iface_addr own = {.family = addr.family, .plen = (uint8_t)plen};

	memcpy(own.bytes, addr.bytes, sizeof(own.bytes));
	own.is_link_local = addr.family == 6 && ip6_is_link_local(addr.bytes);
	return own;
}

static void neigh_rig_addrs(struct neigh_rig *rig, unsigned iface)
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

void neigh_rig_restart(struct neigh_rig *rig)
{
	struct neigh_env env = {.ifaces = rig->r->rig->ifaces,
				.nexthops = rig->r->nexthops,
				.pool = rig->r->rig->pool,
				.table_get = neigh_rig_table,
				.send = neigh_rig_send,
				.to_host = neigh_rig_to_host,
				.dad_done = neigh_rig_dad,
				.arg = rig};

	neigh_free(rig->neigh);
	rig->neigh = neigh_new(&rig->conf, &env);
	assert_non_null(rig->neigh);
}

struct neigh_rig *neigh_rig_new(void)
{
	struct neigh_rig *rig = calloc(1, sizeof(*rig));

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
	rig->now_ns = 1000 * CLOCK_NS_PER_S;
	neigh_rig_restart(rig);
	return rig;
}

void neigh_rig_free(struct neigh_rig *rig)
{
	neigh_free(rig->neigh);
	rigged_free(rig->r);
	free(rig);
}

void neigh_rig_turn(struct neigh_rig *rig)
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

void neigh_rig_pump(struct neigh_rig *rig)
{
	neigh_rig_turn(rig);
	rcu_barrier();
	nexthops_step(rig->r->nexthops);
	while (table_step(rig->r->table, 1000000))
		;
}

void neigh_rig_wait(struct neigh_rig *rig, unsigned ms)
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

unsigned neigh_rig_discard(struct neigh_rig *rig, unsigned port)
{
	struct rig_frame frame;
	unsigned n = 0;

	while (rig_take(rig->r->rig, port, &frame))
		n++;
	return n;
}

void neigh_rig_put(struct neigh_rig *rig, unsigned port, const void *frame, unsigned len)
{
	rig_put(rig->r->rig, port, frame, len);
	neigh_rig_turn(rig);
}

uint64_t neigh_rig_count(struct neigh_rig *rig, const char *name)
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

bool neigh_rig_entry(struct neigh_rig *rig, unsigned iface, const char *text,
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

void neigh_rig_is(struct neigh_rig *rig, unsigned iface, const char *text, enum neigh_state state)
{
	struct neigh_info info;

	assert_true(neigh_rig_entry(rig, iface, text, &info));
	assert_string_equal(neigh_state_name(info.state), neigh_state_name(state));
}

bool neigh_rig_has(struct neigh_rig *rig, unsigned iface, const char *text)
{
	struct neigh_info info;

	return neigh_rig_entry(rig, iface, text, &info);
}

bool neigh_rig_has_route(struct neigh_rig *rig, const char *text)
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

void neigh_rig_arp_frame(uint8_t *frame, unsigned port, unsigned op, const uint8_t mac[6],
			 const char *sender, const char *target)
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

void neigh_rig_arp(struct neigh_rig *rig, unsigned port, unsigned op, const uint8_t mac[6],
		   const char *sender, const char *target)
{
	uint8_t frame[ETH_MIN_LEN];

	neigh_rig_arp_frame(frame, port, op, mac, sender, target);
	neigh_rig_put(rig, port, frame, sizeof(frame));
}

struct arp_hdr neigh_rig_arp_out(struct neigh_rig *rig, unsigned port, uint8_t eth_dst[6])
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

bool neigh_rig_ip_is(const uint8_t ip[4], const char *text)
{
	return memcmp(ip, ip6_rig_addr(text).bytes, 4) == 0;
}

void neigh_rig_ping4(struct neigh_rig *rig, unsigned port, const char *dst, uint16_t id)
{
	struct ip4_spec spec = {.src = "192.0.2.7", .dst = dst, .id = id, .len = 40};
	uint8_t frame[200];

	neigh_rig_put(rig, port, frame, rigged_ip4(frame, port, &spec));
}

void neigh_rig_ping6(struct neigh_rig *rig, unsigned port, const char *dst)
{
	static const uint8_t payload[40];
	uint8_t frame[200];
	unsigned len = ip6_rig_frame(frame, "2001:db8:77::7", dst, 59, payload, sizeof(payload));

	frame[5] = (uint8_t)(port + 1);
	neigh_rig_put(rig, port, frame, len);
}

// Neighbour discovery.

unsigned neigh_rig_nd_frame(uint8_t *frame, const struct nd_spec *spec)
{
	struct nd_hdr nd = {.type = spec->type, .flags = htonl(spec->flags)};
	uint8_t body[sizeof(nd) + 16];
	unsigned len = spec->type == ICMP6_RS ? 8 : spec->type == ICMP6_RA ? 16 : sizeof(nd), n;
	struct ip6_hdr *ip;

	if (spec->target)
		memcpy(nd.target, ip6_rig_addr(spec->target).bytes, 16);
	memcpy(body, &nd, sizeof(nd));
	if (spec->opt) {
		body[len] = spec->opt;
		body[len + 1] = 1;
		memcpy(body + len + 2, spec->mac, 6);
		len += 8;
	}
	if (spec->nonce) {
		body[len] = 14;
		body[len + 1] = 1;
		memcpy(body + len + 2, spec->nonce, 6);
		len += 8;
	}
	n = ip6_rig_frame(frame, spec->src, spec->dst, IP_PROTO_ICMP6, body, len);
	ip = ip6_rig_ip(frame);
	ip->hop_limit = 255;
	if (ip->dst[0] == 0xff) {
		memset(frame, 0x33, 2);
		memcpy(frame + 2, ip->dst + 12, 4);
	} else {
		frame[5] = 2; // port 1
	}
	memcpy(frame + 6, spec->from, 6);
	return n;
}

void neigh_rig_nd_csum(uint8_t *frame)
{
	struct ip6_hdr *ip = ip6_rig_ip(frame);
	struct nd_hdr *nd = (struct nd_hdr *)(ip + 1);
	unsigned len = ntohs(ip->len);

	nd->csum = 0;
	nd->csum = csum_finish(csum_add(ip6_pseudo_sum(ip, len, IP_PROTO_ICMP6), nd, len));
}

void neigh_rig_nd(struct neigh_rig *rig, const struct nd_spec *spec)
{
	uint8_t frame[200];
	unsigned len = neigh_rig_nd_frame(frame, spec);

	neigh_rig_nd_csum(frame);
	neigh_rig_put(rig, 1, frame, len);
}

void neigh_rig_nd_out(struct neigh_rig *rig, struct nd_got *got, unsigned type)
{
	unsigned len;

	assert_true(rig_take(rig->r->rig, 1, &got->frame));
	assert_int_equal(got->frame.data[12] << 8 | got->frame.data[13], ETH_TYPE_IP6);
	got->ip = ip6_rig_ip(got->frame.data);
	got->nd = (struct nd_hdr *)(got->ip + 1);
	got->opt = (uint8_t *)(got->nd + 1);
	len = ntohs(got->ip->len);
	assert_int_equal(got->frame.len, ETH_HDR_LEN + sizeof(*got->ip) + len);
	assert_int_equal(len, sizeof(struct nd_hdr) + 8);
	assert_int_equal(got->nd->type, type);
	assert_int_equal(got->nd->code, 0);
	assert_int_equal(got->ip->next, IP_PROTO_ICMP6);
	assert_int_equal(got->ip->hop_limit, 255);
	assert_int_equal(got->opt[1], 1);
	assert_int_equal(
		csum_finish(csum_add(ip6_pseudo_sum(got->ip, len, IP_PROTO_ICMP6), got->nd, len)),
		0);
	assert_memory_equal(got->frame.data + 6, ((uint8_t[6]){2, 0, 0, 0, 0, 2}), 6);
}
