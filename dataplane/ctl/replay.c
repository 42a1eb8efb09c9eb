// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/replay.h"

#include "dataplane/base/clock.h"
#include "dataplane/ctl/mrt_file.h"
#include "dataplane/ctl/replay_read.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { READY_MAX = 16, PROGRESS_EVERY = 256 };

struct replay {
	pthread_t thread;
	pthread_mutex_t lock; // of everything up to `progress`
	pthread_cond_t changed;
	struct replay_conf *conf;	       // NULL: nothing to do
	struct replay_batch *end;	       // tells the result: there whatever memory is left
	struct replay_batch *ready[READY_MAX]; // a ring
	unsigned head, tail;
	bool stop, quit; // this replay, the thread
	struct replay_progress progress;

	struct replay_reader *reader; // the thread's own
};

// What one replay carries through the reading.
struct play {
	struct replay *rp;
	const struct replay_conf *conf;
	struct mrt_file *file;
	struct replay_batch *batch;
	struct replay_result result;
	uint64_t start_ns;
	uint64_t first_us, first_ns; // when the first timed record was, then and now
	uint32_t time_s;
	unsigned file_index;
	bool is_first; // no timed record came yet
};

// Hands the batch to control; waits while control has enough to do.
static bool batch_give(struct play *play)
{
	struct replay *rp = play->rp;
	bool given;

	pthread_mutex_lock(&rp->lock);
	while (!rp->stop && !rp->quit && rp->tail - rp->head == READY_MAX)
		pthread_cond_wait(&rp->changed, &rp->lock);
	given = !rp->stop && !rp->quit;
	if (given)
		rp->ready[rp->tail++ % READY_MAX] = play->batch;
	pthread_mutex_unlock(&rp->lock);
	if (!given)
		free(play->batch);
	play->batch = NULL;
	return given;
}

static bool item_give(void *arg, const struct replay_item *item)
{
	struct play *play = arg;

	if (!play->batch) {
		play->batch = malloc(sizeof(*play->batch));
		if (!play->batch) {
			play->result.code = ENOMEM;
			return false;
		}
		play->batch->n = 0;
		play->batch->result.is_done = false;
	}
	play->batch->item[play->batch->n++] = *item;
	return play->batch->n < REPLAY_BATCH || batch_give(play);
}

static void progress_update(struct play *play)
{
	struct replay *rp = play->rp;
	struct mrt_file_stats stats;

	mrt_file_stats_get(play->file, &stats);
	play->result.seconds = (double)(clock_ns() - play->start_ns) / 1e9;
	pthread_mutex_lock(&rp->lock);
	rp->progress.pos = stats.pos;
	rp->progress.size = stats.size;
	rp->progress.time_s = play->time_s;
	rp->progress.result = play->result;
	pthread_mutex_unlock(&rp->lock);
}

// Sleeps until then; false: stopped.
static bool sleep_until(struct replay *rp, uint64_t until_ns)
{
	struct timespec until = {.tv_sec = (time_t)(until_ns / CLOCK_NS_PER_S),
				 .tv_nsec = (long)(until_ns % CLOCK_NS_PER_S)};
	bool goes_on;

	pthread_mutex_lock(&rp->lock);
	while (!rp->stop && !rp->quit &&
	       pthread_cond_timedwait(&rp->changed, &rp->lock, &until) != ETIMEDOUT)
		;
	goes_on = !rp->stop && !rp->quit;
	pthread_mutex_unlock(&rp->lock);
	return goes_on;
}

// What is ready is given before the pause: a route is never later than its time.
static bool time_wait(struct play *play, const struct mrt_file_record *rec)
{
	bool has_us = mrt_type_has_us(rec->hdr.type) && rec->hdr.len >= 4;
	uint64_t us = rec->hdr.time_s * 1000000ull + (has_us ? wire_get32(rec->body) : 0);
	uint64_t until_ns;

	if (play->conf->speed <= 0 || !replay_is_timed(&rec->hdr))
		return true;
	if (play->is_first) {
		play->is_first = false;
		play->first_us = us;
		play->first_ns = clock_ns();
	}
	if (us <= play->first_us)
		return true;
	until_ns = play->first_ns +
		   (uint64_t)((double)(us - play->first_us) * 1000.0 / play->conf->speed);
	if (clock_ns() >= until_ns)
		return true;
	progress_update(play);
	return (!play->batch || batch_give(play)) && sleep_until(play->rp, until_ns);
}

static void error_note(struct play *play, const char *text)
{
	if (!play->result.error[0])
		snprintf(play->result.error, sizeof(play->result.error), "%.511s", text);
}

// false: the replay ends here.
static bool file_play(struct play *play)
{
	struct mrt_file_record rec;
	enum mrt_file_event event;

	replay_reader_start(play->rp->reader, &play->conf->mrt);
	while ((event = mrt_file_next(play->file, &rec)) != MRT_FILE_END) {
		if (event != MRT_FILE_RECORD) {
			play->result.n_bad++;
			error_note(play, rec.text);
			continue;
		}
		play->time_s = rec.hdr.time_s;
		if (!time_wait(play, &rec) ||
		    !replay_reader_record(play->rp->reader, &rec, item_give, play, &play->result))
			return false;
		if (rec.number % PROGRESS_EVERY == 0)
			progress_update(play);
	}
	progress_update(play);
	return true;
}

static void file_begin(struct play *play)
{
	struct replay *rp = play->rp;

	pthread_mutex_lock(&rp->lock);
	snprintf(rp->progress.file, sizeof(rp->progress.file), "%s",
		 play->conf->file[play->file_index]);
	rp->progress.file_index = play->file_index;
	rp->progress.n_files = play->conf->n_files;
	rp->progress.pos = 0;
	rp->progress.is_busy = true;
	pthread_mutex_unlock(&rp->lock);
}

// A pipe or a device may never say a word, nor end.
static struct mrt_file *file_open(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		err_set(err, EINVAL, "%s: is a pipe or a device, not a file", path);
		return NULL;
	}
	return mrt_file_open(path, err);
}

static void files_play(struct play *play)
{
	bool goes_on = true;

	for (unsigned i = 0; goes_on && i < play->conf->n_files; i++) {
		struct err err = {.code = 0};

		play->file_index = i;
		file_begin(play);
		play->file = file_open(play->conf->file[i], &err);
		if (!play->file) {
			play->result.code = err.code;
			error_note(play, err.text);
			return;
		}
		goes_on = file_play(play);
		mrt_file_close(play->file);
	}
	if (goes_on && play->batch && play->batch->n)
		(void)batch_give(play);
}

static void play_run(struct replay *rp, const struct replay_conf *conf)
{
	struct play play = {.rp = rp, .conf = conf, .start_ns = clock_ns(), .is_first = true};

	files_play(&play);
	free(play.batch);
	play.result.seconds = (double)(clock_ns() - play.start_ns) / 1e9;
	play.result.is_done = true;
	pthread_mutex_lock(&rp->lock);
	play.result.is_stopped = rp->stop;
	while (!rp->quit && rp->tail - rp->head == READY_MAX)
		pthread_cond_wait(&rp->changed, &rp->lock);
	rp->end->n = 0;
	rp->end->result = play.result;
	rp->progress.result = play.result;
	rp->progress.is_busy = false;
	if (rp->quit)
		free(rp->end);
	else
		rp->ready[rp->tail++ % READY_MAX] = rp->end;
	rp->end = NULL;
	rp->conf = NULL; // who sees the end may start the next
	pthread_mutex_unlock(&rp->lock);
}

static void conf_free(struct replay_conf *conf)
{
	if (conf)
		free(conf->mrt.map);
	free(conf);
}

static void *replay_main(void *arg)
{
	struct replay *rp = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	pthread_setname_np(pthread_self(), "replay");
	for (;;) {
		struct replay_conf *conf;

		pthread_mutex_lock(&rp->lock);
		while (!rp->quit && !rp->conf)
			pthread_cond_wait(&rp->changed, &rp->lock);
		conf = rp->quit ? NULL : rp->conf;
		pthread_mutex_unlock(&rp->lock);
		if (!conf)
			return NULL;
		play_run(rp, conf);
		conf_free(conf);
	}
}

static int thread_start(struct replay *rp, struct err *err)
{
	pthread_condattr_t attr;
	int rc;

	pthread_mutex_init(&rp->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); // that of clock_ns()
	pthread_cond_init(&rp->changed, &attr);
	pthread_condattr_destroy(&attr);
	rc = pthread_create(&rp->thread, NULL, replay_main, rp);
	return rc ? err_set(err, rc, "cannot start the replay thread: %s", strerror(rc)) : 0;
}

struct replay *replay_new(struct err *err)
{
	struct replay *rp = calloc(1, sizeof(*rp));

	if (rp)
		rp->reader = replay_reader_new();
	if (!rp || !rp->reader) {
		free(rp);
		err_set(err, ENOMEM, "no memory for the replay");
		return err_null(ENOMEM);
	}
	if (thread_start(rp, err) < 0) {
		replay_reader_free(rp->reader);
		free(rp);
		return err_null(err->code);
	}
	return rp;
}

void replay_free(struct replay *rp)
{
	if (!rp)
		return;
	pthread_mutex_lock(&rp->lock);
	rp->quit = true;
	pthread_cond_broadcast(&rp->changed);
	pthread_mutex_unlock(&rp->lock);
	pthread_join(rp->thread, NULL);
	while (rp->head != rp->tail)
		free(rp->ready[rp->head++ % READY_MAX]);
	conf_free(rp->conf);
	free(rp->end);
	replay_reader_free(rp->reader);
	free(rp);
}

static struct replay_conf *conf_copy(const struct replay_conf *from)
{
	struct replay_conf *conf = malloc(sizeof(*conf));
	size_t size = from->mrt.n_map * sizeof(*from->mrt.map);

	if (!conf)
		return NULL;
	*conf = *from;
	conf->mrt.map = malloc(size ? size : 1);
	if (!conf->mrt.map) {
		free(conf);
		return NULL;
	}
	if (size)
		memcpy(conf->mrt.map, from->mrt.map, size);
	return conf;
}

int replay_start(struct replay *rp, const struct replay_conf *from)
{
	struct replay_conf *conf = conf_copy(from);
	struct replay_batch *end = malloc(sizeof(*end));
	bool is_busy;

	if (conf && end) {
		pthread_mutex_lock(&rp->lock);
		is_busy = rp->conf != NULL;
		if (!is_busy) {
			rp->conf = conf;
			rp->end = end;
			rp->stop = false;
			rp->progress =
				(struct replay_progress){.is_busy = true, .n_files = conf->n_files};
			snprintf(rp->progress.file, sizeof(rp->progress.file), "%s", conf->file[0]);
			pthread_cond_broadcast(&rp->changed);
		}
		pthread_mutex_unlock(&rp->lock);
		if (!is_busy)
			return 0;
	}
	is_busy = conf && end;
	conf_free(conf);
	free(end);
	return is_busy ? -EBUSY : -ENOMEM;
}

void replay_stop(struct replay *rp)
{
	pthread_mutex_lock(&rp->lock);
	rp->stop = true;
	pthread_cond_broadcast(&rp->changed);
	pthread_mutex_unlock(&rp->lock);
}

struct replay_batch *replay_take(struct replay *rp)
{
	struct replay_batch *batch = NULL;

	pthread_mutex_lock(&rp->lock);
	if (rp->head != rp->tail) {
		batch = rp->ready[rp->head++ % READY_MAX];
		pthread_cond_broadcast(&rp->changed);
	}
	pthread_mutex_unlock(&rp->lock);
	return batch;
}

void replay_put(struct replay *rp, struct replay_batch *batch)
{
	free(batch);
}

void replay_progress_get(struct replay *rp, struct replay_progress *progress)
{
	pthread_mutex_lock(&rp->lock);
	*progress = rp->progress;
	pthread_mutex_unlock(&rp->lock);
}
