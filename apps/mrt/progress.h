// SPDX-License-Identifier: BSD-3-Clause
// A line on a terminal that says how far long work is, how fast, how long still.
// Nothing is written when stderr is no terminal, or in the first two seconds.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

struct progress {
	const char *what; // "reading rib.gz"
	const char *unit; // of items, "routes"
	uint64_t start_ns, next_ns;
	bool is_terminal, is_shown;
};

void progress_start(struct progress *p, const char *what, const char *unit);
// done of total (0: unknown) decides percent and remaining time, items the rate.
// Cheap enough for every few thousand items.
void progress_step(struct progress *p, uint64_t done, uint64_t total, uint64_t items);
void progress_stop(struct progress *p);
// Seconds since the start.
double progress_seconds(const struct progress *p);
