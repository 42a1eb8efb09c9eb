// SPDX-License-Identifier: BSD-3-Clause
// Which vectors may the lookups use here?
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

// From narrow to wide: each machine that has one has those before it.
enum simd { SIMD_SCALAR, SIMD_AVX2, SIMD_AVX512, SIMD_N };

// What fib4_avx2.c, fib4_avx512.c and their like for IPv6 are compiled for.
enum simd simd_best(void);
// "scalar", "avx2", "avx512", or "auto" for the best; -EINVAL, or -ENOTSUP where
// the machine has it not.
int simd_parse(const char *name) must_check;
const char *simd_name(enum simd simd);
