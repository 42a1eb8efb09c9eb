// SPDX-License-Identifier: BSD-3-Clause
// Ports on an interface of the kernel, by AF_PACKET rings (packet(7)).
//
// For veth, and for any NIC that the kernel drives. Why not DPDK's PMD of that
// name: it joins a fanout group that lets the kernel reassemble IPv4 fragments,
// sees frames that the kernel sends, and cannot say how many frames were lost.
// Devargs: iface=NAME (needed); qpairs, framesz, framecnt, blocksz and
// qdisc_bypass of the PMD are understood or ignored.
#pragma once

#include "dataplane/graph/port.h"

extern const struct port_ops afpacket_port_ops;
