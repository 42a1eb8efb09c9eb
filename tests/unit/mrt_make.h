// SPDX-License-Identifier: BSD-3-Clause
// Hand-made MRT records for tests: bytes put one behind the other.
#pragma once

#include "dataplane/bgp/mrt.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
	uint8_t data[8192];
	size_t len;
};

static inline void put(struct bytes *b, const void *data, size_t len)
{
	assert_true(b->len + len <= sizeof(b->data));
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static inline void put8(struct bytes *b, unsigned value)
{
	put(b, &(uint8_t){(uint8_t)value}, 1);
}

static inline void put16(struct bytes *b, unsigned value)
{
	uint8_t be[2];

	wire_put16(be, (uint16_t)value);
	put(b, be, sizeof(be));
}

static inline void put32(struct bytes *b, uint32_t value)
{
	uint8_t be[4];

	wire_put32(be, value);
	put(b, be, sizeof(be));
}

// "40 01 01 00": spaces mean nothing.
static inline void put_hex(struct bytes *b, const char *hex)
{
	for (; *hex; hex++) {
		char pair[3] = {hex[0], hex[1], '\0'};

		if (*hex == ' ')
			continue;
		put8(b, (unsigned)strtoul(pair, NULL, 16));
		hex++;
	}
}

// A record begins here; record_end() fills in its length.
static inline size_t record_start(struct bytes *b, unsigned type, unsigned subtype)
{
	put32(b, 1767225600);
	put16(b, type);
	put16(b, subtype);
	put32(b, 0);
	return b->len;
}

static inline void record_end(struct bytes *b, size_t body)
{
	wire_put32(b->data + body - 4, (uint32_t)(b->len - body));
}

// n peers: AS 65001+i, 192.0.2.(1+i), identifier 10.0.0.(1+i).
static inline void put_peers(struct bytes *b, unsigned n)
{
	size_t body = record_start(b, MRT_TABLE_DUMP_V2, MRT_V2_PEER_INDEX_TABLE);

	put32(b, 0x0a0000fe);
	put16(b, 0);
	put16(b, n);
	for (unsigned i = 0; i < n; i++) {
		put8(b, 2);
		put32(b, 0x0a000001 + i);
		put32(b, 0xc0000201 + i);
		put32(b, 65001 + i);
	}
	record_end(b, body);
}

// ORIGIN IGP, AS_PATH of 65001 and n more hops, NEXT_HOP 192.0.2.1.
static inline void put_attrs(struct bytes *b, unsigned n_hops)
{
	put_hex(b, "40 01 01 00  40 02");
	put8(b, 2 + 4 * (n_hops + 1));
	put8(b, 2);
	put8(b, n_hops + 1);
	for (unsigned i = 0; i <= n_hops; i++)
		put32(b, 65001 + i);
	put_hex(b, "40 03 04 c0 00 02 01");
}

static inline void put_entry(struct bytes *b, unsigned peer, unsigned n_hops)
{
	size_t attrs;

	put16(b, peer);
	put32(b, 1767220000);
	put16(b, 0);
	attrs = b->len;
	put_attrs(b, n_hops);
	wire_put16(b->data + attrs - 2, (uint16_t)(b->len - attrs));
}

// 10.<seq high>.<seq low>.0/24 from the given peers.
static inline void put_rib(struct bytes *b, unsigned seq, unsigned n_peers)
{
	size_t body = record_start(b, MRT_TABLE_DUMP_V2, MRT_V2_IP4_UNICAST);

	put32(b, seq);
	put8(b, 24);
	put8(b, 10);
	put16(b, seq);
	put16(b, n_peers);
	for (unsigned i = 0; i < n_peers; i++)
		put_entry(b, i, 1 + i);
	record_end(b, body);
}
