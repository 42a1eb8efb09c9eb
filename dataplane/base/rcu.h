// SPDX-License-Identifier: BSD-3-Clause
// The one place that names the RCU flavour: every other file gets the plain
// names (call_rcu, cds_lfht_new) from here. <urcu-qsbr.h>, unlike
// <urcu/urcu-qsbr.h>, maps them; it must come before the hash table.
//
// Workers read between two quiescent states, one a loop. The control thread is
// the only writer; it frees by call_rcu or in batches with one grace period.
#pragma once

#ifdef RCU_C11 // -Drcu=c11: what ThreadSanitizer understands
#include "dataplane/base/rcu_c11.h"
#else
#include <urcu-qsbr.h>
#include <urcu/rculfhash.h>
#endif
