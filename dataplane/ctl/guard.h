// SPDX-License-Identifier: BSD-3-Clause
// One daemon a control socket, with no more rights than it needs, known to systemd.
//
// Control thread. A crash leaves a lock file that locks nothing.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct guard {
	int fd;
	char path[256];
};

// Locks SOCKET.lock and writes our process id. -EBUSY: another one runs, err names it.
int guard_lock(struct guard *guard, const char *socket, struct err *err) must_check;
void guard_unlock(struct guard *guard);

// Which rights (capabilities(7)) a thread keeps, and those it starts later.
enum guard_rights {
	GUARD_START,	 // to open devices, TAPs and the control socket
	GUARD_START_PCI, // and to map what belongs to a PCI device
	GUARD_RUN,	 // interfaces, and files of others to read at a reload
	GUARD_RUN_PCI,	 // and raw queue pairs of NICs that the kernel shares
};
// What is not there already cannot be kept; less is no error here.
int guard_rights_limit(enum guard_rights rights, struct err *err) must_check;

// sd_notify(3): "READY=1", "RELOADING=1", "STOPPING=1"; nothing without systemd.
void guard_notify(const char *state);
