// SPDX-License-Identifier: BSD-3-Clause
// jerboactl as its user sees it: a child process serves a few commands, the
// client (JERBOACTL in the environment) is run and its output compared.
#include "dataplane/ctl/cmd.h"
#include "dataplane/ctl/server.h"
#include "tests/unit/test.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/jerboactl_test.XXXXXX";
static char sock[64];
static pid_t child;

static int show_ports(struct cmd_call *call)
{
	static int64_t n = 1000;

	n += 500;
	if (cmd_row(call, "{s:s, s:I, s:b, s:[s,s], s:I, s:I}", "name", "p0", "rx", (json_int_t)n,
		    "up", 1, "list", "a", "b", "bytes", (json_int_t)1234567, "age",
		    (json_int_t)93784) < 0)
		return -ENOMEM;
	return cmd_row(call, "{s:s, s:I, s:b, s:[], s:I, s:I}", "name", "port-with-name", "rx",
		       (json_int_t)7, "up", 0, "list", "bytes", (json_int_t)12, "age",
		       (json_int_t)59);
}

static int show_pages(struct cmd_call *call)
{
	int *page = call->state;

	if (!page) {
		page = call->state = calloc(1, sizeof(*page));
		call->state_free = free;
	}
	if (!page || cmd_row(call, "{s:i}", "n", *page) < 0)
		return -ENOMEM;
	return ++*page < 3 ? CMD_MORE : 0;
}

static int show_none(struct cmd_call *call)
{
	call->data = json_array();
	return 0;
}

static int refuse(struct cmd_call *call)
{
	return cmd_fail(call, EINVAL, "no, because of %s", cmd_text(call, "why"));
}

static const struct cmd_arg why_args[] = {
	{.name = "why", .help = "the reason", .type = CMD_TEXT, .required = true},
};
static const struct cmd_column port_columns[] = {
	{"name", "port", CMD_PLAIN}, {"rx", "received", CMD_COUNTER}, {"up", NULL, CMD_PLAIN},
	{"list", NULL, CMD_LIST},    {"bytes", NULL, CMD_BYTES},      {"age", NULL, CMD_AGE},
};
static const struct cmd table[] = {
	{"show ports", "ports", show_ports, NULL, 0, port_columns, ARRAY_LEN(port_columns)},
	{"show pages", "pages", show_pages, NULL, 0, NULL, 0},
	{"show none", "nothing", show_none, NULL, 0, NULL, 0},
	{"fail", "fails", refuse, why_args, 1, NULL, 0},
};

static void serve(int ready)
{
	struct event_base *base = event_base_new();
	struct cmds *cmds = cmds_new();
	struct server *server = server_new(base, cmds);
	struct err err = {0};

	if (cmds_add(cmds, table, ARRAY_LEN(table), NULL) < 0 ||
	    server_open(server, sock, "", &err) < 0 || write(ready, "x", 1) != 1)
		_exit(1);
	event_base_dispatch(base);
	_exit(0);
}

static int start_server(void **state)
{
	int ready[2];
	char byte;

	(void)state;
	if (!getenv("JERBOACTL"))
		return 0;
	assert_non_null(mkdtemp(folder));
	snprintf(sock, sizeof(sock), "%s/sock", folder);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		serve(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		unlink(sock);
		rmdir(folder);
	}
	return 0;
}

// What jerboactl says, both streams, and its exit code.
static int say(const char *args, char *text, size_t len)
{
	const char *client = getenv("JERBOACTL");
	char line[512];
	size_t got;
	FILE *out;
	int rc;

	if (!client)
		skip(); // run by meson, which knows
	snprintf(line, sizeof(line), "JERBOA_SOCKET=%s '%s' %s 2>&1", sock, client, args);
	out = popen(line, "r");
	assert_non_null(out);
	got = fread(text, 1, len - 1, out);
	text[got] = '\0';
	rc = pclose(out);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

static void expect(const char *args, int code, const char *want)
{
	char text[8192];
	int rc = say(args, text, sizeof(text));

	assert_string_equal(text, want);
	assert_int_equal(rc, code);
}

static void jerboactl_shows_rows_as_an_aligned_table(void **state)
{
	(void)state;
	expect("show ports", 0,
	       "port            received  up   list   bytes    age\n"
	       "p0                  1500  yes  a, b  1.2 MB  1d 2h\n"
	       "port-with-name         7  no   -       12 B    59s\n");
}

static void jerboactl_joins_pages(void **state)
{
	(void)state;
	expect("show pages", 0, "n\n0\n1\n2\n");
	expect("-j show pages", 0, "[\n{\"n\":0},\n{\"n\":1},\n{\"n\":2}\n]\n");
	expect("show pages --json", 0, "[\n{\"n\":0},\n{\"n\":1},\n{\"n\":2}\n]\n");
}

static void jerboactl_shows_nothing_as_nothing(void **state)
{
	(void)state;
	expect("show none", 0, "");
	expect("-j show none", 0, "[\n]\n");
	expect("log level info", 0, "");
}

static void jerboactl_shows_an_object_line_by_line(void **state)
{
	(void)state;
	expect("show version", 0, "name     jerboa\nversion  " JERBOA_VERSION "\n");
}

static void jerboactl_says_why_and_exits_1_when_refused(void **state)
{
	(void)state;
	expect("fail it", 1, "jerboactl: no, because of it\n");
	expect("-j fail it", 1, "jerboactl: no, because of it\n");
	expect("fail", 1, "jerboactl: why is missing, allowed is: fail WHY\n");
	expect("shout", 1, "jerboactl: unknown word \"shout\", allowed are: fail, log, show\n");
}

static void jerboactl_says_what_to_do_and_exits_2_when_nobody_answers(void **state)
{
	(void)state;
	expect("-s /nowhere/sock show ports", 2,
	       "jerboactl: there is no socket /nowhere/sock: does jerboa run? (systemctl status "
	       "jerboa; another socket: -s PATH)\n");
	expect("-w 0 show ports", 2,
	       "jerboactl: --watch: found \"0\", allowed is a number of seconds from 0.1 to "
	       "3600\n");
}

static void jerboactl_helps_with_a_command(void **state)
{
	(void)state;
	expect("fail --help", 0,
	       "  fail WHY\n      fails\n      why          the reason: a text of 1 "
	       "to 255 characters\n");
	expect("--help sho po", 0, "  show ports\n      ports\n");
	expect("--help nonsense", 1, "jerboactl: no command begins so: see jerboactl --help\n");
}

static void jerboactl_helps_without_a_daemon(void **state)
{
	char text[8192];

	(void)state;
	assert_int_equal(say("-s /nowhere/sock --help", text, sizeof(text)), 0);
	assert_non_null(strstr(text, "Usage: jerboactl"));
	assert_non_null(strstr(text, "does jerboa run?"));
}

static void jerboactl_completes_words(void **state)
{
	(void)state;
	expect("--complete sh", 0, "show\n");
	expect("--complete show p", 0, "pages\nports\n");
	expect("--complete ''", 0, "fail\nlog\nshow\n");
	expect("--complete fail x", 0, "");
}

static void jerboactl_watches_counters_grow(void **state)
{
	char text[8192];

	(void)state;
	assert_true(say("-w 0.2 show ports & sleep 0.7; kill -INT $!; wait", text, sizeof(text)) >=
		    0);
	assert_non_null(strstr(text, "received/s"));
	assert_non_null(strstr(text, " every 0.2s: show ports"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jerboactl_shows_rows_as_an_aligned_table),
		cmocka_unit_test(jerboactl_joins_pages),
		cmocka_unit_test(jerboactl_shows_nothing_as_nothing),
		cmocka_unit_test(jerboactl_shows_an_object_line_by_line),
		cmocka_unit_test(jerboactl_says_why_and_exits_1_when_refused),
		cmocka_unit_test(jerboactl_says_what_to_do_and_exits_2_when_nobody_answers),
		cmocka_unit_test(jerboactl_helps_with_a_command),
		cmocka_unit_test(jerboactl_helps_without_a_daemon),
		cmocka_unit_test(jerboactl_completes_words),
		cmocka_unit_test(jerboactl_watches_counters_grow),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
