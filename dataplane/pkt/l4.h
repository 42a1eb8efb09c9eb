// SPDX-License-Identifier: BSD-3-Clause
// UDP (RFC 768) and TCP (RFC 9293 §3.1) headers.
#pragma once

#include "dataplane/base/compiler.h"

#include <assert.h>

struct udp_hdr {
	be16_t sport;
	be16_t dport;
	be16_t len;
	uint16_t csum;
} packed_struct;
static_assert(sizeof(struct udp_hdr) == 8, "wire format");

struct tcp_hdr {
	be16_t sport;
	be16_t dport;
	be32_t seq;
	be32_t ack;
	uint8_t off; // upper 4 bits: header length in 32-bit words
	uint8_t flags;
	be16_t window;
	uint16_t csum;
	be16_t urgent;
} packed_struct;
static_assert(sizeof(struct tcp_hdr) == 20, "wire format");
