// SPDX-License-Identifier: BSD-3-Clause
#include "apps/ctl/table.h"

#include "dataplane/base/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 32, CELL_MAX = 256 };

struct column {
	char key[48], title[48], format[16];
	unsigned width;
	bool is_right;
};

struct table {
	FILE *out;
	struct column column[COLUMNS_MAX];
	unsigned n;
	bool has_head;
	const json_t *before;
	double seconds;
};

static void column_add(struct table *table, const char *key, const char *title, const char *format)
{
	struct column *column = &table->column[table->n];

	if (!key || !title || !format || table->n == COLUMNS_MAX)
		return;
	text_append(column->key, sizeof(column->key), 0, "%s", key);
	text_append(column->title, sizeof(column->title), 0, "%s", title);
	text_append(column->format, sizeof(column->format), 0, "%s", format);
	table->n++;
}

struct table *table_new(FILE *out, const json_t *columns)
{
	struct table *table = calloc(1, sizeof(*table));
	json_t *hint;
	size_t i;

	if (!table)
		return NULL;
	table->out = out;
	json_array_foreach(columns, i, hint)
		column_add(table, json_string_value(json_object_get(hint, "key")),
			   json_string_value(json_object_get(hint, "title")),
			   json_string_value(json_object_get(hint, "format")));
	return table;
}

void table_free(struct table *table)
{
	free(table);
}

void table_rates(struct table *table, const json_t *before, double seconds)
{
	table->before = before;
	table->seconds = seconds;
}

static void bytes_format(double bytes, char *text, size_t len)
{
	static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	unsigned i = 0;

	for (; bytes >= 1000 && i + 1 < ARRAY_LEN(unit); i++)
		bytes /= 1000;
	text_append(text, len, 0, i ? "%.1f %s" : "%.0f %s", bytes, unit[i]);
}

static void age_format(int64_t s, char *text, size_t len)
{
	if (s >= 86400)
		text_append(text, len, 0, "%" PRIi64 "d %" PRIi64 "h", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		text_append(text, len, 0, "%" PRIi64 "h %" PRIi64 "m", s / 3600, s / 60 % 60);
	else if (s >= 60)
		text_append(text, len, 0, "%" PRIi64 "m %" PRIi64 "s", s / 60, s % 60);
	else
		text_append(text, len, 0, "%" PRIi64 "s", s);
}

static void value_format(const json_t *value, char *text, size_t len);

static void list_format(const json_t *list, char *text, size_t len)
{
	char cell[CELL_MAX];
	size_t i, at = 0;
	json_t *value;

	text[0] = '\0';
	json_array_foreach(list, i, value)
	{
		value_format(value, cell, sizeof(cell));
		at = text_append(text, len, at, "%s%s", i ? ", " : "", cell);
	}
}

// As it is; a terminal gets no control characters.
static void value_format(const json_t *value, char *text, size_t len)
{
	char *dump;

	if (json_is_string(value)) {
		text_append(text, len, 0, "%s", json_string_value(value));
	} else if (json_is_array(value)) {
		list_format(value, text, len);
	} else if (json_is_boolean(value)) {
		text_append(text, len, 0, "%s", json_is_true(value) ? "yes" : "no");
	} else if (json_is_real(value)) {
		text_append(text, len, 0, "%.2f", json_real_value(value));
	} else if (!value || json_is_null(value)) {
		text_append(text, len, 0, "-");
	} else {
		dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		text_append(text, len, 0, "%s", dump ? dump : "?");
		free(dump);
	}
	if (!text[0])
		text_append(text, len, 0, "-");
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

// The row of the same name in the sample before.
static const json_t *row_before(const struct table *table, const json_t *row)
{
	const json_t *name = json_object_get(row, table->column[0].key);
	json_t *old;
	size_t i;

	json_array_foreach(
		table->before, i,
		old) if (json_equal(json_object_get(old, table->column[0].key), name)) return old;
	return NULL;
}

static void counter_format(const struct table *table, const json_t *row, const char *key,
			   char *text, size_t len)
{
	const json_t *old = table->before ? row_before(table, row) : NULL;
	json_int_t now = json_integer_value(json_object_get(row, key));

	if (!table->before)
		text_append(text, len, 0, "%" JSON_INTEGER_FORMAT, now);
	else if (!json_is_integer(json_object_get(old, key)))
		text_append(text, len, 0, "-");
	else
		text_append(text, len, 0, "%.0f",
			    (double)(now - json_integer_value(json_object_get(old, key))) /
				    table->seconds);
}

static void cell_format(const struct table *table, const struct column *column, const json_t *row,
			char *text, size_t len)
{
	const json_t *value = json_object_get(row, column->key);

	if (json_is_integer(value) && strcmp(column->format, "counter") == 0)
		counter_format(table, row, column->key, text, len);
	else if (json_is_number(value) && strcmp(column->format, "bytes") == 0)
		bytes_format(json_number_value(value), text, len);
	else if (json_is_number(value) && strcmp(column->format, "age") == 0)
		age_format((int64_t)json_number_value(value), text, len);
	else
		value_format(value, text, len);
}

static void columns_guess(struct table *table, const json_t *row)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)row, key, value) column_add(table, key, key, "plain");
}

static void widen(struct table *table, const json_t *rows)
{
	char cell[CELL_MAX];
	json_t *row;
	size_t i;

	for (unsigned c = 0; c < table->n; c++) {
		struct column *column = &table->column[c];

		if (strlen(column->title) > column->width)
			column->width = (unsigned)strlen(column->title);
		json_array_foreach(rows, i, row)
		{
			cell_format(table, column, row, cell, sizeof(cell));
			if (strlen(cell) > column->width)
				column->width = (unsigned)strlen(cell);
			column->is_right |= json_is_number(json_object_get(row, column->key));
		}
	}
}

// The last column ends where its text does.
static void cell_print(const struct table *table, unsigned c, const char *text)
{
	const struct column *column = &table->column[c];
	bool is_last = c + 1 == table->n;

	if (column->is_right)
		fprintf(table->out, "%*s", (int)column->width, text);
	else if (is_last)
		fprintf(table->out, "%s", text);
	else
		fprintf(table->out, "%-*s", (int)column->width, text);
	fputs(is_last ? "\n" : "  ", table->out);
}

static void head_print(struct table *table)
{
	for (unsigned c = 0; c < table->n; c++) {
		bool is_rate = table->before && strcmp(table->column[c].format, "counter") == 0;
		char title[CELL_MAX];

		text_append(title, sizeof(title), 0, "%s%s", table->column[c].title,
			    is_rate ? "/s" : "");
		if (strlen(title) > table->column[c].width)
			table->column[c].width = (unsigned)strlen(title);
		cell_print(table, c, title);
	}
	table->has_head = true;
}

void table_rows(struct table *table, const json_t *rows)
{
	char cell[CELL_MAX];
	json_t *row;
	size_t i;

	if (table->n == 0)
		columns_guess(table, json_array_get(rows, 0));
	if (table->n == 0)
		return;
	widen(table, rows);
	if (!table->has_head)
		head_print(table);
	json_array_foreach(rows, i, row) for (unsigned c = 0; c < table->n; c++)
	{
		cell_format(table, &table->column[c], row, cell, sizeof(cell));
		cell_print(table, c, cell);
	}
}

void table_object(FILE *out, const json_t *data)
{
	char cell[CELL_MAX];
	size_t width = 0;
	const char *key;
	json_t *value;

	if (json_is_null(data))
		return;
	if (!json_is_object(data)) {
		value_format(data, cell, sizeof(cell));
		fprintf(out, "%s\n", cell);
		return;
	}
	json_object_foreach((json_t *)data, key, value) width =
		strlen(key) > width ? strlen(key) : width;
	json_object_foreach((json_t *)data, key, value)
	{
		value_format(value, cell, sizeof(cell));
		fprintf(out, "%-*s  %s\n", (int)width, key, cell);
	}
}
