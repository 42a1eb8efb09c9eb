// SPDX-License-Identifier: BSD-3-Clause
// Every format, by one thread and by several, whole, cut and damaged. The slow
// oracle of several threads is one.
#include "dataplane/ctl/unpack.h"
#include "tests/unit/test.h"

#include <bzlib.h>
#include <errno.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

static const unsigned thread_counts[] = {0, 1, 2, 5};

struct result {
	uint8_t *data;
	size_t len, cap;
	int code; // 0: the end was reached
	struct err err;
};

static void result_add(struct result *r, const void *data, size_t len)
{
	while (r->len + len > r->cap)
		r->data = realloc(r->data, r->cap = r->cap ? 2 * r->cap : 1 << 20);
	memcpy(r->data + r->len, data, len);
	r->len += len;
}

static struct result unpack_all(const void *data, size_t len, unsigned n_threads)
{
	struct result r = {.data = malloc(1), .err.code = 0};
	int fd = memfd_create("packed", 0);
	struct unpack *src;
	struct block *b;
	char path[64];

	assert_int_equal(write(fd, data, len), (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	src = unpack_open_threads(path, n_threads, &r.err);
	assert_non_null(src);
	while ((r.code = unpack_take(src, &b, &r.err)) > 0) {
		assert_true(b->len > 0 && b->len <= BLOCK_LEN);
		result_add(&r, b->data, b->len);
		unpack_put(src, b);
	}
	assert_int_equal(r.code, -r.err.code);
	unpack_close(src);
	close(fd);
	return r;
}

static size_t gzip(const void *data, size_t len, uint8_t *out, size_t max)
{
	z_stream z = {.next_in = (void *)(uintptr_t)data,
		      .avail_in = (uInt)len,
		      .next_out = out,
		      .avail_out = (uInt)max};

	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return max - z.avail_out;
}

static size_t bzip2_level(const void *data, size_t len, uint8_t *out, size_t max, int level)
{
	unsigned n = (unsigned)max;

	assert_int_equal(BZ2_bzBuffToBuffCompress((char *)out, &n, (void *)(uintptr_t)data,
						  (unsigned)len, level, 0, 0),
			 BZ_OK);
	return n;
}

static size_t bzip2(const void *data, size_t len, uint8_t *out, size_t max)
{
	return bzip2_level(data, len, out, max, 1);
}

static size_t xz(const void *data, size_t len, uint8_t *out, size_t max)
{
	size_t n = 0;

	assert_int_equal(
		lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, data, len, out, &n, max),
		LZMA_OK);
	return n;
}

static size_t zstd(const void *data, size_t len, uint8_t *out, size_t max)
{
	size_t n = ZSTD_compress(out, max, data, len, 1);

	assert_false(ZSTD_isError(n));
	return n;
}

static const struct {
	enum unpack_format format;
	size_t (*pack)(const void *data, size_t len, uint8_t *out, size_t max);
} packers[] = {{UNPACK_GZIP, gzip}, {UNPACK_BZIP2, bzip2}, {UNPACK_XZ, xz}, {UNPACK_ZSTD, zstd}};

// Compressible, but not much: letters of which some are more common.
static uint8_t *text_new(size_t len, uint64_t seed)
{
	uint8_t *text = malloc(len + 1);

	for (size_t i = 0; i < len; i++) {
		uint64_t r = test_rand(&seed);

		text[i] = (uint8_t)(r % 7 ? 'a' + r % 5 : r >> 32);
	}
	return text;
}

static void check_same(const struct result *r, const uint8_t *want, size_t len)
{
	if (r->code)
		fail_msg("%s", r->err.text);
	assert_int_equal(r->len, len);
	assert_true(memcmp(r->data, want, len) == 0);
	free(r->data);
}

static void every_format_gives_back_what_went_in(void **state)
{
	static const size_t sizes[] = {1, 1000, 99999, 100001, 400001};
	enum { MAX = 3 << 20 };
	uint8_t *text = text_new(sizes[4], 1), *packed = malloc(MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packers); i++)
		for (size_t k = 0; k < ARRAY_LEN(sizes); k++)
			for (size_t t = 0; t < ARRAY_LEN(thread_counts); t++) {
				size_t len = packers[i].pack(text, sizes[k], packed, MAX);
				struct result r = unpack_all(packed, len, thread_counts[t]);

				check_same(&r, text, sizes[k]);
			}
	free(text);
	free(packed);
}

static void members_in_a_row_are_one_stream(void **state)
{
	enum { N = 5, LEN = 230000, MAX = 4 << 20 };
	uint8_t *text = text_new(N * LEN, 2), *packed = malloc(MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packers); i++)
		for (size_t t = 0; t < ARRAY_LEN(thread_counts); t++) {
			size_t len = 0;
			struct result r;

			for (unsigned k = 0; k < N; k++)
				len += packers[i].pack(text + k * LEN, LEN, packed + len,
						       MAX - len);
			memset(packed + len, 0, 512); // as tapes do
			r = unpack_all(packed, len + 512, thread_counts[t]);
			check_same(&r, text, N * LEN);
			packed[len + 511] = 1;
			r = unpack_all(packed, len + 512, thread_counts[t]);
			assert_int_equal(r.code, -EBADMSG);
			assert_int_equal(r.len, N * LEN);
			assert_non_null(strstr(r.err.text, "that are none"));
			free(r.data);
		}
	free(text);
	free(packed);
}

// 6 MB of zeros are 45 bytes of bzip2, in one block; and an empty stream is 14.
static void bzip2_blocks_may_unpack_to_anything(void **state)
{
	enum { LEN = 6 << 20 };
	uint8_t *zeros = calloc(1, LEN), packed[65536];
	size_t len;

	(void)state;
	len = bzip2_level(zeros, LEN, packed, sizeof(packed), 9);
	assert_true(len < 100);
	len += bzip2_level("", 0, packed + len, sizeof(packed) - len, 9);
	len += bzip2_level("end", 3, packed + len, sizeof(packed) - len, 9);
	for (size_t t = 0; t < ARRAY_LEN(thread_counts); t++) {
		struct result r = unpack_all(packed, len, thread_counts[t]);

		assert_int_equal(r.code, 0);
		assert_int_equal(r.len, LEN + 3);
		assert_memory_equal(r.data + LEN, "end", 3);
		assert_true(memcmp(r.data, zeros, LEN) == 0);
		free(r.data);
	}
	free(zeros);
}

// Made by hand: blocks whose coded bytes contain a magic number. Cut there, they
// cannot be unpacked; with the piece behind, they can.
static const char with_block_magic[] =
	"425a683931415926535973c88dbb000001ffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"ffffffffffffffa0002400000000000000000000000000000000000000000000000000000000000000010200"
	"0000000000000000000000000000000000000000000000000000000000000081191d2125292d3135393d4145"
	"494d5155595d6165696d7175797d8185898ffe6282b24ca6b21c5ef926000007ffffffffffffffffffffffff"
	"ffffffffffffffffffffffffffffffffffffffffffff40004800000000000000000000000000000000000000"
	"0000000000000000000000000204000000000000000000000000000000000000000000000000000000000000"
	"000102323a424a525a626a718a0ac9329aca5a626a727a82898a0ac9329aca4a525a626ffcc50564994d6574"
	"e2fb04000005fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe80009000"
	"0000000000000000000000000000000000000000000000000000000000000408000000000000000000000000"
	"00000000000000000000000000000000000000020636261605f5e5d5c5b5a595857565554535251504f4e4d4"
	"c4b4a49484746ff8bb9229c2848472238850";
static const char with_tail_magic[] =
	"425a68393141592653598e109933000003ffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"ffffffffffffffa0002400000000000000000000000000000000000000000000000000000000000000010200"
	"0000000000000000000000000000000000000000000000000000000000000081191d2125292d3135385dc914"
	"e142412d3135393d4147fe6282b24ca6b2ba717d82000002ffffffffffffffffffffffffffffffffffffffff"
	"ffffffffffffffffffffffffffff400048000000000000000000000000000000000000000000000000000000"
	"0000000002040000000000000000000000000000000000000000000000000000000000000001031b130b02fa"
	"f2eae2dad2cac2bab2aaa29a928a827a726a625a524a423a37fc5dc914e1424104663298";

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; hex[2 * n]; n++) {
		char pair[3] = {hex[2 * n], hex[2 * n + 1], '\0'};

		out[n] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

static void bzip2_magic_inside_a_block_is_no_border(void **state)
{
	const char *const hex[] = {with_block_magic, with_tail_magic};
	uint8_t packed[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hex); i++)
		for (size_t t = 0; t < ARRAY_LEN(thread_counts); t++) {
			size_t len = unhex(hex[i], packed);
			struct result want = unpack_all(packed, len, 0), r;

			assert_int_equal(want.code, 0);
			assert_int_equal(want.len, i ? 52 : 519);
			r = unpack_all(packed, len, thread_counts[t]);
			check_same(&r, want.data, want.len);
			free(want.data);
		}
}

static void check_like_oracle(const uint8_t *packed, size_t len, const uint8_t *text)
{
	struct result want = unpack_all(packed, len, 0);

	for (size_t t = 1; t < ARRAY_LEN(thread_counts); t++) {
		struct result r = unpack_all(packed, len, thread_counts[t]);

		assert_int_equal(r.code, want.code);
		assert_int_equal(r.len, want.len);
		assert_true(memcmp(r.data, text, r.len) == 0);
		if (want.code && strstr(want.err.text, "too early"))
			assert_non_null(strstr(r.err.text, "too early"));
		free(r.data);
	}
	free(want.data);
}

static void cut_files_give_all_there_is_and_an_error(void **state)
{
	enum { LEN = 350000, MAX = 1 << 20 };
	uint8_t *text = text_new(LEN, 3), *packed = malloc(MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
		size_t len = packers[i].pack(text, LEN, packed, MAX);

		for (size_t cut = 12; cut < len; cut += len / 9)
			check_like_oracle(packed, cut, text);
		for (size_t cut = len - 12; cut < len; cut++) {
			struct result r = unpack_all(packed, cut, 2);

			assert_int_equal(r.code, -EBADMSG);
			assert_non_null(strstr(r.err.text, "too early"));
			free(r.data);
			check_like_oracle(packed, cut, text);
		}
	}
	free(text);
	free(packed);
}

static size_t common(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t n = 0;

	while (n < len && a[n] == b[n])
		n++;
	return n;
}

// A flipped bit costs its block and what follows: before it, several threads give
// what one gives.
static void damaged_bzip2_is_an_error_wherever_it_is(void **state)
{
	enum { LEN = 450000, MAX = 1 << 20, ROUNDS = 20 };
	uint8_t *text = text_new(LEN, 4), *packed = malloc(MAX);
	size_t len = bzip2(text, LEN, packed, MAX), sound;
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		size_t at = 4 + test_rand(&seed) % (len - 4);
		uint8_t bit = (uint8_t)(1u << test_rand(&seed) % 8);
		struct result r, want;

		packed[at] ^= bit;
		want = unpack_all(packed, len, 0);
		r = unpack_all(packed, len, 3);
		packed[at] ^= bit;
		assert_int_equal(r.code, want.code);
		assert_true(r.code || r.len == LEN);
		// One thread gives bytes of a block before its CRC has failed.
		sound = common(want.data, text, want.len < LEN ? want.len : LEN);
		sound = sound > 100000 ? sound - 100000 : 0; // the block that is damaged
		assert_true(r.len >= sound && common(r.data, text, sound) == sound);
		free(r.data);
		free(want.data);
	}
	free(text);
	free(packed);
}

static void copies_by_unpack_read_are_the_same(void **state)
{
	enum { LEN = 700000, MAX = 1 << 20 };
	uint8_t *text = text_new(LEN, 6), *packed = malloc(MAX), *got = malloc(LEN + 1);
	int fd = memfd_create("packed", 0);
	struct err err = {.code = 0};
	struct unpack *src;
	size_t len = bzip2(text, LEN, packed, MAX), at = 0;
	char path[64];
	ssize_t n;

	(void)state;
	assert_int_equal(write(fd, packed, len), (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	src = unpack_open(path, &err);
	assert_non_null(src);
	assert_int_equal(unpack_format(src), UNPACK_BZIP2);
	assert_int_equal(unpack_size(src), len);
	while ((n = unpack_read(src, got + at, LEN + 1 - at < 777 ? LEN + 1 - at : 777, &err)) > 0)
		at += (size_t)n;
	assert_int_equal(n, 0);
	assert_int_equal(at, LEN);
	assert_memory_equal(got, text, LEN);
	unpack_close(src);
	close(fd);
	free(text);
	free(packed);
	free(got);
}

// Nobody reads to the end, and nothing more comes: closing must not wait for it.
static void closing_early_waits_for_nobody(void **state)
{
	enum { LEN = 1 << 20, MAX = 4 << 20 };
	uint8_t *text = text_new(LEN, 7), *packed = malloc(MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packers); i++)
		for (size_t t = 0; t < ARRAY_LEN(thread_counts); t++) {
			char path[64];
			int fds[2];
			struct err err = {.code = 0};
			struct unpack *src;

			assert_int_equal(pipe(fds), 0);
			assert_true(packers[i].pack(text, LEN, packed, MAX) > 40000);
			assert_int_equal(write(fds[1], packed, 40000), 40000);
			snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
			src = unpack_open_threads(path, thread_counts[t], &err);
			assert_non_null(src);
			unpack_close(src);
			close(fds[0]);
			close(fds[1]);
		}
	free(text);
	free(packed);
}

// What looks like the start of one of the formats, and is a time of MRT.
static void formats_are_told_by_content(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum unpack_format format;
	} cases[] = {
		{"BZh9\x31\x41\x59\x26\x53\x59", 10, UNPACK_BZIP2},
		{"BZh9\x17\x72\x45\x38\x50\x90", 10, UNPACK_BZIP2},
		{"BZh9\x00\x0d\x00\x01\x00\x00", 10, UNPACK_RAW},
		{"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00", 10, UNPACK_GZIP},
		{"\x28\xb5\x2f\xfd\x00\x00\x00\x00\x00\x00", 10, UNPACK_ZSTD},
		{"\x50\x2a\x4d\x18\x04\x00\x00\x00\x00\x00", 10, UNPACK_ZSTD},
		{"\x50\x2a\x4d\x18\x00\x10\x00\x00\x00\x00", 10, UNPACK_RAW},
		{"\x28\xb5", 2, UNPACK_RAW},
		{"", 0, UNPACK_RAW},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = memfd_create("start", 0);
		struct err err = {.code = 0};
		struct unpack *src;
		char path[64];

		assert_int_equal(write(fd, cases[i].bytes, cases[i].len), (ssize_t)cases[i].len);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		src = unpack_open(path, &err);
		assert_non_null(src);
		assert_int_equal(unpack_format(src), cases[i].format);
		unpack_close(src);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_gives_back_what_went_in),
		cmocka_unit_test(members_in_a_row_are_one_stream),
		cmocka_unit_test(bzip2_blocks_may_unpack_to_anything),
		cmocka_unit_test(bzip2_magic_inside_a_block_is_no_border),
		cmocka_unit_test(cut_files_give_all_there_is_and_an_error),
		cmocka_unit_test(damaged_bzip2_is_an_error_wherever_it_is),
		cmocka_unit_test(copies_by_unpack_read_are_the_same),
		cmocka_unit_test(closing_early_waits_for_nobody),
		cmocka_unit_test(formats_are_told_by_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
