// SPDX-License-Identifier: BSD-3-Clause
// A made-up routing table with the shape of the Internet's: the same options
// and seed give the same bytes on any machine.
//
// Prefixes cluster as real ones do: blocks are handed to origin ASes in runs,
// and split further inside. Lengths follow the counts of a full table of 2026.
#pragma once

#include "dataplane/base/err.h"
#include "dataplane/route/prefix.h"

#include <stdbool.h>

enum { SYNTH_PEERS_MAX = 64, SYNTH_INCLUDES_MAX = 1024, SYNTH_ALL_PEERS = 0xff };
enum { SYNTH_FULL4 = 901899, SYNTH_FULL6 = 160147, SYNTH_PREFIXES_MAX = 4000000 };

struct synth_peer {
	uint32_t asn;
	struct addr nexthop4, nexthop6; // nexthop4 is the peer's address and BGP id too
};

struct synth_include {
	struct prefix prefix;
	uint8_t peer; // the only one to announce it, or SYNTH_ALL_PEERS
};

struct synth_options {
	const char *out; // "-": standard output; "*.gz": compressed
	uint64_t seed;
	bool with4, with6;
	unsigned n_prefixes; // without the included ones
	unsigned n_peers;
	struct synth_peer peer[SYNTH_PEERS_MAX];
	unsigned n_includes;
	struct synth_include include[SYNTH_INCLUDES_MAX];
};

// One prefix; address bits are in hi and lo from the top, IPv4 in hi's upper half.
struct synth_prefix {
	uint64_t hi, lo;
	uint32_t origin; // AS number
	uint8_t family, len;
	uint8_t peer; // as in synth_include
};

struct synth_table {
	struct synth_prefix *prefix; // in order of family and address
	unsigned n, n4, n6;
};

// Peer of this index when nobody says otherwise: AS 65001+i, 192.0.2.(1+i),
// 2001:db8::(1+i).
void synth_peer_default(unsigned index, struct synth_peer *peer);

// -ENOMEM, or -ENOSPC when so many prefixes cannot be placed.
int synth_table_make(const struct synth_options *opt, struct synth_table *table,
		     struct err *err) must_check;
void synth_table_fini(struct synth_table *table);

// Attributes of a prefix as this peer announces it; returns their length.
enum { SYNTH_ATTRS_MAX = 320 };
size_t synth_attrs(const struct synth_options *opt, const struct synth_prefix *prefix,
		   unsigned peer, uint8_t attrs[SYNTH_ATTRS_MAX]);
// Does this peer announce the prefix? The first peer has the full table.
bool synth_has(const struct synth_options *opt, const struct synth_prefix *prefix, unsigned peer);

int synth_main(int argc, char **argv);

// splitmix64: a step of the generator, and a hash of a number.
static inline uint64_t synth_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}
