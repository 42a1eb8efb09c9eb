// SPDX-License-Identifier: BSD-3-Clause
// jerboa-mrt lookup: in one pass, without holding a table. Of the longest match,
// only what was the longest so far is kept, and thrown away for a longer one.
#include "apps/mrt/filter.h"
#include "apps/mrt/select.h"
#include "dataplane/route/prefix.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"Usage: jerboa-mrt lookup [options] PREFIX|ADDRESS FILE...\n"
	"\n"
	"Finds routes in MRT dumps (and announcements in updates): of an address, those that\n"
	"lead there by the longest match; of a prefix, those to exactly it.\n"
	"\n"
	"  --exact      to exactly this prefix (the default for a prefix)\n"
	"  --longest    the longest match (the default for an address)\n"
	"  --more       to it and to everything more specific inside it\n"
	"  --less       to it and to everything less specific around it\n"
	"  --where COND only routes that this condition wants; jerboa-mrt filter --help has\n"
	"               the language\n"
	"\n";

static const char help_end[] =
	"\n"
	"Exit status: 0 clean (also if nothing is found), 1 something is wrong with a file,\n"
	"2 unusable.\n"
	"\n"
	"Examples\n"
	"  jerboa-mrt lookup 192.0.2.1 rib.gz\n"
	"      how does each peer reach it?\n"
	"  jerboa-mrt lookup --more 2001:db8::/32 -j rib.gz | jq -r .prefix | sort -u\n"
	"      which parts of it are announced on their own?\n"
	"  jerboa-mrt lookup --less 203.0.113.0/24 --where 'peer 64500' rib.gz\n";

enum mode { MODE_DEFAULT, MODE_EXACT, MODE_LONGEST, MODE_MORE, MODE_LESS };
enum { OPT_EXACT = 256, OPT_LONGEST, OPT_MORE, OPT_LESS, OPT_WHERE };

struct lookup {
	struct select select;
	enum mode mode;
	struct prefix wanted;
	struct addr first; // of it
	int longest;	   // so far; -1: none
	FILE *spool;	   // the longest so far, as text
	const char *where;
	char spool_path[64];
	const char *out_path;
};

static bool covers(const struct lookup *lk, const struct prefix *p)
{
	return p->family == lk->wanted.family && p->len <= lk->wanted.len &&
	       prefix_has_addr(p, &lk->first);
}

static bool prefix_fits(const struct lookup *lk, const struct prefix *p)
{
	struct addr addr = {.family = p->family};

	switch (lk->mode) {
	case MODE_EXACT:
		return prefix_is_equal(p, &lk->wanted);
	case MODE_MORE:
		memcpy(addr.bytes, p->bytes, sizeof(addr.bytes));
		return p->family == lk->wanted.family && p->len >= lk->wanted.len &&
		       prefix_has_addr(&lk->wanted, &addr);
	case MODE_LONGEST:
		return p->len >= lk->longest && covers(lk, p);
	default:
		return covers(lk, p);
	}
}

static void spool_empty(struct lookup *lk)
{
	struct outfile *out = &lk->select.out;

	out->at = out->buf;
	if (lseek(out->fd, 0, SEEK_SET) < 0 || ftruncate(out->fd, 0) < 0)
		out->code = -errno;
}

static bool event_wanted(void *arg, const struct event *ev)
{
	struct lookup *lk = arg;
	struct prefix p = {.family = ev->prefix.family, .len = ev->prefix.len};

	if ((ev->kind != EVENT_RIB && ev->kind != EVENT_ANNOUNCE) || !p.family)
		return false;
	memcpy(p.bytes, ev->prefix.bytes, sizeof(p.bytes));
	if (!prefix_fits(lk, &p))
		return false;
	if (lk->mode == MODE_LONGEST && p.len > lk->longest) {
		spool_empty(lk);
		lk->longest = p.len;
	}
	return true;
}

// Most records of a table are about something else: their first bytes tell.
static bool record_skipped(void *arg, const struct mrt_file_record *rec)
{
	const struct lookup *lk = arg;
	const uint8_t *body = rec->body;
	uint16_t subtype = rec->hdr.subtype;
	bool is_ip4 = subtype == MRT_V2_IP4_UNICAST || subtype == MRT_V2_IP4_UNICAST_AP;
	bool is_ip6 = subtype == MRT_V2_IP6_UNICAST || subtype == MRT_V2_IP6_UNICAST_AP;
	struct prefix p = {.family = is_ip4 ? 4 : 6};
	size_t n;

	if (rec->hdr.type != MRT_TABLE_DUMP_V2 || !(is_ip4 || is_ip6) || rec->hdr.len < 5)
		return false;
	p.len = body[4];
	n = (p.len + 7u) / 8;
	if (p.len > (is_ip4 ? 32 : 128) || rec->hdr.len < 5 + n)
		return false;
	memcpy(p.bytes, body + 5, n);
	prefix_mask(&p);
	return !prefix_fits(lk, &p);
}

static int option_take(struct lookup *lk, int c, struct err *err)
{
	if (c >= OPT_EXACT && c <= OPT_LESS) {
		lk->mode = MODE_EXACT + (enum mode)(c - OPT_EXACT);
		return 0;
	}
	if (c == OPT_WHERE) {
		lk->where = optarg;
		return 0;
	}
	if (select_option(&lk->select, c, optarg, err))
		return err_set(err, EINVAL, "see jerboa-mrt lookup --help");
	return 0;
}

static int options_parse(struct lookup *lk, int argc, char **argv, struct err *err)
{
	static const struct option list[] = {
		{"exact", 0, NULL, OPT_EXACT}, {"longest", 0, NULL, OPT_LONGEST},
		{"more", 0, NULL, OPT_MORE},   {"less", 0, NULL, OPT_LESS},
		{"where", 1, NULL, OPT_WHERE}, SELECT_OPTIONS_LONG};
	int c, code = 0;

	while (!code && (c = getopt_long(argc, argv, SELECT_OPTIONS, list, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			fputs(select_help, stdout);
			fputs(help_end, stdout);
			return 1;
		}
		code = option_take(lk, c, err);
	}
	if (!code && argc - optind < 2)
		return err_set(err, EINVAL,
			       "lookup needs a prefix or an address, and a file; see jerboa-mrt "
			       "lookup --help");
	return code;
}

static int wanted_parse(struct lookup *lk, const char *text, struct err *err)
{
	int rc = prefix_parse(text, &lk->wanted);

	if (rc < 0)
		return err_set(err, EINVAL, "'%s' is no prefix or address%s", text,
			       rc == -EDOM ? ": bits behind its length are set" : "");
	lk->first.family = lk->wanted.family;
	memcpy(lk->first.bytes, lk->wanted.bytes, sizeof(lk->first.bytes));
	if (lk->mode == MODE_DEFAULT)
		lk->mode = strchr(text, '/') ? MODE_EXACT : MODE_LONGEST;
	return 0;
}

// The longest match is known at the end: until then it is written aside.
static int spool_open(struct lookup *lk, struct err *err)
{
	struct select *s = &lk->select;

	if (lk->mode != MODE_LONGEST)
		return 0;
	if (s->mrt_path)
		return err_set(err, EINVAL,
			       "-w: the longest match is known at the end of the "
			       "files only; allowed with --exact, --more and --less");
	lk->spool = tmpfile();
	if (!lk->spool)
		return err_set(err, errno, "no temporary file: %s", strerror(errno));
	lk->out_path = s->text_path ? s->text_path : "-";
	snprintf(lk->spool_path, sizeof(lk->spool_path), "/proc/self/fd/%d", fileno(lk->spool));
	s->text_path = lk->spool_path;
	return 0;
}

static int spool_write(struct lookup *lk, int status)
{
	FILE *to = strcmp(lk->out_path, "-") == 0 ? stdout : fopen(lk->out_path, "w");
	char buf[65536];
	size_t n;

	if (!to) {
		fprintf(stderr, "jerboa-mrt: %s: cannot write: %s\n", lk->out_path,
			strerror(errno));
		return 2;
	}
	rewind(lk->spool);
	while ((n = fread(buf, 1, sizeof(buf), lk->spool)) > 0)
		if (fwrite(buf, 1, n, to) != n)
			break;
	if ((fflush(to) != 0 || ferror(to)) && errno != EPIPE) {
		fprintf(stderr, "jerboa-mrt: %s: cannot write: %s\n", lk->out_path,
			strerror(errno));
		status = 2;
	}
	if (to != stdout)
		fclose(to);
	return status;
}

static int run(struct lookup *lk, const char *wanted, char **paths, int n, struct err *err)
{
	struct select *s = &lk->select;
	int status;

	if (wanted_parse(lk, wanted, err) < 0)
		return -err->code;
	s->where = where_new(lk->where ? lk->where : "", err);
	if (!s->where || spool_open(lk, err) < 0)
		return -err->code;
	s->wants_fn = event_wanted;
	s->skip_fn = record_skipped;
	s->arg = lk;
	status = select_run(s, paths, n);
	if (lk->spool)
		status = spool_write(lk, status);
	if (!s->n_kept && status < 2)
		fprintf(stderr, "jerboa-mrt: no route to %s\n", wanted);
	return status;
}

int lookup_main(int argc, char **argv)
{
	static struct lookup lk = {.select = {.n_threads = 1}, .longest = -1};
	struct err err = {.code = 0};
	int code = options_parse(&lk, argc, argv, &err);

	if (code > 0)
		return 0;
	if (!code)
		code = run(&lk, argv[optind], argv + optind + 1, argc - optind - 1, &err);
	where_free(lk.select.where);
	if (lk.spool)
		fclose(lk.spool);
	if (code >= 0)
		return code;
	fprintf(stderr, "jerboa-mrt: %s\n", err.text);
	return 2;
}
