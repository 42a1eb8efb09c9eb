// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/diff_attrs.h"

#include "apps/mrt/widen.h"
#include "dataplane/bgp/value.h"
#include "dataplane/route/prefix.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool diff_attrs_read(struct diff_attrs *d, const uint8_t *bytes, size_t len, uint8_t as_bytes)
{
	struct out out = {.buf = d->bytes, .size = sizeof(d->bytes)};
	struct fault fault = {.code = FAULT_NONE};
	struct attrs raw;

	if (attrs_read(&raw, bytes, len, as_bytes, &fault) == 0 &&
	    widen_attrs(&raw, &out, &fault) == 0 && !out_is_full(&out))
		return attrs_read(&d->a, d->bytes, out.len, 4, &fault) == 0;
	fault.code = FAULT_NONE;
	(void)attrs_read(&d->a, bytes, len, as_bytes, &fault);
	return false;
}

static const struct bgp_attr *find(const struct diff_attrs *d, unsigned type, struct bgp_attr *attr)
{
	struct fault ignored = {.code = FAULT_NONE};
	size_t at = 0;

	if (type < ATTRS_KNOWN)
		return attrs_has(&d->a, type) ? &d->a.at[type] : NULL;
	while (bgp_attr_next(d->a.bytes, d->a.len, &at, attr, &ignored) > 0)
		if (attr->type == type)
			return attr;
	return NULL;
}

// Which types are there: those above ATTRS_KNOWN are rare and not indexed.
static void types_mark(const struct diff_attrs *d, bool has[DIFF_TYPES])
{
	struct fault ignored = {.code = FAULT_NONE};
	struct bgp_attr attr;
	size_t at = 0;

	while (bgp_attr_next(d->a.bytes, d->a.len, &at, &attr, &ignored) > 0)
		has[attr.type] = true;
}

unsigned diff_attrs_compare(const struct diff_attrs *a, const struct diff_attrs *b,
			    uint8_t types[DIFF_TYPES])
{
	bool has[DIFF_TYPES] = {false};
	unsigned n = 0;

	types_mark(a, has);
	types_mark(b, has);
	for (unsigned type = 0; type < DIFF_TYPES; type++) {
		struct bgp_attr mine, other;
		const struct bgp_attr *x, *y;

		if (!has[type])
			continue;
		x = find(a, type, &mine);
		y = find(b, type, &other);
		if (!x || !y || x->len != y->len || memcmp(x->value, y->value, x->len) != 0)
			types[n++] = (uint8_t)type;
	}
	return n;
}

static char *addr_text(char *p, const uint8_t *bytes, unsigned len)
{
	struct addr addr = {.family = len == 4 ? 4 : 6};

	memcpy(addr.bytes, bytes, len);
	addr_format(&addr, p);
	return p + strlen(p);
}

static char *hex_text(char *p, const struct bgp_attr *attr)
{
	for (unsigned i = 0; i < attr->len; i++)
		p += sprintf(p, "%02x", attr->value[i]);
	return p;
}

// Next hops: alone, or short for MP_REACH_NLRI.
static char *nexthop_text(char *p, const struct bgp_attr *attr)
{
	if (attr->type == BGP_ATTR_NEXT_HOP && attr->len == 4)
		return addr_text(p, attr->value, 4);
	if (attr->type != BGP_ATTR_MP_REACH || attr->len < 5 || attr->value[0] + 1 != attr->len)
		return hex_text(p, attr);
	if (attr->len == 5)
		return addr_text(p, attr->value + 1, 4);
	return attr->len >= 17 ? addr_text(p, attr->value + 1, 16) : hex_text(p, attr);
}

static char *number_text(char *p, const struct bgp_attr *attr)
{
	static const char *const origins[] = {"IGP", "EGP", "INCOMPLETE"};

	if (attr->type == BGP_ATTR_ORIGIN)
		return attr->len == 1 && attr->value[0] < 3 ? stpcpy(p, origins[attr->value[0]])
							    : hex_text(p, attr);
	if (attr->len != 4)
		return hex_text(p, attr);
	return p + sprintf(p, "%" PRIu32, wire_get32(attr->value));
}

char *diff_attrs_text(char *p, const struct diff_attrs *d, uint8_t type)
{
	struct bgp_attr rare;
	const struct bgp_attr *attr = find(d, type, &rare);
	uint64_t ignored = 0;

	if (!attr)
		return stpcpy(p, "none");
	switch (type) {
	case BGP_ATTR_AS_PATH:
		return attrs_path_text(p, &d->a, &ignored);
	case BGP_ATTR_COMMUNITIES:
		return attrs_communities_text(p, &d->a);
	case BGP_ATTR_LARGE_COMMUNITIES:
		return attrs_large_text(p, &d->a);
	case BGP_ATTR_NEXT_HOP:
	case BGP_ATTR_MP_REACH:
		return nexthop_text(p, attr);
	case BGP_ATTR_ORIGIN:
	case BGP_ATTR_MED:
	case BGP_ATTR_LOCAL_PREF:
		return number_text(p, attr);
	case BGP_ATTR_ATOMIC:
		return stpcpy(p, "set");
	default:
		return hex_text(p, attr);
	}
}
