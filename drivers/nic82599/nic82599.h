// SPDX-License-Identifier: BSD-3-Clause
// nic82599: Intel 82599 10 GbE (X520), a driver of our own. Section numbers here
// and below are those of the 82599 datasheet, revision 3.3 (March 2016).
//
// Read it in the datasheet's order: init.c (§4.6.3 to §4.6.8: reset, receive,
// transmit), sfp.c (§3.7 modules), filter.c (§7.1.1, §7.1.2), rx.c (§7.1),
// tx.c (§7.2), stats.c (§8.2.3.23). rx_avx2.c and tx_avx2.c do what rx.c and tx.c
// do, for the common packet, four at a time.
#pragma once

#include "dataplane/graph/port.h"

extern const struct port_ops nic82599_port_ops;
