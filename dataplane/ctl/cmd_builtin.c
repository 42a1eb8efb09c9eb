// SPDX-License-Identifier: BSD-3-Clause
// Commands that are always there, and the reference of all.
#include "dataplane/base/log.h"
#include "dataplane/ctl/cmd_parse.h"

#include <stdio.h>
#include <string.h>

enum { USAGE_MAX = 600 };

static int show_version(struct cmd_call *call)
{
	call->data = json_pack("{s:s, s:s}", "name", "jerboa", "version", JERBOA_VERSION);
	return call->data ? 0 : cmd_fail(call, ENOMEM, "no memory");
}

static json_t *args_of(const struct cmd *cmd)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < cmd->n_args; i++) {
		const struct cmd_arg *arg = &cmd->args[i];
		char allowed[USAGE_MAX];

		cmd_allowed_format(arg, allowed, sizeof(allowed));
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:b, s:b, s:b}", "name", arg->name, "help",
					arg->help, "allowed", allowed, "keyword", arg->is_keyword,
					"required", arg->required, "many", arg->many));
	}
	return list;
}

static int show_commands(struct cmd_call *call)
{
	for (unsigned i = 0; i < call->cmds->n; i++) {
		const struct cmd *cmd = call->cmds->entry[i].cmd;
		char usage[USAGE_MAX];
		int rc;

		cmd_usage_format(cmd, usage, sizeof(usage));
		rc = cmd_row(call, "{s:s, s:s, s:s, s:o}", "words", cmd->words, "usage", usage,
			     "help", cmd->help, "args", args_of(cmd));
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int log_level(struct cmd_call *call)
{
	enum log_level level;

	if (log_level_parse(cmd_text(call, "level"), &level) < 0)
		return cmd_fail(call, EINVAL, "no such level");
	log_level_set(level);
	return 0;
}

static const struct cmd_arg level_args[] = {
	{
		.name = "level",
		.help = "the least important message that is still written",
		.type = CMD_CHOICE,
		.required = true,
		.choices = "error|warn|info|debug",
	},
};

static const struct cmd_column command_columns[] = {
	{"usage", "command", CMD_PLAIN},
	{"help", "what it does", CMD_PLAIN},
};

const struct cmd cmd_builtin[] = {
	{"show version", "the version of the daemon", show_version, NULL, 0, NULL, 0},
	{"show commands", "what can be asked", show_commands, NULL, 0, command_columns,
	 ARRAY_LEN(command_columns)},
	{"log level", "change how much is logged, until the next reload", log_level, level_args,
	 ARRAY_LEN(level_args), NULL, 0},
};
const unsigned cmd_n_builtin = ARRAY_LEN(cmd_builtin);

static void reference_arg(FILE *out, const struct cmd_arg *arg, bool is_man)
{
	char allowed[USAGE_MAX];

	cmd_allowed_format(arg, allowed, sizeof(allowed));
	if (is_man)
		fprintf(out, ".RS\n.TP\n.I %s\n%s: %s.\n.RE\n", arg->name, arg->help, allowed);
	else
		fprintf(out, "- `%s`: %s (%s)\n", arg->name, arg->help, allowed);
}

void cmds_reference_print(const struct cmds *cmds, void *file, bool is_man)
{
	FILE *out = file;

	for (unsigned i = 0; i < cmds->n; i++) {
		const struct cmd *cmd = cmds->entry[i].cmd;
		char usage[USAGE_MAX];

		cmd_usage_format(cmd, usage, sizeof(usage));
		fprintf(out, is_man ? ".TP\n.B %s\n%s.\n" : "\n## `%s`\n\n%s.\n", usage, cmd->help);
		if (cmd->n_args && !is_man)
			fprintf(out, "\n");
		for (unsigned j = 0; j < cmd->n_args; j++)
			reference_arg(out, &cmd->args[j], is_man);
	}
}
