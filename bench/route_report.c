// SPDX-License-Identifier: BSD-3-Clause
#include "bench/route_report.h"

#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 256 };

static struct report_row rows[ROWS_MAX];
static unsigned n_rows;

static void lookup_print(const struct report_row *r)
{
	printf("\"ns\":%.2f,\"p10\":%.2f,\"p90\":%.2f,\"mlookups_per_s\":%.1f,\"bytes\":%lu,"
	       "\"checked\":%lu,\"wrong\":%lu}\n",
	       r->ns, r->p10, r->p90, 1000 / r->ns, r->bytes, r->n, r->wrong);
}

static void load_print(const struct report_row *r)
{
	printf("\"routes\":%lu,\"ms\":%.1f,\"ns\":%.1f,\"bytes\":%lu,\"refused\":%lu}\n", r->n,
	       r->ns * (double)r->n / 1e6, r->ns, r->bytes, r->wrong);
}

static void update_print(const struct report_row *r)
{
	printf("\"ns\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"pairs\":%lu}\n", r->ns, r->p99, r->p999,
	       r->n);
}

// The first of ours is "jerboa": what a router would use here. Its ratio alone
// bears no name of an engine.
static void ratios_print(const struct report_row *peer)
{
	bool is_first = true;

	for (unsigned i = 0; i < n_rows; i++) {
		const struct report_row *ours = &rows[i];

		if (ours->is_peer || strcmp(ours->bench, peer->bench))
			continue;
		printf("{\"bench\":\"route/%s\",", peer->bench);
		if (!is_first)
			printf("\"engine\":\"%s\",", ours->engine);
		printf("\"peer\":\"%s\",\"ratio\":%.2f", peer->engine, peer->ns / ours->ns);
		if (ours->p10 > 0)
			printf(",\"ratio_p10\":%.2f", peer->p10 / ours->p10);
		printf("}\n");
		is_first = false;
	}
}

void report_add(const struct report_row *row)
{
	if (n_rows == ROWS_MAX)
		return;
	printf("{\"bench\":\"route/%s\",\"engine\":\"%s\",", row->bench, row->engine);
	if (row->kind == REPORT_LOOKUP)
		lookup_print(row);
	else if (row->kind == REPORT_LOAD)
		load_print(row);
	else
		update_print(row);
	if (row->is_peer)
		ratios_print(row);
	rows[n_rows++] = *row;
	fflush(stdout);
}

// The table.

static double ours_of(const char *bench)
{
	for (unsigned i = 0; i < n_rows; i++)
		if (!rows[i].is_peer && !strcmp(rows[i].bench, bench))
			return rows[i].ns;
	return 0;
}

static void ratio_show(const struct report_row *r)
{
	double ours = ours_of(r->bench);

	if (r->is_peer && ours > 0)
		fprintf(stderr, " %7.2fx", r->ns / ours);
	fputc('\n', stderr);
}

static void row_show(const struct report_row *r)
{
	static const double mb = 1e6;

	fprintf(stderr, "%-22s %-16s ", r->bench, r->engine);
	if (r->kind == REPORT_LOOKUP)
		fprintf(stderr, "%9.2f %9.2f %9.2f %9.1f %8.1f %6lu", r->ns, r->p10, r->p90,
			1000 / r->ns, (double)r->bytes / mb, r->wrong);
	else if (r->kind == REPORT_LOAD)
		fprintf(stderr, "%9.1f %9.1f %9s %9s %8.1f %6lu", r->ns, r->ns * (double)r->n / 1e6,
			"", "", (double)r->bytes / mb, r->wrong);
	else
		fprintf(stderr, "%9.0f %9.0f %9.0f %9s %8s %6s", r->ns, r->p99, r->p999, "", "",
			"");
	ratio_show(r);
}

static void head_show(enum report_kind kind)
{
	static const char *const titles[][6] = {
		[REPORT_LOOKUP] = {"ns", "p10", "p90", "M/s", "MB", "wrong"},
		[REPORT_LOAD] = {"ns/route", "ms", "", "", "MB", "lost"},
		[REPORT_UPDATE] = {"ns/pair", "p99", "p99.9", "", "", ""},
	};
	const char *const *t = titles[kind];

	fprintf(stderr, "\n%-22s %-16s %9s %9s %9s %9s %8s %6s %8s\n", "bench", "engine", t[0],
		t[1], t[2], t[3], t[4], t[5], "/jerboa");
}

void report_table(void)
{
	for (unsigned kind = REPORT_LOOKUP; kind <= REPORT_UPDATE; kind++) {
		head_show(kind);
		for (unsigned i = 0; i < n_rows; i++)
			if (rows[i].kind == kind)
				row_show(&rows[i]);
	}
}
