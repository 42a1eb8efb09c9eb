// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/cmd_parse.h"

#include "dataplane/base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 600 };

// The i-th word of "show ports"; NULL behind the last.
static const char *word_at(const char *words, unsigned i, size_t *len)
{
	for (;; i--) {
		*len = strcspn(words, " ");
		if (i == 0 || words[*len] == '\0')
			return i == 0 && *len ? words : NULL;
		words += *len + 1;
	}
}

static bool is_word(const struct cmd *cmd, unsigned i, const char *word, bool is_cut)
{
	size_t len, want = strlen(word);
	const char *at = word_at(cmd->words, i, &len);

	return at && want && (is_cut ? want <= len : want == len) && memcmp(at, word, want) == 0;
}

// Entries that begin alike are neighbours in the sorted table: a command is
// searched for by narrowing a range, a word at a time.
struct range {
	const struct cmds_entry *first;
	unsigned n;
};

static struct range narrow(struct range in, unsigned depth, const char *word, bool is_cut)
{
	struct range out = {in.first, 0};

	for (unsigned i = 0; i < in.n; i++)
		if (is_word(in.first[i].cmd, depth, word, is_cut)) {
			if (out.n == 0)
				out.first = &in.first[i];
			out.n = (unsigned)(&in.first[i] - out.first) + 1;
		}
	return out;
}

// The words that stand at depth, each once: "ports, routes".
static unsigned list_words(struct range range, unsigned depth, char *text, size_t len)
{
	const char *last = NULL;
	size_t last_len = 0, at = 0;
	unsigned n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < range.n; i++) {
		size_t word_len;
		const char *word = word_at(range.first[i].cmd->words, depth, &word_len);

		if (!word || (last && last_len == word_len && memcmp(last, word, word_len) == 0))
			continue;
		at = text_append(text, len, at, "%s%.*s", n ? ", " : "", (int)word_len, word);
		last = word;
		last_len = word_len;
		n++;
	}
	return n;
}

// A command of just so many words.
static const struct cmds_entry *complete(struct range range, unsigned depth)
{
	size_t len;

	for (unsigned i = 0; i < range.n; i++)
		if (!word_at(range.first[i].cmd->words, depth, &len))
			return &range.first[i];
	return NULL;
}

static void fail_find(struct range range, unsigned depth, const char *word, struct err *err)
{
	char list[LIST_MAX], before[LIST_MAX] = "";
	const char *words = range.n ? range.first->cmd->words : "";
	size_t len = 0;

	list_words(range, depth, list, sizeof(list));
	if (depth && word_at(words, depth - 1, &len))
		text_append(before, sizeof(before), 0, " after \"%.*s\"",
			    (int)(word_at(words, depth - 1, &len) + len - words), words);
	if (word)
		err_set(err, EINVAL, "unknown word \"%.40s\"%s, allowed are: %s", word, before,
			list);
	else
		err_set(err, EINVAL, "a word is missing%s, allowed are: %s", before, list);
}

const struct cmds_entry *cmd_find(const struct cmds *cmds, const char *const words[], unsigned n,
				  unsigned *n_taken, struct err *err)
{
	struct range range = {cmds->entry, cmds->n}, next;
	const struct cmds_entry *entry;
	char list[LIST_MAX];
	unsigned depth;

	for (depth = 0; depth < n; depth++) {
		next = narrow(range, depth, words[depth], false);
		if (next.n == 0)
			next = narrow(range, depth, words[depth], true);
		if (next.n == 0)
			break;
		if (list_words(next, depth, list, sizeof(list)) > 1) {
			err_set(err, EINVAL, "\"%.40s\" may be: %s", words[depth], list);
			return NULL;
		}
		range = next;
	}
	entry = complete(range, depth);
	if (!entry)
		fail_find(range, depth, depth < n ? words[depth] : NULL, err);
	*n_taken = depth;
	return entry;
}

static bool is_choice(const char *choices, const char *text)
{
	size_t len = strlen(text);

	for (;;) {
		size_t n = strcspn(choices, "|");

		if (n == len && memcmp(choices, text, n) == 0)
			return true;
		if (choices[n] == '\0')
			return false;
		choices += n + 1;
	}
}

static bool number_parse(const struct cmd_arg *arg, const char *text, int64_t *number)
{
	size_t len = strlen(text);

	if (len == 0 || len > 15 || strspn(text, "0123456789") != len)
		return false;
	*number = strtoll(text, NULL, 10);
	return *number >= arg->min && *number <= arg->max;
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool value_parse(struct cmd_value *value, const struct cmd_arg *arg, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= sizeof(value->text) || !is_printable(text))
		return false;
	*value = (struct cmd_value){.arg = arg};
	memcpy(value->text, text, len + 1);
	switch (arg->type) {
	case CMD_TEXT:
		return true;
	case CMD_NUMBER:
		return number_parse(arg, text, &value->number);
	case CMD_ADDR:
		return addr_parse(text, &value->addr) == 0;
	case CMD_PREFIX:
		return prefix_parse(text, &value->prefix) == 0;
	case CMD_CHOICE:
		return is_choice(arg->choices, text);
	}
	return false;
}

static bool is_given(const struct cmd_call *call, const struct cmd_arg *arg)
{
	for (unsigned i = 0; i < call->n_values; i++)
		if (call->value[i].arg == arg)
			return true;
	return false;
}

static int value_add(struct cmd_call *call, const struct cmd_arg *arg, const char *text,
		     struct err *err)
{
	char allowed[LIST_MAX];

	if (!arg->many && is_given(call, arg))
		return err_set(err, EINVAL, "%s: found \"%.40s\", but it was given before",
			       arg->name, text);
	if (call->n_values == CMD_VALUES_MAX)
		return err_set(err, EINVAL, "%s: allowed are %d values in all", arg->name,
			       CMD_VALUES_MAX);
	if (value_parse(&call->value[call->n_values], arg, text)) {
		call->n_values++;
		return 0;
	}
	cmd_allowed_format(arg, allowed, sizeof(allowed));
	return err_set(err, EINVAL, "%s: found \"%.80s\", allowed is %s", arg->name, text, allowed);
}

static const struct cmd_arg *arg_find(const struct cmd *cmd, const char *name)
{
	for (unsigned i = 0; i < cmd->n_args; i++)
		if (strcmp(cmd->args[i].name, name) == 0)
			return &cmd->args[i];
	return NULL;
}

// By place: the first argument that can take the word; else the first that is
// still open, which then says what it wants.
static const struct cmd_arg *arg_place(const struct cmd_call *call, const char *word)
{
	const struct cmd_arg *open = NULL;
	struct cmd_value value;

	for (unsigned i = 0; i < call->cmd->n_args; i++) {
		const struct cmd_arg *arg = &call->cmd->args[i];

		if (arg->is_keyword || (is_given(call, arg) && !arg->many))
			continue;
		if (value_parse(&value, arg, word))
			return arg;
		if (!open)
			open = arg;
	}
	return open;
}

int cmd_words_parse(struct cmd_call *call, const char *const words[], unsigned n, struct err *err)
{
	char usage[LIST_MAX];

	for (unsigned i = 0; i < n; i++) {
		const struct cmd_arg *arg = arg_find(call->cmd, words[i]);
		int rc;

		if (arg && arg->is_keyword && ++i == n)
			return err_set(err, EINVAL, "%s: found nothing behind it", arg->name);
		if (!arg || !arg->is_keyword)
			arg = arg_place(call, words[i]);
		if (!arg) {
			cmd_usage_format(call->cmd, usage, sizeof(usage));
			return err_set(err, EINVAL, "found \"%.80s\", allowed is: %s", words[i],
				       usage);
		}
		rc = value_add(call, arg, words[i], err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int json_value_add(struct cmd_call *call, const struct cmd_arg *arg, const json_t *value,
			  struct err *err)
{
	char text[32];

	if (json_is_string(value))
		return value_add(call, arg, json_string_value(value), err);
	if (!json_is_integer(value))
		return err_set(err, EINVAL, "%s: allowed is a text or a number", arg->name);
	snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return value_add(call, arg, text, err);
}

int cmd_args_parse(struct cmd_call *call, const json_t *args, struct err *err)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)args, name, value)
	{
		const struct cmd_arg *arg = arg_find(call->cmd, name);
		size_t n = json_is_array(value) ? json_array_size(value) : 1;
		char usage[LIST_MAX];

		if (!arg) {
			cmd_usage_format(call->cmd, usage, sizeof(usage));
			return err_set(err, EINVAL, "unknown argument \"%.40s\", allowed is: %s",
				       name, usage);
		}
		for (size_t i = 0; i < n; i++) {
			const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;
			int rc = json_value_add(call, arg, one, err);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

int cmd_values_check(const struct cmd_call *call, struct err *err)
{
	char usage[LIST_MAX];

	for (unsigned i = 0; i < call->cmd->n_args; i++) {
		const struct cmd_arg *arg = &call->cmd->args[i];

		if (!arg->required || is_given(call, arg))
			continue;
		cmd_usage_format(call->cmd, usage, sizeof(usage));
		return err_set(err, EINVAL, "%s is missing, allowed is: %s", arg->name, usage);
	}
	return 0;
}

// What stands for the value: "PREFIX", "error|warn".
static void placeholder_format(const struct cmd_arg *arg, char *text, size_t len)
{
	static const char *const name[] = {
		[CMD_TEXT] = "NAME",
		[CMD_NUMBER] = "NUMBER",
		[CMD_ADDR] = "ADDRESS",
		[CMD_PREFIX] = "PREFIX",
	};

	if (arg->type == CMD_CHOICE)
		text_append(text, len, 0, "%s", arg->choices);
	else if (arg->is_keyword)
		text_append(text, len, 0, "%s", name[arg->type]);
	else
		text_append(text, len, 0, "%s", arg->name);
	for (; !arg->is_keyword && arg->type != CMD_CHOICE && *text; text++)
		*text = (char)toupper((unsigned char)*text);
}

void cmd_usage_format(const struct cmd *cmd, char *text, size_t len)
{
	size_t at = text_append(text, len, 0, "%s", cmd->words);

	for (unsigned i = 0; i < cmd->n_args; i++) {
		const struct cmd_arg *arg = &cmd->args[i];
		char value[128];

		placeholder_format(arg, value, sizeof(value));
		at = text_append(text, len, at, " %s%s%s%s%s%s", arg->required ? "" : "[",
				 arg->is_keyword ? arg->name : "", arg->is_keyword ? " " : "",
				 value, arg->many ? " ..." : "", arg->required ? "" : "]");
	}
}

void cmd_allowed_format(const struct cmd_arg *arg, char *text, size_t len)
{
	switch (arg->type) {
	case CMD_TEXT:
		snprintf(text, len, "a text of 1 to %d characters", CMD_TEXT_MAX - 1);
		return;
	case CMD_NUMBER:
		snprintf(text, len, "a number from %" PRIi64 " to %" PRIi64, arg->min, arg->max);
		return;
	case CMD_ADDR:
		snprintf(text, len, "an IPv4 or IPv6 address");
		return;
	case CMD_PREFIX:
		snprintf(text, len, "a network such as 10.0.0.0/8, its host bits zero");
		return;
	case CMD_CHOICE:
		snprintf(text, len, "%s", arg->choices);
		return;
	}
}
