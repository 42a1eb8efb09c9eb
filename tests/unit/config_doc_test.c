// SPDX-License-Identifier: BSD-3-Clause
// The pages in docs/ that are written from the schema say what the schema says.
// UPDATE=1 in the environment writes them anew.
#include "dataplane/ctl/config.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_reference(FILE *out)
{
	fprintf(out, "# The configuration file\n\n"
		     "One YAML file, `/etc/jerboa/jerboa.yaml` or the argument of `-c`. Every key "
		     "has a default\nunless it is required; unknown keys are errors. "
		     "`jerboa --check -c FILE` tells what is wrong,\n"
		     "`jerboactl reload` applies a changed file or refuses it whole. "
		     "[jerboa.yaml](jerboa.yaml) is\nan example.\n\n"
		     "The file starts with `version: 1`. Each part below stands at the top level, "
		     "or where its\nname says. A restart is needed to change what says so.\n");
	config_reference_print(out, false);
}

static void print_example(FILE *out)
{
	config_example_print(out);
}

static char *slurp(const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = calloc(1, 1 << 18);

	assert_non_null(text);
	if (!in)
		fail_msg("%s is missing", path);
	assert_true(fread(text, 1, (1 << 18) - 1, in) > 0);
	fclose(in);
	return text;
}

static void check_page(const char *name, void (*print)(FILE *out))
{
	const char *root = getenv("SOURCE_ROOT");
	char path[512], *want = NULL, *have;
	size_t len;
	FILE *out;

	if (!root)
		skip(); // run by meson, which knows
	snprintf(path, sizeof(path), "%s/docs/%s", root, name);
	out = getenv("UPDATE") ? fopen(path, "we") : NULL;
	if (out) {
		print(out);
		fclose(out);
	}
	out = open_memstream(&want, &len);
	assert_non_null(out);
	print(out);
	fclose(out);
	have = slurp(path);
	if (strcmp(have, want) != 0)
		fail_msg("%s is old: run UPDATE=1 meson test config_doc", path);
	free(have);
	free(want);
}

static void config_reference_is_what_the_schema_says(void **state)
{
	(void)state;
	check_page("config.md", print_reference);
}

static void config_example_is_what_the_schema_says(void **state)
{
	(void)state;
	check_page("jerboa.yaml", print_example);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_reference_is_what_the_schema_says),
		cmocka_unit_test(config_example_is_what_the_schema_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
