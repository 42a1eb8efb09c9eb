// SPDX-License-Identifier: BSD-3-Clause
// NOTIFICATION (RFC 4271 §4.5) in the words of bgpdump -H.
#include "apps/mrt/digits.h"
#include "apps/mrt/text.h"

#include <stdio.h>

enum { SUBS_MAX = 11 };

static const struct {
	const char *name;
	const char *sub[SUBS_MAX]; // from 1 on
	bool has_subs;
} errors[] = {
	[1] = {.name = "Message Header Error",
	       .has_subs = true,
	       .sub = {"Connection Not Synchronized", "Bad Message Length", "Bad Message Type"}},
	[2] = {.name = "OPEN Message Error",
	       .has_subs = true,
	       .sub = {"Unsupported Version Number", "Bad Peer AS", "Bad BGP Identifier",
		       "Unsupported Optional Parameter", "Authentication Failure",
		       "Unacceptable Hold Time"}},
	[3] = {.name = "UPDATE Message Error",
	       .has_subs = true,
	       .sub = {"Malformed Attribute List", "Unrecognized Well-known Attribute",
		       "Missing Well-known Attribute", "Attribute Flags Error",
		       "Attribute Length Error", "Invalid ORIGIN Attribute", "AS Routing Loop",
		       "Invalid NEXT-HOP Attribute", "Optional Attribute Error",
		       "Invalid Network Field", "Malformed AS-PATH"}},
	[4] = {.name = "Hold Timer Expired"},
	[5] = {.name = "Finite State Machine Error"},
	[6] = {.name = "Cease"},
};

static char *line_put(char *p, const char *what, unsigned number, const char *name)
{
	if (name)
		return p + sprintf(p, "    %-12s: %u (%s)\n", what, number, name);
	return p + sprintf(p, "    %-12s: %u\n", what, number);
}

char *text_notification(char *p, const uint8_t *body, size_t len)
{
	unsigned code = len > 0 ? body[0] : 0, sub = len > 1 ? body[1] : 0;
	bool is_known = code >= 1 && code < ARRAY_LEN(errors);

	p = line_put(p, "ERROR CODE", code, is_known ? errors[code].name : NULL);
	if (!is_known || !errors[code].has_subs)
		return p;
	return line_put(p, "SUB ERROR", sub,
			sub >= 1 && sub <= SUBS_MAX ? errors[code].sub[sub - 1] : NULL);
}
