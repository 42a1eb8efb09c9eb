// SPDX-License-Identifier: BSD-3-Clause
// A file as the bytes that were meant: raw, gzip, bzip2, xz or zstd, told apart
// by content and never by name; several members in a row are one stream.
//
// For one thread. What is compressed is decompressed by threads of its own while
// the caller works on what came before; bzip2 by one for each core. Memory is
// constant: 3 MB, for bzip2 6 MB a core, and what the format itself asks for
// (xz and zstd up to 128 MB). Raw files are read by the caller's thread, in
// blocks: mapping them saves 12 % of the reading (5.3 against 6.1 GB/s), and
// would end the process when a file becomes shorter while it is read.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"
#include "dataplane/ctl/block.h"

#include <sys/types.h>

struct unpack;

enum unpack_format {
	UNPACK_RAW,
	UNPACK_GZIP,
	UNPACK_BZIP2,
	UNPACK_XZ,
	UNPACK_ZSTD,
	UNPACK_N_FORMATS,
};

// path "-" is standard input.
struct unpack *unpack_open(const char *path, struct err *err) must_check;
// The same with at most so many threads for bzip2; 0: none, all by the caller's.
struct unpack *unpack_open_threads(const char *path, unsigned n_threads,
				   struct err *err) must_check;
void unpack_close(struct unpack *src);

// The next stretch of bytes: 1, 0 at the end, -errno with err (file, offset, what
// is wrong) when the file cannot be read or its compression is truncated or
// damaged. Everything before the fault has been delivered by then. A block goes
// back by unpack_put(); two may be out.
int unpack_take(struct unpack *src, struct block **block, struct err *err) must_check;
void unpack_put(struct unpack *src, struct block *block);

// The same by copying: up to len bytes, 0 at the end, -errno.
ssize_t unpack_read(struct unpack *src, void *data, size_t len, struct err *err) must_check;

enum unpack_format unpack_format(const struct unpack *src);
const char *unpack_format_name(enum unpack_format format);
// Bytes of the file consumed so far and its size (0 when unknown: a pipe).
uint64_t unpack_pos(const struct unpack *src);
uint64_t unpack_size(const struct unpack *src);
