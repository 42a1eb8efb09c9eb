// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/config.h"
#include "tests/unit/doc.h"

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

static void config_reference_is_what_the_schema_says(void **state)
{
	(void)state;
	doc_check(&(struct doc_page){"config.md", "<!-- written from the schema -->\n",
				     "<!-- end of what is written -->\n", print_reference});
}

static void config_man_page_is_what_the_schema_says(void **state)
{
	(void)state;
	doc_check(&(struct doc_page){"man/jerboa.yaml.5", "see config_doc_test.c.\n",
				     ".\\\" End of what is written", print_man});
}

static void config_example_is_what_the_schema_says(void **state)
{
	(void)state;
	doc_check(&(struct doc_page){"jerboa.yaml", NULL, NULL, print_example});
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
