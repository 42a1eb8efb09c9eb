// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/intern.h"

#include "dataplane/base/err.h"
#include "dataplane/base/intern_test.h"
#include "dataplane/base/mem.h"
#include "dataplane/base/siphash.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { CHUNK = 4096, CHUNKS_MAX = 1 << 20, BUCKETS_MIN = 64 };

struct item {
	char *bytes;
	uint64_t hash;
	uint32_t len, refs;
	uint32_t chain; // next of the bucket; of an unused id: the next unused one
};

// Linear hashing: each new string splits one bucket, so that the table grows
// without ever being dealt anew. Buckets and items lie in chunks.
struct intern {
	uint64_t key[2];
	intern_hash_fn *hash;
	uint32_t **bucket;	  // [CHUNKS_MAX] chunks of CHUNK heads
	struct item **item;	  // [CHUNKS_MAX] chunks of CHUNK items
	uint64_t n_buckets, half; // half: the power of two <= n_buckets
	uint64_t n_ids;		  // ever given out, id 0 among them
	uint32_t unused;
	struct intern_stats stats;
};

static struct item *item_of(const struct intern *in, uint32_t id)
{
	return &in->item[id / CHUNK][id % CHUNK];
}

static uint32_t *bucket_of(const struct intern *in, uint64_t hash)
{
	uint64_t i = hash & (in->half * 2 - 1);

	if (i >= in->n_buckets)
		i -= in->half;
	return &in->bucket[i / CHUNK][i % CHUNK];
}

static int charge(struct intern *in, size_t len)
{
	if (in->stats.bytes + len > in->stats.max_bytes)
		return -ENOSPC;
	in->stats.bytes += len;
	return 0;
}

// Counted memory: zeroed, freed with the table.
static void *chunk_new(struct intern *in, size_t len, int *rc)
{
	void *mem = NULL;

	*rc = charge(in, len);
	if (*rc)
		return NULL;
	mem = calloc(1, len);
	if (!mem) {
		in->stats.bytes -= len;
		*rc = -ENOMEM;
	}
	return mem;
}

struct intern *intern_new(size_t max_bytes)
{
	return intern_new_hashed(max_bytes, siphash);
}

struct intern *intern_new_hashed(size_t max_bytes, intern_hash_fn *hash)
{
	struct intern *in = calloc(1, sizeof(*in));

	if (!in)
		return NULL;
	in->hash = hash;
	in->stats.max_bytes = max_bytes;
	in->n_ids = 1;
	in->n_buckets = in->half = BUCKETS_MIN;
	// Address space: a page is touched for each 500 chunks.
	in->bucket = calloc(CHUNKS_MAX, sizeof(*in->bucket));
	in->item = calloc(CHUNKS_MAX, sizeof(*in->item));
	if (in->bucket)
		in->bucket[0] = calloc(CHUNK, sizeof(**in->bucket));
	if (in->item)
		in->item[0] = calloc(CHUNK, sizeof(**in->item));
	if (!in->bucket || !in->item || !in->bucket[0] || !in->item[0] ||
	    getrandom(in->key, sizeof(in->key), 0) != sizeof(in->key)) {
		intern_free(in);
		return err_null(ENOMEM);
	}
	in->stats.bytes = sizeof(*in) + CHUNK * (sizeof(**in->bucket) + sizeof(**in->item));
	return in;
}

void intern_free(struct intern *in)
{
	if (!in)
		return;
	for (uint64_t id = 1; id < in->n_ids; id++)
		mem_ctl_free(item_of(in, (uint32_t)id)->bytes);
	for (unsigned i = 0; in->bucket && i < CHUNKS_MAX && in->bucket[i]; i++)
		free(in->bucket[i]);
	for (unsigned i = 0; in->item && i < CHUNKS_MAX && in->item[i]; i++)
		free(in->item[i]);
	free(in->bucket);
	free(in->item);
	free(in);
}

static uint32_t find(const struct intern *in, uint64_t hash, const void *bytes, size_t len)
{
	uint32_t id = *bucket_of(in, hash);

	for (; id; id = item_of(in, id)->chain) {
		const struct item *item = item_of(in, id);

		if (item->hash == hash && item->len == len && !memcmp(item->bytes, bytes, len))
			return id;
	}
	return 0;
}

// One bucket more: what belongs into it leaves the one that is split.
static void bucket_split(struct intern *in)
{
	uint64_t to = in->n_buckets, mask = in->half * 2 - 1;
	uint32_t *from = &in->bucket[(to - in->half) / CHUNK][(to - in->half) % CHUNK], *new;
	int rc;

	if (to == (uint64_t)CHUNK * CHUNKS_MAX)
		return;
	if (!in->bucket[to / CHUNK])
		in->bucket[to / CHUNK] = chunk_new(in, CHUNK * sizeof(**in->bucket), &rc);
	if (!in->bucket[to / CHUNK])
		return; // chains grow instead
	new = &in->bucket[to / CHUNK][to % CHUNK];
	while (*from) {
		struct item *item = item_of(in, *from);
		uint32_t id = *from;

		if ((item->hash & mask) != to) {
			from = &item->chain;
			continue;
		}
		*from = item->chain;
		item->chain = *new;
		*new = id;
	}
	if (++in->n_buckets == in->half * 2)
		in->half *= 2;
}

static int id_new(struct intern *in, uint32_t *id)
{
	int rc = 0;

	*id = in->unused;
	if (*id) {
		in->unused = item_of(in, *id)->chain;
		return 0;
	}
	if (in->n_ids == (uint64_t)CHUNK * CHUNKS_MAX)
		return -ENOSPC;
	if (!in->item[in->n_ids / CHUNK])
		in->item[in->n_ids / CHUNK] = chunk_new(in, CHUNK * sizeof(**in->item), &rc);
	if (!rc)
		*id = (uint32_t)in->n_ids++;
	return rc;
}

static void id_free(struct intern *in, uint32_t id)
{
	item_of(in, id)->chain = in->unused;
	in->unused = id;
}

// The allocator's own figure, so that the bound is one of memory.
static size_t cost_of(char *bytes)
{
	return mem_ctl_len(bytes) + sizeof(size_t);
}

static int bytes_copy(struct intern *in, struct item *item, const void *bytes, size_t len)
{
	int rc;

	item->bytes = mem_ctl_new(len);
	if (!item->bytes)
		return -ENOMEM;
	rc = charge(in, cost_of(item->bytes));
	if (rc) {
		mem_ctl_free(item->bytes);
		item->bytes = NULL;
		return rc;
	}
	if (len)
		memcpy(item->bytes, bytes, len);
	item->len = (uint32_t)len;
	return 0;
}

static int insert(struct intern *in, uint64_t hash, const void *bytes, size_t len, uint32_t *id)
{
	struct item *item;
	uint32_t *head;
	int rc = id_new(in, id);

	if (rc)
		return rc;
	item = item_of(in, *id);
	rc = bytes_copy(in, item, bytes, len);
	if (rc) {
		id_free(in, *id);
		return rc;
	}
	item->hash = hash;
	item->refs = 1;
	head = bucket_of(in, hash);
	item->chain = *head;
	*head = *id;
	if (++in->stats.n > in->n_buckets)
		bucket_split(in);
	return 0;
}

int intern_get(struct intern *in, const void *bytes, size_t len, uint32_t *id)
{
	uint64_t hash;
	int rc = -E2BIG;

	if (len <= INTERN_LEN_MAX) {
		hash = in->hash(in->key, bytes, len);
		*id = find(in, hash, bytes, len);
		if (*id && item_of(in, *id)->refs < UINT32_MAX) {
			item_of(in, *id)->refs++;
			in->stats.n_found++;
			return 0;
		}
		rc = *id ? -ENOSPC : insert(in, hash, bytes, len, id);
	}
	if (rc) {
		*id = 0;
		in->stats.n_refused++;
	}
	return rc;
}

void intern_ref(struct intern *in, uint32_t id)
{
	assert(intern_refs(in, id) && intern_refs(in, id) < UINT32_MAX);
	item_of(in, id)->refs++;
}

void intern_put(struct intern *in, uint32_t id)
{
	struct item *item = item_of(in, id);
	uint32_t *at;

	assert(intern_refs(in, id));
	if (--item->refs)
		return;
	at = bucket_of(in, item->hash);
	while (*at != id)
		at = &item_of(in, *at)->chain;
	*at = item->chain;
	in->stats.bytes -= cost_of(item->bytes);
	in->stats.n--;
	mem_ctl_free(item->bytes);
	item->bytes = NULL;
	id_free(in, id);
}

uint32_t intern_refs(const struct intern *in, uint32_t id)
{
	return id && id < in->n_ids ? item_of(in, id)->refs : 0;
}

const void *intern_bytes(const struct intern *in, uint32_t id, size_t *len)
{
	if (!intern_refs(in, id))
		return NULL;
	*len = item_of(in, id)->len;
	return item_of(in, id)->bytes;
}

void intern_stats_get(const struct intern *in, struct intern_stats *stats)
{
	*stats = in->stats;
}
