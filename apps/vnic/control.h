// SPDX-License-Identifier: BSD-3-Clause
// Commands to a running jerboa-vnic: a line in, text out, over a UNIX socket.
#pragma once

#include "apps/vnic/card.h"

// A listening socket, or -1 with err set.
int control_open(const char *path, struct err *err) must_check;
// Answers who has come, if anybody. Waits at most a moment for their line.
void control_serve(int listener, struct cards *cards);
// The client's side: sends words, prints the answer. Exit status of the program.
int control_ask(const char *path, char **words, int n);
