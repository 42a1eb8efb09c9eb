// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_name[] = {"error", "warn", "info", "debug"};
// sd-daemon(3): the journal reads a priority in angle brackets.
static const char *const level_journal[] = {"<3>", "<4>", "<6>", "<7>"};

static _Atomic int level_now = LOG_INFO;

void log_level_set(enum log_level level)
{
	level_now = (int)level;
}

int log_level_parse(const char *text, enum log_level *level)
{
	for (unsigned i = 0; i < ARRAY_LEN(level_name); i++)
		if (strcmp(text, level_name[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

const char *log_level_name(enum log_level level)
{
	return level_name[level];
}

bool log_is_on(enum log_level level)
{
	return (int)level <= level_now;
}

// One write(2) a line, so that lines of several threads never mix.
void log_write(enum log_level level, const char *fmt, ...)
{
	char line[1024];
	size_t len;
	va_list args;

	if (!log_is_on(level))
		return;
	if (getenv("JOURNAL_STREAM")) {
		len = (size_t)snprintf(line, sizeof(line), "%s", level_journal[level]);
	} else {
		struct timespec now;
		struct tm tm;

		clock_gettime(CLOCK_REALTIME, &now);
		localtime_r(&now.tv_sec, &tm);
		len = strftime(line, sizeof(line), "%H:%M:%S", &tm);
		len += (size_t)snprintf(line + len, sizeof(line) - len, ".%03ld %-5s ",
					now.tv_nsec / 1000000, level_name[level]);
	}
	va_start(args, fmt);
	vsnprintf(line + len, sizeof(line) - len - 1, fmt, args);
	va_end(args);
	len = strlen(line);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; // nobody left to tell
}
