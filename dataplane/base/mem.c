// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/mem.h"

#include "dataplane/base/err.h"
#include "dataplane/base/log.h"

#if defined(HAVE_JEMALLOC)
#include <jemalloc/jemalloc.h>
#endif
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE  (2ul << 20)
#define SMALL_PAGE 4096ul

static _Atomic uint64_t huge_bytes, thp_bytes, small_bytes, arena_bytes;

static size_t round_len(size_t len)
{
	size_t page = len > HUGE_PAGE / 2 ? HUGE_PAGE : SMALL_PAGE;

	return (len + page - 1) & ~(page - 1);
}

// A mapping of len bytes whose start is 2 MB aligned, so that huge pages fit.
static void *map_aligned(size_t len, int flags)
{
	char *raw, *start;
	size_t whole = len + HUGE_PAGE;

	raw = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	if (raw == MAP_FAILED)
		return NULL;
	start = (char *)(((uintptr_t)raw + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	if (start > raw)
		munmap(raw, (size_t)(start - raw));
	if (raw + whole > start + len)
		munmap(start + len, (size_t)(raw + whole - (start + len)));
	return start;
}

void *mem_table_new(size_t len)
{
	static _Atomic bool warned;
	size_t size = round_len(len);
	void *mem;

	if (size >= HUGE_PAGE) {
		mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
		if (mem != MAP_FAILED) {
			huge_bytes += size;
			return mem;
		}
		mem = map_aligned(size, 0);
		if (!mem)
			return err_null(ENOMEM);
		if (madvise(mem, size, MADV_HUGEPAGE) == 0) {
			thp_bytes += size;
			return mem;
		}
		if (!warned)
			log_warn("no huge pages for tables: lookups cost up to 40 %% more "
				 "(sysctl vm.nr_hugepages)");
		warned = true;
		small_bytes += size;
		return mem;
	}
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return err_null(ENOMEM);
	small_bytes += size;
	return mem;
}

// Which counter to take it from is not known here: only totals by kind of
// request matter to the reader, so huge first.
void mem_table_free(void *mem, size_t len)
{
	size_t size = round_len(len);

	if (!mem)
		return;
	munmap(mem, size);
	if (size < HUGE_PAGE)
		small_bytes -= size;
	else if (huge_bytes >= size)
		huge_bytes -= size;
	else if (thp_bytes >= size)
		thp_bytes -= size;
	else
		small_bytes -= size;
}

void *mem_arena_new(size_t len)
{
	size_t size = round_len(len);
	void *mem = map_aligned(size, MAP_NORESERVE);

	if (!mem)
		return err_null(ENOMEM);
	(void)madvise(mem, size, MADV_HUGEPAGE); // best effort: plain pages work as well
	arena_bytes += size;
	return mem;
}

void mem_arena_free(void *mem, size_t len)
{
	if (!mem)
		return;
	munmap(mem, round_len(len));
	arena_bytes -= round_len(len);
}

void mem_stats_get(struct mem_stats *stats)
{
	stats->huge_bytes = huge_bytes;
	stats->thp_bytes = thp_bytes;
	stats->small_bytes = small_bytes;
	stats->arena_bytes = arena_bytes;
}

// Control memory. Without jemalloc (sanitizers, valgrind) it is malloc's.

#if defined(HAVE_JEMALLOC)
static pthread_once_t ctl_once = PTHREAD_ONCE_INIT;
static unsigned ctl_arena;
static int ctl_flags; // 0: no arena of its own could be had

static void ctl_arena_make(void)
{
	size_t len = sizeof(ctl_arena);

	if (mallctl("arenas.create", &ctl_arena, &len, NULL, 0) == 0)
		ctl_flags = MALLOCX_ARENA(ctl_arena) | MALLOCX_TCACHE_NONE;
}

void *mem_ctl_new(size_t len)
{
	void *mem;

	pthread_once(&ctl_once, ctl_arena_make);
	mem = mallocx(len ? len : 1, ctl_flags);
	return mem ? mem : err_null(ENOMEM);
}

void mem_ctl_free(void *mem)
{
	if (mem)
		dallocx(mem, ctl_flags & MALLOCX_TCACHE_NONE);
}

size_t mem_ctl_len(void *mem)
{
	return sallocx(mem, 0);
}

static uint64_t figure(const char *name)
{
	size_t value = 0, len = sizeof(value);
	char text[64];

	snprintf(text, sizeof(text), "stats.arenas.%u.%s", ctl_arena, name);
	return mallctl(text, &value, &len, NULL, 0) == 0 ? value : 0;
}

void mem_ctl_stats_get(struct mem_ctl_stats *stats)
{
	uint64_t epoch = 1;
	size_t len = sizeof(epoch);

	memset(stats, 0, sizeof(*stats));
	pthread_once(&ctl_once, ctl_arena_make);
	if (!ctl_flags || mallctl("epoch", &epoch, &len, &epoch, len) != 0)
		return;
	stats->is_jemalloc = true;
	stats->allocated = figure("small.allocated") + figure("large.allocated");
	stats->active = figure("pactive") * (uint64_t)sysconf(_SC_PAGESIZE);
	stats->resident = figure("resident");
}
#else
void *mem_ctl_new(size_t len)
{
	return malloc(len ? len : 1);
}

void mem_ctl_free(void *mem)
{
	free(mem);
}

size_t mem_ctl_len(void *mem)
{
	return malloc_usable_size(mem);
}

void mem_ctl_stats_get(struct mem_ctl_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
}
#endif
