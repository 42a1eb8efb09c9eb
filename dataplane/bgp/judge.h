// SPDX-License-Identifier: BSD-3-Clause
// What is wrong with a message, and what must be done about it: RFC 4271 §6 as
// RFC 7606 revises it, and what RFC 4456, 5065, 5492, 6286, 6793, 7313, 7607,
// 8092, 8654 and 9234 add.
//
// Pure functions over bytes; the verdict is a value, and points into them. Of
// several errors the strongest action counts (RFC 7606 §3 h), and of those that
// ask for it the first is the one told.
//
//	bgp_msg_judge(&msg, &session, &verdict);
//	switch (verdict.action) {
//	case BGP_NONE:
//	case BGP_DISCARD:  use the UPDATE, without attributes that
//			   bgp_verdict_discards(&verdict, type), and of those
//			   that stand there twice with the first
//	case BGP_WITHDRAW: every route in it is withdrawn
//	case BGP_DISABLE:  forget all routes of verdict.afi, verdict.safi, and
//			   ignore that family from now on
//	case BGP_RESET:	   send bgp_verdict_notification(), close
#pragma once

#include "dataplane/bgp/notify.h"
#include "dataplane/bgp/update.h"

enum bgp_action { BGP_NONE, BGP_DISCARD, BGP_WITHDRAW, BGP_DISABLE, BGP_RESET };

struct bgp_verdict {
	enum bgp_action action;
	uint32_t n_errors;
	// Of the error that decided; at is an offset in the body.
	struct fault fault;
	uint8_t attr;	       // type of the attribute in question, or 0
	uint8_t code, subcode; // as RFC 4271 §6 has it, whatever the action; code 0: say nothing
	uint16_t afi;	       // of an AFI/SAFI disable
	uint8_t safi;
	// Data of the NOTIFICATION: in the message, or, where NULL, in own.
	const uint8_t *data;
	uint16_t data_len;
	uint8_t own[2];
	uint64_t discard[4]; // types of attributes to be left out, a bit each
};

// A message that bgp_msg_find() found.
void bgp_msg_judge(const struct bgp_msg *msg, const struct bgp_session *s,
		   struct bgp_verdict *verdict);
// What bgp_msg_find() refused, for the header at buf (as far as it is there).
void bgp_header_judge(const uint8_t *buf, size_t len, const struct fault *fault,
		      struct bgp_verdict *verdict);
// Bodies.
void bgp_open_judge(const uint8_t *body, size_t len, const struct bgp_session *s,
		    struct bgp_verdict *verdict);
void bgp_update_judge(const uint8_t *body, size_t len, const struct bgp_session *s,
		      struct bgp_verdict *verdict);

const char *bgp_action_name(enum bgp_action action); // "treat-as-withdraw"
// The NOTIFICATION to send before a reset; false: none may be sent.
bool bgp_verdict_notification(const struct bgp_verdict *verdict, struct bgp_notification *n);

static inline bool bgp_verdict_discards(const struct bgp_verdict *verdict, uint8_t type)
{
	return verdict->discard[type / 64] >> (type % 64) & 1;
}
