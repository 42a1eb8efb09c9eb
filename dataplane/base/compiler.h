// SPDX-License-Identifier: BSD-3-Clause
// Words the compiler understands: branch hints, attributes, byte-order types.
#pragma once

#include <stddef.h>
#include <stdint.h>

// DPDK defines the same two; whichever header comes first wins.
#ifndef likely
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

#define must_check	     __attribute__((warn_unused_result))
#define cold_fn		     __attribute__((cold, noinline))
#define format_fn(fmt, args) __attribute__((format(printf, fmt, args)))
#define packed_struct	     __attribute__((packed))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

// Numbers in network byte order.
typedef uint16_t be16_t;
typedef uint32_t be32_t;

#define container_of_type(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
