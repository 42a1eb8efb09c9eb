// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/notify.h"

#include <errno.h>

static const char *const codes[] = {
	[BGP_ERR_HEADER] = "Message Header Error",
	[BGP_ERR_OPEN] = "OPEN Message Error",
	[BGP_ERR_UPDATE] = "UPDATE Message Error",
	[BGP_ERR_HOLD_TIMER] = "Hold Timer Expired",
	[BGP_ERR_FSM] = "Finite State Machine Error",
	[BGP_ERR_CEASE] = "Cease",
	[BGP_ERR_REFRESH] = "ROUTE-REFRESH Message Error",
};

// IANA's registry of BGP parameters, in the spelling of the documents.
static const struct {
	uint8_t code, subcode;
	const char *name;
} subcodes[] = {
	{BGP_ERR_HEADER, BGP_ERR_SYNC, "Connection Not Synchronized"},
	{BGP_ERR_HEADER, BGP_ERR_LEN, "Bad Message Length"},
	{BGP_ERR_HEADER, BGP_ERR_TYPE, "Bad Message Type"},
	{BGP_ERR_OPEN, BGP_ERR_VERSION, "Unsupported Version Number"},
	{BGP_ERR_OPEN, BGP_ERR_PEER_AS, "Bad Peer AS"},
	{BGP_ERR_OPEN, BGP_ERR_PEER_ID, "Bad BGP Identifier"},
	{BGP_ERR_OPEN, BGP_ERR_PARAM, "Unsupported Optional Parameter"},
	{BGP_ERR_OPEN, 5, "Authentication Failure"},
	{BGP_ERR_OPEN, BGP_ERR_HOLD_TIME, "Unacceptable Hold Time"},
	{BGP_ERR_OPEN, BGP_ERR_CAPABILITY, "Unsupported Capability"},
	{BGP_ERR_OPEN, BGP_ERR_ROLE, "Role Mismatch"},
	{BGP_ERR_UPDATE, BGP_ERR_ATTRS, "Malformed Attribute List"},
	{BGP_ERR_UPDATE, BGP_ERR_WELL_KNOWN, "Unrecognized Well-known Attribute"},
	{BGP_ERR_UPDATE, BGP_ERR_MISSING, "Missing Well-known Attribute"},
	{BGP_ERR_UPDATE, BGP_ERR_FLAGS, "Attribute Flags Error"},
	{BGP_ERR_UPDATE, BGP_ERR_ATTR_LEN, "Attribute Length Error"},
	{BGP_ERR_UPDATE, BGP_ERR_ORIGIN, "Invalid ORIGIN Attribute"},
	{BGP_ERR_UPDATE, 7, "AS Routing Loop"},
	{BGP_ERR_UPDATE, BGP_ERR_NEXT_HOP, "Invalid NEXT_HOP Attribute"},
	{BGP_ERR_UPDATE, BGP_ERR_OPTIONAL, "Optional Attribute Error"},
	{BGP_ERR_UPDATE, BGP_ERR_NETWORK, "Invalid Network Field"},
	{BGP_ERR_UPDATE, BGP_ERR_AS_PATH, "Malformed AS_PATH"},
	// RFC 6608 §3.
	{BGP_ERR_FSM, 1, "Receive Unexpected Message in OpenSent State"},
	{BGP_ERR_FSM, 2, "Receive Unexpected Message in OpenConfirm State"},
	{BGP_ERR_FSM, 3, "Receive Unexpected Message in Established State"},
	{BGP_ERR_CEASE, BGP_CEASE_MAX_PREFIXES, "Maximum Number of Prefixes Reached"},
	{BGP_ERR_CEASE, BGP_CEASE_SHUTDOWN, "Administrative Shutdown"},
	{BGP_ERR_CEASE, BGP_CEASE_DECONFIGURED, "Peer De-configured"},
	{BGP_ERR_CEASE, BGP_CEASE_RESET, "Administrative Reset"},
	{BGP_ERR_CEASE, BGP_CEASE_REJECTED, "Connection Rejected"},
	{BGP_ERR_CEASE, BGP_CEASE_CHANGED, "Other Configuration Change"},
	{BGP_ERR_CEASE, BGP_CEASE_COLLISION, "Connection Collision Resolution"},
	{BGP_ERR_CEASE, BGP_CEASE_RESOURCES, "Out of Resources"},
	{BGP_ERR_CEASE, BGP_CEASE_HARD_RESET, "Hard Reset"},
	{BGP_ERR_CEASE, 10, "BFD Down"}, // RFC 9384 §3
	{BGP_ERR_REFRESH, 1, "Invalid Message Length"},
};

const char *bgp_error_name(uint8_t code)
{
	return code < ARRAY_LEN(codes) ? codes[code] : NULL;
}

const char *bgp_error_subname(uint8_t code, uint8_t subcode)
{
	for (size_t i = 0; i < ARRAY_LEN(subcodes); i++)
		if (subcodes[i].code == code && subcodes[i].subcode == subcode)
			return subcodes[i].name;
	return NULL;
}

int bgp_notification_decode(const uint8_t *body, size_t len, struct bgp_notification *n,
			    struct fault *fault)
{
	if (len < 2)
		return fault_set(fault, FAULT_MSG_LEN, len);
	n->code = body[0];
	n->subcode = body[1];
	n->data = body + 2;
	n->data_len = len - 2;
	return 0;
}

void bgp_notification_put(struct out *out, const struct bgp_notification *n)
{
	out_put8(out, n->code);
	out_put8(out, n->subcode);
	out_put(out, n->data, n->data_len);
}

// Bytes of the UTF-8 character at p; 0: none (RFC 3629 §4: no overlong forms, no
// surrogates, nothing above U+10FFFF).
static size_t utf8_len(const uint8_t *p, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80	     ? 1
		   : p[0] >> 5 == 6  ? 2
		   : p[0] >> 4 == 14 ? 3
		   : p[0] >> 3 == 30 ? 4
				     : 0;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c < least[n] || c > 0x10ffff || c >> 11 == 0x1b ? 0 : n;
}

int bgp_shutdown_text(const struct bgp_notification *n, const char **text, size_t *len,
		      struct fault *fault)
{
	if (n->code != BGP_ERR_CEASE || n->data_len == 0 ||
	    (n->subcode != BGP_CEASE_SHUTDOWN && n->subcode != BGP_CEASE_RESET))
		return 0;
	if (n->data[0] > n->data_len - 1)
		return fault_set(fault, FAULT_TEXT, 2);
	for (size_t at = 1, step; at < 1u + n->data[0]; at += step) {
		step = utf8_len(n->data + at, 1u + n->data[0] - at);
		if (step == 0)
			return fault_set(fault, FAULT_TEXT, 2 + at);
	}
	*text = (const char *)n->data + 1;
	*len = n->data[0];
	return *len > 0;
}

void bgp_shutdown_put(struct out *out, enum bgp_cease why, const char *text, size_t len)
{
	if (len > UINT8_MAX) // not in the middle of a character
		for (len = UINT8_MAX; len && ((uint8_t)text[len] & 0xc0) == 0x80; len--)
			;
	out_put8(out, BGP_ERR_CEASE);
	out_put8(out, why);
	out_put8(out, (unsigned)len);
	out_put(out, text, len);
}

int bgp_refresh_decode(const uint8_t *body, size_t len, struct bgp_refresh *refresh,
		       struct fault *fault)
{
	if (len < 4)
		return fault_set(fault, FAULT_REFRESH_LEN, len);
	refresh->afi = wire_get16(body);
	refresh->subtype = body[2];
	refresh->safi = body[3];
	refresh->filters = body + 4;
	refresh->filters_len = len - 4;
	// RFC 7313 §5: the marks carry nothing else.
	if (len > 4 &&
	    (refresh->subtype == BGP_REFRESH_BEGIN || refresh->subtype == BGP_REFRESH_END))
		return fault_set(fault, FAULT_REFRESH_LEN, 4);
	return 0;
}

void bgp_refresh_put(struct out *out, const struct bgp_refresh *refresh)
{
	out_put16(out, refresh->afi);
	out_put8(out, refresh->subtype);
	out_put8(out, refresh->safi);
	out_put(out, refresh->filters, refresh->filters_len);
}
