// SPDX-License-Identifier: BSD-3-Clause
// The loader thread on small dumps written here: which gateway, what is
// withdrawn by the next load, what a broken file does.
#include "dataplane/base/clock.h"
#include "dataplane/bgp/mrt.h"
#include "dataplane/ctl/loader.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct loader *loader;
static char path[] = "/tmp/loader_test.XXXXXX";
static struct conf_mrt conf;

static int setup(void **state)
{
	struct err err = {0};
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	close(fd);
	loader = loader_new(&err);
	memset(&conf, 0, sizeof(conf));
	snprintf(conf.file, sizeof(conf.file), "%s", path);
	conf.default4.addr = (struct addr){.family = 4, .bytes = {10, 0, 0, 1}};
	return loader ? 0 : -1;
}

static int teardown(void **state)
{
	loader_free(loader);
	unlink(path);
	return 0;
}

static void record_write(FILE *file, uint16_t subtype, const uint8_t *body, size_t len)
{
	uint8_t hdr[MRT_HDR_LEN], *p = hdr;

	p = wire_put32(p, 1700000000);
	p = wire_put16(p, MRT_TABLE_DUMP_V2);
	p = wire_put16(p, subtype);
	wire_put32(p, (uint32_t)len);
	fwrite(hdr, 1, sizeof(hdr), file);
	fwrite(body, 1, len, file);
}

// Two peers, AS 65001 and 65002.
static void peers_write(FILE *file)
{
	uint8_t body[64] = {10, 0, 0, 9, 0, 0, 0, 2}, *p = body + 8;

	for (unsigned i = 1; i <= 2; i++) {
		*p++ = 2; // IPv4 address, 4-byte AS
		p = wire_put32(p, 0xc0000200 + i);
		p = wire_put32(p, 0xc0000200 + i);
		p = wire_put32(p, 65000 + i);
	}
	record_write(file, MRT_V2_PEER_INDEX_TABLE, body, (size_t)(p - body));
}

// 20.x.y.0/24 of one peer, with the peer's address as next hop.
static void route_write(FILE *file, unsigned i, unsigned peer)
{
	uint8_t attrs[] = {0x40,
			   1,
			   1,
			   0, // ORIGIN IGP
			   0x40,
			   2,
			   6,
			   2,
			   1,
			   0,
			   0,
			   0xfd,
			   0xe9 + (uint8_t)peer, // AS_PATH
			   0x40,
			   3,
			   4,
			   192,
			   0,
			   2,
			   (uint8_t)(1 + peer)};
	uint8_t body[64], *p = body;

	p = wire_put32(p, i);
	*p++ = 24;
	*p++ = 20;
	p = wire_put16(p, (uint16_t)i);
	p = wire_put16(p, 1);
	p = wire_put16(p, (uint16_t)peer);
	p = wire_put32(p, 1700000000);
	p = wire_put16(p, sizeof(attrs));
	memcpy(p, attrs, sizeof(attrs));
	record_write(file, MRT_V2_IP4_UNICAST, body, (size_t)(p - body) + sizeof(attrs));
}

static void dump_write(unsigned from, unsigned to)
{
	FILE *file = fopen(path, "wb");

	peers_write(file);
	for (unsigned i = from; i < to; i++)
		route_write(file, i, i % 2);
	fclose(file);
}

struct tally {
	unsigned added[4], withdrawn;
	unsigned min_withdrawn, max_withdrawn;
	struct loader_result result;
};

static void tally_batch(struct tally *t, const struct loader_batch *batch)
{
	for (unsigned i = 0; i < batch->n; i++) {
		const struct loader_item *item = &batch->item[i];
		unsigned id = item->prefix.bytes[1] * 256u + item->prefix.bytes[2];

		assert_int_equal(item->prefix.family, 4);
		assert_int_equal(item->prefix.len, 24);
		if (!item->is_withdrawn) {
			t->added[item->gateway]++;
			continue;
		}
		if (!t->withdrawn++ || id < t->min_withdrawn)
			t->min_withdrawn = id;
		if (id > t->max_withdrawn)
			t->max_withdrawn = id;
	}
}

static struct tally load(void)
{
	struct tally t = {.withdrawn = 0};
	struct timespec nap = {.tv_nsec = 100000};
	uint64_t limit = clock_ns() + 20 * CLOCK_NS_PER_S;

	assert_int_equal(loader_load(loader, &conf), 0);
	while (!t.result.is_done) {
		struct loader_batch *batch = loader_take(loader);

		assert_true(clock_ns() < limit);
		if (!batch) {
			nanosleep(&nap, NULL);
			continue;
		}
		tally_batch(&t, batch);
		t.result = batch->result;
		loader_put(loader, batch);
	}
	return t;
}

static void loader_gives_every_route_once(void **state)
{
	struct tally t;

	dump_write(0, 40000);
	t = load();
	assert_int_equal(t.result.code, 0);
	assert_int_equal(t.added[0], 40000);
	assert_int_equal(t.result.n_routes4, 40000);
	assert_int_equal(t.result.n_records, 40001);
	assert_int_equal(t.withdrawn, 0);
}

static void loader_maps_next_hops_and_peers_to_gateways(void **state)
{
	struct conf_mrt_map map[] = {
		{.nexthop = {.family = 4, .len = 32, .bytes = {192, 0, 2, 1}},
		 .via.addr = {.family = 4, .bytes = {10, 0, 0, 2}}},
		{.peer_asn = 65002, .via.addr = {.family = 4, .bytes = {10, 0, 0, 3}}},
	};
	struct tally t;

	conf.map = map;
	conf.n_map = 2;
	dump_write(0, 1001);
	t = load();
	assert_int_equal(t.added[0], 501);
	assert_int_equal(t.added[1], 500);
	map[1].via.addr.family = 6; // of the other family: the default stands in
	t = load();
	assert_int_equal(t.added[0], 501);
	assert_int_equal(t.added[1], 0);
	assert_int_equal(t.added[2], 500);
	conf.default4.addr.family = 0; // no default: counted and left out
	t = load();
	assert_int_equal(t.added[0], 501);
	assert_int_equal(t.result.n_no_gateway, 500);
	assert_int_equal(t.withdrawn, 500);
}

static void loader_withdraws_what_the_next_file_does_not_have(void **state)
{
	struct tally t;

	dump_write(0, 5000);
	load();
	dump_write(1000, 6000);
	t = load();
	assert_int_equal(t.added[0], 5000);
	assert_int_equal(t.withdrawn, 1000);
	assert_int_equal(t.min_withdrawn, 0);
	assert_int_equal(t.max_withdrawn, 999);
	conf.file[0] = 0; // and nothing withdraws all
	t = load();
	assert_int_equal(t.withdrawn, 5000);
}

static void loader_withdraws_nothing_for_a_file_it_cannot_read(void **state)
{
	struct tally t;

	dump_write(0, 5000);
	load();
	unlink(path);
	t = load();
	assert_int_equal(t.result.code, ENOENT);
	assert_non_null(strstr(t.result.error, path));
	assert_int_equal(t.withdrawn, 0);
	dump_write(0, 100);
	assert_int_equal(truncate(path, 3000), 0); // cut inside a record
	t = load();
	assert_int_equal(t.result.code, 0);
	assert_in_range(t.added[0], 40, 99);
	assert_int_equal(t.withdrawn, 0);
	assert_int_equal(t.result.n_damages, 1);
	dump_write(0, 100); // whole again: now all others go
	t = load();
	assert_int_equal(t.withdrawn, 4900);
}

// A file of nothing, of garbage, or without the peer that is asked for: each is
// an error in words, and nothing goes.
static void loader_withdraws_nothing_for_a_file_without_a_route(void **state)
{
	struct tally t;

	dump_write(0, 500);
	load();
	assert_int_equal(truncate(path, 0), 0);
	t = load();
	assert_int_equal(t.result.code, ENODATA);
	assert_non_null(strstr(t.result.error, "no MRT record"));
	assert_int_equal(t.withdrawn, 0);
	dump_write(0, 500);
	conf.view = CONF_MRT_PEER_ASN;
	conf.peer_asn = 4242;
	t = load();
	assert_int_equal(t.result.code, ENODATA);
	assert_non_null(strstr(t.result.error, "peer"));
	assert_int_equal(t.withdrawn, 0);
}

// Opening a pipe nobody writes to would take for ever, and so would the stop.
static void loader_reads_no_pipe(void **state)
{
	struct tally t;

	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	t = load();
	assert_int_equal(t.result.code, EINVAL);
	assert_non_null(strstr(t.result.error, "pipe"));
}

static void loader_ends_in_the_middle_of_a_job(void **state)
{
	struct err err = {0};

	dump_write(0, 60000);
	assert_int_equal(loader_load(loader, &conf), 0);
	assert_int_equal(loader_load(loader, &conf), 0);
	loader_free(loader); // batches untaken, a job waiting: ASan sees leaks
	loader = loader_new(&err);
	assert_non_null(loader);
}

static void loader_refuses_more_jobs_than_it_can_queue(void **state)
{
	int rc = 0;

	dump_write(0, 60000);
	for (unsigned i = 0; i < 100 && rc == 0; i++)
		rc = loader_load(loader, &conf);
	assert_int_equal(rc, -EBUSY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(loader_gives_every_route_once),
		CASE(loader_maps_next_hops_and_peers_to_gateways),
		CASE(loader_withdraws_what_the_next_file_does_not_have),
		CASE(loader_withdraws_nothing_for_a_file_it_cannot_read),
		CASE(loader_withdraws_nothing_for_a_file_without_a_route),
		CASE(loader_reads_no_pipe),
		CASE(loader_ends_in_the_middle_of_a_job),
		CASE(loader_refuses_more_jobs_than_it_can_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
