// SPDX-License-Identifier: BSD-3-Clause
// The daemon's log: one line an event, to stderr (or the journal behind it).
//
// Any cold thread may log. Workers and nodes never do: they count.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_level_set(enum log_level level);
// "error", "warn", "info" or "debug"; -EINVAL for anything else.
int log_level_parse(const char *text, enum log_level *level) must_check;
const char *log_level_name(enum log_level level);
bool log_is_on(enum log_level level);

void log_write(enum log_level level, const char *fmt, ...) format_fn(2, 3);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_is_on(LOG_DEBUG))                                                          \
			log_write(LOG_DEBUG, __VA_ARGS__);                                         \
	} while (0)
