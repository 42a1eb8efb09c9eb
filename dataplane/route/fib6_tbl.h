// SPDX-License-Identifier: BSD-3-Clause
// IPv6 forwarding table as workers see it: the lazy trie, read side.
//
// The rules of route/fib4_tbl.h apply.
#pragma once

#include "dataplane/base/compiler.h"

struct fib6;

// dst[i] points to the 16 bytes of a destination address, any alignment.
void fib6_lookup_bulk(const struct fib6 *fib, const uint8_t *const dst[], uint16_t nh[],
		      unsigned n);
