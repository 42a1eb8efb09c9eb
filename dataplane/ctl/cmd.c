// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/cmd.h"

#include "dataplane/ctl/cmd_parse.h"

#include <stdlib.h>
#include <string.h>

enum { REQUEST_WORDS_MAX = 2 * CMD_VALUES_MAX + CMD_WORDS_MAX };

struct cmds *cmds_new(void)
{
	struct cmds *cmds = calloc(1, sizeof(*cmds));

	if (!cmds)
		return NULL;
	if (cmds_add(cmds, cmd_builtin, cmd_n_builtin, NULL) < 0) {
		cmds_free(cmds);
		return err_null(ENOMEM);
	}
	return cmds;
}

void cmds_free(struct cmds *cmds)
{
	if (!cmds)
		return;
	free(cmds->entry);
	free(cmds);
}

static int entry_order(const void *a, const void *b)
{
	const struct cmds_entry *x = a, *y = b;

	return strcmp(x->cmd->words, y->cmd->words);
}

static bool is_well_formed(const struct cmd *cmd)
{
	bool is_good = cmd->words && cmd->words[0] && cmd->help && cmd->fn;

	if (cmd->n_args > CMD_ARGS_MAX)
		return false;
	for (unsigned i = 0; is_good && i < cmd->n_args; i++) {
		const struct cmd_arg *arg = &cmd->args[i];

		is_good = arg->name && arg->help && (arg->type != CMD_CHOICE || arg->choices) &&
			  (arg->type != CMD_NUMBER || arg->min < arg->max);
	}
	return is_good;
}

int cmds_add(struct cmds *cmds, const struct cmd *table, unsigned n, void *arg)
{
	struct cmds_entry *entry;

	for (unsigned i = 0; i < n; i++) {
		if (!is_well_formed(&table[i]))
			return -EINVAL;
		for (unsigned j = 0; j < cmds->n; j++)
			if (strcmp(cmds->entry[j].cmd->words, table[i].words) == 0)
				return -EEXIST;
	}
	entry = realloc(cmds->entry, (cmds->n + n + 1) * sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++)
		entry[cmds->n + i] = (struct cmds_entry){&table[i], arg};
	cmds->entry = entry;
	cmds->n += n;
	qsort(entry, cmds->n, sizeof(*entry), entry_order);
	return 0;
}

const struct cmd_value *cmd_value(const struct cmd_call *call, const char *name, unsigned i)
{
	for (unsigned j = 0; j < call->n_values; j++)
		if (strcmp(call->value[j].arg->name, name) == 0 && i-- == 0)
			return &call->value[j];
	return NULL;
}

const char *cmd_text(const struct cmd_call *call, const char *name)
{
	const struct cmd_value *value = cmd_value(call, name, 0);

	return value ? value->text : NULL;
}

int64_t cmd_number(const struct cmd_call *call, const char *name, int64_t otherwise)
{
	const struct cmd_value *value = cmd_value(call, name, 0);

	return value ? value->number : otherwise;
}

int cmd_row(struct cmd_call *call, const char *fmt, ...)
{
	va_list args;
	json_t *row;

	if (!call->data)
		call->data = json_array();
	va_start(args, fmt);
	row = json_vpack_ex(NULL, 0, fmt, args);
	va_end(args);
	return json_array_append_new(call->data, row) < 0 ? cmd_fail(call, ENOMEM, "no memory") : 0;
}

int cmd_fail(struct cmd_call *call, int code, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_set(&call->err, code, "%s", text);
}

// The words of a request: a list of texts, or one text with blanks, which is
// cut in place (it is a copy).
static int words_of(const json_t *list, char *line, const char *words[], struct err *err)
{
	unsigned n = 0;
	size_t i;
	json_t *word;

	for (char *at = line ? strtok_r(line, " \t", &line) : NULL; at && n < REQUEST_WORDS_MAX;
	     at = strtok_r(NULL, " \t", &line))
		words[n++] = at;
	json_array_foreach(list, i, word)
	{
		if (!json_is_string(word) || n == REQUEST_WORDS_MAX)
			return err_set(err, EINVAL, "cmd: allowed are up to %d texts",
				       REQUEST_WORDS_MAX);
		words[n++] = json_string_value(word);
	}
	return (int)n;
}

static int request_check(const json_t *request, struct err *err)
{
	const char *name;
	json_t *value, *cmd = json_object_get(request, "cmd");

	if (!json_is_object(request) || (!json_is_array(cmd) && !json_is_string(cmd)))
		return err_set(err, EINVAL, "allowed is {\"cmd\": [WORD, ...], \"args\": {...}}");
	json_object_foreach((json_t *)request, name, value)
	{
		bool is_args = strcmp(name, "args") == 0, is_columns = strcmp(name, "columns") == 0;

		if (strcmp(name, "cmd") != 0 && !is_args && !is_columns)
			return err_set(err, EINVAL,
				       "unknown member \"%.40s\", allowed are cmd, args, "
				       "columns",
				       name);
		if (is_args && !json_is_object(value))
			return err_set(err, EINVAL, "args: allowed is an object");
		if (is_columns && !json_is_boolean(value))
			return err_set(err, EINVAL, "columns: allowed is true or false");
	}
	return 0;
}

static int call_init(struct cmd_call *call, const char *const words[], unsigned n,
		     const json_t *args, struct err *err)
{
	const struct cmds_entry *entry;
	unsigned n_taken;
	int rc;

	entry = cmd_find(call->cmds, words, n, &n_taken, err);
	if (!entry)
		return -EINVAL;
	call->cmd = entry->cmd;
	call->arg = entry->arg;
	rc = cmd_words_parse(call, words + n_taken, n - n_taken, err);
	if (rc == 0 && args)
		rc = cmd_args_parse(call, args, err);
	return rc == 0 ? cmd_values_check(call, err) : rc;
}

struct cmd_call *cmd_call_new(const struct cmds *cmds, const json_t *request, struct err *err)
{
	const char *words[REQUEST_WORDS_MAX];
	const json_t *list;
	struct cmd_call *call;
	char *line = NULL;
	int n;

	if (request_check(request, err) < 0)
		return NULL;
	list = json_object_get(request, "cmd");
	call = calloc(1, sizeof(*call));
	if (json_is_string(list))
		line = strdup(json_string_value(list));
	if (!call || (json_is_string(list) && !line)) {
		err_set(err, ENOMEM, "no memory");
		goto fail;
	}
	call->cmds = cmds;
	call->wants_columns = json_is_true(json_object_get(request, "columns"));
	n = words_of(list, line, words, err);
	if (n < 0 || call_init(call, words, (unsigned)n, json_object_get(request, "args"), err) < 0)
		goto fail;
	free(line);
	return call;

fail:
	free(line);
	free(call);
	return NULL;
}

static const char *format_name(enum cmd_format format)
{
	static const char *const name[] = {
		[CMD_PLAIN] = "plain", [CMD_COUNTER] = "counter", [CMD_BYTES] = "bytes",
		[CMD_AGE] = "age",     [CMD_LIST] = "list",
	};

	return name[format];
}

static json_t *columns_of(const struct cmd *cmd)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < cmd->n_columns; i++) {
		const struct cmd_column *column = &cmd->columns[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s}", "key", column->key, "title",
						column->title ? column->title : column->key,
						"format", format_name(column->format)));
	}
	return list;
}

json_t *cmd_call_step(struct cmd_call *call, bool *has_more)
{
	json_t *reply;
	int rc;

	call->data = NULL;
	rc = call->cmd->fn(call);
	*has_more = rc == CMD_MORE;
	if (rc < 0) {
		json_decref(call->data);
		return json_pack("{s:b, s:s}", "ok", 0, "error",
				 call->err.text[0] ? call->err.text : strerror(-rc));
	}
	reply = json_pack("{s:b, s:o}", "ok", 1, "data", call->data ? call->data : json_null());
	if (*has_more)
		json_object_set_new(reply, "more", json_true());
	if (call->wants_columns)
		json_object_set_new(reply, "columns", columns_of(call->cmd));
	call->wants_columns = false;
	call->data = NULL;
	return reply;
}

void cmd_call_free(struct cmd_call *call)
{
	if (!call)
		return;
	if (call->state && call->state_free)
		call->state_free(call->state);
	free(call);
}
