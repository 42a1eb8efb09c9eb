// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/msg.h"

#include <errno.h>

static const struct {
	const char *name;
	uint8_t len_min;
} types[] = {
	// RFC 4271 §4.2 to §4.5 and §6.1, RFC 2918 §3.
	[BGP_MSG_OPEN] = {"OPEN", 29},
	[BGP_MSG_UPDATE] = {"UPDATE", 23},
	[BGP_MSG_NOTIFICATION] = {"NOTIFICATION", 21},
	[BGP_MSG_KEEPALIVE] = {"KEEPALIVE", BGP_HDR_LEN},
	[BGP_MSG_REFRESH] = {"ROUTE-REFRESH", 23},
};

const char *bgp_msg_name(uint8_t type)
{
	return type < ARRAY_LEN(types) ? types[type].name : NULL;
}

static bool type_is_known(uint8_t type)
{
	return bgp_msg_name(type) != NULL;
}

// RFC 8654 §4: OPEN and KEEPALIVE never grow. RFC 4271 §4.4: a KEEPALIVE is
// the header alone.
static size_t len_max(uint8_t type, const struct bgp_session *s)
{
	if (type == BGP_MSG_KEEPALIVE)
		return BGP_HDR_LEN;
	if (type == BGP_MSG_OPEN || !s->extended_msg)
		return BGP_MSG_MAX;
	return BGP_MSG_EXTENDED_MAX;
}

static ssize_t whole(const uint8_t *buf, size_t len, struct bgp_msg *msg)
{
	msg->len = wire_get16(buf + BGP_MARKER_LEN);
	msg->type = buf[BGP_MARKER_LEN + 2];
	msg->body = buf + BGP_HDR_LEN;
	msg->body_len = (size_t)msg->len - BGP_HDR_LEN;
	msg->need = msg->len;
	return len < msg->len ? 0 : msg->len;
}

ssize_t bgp_msg_find(const uint8_t *buf, size_t len, const struct bgp_session *s,
		     struct bgp_msg *msg, struct fault *fault)
{
	size_t msg_len;
	uint8_t type;

	msg->need = BGP_HDR_LEN;
	for (size_t i = 0; i < len && i < BGP_MARKER_LEN; i++)
		if (buf[i] != 0xff)
			return fault_set(fault, FAULT_MARKER, i);
	if (len < BGP_HDR_LEN)
		return 0;
	msg_len = wire_get16(buf + BGP_MARKER_LEN);
	type = buf[BGP_MARKER_LEN + 2];
	if (msg_len < BGP_HDR_LEN || (!s->extended_msg && msg_len > BGP_MSG_MAX))
		return fault_set(fault, FAULT_MSG_LEN, BGP_MARKER_LEN);
	if (!type_is_known(type))
		return fault_set(fault, FAULT_MSG_TYPE, BGP_MARKER_LEN + 2);
	if (msg_len < types[type].len_min || msg_len > len_max(type, s))
		return fault_set(fault, FAULT_MSG_LEN, BGP_MARKER_LEN);
	return whole(buf, len, msg);
}

ssize_t bgp_msg_find_lax(const uint8_t *buf, size_t len, struct bgp_msg *msg, struct fault *fault)
{
	ssize_t n;

	msg->need = BGP_HDR_LEN;
	if (len < BGP_HDR_LEN)
		return fault_set(fault, FAULT_MSG_LEN, len);
	if (wire_get16(buf + BGP_MARKER_LEN) < BGP_HDR_LEN)
		return fault_set(fault, FAULT_MSG_LEN, BGP_MARKER_LEN);
	n = whole(buf, len, msg);
	return n ? n : fault_set(fault, FAULT_MSG_LEN, BGP_MARKER_LEN);
}

size_t bgp_msg_start(struct out *out, uint8_t type)
{
	size_t at = out->len;

	for (unsigned i = 0; i < BGP_MARKER_LEN; i++)
		out_put8(out, 0xff);
	out_put16(out, 0);
	out_put8(out, type);
	return at;
}

int bgp_msg_end(struct out *out, size_t at, const struct bgp_session *s)
{
	size_t len = out->len - at;

	if (out_is_full(out))
		return -ENOSPC;
	if (len > len_max(out->buf[at + BGP_MARKER_LEN + 2], s))
		return -EMSGSIZE;
	out_set16(out, at + BGP_MARKER_LEN, (unsigned)len);
	return 0;
}
