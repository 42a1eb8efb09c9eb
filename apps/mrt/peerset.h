// SPDX-License-Identifier: BSD-3-Clause
// Peers by number: the same address and AS have one, in order of appearance.
#pragma once

#include "dataplane/bgp/mrt.h"

enum { PEERSET_MAX = 65535 };

struct peerset;

struct peerset *peerset_new(void) must_check; // NULL: ENOMEM
void peerset_free(struct peerset *set);
int peerset_add(struct peerset *set, const struct mrt_peer *peer);	  // number; -E2BIG
int peerset_find(const struct peerset *set, const struct mrt_peer *peer); // -1: none
const struct mrt_peer *peerset_get(const struct peerset *set, unsigned number);
unsigned peerset_count(const struct peerset *set);
