// SPDX-License-Identifier: BSD-3-Clause
// Addresses and prefixes of both families.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

enum { ADDR_TEXT_MAX = 46, PREFIX_TEXT_MAX = 50 };

// Network byte order; IPv4 in bytes[0..3], the rest zero.
struct addr {
	uint8_t family; // 4 or 6; 0 is "none"
	uint8_t bytes[16];
};

// Host bits are zero after prefix_parse() and prefix_mask().
struct prefix {
	uint8_t family; // 4 or 6
	uint8_t len;	// 0..32 or 0..128
	uint8_t bytes[16];
};

// -EINVAL for anything that is not an address of either family.
int addr_parse(const char *text, struct addr *addr) must_check;
char *addr_format(const struct addr *addr, char text[ADDR_TEXT_MAX]);
bool addr_is_equal(const struct addr *a, const struct addr *b);

// "10.0.0.0/8", "2001:db8::/32"; no length means the whole address.
// -EINVAL: no prefix; -EDOM: host bits are set (they are kept in *prefix).
int prefix_parse(const char *text, struct prefix *prefix) must_check;
char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_MAX]);
void prefix_mask(struct prefix *prefix); // clears host bits
bool prefix_is_equal(const struct prefix *a, const struct prefix *b);
bool prefix_has_addr(const struct prefix *prefix, const struct addr *addr);
