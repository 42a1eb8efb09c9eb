// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/value.h"
#include "tests/unit/bgp_make.h"

static const struct bgp_session two = {.kind = BGP_PEER_EXTERNAL};
static const struct bgp_session four = {.kind = BGP_PEER_EXTERNAL, .as4 = true};
static const struct bgp_session nobody;

static int value_of(const struct exact *e, const struct bgp_session *s, struct bgp_attr *attr,
		    struct bgp_value *value, struct fault *fault)
{
	size_t at = 0;

	*fault = (struct fault){.code = FAULT_NONE};
	assert_int_equal(bgp_attr_next(e->data, e->len, &at, attr, fault), 1);
	assert_int_equal(at, e->len);
	return bgp_value_decode(attr, s, value, fault);
}

#define GLOBAL "20010db8000000000000000000000001"

static const struct {
	const struct bgp_session *s;
	enum bgp_form form;
	const char *hex;
} good[] = {
	{&two, BGP_FORM_ORIGIN, "400101 02"},
	{&two, BGP_FORM_ORIGIN, "50010001 02"},
	{&two, BGP_FORM_AS_PATH, "400200"},
	{&two, BGP_FORM_AS_PATH, "40020a 0202 0001 0002 0101 0003"},
	{&four, BGP_FORM_AS_PATH, "400206 0301 00010000"},
	{&two, BGP_FORM_AS_PATH, "c01106 0201 00010000"},
	{&two, BGP_FORM_NEXT_HOP, "400304 c0000201"},
	{&two, BGP_FORM_NUMBER, "800404 0000000a"},
	{&two, BGP_FORM_NUMBER, "400504 0000000a"},
	{&two, BGP_FORM_NONE, "400600"},
	{&two, BGP_FORM_AGGREGATOR, "c00706 0001 c0000201"},
	{&four, BGP_FORM_AGGREGATOR, "c00708 00010000 c0000201"},
	{&nobody, BGP_FORM_AGGREGATOR, "c00706 0001 c0000201"},
	{&nobody, BGP_FORM_AGGREGATOR, "c00708 00010000 c0000201"},
	{&two, BGP_FORM_AGGREGATOR, "c01208 00010000 c0000201"},
	{&two, BGP_FORM_LIST, "c00808 00010002 ffffff01"},
	{&two, BGP_FORM_ID, "800904 c0000201"},
	{&two, BGP_FORM_LIST, "800a08 00000001 00000002"},
	{&two, BGP_FORM_MP_REACH, "800e09 0001 01 04 c0000201 00"},
	{&two, BGP_FORM_MP_REACH, "800e1a 0002 01 10" GLOBAL "00 20 20010db8"},
	{&two, BGP_FORM_MP_UNREACH, "800f03 0002 01"},
	{&two, BGP_FORM_LIST, "c01008 0002 0001 00000002"},
	{&two, BGP_FORM_LIST, "c01914 0002" GLOBAL "0001"},
	{&two, BGP_FORM_RAW, "c01403 010203"},
	{&two, BGP_FORM_RAW, "c01505 0500000001"},
	{&two, BGP_FORM_PMSI, "c01609 00 06 000010 c0000201"},
	{&two, BGP_FORM_AIGP, "801a0b 01000b 000000000000000a"},
	{&two, BGP_FORM_AIGP, "801a0f 020004ff 01000b 000000010000000a"},
	{&two, BGP_FORM_LIST, "c0200c 00000001 00000002 00000003"},
	{&two, BGP_FORM_AS, "c02304 00010000"},
	{&two, BGP_FORM_RAW, "c06302 0001"},
	{&two, BGP_FORM_SET, "c08008 00010000 40010100"},
	{&two, BGP_FORM_SET, "c08004 00010000"},
	{&two, BGP_FORM_RAW, "e0ff00"},
};

static void every_form_returns_byte_for_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct exact e = exact_of(good[i].hex);
		struct bgp_value value;
		struct bgp_attr attr;
		struct fault fault;
		uint8_t buf[64];
		struct out out = {buf, sizeof(buf), 0};

		if (value_of(&e, good[i].s, &attr, &value, &fault) || value.form != good[i].form)
			fail_msg("%s: form %u, %s", good[i].hex, value.form,
				 fault_name(fault.code));
		bgp_value_put(&out, attr.flags, &value, good[i].s);
		assert_int_equal(out.len, e.len);
		assert_memory_equal(buf, e.data, e.len);
		free(e.data);
	}
}

static struct bgp_value one(struct exact *e, const char *hex, const struct bgp_session *s)
{
	struct bgp_value value;
	struct bgp_attr attr;
	struct fault fault;

	*e = exact_of(hex);
	assert_int_equal(value_of(e, s, &attr, &value, &fault), 0);
	return value;
}

static void values_are_what_the_bytes_say(void **state)
{
	struct bgp_value v;
	struct exact e;

	(void)state;
	v = one(&e, "c00708 00010000 c0000201", &four);
	assert_int_equal(v.aggregator.as, 65536);
	assert_int_equal(v.aggregator.id, 0xc0000201);
	free(e.data);
	v = one(&e, "c00808 00010002 ffffff01", &two);
	assert_int_equal(v.list.n, 2);
	assert_string_equal(bgp_community_name(wire_get32(bgp_list_item(&v.list, 1))), "no-export");
	assert_null(bgp_community_name(wire_get32(bgp_list_item(&v.list, 0))));
	free(e.data);
	v = one(&e, "801a1a 020004ff 01000b 000000010000000a 01000b 0000000000000001", &two);
	assert_true(v.aigp.has_metric);
	assert_int_equal(v.aigp.metric, 0x10000000a);
	free(e.data);
	v = one(&e, "c01609 01 06 000010 c0000201", &two);
	assert_int_equal(v.pmsi.tunnel, 6);
	assert_int_equal(v.pmsi.label, 16);
	assert_int_equal(v.pmsi.id_len, 4);
	free(e.data);
	v = one(&e, "c08008 00010000 40010100", &two);
	assert_int_equal(v.set.origin_as, 65536);
	assert_int_equal(v.set.attrs_len, 4);
	free(e.data);
	v = one(&e, "800e1a 0002 01 10" GLOBAL "00 20 20010db8", &two);
	assert_int_equal(v.reach.afi, 2);
	assert_int_equal(v.reach.nexthop_len, 16);
	assert_int_equal(v.reach.nlri_len, 5);
	free(e.data);
}

static void forms_that_cannot_be_are_located_and_stay_bytes(void **state)
{
	static const struct {
		const struct bgp_session *s;
		const char *hex;
		enum fault_code code;
		unsigned at;
	} cases[] = {
		{&two, "400100", FAULT_ORIGIN, 0},
		{&two, "400101 03", FAULT_ORIGIN, 0},
		{&two, "400102 0000", FAULT_ORIGIN, 0},
		{&four, "400206 0202 0001 0002", FAULT_AS_PATH, 0},
		{&two, "400206 0201 0001 0200", FAULT_AS_PATH, 4},
		{&two, "c01104 0201 0001", FAULT_AS_PATH, 0},
		{&two, "400300", FAULT_NEXT_HOP, 0},
		{&two, "800403 000000", FAULT_MED, 0},
		{&two, "400505 0000000000", FAULT_LOCAL_PREF, 0},
		{&two, "400601 00", FAULT_ATTR_LEN, 0},
		{&two, "c00708 00010000 c0000201", FAULT_ATTR_LEN, 0},
		{&four, "c00706 0001 c0000201", FAULT_ATTR_LEN, 0},
		{&nobody, "c00707 00010000 c00002", FAULT_ATTR_LEN, 0},
		{&two, "c01206 0001 c0000201", FAULT_ATTR_LEN, 0},
		{&two, "c00800", FAULT_ATTR_LEN, 0},
		{&two, "c00806 000100020003", FAULT_ATTR_LEN, 0},
		{&two, "800903 000001", FAULT_ATTR_LEN, 0},
		{&two, "800a05 0000000100", FAULT_ATTR_LEN, 0},
		{&two, "c01004 00020001", FAULT_ATTR_LEN, 0},
		{&two, "c01908 0002000100000002", FAULT_ATTR_LEN, 0},
		{&two, "c02008 0000000100000002", FAULT_ATTR_LEN, 0},
		{&two, "c02303 000001", FAULT_ATTR_LEN, 0},
		{&two, "800e04 00010100", FAULT_MP_REACH, 0},
		{&two, "800e03 000101", FAULT_MP_REACH, 0},
		{&two, "800e08 0001 01 04 c0000201", FAULT_MP_REACH, 0},
		{&two, "800e05 04 c0000201", FAULT_MP_REACH, 0},
		{&two, "800f02 0001", FAULT_MP_UNREACH, 0},
		{&two, "801a00", FAULT_ATTR_LEN, 0},
		{&two, "801a02 0100", FAULT_ATTR_VALUE, 0},
		{&two, "801a03 010002", FAULT_ATTR_VALUE, 0},
		{&two, "801a03 020004", FAULT_ATTR_VALUE, 0},
		{&two, "801a04 01000400", FAULT_ATTR_VALUE, 0},
		{&two, "801a0c 01000b 000000000000000a 02", FAULT_ATTR_VALUE, 11},
		{&two, "c01604 00 06 0000", FAULT_ATTR_LEN, 0},
		{&two, "c08003 000100", FAULT_ATTR_LEN, 0},
		{&two, "c08007 00010000 400101", FAULT_ATTR_CUT, 4},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = exact_of(cases[i].hex);
		struct bgp_value value;
		struct bgp_attr attr;
		struct fault fault;

		assert_int_equal(value_of(&e, cases[i].s, &attr, &value, &fault), -EBADMSG);
		if (fault.code != cases[i].code || fault.at != cases[i].at)
			fail_msg("%s: got %s at %u", cases[i].hex, fault_name(fault.code),
				 fault.at);
		assert_int_equal(value.form, BGP_FORM_RAW);
		assert_ptr_equal(value.raw.bytes, attr.value);
		free(e.data);
	}
}

// The shapes of RFC 6396 §4.3.4 and of others, there and back.
static void mp_reach_of_dumps_in_three_shapes(void **state)
{
	static const struct {
		const char *hex;
		unsigned afi, nlri_len;
		bool has_reserved;
	} cases[] = {
		{"800e11 10" GLOBAL, 0, 0, false},
		{"800e05 04 c0000201", 0, 0, false},
		{"800e04 0000 01 00", 0, 0, false}, // an AFI nobody has
		{"800e14 0002 01 10" GLOBAL, 2, 0, false},
		{"800e15 0002 01 10" GLOBAL "00", 2, 0, true},
		{"800e1a 0002 01 10" GLOBAL "00 20 20010db8", 2, 5, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = exact_of(cases[i].hex);
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_value value;
		struct bgp_attr attr;
		uint8_t buf[64];
		struct out out = {buf, sizeof(buf), 0};
		size_t at = 0;

		assert_int_equal(bgp_attr_next(e.data, e.len, &at, &attr, &fault), 1);
		assert_int_equal(bgp_value_decode_rib(&attr, &nobody, &value, &fault), 0);
		assert_int_equal(value.reach.afi, cases[i].afi);
		assert_int_equal(value.reach.nlri_len, cases[i].nlri_len);
		assert_int_equal(value.reach.has_reserved, cases[i].has_reserved);
		bgp_value_put(&out, attr.flags, &value, &nobody);
		assert_int_equal(out.len, e.len);
		assert_memory_equal(buf, e.data, e.len);
		free(e.data);
	}
}

// A length above 255 makes the header longer by itself.
static void long_attributes_get_a_long_length(void **state)
{
	static uint8_t value[1000], buf[1100];

	(void)state;
	for (size_t len = 254; len < 258; len++) {
		struct out out = {buf, sizeof(buf), 0};
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_attr attr;
		size_t at = 0;

		bgp_attr_put(&out, 0xc0, 99, value, len);
		assert_int_equal(out.len, len + (len > 255 ? 4 : 3));
		assert_int_equal(bgp_attr_next(buf, out.len, &at, &attr, &fault), 1);
		assert_int_equal(attr.len, len);
		assert_int_equal(attr.flags, len > 255 ? 0xd0 : 0xc0);
		assert_memory_equal(attr.value, value, len);
	}
}

static void random_bytes_fill(uint8_t *p, size_t len, uint64_t *seed)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)test_rand(seed);
}

// A value of any form; its bytes stand in buf.
static struct bgp_value random_value(uint8_t type, uint8_t *buf, uint64_t *seed)
{
	struct bgp_value v = {.type = type};
	unsigned n = 1 + test_rand(seed) % 40;

	random_bytes_fill(buf, 1024, seed);
	switch (type) {
	case BGP_ATTR_ORIGIN:
		v.form = BGP_FORM_ORIGIN;
		v.number = test_rand(seed) % 3;
		break;
	case BGP_ATTR_MED:
	case BGP_ATTR_LOCAL_PREF:
		v.form = BGP_FORM_NUMBER;
		v.number = (uint32_t)test_rand(seed);
		break;
	case BGP_ATTR_ORIGINATOR_ID:
		v.form = BGP_FORM_ID;
		v.number = (uint32_t)test_rand(seed);
		break;
	case BGP_ATTR_ONLY_TO_CUSTOMER:
		v.form = BGP_FORM_AS;
		v.number = (uint32_t)test_rand(seed);
		break;
	case BGP_ATTR_NEXT_HOP:
		v.form = BGP_FORM_NEXT_HOP;
		v.nexthop.family = 4;
		memcpy(v.nexthop.bytes, buf, 4);
		break;
	case BGP_ATTR_AGGREGATOR:
	case BGP_ATTR_AS4_AGGREGATOR:
		v.form = BGP_FORM_AGGREGATOR;
		v.aggregator = (struct bgp_aggregator){4, wire_get32(buf), wire_get32(buf + 4)};
		break;
	case BGP_ATTR_COMMUNITIES:
	case BGP_ATTR_CLUSTER_LIST:
		v.form = BGP_FORM_LIST;
		v.list = (struct bgp_list){buf, (uint16_t)n, 4};
		break;
	case BGP_ATTR_LARGE_COMMUNITIES:
		v.form = BGP_FORM_LIST;
		v.list = (struct bgp_list){buf, (uint16_t)n, 12};
		break;
	case BGP_ATTR_EXT_COMMUNITIES:
		v.form = BGP_FORM_LIST;
		v.list = (struct bgp_list){buf, (uint16_t)n, 8};
		break;
	case BGP_ATTR_MP_REACH:
		v.form = BGP_FORM_MP_REACH;
		v.reach = (struct bgp_mp_reach){.afi = 25,
						.safi = 70,
						.nexthop_len = (uint8_t)n,
						.nexthop = buf,
						.has_reserved = true,
						.nlri_len = (uint16_t)(n * 5),
						.nlri = buf + n};
		break;
	case BGP_ATTR_MP_UNREACH:
		v.form = BGP_FORM_MP_UNREACH;
		v.unreach = (struct bgp_mp_unreach){25, 70, (uint16_t)(n * 10), buf};
		break;
	case BGP_ATTR_PMSI_TUNNEL:
		v.form = BGP_FORM_PMSI;
		v.pmsi = (struct bgp_pmsi){buf[0], buf[1], n, buf + 2, (uint16_t)n};
		break;
	default:
		v.form = BGP_FORM_RAW;
		v.raw = (struct bgp_raw){buf, (uint16_t)(n * 10)};
		break;
	}
	return v;
}

static void values_compare(const struct bgp_value *a, const struct bgp_value *b)
{
	assert_int_equal(a->form, b->form);
	assert_int_equal(a->type, b->type);
	switch (a->form) {
	case BGP_FORM_LIST:
		assert_int_equal(a->list.n, b->list.n);
		assert_int_equal(a->list.item_len, b->list.item_len);
		assert_memory_equal(a->list.bytes, b->list.bytes, a->list.n * a->list.item_len);
		break;
	case BGP_FORM_NEXT_HOP:
		assert_memory_equal(&a->nexthop, &b->nexthop, sizeof(a->nexthop));
		break;
	case BGP_FORM_AGGREGATOR:
		assert_int_equal(a->aggregator.as, b->aggregator.as);
		assert_int_equal(a->aggregator.id, b->aggregator.id);
		break;
	case BGP_FORM_MP_REACH:
		assert_int_equal(a->reach.afi, b->reach.afi);
		assert_int_equal(a->reach.safi, b->reach.safi);
		assert_int_equal(a->reach.nexthop_len, b->reach.nexthop_len);
		assert_memory_equal(a->reach.nexthop, b->reach.nexthop, a->reach.nexthop_len);
		assert_int_equal(a->reach.nlri_len, b->reach.nlri_len);
		assert_memory_equal(a->reach.nlri, b->reach.nlri, a->reach.nlri_len);
		break;
	case BGP_FORM_MP_UNREACH:
		assert_int_equal(a->unreach.afi, b->unreach.afi);
		assert_int_equal(a->unreach.nlri_len, b->unreach.nlri_len);
		assert_memory_equal(a->unreach.nlri, b->unreach.nlri, a->unreach.nlri_len);
		break;
	case BGP_FORM_PMSI:
		assert_int_equal(a->pmsi.flags, b->pmsi.flags);
		assert_int_equal(a->pmsi.tunnel, b->pmsi.tunnel);
		assert_int_equal(a->pmsi.label, b->pmsi.label);
		assert_int_equal(a->pmsi.id_len, b->pmsi.id_len);
		assert_memory_equal(a->pmsi.id, b->pmsi.id, a->pmsi.id_len);
		break;
	case BGP_FORM_RAW:
		assert_int_equal(a->raw.len, b->raw.len);
		assert_memory_equal(a->raw.bytes, b->raw.bytes, a->raw.len);
		break;
	default:
		assert_int_equal(a->number, b->number);
		break;
	}
}

static void random_values_return_as_they_went(void **state)
{
	static const uint8_t types[] = {1,  3,	4,  5,	7,  8,	9,  10, 14,
					15, 16, 18, 22, 32, 35, 20, 99};
	static uint8_t bytes[1024], buf[2048];
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint8_t type = types[(unsigned)round % ARRAY_LEN(types)];
		struct bgp_value v = random_value(type, bytes, &seed), back;
		struct out out = {buf, sizeof(buf), 0};
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_attr attr;
		size_t at = 0;

		bgp_value_put(&out, 0xc0, &v, &four);
		assert_int_equal(bgp_attr_next(buf, out.len, &at, &attr, &fault), 1);
		assert_int_equal(at, out.len);
		assert_int_equal(bgp_value_decode(&attr, &four, &back, &fault), 0);
		values_compare(&v, &back);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_returns_byte_for_byte),
		cmocka_unit_test(values_are_what_the_bytes_say),
		cmocka_unit_test(forms_that_cannot_be_are_located_and_stay_bytes),
		cmocka_unit_test(mp_reach_of_dumps_in_three_shapes),
		cmocka_unit_test(long_attributes_get_a_long_length),
		cmocka_unit_test(random_values_return_as_they_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
