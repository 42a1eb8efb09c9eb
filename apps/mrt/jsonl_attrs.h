// SPDX-License-Identifier: BSD-3-Clause
// The attributes of a route as members of a JSON object: each begins with ",".
#pragma once

#include "apps/mrt/attrs.h"

char *jsonl_string(char *p, const char *string); // without quotes
char *jsonl_key(char *p, const char *key);	 // ,"key":
char *jsonl_number(char *p, const char *key, uint32_t value);

// All but the next hop. What cannot be read is among "unknown", in hex.
char *jsonl_attrs(char *p, const struct attrs *a);
