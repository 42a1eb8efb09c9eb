// SPDX-License-Identifier: BSD-3-Clause
// IPv4 forwarding table as workers see it: the lazy trie, read side.
//
// Called between two quiescent states. Never builds, never waits: at an unbuilt
// slot it answers from the RIB, and posts the slot to the control thread.
#pragma once

#include "dataplane/base/compiler.h"

struct fib4;

// dst in host byte order; nh[i] becomes the next-hop id of the longest match,
// the default route's id where nothing is more specific (NEXTHOP_DEFAULT, 0,
// only in a table without default route). Any n; best between 16 and 256.
void fib4_lookup_bulk(const struct fib4 *fib, const uint32_t dst[], uint16_t nh[], unsigned n);
