// SPDX-License-Identifier: BSD-3-Clause
// From a YAML document to struct config, driven by the tables of config_schema.c.
//
// A mark is kept for every value that was read (where it went, its key, its
// node), so that the rules between keys can name file, line and key later.
#include "dataplane/ctl/config_ctx.h"

#include <stdlib.h>
#include <string.h>

static void block_parse(struct conf_ctx *ctx, const struct conf_block *block, int mark, void *obj);

static void scalar_parse(struct conf_ctx *ctx, const struct conf_key *key, int mark, void *field)
{
	yaml_node_t *node = conf_node(ctx, ctx->mark[mark].node);
	const char *text = conf_is_nothing(node) ? NULL : conf_scalar(node);
	char shown[CONF_SHOWN_MAX], allowed[256];
	unsigned line;

	if (!text || key->type->parse(key, text, field) < 0) {
		conf_allowed(key, allowed, sizeof(allowed));
		conf_fail_mark(ctx, mark, "found %s, allowed is %s", conf_found(node, shown),
			       allowed);
	} else if (key->line_offset) {
		line = conf_node_line(ctx, ctx->mark[mark].node);
		memcpy((char *)field + key->line_offset, &line, sizeof(line));
	}
}

// One scalar, mapping or entry of a list, at a mark of its own.
static void item_parse(struct conf_ctx *ctx, const struct conf_key *key,
		       const struct conf_mark *where)
{
	int mark = conf_mark_add(ctx, where);

	if (mark < 0)
		return;
	if (ctx->visited[where->node]++)
		conf_fail_mark(ctx, mark, "found an alias (*), allowed is the value itself");
	else if (key->block)
		block_parse(ctx, key->block, mark, (void *)where->field);
	else
		scalar_parse(ctx, key, mark, (void *)where->field);
}

// Room for n entries; NULL if there is none.
static char *list_new(struct conf_ctx *ctx, const struct conf_key *key, int mark, size_t n,
		      void *obj)
{
	char *field = (char *)obj + key->offset;
	void *mem;

	if (key->n_max && n > key->n_max) {
		conf_fail_mark(ctx, mark, "found %zu entries, allowed are at most %u", n,
			       key->n_max);
		return NULL;
	}
	if (key->shape == CONF_ARRAY)
		return field;
	mem = calloc(n, key->size);
	if (mem)
		memcpy(field, &mem, sizeof(mem));
	else
		ctx->no_memory = true;
	return mem;
}

static void list_parse(struct conf_ctx *ctx, const struct conf_key *key, int mark, void *obj)
{
	int lone = ctx->mark[mark].node;
	yaml_node_t *node = conf_node(ctx, lone);
	yaml_node_item_t *item = &lone;
	char shown[CONF_SHOWN_MAX], *entry;
	unsigned n = 1;

	if (node->type == YAML_SEQUENCE_NODE) {
		item = node->data.sequence.items.start;
		n = (unsigned)(node->data.sequence.items.top - item);
	} else if (!conf_is_nothing(node) && !key->lone) {
		conf_fail_mark(ctx, mark, "found %s, allowed is a list", conf_found(node, shown));
		return;
	}
	if (conf_is_nothing(node) || n == 0)
		return;
	entry = list_new(ctx, key, mark, n, obj);
	if (!entry)
		return;
	memcpy((char *)obj + key->count_offset, &n, sizeof(n));
	ctx->visited[lone] = node->type == YAML_SEQUENCE_NODE;
	for (unsigned i = 0; i < n && ctx->n_errors <= CONF_ERRORS_MAX; i++, entry += key->size)
		item_parse(ctx, key,
			   &(struct conf_mark){.field = entry,
					       .block = key->block,
					       .node = item[i],
					       .parent = mark,
					       .index = i});
}

static void key_parse(struct conf_ctx *ctx, const struct conf_key *key, int parent, int node,
		      void *obj)
{
	struct conf_mark where = {
		.field = (char *)obj + key->offset,
		.key = key->name,
		.block = key->block,
		.node = node,
		.parent = parent,
	};
	int mark;

	if (key->shape == CONF_ONE) {
		item_parse(ctx, key, &where);
		return;
	}
	mark = conf_mark_add(ctx, &where);
	if (mark >= 0 && ctx->visited[node]++)
		conf_fail_mark(ctx, mark, "found an alias (*), allowed is the value itself");
	else if (mark >= 0)
		list_parse(ctx, key, mark, obj);
}

static int key_find(const struct conf_block *block, const char *name)
{
	for (unsigned i = 0; name && i < block->n_keys; i++)
		if (strcmp(block->keys[i].name, name) == 0)
			return (int)i;
	return -1;
}

static uint32_t mapping_parse(struct conf_ctx *ctx, const struct conf_block *block, int mark,
			      const yaml_node_t *node, void *obj)
{
	yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	uint32_t seen = 0;

	for (; pair < node->data.mapping.pairs.top && ctx->n_errors <= CONF_ERRORS_MAX; pair++) {
		int i = key_find(block, conf_scalar(conf_node(ctx, pair->key)));

		if (i < 0) {
			conf_fail_unknown(ctx, block, mark, pair->key);
		} else if (seen & 1u << i) {
			conf_fail_key(ctx, mark, pair->key, "key \"%s\" stands here twice",
				      block->keys[i].name);
		} else {
			seen |= 1u << i;
			key_parse(ctx, &block->keys[i], mark, pair->value, obj);
		}
	}
	return seen;
}

static void defaults_set(const struct conf_block *block, void *obj)
{
	for (unsigned i = 0; i < block->n_keys; i++) {
		const struct conf_key *key = &block->keys[i];
		char *field = (char *)obj + key->offset;

		if (key->def)
			key->type->parse(key, key->def, field); // a unit test reads them all
		if (key->block && key->shape == CONF_ONE)
			defaults_set(key->block, field);
	}
}

static void block_parse(struct conf_ctx *ctx, const struct conf_block *block, int mark, void *obj)
{
	yaml_node_t *node = conf_node(ctx, ctx->mark[mark].node);
	unsigned line = conf_node_line(ctx, ctx->mark[mark].node), errors = ctx->n_errors;
	uint32_t seen = 0;
	char shown[CONF_SHOWN_MAX];
	const char *wrong;

	defaults_set(block, obj);
	if (block->line_offset != CONF_NO_LINE)
		memcpy((char *)obj + block->line_offset, &line, sizeof(line));
	if (node->type == YAML_MAPPING_NODE) {
		seen = mapping_parse(ctx, block, mark, node, obj);
	} else if (node->type == YAML_SCALAR_NODE && block->shorthand && !conf_is_nothing(node)) {
		int i = key_find(block, block->shorthand);

		seen = 1u << i;
		scalar_parse(ctx, &block->keys[i], mark, (char *)obj + block->keys[i].offset);
	} else if (!conf_is_nothing(node)) {
		conf_fail_mark(ctx, mark, "found %s, allowed is a mapping (key: value)",
			       conf_found(node, shown));
	}
	if (ctx->n_errors > errors)
		return;
	for (unsigned i = 0; i < block->n_keys; i++)
		if (block->keys[i].required && !(seen & 1u << i))
			conf_fail_mark(ctx, mark, "key \"%s\" is missing", block->keys[i].name);
	wrong = block->done ? block->done(obj, seen) : NULL;
	if (wrong)
		conf_fail_mark(ctx, mark, "%s", wrong);
}

void conf_read(struct conf_ctx *ctx, struct config *conf)
{
	const yaml_node_t *root = yaml_document_get_root_node(&ctx->doc);
	int mark;

	mark = conf_mark_add(ctx, &(struct conf_mark){
					  .field = conf,
					  .block = &conf_root,
					  .node = (int)(root - ctx->doc.nodes.start) + 1,
				  });
	if (mark == 0)
		block_parse(ctx, &conf_root, mark, conf);
}
