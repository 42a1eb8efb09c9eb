// SPDX-License-Identifier: BSD-3-Clause
// What the parts of unpack share: the file, the decompressors, the threads.
#pragma once

#include "dataplane/ctl/unpack.h"

#include <bzlib.h>
#include <lzma.h>
#include <stdatomic.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { IN_LEN = 256 << 10, SNIFF_LEN = 10 };

// The file as it lies there. One thread at a time; size, name and stop_fd are
// written before there is a second one.
struct source {
	int fd, stop_fd; // stop_fd: readable when reading shall end; -1 for files
	char name[256];
	bool at_eof;
	uint64_t size;
	_Atomic uint64_t n_in; // read so far
	size_t at, len;	       // unread part of in
	uint8_t in[IN_LEN];
};

int source_open(struct source *s, const char *path, struct err *err) must_check;
void source_close(struct source *s);
void source_stop(struct source *s); // a reader that waits gives up
// Makes more of `in` unread: 0 (perhaps at_eof), -errno.
int source_refill(struct source *s, struct err *err) must_check;
ssize_t source_read(struct source *s, void *data, size_t len, struct err *err) must_check;
uint64_t source_pos(const struct source *s);
// "file: byte 12 of the file: what"; returns -EBADMSG.
int source_fail(const struct source *s, struct err *err, const char *what);

enum unpack_format unpack_sniff(const uint8_t *p, size_t len);

enum step { STEP_MORE, STEP_MEMBER_END, STEP_DAMAGED, STEP_NO_MEMORY, STEP_TOO_LARGE };

struct codec {
	enum unpack_format format;
	bool is_open;
	union {
		z_stream z;
		bz_stream bz;
		lzma_stream xz;
		ZSTD_DCtx *zstd;
	};
};

int codec_open(struct codec *c) must_check; // of its format: 0, -ENOMEM
void codec_close(struct codec *c);
// Consumes from in, produces into out; both lengths become what was used.
enum step codec_step(struct codec *c, const uint8_t *in, size_t *in_len, uint8_t *out,
		     size_t *out_len);

// A thread that no signal disturbs: 0, -errno.
int unpack_thread(pthread_t *thread, const char *name, void *(*main)(void *), void *arg) must_check;

// Several cores on one bzip2 file (bunzip.h).
struct bunzip;
struct bunzip *bunzip_new(struct source *source, unsigned n_threads) must_check;
void bunzip_free(struct bunzip *bz);
int bunzip_take(struct bunzip *bz, struct block **block, struct err *err) must_check;
