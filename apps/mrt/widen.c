// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/widen.h"

#include "dataplane/bgp/aspath.h"
#include "dataplane/bgp/update.h"
#include "dataplane/bgp/value.h"

#include <errno.h>

static bool path_is_sound(const struct bgp_as_path *path)
{
	struct bgp_segment seg;
	size_t at = 0;
	int more;

	while ((more = bgp_segment_next(path, &at, &seg)) > 0)
		;
	return more == 0;
}

// Behind a header of four bytes whose length is filled in at the end.
static size_t head_put(struct out *out, const struct bgp_attr *attr)
{
	out_put8(out, attr->flags | BGP_FLAG_EXTENDED_LEN);
	out_put8(out, attr->type);
	out_put16(out, 0);
	return out->len;
}

static int path_put(const struct attrs *a, const struct bgp_attr *attr, struct out *out)
{
	struct bgp_as_path path = {attr->value, attr->len, a->as_bytes}, as4 = {.as_bytes = 4};
	size_t begin;

	if (attrs_has(a, BGP_ATTR_AS4_PATH) && a->as_bytes == 2) {
		as4.bytes = a->at[BGP_ATTR_AS4_PATH].value;
		as4.len = a->at[BGP_ATTR_AS4_PATH].len;
	}
	if (!path_is_sound(&path))
		return -EBADMSG;
	begin = head_put(out, attr);
	if (as4.bytes && path_is_sound(&as4))
		bgp_as_path_merge(&path, &as4, out);
	else
		bgp_as_path_put(out, &path, 4);
	out_set16(out, begin - 2, (unsigned)(out->len - begin));
	return 0;
}

static void aggregator_put(const struct attrs *a, const struct bgp_attr *attr, struct out *out)
{
	struct attrs_aggregator agg;
	uint8_t value[8];

	if (!attrs_aggregator(a, false, &agg)) {
		bgp_attr_put(out, attr->flags, attr->type, attr->value, attr->len);
		return;
	}
	wire_put32(value, agg.asn);
	for (unsigned i = 0; i < 4; i++)
		value[4 + i] = agg.addr[i];
	bgp_attr_put(out, attr->flags, attr->type, value, sizeof(value));
}

static int reach_put(const struct bgp_attr *attr, struct out *out)
{
	uint8_t value[256];
	struct bgp_mp_reach reach;

	if (bgp_mp_reach_decode_rib(attr, &reach) < 0)
		return -EBADMSG;
	value[0] = reach.nexthop_len;
	for (unsigned i = 0; i < reach.nexthop_len; i++)
		value[1 + i] = reach.nexthop[i];
	bgp_attr_put(out, attr->flags, attr->type, value, 1u + reach.nexthop_len);
	return 0;
}

static int attr_put(const struct attrs *a, const struct bgp_attr *attr, struct out *out,
		    struct fault *fault)
{
	size_t at = (size_t)(attr->value - a->bytes);

	switch (attr->type) {
	case BGP_ATTR_AS_PATH:
		return path_put(a, attr, out) ? fault_set(fault, FAULT_AS_PATH, at) : 0;
	case BGP_ATTR_AGGREGATOR:
		aggregator_put(a, attr, out);
		return 0;
	case BGP_ATTR_MP_REACH:
		return reach_put(attr, out) ? fault_set(fault, FAULT_MP_REACH, at) : 0;
	case BGP_ATTR_AS4_PATH:
	case BGP_ATTR_AS4_AGGREGATOR:
		if (a->as_bytes == 2)
			return 0;
		break;
	default:
		break;
	}
	bgp_attr_put(out, attr->flags, attr->type, attr->value, attr->len);
	return 0;
}

int widen_attrs(const struct attrs *a, struct out *out, struct fault *fault)
{
	struct bgp_attr attr;
	size_t at = 0;
	int more;

	while ((more = bgp_attr_next(a->bytes, a->len, &at, &attr, fault)) > 0) {
		bool is_second = attr.type < ATTRS_KNOWN && a->at[attr.type].value != attr.value;

		if (!is_second && attr_put(a, &attr, out, fault))
			return -EBADMSG;
	}
	return more;
}
