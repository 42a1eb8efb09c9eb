// SPDX-License-Identifier: BSD-3-Clause
// A file as the bytes that were meant: raw, gzip or bzip2, told apart by
// content and never by name; several members in a row are one stream.
//
// One thread. Reading may block. Memory is constant (under 5 MB for bzip2).
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

#include <sys/types.h>

struct unpack;

enum unpack_format { UNPACK_RAW, UNPACK_GZIP, UNPACK_BZIP2 };

// path "-" is standard input.
struct unpack *unpack_open(const char *path, struct err *err) must_check;
void unpack_close(struct unpack *src);

// Up to len bytes; 0 at the end; -errno with err (file, offset, what is wrong)
// when the file cannot be read or its compression is truncated or damaged.
// Everything before the fault has been delivered by then.
ssize_t unpack_read(struct unpack *src, void *data, size_t len, struct err *err) must_check;

enum unpack_format unpack_format(const struct unpack *src);
const char *unpack_format_name(enum unpack_format format);
// Bytes of the file consumed so far and its size (0 when unknown: a pipe).
uint64_t unpack_pos(const struct unpack *src);
uint64_t unpack_size(const struct unpack *src);
