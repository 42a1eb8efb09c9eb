// SPDX-License-Identifier: BSD-3-Clause
// Neighbour discovery messages (RFC 4861), control side.
#pragma once

#include "dataplane/neigh/neigh_priv.h"

// A packet that nd-input let pass; takes the mbuf.
void neigh_nd_input(struct neigh *tbl, const struct iface *iface, struct rte_mbuf *pkt,
		    const struct meta *meta);
// Solicits addr. mac: only there (NULL: its solicited-node group).
void neigh_nd_ask(struct neigh *tbl, const struct iface *iface, const uint8_t addr[16],
		  const uint8_t mac[6]);
// RFC 4862 §5.4.2: does anybody have addr?
void neigh_nd_dad(struct neigh *tbl, const struct iface *iface, const uint8_t addr[16],
		  const uint8_t nonce[6]);
// addr is ours and here: to whoever asked (mac), or to a group (NULL).
void neigh_nd_advertise(struct neigh *tbl, const struct iface *iface, const uint8_t addr[16],
			const uint8_t to[16], const uint8_t mac[6]);
