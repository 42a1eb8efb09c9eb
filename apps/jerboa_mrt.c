// SPDX-License-Identifier: BSD-3-Clause
// jerboa-mrt: routing tables as MRT dumps, looked at and made up.
#include "apps/mrt/convert.h"
#include "apps/mrt/diff.h"
#include "apps/mrt/dump.h"
#include "apps/mrt/filter.h"
#include "apps/mrt/replay.h"
#include "apps/mrt/stat.h"
#include "apps/mrt/synth.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: jerboa-mrt COMMAND [options] FILE...\n"
	"\n"
	"  dump    routes, updates and session changes as text\n"
	"  stat    what is in a dump: record types, peers, prefixes by length, errors\n"
	"  lookup  routes to a prefix or an address\n"
	"  filter  what a condition wants: origin, path, community, ...; as text or MRT\n"
	"  convert another compression; old tables as TABLE_DUMP_V2\n"
	"  diff    which routes came, went and changed between two tables\n"
	"  replay  tell the routes of files to a BGP router, at the speed of then or faster\n"
	"  synth   write a made-up table of the Internet's size and shape\n"
	"\n"
	"MRT dumps (RFC 6396) are what RouteViews and RIPE RIS publish. Files may be raw,\n"
	"gzip, bzip2, xz or zstd, told apart by content; - is standard input or output.\n"
	"jerboa-mrt COMMAND --help says more, with examples.\n";

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} commands[] = {
	{"dump", dump_main},	 {"stat", stat_main},	    {"lookup", lookup_main},
	{"filter", filter_main}, {"convert", convert_main}, {"diff", diff_main},
	{"replay", replay_main}, {"synth", synth_main},
};

int main(int argc, char **argv)
{
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(help, stdout);
		return 0;
	}
	if (argc > 1 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)) {
		puts("jerboa-mrt " JERBOA_VERSION);
		return 0;
	}
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].main(argc - 1, argv + 1);
	if (argc > 1)
		fprintf(stderr, "jerboa-mrt: no command '%s'\n\n", argv[1]);
	fputs(help, stderr);
	return 2;
}
