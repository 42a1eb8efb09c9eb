// SPDX-License-Identifier: BSD-3-Clause
// What a packet keeps when it crosses a ring: 8 bytes in the mbuf's first line
// (the hash field, free once the NIC's hash was read), written once before the
// ring and read once after it.
#pragma once

#include "dataplane/base/compiler.h"

#include <rte_mbuf.h>

#include <assert.h>
#include <string.h>

struct meta {
	uint8_t node;	// enum graph_node where it goes on, or enum punt_kind
	uint8_t l3_off; // of the l3 pointer from the start of mbuf data
	uint16_t iface;
	uint16_t out;
	uint16_t nh;
};
static_assert(sizeof(struct meta) == sizeof(((struct rte_mbuf *)0)->hash), "fills the hash field");

static inline void meta_put(struct rte_mbuf *m, const struct meta *meta)
{
	memcpy(&m->hash, meta, sizeof(*meta));
}

static inline struct meta meta_get(const struct rte_mbuf *m)
{
	struct meta meta;

	memcpy(&meta, &m->hash, sizeof(meta));
	return meta;
}
