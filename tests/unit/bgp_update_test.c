// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/msg.h"
#include "dataplane/bgp/update.h"
#include "tests/unit/bgp_make.h"

#include <arpa/inet.h>
#include <stdio.h>

static const struct bgp_session nobody;

// "withdrawn ipv4-unicast 10.0.0.0/8" a line.
static void routes_write(const char *hex, const struct bgp_session *s, char *out, size_t size)
{
	struct exact e = exact_of(hex);
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_update upd;
	struct bgp_routes routes;
	struct bgp_nlri nlri;
	size_t at = 0;
	int got;

	*out = '\0';
	assert_int_equal(bgp_update_decode(e.data, e.len, &upd, &fault), 0);
	if (bgp_routes_start(&routes, &upd, s, &fault))
		at += (size_t)snprintf(out + at, size - at, "%s@%u ", fault_name(fault.code),
				       fault.at);
	fault.code = FAULT_NONE;
	while ((got = bgp_routes_next(&routes, &nlri, &fault)) != 0) {
		char addr[INET6_ADDRSTRLEN];

		if (got < 0) {
			at += (size_t)snprintf(out + at, size - at, "%s@%u ",
					       fault_name(fault.code), fault.at);
			fault.code = FAULT_NONE;
			continue;
		}
		inet_ntop(nlri.prefix.family == 4 ? AF_INET : AF_INET6, nlri.prefix.bytes, addr,
			  sizeof(addr));
		at += (size_t)snprintf(out + at, size - at, "%s%s/%u",
				       routes.is_withdrawn ? "-" : "+", addr, nlri.prefix.len);
		if (nlri.path_id)
			at += (size_t)snprintf(out + at, size - at, "#%u", nlri.path_id);
		if (nlri.n_labels)
			at += (size_t)snprintf(out + at, size - at, "!%u", nlri.n_labels);
		at += (size_t)snprintf(out + at, size - at, " ");
	}
	free(e.data);
}

#define ORIGIN_ "40010100"

static void routes_of_all_four_places_in_their_order(void **state)
{
	// Path ids for every family; else for none.
	static const struct bgp_session ids = {.add_path_all = true};
	static const struct bgp_session labels = {
		.n_families = 1, .family = {{.afi = 1, .safi = 4, .multi_labels = true}}};
	static const struct {
		const struct bgp_session *s;
		const char *hex, *routes;
	} cases[] = {
		{&nobody, "0000 0000", ""},
		{&nobody, "0009 10c0a8 080a 18ac1054 0000",
		 "-192.168.0.0/16 -10.0.0.0/8 -172.16.84.0/24 "},
		{&nobody, "0000 0004" ORIGIN_ "08 0a 00", "+10.0.0.0/8 +0.0.0.0/0 "},
		// Unreachable comes out before reachable, wherever it stands.
		{&nobody,
		 "0002 080b 0021"
		 "800e11 0002 01 04 01020304 00 20 20010db8 10 2002"
		 "800f06 0001 02 10 0a01" ORIGIN_ "08 0a",
		 "-11.0.0.0/8 -10.1.0.0/16 +2001:db8::/32 +2002::/16 +10.0.0.0/8 "},
		{&ids, "0006 00000005 080b 0000 00000007 08 0a", "-11.0.0.0/8#5 +10.0.0.0/8#7 "},
		// RFC 8277 §2.2: one label, with or without bottom.
		{&nobody, "0000 0016 800e13 0001 04 04 01020304 00 20 000011 0a 20 000010 0b",
		 "+10.0.0.0/8!1 +11.0.0.0/8!1 "},
		{&labels,
		 "0000 0019 800e16 0001 04 04 01020304 00 20 000011 0a 38 000010 000011 0b",
		 "+10.0.0.0/8!1 +11.0.0.0/8!2 "},
		{&labels, "0000 000b 800f08 0001 04 20 800000 0a", "-10.0.0.0/8!1 "},
		// RFC 4364 §4.3.4: label and distinguisher.
		{&nobody, "0000 0013 800f10 0001 80 60 000011 0000000100000002 0a",
		 "-10.0.0.0/8!1 "},
		{&nobody, "0000 0009 800f06 0019 46 010203", ""},
		{&nobody, "0002 210a 0000 080a", "nlri-length@2 +10.0.0.0/8 "},
		{&nobody, "0002 180a 0000 080a", "nlri-cut@2 +10.0.0.0/8 "},
		{&nobody, "0000 0000 080a20", "+10.0.0.0/8 nlri-cut@6 "},
		{&ids, "0000 0000 0000000708", "nlri-cut@8 "},
		{&ids, "0000 0000 00000007", "nlri-cut@4 "},
		{&labels, "0000 0011 800e0e 0001 04 04 01020304 00 20 000010 0a",
		 "nlri-labels@16 "},
		{&nobody, "0000 0009 800f06 0001 04 10 0000", "nlri-labels@10 "},
		{&nobody, "0000 0005 800f02 0001 080a", "mp-unreach@7 +10.0.0.0/8 "},
		{&nobody, "0000 0009 800e06 0001 01 02 0102 080a", "mp-reach@7 +10.0.0.0/8 "},
		{&nobody, "0000 0003 400102 080a", "attr-cut@4 +10.0.0.0/8 "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char got[512];

		routes_write(cases[i].hex, cases[i].s, got, sizeof(got));
		if (strcmp(got, cases[i].routes) != 0)
			fail_msg("%s: got %s, not %s", cases[i].hex, got, cases[i].routes);
	}
}

static void host_bits_are_cleared_and_counted(void **state)
{
	static const uint8_t bytes[] = {12, 10, 0xff, 8, 10, 1, 0xff};
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_nlri_iter it;
	struct bgp_nlri nlri;

	(void)state;
	bgp_nlri_start(&it, bytes, sizeof(bytes), BGP_AFI_IP4, BGP_SAFI_UNICAST, false);
	assert_int_equal(bgp_nlri_next(&it, &nlri, &fault), 1);
	assert_true(nlri.had_host_bits);
	assert_int_equal(nlri.prefix.bytes[1], 0xf0);
	assert_int_equal(bgp_nlri_next(&it, &nlri, &fault), 1);
	assert_false(nlri.had_host_bits);
	assert_int_equal(bgp_nlri_next(&it, &nlri, &fault), 1);
	assert_true(nlri.had_host_bits);
	assert_int_equal(nlri.prefix.bytes[0], 0x80);
	assert_int_equal(bgp_nlri_next(&it, &nlri, &fault), 0);
}

static void lengths_beyond_the_update_are_located(void **state)
{
	static const struct {
		const char *hex;
		unsigned at;
	} cases[] = {
		{"", 0},
		{"0000 00", 3},
		{"0001 0000", 0},
		{"0000 0001", 2},
		{"0001 00 0001", 3},
		{"ffff 0000", 0},
		{"0000 ffff 00", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = exact_of(cases[i].hex);
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_update upd;

		assert_int_equal(bgp_update_decode(e.data, e.len, &upd, &fault), -EBADMSG);
		assert_int_equal(fault.code, FAULT_UPDATE_CUT);
		assert_int_equal(fault.at, cases[i].at);
		free(e.data);
	}
}

// RFC 4724 §2.
static void end_of_rib_is_an_update_of_nothing(void **state)
{
	static const struct {
		const char *hex;
		bool is_end;
		uint16_t afi;
		uint8_t safi;
	} cases[] = {
		{"0000 0000", true, 1, 1},
		{"0000 0006 800f03 0002 01", true, 2, 1},
		{"0000 0007 900f0003 0002 01", true, 2, 1},
		{"0000 0008 800f05 0002 01 0820", false, 0, 0},
		{"0000 000a 800f03 0002 01 40010100", false, 0, 0},
		{"0000 0004 40010100", false, 0, 0},
		{"0002 080a 0000", false, 0, 0},
		{"0000 0000 080a", false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = exact_of(cases[i].hex);
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_update upd;
		uint16_t afi;
		uint8_t safi;

		assert_int_equal(bgp_update_decode(e.data, e.len, &upd, &fault), 0);
		assert_int_equal(bgp_update_is_end_of_rib(&upd, &afi, &safi), cases[i].is_end);
		if (cases[i].is_end) {
			assert_int_equal(afi, cases[i].afi);
			assert_int_equal(safi, cases[i].safi);
		}
		free(e.data);
	}
}

#define GLOBAL "20010db8000000000000000000000001"
#define LOCAL  "fe800000000000000000000000000001"

static void next_hops_of_every_family(void **state)
{
	static const struct {
		uint16_t afi;
		uint8_t safi;
		const char *hex;
		unsigned n, family;
	} cases[] = {
		{1, 1, "01020304", 1, 4},
		{1, 1, GLOBAL, 1, 6}, // RFC 8950 §3
		{1, 1, GLOBAL LOCAL, 2, 6},
		{2, 1, GLOBAL, 1, 6},
		{2, 1, GLOBAL LOCAL, 2, 6},
		{1, 128, "0000000000000000 01020304", 1, 4},
		{2, 128, "0000000000000000" GLOBAL, 1, 6},
		{2, 128, "0000000000000000" GLOBAL "0000000000000000" LOCAL, 2, 6},
		{2, 1, "01020304", 0, 0},
		{1, 1, "", 0, 0},
		{1, 1, "010203", 0, 0},
		{1, 128, "01020304", 0, 0},
		{2, 1, GLOBAL "00", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = exact_of(cases[i].hex);
		struct bgp_addr addr[2];

		assert_int_equal(
			bgp_nexthop_decode(cases[i].afi, cases[i].safi, e.data, e.len, addr),
			cases[i].n);
		if (cases[i].n)
			assert_int_equal(addr[0].family, cases[i].family);
		if (cases[i].n == 2)
			assert_int_equal(addr[1].bytes[0], 0xfe);
		free(e.data);
	}
}

static struct bgp_nlri random_nlri(uint8_t family, uint8_t safi, const uint8_t *labels,
				   uint64_t *seed)
{
	struct bgp_nlri nlri = {.prefix = {.family = family}, .path_id = (uint32_t)test_rand(seed)};
	unsigned max = family == 4 ? 32 : 128;

	// Labels and a distinguisher must fit the length field, too.
	nlri.prefix.len = (uint8_t)(test_rand(seed) % (max + 1));
	for (unsigned bit = 0; bit < nlri.prefix.len; bit++)
		nlri.prefix.bytes[bit / 8] |= (uint8_t)((test_rand(seed) & 1) << (7 - bit % 8));
	if (safi == BGP_SAFI_LABELLED || safi == BGP_SAFI_VPN) {
		nlri.n_labels = 1 + test_rand(seed) % 2;
		nlri.labels = labels + (nlri.n_labels == 2 ? 0 : 3);
	}
	if (safi == BGP_SAFI_VPN)
		nlri.rd = labels;
	return nlri;
}

static void random_prefixes_return_as_they_went(void **state)
{
	static const uint8_t labels[8] = {0x12, 0x34, 0x50, 0x56, 0x78, 0x91, 7, 8};
	static const uint8_t safis[] = {1, 2, 4, 128};
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		uint16_t afi = round & 1 ? 1 : 2;
		uint8_t safi = safis[test_rand(&seed) % 4], buf[64];
		bool has_ids = test_rand(&seed) & 1;
		struct bgp_nlri nlri = random_nlri(afi == 1 ? 4 : 6, safi, labels, &seed), back;
		struct fault fault = {.code = FAULT_NONE};
		struct out out = {buf, sizeof(buf), 0};
		struct bgp_nlri_iter it;

		bgp_nlri_put(&out, &nlri, has_ids);
		bgp_nlri_start(&it, buf, out.len, afi, safi, has_ids);
		it.multi_labels = true;
		assert_int_equal(bgp_nlri_next(&it, &back, &fault), 1);
		assert_memory_equal(&back.prefix, &nlri.prefix, sizeof(nlri.prefix));
		assert_int_equal(back.path_id, has_ids ? nlri.path_id : 0);
		assert_int_equal(back.n_labels, nlri.n_labels);
		if (nlri.n_labels)
			assert_memory_equal(back.labels, nlri.labels, 3u * nlri.n_labels);
		if (nlri.rd)
			assert_memory_equal(back.rd, nlri.rd, BGP_RD_LEN);
		assert_false(back.had_host_bits);
		assert_int_equal(bgp_nlri_next(&it, &back, &fault), 0);
	}
}

// Written by us, understood by us; and a message must fit its session.
static void messages_get_their_lengths(void **state)
{
	static const struct bgp_session extended = {.extended_msg = true};
	static uint8_t attr[5000], buf[6000];
	struct bgp_update upd = {.attrs = attr, .attrs_len = sizeof(attr)};
	struct out out = {buf, sizeof(buf), 0}, small = {buf, 100, 0};
	uint16_t afi;
	uint8_t safi;
	size_t at;

	(void)state;
	at = bgp_msg_start(&out, BGP_MSG_UPDATE);
	bgp_update_put(&out, &upd);
	assert_int_equal(bgp_msg_end(&out, at, &nobody), -EMSGSIZE);
	assert_int_equal(bgp_msg_end(&out, at, &extended), 0);
	assert_int_equal(wire_get16(buf + 16), 5000 + 23);
	at = bgp_msg_start(&small, BGP_MSG_UPDATE);
	bgp_update_put(&small, &upd);
	assert_int_equal(bgp_msg_end(&small, at, &extended), -ENOSPC);
	for (uint16_t want = 1; want <= 2; want++) {
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_msg msg;

		out.len = 0;
		at = bgp_msg_start(&out, BGP_MSG_UPDATE);
		bgp_end_of_rib_put(&out, want, BGP_SAFI_UNICAST);
		assert_int_equal(bgp_msg_end(&out, at, &nobody), 0);
		assert_int_equal(bgp_msg_find(buf, out.len, &nobody, &msg, &fault), out.len);
		assert_int_equal(bgp_update_decode(msg.body, msg.body_len, &upd, &fault), 0);
		assert_true(bgp_update_is_end_of_rib(&upd, &afi, &safi));
		assert_int_equal(afi, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_of_all_four_places_in_their_order),
		cmocka_unit_test(host_bits_are_cleared_and_counted),
		cmocka_unit_test(lengths_beyond_the_update_are_located),
		cmocka_unit_test(end_of_rib_is_an_update_of_nothing),
		cmocka_unit_test(next_hops_of_every_family),
		cmocka_unit_test(random_prefixes_return_as_they_went),
		cmocka_unit_test(messages_get_their_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
