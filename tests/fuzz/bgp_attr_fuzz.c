// SPDX-License-Identifier: BSD-3-Clause
// Path attributes of any bytes; the first byte says how they are read. A path is
// decoded or a fault located; every value returns byte for byte; one order of
// attributes is its own order; AS paths merge into an AS path.
#include "dataplane/bgp/value.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ensure(bool holds)
{
	if (!holds)
		abort();
}

static void path_check(const uint8_t *attrs, size_t len, uint8_t how)
{
	struct bgp_attr_style style = {.family = how & 1 ? 6 : 4, .as_bytes = how & 2 ? 2 : 4};
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_path path;
	int code = bgp_path_decode(attrs, len, style, &path, &fault);

	ensure(code ? fault.code != FAULT_NONE && fault.at <= len : fault.code == FAULT_NONE);
}

static void value_check(const struct bgp_attr *attr, const uint8_t *head,
			const struct bgp_session *s, bool is_rib)
{
	size_t len = (size_t)(attr->value - head) + attr->len;
	struct fault fault = {.code = FAULT_NONE};
	struct out out = {malloc(len), len, 0};
	struct bgp_value v;
	int err = is_rib ? bgp_value_decode_rib(attr, s, &v, &fault)
			 : bgp_value_decode(attr, s, &v, &fault);

	ensure(err ? fault.code != FAULT_NONE && fault.at <= attr->len && v.form == BGP_FORM_RAW
		   : fault.code == FAULT_NONE);
	bgp_value_put(&out, attr->flags, &v, s);
	ensure(out.len == len && memcmp(out.buf, head, len) == 0);
	free(out.buf);
}

// The merged path is one, of as many hops as the first, and no segment is lost.
static void merge_check(const struct bgp_value *path, const struct bgp_value *as4)
{
	size_t room = 2u * path->as_path.len + as4->as_path.len;
	struct out out = {malloc(room ? room : 1), room, 0};
	struct bgp_as_path merged = {.as_bytes = 4};
	struct bgp_segment seg;
	size_t at = 0;

	bgp_as_path_merge(&path->as_path, &as4->as_path, &out);
	ensure(!out_is_full(&out));
	merged.bytes = out.buf;
	merged.len = (uint16_t)out.len;
	if (out.len <= UINT16_MAX) {
		while (bgp_segment_next(&merged, &at, &seg) > 0)
			;
		ensure(at == out.len);
		ensure(bgp_as_path_hops(&merged) == bgp_as_path_hops(&path->as_path));
	}
	free(out.buf);
}

static void values_check(const uint8_t *attrs, size_t len, const struct bgp_session *s, bool is_rib)
{
	struct bgp_value path = {.form = BGP_FORM_RAW}, as4 = path, v;
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_attr attr;
	size_t at = 0, was = 0;

	while (bgp_attr_next(attrs, len, &at, &attr, &fault) > 0) {
		struct fault inner = {.code = FAULT_NONE};

		value_check(&attr, attrs + was, s, is_rib);
		was = at;
		if (bgp_value_decode(&attr, s, &v, &inner) || v.form != BGP_FORM_AS_PATH)
			continue;
		*(attr.type == BGP_ATTR_AS_PATH ? &path : &as4) = v;
	}
	if (path.form == BGP_FORM_AS_PATH && as4.form == BGP_FORM_AS_PATH)
		merge_check(&path, &as4);
}

static void order_check(const uint8_t *attrs, size_t len, const struct bgp_session *s)
{
	struct out a = {malloc(len ? len : 1), len, 0}, b = {malloc(len ? len : 1), len, 0};
	struct fault fault = {.code = FAULT_NONE};

	if (!bgp_attrs_put_ordered(&a, attrs, len, s, &fault)) {
		ensure(!out_is_full(&a));
		ensure(bgp_attrs_put_ordered(&b, a.buf, a.len, s, &fault) == 0);
		ensure(a.len == b.len && memcmp(a.buf, b.buf, a.len) == 0);
	}
	free(a.buf);
	free(b.buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bgp_session s = {.kind = BGP_PEER_UNKNOWN};
	uint8_t *exact;

	if (size == 0 || size > UINT16_MAX)
		return 0;
	s.as4 = !(data[0] & 2);
	s.kind = data[0] & 4 ? BGP_PEER_EXTERNAL : BGP_PEER_UNKNOWN;
	exact = malloc(size > 1 ? size - 1 : 1);
	memcpy(exact, data + 1, size - 1);
	path_check(exact, size - 1, data[0]);
	values_check(exact, size - 1, &s, data[0] & 8);
	order_check(exact, size - 1, &s);
	free(exact);
	return 0;
}
