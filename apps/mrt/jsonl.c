// SPDX-License-Identifier: BSD-3-Clause
// A JSON object an event; jerboa-mrt(1) has the schema. No value needs escapes:
// texts are addresses, names and hex.
#include "apps/mrt/digits.h"
#include "apps/mrt/jsonl_attrs.h"
#include "apps/mrt/text.h"
#include "dataplane/bgp/msg.h"
#include "dataplane/bgp/update.h"

#include <string.h>

static char *key_addr(char *p, const char *key, const struct bgp_addr *addr)
{
	p = jsonl_key(p, key);
	if (!addr->family)
		return digits_text(p, "null");
	*p++ = '"';
	p = text_addr(p, addr);
	*p++ = '"';
	return p;
}

static char *key_id(char *p, const char *key, uint32_t id)
{
	uint8_t bytes[4];

	wire_put32(bytes, id);
	p = jsonl_key(p, key);
	*p++ = '"';
	p = digits_ip4(p, bytes);
	*p++ = '"';
	return p;
}

static char *key_hex(char *p, const char *key, const uint8_t *bytes, size_t len)
{
	p = jsonl_key(p, key);
	*p++ = '"';
	p = digits_hex(p, bytes, len);
	*p++ = '"';
	return p;
}

static const char *message_kind(const struct event *ev)
{
	static const char *const names[] = {"open", "update", "notification", "keepalive",
					    "route-refresh"};
	unsigned type = ev->message_type;

	return type >= 1 && type <= ARRAY_LEN(names) ? names[type - 1] : "message";
}

static const char *kind_name(const struct event *ev)
{
	static const char *const names[] = {"rib", "announce", "withdraw", "state"};
	struct fault ignored = {.code = FAULT_NONE};
	struct bgp_update upd;
	uint16_t afi;
	uint8_t safi;

	if (ev->kind != EVENT_MESSAGE)
		return names[ev->kind];
	if (ev->message_type != BGP_MSG_UPDATE ||
	    bgp_update_decode(ev->message, ev->message_len, &upd, &ignored) ||
	    !bgp_update_is_end_of_rib(&upd, &afi, &safi))
		return message_kind(ev);
	return "end-of-rib";
}

static char *time_put(char *p, const struct event *ev)
{
	p = jsonl_number(p, "time", ev->time_s);
	if (ev->has_us) {
		*p++ = '.';
		p = digits_triple(p, ev->time_us / 1000 % 1000);
		p = digits_triple(p, ev->time_us % 1000);
	}
	return ev->kind == EVENT_RIB ? jsonl_number(p, "changed", ev->changed_s) : p;
}

static char *head_put(char *p, const struct event *ev)
{
	p = digits_text(p, "{\"kind\":\"");
	p = jsonl_string(p, kind_name(ev));
	p = digits_text(p, "\",\"type\":\"");
	p = jsonl_string(p, mrt_type_name(ev->hdr->type));
	*p++ = '"';
	p = time_put(p, ev);
	p = key_addr(p, "peer", &ev->peer->addr);
	p = jsonl_number(p, "peer_as", ev->peer->asn);
	if (ev->peer_index >= 0) {
		p = key_id(p, "peer_id", ev->peer->id);
		p = jsonl_number(p, "peer_index", (uint32_t)ev->peer_index);
	}
	if (ev->local.family) {
		p = key_addr(p, "local", &ev->local);
		p = jsonl_number(p, "local_as", ev->local_as);
	}
	if (ev->is_local)
		p = digits_text(jsonl_key(p, "sent"), "true");
	return p;
}

static char *family_put(char *p, const struct event *ev)
{
	const char *name = bgp_family_name(ev->afi, ev->safi);

	p = jsonl_key(p, "family");
	*p++ = '"';
	if (name) {
		p = jsonl_string(p, name);
	} else {
		p = digits_u32(p, ev->afi);
		*p++ = '/';
		p = digits_u32(p, ev->safi);
	}
	*p++ = '"';
	return p;
}

static char *prefix_put(struct text *text, char *p, const struct event *ev)
{
	p = family_put(p, ev);
	if (!ev->prefix.family)
		return key_hex(p, "nlri", ev->nlri, ev->nlri_len);
	p = jsonl_key(p, "prefix");
	*p++ = '"';
	p = text_prefix(text, p, ev);
	*p++ = '"';
	return ev->add_path ? jsonl_number(p, "path_id", ev->path_id) : p;
}

static char *nexthop_put(char *p, const struct event *ev)
{
	struct bgp_addr addr[2];
	unsigned n = text_nexthops(ev, addr);

	if (n)
		p = key_addr(p, "nexthop", &addr[0]);
	return n == 2 ? key_addr(p, "nexthop_link_local", &addr[1]) : p;
}

static char *open_put(char *p, const uint8_t *body, size_t len)
{
	if (len < 10)
		return key_hex(p, "data", body, len);
	p = jsonl_number(p, "version", body[0]);
	p = jsonl_number(p, "as", wire_get16(body + 1));
	p = jsonl_number(p, "hold_time", wire_get16(body + 3));
	p = key_id(p, "id", wire_get32(body + 5));
	return key_hex(p, "options", body + 10, len - 10);
}

static char *notification_put(char *p, const uint8_t *body, size_t len)
{
	if (len < 2)
		return key_hex(p, "data", body, len);
	p = jsonl_number(p, "code", body[0]);
	p = jsonl_number(p, "subcode", body[1]);
	return key_hex(p, "data", body + 2, len - 2);
}

static char *message_put(char *p, const struct event *ev)
{
	switch (ev->message_type) {
	case BGP_MSG_OPEN:
		return open_put(p, ev->message, ev->message_len);
	case BGP_MSG_NOTIFICATION:
		return notification_put(p, ev->message, ev->message_len);
	case BGP_MSG_KEEPALIVE:
		return p;
	case BGP_MSG_UPDATE:
		return jsonl_attrs(p, ev->attrs);
	default:
		p = jsonl_number(p, "message_type", ev->message_type);
		return key_hex(p, "data", ev->message, ev->message_len);
	}
}

static char *body_put(struct text *text, char *p, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_RIB:
	case EVENT_ANNOUNCE:
		p = nexthop_put(prefix_put(text, p, ev), ev);
		return jsonl_attrs(p, ev->attrs);
	case EVENT_WITHDRAW:
		return prefix_put(text, p, ev);
	case EVENT_STATE:
		p = jsonl_number(p, "old_state", ev->old_state);
		return jsonl_number(p, "new_state", ev->new_state);
	case EVENT_MESSAGE:
		break;
	}
	return message_put(p, ev);
}

void text_json(struct text *text, const struct event *ev)
{
	char *p = outfile_room(text->out);

	text->is_correct = true;
	p = body_put(text, head_put(p, ev), ev);
	text->out->at = digits_text(p, "}\n");
}

void text_json_peer(struct text *text, const struct mrt_peer *peer, unsigned index)
{
	char *p = digits_text(outfile_room(text->out), "{\"kind\":\"peer\"");

	p = jsonl_number(p, "index", index);
	p = key_addr(p, "address", &peer->addr);
	p = jsonl_number(p, "as", peer->asn);
	p = key_id(p, "id", peer->id);
	text->out->at = digits_text(p, "}\n");
}
