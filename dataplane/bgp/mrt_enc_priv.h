// SPDX-License-Identifier: BSD-3-Clause
// How mrt_enc*.c put bytes: into the buffer while it lasts, counted always.
#pragma once

#include "dataplane/bgp/mrt_enc.h"

#include <string.h>

// data NULL: zeros.
static inline void enc_put(struct mrt_enc *enc, const void *data, size_t len)
{
	if (enc->len <= enc->size && len <= enc->size - enc->len) {
		if (data && len)
			memcpy(enc->buf + enc->len, data, len);
		else if (len)
			memset(enc->buf + enc->len, 0, len);
	}
	enc->len += len;
}

static inline void enc_put8(struct mrt_enc *enc, unsigned value)
{
	enc_put(enc, &(uint8_t){(uint8_t)value}, 1);
}

static inline void enc_put16(struct mrt_enc *enc, uint16_t value)
{
	uint8_t be[2];

	wire_put16(be, value);
	enc_put(enc, be, sizeof(be));
}

static inline void enc_put32(struct mrt_enc *enc, uint32_t value)
{
	uint8_t be[4];

	wire_put32(be, value);
	enc_put(enc, be, sizeof(be));
}

static inline void enc_put_as(struct mrt_enc *enc, uint32_t asn, unsigned as_bytes)
{
	if (as_bytes == 4) {
		enc_put32(enc, asn);
		return;
	}
	enc->is_overfull |= asn > UINT16_MAX;
	enc_put16(enc, (uint16_t)asn);
}

static inline void enc_put_prefix(struct mrt_enc *enc, const struct bgp_prefix *prefix,
				  uint8_t family)
{
	if (prefix->family != family || prefix->len > (family == 4 ? 32 : 128)) {
		enc->is_overfull = true;
		return;
	}
	enc_put8(enc, prefix->len);
	enc_put(enc, prefix->bytes, (prefix->len + 7u) / 8);
}
