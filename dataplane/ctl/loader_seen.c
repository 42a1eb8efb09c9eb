// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/loader_seen.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct seen {
	struct prefix *prefix;
	size_t n, max;
};

struct seen *seen_new(void)
{
	return calloc(1, sizeof(struct seen));
}

void seen_free(struct seen *seen)
{
	if (!seen)
		return;
	free(seen->prefix);
	free(seen);
}

size_t seen_count(const struct seen *seen)
{
	return seen->n;
}

int seen_add(struct seen *seen, const struct prefix *prefix)
{
	if (seen->n == seen->max) {
		size_t max = seen->max ? seen->max + seen->max / 2 : 1024;
		struct prefix *bigger = realloc(seen->prefix, max * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		seen->prefix = bigger;
		seen->max = max;
	}
	seen->prefix[seen->n++] = *prefix;
	return 0;
}

static_assert(sizeof(struct prefix) == 18, "no padding: compared as bytes");

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct prefix));
}

void seen_sort(struct seen *seen)
{
	if (seen->n)
		qsort(seen->prefix, seen->n, sizeof(*seen->prefix), compare);
}

void seen_merge(struct seen *seen, const struct seen *from)
{
	if (!from)
		return;
	for (size_t i = 0; i < from->n; i++)
		if (seen_add(seen, &from->prefix[i]) < 0)
			return;
}

void seen_difference(struct seen *a, const struct seen *b, seen_fn *fn, void *arg)
{
	size_t j = 0;

	if (!a)
		return;
	seen_sort(a);
	for (size_t i = 0; i < a->n; i++) {
		if (i && compare(&a->prefix[i], &a->prefix[i - 1]) == 0)
			continue;
		while (j < b->n && compare(&b->prefix[j], &a->prefix[i]) < 0)
			j++;
		if (j < b->n && compare(&b->prefix[j], &a->prefix[i]) == 0)
			continue;
		if (!fn(&a->prefix[i], arg))
			return;
	}
}
