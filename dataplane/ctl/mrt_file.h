// SPDX-License-Identifier: BSD-3-Clause
// Reading an MRT dump of any size: raw or compressed by content (ctl/unpack.h),
// from a file or a pipe, in constant memory: what unpack takes, and as much as a
// record does while one is long.
//
// For one thread; mrt_file_next() may block on the disk. What is compressed is
// unpacked by other threads meanwhile. Damage never ends the
// reading while a plausible header can be found behind it:
//
//	struct mrt_file_record rec;
//	enum mrt_file_event event;
//
//	while ((event = mrt_file_next(file, &rec)) != MRT_FILE_END)
//		if (event == MRT_FILE_RECORD)
//			... rec.hdr, rec.body (valid until the next call)
//		else
//			log_warn("%s", rec.text); // counted, located, complete
#pragma once

#include "dataplane/base/err.h"
#include "dataplane/bgp/mrt.h"

enum mrt_file_event {
	MRT_FILE_END,
	MRT_FILE_RECORD,
	MRT_FILE_DAMAGE, // rec.skipped bytes (16 MB a call) at rec.offset belong to no record
	MRT_FILE_ERROR,	 // cut or unreadable from rec.offset on: END comes next
};

// Offsets count decompressed bytes from the start of the stream.
struct mrt_file_record {
	struct mrt_hdr hdr;
	const uint8_t *body;
	uint64_t offset;  // of the header
	uint64_t number;  // of the record, from 1
	uint64_t skipped; // MRT_FILE_DAMAGE
	char text[512];	  // MRT_FILE_DAMAGE, MRT_FILE_ERROR: a sentence for people
};

struct mrt_file;

// path "-" is standard input. NULL with err: no such file, not readable.
struct mrt_file *mrt_file_open(const char *path, struct err *err) must_check;
void mrt_file_close(struct mrt_file *file);

enum mrt_file_event mrt_file_next(struct mrt_file *file, struct mrt_file_record *rec) must_check;

struct mrt_file_stats {
	uint64_t pos, size; // bytes of the file, for progress; size 0: a pipe
	uint64_t n_bytes;   // decompressed so far
	uint64_t n_records;
	uint64_t n_damages, n_skipped_bytes;
	uint64_t n_errors;
	const char *format; // "raw", "gzip", "bzip2", "xz", "zstd"
};
void mrt_file_stats_get(const struct mrt_file *file, struct mrt_file_stats *stats);
