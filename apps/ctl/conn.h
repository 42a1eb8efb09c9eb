// SPDX-License-Identifier: BSD-3-Clause
// The client's side of the control socket (dataplane/ctl/server.h).
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

#include <jansson.h>
#include <stdbool.h>

struct conn;

// NULL and err, which says what to do about it.
struct conn *conn_open(const char *path, struct err *err) must_check;
void conn_close(struct conn *conn);

// Sends a request for a command of so many words. 0 or -errno and err.
int conn_ask(struct conn *conn, char *const words[], int n, struct err *err) must_check;
// The next page of the answer: a new reference to "data" (and to "columns", if
// they came), and whether more pages follow. NULL and err (code EREMOTE: the
// daemon refuses the command).
json_t *conn_page(struct conn *conn, json_t **columns, bool *has_more, struct err *err) must_check;
// All pages as one; columns may be NULL.
json_t *conn_whole(struct conn *conn, json_t **columns, struct err *err) must_check;
