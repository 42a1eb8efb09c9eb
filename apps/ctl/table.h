// SPDX-License-Identifier: BSD-3-Clause
// Rows of JSON as an aligned table, page by page, led by column hints of the
// daemon (dataplane/ctl/cmd.h).
#pragma once

#include "dataplane/base/compiler.h"

#include <jansson.h>
#include <stdio.h>

struct table;

// columns: the hints; NULL or empty: the members of the first row, as they come.
struct table *table_new(FILE *out, const json_t *columns) must_check;
void table_free(struct table *table);

// Before rows: counters are shown as growth a second since those rows (matched by
// their first column). before must outlive the table.
void table_rates(struct table *table, const json_t *before, double seconds);
// One page. Columns are as wide as the widest cell so far.
void table_rows(struct table *table, const json_t *rows);

// Anything that is no list of rows: "key: value" lines, or the text itself.
void table_object(FILE *out, const json_t *data);
