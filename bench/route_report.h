// SPDX-License-Identifier: BSD-3-Clause
// What route_bench found: a JSON object a line on stdout as it comes, and at the end
// an aligned table on stderr.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

enum report_kind { REPORT_LOOKUP, REPORT_LOAD, REPORT_UPDATE };

// Names are borrowed. Nanoseconds are of a lookup, a route, or a pair of changes.
struct report_row {
	enum report_kind kind;
	const char *bench, *engine;
	bool is_peer;
	double ns, p10, p90, p99, p999;
	uint64_t bytes, n;
	uint64_t wrong;
};

// Ratios follow at once: peers against each of ours that has a row of this bench.
void report_add(const struct report_row *row);
void report_table(void);
