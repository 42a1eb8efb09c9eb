// SPDX-License-Identifier: BSD-3-Clause
// What a peer says of a prefix. Everything follows from one hash of (origin,
// peer, variant): prefixes of one origin share a few attribute sets.
#include "apps/mrt/synth.h"
#include "dataplane/bgp/attr.h"

#include <string.h>

enum { VARIANTS = 4, HOPS_MAX = 16 };
enum { FLAG_OPTIONAL = 0x80, FLAG_TRANSITIVE = 0x40, FLAG_EXTENDED_LEN = 0x10 };
enum { SEG_SEQUENCE = 2 };

static const uint32_t large_as[] = {
	174,  701,  1299, 2914, 3257, 3320, 3356,  3491, 5511,
	6453, 6461, 6762, 6830, 6939, 7018, 12956, 4637, 1273,
};
static const uint32_t middle_as[] = {
	3303,  6730,  8220, 9498, 4134,	 4837,	7473,  20485, 12389, 8359,  31133, 28917,
	9121,  34984, 7738, 4230, 10429, 22356, 37468, 30844, 37100, 61832, 52320, 35280,
	5400,  1221,  4826, 7545, 9304,	 3786,	4766,  17676, 2516,  2497,  4713,  7922,
	22773, 20115, 577,  852,  6327,	 20965, 680,   786,   2200,  137,   1103,  559,
};

void synth_peer_default(unsigned index, struct synth_peer *peer)
{
	static const uint8_t doc6[4] = {0x20, 0x01, 0x0d, 0xb8};

	memset(peer, 0, sizeof(*peer));
	peer->asn = 65001 + index;
	peer->nexthop4.family = 4;
	memcpy(peer->nexthop4.bytes, (uint8_t[]){192, 0, 2, (uint8_t)(1 + index)}, 4);
	peer->nexthop6.family = 6;
	memcpy(peer->nexthop6.bytes, doc6, sizeof(doc6));
	peer->nexthop6.bytes[15] = (uint8_t)(1 + index);
}

static uint64_t prefix_hash(const struct synth_prefix *p)
{
	return synth_mix(p->hi ^ synth_mix(p->lo ^ p->len));
}

bool synth_has(const struct synth_options *opt, const struct synth_prefix *prefix, unsigned peer)
{
	if (prefix->peer != SYNTH_ALL_PEERS)
		return prefix->peer == peer;
	return peer == 0 || synth_mix(prefix_hash(prefix) + opt->seed + peer) % 100 >= 2;
}

// 3 to 6 hops, 4.1 in the mean; one path in ten prepends its origin.
static unsigned path_make(const struct synth_prefix *p, uint32_t peer_as, uint64_t h,
			  uint32_t path[HOPS_MAX])
{
	static const uint8_t transits[10] = {1, 1, 1, 2, 2, 2, 2, 3, 3, 4};
	unsigned n = 0, middle = transits[h % 10];
	uint64_t r = h;

	path[n++] = peer_as;
	for (unsigned i = 0; i < middle; i++) {
		r = synth_mix(r);
		path[n++] = i == 0 ? large_as[r % ARRAY_LEN(large_as)]
				   : middle_as[r % ARRAY_LEN(middle_as)];
	}
	path[n++] = p->origin;
	if ((h >> 8) % 10 == 0)
		for (uint64_t i = 0; i <= (h >> 12) % 3; i++)
			path[n++] = p->origin;
	return n;
}

static uint8_t *attr_put(uint8_t *at, uint8_t flags, uint8_t type, unsigned len)
{
	*at++ = flags;
	*at++ = type;
	*at++ = (uint8_t)len;
	return at;
}

static uint8_t *path_put(uint8_t *at, const struct synth_prefix *p, uint32_t peer_as, uint64_t h)
{
	uint32_t path[HOPS_MAX];
	unsigned n = path_make(p, peer_as, h, path);

	at = attr_put(at, FLAG_TRANSITIVE, BGP_ATTR_AS_PATH, 2 + 4 * n);
	*at++ = SEG_SEQUENCE;
	*at++ = (uint8_t)n;
	for (unsigned i = 0; i < n; i++)
		at = wire_put32(at, path[i]);
	return at;
}

static uint8_t *aggregator_put(uint8_t *at, const struct synth_prefix *p, uint64_t h)
{
	at = attr_put(at, FLAG_TRANSITIVE, BGP_ATTR_ATOMIC, 0);
	at = attr_put(at, FLAG_OPTIONAL | FLAG_TRANSITIVE, BGP_ATTR_AGGREGATOR, 8);
	at = wire_put32(at, p->origin);
	return wire_put32(at, 0xc0000200 | (h & 0xff));
}

static uint8_t *communities_put(uint8_t *at, uint32_t peer_as, uint64_t h)
{
	unsigned n = 1 + (h >> 40) % 6;

	at = attr_put(at, FLAG_OPTIONAL | FLAG_TRANSITIVE, BGP_ATTR_COMMUNITIES, 4 * n);
	for (unsigned i = 0; i < n; i++)
		at = wire_put32(at, peer_as << 16 | (uint32_t)(synth_mix(h + i) % 65000));
	return at;
}

static uint8_t *large_put(uint8_t *at, uint32_t peer_as, uint64_t h)
{
	unsigned n = 1 + (h >> 54) % 3;

	at = attr_put(at, FLAG_OPTIONAL | FLAG_TRANSITIVE, BGP_ATTR_LARGE_COMMUNITIES, 12 * n);
	for (unsigned i = 0; i < n; i++) {
		at = wire_put32(at, peer_as);
		at = wire_put32(at, (uint32_t)(h >> i) % 1000);
		at = wire_put32(at, (uint32_t)(synth_mix(h + i) % 100000));
	}
	return at;
}

static uint8_t *nexthop_put(uint8_t *at, const struct synth_peer *peer, uint8_t family)
{
	if (family == 4) {
		at = attr_put(at, FLAG_TRANSITIVE, BGP_ATTR_NEXT_HOP, 4);
		memcpy(at, peer->nexthop4.bytes, 4);
		return at + 4;
	}
	at = attr_put(at, FLAG_OPTIONAL, BGP_ATTR_MP_REACH, 17); // RFC 6396 §4.3.4
	*at++ = 16;
	memcpy(at, peer->nexthop6.bytes, 16);
	return at + 16;
}

size_t synth_attrs(const struct synth_options *opt, const struct synth_prefix *prefix,
		   unsigned peer, uint8_t attrs[SYNTH_ATTRS_MAX])
{
	const struct synth_peer *from = &opt->peer[peer];
	uint64_t variant = prefix_hash(prefix) % VARIANTS;
	uint64_t h = synth_mix(prefix->origin * 1000003ull + peer * 7919 + variant * 15485863 +
			       synth_mix(opt->seed));
	uint8_t *at = attr_put(attrs, FLAG_TRANSITIVE, BGP_ATTR_ORIGIN, 1);

	*at++ = (h >> 16) % 10 < 8 ? BGP_ORIGIN_IGP : BGP_ORIGIN_INCOMPLETE;
	at = path_put(at, prefix, from->asn, h);
	if (prefix->family == 4)
		at = nexthop_put(at, from, 4);
	if ((h >> 20) % 4 == 0) {
		at = attr_put(at, FLAG_OPTIONAL, BGP_ATTR_MED, 4);
		at = wire_put32(at, (uint32_t)(h >> 24) % 500);
	}
	if ((h >> 30) % 25 == 0)
		at = aggregator_put(at, prefix, h);
	if ((h >> 36) % 10 < 6)
		at = communities_put(at, from->asn, h);
	if (prefix->family == 6)
		at = nexthop_put(at, from, 6);
	if ((h >> 50) % 100 < 12)
		at = large_put(at, from->asn, h);
	return (size_t)(at - attrs);
}
