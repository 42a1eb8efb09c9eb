// SPDX-License-Identifier: BSD-3-Clause
// Writing into a caller's buffer of a given size, without a check per field.
//
// Nothing is written behind the buffer's end, but len goes on counting: what
// does not fit is asked once, at the end, and len then says how much it takes.
#pragma once

#include "dataplane/bgp/wire.h"

#include <stdbool.h>

struct out {
	uint8_t *buf;
	size_t size;
	size_t len;
};

static inline bool out_is_full(const struct out *out)
{
	return out->len > out->size;
}

void out_put8(struct out *out, unsigned value);
void out_put16(struct out *out, unsigned value);
void out_put32(struct out *out, uint32_t value);
void out_put(struct out *out, const void *bytes, size_t len);
// Puts n bytes in at an offset that was written before: the rest moves.
void out_insert(struct out *out, size_t at, const void *bytes, size_t n);
// Overwrite what was written before.
void out_set8(struct out *out, size_t at, unsigned value);
void out_set16(struct out *out, size_t at, unsigned value);
