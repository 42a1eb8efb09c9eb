// SPDX-License-Identifier: BSD-3-Clause
// How wire.c finds the kinds of wire.
#pragma once

#include "drivers/vnic82599/vnic.h"
#include "drivers/vnic82599/wire.h"

// arg is what follows "kind:" ("" if nothing). NULL with err set.
struct wire *wire_tap_open(const char *arg, struct err *err);
struct wire *wire_packet_open(const char *arg, struct err *err);
struct wire *wire_socket_open(const char *arg, struct err *err);
struct wire *wire_pcap_open(const char *arg, struct err *err);
struct wire *wire_gen_open(const char *arg, struct err *err);

// "key=value,key=value": copies the value of key; false: not there.
bool wire_option(const char *arg, const char *key, char *value, size_t len);
// Zeroed, of size bytes that start with a struct wire; NULL with err set.
void *wire_new(size_t size, const struct wire_ops *ops, struct err *err);
// Counts and hands to the card.
void wire_receive(struct wire *wire, const uint8_t *frame, unsigned len);
