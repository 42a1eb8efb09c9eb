// SPDX-License-Identifier: BSD-3-Clause
// ARP messages (RFC 826, RFC 5227), control side.
#pragma once

#include "dataplane/neigh/neigh_priv.h"

// A frame that arp-input let pass; takes the mbuf.
void neigh_arp_input(struct neigh *tbl, const struct iface *iface, struct rte_mbuf *pkt,
		     const struct meta *meta);
// Who has addr? mac: ask only there (NULL: everybody).
void neigh_arp_ask(struct neigh *tbl, const struct iface *iface, const uint8_t addr[4],
		   const uint8_t mac[6]);
// RFC 5227 §2.3: our address is here.
void neigh_arp_announce(struct neigh *tbl, const struct iface *iface, const uint8_t addr[4]);
