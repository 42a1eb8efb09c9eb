// SPDX-License-Identifier: BSD-3-Clause
// What the host path tells Linux by rtnetlink: links, addresses, neighbours, routes.
//
// One socket, one thread; each call waits for the kernel's answer.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

#include <stdbool.h>

struct host_netlink;
struct iface_addr;

struct host_netlink *host_netlink_new(struct err *err) must_check;
void host_netlink_free(struct host_netlink *nl);

// 0 or -errno of the kernel.
int host_netlink_link(struct host_netlink *nl, int ifindex, unsigned mtu, const uint8_t mac[6],
		      bool is_up) must_check;
// IPv6 addresses come without DAD: jerboa did it.
int host_netlink_addr(struct host_netlink *nl, int ifindex, const struct iface_addr *addr,
		      bool add) must_check;

struct host_gateway {
	int ifindex;
	unsigned family; // 4, 6
	unsigned metric;
	uint8_t mac[6];	    // whose station answers for the gateway
	uint8_t source[16]; // address that Linux takes for its own packets
};
// The default route by a gateway of link scope with a permanent neighbour entry.
int host_netlink_default(struct host_netlink *nl, const struct host_gateway *gw,
			 bool add) must_check;
