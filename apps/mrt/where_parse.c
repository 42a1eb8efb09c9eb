// SPDX-License-Identifier: BSD-3-Clause
// A condition's text: words, parentheses, quotes; not before and before or.
#include "apps/mrt/when.h"
#include "apps/mrt/where_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 65536 };

const char where_help[] =
	"Conditions\n"
	"  prefix P,...      routes to exactly these prefixes\n"
	"  sub P,...         to these or to more specific ones inside them\n"
	"  super P,...       to these or to less specific ones around them (an address: all\n"
	"                    routes that would lead there)\n"
	"  length N,...      prefix lengths; 25-32 is a range, here and for AS numbers\n"
	"  ip4, ip6          the family of the prefix\n"
	"  origin AS,...     the last AS of the path\n"
	"  as AS,...         anywhere in the path\n"
	"  path \"PATTERN\"    as routers have it: _701_ is AS 701, ^ and $ the ends of the path,\n"
	"                    . [0-9] * + ? | ( ); sets are written {1,2}\n"
	"  community C,...   65000:100, 65000:*, no-export; large 65000:1:2; extended\n"
	"                    rt:65000:100, soo:65000:1, ext:HEX (the first bytes)\n"
	"  nexthop ADDR,...  an address, or a prefix it lies in\n"
	"  peer X,...        who gave the route: an address or an AS number\n"
	"  after T, before T from or before a time: 2026-01-31, 2026-01-31T12:30:00 (UTC) or\n"
	"                    seconds since 1970\n"
	"  rib, announce, withdraw, state, message\n"
	"                    what it is: a route of a table, a route announced or withdrawn, a\n"
	"                    change of a session's state, another message\n"
	"  type NAME         of the record: table_dump, table_dump_v2, bgp4mp, bgp4mp_et, bgp\n"
	"Several values: one of them must fit. @FILE stands for the lines of a file. not, and,\n"
	"or, ( ) combine; \"and\" may be left out. A withdrawn route has neither path nor\n"
	"communities: conditions on them do not hold for it.\n";

enum value { NONE, PREFIXES, RANGES, PEERS, COMMUNITIES, PATTERN, TIME, TYPE };

static const struct keyword {
	const char *word;
	enum where_op op;
	enum value value;
	uint32_t number;
} keywords[] = {
	{"prefix", WHERE_PREFIX, PREFIXES, 0},
	{"sub", WHERE_SUB, PREFIXES, 0},
	{"super", WHERE_SUPER, PREFIXES, 0},
	{"length", WHERE_LENGTH, RANGES, 0},
	{"origin", WHERE_ORIGIN, RANGES, 0},
	{"as", WHERE_AS, RANGES, 0},
	{"path", WHERE_PATH, PATTERN, 0},
	{"peer", WHERE_PEER, PEERS, 0},
	{"nexthop", WHERE_NEXTHOP, PREFIXES, 0},
	{"community", WHERE_COMMUNITY, COMMUNITIES, 0},
	{"after", WHERE_AFTER, TIME, 0},
	{"before", WHERE_BEFORE, TIME, 0},
	{"type", WHERE_TYPE, TYPE, 0},
	{"ip4", WHERE_FAMILY, NONE, 4},
	{"ip6", WHERE_FAMILY, NONE, 6},
	{"rib", WHERE_KIND, NONE, 1 << EVENT_RIB},
	{"announce", WHERE_KIND, NONE, 1 << EVENT_ANNOUNCE},
	{"withdraw", WHERE_KIND, NONE, 1 << EVENT_WITHDRAW},
	{"state", WHERE_KIND, NONE, 1 << EVENT_STATE},
	{"message", WHERE_KIND, NONE, 1 << EVENT_MESSAGE},
};

struct parser {
	struct where *where;
	struct err *err;
	const char *text, *at; // at: behind the word
	const char *from;      // of the word
	bool is_quoted;
	char *word; // "": the end
	unsigned depth;
};

static int or_parse(struct parser *p);

static int refuse(struct parser *p, const char *what)
{
	return err_set(p->err, EINVAL, "condition, character %zu, at \"%.20s\": %s",
		       (size_t)(p->from - p->text) + 1, p->from, what);
}

// The next word: a parenthesis, something quoted, or up to a blank or parenthesis.
static int word_next(struct parser *p)
{
	size_t len;

	p->at += strspn(p->at, " \t\r\n");
	p->from = p->at;
	p->is_quoted = *p->at == '"' || *p->at == '\'';
	if (p->is_quoted) {
		const char *end = strchr(p->at + 1, *p->at);

		if (!end)
			return refuse(p, "the quote has no end");
		p->from++;
		len = (size_t)(end - p->from);
		p->at = end + 1;
	} else {
		len = strchr("()", *p->at) ? *p->at != 0 : strcspn(p->at, " \t\r\n()");
		p->at += len;
	}
	if (len >= WORD_MAX)
		return refuse(p, "too long a word; put values into a file, @FILE");
	memcpy(p->word, p->from, len);
	p->word[len] = 0;
	return 0;
}

static bool word_is(const struct parser *p, const char *word)
{
	return !p->is_quoted && strcasecmp(p->word, word) == 0;
}

static bool word_is_end(const struct parser *p)
{
	return !p->is_quoted && !p->word[0];
}

// Index of a new node, or -errno.
static int node_add(struct parser *p, enum where_op op)
{
	struct where *w = p->where;

	if (w->n + 1 == WHERE_NODES_MAX)
		return refuse(p, "too many conditions, 4,095 are allowed; give several values to "
				 "one, with commas or @FILE");
	w->node[++w->n].op = op;
	return (int)w->n;
}

static int type_parse(const char *text, uint32_t *number)
{
	static const uint16_t types[] = {MRT_BGP, MRT_TABLE_DUMP, MRT_TABLE_DUMP_V2, MRT_BGP4MP,
					 MRT_BGP4MP_ET};

	for (unsigned i = 0; i < ARRAY_LEN(types); i++)
		if (strcasecmp(text, mrt_type_name(types[i])) == 0) {
			*number = types[i];
			return 0;
		}
	return -EINVAL;
}

static int value_parse(struct parser *p, enum value value, struct where_node *node)
{
	switch (value) {
	case PREFIXES:
		return where_prefixes_parse(&node->list, p->word, p->err);
	case RANGES:
		return where_ranges_parse(&node->list, p->word, p->err);
	case PEERS:
		return where_peers_parse(&node->list, p->word, p->err);
	case COMMUNITIES:
		return where_communities_parse(&node->list, p->word, p->err);
	case PATTERN:
		node->regex = aspath_regex_new(p->word, p->err);
		return node->regex ? 0 : -p->err->code;
	case TIME:
		if (when_parse(p->word, &node->number) < 0)
			return refuse(p, "no time; allowed are 2026-01-31, 2026-01-31T12:30, "
					 "2026-01-31T12:30:00 and seconds since 1970");
		return 0;
	case TYPE:
		if (type_parse(p->word, &node->number) < 0)
			return refuse(p, "no type of record; allowed are table_dump, "
					 "table_dump_v2, bgp4mp, bgp4mp_et, bgp");
		return 0;
	case NONE:
		break;
	}
	return 0;
}

static int test_parse(struct parser *p, const struct keyword *k)
{
	int index = node_add(p, k->op), rc;
	struct where_node *node;

	if (index < 0)
		return index;
	node = &p->where->node[index];
	node->number = k->number;
	rc = word_next(p);
	if (rc < 0 || k->value == NONE)
		return rc < 0 ? rc : index;
	if (word_is_end(p) || word_is(p, "(") || word_is(p, ")"))
		return refuse(p, "a value must stand here");
	rc = value_parse(p, k->value, node);
	if (rc == 0)
		rc = word_next(p);
	return rc < 0 ? rc : index;
}

static int group_parse(struct parser *p)
{
	int index, rc;

	if (++p->depth > WHERE_DEPTH_MAX)
		return refuse(p, "nested deeper than 64");
	rc = word_next(p);
	index = rc < 0 ? rc : or_parse(p);
	if (index < 0)
		return index;
	if (!word_is(p, ")"))
		return refuse(p, "\")\" must stand here, or and, or, another condition");
	p->depth--;
	rc = word_next(p);
	return rc < 0 ? rc : index;
}

static int not_parse(struct parser *p);

static int negation_parse(struct parser *p)
{
	int index = node_add(p, WHERE_NOT), rc;

	if (index < 0)
		return index;
	if (++p->depth > WHERE_DEPTH_MAX)
		return refuse(p, "nested deeper than 64");
	rc = word_next(p);
	rc = rc < 0 ? rc : not_parse(p);
	if (rc < 0)
		return rc;
	p->depth--;
	p->where->node[index].child = (uint16_t)rc;
	return index;
}

static int not_parse(struct parser *p)
{
	if (word_is(p, "not") || word_is(p, "!"))
		return negation_parse(p);
	if (word_is(p, "("))
		return group_parse(p);
	for (unsigned i = 0; i < ARRAY_LEN(keywords); i++)
		if (word_is(p, keywords[i].word))
			return test_parse(p, &keywords[i]);
	return refuse(p, "a condition must stand here: prefix, sub, super, length, ip4, ip6, "
			 "origin, as, path, community, nexthop, peer, after, before, rib, "
			 "announce, withdraw, state, message, type, not, (");
}

// One or more of `part`, as children of a node of op if they are several.
static int many_parse(struct parser *p, enum where_op op, int first, int (*part)(struct parser *),
		      bool (*goes_on)(struct parser *, int *rc))
{
	int index = first, last = first, rc = 0;

	while (index >= 0 && goes_on(p, &rc)) {
		int next = rc < 0 ? rc : part(p);

		if (next < 0)
			return next;
		if (index == first) {
			index = node_add(p, op);
			if (index < 0)
				return index;
			p->where->node[index].child = (uint16_t)first;
		}
		p->where->node[last].next = (uint16_t)next;
		last = next;
	}
	return index;
}

static bool and_goes_on(struct parser *p, int *rc)
{
	if (word_is(p, "and"))
		*rc = word_next(p);
	else if (word_is_end(p) || word_is(p, "or") || word_is(p, ")"))
		return false;
	return true;
}

static bool or_goes_on(struct parser *p, int *rc)
{
	if (!word_is(p, "or"))
		return false;
	*rc = word_next(p);
	return true;
}

static int and_parse(struct parser *p)
{
	return many_parse(p, WHERE_AND, not_parse(p), not_parse, and_goes_on);
}

static int or_parse(struct parser *p)
{
	return many_parse(p, WHERE_OR, and_parse(p), and_parse, or_goes_on);
}

int where_parse(struct where *w, const char *text, struct err *err)
{
	struct parser p = {.where = w, .err = err, .text = text, .at = text};
	int rc;

	p.word = malloc(WORD_MAX);
	if (!p.word)
		return err_set(err, ENOMEM, "no memory for a condition");
	rc = word_next(&p);
	if (rc == 0 && !word_is_end(&p)) {
		rc = or_parse(&p);
		if (rc >= 0 && !word_is_end(&p))
			rc = refuse(&p, "the condition ended before this");
		w->root = rc < 0 ? 0 : (uint16_t)rc;
	}
	free(p.word);
	return rc < 0 ? rc : 0;
}
