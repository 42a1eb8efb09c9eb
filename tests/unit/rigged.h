// SPDX-License-Identifier: BSD-3-Clause
// A rig with routes: iface n has 10.0.n.254/24, connected and local routes, and
// neighbours at will; and IPv4 packets to send through it.
#pragma once

#include "dataplane/pkt/icmp.h"
#include "dataplane/pkt/ip4.h"
#include "dataplane/route/nexthop.h"
#include "dataplane/route/table.h"
#include "tests/unit/rig.h"

struct rigged {
	struct rig *rig;
	struct nexthops *nexthops;
	struct table *table;
};

struct rigged *rigged_new(unsigned n_ports, unsigned n_workers);
void rigged_free(struct rigged *r);

uint16_t rigged_special(struct rigged *r, enum nexthop_kind kind, unsigned iface);
// A gateway, resolved: its MAC is 02:00:00:01:<iface>:<last byte of addr>.
uint16_t rigged_gateway(struct rigged *r, unsigned iface, const char *addr);
uint16_t rigged_unresolved(struct rigged *r, unsigned iface, const char *addr);
void rigged_route(struct rigged *r, const char *prefix, uint16_t nh);

struct ip4_spec {
	const char *src, *dst;
	uint8_t tos, ttl, proto; // 0: 64, UDP
	uint16_t id, frag;
	const void *options;
	unsigned options_len; // multiple of 4
	const void *payload;
	unsigned len; // of the payload; NULL payload: bytes that count up
};
// Writes an Ethernet frame to port's iface; returns its length.
unsigned rigged_ip4(uint8_t *frame, unsigned to_port, const struct ip4_spec *spec);
// The slow checksum: 16 bits at a time, in host order (RFC 1071 §4.1).
uint16_t slow_csum(const void *data, unsigned len);

// Sends a frame to port 0: it must be dropped by that edge, and nothing else happen.
void rigged_expect_drop(struct rigged *r, enum graph_node node, unsigned edge, const void *frame,
			unsigned len);

static inline struct ip4_hdr *frame_ip4(uint8_t *frame)
{
	return (struct ip4_hdr *)(frame + 14);
}

static inline uint32_t ip4_of(const char *text)
{
	struct addr addr;
	uint32_t bytes;

	assert_int_equal(addr_parse(text, &addr), 0);
	memcpy(&bytes, addr.bytes, 4);
	return bytes;
}
