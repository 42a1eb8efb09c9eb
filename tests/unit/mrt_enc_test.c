// SPDX-License-Identifier: BSD-3-Clause
// Every type of record, of random content: written, read, compared.
#include "dataplane/bgp/mrt_enc.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 300, BUF_LEN = 8192, ENTRIES_MAX = 6 };

static uint64_t seed = 11;
static uint8_t attrs_of[ENTRIES_MAX][128];

static uint32_t any(void)
{
	return (uint32_t)test_rand(&seed);
}

static unsigned below(unsigned n)
{
	return (unsigned)(test_rand(&seed) % n);
}

static struct bgp_addr any_addr(uint8_t family)
{
	struct bgp_addr addr = {.family = family};

	for (unsigned i = 0; i < (family == 4 ? 4 : 16); i++)
		addr.bytes[i] = (uint8_t)any();
	return addr;
}

static struct bgp_prefix any_prefix(uint8_t family)
{
	struct bgp_prefix prefix = {.family = family,
				    .len = (uint8_t)below(family == 4 ? 33 : 129)};

	for (unsigned bit = 0; bit < prefix.len; bit++)
		prefix.bytes[bit / 8] |= (uint8_t)((any() & 1) << (7 - bit % 8));
	return prefix;
}

// One attribute of the unknown type 99: sound to whoever steps over it.
static uint16_t any_attrs(unsigned i, const uint8_t **attrs)
{
	unsigned len = below(100);

	attrs_of[i][0] = 0xc0;
	attrs_of[i][1] = 99;
	attrs_of[i][2] = (uint8_t)len;
	for (unsigned j = 0; j < len; j++)
		attrs_of[i][3 + j] = (uint8_t)any();
	*attrs = attrs_of[i];
	return (uint16_t)(3 + len);
}

// Decodes what was encoded, from a buffer of exactly its size.
static struct mrt_record there_and_back(const struct mrt_enc *enc, const uint8_t *buf,
					struct mrt_hdr *hdr, uint8_t **exact)
{
	struct fault fault = {.code = FAULT_NONE};
	struct mrt_record rec;

	mrt_hdr_decode(buf, hdr);
	assert_int_equal(hdr->len, enc->len - MRT_HDR_LEN);
	assert_int_equal(hdr->type, enc->hdr.type);
	assert_int_equal(hdr->subtype, enc->hdr.subtype);
	assert_int_equal(hdr->time_s, enc->hdr.time_s);
	*exact = malloc(hdr->len + 1u);
	memcpy(*exact, buf + MRT_HDR_LEN, hdr->len);
	if (mrt_decode(hdr, *exact, &rec, &fault))
		fail_msg("%u/%u: %s at %u", hdr->type, hdr->subtype, fault_name(fault.code),
			 fault.at);
	return rec;
}

// The record encoded again: the same bytes; into less room: none behind its end.
static void check_again(const struct mrt_hdr *hdr, const struct mrt_record *rec,
			const uint8_t *want, size_t want_len)
{
	static uint8_t buf[BUF_LEN];
	size_t len, cut = below((unsigned)want_len);

	assert_int_equal(mrt_encode(hdr, rec, buf, sizeof(buf), &len), 0);
	assert_int_equal(len, want_len);
	assert_memory_equal(buf, want, want_len);
	memset(buf, 0xee, sizeof(buf));
	assert_int_equal(mrt_encode(hdr, rec, buf, cut, &len), -ENOSPC);
	assert_int_equal(len, want_len);
	for (size_t i = cut; i < want_len; i++)
		assert_int_equal(buf[i], 0xee);
}

static void peer_tables_come_back(void **state)
{
	struct mrt_hdr hdr = {.type = MRT_TABLE_DUMP_V2, .subtype = MRT_V2_PEER_INDEX_TABLE};
	uint8_t buf[BUF_LEN], *exact;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct mrt_peers head = {.collector_id = any(), .view = "a view"};
		struct mrt_peer peer[ENTRIES_MAX], got;
		unsigned n = below(ENTRIES_MAX + 1);
		struct mrt_record rec;
		struct mrt_enc enc;

		hdr.time_s = any();
		head.view_len = (uint16_t)below(7);
		mrt_enc_start(&enc, buf, sizeof(buf), &hdr, 0);
		mrt_enc_peers(&enc, &head);
		for (unsigned i = 0; i < n; i++) {
			memset(&peer[i], 0, sizeof(peer[i]));
			peer[i].addr = any_addr(any() & 1 ? 4 : 6);
			peer[i].as_bytes = any() & 1 ? 2 : 4;
			peer[i].asn = peer[i].as_bytes == 2 ? (uint16_t)any() : any();
			peer[i].id = any();
			mrt_enc_peer(&enc, &peer[i]);
		}
		assert_int_equal(mrt_enc_end(&enc), 0);
		rec = there_and_back(&enc, buf, &hdr, &exact);
		check_again(&hdr, &rec, buf, enc.len);
		assert_int_equal(rec.peers.collector_id, head.collector_id);
		assert_int_equal(rec.peers.n_peers, n);
		assert_memory_equal(rec.peers.view, head.view, head.view_len);
		for (unsigned i = 0; mrt_peers_next(&rec.peers, &got); i++)
			assert_memory_equal(&got, &peer[i], sizeof(got));
		free(exact);
	}
}

// RFC 6397 §4.1; NaN stands for a place that is kept private.
static void places_of_peers_come_back(void **state)
{
	struct mrt_hdr hdr = {.type = MRT_TABLE_DUMP_V2, .subtype = MRT_V2_GEO_PEERS};
	struct mrt_geo head = {.collector_id = any(), .latitude = -27.5f, .longitude = 153.0f};
	struct mrt_geo_peer peer = {.type = 2, .id = any(), .latitude = 52.25f, .longitude = 4.5f};
	struct mrt_geo_peer hidden = {.type = 3, .id = 7}, got;
	uint32_t nan_bits = 0x7fc00000;
	uint8_t buf[BUF_LEN], *exact;
	struct mrt_record rec;
	struct mrt_enc enc;

	(void)state;
	memcpy(&hidden.latitude, &nan_bits, 4);
	memcpy(&hidden.longitude, &nan_bits, 4);
	mrt_enc_start(&enc, buf, sizeof(buf), &hdr, 0);
	mrt_enc_geo(&enc, &head);
	mrt_enc_geo_peer(&enc, &peer);
	mrt_enc_geo_peer(&enc, &hidden);
	assert_int_equal(mrt_enc_end(&enc), 0);
	rec = there_and_back(&enc, buf, &hdr, &exact);
	check_again(&hdr, &rec, buf, enc.len);
	assert_true(rec.geo.latitude == head.latitude && rec.geo.longitude == head.longitude);
	assert_true(mrt_geo_next(&rec.geo, &got));
	assert_true(got.type == 2 && got.id == peer.id);
	assert_true(got.latitude == peer.latitude && got.longitude == peer.longitude);
	assert_true(mrt_geo_next(&rec.geo, &got));
	assert_true(got.latitude != got.latitude && got.id == 7);
	assert_false(mrt_geo_next(&rec.geo, &got));
	free(exact);
}

static struct mrt_entry any_entry(unsigned i)
{
	struct mrt_entry entry = {.peer_index = (uint16_t)any(), .time_s = any(), .path_id = any()};

	entry.attrs_len = any_attrs(i, &entry.attrs);
	return entry;
}

static void check_routes(struct mrt_record *rec, const struct mrt_rib *head,
			 const struct mrt_entry *entry, unsigned n)
{
	struct mrt_route route;
	unsigned i = 0;

	for (; mrt_route_next(rec, &route); i++) {
		uint32_t id = head->nlri_has_id ? head->nlri_path_id : entry[i].path_id;

		assert_int_equal(route.safi, head->safi);
		assert_int_equal(route.afi, head->afi);
		assert_memory_equal(&route.prefix, &head->prefix, sizeof(route.prefix));
		assert_true(route.has_index && route.as_bytes == 4 && route.peer.family == 0);
		assert_int_equal(route.peer_index, entry[i].peer_index);
		assert_int_equal(route.time_s, entry[i].time_s);
		assert_int_equal(route.path_id, route.has_path_id ? id : 0);
		assert_int_equal(route.attrs_len, entry[i].attrs_len);
		assert_memory_equal(route.attrs, entry[i].attrs, route.attrs_len);
	}
	assert_int_equal(i, n);
}

// Writes head and n random entries, reads and compares them.
static void check_rib(uint16_t subtype, const struct mrt_rib *head, unsigned n, bool add_path)
{
	struct mrt_hdr hdr = {any(), MRT_TABLE_DUMP_V2, subtype, 0};
	struct mrt_entry entry[ENTRIES_MAX];
	uint8_t buf[BUF_LEN], *exact;
	struct mrt_record rec;
	struct mrt_enc enc;

	mrt_enc_start(&enc, buf, sizeof(buf), &hdr, 0);
	mrt_enc_rib(&enc, head);
	for (unsigned i = 0; i < n; i++) {
		entry[i] = any_entry(i);
		mrt_enc_entry(&enc, &entry[i]);
	}
	assert_int_equal(mrt_enc_end(&enc), 0);
	rec = there_and_back(&enc, buf, &hdr, &exact);
	assert_int_equal(rec.rib.seq, head->seq);
	assert_int_equal(rec.rib.add_path, add_path);
	assert_int_equal(rec.rib.nlri_has_id, head->nlri_has_id);
	assert_false(rec.rib.is_mislabelled || rec.rib.had_host_bits);
	check_again(&hdr, &rec, buf, enc.len);
	check_routes(&rec, head, entry, n);
	free(exact);
}

static void ribs_of_every_subtype_come_back(void **state)
{
	static const struct {
		uint8_t subtype, afi, safi;
		bool add_path;
	} cases[] = {
		{2, 1, 1, false}, {3, 1, 2, false}, {4, 2, 1, false}, {5, 2, 2, false},
		{6, 1, 1, false}, {6, 2, 2, false}, {8, 1, 1, true},  {9, 1, 2, true},
		{10, 2, 1, true}, {11, 2, 2, true}, {12, 2, 1, true}, {12, 1, 2, true},
	};

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct mrt_rib head = {
				.seq = any(), .afi = cases[i].afi, .safi = cases[i].safi};

			head.prefix = any_prefix(cases[i].afi == 1 ? 4 : 6);
			check_rib(cases[i].subtype, &head, 1 + below(ENTRIES_MAX),
				  cases[i].add_path);
		}
}

// RFC 8050 §4.2: the path id stands once, before the NLRI.
static void generic_ribs_with_the_path_id_before_the_nlri_come_back(void **state)
{
	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct mrt_rib head = {.seq = any(),
				       .afi = 1,
				       .safi = 1,
				       .prefix = any_prefix(4),
				       .nlri_has_id = true,
				       .nlri_path_id = any()};

		check_rib(MRT_V2_GENERIC_AP, &head, 1 + below(ENTRIES_MAX), false);
	}
}

// Each family tells the length of its NLRI in its own way.
static void generic_ribs_of_other_families_come_back(void **state)
{
	static const struct {
		uint16_t afi;
		uint8_t safi, len;
		const char *nlri;
	} cases[] = {
		{1, 4, 7, "\x30\x00\x01\x01\x0a\x01\x02"}, // RFC 8277 §2: 48 bits
		{1, 128, 15, "\x70\0\x01\x01\0\0\0\x01\0\0\0\x02\x0a\x01\x02"}, // RFC 4364 §4.3.4
		{2, 128, 12, "\x58\0\x01\x01\0\0\0\x01\0\0\0\x02"},
		{25, 70, 6, "\x03\x04\x01\x02\x03\x04"},	      // RFC 7432 §7: type, length
		{25, 65, 5, "\x00\x03\x01\x02\x03"},		      // RFC 4761 §3.2.2
		{1, 5, 5, "\x01\x03\x01\x02\x03"},		      // RFC 6514 §4
		{1, 133, 4, "\x03\x01\x08\x0a"},		      // RFC 8955 §4.1
		{16388, 71, 7, "\x00\x01\x00\x03\x01\x02\x03"},	      // RFC 9552 §5.2
		{1, 132, 13, "\x60\0\0\0\x01\x00\x02\0\0\0\0\0\x01"}, // RFC 4684 §4
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mrt_rib head = {.seq = any(), .afi = cases[i].afi, .safi = cases[i].safi};

		head.nlri = (const uint8_t *)cases[i].nlri;
		head.nlri_len = cases[i].len;
		check_rib(MRT_V2_GENERIC, &head, 1 + below(ENTRIES_MAX), false);
		check_rib(MRT_V2_GENERIC_AP, &head, 1 + below(ENTRIES_MAX), true);
	}
}

static void table_dumps_of_both_families_come_back(void **state)
{
	uint8_t buf[BUF_LEN], *exact;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct mrt_hdr hdr = {any(), MRT_TABLE_DUMP, (uint16_t)(1 + round % 2), 0};
		uint8_t family = hdr.subtype == MRT_DUMP_IP4 ? 4 : 6;
		struct mrt_dump head = {.view = (uint16_t)any(), .seq = (uint16_t)any()};
		struct mrt_dump_entry entry = {.status = 1, .peer_as = (uint16_t)any()};
		struct mrt_record rec;
		struct mrt_route route;
		struct mrt_enc enc;

		entry.prefix = any_prefix(family);
		entry.peer = any_addr(family);
		entry.time_s = any();
		entry.attrs_len = any_attrs(0, &entry.attrs);
		mrt_enc_start(&enc, buf, sizeof(buf), &hdr, 0);
		mrt_enc_dump(&enc, &head);
		mrt_enc_dump_entry(&enc, &entry);
		assert_int_equal(mrt_enc_end(&enc), 0);
		rec = there_and_back(&enc, buf, &hdr, &exact);
		check_again(&hdr, &rec, buf, enc.len);
		assert_true(rec.dump.view == head.view && rec.dump.seq == head.seq);
		assert_true(mrt_route_next(&rec, &route));
		assert_memory_equal(&route.prefix, &entry.prefix, sizeof(route.prefix));
		assert_memory_equal(&route.peer, &entry.peer, sizeof(route.peer));
		assert_true(route.peer_as == entry.peer_as && route.time_s == entry.time_s);
		assert_true(route.as_bytes == 2 && !route.has_index && !route.has_path_id);
		assert_int_equal(route.attrs_len, entry.attrs_len);
		assert_memory_equal(route.attrs, entry.attrs, entry.attrs_len);
		assert_false(mrt_route_next(&rec, &route));
		free(exact);
	}
}

static struct mrt_session any_session(unsigned as_bytes)
{
	uint8_t family = any() & 1 ? 4 : 6;
	struct mrt_session s;

	memset(&s, 0, sizeof(s));
	s.peer = any_addr(family);
	s.local = any_addr(family);
	s.as_bytes = (uint8_t)as_bytes;
	s.if_index = (uint16_t)any();
	s.peer_as = as_bytes == 2 ? (uint16_t)any() : any();
	s.local_as = as_bytes == 2 ? (uint16_t)any() : any();
	return s;
}

// A BGP message of any bytes behind a header, whole as BGP4MP has it.
static size_t any_message(uint8_t *msg)
{
	size_t len = 19 + below(200);

	memset(msg, 0xff, 16);
	wire_put16(msg + 16, (uint16_t)len);
	for (size_t i = 18; i < len; i++)
		msg[i] = (uint8_t)any();
	return len;
}

static void messages_of_every_subtype_come_back(void **state)
{
	static const struct {
		uint8_t subtype, as_bytes;
		bool is_local, add_path;
	} cases[] = {
		{1, 2, false, false}, {4, 4, false, false}, {6, 2, true, false},
		{7, 4, true, false},  {8, 2, false, true},  {9, 4, false, true},
		{10, 2, true, true},  {11, 4, true, true},
	};
	uint8_t buf[BUF_LEN], msg[256], *exact;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t k = round % ARRAY_LEN(cases);
		struct mrt_hdr hdr = {any(), round & 8 ? MRT_BGP4MP_ET : MRT_BGP4MP,
				      cases[k].subtype, 0};
		struct mrt_message message = {.session = any_session(cases[k].as_bytes),
					      .has_hdr = true,
					      .msg = msg,
					      .len = any_message(msg)};
		uint32_t us = below(1000000);
		struct mrt_record rec;
		struct mrt_enc enc;

		mrt_enc_start(&enc, buf, sizeof(buf), &hdr, us);
		mrt_enc_message(&enc, &message);
		assert_int_equal(mrt_enc_end(&enc), 0);
		rec = there_and_back(&enc, buf, &hdr, &exact);
		check_again(&hdr, &rec, buf, enc.len);
		assert_int_equal(rec.time_us, hdr.type == MRT_BGP4MP_ET ? us : 0);
		assert_memory_equal(&rec.message.session, &message.session,
				    sizeof(message.session));
		assert_int_equal(rec.message.is_local, cases[k].is_local);
		assert_int_equal(rec.message.add_path, cases[k].add_path);
		assert_true(rec.message.has_hdr && rec.message.type == msg[18]);
		assert_int_equal(rec.message.len, message.len);
		assert_memory_equal(rec.message.msg, msg, message.len);
		free(exact);
	}
}

// RFC 6396 §B.2: no interface, no family, no header before the message.
static void messages_of_1999_come_back(void **state)
{
	static const uint8_t cases[][2] = {{1, 2}, {2, 2}, {5, 1}, {6, 3}, {7, 4}};
	uint8_t buf[BUF_LEN], *exact;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mrt_hdr hdr = {any(), MRT_BGP, cases[i][0], 0};
		struct mrt_message message = {.msg = (const uint8_t *)"\1\2\3", .len = i ? 3 : 0};
		struct mrt_session *s = &message.session;
		struct mrt_record rec;
		struct mrt_enc enc;

		s->peer = any_addr(4);
		s->local = any_addr(4);
		s->as_bytes = 2;
		s->peer_as = (uint16_t)any();
		s->local_as = (uint16_t)any();
		mrt_enc_start(&enc, buf, sizeof(buf), &hdr, 0);
		mrt_enc_message(&enc, &message);
		assert_int_equal(mrt_enc_end(&enc), 0);
		rec = there_and_back(&enc, buf, &hdr, &exact);
		check_again(&hdr, &rec, buf, enc.len);
		assert_memory_equal(&rec.message.session, s, sizeof(*s));
		assert_int_equal(rec.message.type, cases[i][1]);
		assert_false(rec.message.has_hdr);
		assert_int_equal(rec.message.len, message.len);
		free(exact);
	}
}

static void states_come_back(void **state)
{
	static const uint16_t cases[][3] = {{16, 0, 2}, {16, 5, 4}, {17, 0, 2}, {17, 5, 4}};
	uint8_t buf[BUF_LEN], *exact;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		const uint16_t *k = cases[round % ARRAY_LEN(cases)];
		struct mrt_hdr hdr = {any(), k[0], k[1], 0};
		struct mrt_state change = {.session = any_session(k[2]),
					   .old_state = (uint16_t)below(9),
					   .new_state = (uint16_t)below(9)};
		struct mrt_record rec;
		struct mrt_enc enc;

		mrt_enc_start(&enc, buf, sizeof(buf), &hdr, 17);
		mrt_enc_state(&enc, &change);
		assert_int_equal(mrt_enc_end(&enc), 0);
		rec = there_and_back(&enc, buf, &hdr, &exact);
		check_again(&hdr, &rec, buf, enc.len);
		assert_memory_equal(&rec.state.session, &change.session, sizeof(change.session));
		assert_int_equal(rec.state.old_state, change.old_state);
		assert_int_equal(rec.state.new_state, change.new_state);
		free(exact);
	}
}

// What OpenBGPD's table-mp holds: the peer's family need not be the route's.
static void entries_of_bgp4mp_come_back(void **state)
{
	uint8_t buf[BUF_LEN], *exact;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct mrt_hdr hdr = {any(), round & 1 ? MRT_BGP4MP : MRT_BGP4MP_ET, 2, 0};
		uint8_t family = round & 2 ? 4 : 6;
		struct mrt_mp_entry entry = {.session = any_session(2), .status = 1, .safi = 1};
		struct mrt_record rec;
		struct mrt_route route;
		struct mrt_enc enc;

		entry.prefix = any_prefix(family);
		entry.nexthop = any_addr(family);
		entry.nexthop_len = family == 4 ? 4 : 16;
		entry.afi = family == 4 ? 1 : 2;
		entry.time_s = any();
		entry.attrs_len = any_attrs(0, &entry.attrs);
		mrt_enc_start(&enc, buf, sizeof(buf), &hdr, 3);
		mrt_enc_mp_entry(&enc, &entry);
		assert_int_equal(mrt_enc_end(&enc), 0);
		rec = there_and_back(&enc, buf, &hdr, &exact);
		check_again(&hdr, &rec, buf, enc.len);
		assert_int_equal(rec.entry.status, 1);
		assert_true(mrt_route_next(&rec, &route));
		assert_memory_equal(&route.prefix, &entry.prefix, sizeof(route.prefix));
		assert_memory_equal(&route.nexthop, &entry.nexthop, sizeof(route.nexthop));
		assert_memory_equal(&route.peer, &entry.session.peer, sizeof(route.peer));
		assert_int_equal(route.peer_as, entry.session.peer_as);
		assert_int_equal(route.time_s, entry.time_s);
		assert_memory_equal(route.attrs, entry.attrs, entry.attrs_len);
		assert_false(mrt_route_next(&rec, &route));
		free(exact);
	}
}

static void names_of_files_come_back(void **state)
{
	static const uint16_t cases[][2] = {{16, 3}, {17, 3}, {5, 4}};
	uint8_t buf[BUF_LEN], *exact;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mrt_hdr hdr = {any(), cases[i][0], cases[i][1], 0};
		struct mrt_file_name file = {.view = 3, .len = 4 * i, .name = "rib.2000"};
		struct mrt_record rec;
		struct mrt_enc enc;

		mrt_enc_start(&enc, buf, sizeof(buf), &hdr, 0);
		mrt_enc_file_name(&enc, &file);
		assert_int_equal(mrt_enc_end(&enc), 0);
		rec = there_and_back(&enc, buf, &hdr, &exact);
		check_again(&hdr, &rec, buf, enc.len);
		assert_true(rec.file.view == 3 && rec.file.len == file.len);
		assert_memory_equal(rec.file.name, file.name, file.len);
		free(exact);
	}
}

static void what_a_record_cannot_hold_is_refused(void **state)
{
	const struct mrt_hdr rib4 = {.type = 13, .subtype = 2}, dump6 = {.type = 12, .subtype = 2};
	const struct mrt_hdr peers = {.type = 13, .subtype = 1}, old = {.type = 5, .subtype = 3};
	struct mrt_rib rib = {.prefix = {.family = 6}};
	struct mrt_peer peer = {.addr = {.family = 4}, .as_bytes = 2, .asn = 65536};
	struct mrt_dump_entry entry = {.prefix = {.family = 4}, .peer = {.family = 4}};
	struct mrt_state change = {.session = {.peer = {.family = 6}}};
	struct mrt_entry bare = {.peer_index = 0};
	static uint8_t buf[65536 * 8 + 64];
	struct mrt_enc enc;

	(void)state;
	mrt_enc_start(&enc, buf, sizeof(buf), &rib4, 0);
	mrt_enc_rib(&enc, &rib);
	assert_int_equal(mrt_enc_end(&enc), -ERANGE);
	rib.prefix = (struct bgp_prefix){.family = 4, .len = 33};
	mrt_enc_start(&enc, buf, sizeof(buf), &rib4, 0);
	mrt_enc_rib(&enc, &rib);
	assert_int_equal(mrt_enc_end(&enc), -ERANGE);
	mrt_enc_start(&enc, buf, sizeof(buf), &peers, 0);
	mrt_enc_peer(&enc, &peer);
	assert_int_equal(mrt_enc_end(&enc), -ERANGE);
	mrt_enc_start(&enc, buf, sizeof(buf), &dump6, 0);
	mrt_enc_dump_entry(&enc, &entry);
	assert_int_equal(mrt_enc_end(&enc), -ERANGE);
	mrt_enc_start(&enc, buf, sizeof(buf), &old, 0);
	mrt_enc_state(&enc, &change);
	assert_int_equal(mrt_enc_end(&enc), -ERANGE);
	rib.prefix.len = 0;
	mrt_enc_start(&enc, buf, sizeof(buf), &rib4, 0);
	mrt_enc_rib(&enc, &rib);
	for (unsigned i = 0; i < 65535; i++)
		mrt_enc_entry(&enc, &bare);
	assert_int_equal(mrt_enc_end(&enc), 0);
	mrt_enc_entry(&enc, &bare);
	assert_int_equal(mrt_enc_end(&enc), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peer_tables_come_back),
		cmocka_unit_test(places_of_peers_come_back),
		cmocka_unit_test(ribs_of_every_subtype_come_back),
		cmocka_unit_test(generic_ribs_with_the_path_id_before_the_nlri_come_back),
		cmocka_unit_test(generic_ribs_of_other_families_come_back),
		cmocka_unit_test(table_dumps_of_both_families_come_back),
		cmocka_unit_test(messages_of_every_subtype_come_back),
		cmocka_unit_test(messages_of_1999_come_back),
		cmocka_unit_test(states_come_back),
		cmocka_unit_test(entries_of_bgp4mp_come_back),
		cmocka_unit_test(names_of_files_come_back),
		cmocka_unit_test(what_a_record_cannot_hold_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
