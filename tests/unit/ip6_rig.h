// SPDX-License-Identifier: BSD-3-Clause
// An IPv6 router on the bench: three ports, routes of every kind, packets.
//
// Port p has iface p + 1 with 2001:db8:<p>::fe/64 and fe80::fe:<p>, and a resolved
// neighbour 2001:db8:<p>::1 (rigged_gateway() tells its MAC). 2001:db8:a::/48
// goes by the neighbour of port 1.
#pragma once

#include "dataplane/base/csum.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/icmp.h"
#include "dataplane/pkt/ip4.h"
#include "dataplane/pkt/ip6_ext.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/table.h"
#include "tests/unit/rigged.h"

#include <stdio.h>

enum { IP6_RIG_PORTS = 3 };

static inline struct addr ip6_rig_addr(const char *text)
{
	struct addr addr = {0};

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

static inline void ip6_rig_port(struct rigged *r, unsigned port)
{
	struct iface_addr addr[2] = {{.family = 6, .plen = 64},
				     {.family = 6, .plen = 64, .is_link_local = 1}};
	char text[64], route[80];

	snprintf(text, sizeof(text), "2001:db8:%u::fe", port);
	memcpy(addr[0].bytes, ip6_rig_addr(text).bytes, 16);
	rigged_route(r, text, rigged_special(r, NH_LOCAL, port + 1));
	snprintf(text, sizeof(text), "fe80::fe:%u", port);
	memcpy(addr[1].bytes, ip6_rig_addr(text).bytes, 16);
	assert_int_equal(iface_addrs_set(r->rig->ifaces, port + 1, addr, 2), 0);
	snprintf(route, sizeof(route), "2001:db8:%u::/64", port);
	rigged_route(r, route, rigged_special(r, NH_GLEAN, port + 1));
	snprintf(text, sizeof(text), "2001:db8:%u::1", port);
	rigged_route(r, text, rigged_gateway(r, port + 1, text));
}

static inline struct rigged *ip6_rig_new(void)
{
	struct rigged *r = rigged_new(IP6_RIG_PORTS, 1);

	for (unsigned port = 0; port < IP6_RIG_PORTS; port++)
		ip6_rig_port(r, port);
	rigged_route(r, "2001:db8:a::/48", rigged_gateway(r, 2, "2001:db8:1::1"));
	return r;
}

// A frame to port 0 from its neighbour; returns its length.
static inline unsigned ip6_rig_frame(uint8_t *frame, const char *src, const char *dst, uint8_t next,
				     const void *payload, unsigned len)
{
	struct ip6_hdr ip = {
		.vtf = htonl(6u << 28), .len = htons((uint16_t)len), .next = next, .hop_limit = 64};
	unsigned n;

	memcpy(ip.src, ip6_rig_addr(src).bytes, 16);
	memcpy(ip.dst, ip6_rig_addr(dst).bytes, 16);
	n = rig_eth(frame, 0, ETH_TYPE_IP6, &ip, sizeof(ip));
	memcpy(frame + n, payload, len);
	return n + len;
}

static inline struct ip6_hdr *ip6_rig_ip(void *frame)
{
	return (struct ip6_hdr *)((uint8_t *)frame + ETH_HDR_LEN);
}

static inline void ip6_rig_is(const uint8_t addr[16], const char *text)
{
	assert_memory_equal(addr, ip6_rig_addr(text).bytes, 16);
}

// An ICMPv6 message with its checksum made by the slow sum; returns its length.
static inline unsigned ip6_rig_icmp(uint8_t *frame, const char *src, const char *dst, uint8_t type,
				    uint8_t code, unsigned data_len)
{
	uint8_t pseudo[2048] = {0}, *icmp = pseudo + 40;
	unsigned len = (unsigned)sizeof(struct icmp_hdr) + data_len;
	uint16_t csum;

	memcpy(pseudo, ip6_rig_addr(src).bytes, 16);
	memcpy(pseudo + 16, ip6_rig_addr(dst).bytes, 16);
	pseudo[34] = (uint8_t)(len >> 8);
	pseudo[35] = (uint8_t)len;
	pseudo[39] = IP_PROTO_ICMP6;
	icmp[0] = type;
	icmp[1] = code;
	for (unsigned i = 4; i < len; i++)
		icmp[i] = (uint8_t)(i * 13);
	csum = slow_csum(pseudo, 40 + len);
	icmp[2] = (uint8_t)(csum >> 8);
	icmp[3] = (uint8_t)csum;
	return ip6_rig_frame(frame, src, dst, IP_PROTO_ICMP6, icmp, len);
}

// Is the ICMPv6 checksum of a packet without extension headers right?
static inline bool ip6_rig_csum_ok(const struct ip6_hdr *ip)
{
	uint8_t pseudo[2048] = {0};
	unsigned len = ntohs(ip->len);

	memcpy(pseudo, ip->src, 32);
	pseudo[34] = (uint8_t)(len >> 8);
	pseudo[35] = (uint8_t)len;
	pseudo[39] = ip->next;
	memcpy(pseudo + 40, ip + 1, len);
	return slow_csum(pseudo, 40 + len) == 0;
}

// Puts an extension header of `units` * 8 bytes, its data zero, before the
// payload of a frame; returns the frame's new length.
static inline unsigned ip6_rig_ext(uint8_t *frame, unsigned len, uint8_t type, unsigned units)
{
	struct ip6_hdr *ip = ip6_rig_ip(frame);
	uint8_t *ext = (uint8_t *)(ip + 1);

	memmove(ext + units * 8, ext, len - ETH_HDR_LEN - IP6_HDR_LEN);
	memset(ext, 0, units * 8);
	ext[0] = ip->next;
	ext[1] = type == IP6_EXT_FRAGMENT ? 0 : (uint8_t)(units - 1);
	ip->next = type;
	ip->len = htons((uint16_t)(ntohs(ip->len) + units * 8));
	return len + units * 8;
}
