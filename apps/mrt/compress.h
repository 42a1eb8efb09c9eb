// SPDX-License-Identifier: BSD-3-Clause
// One piece of data as one compressed stream, by any of the libraries. Pure: any
// number of threads.
#pragma once

#include "apps/mrt/recfile.h"

// *packed is malloc'ed. -ENOMEM, -EINVAL (level).
int compress_part(enum recfile_format format, int level, const uint8_t *data, size_t len,
		  uint8_t **packed, size_t *packed_len) must_check;
// Levels a format has; false: none.
bool compress_levels(enum recfile_format format, int *lowest, int *highest);
