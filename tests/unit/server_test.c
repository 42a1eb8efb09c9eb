// SPDX-License-Identifier: BSD-3-Clause
// The server over socket pairs, one event loop, clients played by hand.
#include "dataplane/base/clock.h"
#include "dataplane/ctl/cmd.h"
#include "dataplane/ctl/server.h"
#include "tests/unit/test.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BIG_PAGES = 2000, ANSWER_MAX = 1 << 22 };

static unsigned n_steps, n_states_freed;

static void state_free(void *state)
{
	free(state);
	n_states_freed++;
}

// Pages of about 1 KB, without end for any client that does not read.
static int big(struct cmd_call *call)
{
	unsigned *page = call->state;
	char text[1000];

	if (!page) {
		page = call->state = calloc(1, sizeof(*page));
		call->state_free = state_free;
	}
	assert_non_null(page);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	n_steps++;
	if (cmd_row(call, "{s:s}", "x", text) < 0)
		return -ENOMEM;
	return ++*page < BIG_PAGES ? CMD_MORE : 0;
}

static const struct cmd table[] = {{"big", "many pages", big, NULL, 0, NULL, 0}};

struct lab {
	struct event_base *base;
	struct cmds *cmds;
	struct server *server;
};

static int set_up(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	lab->base = event_base_new();
	lab->cmds = cmds_new();
	assert_int_equal(cmds_add(lab->cmds, table, 1, NULL), 0);
	lab->server = server_new(lab->base, lab->cmds);
	assert_non_null(lab->server);
	n_steps = n_states_freed = 0;
	*state = lab;
	return 0;
}

static int tear_down(void **state)
{
	struct lab *lab = *state;

	server_free(lab->server);
	cmds_free(lab->cmds);
	event_base_free(lab->base);
	free(lab);
	return 0;
}

static int client_new(struct lab *lab)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	assert_int_equal(server_client_add(lab->server, fd[1]), 0);
	return fd[0];
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

// Runs the loop for some rounds; enough for everything that is due.
static void turn(struct lab *lab, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		event_base_loop(lab->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

// Turns the loop and reads until n lines or the end of the connection came.
static char *hear(struct lab *lab, int fd, unsigned n)
{
	char *text = calloc(1, ANSWER_MAX);
	uint64_t end = clock_ns() + 10 * CLOCK_NS_PER_S;
	size_t len = 0;

	assert_non_null(text);
	while (n > 0 && clock_ns() < end) {
		ssize_t got;

		turn(lab, 1);
		got = read(fd, text + len, ANSWER_MAX - 1 - len);
		if (got == 0)
			break;
		for (ssize_t i = 0; i < got && n > 0; i++)
			n -= text[len + (size_t)i] == '\n';
		len += got > 0 ? (size_t)got : 0;
	}
	text[len] = '\0';
	return text;
}

static void expect(struct lab *lab, int fd, const char *want)
{
	unsigned n = 0;
	char *text;

	for (const char *at = want; *at; at++)
		n += *at == '\n';
	text = hear(lab, fd, n);
	assert_string_equal(text, want);
	free(text);
}

#define LEVEL_OK "{\"ok\":true,\"data\":null}\n"

static unsigned n_clients(const struct lab *lab)
{
	struct server_stats stats;

	server_stats_get(lab->server, &stats);
	return stats.n_clients;
}

static void server_answers_a_request_that_comes_byte_by_byte(void **state)
{
	struct lab *lab = *state;
	int fd = client_new(lab);

	for (const char *at = "{\"cmd\":\"log level info\"}\n"; *at; at++) {
		assert_int_equal(write(fd, at, 1), 1);
		turn(lab, 2);
	}
	expect(lab, fd, LEVEL_OK);
	close(fd);
	turn(lab, 5);
	assert_int_equal(n_clients(lab), 0);
}

static void server_answers_requests_sent_ahead_in_order(void **state)
{
	struct lab *lab = *state;
	int fd = client_new(lab);

	say(fd, "{\"cmd\":\"log level info\"}\n{\"cmd\":\"x\"}\n{\"cmd\":\"log level info\"}\n");
	expect(lab, fd,
	       LEVEL_OK "{\"ok\":false,\"error\":\"unknown word \\\"x\\\", allowed are: big, log, "
			"show\"}\n" LEVEL_OK);
	close(fd);
}

static void server_answers_after_the_client_stopped_sending(void **state)
{
	struct lab *lab = *state;
	int fd = client_new(lab);
	char *text;

	say(fd, "{\"cmd\":\"big\"}\n{\"cmd\":\"log level info\"}\n");
	shutdown(fd, SHUT_WR);
	text = hear(lab, fd, BIG_PAGES + 2);
	assert_non_null(strstr(text, LEVEL_OK));
	assert_int_equal(n_clients(lab), 0);
	free(text);
	close(fd);
}

static void server_names_what_is_wrong_with_garbage(void **state)
{
	struct lab *lab = *state;
	int fd = client_new(lab);

	say(fd, "\n{\n\x01\xff\n[]\n{\"cmd\":[],\"cmd\":[]}\n");
	expect(lab, fd,
	       "{\"ok\":false,\"error\":\"not JSON: '[' or '{' expected near end of file at byte "
	       "0\"}\n"
	       "{\"ok\":false,\"error\":\"not JSON: string or '}' expected near end of file at "
	       "byte "
	       "1\"}\n"
	       "{\"ok\":false,\"error\":\"not JSON: '[' or '{' expected near '\\u0001' at byte "
	       "1\"}\n"
	       "{\"ok\":false,\"error\":\"allowed is {\\\"cmd\\\": [WORD, ...], \\\"args\\\": "
	       "{...}}\"}\n"
	       "{\"ok\":false,\"error\":\"not JSON: duplicate object key near '\\\"cmd\\\"' at "
	       "byte "
	       "15\"}\n");
	say(fd, "{\"cmd\":\"log level info\"}\n");
	expect(lab, fd, LEVEL_OK);
	close(fd);
}

static void server_survives_random_bytes(void **state)
{
	struct lab *lab = *state;
	uint64_t seed = 1;

	for (unsigned round = 0; round < 300; round++) {
		int fd = client_new(lab);
		char bytes[512];

		for (unsigned i = 0; i < sizeof(bytes); i++)
			bytes[i] = test_rand(&seed) % 20 ? (char)test_rand(&seed) : '\n';
		assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
		turn(lab, 5);
		close(fd);
		turn(lab, 5);
	}
	turn(lab, 100);
	assert_int_equal(n_clients(lab), 0);
}

static void server_closes_on_a_line_that_is_too_long(void **state)
{
	struct lab *lab = *state;
	int fd = client_new(lab);
	char chunk[4096];
	char *text;

	memset(chunk, 'a', sizeof(chunk));
	for (unsigned i = 0; i < 20; i++) {
		if (write(fd, chunk, sizeof(chunk)) < 0)
			break;
		turn(lab, 2);
	}
	text = hear(lab, fd, 2);
	assert_string_equal(
		text, "{\"ok\":false,\"error\":\"allowed are lines of up to 65536 bytes\"}\n");
	assert_int_equal(n_clients(lab), 0);
	free(text);
	close(fd);
}

static void server_takes_the_longest_line(void **state)
{
	struct lab *lab = *state;
	int fd = client_new(lab);
	char *line = malloc(SERVER_LINE_MAX + 1);

	assert_non_null(line);
	memset(line, ' ', SERVER_LINE_MAX);
	memcpy(line, "{\"cmd\":\"log level info\"}", 24);
	line[SERVER_LINE_MAX] = '\n';
	for (size_t at = 0; at <= SERVER_LINE_MAX; at += 4096) {
		size_t len = at + 4096 <= SERVER_LINE_MAX + 1 ? 4096 : SERVER_LINE_MAX + 1 - at;

		assert_int_equal(write(fd, line + at, len), len);
		turn(lab, 2);
	}
	expect(lab, fd, LEVEL_OK);
	free(line);
	close(fd);
}

// A client that does not read holds its own pages back, and nobody else.
static void server_waits_for_a_slow_reader_and_serves_the_others(void **state)
{
	struct lab *lab = *state;
	int slow = client_new(lab), other = client_new(lab);
	unsigned paused;
	char *text;

	say(slow, "{\"cmd\":\"big\"}\n");
	turn(lab, 3000);
	paused = n_steps;
	assert_in_range(paused, 100, BIG_PAGES - 1);
	turn(lab, 100);
	assert_int_equal(n_steps, paused);
	say(other, "{\"cmd\":\"log level info\"}\n");
	expect(lab, other, LEVEL_OK);
	text = hear(lab, slow, BIG_PAGES);
	assert_int_equal(n_steps, BIG_PAGES);
	assert_null(strstr(text + strlen(text) - 20, "more"));
	assert_int_equal(n_states_freed, 1);
	free(text);
	close(slow);
	close(other);
}

static void server_takes_turns_between_clients(void **state)
{
	struct lab *lab = *state;
	int busy = client_new(lab), other = client_new(lab);

	say(busy, "{\"cmd\":\"big\"}\n");
	turn(lab, 5);
	say(other, "{\"cmd\":\"log level info\"}\n");
	turn(lab, 5);
	assert_in_range(n_steps, 3, 12); // one a round, not all at once
	expect(lab, other, LEVEL_OK);
	close(busy);
	close(other);
}

static void server_forgets_a_client_that_goes_amid_its_answer(void **state)
{
	struct lab *lab = *state;
	int fd = client_new(lab);

	say(fd, "{\"cmd\":\"big\"}\n");
	turn(lab, 10);
	close(fd);
	turn(lab, 3000);
	assert_int_equal(n_clients(lab), 0);
	assert_int_equal(n_states_freed, 1);
	assert_in_range(n_steps, 1, BIG_PAGES - 1);
}

static void server_refuses_one_client_too_many(void **state)
{
	struct lab *lab = *state;
	int fd[SERVER_CLIENTS_MAX], extra[2];

	for (unsigned i = 0; i < SERVER_CLIENTS_MAX; i++)
		fd[i] = client_new(lab);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, extra), 0);
	assert_int_equal(server_client_add(lab->server, extra[1]), -EUSERS);
	for (unsigned i = 0; i < SERVER_CLIENTS_MAX; i++)
		say(fd[i], "{\"cmd\":\"log level info\"}\n");
	for (unsigned i = 0; i < SERVER_CLIENTS_MAX; i++)
		expect(lab, fd[i], LEVEL_OK);
	close(fd[0]);
	turn(lab, 5);
	assert_int_equal(server_client_add(lab->server, extra[1]), 0);
	for (unsigned i = 1; i < SERVER_CLIENTS_MAX; i++)
		close(fd[i]);
	close(extra[0]);
}

static int dial(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0) {
		close(fd);
		return -errno;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void leave_dead_socket(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
}

static void server_listens_where_a_dead_one_did_but_not_beside_a_living(void **state)
{
	struct lab *lab = *state;
	struct server *second = server_new(lab->base, lab->cmds);
	char folder[] = "/tmp/server_test.XXXXXX", path[64], want[160];
	struct err err = {0};
	struct stat st;
	int fd;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/run/jerboa.sock", folder);
	assert_int_equal(server_open(lab->server, path, "", &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(server_open(second, path, "", &err), -EADDRINUSE);
	snprintf(want, sizeof(want),
		 "%s: a jerboa that runs answers here; stop it, or set another control.socket",
		 path);
	assert_string_equal(err.text, want);

	fd = dial(path);
	assert_true(fd >= 0);
	turn(lab, 5);
	say(fd, "{\"cmd\":\"log level info\"}\n");
	expect(lab, fd, LEVEL_OK);
	close(fd);

	server_free(lab->server);
	assert_int_equal(stat(path, &st), -1);
	lab->server = second;
	// What a crash leaves: a socket file that nobody listens to.
	leave_dead_socket(path);
	err = (struct err){0};
	assert_int_equal(server_open(second, path, "", &err), 0);
	fd = dial(path);
	assert_true(fd >= 0);
	close(fd);
	server_free(second);
	lab->server = server_new(lab->base, lab->cmds);
	strrchr(path, '/')[0] = '\0';
	rmdir(path);
	assert_int_equal(rmdir(folder), 0);
}

static void server_says_why_it_cannot_listen(void **state)
{
	struct lab *lab = *state;
	struct err file = {0}, group = {0};
	char path[] = "/tmp/server_test.XXXXXX";
	char want[128];
	int fd = mkstemp(path);

	close(fd);
	assert_int_equal(server_open(lab->server, path, "", &file), -EADDRINUSE);
	snprintf(want, sizeof(want), "%s: cannot listen there: Address already in use", path);
	assert_string_equal(file.text, want);
	unlink(path);
	assert_int_equal(server_open(lab->server, path, "no-such-group", &group), -ENOENT);
	assert_string_equal(group.text,
			    "control.group: found \"no-such-group\", allowed is a group of "
			    "this machine");
	assert_int_equal(access(path, F_OK), -1);
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(server_answers_a_request_that_comes_byte_by_byte),
		LAB_TEST(server_answers_requests_sent_ahead_in_order),
		LAB_TEST(server_answers_after_the_client_stopped_sending),
		LAB_TEST(server_names_what_is_wrong_with_garbage),
		LAB_TEST(server_survives_random_bytes),
		LAB_TEST(server_closes_on_a_line_that_is_too_long),
		LAB_TEST(server_takes_the_longest_line),
		LAB_TEST(server_waits_for_a_slow_reader_and_serves_the_others),
		LAB_TEST(server_takes_turns_between_clients),
		LAB_TEST(server_forgets_a_client_that_goes_amid_its_answer),
		LAB_TEST(server_refuses_one_client_too_many),
		LAB_TEST(server_listens_where_a_dead_one_did_but_not_beside_a_living),
		LAB_TEST(server_says_why_it_cannot_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
