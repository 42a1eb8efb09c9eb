// SPDX-License-Identifier: BSD-3-Clause
// MRT records on their way to a file, raw or compressed.
//
// Compressed files are cut into parts of 4 MB that several threads compress, each
// a gzip member, bzip2 or xz stream or zstd frame of its own: what every reader
// takes for one stream. A file appears under its name when it is complete.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

#include <stdbool.h>

enum recfile_format {
	RECFILE_RAW,
	RECFILE_GZIP,
	RECFILE_BZIP2,
	RECFILE_XZ,
	RECFILE_ZSTD,
	RECFILE_BY_NAME, // .gz .bz2 .xz .zst, else raw
};

enum { RECFILE_THREADS_MAX = 64 };

struct recfile;

// -EINVAL: no such name.
int recfile_format_parse(const char *name, enum recfile_format *format) must_check;
// path "-": standard output. level 0: the library's own choice.
struct recfile *recfile_open(const char *path, enum recfile_format format, unsigned n_threads,
			     int level, struct err *err) must_check;
// Where a record of this many bytes goes; NULL: writing failed before, or ENOMEM.
// Valid until the next call. Only recfile_take() makes it part of the file.
uint8_t *recfile_room(struct recfile *rf, size_t len);
void recfile_take(struct recfile *rf, size_t len);
int recfile_code(const struct recfile *rf); // 0, or -errno of what failed first
// Without keep: as if it had never been opened.
int recfile_close(struct recfile *rf, bool keep, struct err *err) must_check;
// Would writing to out destroy this input?
bool recfile_is_same(const char *out, const char *in);
