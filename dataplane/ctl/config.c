// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/config.h"

#include "dataplane/ctl/config_ctx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LEN_MAX = 4 << 20 };

// libyaml knows what it wanted and where it was.
static void syntax_error(const yaml_parser_t *yaml, const char *name, struct err *err)
{
	size_t line = yaml->problem_mark.line ? yaml->problem_mark.line : yaml->mark.line;

	if (yaml->error == YAML_MEMORY_ERROR)
		err_set(err, ENOMEM, "%s: no memory", name);
	else
		err_set(err, EINVAL, "%s:%zu: this is not YAML: %s%s%s", name, line + 1,
			yaml->problem ? yaml->problem : "unreadable", yaml->context ? " " : "",
			yaml->context ? yaml->context : "");
}

// True if a second document follows; a file is one.
static bool has_more(yaml_parser_t *yaml)
{
	yaml_document_t doc;
	bool more;

	if (!yaml_parser_load(yaml, &doc))
		return true;
	more = yaml_document_get_root_node(&doc) != NULL;
	yaml_document_delete(&doc);
	return more;
}

static int document_load(const char *text, size_t len, struct conf_ctx *ctx, struct err *err)
{
	yaml_parser_t yaml;
	int rc = 0;

	if (!yaml_parser_initialize(&yaml))
		return err_set(err, ENOMEM, "%s: no memory", ctx->name);
	yaml_parser_set_input_string(&yaml, (const unsigned char *)text, len);
	if (!yaml_parser_load(&yaml, &ctx->doc)) {
		syntax_error(&yaml, ctx->name, err);
		rc = -EINVAL;
	} else if (!yaml_document_get_root_node(&ctx->doc)) {
		rc = err_set(err, EINVAL,
			     "%s:1: found an empty file, allowed is at least "
			     "\"version: 1\"",
			     ctx->name);
	} else if (has_more(&yaml)) {
		rc = err_set(err, EINVAL, "%s:%zu: found a second document, allowed is one",
			     ctx->name, ctx->doc.end_mark.line + 1);
	}
	if (rc < 0 && ctx->doc.nodes.start)
		yaml_document_delete(&ctx->doc);
	yaml_parser_delete(&yaml);
	return rc;
}

// Reads, then checks what only the whole can tell; reports into err.
static int document_read(struct conf_ctx *ctx, struct config *conf, struct err *err)
{
	size_t n_nodes = (size_t)(ctx->doc.nodes.top - ctx->doc.nodes.start);
	unsigned hidden;

	ctx->visited = calloc(n_nodes + 1, 1);
	if (ctx->visited)
		conf_read(ctx, conf);
	if (!ctx->visited || ctx->no_memory)
		return err_set(err, ENOMEM, "%s: no memory", ctx->name);
	if (ctx->n_errors == 0)
		config_check(ctx, conf);
	if (ctx->no_memory)
		return err_set(err, ENOMEM, "%s: no memory", ctx->name);
	if (ctx->n_errors == 0)
		return 0;
	hidden = ctx->n_errors - ctx->n_shown;
	return hidden ? err_set(err, EINVAL, "%s\n%s: and more errors", ctx->text, ctx->name)
		      : err_set(err, EINVAL, "%s", ctx->text);
}

struct config *config_parse(const char *text, size_t len, const char *name, struct err *err)
{
	struct config *conf = calloc(1, sizeof(*conf));
	struct conf_ctx *ctx = calloc(1, sizeof(*ctx));
	int rc = -ENOMEM;

	if (!conf || !ctx) {
		err_set(err, ENOMEM, "%s: no memory", name);
		goto free_ctx;
	}
	snprintf(conf->file, sizeof(conf->file), "%s", name);
	ctx->name = conf->file;
	rc = document_load(text, len, ctx, err);
	if (rc < 0)
		goto free_ctx;
	rc = document_read(ctx, conf, err);
	yaml_document_delete(&ctx->doc);
	free(ctx->visited);
	free(ctx->mark);
free_ctx:
	free(ctx);
	if (rc == 0)
		return conf;
	config_free(conf);
	return err_null(-rc);
}

// The whole file; NULL with err.
static char *file_read(const char *file, size_t *len, struct err *err)
{
	FILE *in = fopen(file, "re");
	char *text = malloc(FILE_LEN_MAX + 1);

	if (!in || !text) {
		err_set(err, errno, "%s: %s", file, strerror(errno));
		goto fail;
	}
	*len = fread(text, 1, FILE_LEN_MAX + 1, in);
	if (ferror(in)) {
		err_set(err, errno, "%s: %s", file, strerror(errno));
		goto fail;
	}
	if (*len > FILE_LEN_MAX) {
		err_set(err, EFBIG, "%s: found more than %d MB, allowed is a smaller file", file,
			FILE_LEN_MAX >> 20);
		goto fail;
	}
	fclose(in);
	return text;

fail:
	if (in)
		fclose(in);
	free(text);
	return NULL;
}

struct config *config_load(const char *file, struct err *err)
{
	struct config *conf;
	size_t len;
	char *text;

	if (strlen(file) >= CONF_PATH_MAX) {
		err_set(err, ENAMETOOLONG, "%s: allowed are paths of up to %d characters", file,
			CONF_PATH_MAX - 1);
		return NULL;
	}
	text = file_read(file, &len, err);
	if (!text)
		return NULL;
	conf = config_parse(text, len, file, err);
	free(text);
	return conf;
}

static void block_free(const struct conf_block *block, void *obj)
{
	for (unsigned i = 0; i < block->n_keys; i++) {
		const struct conf_key *key = &block->keys[i];
		char *field = (char *)obj + key->offset, *list;
		unsigned n;

		if (key->shape == CONF_ONE && key->block)
			block_free(key->block, field);
		if (key->shape != CONF_VECTOR)
			continue;
		memcpy(&list, field, sizeof(list));
		memcpy(&n, (char *)obj + key->count_offset, sizeof(n));
		for (unsigned j = 0; list && key->block && j < n; j++)
			block_free(key->block, list + j * key->size);
		free(list);
	}
}

void config_free(struct config *conf)
{
	if (!conf)
		return;
	block_free(&conf_root, conf);
	free(conf);
}
