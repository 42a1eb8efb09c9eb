// SPDX-License-Identifier: BSD-3-Clause
// Commands: one table a feature, for the client, the JSON API and the handbook.
//
// Control thread only. A feature registers its table once at start; the server
// (ctl/server.h) finds the command, reads its arguments by their types and calls
// it. A command that has much to say returns CMD_MORE and is called again from
// the event loop, so that no step is longer than 5 ms.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"
#include "dataplane/route/prefix.h"

#include <jansson.h>
#include <stdbool.h>

struct cmds;
struct cmd_call;

enum { CMD_WORDS_MAX = 8, CMD_ARGS_MAX = 12, CMD_VALUES_MAX = 72, CMD_TEXT_MAX = 256 };

enum cmd_type {
	CMD_TEXT,   // 1..255 printable characters
	CMD_NUMBER, // decimal, min..max
	CMD_ADDR,   // either family
	CMD_PREFIX, // host bits zero
	CMD_CHOICE, // one of choices
};

struct cmd_arg {
	const char *name;
	const char *help;
	enum cmd_type type;
	bool is_keyword; // "table 3": name, then value; else by place
	bool required;
	bool many;	     // may be given again
	int64_t min, max;    // CMD_NUMBER
	const char *choices; // CMD_CHOICE: "error|warn|info|debug"
};

// How the client shows a member of the rows.
enum cmd_format {
	CMD_PLAIN,   // left if a text, right if a number
	CMD_COUNTER, // a number that grows; in a live view its growth a second
	CMD_BYTES,   // 1.5 GB
	CMD_AGE,     // seconds: 3d 4h
	CMD_LIST,    // an array of texts, joined
};

struct cmd_column {
	const char *key;
	const char *title; // NULL: the key
	enum cmd_format format;
};

// Fills call->data; 0 when done, CMD_MORE to be called again, or what
// cmd_fail() returned.
enum { CMD_MORE = 1 };
typedef int cmd_fn(struct cmd_call *call);

struct cmd {
	const char *words; // "show ports"
	const char *help;  // one line, no dot
	cmd_fn *fn;
	const struct cmd_arg *args;
	unsigned n_args;
	const struct cmd_column *columns; // of the rows; none: all members as they come
	unsigned n_columns;
};

struct cmd_value {
	const struct cmd_arg *arg;
	char text[CMD_TEXT_MAX];
	int64_t number;
	struct addr addr;
	struct prefix prefix;
};

// One command being carried out.
struct cmd_call {
	const struct cmd *cmd;
	const struct cmds *cmds;
	void *arg;	// as registered
	json_t *data;	// this page: rows, an object or a text; NULL: nothing to say
	struct err err; // of cmd_fail()
	void *state;	// a command's own, NULL at the first call
	void (*state_free)(void *state);
	bool wants_columns;
	struct cmd_value value[CMD_VALUES_MAX];
	unsigned n_values;
};

struct cmds *cmds_new(void) must_check; // holds: show version, show commands, log level
void cmds_free(struct cmds *cmds);
// The table must outlive cmds. -EEXIST (words are taken), -EINVAL (not well formed), -ENOMEM.
int cmds_add(struct cmds *cmds, const struct cmd *table, unsigned n, void *arg) must_check;

// The i-th value of an argument; NULL if it was not given (so often).
const struct cmd_value *cmd_value(const struct cmd_call *call, const char *name, unsigned i);
const char *cmd_text(const struct cmd_call *call, const char *name); // NULL: not given
int64_t cmd_number(const struct cmd_call *call, const char *name, int64_t otherwise);

// Appends a row, in the format of json_pack(): cmd_row(call, "{s:s, s:I}", ...). -ENOMEM.
int cmd_row(struct cmd_call *call, const char *fmt, ...) must_check;
// Says what is wrong, and what would be right; returns -code.
int cmd_fail(struct cmd_call *call, int code, const char *fmt, ...) format_fn(3, 4);

// What the server does with a request, {"cmd": [...], "args": {...}}: NULL and err, or a
// call that is stepped until it is done. A step returns the reply (a page of it) and
// whether there is more to come.
struct cmd_call *cmd_call_new(const struct cmds *cmds, const json_t *request,
			      struct err *err) must_check;
json_t *cmd_call_step(struct cmd_call *call, bool *has_more) must_check;
void cmd_call_free(struct cmd_call *call);

// Every command with its arguments: Markdown, or the middle of a man page. file is a FILE *.
void cmds_reference_print(const struct cmds *cmds, void *file, bool is_man);
