// SPDX-License-Identifier: BSD-3-Clause
// The file under unpack: opened, read, located.
#include "dataplane/ctl/unpack_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

int source_open(struct source *s, const char *path, struct err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct stat st;

	s->stop_fd = -1;
	strncpy(s->name, is_stdin ? "standard input" : path, sizeof(s->name) - 1);
	s->fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return err_set(err, errno, "%s: cannot open: %s", s->name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, EISDIR, "%s: is a folder, not a file", s->name);
	if (S_ISREG(st.st_mode)) {
		s->size = (uint64_t)st.st_size;
		posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
		return 0;
	}
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (s->stop_fd < 0)
		return err_set(err, errno, "%s: no eventfd: %s", s->name, strerror(errno));
	return 0;
}

void source_close(struct source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
}

void source_stop(struct source *s)
{
	uint64_t one = 1;

	if (s->stop_fd >= 0 && write(s->stop_fd, &one, sizeof(one)) < 0)
		return; // cannot be: the counter is far from its end
}

// A pipe may stay silent for ever: waits for it or for source_stop().
static bool is_stopped(const struct source *s)
{
	struct pollfd fds[] = {{s->fd, POLLIN, 0}, {s->stop_fd, POLLIN, 0}};

	if (s->stop_fd < 0)
		return false;
	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return fds[1].revents != 0;
}

ssize_t source_read(struct source *s, void *data, size_t len, struct err *err)
{
	ssize_t got;

	if (is_stopped(s))
		return err_set(err, ECANCELED, "%s: not read to its end", s->name);
	do
		got = read(s->fd, data, len);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(err, errno, "%s: cannot read at byte %" PRIu64 ": %s", s->name,
			       (uint64_t)s->n_in, strerror(errno));
	s->at_eof = got == 0;
	s->n_in += (uint64_t)got;
	return got;
}

int source_refill(struct source *s, struct err *err)
{
	ssize_t got;

	memmove(s->in, s->in + s->at, s->len - s->at);
	s->len -= s->at;
	s->at = 0;
	got = source_read(s, s->in + s->len, sizeof(s->in) - s->len, err);
	if (got < 0)
		return (int)got;
	s->len += (size_t)got;
	return 0;
}

uint64_t source_pos(const struct source *s)
{
	return s->n_in - (s->len - s->at);
}

int source_fail(const struct source *s, struct err *err, const char *what)
{
	return err_set(err, EBADMSG, "%s: byte %" PRIu64 " of the file: %s", s->name, source_pos(s),
		       what);
}

int unpack_thread(pthread_t *thread, const char *name, void *(*main)(void *), void *arg)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(thread, NULL, main, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!code)
		pthread_setname_np(*thread, name);
	return -code;
}
