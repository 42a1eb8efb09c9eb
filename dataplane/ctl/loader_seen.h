// SPDX-License-Identifier: BSD-3-Clause
// Which prefixes a load brought: 18 bytes each, to be sorted and compared with
// those of the load before. One thread.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/prefix.h"

struct seen;

struct seen *seen_new(void) must_check;
void seen_free(struct seen *seen);
int seen_add(struct seen *seen, const struct prefix *prefix) must_check; // -ENOMEM
void seen_sort(struct seen *seen);
size_t seen_count(const struct seen *seen);

// Adds all of from (NULL: nothing); what finds no memory is not remembered, and
// so will not be withdrawn by a later load.
void seen_merge(struct seen *seen, const struct seen *from);

// Calls fn for what is in a (NULL: empty) and not in b, until it returns false.
// b is sorted; a becomes so.
typedef bool seen_fn(const struct prefix *prefix, void *arg);
void seen_difference(struct seen *a, const struct seen *b, seen_fn *fn, void *arg);
