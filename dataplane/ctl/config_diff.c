// SPDX-License-Identifier: BSD-3-Clause
// What changed between two configurations, found by walking the schema.
//
// Entries of a list are matched by their label (a name, a prefix and table), so
// order does not matter; entries without a label by their place.
#include "dataplane/ctl/config.h"
#include "dataplane/ctl/config_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 1024, PATH_MAX_LEN = 512 };

struct diff {
	config_change_fn *fn;
	void *arg;
	unsigned n;
};

static void change(struct diff *diff, const char *path, const char *from, const char *to,
		   bool needs_restart)
{
	diff->n++;
	if (diff->fn)
		diff->fn(path, from, to, needs_restart, diff->arg);
}

struct list {
	const char *entry;
	unsigned n;
};

static struct list list_of(const struct conf_key *key, const void *obj)
{
	struct list list = {(const char *)obj + key->offset, 0};

	memcpy(&list.n, (const char *)obj + key->count_offset, sizeof(list.n));
	if (key->shape == CONF_VECTOR)
		memcpy(&list.entry, (const char *)obj + key->offset, sizeof(list.entry));
	return list;
}

static size_t block_format(const struct conf_block *block, const void *obj, char *text, size_t len,
			   size_t at);

static size_t item_format(const struct conf_key *key, const void *field, char *text, size_t len,
			  size_t at)
{
	char value[VALUE_MAX];

	if (key->block)
		return block_format(key->block, field, text, len, at);
	key->type->format(key, field, value, sizeof(value));
	return text_append(text, len, at, "%s", value);
}

// As the file would say it, in one line: "[a, b]".
static size_t key_format(const struct conf_key *key, const void *obj, char *text, size_t len,
			 size_t at)
{
	struct list list;

	if (key->shape == CONF_ONE)
		return item_format(key, (const char *)obj + key->offset, text, len, at);
	list = list_of(key, obj);
	at = text_append(text, len, at, "[");
	for (unsigned i = 0; i < list.n && at < len; i++) {
		at = text_append(text, len, at, "%s", i ? ", " : "");
		at = item_format(key, list.entry + i * key->size, text, len, at);
	}
	return text_append(text, len, at, "]");
}

// A value that the file need not say.
static bool is_silent(const struct conf_key *key, const char *value)
{
	if (!value[0] || strcmp(value, "[]") == 0 || strcmp(value, "{}") == 0)
		return true;
	return !key->required && strcmp(value, key->def ? key->def : "0") == 0;
}

// "{name: wan, port: p0}": what differs from the default; the value alone where
// that is the shorthand.
static size_t block_format(const struct conf_block *block, const void *obj, char *text, size_t len,
			   size_t at)
{
	const struct conf_key *last = NULL;
	char value[VALUE_MAX];
	size_t start = at;
	unsigned n = 0;

	at = text_append(text, len, at, "{");
	for (unsigned i = 0; i < block->n_keys && at < len; i++) {
		const struct conf_key *key = &block->keys[i];

		value[0] = '\0';
		key_format(key, obj, value, sizeof(value), 0);
		if (is_silent(key, value))
			continue;
		at = text_append(text, len, at, "%s", n++ ? ", " : "");
		at = text_append(text, len, at, "%s", key->name);
		at = text_append(text, len, at, ": ");
		at = text_append(text, len, at, "%s", value);
		last = key;
	}
	if (n == 1 && block->shorthand && strcmp(last->name, block->shorthand) == 0)
		return key_format(last, obj, text, len, start);
	return text_append(text, len, at, "}");
}

static const struct conf_key *key_named(const struct conf_block *block, const char *name)
{
	for (unsigned i = 0; name && i < block->n_keys; i++)
		if (strcmp(block->keys[i].name, name) == 0)
			return &block->keys[i];
	return NULL;
}

static void label_format(const struct conf_block *block, const void *obj, char *text, size_t len)
{
	size_t at = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < ARRAY_LEN(block->label); i++) {
		const struct conf_key *key = key_named(block, block->label[i]);
		char value[VALUE_MAX] = "";

		if (key)
			key_format(key, obj, value, sizeof(value), 0);
		if (!key || is_silent(key, value))
			continue;
		at = text_append(text, len, at, "%s", at ? "@" : "");
		at = text_append(text, len, at, "%s", value);
	}
}

// An entry with its label, for sorting.
struct entry {
	char label[96];
	const void *obj;
	unsigned place;
};

static int entry_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->label, y->label);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

static struct entry *entries_sorted(const struct conf_key *key, struct list list)
{
	struct entry *entry = calloc(list.n + 1, sizeof(*entry));

	if (!entry)
		return NULL;
	for (unsigned i = 0; i < list.n; i++) {
		entry[i].obj = list.entry + i * key->size;
		entry[i].place = i;
		label_format(key->block, entry[i].obj, entry[i].label, sizeof(entry[i].label));
	}
	qsort(entry, list.n, sizeof(*entry), entry_order);
	return entry;
}

static void diff_block(struct diff *diff, const struct conf_block *block, const char *path,
		       const void *old, const void *new);

static void diff_one_sided(struct diff *diff, const struct conf_key *key, const char *parent,
			   const struct entry *entry, bool is_new)
{
	char path[PATH_MAX_LEN], value[VALUE_MAX];

	text_append(path, sizeof(path), 0, "%s.%s", parent, entry->label);
	block_format(key->block, entry->obj, value, sizeof(value), 0);
	change(diff, path, is_new ? "none" : value, is_new ? value : "none", key->restart);
}

// Merges two sorted lists.
static void diff_entries(struct diff *diff, const struct conf_key *key, const char *parent,
			 const struct entry *old, unsigned n_old, const struct entry *new,
			 unsigned n_new)
{
	unsigned i = 0, j = 0;

	while (i < n_old || j < n_new) {
		int order = i == n_old ? 1 : j == n_new ? -1 : strcmp(old[i].label, new[j].label);
		char path[PATH_MAX_LEN];

		if (order < 0) {
			diff_one_sided(diff, key, parent, &old[i++], false);
		} else if (order > 0) {
			diff_one_sided(diff, key, parent, &new[j++], true);
		} else {
			text_append(path, sizeof(path), 0, "%s.%s", parent, old[i].label);
			diff_block(diff, key->block, path, old[i++].obj, new[j++].obj);
		}
	}
}

static void diff_list(struct diff *diff, const struct conf_key *key, const char *path,
		      const void *old, const void *new)
{
	struct list from = list_of(key, old), to = list_of(key, new);
	struct entry *old_entry = entries_sorted(key, from);
	struct entry *new_entry = entries_sorted(key, to);

	if (old_entry && new_entry)
		diff_entries(diff, key, path, old_entry, from.n, new_entry, to.n);
	else
		change(diff, path, "unknown", "unknown", key->restart);
	free(old_entry);
	free(new_entry);
}

static void diff_value(struct diff *diff, const struct conf_key *key, const char *path,
		       const void *old, const void *new)
{
	char from[VALUE_MAX] = "", to[VALUE_MAX] = "";

	key_format(key, old, from, sizeof(from), 0);
	key_format(key, new, to, sizeof(to), 0);
	if (strcmp(from, to) != 0)
		change(diff, path, from[0] ? from : "none", to[0] ? to : "none", key->restart);
}

static void diff_block(struct diff *diff, const struct conf_block *block, const char *path,
		       const void *old, const void *new)
{
	for (unsigned i = 0; i < block->n_keys; i++) {
		const struct conf_key *key = &block->keys[i];
		char inner[PATH_MAX_LEN];

		text_append(inner, sizeof(inner), 0, "%s%s%s", path, path[0] ? "." : "", key->name);
		if (key->block && key->shape == CONF_ONE && !key->block->shorthand)
			diff_block(diff, key->block, inner, (const char *)old + key->offset,
				   (const char *)new + key->offset);
		else if (key->shape == CONF_VECTOR && key->block)
			diff_list(diff, key, inner, old, new);
		else
			diff_value(diff, key, inner, old, new);
	}
}

unsigned config_diff(const struct config *old, const struct config *new, config_change_fn *fn,
		     void *arg)
{
	struct diff diff = {fn, arg, 0};

	diff_block(&diff, &conf_root, "", old, new);
	return diff.n;
}
