// SPDX-License-Identifier: BSD-3-Clause
// RCU in C11 atomics, by liburcu's plain names: for builds with ThreadSanitizer,
// which knows nothing of liburcu's barriers (-Drcu=c11; base/rcu.h chooses).
//
// Quiescent states, as urcu-qsbr: a thread reads between two of them while it is
// registered and online. Slow on the writer's side, and made for tests.
#pragma once

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

void rcu_register_thread(void); // and online
void rcu_unregister_thread(void);
void rcu_thread_online(void);
void rcu_thread_offline(void);
void rcu_quiescent_state(void);

// Waits until every other thread that is online has been quiescent.
void synchronize_rcu(void);
// Calls func(head) from a thread of its own after a grace period.
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));
// Waits for every call_rcu() before.
void rcu_barrier(void);
// Starts the thread of call_rcu(); what it returns is nothing to look into.
void *get_default_call_rcu_data(void);
