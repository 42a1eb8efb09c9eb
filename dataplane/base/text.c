// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/text.h"

#include <stdarg.h>
#include <stdio.h>

size_t text_append(char *text, size_t len, size_t at, const char *fmt, ...)
{
	va_list args;
	int n;

	if (at >= len)
		return at;
	va_start(args, fmt);
	n = vsnprintf(text + at, len - at, fmt, args);
	va_end(args);
	return n < 0 ? at : at + (size_t)n;
}
