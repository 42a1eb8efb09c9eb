// SPDX-License-Identifier: BSD-3-Clause
// Wires: what a virtual 82599 is plugged into.
//
// Owner's thread only. tx() takes a frame that it must not keep; poll() calls
// vnic_receive() for what has arrived.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

#include <stdbool.h>

struct vnic;
struct wire;

struct wire_ops {
	const char *name;
	bool (*tx)(struct wire *wire, const uint8_t *frame, unsigned len); // false: lost
	unsigned (*poll)(struct wire *wire, uint64_t now_ns, unsigned max);
	bool (*is_up)(const struct wire *wire); // NULL: always
	// What it counted, as "name value" pairs; NULL: nothing.
	size_t (*show)(const struct wire *wire, char *out, size_t len);
	void (*close)(struct wire *wire);
};

struct wire {
	const struct wire_ops *ops;
	struct vnic *nic;
	int fd; // readable when poll() has something; -1: none
	uint64_t n_tx, n_tx_lost, n_rx;
};

// By a text, as on the command line: see wire_help. NULL with err set.
struct wire *wire_open(const char *spec, struct err *err) must_check;
void wire_close(struct wire *wire);
extern const char wire_help[];

// Wires that need no text. The two ends of a cable are two wires; closing one
// takes the link of the other down.
int wire_cable_open(struct wire *end[2]) must_check;
struct wire *wire_fd_open(int fd, const char *name) must_check; // a frame a read; taken over
