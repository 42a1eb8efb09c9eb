// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as an IPv4 packet through the real graph: nothing crashes, no mbuf is
// lost, and what leaves is well formed.
//
// Byte 0 chooses the destination, byte 1 the source, byte 2 where the packet is
// split into two segments, byte 3: bit 0 in a broadcast frame, bit 1 the header
// checksum is left as it is, bit 2 reverse path checks, bit 3 a host behind the
// iface, bit 4 source routes, bit 5 martians, bit 6 directed broadcasts allowed.
#include "dataplane/pkt/eth.h"
#include "tests/unit/rigged.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { N_CHOICE = 4, PACKET_MAX = 1800 };

static struct rigged *r;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void rig_end(void)
{
	rigged_free(r);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	uint16_t id[2];
	struct worker *w;

	r = rigged_new(3, 1);
	atexit(rig_end);
	id[0] = rigged_gateway(r, 2, "10.0.2.1");
	id[1] = rigged_gateway(r, 3, "10.0.3.1");
	rigged_route(r, "192.0.2.0/24", id[0]);
	rigged_route(r, "203.0.113.0/24",
		     (uint16_t)nexthop_group_get(r->nexthops, id, (const uint8_t[]){1, 1}, 2));
	rigged_route(r, "10.0.1.1", rigged_gateway(r, 1, "10.0.1.1"));
	rigged_route(r, "198.51.100.0/24", rigged_special(r, NH_UNREACHABLE, 0));
	nexthop_mtu_set(r->nexthops, id[0], 400);
	w = workers_get(r->rig->workers, 0);
	w->icmp_error.cost = w->icmp_echo.cost = w->hold.cost = w->host.cost = 0;
	return 0;
}

static void choose(be32_t *addr, uint8_t choice, const char *const list[], unsigned n)
{
	be32_t bytes;

	if (choice >= n)
		return;
	bytes = ip4_of(list[choice]);
	memcpy(addr, &bytes, sizeof(bytes));
}

static unsigned frame_make(uint8_t *frame, const uint8_t *data, size_t size)
{
	static const char *const dst[] = {"10.0.1.254",	 "192.0.2.5",	    "203.0.113.5",
					  "10.0.2.77",	 "198.51.100.1",    "10.0.2.255",
					  "10.0.1.255",	 "255.255.255.255", "224.0.0.5",
					  "169.254.1.1", "100.64.0.1"};
	static const char *const src[] = {"10.0.1.1", "192.0.2.9", "0.0.0.0", "169.254.2.2"};
	unsigned len = rig_eth(frame, 0, ETH_TYPE_IP4, data + N_CHOICE, (unsigned)size - N_CHOICE);
	struct ip4_hdr *ip = frame_ip4(frame);
	unsigned hdr_len = ip4_hdr_len(ip);

	if (data[3] & 1)
		memset(frame, 0xff, 6);
	if (len < ETH_HDR_LEN + IP4_HDR_LEN)
		return len;
	choose((be32_t *)((char *)ip + 16), data[0], dst, ARRAY_LEN(dst));
	choose((be32_t *)((char *)ip + 12), data[1], src, ARRAY_LEN(src));
	if (!(data[3] & 2) && hdr_len <= len - ETH_HDR_LEN) {
		ip->csum = 0;
		ip->csum = htons(slow_csum(ip, hdr_len));
	}
	return len;
}

static void judge(const struct rig_frame *out)
{
	const struct ip4_hdr *ip = (const struct ip4_hdr *)(out->data + ETH_HDR_LEN);
	unsigned hdr_len = ip4_hdr_len(ip);

	if (out->len < ETH_HDR_LEN + IP4_HDR_LEN || out->len != ETH_HDR_LEN + ntohs(ip->len) ||
	    ip->vihl >> 4 != 4 || hdr_len < IP4_HDR_LEN || hdr_len > ntohs(ip->len) || ip->ttl == 0)
		abort();
	if (slow_csum(ip, hdr_len) != 0)
		abort();
}

static void drain(void)
{
	static struct rig_frame out;
	struct rte_mbuf *m;
	struct meta meta;

	for (unsigned port = 0; port < 3; port++)
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
	iface_feature_set(r->rig->ifaces, 1, AT_PRE_LOOKUP4, FEATURE_IP4_RPF, flags & 4);
	iface_flags_set(r->rig->ifaces, 1, flags & 8 ? IFACE_TAP : 0, flags & 8 ? 0 : IFACE_TAP);
	r->rig->dp.ip.source_route = flags & 16;
	r->rig->dp.ip.martians = !(flags & 32);
	r->rig->dp.ip.directed_broadcast = flags & 64;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[2048];
	unsigned len, split;

	if (size <= N_CHOICE || size > PACKET_MAX)
		return 0;
	modes_set(data[3]);
	len = frame_make(frame, data, size);
	split = ETH_HDR_LEN + data[2];
	if (data[2] && split < len)
		rig_put_chained(r->rig, 0, frame, len, split);
	else
		rig_put(r->rig, 0, frame, len);
	rig_run(r->rig);
	drain();
	return 0;
}
