// SPDX-License-Identifier: BSD-3-Clause
// Memory for tables that workers read: hugepages when they can be had.
//
// Cold threads only. MAP_HUGETLB first, else transparent huge pages, else 4 KB
// pages with one warning a process. Memory comes zeroed and page aligned.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

// NULL with errno ENOMEM. len is rounded up to 2 MB above 1 MB, else to 4 KB.
void *mem_table_new(size_t len) must_check;
void mem_table_free(void *mem, size_t len);

// Address space only: nothing is charged until touched, and MADV_HUGEPAGE is
// asked for. For arenas that grow in place up to a bound nobody has to set.
void *mem_arena_new(size_t len) must_check;
void mem_arena_free(void *mem, size_t len);

// Small pieces of the control plane (attribute sets): from an arena of jemalloc's of
// their own where it is built in, else from malloc. Any cold thread.
void *mem_ctl_new(size_t len) must_check; // NULL with errno ENOMEM; not zeroed
void mem_ctl_free(void *mem);
size_t mem_ctl_len(void *mem); // what it really takes

struct mem_ctl_stats {
	bool is_jemalloc; // else zeroes
	uint64_t allocated, active, resident;
};
void mem_ctl_stats_get(struct mem_ctl_stats *stats);

struct mem_stats {
	uint64_t huge_bytes, thp_bytes, small_bytes, arena_bytes;
};
void mem_stats_get(struct mem_stats *stats);
