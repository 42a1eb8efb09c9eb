// SPDX-License-Identifier: BSD-3-Clause
// What ARP (RFC 826) and ND messages must be before anybody looks at them twice: workers
// check (arp_input_node.c, nd_input_node.c), control reads what passed. Pure
// functions over bytes, for both.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/icmp.h"
#include "dataplane/pkt/ip6.h"

#include <stdbool.h>

// RFC 826, and addresses that no host may send from. Reads sizeof(*arp) bytes.
bool arp_msg_is_valid(const struct arp_hdr *arp);
static inline bool arp_msg_is_gratuitous(const struct arp_hdr *arp)
{
	return memcmp(arp->sender_ip, arp->target_ip, sizeof(arp->sender_ip)) == 0;
}

enum {
	ND_HOP_LIMIT = 255,
	ND_OPT_NONCE = 14, // RFC 3971 §5.3.2, as RFC 7527 §4 uses it
	ND_NONCE_LEN = 6,  // of an option of 8 bytes
};

// A checked message; pointers into it, NULL: the option is not there.
struct nd_msg {
	const struct ip6_hdr *ip;
	const struct icmp_hdr *icmp;
	unsigned len;	       // from icmp on
	const uint8_t *target; // NS, NA, redirect; else NULL
	const uint8_t *source_ll, *target_ll;
	const uint8_t *nonce; // ND_NONCE_LEN bytes
};

// room: bytes that may be read at l3. False for whatever RFC 4861 §6.1.1, §6.1.2,
// §7.1.1, §7.1.2 and §8.1 tell to discard, and for any extension header (RFC 6980
// §5 forbids fragments; no other has business here). The checksum is ip6-deliver's.
bool nd_msg_parse(struct nd_msg *msg, const void *l3, unsigned room);

uint16_t nd_msg_csum(const struct ip6_hdr *ip, const void *icmp, unsigned len);

// ff02::1:ffXX:XXXX of an address (RFC 4291 §2.7.1).
static inline void nd_solicited_node(const uint8_t addr[16], uint8_t group[16])
{
	static const uint8_t head[13] = {0xff, 2, [11] = 1, [12] = 0xff};

	memcpy(group, head, sizeof(head));
	memcpy(group + sizeof(head), addr + sizeof(head), 3);
}
