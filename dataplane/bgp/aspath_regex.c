// SPDX-License-Identifier: BSD-3-Clause
// Sets of positions become states when a path first leads there; a state's next
// one is found by one load. 18 symbols make the table of a state 36 bytes, so
// the few dozen states of a real pattern stay in the first cache. The same AS
// numbers come again and again: where one leads from a state is remembered, so
// that its digits need not be made.
#include "dataplane/bgp/aspath_regex.h"

#include "dataplane/bgp/aspath_priv.h"
#include "dataplane/bgp/wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { STATES = 1024, HASH = 4096, HOPS = 4096, UNKNOWN = 0, MATCHED = 1, FIRST_STATE = 2 };
enum { SEG_SET = 1, SEG_SEQUENCE = 2, SEG_CONFED_SEQUENCE = 3, SEG_CONFED_SET = 4 };

// From state by number to next; state 0: empty.
struct hop {
	uint32_t number;
	uint16_t state, next;
};

struct aspath_regex {
	uint16_t begin;	      // state before the first character
	uint16_t n;	      // states
	uint32_t n_forgotten; // times
	uint8_t ends[STATES]; // does it match if the text ends here? 0: not known, 1: no, 2: yes
	uint16_t next[STATES][ASPATH_CHARS];
	struct aspath_set set[STATES];
	uint16_t hash[HASH];
	struct hop hop[HOPS];
	struct aspath_nfa nfa;
};

static struct aspath_set step(const struct aspath_nfa *nfa, const struct aspath_set *from,
			      unsigned symbol)
{
	struct aspath_set to = nfa->first; // a match may begin anywhere

	for (unsigned w = 0; w < ASPATH_WORDS; w++)
		for (uint64_t bits = from->word[w]; bits; bits &= bits - 1)
			aspath_set_or(&to, &nfa->follow[w * 64 + (unsigned)__builtin_ctzll(bits)]);
	aspath_set_and(&to, &nfa->has[symbol]);
	return to;
}

// The ends of the text have no width: any number of ^, $ and _ match there.
static struct aspath_set step_end(const struct aspath_nfa *nfa, struct aspath_set set,
				  unsigned symbol)
{
	struct aspath_set before, more;

	do {
		before = set;
		more = step(nfa, &set, symbol);
		aspath_set_or(&set, &more);
	} while (memcmp(&before, &set, sizeof(set)) != 0);
	return set;
}

static unsigned hash_of(const struct aspath_set *set)
{
	uint64_t h = 0;

	for (unsigned i = 0; i < ASPATH_WORDS; i++)
		h = (h ^ set->word[i]) * 0x9e3779b97f4a7c15ull;
	return (unsigned)(h >> 40);
}

// The state of a set, MATCHED if nothing that follows can change the answer.
static uint16_t state_get(struct aspath_regex *re, const struct aspath_set *set)
{
	unsigned at = hash_of(set) % HASH;

	if (aspath_set_meets(set, &re->nfa.last))
		return MATCHED;
	for (; re->hash[at]; at = (at + 1) % HASH)
		if (memcmp(&re->set[re->hash[at]], set, sizeof(*set)) == 0)
			return re->hash[at];
	if (re->n == STATES)
		return UNKNOWN;
	re->set[re->n] = *set;
	re->hash[at] = re->n;
	return re->n++;
}

// Forgets all states: the pattern has more than fit, whoever wrote it. Time
// stays linear, a step costs as much as its positions.
static void states_forget(struct aspath_regex *re)
{
	struct aspath_set begin =
		step_end(&re->nfa, (struct aspath_set){.word = {0}}, ASPATH_BEGIN);

	memset(re->hash, 0, sizeof(re->hash));
	memset(re->next, 0, sizeof(re->next));
	memset(re->ends, 0, sizeof(re->ends));
	memset(re->hop, 0, sizeof(re->hop));
	re->n_forgotten++;
	for (unsigned i = 0; i < ASPATH_CHARS; i++)
		re->next[MATCHED][i] = MATCHED;
	re->n = FIRST_STATE;
	re->begin = re->nfa.matches_empty ? MATCHED : state_get(re, &begin);
}

static cold_fn uint16_t state_make(struct aspath_regex *re, uint16_t from, unsigned symbol)
{
	struct aspath_set set = step(&re->nfa, &re->set[from], symbol);
	uint16_t to = state_get(re, &set);

	if (to == UNKNOWN) {
		states_forget(re);
		return state_get(re, &set);
	}
	return re->next[from][symbol] = to;
}

static inline uint16_t state_next(struct aspath_regex *re, uint16_t state, unsigned symbol)
{
	uint16_t next = re->next[state][symbol];

	return likely(next != UNKNOWN) ? next : state_make(re, state, symbol);
}

bool aspath_regex_end(struct aspath_regex *re, uint16_t state)
{
	struct aspath_set set;

	if (state == MATCHED)
		return true;
	if (!re->ends[state]) {
		set = step_end(&re->nfa, re->set[state], ASPATH_END);
		re->ends[state] = aspath_set_meets(&set, &re->nfa.last) ? 2 : 1;
	}
	return re->ends[state] == 2;
}

static_assert(HOPS == 1 << 12, "number_step() takes 12 bits of its hash");

struct aspath_regex *aspath_regex_new(const char *pattern, struct err *err)
{
	struct aspath_regex *re = calloc(1, sizeof(*re));

	if (!re) {
		err_set(err, ENOMEM, "no memory for an AS path pattern");
		return err_null(ENOMEM);
	}
	if (aspath_parse(pattern, &re->nfa, err) < 0) {
		free(re);
		return err_null(err->code);
	}
	states_forget(re);
	return re;
}

void aspath_regex_free(struct aspath_regex *re)
{
	free(re);
}

bool aspath_regex_match_text(struct aspath_regex *re, const char *text, size_t len)
{
	uint16_t state = re->begin;

	for (size_t i = 0; i < len; i++) {
		int symbol = aspath_symbol(text[i]);

		if (symbol < 0)
			return false;
		state = state_next(re, state, (unsigned)symbol);
	}
	return aspath_regex_end(re, state);
}

static cold_fn uint16_t digits_step(struct aspath_regex *re, uint16_t state, uint32_t number)
{
	uint8_t digit[10];
	unsigned n = 0;

	do {
		digit[n++] = (uint8_t)(number % 10);
		number /= 10;
	} while (number);
	while (n)
		state = state_next(re, state, digit[--n]);
	return state;
}

static inline uint16_t number_step(struct aspath_regex *re, uint16_t state, uint32_t number)
{
	struct hop *hop = &re->hop[((number ^ (uint32_t)state << 16) * 0x9e3779b9u) >> 20];
	uint32_t n_forgotten = re->n_forgotten;
	uint16_t next;

	if (hop->number == number && hop->state == state)
		return hop->next;
	next = digits_step(re, state, number);
	if (n_forgotten == re->n_forgotten)
		*hop = (struct hop){number, state, next};
	return next;
}

static const struct {
	char open, between, close;
} segment_text[] = {
	[SEG_SET] = {'{', ',', '}'},
	[SEG_SEQUENCE] = {0, ' ', 0},
	[SEG_CONFED_SEQUENCE] = {'(', ' ', ')'},
	[SEG_CONFED_SET] = {'[', ',', ']'},
};

static uint16_t char_step(struct aspath_regex *re, uint16_t state, char c)
{
	return c ? state_next(re, state, (unsigned)aspath_symbol(c)) : state;
}

uint16_t aspath_regex_begin(const struct aspath_regex *re)
{
	return re->begin;
}

uint16_t aspath_regex_segment(struct aspath_regex *re, uint16_t state, bool is_first, unsigned kind,
			      const uint8_t *as, unsigned n, unsigned as_bytes)
{
	int between = aspath_symbol(segment_text[kind].between);

	if (!is_first)
		state = char_step(re, state, ' ');
	state = char_step(re, state, segment_text[kind].open);
	for (unsigned i = 0; i < n && state != MATCHED; i++, as += as_bytes) {
		if (i)
			state = state_next(re, state, (unsigned)between);
		state = number_step(re, state, as_bytes == 2 ? wire_get16(as) : wire_get32(as));
	}
	return char_step(re, state, segment_text[kind].close);
}

static bool is_sound(const uint8_t *path, size_t len, unsigned as_bytes)
{
	while (len >= 2) {
		size_t size = 2 + (size_t)path[1] * as_bytes;

		if (path[0] < SEG_SET || path[0] > SEG_CONFED_SET || size > len)
			return false;
		path += size;
		len -= size;
	}
	return len == 0;
}

bool aspath_regex_match(struct aspath_regex *re, const uint8_t *path, size_t len, unsigned as_bytes)
{
	uint16_t state = re->begin;

	if (!is_sound(path, len, as_bytes))
		return false;
	for (const uint8_t *p = path; p < path + len; p += 2 + p[1] * as_bytes)
		state = aspath_regex_segment(re, state, p == path, p[0], p + 2, p[1], as_bytes);
	return aspath_regex_end(re, state);
}
