// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/progress.h"

#include "dataplane/base/clock.h"

#include <stdio.h>
#include <unistd.h>

#define FIRST_NS (2 * CLOCK_NS_PER_S)
#define EVERY_NS (CLOCK_NS_PER_S / 5)

void progress_start(struct progress *p, const char *what, const char *unit)
{
	*p = (struct progress){.what = what, .unit = unit, .start_ns = clock_ns()};
	p->next_ns = p->start_ns + FIRST_NS;
	p->is_terminal = isatty(STDERR_FILENO);
}

double progress_seconds(const struct progress *p)
{
	return (double)(clock_ns() - p->start_ns) / (double)CLOCK_NS_PER_S;
}

void progress_step(struct progress *p, uint64_t done, uint64_t total, uint64_t items)
{
	uint64_t now;
	double past;

	if (!p->is_terminal)
		return;
	now = clock_ns();
	if (now < p->next_ns)
		return;
	p->next_ns = now + EVERY_NS;
	p->is_shown = true;
	past = (double)(now - p->start_ns) / (double)CLOCK_NS_PER_S;
	fprintf(stderr, "\r%s: ", p->what);
	if (total && done && done <= total)
		fprintf(stderr, "%3.0f %%, ", 100.0 * (double)done / (double)total);
	fprintf(stderr, "%.2f M %s/s", (double)items / past / 1e6, p->unit);
	if (total && done && done <= total)
		fprintf(stderr, ", %.0f s left", past * (double)(total - done) / (double)done);
	fprintf(stderr, "\033[K");
}

void progress_stop(struct progress *p)
{
	if (p->is_shown)
		fprintf(stderr, "\r\033[K");
	p->is_shown = false;
}
