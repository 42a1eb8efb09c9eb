// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/grace.h"

#include "dataplane/base/rcu.h"

#include <stdatomic.h>
#include <stdlib.h>

enum state { IDLE, BUSY, ORPHAN };

struct grace {
	struct rcu_head head;
	uint64_t started; // tickets up to here have their grace period running or over
	uint64_t wanted;
	_Atomic int state; // written by the call_rcu thread too
};

struct grace *grace_new(void)
{
	return calloc(1, sizeof(struct grace));
}

void grace_free(struct grace *grace)
{
	int busy = BUSY;

	if (grace && !atomic_compare_exchange_strong(&grace->state, &busy, ORPHAN))
		free(grace);
}

static void passed(struct rcu_head *head)
{
	struct grace *grace = container_of_type(head, struct grace, head);
	int busy = BUSY;

	if (!atomic_compare_exchange_strong(&grace->state, &busy, IDLE))
		free(grace);
}

static void start(struct grace *grace)
{
	grace->started++;
	atomic_store(&grace->state, BUSY);
	call_rcu(&grace->head, passed);
}

uint64_t grace_ticket(struct grace *grace)
{
	if (atomic_load(&grace->state) == IDLE)
		start(grace);
	else
		grace->wanted = grace->started + 1;
	return grace->wanted > grace->started ? grace->wanted : grace->started;
}

uint64_t grace_done(struct grace *grace)
{
	if (atomic_load(&grace->state) != IDLE)
		return grace->started - 1;
	if (grace->wanted <= grace->started)
		return grace->started;
	start(grace);
	return grace->started - 1;
}
