// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/when.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int seconds_parse(const char *text, uint32_t *time_s)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || value > UINT32_MAX)
		return -EINVAL;
	*time_s = (uint32_t)value;
	return 0;
}

int when_parse(const char *text, uint32_t *time_s)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
					    "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"};

	if (text[0] >= '0' && text[0] <= '9' && seconds_parse(text, time_s) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = {.tm_mday = 1};
		const char *end = strptime(text, forms[i], &tm);
		time_t t;

		if (!end || (*end && strcmp(end, "Z") != 0))
			continue;
		t = timegm(&tm);
		if (t < 0 || t > (time_t)UINT32_MAX)
			return -EINVAL;
		*time_s = (uint32_t)t;
		return 0;
	}
	return -EINVAL;
}
