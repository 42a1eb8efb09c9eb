// SPDX-License-Identifier: BSD-3-Clause
// From the RIB's prefixes to answers: what the forwarding tables are built of.
//
// Control thread only.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/rib_tbl.h"

// out[] has the 2^(8 - skip) values of byte whose first skip bits are top, each
// holding what covers the node; the node's prefixes longer than skip are painted
// over it, by next-hop id. node may be NULL.
void rib_paint(const struct rib_tbl *rib, const struct rib_node *node, unsigned skip, unsigned top,
	       uint16_t out[]);

// Bit i of word i / 64: value i is not that before it; bit 0 is set.
void rib_edges(const uint16_t value[256], uint64_t edges[4]);

// Bit i: byte 64 b + i has a child node.
uint64_t rib_children(const struct rib_tbl *rib, const struct rib_node *node, unsigned b);

// The node of depth d over addr, or NULL.
static inline const struct rib_node *rib_node_find(const struct rib_tbl *rib, const uint8_t *addr,
						   unsigned depth)
{
	const struct rib_node *node = rib_at(rib, rib->root);

	for (unsigned d = 0; node && d < depth; d++)
		node = rib_child(rib, node, addr[d]);
	return node;
}
