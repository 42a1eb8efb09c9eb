// SPDX-License-Identifier: BSD-3-Clause
// What tests and benches may do with a table, and nobody else should.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/route/table.h"

#include <stdbool.h>

// At most limit bytes for each of the table's four structures.
struct table *table_new_limited(struct nexthops *nexthops, size_t limit) must_check;
// Walks everything: slow.
bool table_sanity(const struct table *table);
