// SPDX-License-Identifier: BSD-3-Clause
// The Internet checksum (RFC 1071 §1), whole and incremental (RFC 1624 §3).
//
// Sums are over 16-bit words as they lie in memory: a result is stored as it
// is, in network byte order on any machine (RFC 1071 §2).
#pragma once

#include "dataplane/base/compiler.h"

#include <string.h>

// Adds len bytes to a running sum that csum_finish() ends. data may be
// unaligned; an odd last byte counts as if a zero followed, so only the last
// piece of a message may be odd.
static inline uint64_t csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len >= 4) {
		uint32_t word;

		memcpy(&word, p, 4);
		sum += word;
		p += 4;
		len -= 4;
	}
	if (len >= 2) {
		uint16_t word;

		memcpy(&word, p, 2);
		sum += word;
		p += 2;
		len -= 2;
	}
	if (len) {
		uint16_t word = 0;

		memcpy(&word, p, 1);
		sum += word;
	}
	return sum;
}

static inline uint16_t csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static inline uint16_t csum_finish(uint64_t sum)
{
	return (uint16_t)~csum_fold(sum);
}

static inline uint16_t csum_of(const void *data, size_t len)
{
	return csum_finish(csum_add(0, data, len));
}

// RFC 1624 §3 eqn. 3: HC' = ~(~HC + ~m + m'). The shorter RFC 1141 form
// (eqn. 2 there) gives 0xffff where recomputing gives 0x0000.
static inline uint16_t csum_update16(uint16_t csum, uint16_t from, uint16_t to)
{
	uint32_t sum = (uint16_t)~csum + (uint32_t)(uint16_t)~from + to;

	return (uint16_t)~csum_fold(sum);
}

static inline uint16_t csum_update32(uint16_t csum, uint32_t from, uint32_t to)
{
	uint64_t sum = (uint16_t)~csum + (uint64_t)(uint32_t)~from + to;

	return (uint16_t)~csum_fold(sum);
}
