// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/mrt.h"
#include "dataplane/bgp/mrt_sync.h"
#include "tests/unit/mrt_make.h"

static struct mrt_hdr hdr_of(const struct bytes *b)
{
	struct mrt_hdr hdr;

	mrt_hdr_decode(b->data, &hdr);
	return hdr;
}

// Decodes the first record from a buffer of exactly its size.
static int rib_of(const struct bytes *b, struct mrt_rib *rib, struct fault *fault, uint8_t **exact)
{
	struct mrt_hdr hdr = hdr_of(b);

	*exact = malloc(hdr.len ? hdr.len : 1);
	memcpy(*exact, b->data + MRT_HDR_LEN, hdr.len);
	*fault = (struct fault){.code = FAULT_NONE};
	return mrt_rib_decode(&hdr, *exact, rib, fault);
}

static void kinds_of_records(void **state)
{
	static const struct {
		uint16_t type, subtype;
		enum mrt_kind kind;
	} cases[] = {
		{13, 1, MRT_KIND_PEERS}, {13, 2, MRT_KIND_RIB},	     {13, 4, MRT_KIND_RIB},
		{13, 8, MRT_KIND_RIB},	 {13, 10, MRT_KIND_RIB},     {13, 3, MRT_KIND_RIB},
		{13, 5, MRT_KIND_RIB},	 {13, 6, MRT_KIND_RIB},	     {13, 9, MRT_KIND_RIB},
		{13, 7, MRT_KIND_GEO},	 {13, 12, MRT_KIND_RIB},     {13, 13, MRT_KIND_OTHER},
		{13, 0, MRT_KIND_OTHER}, {12, 1, MRT_KIND_DUMP},     {12, 2, MRT_KIND_DUMP},
		{12, 0, MRT_KIND_OTHER}, {16, 4, MRT_KIND_MESSAGE},  {17, 4, MRT_KIND_MESSAGE},
		{16, 0, MRT_KIND_STATE}, {16, 5, MRT_KIND_STATE},    {16, 2, MRT_KIND_ENTRY},
		{16, 3, MRT_KIND_FILE},	 {16, 11, MRT_KIND_MESSAGE}, {16, 12, MRT_KIND_OTHER},
		{5, 0, MRT_KIND_OTHER},	 {5, 1, MRT_KIND_MESSAGE},   {5, 3, MRT_KIND_STATE},
		{5, 4, MRT_KIND_FILE},	 {5, 7, MRT_KIND_MESSAGE},   {5, 8, MRT_KIND_OTHER},
		{11, 1, MRT_KIND_OTHER}, {32, 0, MRT_KIND_OTHER},    {48, 1, MRT_KIND_OTHER},
		{99, 2, MRT_KIND_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mrt_hdr hdr = {.type = cases[i].type, .subtype = cases[i].subtype};

		assert_int_equal(mrt_hdr_kind(&hdr), cases[i].kind);
	}
	assert_string_equal(mrt_subtype_name(13, 8), "RIB_IPV4_UNICAST_ADDPATH");
	assert_null(mrt_type_name(99));
	assert_null(mrt_subtype_name(13, 13));
}

static void peers_of_both_families_and_as_sizes(void **state)
{
	struct bytes b = {.len = 0};
	struct fault fault = {.code = FAULT_NONE};
	struct mrt_peers peers;
	struct mrt_peer peer;

	(void)state;
	put_hex(&b, "0a0000fe 0003 616263 0003"
		    "00 0a000001 c0000201 fde8"
		    "01 0a000002 20010db8000000000000000000000002 0001"
		    "03 0a000003 20010db8000000000000000000000003 00010001");
	assert_int_equal(mrt_peers_decode(b.data, b.len, &peers, &fault), 0);
	assert_int_equal(peers.collector_id, 0x0a0000fe);
	assert_int_equal(peers.view_len, 3);
	assert_memory_equal(peers.view, "abc", 3);
	assert_int_equal(peers.n_peers, 3);
	assert_true(mrt_peers_next(&peers, &peer));
	assert_int_equal(peer.asn, 65000);
	assert_int_equal(peer.addr.family, 4);
	assert_memory_equal(peer.addr.bytes, "\xc0\x00\x02\x01", 4);
	assert_true(mrt_peers_next(&peers, &peer));
	assert_int_equal(peer.asn, 1);
	assert_int_equal(peer.addr.family, 6);
	assert_int_equal(peer.addr.bytes[15], 2);
	assert_true(mrt_peers_next(&peers, &peer));
	assert_int_equal(peer.asn, 0x10001);
	assert_int_equal(peer.id, 0x0a000003);
	assert_false(mrt_peers_next(&peers, &peer));
}

static void malformed_peer_tables_are_located(void **state)
{
	static const struct {
		const char *hex;
		enum fault_code code;
		unsigned at;
	} cases[] = {
		{"0a0000fe 0000 00", FAULT_RECORD_CUT, 7},
		{"0a0000fe 0003 0000", FAULT_RECORD_CUT, 4},
		{"0a0000fe 0001 61 00", FAULT_RECORD_CUT, 4},
		{"0a0000fe 0000 0001", FAULT_RECORD_CUT, 8},
		{"0a0000fe 0000 0001 02 0a000001 c0000201 0000fd", FAULT_RECORD_CUT, 8},
		{"0a0000fe 0000 0001 04 0a000001 c0000201 fde8", FAULT_PEER_TYPE, 8},
		{"0a0000fe 0000 0001 00 0a000001 c0000201 fde8 00", FAULT_RECORD_TRAILING, 19},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes b = {.len = 0};
		struct fault fault = {.code = FAULT_NONE};
		struct mrt_peers peers;
		uint8_t *exact;

		put_hex(&b, cases[i].hex);
		exact = malloc(b.len);
		memcpy(exact, b.data, b.len);
		assert_int_equal(mrt_peers_decode(exact, b.len, &peers, &fault), -EBADMSG);
		assert_int_equal(fault.code, cases[i].code);
		assert_int_equal(fault.at, cases[i].at);
		free(exact);
	}
}

static void rib_of_two_entries(void **state)
{
	struct bytes b = {.len = 0};
	struct mrt_entry entry;
	struct fault fault;
	struct mrt_rib rib;
	uint8_t *exact;

	(void)state;
	put_rib(&b, 0x0102, 2);
	assert_int_equal(rib_of(&b, &rib, &fault, &exact), 0);
	assert_int_equal(rib.seq, 0x0102);
	assert_int_equal(rib.prefix.family, 4);
	assert_int_equal(rib.prefix.len, 24);
	assert_memory_equal(rib.prefix.bytes, "\x0a\x01\x02\x00", 4);
	assert_int_equal(rib.n_entries, 2);
	assert_false(rib.add_path || rib.is_mislabelled || rib.had_host_bits);
	assert_true(mrt_rib_next(&rib, &entry));
	assert_int_equal(entry.peer_index, 0);
	assert_int_equal(entry.time_s, 1767220000);
	assert_int_equal(entry.attrs_len, 4 + 3 + 10 + 7);
	assert_true(mrt_rib_next(&rib, &entry));
	assert_int_equal(entry.peer_index, 1);
	assert_int_equal(entry.attrs[0], 0x40);
	assert_false(mrt_rib_next(&rib, &entry));
	free(exact);
}

// One entry written with a path id, under the given subtype.
static void put_add_path(struct bytes *b, unsigned subtype, uint32_t path_id)
{
	size_t body = record_start(b, MRT_TABLE_DUMP_V2, subtype), attrs;

	put_hex(b, "00000001 08 0a 0002");
	for (unsigned i = 0; i < 2; i++) {
		put16(b, 0);
		put32(b, 1767220000);
		put32(b, path_id + i);
		put16(b, 0);
		attrs = b->len;
		put_attrs(b, 2);
		wire_put16(b->data + attrs - 2, (uint16_t)(b->len - attrs));
	}
	record_end(b, body);
}

// RFC 8050 §4.
static void rib_with_path_ids(void **state)
{
	struct bytes b = {.len = 0};
	struct mrt_entry entry;
	struct fault fault;
	struct mrt_rib rib;
	uint8_t *exact;

	(void)state;
	put_add_path(&b, MRT_V2_IP4_UNICAST_AP, 7);
	assert_int_equal(rib_of(&b, &rib, &fault, &exact), 0);
	assert_true(rib.add_path);
	assert_false(rib.is_mislabelled);
	assert_true(mrt_rib_next(&rib, &entry));
	assert_int_equal(entry.path_id, 7);
	assert_true(mrt_rib_next(&rib, &entry));
	assert_int_equal(entry.path_id, 8);
	assert_int_equal(entry.attrs[0], 0x40);
	free(exact);
}

static void path_ids_that_the_subtype_hides_are_found(void **state)
{
	static const uint32_t ids[] = {0, 1, 7, 0xffff, 0x10000, 0xdeadbeef};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct bytes b = {.len = 0};
		struct mrt_entry entry;
		struct fault fault;
		struct mrt_rib rib;
		uint8_t *exact;

		put_add_path(&b, MRT_V2_IP4_UNICAST, ids[i]);
		assert_int_equal(rib_of(&b, &rib, &fault, &exact), 0);
		assert_true(rib.add_path && rib.is_mislabelled);
		assert_true(mrt_rib_next(&rib, &entry));
		assert_int_equal(entry.path_id, ids[i]);
		assert_int_equal(entry.attrs_len, 4 + 3 + 14 + 7);
		free(exact);
	}
}

// 272 bytes that read as two entries either way: without path ids the first is
// empty and the attributes of the second are nonsense.
static void path_ids_are_found_where_both_readings_fill_the_record(void **state)
{
	struct bytes b = {.len = 0};
	size_t body = record_start(&b, MRT_TABLE_DUMP_V2, MRT_V2_IP4_UNICAST);
	struct fault fault;
	struct mrt_rib rib;
	uint8_t *exact;

	(void)state;
	put_hex(&b, "00000001 08 0a 0002");
	for (unsigned i = 0; i < 2; i++) {
		put_hex(&b, "0000 69560000 00000001 007c");
		put_attrs(&b, 2);
		put_hex(&b, "c0 63 5d");
		for (unsigned j = 0; j < 0x5d; j++)
			put8(&b, 0);
	}
	record_end(&b, body);
	assert_int_equal(b.len - body, 8 + 2 * 8 + 256);
	assert_int_equal(rib_of(&b, &rib, &fault, &exact), 0);
	assert_true(rib.add_path && rib.is_mislabelled);
	free(exact);
}

// Sound either way: the label decides.
static void label_holds_where_both_readings_are_sound(void **state)
{
	static const unsigned subtypes[] = {MRT_V2_IP4_UNICAST, MRT_V2_IP4_UNICAST_AP};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(subtypes); i++) {
		struct bytes b = {.len = 0};
		size_t body = record_start(&b, MRT_TABLE_DUMP_V2, subtypes[i]);
		struct fault fault;
		struct mrt_rib rib;
		uint8_t *exact;

		put_hex(&b, "00000001 08 0a 0002  0000 00000000 0000  0000 00000000 000c"
			    "c0 63 09 00 00 00 0004 40 01 01 00");
		record_end(&b, body);
		assert_int_equal(rib_of(&b, &rib, &fault, &exact), 0);
		assert_int_equal(rib.add_path, subtypes[i] == MRT_V2_IP4_UNICAST_AP);
		assert_false(rib.is_mislabelled);
		free(exact);
	}
}

static void missing_path_ids_are_found(void **state)
{
	struct bytes b = {.len = 0};
	struct fault fault;
	struct mrt_rib rib;
	uint8_t *exact;

	(void)state;
	put_rib(&b, 1, 3);
	wire_put16(b.data + 6, MRT_V2_IP4_UNICAST_AP);
	assert_int_equal(rib_of(&b, &rib, &fault, &exact), 0);
	assert_true(!rib.add_path && rib.is_mislabelled);
	free(exact);
}

// BIRD writes its own routes without attributes: no reason to suspect path ids.
static void entries_without_attributes_stay_as_labelled(void **state)
{
	struct bytes b = {.len = 0};
	struct fault fault;
	struct mrt_rib rib;
	uint8_t *exact;
	size_t body = record_start(&b, MRT_TABLE_DUMP_V2, MRT_V2_IP4_UNICAST);

	(void)state;
	put_hex(&b, "00000001 08 0a 0002 0000 00000000 0000 0001 00000000 0000");
	record_end(&b, body);
	assert_int_equal(rib_of(&b, &rib, &fault, &exact), 0);
	assert_false(rib.add_path || rib.is_mislabelled);
	free(exact);
}

static void host_bits_are_cleared_and_told(void **state)
{
	static const struct {
		const char *hex, *want;
		bool told;
	} cases[] = {
		{"00000000 14 0a1fff 0000", "\x0a\x1f\xf0\x00", true},
		{"00000000 14 0a1ff0 0000", "\x0a\x1f\xf0\x00", false},
		{"00000000 18 0a1fff 0000", "\x0a\x1f\xff\x00", false},
		{"00000000 01 ff 0000", "\x80\x00\x00\x00", true},
		{"00000000 00 0000", "\x00\x00\x00\x00", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes b = {.len = 0};
		size_t body = record_start(&b, MRT_TABLE_DUMP_V2, MRT_V2_IP4_UNICAST);
		struct fault fault;
		struct mrt_rib rib;
		uint8_t *exact;

		put_hex(&b, cases[i].hex);
		record_end(&b, body);
		assert_int_equal(rib_of(&b, &rib, &fault, &exact), 0);
		assert_memory_equal(rib.prefix.bytes, cases[i].want, 4);
		assert_int_equal(rib.had_host_bits, cases[i].told);
		free(exact);
	}
}

static void malformed_rib_records_are_located(void **state)
{
	static const struct {
		unsigned subtype;
		const char *hex;
		enum fault_code code;
		unsigned at;
	} cases[] = {
		{1, "00000001 08 0a 0000", FAULT_NOT_RIB, 0},
		{2, "00000001", FAULT_RECORD_CUT, 4},
		{2, "00000001 21 0a000000 00 0000", FAULT_PREFIX_LEN, 4},
		{4, "00000001 81 0a 0000", FAULT_PREFIX_LEN, 4},
		{2, "00000001 18 0a 0000", FAULT_RECORD_CUT, 8},
		{2, "00000001 08 0a 00", FAULT_RECORD_CUT, 7},
		{2, "00000001 08 0a 0001", FAULT_RECORD_CUT, 8},
		{2, "00000001 08 0a 0001 0000 00000000 0001", FAULT_RECORD_CUT, 8},
		{2, "00000001 08 0a 0000 00", FAULT_RECORD_TRAILING, 8},
		{8, "00000001 08 0a 0001 0000 00000000 00000000 0009", FAULT_RECORD_CUT, 8},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes b = {.len = 0};
		size_t body = record_start(&b, MRT_TABLE_DUMP_V2, cases[i].subtype);
		struct fault fault;
		struct mrt_rib rib;
		uint8_t *exact;

		put_hex(&b, cases[i].hex);
		record_end(&b, body);
		assert_int_equal(rib_of(&b, &rib, &fault, &exact), -EBADMSG);
		if (fault.code != cases[i].code || fault.at != cases[i].at)
			fail_msg("%s: got %s at %u", cases[i].hex, fault_name(fault.code),
				 fault.at);
		free(exact);
	}
}

// A length that lies by any amount never leads outside the record.
static void records_cut_anywhere_are_faults(void **state)
{
	struct bytes b = {.len = 0};

	(void)state;
	put_rib(&b, 1, 3);
	for (size_t len = 0; len + MRT_HDR_LEN < b.len; len++) {
		struct fault fault;
		struct mrt_rib rib;
		uint8_t *exact;

		wire_put32(b.data + 8, (uint32_t)len);
		assert_int_equal(rib_of(&b, &rib, &fault, &exact), -EBADMSG);
		assert_true(fault.code != FAULT_NONE && fault.at <= len);
		free(exact);
	}
}

static void resync_finds_the_next_header(void **state)
{
	struct bytes b = {.len = 0};
	size_t want, second;

	(void)state;
	put_hex(&b, "de ad be ef 00 0d 00 02 ff ff ff ff 00");
	second = b.len;
	put_rib(&b, 1, 1);
	put_rib(&b, 2, 1);
	assert_int_equal(mrt_resync(b.data, b.len, true, &want), second);
	assert_int_equal(want, 0);
	// Not confirmed by what is there: more is wanted, and nothing is skipped.
	assert_int_equal(mrt_resync(b.data, second + 20, false, &want), second);
	assert_true(want > 20);
	// The end of the stream does not confirm half a record.
	assert_int_equal(mrt_resync(b.data, second + 20, true, &want), second + 20);
	// No header at all: all but the last 11 bytes are surely none.
	assert_int_equal(mrt_resync(b.data, second, false, &want), second - 11);
	assert_int_equal(want, MRT_HDR_LEN);
}

static void implausible_headers_are_told(void **state)
{
	static const struct {
		struct mrt_hdr hdr;
		bool plausible;
	} cases[] = {
		{{0, 13, 2, 7}, true},
		{{0, 13, 2, 6}, false},
		{{0, 13, 0, 100}, false},
		{{0, 13, 13, 100}, false},
		{{0, 13, 2, MRT_RECORD_MAX}, true},
		{{0, 13, 2, MRT_RECORD_MAX + 1}, false},
		{{0, 0, 0, 0}, false},
		{{0, 14, 1, 100}, false},
		{{0, 16, 11, 100}, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(mrt_hdr_is_plausible(&cases[i].hdr), cases[i].plausible);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_records),
		cmocka_unit_test(peers_of_both_families_and_as_sizes),
		cmocka_unit_test(malformed_peer_tables_are_located),
		cmocka_unit_test(rib_of_two_entries),
		cmocka_unit_test(rib_with_path_ids),
		cmocka_unit_test(path_ids_that_the_subtype_hides_are_found),
		cmocka_unit_test(path_ids_are_found_where_both_readings_fill_the_record),
		cmocka_unit_test(label_holds_where_both_readings_are_sound),
		cmocka_unit_test(missing_path_ids_are_found),
		cmocka_unit_test(entries_without_attributes_stay_as_labelled),
		cmocka_unit_test(host_bits_are_cleared_and_told),
		cmocka_unit_test(malformed_rib_records_are_located),
		cmocka_unit_test(records_cut_anywhere_are_faults),
		cmocka_unit_test(resync_finds_the_next_header),
		cmocka_unit_test(implausible_headers_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
