// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as an IPv6 packet through the real graph: nothing crashes, no mbuf is
// lost, and what leaves is well formed.
//
// Byte 0 chooses the destination, byte 1 the source, byte 2 where the packet is
// split into two segments, byte 3: bit 0 in a group frame, bit 1 the ICMPv6
// checksum is made right, bit 2 reverse path checks, bit 3 a host behind the iface.
#include "tests/unit/ip6_rig.h"

#include <stdlib.h>

enum { N_CHOICE = 4, PACKET_MAX = 1500 };

static struct rigged *r;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void rig_end(void)
{
	rigged_free(r);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const gw[] = {"2001:db8:1::a", "2001:db8:2::b"};
	uint8_t weight[2] = {1, 1};
	uint16_t id[2];
	struct worker *w;

	r = ip6_rig_new();
	atexit(rig_end);
	for (unsigned i = 0; i < 2; i++)
		id[i] = rigged_gateway(r, i + 2, gw[i]);
	rigged_route(r, "2001:db8:e::/48", (uint16_t)nexthop_group_get(r->nexthops, id, weight, 2));
	rigged_route(r, "2001:db8:b::/48", rigged_special(r, NH_BLACKHOLE, 0));
	nexthop_mtu_set(r->nexthops, id[0], 1280);
	w = workers_get(r->rig->workers, 0);
	w->icmp_error.cost = w->icmp_echo.cost = w->nd.cost = w->hold.cost = 0;
	return 0;
}

static void choose(uint8_t addr[16], uint8_t choice, const char *const list[], unsigned n)
{
	if (choice < n)
		memcpy(addr, ip6_rig_addr(list[choice]).bytes, 16);
}

static unsigned frame_make(uint8_t *frame, const uint8_t *data, size_t size, uint8_t flags)
{
	static const char *const dst[] = {"2001:db8:0::fe", "2001:db8:a::5", "2001:db8:e::5",
					  "fe80::fe:0",	    "ff02::1",	     "ff02::1:ff00:fe",
					  "2001:db8:2::77", "2001:db9::1",   "2001:db8:b::1"};
	static const char *const src[] = {"2001:db8:0::1", "fe80::1", "::", "2001:db8:1::1"};
	unsigned len = rig_eth(frame, 0, ETH_TYPE_IP6, data + N_CHOICE, (unsigned)size - N_CHOICE);
	struct ip6_hdr *ip = ip6_rig_ip(frame);

	if (flags & 1)
		frame[0] = frame[1] = 0x33;
	if (len < ETH_HDR_LEN + IP6_HDR_LEN)
		return len;
	choose(ip->dst, data[0], dst, ARRAY_LEN(dst));
	choose(ip->src, data[1], src, ARRAY_LEN(src));
	return len;
}

// The ICMPv6 checksum is what a mutation hardly ever gets right.
static void csum_repair(uint8_t *frame, unsigned len)
{
	struct ip6_hdr *ip = ip6_rig_ip(frame);
	unsigned have = len - ETH_HDR_LEN, total = ip6_total_len(ip);
	struct ip6_walk walk;
	struct icmp_hdr *icmp;

	if (total > have || ip6_ext_walk(ip, total, &walk) != IP6_WALK_OK ||
	    walk.next != IP_PROTO_ICMP6 || walk.off + sizeof(*icmp) > total)
		return;
	icmp = (struct icmp_hdr *)((uint8_t *)ip + walk.off);
	icmp->csum = 0;
	icmp->csum = csum_finish(csum_add(ip6_pseudo_sum(ip, total - walk.off, IP_PROTO_ICMP6),
					  icmp, total - walk.off));
}

static void judge(const struct rig_frame *out)
{
	const struct ip6_hdr *ip = (const struct ip6_hdr *)(out->data + ETH_HDR_LEN);

	if (out->len < ETH_HDR_LEN + IP6_HDR_LEN || out->len != ETH_HDR_LEN + ip6_total_len(ip) ||
	    ntohl(ip->vtf) >> 28 != 6 || ip->hop_limit == 0 || ip6_is_multicast(ip->src) ||
	    ip6_is_unspecified(ip->src))
		abort();
	// our own messages stand right behind the header
	if (memcmp(ip->src, "\x20\x01\x0d\xb8\0\0", 6) == 0 && ip->src[15] == 0xfe &&
	    ip->next == IP_PROTO_ICMP6 && !ip6_rig_csum_ok(ip))
		abort();
}

static void drain(void)
{
	static struct rig_frame out;
	struct rte_mbuf *m;
	struct meta meta;

	for (unsigned port = 0; port < IP6_RIG_PORTS; port++)
		while (rig_take(r->rig, port, &out))
			judge(&out);
	while ((m = rig_take_punt(r->rig, PEER_CTL, &meta)) ||
	       (m = rig_take_punt(r->rig, PEER_HOST, &meta)))
		rte_pktmbuf_free(m);
	if (rte_mempool_in_use_count(r->rig->pool) != 0)
		abort();
}

static void modes_set(uint8_t flags)
{
	iface_get(r->rig->ifaces, 1)->rpf = flags & 4 ? 2 : 0;
	iface_feature_set(r->rig->ifaces, 1, AT_PRE_LOOKUP6, FEATURE_IP6_RPF, flags & 4);
	iface_flags_set(r->rig->ifaces, 1, flags & 8 ? IFACE_TAP : 0, flags & 8 ? 0 : IFACE_TAP);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[2048];
	unsigned len, split;

	if (size <= N_CHOICE || size > PACKET_MAX)
		return 0;
	modes_set(data[3]);
	len = frame_make(frame, data, size, data[3]);
	if (data[3] & 2 && len >= ETH_HDR_LEN + IP6_HDR_LEN)
		csum_repair(frame, len);
	split = ETH_HDR_LEN + data[2];
	if (data[2] && split < len)
		rig_put_chained(r->rig, 0, frame, len, split);
	else
		rig_put(r->rig, 0, frame, len);
	rig_run(r->rig);
	drain();
	return 0;
}
