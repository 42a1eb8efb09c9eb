// SPDX-License-Identifier: BSD-3-Clause
// Memory made by another thread before it is needed: the first touch of a huge
// page costs its zeroing, and on a virtual machine that of all its parts by the
// host (6 ms seen), which is more than a step of the control thread may take.
//
// One thread a process. Who starts and stops it is the only one to ask.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

int mem_ahead_start(void) must_check; // -errno of pthread_create
void mem_ahead_stop(void);
// at and len in whole pages, mapped until mem_ahead_stop() or mem_ahead_wait(). A
// hint: forgotten where there is no thread, or too much to do.
void mem_ahead(void *at, size_t len);
// Whether something is still to be made: what can wait, better does.
bool mem_ahead_is_busy(void);
void mem_ahead_wait(void); // until nothing is being made or asked for: before unmapping
