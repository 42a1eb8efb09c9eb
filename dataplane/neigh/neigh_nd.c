// SPDX-License-Identifier: BSD-3-Clause
// Neighbour discovery (RFC 4861): what is learnt from whom, what is answered.
#include "dataplane/neigh/neigh_nd.h"

#include "dataplane/neigh/neigh_addr.h"
#include "dataplane/neigh/neigh_entry.h"
#include "dataplane/neigh/neigh_frame.h"
#include "dataplane/neigh/neigh_state.h"
#include "dataplane/neigh/neigh_tbl.h"
#include "dataplane/pkt/ip4.h"

#include <arpa/inet.h>

struct nd_out {
	const uint8_t *src, *dst, *target; // 16 bytes each
	const uint8_t *mac;		   // of the frame; NULL: dst's group
	uint32_t flags;			   // host order
	uint8_t type;
	uint8_t opt;		    // 0: none
	const uint8_t *opt_content; // 6 bytes
};

// RFC 2464 §7.
static void group_mac(const uint8_t group[16], uint8_t mac[ETH_ADDR_LEN])
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group + 12, 4);
}

static void fill(struct ip6_hdr *ip, const struct nd_out *out, unsigned len)
{
	struct nd_hdr *nd = (struct nd_hdr *)(ip + 1);
	uint8_t *opt = (uint8_t *)(nd + 1);

	ip->vtf = htonl(6u << 28);
	ip->len = htons((uint16_t)len);
	ip->next = IP_PROTO_ICMP6;
	ip->hop_limit = ND_HOP_LIMIT;
	memcpy(ip->src, out->src, 16);
	memcpy(ip->dst, out->dst, 16);
	nd->type = out->type;
	nd->flags = htonl(out->flags);
	memcpy(nd->target, out->target, 16);
	if (out->opt) {
		opt[0] = out->opt;
		opt[1] = 1;
		memcpy(opt + 2, out->opt_content, 6);
	}
	nd->csum = nd_msg_csum(ip, nd, len);
}

static void frame_out(struct neigh *tbl, const struct iface *iface, const struct nd_out *out)
{
	unsigned len = sizeof(struct nd_hdr) + (out->opt ? sizeof(struct nd_opt_ll) : 0);
	uint8_t mac[ETH_ADDR_LEN];
	struct rte_mbuf *m;
	void *ip;

	if (out->mac)
		memcpy(mac, out->mac, sizeof(mac));
	else
		group_mac(out->dst, mac);
	m = neigh_frame_new(tbl, iface, mac, ETH_TYPE_IP6, sizeof(struct ip6_hdr) + len, &ip);
	if (!m)
		return;
	fill(ip, out, len);
	neigh_frame_send(tbl, iface, m);
}

// The link-local address is always good; without one, any that is checked.
static const uint8_t *source_for(const struct iface *iface)
{
	if (!ip6_is_unspecified(iface->ip6_link_local))
		return iface->ip6_link_local;
	return ip6_is_unspecified(iface->ip6_primary) ? NULL : iface->ip6_primary;
}

void neigh_nd_ask(struct neigh *tbl, const struct iface *iface, const uint8_t addr[16],
		  const uint8_t mac[6])
{
	uint8_t group[16];
	struct nd_out out = {
		.src = source_for(iface),
		.dst = mac ? addr : group,
		.target = addr,
		.mac = mac,
		.type = ICMP6_NS,
		.opt = ND_OPT_SOURCE_LL,
		.opt_content = iface->mac,
	};

	nd_solicited_node(addr, group);
	if (!out.src) {
		neigh_count(tbl, NEIGH_COUNT_NO_SOURCE);
		return;
	}
	neigh_count(tbl, NEIGH_COUNT_NS_OUT);
	frame_out(tbl, iface, &out);
}

void neigh_nd_dad(struct neigh *tbl, const struct iface *iface, const uint8_t addr[16],
		  const uint8_t nonce[6])
{
	static const uint8_t unspecified[16];
	uint8_t group[16];
	struct nd_out out = {
		.src = unspecified,
		.dst = group,
		.target = addr,
		.type = ICMP6_NS,
		.opt = ND_OPT_NONCE,
		.opt_content = nonce,
	};

	nd_solicited_node(addr, group);
	neigh_count(tbl, NEIGH_COUNT_NS_OUT);
	frame_out(tbl, iface, &out);
}

void neigh_nd_advertise(struct neigh *tbl, const struct iface *iface, const uint8_t addr[16],
			const uint8_t to[16], const uint8_t mac[6])
{
	struct nd_out out = {
		.src = addr,
		.dst = to,
		.target = addr,
		.mac = mac,
		.flags = ND_NA_ROUTER | ND_NA_OVERRIDE | (mac ? ND_NA_SOLICITED : 0),
		.type = ICMP6_NA,
		.opt = ND_OPT_TARGET_LL,
		.opt_content = iface->mac,
	};

	neigh_count(tbl, NEIGH_COUNT_NA_OUT);
	frame_out(tbl, iface, &out);
}

// RFC 4861 §7.2.4. Who asks without an address of its own hears it by the group;
// who asks without telling where it is, where its frame came from.
static void answer(struct neigh *tbl, const struct iface *iface, const struct nd_msg *msg,
		   const struct eth_hdr *eth)
{
	static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};

	if (ip6_is_unspecified(msg->ip->src))
		neigh_nd_advertise(tbl, iface, msg->target, all_nodes, NULL);
	else
		neigh_nd_advertise(tbl, iface, msg->target, msg->ip->src,
				   msg->source_ll ? msg->source_ll : eth->src);
}

static void solicitation(struct neigh *tbl, const struct iface *iface, const struct nd_msg *msg,
			 const struct eth_hdr *eth)
{
	const struct iface_addr *own = iface_addr_find(iface, 6, msg->target);
	struct addr sender = neigh_addr_of(6, msg->ip->src);

	neigh_count(tbl, NEIGH_COUNT_NS_IN);
	if (!own)
		return;
	if (own->is_tentative) { // RFC 4862 §5.4.3
		if (ip6_is_unspecified(msg->ip->src))
			neigh_addr_dad_heard(tbl, iface, msg->target, msg->nonce);
		return;
	}
	if (iface_addr_find(iface, 6, msg->ip->src)) {
		neigh_addr_conflict(tbl, iface, sender, eth->src);
		return;
	}
	if (msg->source_ll && neigh_addr_covering(iface, &sender))
		neigh_learn(tbl, iface->id, &sender, msg->source_ll);
	answer(tbl, iface, msg, eth);
}

// RFC 4861 §7.2.5; of an address of ours: RFC 4862 §5.4.4.
static void advertisement(struct neigh *tbl, const struct iface *iface, const struct nd_msg *msg,
			  const struct eth_hdr *eth)
{
	const struct iface_addr *own = iface_addr_find(iface, 6, msg->target);
	uint32_t flags = ntohl(((const struct nd_hdr *)msg->icmp)->flags);
	struct addr target = neigh_addr_of(6, msg->target);
	struct neigh_entry *e = neigh_entry_find(tbl, iface->id, &target);
	struct neigh_claim claim = {
		.mac = msg->target_ll,
		.is_advert = true,
		.is_solicited = flags & ND_NA_SOLICITED,
		.is_override = flags & ND_NA_OVERRIDE,
		.is_router = flags & ND_NA_ROUTER,
	};

	neigh_count(tbl, NEIGH_COUNT_NA_IN);
	if (own && own->is_tentative)
		neigh_addr_dad_heard(tbl, iface, msg->target, NULL);
	else if (own)
		neigh_addr_conflict(tbl, iface, target, eth->src);
	else if (e)
		neigh_claim(tbl, e, &claim);
}

// A router's or a host's first words (RFC 4861 §6.2.6, §6.3.4): who they are from
// is known already, or does not matter yet.
static void router_message(struct neigh *tbl, const struct iface *iface, const struct nd_msg *msg)
{
	bool is_ra = msg->icmp->type == ICMP6_RA;
	struct addr sender = neigh_addr_of(6, msg->ip->src);
	struct neigh_entry *e = neigh_entry_find(tbl, iface->id, &sender);
	struct neigh_claim claim = {.mac = msg->source_ll};

	neigh_count(tbl, is_ra ? NEIGH_COUNT_RA_IN : NEIGH_COUNT_RS_IN);
	if (!e)
		return;
	neigh_claim(tbl, e, &claim);
	e->is_router = is_ra;
}

// True: the host wants it too.
static bool handle(struct neigh *tbl, const struct iface *iface, const struct nd_msg *msg,
		   const struct eth_hdr *eth)
{
	switch (msg->icmp->type) {
	case ICMP6_NS:
		solicitation(tbl, iface, msg, eth);
		return false;
	case ICMP6_NA:
		advertisement(tbl, iface, msg, eth);
		return true;
	case ICMP6_REDIRECT: // RFC 4861 §8.2: not for routers
		neigh_count(tbl, NEIGH_COUNT_REDIRECT_IGNORED);
		return false;
	default:
		router_message(tbl, iface, msg);
		return true;
	}
}

void neigh_nd_input(struct neigh *tbl, const struct iface *iface, struct rte_mbuf *pkt,
		    const struct meta *meta)
{
	const struct eth_hdr *eth = rte_pktmbuf_mtod(pkt, const struct eth_hdr *);
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(pkt, const uint8_t *, meta->l3_off);
	struct nd_msg msg;

	if (meta->l3_off < sizeof(*eth) || meta->l3_off > pkt->data_len ||
	    !nd_msg_parse(&msg, l3, pkt->data_len - meta->l3_off)) {
		neigh_count(tbl, NEIGH_COUNT_MALFORMED);
	} else if (memcmp(eth->src, iface->mac, ETH_ADDR_LEN) == 0) {
		neigh_count(tbl, NEIGH_COUNT_REFLECTED);
	} else if (handle(tbl, iface, &msg, eth)) {
		tbl->env.to_host(tbl->env.arg, pkt, iface->id);
		return;
	}
	rte_pktmbuf_free(pkt);
}
