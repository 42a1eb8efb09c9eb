// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/nexthop.h"

#include "dataplane/base/err.h"
#include "dataplane/base/mem.h"
#include "dataplane/route/nexthop_rec.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MTU_DEFAULT = 1500, ID_MAX = NEXTHOP_MAX - 1 }; // forwarding tables use 0xffff themselves

// The finaliser of splitmix64 over a running value: every bit reaches every bit.
uint64_t nexthop_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) + 0x9e3779b97f4a7c15ull;
	hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ull;
	hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebull;
	return hash ^ (hash >> 31);
}

struct nexthops *nexthops_new(void)
{
	struct nexthops *nhs = calloc(1, sizeof(*nhs));

	if (!nhs)
		return NULL;
	if (slotmap_init(&nhs->unused, NEXTHOP_MAX + 1))
		goto free_nhs;
	if (slotmap_init(&nhs->stale, NEXTHOP_MAX + 1))
		goto fini_unused;
	nhs->rec = calloc(NEXTHOP_MAX + 1, sizeof(*nhs->rec));
	if (!nhs->rec)
		goto fini_stale;
	nhs->grace = grace_new();
	if (!nhs->grace)
		goto free_rec;
	nhs->array = mem_table_new((NEXTHOP_MAX + 1) * sizeof(*nhs->array));
	if (!nhs->array)
		goto free_grace;
	slotmap_set_range(&nhs->unused, 1, ID_MAX);
	return nhs;

free_grace:
	grace_free(nhs->grace);
free_rec:
	free(nhs->rec);
fini_stale:
	slotmap_fini(&nhs->stale);
fini_unused:
	slotmap_fini(&nhs->unused);
free_nhs:
	free(nhs);
	return err_null(ENOMEM);
}

void nexthops_free(struct nexthops *nhs)
{
	if (!nhs)
		return;
	for (unsigned id = 1; id <= NEXTHOP_MAX; id++)
		free(nhs->rec[id].group);
	mem_table_free(nhs->array, (NEXTHOP_MAX + 1) * sizeof(*nhs->array));
	grace_free(nhs->grace);
	free(nhs->rec);
	slotmap_fini(&nhs->stale);
	slotmap_fini(&nhs->unused);
	free(nhs);
}

const struct nexthop *nexthops_array(const struct nexthops *nhs)
{
	return nhs->array;
}

unsigned nexthops_count(const struct nexthops *nhs)
{
	return ID_MAX - nhs->unused.count;
}

static void kind_set(struct nexthops *nhs, uint16_t id, enum nexthop_kind kind)
{
	atomic_store_explicit(&nhs->array[id].kind, (uint8_t)kind, memory_order_release);
}

static enum nexthop_kind kind_of(const struct nexthops *nhs, uint16_t id)
{
	return atomic_load_explicit(&nhs->array[id].kind, memory_order_relaxed);
}

static void queue_append(struct nexthops *nhs, uint16_t id)
{
	struct record *rec = &nhs->rec[id];

	rec->seat = rec->ticket;
	rec->is_queued = true;
	rec->queue = 0;
	if (nhs->queue_last)
		nhs->rec[nhs->queue_last].queue = id;
	else
		nhs->queue_first = id;
	nhs->queue_last = id;
}

// A record waits in the queue for its ticket; a later reason to wait prolongs it.
static void queue_add(struct nexthops *nhs, uint16_t id)
{
	struct record *rec = &nhs->rec[id];

	rec->ticket = grace_ticket(nhs->grace);
	if (!rec->is_queued)
		queue_append(nhs, id);
}

static uint16_t queue_take(struct nexthops *nhs)
{
	uint16_t id = nhs->queue_first;
	struct record *rec = &nhs->rec[id];

	nhs->queue_first = rec->queue;
	if (!rec->queue)
		nhs->queue_last = 0;
	rec->is_queued = false;
	return id;
}

// Identity.

static bool is_gateway(const struct nexthop_key *key)
{
	return key->kind == NH_RESOLVE;
}

static bool is_valid(const struct nexthop_key *key)
{
	if (is_gateway(key))
		return key->gw.family == 4 || key->gw.family == 6;
	if (key->kind == NH_LOCAL || key->kind == NH_GLEAN || key->kind == NH_BROADCAST)
		return !key->gw.family;
	return key->kind > NH_NONE && key->kind < NH_GROUP && !key->gw.family && !key->iface;
}

// The one spelling of a key: padding and unused bytes zero.
static void key_normalise(struct nexthop_key *out, const struct nexthop_key *key)
{
	memset(out, 0, sizeof(*out));
	out->kind = key->kind == NH_FORWARD ? NH_RESOLVE : key->kind;
	out->iface = key->iface;
	out->gw.family = key->gw.family;
	if (key->gw.family)
		memcpy(out->gw.bytes, key->gw.bytes, key->gw.family == 4 ? 4 : 16);
}

static uint64_t key_hash(const struct nexthop_key *key)
{
	uint64_t gw[2];

	memcpy(gw, key->gw.bytes, sizeof(gw));
	return nexthop_mix(
		nexthop_mix(nexthop_mix((uint64_t)key->kind << 32 | (uint64_t)key->iface << 8 |
						key->gw.family,
					0),
			    gw[0]),
		gw[1]);
}

static bool key_is_equal(const struct nexthop_key *a, const struct nexthop_key *b)
{
	return a->kind == b->kind && a->iface == b->iface && addr_is_equal(&a->gw, &b->gw);
}

static uint16_t find(const struct nexthops *nhs, const struct nexthop_key *key, uint64_t hash)
{
	uint16_t id = nhs->head[hash % NEXTHOP_HEADS];

	for (; id; id = nhs->rec[id].chain)
		if (nhs->rec[id].hash == hash && !nhs->rec[id].group &&
		    key_is_equal(&nhs->rec[id].key, key))
			return id;
	return 0;
}

uint16_t nexthop_find(const struct nexthops *nhs, const struct nexthop_key *key)
{
	struct nexthop_key normal;

	key_normalise(&normal, key);
	return find(nhs, &normal, key_hash(&normal));
}

int nexthop_id_new(struct nexthops *nhs, uint64_t hash)
{
	int id = slotmap_next(&nhs->unused, 0);
	struct record *rec = &nhs->rec[id < 0 ? 0 : id];

	if (id < 0)
		return -ENOSPC;
	slotmap_clear(&nhs->unused, (unsigned)id);
	memset(rec, 0, sizeof(*rec));
	rec->hash = hash;
	rec->refs = 1;
	rec->chain = nhs->head[hash % NEXTHOP_HEADS];
	nhs->head[hash % NEXTHOP_HEADS] = (uint16_t)id;
	return id;
}

static void hash_del(struct nexthops *nhs, uint16_t id)
{
	uint16_t *at = &nhs->head[nhs->rec[id].hash % NEXTHOP_HEADS];

	while (*at != id)
		at = &nhs->rec[*at].chain;
	*at = nhs->rec[id].chain;
}

int nexthop_get(struct nexthops *nhs, const struct nexthop_key *key)
{
	struct nexthop_key normal;
	struct nexthop *nh;
	uint64_t hash;
	int id;

	key_normalise(&normal, key);
	if (!is_valid(&normal))
		return -EINVAL;
	hash = key_hash(&normal);
	id = find(nhs, &normal, hash);
	if (id) {
		nhs->rec[id].refs++;
		return id;
	}
	id = nexthop_id_new(nhs, hash);
	if (id < 0)
		return id;
	nhs->rec[id].key = normal;
	nh = &nhs->array[id];
	nh->iface = normal.iface;
	nh->mtu = MTU_DEFAULT;
	nh->family = normal.gw.family;
	memcpy(nh->gw, normal.gw.bytes, sizeof(nh->gw));
	kind_set(nhs, (uint16_t)id, normal.kind);
	return id;
}

void nexthop_ref(struct nexthops *nhs, uint16_t id)
{
	assert(id && nhs->rec[id].refs);
	nhs->rec[id].refs++;
}

void nexthop_put(struct nexthops *nhs, uint16_t id)
{
	struct group *group = nhs->rec[id].group;

	assert(id && nhs->rec[id].refs);
	if (--nhs->rec[id].refs)
		return;
	hash_del(nhs, id);
	queue_add(nhs, id);
	for (unsigned i = 0; group && i < group->n; i++)
		nexthop_put(nhs, group->id[i]);
}

unsigned nexthop_refs(const struct nexthops *nhs, uint16_t id)
{
	return nhs->rec[id].refs;
}

// The last worker that could see the id is past: it can be given out again.
static void reclaim(struct nexthops *nhs, uint16_t id)
{
	struct record *rec = &nhs->rec[id];

	kind_set(nhs, id, NH_NONE);
	memset((char *)&nhs->array[id] + 1, 0, sizeof(nhs->array[id]) - 1);
	if (rec->group)
		nhs->n_groups--;
	slotmap_clear(&nhs->stale, id);
	free(rec->group);
	rec->group = NULL;
	slotmap_set(&nhs->unused, id);
}

// Headers.

static void l2_publish(struct nexthops *nhs, uint16_t id, const uint8_t l2[], unsigned l2_len)
{
	struct nexthop *nh = &nhs->array[id];

	memcpy(nh->l2, l2, l2_len);
	nh->l2_len = (uint8_t)l2_len;
	kind_set(nhs, id, NH_FORWARD);
}

static bool l2_is_equal(const struct nexthop *nh, const uint8_t l2[], unsigned l2_len)
{
	return nh->l2_len == l2_len && !memcmp(nh->l2, l2, l2_len);
}

static void down_set(struct nexthops *nhs, uint16_t id, bool is_down)
{
	if (nhs->rec[id].is_down == is_down)
		return;
	nhs->rec[id].is_down = is_down;
	nexthop_groups_update(nhs, id);
}

// No worker starts to copy the old header from here on.
static void retract(struct nexthops *nhs, uint16_t id)
{
	nhs->rec[id].has_next = false;
	if (kind_of(nhs, id) != NH_FORWARD)
		return;
	kind_set(nhs, id, NH_RESOLVE);
	queue_add(nhs, id);
}

void nexthop_resolve(struct nexthops *nhs, uint16_t id, const uint8_t l2[], unsigned l2_len)
{
	struct record *rec = &nhs->rec[id];

	assert(l2_len <= NEXTHOP_L2_MAX);
	if (!rec->refs || !is_gateway(&rec->key) || l2_len > NEXTHOP_L2_MAX)
		return;
	rec->has_next = false;
	if (l2_is_equal(&nhs->array[id], l2, l2_len)) {
		kind_set(nhs, id, NH_FORWARD);
	} else {
		retract(nhs, id);
		if (rec->is_queued) {
			rec->has_next = true;
			rec->next_len = (uint8_t)l2_len;
			memcpy(rec->next_l2, l2, l2_len);
		} else {
			l2_publish(nhs, id, l2, l2_len);
		}
	}
	down_set(nhs, id, false);
}

void nexthop_unresolve(struct nexthops *nhs, uint16_t id, bool is_down)
{
	if (!nhs->rec[id].refs || !is_gateway(&nhs->rec[id].key))
		return;
	retract(nhs, id);
	down_set(nhs, id, is_down);
}

void nexthop_mtu_set(struct nexthops *nhs, uint16_t id, uint16_t mtu)
{
	__atomic_store_n(&nhs->array[id].mtu, mtu, __ATOMIC_RELAXED);
}

void nexthops_step(struct nexthops *nhs)
{
	uint64_t done = grace_done(nhs->grace);

	nexthop_groups_deal(nhs);
	while (nhs->queue_first) {
		struct record *rec = &nhs->rec[nhs->queue_first];
		uint16_t id;

		if (rec->seat > done)
			break;
		id = queue_take(nhs);
		if (rec->ticket > done) {
			queue_append(nhs, id);
		} else if (!rec->refs) {
			reclaim(nhs, id);
		} else if (rec->has_next) {
			rec->has_next = false;
			l2_publish(nhs, id, rec->next_l2, rec->next_len);
		}
	}
}

void nexthop_foreach(struct nexthops *nhs, uint16_t iface, nexthop_fn *fn, void *arg)
{
	unsigned left = nexthops_count(nhs);

	for (unsigned id = 1; left && id <= ID_MAX; id++) {
		const struct record *rec = &nhs->rec[id];

		if (slotmap_has(&nhs->unused, id))
			continue;
		left--;
		if (rec->refs && is_gateway(&rec->key) && (!iface || rec->key.iface == iface))
			fn(nhs, (uint16_t)id, &nhs->array[id], arg);
	}
}
