// SPDX-License-Identifier: BSD-3-Clause
// From a record of an MRT file to what it does to a table. One thread; memory
// grows with the number of peers alone.
#pragma once

#include "dataplane/bgp/mrt.h"
#include "dataplane/ctl/mrt_file.h"
#include "dataplane/ctl/replay.h"

struct replay_reader;

// false: no more is wanted.
typedef bool replay_item_fn(void *arg, const struct replay_item *item);

struct replay_reader *replay_reader_new(void) must_check; // NULL: ENOMEM
void replay_reader_free(struct replay_reader *reader);

// Before the first record of a file: whose peer table and conf are meant.
void replay_reader_start(struct replay_reader *reader, const struct conf_mrt *conf);
// Calls fn for every change, in order. Figures and the first error go to result.
// false: fn said so, or memory is out (result->code).
bool replay_reader_record(struct replay_reader *reader, const struct mrt_file_record *rec,
			  replay_item_fn *fn, void *arg, struct replay_result *result) must_check;
// Must this record wait for its time? Those of tables need not.
bool replay_is_timed(const struct mrt_hdr *hdr);
