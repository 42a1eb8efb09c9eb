// SPDX-License-Identifier: BSD-3-Clause
// What tests may do with an intern table, and nobody else should.
#pragma once

#include "dataplane/base/intern.h"

typedef uint64_t intern_hash_fn(const uint64_t key[2], const void *bytes, size_t len);

struct intern *intern_new_hashed(size_t max_bytes, intern_hash_fn *hash) must_check;
