// SPDX-License-Identifier: BSD-3-Clause
// A dump read from begin to end: events for the caller; damage and what cannot
// be decoded counted, and told on stderr with its offset; progress on a terminal.
#pragma once

#include "apps/mrt/walk.h"
#include "dataplane/ctl/mrt_file.h"

enum { INPUT_TOLD_MAX = 20 };

struct input {
	// Set by the caller; zero is a good start.
	const char *path; // "-": standard input
	event_fn fn;	  // NULL: no events are wanted
	// Of every record, in front of its events; false: they are not wanted.
	bool (*record_fn)(void *arg, const struct mrt_file_record *rec);
	// A peer table has come.
	void (*peers_fn)(void *arg, const struct mrt_peer *peer, unsigned n);
	void *arg;
	const int *stop; // nothing more is wanted once this is not 0
	bool is_quiet;	 // errors are counted alone

	// What was found.
	struct mrt_file_stats file;
	double seconds;
	uint64_t n_events;
	uint64_t n_bad_records; // nothing of them could be read
	uint64_t n_bad_routes;	// records of which something could not be read
	uint64_t n_faults[FAULT_N_CODES];
	unsigned n_told;
	struct walk *walk;
};

// 0, or -errno with err: no such file, out of memory.
int input_read(struct input *in, struct err *err) must_check;
// To be told of the record at work: for what the caller finds wrong in an event.
void input_fault(struct input *in, const struct mrt_file_record *rec, const struct fault *fault);
// The path, or "standard input".
const char *input_name(const char *path);
// Exit status: 0 clean, 1 something is wrong, 2 no record at all.
int input_status(const struct input *in);
