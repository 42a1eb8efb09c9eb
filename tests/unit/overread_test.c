// SPDX-License-Identifier: BSD-3-Clause
// Does AddressSanitizer bite inside packets? One byte read behind a frame, planted
// in front of ip4-lookup (the linker puts ours in its place), must end the
// process; without it the same packet passes.
#include "tests/unit/rigged.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

node_fn __real_ip4_lookup_node, __wrap_ip4_lookup_node;
static bool is_planted;

bool __wrap_ip4_lookup_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	if (is_planted)
		(void)*((volatile uint8_t *)b->l3[0] + batch_l3_room(b, 0));
	return __real_ip4_lookup_node(w, b, edge);
}

static void child(bool plant, int to)
{
	struct rigged *r = rigged_new(2, 1);
	uint8_t frame[128];
	unsigned len = rigged_ip4(
		frame, 0, &(struct ip4_spec){.src = "10.0.1.1", .dst = "192.0.2.7", .len = 18});

	rigged_route(r, "192.0.2.0/24", rigged_gateway(r, 2, "10.0.2.1"));
	dup2(to, STDERR_FILENO);
	is_planted = plant;
	rig_put(r->rig, 0, frame, len);
	rig_run(r->rig);
	_exit(rig_n_out(r->rig, 1) == 1 ? 0 : 3);
}

// Runs one packet in a process of its own; returns its status and what it said.
static int run(bool plant, char *said, size_t max)
{
	int fds[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(plant, fds[1]);
	close(fds[1]);
	while (n < max - 1 && (got = read(fds[0], said + n, max - 1 - n)) > 0)
		n += (size_t)got;
	said[n] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void one_byte_behind_a_packet_stops_the_process(void **state)
{
	static char said[65536];

#if !defined(__SANITIZE_ADDRESS__)
	print_message("skipped: only an ASan build sees it\n");
	skip();
#endif
	assert_int_equal(run(false, said, sizeof(said)), 0);
	assert_true(run(true, said, sizeof(said)) != 0);
	assert_non_null(strstr(said, "heap-buffer-overflow"));
	assert_non_null(strstr(said, "READ of size 1"));
	assert_non_null(strstr(said, "ip4_lookup_node"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_byte_behind_a_packet_stops_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
