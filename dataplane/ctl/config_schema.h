// SPDX-License-Identifier: BSD-3-Clause
// The shape of the configuration: blocks of keys, each key with its type, range,
// default and one line of help.
//
// Read-only data. The parser (config_parse.c), the differ (config_diff.c), the
// example and the reference (config_doc.c) all walk these tables and know no key
// by name; only config_check.c, the rules between keys, does.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/text.h"

#include <stdbool.h>

struct conf_key;

// A word that stands for a number: "auto", "true", "debug".
struct conf_word {
	const char *text; // NULL ends the table
	int64_t value;
};

// How a scalar is read and written. parse returns 0, or -EINVAL and leaves the
// field in any state; format writes what parse would read.
struct conf_type {
	const char *name;    // "number"
	const char *allowed; // what an error says; NULL: from the words and the range
	int (*parse)(const struct conf_key *key, const char *text, void *field);
	void (*format)(const struct conf_key *key, const void *field, char *text, size_t len);
};

enum conf_shape {
	CONF_ONE,    // a scalar, or a mapping in place
	CONF_ARRAY,  // a list in an array of fixed size
	CONF_VECTOR, // a list of any length; the field is a pointer to allocated memory
};

struct conf_key {
	const char *name;
	const char *help;
	const struct conf_type *type;	// of a scalar, or of each in the list
	const struct conf_block *block; // instead of type: a mapping, or a list of them
	const char *def;		// as written in the file; NULL: stays zero
	bool required;
	bool restart;  // a change needs a restart
	size_t offset; // in the struct of the block
	size_t size;   // of the field; of one element of a list

	const struct conf_word *words; // allowed beside (or instead of) a range
	int64_t min, max;	       // numbers: range; texts: length
	unsigned unit_ms;	       // durations: what the field counts, 1 or 1000

	enum conf_shape shape;
	size_t count_offset; // lists: an unsigned
	unsigned n_max;	     // lists: entries; 0: any number (CONF_VECTOR only)
	size_t line_offset;  // lists of scalars: an unsigned of the element; 0: none
	bool lone;	     // lists: one entry may stand without the list
};

enum { CONF_KEYS_MAX = 32 };

struct conf_block {
	const char *help;
	const struct conf_key *keys;
	unsigned n_keys;
	const char *label[2];  // keys that name an entry of a list: address@iface
	const char *shorthand; // a scalar in place of the mapping is this key
	const char *example;   // of a list: lines for the example file
	bool example_off;      // which has them as comments
	size_t line_offset;    // of an unsigned that gets the line; NO_LINE: none
	// Ends the parsing of one block: what follows from which keys were given
	// (a bit each). Returns what is wrong, or NULL.
	const char *(*done)(void *obj, uint32_t seen);
};

#define CONF_NO_LINE ((size_t)-1)

extern const struct conf_block conf_root;

extern const struct conf_type conf_type_bool, conf_type_number, conf_type_word, conf_type_duration,
	conf_type_name, conf_type_text, conf_type_addr, conf_type_prefix, conf_type_ifaddr,
	conf_type_mac;

// "a number from 1 to 64", "auto or a number from 1 to 64", "adaptive or busy".
void conf_allowed(const struct conf_key *key, char *text, size_t len);
