// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/out.h"

#include <string.h>

void out_put(struct out *out, const void *bytes, size_t len)
{
	if (out->len <= out->size && len <= out->size - out->len && len)
		memcpy(out->buf + out->len, bytes, len);
	out->len += len;
}

void out_put8(struct out *out, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	out_put(out, &byte, 1);
}

void out_put16(struct out *out, unsigned value)
{
	uint8_t bytes[2];

	wire_put16(bytes, (uint16_t)value);
	out_put(out, bytes, sizeof(bytes));
}

void out_put32(struct out *out, uint32_t value)
{
	uint8_t bytes[4];

	wire_put32(bytes, value);
	out_put(out, bytes, sizeof(bytes));
}

void out_insert(struct out *out, size_t at, const void *bytes, size_t n)
{
	size_t rest = out->len - at;

	out->len += n;
	if (out_is_full(out))
		return;
	memmove(out->buf + at + n, out->buf + at, rest);
	memcpy(out->buf + at, bytes, n);
}

void out_set8(struct out *out, size_t at, unsigned value)
{
	if (at < out->size)
		out->buf[at] = (uint8_t)value;
}

void out_set16(struct out *out, size_t at, unsigned value)
{
	if (at + 2 <= out->size)
		wire_put16(out->buf + at, (uint16_t)value);
}
