// SPDX-License-Identifier: BSD-3-Clause
// Time: monotonic nanoseconds for timers, the TSC for cycles.
#pragma once

#include "dataplane/base/compiler.h"

#include <time.h>

enum { CLOCK_NS_PER_MS = 1000000 };
#define CLOCK_NS_PER_S 1000000000ull

static inline uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * CLOCK_NS_PER_S + (uint64_t)ts.tv_nsec;
}

// CPU time of the calling thread: what a bench divides by packets.
static inline uint64_t clock_thread_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * CLOCK_NS_PER_S + (uint64_t)ts.tv_nsec;
}

static inline uint64_t clock_tsc(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return clock_ns();
#endif
}

// TSC ticks a second, measured once (about 20 ms at the first call).
uint64_t clock_tsc_hz(void);
