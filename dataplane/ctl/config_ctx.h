// SPDX-License-Identifier: BSD-3-Clause
// Inside of the parser: the YAML document, where every value of it went, and
// the report of what is wrong.
#pragma once

#include "dataplane/ctl/config_parse.h"
#include "dataplane/ctl/config_schema.h"

#include <yaml.h>

enum { CONF_ERRORS_MAX = 10, CONF_SHOWN_MAX = 60 };

// A value that was read. Mark 0 is the document.
struct conf_mark {
	const void *field;
	const char *key;		// NULL: an entry of a list
	const struct conf_block *block; // NULL: a scalar
	int node;
	int parent;	// mark of what is around it
	unsigned index; // in a list
};

struct conf_ctx {
	const char *name;
	yaml_document_t doc;
	uint8_t *visited; // by node: a second visit is an alias
	struct conf_mark *mark;
	int n_marks, max_marks;
	unsigned n_errors, n_shown;
	bool no_memory;
	size_t text_len;
	char text[sizeof(((struct err *)NULL)->text)];
};

yaml_node_t *conf_node(const struct conf_ctx *ctx, int node);
unsigned conf_node_line(const struct conf_ctx *ctx, int node);
// The text of a scalar; NULL for anything else and for texts with a NUL inside.
const char *conf_scalar(const yaml_node_t *node);
// "key:" with nothing behind it.
bool conf_is_nothing(const yaml_node_t *node);
// What stands in the file, fit for a message; text has CONF_SHOWN_MAX bytes.
const char *conf_found(const yaml_node_t *node, char *text);

// Index of the mark; negative when there is no memory.
int conf_mark_add(struct conf_ctx *ctx, const struct conf_mark *mark) must_check;

// Reports at the value of a mark, or at a key that has no mark of its own.
void conf_fail_mark(struct conf_ctx *ctx, int mark, const char *fmt, ...) format_fn(3, 4);
void conf_fail_key(struct conf_ctx *ctx, int mark, int node, const char *fmt, ...) format_fn(4, 5);
void conf_fail_unknown(struct conf_ctx *ctx, const struct conf_block *block, int mark, int node);

// Reads the whole document into conf.
void conf_read(struct conf_ctx *ctx, struct config *conf);
