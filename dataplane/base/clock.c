// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/clock.h"

static _Atomic uint64_t tsc_hz;

uint64_t clock_tsc_hz(void)
{
	struct timespec nap = {.tv_nsec = 20 * CLOCK_NS_PER_MS};
	uint64_t ns, tsc;

	if (tsc_hz)
		return tsc_hz;
	ns = clock_ns();
	tsc = clock_tsc();
	nanosleep(&nap, NULL);
	tsc = clock_tsc() - tsc;
	ns = clock_ns() - ns;
	tsc_hz = (uint64_t)((double)tsc * (double)CLOCK_NS_PER_S / (double)ns);
	return tsc_hz;
}
