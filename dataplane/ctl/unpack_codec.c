// SPDX-License-Identifier: BSD-3-Clause
// One member of a compressed file, a step at a time, by each of the libraries.
#include "dataplane/ctl/unpack_priv.h"

#include <errno.h>
#include <string.h>

// xz -9 asks for 65 MB, zstd --ultra -22 for 128 MB.
enum { MEMORY_MAX = 160 << 20, ZSTD_WINDOW_LOG_MAX = 27 };

enum unpack_format unpack_sniff(const uint8_t *p, size_t len)
{
	if (len >= 3 && memcmp(p, "\x1f\x8b\x08", 3) == 0)
		return UNPACK_GZIP;
	// The magic of bzip2 alone is also the time of an MRT record of 11 April 2005:
	// what follows it must be a block's or an empty stream's magic too.
	if (len >= SNIFF_LEN && memcmp(p, "BZh", 3) == 0 && p[3] >= '1' && p[3] <= '9' &&
	    (memcmp(p + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
	     memcmp(p + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0))
		return UNPACK_BZIP2;
	if (len >= 6 && memcmp(p,
			       "\xfd"
			       "7zXZ\0",
			       6) == 0)
		return UNPACK_XZ;
	if (len >= 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0)
		return UNPACK_ZSTD;
	// A skippable frame, with which pzstd begins; in raw dumps of 2012 to 2020 this
	// is a time, but then the high byte of a type follows, and is 0.
	if (len >= 8 && (p[0] & 0xf0) == 0x50 && memcmp(p + 1, "\x2a\x4d\x18", 3) == 0 && p[4])
		return UNPACK_ZSTD;
	return UNPACK_RAW;
}

int codec_open(struct codec *c)
{
	switch (c->format) {
	case UNPACK_GZIP:
		memset(&c->z, 0, sizeof(c->z));
		c->is_open = inflateInit2(&c->z, MAX_WBITS + 16) == Z_OK; // 16: gzip framing
		break;
	case UNPACK_BZIP2:
		memset(&c->bz, 0, sizeof(c->bz));
		c->is_open = BZ2_bzDecompressInit(&c->bz, 0, 0) == BZ_OK;
		break;
	case UNPACK_XZ:
		c->xz = (lzma_stream)LZMA_STREAM_INIT;
		c->is_open = lzma_stream_decoder(&c->xz, MEMORY_MAX, 0) == LZMA_OK;
		break;
	case UNPACK_ZSTD:
		c->zstd = ZSTD_createDCtx();
		c->is_open = c->zstd != NULL;
		if (c->is_open)
			ZSTD_DCtx_setParameter(c->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
		break;
	default:
		break;
	}
	return c->is_open ? 0 : -ENOMEM;
}

void codec_close(struct codec *c)
{
	if (!c->is_open)
		return;
	if (c->format == UNPACK_GZIP)
		inflateEnd(&c->z);
	else if (c->format == UNPACK_BZIP2)
		BZ2_bzDecompressEnd(&c->bz);
	else if (c->format == UNPACK_XZ)
		lzma_end(&c->xz);
	else if (c->format == UNPACK_ZSTD)
		ZSTD_freeDCtx(c->zstd);
	c->is_open = false;
}

static enum step gzip_step(z_stream *z, const uint8_t *in, size_t *in_len, uint8_t *out,
			   size_t *out_len)
{
	int code;

	z->next_in = (Bytef *)(uintptr_t)in;
	z->avail_in = (uInt)*in_len;
	z->next_out = out;
	z->avail_out = (uInt)*out_len;
	code = inflate(z, Z_NO_FLUSH);
	*in_len -= z->avail_in;
	*out_len -= z->avail_out;
	if (code == Z_STREAM_END)
		return STEP_MEMBER_END;
	if (code == Z_MEM_ERROR)
		return STEP_NO_MEMORY;
	return code == Z_OK || code == Z_BUF_ERROR ? STEP_MORE : STEP_DAMAGED;
}

static enum step bzip2_step(bz_stream *bz, const uint8_t *in, size_t *in_len, uint8_t *out,
			    size_t *out_len)
{
	int code;

	bz->next_in = (char *)(uintptr_t)in;
	bz->avail_in = (unsigned)*in_len;
	bz->next_out = (char *)out;
	bz->avail_out = (unsigned)*out_len;
	code = BZ2_bzDecompress(bz);
	*in_len -= bz->avail_in;
	*out_len -= bz->avail_out;
	if (code == BZ_STREAM_END)
		return STEP_MEMBER_END;
	if (code == BZ_MEM_ERROR)
		return STEP_NO_MEMORY;
	return code == BZ_OK ? STEP_MORE : STEP_DAMAGED;
}

static enum step xz_step(lzma_stream *xz, const uint8_t *in, size_t *in_len, uint8_t *out,
			 size_t *out_len)
{
	lzma_ret code;

	xz->next_in = in;
	xz->avail_in = *in_len;
	xz->next_out = out;
	xz->avail_out = *out_len;
	code = lzma_code(xz, LZMA_RUN);
	*in_len -= xz->avail_in;
	*out_len -= xz->avail_out;
	if (code == LZMA_STREAM_END)
		return STEP_MEMBER_END;
	if (code == LZMA_MEM_ERROR)
		return STEP_NO_MEMORY;
	if (code == LZMA_MEMLIMIT_ERROR)
		return STEP_TOO_LARGE;
	return code == LZMA_OK || code == LZMA_BUF_ERROR ? STEP_MORE : STEP_DAMAGED;
}

static enum step zstd_step(ZSTD_DCtx *ctx, const uint8_t *in, size_t *in_len, uint8_t *out,
			   size_t *out_len)
{
	ZSTD_inBuffer from = {in, *in_len, 0};
	ZSTD_outBuffer to = {out, *out_len, 0};
	size_t code = ZSTD_decompressStream(ctx, &to, &from);

	*in_len = from.pos;
	*out_len = to.pos;
	if (ZSTD_isError(code)) {
		ZSTD_ErrorCode why = ZSTD_getErrorCode(code);

		if (why == ZSTD_error_frameParameter_windowTooLarge)
			return STEP_TOO_LARGE;
		return why == ZSTD_error_memory_allocation ? STEP_NO_MEMORY : STEP_DAMAGED;
	}
	return code == 0 ? STEP_MEMBER_END : STEP_MORE;
}

enum step codec_step(struct codec *c, const uint8_t *in, size_t *in_len, uint8_t *out,
		     size_t *out_len)
{
	switch (c->format) {
	case UNPACK_GZIP:
		return gzip_step(&c->z, in, in_len, out, out_len);
	case UNPACK_BZIP2:
		return bzip2_step(&c->bz, in, in_len, out, out_len);
	case UNPACK_XZ:
		return xz_step(&c->xz, in, in_len, out, out_len);
	default:
		return zstd_step(c->zstd, in, in_len, out, out_len);
	}
}
