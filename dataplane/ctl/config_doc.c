// SPDX-License-Identifier: BSD-3-Clause
// The example file and the reference, written from the schema.
#include "dataplane/ctl/config.h"
#include "dataplane/ctl/config_schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { INDENT = 2, ALLOWED_MAX = 256, FACTS_MAX = 2 * ALLOWED_MAX };

// What may stand there.
static void key_allowed(const struct conf_key *key, char *text, size_t len)
{
	char one[ALLOWED_MAX];

	if (key->type)
		conf_allowed(key, one, sizeof(one));
	else if (key->block->shorthand)
		text_append(one, sizeof(one), 0, "a mapping, or its %s", key->block->shorthand);
	else
		text_append(one, sizeof(one), 0, "a mapping");
	text_append(text, len, 0, "%s%s%s", key->shape == CONF_ONE ? "" : "a list: ", one,
		    key->lone ? " (or one without the list)" : "");
}

// "required", "default 64", or nothing.
static void key_default(const struct conf_key *key, char *text, size_t len)
{
	if (key->required)
		text_append(text, len, 0, "required");
	else if (key->def)
		text_append(text, len, 0, "default %s", key->def[0] ? key->def : "empty");
	else
		text[0] = '\0';
}

static void key_facts(const struct conf_key *key, char *text, size_t len)
{
	char allowed[ALLOWED_MAX], def[ALLOWED_MAX];

	key_allowed(key, allowed, sizeof(allowed));
	key_default(key, def, sizeof(def));
	text_append(text, len, 0, "%s%s%s", allowed, def[0] ? "; " : "", def);
}

static void example_block(FILE *out, const struct conf_block *block, int indent);

// Lines that most would not want stand behind "# ".
static void example_lines(FILE *out, const struct conf_block *block)
{
	for (const char *line = block->example; *line; line += strcspn(line, "\n") + 1)
		fprintf(out, "%s%.*s\n", block->example_off ? "# " : "", (int)strcspn(line, "\n"),
			line);
}

// A list: what its keys mean, then entries written by hand.
static void example_list(FILE *out, const struct conf_key *key, int indent)
{
	const struct conf_block *block = key->block;
	char facts[FACTS_MAX];

	for (unsigned i = 0; i < block->n_keys; i++) {
		key_facts(&block->keys[i], facts, sizeof(facts));
		fprintf(out, "%*s#   %s: %s (%s)\n", indent, "", block->keys[i].name,
			block->keys[i].help, facts);
	}
	fprintf(out, "%*s%s:\n", indent, "", key->name);
	example_lines(out, block);
}

static void example_key(FILE *out, const struct conf_key *key, int indent)
{
	char facts[FACTS_MAX];

	if (key->block) {
		fprintf(out, "%s%*s# %s\n", indent ? "" : "\n", indent, "", key->block->help);
		if (key->shape != CONF_ONE) {
			example_list(out, key, indent);
			return;
		}
		fprintf(out, "%*s%s:\n", indent, "", key->name);
		example_block(out, key->block, indent + INDENT);
		return;
	}
	key_facts(key, facts, sizeof(facts));
	fprintf(out, "%*s# %s (%s)\n", indent, "", key->help, facts);
	if (key->shape != CONF_ONE)
		fprintf(out, "%*s%s: []\n", indent, "", key->name);
	else
		fprintf(out, "%*s%s: %s\n", indent, "", key->name,
			key->def && key->def[0] ? key->def : "\"\"");
}

static void example_block(FILE *out, const struct conf_block *block, int indent)
{
	for (unsigned i = 0; i < block->n_keys; i++)
		if (strcmp(block->keys[i].name, "version") == 0)
			fprintf(out, "version: 1\n");
		else
			example_key(out, &block->keys[i], indent);
}

void config_example_print(void *file)
{
	FILE *out = file;

	fprintf(out, "# jerboa.yaml: an example with every key. What is left out has its default.\n"
		     "# Check a file with: jerboa --check -c FILE\n");
	example_block(out, &conf_root, 0);
}

// One way to write the reference.
struct style {
	void (*head)(FILE *out, const char *path, const char *help, bool is_list);
	void (*key)(FILE *out, const struct conf_key *key, const char *allowed, const char *def);
	void (*tail)(FILE *out);
};

static void md_head(FILE *out, const char *path, const char *help, bool is_list)
{
	fprintf(out, "\n## `%s`%s\n\n%s\n\n", path, is_list ? " (a list)" : "", help);
	fprintf(out, "| key | allowed | default | restart | what it is |\n|---|---|---|---|---|\n");
}

static void md_key(FILE *out, const struct conf_key *key, const char *allowed, const char *def)
{
	fprintf(out, "| `%s` | %s | %s | %s | %s |\n", key->name, allowed,
		strncmp(def, "default ", 8) == 0 ? def + 8 : def, key->restart ? "yes" : "",
		key->help);
}

static void md_tail(FILE *out)
{
	(void)out;
}

// roff takes a dot at the start of a line for a request, "-" for a hyphen.
static void man_text(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '-' || *text == '\\')
			fprintf(out, "\\%c", *text == '-' ? '-' : 'e');
		else
			fputc(*text, out);
}

static void man_head(FILE *out, const char *path, const char *help, bool is_list)
{
	fprintf(out, ".SS ");
	man_text(out, path);
	fprintf(out, "%s\n", is_list ? " (a list)" : "");
	man_text(out, help);
	fprintf(out, "\n");
}

static void man_key(FILE *out, const struct conf_key *key, const char *allowed, const char *def)
{
	fprintf(out, ".TP\n.B ");
	man_text(out, key->name);
	fprintf(out, "\n");
	man_text(out, key->help);
	fprintf(out, ".\n.br\n");
	man_text(out, allowed);
	fprintf(out, "%s", def[0] ? "; " : "");
	man_text(out, def);
	fprintf(out, "%s.\n", key->restart ? "; a change needs a restart" : "");
}

static void man_tail(FILE *out)
{
	fprintf(out, ".PP\n");
}

// A block, then the blocks inside it.
static void reference_block(FILE *out, const struct style *style, const struct conf_block *block,
			    const char *path, bool is_list)
{
	char allowed[ALLOWED_MAX], def[ALLOWED_MAX], inner[ALLOWED_MAX];

	style->head(out, path, block->help, is_list);
	for (unsigned i = 0; i < block->n_keys; i++) {
		key_allowed(&block->keys[i], allowed, sizeof(allowed));
		key_default(&block->keys[i], def, sizeof(def));
		style->key(out, &block->keys[i], allowed, def);
	}
	style->tail(out);
	for (unsigned i = 0; i < block->n_keys; i++) {
		const struct conf_key *key = &block->keys[i];

		if (!key->block)
			continue;
		text_append(inner, sizeof(inner), 0, "%s.%s", path, key->name);
		reference_block(out, style, key->block, inner, key->shape != CONF_ONE);
	}
}

void config_reference_print(void *file, bool is_man)
{
	static const struct style md = {md_head, md_key, md_tail};
	static const struct style man = {man_head, man_key, man_tail};

	for (unsigned i = 0; i < conf_root.n_keys; i++)
		if (conf_root.keys[i].block)
			reference_block(file, is_man ? &man : &md, conf_root.keys[i].block,
					conf_root.keys[i].name,
					conf_root.keys[i].shape != CONF_ONE);
}
