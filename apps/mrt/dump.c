// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/dump.h"

#include "apps/mrt/input.h"
#include "apps/mrt/text.h"
#include "apps/mrt/when.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: jerboa-mrt dump [options] FILE...\n"
	"\n"
	"Writes every route, update and change of session in MRT dumps as text (files raw or\n"
	"compressed, told apart by content; - is standard input).\n"
	"\n"
	"Form\n"
	"  -m            a line each, as bgpdump -m writes it (the default):\n"
	"                TABLE_DUMP2|time|B|peer|AS|prefix|path|origin|next hop|local pref|\n"
	"                MED|communities|AG or NAG|aggregator|\n"
	"                BGP4MP|time|A or W|peer|AS|prefix|..., BGP4MP|time|STATE|peer|AS|old|new\n"
	"  -M            the same with dates, shorter, as bgpdump -M\n"
	"  -v, -H        several lines each, as bgpdump without options\n"
	"  -j, --json    a JSON object a line, with every attribute; jerboa-mrt(1) has the schema\n"
	"\n"
	"Content\n"
	"  -t dump|change  time of a table's route: of the dump (default) or of its last change\n"
	"  -l            large communities behind the communities (-m)\n"
	"  -u            attributes without a field of their own, last, in hex (-m)\n"
	"  -p            number of the record at the second place (-m, -M)\n"
	"  --peers       who the peers of a table are, instead of the routes\n"
	"  --from TIME, --to TIME  only records of this time: from <= time < to;\n"
	"                2026-01-31, 2026-01-31T16:00:00 (UTC), or seconds since 1970\n"
	"  --local       dates in the local time zone (-M, -v)\n"
	"  --correct     what the file says even where bgpdump writes something else\n"
	"\n"
	"  -o, -O FILE   write there\n"
	"  -q            count errors, do not tell them one by one\n"
	"\n"
	"Exit status: 0 clean, 1 something is wrong with a file (counted, and told on standard\n"
	"error with its offset), 2 unusable.\n"
	"\n"
	"Examples\n"
	"  jerboa-mrt dump rib.20260101.0000.bz2 | grep '|203.0.113.0/24|'\n"
	"  curl -s URL | jerboa-mrt dump - | head\n"
	"  jerboa-mrt dump -j updates.gz | jq -r 'select(.kind == \"withdraw\") | .prefix'\n"
	"  jerboa-mrt dump --from 2026-01-01T12:00 --to 2026-01-01T12:05 updates.*.gz\n";

struct dump {
	struct text text;
	struct outfile out;
	struct text_style style;
	bool peers_only, is_quiet;
	uint32_t from_s, to_s;
	const char *out_path;
};

// Peer tables are always wanted: routes name their peers by them.
static bool record_wanted(void *arg, const struct mrt_file_record *rec)
{
	const struct dump *d = arg;

	if (mrt_hdr_kind(&rec->hdr) == MRT_KIND_PEERS)
		return true;
	return !d->peers_only && rec->hdr.time_s >= d->from_s && rec->hdr.time_s < d->to_s;
}

static void event_take(void *arg, const struct event *ev)
{
	struct dump *d = arg;

	text_event(&d->text, ev);
}

static void peers_take(void *arg, const struct mrt_peer *peer, unsigned n)
{
	struct dump *d = arg;

	text_peers(&d->text, peer, n);
}

static void tell_count(const char *path, uint64_t n, const char *what)
{
	if (n)
		fprintf(stderr, "%s: %" PRIu64 " %s\n", input_name(path), n, what);
}

// 0, 1 or 2: the exit status of one file.
static int run(struct dump *d, const char *path)
{
	struct input in = {.path = path,
			   .fn = d->peers_only ? NULL : event_take,
			   .peers_fn = d->peers_only ? peers_take : NULL,
			   .record_fn = record_wanted,
			   .arg = d,
			   .stop = &d->out.code,
			   .is_quiet = d->is_quiet};
	struct err err = {.code = 0};

	d->text.n_mistakes = d->text.n_untold = 0;
	if (input_read(&in, &err)) {
		fprintf(stderr, "jerboa-mrt: %s\n", err.text);
		return 2;
	}
	text_end(&d->text);
	if (!d->is_quiet && !d->out.code) {
		tell_count(path, d->text.n_mistakes,
			   "values are written as bgpdump writes them, not as the file has them; "
			   "--correct writes these");
		tell_count(path, d->text.n_untold,
			   "groups of routes are of families that only -j shows");
	}
	return input_status(&in);
}

static int time_option(const char *key, uint32_t *time_s, struct err *err)
{
	if (when_parse(optarg, time_s) == 0)
		return 0;
	return err_set(err, EINVAL,
		       "%s: '%s' is no time; allowed are 2026-01-31, 2026-01-31T16:00[:00] (UTC) "
		       "and seconds since 1970",
		       key, optarg);
}

static int which_time(struct dump *d, struct err *err)
{
	d->style.with_changed = strcmp(optarg, "change") == 0;
	if (d->style.with_changed || strcmp(optarg, "dump") == 0)
		return 0;
	return err_set(err, EINVAL, "-t: '%s' is unknown; allowed are dump and change", optarg);
}

enum { OPT_PEERS = 256, OPT_FROM, OPT_TO, OPT_LOCAL, OPT_CORRECT };

static int option_take(struct dump *d, int c, struct err *err)
{
	switch (c) {
	case 'm':
		d->style.form = TEXT_LINE;
		return 0;
	case 'M':
		d->style.form = TEXT_LINE_HUMAN;
		return 0;
	case 'v':
	case 'H':
		d->style.form = TEXT_LONG;
		return 0;
	case 'j':
		d->style.form = TEXT_JSON;
		return 0;
	case 't':
		return which_time(d, err);
	case 'l':
		d->style.with_large = true;
		return 0;
	case 'u':
		d->style.with_unknown = true;
		return 0;
	case 'p':
		d->style.with_index = true;
		return 0;
	case 'o':
	case 'O':
		d->out_path = optarg;
		return 0;
	case 'q':
		d->is_quiet = true;
		return 0;
	case OPT_PEERS:
		d->peers_only = true;
		return 0;
	case OPT_FROM:
		return time_option("--from", &d->from_s, err);
	case OPT_TO:
		return time_option("--to", &d->to_s, err);
	case OPT_LOCAL:
		d->style.is_local_time = true;
		return 0;
	case OPT_CORRECT:
		d->style.is_correct = true;
		return 0;
	default:
		return err_set(err, EINVAL, "see jerboa-mrt dump --help");
	}
}

// 0, 1 when help was given, or -EINVAL.
static int options_parse(struct dump *d, int argc, char **argv, struct err *err)
{
	static const struct option list[] = {
		{"json", 0, NULL, 'j'},	       {"peers", 0, NULL, OPT_PEERS},
		{"from", 1, NULL, OPT_FROM},   {"to", 1, NULL, OPT_TO},
		{"local", 0, NULL, OPT_LOCAL}, {"correct", 0, NULL, OPT_CORRECT},
		{"output", 1, NULL, 'o'},      {"quiet", 0, NULL, 'q'},
		{"help", 0, NULL, 'h'},	       {NULL, 0, NULL, 0},
	};
	int c, code = 0;

	while (!code && (c = getopt_long(argc, argv, "mMvHjt:lupo:O:qh", list, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return 1;
		}
		code = option_take(d, c, err);
	}
	if (!code && optind == argc)
		return err_set(err, EINVAL, "dump needs a file; see jerboa-mrt dump --help");
	return code;
}

int dump_main(int argc, char **argv)
{
	static struct dump d = {.to_s = UINT32_MAX, .out_path = "-"};
	struct err err = {.code = 0};
	int worst = 0, code = options_parse(&d, argc, argv, &err);

	if (code > 0)
		return 0;
	if (code || outfile_open(&d.out, d.out_path, &err)) {
		fprintf(stderr, "jerboa-mrt: %s\n", err.text);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	text_init(&d.text, &d.out, &d.style);
	for (int i = optind; i < argc && !d.out.code; i++) {
		int status = run(&d, argv[i]);

		worst = status > worst ? status : worst;
	}
	code = outfile_close(&d.out, &err);
	if (!code || code == -EPIPE)
		return worst;
	fprintf(stderr, "jerboa-mrt: %s\n", err.text);
	return 2;
}
