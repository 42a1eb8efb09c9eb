// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/jsonl_attrs.h"

#include "apps/mrt/digits.h"
#include "dataplane/bgp/value.h"

#include <string.h>

char *jsonl_string(char *p, const char *string)
{
	size_t len = strlen(string);

	return (char *)memcpy(p, string, len) + len;
}

char *jsonl_key(char *p, const char *key)
{
	p = jsonl_string(digits_text(p, ",\""), key);
	return digits_text(p, "\":");
}

char *jsonl_number(char *p, const char *key, uint32_t value)
{
	return digits_u32(jsonl_key(p, key), value);
}

static char *addr4_put(char *p, const uint8_t bytes[4])
{
	*p++ = '"';
	p = digits_ip4(p, bytes);
	*p++ = '"';
	return p;
}

// A sequence is written into the list of the path, the rest as lists in it.
static char *segment_put(char *p, const struct attrs_segment *seg)
{
	static const char *const starts[] = {"", "[", "", "{\"confed\":[", "{\"confed_set\":["};
	static const char *const ends[] = {"", "],", "", "]},", "]},"};

	p = jsonl_string(p, starts[seg->kind]);
	for (unsigned i = 0; i < seg->n; i++) {
		p = digits_u32(p, attrs_as(seg->as, i, seg->as_bytes));
		*p++ = ',';
	}
	if (seg->kind == BGP_SEG_SEQUENCE)
		return p;
	p -= seg->n > 0;
	return jsonl_string(p, ends[seg->kind]);
}

static char *list_end(char *p)
{
	p -= p[-1] == ',';
	*p++ = ']';
	return p;
}

static char *path_put(char *p, const struct attrs *a)
{
	struct attrs_segment seg;
	struct attrs_path path;
	char *start;
	int more;

	attrs_path_start(a, &path);
	p = jsonl_key(p, "as_path");
	start = p;
	*p++ = '[';
	while ((more = attrs_path_next(&path, &seg)) > 0)
		p = segment_put(p, &seg);
	return more < 0 ? digits_text(start, "null") : list_end(p);
}

static char *large_put(char *p, const uint8_t value[12])
{
	for (unsigned i = 0; i < 3; i++) {
		p = digits_u32(p, wire_get32(value + 4 * i));
		*p++ = ':';
	}
	return p - 1;
}

// RFC 4360 §3.1: an AS and a number, an address and a number, an AS of four
// bytes and a number.
static char *ext_value_put(char *p, const uint8_t value[8])
{
	unsigned kind = value[0] & 0x3f;

	if (kind == 1)
		p = digits_ip4(p, value + 2);
	else
		p = digits_u32(p, kind ? wire_get32(value + 2) : wire_get16(value + 2));
	*p++ = ':';
	return digits_u32(p, kind ? wire_get16(value + 6) : wire_get32(value + 4));
}

// RFC 4360 §4, §5: route targets and origins by name, the rest as 16 hex digits.
static char *ext_put(char *p, const uint8_t value[8])
{
	bool is_known = (value[0] & 0x3f) <= 2 && (value[1] == 2 || value[1] == 3);

	if (!is_known)
		return digits_hex(p, value, 8);
	p = value[1] == 2 ? digits_text(p, "rt:") : digits_text(p, "soo:");
	return ext_value_put(p, value);
}

static char *ip4_put(char *p, const uint8_t value[4])
{
	return digits_ip4(p, value);
}

static char *list_put(char *p, const char *key, const struct bgp_attr *attr, unsigned item_len,
		      char *(*put)(char *p, const uint8_t *value))
{
	p = jsonl_key(p, key);
	*p++ = '[';
	for (unsigned at = 0; at + item_len <= attr->len; at += item_len) {
		*p++ = '"';
		p = put(p, attr->value + at);
		p = digits_text(p, "\",");
	}
	return list_end(p);
}

static char *aggregator_put(char *p, const struct attrs *a)
{
	struct attrs_aggregator agg;

	if (!attrs_aggregator(a, false, &agg))
		return p;
	p = digits_text(jsonl_key(p, "aggregator"), "{\"as\":");
	p = digits_u32(p, agg.asn);
	p = addr4_put(digits_text(p, ",\"address\":"), agg.addr);
	*p++ = '}';
	return p;
}

// RFC 7311 §3: type 1, length 11, the metric.
static char *aigp_put(char *p, const struct bgp_attr *attr)
{
	unsigned long long metric;

	if (attr->len < 11 || attr->value[0] != 1)
		return p;
	metric =
		(unsigned long long)wire_get32(attr->value + 3) << 32 | wire_get32(attr->value + 7);
	p = jsonl_key(p, "aigp");
	if (metric <= UINT32_MAX)
		return digits_u32(p, (uint32_t)metric);
	p = digits_text(p, "\"0x"); // more than some readers' numbers hold
	p = digits_hex(p, attr->value + 3, 8);
	*p++ = '"';
	return p;
}

static char *origin_put(char *p, const struct attrs *a)
{
	static const char *const names[] = {"\"IGP\"", "\"EGP\"", "\"INCOMPLETE\""};
	int origin = attrs_origin(a);

	if (origin < 0 || origin > BGP_ORIGIN_INCOMPLETE)
		return p;
	return jsonl_string(jsonl_key(p, "origin"), names[origin]);
}

static char *route_put(char *p, const struct attrs *a)
{
	p = origin_put(p, a);
	if (attrs_has(a, BGP_ATTR_AS_PATH))
		p = path_put(p, a);
	if (attrs_has(a, BGP_ATTR_MED))
		p = jsonl_number(p, "med", attrs_u32(a, BGP_ATTR_MED));
	if (attrs_has(a, BGP_ATTR_LOCAL_PREF))
		p = jsonl_number(p, "local_pref", attrs_u32(a, BGP_ATTR_LOCAL_PREF));
	if (attrs_has(a, BGP_ATTR_ATOMIC))
		p = digits_text(jsonl_key(p, "atomic_aggregate"), "true");
	return aggregator_put(p, a);
}

static char *lists_put(char *p, const struct attrs *a)
{
	static const struct {
		const char *key;
		char *(*put)(char *p, const uint8_t *value);
		uint8_t type, item_len;
	} lists[] = {
		{"communities", attrs_community_text, BGP_ATTR_COMMUNITIES, 4},
		{"cluster_list", ip4_put, BGP_ATTR_CLUSTER_LIST, 4},
		{"ext_communities", ext_put, BGP_ATTR_EXT_COMMUNITIES, 8},
		{"large_communities", large_put, BGP_ATTR_LARGE_COMMUNITIES, 12},
	};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (attrs_has(a, lists[i].type))
			p = list_put(p, lists[i].key, &a->at[lists[i].type], lists[i].item_len,
				     lists[i].put);
	return p;
}

// Is the attribute written under a name of its own, and completely?
static bool is_named(const struct attrs *a, const struct bgp_attr *attr)
{
	switch (attr->type) {
	case BGP_ATTR_AS_PATH:
		return attrs_path_is_sound(a);
	case BGP_ATTR_AIGP:
		return attr->len == 11 && attr->value[0] == 1;
	case BGP_ATTR_EXT_COMMUNITIES:
	case BGP_ATTR_LARGE_COMMUNITIES:
	case BGP_ATTR_ONLY_TO_CUSTOMER:
		return attr_check(attr) == FAULT_NONE;
	default:
		return attrs_is_shown(attr->type) && attr_check(attr) == FAULT_NONE &&
		       attr->type != BGP_ATTR_AS4_PATH && attr->type != BGP_ATTR_AS4_AGGREGATOR;
	}
}

static char *unknown_item(char *p, const struct bgp_attr *attr)
{
	p = digits_u32(digits_text(p, "{\"type\":"), attr->type);
	p = digits_hex(digits_text(p, ",\"flags\":\""), &attr->flags, 1);
	p = digits_hex(digits_text(p, "\",\"value\":\""), attr->value, attr->len);
	return digits_text(p, "\"},");
}

static char *unknown_put(char *p, const struct attrs *a)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_attr attr;
	char *start = p;
	size_t at = 0;

	p = digits_text(jsonl_key(p, "unknown"), "[");
	while (bgp_attr_next(a->bytes, a->len, &at, &attr, &fault) > 0) {
		// A second one of its type is not written above.
		bool is_first = attr.type >= ATTRS_KNOWN || a->at[attr.type].value == attr.value;

		if (!is_first || !is_named(a, &attr))
			p = unknown_item(p, &attr);
	}
	return p[-1] == '[' ? start : list_end(p);
}

char *jsonl_attrs(char *p, const struct attrs *a)
{
	p = route_put(p, a);
	if (attrs_has(a, BGP_ATTR_ORIGINATOR_ID) && a->at[BGP_ATTR_ORIGINATOR_ID].len == 4)
		p = addr4_put(jsonl_key(p, "originator_id"), a->at[BGP_ATTR_ORIGINATOR_ID].value);
	p = lists_put(p, a);
	if (attrs_has(a, BGP_ATTR_AIGP))
		p = aigp_put(p, &a->at[BGP_ATTR_AIGP]);
	if (attrs_has(a, BGP_ATTR_ONLY_TO_CUSTOMER))
		p = jsonl_number(p, "only_to_customer", attrs_u32(a, BGP_ATTR_ONLY_TO_CUSTOMER));
	return unknown_put(p, a);
}
