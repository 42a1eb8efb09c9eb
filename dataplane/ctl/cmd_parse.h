// SPDX-License-Identifier: BSD-3-Clause
// From words and JSON to a command and its values; and back, to its usage.
#pragma once

#include "dataplane/ctl/cmd.h"

struct cmds_entry {
	const struct cmd *cmd;
	void *arg;
};

struct cmds {
	struct cmds_entry *entry; // sorted by words
	unsigned n;
};

// Finds the command that words begin with (each may be cut while only one
// command fits) and how many words it took; NULL and err.
const struct cmds_entry *cmd_find(const struct cmds *cmds, const char *const words[], unsigned n,
				  unsigned *n_taken, struct err *err) must_check;

// Values from words ("10.0.0.0/8 via 10.0.2.1 table 3") and from a JSON object.
int cmd_words_parse(struct cmd_call *call, const char *const words[], unsigned n,
		    struct err *err) must_check;
int cmd_args_parse(struct cmd_call *call, const json_t *args, struct err *err) must_check;
// -EINVAL if a required argument was not given.
int cmd_values_check(const struct cmd_call *call, struct err *err) must_check;

// "route add PREFIX [via ADDRESS ...] [table NUMBER]"
void cmd_usage_format(const struct cmd *cmd, char *text, size_t len);
// "a number from 0 to 255"
void cmd_allowed_format(const struct cmd_arg *arg, char *text, size_t len);

// The tables of the commands that are always there.
extern const struct cmd cmd_builtin[];
extern const unsigned cmd_n_builtin;
