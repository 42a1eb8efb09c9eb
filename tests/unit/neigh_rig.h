// SPDX-License-Identifier: BSD-3-Clause
// A router whose neighbours are asked for: the real graph, the real neighbour
// code, a clock of its own. Iface n has 10.0.n.254/24, 2001:db8:n::fe/64 and
// fe80::n, MAC 02:00:00:00:00:<n>. Frames go in and out by the ports.
#pragma once

#include "dataplane/base/clock.h"
#include "dataplane/neigh/neigh.h"
#include "dataplane/pkt/eth.h"
#include "tests/unit/ip6_rig.h"

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

struct iface_addr neigh_rig_addr(const char *text, unsigned plen);
struct neigh_rig *neigh_rig_new(void);
void neigh_rig_free(struct neigh_rig *rig);
void neigh_rig_restart(struct neigh_rig *rig); // an empty table, by rig->conf
void neigh_rig_tentative(struct neigh_rig *rig, unsigned iface, const uint8_t bytes[16],
			 bool is_tentative);
// Workers and control until nothing moves.
void neigh_rig_turn(struct neigh_rig *rig);
// The same, and grace periods pass.
void neigh_rig_pump(struct neigh_rig *rig);
void neigh_rig_wait(struct neigh_rig *rig, unsigned ms);
// Frames that left by port and nobody looked at.
unsigned neigh_rig_discard(struct neigh_rig *rig, unsigned port);
void neigh_rig_put(struct neigh_rig *rig, unsigned port, const void *frame, unsigned len);
uint64_t neigh_rig_count(struct neigh_rig *rig, const char *name);
// The entry of addr at iface: false if there is none.
bool neigh_rig_entry(struct neigh_rig *rig, unsigned iface, const char *text,
		     struct neigh_info *info);
void neigh_rig_is(struct neigh_rig *rig, unsigned iface, const char *text, enum neigh_state state);
bool neigh_rig_has(struct neigh_rig *rig, unsigned iface, const char *text);
bool neigh_rig_has_route(struct neigh_rig *rig, const char *text);
// A frame of ETH_MIN_LEN bytes.
void neigh_rig_arp_frame(uint8_t *frame, unsigned port, unsigned op, const uint8_t mac[6],
			 const char *sender, const char *target);
void neigh_rig_arp(struct neigh_rig *rig, unsigned port, unsigned op, const uint8_t mac[6],
		   const char *sender, const char *target);
// The next frame that left by port must be ARP.
struct arp_hdr neigh_rig_arp_out(struct neigh_rig *rig, unsigned port, uint8_t eth_dst[6]);
bool neigh_rig_ip_is(const uint8_t ip[4], const char *text);
// An IPv4 packet from port's neighbour (who is on no list) to dst.
void neigh_rig_ping4(struct neigh_rig *rig, unsigned port, const char *dst, uint16_t id);
void neigh_rig_ping6(struct neigh_rig *rig, unsigned port, const char *dst);

// Neighbour discovery, always at port 1.

struct nd_spec {
	uint8_t type;
	const char *src, *dst, *target;
	uint32_t flags;
	const uint8_t *mac; // of the option
	uint8_t opt;	    // 0: none
	const uint8_t *nonce;
	const uint8_t *from; // of the frame
};

unsigned neigh_rig_nd_frame(uint8_t *frame, const struct nd_spec *spec); // without checksum
void neigh_rig_nd_csum(uint8_t *frame);
void neigh_rig_nd(struct neigh_rig *rig, const struct nd_spec *spec);

// A message that left by port 1, its parts checked as far as all have them.
struct nd_got {
	struct rig_frame frame;
	struct ip6_hdr *ip;
	struct nd_hdr *nd;
	uint8_t *opt;
};

void neigh_rig_nd_out(struct neigh_rig *rig, struct nd_got *got, unsigned type);
