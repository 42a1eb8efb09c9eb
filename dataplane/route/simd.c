// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/simd.h"

#include "dataplane/base/err.h"

#include <string.h>

static const char *const names[SIMD_N] = {"scalar", "avx2", "avx512"};

enum simd simd_best(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512vpopcntdq"))
		return SIMD_AVX512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"))
		return SIMD_AVX2;
#endif
	return SIMD_SCALAR;
}

int simd_parse(const char *name)
{
	if (!strcmp(name, "auto"))
		return simd_best();
	for (unsigned i = 0; i < SIMD_N; i++)
		if (!strcmp(name, names[i]))
			return i <= simd_best() ? (int)i : -ENOTSUP;
	return -EINVAL;
}

const char *simd_name(enum simd simd)
{
	return simd < SIMD_N ? names[simd] : "none";
}
