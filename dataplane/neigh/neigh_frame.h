// SPDX-License-Identifier: BSD-3-Clause
// Frames that the neighbour code makes, and the header before every packet to a
// neighbour.
#pragma once

#include "dataplane/neigh/neigh_priv.h"

// Header of frames from iface to dst, tags included: 14, 18 or 22 bytes. One tag
// is 802.1Q (0x8100); of two the outer is 802.1ad (0x88a8), the inner 802.1Q.
unsigned neigh_l2_build(const struct iface *iface, const uint8_t dst[6], uint16_t type,
			uint8_t l2[NEXTHOP_L2_MAX]);

// A frame with its header and len zero bytes behind it, padded to the minimum;
// *payload points there. NULL, counted: no mbuf.
struct rte_mbuf *neigh_frame_new(struct neigh *tbl, const struct iface *iface, const uint8_t dst[6],
				 uint16_t type, unsigned len, void **payload);
// A complete frame, out of iface.
void neigh_frame_send(struct neigh *tbl, const struct iface *iface, struct rte_mbuf *m);

// Into the graph. All take the mbuf.
void neigh_inject(struct neigh *tbl, struct rte_mbuf *m, const struct meta *meta);
