// SPDX-License-Identifier: BSD-3-Clause
// Hand-made BGP messages for tests, in buffers of exactly their size: a
// sanitizer sees the first byte too many.
#pragma once

#include "dataplane/bgp/update.h"
#include "tests/unit/mrt_make.h"

struct exact {
	uint8_t *data;
	size_t len;
};

static inline struct exact exact_of(const char *hex)
{
	struct bytes b = {.len = 0};
	struct exact e;

	put_hex(&b, hex);
	e.data = malloc(b.len ? b.len : 1);
	memcpy(e.data, b.data, b.len);
	e.len = b.len;
	return e;
}

#define MARKER "ffffffffffffffffffffffffffffffff"
