// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/input.h"

#include "apps/mrt/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *input_name(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

static void tell(struct input *in, const char *text)
{
	if (in->is_quiet)
		return;
	if (in->n_told < INPUT_TOLD_MAX)
		fprintf(stderr, "%s\n", text);
	else if (in->n_told == INPUT_TOLD_MAX)
		fprintf(stderr, "%s: more errors are only counted\n", input_name(in->path));
	in->n_told++;
}

static void fault_tell(struct input *in, const struct mrt_file_record *rec,
		       const struct fault *fault)
{
	char text[512];

	in->n_faults[fault->code]++;
	snprintf(text, sizeof(text), "%s: record %" PRIu64 " at offset %" PRIu64 ", byte %u: %s",
		 input_name(in->path), rec->number, rec->offset, MRT_HDR_LEN + fault->at,
		 fault_text(fault->code));
	tell(in, text);
}

void input_fault(struct input *in, const struct mrt_file_record *rec, const struct fault *fault)
{
	in->n_bad_records++;
	fault_tell(in, rec, fault);
}

static void count(void *arg, const struct event *ev)
{
	struct input *in = arg;

	in->n_events++;
	if (in->fn)
		in->fn(in->arg, ev);
}

static void peers_give(struct input *in)
{
	unsigned n;
	const struct mrt_peer *peer = walk_peers(in->walk, &n);

	in->peers_fn(in->arg, peer, n);
}

static int record_take(struct input *in, const struct mrt_file_record *rec)
{
	struct fault fault = {.code = FAULT_NONE};
	uint64_t n_events = in->n_events;
	int err;

	if (in->record_fn && !in->record_fn(in->arg, rec))
		return 0;
	err = walk_record(in->walk, &rec->hdr, rec->body, count, in, &fault);
	if (err == -EBADMSG) {
		in->n_bad_routes += in->n_events > n_events;
		in->n_bad_records += in->n_events == n_events;
		fault_tell(in, rec, &fault);
		return 0;
	}
	if (!err && in->peers_fn && mrt_hdr_kind(&rec->hdr) == MRT_KIND_PEERS)
		peers_give(in);
	return err;
}

static int records_read(struct input *in, struct mrt_file *file, struct progress *progress)
{
	static struct mrt_file_record rec;
	enum mrt_file_event event;
	int code = 0;

	while (!code && (event = mrt_file_next(file, &rec)) != MRT_FILE_END) {
		if (event == MRT_FILE_RECORD)
			code = record_take(in, &rec);
		else
			tell(in, rec.text);
		if (in->stop && *in->stop)
			break;
		if (rec.number % 1024 == 0) {
			mrt_file_stats_get(file, &in->file);
			progress_step(progress, in->file.pos, in->file.size, in->n_events);
		}
	}
	return code;
}

int input_read(struct input *in, struct err *err)
{
	struct progress progress;
	struct mrt_file *file = mrt_file_open(in->path, err);
	int code = -ENOMEM;

	if (!file)
		return -err->code;
	progress_start(&progress, input_name(in->path), "routes");
	in->walk = walk_new();
	if (in->walk)
		code = records_read(in, file, &progress);
	progress_stop(&progress);
	in->seconds = progress_seconds(&progress);
	mrt_file_stats_get(file, &in->file);
	mrt_file_close(file);
	walk_free(in->walk);
	in->walk = NULL;
	if (code)
		err_set(err, -code, "%s: out of memory", in->path);
	return code;
}

int input_status(const struct input *in)
{
	if (in->file.n_records == 0)
		return 2;
	return in->file.n_damages || in->file.n_errors || in->n_bad_records || in->n_bad_routes ? 1
												: 0;
}
