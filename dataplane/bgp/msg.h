// SPDX-License-Identifier: BSD-3-Clause
// BGP messages (RFC 4271 §4.1): where one ends in a stream, and what it is.
//
// Pure functions over bytes. A stream is read with a buffer that may hold a
// part of a message:
//
//	while ((n = bgp_msg_find(buf, len, &session, &msg, &fault)) > 0)
//		... msg.type, msg.body; then drop n bytes from the buffer
//	n == 0: wait for msg.need bytes in all; n < 0: the stream is lost
#pragma once

#include "dataplane/bgp/out.h"
#include "dataplane/bgp/session.h"

#include <sys/types.h>

enum { BGP_HDR_LEN = 19, BGP_MARKER_LEN = 16, BGP_MSG_MAX = 4096, BGP_MSG_EXTENDED_MAX = 65535 };

enum bgp_msg_type {
	BGP_MSG_OPEN = 1,
	BGP_MSG_UPDATE = 2,
	BGP_MSG_NOTIFICATION = 3,
	BGP_MSG_KEEPALIVE = 4,
	BGP_MSG_REFRESH = 5, // RFC 2918 §3
};

struct bgp_msg {
	uint8_t type;	     // enum bgp_msg_type, or what nobody knows
	uint16_t len;	     // with the header
	const uint8_t *body; // len - BGP_HDR_LEN bytes
	size_t body_len;
	size_t need; // bytes of the buffer until the message is whole
};

// Bytes of the message at the begin of the buffer; 0: it is not whole yet;
// -EBADMSG: FAULT_MARKER, FAULT_MSG_LEN (RFC 4271 §6.1, RFC 8654 §5) or
// FAULT_MSG_TYPE. Judged as soon as the bytes in question are there.
ssize_t bgp_msg_find(const uint8_t *buf, size_t len, const struct bgp_session *s,
		     struct bgp_msg *msg, struct fault *fault) must_check;

// The same without demands on marker and type, for dumps: the length alone must
// lie within 19 and the bytes there are.
ssize_t bgp_msg_find_lax(const uint8_t *buf, size_t len, struct bgp_msg *msg,
			 struct fault *fault) must_check;

const char *bgp_msg_name(uint8_t type); // "UPDATE"; NULL when unknown

// A message begins; returns what bgp_msg_end() asks for, which fills in its
// length. -ENOSPC: the buffer is too small (out->len tells); -EMSGSIZE: longer
// than the session allows for this type.
size_t bgp_msg_start(struct out *out, uint8_t type);
int bgp_msg_end(struct out *out, size_t at, const struct bgp_session *s) must_check;
