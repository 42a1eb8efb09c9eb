// SPDX-License-Identifier: BSD-3-Clause
// Both tables are read side by side, prefix by prefix, as a merge: so two dumps of
// any size take the memory of one prefix. Lines are written aside until the end of
// the files, for only then is it known that they were sorted; a file that is not is
// read into memory, and all begins anew.
#include "apps/mrt/diff.h"

#include "apps/mrt/diff_attrs.h"
#include "apps/mrt/diff_side.h"
#include "apps/mrt/outfile.h"
#include "apps/mrt/progress.h"
#include "apps/mrt/recfile.h"
#include "dataplane/route/prefix.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"Usage: jerboa-mrt diff [options] A B\n"
	"\n"
	"Says which routes two tables differ in, peer by peer and prefix by prefix (and path id\n"
	"by path id): what came (+), what went (-), what changed (~) and which attributes.\n"
	"\n"
	"  +|192.0.2.1|64500|203.0.113.0/24|64500 64501|192.0.2.1\n"
	"  ~|192.0.2.1|64500|198.51.100.0/24|AS_PATH|64500 1|64500 2|MULTI_EXIT_DISC|0|10\n"
	"\n"
	"  -j, --json          a JSON object a line, the last one the summary\n"
	"  -s, --summary       only the summary\n"
	"  --ignore ATTR,...   attributes that may differ: community, med, as_path, ... or "
	"numbers\n"
	"  --where CONDITION   only routes that it wants; jerboa-mrt filter --help has the "
	"language\n"
	"  -o FILE             write there\n"
	"\n"
	"Tables sorted by prefix, as collectors write them, are compared in constant memory; one\n"
	"that is not is read into memory, 48 bytes a route and its attributes once, and read from\n"
	"its begin again. How AS numbers are written makes no difference: TABLE_DUMP can be\n"
	"compared with TABLE_DUMP_V2.\n"
	"\n"
	"Exit status: 0 compared, 1 something is wrong with a file (counted), 2 unusable.\n"
	"\n"
	"Examples\n"
	"  jerboa-mrt diff -s rib.0000.gz rib.0800.gz\n"
	"  jerboa-mrt diff --where 'origin 64500' rib.0000.gz rib.0800.gz\n"
	"  jerboa-mrt diff --ignore community,med -j old.gz new.gz | jq -r 'select(.change == "
	"\"-\")'\n";

struct figures {
	uint64_t n_same, n_changed, n_came, n_went;
	uint64_t n_prefixes_came, n_prefixes_went;
	uint64_t n_by_type[DIFF_TYPES];
};

struct diff {
	const char *path[2];
	bool in_memory[2];
	bool json, summary_only;
	bool ignored[DIFF_TYPES];
	const char *where_text, *out_path;
	struct where *where;
	struct peerset *peers;
	struct side side[2];
	struct figures figures;
	struct outfile out;
	struct diff_attrs attrs[2];
	FILE *spool;
	char spool_path[64];
};

static char *name_text(char *p, unsigned type)
{
	const char *name = bgp_attr_name((uint8_t)type);

	return name ? stpcpy(p, name) : p + sprintf(p, "ATTR_%u", type);
}

static char *prefix_text(char *p, const struct side *s, const struct side_route *route)
{
	struct prefix prefix = {.family = s->prefix.family, .len = s->prefix.len};

	memcpy(prefix.bytes, s->prefix.bytes, sizeof(prefix.bytes));
	prefix_format(&prefix, p);
	return p + strlen(p);
}

static char *peer_text(char *p, const struct diff *d, unsigned number)
{
	const struct mrt_peer *peer = peerset_get(d->peers, number);
	struct addr addr = {.family = peer->addr.family};

	memcpy(addr.bytes, peer->addr.bytes, sizeof(addr.bytes));
	if (!addr.family)
		return stpcpy(p, "unknown");
	addr_format(&addr, p);
	return p + strlen(p);
}

// "~|192.0.2.1|64500|203.0.113.0/24", or the begin of an object.
static char *head_text(char *p, const struct diff *d, char change, const struct side *s,
		       const struct side_route *route)
{
	uint32_t asn = peerset_get(d->peers, route->peer)->asn;

	if (!d->json) {
		p += sprintf(p, "%c|", change);
		p = peer_text(p, d, route->peer);
		p += sprintf(p, "|%" PRIu32 "|", asn);
		p = prefix_text(p, s, route);
		return route->add_path ? p + sprintf(p, "#%" PRIu32, route->path_id) : p;
	}
	p += sprintf(p, "{\"change\":\"%c\",\"peer\":\"", change);
	p = peer_text(p, d, route->peer);
	p += sprintf(p, "\",\"peer_as\":%" PRIu32 ",\"prefix\":\"", asn);
	p = prefix_text(p, s, route);
	*p++ = '"';
	return route->add_path ? p + sprintf(p, ",\"path_id\":%" PRIu32, route->path_id) : p;
}

static void route_read(struct diff *d, unsigned which, const struct side_route *route)
{
	const struct side *s = &d->side[which];

	(void)diff_attrs_read(&d->attrs[which], s->bytes + route->attrs_at, route->attrs_len,
			      route->as_bytes);
}

// A route that only one side has.
static void route_alone(struct diff *d, unsigned which, const struct side_route *route)
{
	const struct side *s = &d->side[which];
	bool is_ip4 = s->prefix.family == 4;
	uint8_t hop;
	char *p;

	if (which)
		d->figures.n_came++;
	else
		d->figures.n_went++;
	if (d->summary_only)
		return;
	route_read(d, which, route);
	hop = is_ip4 && attrs_has(&d->attrs[which].a, BGP_ATTR_NEXT_HOP) ? BGP_ATTR_NEXT_HOP
									 : BGP_ATTR_MP_REACH;
	p = head_text(outfile_room(&d->out), d, which ? '+' : '-', s, route);
	p = stpcpy(p, d->json ? ",\"as_path\":\"" : "|");
	p = diff_attrs_text(p, &d->attrs[which], BGP_ATTR_AS_PATH);
	p = stpcpy(p, d->json ? "\",\"nexthop\":\"" : "|");
	p = diff_attrs_text(p, &d->attrs[which], hop);
	p = stpcpy(p, d->json ? "\"}\n" : "\n");
	d->out.at = p;
}

static char *change_text(char *p, const struct diff *d, uint8_t type, bool is_first)
{
	if (!d->json) {
		*p++ = '|';
		p = name_text(p, type);
		*p++ = '|';
		p = diff_attrs_text(p, &d->attrs[0], type);
		*p++ = '|';
		return diff_attrs_text(p, &d->attrs[1], type);
	}
	p = stpcpy(p, is_first ? "\"" : ",\"");
	p = name_text(p, type);
	p = stpcpy(p, "\":[\"");
	p = diff_attrs_text(p, &d->attrs[0], type);
	p = stpcpy(p, "\",\"");
	p = diff_attrs_text(p, &d->attrs[1], type);
	return stpcpy(p, "\"]");
}

static void changes_write(struct diff *d, const struct side_route *route, const uint8_t types[],
			  unsigned n)
{
	char *p = head_text(outfile_room(&d->out), d, '~', &d->side[1], route);

	if (d->json)
		p = stpcpy(p, ",\"attributes\":{");
	for (unsigned i = 0; i < n; i++)
		p = change_text(p, d, types[i], i == 0);
	d->out.at = stpcpy(p, d->json ? "}}\n" : "\n");
}

static void route_both(struct diff *d, const struct side_route *a, const struct side_route *b)
{
	uint8_t types[DIFF_TYPES];
	unsigned n, n_counted = 0;

	if (a->as_bytes == b->as_bytes && a->attrs_len == b->attrs_len &&
	    memcmp(d->side[0].bytes + a->attrs_at, d->side[1].bytes + b->attrs_at, a->attrs_len) ==
		    0) {
		d->figures.n_same++;
		return;
	}
	route_read(d, 0, a);
	route_read(d, 1, b);
	n = diff_attrs_compare(&d->attrs[0], &d->attrs[1], types);
	for (unsigned i = 0; i < n; i++)
		if (!d->ignored[types[i]]) {
			d->figures.n_by_type[types[i]]++;
			types[n_counted++] = types[i];
		}
	d->figures.n_changed += n_counted != 0;
	d->figures.n_same += n_counted == 0;
	if (n_counted && !d->summary_only)
		changes_write(d, b, types, n_counted);
}

static int key_compare(const void *a, const void *b)
{
	const struct side_route *x = a, *y = b;

	if (x->peer != y->peer)
		return x->peer < y->peer ? -1 : 1;
	return x->path_id < y->path_id ? -1 : x->path_id > y->path_id;
}

static void groups_compare(struct diff *d)
{
	struct side *a = &d->side[0], *b = &d->side[1];
	size_t i = 0, j = 0;

	qsort(a->route, a->n, sizeof(*a->route), key_compare);
	qsort(b->route, b->n, sizeof(*b->route), key_compare);
	while (i < a->n || j < b->n) {
		int order = i == a->n	? 1
			    : j == b->n ? -1
					: key_compare(&a->route[i], &b->route[j]);

		if (order < 0)
			route_alone(d, 0, &a->route[i++]);
		else if (order > 0)
			route_alone(d, 1, &b->route[j++]);
		else
			route_both(d, &a->route[i++], &b->route[j++]);
	}
}

static void group_alone(struct diff *d, unsigned which)
{
	struct side *s = &d->side[which];

	if (which)
		d->figures.n_prefixes_came++;
	else
		d->figures.n_prefixes_went++;
	qsort(s->route, s->n, sizeof(*s->route), key_compare);
	for (size_t i = 0; i < s->n; i++)
		route_alone(d, which, &s->route[i]);
}

static int advance(struct diff *d, unsigned which)
{
	int code = side_next(&d->side[which]);

	if (code == -ESTALE && strcmp(d->path[which], "-") != 0)
		d->in_memory[which] = true;
	return code;
}

// One prefix of either side or of both.
static int merge_step(struct diff *d)
{
	struct side *a = &d->side[0], *b = &d->side[1];
	int order = !a->n ? 1 : !b->n ? -1 : side_prefix_compare(&a->prefix, &b->prefix);
	int code = 0;

	if (order == 0)
		groups_compare(d);
	else
		group_alone(d, order > 0);
	if (order <= 0)
		code = advance(d, 0);
	if (code == 0 && order >= 0)
		code = advance(d, 1);
	return code ? code : d->out.code;
}

static int merge(struct diff *d)
{
	struct progress progress;
	uint64_t n = 0;
	int code = advance(d, 0);

	if (code == 0)
		code = advance(d, 1);
	progress_start(&progress, "comparing", "routes");
	while (code == 0 && (d->side[0].n || d->side[1].n)) {
		code = merge_step(d);
		if (n++ % 1024 == 0)
			progress_step(&progress, d->side[0].file.pos + d->side[1].file.pos,
				      d->side[0].file.size + d->side[1].file.size,
				      d->side[0].n_routes + d->side[1].n_routes);
	}
	progress_stop(&progress);
	return code;
}

static void sides_close(struct diff *d)
{
	side_close(&d->side[0]);
	side_close(&d->side[1]);
}

static int spool_empty(struct diff *d)
{
	d->out.at = d->out.buf;
	d->figures = (struct figures){.n_same = 0};
	return lseek(d->out.fd, 0, SEEK_SET) < 0 || ftruncate(d->out.fd, 0) < 0 ? -errno : 0;
}

// Again, with what is not sorted in memory, until both are known.
static int compare(struct diff *d, struct err *err)
{
	bool before[2];
	int code;

	do {
		memcpy(before, d->in_memory, sizeof(before));
		code = spool_empty(d);
		for (unsigned i = 0; code == 0 && i < 2; i++)
			code = side_open(&d->side[i], d->path[i], d->in_memory[i], d->where,
					 d->peers, err);
		if (code == 0)
			code = merge(d);
		for (unsigned i = 0; i < 2; i++)
			if (d->in_memory[i] != before[i])
				fprintf(stderr,
					"%s: is not sorted by prefix: its routes are read "
					"into memory\n",
					d->path[i]);
		if (code == -ESTALE && memcmp(before, d->in_memory, sizeof(before)) != 0)
			sides_close(d);
		else
			break;
	} while (true);
	if (code == -ESTALE)
		return err_set(err, EINVAL,
			       "standard input is not sorted by prefix, and cannot be "
			       "read twice: give a file");
	if (code == -E2BIG)
		return err_set(err, E2BIG, "more than %d peers", PEERSET_MAX);
	return code ? err_set(err, -code, "%s", strerror(-code)) : 0;
}

static char *summary_text(char *p, const struct diff *d)
{
	const struct figures *f = &d->figures;
	const struct side *a = &d->side[0], *b = &d->side[1];

	p += sprintf(p,
		     "%" PRIu64 " routes to %" PRIu64 " prefixes in A, %" PRIu64 " to %" PRIu64
		     " in B\n",
		     a->n_routes, a->n_prefixes, b->n_routes, b->n_prefixes);
	p += sprintf(p,
		     "%" PRIu64 " the same, %" PRIu64 " came, %" PRIu64 " went, %" PRIu64
		     " changed; %" PRIu64 " prefixes came, %" PRIu64 " went\n",
		     f->n_same, f->n_came, f->n_went, f->n_changed, f->n_prefixes_came,
		     f->n_prefixes_went);
	for (unsigned i = 0; i < DIFF_TYPES; i++)
		if (f->n_by_type[i]) {
			p += sprintf(p, "%12" PRIu64 " in ", f->n_by_type[i]);
			p = name_text(p, i);
			*p++ = '\n';
		}
	return p;
}

static char *summary_json(char *p, const struct diff *d)
{
	const struct figures *f = &d->figures;
	const struct side *a = &d->side[0], *b = &d->side[1];
	const char *comma = "";

	p += sprintf(p,
		     "{\"summary\":{\"routes\":[%" PRIu64 ",%" PRIu64 "],\"prefixes\":[%" PRIu64
		     ",%" PRIu64 "],\"same\":%" PRIu64 ",\"came\":%" PRIu64 ",\"went\":%" PRIu64
		     ",\"changed\":%" PRIu64 ",\"prefixes_came\":%" PRIu64
		     ",\"prefixes_went\":%" PRIu64 ",\"errors\":[%" PRIu64 ",%" PRIu64
		     "],\"attributes\":{",
		     a->n_routes, b->n_routes, a->n_prefixes, b->n_prefixes, f->n_same, f->n_came,
		     f->n_went, f->n_changed, f->n_prefixes_came, f->n_prefixes_went, a->n_bad,
		     b->n_bad);
	for (unsigned i = 0; i < DIFF_TYPES; i++)
		if (f->n_by_type[i]) {
			p += sprintf(p, "%s\"", comma);
			p = name_text(p, i);
			p += sprintf(p, "\":%" PRIu64, f->n_by_type[i]);
			comma = ",";
		}
	return stpcpy(p, "}}}\n");
}

// The spool to where it belongs.
static int spool_write(struct diff *d, struct err *err)
{
	FILE *to = strcmp(d->out_path, "-") == 0 ? stdout : fopen(d->out_path, "w");
	char buf[65536];
	size_t n;
	int code = 0;

	rewind(d->spool);
	while (to && (n = fread(buf, 1, sizeof(buf), d->spool)) > 0)
		if (fwrite(buf, 1, n, to) != n)
			break;
	if (!to || fflush(to) != 0 || ferror(to))
		code = errno == EPIPE ? 0
				      : err_set(err, errno, "%s: cannot write: %s", d->out_path,
						strerror(errno));
	if (to && to != stdout)
		fclose(to);
	return code;
}

static int spool_open(struct diff *d, struct err *err)
{
	d->spool = tmpfile();
	if (!d->spool)
		return err_set(err, errno, "no temporary file: %s", strerror(errno));
	snprintf(d->spool_path, sizeof(d->spool_path), "/proc/self/fd/%d", fileno(d->spool));
	return outfile_open(&d->out, d->spool_path, err);
}

// The exit status, or -errno.
static int run(struct diff *d, struct err *err)
{
	int code;

	for (unsigned i = 0; i < 2; i++)
		if (recfile_is_same(d->out_path, d->path[i]))
			return err_set(err, EINVAL, "%s: is read, and would be overwritten",
				       d->path[i]);
	d->where = where_new(d->where_text, err);
	d->peers = peerset_new();
	if (!d->where || !d->peers)
		return err_set(err, ENOMEM, "no memory");
	if (spool_open(d, err) < 0)
		return -err->code;
	code = compare(d, err);
	if (code == 0)
		d->out.at = d->json ? summary_json(outfile_room(&d->out), d)
				    : summary_text(outfile_room(&d->out), d);
	if (outfile_close(&d->out, err) < 0 || code < 0)
		return -err->code;
	for (unsigned i = 0; i < 2; i++)
		if (!d->side[i].n_routes)
			fprintf(stderr, "%s: has no routes of a table%s\n", d->path[i],
				d->where_text[0] ? " that the condition wants" : "");
	if (spool_write(d, err) < 0)
		return -err->code;
	if (!d->side[0].file.n_records || !d->side[1].file.n_records)
		return 2;
	return d->side[0].n_bad || d->side[1].n_bad ? 1 : 0;
}

static bool name_is(const char *word, const char *name)
{
	while (*word && *name && tolower((unsigned char)*word) == tolower((unsigned char)*name)) {
		word++;
		name++;
	}
	return !*word && !*name;
}

static int ignore_one(struct diff *d, const char *word, struct err *err)
{
	static const struct {
		const char *word;
		uint8_t type;
	} shorts[] = {{"med", 4},     {"community", 8},	     {"communities", 8},
		      {"nexthop", 3}, {"nexthop", 14},	     {"large_community", 32},
		      {"large", 32},  {"ext_community", 16}, {"path", 2}};
	bool is_found = false;

	for (unsigned i = 0; i < ARRAY_LEN(shorts); i++)
		if (name_is(word, shorts[i].word))
			is_found = d->ignored[shorts[i].type] = true;
	for (unsigned type = 0; type < DIFF_TYPES; type++) {
		const char *name = bgp_attr_name((uint8_t)type);
		char number[8];

		snprintf(number, sizeof(number), "%u", type);
		if ((name && name_is(word, name)) || strcmp(word, number) == 0)
			is_found = d->ignored[type] = true;
	}
	return is_found ? 0
			: err_set(err, EINVAL,
				  "--ignore: '%s' is no attribute; allowed are as_path, nexthop, "
				  "med, local_pref, community, large, aggregator, ... and numbers",
				  word);
}

static int ignore_option(struct diff *d, char *list, struct err *err)
{
	char *word;

	while ((word = strsep(&list, ",")))
		if (ignore_one(d, word, err) < 0)
			return -err->code;
	return 0;
}

enum { OPT_IGNORE = 256, OPT_WHERE };

static int option_take(struct diff *d, int c, struct err *err)
{
	switch (c) {
	case 'j':
		d->json = true;
		return 0;
	case 's':
		d->summary_only = true;
		return 0;
	case 'o':
		d->out_path = optarg;
		return 0;
	case OPT_IGNORE:
		return ignore_option(d, optarg, err);
	case OPT_WHERE:
		d->where_text = optarg;
		return 0;
	default:
		return err_set(err, EINVAL, "see jerboa-mrt diff --help");
	}
}

static int options_parse(struct diff *d, int argc, char **argv, struct err *err)
{
	static const struct option list[] = {{"json", 0, NULL, 'j'},
					     {"summary", 0, NULL, 's'},
					     {"output", 1, NULL, 'o'},
					     {"ignore", 1, NULL, OPT_IGNORE},
					     {"where", 1, NULL, OPT_WHERE},
					     {"help", 0, NULL, 'h'},
					     {NULL, 0, NULL, 0}};
	int c, code = 0;

	while (!code && (c = getopt_long(argc, argv, "jso:h", list, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return 1;
		}
		code = option_take(d, c, err);
	}
	if (!code && argc - optind != 2)
		return err_set(err, EINVAL, "diff needs two files; see jerboa-mrt diff --help");
	return code;
}

int diff_main(int argc, char **argv)
{
	static struct diff d = {.where_text = "", .out_path = "-"};
	struct err err = {.code = 0};
	int code = options_parse(&d, argc, argv, &err);

	if (code > 0)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	if (!code) {
		d.path[0] = argv[optind];
		d.path[1] = argv[optind + 1];
		code = run(&d, &err);
	}
	sides_close(&d);
	where_free(d.where);
	peerset_free(d.peers);
	if (d.spool)
		fclose(d.spool);
	if (code >= 0)
		return code;
	fprintf(stderr, "jerboa-mrt: %s\n", err.text);
	return 2;
}
