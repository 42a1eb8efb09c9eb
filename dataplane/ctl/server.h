// SPDX-License-Identifier: BSD-3-Clause
// The control socket: commands (ctl/cmd.h) over a UNIX stream socket.
//
// One JSON object a line, each way. {"cmd": ["show", "ports"], "args": {...}} is
// answered by {"ok": true, "data": ...} or {"ok": false, "error": "..."}; an
// answer in pages has "more": true on all lines but the last. Requests may be sent
// ahead; they are answered in order.
//
// Runs inside the event loop of the control thread and never blocks it: a client
// that does not read is not written to, and is dropped after 30 s.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

struct cmds;
struct event_base;
struct server;

enum {
	SERVER_LINE_MAX = 65536, // bytes of a request
	SERVER_CLIENTS_MAX = 64,
	SERVER_OUT_HIGH = 262144, // unread bytes of answers that stop the next page
};

struct server_stats {
	unsigned n_clients;
	uint64_t n_requests, n_refused; // refused: clients above the limit
	uint64_t longest_ns;		// of one step of one command
};

// base and cmds must outlive the server. Without listening.
struct server *server_new(struct event_base *base, const struct cmds *cmds) must_check;
void server_free(struct server *server); // closes clients, removes the socket

// Listens at path, mode 0660; group "" leaves the group as it is. Makes the last
// folder of path. A socket that a dead daemon left is replaced; -EADDRINUSE if a
// living one answers there.
int server_open(struct server *server, const char *path, const char *group,
		struct err *err) must_check;
// Takes over a connected socket (tests; a socket handed in by systemd).
int server_client_add(struct server *server, int fd) must_check;

void server_stats_get(const struct server *server, struct server_stats *stats);
