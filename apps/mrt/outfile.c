// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/outfile.h"

#include "apps/mrt/digits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Larger ones leave the cache and gain nothing.
enum { BUF_LEN = 256 << 10 };

int outfile_open(struct outfile *out, const char *path, struct err *err)
{
	*out = (struct outfile){.path = path, .fd = STDOUT_FILENO};
	digits_init();
	out->buf = malloc(BUF_LEN + OUTFILE_LINE_MAX);
	if (!out->buf)
		return err_set(err, ENOMEM, "%s: out of memory", path);
	out->at = out->buf;
	out->full = out->buf + BUF_LEN;
	if (strcmp(path, "-") == 0)
		return 0;
	out->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out->fd >= 0)
		return 0;
	free(out->buf);
	out->buf = NULL;
	return err_set(err, errno, "%s: cannot write: %s", path, strerror(errno));
}

void outfile_flush(struct outfile *out)
{
	const char *p = out->buf;

	while (p < out->at && !out->code) {
		ssize_t n = write(out->fd, p, (size_t)(out->at - p));

		if (n >= 0)
			p += n;
		else if (errno != EINTR)
			out->code = -errno;
	}
	out->at = out->buf;
}

int outfile_close(struct outfile *out, struct err *err)
{
	if (!out->buf)
		return 0;
	outfile_flush(out);
	if (out->fd != STDOUT_FILENO && close(out->fd) < 0 && !out->code)
		out->code = -errno;
	free(out->buf);
	out->buf = NULL;
	if (out->code)
		return err_set(err, -out->code, "%s: cannot write: %s",
			       strcmp(out->path, "-") ? out->path : "standard output",
			       strerror(-out->code));
	return 0;
}
