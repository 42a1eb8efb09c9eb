// SPDX-License-Identifier: BSD-3-Clause
// Which addresses may not be where they are (RFC 4291 §2.5.2, §2.5.3, §2.5.5,
// §2.7; RFC 6890 §2.2.3). Shared by ip6-input and ip6-multi.
#pragma once

#include "dataplane/graph/node.h"
#include "dataplane/pkt/ip6.h"

// First bytes 0x00, 0xfe and 0xff: everything that this page is about.
static inline bool ip6_is_special(uint8_t first)
{
	return (uint8_t)(first + 2) < 3;
}

// ::ffff:0:0/96 (RFC 6890 §2.2.3: neither source nor destination on a wire) and
// ::/96, deprecated (RFC 4291 §2.5.5.1); :: and ::1 are in the latter.
static inline bool ip6_has_ip4(const uint8_t a[16])
{
	static const uint8_t zero[10];

	return memcmp(a, zero, sizeof(zero)) == 0 &&
	       ((a[10] == 0 && a[11] == 0) || (a[10] == 0xff && a[11] == 0xff));
}

// Multicast never (RFC 4291 §2.7); loopback (RFC 4291 §2.5.3) and addresses with
// an IPv4 address inside by the switch. The unspecified one is the caller's.
static inline bool ip6_is_bad_source(const uint8_t a[16], bool martians)
{
	return ip6_is_multicast(a) || (martians && !ip6_is_unspecified(a) && ip6_has_ip4(a));
}

// The smallest sane packet from l3 on, all of it in the first segment.
static inline bool ip6_fits(const struct batch *b, unsigned i)
{
	return batch_l3_room(b, i) >= IP6_HDR_LEN;
}
