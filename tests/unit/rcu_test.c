// SPDX-License-Identifier: BSD-3-Clause
// What base/rcu.h promises, whichever RCU it names.
#include "dataplane/base/compiler.h"
#include "dataplane/base/rcu.h"
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum step { NOTHING, READS, MAY_GO, GONE };

static _Atomic int reader_is, reader_shall;
static _Atomic int n_called;

static void wait_for(_Atomic int *word, int value)
{
	while (atomic_load(word) < value)
		usleep(100);
}

static void *reader(void *arg)
{
	bool sleeps = arg != NULL;

	rcu_register_thread();
	if (sleeps)
		rcu_thread_offline();
	atomic_store(&reader_is, READS);
	wait_for(&reader_shall, MAY_GO);
	if (sleeps)
		rcu_thread_online();
	rcu_quiescent_state();
	atomic_store(&reader_is, GONE);
	rcu_unregister_thread();
	return NULL;
}

static pthread_t reader_start(bool sleeps)
{
	static int any;
	pthread_t thread;

	atomic_store(&reader_is, NOTHING);
	atomic_store(&reader_shall, NOTHING);
	atomic_store(&n_called, 0);
	assert_int_equal(pthread_create(&thread, NULL, reader, sleeps ? &any : NULL), 0);
	wait_for(&reader_is, READS);
	return thread;
}

static void reader_end(pthread_t thread)
{
	atomic_store(&reader_shall, MAY_GO);
	pthread_join(thread, NULL);
}

struct item {
	int n;
	struct rcu_head head;
};

static void item_free(struct rcu_head *head)
{
	struct item *item = container_of_type(head, struct item, head);

	n_called += item->n;
	free(item);
}

static void item_retire(int n)
{
	struct item *item = calloc(1, sizeof(*item));

	item->n = n;
	call_rcu(&item->head, item_free);
}

static void nothing_is_freed_while_a_reader_may_see_it(void **state)
{
	pthread_t thread = reader_start(false);

	(void)state;
	item_retire(1);
	usleep(50000);
	assert_int_equal(n_called, 0);
	reader_end(thread);
	rcu_barrier();
	assert_int_equal(n_called, 1);
}

static void a_reader_that_sleeps_offline_is_not_waited_for(void **state)
{
	pthread_t thread = reader_start(true);

	(void)state;
	for (int i = 0; i < 100; i++)
		item_retire(1);
	rcu_barrier();
	assert_int_equal(n_called, 100);
	synchronize_rcu();
	assert_int_equal(reader_is, READS);
	reader_end(thread);
}

static void *waiter(void *arg)
{
	synchronize_rcu();
	atomic_store(&n_called, 1);
	return arg;
}

static void synchronize_waits_for_the_reader_alone(void **state)
{
	pthread_t thread = reader_start(false), wait;

	(void)state;
	assert_int_equal(pthread_create(&wait, NULL, waiter, NULL), 0);
	usleep(50000);
	assert_int_equal(n_called, 0);
	reader_end(thread);
	pthread_join(wait, NULL);
	assert_int_equal(n_called, 1);
}

static void a_reader_does_not_wait_for_itself(void **state)
{
	(void)state;
	atomic_store(&n_called, 0);
	rcu_register_thread();
	synchronize_rcu();
	item_retire(1);
	rcu_barrier();
	assert_int_equal(n_called, 1);
	rcu_unregister_thread();
}

// A pointer that is replaced as fast as it can be: what it points to is whole.
static _Atomic(int *) published;
static _Atomic bool is_over;

static void *follower(void *arg)
{
	uint64_t *n_torn = arg;

	rcu_register_thread();
	while (!atomic_load(&is_over)) {
		const int *p = atomic_load_explicit(&published, memory_order_acquire);

		*n_torn += p[0] != p[1];
		rcu_quiescent_state();
		atomic_store(&reader_is, READS);
	}
	rcu_unregister_thread();
	return NULL;
}

static void what_readers_follow_is_neither_half_written_nor_freed(void **state)
{
	uint64_t n_torn = 0;
	pthread_t thread;

	(void)state;
	atomic_store(&reader_is, NOTHING);
	atomic_store(&published, calloc(2, sizeof(int)));
	assert_int_equal(pthread_create(&thread, NULL, follower, &n_torn), 0);
	wait_for(&reader_is, READS);
	for (int i = 1; i < 2000; i++) {
		int *new = malloc(2 * sizeof(*new)), *old = atomic_load(&published);

		new[0] = new[1] = i;
		atomic_store_explicit(&published, new, memory_order_release);
		synchronize_rcu();
		old[0] = -1;
		free(old);
	}
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
	free(atomic_load(&published));
	assert_int_equal(n_torn, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_freed_while_a_reader_may_see_it),
		cmocka_unit_test(a_reader_that_sleeps_offline_is_not_waited_for),
		cmocka_unit_test(synchronize_waits_for_the_reader_alone),
		cmocka_unit_test(a_reader_does_not_wait_for_itself),
		cmocka_unit_test(what_readers_follow_is_neither_half_written_nor_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
