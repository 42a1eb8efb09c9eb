// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/text.h"
void text_json(struct text *text, const struct event *ev)
{
	(void)text;
	(void)ev;
}
