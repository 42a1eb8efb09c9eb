// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/recfile.h"

#include "apps/mrt/compress.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART = 4 << 20 };

// A part of the file: filled by the caller, compressed by a thread, written in
// order by the caller.
struct part {
	enum { PART_FREE, PART_FULL, PART_DONE } state;
	uint8_t *data, *packed;
	size_t len, size, packed_len;
	int code;
};

struct recfile {
	const char *path;
	char tmp[4096]; // renamed to path when complete
	int fd, level, code;
	enum recfile_format format;
	unsigned n_threads, n_parts;
	pthread_t thread[RECFILE_THREADS_MAX];
	struct part part[2 * RECFILE_THREADS_MAX + 1]; // a ring
	unsigned filling, writing;		       // of caller: which part is next
	unsigned packing;			       // of the threads, under the lock
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool quit;
};

static const struct {
	const char *name, *suffix;
} formats[] = {
	[RECFILE_RAW] = {"raw", ""},	   [RECFILE_GZIP] = {"gz", ".gz"},
	[RECFILE_BZIP2] = {"bz2", ".bz2"}, [RECFILE_XZ] = {"xz", ".xz"},
	[RECFILE_ZSTD] = {"zst", ".zst"},
};

int recfile_format_parse(const char *name, enum recfile_format *format)
{
	for (unsigned i = 0; i < ARRAY_LEN(formats); i++)
		if (strcmp(name, formats[i].name) == 0) {
			*format = (enum recfile_format)i;
			return 0;
		}
	return -EINVAL;
}

static enum recfile_format format_of(const char *path)
{
	size_t len = strlen(path);

	for (unsigned i = RECFILE_GZIP; i < ARRAY_LEN(formats); i++) {
		size_t n = strlen(formats[i].suffix);

		if (len > n && strcmp(path + len - n, formats[i].suffix) == 0)
			return (enum recfile_format)i;
	}
	return RECFILE_RAW;
}

bool recfile_is_same(const char *out, const char *in)
{
	struct stat a, b;

	if (strcmp(out, "-") == 0 || strcmp(in, "-") == 0)
		return false;
	return stat(out, &a) == 0 && stat(in, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static void part_pack(struct recfile *rf, struct part *part)
{
	part->code = compress_part(rf->format, rf->level, part->data, part->len, &part->packed,
				   &part->packed_len);
}

static void *thread_main(void *arg)
{
	struct recfile *rf = arg;

	pthread_mutex_lock(&rf->lock);
	for (;;) {
		struct part *part = &rf->part[rf->packing % rf->n_parts];

		if (part->state == PART_FULL) {
			rf->packing++;
			pthread_mutex_unlock(&rf->lock);
			part_pack(rf, part);
			pthread_mutex_lock(&rf->lock);
			part->state = PART_DONE;
			pthread_cond_broadcast(&rf->changed);
		} else if (rf->quit) {
			break;
		} else {
			pthread_cond_wait(&rf->changed, &rf->lock);
		}
	}
	pthread_mutex_unlock(&rf->lock);
	return NULL;
}

static int file_open(struct recfile *rf, struct err *err)
{
	int n;

	if (strcmp(rf->path, "-") == 0) {
		rf->fd = dup(STDOUT_FILENO);
	} else {
		n = snprintf(rf->tmp, sizeof(rf->tmp), "%s.%d.tmp", rf->path, getpid());
		if (n < 0 || (size_t)n >= sizeof(rf->tmp))
			return err_set(err, ENAMETOOLONG, "%.200s...: the name is too long",
				       rf->path);
		rf->fd = open(rf->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	if (rf->fd < 0)
		return err_set(err, errno, "%s: cannot write: %s", rf->path, strerror(errno));
	return 0;
}

static int threads_start(struct recfile *rf, unsigned n, struct err *err)
{
	pthread_mutex_init(&rf->lock, NULL);
	pthread_cond_init(&rf->changed, NULL);
	if (rf->format == RECFILE_RAW)
		return 0;
	for (; rf->n_threads < n; rf->n_threads++) {
		int rc = pthread_create(&rf->thread[rf->n_threads], NULL, thread_main, rf);

		if (rc)
			return err_set(err, rc, "cannot start a thread: %s", strerror(rc));
	}
	return 0;
}

static void file_free(struct recfile *rf)
{
	pthread_mutex_lock(&rf->lock);
	rf->quit = true;
	pthread_cond_broadcast(&rf->changed);
	pthread_mutex_unlock(&rf->lock);
	for (unsigned i = 0; i < rf->n_threads; i++)
		pthread_join(rf->thread[i], NULL);
	for (unsigned i = 0; i < ARRAY_LEN(rf->part); i++) {
		free(rf->part[i].data);
		free(rf->part[i].packed);
	}
	free(rf);
}

struct recfile *recfile_open(const char *path, enum recfile_format format, unsigned n_threads,
			     int level, struct err *err)
{
	struct recfile *rf = calloc(1, sizeof(*rf));

	if (!rf) {
		err_set(err, ENOMEM, "no memory");
		return err_null(ENOMEM);
	}
	n_threads = n_threads < 1 ? 1 : n_threads;
	if (n_threads > RECFILE_THREADS_MAX)
		n_threads = RECFILE_THREADS_MAX;
	rf->path = path;
	rf->level = level;
	rf->format = format == RECFILE_BY_NAME ? format_of(path) : format;
	rf->n_parts = 2 * n_threads + 1;
	if (file_open(rf, err) < 0) {
		free(rf);
		return err_null(err->code);
	}
	if (threads_start(rf, n_threads, err) < 0) {
		if (recfile_close(rf, false, NULL))
			return NULL;
		return err_null(err->code);
	}
	return rf;
}

static void fail(struct recfile *rf, int code)
{
	if (!rf->code)
		rf->code = -code;
}

static void bytes_write(struct recfile *rf, const uint8_t *data, size_t len)
{
	while (len && !rf->code) {
		ssize_t n = write(rf->fd, data, len);

		if (n < 0 && errno != EINTR)
			fail(rf, errno);
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
}

// Waits for the oldest part under way, writes it, and frees its place.
static void part_write(struct recfile *rf)
{
	struct part *part = &rf->part[rf->writing % rf->n_parts];

	pthread_mutex_lock(&rf->lock);
	while (part->state != PART_DONE)
		pthread_cond_wait(&rf->changed, &rf->lock);
	pthread_mutex_unlock(&rf->lock);
	if (part->code)
		fail(rf, -part->code);
	bytes_write(rf, part->packed, part->packed_len);
	free(part->packed);
	part->packed = NULL;
	part->len = 0;
	part->state = PART_FREE;
	rf->writing++;
}

// The part being filled is full: it goes to the threads, or straight out.
static void part_end(struct recfile *rf)
{
	struct part *part = &rf->part[rf->filling % rf->n_parts];

	if (rf->format == RECFILE_RAW) {
		bytes_write(rf, part->data, part->len);
		part->len = 0;
		return;
	}
	pthread_mutex_lock(&rf->lock);
	part->state = PART_FULL;
	pthread_cond_broadcast(&rf->changed);
	pthread_mutex_unlock(&rf->lock);
	if (++rf->filling - rf->writing == rf->n_parts)
		part_write(rf);
}

uint8_t *recfile_room(struct recfile *rf, size_t len)
{
	struct part *part = &rf->part[rf->filling % rf->n_parts];
	size_t size = part->len + len > PART ? part->len + len : PART;

	if (!rf->code && size > part->size) {
		uint8_t *bigger = realloc(part->data, size);

		if (!bigger)
			fail(rf, ENOMEM);
		else
			part->data = bigger;
		if (bigger)
			part->size = size;
	}
	return rf->code ? NULL : part->data + part->len;
}

void recfile_take(struct recfile *rf, size_t len)
{
	struct part *part = &rf->part[rf->filling % rf->n_parts];

	part->len += len;
	if (part->len >= PART)
		part_end(rf);
}

int recfile_code(const struct recfile *rf)
{
	return rf->code;
}

int recfile_close(struct recfile *rf, bool keep, struct err *err)
{
	const char *path = rf->path;
	int code;

	// an empty file is one empty part: no decompressor takes nothing for a file
	if (keep && recfile_room(rf, 0) &&
	    (rf->part[rf->filling % rf->n_parts].len || !rf->filling))
		part_end(rf);
	while (rf->format != RECFILE_RAW && rf->writing != rf->filling)
		part_write(rf);
	if (close(rf->fd) < 0)
		fail(rf, errno);
	if (rf->tmp[0] && (!keep || rf->code))
		unlink(rf->tmp);
	else if (rf->tmp[0] && rename(rf->tmp, path) < 0)
		fail(rf, errno);
	code = rf->code;
	file_free(rf);
	return keep && code ? err_set(err, -code, "%s: cannot write: %s", path, strerror(-code))
			    : 0;
}
