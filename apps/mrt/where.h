// SPDX-License-Identifier: BSD-3-Clause
// Which events are wanted: a condition as people write it, judged event by event.
//
//	origin 701,702 and (sub 10.0.0.0/8 or community 65000:*) and not path "_3356_"
//
// One thread; memory as the text, nothing is allocated per event. The language
// is explained to users by where_help.
#pragma once

#include "apps/mrt/walk.h"
#include "dataplane/base/err.h"

struct where;

// NULL with err: what is wrong, where, and what is allowed. "" wants all.
struct where *where_new(const char *text, struct err *err) must_check;
void where_free(struct where *where);
bool where_matches(struct where *where, const struct event *ev);

extern const char where_help[];
