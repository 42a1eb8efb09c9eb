// SPDX-License-Identifier: BSD-3-Clause
// Dumps that collectors really wrote, in ../shared/data/mrt (or where the
// variable JERBOA_SHARED says): decoded to the counts of their MANIFEST, and
// cut everywhere. Skipped where they are absent.
#include "dataplane/bgp/mrt_view.h"
#include "dataplane/ctl/mrt_file.h"
#include "dataplane/ctl/unpack.h"
#include "tests/unit/mrt_make.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct totals {
	uint64_t n_records, n_damages, n_errors;
	struct mrt_view_stats view;
};

static char folder[512];

static struct totals read_dump(const char *path)
{
	static struct mrt_file_record rec;
	struct mrt_view_spec spec = {.kind = MRT_VIEW_BEST};
	struct mrt_view *view = mrt_view_new(&spec);
	struct mrt_file_stats stats;
	struct err err = {.code = 0};
	struct mrt_file *file = mrt_file_open(path, &err);
	enum mrt_file_event event;
	struct totals totals;

	assert_non_null(file);
	while ((event = mrt_file_next(file, &rec)) != MRT_FILE_END) {
		struct mrt_view_route route;
		struct fault fault = {.code = FAULT_NONE};

		if (event != MRT_FILE_RECORD)
			continue;
		if (mrt_view_record(view, &rec.hdr, rec.body, &route, &fault) < 0)
			assert_true(fault.code != FAULT_NONE);
		assert_true(fault.code == FAULT_NONE || fault.at <= rec.hdr.len);
	}
	mrt_file_stats_get(file, &stats);
	totals = (struct totals){stats.n_records, stats.n_damages, stats.n_errors,
				 *mrt_view_stats(view)};
	mrt_view_free(view);
	mrt_file_close(file);
	return totals;
}

// The number behind "key" in text; 0 without.
static uint64_t count_in(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

// One line of the MANIFEST.
struct sample {
	char path[768];
	const char *name, *types, *note, *detail;
	uint64_t n_records, n_routes;
};

static bool sample_next(FILE *manifest, struct sample *s)
{
	static char line[8192];
	char *field[16] = {NULL}, *rest = line;

	if (!fgets(line, sizeof(line), manifest))
		return false;
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(field) && rest; i++)
		field[i] = strsep(&rest, "\t");
	assert_non_null(field[11]);
	s->name = field[0];
	s->n_records = strtoull(field[3], NULL, 10);
	s->types = field[4];
	s->n_routes = strtoull(field[5], NULL, 10);
	s->note = field[7];
	s->detail = field[11];
	snprintf(s->path, sizeof(s->path), "%s/%s", folder, s->name);
	return true;
}

static FILE *manifest_open(void)
{
	char path[600], line[1024];
	FILE *manifest;

	snprintf(path, sizeof(path), "%s/MANIFEST.tsv", folder);
	manifest = fopen(path, "r");
	assert_non_null(manifest);
	assert_non_null(fgets(line, sizeof(line), manifest));
	return manifest;
}

static void check_rib(const struct sample *s, const struct totals *t)
{
	assert_int_equal(t->view.n_entries, s->n_routes);
	assert_int_equal(t->view.n_prefixes4, count_in(s->detail, "pfx4="));
	assert_int_equal(t->view.n_prefixes6, count_in(s->detail, "pfx6="));
	assert_int_equal(t->view.n_routes, t->view.n_prefixes4 + t->view.n_prefixes6);
	assert_int_equal(t->view.n_bad_records + t->view.n_bad_entries, 0);
}

// Every dump, of any type: all records found; damage only where the MANIFEST
// knows some (there, more is read than its own reader could).
static void samples_have_the_counts_of_their_manifest(void **state)
{
	FILE *manifest = manifest_open();
	unsigned n = 0, n_ribs = 0;
	struct sample s;

	(void)state;
	while (sample_next(manifest, &s)) {
		struct totals t = read_dump(s.path);
		bool is_cut = strstr(s.note, "bz2 truncated");

		print_message("%s\n", s.name);
		if (s.note[0] && !is_cut)
			assert_true(t.n_records > s.n_records);
		else
			assert_int_equal(t.n_records, s.n_records);
		assert_int_equal(t.n_errors, is_cut ? 1 : 0);
		assert_true(t.n_damages == 0 || s.note[0]);
		if (strncmp(s.types, "TDV2", 4) == 0) {
			check_rib(&s, &t);
			n_ribs++;
		}
		n++;
	}
	fclose(manifest);
	assert_true(n >= 30 && n_ribs >= 8);
}

static size_t unpack_all(const char *path, uint8_t *data, size_t max)
{
	struct err err = {.code = 0};
	struct unpack *src = unpack_open(path, &err);
	size_t len = 0;
	ssize_t got;

	assert_non_null(src);
	while (len < max && (got = unpack_read(src, data + len, max - len, &err)) > 0)
		len += (size_t)got;
	unpack_close(src);
	return len;
}

// A small dump, cut at every offset: no record is lost before the cut, and what
// is missing is told.
static void small_samples_cut_anywhere_are_read_up_to_the_cut(void **state)
{
	enum { SMALL_MAX = 6000 };
	static uint8_t data[SMALL_MAX + 1];
	FILE *manifest = manifest_open();
	unsigned n = 0;
	struct sample s;

	(void)state;
	while (sample_next(manifest, &s)) {
		size_t len = unpack_all(s.path, data, sizeof(data));
		uint64_t n_before = 0;

		if (len > SMALL_MAX)
			continue;
		for (size_t cut = 1; cut < len; cut++) {
			int fd = memfd_create("cut", 0);
			struct totals t;
			char path[64];

			assert_int_equal(write(fd, data, cut), (ssize_t)cut);
			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			t = read_dump(path);
			close(fd);
			if (t.n_records == n_before ? t.n_errors != 1 : t.n_records != n_before + 1)
				fail_msg("%s, cut at %zu: %lu records, before %lu, %lu errors",
					 s.name, cut, (unsigned long)t.n_records,
					 (unsigned long)n_before, (unsigned long)t.n_errors);
			n_before = t.n_records;
		}
		n++;
	}
	fclose(manifest);
	assert_true(n >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_have_the_counts_of_their_manifest),
		cmocka_unit_test(small_samples_cut_anywhere_are_read_up_to_the_cut),
	};
	const char *shared = getenv("JERBOA_SHARED"), *root = getenv("SOURCE_ROOT");

	if (shared)
		snprintf(folder, sizeof(folder), "%s/data/mrt", shared);
	else
		snprintf(folder, sizeof(folder), "%s/../shared/data/mrt", root ? root : ".");
	if (access(folder, R_OK)) {
		printf("no ../shared/data/mrt beside the sources\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
