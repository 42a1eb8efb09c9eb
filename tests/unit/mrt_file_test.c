// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/mrt_file.h"
#include "tests/unit/mrt_make.h"

#include <bzlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

// What one reading of a file came to.
struct outcome {
	unsigned n_records, n_damages, n_errors;
	uint64_t record_bytes, skipped;
	struct mrt_file_record first_damage, error;
	uint64_t last_offset; // of the last record
};

// A file in memory, named by a path.
struct memory {
	int fd;
	char path[64];
};

static struct memory memory_of(const void *data, size_t len)
{
	struct memory m = {.fd = memfd_create("mrt", 0)};

	assert_true(m.fd >= 0);
	assert_int_equal(write(m.fd, data, len), (ssize_t)len);
	snprintf(m.path, sizeof(m.path), "/proc/self/fd/%d", m.fd);
	return m;
}

// Reads to the end; a body is touched to its last byte.
static void read_all(struct mrt_file *file, struct outcome *out)
{
	static struct mrt_file_record rec;
	enum mrt_file_event event;
	volatile uint8_t sink = 0;
	unsigned n = 0;

	while ((event = mrt_file_next(file, &rec)) != MRT_FILE_END) {
		assert_true(n++ < 100000);
		assert_int_equal(out->n_errors, 0);
		if (event == MRT_FILE_RECORD) {
			out->record_bytes += MRT_HDR_LEN + rec.hdr.len;
			out->last_offset = rec.offset;
			assert_int_equal(rec.number, ++out->n_records);
			if (rec.hdr.len)
				sink ^= rec.body[rec.hdr.len - 1];
			continue;
		}
		assert_true(rec.text[0]);
		if (event == MRT_FILE_ERROR) {
			out->n_errors++;
			out->error = rec;
		} else if (out->n_damages++ == 0) {
			out->first_damage = rec;
		}
		out->skipped += event == MRT_FILE_DAMAGE ? rec.skipped : 0;
	}
	assert_int_equal(mrt_file_next(file, &rec), MRT_FILE_END);
}

static struct outcome outcome_of(const void *data, size_t len)
{
	struct memory m = memory_of(data, len);
	struct outcome out = {.n_records = 0};
	struct mrt_file_stats stats;
	struct err err = {.code = 0};
	struct mrt_file *file = mrt_file_open(m.path, &err);

	assert_non_null(file);
	read_all(file, &out);
	mrt_file_stats_get(file, &stats);
	assert_int_equal(stats.n_records, out.n_records);
	assert_int_equal(stats.n_damages, out.n_damages);
	assert_int_equal(stats.n_skipped_bytes, out.skipped);
	mrt_file_close(file);
	close(m.fd);
	return out;
}

enum { SMALL = 12 };

// A peer table and eleven routes; at[i] is where record i begins, at[12] the end.
static struct bytes small_file(size_t at[SMALL + 1])
{
	struct bytes b = {.len = 0};

	at[0] = 0;
	put_peers(&b, 2);
	for (unsigned i = 1; i < SMALL; i++) {
		at[i] = b.len;
		put_rib(&b, i, 2);
	}
	at[SMALL] = b.len;
	return b;
}

static size_t gzip(const void *data, size_t len, uint8_t *out, size_t max)
{
	z_stream z = {.next_in = (void *)(uintptr_t)data,
		      .avail_in = (uInt)len,
		      .next_out = out,
		      .avail_out = (uInt)max};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return max - z.avail_out;
}

static size_t bzip2(const void *data, size_t len, uint8_t *out, size_t max)
{
	unsigned n = (unsigned)max;

	assert_int_equal(BZ2_bzBuffToBuffCompress((char *)out, &n, (void *)(uintptr_t)data,
						  (unsigned)len, 1, 0, 0),
			 BZ_OK);
	return n;
}

typedef size_t pack_fn(const void *data, size_t len, uint8_t *out, size_t max);

static void records_come_out_of_every_format(void **state)
{
	size_t at[SMALL + 1], len;
	struct bytes b = small_file(at);
	pack_fn *const pack[] = {gzip, bzip2};
	uint8_t packed[16384];
	struct outcome out = outcome_of(b.data, b.len);

	(void)state;
	assert_int_equal(out.n_records, SMALL);
	assert_int_equal(out.last_offset, at[SMALL - 1]);
	assert_int_equal(out.n_damages + out.n_errors, 0);
	for (size_t i = 0; i < ARRAY_LEN(pack); i++) {
		len = pack[i](b.data, b.len, packed, sizeof(packed));
		out = outcome_of(packed, len);
		assert_int_equal(out.n_records, SMALL);
		assert_int_equal(out.n_damages + out.n_errors, 0);
		// Two members, the second one in the middle of a record; zeros behind.
		len = pack[i](b.data, at[5] + 3, packed, sizeof(packed));
		len += pack[i](b.data + at[5] + 3, b.len - at[5] - 3, packed + len,
			       sizeof(packed) - len);
		memset(packed + len, 0, 100);
		out = outcome_of(packed, len + 100);
		assert_int_equal(out.n_records, SMALL);
		assert_int_equal(out.n_damages + out.n_errors, 0);
		// Something else behind: an error, but nothing is lost.
		out = outcome_of(packed, len + 100 + (packed[len + 100] = 7, 1));
		assert_int_equal(out.n_records, SMALL);
		assert_int_equal(out.n_errors, 1);
	}
}

static void compressed_files_cut_anywhere_are_errors(void **state)
{
	size_t at[SMALL + 1], len;
	struct bytes b = small_file(at);
	pack_fn *const pack[] = {gzip, bzip2};
	uint8_t packed[16384];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pack); i++) {
		len = pack[i](b.data, b.len, packed, sizeof(packed));
		for (size_t cut = 10; cut < len; cut++) {
			struct outcome out = outcome_of(packed, cut);

			assert_int_equal(out.n_errors, 1);
			assert_int_equal(out.n_damages, 0);
			assert_true(out.n_records <= SMALL);
			assert_non_null(strstr(out.error.text, "end too early"));
		}
	}
}

// All but the bits that fill up the last byte of the compressed data.
static void damaged_compression_is_an_error(void **state)
{
	size_t at[SMALL + 1], len;
	struct bytes b = small_file(at);
	pack_fn *const pack[] = {gzip, bzip2};
	uint8_t packed[16384];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pack); i++) {
		unsigned n_unseen = 0;

		len = pack[i](b.data, b.len, packed, sizeof(packed));
		for (size_t flip = 30; flip < len; flip++) {
			struct outcome out;

			packed[flip] ^= 0x10;
			out = outcome_of(packed, len);
			packed[flip] ^= 0x10;
			if (out.n_errors == 1)
				continue;
			assert_int_equal(out.n_records, SMALL);
			n_unseen++;
		}
		assert_true(n_unseen <= 1);
	}
}

// The magic of bzip2 is also a time on 11 April 2005.
static void raw_file_of_april_2005_is_not_bzip2(void **state)
{
	size_t at[SMALL + 1];
	struct bytes b = small_file(at);

	(void)state;
	memcpy(b.data, "BZh9", 4);
	assert_int_equal(outcome_of(b.data, b.len).n_records, SMALL);
}

static void raw_file_cut_anywhere_says_where(void **state)
{
	size_t at[SMALL + 1];
	struct bytes b = small_file(at);
	unsigned whole = 0;

	(void)state;
	for (size_t cut = 1; cut < b.len; cut++) {
		struct outcome out = outcome_of(b.data, cut);

		if (cut == at[whole + 1])
			whole++;
		assert_int_equal(out.n_records, whole);
		assert_int_equal(out.n_damages, 0);
		assert_int_equal(out.n_errors, cut != at[whole]);
		if (out.n_errors) {
			assert_int_equal(out.error.offset, at[whole]);
			assert_int_equal(out.error.number, whole + 1);
		}
	}
}

static void record_with_a_wrong_length_costs_itself_alone(void **state)
{
	static const int32_t wrong[] = {-9, -1, 1, 4, 60, 1000, 1 << 20, 1 << 30, INT32_MIN};
	size_t at[SMALL + 1];

	(void)state;
	for (unsigned k = 1; k < SMALL - 1; k++)
		for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
			struct bytes b = small_file(at);
			uint32_t len = wire_get32(b.data + at[k] + 8);
			struct outcome out;

			wire_put32(b.data + at[k] + 8, len + (uint32_t)wrong[i]);
			out = outcome_of(b.data, b.len);
			assert_int_equal(out.n_records, SMALL - 1);
			assert_int_equal(out.n_damages, 1);
			assert_int_equal(out.n_errors, 0);
			assert_int_equal(out.first_damage.offset, at[k]);
			assert_int_equal(out.skipped, at[k + 1] - at[k]);
		}
}

static void bytes_between_records_are_skipped_and_counted(void **state)
{
	size_t at[SMALL + 1];
	uint64_t seed = 7;

	(void)state;
	for (unsigned n = 1; n < 300; n += 7) {
		struct bytes b = small_file(at);
		struct outcome out;

		memmove(b.data + at[4] + n, b.data + at[4], b.len - at[4]);
		for (unsigned i = 0; i < n; i++)
			b.data[at[4] + i] = (uint8_t)test_rand(&seed) | 1;
		out = outcome_of(b.data, b.len + n);
		assert_int_equal(out.n_records, SMALL);
		assert_int_equal(out.n_damages, 1);
		assert_int_equal(out.first_damage.offset, at[4]);
		assert_int_equal(out.skipped, n);
	}
}

// Every byte of the stream is in a record, skipped, or behind the error.
static void every_byte_is_accounted_for(void **state)
{
	size_t at[SMALL + 1];
	struct bytes good = small_file(at);
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		struct bytes b = good;
		struct outcome out;
		uint64_t sum;

		for (unsigned i = 0; i <= test_rand(&seed) % 5; i++)
			b.data[test_rand(&seed) % b.len] = (uint8_t)test_rand(&seed);
		b.len -= test_rand(&seed) % 3 ? 0 : test_rand(&seed) % b.len;
		out = outcome_of(b.data, b.len);
		sum = out.record_bytes + out.skipped;
		if (out.n_errors)
			assert_true(sum <= b.len);
		else
			assert_int_equal(sum, b.len);
	}
}

// Larger than the window, then too large to be believed.
static void long_records_are_read_and_longer_ones_skipped(void **state)
{
	enum { LONG = 5 << 20 };
	size_t at[SMALL + 1], len = MRT_HDR_LEN + LONG;
	struct bytes b = small_file(at);
	uint8_t *data = calloc(1, len + 2 * b.len);
	struct outcome out;

	(void)state;
	memcpy(data, b.data, b.len);
	memcpy(data + b.len, b.data + at[1], MRT_HDR_LEN);
	wire_put16(data + b.len + 4, MRT_BGP4MP);
	wire_put32(data + b.len + 8, LONG);
	memcpy(data + b.len + len, b.data, b.len);
	out = outcome_of(data, len + 2 * b.len);
	assert_int_equal(out.n_records, 2 * SMALL + 1);
	assert_int_equal(out.n_damages + out.n_errors, 0);
	wire_put32(data + b.len + 8, MRT_RECORD_MAX + 1);
	out = outcome_of(data, len + 2 * b.len);
	assert_int_equal(out.n_records, 2 * SMALL);
	assert_int_equal(out.n_damages, 1);
	assert_int_equal(out.skipped, len);
	free(data);
}

// Much damage is told in parts; a beginning of nothing else is no dump.
static void endless_garbage_holds_nobody_up(void **state)
{
	enum { HOLE = 40 << 20 };
	size_t at[SMALL + 1];
	struct bytes b = small_file(at);
	uint8_t *data = calloc(1, HOLE + 2 * b.len);
	struct err err = {.code = 0};
	struct outcome out;
	struct mrt_file *file;

	(void)state;
	memcpy(data, b.data, b.len);
	memcpy(data + b.len + HOLE, b.data, b.len);
	out = outcome_of(data, HOLE + 2 * b.len);
	assert_int_equal(out.n_records, 2 * SMALL);
	assert_int_equal(out.skipped, HOLE);
	assert_int_equal(out.n_damages, 3);
	free(data);
	file = mrt_file_open("/dev/zero", &err);
	assert_non_null(file);
	memset(&out, 0, sizeof(out));
	read_all(file, &out);
	assert_int_equal(out.n_records + out.n_damages, 0);
	assert_int_equal(out.n_errors, 1);
	mrt_file_close(file);
}

static void unknown_types_are_passed_over(void **state)
{
	struct bytes b = {.len = 0};
	struct outcome out;

	(void)state;
	put_rib(&b, 1, 1);
	for (unsigned i = 0; i < 10; i++) {
		size_t body = record_start(&b, 77, i);

		put(&b, "something new", 13);
		record_end(&b, body);
	}
	put_rib(&b, 2, 1);
	out = outcome_of(b.data, b.len);
	assert_int_equal(out.n_records, 12);
	assert_int_equal(out.n_damages + out.n_errors, 0);
}

// 1999-2000: TABLE_DUMP records are 4 bytes longer than they say, the last too.
static void table_dumps_of_2000_are_read_whole(void **state)
{
	struct bytes b = {.len = 0};
	struct outcome out;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		size_t body = record_start(&b, MRT_TABLE_DUMP, 1);

		put_hex(&b, "0000 0000 03000000 08 01 3879c8b4 cc98a61d 0ddd 0004 40010100");
		put_hex(&b, "03000000 08 01 3879c8b4 cc98a61d 0ddd 0004 40010100");
		record_end(&b, body);
		wire_put32(b.data + body - 4, (uint32_t)(b.len - body - 4));
	}
	out = outcome_of(b.data, b.len);
	assert_int_equal(out.n_records, 5);
	assert_int_equal(out.n_damages + out.n_errors, 0);
}

static void what_is_no_dump_is_told_so(void **state)
{
	struct err err = {.code = 0};
	struct outcome out;
	uint8_t packed[64];

	(void)state;
	assert_null(mrt_file_open("/nonexistent/rib.gz", &err));
	assert_int_equal(err.code, ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/rib.gz"));
	err.code = 0;
	assert_null(mrt_file_open("/", &err));
	assert_int_equal(err.code, EISDIR);
	out = outcome_of("", 0);
	assert_int_equal(out.n_records, 0);
	assert_int_equal(out.n_errors, 1);
	out = outcome_of(packed, gzip("", 0, packed, sizeof(packed)));
	assert_int_equal(out.n_records, 0);
	assert_non_null(strstr(out.error.text, "no MRT record in 0 bytes"));
	out = outcome_of("This is a letter, not a routing table at all.", 45);
	assert_int_equal(out.n_records + out.n_damages, 0);
	assert_int_equal(out.n_errors, 1);
	assert_non_null(strstr(out.error.text, "no MRT record"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_out_of_every_format),
		cmocka_unit_test(compressed_files_cut_anywhere_are_errors),
		cmocka_unit_test(damaged_compression_is_an_error),
		cmocka_unit_test(raw_file_of_april_2005_is_not_bzip2),
		cmocka_unit_test(raw_file_cut_anywhere_says_where),
		cmocka_unit_test(record_with_a_wrong_length_costs_itself_alone),
		cmocka_unit_test(bytes_between_records_are_skipped_and_counted),
		cmocka_unit_test(every_byte_is_accounted_for),
		cmocka_unit_test(long_records_are_read_and_longer_ones_skipped),
		cmocka_unit_test(endless_garbage_holds_nobody_up),
		cmocka_unit_test(unknown_types_are_passed_over),
		cmocka_unit_test(table_dumps_of_2000_are_read_whole),
		cmocka_unit_test(what_is_no_dump_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
