// SPDX-License-Identifier: BSD-3-Clause
// MRT records with some of their routes only.
//
// Routes are named by where they stand: the attributes of a table's route, the
// bytes of a prefix in an UPDATE. One thread.
#pragma once

#include "apps/mrt/recfile.h"
#include "apps/mrt/walk.h"
#include "dataplane/ctl/mrt_file.h"

struct rewrite;

struct rewrite *rewrite_new(struct recfile *to) must_check; // NULL: ENOMEM
void rewrite_free(struct rewrite *rw);

void rewrite_begin(struct rewrite *rw); // of a record
void rewrite_keep(struct rewrite *rw, const struct event *ev);
// Writes what is to be kept of the record, which had n_events. 0: nothing of it;
// 1; -errno.
int rewrite_end(struct rewrite *rw, const struct mrt_file_record *rec, size_t n_events) must_check;
// As it is.
int rewrite_copy(struct rewrite *rw, const struct mrt_file_record *rec) must_check;
