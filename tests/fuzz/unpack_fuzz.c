// SPDX-License-Identifier: BSD-3-Clause
// A file of any bytes, unpacked by one thread and by three: what is sound comes
// out the same, and nobody hangs.
#include "dataplane/ctl/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A few hundred bytes may become 45 MB: this much is looked at.
enum { LEN_MAX = 1 << 20 };

struct result {
	uint8_t data[LEN_MAX];
	size_t len;
	int code; // 1: there was more
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static const char *file_of(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	check(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

static void unpack(const char *path, unsigned n_threads, struct result *r)
{
	struct err err = {.code = 0};
	struct unpack *src = unpack_open_threads(path, n_threads, &err);
	struct block *b;

	check(src);
	r->len = 0;
	while ((r->code = unpack_take(src, &b, &err)) > 0) {
		size_t n = b->len < LEN_MAX - r->len ? b->len : LEN_MAX - r->len;

		memcpy(r->data + r->len, b->data, n);
		r->len += n;
		unpack_put(src, b);
		if (r->len == LEN_MAX)
			break;
	}
	check(r->code >= 0 || (err.code == -r->code && err.text[0]));
	unpack_close(src);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct result one, many;
	const char *path = file_of(data, size);

	unpack(path, 0, &one);
	unpack(path, 3, &many);
	// One thread gives what several hold back: bytes of a block whose CRC is wrong.
	if (one.code == 0)
		check(many.code == 0 && many.len == one.len);
	if (one.code >= 0 && many.code >= 0)
		check(many.len == one.len && memcmp(one.data, many.data, one.len) == 0);
	return 0;
}
