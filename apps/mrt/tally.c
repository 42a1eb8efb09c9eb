// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/tally.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MIN = 1024 };

static struct tally_item *place(const struct tally *tally, uint32_t key)
{
	unsigned at = key * 0x9e3779b1u >> 7;

	for (;; at++) {
		struct tally_item *item = &tally->item[at & (tally->size - 1)];

		if (item->count == 0 || item->key == key)
			return item;
	}
}

static int grow(struct tally *tally)
{
	struct tally bigger = *tally;

	bigger.size = tally->size ? 2 * tally->size : SIZE_MIN;
	bigger.item = calloc(bigger.size, sizeof(*bigger.item));
	if (!bigger.item)
		return -ENOMEM;
	for (unsigned i = 0; i < tally->size; i++)
		if (tally->item[i].count)
			*place(&bigger, tally->item[i].key) = tally->item[i];
	free(tally->item);
	*tally = bigger;
	return 0;
}

int tally_add(struct tally *tally, uint32_t key)
{
	struct tally_item *item;

	if (2 * tally->n >= tally->size && grow(tally))
		return -ENOMEM;
	tally->total++;
	item = place(tally, key);
	if (item->count == 0) {
		if (tally->n == TALLY_MAX) {
			tally->n_others++;
			return 0;
		}
		item->key = key;
		tally->n++;
	}
	item->count++;
	return 0;
}

void tally_fini(struct tally *tally)
{
	free(tally->item);
	memset(tally, 0, sizeof(*tally));
}

static bool is_before(const struct tally_item *a, const struct tally_item *b)
{
	return a->count != b->count ? a->count > b->count : a->key < b->key;
}

unsigned tally_top(const struct tally *tally, struct tally_item top[], unsigned max)
{
	unsigned n = 0;

	for (unsigned i = 0; i < tally->size; i++) {
		const struct tally_item *item = &tally->item[i];
		unsigned at;

		if (item->count == 0 || (n == max && !is_before(item, &top[n - 1])))
			continue;
		at = n < max ? n++ : n - 1;
		for (; at > 0 && is_before(item, &top[at - 1]); at--)
			top[at] = top[at - 1];
		top[at] = *item;
	}
	return n;
}
