// SPDX-License-Identifier: BSD-3-Clause
// Text on its way out: a large buffer, emptied by write(2).
//
//	char *p = outfile_room(&out);
//	p = digits_u32(p, 65001);
//	*p++ = '\n';
//	out.at = p;
//
// The first error stays, what comes behind it is thrown away: ask outfile_close(),
// or out.code now and then, and stop early.
#pragma once

#include "dataplane/base/err.h"

// What an event can become at most: 65,535 bytes of attributes, each of them an
// unknown one without a value, as JSON.
enum { OUTFILE_LINE_MAX = 2 << 20 };

struct outfile {
	char *at;   // the next byte
	char *full; // from here on it is time to write
	char *buf;
	const char *path;
	int fd;
	int code; // 0, or -errno of the first write that failed
};

// path "-": standard output. Also makes apps/mrt/digits.h ready.
int outfile_open(struct outfile *out, const char *path, struct err *err) must_check;
// 0, or -errno with err. -EPIPE: who read has left, which is no error of ours.
int outfile_close(struct outfile *out, struct err *err) must_check;

void outfile_flush(struct outfile *out);

// Where OUTFILE_LINE_MAX bytes may be written.
static inline char *outfile_room(struct outfile *out)
{
	if (unlikely(out->at >= out->full))
		outfile_flush(out);
	return out->at;
}
