// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/eal_log.h"

#include "dataplane/base/log.h"

#include <rte_log.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last[256], copy[256];
static FILE *stream;

static void line_log(int level, const char *text, size_t len)
{
	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	if (len == 0)
		return;
	if (level <= (int)RTE_LOG_ERR) {
		pthread_mutex_lock(&lock);
		snprintf(last, sizeof(last), "%.*s", (int)len, text);
		pthread_mutex_unlock(&lock);
	}
	log_write(level <= (int)RTE_LOG_ERR ? LOG_WARN : LOG_DEBUG, "dpdk: %.*s", (int)len, text);
}

// fopencookie(3): called for each line, while DPDK still knows its level.
static ssize_t write_lines(void *cookie, const char *buf, size_t len)
{
	int level = rte_log_cur_msg_loglevel();

	(void)cookie;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(buf + at, '\n', len - at);
		size_t n = end ? (size_t)(end - buf) + 1 - at : len - at;

		line_log(level, buf + at, n);
		at += n;
	}
	return (ssize_t)len;
}

void eal_log_open(void)
{
	cookie_io_functions_t io = {.write = write_lines};

	stream = fopencookie(NULL, "w", io);
	if (!stream)
		return; // DPDK's lines go to stderr as they are
	setvbuf(stream, NULL, _IOLBF, BUFSIZ);
	rte_openlog_stream(stream);
}

void eal_log_close(void)
{
	if (!stream)
		return;
	rte_openlog_stream(NULL);
	fclose(stream);
	stream = NULL;
}

const char *eal_log_last(void)
{
	pthread_mutex_lock(&lock);
	memcpy(copy, last, sizeof(copy));
	pthread_mutex_unlock(&lock);
	return copy;
}
