// SPDX-License-Identifier: BSD-3-Clause
// Times as people give them to --from and --to.
#pragma once

#include "dataplane/base/compiler.h"

// "2026-01-31", "2026-01-31T16:00", "2026-01-31 16:00:59Z" (all UTC), or seconds
// since 1970. -EINVAL for anything else.
int when_parse(const char *text, uint32_t *time_s) must_check;
