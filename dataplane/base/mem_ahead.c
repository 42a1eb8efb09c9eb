// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/mem_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>

enum { WISHES = 64 };

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

struct wish {
	void *at;
	size_t len;
};

static struct {
	pthread_t thread;
	bool is_started;      // the owner's own
	pthread_mutex_t lock; // of what follows
	pthread_cond_t changed;
	struct wish wish[WISHES];
	unsigned head, tail;
	bool is_busy, stop;
} ahead = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

// False: stop.
static bool wish_take(struct wish *wish)
{
	bool has;

	pthread_mutex_lock(&ahead.lock);
	ahead.is_busy = false;
	pthread_cond_broadcast(&ahead.changed);
	while (!ahead.stop && ahead.head == ahead.tail)
		pthread_cond_wait(&ahead.changed, &ahead.lock);
	has = !ahead.stop;
	if (has) {
		*wish = ahead.wish[ahead.head++ % WISHES];
		ahead.is_busy = true;
	}
	pthread_mutex_unlock(&ahead.lock);
	return has;
}

static void *ahead_main(void *arg)
{
	struct wish wish;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	pthread_setname_np(pthread_self(), "memory");
	while (wish_take(&wish))
		(void)madvise(wish.at, wish.len, MADV_POPULATE_WRITE); // kernels before 5.14 refuse
	return arg;
}

int mem_ahead_start(void)
{
	int rc;

	ahead.stop = false;
	ahead.head = ahead.tail = 0;
	rc = pthread_create(&ahead.thread, NULL, ahead_main, NULL);
	ahead.is_started = !rc;
	return -rc;
}

void mem_ahead_stop(void)
{
	if (!ahead.is_started)
		return;
	pthread_mutex_lock(&ahead.lock);
	ahead.stop = true;
	pthread_cond_broadcast(&ahead.changed);
	pthread_mutex_unlock(&ahead.lock);
	pthread_join(ahead.thread, NULL);
	ahead.is_started = false;
}

void mem_ahead(void *at, size_t len)
{
	if (!ahead.is_started)
		return;
	pthread_mutex_lock(&ahead.lock);
	if (ahead.tail - ahead.head < WISHES)
		ahead.wish[ahead.tail++ % WISHES] = (struct wish){at, len};
	pthread_cond_broadcast(&ahead.changed);
	pthread_mutex_unlock(&ahead.lock);
}

bool mem_ahead_is_busy(void)
{
	bool is_busy;

	if (!ahead.is_started)
		return false;
	pthread_mutex_lock(&ahead.lock);
	is_busy = ahead.is_busy || ahead.head != ahead.tail;
	pthread_mutex_unlock(&ahead.lock);
	return is_busy;
}

void mem_ahead_wait(void)
{
	if (!ahead.is_started)
		return;
	pthread_mutex_lock(&ahead.lock);
	while (ahead.is_busy || ahead.head != ahead.tail)
		pthread_cond_wait(&ahead.changed, &ahead.lock);
	pthread_mutex_unlock(&ahead.lock);
}
