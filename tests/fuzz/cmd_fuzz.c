// SPDX-License-Identifier: BSD-3-Clause
// Any line on the control socket is a command, or an error that says why not.
#include "dataplane/ctl/cmd.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int nothing(struct cmd_call *call)
{
	return 0;
}

static const struct cmd_arg args[] = {
	{.name = "prefix", .help = "where", .type = CMD_PREFIX, .required = true},
	{.name = "via", .help = "gateway", .type = CMD_ADDR, .is_keyword = true, .many = true},
	{.name = "table", .help = "table", .type = CMD_NUMBER, .is_keyword = true, .max = 255},
	{.name = "kind", .help = "kind", .type = CMD_CHOICE, .choices = "blackhole|prohibit"},
	{.name = "note", .help = "text", .type = CMD_TEXT},
};
static const struct cmd table[] = {
	{"route add", "add", nothing, args, ARRAY_LEN(args), NULL, 0},
	{"route", "ask", nothing, args, 2, NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cmds *cmds;
	struct err err = {0};
	struct cmd_call *call;
	json_t *request;
	bool has_more;

	if (!cmds) {
		cmds = cmds_new();
		if (!cmds || cmds_add(cmds, table, ARRAY_LEN(table), NULL) < 0)
			abort();
	}
	request = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	if (!request)
		return 0;
	call = cmd_call_new(cmds, request, &err);
	if (!call && !err.text[0])
		abort();
	if (call)
		json_decref(cmd_call_step(call, &has_more));
	cmd_call_free(call);
	json_decref(request);
	return 0;
}
