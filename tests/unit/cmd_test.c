// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/log.h"
#include "dataplane/ctl/cmd.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Writes down the values it was given.
static int echo(struct cmd_call *call)
{
	char text[1024] = "";
	size_t at = 0;

	for (unsigned i = 0; i < call->n_values; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s=%s", i ? " " : "",
				       call->value[i].arg->name, call->value[i].text);
	call->data = json_string(text);
	return 0;
}

enum { PAGES = 3 };

// Three pages of two rows.
static int count(struct cmd_call *call)
{
	unsigned *page = call->state;
	int rc = 0;

	if (!page) {
		page = call->state = calloc(1, sizeof(*page));
		call->state_free = free;
	}
	assert_non_null(page);
	for (unsigned i = 0; i < 2 && rc == 0; i++)
		rc = cmd_row(call, "{s:i}", "n", (int)(*page * 2 + i));
	return rc < 0 ? rc : ++*page < PAGES ? CMD_MORE : 0;
}

static int refuse(struct cmd_call *call)
{
	return cmd_fail(call, ENOENT, "nothing called \"%s\" here", cmd_text(call, "name"));
}

static const struct cmd_arg route_args[] = {
	{.name = "prefix", .help = "where", .type = CMD_PREFIX, .required = true},
	{.name = "via", .help = "gateway", .type = CMD_ADDR, .is_keyword = true, .many = true},
	{.name = "table", .help = "table", .type = CMD_NUMBER, .is_keyword = true, .max = 255},
	{.name = "kind", .help = "kind", .type = CMD_CHOICE, .choices = "blackhole|prohibit"},
};
static const struct cmd_arg name_args[] = {
	{.name = "name", .help = "which", .type = CMD_TEXT, .required = true},
};
static const struct cmd_column count_columns[] = {{"n", "number", CMD_COUNTER}};

static const struct cmd table[] = {
	{"route add", "add a route", echo, route_args, ARRAY_LEN(route_args), NULL, 0},
	{"route del", "remove a route", refuse, name_args, 1, NULL, 0},
	{"show route", "one route", echo, name_args, 1, NULL, 0},
	{"show routes", "count", count, NULL, 0, count_columns, 1},
};

static struct cmds *cmds_for_test(void)
{
	struct cmds *cmds = cmds_new();

	assert_non_null(cmds);
	assert_int_equal(cmds_add(cmds, table, ARRAY_LEN(table), NULL), 0);
	return cmds;
}

// One request, as the server would carry it out: "error", or the pages joined by blanks.
static void ask(const char *request, char *answer, size_t len)
{
	struct cmds *cmds = cmds_for_test();
	json_t *json = json_loads(request, 0, NULL);
	struct err err = {0};
	struct cmd_call *call = cmd_call_new(cmds, json, &err);
	bool has_more = call != NULL;
	size_t at = 0;

	assert_non_null(json);
	assert_true(call || err.code);
	snprintf(answer, len, "%s", err.text);
	while (has_more) {
		json_t *reply = cmd_call_step(call, &has_more);
		char *text = json_dumps(reply, JSON_COMPACT | JSON_SORT_KEYS);

		at += (size_t)snprintf(answer + at, len - at, "%s%s", at ? " " : "", text);
		free(text);
		json_decref(reply);
	}
	cmd_call_free(call);
	json_decref(json);
	cmds_free(cmds);
}

static void cmd_requests_are_answered_in_these_words(void **state)
{
	static const struct {
		const char *request, *answer;
	} cases[] = {
		// Words and values.
		{"{\"cmd\":[\"route\",\"add\",\"10.0.0.0/"
		 "8\",\"via\",\"10.1.0.1\",\"via\",\"fe80::1\","
		 "\"table\",\"7\"]}",
		 "{\"data\":\"prefix=10.0.0.0/8 via=10.1.0.1 via=fe80::1 table=7\",\"ok\":true}"},
		{"{\"cmd\":\"route add 10.0.0.0/8  blackhole\"}",
		 "{\"data\":\"prefix=10.0.0.0/8 kind=blackhole\",\"ok\":true}"},
		{"{\"cmd\":\"route add blackhole 10.0.0.0/8\"}",
		 "{\"data\":\"kind=blackhole prefix=10.0.0.0/8\",\"ok\":true}"},
		{"{\"cmd\":[\"route\",\"add\"],\"args\":{\"prefix\":\"::/0\",\"via\":[\"::1\"],"
		 "\"table\":3}}",
		 "{\"data\":\"prefix=::/0 via=::1 table=3\",\"ok\":true}"},
		// Cut words.
		{"{\"cmd\":\"r a 10.0.0.0/8\"}", "{\"data\":\"prefix=10.0.0.0/8\",\"ok\":true}"},
		{"{\"cmd\":\"sh route x\"}", "{\"data\":\"name=x\",\"ok\":true}"},
		{"{\"cmd\":\"sh rou\"}", "\"rou\" may be: route, routes"},
		// Pages.
		{"{\"cmd\":\"show routes\"}",
		 "{\"data\":[{\"n\":0},{\"n\":1}],\"more\":true,\"ok\":true} "
		 "{\"data\":[{\"n\":2},{\"n\":3}],\"more\":true,\"ok\":true} "
		 "{\"data\":[{\"n\":4},{\"n\":5}],\"ok\":true}"},
		// A command that fails.
		{"{\"cmd\":\"route del x\"}",
		 "{\"error\":\"nothing called \\\"x\\\" here\",\"ok\":false}"},
		// Commands that are none.
		{"{\"cmd\":\"\"}", "a word is missing, allowed are: log, route, show"},
		{"{\"cmd\":[]}", "a word is missing, allowed are: log, route, show"},
		{"{\"cmd\":\"swoh\"}", "unknown word \"swoh\", allowed are: log, route, show"},
		{"{\"cmd\":\"show\"}",
		 "a word is missing after \"show\", allowed are: commands, route, routes, version"},
		{"{\"cmd\":\"show ports\"}", "unknown word \"ports\" after \"show\", allowed are: "
					     "commands, route, routes, version"},
		// Values that are none.
		{"{\"cmd\":\"route add\"}",
		 "prefix is missing, allowed is: route add PREFIX "
		 "[via ADDRESS ...] [table NUMBER] [blackhole|prohibit]"},
		{"{\"cmd\":\"route add 10.0.0.1/8\"}",
		 "prefix: found \"10.0.0.1/8\", allowed is a "
		 "network such as 10.0.0.0/8, its host bits zero"},
		{"{\"cmd\":\"route add 10.0.0.0/8 via\"}", "via: found nothing behind it"},
		{"{\"cmd\":\"route add 10.0.0.0/8 via x\"}",
		 "via: found \"x\", allowed is an IPv4 or IPv6 address"},
		{"{\"cmd\":\"route add 10.0.0.0/8 table 256\"}",
		 "table: found \"256\", allowed is a number from 0 to 255"},
		{"{\"cmd\":\"route add 10.0.0.0/8 table 1 table 2\"}",
		 "table: found \"2\", but it was given before"},
		{"{\"cmd\":\"route add 10.0.0.0/8 greenhole\"}",
		 "kind: found \"greenhole\", allowed is blackhole|prohibit"},
		{"{\"cmd\":\"show routes all\"}", "found \"all\", allowed is: show routes"},
		{"{\"cmd\":\"show route x y\"}", "found \"y\", allowed is: show route NAME"},
		// Requests that are none.
		{"[]", "allowed is {\"cmd\": [WORD, ...], \"args\": {...}}"},
		{"{\"cmd\":3}", "allowed is {\"cmd\": [WORD, ...], \"args\": {...}}"},
		{"{\"cmd\":[3]}", "cmd: allowed are up to 152 texts"},
		{"{\"cmd\":[],\"arg\":{}}",
		 "unknown member \"arg\", allowed are cmd, args, columns"},
		{"{\"cmd\":[],\"args\":[]}", "args: allowed is an object"},
		{"{\"cmd\":[],\"columns\":1}", "columns: allowed is true or false"},
		{"{\"cmd\":\"show route\",\"args\":{\"naem\":\"x\"}}",
		 "unknown argument \"naem\", allowed is: show route NAME"},
		{"{\"cmd\":\"show route\",\"args\":{\"name\":{}}}",
		 "name: allowed is a text or a number"},
		{"{\"cmd\":\"show route\",\"args\":{\"name\":\"a\\nb\"}}",
		 "name: found \"a\nb\", allowed is a text of 1 to 255 characters"},
	};
	char answer[4096];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		ask(cases[i].request, answer, sizeof(answer));
		assert_string_equal(answer, cases[i].answer);
	}
}

static void cmd_columns_come_with_the_first_page(void **state)
{
	char answer[4096];
	const char *first;

	(void)state;
	ask("{\"cmd\":\"show routes\",\"columns\":true}", answer, sizeof(answer));
	first = "{\"columns\":[{\"format\":\"counter\",\"key\":\"n\",\"title\":\"number\"}],";
	assert_memory_equal(answer, first, strlen(first));
	assert_null(strstr(answer + 1, "{\"columns\""));
}

static void cmd_log_level_takes_effect(void **state)
{
	char answer[256];

	(void)state;
	ask("{\"cmd\":\"log level debug\"}", answer, sizeof(answer));
	assert_string_equal(answer, "{\"data\":null,\"ok\":true}");
	assert_true(log_is_on(LOG_DEBUG));
	log_level_set(LOG_INFO);
}

static void cmd_words_are_taken_once(void **state)
{
	static const struct cmd nameless = {"show x", NULL, echo, NULL, 0, NULL, 0};
	struct cmds *cmds = cmds_for_test();

	(void)state;
	assert_int_equal(cmds_add(cmds, table, 1, NULL), -EEXIST);
	assert_int_equal(cmds_add(cmds, &nameless, 1, NULL), -EINVAL);
	cmds_free(cmds);
}

static void cmd_commands_describe_themselves(void **state)
{
	char answer[8192];

	(void)state;
	ask("{\"cmd\":\"show commands\"}", answer, sizeof(answer));
	assert_non_null(strstr(answer,
			       "\"usage\":\"route add PREFIX [via ADDRESS ...] [table NUMBER] "
			       "[blackhole|prohibit]\""));
	assert_non_null(strstr(answer, "\"allowed\":\"a number from 0 to 255\""));
}

// Any JSON that is a request or nearly one: an answer or an error.
static void cmd_survives_random_words(void **state)
{
	static const char *const words[] = {"show",	  "route", "routes", "add", "del", "via",
					    "10.0.0.0/8", "::1",   "table",  "7",   "",	   "s",
					    "blackhole",  "log",   "level",  "r",   "-1",  "x y"};
	struct cmds *cmds = cmds_for_test();
	uint64_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		json_t *list = json_array(), *request = json_pack("{s:o}", "cmd", list);
		struct err err = {0};
		struct cmd_call *call;
		unsigned n = test_rand(&seed) % 9;
		bool has_more;

		for (unsigned i = 0; i < n; i++)
			json_array_append_new(
				list, json_string(words[test_rand(&seed) % ARRAY_LEN(words)]));
		call = cmd_call_new(cmds, request, &err);
		assert_true(call || err.code);
		if (call)
			json_decref(cmd_call_step(call, &has_more));
		cmd_call_free(call);
		json_decref(request);
	}
	log_level_set(LOG_INFO);
	cmds_free(cmds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cmd_requests_are_answered_in_these_words),
		cmocka_unit_test(cmd_columns_come_with_the_first_page),
		cmocka_unit_test(cmd_log_level_takes_effect),
		cmocka_unit_test(cmd_words_are_taken_once),
		cmocka_unit_test(cmd_commands_describe_themselves),
		cmocka_unit_test(cmd_survives_random_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
