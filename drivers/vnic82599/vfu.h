// SPDX-License-Identifier: BSD-3-Clause
// vfio-user: one card offered to one client at a time over a UNIX socket
// (protocol 0.1, as libvfio-user and QEMU speak it).
//
// Owner's thread only; nothing here waits. A client that breaks the protocol,
// does not read its answers, or truncates its memory is sent away; the card is
// then reset and listens again.
#pragma once

#include "dataplane/base/err.h"
#include "drivers/vnic82599/vnic.h"

struct vfu;

// conf->irq is the server's own. The socket file is made anew.
struct vfu *vfu_open(const char *path, const struct vnic_conf *conf, struct err *err) must_check;
void vfu_close(struct vfu *vfu);
struct vnic *vfu_nic(struct vfu *vfu);
bool vfu_has_client(const struct vfu *vfu);
// The socket that has to become readable: client's or listener's; -1: removed.
int vfu_fd(const struct vfu *vfu);
// Accepts, reads and answers what is there, up to a few dozen messages. Returns
// messages handled.
unsigned vfu_serve(struct vfu *vfu);
// Faults of the whole card: as vnic_command, but "remove" also ends the client
// and stops listening until "insert".
int vfu_command(struct vfu *vfu, const char *line, char *out, size_t len);
// A socket that is connected already, instead of accepting one: for tests.
void vfu_adopt(struct vfu *vfu, int fd);
