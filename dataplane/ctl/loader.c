// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/loader.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/bgp/mrt_view.h"
#include "dataplane/ctl/loader_seen.h"
#include "dataplane/ctl/mrt_file.h"
#include "dataplane/ctl/mrt_gateway.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READY_MAX = 16, JOBS_MAX = 16, TABLES = 256, PROGRESS_S = 2 };

struct job {
	struct conf_mrt conf;
	struct loader_batch *end; // tells the result: there whatever memory is left
	struct job *next;
};

struct loader {
	pthread_t thread;
	pthread_mutex_t lock;	// of everything up to `seen`
	pthread_cond_t changed; // a job came, a batch was taken, or stop
	struct job *jobs;
	struct loader_batch *ready[READY_MAX]; // a ring
	unsigned head, tail;
	bool stop;
	struct loader_progress progress;

	struct seen *seen[TABLES]; // by table; the thread's own
};

// What one job carries through the reading.
struct load {
	struct loader *loader;
	const struct conf_mrt *conf;
	struct mrt_file *file;
	struct mrt_view *view;
	struct seen *seen;
	struct loader_batch *batch, *end;
	struct loader_result result;
	uint64_t start_ns, shown_ns;
	bool is_cut; // damage at the end, or stopped: withdraw nothing
};

static struct loader_batch *batch_new(const struct conf_mrt *conf)
{
	struct loader_batch *batch = malloc(sizeof(*batch));

	if (!batch)
		return NULL;
	batch->table = conf->table;
	batch->n = 0;
	memset(&batch->result, 0, sizeof(batch->result));
	return batch;
}

// Hands the batch to control; waits while control has enough to do.
static bool batch_give(struct load *ld)
{
	struct loader *l = ld->loader;
	bool given;

	pthread_mutex_lock(&l->lock);
	while (!l->stop && l->tail - l->head == READY_MAX)
		pthread_cond_wait(&l->changed, &l->lock);
	given = !l->stop;
	if (given)
		l->ready[l->tail++ % READY_MAX] = ld->batch;
	pthread_mutex_unlock(&l->lock);
	if (!given)
		free(ld->batch);
	ld->batch = NULL;
	return given;
}

static bool item_give(struct load *ld, const struct loader_item *item)
{
	if (!ld->batch)
		ld->batch = batch_new(ld->conf);
	if (!ld->batch)
		return false;
	ld->batch->item[ld->batch->n++] = *item;
	return ld->batch->n < LOADER_BATCH || batch_give(ld);
}

static bool route_give(struct load *ld, const struct mrt_view_route *route)
{
	struct loader_item item = {.is_withdrawn = false};
	int gateway = mrt_gateway(ld->conf, route->prefix.family, &route->best.path.nexthop,
				  route->best.peer_as);

	if (gateway < 0) {
		ld->result.n_no_gateway++;
		return true;
	}
	item.prefix.family = route->prefix.family;
	item.prefix.len = route->prefix.len;
	memcpy(item.prefix.bytes, route->prefix.bytes, sizeof(item.prefix.bytes));
	item.gateway = (uint16_t)gateway;
	if (!route->is_update) {
		if (seen_add(ld->seen, &item.prefix) < 0)
			return false;
		ld->result.n_routes4 += item.prefix.family == 4;
		ld->result.n_routes6 += item.prefix.family == 6;
	}
	return item_give(ld, &item);
}

static void progress_update(struct load *ld)
{
	struct loader *l = ld->loader;
	uint64_t now = clock_ns();
	double seconds = (double)(now - ld->start_ns) / 1e9;
	uint64_t n = ld->result.n_routes4 + ld->result.n_routes6;
	struct mrt_file_stats stats;
	double part;

	mrt_file_stats_get(ld->file, &stats);
	pthread_mutex_lock(&l->lock);
	l->progress.pos = stats.pos;
	l->progress.size = stats.size;
	l->progress.n_routes = n;
	l->progress.seconds = seconds;
	pthread_mutex_unlock(&l->lock);
	if (now - ld->shown_ns < PROGRESS_S * 1000000000ull || !isatty(STDERR_FILENO))
		return;
	ld->shown_ns = now;
	part = stats.size ? (double)stats.pos / (double)stats.size : 0;
	log_info("%s: %3.0f %%, %lu routes, %.0f a second, %.0f s to go", ld->conf->file,
		 part * 100, (unsigned long)n, (double)n / seconds,
		 part > 0 ? seconds / part - seconds : 0);
}

static void error_note(struct load *ld, const char *text)
{
	if (!ld->result.error[0])
		snprintf(ld->result.error, sizeof(ld->result.error), "%.511s", text);
}

// One record of the file; false: stop reading.
static bool record_take(struct load *ld, const struct mrt_file_record *rec)
{
	struct mrt_view_route route;
	struct fault fault = {.code = FAULT_NONE};
	int rc = mrt_view_record(ld->view, &rec->hdr, rec->body, &route, &fault);
	char text[256];

	if (fault.code) {
		snprintf(text, sizeof(text), "record %lu at offset %lu, byte %u: %s",
			 (unsigned long)rec->number, (unsigned long)rec->offset, fault.at,
			 fault_text(fault.code));
		error_note(ld, text);
	}
	if (rc == -ENOMEM)
		return false;
	if (rec->number % 4096 == 0)
		progress_update(ld);
	for (; rc > 0; rc = mrt_view_more(ld->view, &route, &fault))
		if (!route_give(ld, &route))
			return false;
	return rc != -ENOMEM;
}

static void file_read(struct load *ld)
{
	struct mrt_file_record rec;
	enum mrt_file_event event;

	while ((event = mrt_file_next(ld->file, &rec)) != MRT_FILE_END) {
		if (event == MRT_FILE_RECORD) {
			if (record_take(ld, &rec))
				continue;
			ld->is_cut = true;
			ld->result.n_damages++;
			error_note(ld, "out of memory: the rest of the file was not read");
			return;
		}
		error_note(ld, rec.text);
		ld->is_cut |= event == MRT_FILE_ERROR;
		ld->result.n_damages++;
	}
}

static bool withdraw(const struct prefix *prefix, void *arg)
{
	struct load *ld = arg;
	struct loader_item item = {.prefix = *prefix, .is_withdrawn = true};

	ld->result.n_withdrawn++;
	return item_give(ld, &item);
}

// Routes of the load before that this one did not bring again go.
static void old_routes_withdraw(struct load *ld)
{
	struct loader *l = ld->loader;
	struct seen *old = l->seen[ld->conf->table];

	if (ld->is_cut) {
		seen_merge(ld->seen, old);
	} else {
		seen_sort(ld->seen);
		seen_difference(old, ld->seen, withdraw, ld);
	}
	seen_free(old);
	l->seen[ld->conf->table] = ld->seen;
	ld->seen = NULL;
}

static enum mrt_view_kind view_kind(enum conf_mrt_view view)
{
	switch (view) {
	case CONF_MRT_PEER_ASN:
		return MRT_VIEW_PEER_ASN;
	case CONF_MRT_PEER_ADDR:
		return MRT_VIEW_PEER_ADDR;
	case CONF_MRT_PEER_INDEX:
		return MRT_VIEW_PEER_INDEX;
	default:
		return MRT_VIEW_BEST;
	}
}

static struct mrt_view *view_new(const struct conf_mrt *conf)
{
	struct mrt_view_spec spec = {
		.kind = view_kind(conf->view),
		.asn = conf->peer_asn,
		.index = conf->peer_index,
		.addr.family = conf->peer_addr.family,
	};

	memcpy(spec.addr.bytes, conf->peer_addr.bytes, sizeof(spec.addr.bytes));
	return mrt_view_new(&spec);
}

static void figures_take(struct load *ld)
{
	const struct mrt_view_stats *view = mrt_view_stats(ld->view);
	struct mrt_file_stats file;

	mrt_file_stats_get(ld->file, &file);
	ld->result.n_records = file.n_records;
	ld->result.n_bad_records = view->n_bad_records;
	ld->result.n_bad_entries = view->n_bad_entries;
}

static void result_give(struct load *ld)
{
	struct loader *l = ld->loader;

	snprintf(ld->result.file, sizeof(ld->result.file), "%s", ld->conf->file);
	ld->result.seconds = (double)(clock_ns() - ld->start_ns) / 1e9;
	ld->result.is_done = true;
	if (!ld->batch || batch_give(ld)) {
		ld->batch = ld->end;
		ld->end = NULL;
		ld->batch->result = ld->result;
		(void)batch_give(ld);
	}
	free(ld->end);
	pthread_mutex_lock(&l->lock);
	l->progress.is_busy = false;
	pthread_mutex_unlock(&l->lock);
}

// A pipe or a device may never say a word, nor end: nobody could stop the thread.
static int file_check(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return 0; // mrt_file_open() knows the words
	return err_set(err, EINVAL, "%s: is a pipe or a device, not a file", path);
}

// A file without a record, or a peer that is not in it, is a mistake and no
// reason to withdraw a table.
static bool has_something(struct load *ld)
{
	const struct loader_result *res = &ld->result;
	char text[128];

	if (res->n_routes4 + res->n_routes6 + res->n_no_gateway)
		return true;
	ld->result.code = ENODATA;
	snprintf(text, sizeof(text), "no route of %s in its %lu records",
		 ld->conf->view == CONF_MRT_BEST ? "any peer" : "the peer that is asked for",
		 (unsigned long)res->n_records);
	error_note(ld, text);
	return false;
}

static void load_run(struct loader *l, struct job *job)
{
	const struct conf_mrt *conf = &job->conf;
	struct load ld = {.loader = l, .conf = conf, .end = job->end, .start_ns = clock_ns()};
	struct err err = {0};

	job->end = NULL;
	ld.shown_ns = ld.start_ns;
	ld.seen = seen_new();
	if (!conf->file[0]) {
		if (ld.seen)
			old_routes_withdraw(&ld);
		result_give(&ld);
		return;
	}
	ld.file = file_check(conf->file, &err) < 0 ? NULL : mrt_file_open(conf->file, &err);
	ld.view = view_new(conf);
	if (ld.file && ld.view && ld.seen) {
		file_read(&ld);
		figures_take(&ld);
		if (has_something(&ld))
			old_routes_withdraw(&ld);
	} else {
		ld.result.code = err.code ? err.code : ENOMEM;
		error_note(&ld, err.code ? err.text : "out of memory");
	}
	seen_free(ld.seen);
	mrt_view_free(ld.view);
	mrt_file_close(ld.file);
	result_give(&ld);
}

// Waits for a job; NULL: stop.
static struct job *job_take(struct loader *l)
{
	struct job *job;

	pthread_mutex_lock(&l->lock);
	while (!l->stop && !l->jobs)
		pthread_cond_wait(&l->changed, &l->lock);
	job = l->stop ? NULL : l->jobs;
	if (job) {
		l->jobs = job->next;
		l->progress =
			(struct loader_progress){.is_busy = true, .n_jobs = l->progress.n_jobs - 1};
		snprintf(l->progress.file, sizeof(l->progress.file), "%s", job->conf.file);
	}
	pthread_mutex_unlock(&l->lock);
	return job;
}

static void job_free(struct job *job)
{
	free(job->conf.map);
	free(job->end);
	free(job);
}

static void *loader_main(void *arg)
{
	struct loader *l = arg;
	struct job *job;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	pthread_setname_np(pthread_self(), "loader");
	while ((job = job_take(l))) {
		load_run(l, job);
		job_free(job);
	}
	return NULL;
}

struct loader *loader_new(struct err *err)
{
	struct loader *l = calloc(1, sizeof(*l));
	int rc;

	if (!l) {
		err_set(err, ENOMEM, "no memory for the loader");
		return err_null(ENOMEM);
	}
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	rc = pthread_create(&l->thread, NULL, loader_main, l);
	if (rc) {
		err_set(err, rc, "cannot start the loader thread: %s", strerror(rc));
		free(l);
		return err_null(rc);
	}
	return l;
}

void loader_free(struct loader *l)
{
	struct job *job;

	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	while (l->head != l->tail)
		free(l->ready[l->head++ % READY_MAX]);
	while ((job = l->jobs)) {
		l->jobs = job->next;
		job_free(job);
	}
	for (unsigned i = 0; i < TABLES; i++)
		seen_free(l->seen[i]);
	free(l);
}

static struct job *job_new(const struct conf_mrt *conf)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->conf = *conf;
	job->conf.map = calloc(conf->n_map ? conf->n_map : 1, sizeof(*conf->map));
	job->end = batch_new(conf);
	if (!job->conf.map || !job->end) {
		job_free(job);
		return NULL;
	}
	if (conf->n_map)
		memcpy(job->conf.map, conf->map, conf->n_map * sizeof(*conf->map));
	return job;
}

int loader_load(struct loader *l, const struct conf_mrt *conf)
{
	struct job *job;
	struct job **end = &l->jobs;
	bool is_full;

	if (conf->table >= TABLES)
		return -EINVAL;
	job = job_new(conf);
	if (!job)
		return -ENOMEM;
	pthread_mutex_lock(&l->lock);
	is_full = l->progress.n_jobs == JOBS_MAX;
	if (!is_full) {
		while (*end)
			end = &(*end)->next;
		*end = job;
		l->progress.n_jobs++;
		pthread_cond_broadcast(&l->changed);
	}
	pthread_mutex_unlock(&l->lock);
	if (is_full)
		job_free(job);
	return is_full ? -EBUSY : 0;
}

struct loader_batch *loader_take(struct loader *l)
{
	struct loader_batch *batch = NULL;

	pthread_mutex_lock(&l->lock);
	if (l->head != l->tail) {
		batch = l->ready[l->head++ % READY_MAX];
		pthread_cond_broadcast(&l->changed);
	}
	pthread_mutex_unlock(&l->lock);
	return batch;
}

void loader_put(struct loader *l, struct loader_batch *batch)
{
	free(batch);
}

void loader_progress_get(struct loader *l, struct loader_progress *progress)
{
	pthread_mutex_lock(&l->lock);
	*progress = l->progress;
	pthread_mutex_unlock(&l->lock);
}
