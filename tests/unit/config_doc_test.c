// SPDX-License-Identifier: BSD-3-Clause
// The pages in docs/ that are written from the schema say what the schema says.
// UPDATE=1 in the environment writes them anew.
#include "dataplane/ctl/config.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_MAX = 1 << 18 };

// What is written stands between two lines of the page; NULL: is the page.
struct page {
	const char *name, *begin, *end;
	void (*print)(FILE *out);
};

static void print_reference(FILE *out)
{
	config_reference_print(out, false);
}

static void print_man(FILE *out)
{
	config_reference_print(out, true);
}

static void print_example(FILE *out)
{
	config_example_print(out);
}

static char *slurp(const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = calloc(1, PAGE_MAX);

	assert_non_null(text);
	if (in) {
		assert_true(fread(text, 1, PAGE_MAX - 1, in) < PAGE_MAX - 1);
		fclose(in);
	}
	return text;
}

// The page as it should be.
static char *rewrite(const struct page *page, const char *have)
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

static void check_page(const struct page *page)
{
	const char *root = getenv("SOURCE_ROOT");
	char path[512], *want, *have;
	FILE *out;

	if (!root)
		skip(); // run by meson, which knows
	snprintf(path, sizeof(path), "%s/docs/%s", root, page->name);
	have = slurp(path);
	want = rewrite(page, have);
	out = getenv("UPDATE") ? fopen(path, "we") : NULL;
	if (out) {
		fputs(want, out);
		fclose(out);
	} else if (strcmp(have, want) != 0) {
		fail_msg("%s is old: run UPDATE=1 meson test config_doc", path);
	}
	free(have);
	free(want);
}

static void config_reference_is_what_the_schema_says(void **state)
{
	(void)state;
	check_page(&(struct page){"config.md", "<!-- written from the schema -->\n",
				  "<!-- end of what is written -->\n", print_reference});
}

static void config_man_page_is_what_the_schema_says(void **state)
{
	(void)state;
	check_page(&(struct page){"man/jerboa.yaml.5", "see config_doc_test.c.\n",
				  ".\\\" End of what is written", print_man});
}

static void config_example_is_what_the_schema_says(void **state)
{
	(void)state;
	check_page(&(struct page){"jerboa.yaml", NULL, NULL, print_example});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_reference_is_what_the_schema_says),
		cmocka_unit_test(config_man_page_is_what_the_schema_says),
		cmocka_unit_test(config_example_is_what_the_schema_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
