// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/config_ctx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL_LEN = CONF_PATH_MAX + 32 }; // "FILE: and more errors"

yaml_node_t *conf_node(const struct conf_ctx *ctx, int node)
{
	return yaml_document_get_node((yaml_document_t *)&ctx->doc, node);
}

unsigned conf_node_line(const struct conf_ctx *ctx, int node)
{
	return (unsigned)conf_node(ctx, node)->start_mark.line + 1;
}

const char *conf_scalar(const yaml_node_t *node)
{
	const char *text;

	if (node->type != YAML_SCALAR_NODE)
		return NULL;
	text = (const char *)node->data.scalar.value;
	return strlen(text) == node->data.scalar.length ? text : NULL;
}

bool conf_is_nothing(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0 &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

// Length of text that is no longer than max and ends with a whole UTF-8 character.
static size_t cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

const char *conf_found(const yaml_node_t *node, char *text)
{
	const char *value = (const char *)node->data.scalar.value;
	size_t len, n = 0;

	if (conf_is_nothing(node))
		return "nothing";
	if (node->type == YAML_SEQUENCE_NODE)
		return "a list";
	if (node->type != YAML_SCALAR_NODE)
		return "a mapping";
	len = cut(value, node->data.scalar.length, CONF_SHOWN_MAX - 6);
	text[n++] = '"';
	for (size_t i = 0; i < len; i++)
		text[n++] = (unsigned char)value[i] < ' ' || value[i] == 0x7f ? '?' : value[i];
	snprintf(text + n, CONF_SHOWN_MAX - n, "%s\"", len < node->data.scalar.length ? "..." : "");
	return text;
}

int conf_mark_add(struct conf_ctx *ctx, const struct conf_mark *mark)
{
	if (ctx->n_marks == ctx->max_marks) {
		int max = ctx->max_marks ? ctx->max_marks * 2 : 256;
		struct conf_mark *grown = realloc(ctx->mark, (size_t)max * sizeof(*grown));

		if (!grown) {
			ctx->no_memory = true;
			return -ENOMEM;
		}
		ctx->mark = grown;
		ctx->max_marks = max;
	}
	ctx->mark[ctx->n_marks] = *mark;
	return ctx->n_marks++;
}

// Later marks are inside earlier ones that start at the same field.
static const struct conf_mark *mark_find(const struct conf_ctx *ctx, const void *field)
{
	for (int i = ctx->n_marks - 1; i > 0; i--)
		if (ctx->mark[i].field == field)
			return &ctx->mark[i];
	return NULL;
}

static const char *mapping_get(const struct conf_ctx *ctx, const yaml_node_t *map, const char *key)
{
	yaml_node_pair_t *pair;

	if (!key || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
		const char *text = conf_scalar(conf_node(ctx, pair->key));

		if (text && strcmp(text, key) == 0)
			return conf_scalar(conf_node(ctx, pair->value));
	}
	return NULL;
}

static bool is_label(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
			return false;
	return len > 0 && len <= CONF_SHOWN_MAX;
}

// ".wan", ".10.0.0.5@lan", or "[3]" for entries without a name.
static void entry_format(const struct conf_ctx *ctx, const struct conf_mark *mark, char *text,
			 size_t len)
{
	const struct conf_block *block = mark->block;
	const char *label, *more;

	label = block ? mapping_get(ctx, conf_node(ctx, mark->node), block->label[0]) : NULL;
	more = block ? mapping_get(ctx, conf_node(ctx, mark->node), block->label[1]) : NULL;
	if (is_label(label) && is_label(more))
		snprintf(text, len, ".%s@%s", label, more);
	else if (is_label(label))
		snprintf(text, len, ".%s", label);
	else
		snprintf(text, len, "[%u]", mark->index);
}

static void path_format(const struct conf_ctx *ctx, int mark, char *text, size_t len)
{
	const struct conf_mark *m = &ctx->mark[mark];
	size_t at;

	if (mark == 0) {
		text[0] = '\0';
		return;
	}
	path_format(ctx, m->parent, text, len);
	at = strlen(text);
	if (m->key)
		snprintf(text + at, len - at, "%s%s", at ? "." : "", m->key);
	else
		entry_format(ctx, m, text + at, len - at);
}

// One line of the report. A line that does not fit whole is only counted.
static void report(struct conf_ctx *ctx, unsigned line, int mark, const char *fmt, va_list args)
{
	char path[512], what[768], text[sizeof(ctx->text)];
	size_t len;

	if (ctx->n_errors++ >= CONF_ERRORS_MAX)
		return;
	path_format(ctx, mark, path, sizeof(path));
	vsnprintf(what, sizeof(what), fmt, args);
	len = (size_t)snprintf(text, sizeof(text), "%s%s:%u: %s%s%s", ctx->text_len ? "\n" : "",
			       ctx->name, line, path, path[0] ? ": " : "", what);
	if (len < sizeof(ctx->text) - ctx->text_len - TAIL_LEN) {
		memcpy(ctx->text + ctx->text_len, text, len + 1);
		ctx->text_len += len;
		ctx->n_shown++;
	}
}

void conf_fail_mark(struct conf_ctx *ctx, int mark, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(ctx, conf_node_line(ctx, ctx->mark[mark].node), mark, fmt, args);
	va_end(args);
}

void conf_fail_key(struct conf_ctx *ctx, int mark, int node, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(ctx, conf_node_line(ctx, node), mark, fmt, args);
	va_end(args);
}

void conf_fail(struct conf_ctx *ctx, const void *field, const char *fmt, ...)
{
	const struct conf_mark *mark = mark_find(ctx, field);
	va_list args;

	va_start(args, fmt);
	report(ctx, conf_line(ctx, field), mark ? (int)(mark - ctx->mark) : 0, fmt, args);
	va_end(args);
}

unsigned conf_line(const struct conf_ctx *ctx, const void *field)
{
	const struct conf_mark *mark = mark_find(ctx, field);

	return mark ? conf_node_line(ctx, mark->node) : 0;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

// How many letters must be added, removed, changed or swapped with the next one
// to make b of a (optimal string alignment). Long words are far from all.
static unsigned edits(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned d[24][24];

	if (n >= 24 || m >= 24)
		return 24;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++)
		for (size_t j = 1; j <= m; j++) {
			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
				       d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = min3(d[i][j], d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[n][m];
}

// The key that was probably meant; NULL if none comes close.
static const char *suggest(const struct conf_block *block, const char *text)
{
	const char *best = NULL;
	unsigned best_edits = 3;

	for (unsigned i = 0; text && i < block->n_keys; i++) {
		unsigned n = edits(text, block->keys[i].name);

		if (n < best_edits && n < strlen(text)) {
			best_edits = n;
			best = block->keys[i].name;
		}
	}
	return best;
}

void conf_fail_unknown(struct conf_ctx *ctx, const struct conf_block *block, int mark, int node)
{
	const char *best = suggest(block, conf_scalar(conf_node(ctx, node)));
	char buf[CONF_SHOWN_MAX], list[256] = "";
	const char *shown = conf_found(conf_node(ctx, node), buf);
	size_t at = 0;

	if (best) {
		conf_fail_key(ctx, mark, node, "unknown key %s, did you mean \"%s\"?", shown, best);
		return;
	}
	for (unsigned i = 0; i < block->n_keys; i++)
		at = text_append(list, sizeof(list), at, "%s%s", i ? ", " : "",
				 block->keys[i].name);
	conf_fail_key(ctx, mark, node, "unknown key %s, allowed are %s", shown, list);
}
