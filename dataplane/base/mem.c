// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/mem.h"

#include "dataplane/base/err.h"
#include "dataplane/base/log.h"

#include <stdbool.h>
#include <sys/mman.h>

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
