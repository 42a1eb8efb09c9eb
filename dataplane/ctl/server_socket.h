// SPDX-License-Identifier: BSD-3-Clause
// The listening UNIX socket as a file: who may use it, and who made it.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

struct server_socket {
	int fd; // -1: none
	char path[108];
};

int server_socket_open(struct server_socket *sock, const char *path, const char *group,
		       struct err *err) must_check;
void server_socket_close(struct server_socket *sock); // removes the file, too
