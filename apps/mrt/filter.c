// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/filter.h"

#include "apps/mrt/select.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

static const char help[] =
	"Usage: jerboa-mrt filter [options] CONDITION FILE...\n"
	"\n"
	"Writes the routes, updates and session changes of MRT files that a condition wants, as\n"
	"text or as MRT again. Files may be raw or compressed; - is standard input.\n"
	"\n";

static const char help_end[] =
	"  -c           only how many they are\n"
	"\n"
	"Exit status: 0 clean, 1 something is wrong with a file (counted, and told on standard\n"
	"error with its offset), 2 unusable.\n"
	"\n"
	"Examples\n"
	"  jerboa-mrt filter 'origin 13335' rib.gz\n"
	"      what AS 13335 announces\n"
	"  jerboa-mrt filter 'sub 192.0.2.0/24 and not origin 64500' updates.*.gz\n"
	"      who else announced it, or parts of it\n"
	"  jerboa-mrt filter 'path \"_174_.*_3356_\" and peer 192.0.2.1' rib.gz\n"
	"  jerboa-mrt filter 'community 65535:666 or community 65000:*' rib.gz\n"
	"  jerboa-mrt filter 'ip4 and length 25-32' -w longer.mrt.gz rib.gz\n"
	"  jerboa-mrt filter 'origin @customers.txt and withdraw' -c updates.gz\n"
	"  jerboa-mrt filter 'after 2026-01-31T12:00 before 2026-01-31T12:05' updates.gz\n";

static void help_print(void)
{
	fputs(help, stdout);
	fputs(where_help, stdout);
	putchar('\n');
	fputs(select_help, stdout);
	fputs(help_end, stdout);
}

// 0, 1 when help was given, or -EINVAL.
static int options_parse(struct select *s, bool *counts, int argc, char **argv, struct err *err)
{
	static const struct option list[] = {{"count", 0, NULL, 'c'}, SELECT_OPTIONS_LONG};
	int c, code = 0;

	while (!code && (c = getopt_long(argc, argv, "c" SELECT_OPTIONS, list, NULL)) != -1) {
		if (c == 'h') {
			help_print();
			return 1;
		}
		if (c == 'c')
			*counts = true;
		else if (select_option(s, c, optarg, err))
			code = err_set(err, EINVAL, "see jerboa-mrt filter --help");
	}
	if (!code && argc - optind < 2)
		return err_set(err, EINVAL,
			       "filter needs a condition and a file; see jerboa-mrt filter --help");
	return code;
}

int filter_main(int argc, char **argv)
{
	static struct select s = {.n_threads = 1};
	struct err err = {.code = 0};
	bool counts = false;
	int status, code = options_parse(&s, &counts, argc, argv, &err);

	if (code > 0)
		return 0;
	if (!code)
		s.where = where_new(argv[optind], &err);
	if (!s.where) {
		fprintf(stderr, "jerboa-mrt: %s\n", err.text);
		return 2;
	}
	if (counts && !s.text_path && !s.mrt_path)
		s.text_path = "/dev/null";
	status = select_run(&s, argv + optind + 1, argc - optind - 1);
	where_free(s.where);
	if (counts)
		printf("%" PRIu64 "\n", s.n_kept);
	return status;
}
