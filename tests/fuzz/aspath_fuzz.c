// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as an AS path pattern (up to the first line end) over any bytes as
// a path: as a text of one symbol an input byte, and as segments.
#include "dataplane/bgp/aspath_regex.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *exact_copy(const void *data, size_t size)
{
	void *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	memcpy(exact, data, size);
	return exact;
}

static char *text_of(const uint8_t *data, size_t size)
{
	static const char chars[] = "0123456789 ,{}()[]";
	char *text = exact_copy(data, size);

	for (size_t i = 0; i < size; i++)
		text[i] = chars[data[i] % (sizeof(chars) - 1)];
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t n = end ? (size_t)(end - data) : size;
	char *pattern = exact_copy(data, n + (n < size)), *text;
	struct err err = {.code = 0};
	struct aspath_regex *re;
	bool first;

	pattern = realloc(pattern, n + 1);
	pattern[n] = 0;
	re = aspath_regex_new(pattern, &err);
	free(pattern);
	if (!re) {
		if (!err.code || !err.text[0])
			abort();
		return 0;
	}
	data += n;
	size -= n;
	text = text_of(data, size);
	first = aspath_regex_match_text(re, text, size);
	if (first != aspath_regex_match_text(re, text, size))
		abort();
	free(text);
	text = exact_copy(data, size);
	(void)aspath_regex_match(re, (uint8_t *)text, size, 2);
	(void)aspath_regex_match(re, (uint8_t *)text, size, 4);
	free(text);
	aspath_regex_free(re);
	return 0;
}
