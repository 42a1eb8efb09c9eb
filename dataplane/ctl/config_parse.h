// SPDX-License-Identifier: BSD-3-Clause
// What the rules between keys (config_check.c) get from the parser: where a
// field came from, and a place to complain.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/ctl/config.h"

struct conf_ctx;

// Reports "FILE:LINE: KEY: ..." for the key whose value stands in field (or for
// the nearest key around it that is in the file).
void conf_fail(struct conf_ctx *ctx, const void *field, const char *fmt, ...) format_fn(3, 4);
// The line of the key whose value stands in field; 0 if it is not in the file.
unsigned conf_line(const struct conf_ctx *ctx, const void *field);

// Runs the rules between keys, every field being valid by itself, and fills in
// what follows from other keys (workers.count, workers.core).
void config_check(struct conf_ctx *ctx, struct config *conf);
