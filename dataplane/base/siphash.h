// SPDX-License-Identifier: BSD-3-Clause
// SipHash-2-4: a 64-bit hash that nobody without the key can aim at
// (Aumasson, Bernstein: SipHash, a fast short-input PRF, 2012).
#pragma once

#include "dataplane/base/compiler.h"

uint64_t siphash(const uint64_t key[2], const void *bytes, size_t len);
