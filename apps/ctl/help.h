// SPDX-License-Identifier: BSD-3-Clause
// What the client says about itself, and what the daemon says about its commands.
#pragma once

#include "apps/ctl/conn.h"

#include <stdio.h>

// How jerboactl is called; then, if conn is not NULL, the daemon's commands that
// begin with words, with their arguments if words were given.
int help_print(FILE *out, struct conn *conn, char *const words[], int n, struct err *err);
// The words that may come next, a line each, for the shell's completion.
int help_complete(FILE *out, struct conn *conn, char *const words[], int n, struct err *err);
