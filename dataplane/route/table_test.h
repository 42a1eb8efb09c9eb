// SPDX-License-Identifier: BSD-3-Clause
// What tests and benches may do with a table, and nobody else should.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/table.h"

#include <stdbool.h>

// At most limit bytes for each of the table's four structures.
struct table *table_new_limited(struct nexthops *nexthops, size_t limit) must_check;
// By a name of simd.h: -EINVAL, -ENOTSUP where the machine has it not.
int table_engine_set(struct table *table, const char *name) must_check;
const char *table_engine_name(const struct table *table);
// Walks everything: slow.
bool table_sanity(const struct table *table);
