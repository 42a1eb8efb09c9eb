// SPDX-License-Identifier: BSD-3-Clause
// A counter of grace periods, and for each reader the one it has seen (0: it is
// offline). A reader that was quiescent since the counter moved has seen it.
//
// Readers exchange, and the writer reads by adding zero: of two such operations on
// one word the later has seen all that came before the earlier, in whichever
// order they happen. So no fence is needed, which ThreadSanitizer does not know.
#include "dataplane/base/rcu_c11.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct reader {
	_Atomic uint64_t seen;
	struct reader *next;
	bool is_registered;
};

static _Thread_local struct reader self;
static _Atomic uint64_t period = 1;

static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct reader *readers;

void rcu_thread_online(void)
{
	uint64_t now = atomic_load_explicit(&period, memory_order_acquire);

	atomic_exchange_explicit(&self.seen, now, memory_order_acq_rel);
}

void rcu_thread_offline(void)
{
	atomic_exchange_explicit(&self.seen, 0, memory_order_acq_rel);
}

void rcu_quiescent_state(void)
{
	rcu_thread_online();
}

void rcu_register_thread(void)
{
	pthread_mutex_lock(&readers_lock);
	self.next = readers;
	self.is_registered = true;
	readers = &self;
	pthread_mutex_unlock(&readers_lock);
	rcu_thread_online();
}

void rcu_unregister_thread(void)
{
	struct reader **at = &readers;

	rcu_thread_offline();
	pthread_mutex_lock(&readers_lock);
	while (*at != &self)
		at = &(*at)->next;
	*at = self.next;
	self.is_registered = false;
	pthread_mutex_unlock(&readers_lock);
}

static bool is_behind(struct reader *reader, uint64_t now)
{
	uint64_t seen = atomic_fetch_add_explicit(&reader->seen, 0, memory_order_acq_rel);

	return seen && seen < now;
}

// A caller that is itself online is quiescent here, as with liburcu.
void synchronize_rcu(void)
{
	bool was_online = self.is_registered && atomic_load(&self.seen);
	uint64_t now;

	if (was_online)
		rcu_thread_offline();
	pthread_mutex_lock(&readers_lock);
	now = atomic_fetch_add_explicit(&period, 1, memory_order_acq_rel) + 1;
	for (struct reader *reader = readers; reader; reader = reader->next)
		while (is_behind(reader, now))
			sched_yield();
	pthread_mutex_unlock(&readers_lock);
	if (was_online)
		rcu_thread_online();
}

// call_rcu: a queue, and a thread that takes all of it at once.

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_moved = PTHREAD_COND_INITIALIZER;
static struct rcu_head *queue, **queue_end = &queue;
static uint64_t n_queued, n_called;

static struct rcu_head *queue_take(uint64_t *n)
{
	struct rcu_head *head;

	pthread_mutex_lock(&queue_lock);
	while (!queue)
		pthread_cond_wait(&queue_moved, &queue_lock);
	head = queue;
	queue = NULL;
	queue_end = &queue;
	*n = n_queued;
	pthread_mutex_unlock(&queue_lock);
	return head;
}

static void *caller(void *arg)
{
	uint64_t n;

	for (;;) {
		struct rcu_head *head = queue_take(&n), *next;

		synchronize_rcu();
		for (; head; head = next) {
			next = head->next; // the callee frees head
			head->func(head);
		}
		pthread_mutex_lock(&queue_lock);
		n_called = n;
		pthread_cond_broadcast(&queue_moved);
		pthread_mutex_unlock(&queue_lock);
	}
	return arg;
}

static void caller_start(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, caller, NULL))
		abort(); // as liburcu does
	pthread_detach(thread);
}

void *get_default_call_rcu_data(void)
{
	pthread_once(&once, caller_start);
	return NULL;
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	(void)get_default_call_rcu_data();
	head->next = NULL;
	head->func = func;
	pthread_mutex_lock(&queue_lock);
	*queue_end = head;
	queue_end = &head->next;
	n_queued++;
	pthread_cond_broadcast(&queue_moved);
	pthread_mutex_unlock(&queue_lock);
}

void rcu_barrier(void)
{
	bool was_online = self.is_registered && atomic_load(&self.seen);
	uint64_t wanted;

	if (was_online)
		rcu_thread_offline();
	pthread_mutex_lock(&queue_lock);
	wanted = n_queued;
	while (n_called < wanted)
		pthread_cond_wait(&queue_moved, &queue_lock);
	pthread_mutex_unlock(&queue_lock);
	if (was_online)
		rcu_thread_online();
}
