// SPDX-License-Identifier: BSD-3-Clause
// Texts put together piece by piece in a buffer that may be too short.
#pragma once

#include "dataplane/base/compiler.h"

// Writes at text + at and returns where the end is; past len nothing is written
// (and the result is past len, too). Text stays ended by a NUL.
size_t text_append(char *text, size_t len, size_t at, const char *fmt, ...) format_fn(4, 5);
