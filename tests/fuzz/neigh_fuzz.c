// SPDX-License-Identifier: BSD-3-Clause
// Any order of ARP and ND messages, packets, commands and time: nothing crashes,
// every bound holds, no mbuf is lost, and what is sent is well formed.
//
// An input is a list of steps: a byte that says what (enum step) and the bytes it
// takes. Missing bytes are zero.
#include "dataplane/base/log.h"
#include "tests/unit/neigh_rig.h"

#include <sanitizer/lsan_interface.h>
#include <stdlib.h>

enum step { RAW, ARP, ND, PACKET4, PACKET6, TIME, COMMAND, N_STEPS };

struct input {
	const uint8_t *data;
	size_t left;
};

static struct neigh_rig *rig;
static uint16_t gateway[2];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void rig_end(void)
{
	neigh_rig_free(rig);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const gw[] = {"10.0.2.1", "fe80::1"};
	struct worker *w;

	log_level_set(LOG_ERROR);
	rig = neigh_rig_new();
	atexit(rig_end);
	// tables of base/mem hold pointers, but are no heap
	__lsan_register_root_region(rig->r->rig->dp.iface, IFACE_MAX * sizeof(struct iface));
	for (unsigned i = 0; i < ARRAY_LEN(gw); i++)
		gateway[i] = rigged_unresolved(rig->r, 2, gw[i]);
	rigged_route(rig->r, "198.51.100.0/24", gateway[0]);
	rigged_route(rig->r, "2001:db8:f::/48", gateway[1]);
	w = workers_get(rig->r->rig->workers, 0);
	w->icmp_error.cost = w->arp.cost = w->nd.cost = w->hold.cost = 0;
	rig->conf = (struct neigh_conf){.reachable_ms = 3000,
					.retrans_ms = 100,
					.probes = 2,
					.max = 16,
					.hold = 2,
					.hold_all = 8};
	return 0;
}

static uint8_t next(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->data++;
}

// A byte of the frame becomes another, if the input says so.
static void mutate(struct input *in, uint8_t *frame, unsigned len)
{
	uint8_t at = next(in), value = next(in);

	if (value && at < len)
		frame[at] ^= value;
}

static void raw(struct input *in)
{
	uint8_t frame[256];
	unsigned port = next(in) % NEIGH_RIG_PORTS, len = next(in);

	for (unsigned i = 0; i < len; i++)
		frame[i] = next(in);
	neigh_rig_put(rig, port, frame, len);
}

static const char *ip4_choice(uint8_t choice)
{
	static const char *const addr[] = {"10.0.2.254", "10.0.2.5",   "10.0.2.1",
					   "0.0.0.0",	 "10.0.2.255", "198.51.100.7"};
	static char text[32];

	if (choice < ARRAY_LEN(addr))
		return addr[choice];
	snprintf(text, sizeof(text), "10.0.2.%u", choice);
	return text;
}

static const char *ip6_choice(uint8_t choice)
{
	static const char *const addr[] = {
		"2001:db8:2::fe", "2001:db8:2::5",   "fe80::1",	      "::",
		"ff02::1",	  "ff02::1:ff00:fe", "2001:db8:f::7", "fe80::2"};
	static char text[2][64];
	static unsigned turn;

	if (choice < ARRAY_LEN(addr))
		return addr[choice];
	turn ^= 1;
	snprintf(text[turn], sizeof(text[turn]), "2001:db8:2::%x", choice);
	return text[turn];
}

static void arp(struct input *in)
{
	uint8_t op = next(in), sender = next(in), target = next(in), frame[ETH_MIN_LEN];
	uint8_t mac[6] = {2, 0xaa, 0, 0, 0, next(in)};
	struct addr addr = ip6_rig_addr(ip4_choice(sender));

	neigh_rig_arp_frame(frame, 1, 1 + op % 2, mac, "0.0.0.0", ip4_choice(target));
	memcpy(frame + ETH_HDR_LEN + 14, addr.bytes, 4);
	mutate(in, frame, sizeof(frame));
	neigh_rig_put(rig, 1, frame, sizeof(frame));
}

static void nd(struct input *in)
{
	uint8_t frame[256], mac[6] = {2, 0xaa, 0, 0, 0, next(in)};
	struct nd_spec spec = {.mac = mac, .from = mac};
	unsigned len;

	spec.type = (uint8_t)(ICMP6_RS + next(in) % 5);
	spec.src = ip6_choice(next(in) % 8);
	spec.dst = ip6_choice(next(in) % 8);
	spec.target = ip6_choice(next(in));
	spec.flags = (uint32_t)next(in) << 24;
	spec.opt = next(in) % 3;
	len = neigh_rig_nd_frame(frame, &spec);
	frame[ETH_HDR_LEN + 2] = frame[ETH_HDR_LEN + 3] = 0xa5; // see is_own()
	mutate(in, frame, len);
	if (ntohs(ip6_rig_ip(frame)->len) <= len - ETH_HDR_LEN - IP6_HDR_LEN)
		neigh_rig_nd_csum(frame);
	neigh_rig_put(rig, 1, frame, len);
}

static void elapse(unsigned ms)
{
	rig->now_ns += ms * (uint64_t)CLOCK_NS_PER_MS;
	for (unsigned i = 0; i < 4; i++) {
		neigh_step(rig->neigh, rig->now_ns);
		neigh_rig_turn(rig);
	}
}

static void link_set(bool is_up)
{
	iface_flags_set(rig->r->rig->ifaces, 2, is_up ? IFACE_UP : 0, is_up ? 0 : IFACE_UP);
	if (is_up)
		neigh_iface_up(rig->neigh, 2, rig->now_ns);
	else
		neigh_iface_down(rig->neigh, 2);
}

static void command(struct input *in)
{
	uint8_t what = next(in), choice = next(in);
	struct addr addr = ip6_rig_addr(what & 8 ? ip6_choice(choice) : ip4_choice(choice));
	struct iface_addr own = neigh_rig_addr("2001:db8:2::fe", 64);
	uint8_t mac[6] = {2, 0xbb, 0, 0, 0, choice};

	switch (what % 8) {
	case 0:
	case 1:
		link_set(what % 8);
		break;
	case 2:
		neigh_flush(rig->neigh, choice % 3);
		break;
	case 3:
		(void)!neigh_static_add(rig->neigh, 2, &addr, mac);
		break;
	case 4:
		neigh_static_del(rig->neigh, 2, &addr);
		break;
	case 5:
		own.is_tentative = choice & 1;
		neigh_rig_tentative(rig, 2, own.bytes, choice & 1);
		neigh_addr_add(rig->neigh, 2, &own, rig->now_ns);
		break;
	case 6:
		neigh_gateway_add(rig->neigh, gateway[choice % 2], rig->now_ns);
		break;
	default:
		rig->conf.hold_all = choice % 16;
		neigh_conf_set(rig->neigh, &rig->conf);
		break;
	}
	neigh_rig_turn(rig);
}

// Made by the router itself: its own carry no flow label, those of nd() all do.
// What hosts send to each other is forwarded, one hop older, from any address.
static bool is_own(const struct ip6_hdr *ip)
{
	const uint8_t *bytes = (const uint8_t *)ip;

	return (bytes[2] | bytes[3]) == 0;
}

// Whatever the neighbour code makes itself.
static void judge(const struct rig_frame *out)
{
	const struct arp_hdr *a = (const struct arp_hdr *)(out->data + ETH_HDR_LEN);
	const struct ip6_hdr *ip = (const struct ip6_hdr *)(out->data + ETH_HDR_LEN);
	uint16_t type = (uint16_t)(out->data[12] << 8 | out->data[13]);
	const uint8_t *icmp = (const uint8_t *)(ip + 1);

	if (type == ETH_TYPE_ARP && (out->len != ETH_MIN_LEN || a->hw_len != 6 ||
				     memcmp(a->sender_mac, out->data + 6, 6) != 0))
		abort();
	if (type != ETH_TYPE_IP6 || ip->next != IP_PROTO_ICMP6 ||
	    (icmp[0] != ICMP6_NS && icmp[0] != ICMP6_NA) || !is_own(ip))
		return;
	if (ip->hop_limit != 255 ||
	    csum_finish(csum_add(ip6_pseudo_sum(ip, ntohs(ip->len), IP_PROTO_ICMP6), icmp,
				 ntohs(ip->len))) != 0)
		abort();
}

static void bounds_check(void)
{
	static struct rig_frame out;
	struct neigh_info all[64];
	size_t n = neigh_walk(rig->neigh, NULL, all, ARRAY_LEN(all));
	struct rte_mbuf *m;
	struct meta meta;
	unsigned held = 0;

	for (unsigned port = 0; port < NEIGH_RIG_PORTS; port++)
		while (rig_take(rig->r->rig, port, &out))
			judge(&out);
	while ((m = rig_take_punt(rig->r->rig, PEER_HOST, &meta)))
		rte_pktmbuf_free(m);
	for (size_t i = 0; i < n; i++) {
		held += all[i].held;
		if (all[i].held > rig->conf.hold)
			abort();
	}
	if (n > rig->conf.max || held > rig->conf.hold_all ||
	    rte_mempool_in_use_count(rig->r->rig->pool) != held)
		abort();
}

static void step(struct input *in)
{
	switch (next(in) % N_STEPS) {
	case RAW:
		raw(in);
		break;
	case ARP:
		arp(in);
		break;
	case ND:
		nd(in);
		break;
	case PACKET4:
		neigh_rig_ping4(rig, 0, ip4_choice(next(in)), 1);
		break;
	case PACKET6:
		neigh_rig_ping6(rig, 0, ip6_choice(next(in)));
		break;
	case TIME:
		elapse(20u * next(in));
		break;
	default:
		command(in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};

	rig->conf.hold_all = 8;
	neigh_rig_restart(rig);
	neigh_rig_tentative(rig, 2, ip6_rig_addr("2001:db8:2::fe").bytes, false);
	link_set(true);
	while (in.left) {
		step(&in);
		nexthops_step(rig->r->nexthops);
		table_step(rig->r->table, 1000000);
		bounds_check();
	}
	return 0;
}
