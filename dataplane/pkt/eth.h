// SPDX-License-Identifier: BSD-3-Clause
// Ethernet II, 802.1Q tags and ARP for IPv4 (RFC 826), as they lie in a frame.
#pragma once

#include "dataplane/base/compiler.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum {
	ETH_ADDR_LEN = 6,
	ETH_HDR_LEN = 14,
	VLAN_TAG_LEN = 4,
	ETH_MIN_LEN = 60, // without the frame check sequence
};

// Types in host order; compare with ntohs(hdr->type).
enum {
	ETH_TYPE_IP4 = 0x0800,
	ETH_TYPE_ARP = 0x0806,
	ETH_TYPE_VLAN = 0x8100,
	ETH_TYPE_IP6 = 0x86dd,
	ETH_TYPE_QINQ = 0x88a8,
	ETH_TYPE_MIN = 0x0600, // below: an 802.3 length (LLC: IS-IS, STP)
};

struct eth_hdr {
	uint8_t dst[ETH_ADDR_LEN];
	uint8_t src[ETH_ADDR_LEN];
	be16_t type;
} packed_struct;
static_assert(sizeof(struct eth_hdr) == ETH_HDR_LEN, "wire format");

struct vlan_tag {
	be16_t tci;  // 3 bits priority, 1 bit drop eligible, 12 bits VLAN id
	be16_t type; // of what follows
} packed_struct;

// RFC 826, hardware Ethernet, protocol IPv4.
struct arp_hdr {
	be16_t hw_type;	   // 1
	be16_t proto_type; // ETH_TYPE_IP4
	uint8_t hw_len;	   // 6
	uint8_t proto_len; // 4
	be16_t op;	   // ARP_REQUEST, ARP_REPLY
	uint8_t sender_mac[ETH_ADDR_LEN];
	uint8_t sender_ip[4];
	uint8_t target_mac[ETH_ADDR_LEN];
	uint8_t target_ip[4];
} packed_struct;
static_assert(sizeof(struct arp_hdr) == 28, "wire format");

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

static inline bool eth_is_multicast(const uint8_t mac[ETH_ADDR_LEN])
{
	return mac[0] & 1; // broadcast too
}

static inline bool eth_is_broadcast(const uint8_t mac[ETH_ADDR_LEN])
{
	static const uint8_t all[ETH_ADDR_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	return memcmp(mac, all, ETH_ADDR_LEN) == 0;
}

// The six bytes as a number, for one comparison; reads 8 bytes at mac.
static inline uint64_t eth_addr48(const void *mac)
{
	uint64_t word;

	memcpy(&word, mac, sizeof(word));
	return word & 0xffffffffffff;
}

// Makes the header of a frame that leaves by an iface with these tags (0: none;
// of two, the outer is 802.1ad's). Returns its length.
static inline unsigned eth_build(uint8_t out[ETH_HDR_LEN + 2 * VLAN_TAG_LEN],
				 const uint8_t dst[ETH_ADDR_LEN], const uint8_t src[ETH_ADDR_LEN],
				 uint16_t vlan, uint16_t inner_vlan, uint16_t type)
{
	uint8_t *p = out + 2 * ETH_ADDR_LEN;
	uint16_t field[5], n = 0;

	if (vlan) {
		field[n++] = inner_vlan ? ETH_TYPE_QINQ : ETH_TYPE_VLAN;
		field[n++] = vlan;
	}
	if (vlan && inner_vlan) {
		field[n++] = ETH_TYPE_VLAN;
		field[n++] = inner_vlan;
	}
	field[n++] = type;
	memcpy(out, dst, ETH_ADDR_LEN);
	memcpy(out + ETH_ADDR_LEN, src, ETH_ADDR_LEN);
	for (unsigned i = 0; i < n; i++) {
		*p++ = (uint8_t)(field[i] >> 8);
		*p++ = (uint8_t)field[i];
	}
	return (unsigned)(p - out);
}
