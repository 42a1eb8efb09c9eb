// SPDX-License-Identifier: BSD-3-Clause
// RFC 4271 §4.3, §5: one function reads a form, one writes it.
#include "dataplane/bgp/value.h"

#include <errno.h>
#include <string.h>

enum { AIGP_TLV_METRIC = 1, AIGP_TLV_HDR_LEN = 3, AIGP_METRIC_LEN = 11 };
enum { PMSI_HDR_LEN = 5 };

static enum bgp_form form_of(uint8_t type)
{
	switch (type) {
	case BGP_ATTR_ORIGIN:
		return BGP_FORM_ORIGIN;
	case BGP_ATTR_AS_PATH:
	case BGP_ATTR_AS4_PATH:
		return BGP_FORM_AS_PATH;
	case BGP_ATTR_NEXT_HOP:
		return BGP_FORM_NEXT_HOP;
	case BGP_ATTR_MED:
	case BGP_ATTR_LOCAL_PREF:
		return BGP_FORM_NUMBER;
	case BGP_ATTR_ATOMIC:
		return BGP_FORM_NONE;
	case BGP_ATTR_AGGREGATOR:
	case BGP_ATTR_AS4_AGGREGATOR:
		return BGP_FORM_AGGREGATOR;
	case BGP_ATTR_ORIGINATOR_ID:
		return BGP_FORM_ID;
	case BGP_ATTR_COMMUNITIES:
	case BGP_ATTR_CLUSTER_LIST:
	case BGP_ATTR_EXT_COMMUNITIES:
	case BGP_ATTR_IP6_EXT_COMMUNITIES:
	case BGP_ATTR_LARGE_COMMUNITIES:
		return BGP_FORM_LIST;
	case BGP_ATTR_MP_REACH:
		return BGP_FORM_MP_REACH;
	case BGP_ATTR_MP_UNREACH:
		return BGP_FORM_MP_UNREACH;
	case BGP_ATTR_PMSI_TUNNEL:
		return BGP_FORM_PMSI;
	case BGP_ATTR_AIGP:
		return BGP_FORM_AIGP;
	case BGP_ATTR_ONLY_TO_CUSTOMER:
		return BGP_FORM_AS;
	case BGP_ATTR_SET:
		return BGP_FORM_SET;
	default:
		return BGP_FORM_RAW;
	}
}

static uint8_t item_len(uint8_t type)
{
	switch (type) {
	case BGP_ATTR_EXT_COMMUNITIES:
		return 8;
	case BGP_ATTR_IP6_EXT_COMMUNITIES:
		return 20;
	case BGP_ATTR_LARGE_COMMUNITIES:
		return 12;
	default:
		return 4;
	}
}

static int origin_read(const struct bgp_attr *attr, struct bgp_value *v, struct fault *fault)
{
	if (attr->len != 1 || attr->value[0] > BGP_ORIGIN_INCOMPLETE)
		return fault_set(fault, FAULT_ORIGIN, 0);
	v->number = attr->value[0];
	return 0;
}

static enum fault_code number_fault(uint8_t type)
{
	switch (type) {
	case BGP_ATTR_MED:
		return FAULT_MED;
	case BGP_ATTR_LOCAL_PREF:
		return FAULT_LOCAL_PREF;
	default:
		return FAULT_ATTR_LEN;
	}
}

static int number_read(const struct bgp_attr *attr, struct bgp_value *v, struct fault *fault)
{
	if (attr->len != 4)
		return fault_set(fault, number_fault(attr->type), 0);
	v->number = wire_get32(attr->value);
	return 0;
}

// RFC 6793 §6: AS4_PATH has four bytes an AS, whatever the session has.
static int as_path_read(const struct bgp_attr *attr, const struct bgp_session *s,
			struct bgp_value *v, struct fault *fault)
{
	uint8_t as_bytes = s->as4 || attr->type == BGP_ATTR_AS4_PATH ? 4 : 2;
	struct bgp_as_path path = {attr->value, attr->len, as_bytes};
	struct bgp_segment seg;
	size_t at = 0;
	int more;

	while ((more = bgp_segment_next(&path, &at, &seg)) > 0)
		;
	if (more < 0)
		return fault_set(fault, FAULT_AS_PATH, at);
	v->as_path = path;
	return 0;
}

static int nexthop_read(const struct bgp_attr *attr, struct bgp_value *v, struct fault *fault)
{
	if (attr->len != 4)
		return fault_set(fault, FAULT_NEXT_HOP, 0);
	v->nexthop = (struct bgp_addr){.family = 4};
	memcpy(v->nexthop.bytes, attr->value, 4);
	return 0;
}

// RFC 7606 §7.7: the size of AS numbers was agreed on. Where nobody knows the
// peer either size is read.
static int aggregator_read(const struct bgp_attr *attr, const struct bgp_session *s,
			   struct bgp_value *v, struct fault *fault)
{
	uint8_t as_bytes = s->as4 || attr->type == BGP_ATTR_AS4_AGGREGATOR ? 4 : 2;

	if (s->kind == BGP_PEER_UNKNOWN && attr->type == BGP_ATTR_AGGREGATOR)
		as_bytes = attr->len == 8 ? 4 : 2;
	if (attr->len != as_bytes + 4)
		return fault_set(fault, FAULT_ATTR_LEN, 0);
	v->aggregator.as_bytes = as_bytes;
	v->aggregator.as = as_bytes == 2 ? wire_get16(attr->value) : wire_get32(attr->value);
	v->aggregator.id = wire_get32(attr->value + as_bytes);
	return 0;
}

// RFC 7606 §4, §7.8: an empty list is as wrong as a part of an item.
static int list_read(const struct bgp_attr *attr, struct bgp_value *v, struct fault *fault)
{
	uint8_t len = item_len(attr->type);

	if (attr->len == 0 || attr->len % len)
		return fault_set(fault, FAULT_ATTR_LEN, 0);
	v->list = (struct bgp_list){attr->value, (uint16_t)(attr->len / len), len};
	return 0;
}

static int aigp_read(const struct bgp_attr *attr, struct bgp_value *v, struct fault *fault)
{
	const uint8_t *p = attr->value;
	size_t at = 0;

	if (attr->len == 0)
		return fault_set(fault, FAULT_ATTR_LEN, 0);
	v->aigp = (struct bgp_aigp){.bytes = p, .len = attr->len};
	while (at < attr->len) {
		size_t left = attr->len - at,
		       len = left < AIGP_TLV_HDR_LEN ? 0 : wire_get16(p + at + 1);

		if (len < AIGP_TLV_HDR_LEN || len > left ||
		    (p[at] == AIGP_TLV_METRIC && len != AIGP_METRIC_LEN))
			return fault_set(fault, FAULT_ATTR_VALUE, at);
		if (p[at] == AIGP_TLV_METRIC && !v->aigp.has_metric) {
			v->aigp.has_metric = true;
			v->aigp.metric =
				(uint64_t)wire_get32(p + at + 3) << 32 | wire_get32(p + at + 7);
		}
		at += len;
	}
	return 0;
}

static int pmsi_read(const struct bgp_attr *attr, struct bgp_value *v, struct fault *fault)
{
	const uint8_t *p = attr->value;

	if (attr->len < PMSI_HDR_LEN)
		return fault_set(fault, FAULT_ATTR_LEN, 0);
	v->pmsi.flags = p[0];
	v->pmsi.tunnel = p[1];
	v->pmsi.label = (uint32_t)p[2] << 16 | wire_get16(p + 3);
	v->pmsi.id = p + PMSI_HDR_LEN;
	v->pmsi.id_len = (uint16_t)(attr->len - PMSI_HDR_LEN);
	return 0;
}

// The attributes inside are stepped over here, not read: they are to be asked
// for like those of an UPDATE.
static int set_read(const struct bgp_attr *attr, struct bgp_value *v, struct fault *fault)
{
	struct fault inner = {.code = FAULT_NONE};
	struct bgp_attr one;
	size_t at = 0;
	int more;

	if (attr->len < 4)
		return fault_set(fault, FAULT_ATTR_LEN, 0);
	v->set = (struct bgp_set){wire_get32(attr->value), attr->value + 4,
				  (uint16_t)(attr->len - 4)};
	while ((more = bgp_attr_next(v->set.attrs, v->set.attrs_len, &at, &one, &inner)) > 0)
		;
	return more < 0 ? fault_set(fault, inner.code, inner.at + 4) : 0;
}

static int mp_read(const struct bgp_attr *attr, bool is_rib, struct bgp_value *v,
		   struct fault *fault)
{
	int err = is_rib ? bgp_mp_reach_decode_rib(attr, &v->reach)
			 : bgp_mp_reach_decode(attr, &v->reach);

	return err ? fault_set(fault, FAULT_MP_REACH, 0) : 0;
}

static int unreach_read(const struct bgp_attr *attr, struct bgp_value *v, struct fault *fault)
{
	return bgp_mp_unreach_decode(attr, &v->unreach) ? fault_set(fault, FAULT_MP_UNREACH, 0) : 0;
}

static int none_read(const struct bgp_attr *attr, struct fault *fault)
{
	return attr->len ? fault_set(fault, FAULT_ATTR_LEN, 0) : 0;
}

static int form_read(const struct bgp_attr *attr, const struct bgp_session *s, bool is_rib,
		     struct bgp_value *v, struct fault *fault)
{
	switch (v->form) {
	case BGP_FORM_NONE:
		return none_read(attr, fault);
	case BGP_FORM_ORIGIN:
		return origin_read(attr, v, fault);
	case BGP_FORM_NUMBER:
	case BGP_FORM_AS:
	case BGP_FORM_ID:
		return number_read(attr, v, fault);
	case BGP_FORM_AS_PATH:
		return as_path_read(attr, s, v, fault);
	case BGP_FORM_NEXT_HOP:
		return nexthop_read(attr, v, fault);
	case BGP_FORM_AGGREGATOR:
		return aggregator_read(attr, s, v, fault);
	case BGP_FORM_LIST:
		return list_read(attr, v, fault);
	case BGP_FORM_MP_REACH:
		return mp_read(attr, is_rib, v, fault);
	case BGP_FORM_MP_UNREACH:
		return unreach_read(attr, v, fault);
	case BGP_FORM_AIGP:
		return aigp_read(attr, v, fault);
	case BGP_FORM_PMSI:
		return pmsi_read(attr, v, fault);
	case BGP_FORM_SET:
		return set_read(attr, v, fault);
	case BGP_FORM_RAW:
		break;
	}
	v->raw = (struct bgp_raw){attr->value, attr->len};
	return 0;
}

static int value_read(const struct bgp_attr *attr, const struct bgp_session *s, bool is_rib,
		      struct bgp_value *v, struct fault *fault)
{
	int err;

	v->type = attr->type;
	v->form = form_of(attr->type);
	err = form_read(attr, s, is_rib, v, fault);
	if (err) {
		v->form = BGP_FORM_RAW;
		v->raw = (struct bgp_raw){attr->value, attr->len};
	}
	return err;
}

int bgp_value_decode(const struct bgp_attr *attr, const struct bgp_session *s,
		     struct bgp_value *value, struct fault *fault)
{
	return value_read(attr, s, false, value, fault);
}

int bgp_value_decode_rib(const struct bgp_attr *attr, const struct bgp_session *s,
			 struct bgp_value *value, struct fault *fault)
{
	return value_read(attr, s, true, value, fault);
}

const char *bgp_community_name(uint32_t community)
{
	switch (community) {
	case 0xffff0000:
		return "graceful-shutdown"; // RFC 8326 §5
	case 0xffff0001:
		return "accept-own"; // RFC 7611 §2
	case 0xffff0006:
		return "llgr-stale"; // RFC 9494 §4.6
	case 0xffff0007:
		return "no-llgr"; // RFC 9494 §4.6
	case 0xffff029a:
		return "blackhole"; // RFC 7999 §5
	case 0xffffff01:
		return "no-export";
	case 0xffffff02:
		return "no-advertise";
	case 0xffffff03:
		return "no-export-subconfed";
	case 0xffffff04:
		return "no-peer"; // RFC 3765 §2
	default:
		return NULL;
	}
}
