// SPDX-License-Identifier: BSD-3-Clause
// ARP (RFC 826): what is learnt from whom, what is answered.
#include "dataplane/neigh/neigh_arp.h"

#include "dataplane/neigh/neigh_addr.h"
#include "dataplane/neigh/neigh_entry.h"
#include "dataplane/neigh/neigh_frame.h"
#include "dataplane/neigh/neigh_state.h"
#include "dataplane/neigh/neigh_tbl.h"

#include <arpa/inet.h>

static const uint8_t broadcast[ETH_ADDR_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t nobody[ETH_ADDR_LEN];

// eth_dst: whom the frame goes to; target_mac: what stands in the message.
static void frame_out(struct neigh *tbl, const struct iface *iface, uint16_t op,
		      const uint8_t eth_dst[6], const uint8_t sender_ip[4],
		      const uint8_t target_mac[6], const uint8_t target_ip[4])
{
	struct arp_hdr *arp;
	void *payload;
	struct rte_mbuf *m =
		neigh_frame_new(tbl, iface, eth_dst, ETH_TYPE_ARP, sizeof(*arp), &payload);

	if (!m)
		return;
	arp = payload;
	arp->hw_type = htons(1);
	arp->proto_type = htons(ETH_TYPE_IP4);
	arp->hw_len = ETH_ADDR_LEN;
	arp->proto_len = 4;
	arp->op = htons(op);
	memcpy(arp->sender_mac, iface->mac, ETH_ADDR_LEN);
	memcpy(arp->sender_ip, sender_ip, 4);
	memcpy(arp->target_mac, target_mac, ETH_ADDR_LEN);
	memcpy(arp->target_ip, target_ip, 4);
	neigh_frame_send(tbl, iface, m);
}

// Our address that the neighbour sees as on its own link, else the first.
static const uint8_t *source_for(const struct iface *iface, const struct addr *addr)
{
	static const uint8_t none[4];
	const struct iface_addr *own = neigh_addr_covering(iface, addr);

	if (own)
		return own->bytes;
	return memcmp(iface->ip4_primary, none, 4) != 0 ? iface->ip4_primary : NULL;
}

void neigh_arp_ask(struct neigh *tbl, const struct iface *iface, const uint8_t addr[4],
		   const uint8_t mac[6])
{
	struct addr target = neigh_addr_of(4, addr);
	const uint8_t *source = source_for(iface, &target);

	if (!source) {
		neigh_count(tbl, NEIGH_COUNT_NO_SOURCE);
		return;
	}
	neigh_count(tbl, NEIGH_COUNT_ARP_REQUEST_OUT);
	frame_out(tbl, iface, ARP_REQUEST, mac ? mac : broadcast, source, mac ? mac : nobody, addr);
}

void neigh_arp_announce(struct neigh *tbl, const struct iface *iface, const uint8_t addr[4])
{
	neigh_count(tbl, NEIGH_COUNT_ARP_ANNOUNCE_OUT);
	frame_out(tbl, iface, ARP_REQUEST, broadcast, addr, nobody, addr);
}

// A question to us makes an entry, if its sender can be a neighbour at all.
static void request(struct neigh *tbl, const struct iface *iface, const struct arp_hdr *arp)
{
	struct addr sender = neigh_addr_of(4, arp->sender_ip);

	neigh_count(tbl, NEIGH_COUNT_ARP_REQUEST_IN);
	if (!iface_addr_find(iface, 4, arp->target_ip))
		return;
	if (neigh_addr_covering(iface, &sender))
		neigh_learn(tbl, iface->id, &sender, arp->sender_mac);
	neigh_count(tbl, NEIGH_COUNT_ARP_REPLY_OUT);
	frame_out(tbl, iface, ARP_REPLY, arp->sender_mac, arp->target_ip, arp->sender_mac,
		  arp->sender_ip);
}

// RFC 826, "merge": an entry that exists follows whatever its owner says. It is
// confirmed only by an answer, to us, while we ask.
static void merge(struct neigh *tbl, const struct iface *iface, const struct arp_hdr *arp,
		  bool is_unicast)
{
	struct addr sender = neigh_addr_of(4, arp->sender_ip);
	struct neigh_entry *e = neigh_entry_find(tbl, iface->id, &sender);
	struct neigh_claim claim = {.mac = arp->sender_mac, .is_override = true};

	if (!e)
		return;
	claim.is_advert = arp->op == htons(ARP_REPLY);
	claim.is_solicited = is_unicast && (e->state == NEIGH_INCOMPLETE ||
					    e->state == NEIGH_DELAY || e->state == NEIGH_PROBE);
	claim.is_router = e->is_router;
	neigh_claim(tbl, e, &claim);
}

void neigh_arp_input(struct neigh *tbl, const struct iface *iface, struct rte_mbuf *pkt,
		     const struct meta *meta)
{
	const struct eth_hdr *eth = rte_pktmbuf_mtod(pkt, const struct eth_hdr *);
	const struct arp_hdr *arp =
		rte_pktmbuf_mtod_offset(pkt, const struct arp_hdr *, meta->l3_off);
	static const uint8_t probe[4];
	bool is_probe;

	if (meta->l3_off < sizeof(*eth) || meta->l3_off + sizeof(*arp) > pkt->data_len ||
	    !arp_msg_is_valid(arp)) {
		neigh_count(tbl, NEIGH_COUNT_MALFORMED);
		rte_pktmbuf_free(pkt);
		return;
	}
	is_probe = memcmp(arp->sender_ip, probe, sizeof(probe)) == 0;
	if (iface_addr_find(iface, 4, arp->sender_ip))
		neigh_addr_conflict(tbl, iface, neigh_addr_of(4, arp->sender_ip), arp->sender_mac);
	else if (!is_probe)
		merge(tbl, iface, arp, !eth_is_multicast(eth->dst));
	if (arp->op == htons(ARP_REQUEST))
		request(tbl, iface, arp);
	else
		neigh_count(tbl, NEIGH_COUNT_ARP_REPLY_IN);
	if (arp->op == htons(ARP_REPLY) || arp_msg_is_gratuitous(arp))
		tbl->env.to_host(tbl->env.arg, pkt, iface->id);
	else
		rte_pktmbuf_free(pkt);
}
