// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/router.h"
#include "tests/unit/doc.h"

// The daemon's commands, without the daemon: tables need no router to be read.
static void print_commands(FILE *out, bool is_man)
{
	struct router *router = calloc(1, sizeof(*router));

	assert_non_null(router);
	router->cmds = cmds_new();
	assert_non_null(router->cmds);
	assert_int_equal(router_cmds_add(router), 0);
	cmds_reference_print(router->cmds, out, is_man);
	cmds_free(router->cmds);
	free(router);
}

static void print_markdown(FILE *out)
{
	print_commands(out, false);
}

static void print_man(FILE *out)
{
	print_commands(out, true);
}

static void cmd_reference_is_what_the_tables_say(void **state)
{
	(void)state;
	doc_check(&(struct doc_page){"commands.md", "<!-- written from the tables -->\n",
				     "<!-- end of what is written -->\n", print_markdown});
}

static void cmd_man_page_is_what_the_tables_say(void **state)
{
	(void)state;
	doc_check(&(struct doc_page){"man/jerboactl.1", "see cmd_doc_test.c.\n",
				     ".\\\" End of what is written", print_man});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cmd_reference_is_what_the_tables_say),
		cmocka_unit_test(cmd_man_page_is_what_the_tables_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
