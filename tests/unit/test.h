// SPDX-License-Identifier: BSD-3-Clause
// What every unit test includes: cmocka behind the headers it wants, and a
// random number generator whose seed can be printed and repeated.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// cmocka's is a macro that would break struct members of the name.
#undef stop

// splitmix64: the whole state is the seed.
static inline uint64_t test_rand(uint64_t *seed)
{
	uint64_t x = (*seed += 0x9e3779b97f4a7c15ull);

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}
