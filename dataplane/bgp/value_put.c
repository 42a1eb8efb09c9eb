// SPDX-License-Identifier: BSD-3-Clause
// Writing attributes (RFC 4271 §4.3): the other half of value.h.
#include "dataplane/bgp/value.h"

#include <string.h>

// An attribute's header with room for a short length; the end makes it long
// where need be. Returns where the header stands.
static size_t attr_start(struct out *out, uint8_t flags, uint8_t type)
{
	size_t at = out->len;

	out_put8(out, flags);
	out_put8(out, type);
	out_put8(out, 0);
	if (flags & BGP_FLAG_EXTENDED_LEN)
		out_put8(out, 0);
	return at;
}

static void attr_end(struct out *out, size_t at, uint8_t flags)
{
	size_t len;

	if (flags & BGP_FLAG_EXTENDED_LEN) {
		out_set16(out, at + 2, (unsigned)(out->len - at - 4));
		return;
	}
	len = out->len - at - 3;
	if (len > UINT8_MAX) {
		out_insert(out, at + 2, "", 1);
		out_set8(out, at, flags | BGP_FLAG_EXTENDED_LEN);
		out_set16(out, at + 2, (unsigned)len);
	} else {
		out_set8(out, at + 2, (unsigned)len);
	}
}

void bgp_attr_put(struct out *out, uint8_t flags, uint8_t type, const void *value, size_t len)
{
	size_t at = attr_start(out, flags, type);

	out_put(out, value, len);
	attr_end(out, at, flags);
}

// In two bytes what does not fit is AS_TRANS (RFC 6793 §4.2.2).
static void aggregator_put(struct out *out, const struct bgp_value *v, const struct bgp_session *s)
{
	const struct bgp_aggregator *a = &v->aggregator;
	bool wide = s->as4 || v->type == BGP_ATTR_AS4_AGGREGATOR;

	if (s->kind == BGP_PEER_UNKNOWN)
		wide = a->as_bytes == 4;
	if (wide)
		out_put32(out, a->as);
	else
		out_put16(out, a->as > UINT16_MAX ? BGP_AS_TRANS : a->as);
	out_put32(out, a->id);
}

static void reach_put(struct out *out, const struct bgp_mp_reach *mp)
{
	if (!mp->is_short) {
		out_put16(out, mp->afi);
		out_put8(out, mp->safi);
	}
	out_put8(out, mp->nexthop_len);
	out_put(out, mp->nexthop, mp->nexthop_len);
	if (mp->has_reserved)
		out_put8(out, mp->reserved);
	out_put(out, mp->nlri, mp->nlri_len);
}

static void unreach_put(struct out *out, const struct bgp_mp_unreach *mp)
{
	out_put16(out, mp->afi);
	out_put8(out, mp->safi);
	out_put(out, mp->nlri, mp->nlri_len);
}

static void pmsi_put(struct out *out, const struct bgp_pmsi *pmsi)
{
	out_put8(out, pmsi->flags);
	out_put8(out, pmsi->tunnel);
	out_put8(out, pmsi->label >> 16);
	out_put16(out, pmsi->label & 0xffff);
	out_put(out, pmsi->id, pmsi->id_len);
}

static void set_put(struct out *out, const struct bgp_set *set)
{
	out_put32(out, set->origin_as);
	out_put(out, set->attrs, set->attrs_len);
}

static void form_put(struct out *out, const struct bgp_value *v, const struct bgp_session *s)
{
	switch (v->form) {
	case BGP_FORM_NONE:
		return;
	case BGP_FORM_ORIGIN:
		return out_put8(out, v->number);
	case BGP_FORM_NUMBER:
	case BGP_FORM_AS:
	case BGP_FORM_ID:
		return out_put32(out, v->number);
	case BGP_FORM_AS_PATH:
		return bgp_as_path_put(out, &v->as_path,
				       s->as4 || v->type == BGP_ATTR_AS4_PATH ? 4 : 2);
	case BGP_FORM_NEXT_HOP:
		return out_put(out, v->nexthop.bytes, 4);
	case BGP_FORM_AGGREGATOR:
		return aggregator_put(out, v, s);
	case BGP_FORM_LIST:
		return out_put(out, v->list.bytes, (size_t)v->list.n * v->list.item_len);
	case BGP_FORM_MP_REACH:
		return reach_put(out, &v->reach);
	case BGP_FORM_MP_UNREACH:
		return unreach_put(out, &v->unreach);
	case BGP_FORM_AIGP:
		return out_put(out, v->aigp.bytes, v->aigp.len);
	case BGP_FORM_PMSI:
		return pmsi_put(out, &v->pmsi);
	case BGP_FORM_SET:
		return set_put(out, &v->set);
	case BGP_FORM_RAW:
		return out_put(out, v->raw.bytes, v->raw.len);
	}
}

void bgp_value_put(struct out *out, uint8_t flags, const struct bgp_value *value,
		   const struct bgp_session *s)
{
	size_t at = attr_start(out, flags, value->type);

	form_put(out, value, s);
	attr_end(out, at, flags);
}

static bool as_is_set(const struct bgp_segment *seg)
{
	return seg->kind == BGP_SEG_SET || seg->kind == BGP_SEG_CONFED_SET;
}

// The AS numbers of a set in order, each once: insertion into an array, at most
// 255.
static void set_segment_put(struct out *out, const struct bgp_segment *seg, unsigned as_bytes)
{
	uint32_t as[UINT8_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < seg->n; i++) {
		uint32_t value = bgp_segment_as(seg, i);
		unsigned at = n;

		while (at > 0 && as[at - 1] > value)
			at--;
		if (at > 0 && as[at - 1] == value)
			continue;
		memmove(as + at + 1, as + at, (n++ - at) * sizeof(as[0]));
		as[at] = value;
	}
	bgp_segment_put(out, seg->kind, as, n, as_bytes);
}

static void as_path_put_ordered(struct out *out, const struct bgp_as_path *path)
{
	struct bgp_segment seg;
	size_t at = 0;

	while (bgp_segment_next(path, &at, &seg) > 0)
		if (as_is_set(&seg)) {
			set_segment_put(out, &seg, path->as_bytes);
		} else {
			out_put8(out, seg.kind);
			out_put8(out, seg.n);
			out_put(out, seg.as, (size_t)seg.n * seg.as_bytes);
		}
}

static void attr_put_ordered(struct out *out, const struct bgp_attr *attr,
			     const struct bgp_session *s)
{
	uint8_t flags = attr->flags & (uint8_t)~BGP_FLAG_EXTENDED_LEN;
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_value v;
	size_t at;

	if (bgp_value_decode(attr, s, &v, &fault) || v.form != BGP_FORM_AS_PATH)
		return bgp_attr_put(out, flags, attr->type, attr->value, attr->len);
	at = attr_start(out, flags, attr->type);
	as_path_put_ordered(out, &v.as_path);
	attr_end(out, at, flags);
}

int bgp_attrs_put_ordered(struct out *out, const uint8_t *attrs, size_t len,
			  const struct bgp_session *s, struct fault *fault)
{
	int last = -1, more;

	// One walk a type: attributes are few, and no memory is needed.
	for (;;) {
		struct bgp_attr attr = {.len = 0}, next = {.len = 0};
		size_t at = 0;
		int type = 256;

		while ((more = bgp_attr_next(attrs, len, &at, &attr, fault)) > 0)
			if (attr.type > last && attr.type < type) {
				type = attr.type;
				next = attr;
			}
		if (more < 0 || type == 256)
			return more;
		attr_put_ordered(out, &next, s);
		last = type;
	}
}
