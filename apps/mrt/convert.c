// SPDX-License-Identifier: BSD-3-Clause
// TABLE_DUMP has a record for each route, with its peer in it; TABLE_DUMP_V2 has
// one for each prefix and all peers in front. So the files are read twice: for
// the peers, and for the routes, of which those to one prefix that follow each
// other become one record.
#include "apps/mrt/convert.h"

#include "apps/mrt/input.h"
#include "apps/mrt/peerset.h"
#include "apps/mrt/recfile.h"
#include "apps/mrt/rewrite.h"
#include "apps/mrt/widen.h"
#include "dataplane/bgp/mrt_enc.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTRS_MAX = 65535, GROUP_MAX = 8 << 20, GROUP_ENTRIES_MAX = 60000 };

static const char help[] =
	"Usage: jerboa-mrt convert [options] FILE... OUT\n"
	"\n"
	"Writes the records of MRT files, in order, into one file OUT: compressed as its name\n"
	"says (.gz, .bz2, .xz, .zst, else raw), damage left out. - is standard input or output.\n"
	"\n"
	"  -f FORMAT   raw, gz, bz2, xz or zst, whatever the name says\n"
	"  -l LEVEL    of the compression: 1 to 9, zst 1 to 19 (default gz 6, bz2 9, xz 3, zst 3)\n"
	"  -j N        N threads compress\n"
	"  --v2        old tables (TABLE_DUMP) become TABLE_DUMP_V2: a peer table in front, AS\n"
	"              numbers of four bytes, all routes to a prefix in one record. The files\n"
	"              are read twice, so none can be standard input\n"
	"  -q          count errors, do not tell them one by one\n"
	"\n"
	"OUT appears when it is complete; it cannot be one of the files that are read.\n"
	"Exit status: 0 clean, 1 something is wrong with a file (all of it counted; what could\n"
	"be read was written), 2 unusable.\n"
	"\n"
	"Examples\n"
	"  jerboa-mrt convert -j 4 rib.bz2 rib.zst\n"
	"  jerboa-mrt convert updates.0000.gz updates.0005.gz updates.0010.gz updates.gz\n"
	"  jerboa-mrt convert --v2 bview.20020722.2337.gz - | jerboa-mrt stat -\n";

struct convert {
	enum recfile_format format;
	unsigned n_threads;
	int level;
	bool to_v2, is_quiet;
	const char *out_path;

	struct recfile *to;
	struct rewrite *copier;
	struct input *input;
	struct peerset *peers;
	struct walk *walk;
	const struct mrt_file_record *rec;
	int code;
	uint64_t n_routes, n_old, n_v2;

	// The record under way: routes to one prefix.
	struct bgp_prefix prefix; // family 0: none
	uint32_t time_s, seq;
	unsigned n_entries;
	uint8_t *group; // encoded entries
	size_t group_len;
	uint8_t attrs[ATTRS_MAX];
};

static void bytes_write(struct convert *cv, const void *bytes, size_t len)
{
	uint8_t *to = recfile_room(cv->to, len);

	if (to) {
		memcpy(to, bytes, len);
		recfile_take(cv->to, len);
	}
	cv->code = recfile_code(cv->to);
}

// RFC 6396 §4.3.2: number, prefix, number of entries, then these.
static void group_end(struct convert *cv)
{
	uint8_t head[MRT_HDR_LEN + 4 + 1 + 16 + 2], *p = head + MRT_HDR_LEN;
	struct mrt_hdr hdr = {.time_s = cv->time_s, .type = MRT_TABLE_DUMP_V2};
	unsigned n_bytes = (cv->prefix.len + 7u) / 8;

	if (cv->n_entries) {
		p = wire_put32(p, cv->seq++);
		*p++ = cv->prefix.len;
		memcpy(p, cv->prefix.bytes, n_bytes);
		p = wire_put16(p + n_bytes, (uint16_t)cv->n_entries);
		hdr.subtype = cv->prefix.family == 4 ? MRT_V2_IP4_UNICAST : MRT_V2_IP6_UNICAST;
		hdr.len = (uint32_t)((size_t)(p - head) - MRT_HDR_LEN + cv->group_len);
		mrt_hdr_encode(&hdr, head);
		bytes_write(cv, head, (size_t)(p - head));
		if (!cv->code)
			bytes_write(cv, cv->group, cv->group_len);
	}
	cv->prefix.family = 0;
	cv->n_entries = 0;
	cv->group_len = 0;
}

static bool is_other(const struct convert *cv, const struct event *ev)
{
	return memcmp(&cv->prefix, &ev->prefix, sizeof(cv->prefix)) != 0 ||
	       cv->time_s != ev->time_s || cv->n_entries == GROUP_ENTRIES_MAX ||
	       cv->group_len > GROUP_MAX - ATTRS_MAX - 64;
}

static void route_add(struct convert *cv, const struct event *ev, const struct out *attrs)
{
	uint8_t *p;

	if (is_other(cv, ev)) {
		group_end(cv);
		cv->prefix = ev->prefix;
		cv->time_s = ev->time_s;
	}
	p = cv->group + cv->group_len;
	p = wire_put16(p, (uint16_t)peerset_find(cv->peers, ev->peer));
	p = wire_put32(p, ev->changed_s);
	p = wire_put16(p, (uint16_t)attrs->len);
	memcpy(p, attrs->buf, attrs->len);
	cv->group_len = (size_t)(p - cv->group) + attrs->len;
	cv->n_entries++;
	cv->n_routes++;
}

static void route_take(void *arg, const struct event *ev)
{
	struct convert *cv = arg;
	struct out out = {.buf = cv->attrs, .size = sizeof(cv->attrs)};
	struct fault fault = {.code = FAULT_NONE};

	if (ev->kind != EVENT_RIB)
		return;
	if (widen_attrs(ev->attrs, &out, &fault) == 0 && out_is_full(&out))
		fault_set(&fault, FAULT_ATTR_CUT, 0);
	if (fault.code)
		input_fault(cv->input, cv->rec, &fault);
	else
		route_add(cv, ev, &out);
}

static void record_walk(struct convert *cv, const struct mrt_file_record *rec, event_fn fn)
{
	struct fault fault = {.code = FAULT_NONE};
	int code;

	cv->rec = rec;
	code = walk_record(cv->walk, &rec->hdr, rec->body, fn, cv, &fault);
	if (code == -EBADMSG && fn == route_take)
		input_fault(cv->input, rec, &fault);
	else if (code == -ENOMEM)
		cv->code = code;
}

static bool record_convert(void *arg, const struct mrt_file_record *rec)
{
	struct convert *cv = arg;
	int code;

	if (cv->to_v2 && mrt_hdr_kind(&rec->hdr) == MRT_KIND_DUMP) {
		record_walk(cv, rec, route_take);
	} else {
		group_end(cv);
		code = rewrite_copy(cv->copier, rec);
		cv->code = code < 0 ? code : cv->code;
	}
	cv->input->n_events = cv->input->file.n_records;
	return false;
}

static void peer_take(void *arg, const struct event *ev)
{
	struct convert *cv = arg;

	if (ev->kind == EVENT_RIB && peerset_add(cv->peers, ev->peer) < 0)
		cv->code = -E2BIG;
}

static bool record_survey(void *arg, const struct mrt_file_record *rec)
{
	struct convert *cv = arg;

	cv->n_v2 += rec->hdr.type == MRT_TABLE_DUMP_V2;
	if (mrt_hdr_kind(&rec->hdr) == MRT_KIND_DUMP) {
		if (!cv->n_old++)
			cv->time_s = rec->hdr.time_s;
		record_walk(cv, rec, peer_take);
	}
	return false;
}

// All files with one function; the worst status.
static int files_read(struct convert *cv, char **paths, int n,
		      bool (*fn)(void *, const struct mrt_file_record *), bool is_quiet)
{
	int worst = 0;

	for (int i = 0; i < n && !cv->code; i++) {
		struct input in = {.path = paths[i],
				   .record_fn = fn,
				   .arg = cv,
				   .stop = &cv->code,
				   .is_quiet = is_quiet};
		struct err err = {.code = 0};
		int status;

		cv->input = &in;
		if (input_read(&in, &err)) {
			fprintf(stderr, "jerboa-mrt: %s\n", err.text);
			return 2;
		}
		status = input_status(&in);
		worst = status > worst ? status : worst;
	}
	return worst;
}

static int peers_write(struct convert *cv)
{
	unsigned n = peerset_count(cv->peers);
	struct mrt_hdr hdr = {.time_s = cv->time_s,
			      .type = MRT_TABLE_DUMP_V2,
			      .subtype = MRT_V2_PEER_INDEX_TABLE};
	struct mrt_peers peers = {.view = ""};
	size_t size = MRT_HDR_LEN + 16 + 32 * (size_t)n;
	uint8_t *to = recfile_room(cv->to, size);
	struct mrt_enc enc;

	if (!to)
		return recfile_code(cv->to);
	mrt_enc_start(&enc, to, size, &hdr, 0);
	mrt_enc_peers(&enc, &peers);
	for (unsigned i = 0; i < n; i++) {
		struct mrt_peer peer = *peerset_get(cv->peers, i);

		peer.as_bytes = 4;
		mrt_enc_peer(&enc, &peer);
	}
	if (mrt_enc_end(&enc))
		return -ERANGE;
	recfile_take(cv->to, enc.len);
	return 0;
}

static int v2_prepare(struct convert *cv, char **paths, int n, struct err *err)
{
	cv->peers = peerset_new();
	cv->walk = walk_new();
	cv->group = malloc(GROUP_MAX);
	if (!cv->peers || !cv->walk || !cv->group)
		return err_set(err, ENOMEM, "no memory");
	if (files_read(cv, paths, n, record_survey, true) == 2)
		return err_set(err, EINVAL, "nothing is written");
	if (cv->code)
		return err_set(err, -cv->code, "more than %d peers", PEERSET_MAX);
	if (cv->n_old && cv->n_v2)
		return err_set(err, EINVAL,
			       "--v2: tables of both kinds cannot become one: their "
			       "routes would name each other's peers");
	return cv->n_old ? peers_write(cv) : 0;
}

static int check(const struct convert *cv, char **paths, int n, struct err *err)
{
	for (int i = 0; i < n; i++) {
		if (recfile_is_same(cv->out_path, paths[i]))
			return err_set(err, EINVAL, "%s: is read, and would be overwritten",
				       paths[i]);
		if (cv->to_v2 && strcmp(paths[i], "-") == 0)
			return err_set(err, EINVAL,
				       "--v2: standard input cannot be read twice, which the peer "
				       "table asks for: give a file");
	}
	return 0;
}

static int run(struct convert *cv, char **paths, int n, struct err *err)
{
	int status = 2, code = check(cv, paths, n, err);

	if (code)
		return code;
	cv->to = recfile_open(cv->out_path, cv->format, cv->n_threads, cv->level, err);
	cv->copier = cv->to ? rewrite_new(cv->to) : NULL;
	if (!cv->copier)
		code = err_set(err, ENOMEM, "no memory");
	else if (cv->to_v2)
		code = v2_prepare(cv, paths, n, err);
	if (!code) {
		status = files_read(cv, paths, n, record_convert, cv->is_quiet);
		if (cv->to_v2)
			group_end(cv);
	}
	if (cv->to && recfile_close(cv->to, !code && status < 2, err))
		status = 2;
	return err->code ? -err->code : status;
}

static int number_option(const char *key, long lowest, long highest, struct err *err)
{
	char *end;
	long n = strtol(optarg, &end, 10);

	if (end == optarg || *end || n < lowest || n > highest)
		return err_set(err, EINVAL, "%s: '%s' is not %ld to %ld", key, optarg, lowest,
			       highest);
	return (int)n;
}

static int option_take(struct convert *cv, int c, struct err *err)
{
	int n;

	switch (c) {
	case 'f':
		if (recfile_format_parse(optarg, &cv->format) == 0)
			return 0;
		return err_set(err, EINVAL,
			       "-f: '%s' is unknown; allowed are raw, gz, bz2, xz, zst", optarg);
	case 'l':
		n = number_option("-l", 1, 19, err);
		cv->level = n;
		return n < 0 ? n : 0;
	case 'j':
		n = number_option("-j", 1, RECFILE_THREADS_MAX, err);
		cv->n_threads = (unsigned)n;
		return n < 0 ? n : 0;
	case '2':
		cv->to_v2 = true;
		return 0;
	case 'q':
		cv->is_quiet = true;
		return 0;
	default:
		return err_set(err, EINVAL, "see jerboa-mrt convert --help");
	}
}

static int options_parse(struct convert *cv, int argc, char **argv, struct err *err)
{
	static const struct option list[] = {{"format", 1, NULL, 'f'},	{"level", 1, NULL, 'l'},
					     {"threads", 1, NULL, 'j'}, {"v2", 0, NULL, '2'},
					     {"quiet", 0, NULL, 'q'},	{"help", 0, NULL, 'h'},
					     {NULL, 0, NULL, 0}};
	int c, code = 0;

	while (!code && (c = getopt_long(argc, argv, "f:l:j:qh", list, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return 1;
		}
		code = option_take(cv, c, err);
	}
	if (!code && argc - optind < 2)
		return err_set(err, EINVAL,
			       "convert needs a file to read and one to write; see "
			       "jerboa-mrt convert --help");
	return code;
}

int convert_main(int argc, char **argv)
{
	static struct convert cv = {.format = RECFILE_BY_NAME, .n_threads = 1};
	struct err err = {.code = 0};
	int code = options_parse(&cv, argc, argv, &err);

	if (code > 0)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	cv.out_path = argv[argc - 1];
	if (!code)
		code = run(&cv, argv + optind, argc - optind - 1, &err);
	rewrite_free(cv.copier);
	peerset_free(cv.peers);
	walk_free(cv.walk);
	free(cv.group);
	if (code >= 0)
		return code;
	if (err.code != EPIPE)
		fprintf(stderr, "jerboa-mrt: %s\n", err.text);
	return 2;
}
