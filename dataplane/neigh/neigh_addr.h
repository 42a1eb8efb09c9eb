// SPDX-License-Identifier: BSD-3-Clause
// Our own addresses on a link: checked before use (RFC 4862 §5.4), announced,
// defended (RFC 5227 §2.4). neigh_addr_add() of neigh.h stands here too.
#pragma once

#include "dataplane/neigh/neigh_priv.h"

struct addr neigh_addr_of(unsigned family, const uint8_t *bytes);
// The address of the iface whose connected prefix has addr as a host: NULL if none.
const struct iface_addr *neigh_addr_covering(const struct iface *iface, const struct addr *addr);

void neigh_addr_step(struct neigh *tbl);
void neigh_addr_up(struct neigh *tbl, const struct iface *iface);
void neigh_addr_down(struct neigh *tbl, unsigned iface);

// Somebody else uses our address.
void neigh_addr_conflict(struct neigh *tbl, const struct iface *iface, struct addr addr,
			 const uint8_t mac[6]);
// Somebody checks (nonce: theirs or NULL) or has an address that we check too.
void neigh_addr_dad_heard(struct neigh *tbl, const struct iface *iface, const uint8_t addr[16],
			  const uint8_t *nonce);
