// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/attrs.h"

#include "apps/mrt/digits.h"

#include <errno.h>
#include <string.h>

enum { AS_TRANS = 23456 };
enum { SEG_SET = 1, SEG_SEQUENCE = 2, SEG_CONFED_SEQUENCE = 3, SEG_CONFED_SET = 4 };

static enum fault_code code_if(bool is_bad, enum fault_code code)
{
	return unlikely(is_bad) ? code : FAULT_NONE;
}

enum fault_code attr_check(const struct bgp_attr *attr)
{
	switch (attr->type) {
	case BGP_ATTR_ORIGIN:
		return code_if(attr->len != 1 || attr->value[0] > BGP_ORIGIN_INCOMPLETE,
			       FAULT_ORIGIN);
	case BGP_ATTR_NEXT_HOP:
		return code_if(attr->len != 4, FAULT_NEXT_HOP);
	case BGP_ATTR_MED:
		return code_if(attr->len != 4, FAULT_MED);
	case BGP_ATTR_LOCAL_PREF:
		return code_if(attr->len != 4, FAULT_LOCAL_PREF);
	case BGP_ATTR_ORIGINATOR_ID:
	case BGP_ATTR_ONLY_TO_CUSTOMER:
		return code_if(attr->len != 4, FAULT_ATTR_LEN);
	case BGP_ATTR_ATOMIC:
		return code_if(attr->len != 0, FAULT_ATTR_LEN);
	case BGP_ATTR_AGGREGATOR:
		return code_if(attr->len != 6 && attr->len != 8, FAULT_ATTR_LEN);
	case BGP_ATTR_COMMUNITIES:
	case BGP_ATTR_CLUSTER_LIST:
		return code_if(attr->len % 4, FAULT_ATTR_LEN);
	case BGP_ATTR_EXT_COMMUNITIES:
		return code_if(attr->len % 8, FAULT_ATTR_LEN);
	case BGP_ATTR_LARGE_COMMUNITIES:
		return code_if(attr->len % 12, FAULT_ATTR_LEN);
	default:
		return FAULT_NONE;
	}
}

int attrs_read(struct attrs *a, const uint8_t *bytes, size_t len, uint8_t as_bytes,
	       struct fault *fault)
{
	struct bgp_attr attr;
	size_t at = 0;
	int more;

	a->has = 0;
	a->bytes = bytes;
	a->len = len;
	a->as_bytes = as_bytes;
	while ((more = bgp_attr_next(bytes, len, &at, &attr, fault)) > 0) {
		enum fault_code code = attr_check(&attr);

		if (unlikely(code != FAULT_NONE))
			fault_set(fault, code, (size_t)(attr.value - bytes));
		if (unlikely(attr.type >= ATTRS_KNOWN || attrs_has(a, attr.type))) {
			// RFC 7606 §3 g: a second one is passed over; routes in it are lost.
			if (attr.type == BGP_ATTR_MP_REACH || attr.type == BGP_ATTR_MP_UNREACH)
				fault_set(fault, FAULT_ATTR_TWICE, (size_t)(attr.value - bytes));
			continue;
		}
		a->has |= 1ull << attr.type;
		a->at[attr.type] = attr;
	}
	if (unlikely(!attrs_path_is_sound(a)))
		fault_set(fault, FAULT_AS_PATH, (size_t)(a->at[BGP_ATTR_AS_PATH].value - bytes));
	return fault->code ? -EBADMSG : 0;
}

uint32_t attrs_u32(const struct attrs *a, unsigned type)
{
	if (!attrs_has(a, type) || a->at[type].len < 4)
		return 0;
	return wire_get32(a->at[type].value);
}

int attrs_origin(const struct attrs *a)
{
	if (!attrs_has(a, BGP_ATTR_ORIGIN))
		return -1;
	return a->at[BGP_ATTR_ORIGIN].len ? a->at[BGP_ATTR_ORIGIN].value[0] : 0;
}

static bool aggregator_get(const struct bgp_attr *attr, unsigned as_bytes,
			   struct attrs_aggregator *agg)
{
	if (attr->len < as_bytes + 4)
		return false;
	agg->asn = as_bytes == 4 ? wire_get32(attr->value) : wire_get16(attr->value);
	memcpy(agg->addr, attr->value + as_bytes, 4);
	return true;
}

bool attrs_aggregator(const struct attrs *a, bool as_labelled, struct attrs_aggregator *agg)
{
	const struct bgp_attr *attr = &a->at[BGP_ATTR_AGGREGATOR];

	if (!attrs_has(a, BGP_ATTR_AGGREGATOR) || !aggregator_get(attr,
								  as_labelled	  ? a->as_bytes
								  : attr->len < 8 ? 2
										  : 4,
								  agg))
		return false;
	if (a->as_bytes == 2 && agg->asn == AS_TRANS && attrs_has(a, BGP_ATTR_AS4_AGGREGATOR))
		aggregator_get(&a->at[BGP_ATTR_AS4_AGGREGATOR], 4, agg);
	return true;
}

// 1, 0 at the end, or -1.
static int segment_next(const uint8_t **next, const uint8_t *end, uint8_t as_bytes,
			struct attrs_segment *seg)
{
	const uint8_t *p = *next;

	if (p == end)
		return 0;
	if (end - p < 2 || p[0] < SEG_SET || p[0] > SEG_CONFED_SET || p + 2 + p[1] * as_bytes > end)
		return -1;
	*seg = (struct attrs_segment){p[0], as_bytes, p[1], p + 2};
	*next = p + 2 + p[1] * as_bytes;
	return 1;
}

bool attrs_path_is_sound(const struct attrs *a)
{
	const struct bgp_attr *attr = &a->at[BGP_ATTR_AS_PATH];
	const uint8_t *p = attr->value;
	struct attrs_segment seg;
	int more = 0;

	if (attrs_has(a, BGP_ATTR_AS_PATH))
		while ((more = segment_next(&p, attr->value + attr->len, a->as_bytes, &seg)) > 0)
			;
	return more == 0;
}

static bool is_sequence(uint8_t kind)
{
	return kind == SEG_SEQUENCE || kind == SEG_CONFED_SEQUENCE;
}

// Hops, a set being one; 0 when the path is broken.
static unsigned hops_count(const struct bgp_attr *attr, uint8_t as_bytes)
{
	const uint8_t *p = attr->value;
	struct attrs_segment seg;
	unsigned n = 0;
	int more;

	while ((more = segment_next(&p, attr->value + attr->len, as_bytes, &seg)) > 0)
		n += is_sequence(seg.kind) ? seg.n : 1;
	return more ? 0 : n;
}

// Does AS4_PATH count? Not when AGGREGATOR was written by one who speaks of
// four bytes, nor when it is the longer one (RFC 6793 §4.2.3).
static void as4_start(const struct attrs *a, struct attrs_path *path)
{
	const struct bgp_attr *old = &a->at[BGP_ATTR_AS_PATH], *new = &a->at[BGP_ATTR_AS4_PATH];
	struct attrs_aggregator agg;
	unsigned n_old, n_new;

	if (attrs_has(a, BGP_ATTR_AS4_AGGREGATOR) && attrs_has(a, BGP_ATTR_AGGREGATOR) &&
	    aggregator_get(&a->at[BGP_ATTR_AGGREGATOR], 2, &agg) && agg.asn != AS_TRANS)
		return;
	n_old = hops_count(old, 2);
	n_new = hops_count(new, 4);
	if (n_old < n_new)
		return;
	path->n_old = n_old - n_new;
	path->next4 = new->value;
	path->end4 = new->value + new->len;
}

void attrs_path_start(const struct attrs *a, struct attrs_path *path)
{
	const struct bgp_attr *attr = &a->at[BGP_ATTR_AS_PATH];

	*path = (struct attrs_path){.as_bytes = a->as_bytes};
	if (!attrs_has(a, BGP_ATTR_AS_PATH))
		return;
	path->next = attr->value;
	path->end = attr->value + attr->len;
	if (unlikely(a->as_bytes == 2 && attrs_has(a, BGP_ATTR_AS4_PATH)))
		as4_start(a, path);
}

bool attrs_path_mistake(struct attrs_path *path)
{
	const uint8_t *p = path->next;
	struct attrs_segment seg;

	if (likely(!path->end4) || segment_next(&p, path->end, path->as_bytes, &seg) <= 0)
		return false;
	if (seg.n == 0 || (is_sequence(seg.kind) ? seg.n : 1) >= path->n_old)
		return false;
	path->again = path->next;
	return true;
}

int attrs_path_next(struct attrs_path *path, struct attrs_segment *seg)
{
	int more;

	if (likely(!path->end4))
		return segment_next(&path->next, path->end, path->as_bytes, seg);
	if (path->n_old == 0)
		return segment_next(&path->next4, path->end4, 4, seg);
	more = segment_next(&path->next, path->end, path->as_bytes, seg);
	if (more <= 0)
		return -1;
	if (path->again)
		path->next = path->again;
	if (!is_sequence(seg->kind)) {
		path->n_old--;
		return 1;
	}
	if (seg->n > path->n_old)
		seg->n = (uint8_t)path->n_old;
	path->n_old -= seg->n;
	return 1;
}

static char *segment_text(char *p, const struct attrs_segment *seg)
{
	char comma = is_sequence(seg->kind) ? ' ' : ',';

	if (seg->kind != SEG_SEQUENCE)
		*p++ = " { (["[seg->kind];
	for (unsigned i = 0; i < seg->n; i++) {
		p = digits_u32(p, attrs_as(seg->as, i, seg->as_bytes));
		*p++ = comma;
	}
	if (seg->n)
		p--;
	if (seg->kind != SEG_SEQUENCE)
		*p++ = " } )]"[seg->kind];
	return p;
}

char *attrs_path_text(char *p, const struct attrs *a, uint64_t *n_mistakes)
{
	struct attrs_segment seg;
	struct attrs_path path;
	bool is_empty = true; // the segment before
	char *start = p;
	int more;

	attrs_path_start(a, &path);
	if (n_mistakes)
		*n_mistakes += attrs_path_mistake(&path);
	while ((more = attrs_path_next(&path, &seg)) > 0) {
		if (!is_empty)
			*p++ = ' ';
		p = segment_text(p, &seg);
		is_empty = seg.n == 0;
	}
	return unlikely(more < 0) ? digits_text(start, "! Error !") : p;
}

// RFC 1997 §2: the three that have names.
static char *well_known_text(char *p, uint32_t community)
{
	switch (community & 0xff) {
	case 1:
		return digits_text(p, "no-export");
	case 2:
		return digits_text(p, "no-advertise");
	default:
		return digits_text(p, "local-AS");
	}
}

char *attrs_community_text(char *p, const uint8_t value[4])
{
	uint32_t community = wire_get32(value);

	if (unlikely(community >= 0xffffff01 && community <= 0xffffff03))
		return well_known_text(p, community);
	p = digits_u32(p, community >> 16);
	*p++ = ':';
	return digits_u32(p, community & 0xffff);
}

char *attrs_communities_text(char *p, const struct attrs *a)
{
	const struct bgp_attr *attr = &a->at[BGP_ATTR_COMMUNITIES];

	if (!attrs_has(a, BGP_ATTR_COMMUNITIES))
		return p;
	for (unsigned i = 0; i < attr->len / 4u; i++) {
		p = attrs_community_text(p, attr->value + 4 * i);
		*p++ = ' ';
	}
	return attr->len < 4 ? p : p - 1;
}

char *attrs_large_text(char *p, const struct attrs *a)
{
	const struct bgp_attr *attr = &a->at[BGP_ATTR_LARGE_COMMUNITIES];

	if (!attrs_has(a, BGP_ATTR_LARGE_COMMUNITIES))
		return p;
	for (unsigned i = 0; i < attr->len / 12u; i++) {
		const uint8_t *value = attr->value + 12 * i;

		p = digits_u32(p, wire_get32(value));
		*p++ = ':';
		p = digits_u32(p, wire_get32(value + 4));
		*p++ = ':';
		p = digits_u32(p, wire_get32(value + 8));
		*p++ = ' ';
	}
	return attr->len < 12 ? p : p - 1;
}
