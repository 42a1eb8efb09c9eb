// SPDX-License-Identifier: BSD-3-Clause
// One TAP interface: made, described to Linux, gone when its file is closed.
//
// The host thread only.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"
#include "dataplane/ctl/host.h"
#include "dataplane/ctl/host_netlink.h"

struct host_tap {
	struct host_iface iface; // as applied
	int fd, ifindex;
};

// On failure nothing is left. has_default: it may carry Linux's default route.
int host_tap_open(struct host_tap *tap, struct host_netlink *nl, const struct host_iface *iface,
		  bool has_default, struct err *err) must_check;
// Applies what differs from tap->iface.
int host_tap_update(struct host_tap *tap, struct host_netlink *nl, const struct host_iface *iface,
		    struct err *err) must_check;
void host_tap_close(struct host_tap *tap);
