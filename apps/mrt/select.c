// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/select.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char select_help[] =
	"Output\n"
	"  -m           a line each, as bgpdump -m (the default)\n"
	"  -M, -v       as bgpdump -M, as bgpdump without options\n"
	"  -j, --json   a JSON object a line\n"
	"  -l           large communities, too (-m)\n"
	"  -o FILE      text goes there; - is standard output\n"
	"  -w FILE      MRT again: records with the wanted routes only, peer tables kept;\n"
	"               compressed if FILE ends in .gz, .bz2, .xz or .zst; - is standard output\n"
	"  -T N         threads that compress\n"
	"  -q           count errors, do not tell them one by one\n";

int select_option(struct select *s, int c, const char *value, struct err *err)
{
	static const struct {
		int c;
		enum text_form form;
	} forms[] = {{'m', TEXT_LINE},
		     {'M', TEXT_LINE_HUMAN},
		     {'v', TEXT_LONG},
		     {'H', TEXT_LONG},
		     {'j', TEXT_JSON}};

	for (unsigned i = 0; i < ARRAY_LEN(forms); i++)
		if (c == forms[i].c) {
			s->style.form = forms[i].form;
			if (!s->text_path)
				s->text_path = "-";
			return 0;
		}
	switch (c) {
	case 'l':
		s->style.with_large = true;
		return 0;
	case 'o':
		s->text_path = value;
		return 0;
	case 'w':
		s->mrt_path = value;
		return 0;
	case 'q':
		s->is_quiet = true;
		return 0;
	case 'T':
		s->n_threads = (unsigned)atoi(value);
		if (s->n_threads < 1 || s->n_threads > RECFILE_THREADS_MAX)
			return err_set(err, EINVAL, "-T: '%s' is not 1 to %d", value,
				       RECFILE_THREADS_MAX);
		return 0;
	default:
		return 1;
	}
}

static void event_take(void *arg, const struct event *ev)
{
	struct select *s = arg;
	struct event copy;

	s->n_events++;
	s->n_record_events++;
	if (!where_matches(s->where, ev) || (s->wants_fn && !s->wants_fn(s->arg, ev)))
		return;
	s->n_kept++;
	if (s->rewrite)
		rewrite_keep(s->rewrite, ev);
	if (!s->text_path)
		return;
	// The text's parts that events share are made at the first it sees.
	copy = *ev;
	copy.is_first = s->last_record != s->record;
	s->last_record = s->record;
	text_event(&s->text, &copy);
	if (s->out.code)
		s->code = s->out.code;
}

// Walks a record itself: what is kept must be written before the next comes.
static bool record_take(void *arg, const struct mrt_file_record *rec)
{
	struct select *s = arg;
	struct fault fault = {.code = FAULT_NONE};
	enum mrt_kind kind = mrt_hdr_kind(&rec->hdr);
	int code;

	if (s->skip_fn && kind != MRT_KIND_PEERS && s->skip_fn(s->arg, rec))
		return false;
	s->record++;
	s->n_record_events = 0;
	if (s->rewrite)
		rewrite_begin(s->rewrite);
	code = walk_record(s->walk, &rec->hdr, rec->body, event_take, s, &fault);
	if (code == -EBADMSG)
		input_fault(s->input, rec, &fault);
	else if (code)
		s->code = code;
	code = 0;
	if (s->rewrite && (kind == MRT_KIND_PEERS || kind == MRT_KIND_GEO))
		code = rewrite_copy(s->rewrite, rec);
	else if (s->rewrite)
		code = rewrite_end(s->rewrite, rec, s->n_record_events);
	if (code < 0)
		s->code = code;
	s->input->n_events = s->n_events;
	return false;
}

static int file_read(struct select *s, const char *path)
{
	struct input in = {.path = path,
			   .record_fn = record_take,
			   .arg = s,
			   .stop = &s->code,
			   .is_quiet = s->is_quiet};
	struct err err = {.code = 0};

	s->input = &in;
	if (input_read(&in, &err)) {
		fprintf(stderr, "jerboa-mrt: %s\n", err.text);
		return 2;
	}
	return input_status(&in);
}

static int files_open(struct select *s, char **paths, int n, struct err *err)
{
	for (int i = 0; i < n; i++)
		if ((s->mrt_path && recfile_is_same(s->mrt_path, paths[i])) ||
		    (s->text_path && recfile_is_same(s->text_path, paths[i])))
			return err_set(err, EINVAL, "%s: is read, and would be overwritten",
				       paths[i]);
	if (!s->text_path && !s->mrt_path)
		s->text_path = "-";
	if (s->text_path && s->mrt_path && strcmp(s->text_path, "-") == 0 &&
	    strcmp(s->mrt_path, "-") == 0)
		return err_set(err, EINVAL, "text and MRT cannot both go to standard output");
	s->walk = walk_new();
	if (!s->walk)
		return err_set(err, ENOMEM, "no memory");
	if (s->text_path) {
		if (outfile_open(&s->out, s->text_path, err))
			return -err->code;
		text_init(&s->text, &s->out, &s->style);
	}
	if (s->mrt_path) {
		s->to = recfile_open(s->mrt_path, RECFILE_BY_NAME, s->n_threads, 0, err);
		s->rewrite = s->to ? rewrite_new(s->to) : NULL;
		if (!s->rewrite)
			return err_set(err, ENOMEM, "no memory");
	}
	return 0;
}

static int files_close(struct select *s, int status)
{
	struct err err = {.code = 0};
	int code = 0;

	if (s->to && recfile_close(s->to, status < 2, &err))
		status = 2;
	if (s->text_path && s->out.buf) {
		text_end(&s->text);
		code = outfile_close(&s->out, &err);
		if (code == -EPIPE)
			err.code = 0;
		else if (code)
			status = 2;
	}
	if (err.code)
		fprintf(stderr, "jerboa-mrt: %s\n", err.text);
	rewrite_free(s->rewrite);
	walk_free(s->walk);
	return status;
}

int select_run(struct select *s, char **paths, int n)
{
	struct err err = {.code = 0};
	int worst = 0;

	signal(SIGPIPE, SIG_IGN);
	if (files_open(s, paths, n, &err) < 0) {
		fprintf(stderr, "jerboa-mrt: %s\n", err.text);
		return files_close(s, 2);
	}
	for (int i = 0; i < n && !s->code; i++) {
		int status = file_read(s, paths[i]);

		worst = status > worst ? status : worst;
	}
	if (s->code == -ENOMEM) {
		fputs("jerboa-mrt: out of memory\n", stderr);
		worst = 2;
	}
	return files_close(s, worst);
}
