// SPDX-License-Identifier: BSD-3-Clause
// From the text of an AS path pattern to its positions: by recursive descent,
// each part giving what it can begin and end with.
#include "dataplane/bgp/aspath_priv.h"
#include "dataplane/bgp/aspath_regex.h"

#include <string.h>

enum { DEPTH_MAX = 32 };

#define DIGITS	   0x3ffu
#define ANY	   ((1u << ASPATH_CHARS) - 1)
#define BETWEEN	   (ANY & ~DIGITS)
#define BEGIN_ONLY (1u << ASPATH_BEGIN)
#define END_ONLY   (1u << ASPATH_END)

struct parser {
	const char *pattern, *at;
	struct aspath_nfa *nfa;
	struct err *err;
	unsigned depth;
};

// A part of the pattern.
struct part {
	bool matches_empty;
	struct aspath_set first, last;
};

static int alternatives_parse(struct parser *p, struct part *part);

int aspath_symbol(char c)
{
	static const int8_t table[128] = {
		['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
		['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, [' '] = 11, [','] = 12,
		['{'] = 13, ['}'] = 14, ['('] = 15, [')'] = 16, ['['] = 17, [']'] = 18,
	};

	return (unsigned char)c < sizeof(table) ? table[(unsigned char)c] - 1 : -1;
}

static int refuse(struct parser *p, const char *why)
{
	return err_set(p->err, EINVAL, "AS path pattern \"%s\", character %zu: %s", p->pattern,
		       (size_t)(p->at - p->pattern) + 1, why);
}

// A new position that these symbols (bits) enter.
static int position_add(struct parser *p, uint32_t symbols, struct part *part)
{
	unsigned position = p->nfa->n;

	if (position == ASPATH_POSITIONS - 1)
		return refuse(p, "the pattern is too long, 255 characters and classes are allowed");
	p->nfa->n++;
	for (unsigned i = 0; i < ASPATH_SYMBOLS; i++)
		if (symbols & 1u << i)
			aspath_set_add(&p->nfa->has[i], position);
	memset(part, 0, sizeof(*part));
	aspath_set_add(&part->first, position);
	part->last = part->first;
	return 0;
}

static void follow_add(struct aspath_nfa *nfa, const struct aspath_set *last,
		       const struct aspath_set *first)
{
	for (unsigned i = 0; i < nfa->n; i++)
		if (last->word[i / 64] & 1ull << i % 64)
			aspath_set_or(&nfa->follow[i], first);
}

// One character of a class or after a backslash, as symbols.
static int char_symbols(struct parser *p, char c, bool is_escaped, uint32_t *symbols)
{
	int symbol = aspath_symbol(c);

	if (is_escaped && c == 'd') {
		*symbols = DIGITS;
		return 0;
	}
	if (symbol < 0)
		return refuse(p, c ? "this character is in no AS path" : "the pattern ends here");
	*symbols = 1u << symbol;
	return 0;
}

// "0-9" inside brackets, or a single character.
static int range_parse(struct parser *p, uint32_t *symbols)
{
	bool is_escaped = p->at[0] == '\\';
	uint32_t one = 0;
	int rc;

	p->at += is_escaped;
	if (p->at[0] == '_' && !is_escaped) {
		*symbols |= BETWEEN;
		p->at++;
		return 0;
	}
	rc = char_symbols(p, p->at[0], is_escaped, &one);
	if (rc < 0)
		return rc;
	if (p->at[1] == '-' && p->at[2] != ']') {
		if (!(one & DIGITS) || p->at[2] < p->at[0] || p->at[2] > '9')
			return refuse(p, "a range goes from one digit up to another");
		for (char c = p->at[0]; c <= p->at[2]; c++)
			one |= 1u << (c - '0');
		p->at += 2;
	}
	*symbols |= one;
	p->at++;
	return 0;
}

// Behind "[".
static int class_parse(struct parser *p, struct part *part)
{
	bool is_not = p->at[0] == '^';
	uint32_t symbols = 0;
	int rc;

	p->at += is_not;
	do {
		if (!p->at[0])
			return refuse(p, "\"[\" has no \"]\"");
		rc = range_parse(p, &symbols);
		if (rc < 0)
			return rc;
	} while (p->at[0] != ']');
	p->at++;
	return position_add(p, is_not ? ANY & ~symbols : symbols, part);
}

static int group_parse(struct parser *p, struct part *part)
{
	int rc;

	if (++p->depth > DEPTH_MAX)
		return refuse(p, "parentheses are nested deeper than 32");
	rc = alternatives_parse(p, part);
	if (rc < 0)
		return rc;
	if (p->at[0] != ')')
		return refuse(p, "\"(\" has no \")\"");
	p->at++;
	p->depth--;
	return 0;
}

static int atom_parse(struct parser *p, struct part *part)
{
	uint32_t symbols = 0;
	int rc;

	switch (*p->at++) {
	case '(':
		return group_parse(p, part);
	case '[':
		return class_parse(p, part);
	case '.':
		return position_add(p, ANY, part);
	case '^':
		return position_add(p, BEGIN_ONLY, part);
	case '$':
		return position_add(p, END_ONLY, part);
	case '_':
		return position_add(p, BETWEEN | BEGIN_ONLY | END_ONLY, part);
	case '*':
	case '+':
	case '?':
		p->at--;
		return refuse(p, "nothing stands before it that could be repeated");
	case '\\':
		rc = char_symbols(p, p->at[0], true, &symbols);
		p->at += rc == 0;
		break;
	default:
		p->at--;
		rc = char_symbols(p, p->at[0], false, &symbols);
		p->at++;
		break;
	}
	return rc < 0 ? rc : position_add(p, symbols, part);
}

static int repeated_parse(struct parser *p, struct part *part)
{
	int rc = atom_parse(p, part);

	while (rc == 0 && p->at[0] && strchr("*+?", p->at[0])) {
		char c = *p->at++;

		if (c != '?')
			follow_add(p->nfa, &part->last, &part->first);
		if (c != '+')
			part->matches_empty = true;
	}
	return rc;
}

static int sequence_parse(struct parser *p, struct part *part)
{
	struct part next;
	int rc;

	*part = (struct part){.matches_empty = true};
	while (p->at[0] && !strchr("|)", p->at[0])) {
		rc = repeated_parse(p, &next);
		if (rc < 0)
			return rc;
		follow_add(p->nfa, &part->last, &next.first);
		if (part->matches_empty)
			aspath_set_or(&part->first, &next.first);
		if (next.matches_empty)
			aspath_set_or(&next.last, &part->last);
		part->last = next.last;
		part->matches_empty &= next.matches_empty;
	}
	return 0;
}

static int alternatives_parse(struct parser *p, struct part *part)
{
	int rc = sequence_parse(p, part);

	while (rc == 0 && p->at[0] == '|') {
		struct part other;

		p->at++;
		rc = sequence_parse(p, &other);
		if (rc < 0)
			break;
		aspath_set_or(&part->first, &other.first);
		aspath_set_or(&part->last, &other.last);
		part->matches_empty |= other.matches_empty;
	}
	return rc;
}

int aspath_parse(const char *pattern, struct aspath_nfa *nfa, struct err *err)
{
	struct parser p = {.pattern = pattern, .at = pattern, .nfa = nfa, .err = err};
	struct part whole;
	int rc;

	if (strnlen(pattern, ASPATH_PATTERN_MAX + 1) > ASPATH_PATTERN_MAX)
		return err_set(err, EINVAL, "an AS path pattern may have %d characters",
			       ASPATH_PATTERN_MAX);
	if (!pattern[0])
		return err_set(err, EINVAL, "an AS path pattern is empty (^$ is the empty path)");
	rc = alternatives_parse(&p, &whole);
	if (rc < 0)
		return rc;
	if (p.at[0] == ')')
		return refuse(&p, "\")\" has no \"(\"");
	nfa->first = whole.first;
	nfa->last = whole.last;
	nfa->matches_empty = whole.matches_empty;
	return 0;
}
