// SPDX-License-Identifier: BSD-3-Clause
// Wires of the virtual 82599, each with a card at its end.
#include "tests/unit/vnic_rig.h"

#include <stdio.h>
#include <unistd.h>

static struct wire *open_wire(struct rig *rig, const char *spec)
{
	struct err err = {0};
	struct wire *wire = wire_open(spec, &err);

	if (!wire)
		fail_msg("%s", err.text);
	vnic_wire_set(rig->nic, wire);
	rig->out = NULL;
	return wire;
}

static void send_one(struct rig *rig, unsigned payload)
{
	static const uint8_t addrs[8] = {10, 0, 0, 1, 10, 0, 0, 2};
	static const uint16_t ports[2] = {1, 2};
	uint8_t frame[2048];

	rig_tx(rig, frame, rig_frame(frame, 17, addrs, ports, payload), 1, 0);
}

static bool is_received(struct rig *rig, unsigned i)
{
	return rig_desc(rig, RIG_RX_RINGS, 0, i)->hi & NIC_RXD_DD;
}

static void a_cable_carries_frames_and_light(void **state)
{
	struct rig *a = rig_new(false), *b = rig_new(false);
	char out[64];

	open_wire(a, "cable:x");
	rig_step(a);
	assert_false(vnic_link_is_up(a->nic)); // nobody there yet
	open_wire(b, "cable:x");
	assert_true(vnic_link_is_up(a->nic));
	rig_start(a, 1);
	rig_start(b, 1);
	send_one(a, 40);
	rig_step(b);
	assert_true(is_received(b, 0));
	assert_false(is_received(a, 0));
	vnic_write(b->nic, NIC_ESDP, NIC_ESDP_SDP3_DATA); // laser off
	assert_false(vnic_link_is_up(a->nic));
	vnic_write(b->nic, NIC_ESDP, 0);
	assert_true(vnic_link_is_up(a->nic));
	assert_int_equal(vnic_command(b->nic, "link down", out, sizeof(out)), 0);
	assert_false(vnic_link_is_up(a->nic));
	assert_int_equal(vnic_command(b->nic, "link up", out, sizeof(out)), 0);
	rig_free(b);
	assert_false(vnic_link_is_up(a->nic));
	send_one(a, 40); // into the dark
	rig_free(a);
}

static void a_mirror_gives_back(void **state)
{
	struct rig *rig = *state;

	open_wire(rig, "reflect");
	rig_start(rig, 1);
	send_one(rig, 40);
	assert_true(is_received(rig, 0));
}

// D9: magic, version, snap length and link type; n frames make n records.
static void a_capture_file_is_written_and_read_back(void **state)
{
	struct rig *rig = *state;
	char path[] = "/tmp/vnic-wire-XXXXXX", spec[64];
	uint8_t head[24];
	FILE *file;

	close(mkstemp(path));
	snprintf(spec, sizeof(spec), "pcap:out=%s", path);
	open_wire(rig, spec);
	rig_start(rig, 1);
	for (unsigned i = 0; i < 3; i++)
		send_one(rig, 100);
	snprintf(spec, sizeof(spec), "pcap:in=%s", path);
	vnic_wire_set(rig->nic, NULL);
	file = fopen(path, "r");
	assert_int_equal(fread(head, sizeof(head), 1, file), 1);
	fseek(file, 0, SEEK_END);
	assert_int_equal(ftell(file), 24 + 3 * (16 + 142));
	fclose(file);
	assert_memory_equal(head, "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", 8);
	assert_memory_equal(head + 16, "\xff\xff\x00\x00\x01\x00\x00\x00", 8);
	open_wire(rig, spec);
	rig_step(rig);
	rig_step(rig);
	assert_true(is_received(rig, 2));
	assert_false(is_received(rig, 3));
	unlink(path);
}

static void the_generator_keeps_rate_and_count(void **state)
{
	struct rig *rig = *state;

	open_wire(rig, "gen:rate=100000,count=30,flows=3,size=80");
	for (unsigned i = 0; i < 100; i++)
		rig_step(rig);
	assert_int_equal(rig->out ? 1 : 0, 0);
	assert_int_equal(vnic_read(rig->nic, NIC_GPRC), 0); // receiving is off
	rig_start(rig, 1);
	for (unsigned i = 0; i < 80; i++) // 20 + 80 us so far
		rig_step(rig);
	assert_in_range(vnic_read(rig->nic, NIC_GPRC), 10, 12);
	for (unsigned i = 0; i < 1000; i++)
		rig_step(rig);
	assert_true(is_received(rig, 29));
	assert_false(is_received(rig, 30));
	assert_int_equal(rig_desc(rig, RIG_RX_RINGS, 0, 0)->hi >> NIC_RXD_LEN_SHIFT & 0xffff, 80);
	assert_true(rig_desc(rig, RIG_RX_RINGS, 0, 0)->hi & NIC_RXD_IPCS);
	assert_false(rig_desc(rig, RIG_RX_RINGS, 0, 0)->hi & NIC_RXD_IPE);
}

static void two_processes_meet_at_a_socket(void **state)
{
	struct rig *a = rig_new(false), *b = rig_new(false);
	char spec[64];

	snprintf(spec, sizeof(spec), "socket:/tmp/vnic-wire-%d.sock", (int)getpid());
	open_wire(a, spec);
	assert_false(vnic_link_is_up(a->nic));
	open_wire(b, spec);
	rig_start(a, 1);
	rig_start(b, 1);
	assert_true(vnic_link_is_up(a->nic));
	send_one(b, 40);
	rig_step(a);
	assert_true(is_received(a, 0));
	send_one(a, 40);
	rig_step(b);
	assert_true(is_received(b, 0));
	rig_free(b);
	rig_step(a);
	assert_false(vnic_link_is_up(a->nic)); // the other process is gone
	rig_free(a);
}

static void wires_nobody_knows_are_refused_with_a_list(void **state)
{
	static const char *const bad[] = {"",
					  "cable",
					  "cables:x",
					  "tap:",
					  "pcap:",
					  "gen:flows=0",
					  "tap:a-name-that-is-too-long",
					  "gen:size=20",
					  "pcap:in=/nonexistent"};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = {0};

		assert_null(wire_open(bad[i], &err));
		assert_non_null(strstr(err.text, "wire"));
	}
}

static int setup(void **state)
{
	*state = rig_new(false);
	return 0;
}

static int teardown(void **state)
{
	rig_free(*state);
	return 0;
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(a_cable_carries_frames_and_light),
		t(a_mirror_gives_back),
		t(a_capture_file_is_written_and_read_back),
		t(the_generator_keeps_rate_and_count),
		t(two_processes_meet_at_a_socket),
		t(wires_nobody_knows_are_refused_with_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
