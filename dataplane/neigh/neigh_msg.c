// SPDX-License-Identifier: BSD-3-Clause
// Checks of ARP (RFC 826) and neighbour discovery messages (RFC 4861). Hot:
// workers call them, on bytes from outside.
#include "dataplane/base/csum.h"
#include "dataplane/neigh/neigh_tbl.h"
#include "dataplane/pkt/ip4.h"

#include <arpa/inet.h>

enum {
	ARP_HW_ETHERNET = 1,
	RS_LEN = 8,
	RA_LEN = 16,
	NS_LEN = sizeof(struct nd_hdr),
	REDIRECT_LEN = 40,
	ND_OPT_UNIT = 8,
};

static bool mac_is_host(const uint8_t mac[ETH_ADDR_LEN])
{
	static const uint8_t zero[ETH_ADDR_LEN];

	return !eth_is_multicast(mac) && memcmp(mac, zero, ETH_ADDR_LEN) != 0;
}

// Unspecified is allowed: an ARP probe (RFC 5227 §2.1.1).
static bool ip4_may_send(const uint8_t ip[4])
{
	static const uint8_t zero[4];

	return memcmp(ip, zero, sizeof(zero)) == 0 || (ip[0] != 0 && ip[0] != 127 && ip[0] < 224);
}

bool arp_msg_is_valid(const struct arp_hdr *arp)
{
	static const uint8_t zero[4];
	bool is_request = arp->op == htons(ARP_REQUEST);

	if (arp->hw_type != htons(ARP_HW_ETHERNET) || arp->proto_type != htons(ETH_TYPE_IP4) ||
	    arp->hw_len != ETH_ADDR_LEN || arp->proto_len != 4)
		return false;
	if (!is_request && arp->op != htons(ARP_REPLY))
		return false;
	if (!mac_is_host(arp->sender_mac) || !ip4_may_send(arp->sender_ip))
		return false;
	return is_request || memcmp(arp->sender_ip, zero, sizeof(zero)) != 0;
}

uint16_t nd_msg_csum(const struct ip6_hdr *ip, const void *icmp, unsigned len)
{
	return csum_finish(csum_add(ip6_pseudo_sum(ip, len, IP_PROTO_ICMP6), icmp, len));
}

// A link-layer address that is a group's or nobody's makes the message worthless.
static bool option_is_valid(const uint8_t *opt)
{
	if (opt[0] != ND_OPT_SOURCE_LL && opt[0] != ND_OPT_TARGET_LL)
		return true;
	return opt[1] == 1 && mac_is_host(opt + 2);
}

// Others are skipped silently (RFC 4861 §4.6).
static void option_note(struct nd_msg *msg, const uint8_t *opt)
{
	if (opt[0] == ND_OPT_SOURCE_LL)
		msg->source_ll = opt + 2;
	else if (opt[0] == ND_OPT_TARGET_LL)
		msg->target_ll = opt + 2;
	else if (opt[0] == ND_OPT_NONCE && opt[1] == 1)
		msg->nonce = opt + 2;
}

static bool options_walk(struct nd_msg *msg, unsigned off)
{
	const uint8_t *start = (const uint8_t *)msg->icmp;

	while (off < msg->len) {
		const uint8_t *opt = start + off;

		if (msg->len - off < ND_OPT_UNIT || opt[1] == 0 ||
		    opt[1] * ND_OPT_UNIT > msg->len - off || !option_is_valid(opt))
			return false;
		option_note(msg, opt);
		off += opt[1] * ND_OPT_UNIT;
	}
	return true;
}

static unsigned fixed_len(uint8_t type)
{
	switch (type) {
	case ICMP6_RS:
		return RS_LEN;
	case ICMP6_RA:
		return RA_LEN;
	case ICMP6_NS:
	case ICMP6_NA:
		return NS_LEN;
	case ICMP6_REDIRECT:
		return REDIRECT_LEN;
	default:
		return 0;
	}
}

// RFC 4861 §7.1.1: what a solicitation from the unspecified address may say.
static bool ns_is_valid(const struct nd_msg *msg)
{
	uint8_t group[16];

	if (!ip6_is_unspecified(msg->ip->src))
		return true;
	nd_solicited_node(msg->target, group);
	return !msg->source_ll && memcmp(msg->ip->dst, group, sizeof(group)) == 0;
}

// RFC 4861 §7.1.2: nobody was asked by a group.
static bool na_is_valid(const struct nd_msg *msg)
{
	const struct nd_hdr *nd = (const struct nd_hdr *)msg->icmp;

	return !ip6_is_multicast(msg->ip->dst) || !(nd->flags & htonl(ND_NA_SOLICITED));
}

// RFC 4861 §8.1.
static bool redirect_is_valid(const struct nd_msg *msg)
{
	const uint8_t *dest = msg->target + 16;

	return ip6_is_link_local(msg->ip->src) && !ip6_is_multicast(dest) &&
	       (ip6_is_link_local(msg->target) || memcmp(msg->target, dest, 16) == 0);
}

static bool type_is_valid(const struct nd_msg *msg)
{
	switch (msg->icmp->type) {
	case ICMP6_RS: // RFC 4861 §6.1.1
		return !ip6_is_unspecified(msg->ip->src) || !msg->source_ll;
	case ICMP6_RA: // RFC 4861 §6.1.2
		return ip6_is_link_local(msg->ip->src);
	case ICMP6_NS:
		return ns_is_valid(msg);
	case ICMP6_NA:
		return na_is_valid(msg);
	default:
		return redirect_is_valid(msg);
	}
}

static bool target_take(struct nd_msg *msg)
{
	if (msg->icmp->type == ICMP6_RS || msg->icmp->type == ICMP6_RA)
		return true;
	msg->target = ((const struct nd_hdr *)msg->icmp)->target;
	return !ip6_is_multicast(msg->target) && !ip6_is_unspecified(msg->target);
}

bool nd_msg_parse(struct nd_msg *msg, const void *l3, unsigned room)
{
	const struct ip6_hdr *ip = l3;
	unsigned fixed;

	memset(msg, 0, sizeof(*msg));
	if (room < sizeof(*ip) + sizeof(struct icmp_hdr))
		return false;
	msg->ip = ip;
	msg->icmp = (const struct icmp_hdr *)(ip + 1);
	msg->len = ntohs(ip->len);
	fixed = fixed_len(msg->icmp->type);
	if (ip->next != IP_PROTO_ICMP6 || ip->hop_limit != ND_HOP_LIMIT || msg->icmp->code != 0 ||
	    fixed == 0 || msg->len < fixed || msg->len > room - sizeof(*ip) ||
	    ip6_is_multicast(ip->src))
		return false;
	return target_take(msg) && options_walk(msg, fixed) && type_is_valid(msg);
}
