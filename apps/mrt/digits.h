// SPDX-License-Identifier: BSD-3-Clause
// Numbers and addresses as text, at the speed of copying: three digits a look-up.
//
// Each writes at p and returns the end of what it wrote, unterminated; up to
// DIGITS_SLACK bytes behind the end are overwritten. digits_init() comes first.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>
#include <string.h>

enum { DIGITS_SLACK = 8, DIGITS_U32_MAX = 10, DIGITS_IP4_MAX = 15, DIGITS_IP6_MAX = 45 };

struct digits {
	// The number without leading zeros and its length; with them.
	char left[1000][4], full[1000][4];
	char hex[256][2];
};

extern struct digits digits;

void digits_init(void);

static inline char *digits_small(char *p, unsigned value)
{
	memcpy(p, digits.left[value], 4);
	return p + digits.left[value][3];
}

static inline char *digits_triple(char *p, unsigned value)
{
	memcpy(p, digits.full[value], 4);
	return p + 3;
}

char *digits_big(char *p, uint32_t value); // from 1,000,000 on

static inline char *digits_u32(char *p, uint32_t value)
{
	if (value < 1000)
		return digits_small(p, value);
	if (value < 1000000)
		return digits_triple(digits_small(p, value / 1000), value % 1000);
	return digits_big(p, value);
}

static inline char *digits_ip4(char *p, const uint8_t bytes[4])
{
	for (unsigned i = 0; i < 3; i++) {
		p = digits_small(p, bytes[i]);
		*p++ = '.';
	}
	return digits_small(p, bytes[3]);
}

// As bgpdump writes them, which is RFC 5952 §4.2 but for one 16-bit field of
// zeros, which becomes "::" too, and for IPv4 in ::/96.
char *digits_ip6(char *p, const uint8_t bytes[16]);

char *digits_hex(char *p, const uint8_t *bytes, size_t len);

// A text whose length the compiler knows.
#define digits_text(p, text) ((char *)memcpy(p, text, sizeof(text) - 1) + sizeof(text) - 1)
