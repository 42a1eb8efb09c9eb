// SPDX-License-Identifier: BSD-3-Clause
// The cards of one jerboa-vnic, made from the words of its command line.
#pragma once

#include "dataplane/base/err.h"
#include "drivers/vnic82599/vfu.h"
#include "drivers/vnic82599/wire.h"

enum { CARDS_MAX = 16 };

struct card {
	struct vfu *vfu;
	struct wire *wire; // the card's own
	char name[32];
	bool is_trapped;
};

struct cards {
	unsigned n;
	struct card card[CARDS_MAX];
};

// "SOCKET[,key=value...][,wire=...]".
int card_add(struct cards *cards, const char *spec, struct err *err) must_check;
void cards_close(struct cards *cards);
struct card *card_find(struct cards *cards, const char *name);
extern const char card_help[];
