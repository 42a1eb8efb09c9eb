// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/neigh/neigh_entry.h"

#include "dataplane/neigh/neigh_state.h"

#include <stdlib.h>

// The finaliser of splitmix64.
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

// Keyed: who sends addresses cannot choose chains.
static struct neigh_entry **head_of(const struct neigh *tbl, unsigned iface,
				    const struct addr *addr)
{
	uint64_t word[2], hash;

	memcpy(word, addr->bytes, sizeof(word));
	hash = mix(tbl->seed ^ word[0]);
	hash = mix(hash ^ word[1]);
	hash = mix(hash ^ ((uint64_t)iface << 8 | addr->family));
	return &tbl->head[hash % NEIGH_HEADS];
}

struct neigh_entry *neigh_entry_find(const struct neigh *tbl, unsigned iface,
				     const struct addr *addr)
{
	struct neigh_entry *e = *head_of(tbl, iface, addr);

	while (e && (e->iface != iface || !addr_is_equal(&e->addr, addr)))
		e = e->chain;
	return e;
}

// Timers.

static void heap_put(struct neigh *tbl, uint32_t pos, struct neigh_entry *e)
{
	tbl->heap[pos] = e;
	e->heap_pos = pos;
}

static void heap_up(struct neigh *tbl, struct neigh_entry *e)
{
	uint32_t pos = e->heap_pos;

	while (pos > 1 && tbl->heap[pos / 2]->due_ns > e->due_ns) {
		heap_put(tbl, pos, tbl->heap[pos / 2]);
		pos /= 2;
	}
	heap_put(tbl, pos, e);
}

static void heap_down(struct neigh *tbl, struct neigh_entry *e)
{
	uint32_t pos = e->heap_pos;

	for (;;) {
		uint32_t child = pos * 2;

		if (child < tbl->n && tbl->heap[child + 1]->due_ns < tbl->heap[child]->due_ns)
			child++;
		if (child > tbl->n || tbl->heap[child]->due_ns >= e->due_ns)
			break;
		heap_put(tbl, pos, tbl->heap[child]);
		pos = child;
	}
	heap_put(tbl, pos, e);
}

static int heap_reserve(struct neigh *tbl, unsigned n)
{
	unsigned room = tbl->heap_room ? tbl->heap_room * 2 : 64;
	struct neigh_entry **heap;

	if (n < tbl->heap_room)
		return 0;
	heap = realloc(tbl->heap, room * sizeof(struct neigh_entry *));
	if (!heap)
		return -1;
	tbl->heap = heap;
	tbl->heap_room = room;
	return 0;
}

void neigh_entry_due(struct neigh *tbl, struct neigh_entry *e, uint64_t due_ns)
{
	e->due_ns = due_ns;
	heap_up(tbl, e);
	heap_down(tbl, e);
}

struct neigh_entry *neigh_entry_expired(const struct neigh *tbl)
{
	return tbl->n && tbl->heap[1]->due_ns <= tbl->now_ns ? tbl->heap[1] : NULL;
}

// Classes.

static enum neigh_class class_of(const struct neigh_entry *e)
{
	if (e->is_gateway)
		return CLASS_KEPT;
	switch (e->state) {
	case NEIGH_INCOMPLETE:
	case NEIGH_FAILED:
		return CLASS_PENDING;
	case NEIGH_STALE:
		return e->is_used ? CLASS_STALE : CLASS_UNUSED;
	default:
		return CLASS_KEPT;
	}
}

void neigh_entry_reclass(struct neigh *tbl, struct neigh_entry *e)
{
	TAILQ_REMOVE(&tbl->class[e->class], e, of_class);
	e->class = class_of(e);
	TAILQ_INSERT_TAIL(&tbl->class[e->class], e, of_class);
}

struct neigh_entry *neigh_entry_victim(const struct neigh *tbl)
{
	for (unsigned class = 0; class < CLASS_KEPT; class ++)
		if (!TAILQ_EMPTY(&tbl->class[class]))
			return TAILQ_FIRST(&tbl->class[class]);
	return NULL;
}

// Life.

static bool room_make(struct neigh *tbl)
{
	struct neigh_entry *victim;

	if (tbl->n < tbl->conf.max)
		return heap_reserve(tbl, tbl->n + 1) == 0;
	victim = neigh_entry_victim(tbl);
	if (!victim)
		return false;
	neigh_count(tbl, NEIGH_COUNT_EVICTED);
	neigh_forget(tbl, victim);
	return true;
}

struct neigh_entry *neigh_entry_new(struct neigh *tbl, unsigned iface, const struct addr *addr)
{
	struct neigh_entry **head = head_of(tbl, iface, addr);
	struct neigh_entry *e = room_make(tbl) ? calloc(1, sizeof(*e)) : NULL;

	if (!e) {
		neigh_count(tbl, NEIGH_COUNT_TABLE_FULL);
		return NULL;
	}
	e->iface = (uint16_t)iface;
	e->addr = *addr;
	e->state = NEIGH_INCOMPLETE;
	e->due_ns = NEIGH_NEVER;
	TAILQ_INIT(&e->held);
	e->chain = *head;
	*head = e;
	heap_put(tbl, ++tbl->n, e);
	e->class = CLASS_PENDING;
	TAILQ_INSERT_TAIL(&tbl->class[CLASS_PENDING], e, of_class);
	neigh_count(tbl, NEIGH_COUNT_CREATED);
	return e;
}

void neigh_entry_free(struct neigh *tbl, struct neigh_entry *e)
{
	struct neigh_entry **at = head_of(tbl, e->iface, &e->addr);
	struct neigh_entry *last = tbl->heap[tbl->n];

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	tbl->n--;
	if (last != e) {
		last->heap_pos = e->heap_pos;
		heap_up(tbl, last);
		heap_down(tbl, last);
	}
	TAILQ_REMOVE(&tbl->class[e->class], e, of_class);
	free(e);
}
