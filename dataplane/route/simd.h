// SPDX-License-Identifier: BSD-3-Clause
// Which vectors may the lookups use here?
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

// What fib4_avx512.c and fib6_avx512.c are compiled for.
static inline bool simd_has_avx512(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512vpopcntdq");
#else
	return false;
#endif
}
