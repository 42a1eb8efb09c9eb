// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/compress.h"

#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

static const struct {
	int lowest, usual, highest;
} levels[] = {
	[RECFILE_RAW] = {0, 0, 0}, [RECFILE_GZIP] = {1, 6, 9},	[RECFILE_BZIP2] = {1, 9, 9},
	[RECFILE_XZ] = {1, 3, 9},  [RECFILE_ZSTD] = {1, 3, 19},
};

bool compress_levels(enum recfile_format format, int *lowest, int *highest)
{
	*lowest = levels[format].lowest;
	*highest = levels[format].highest;
	return *highest > 0;
}

// Worst case of all: a little more than what goes in.
static size_t bound(size_t len)
{
	return ZSTD_compressBound(len) + lzma_stream_buffer_bound(len) + len / 50 + 1024;
}

static int gzip_pack(int level, const uint8_t *data, size_t len, uint8_t *out, size_t *out_len)
{
	z_stream z = {.next_in = (uint8_t *)data, .avail_in = (uInt)len};
	int rc;

	if (deflateInit2(&z, level, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	z.next_out = out;
	z.avail_out = (uInt)*out_len;
	rc = deflate(&z, Z_FINISH);
	*out_len = z.total_out;
	deflateEnd(&z);
	return rc == Z_STREAM_END ? 0 : -ENOMEM;
}

static int bzip2_pack(int level, const uint8_t *data, size_t len, uint8_t *out, size_t *out_len)
{
	unsigned n = (unsigned)*out_len;
	int rc =
		BZ2_bzBuffToBuffCompress((char *)out, &n, (char *)data, (unsigned)len, level, 0, 0);

	*out_len = n;
	return rc == BZ_OK ? 0 : -ENOMEM;
}

static int xz_pack(int level, const uint8_t *data, size_t len, uint8_t *out, size_t *out_len)
{
	size_t at = 0;
	lzma_ret rc = lzma_easy_buffer_encode((uint32_t)level, LZMA_CHECK_CRC64, NULL, data, len,
					      out, &at, *out_len);

	*out_len = at;
	return rc == LZMA_OK ? 0 : -ENOMEM;
}

static int zstd_pack(int level, const uint8_t *data, size_t len, uint8_t *out, size_t *out_len)
{
	size_t n = ZSTD_compress(out, *out_len, data, len, level);

	if (ZSTD_isError(n))
		return -ENOMEM;
	*out_len = n;
	return 0;
}

int compress_part(enum recfile_format format, int level, const uint8_t *data, size_t len,
		  uint8_t **packed, size_t *packed_len)
{
	static int (*const pack[])(int, const uint8_t *, size_t, uint8_t *, size_t *) = {
		[RECFILE_GZIP] = gzip_pack,
		[RECFILE_BZIP2] = bzip2_pack,
		[RECFILE_XZ] = xz_pack,
		[RECFILE_ZSTD] = zstd_pack,
	};
	uint8_t *out;

	if (format >= ARRAY_LEN(pack) || !pack[format])
		return -EINVAL;
	*packed_len = bound(len);
	out = malloc(*packed_len);
	if (!out)
		return -ENOMEM;
	*packed = out;
	return pack[format](level ? level : levels[format].usual, data, len, out, packed_len);
}
