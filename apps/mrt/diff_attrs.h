// SPDX-License-Identifier: BSD-3-Clause
// The attributes of two routes, compared by what they mean: how wide AS numbers
// are written, in which order attributes stand, and which shape MP_REACH_NLRI
// has makes no difference.
#pragma once

#include "apps/mrt/attrs.h"

enum { DIFF_TYPES = 256 };

struct diff_attrs {
	struct attrs a; // AS numbers of four bytes
	uint8_t bytes[65535 * 2];
};

// false: they cannot be read; they are then as they were written.
bool diff_attrs_read(struct diff_attrs *d, const uint8_t *bytes, size_t len, uint8_t as_bytes);

// Types that differ, ascending; returns how many.
unsigned diff_attrs_compare(const struct diff_attrs *a, const struct diff_attrs *b,
			    uint8_t types[DIFF_TYPES]);
// The value of a type: as in dump, or hex; "none". At most three times its length.
char *diff_attrs_text(char *p, const struct diff_attrs *d, uint8_t type);
