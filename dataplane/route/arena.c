// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/arena.h"

#include "dataplane/base/err.h"
#include "dataplane/base/mem.h"
#include "dataplane/base/mem_ahead.h"
#include "dataplane/base/rcu.h"
#include "dataplane/route/grace.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WARM_PAGE = 2 << 20,
	WARM_FROM = 512 << 10, // a small table needs no memory ahead
	WARM_AHEAD = 8 << 20,  // or as much as there is
	RELEASE_MAX = 2048,    // a call; each may miss every cache
};
enum { RESERVE_MIN = 64 << 20, OVERREAD = 256 };

static size_t memory_half(void)
{
	return (size_t)sysconf(_SC_PHYS_PAGES) / 2 * (size_t)sysconf(_SC_PAGESIZE);
}

int arena_init(struct arena *arena, size_t limit, size_t granule, struct grace *grace)
{
	size_t half = memory_half();

	memset(arena, 0, sizeof(*arena));
	if (limit > half)
		limit = half;
	// Where address space is rationed, less of it is better than none.
	arena->reserved = limit + OVERREAD;
	arena->base = mem_arena_new(arena->reserved);
	while (!arena->base && arena->reserved > RESERVE_MIN) {
		arena->reserved /= 2;
		arena->base = mem_arena_new(arena->reserved);
	}
	if (!arena->base)
		return -ENOMEM;
	arena->limit = arena->reserved - OVERREAD;
	arena->granule = granule;
	arena->top = granule; // offset 0 is "none"
	arena->grace = grace;
	return 0;
}

void arena_fini(struct arena *arena)
{
	free(arena->open.item);
	free(arena->wait.item);
	if (arena->warm)
		mem_ahead_wait();
	mem_arena_free(arena->base, arena->reserved);
}

static uint32_t class_of(const struct arena *arena, size_t len)
{
	assert(len && len <= ARENA_BLOCK_MAX);
	return (uint32_t)((len + arena->granule - 1) / arena->granule);
}

static void push(struct arena *arena, uint32_t off, uint32_t class)
{
	*(uint32_t *)arena_at(arena, off) = arena->free_head[class];
	arena->free_head[class] = off;
	arena->has_free[class / 64] |= 1ull << (class % 64);
	if (arena->n_words <= class / 64)
		arena->n_words = class / 64 + 1;
}

static uint32_t pop(struct arena *arena, uint32_t class)
{
	uint32_t off = arena->free_head[class];

	if (!off)
		return 0;
	arena->free_head[class] = *(uint32_t *)arena_at(arena, off);
	if (!arena->free_head[class])
		arena->has_free[class / 64] &= ~(1ull << (class % 64));
	return off;
}

// The smallest class with a free block, from min on; 0 if there is none.
static uint32_t class_next(const struct arena *arena, uint32_t min)
{
	uint32_t w = min / 64;
	uint64_t bits;

	if (w >= arena->n_words)
		return 0;
	bits = arena->has_free[w] & ~0ull << (min % 64);
	while (!bits) {
		if (++w == arena->n_words)
			return 0;
		bits = arena->has_free[w];
	}
	return w * 64 + (uint32_t)__builtin_ctzll(bits);
}

// Cuts a longer free block; what remains is not smaller than a useful block.
static uint32_t split(struct arena *arena, uint32_t class)
{
	uint32_t units = (uint32_t)(arena->granule / ARENA_UNIT);
	uint32_t longer = class_next(arena, class + (units == 1 ? 2 : 1));
	uint32_t off = longer ? pop(arena, longer) : 0;

	if (off)
		push(arena, off + class * units, longer - class);
	return off;
}

static size_t at_least(size_t a, size_t b)
{
	return a > b ? a : b;
}

// Has the pages behind top made by another thread.
static cold_fn void warm(struct arena *arena, size_t end)
{
	size_t page = WARM_PAGE;

	for (; arena->warm < end && arena->warm + page <= arena->limit; arena->warm += page)
		mem_ahead(arena->base + arena->warm, page);
	if (arena->warm + page > arena->limit)
		arena->warm = SIZE_MAX / 2; // that was all
}

void arena_expect(struct arena *arena, size_t bytes)
{
	if (bytes > WARM_FROM && bytes > arena->warm)
		warm(arena, bytes);
}

uint32_t arena_alloc(struct arena *arena, size_t len)
{
	uint32_t class = class_of(arena, len);
	size_t size = class * arena->granule;
	uint32_t off = pop(arena, class);

	if (!off)
		off = split(arena, class);
	if (!off) {
		if (arena->top + size > arena->limit)
			return 0;
		off = (uint32_t)(arena->top / ARENA_UNIT);
		arena->top += size;
		if (unlikely(arena->top > WARM_FROM && arena->top + WARM_AHEAD / 2 > arena->warm))
			warm(arena, arena->top + at_least(arena->top, WARM_AHEAD));
	}
	arena->used += size;
	return off;
}

static void release(struct arena *arena, uint32_t off, uint32_t class)
{
	arena->used -= class * arena->granule;
	push(arena, off, class);
}

void arena_free(struct arena *arena, uint32_t off, size_t len)
{
	release(arena, off, class_of(arena, len));
}

static int list_grow(struct arena_list *list)
{
	size_t max = list->max ? list->max * 2 : 1024;
	struct arena_retired *item = realloc(list->item, max * sizeof(*item));

	if (!item)
		return -ENOMEM;
	list->item = item;
	list->max = max;
	return 0;
}

void arena_retire(struct arena *arena, uint32_t off, size_t len)
{
	struct arena_list *list = &arena->open;
	uint32_t class = class_of(arena, len);

	if (!off)
		return;
	if (list->n == list->max && list_grow(list)) {
		synchronize_rcu(); // no memory to remember it: the one wait, better than a leak
		release(arena, off, class);
		return;
	}
	list->item[list->n++] = (struct arena_retired){off, class};
}

void arena_poll(struct arena *arena)
{
	struct arena_list list = arena->wait;
	size_t end;

	if (list.n && grace_done(arena->grace) < arena->ticket)
		return;
	end = list.n - arena->n_released > RELEASE_MAX ? arena->n_released + RELEASE_MAX : list.n;
	for (size_t i = arena->n_released; i < end; i++)
		release(arena, list.item[i].off, list.item[i].class);
	arena->n_released = end;
	if (end < list.n)
		return;
	arena->wait.n = arena->n_released = 0;
	if (!arena->open.n)
		return;
	list = arena->wait;
	arena->wait = arena->open;
	arena->open = list;
	arena->ticket = grace_ticket(arena->grace);
}

size_t arena_waiting(const struct arena *arena)
{
	size_t n = 0;

	for (size_t i = 0; i < arena->open.n; i++)
		n += arena->open.item[i].class;
	for (size_t i = arena->n_released; i < arena->wait.n; i++)
		n += arena->wait.item[i].class;
	return n * arena->granule;
}
