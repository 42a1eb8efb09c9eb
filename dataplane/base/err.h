// SPDX-License-Identifier: BSD-3-Clause
// Errors: 0 or -errno inside; a sentence for the person who must act on it.
//
// struct err carries that sentence from where it is known to the caller who
// decides (and logs once). It names file, line, key, value and what is allowed.
#pragma once

#include "dataplane/base/compiler.h"

#include <errno.h>
#include <stdarg.h>

struct err {
	int code;	 // errno of the first failure, 0 while none
	char text[2048]; // a configuration file earns up to ten lines
};

// Sets text (the first call wins) and returns -code. err may be NULL.
int err_set(struct err *err, int code, const char *fmt, ...) format_fn(3, 4);

// Puts "prefix: " before a text already set.
void err_prefix(struct err *err, const char *fmt, ...) format_fn(2, 3);

// Sets errno and returns NULL: `return err_null(ENOMEM);`
static inline void *err_null(int code)
{
	errno = code;
	return NULL;
}
