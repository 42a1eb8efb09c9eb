// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/unpack.h"

#include <bzlib.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { IN_LEN = 64 << 10, SNIFF_LEN = 10 };

enum step { STEP_MORE, STEP_MEMBER_END, STEP_DAMAGED, STEP_NO_MEMORY };

struct unpack {
	int fd;
	char name[256];
	enum unpack_format format;
	bool is_open_stream;  // z or bz is initialised
	bool is_at_boundary;  // between members: the file may end here
	bool at_eof;	      // of the file
	uint64_t size, n_in;  // bytes of the file: all, and read so far
	size_t in_at, in_len; // unread part of in
	union {
		z_stream z;
		bz_stream bz;
	};
	uint8_t in[IN_LEN];
};

enum unpack_format unpack_format(const struct unpack *src)
{
	return src->format;
}

const char *unpack_format_name(enum unpack_format format)
{
	static const char *const name[] = {"raw", "gzip", "bzip2"};

	return name[format];
}

uint64_t unpack_pos(const struct unpack *src)
{
	return src->n_in - (src->in_len - src->in_at);
}

uint64_t unpack_size(const struct unpack *src)
{
	return src->size;
}

// Reads up to len bytes of the file; 0 at its end.
static ssize_t file_read(struct unpack *src, void *data, size_t len, struct err *err)
{
	ssize_t got;

	do
		got = read(src->fd, data, len);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(err, errno, "%s: cannot read at byte %" PRIu64 ": %s", src->name,
			       src->n_in, strerror(errno));
	src->at_eof = got == 0;
	src->n_in += (uint64_t)got;
	return got;
}

static int refill(struct unpack *src, struct err *err)
{
	ssize_t got;

	memmove(src->in, src->in + src->in_at, src->in_len - src->in_at);
	src->in_len -= src->in_at;
	src->in_at = 0;
	got = file_read(src, src->in + src->in_len, sizeof(src->in) - src->in_len, err);
	if (got < 0)
		return (int)got;
	src->in_len += (size_t)got;
	return 0;
}

// The magic of bzip2 alone is also the time of an MRT record of 11 April 2005:
// what follows it must be a block's or an empty stream's magic too.
static enum unpack_format sniff(const uint8_t *p, size_t len)
{
	if (len >= 3 && memcmp(p, "\x1f\x8b\x08", 3) == 0)
		return UNPACK_GZIP;
	if (len >= SNIFF_LEN && memcmp(p, "BZh", 3) == 0 && p[3] >= '1' && p[3] <= '9' &&
	    (memcmp(p + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
	     memcmp(p + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0))
		return UNPACK_BZIP2;
	return UNPACK_RAW;
}

static int stream_open(struct unpack *src)
{
	int ok = 0;

	if (src->format == UNPACK_GZIP) {
		memset(&src->z, 0, sizeof(src->z));
		ok = inflateInit2(&src->z, MAX_WBITS + 16) == Z_OK; // 16: gzip framing
	} else if (src->format == UNPACK_BZIP2) {
		memset(&src->bz, 0, sizeof(src->bz));
		ok = BZ2_bzDecompressInit(&src->bz, 0, 0) == BZ_OK;
	}
	src->is_open_stream = ok;
	return ok ? 0 : -ENOMEM;
}

static void stream_close(struct unpack *src)
{
	if (!src->is_open_stream)
		return;
	if (src->format == UNPACK_GZIP)
		inflateEnd(&src->z);
	else
		BZ2_bzDecompressEnd(&src->bz);
	src->is_open_stream = false;
}

static int file_open(struct unpack *src, const char *path, struct err *err)
{
	struct stat st;

	if (strcmp(path, "-") == 0) {
		src->fd = dup(STDIN_FILENO);
		strcpy(src->name, "standard input");
	} else {
		src->fd = open(path, O_RDONLY | O_CLOEXEC);
		strncpy(src->name, path, sizeof(src->name) - 1);
	}
	if (src->fd < 0 || fstat(src->fd, &st) < 0)
		return err_set(err, errno, "%s: cannot open: %s", src->name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, EISDIR, "%s: is a folder, not a file", src->name);
	src->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return 0;
}

struct unpack *unpack_open(const char *path, struct err *err)
{
	struct unpack *src = calloc(1, sizeof(*src));
	int code = -ENOMEM;

	if (!src)
		goto fail;
	code = file_open(src, path, err);
	while (!code && !src->at_eof && src->in_len < SNIFF_LEN)
		code = refill(src, err);
	if (code)
		goto fail;
	src->format = sniff(src->in, src->in_len);
	if (src->format != UNPACK_RAW)
		code = stream_open(src);
	if (!code)
		return src;
fail:
	err_set(err, -code, "%s: out of memory", path);
	unpack_close(src);
	return err_null(-code);
}

void unpack_close(struct unpack *src)
{
	if (!src)
		return;
	stream_close(src);
	if (src->fd >= 0)
		close(src->fd);
	free(src);
}

static enum step gzip_step(struct unpack *src, uint8_t *data, size_t *len)
{
	int code;

	src->z.next_in = src->in + src->in_at;
	src->z.avail_in = (uInt)(src->in_len - src->in_at);
	src->z.next_out = data;
	src->z.avail_out = (uInt)*len;
	code = inflate(&src->z, Z_NO_FLUSH);
	src->in_at = src->in_len - src->z.avail_in;
	*len -= src->z.avail_out;
	if (code == Z_STREAM_END)
		return STEP_MEMBER_END;
	if (code == Z_MEM_ERROR)
		return STEP_NO_MEMORY;
	return code == Z_OK || code == Z_BUF_ERROR ? STEP_MORE : STEP_DAMAGED;
}

static enum step bzip2_step(struct unpack *src, uint8_t *data, size_t *len)
{
	int code;

	src->bz.next_in = (char *)src->in + src->in_at;
	src->bz.avail_in = (unsigned)(src->in_len - src->in_at);
	src->bz.next_out = (char *)data;
	src->bz.avail_out = (unsigned)*len;
	code = BZ2_bzDecompress(&src->bz);
	src->in_at = src->in_len - src->bz.avail_in;
	*len -= src->bz.avail_out;
	if (code == BZ_STREAM_END)
		return STEP_MEMBER_END;
	if (code == BZ_MEM_ERROR)
		return STEP_NO_MEMORY;
	return code == BZ_OK ? STEP_MORE : STEP_DAMAGED;
}

static int fail(const struct unpack *src, struct err *err, const char *what)
{
	return err_set(err, EBADMSG, "%s: byte %" PRIu64 " of the file: %s", src->name,
		       unpack_pos(src), what);
}

// Tapes and some tools pad with zeros behind the last member.
static bool is_padding(const struct unpack *src)
{
	for (size_t i = src->in_at; i < src->in_len; i++)
		if (src->in[i])
			return false;
	return true;
}

// Between two members. 1: another one begins; 0: the file ends here.
static int member_next(struct unpack *src, struct err *err)
{
	while (!src->at_eof && src->in_len - src->in_at < SNIFF_LEN) {
		int code = refill(src, err);

		if (code)
			return code;
	}
	if (sniff(src->in + src->in_at, src->in_len - src->in_at) == src->format) {
		stream_close(src);
		src->is_at_boundary = false;
		return stream_open(src) ? err_set(err, ENOMEM, "%s: out of memory", src->name) : 1;
	}
	if (!is_padding(src))
		return fail(src, err, "bytes behind the compressed data that are none");
	if (src->at_eof)
		return 0;
	src->in_at = src->in_len;
	return member_next(src, err);
}

static ssize_t raw_read(struct unpack *src, void *data, size_t len, struct err *err)
{
	size_t left = src->in_len - src->in_at;

	if (left == 0)
		return file_read(src, data, len, err);
	if (len > left)
		len = left;
	memcpy(data, src->in + src->in_at, len);
	src->in_at += len;
	return (ssize_t)len;
}

// One step of the decompressor: 0 with *len bytes made (perhaps none).
static int step(struct unpack *src, uint8_t *data, size_t *len, struct err *err)
{
	enum step got =
		src->format == UNPACK_GZIP ? gzip_step(src, data, len) : bzip2_step(src, data, len);

	if (got == STEP_MEMBER_END)
		src->is_at_boundary = true;
	if (got == STEP_NO_MEMORY)
		return err_set(err, ENOMEM, "%s: out of memory", src->name);
	if (got == STEP_DAMAGED && *len == 0)
		return fail(src, err, "the compressed data are damaged");
	return 0;
}

ssize_t unpack_read(struct unpack *src, void *data, size_t len, struct err *err)
{
	if (len > INT32_MAX)
		len = INT32_MAX;
	if (src->format == UNPACK_RAW)
		return raw_read(src, data, len, err);
	for (;;) {
		size_t made = len;
		int code = src->is_at_boundary ? member_next(src, err) : 1;

		if (code <= 0)
			return code;
		code = step(src, data, &made, err);
		if (code)
			return code;
		if (made > 0)
			return (ssize_t)made;
		if (src->is_at_boundary || src->in_at < src->in_len)
			continue;
		code = refill(src, err);
		if (code)
			return code;
		if (src->at_eof)
			return fail(src, err, "the compressed data end too early");
	}
}
