// SPDX-License-Identifier: BSD-3-Clause
// The loader: a helper thread that reads MRT dumps beside forwarding.
//
// Control gives it jobs and takes finished batches, a pointer each; neither waits
// for the other longer than a list operation. The loader remembers what it gave
// for each table, so that loading again withdraws what is no longer in the file;
// a file that cannot be read (or not to its end) withdraws nothing.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"
#include "dataplane/ctl/config.h"

struct loader;

enum { LOADER_BATCH = 2048 };

// Which local gateway a route goes to: an index of conf_mrt.map, or one of the
// defaults behind it.
struct loader_item {
	struct prefix prefix;
	uint16_t gateway; // 0..n_map-1: map[]; n_map: default4; n_map + 1: default6
	bool is_withdrawn;
};

struct loader_result {
	bool is_done; // the last batch of a job; the figures below are final
	int code;     // errno if the file could not be read at all
	char file[CONF_PATH_MAX];
	char error[512]; // what went wrong, with offset; empty: nothing
	double seconds;
	uint64_t n_records, n_routes4, n_routes6, n_withdrawn;
	uint64_t n_bad_records, n_bad_entries, n_damages;
	uint64_t n_no_gateway; // routes that no rule maps to a gateway
};

struct loader_batch {
	unsigned table;
	unsigned n;
	struct loader_item item[LOADER_BATCH];
	struct loader_result result;
};

struct loader_progress {
	bool is_busy;
	char file[CONF_PATH_MAX];
	uint64_t pos, size; // bytes of the file, size 0: a pipe
	uint64_t n_routes;
	double seconds;
	unsigned n_jobs; // waiting
};

struct loader *loader_new(struct err *err) must_check;
void loader_free(struct loader *loader); // ends a running job

// Load conf->file into conf->table (a copy of conf is taken); a NULL conf->file
// text ("") withdraws what was loaded into the table.
int loader_load(struct loader *loader, const struct conf_mrt *conf) must_check;
// The next finished batch, NULL if there is none now; loader_put() gives it back.
struct loader_batch *loader_take(struct loader *loader);
void loader_put(struct loader *loader, struct loader_batch *batch);
void loader_progress_get(struct loader *loader, struct loader_progress *progress);
