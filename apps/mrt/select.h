// SPDX-License-Identifier: BSD-3-Clause
// What filter and lookup share: events that a condition wants, written as text
// or as MRT.
#pragma once

#include "apps/mrt/input.h"
#include "apps/mrt/recfile.h"
#include "apps/mrt/rewrite.h"
#include "apps/mrt/text.h"
#include "apps/mrt/where.h"

struct select {
	// Set by the caller.
	struct where *where;
	bool (*wants_fn)(void *arg, const struct event *ev); // beside where; may be NULL
	// May the record be passed over unread? NULL: never.
	bool (*skip_fn)(void *arg, const struct mrt_file_record *rec);
	void *arg;
	struct text_style style;
	const char *text_path; // NULL: no text
	const char *mrt_path;  // NULL: no MRT
	unsigned n_threads;
	bool is_quiet;

	uint64_t n_events, n_kept;

	struct outfile out;
	struct text text;
	struct recfile *to;
	struct rewrite *rewrite;
	struct walk *walk;
	struct input *input;
	uint64_t record, last_record; // whose first kept event has been written
	size_t n_record_events;
	int code; // not 0: no more is wanted
};

// Options that both have: -j -m -M -v -l -o -w -T -q. 1: it is none of them.
int select_option(struct select *s, int c, const char *value, struct err *err) must_check;
#define SELECT_OPTIONS "jmMvHlo:w:T:qh"
#define SELECT_OPTIONS_LONG                                                                        \
	{"json", 0, NULL, 'j'}, {"output", 1, NULL, 'o'}, {"write", 1, NULL, 'w'},                 \
		{"threads", 1, NULL, 'T'}, {"quiet", 0, NULL, 'q'}, {"help", 0, NULL, 'h'},        \
	{                                                                                          \
		NULL, 0, NULL, 0                                                                   \
	}
extern const char select_help[];

// Reads all files; the exit status: 0, 1 something is wrong with a file, 2.
int select_run(struct select *s, char **paths, int n);
