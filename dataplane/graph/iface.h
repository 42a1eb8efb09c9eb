// SPDX-License-Identifier: BSD-3-Clause
// Ifaces, control side: made, given addresses and features.
//
// Control thread only. Workers see the array of graph/iface_tbl.h.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/graph/dp_tbl.h"
#include "dataplane/graph/iface_tbl.h"

struct ifaces;

struct ifaces *ifaces_new(struct dp_tbl *dp) must_check; // sets dp->iface
void ifaces_free(struct ifaces *ifs);

struct iface_conf {
	const char *name;
	uint16_t port;		   // PORT_NONE: loopback
	uint16_t parent;	   // iface id of the port's iface, for a sub-port
	uint16_t vlan, inner_vlan; // 0: untagged
	uint16_t mtu, table;
	uint8_t mac[6];
	uint32_t flags;
};

// Returns the id (>= 1), or -EEXIST, -ENOSPC, -ENOMEM.
int iface_add(struct ifaces *ifs, const struct iface_conf *conf) must_check;
void iface_del(struct ifaces *ifs, unsigned id);
// NULL if there is none.
struct iface *iface_get(struct ifaces *ifs, unsigned id);
struct iface *iface_find(struct ifaces *ifs, const char *name);
unsigned iface_max(const struct ifaces *ifs); // ids in use are <= this

void iface_flags_set(struct ifaces *ifs, unsigned id, uint32_t set, uint32_t clear);
// Replaces all addresses; primaries (sources of ICMP errors) are chosen from
// them: the first IPv4; the first global, not tentative IPv6, else link-local.
int iface_addrs_set(struct ifaces *ifs, unsigned id, const struct iface_addr addr[],
		    unsigned n) must_check;
// node: the feature's, pos: its FEATURE_x.
void iface_feature_set(struct ifaces *ifs, unsigned id, enum graph_hook hook, unsigned pos,
		       bool enable);
