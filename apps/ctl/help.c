// SPDX-License-Identifier: BSD-3-Clause
#include "apps/ctl/help.h"

#include <string.h>

static const char usage[] =
	"Usage: jerboactl [-s SOCKET] [-j] [-w SECONDS] COMMAND...\n"
	"\n"
	"Asks and changes the jerboa that runs on this machine.\n"
	"\n"
	"  -s, --socket PATH    its control socket (else $JERBOA_SOCKET, else\n"
	"                       /run/jerboa/jerboa.sock)\n"
	"  -j, --json           JSON instead of tables, for programs\n"
	"  -w, --watch SECONDS  again and again, counters as growth a second, until Ctrl-C\n"
	"  -h, --help           this; with a command: what it does and takes\n"
	"  -V, --version        of the client (jerboactl show version: of the daemon)\n"
	"\n"
	"Words may be cut while one command fits: jerboactl sh po.\n"
	"Exit code: 0 done, 1 jerboa refused, 2 jerboa was not asked.\n"
	"\n"
	"  jerboactl show ports               what came and went, per port\n"
	"  jerboactl -w 1 show drops          which packets are lost now, and why\n"
	"  jerboactl show route 192.0.2.1     where a packet to it would go\n"
	"  jerboactl -j show routes | jq .    everything, for programs\n";

// Word i of the command begins with words[i], for all of them (the last may be
// longer than the command: then those are arguments).
static bool is_about(const char *command, char *const words[], int n)
{
	for (int i = 0; i < n && *command; i++) {
		size_t len = strcspn(command, " ");

		if (strlen(words[i]) > len || strncmp(command, words[i], strlen(words[i])) != 0)
			return false;
		command += len + (command[len] == ' ');
	}
	return true;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static json_t *commands_get(struct conn *conn, struct err *err)
{
	static char show[] = "show", commands[] = "commands";
	char *const ask[] = {show, commands};

	return conn_ask(conn, ask, 2, err) < 0 ? NULL : conn_whole(conn, NULL, err);
}

static void args_print(FILE *out, const json_t *args)
{
	json_t *arg;
	size_t i;

	json_array_foreach(args, i, arg) fprintf(out, "      %-12s %s: %s\n", text_of(arg, "name"),
						 text_of(arg, "help"), text_of(arg, "allowed"));
}

int help_print(FILE *out, struct conn *conn, char *const words[], int n, struct err *err)
{
	json_t *list, *command;
	bool is_found = false;
	size_t i;

	if (n == 0)
		fputs(usage, out);
	if (!conn)
		return 0;
	list = commands_get(conn, err);
	if (!list)
		return -err->code;
	if (n == 0)
		fputs("\nCommands (jerboactl COMMAND --help says more):\n\n", out);
	json_array_foreach(list, i, command)
	{
		if (!is_about(text_of(command, "words"), words, n))
			continue;
		is_found = true;
		fprintf(out, "  %s\n      %s\n", text_of(command, "usage"),
			text_of(command, "help"));
		if (n > 0)
			args_print(out, json_object_get(command, "args"));
	}
	json_decref(list);
	return is_found ? 0 : err_set(err, EREMOTE, "no command begins so: see jerboactl --help");
}

// The last word is the one being typed.
int help_complete(FILE *out, struct conn *conn, char *const words[], int n, struct err *err)
{
	json_t *list = commands_get(conn, err), *command;
	char last[64] = "";
	size_t i;

	if (!list)
		return -err->code;
	json_array_foreach(list, i, command)
	{
		const char *at = text_of(command, "words");
		size_t len;

		if (!is_about(at, words, n))
			continue;
		for (int w = 1; w < n; w++)
			at += strcspn(at, " ") + (at[strcspn(at, " ")] == ' ');
		len = strcspn(at, " ");
		if (len == 0 || len >= sizeof(last) ||
		    (strlen(last) == len && strncmp(last, at, len) == 0))
			continue;
		memcpy(last, at, len);
		last[len] = '\0';
		fprintf(out, "%s\n", last);
	}
	json_decref(list);
	return 0;
}
