// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/mrt_view.h"
#include "tests/unit/mrt_make.h"

struct fixture {
	struct mrt_view *view;
	struct mrt_view_route route;
	struct fault fault;
	int code; // of the last record
	unsigned n_updates;
};

// Feeds all records; returns how many routes came out.
static unsigned feed(struct fixture *f, const struct bytes *b)
{
	unsigned n = 0;

	for (size_t at = 0; at < b->len;) {
		struct mrt_hdr hdr;
		uint8_t *exact;

		mrt_hdr_decode(b->data + at, &hdr);
		exact = malloc(hdr.len ? hdr.len : 1);
		memcpy(exact, b->data + at + MRT_HDR_LEN, hdr.len);
		f->fault.code = FAULT_NONE;
		f->code = mrt_view_record(f->view, &hdr, exact, &f->route, &f->fault);
		for (int more = f->code; more > 0; n++) {
			f->n_updates += f->route.is_update;
			more = mrt_view_more(f->view, &f->route, &f->fault);
		}
		free(exact);
		at += MRT_HDR_LEN + hdr.len;
	}
	return n;
}

static struct fixture view_of(struct mrt_view_spec spec)
{
	struct fixture f = {.view = mrt_view_new(&spec)};

	assert_non_null(f.view);
	return f;
}

static void best_path_over_all_peers(void **state)
{
	struct fixture f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_BEST});
	struct bytes b = {.len = 0};

	(void)state;
	put_peers(&b, 3);
	put_rib(&b, 7, 3); // peer i offers 2+i hops
	assert_int_equal(feed(&f, &b), 1);
	assert_int_equal(f.fault.code, FAULT_NONE);
	assert_int_equal(f.route.best.peer_as, 65001);
	assert_int_equal(f.route.best.peer_id, 0x0a000001);
	assert_memory_equal(f.route.best.peer.bytes, "\xc0\x00\x02\x01", 4);
	assert_memory_equal(f.route.best.path.nexthop.bytes, "\xc0\x00\x02\x01", 4);
	assert_memory_equal(f.route.prefix.bytes, "\x0a\x00\x07\x00", 4);
	assert_int_equal(f.route.prefix.len, 24);
	assert_int_equal(mrt_view_stats(f.view)->n_entries, 3);
	assert_int_equal(mrt_view_stats(f.view)->n_peers, 3);
	mrt_view_free(f.view);
}

static void one_peer_by_asn_address_or_index(void **state)
{
	const struct mrt_view_spec specs[] = {
		{.kind = MRT_VIEW_PEER_ASN, .asn = 65002},
		{.kind = MRT_VIEW_PEER_ADDR, .addr = {.family = 4, .bytes = {192, 0, 2, 2}}},
		{.kind = MRT_VIEW_PEER_INDEX, .index = 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
		struct fixture f = view_of(specs[i]);
		struct bytes b = {.len = 0};

		put_peers(&b, 3);
		put_rib(&b, 1, 3);
		put_rib(&b, 2, 1); // without the second peer
		assert_int_equal(feed(&f, &b), 1);
		assert_int_equal(f.route.best.peer_as, 65002);
		assert_int_equal(f.route.best.path.n_hops, 3);
		assert_int_equal(mrt_view_stats(f.view)->n_peers_chosen, 1);
		assert_int_equal(mrt_view_stats(f.view)->n_prefixes4, 2);
		assert_int_equal(mrt_view_stats(f.view)->n_routes, 1);
		mrt_view_free(f.view);
	}
}

static void unknown_peer_gives_nothing(void **state)
{
	struct fixture f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_PEER_ASN, .asn = 1});
	struct bytes b = {.len = 0};

	(void)state;
	put_peers(&b, 3);
	put_rib(&b, 1, 3);
	assert_int_equal(feed(&f, &b), 0);
	assert_int_equal(mrt_view_stats(f.view)->n_peers_chosen, 0);
	assert_int_equal(f.code, 0);
	mrt_view_free(f.view);
}

// Real files lack the table: the best path needs none, a peer by index neither.
static void routes_without_a_peer_table(void **state)
{
	const struct {
		struct mrt_view_spec spec;
		unsigned n;
	} cases[] = {
		{{.kind = MRT_VIEW_BEST}, 1},
		{{.kind = MRT_VIEW_PEER_INDEX, .index = 1}, 1},
		{{.kind = MRT_VIEW_PEER_ASN, .asn = 65001}, 0},
		{{.kind = MRT_VIEW_PEER_ADDR, .addr = {.family = 4, .bytes = {192, 0, 2, 1}}}, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture f = view_of(cases[i].spec);
		struct bytes b = {.len = 0};

		put_rib(&b, 1, 2);
		assert_int_equal(feed(&f, &b), cases[i].n);
		assert_int_equal(mrt_view_stats(f.view)->n_without_peers, 2);
		mrt_view_free(f.view);
	}
}

static void broken_entry_is_left_out_and_located(void **state)
{
	struct fixture f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_BEST});
	struct bytes b = {.len = 0};
	size_t rib, first;

	(void)state;
	put_peers(&b, 3);
	rib = b.len + MRT_HDR_LEN;
	put_rib(&b, 1, 3);
	first = rib + 4 + 1 + 3 + 2 + 8; // attributes of the first entry
	b.data[first + 3] = 9;		 // ORIGIN
	assert_int_equal(feed(&f, &b), 1);
	assert_int_equal(f.route.best.peer_as, 65002);
	assert_int_equal(f.fault.code, FAULT_ORIGIN);
	assert_int_equal(f.fault.at, first + 3 - rib);
	assert_int_equal(mrt_view_stats(f.view)->n_bad_entries, 1);
	assert_int_equal(mrt_view_stats(f.view)->n_faults[FAULT_ORIGIN], 1);
	mrt_view_free(f.view);
}

static void entry_of_no_peer_is_left_out(void **state)
{
	struct fixture f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_BEST});
	struct bytes b = {.len = 0};

	(void)state;
	put_peers(&b, 1);
	put_rib(&b, 1, 3);
	assert_int_equal(feed(&f, &b), 1);
	assert_int_equal(f.fault.code, FAULT_PEER_INDEX);
	assert_int_equal(mrt_view_stats(f.view)->n_bad_entries, 2);
	mrt_view_free(f.view);
}

static void broken_record_is_counted_and_the_next_one_read(void **state)
{
	struct fixture f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_BEST});
	struct bytes b = {.len = 0};
	size_t second;

	(void)state;
	put_peers(&b, 1);
	second = b.len;
	put_rib(&b, 1, 1);
	b.data[second + MRT_HDR_LEN + 4] = 33; // a /33
	put_rib(&b, 2, 1);
	assert_int_equal(feed(&f, &b), 1);
	assert_int_equal(mrt_view_stats(f.view)->n_bad_records, 1);
	assert_int_equal(mrt_view_stats(f.view)->n_faults[FAULT_PREFIX_LEN], 1);
	mrt_view_free(f.view);
}

// Dumps may follow each other: the peers are those of the latest table.
static void second_peer_table_replaces_the_first(void **state)
{
	struct fixture f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_BEST});
	struct bytes b = {.len = 0};
	size_t second;

	(void)state;
	put_peers(&b, 1);
	put_rib(&b, 1, 1);
	put_peers(&b, 4);
	put_rib(&b, 1, 4);
	assert_int_equal(feed(&f, &b), 2);
	assert_int_equal(mrt_view_stats(f.view)->n_peers, 4);
	// A broken table: rather unknown peers than those of another dump.
	second = b.len;
	put_peers(&b, 2);
	b.data[second + MRT_HDR_LEN + 7] = 9;
	put_rib(&b, 1, 1);
	assert_int_equal(feed(&f, &b), 3);
	assert_int_equal(f.route.best.peer_as, 0);
	assert_int_equal(mrt_view_stats(f.view)->n_without_peers, 1);
	mrt_view_free(f.view);
}

// 10.<i>.0.0/16 from AS 65001, then from AS 65002 by a longer or shorter path, as
// TABLE_DUMP writes it.
static void put_dump(struct bytes *b, unsigned i, unsigned peer, unsigned n_hops)
{
	size_t body = record_start(b, MRT_TABLE_DUMP, MRT_DUMP_IP4), attrs;

	put_hex(b, "0000 0000 0a");
	put8(b, i);
	put_hex(b, "0000 10 01 3a000000 c00002");
	put8(b, peer);
	put16(b, 65000 + peer);
	put16(b, 0);
	attrs = b->len;
	put_hex(b, "40 01 01 00  40 02");
	put8(b, 2 + 2 * n_hops);
	put8(b, 2);
	put8(b, n_hops);
	for (unsigned k = 0; k < n_hops; k++)
		put16(b, 65000 + peer + k);
	put_hex(b, "40 03 04 c0 00 02");
	put8(b, peer);
	wire_put16(b->data + attrs - 2, (uint16_t)(b->len - attrs));
	record_end(b, body);
}

static void best_path_of_table_dump_comes_as_it_is_found(void **state)
{
	struct fixture f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_BEST});
	struct bytes b = {.len = 0};

	(void)state;
	put_dump(&b, 1, 1, 3); // first of its prefix
	put_dump(&b, 1, 2, 4); // worse
	put_dump(&b, 1, 3, 2); // better
	put_dump(&b, 2, 2, 5); // first
	assert_int_equal(feed(&f, &b), 3);
	assert_int_equal(f.n_updates, 1);
	assert_int_equal(f.route.prefix.bytes[1], 2);
	assert_int_equal(f.route.best.peer_as, 65002);
	assert_memory_equal(f.route.best.path.nexthop.bytes, "\xc0\0\2\2", 4);
	assert_int_equal(mrt_view_stats(f.view)->n_prefixes4, 2);
	assert_int_equal(mrt_view_stats(f.view)->n_routes, 2);
	assert_int_equal(mrt_view_stats(f.view)->n_entries, 4);
	mrt_view_free(f.view);
	f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_PEER_ASN, .asn = 65003});
	assert_int_equal(feed(&f, &b), 1);
	assert_int_equal(f.route.best.path.n_hops, 2);
	mrt_view_free(f.view);
	f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_PEER_INDEX});
	assert_int_equal(feed(&f, &b), 0);
	mrt_view_free(f.view);
}

// 1999-2000: one view and sequence number, then route behind route.
static void every_route_of_a_table_dump_of_2000_comes_out(void **state)
{
	struct fixture f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_BEST});
	struct bytes b = {.len = 0};
	size_t body = record_start(&b, MRT_TABLE_DUMP, MRT_DUMP_IP4);

	(void)state;
	put_hex(&b, "0000 0000");
	for (unsigned i = 0; i < 5; i++) {
		put_hex(&b, "03");
		put8(&b, i / 2);
		put_hex(&b, "0000 10 01 3879c8b4 cc98a61d 0ddd 0004 40010100");
	}
	record_end(&b, body);
	assert_int_equal(feed(&f, &b), 3);
	assert_int_equal(mrt_view_stats(f.view)->n_entries, 5);
	assert_int_equal(mrt_view_stats(f.view)->n_routes, 3);
	mrt_view_free(f.view);
}

// BGP4MP_ENTRY: the next hop stands beside the attributes.
static void next_hop_of_a_bgp4mp_entry_is_taken(void **state)
{
	struct fixture f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_BEST});
	struct bytes b = {.len = 0};
	size_t body = record_start(&b, MRT_BGP4MP, MRT_MP_ENTRY);

	(void)state;
	put_hex(&b, "fde8 fde9 0000 0001 c0a80166 c0a8010a 0000 0001 561e8d53 0001 01"
		    "04 c0a8000f 10 c0a8 0004 40010100");
	record_end(&b, body);
	assert_int_equal(feed(&f, &b), 1);
	assert_memory_equal(f.route.best.path.nexthop.bytes, "\xc0\xa8\x00\x0f", 4);
	assert_int_equal(f.route.prefix.len, 16);
	assert_int_equal(f.route.best.peer_as, 65000);
	mrt_view_free(f.view);
}

static void other_records_are_passed_over(void **state)
{
	struct fixture f = view_of((struct mrt_view_spec){.kind = MRT_VIEW_BEST});
	struct bytes b = {.len = 0};

	(void)state;
	put_rib(&b, 1, 1);
	wire_put16(b.data + 6, MRT_V2_IP4_MULTICAST);
	record_end(&b, record_start(&b, MRT_BGP4MP, 4));
	record_end(&b, record_start(&b, 99, 4));
	assert_int_equal(feed(&f, &b), 0);
	assert_int_equal(f.code, 0);
	assert_int_equal(mrt_view_stats(f.view)->n_other, 3);
	mrt_view_free(f.view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(best_path_over_all_peers),
		cmocka_unit_test(one_peer_by_asn_address_or_index),
		cmocka_unit_test(unknown_peer_gives_nothing),
		cmocka_unit_test(routes_without_a_peer_table),
		cmocka_unit_test(broken_entry_is_left_out_and_located),
		cmocka_unit_test(entry_of_no_peer_is_left_out),
		cmocka_unit_test(broken_record_is_counted_and_the_next_one_read),
		cmocka_unit_test(second_peer_table_replaces_the_first),
		cmocka_unit_test(best_path_of_table_dump_comes_as_it_is_found),
		cmocka_unit_test(every_route_of_a_table_dump_of_2000_comes_out),
		cmocka_unit_test(next_hop_of_a_bgp4mp_entry_is_taken),
		cmocka_unit_test(other_records_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
