// SPDX-License-Identifier: BSD-3-Clause
// Patterns over AS paths, as routers have them: "_701_", "^65000 .* 3356$".
//
// A pattern is matched against the path's decimal text ("701 {702,703}": sets in
// braces, confederations in () and []), anywhere unless anchored. Digits, blank
// and comma stand for themselves; . is any character, [0-9] [^1] a class, * + ?
// repeat, | and () as ever, ^ and $ the ends, _ an end or whatever stands
// between numbers, \ takes a character (\{ \( \[) or any digit (\d) literally.
// { and } need no \: sets have them, and there is no counted repetition.
//
// Time is linear in the path whatever the pattern. One thread: matching fills a
// cache of states in the pattern. No allocation but in aspath_regex_new().
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

#include <stdbool.h>

enum { ASPATH_PATTERN_MAX = 1024 };

struct aspath_regex;

// NULL with err: what is wrong and at which character; longer than
// ASPATH_PATTERN_MAX or of more than 255 characters and classes; ENOMEM.
struct aspath_regex *aspath_regex_new(const char *pattern, struct err *err) must_check;
void aspath_regex_free(struct aspath_regex *re);

// path is the value of an AS_PATH, of numbers of as_bytes (2 or 4). What is
// malformed matches nothing.
bool aspath_regex_match(struct aspath_regex *re, const uint8_t *path, size_t len,
			unsigned as_bytes);
// The same a segment at a time: begin, every segment (kind 1 to 4 of RFC 4271
// §4.3 and RFC 5065 §3) with the state before it, end.
uint16_t aspath_regex_begin(const struct aspath_regex *re);
uint16_t aspath_regex_segment(struct aspath_regex *re, uint16_t state, bool is_first, unsigned kind,
			      const uint8_t *as, unsigned n, unsigned as_bytes);
bool aspath_regex_end(struct aspath_regex *re, uint16_t state);
bool aspath_regex_match_text(struct aspath_regex *re, const char *text, size_t len);
