// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/attr.h"

#include <errno.h>
#include <string.h>

enum { AFI_IP4 = 1, AFI_IP6 = 2 };
enum { SEG_SET = 1, SEG_SEQUENCE = 2, SEG_CONFED_SEQUENCE = 3, SEG_CONFED_SET = 4 };
enum { LOCAL_PREF_DEFAULT = 100 };

static const char *const names[256] = {
	[BGP_ATTR_ORIGIN] = "ORIGIN",
	[BGP_ATTR_AS_PATH] = "AS_PATH",
	[BGP_ATTR_NEXT_HOP] = "NEXT_HOP",
	[BGP_ATTR_MED] = "MULTI_EXIT_DISC",
	[BGP_ATTR_LOCAL_PREF] = "LOCAL_PREF",
	[BGP_ATTR_ATOMIC] = "ATOMIC_AGGREGATE",
	[BGP_ATTR_AGGREGATOR] = "AGGREGATOR",
	[BGP_ATTR_COMMUNITIES] = "COMMUNITIES",
	[BGP_ATTR_ORIGINATOR_ID] = "ORIGINATOR_ID",
	[BGP_ATTR_CLUSTER_LIST] = "CLUSTER_LIST",
	[BGP_ATTR_MP_REACH] = "MP_REACH_NLRI",
	[BGP_ATTR_MP_UNREACH] = "MP_UNREACH_NLRI",
	[BGP_ATTR_EXT_COMMUNITIES] = "EXTENDED_COMMUNITIES",
	[BGP_ATTR_AS4_PATH] = "AS4_PATH",
	[BGP_ATTR_AS4_AGGREGATOR] = "AS4_AGGREGATOR",
	[BGP_ATTR_CONNECTOR] = "CONNECTOR",
	[BGP_ATTR_AS_PATHLIMIT] = "AS_PATHLIMIT",
	[BGP_ATTR_PMSI_TUNNEL] = "PMSI_TUNNEL",
	[BGP_ATTR_IP6_EXT_COMMUNITIES] = "IPV6_EXTENDED_COMMUNITIES",
	[BGP_ATTR_AIGP] = "AIGP",
	[BGP_ATTR_LARGE_COMMUNITIES] = "LARGE_COMMUNITIES",
	[BGP_ATTR_ONLY_TO_CUSTOMER] = "ONLY_TO_CUSTOMER",
	[BGP_ATTR_CALIBRATION] = "CALIBRATION",
	[BGP_ATTR_SET] = "ATTR_SET",
};

const char *bgp_attr_name(uint8_t type)
{
	return names[type];
}

// One attribute off the front of bytes that are not empty; returns what follows,
// NULL where it does not fit.
static inline const uint8_t *attr_take(const uint8_t *p, const uint8_t *end, struct bgp_attr *attr)
{
	size_t left = (size_t)(end - p), len, hdr = 3;

	if (unlikely(left < 3))
		return NULL;
	attr->flags = p[0];
	attr->type = p[1];
	len = p[2];
	if (attr->flags & BGP_FLAG_EXTENDED_LEN) {
		if (unlikely(left < 4))
			return NULL;
		len = wire_get16(p + 2);
		hdr = 4;
	}
	if (unlikely(len > left - hdr))
		return NULL;
	attr->len = (uint16_t)len;
	attr->value = p + hdr;
	return p + hdr + len;
}

int bgp_attr_next(const uint8_t *attrs, size_t len, size_t *at, struct bgp_attr *attr,
		  struct fault *fault)
{
	const uint8_t *next;

	if (*at == len)
		return 0;
	next = attr_take(attrs + *at, attrs + len, attr);
	if (!next)
		return fault_set(fault, FAULT_ATTR_CUT, *at);
	*at = (size_t)(next - attrs);
	return 1;
}

static int origin_decode(const struct bgp_attr *attr, struct bgp_path *path)
{
	if (attr->len != 1 || attr->value[0] > BGP_ORIGIN_INCOMPLETE)
		return -EBADMSG;
	path->origin = attr->value[0];
	path->has |= BGP_HAS_ORIGIN;
	return 0;
}

static uint32_t as_get(const uint8_t *p, unsigned as_bytes)
{
	return as_bytes == 2 ? wire_get16(p) : wire_get32(p);
}

// RFC 4271 §9.1.2.2 a: an AS_SET counts as one hop. RFC 5065 §5.3: segments of
// confederations count nothing.
static void segment_apply(uint8_t kind, const uint8_t *as, unsigned n, unsigned as_bytes,
			  struct bgp_path *path)
{
	uint32_t last = as_get(as + (n - 1) * as_bytes, as_bytes);

	if (kind == SEG_SEQUENCE) {
		if (path->n_hops == 0)
			path->first_as = as_get(as, as_bytes);
		path->origin_as = last;
		path->n_hops = (uint16_t)(path->n_hops + n);
	} else if (kind == SEG_SET) {
		path->origin_as = n == 1 ? last : 0;
		path->n_hops++;
		path->has |= BGP_HAS_AS_SET;
	}
}

static int as_path_decode(const struct bgp_attr *attr, unsigned as_bytes, struct bgp_path *path)
{
	const uint8_t *p = attr->value, *end = p + attr->len;

	while (p < end) {
		unsigned kind = p[0], n;

		if (end - p < 2 || kind < SEG_SET || kind > SEG_CONFED_SET)
			return -EBADMSG;
		n = p[1];
		// RFC 7606 §7.2: a segment of no AS is malformed.
		if (n == 0 || (size_t)(end - p - 2) < (size_t)n * as_bytes)
			return -EBADMSG;
		segment_apply((uint8_t)kind, p + 2, n, as_bytes, path);
		p += 2 + n * as_bytes;
	}
	path->has |= BGP_HAS_AS_PATH;
	return 0;
}

static int u32_decode(const struct bgp_attr *attr, uint32_t *value)
{
	if (attr->len != 4)
		return -EBADMSG;
	*value = wire_get32(attr->value);
	return 0;
}

static void addr_set(struct bgp_addr *addr, uint8_t family, const uint8_t *bytes)
{
	addr->family = family;
	memcpy(addr->bytes, bytes, family == 4 ? 4 : 16);
}

static int next_hop_decode(const struct bgp_attr *attr, struct bgp_path *path)
{
	if (attr->len != 4)
		return -EBADMSG;
	addr_set(&path->nexthop, 4, attr->value);
	return 0;
}

// RFC 2545 §3: an IPv6 next hop may carry a link-local address behind the
// global one. RFC 8950 §3: an IPv4 prefix may have an IPv6 next hop.
static int mp_nexthop_set(uint8_t family, const uint8_t *bytes, unsigned len, struct bgp_path *path)
{
	if (len == 4 && family == 4) {
		addr_set(&path->nexthop, 4, bytes);
		return 0;
	}
	if (len != 16 && len != 32)
		return -EBADMSG;
	addr_set(&path->nexthop, 6, bytes);
	if (len == 32)
		addr_set(&path->link_local, 6, bytes + 16);
	return 0;
}

// Shapes in the wild: `len nexthop` (RFC 6396 §4.3.4: OpenBGPD, BIRD), and the
// whole attribute `afi safi len nexthop reserved [routes]` (Quagga, RouteViews).
// An AFI begins with 0, the length of a next hop never does.
static int mp_reach_decode(const struct bgp_attr *attr, uint8_t family, struct bgp_path *path)
{
	const uint8_t *p = attr->value;
	unsigned len = attr->len;

	if (len < 1)
		return -EBADMSG;
	if (p[0] != 0)
		return p[0] == len - 1 ? mp_nexthop_set(family, p + 1, len - 1, path) : -EBADMSG;
	if (len < 4 || wire_get16(p) != (family == 4 ? AFI_IP4 : AFI_IP6) || p[3] > len - 4)
		return -EBADMSG;
	return mp_nexthop_set(family, p + 4, p[3], path);
}

static enum fault_code attr_apply(const struct bgp_attr *attr, struct bgp_attr_style style,
				  struct bgp_path *path)
{
	switch (attr->type) {
	case BGP_ATTR_ORIGIN:
		return origin_decode(attr, path) ? FAULT_ORIGIN : FAULT_NONE;
	case BGP_ATTR_AS_PATH:
		return as_path_decode(attr, style.as_bytes, path) ? FAULT_AS_PATH : FAULT_NONE;
	case BGP_ATTR_NEXT_HOP:
		// Where a dump gives an IPv6 route both, MP_REACH_NLRI is meant.
		if (style.family == 6)
			return FAULT_NONE;
		return next_hop_decode(attr, path) ? FAULT_NEXT_HOP : FAULT_NONE;
	case BGP_ATTR_MED:
		path->has |= BGP_HAS_MED;
		return u32_decode(attr, &path->med) ? FAULT_MED : FAULT_NONE;
	case BGP_ATTR_LOCAL_PREF:
		path->has |= BGP_HAS_LOCAL_PREF;
		return u32_decode(attr, &path->local_pref) ? FAULT_LOCAL_PREF : FAULT_NONE;
	case BGP_ATTR_MP_REACH:
		if (style.ignores_mp)
			return FAULT_NONE;
		return mp_reach_decode(attr, style.family, path) ? FAULT_MP_REACH : FAULT_NONE;
	default:
		return FAULT_NONE;
	}
}

// The types that attr_apply() knows. Others are most of a route's attributes:
// they are left as soon as they are told apart.
#define CHOOSING                                                                                   \
	(1u << BGP_ATTR_ORIGIN | 1u << BGP_ATTR_AS_PATH | 1u << BGP_ATTR_NEXT_HOP |                \
	 1u << BGP_ATTR_MED | 1u << BGP_ATTR_LOCAL_PREF | 1u << BGP_ATTR_MP_REACH)

int bgp_path_decode(const uint8_t *attrs, size_t len, struct bgp_attr_style style,
		    struct bgp_path *path, struct fault *fault)
{
	const uint8_t *p = attrs, *end = attrs + len;
	uint32_t wanted = CHOOSING;

	memset(path, 0, sizeof(*path));
	path->origin = BGP_ORIGIN_INCOMPLETE;
	path->local_pref = LOCAL_PREF_DEFAULT;
	while (p < end) {
		struct bgp_attr attr;
		enum fault_code code;
		const uint8_t *next = attr_take(p, end, &attr);

		if (unlikely(!next))
			return fault_set(fault, FAULT_ATTR_CUT, (size_t)(p - attrs));
		p = next;
		// RFC 7606 §3 g: of several attributes of one type the first counts.
		if (attr.type > 31 || !(wanted & 1u << attr.type))
			continue;
		wanted &= ~(1u << attr.type);
		code = attr_apply(&attr, style, path);
		if (unlikely(code != FAULT_NONE))
			return fault_set(fault, code, (size_t)(attr.value - attrs));
	}
	return 0;
}
