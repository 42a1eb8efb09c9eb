// SPDX-License-Identifier: BSD-3-Clause
// Pages in docs/ that are written from tables in the code: a test compares them,
// and with UPDATE=1 in the environment writes them anew.
#pragma once

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOC_PAGE_MAX = 1 << 18 };

// What is written stands between two lines of the page; NULL: is the page.
struct doc_page {
	const char *name, *begin, *end;
	void (*print)(FILE *out);
};

static inline char *doc_slurp(const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = calloc(1, DOC_PAGE_MAX);

	assert_non_null(text);
	if (in) {
		assert_true(fread(text, 1, DOC_PAGE_MAX - 1, in) < DOC_PAGE_MAX - 1);
		fclose(in);
	}
	return text;
}

// The page as it should be.
static inline char *doc_rewrite(const struct doc_page *page, const char *have)
{
	const char *begin = page->begin ? strstr(have, page->begin) : NULL;
	const char *end = page->begin ? strstr(have, page->end) : NULL;
	char *want = NULL;
	size_t len;
	FILE *out = open_memstream(&want, &len);

	assert_non_null(out);
	if (page->begin) {
		assert_true(begin && end && begin < end);
		begin += strlen(page->begin);
		fwrite(have, 1, (size_t)(begin - have), out);
	}
	page->print(out);
	if (end)
		fputs(end, out);
	fclose(out);
	return want;
}

static inline void doc_check(const struct doc_page *page)
{
	const char *root = getenv("SOURCE_ROOT");
	char path[512], *want, *have;
	FILE *out;

	if (!root)
		skip(); // run by meson, which knows
	snprintf(path, sizeof(path), "%s/docs/%s", root, page->name);
	have = doc_slurp(path);
	want = doc_rewrite(page, have);
	out = getenv("UPDATE") ? fopen(path, "we") : NULL;
	if (out) {
		fputs(want, out);
		fclose(out);
	} else if (strcmp(have, want) != 0) {
		fail_msg("%s is old: run the test again with UPDATE=1", path);
	}
	free(have);
	free(want);
}
