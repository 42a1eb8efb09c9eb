// SPDX-License-Identifier: BSD-3-Clause
// Ports of DPDK's ethdev: real NICs by PCI address ("0000:03:00.0") and virtual
// devices by devargs ("net_tap0,iface=x", "net_ring0", "net_memif0,socket=...").
//
// Control thread only, but for the bursts. EAL runs already (ctl/eal.h); PCI
// devices must have been named to it.
//
// "net_af_packet0,iface=eth1" is served by our own rings (drivers/dpdk/afpacket.h)
// instead of DPDK's PMD: open() then replaces port->ops, so call through port->ops
// after it.
#pragma once

#include "dataplane/graph/port.h"

extern const struct port_ops dpdk_port_ops;

// Room in an mbuf (headroom included) for frames of an L3 packet of mtu bytes:
// the pool must have it for the largest MTU of all ports.
unsigned dpdk_data_room(unsigned mtu);
