// SPDX-License-Identifier: BSD-3-Clause
// What the two halves of AS path patterns share: aspath_parse.c makes the
// automaton of a pattern, aspath_regex.c runs it.
//
// A position is a character or class of the pattern (Glushkov's automaton): it
// says which symbols enter it and which positions may follow. Symbols are the 18
// characters of a path and the two ends of the text.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

#include <stdbool.h>

enum { ASPATH_POSITIONS = 256, ASPATH_WORDS = ASPATH_POSITIONS / 64 };
enum { ASPATH_CHARS = 18, ASPATH_BEGIN = 18, ASPATH_END = 19, ASPATH_SYMBOLS = 20 };

struct aspath_set {
	uint64_t word[ASPATH_WORDS];
};

struct aspath_nfa {
	unsigned n; // positions
	bool matches_empty;
	struct aspath_set first, last;
	struct aspath_set follow[ASPATH_POSITIONS];
	struct aspath_set has[ASPATH_SYMBOLS]; // positions that a symbol enters
};

int aspath_parse(const char *pattern, struct aspath_nfa *nfa, struct err *err) must_check;
int aspath_symbol(char c); // -1: occurs in no path

static inline void aspath_set_or(struct aspath_set *to, const struct aspath_set *from)
{
	for (unsigned i = 0; i < ASPATH_WORDS; i++)
		to->word[i] |= from->word[i];
}

static inline void aspath_set_and(struct aspath_set *to, const struct aspath_set *from)
{
	for (unsigned i = 0; i < ASPATH_WORDS; i++)
		to->word[i] &= from->word[i];
}

static inline bool aspath_set_meets(const struct aspath_set *a, const struct aspath_set *b)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < ASPATH_WORDS; i++)
		any |= a->word[i] & b->word[i];
	return any != 0;
}

static inline void aspath_set_add(struct aspath_set *set, unsigned position)
{
	set->word[position / 64] |= 1ull << position % 64;
}
