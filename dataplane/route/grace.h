// SPDX-License-Identifier: BSD-3-Clause
// Grace periods that are polled, never waited for.
//
// Control thread only. One call_rcu is in flight at most, whatever is freed:
// who takes something out of the readers' sight takes a ticket, and frees it
// once grace_done() has reached the ticket.
#pragma once

#include "dataplane/base/compiler.h"

struct grace;

struct grace *grace_new(void) must_check;
void grace_free(struct grace *grace); // does not wait

uint64_t grace_ticket(struct grace *grace);
// The highest ticket whose grace period is over.
uint64_t grace_done(struct grace *grace);
