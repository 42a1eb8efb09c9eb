// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/aspath_regex.h"
#include "tests/unit/mrt_make.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool matches(const char *pattern, const char *text)
{
	struct err err = {.code = 0};
	struct aspath_regex *re = aspath_regex_new(pattern, &err);
	bool matched;

	if (!re)
		fail_msg("%s: %s", pattern, err.text);
	matched = aspath_regex_match_text(re, text, strlen(text));
	aspath_regex_free(re);
	return matched;
}

static void aspath_patterns_mean_what_routers_mean(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matched;
	} cases[] = {
		{"^$", "", true},
		{"^$", "1", false},
		{"_701_", "701", true},
		{"_701_", "1 701 2", true},
		{"_701_", "1 7012", false},
		{"_701_", "1701 2", false},
		{"_701_", "1 {700,701}", true},
		{"_701_", "(701) 5", true},
		{"_701$", "1 701", true},
		{"_701$", "701 1", false},
		{"^701_", "701 1", true},
		{"^701_", "1 701", false},
		{"^701$", "701", true},
		{"^^_701_$$", "701", true},
		{"^701_702$", "701 702", true},
		{"^[0-9]+$", "65000", true},
		{"^[0-9]+$", "65000 1", false},
		{"^[0-9]+ [0-9]+$", "65000 1", true},
		{"^(701|702)( .*)?_3356$", "702 9 3356", true},
		{"^(701|702)( .*)?_3356$", "703 9 3356", false},
		{"_(64[5-9][0-9][0-9]|65[0-9][0-9][0-9])_", "1 64512 2", true},
		{"_(64[5-9][0-9][0-9]|65[0-9][0-9][0-9])_", "1 64499 2", false},
		{"{", "1 {2,3}", true},
		{"\\{2,", "1 {2,3}", true},
		{"\\(1\\)", "(1) 2", true},
		{"\\[1,2\\]", "[1,2] 2", true},
		{"_\\d\\d_", "100 22 333", true},
		{"_\\d\\d_", "100 2 333", false},
		{"[^0-9]", "1234", false},
		{"[^0-9]", "1 2", true},
		{"^1[ _,]2$", "1 2", true},
		{"^(1 )+2$", "1 1 1 2", true},
		{"^(1 )*2$", "2", true},
		{"_4200000000_", "1 4200000000", true},

		{"1*", "", true},
		{"1|", "", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (cases[i].text && matches(cases[i].pattern, cases[i].text) != cases[i].matched)
			fail_msg("%s on \"%s\"", cases[i].pattern, cases[i].text);
}

static void aspath_pattern_errors_say_what_and_where(void **state)
{
	static const struct {
		const char *pattern, *says;
	} cases[] = {
		{"", "is empty"},
		{"70a", "character 3: this character is in no AS path"},
		{"*7", "character 1: nothing stands before it"},
		{"(1|+)", "character 4: nothing stands before it"},
		{"(1", "\"(\" has no \")\""},
		{"1)", "character 2: \")\" has no \"(\""},
		{"[1", "\"[\" has no \"]\""},
		{"[", "\"[\" has no \"]\""},
		{"[9-0]", "a range goes from one digit up"},
		{"[,-9]", "a range goes from one digit up"},
		{"1\\", "the pattern ends here"},
		{"\\x", "is in no AS path"},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		err = (struct err){.code = 0};
		assert_null(aspath_regex_new(cases[i].pattern, &err));
		if (!strstr(err.text, cases[i].says))
			fail_msg("%s: %s", cases[i].pattern, err.text);
	}
}

static void aspath_patterns_are_bounded(void **state)
{
	struct err err = {.code = 0};
	char text[ASPATH_PATTERN_MAX + 2];
	struct aspath_regex *re;

	(void)state;
	memset(text, '1', sizeof(text));
	text[255] = 0;
	re = aspath_regex_new(text, &err);
	assert_non_null(re);
	assert_true(aspath_regex_match_text(re, text, 255));
	assert_false(aspath_regex_match_text(re, text, 254));
	aspath_regex_free(re);
	text[255] = '1';
	text[256] = 0;
	assert_null(aspath_regex_new(text, &err));
	assert_non_null(strstr(err.text, "too long"));
	memset(text, '(', sizeof(text));
	text[40] = 0;
	err = (struct err){.code = 0};
	assert_null(aspath_regex_new(text, &err));
	assert_non_null(strstr(err.text, "nested deeper than 32"));
	memset(text, '1', sizeof(text));
	text[ASPATH_PATTERN_MAX + 1] = 0;
	err = (struct err){.code = 0};
	assert_null(aspath_regex_new(text, &err));
	assert_non_null(strstr(err.text, "1024 characters"));
}

static char any_of(const char *list, uint64_t *seed)
{
	return list[test_rand(seed) % strlen(list)];
}

// A pattern of about n atoms. What POSIX leaves open (^*, an empty branch) is
// not made.
static void pattern_make(char *text, unsigned n, unsigned depth, uint64_t *seed)
{
	char *at = text + strlen(text);

	for (unsigned i = 0; i < n; i++) {
		switch (test_rand(seed) % (depth ? 9 : 8)) {
		case 0:
			at += sprintf(at, "_");
			continue;
		case 1:
			at += sprintf(at, ".");
			break;
		case 2:
			at += sprintf(at, "[%s1-%c]", test_rand(seed) % 2 ? "^" : "",
				      any_of("1234", seed));
			break;
		case 8:
			at += sprintf(at, "(");
			pattern_make(at, 1 + test_rand(seed) % 3, depth - 1, seed);
			at += strlen(at);
			at += sprintf(at, "|");
			pattern_make(at, 1 + test_rand(seed) % 3, depth - 1, seed);
			at += strlen(at);
			at += sprintf(at, ")");
			break;
		default:
			at += sprintf(at, "%c", any_of("1122 ,", seed));
		}
		if (test_rand(seed) % 4 == 0)
			at += sprintf(at, "%c", any_of("*+?", seed));
	}
}

// The oracle: where can a match end that begins at one of these places? Places
// are bits; the pattern is read again for every question.
struct slow {
	const char *at, *text;
	size_t len;
};

static uint64_t slow_alternatives(struct slow *s, uint64_t starts);

static bool slow_class_has(const char *from, const char *to, char c)
{
	bool is_not = *from == '^', found = false;

	for (from += is_not; from < to; from++) {
		if (from[1] == '-' && c >= from[0] && c <= from[2])
			found = true;
		found |= c == *from;
		from += from[1] == '-' ? 2 : 0;
	}
	return found != is_not;
}

static uint64_t slow_atom(struct slow *s, uint64_t starts)
{
	const char *from = s->at++, *to = s->at;
	uint64_t ends = 0;

	if (*from == '(') {
		ends = slow_alternatives(s, starts);
		s->at++;
		return ends;
	}
	if (*from == '[') {
		to = strchr(from + 2, ']');
		s->at = to + 1;
	}
	for (size_t i = 0; i <= s->len; i++) {
		char c = s->text[i];
		bool is_end =
			(i == 0 && strchr("^_", *from)) || (i == s->len && strchr("$_", *from));
		bool eats = i < s->len && (*from == '.' || (*from == '_' && !strchr("123", c)) ||
					   (*from == '[' && slow_class_has(from + 1, to, c)) ||
					   (*from == c && !strchr("^$_[", c)));

		if (starts & 1ull << i)
			ends |= (uint64_t)eats << (i + 1) | (uint64_t)is_end << i;
	}
	return ends;
}

static uint64_t slow_repeated(struct slow *s, uint64_t starts)
{
	const char *atom = s->at;
	uint64_t ends = slow_atom(s, starts), before;
	char c = *s->at;

	if (!c || !strchr("*+?", c))
		return ends;
	do {
		before = ends;
		s->at = atom;
		ends |= slow_atom(s, c == '?' ? starts : ends);
	} while (ends != before);
	s->at++;
	return c == '+' ? ends : ends | starts;
}

static uint64_t slow_alternatives(struct slow *s, uint64_t starts)
{
	uint64_t ends = 0, at = starts;

	while (*s->at && *s->at != ')') {
		if (*s->at != '|') {
			at = slow_repeated(s, at);
			continue;
		}
		ends |= at;
		at = starts;
		s->at++;
	}
	return ends | at;
}

static bool slow_matches(const char *pattern, const char *text)
{
	struct slow s = {.at = pattern, .text = text, .len = strlen(text)};

	return slow_alternatives(&s, (2ull << s.len) - 1) != 0;
}

static void text_make(char *text, uint64_t *seed)
{
	unsigned n = (unsigned)(test_rand(seed) % 14);

	for (unsigned i = 0; i < n; i++)
		text[i] = any_of("111222 3,{})", seed);
	text[n] = 0;
}

// Returns how many of the texts matched.
static unsigned pattern_compare(const char *pattern, unsigned n, uint64_t *seed)
{
	struct err err = {.code = 0};
	struct aspath_regex *re = aspath_regex_new(pattern, &err);
	char text[32];
	unsigned n_matched = 0;

	if (!re)
		fail_msg("%s: %s", pattern, err.text);
	for (unsigned i = 0; i < n; i++) {
		bool want, got;

		text_make(text, seed);
		want = slow_matches(pattern, text);
		got = aspath_regex_match_text(re, text, strlen(text));
		if (want != got)
			fail_msg("%s on \"%s\": %d, the oracle says %d", pattern, text, got, want);
		n_matched += want;
	}
	aspath_regex_free(re);
	return n_matched;
}

static void aspath_regex_agrees_with_a_slow_one(void **state)
{
	uint64_t seed = 4, n_matched = 0;
	enum { PATTERNS = 4000, TEXTS = 50 };

	(void)state;
	for (unsigned i = 0; i < PATTERNS; i++) {
		char body[2048] = "", pattern[2060];

		pattern_make(body, 1 + test_rand(&seed) % 6, 2, &seed);
		snprintf(pattern, sizeof(pattern), "%s%s%s", test_rand(&seed) % 3 ? "" : "^", body,
			 test_rand(&seed) % 3 ? "" : "$");
		n_matched += pattern_compare(pattern, TEXTS, &seed);
	}
	assert_true(n_matched > PATTERNS * TEXTS / 10);
	assert_true(n_matched < PATTERNS * TEXTS * 9 / 10);
}

// (1|2)*1 and then k more characters: 2^k states. The cache is forgotten on the
// way, and the answer stays right.
static void aspath_regex_with_too_many_states_stays_right(void **state)
{
	static const char pattern[] = "^[12]*1[12][12][12][12][12][12][12][12][12][12][12][12]$";
	struct err err = {.code = 0};
	struct aspath_regex *re = aspath_regex_new(pattern, &err);
	uint64_t seed = 5;
	char text[200];

	(void)state;
	assert_non_null(re);
	for (unsigned i = 0; i < 2000; i++) {
		size_t n = 13 + test_rand(&seed) % 180;

		for (size_t j = 0; j < n; j++)
			text[j] = any_of("12", &seed);
		assert_int_equal(aspath_regex_match_text(re, text, n), text[n - 13] == '1');
	}
	aspath_regex_free(re);
}

static bool wire_matches(const char *pattern, const char *hex, unsigned as_bytes)
{
	struct err err = {.code = 0};
	struct aspath_regex *re = aspath_regex_new(pattern, &err);
	struct bytes b = {.len = 0};
	uint8_t *exact;
	bool matched;

	assert_non_null(re);
	put_hex(&b, hex);
	exact = malloc(b.len ? b.len : 1);
	memcpy(exact, b.data, b.len);
	matched = aspath_regex_match(re, exact, b.len, as_bytes);
	free(exact);
	aspath_regex_free(re);
	return matched;
}

static void aspath_segments_have_their_text(void **state)
{
	(void)state;
	assert_true(wire_matches("^$", "", 4));
	assert_true(wire_matches("^701 65536$", "02 02 000002bd 00010000", 4));
	assert_true(wire_matches("^701 {702,703}$", "0201 02bd 0102 02be 02bf", 2));
	assert_true(wire_matches("^\\(1 2\\) \\[3,4\\] 5$",
				 "0302 0001 0002 0402 0003 0004 0201 0005", 2));
	assert_true(wire_matches("^0 4294967295$", "0202 00000000 ffffffff", 4));
}

static void aspath_damage_matches_nothing(void **state)
{
	static const char *const hex[] = {"02",	       "0202 0001",    "0501 0001",
					  "0001 0001", "0201 0001 02", "0201 0001 00"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hex); i++)
		assert_false(wire_matches(".*", hex[i], 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aspath_patterns_mean_what_routers_mean),
		cmocka_unit_test(aspath_pattern_errors_say_what_and_where),
		cmocka_unit_test(aspath_patterns_are_bounded),
		cmocka_unit_test(aspath_regex_agrees_with_a_slow_one),
		cmocka_unit_test(aspath_regex_with_too_many_states_stays_right),
		cmocka_unit_test(aspath_segments_have_their_text),
		cmocka_unit_test(aspath_damage_matches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
