// SPDX-License-Identifier: BSD-3-Clause
// One line an event, as bgpdump -m and -M write it, quirks and all: people feed
// these lines to programs that know no others.
#include "apps/mrt/digits.h"
#include "apps/mrt/text.h"

#include <string.h>

static const char *format_of(const struct text *text, const struct event *ev)
{
	static const char *const names[2][2][2] = {
		// [microseconds][sent by the collector][path ids]
		{{"BGP4MP", "BGP4MP_AP"}, {"BGP4MP_LOCAL", "BGP4MP_LOCAL_AP"}},
		{{"BGP4MP_ET", "BGP4MP_ET_AP"}, {"BGP4MP_ET_LOCAL", "BGP4MP_ET_LOCAL_AP"}},
	};
	bool is_local = ev->is_local && (text->is_correct || !ev->add_path);

	switch (ev->hdr->type) {
	case MRT_TABLE_DUMP:
		return "TABLE_DUMP";
	case MRT_TABLE_DUMP_V2:
		return ev->add_path ? "TABLE_DUMP2_AP" : "TABLE_DUMP2";
	case MRT_BGP:
		return "BGP";
	default:
		return names[ev->has_us][is_local][ev->add_path];
	}
}

static void head_make(struct text *text, const struct event *ev)
{
	const char *format = format_of(text, ev);
	char *p = text->head;

	p = (char *)memcpy(p, format, strlen(format)) + strlen(format);
	*p++ = '|';
	if (text->style.with_index) {
		p = digits_u32(p, (uint32_t)ev->index);
		*p++ = '|';
	}
	p = text_time(text, p, ev);
	*p++ = '|';
	text->head_len = (size_t)(p - text->head);
}

static char *peer_put(char *p, const struct bgp_addr *addr, uint32_t asn)
{
	p = text_addr(p, addr);
	*p++ = '|';
	p = digits_u32(p, asn);
	*p++ = '|';
	return p;
}

static char *peer_cached(struct text *text, char *p, const struct event *ev)
{
	struct text_peer *peer = &text->peer[(unsigned)ev->peer_index % TEXT_PEERS];

	if (unlikely(memcmp(&peer->key, ev->peer, sizeof(peer->key)) != 0 || !peer->len)) {
		peer->key = *ev->peer;
		peer->len = (uint8_t)(peer_put(peer->text, &ev->peer->addr, ev->peer->asn) -
				      peer->text);
	}
	memcpy(p, peer->text, TEXT_PEER_MAX);
	return p + peer->len;
}

// With path ids bgpdump does not see that the collector sent the message, and
// takes it for the peer; without, it takes an IPv4 peer's address for the begin
// of an IPv6 one where IPv6 routes are withdrawn.
static char *peer_mistaken(struct text *text, char *p, const struct event *ev)
{
	struct bgp_addr addr = ev->peer->addr;

	if (!ev->add_path && (ev->kind != EVENT_WITHDRAW || ev->prefix.family != 6))
		return peer_cached(text, p, ev);
	text->n_mistakes++;
	if (ev->add_path)
		return peer_put(p, &ev->local, ev->local_as);
	addr.family = 6;
	return peer_put(p, &addr, ev->peer->asn);
}

static char *origin_text(char *p, int origin)
{
	if (origin == BGP_ORIGIN_IGP)
		return digits_text(p, "IGP|");
	if (origin == BGP_ORIGIN_EGP)
		return digits_text(p, "EGP|");
	return digits_text(p, "INCOMPLETE|");
}

static char *nexthop_text(char *p, const struct event *ev)
{
	struct bgp_addr addr[2];

	if (unlikely(text_nexthops(ev, addr) == 0))
		return digits_text(p, "255.255.255.255");
	return text_addr(p, &addr[0]);
}

// "|0|20": bgpdump makes numbers from 2^31 on negative where MP_REACH_NLRI
// holds IPv4 routes.
static char *numbers_text(struct text *text, char *p, const struct event *ev)
{
	static const uint8_t type[2] = {BGP_ATTR_LOCAL_PREF, BGP_ATTR_MED};
	bool is_signed = !text->is_correct && ev->kind == EVENT_ANNOUNCE && ev->nexthop &&
			 ev->prefix.family == 4;

	for (unsigned i = 0; i < 2; i++) {
		uint32_t value = attrs_u32(ev->attrs, type[i]);

		*p++ = '|';
		if (unlikely(is_signed && (int32_t)value < 0)) {
			*p++ = '-';
			value = -value;
			text->n_mistakes++;
		}
		p = digits_u32(p, value);
	}
	return p;
}

static char *aggregator_text(struct text *text, char *p, const struct attrs *a)
{
	struct attrs_aggregator agg;

	p = attrs_has(a, BGP_ATTR_ATOMIC) ? digits_text(p, "AG|") : digits_text(p, "NAG|");
	if (text_aggregator(text, a, &agg) && memcmp(agg.addr, "\xff\xff\xff\xff", 4) != 0) {
		p = digits_u32(p, agg.asn);
		*p++ = ' ';
		p = digits_ip4(p, agg.addr);
	}
	*p++ = '|';
	return p;
}

// Attributes that the fields before do not show: "type:flags:value" in hex.
static char *unknown_text(char *p, const struct attrs *a)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_attr attr;
	char *start = p;
	size_t at = 0;

	while (bgp_attr_next(a->bytes, a->len, &at, &attr, &fault) > 0) {
		if (attrs_is_shown(attr.type))
			continue;
		p = digits_hex(p, &attr.type, 1);
		*p++ = ':';
		p = digits_hex(p, &attr.flags, 1);
		*p++ = ':';
		p = digits_hex(p, attr.value, attr.len);
		*p++ = ' ';
	}
	p -= p > start;
	*p++ = '|';
	return p;
}

// What follows the prefix of a route. Lines of type 5 have no field for
// communities unless there are some (and then bgpdump forgets the "|").
static char *route_text(struct text *text, char *p, const struct event *ev)
{
	const struct attrs *a = ev->attrs;
	bool is_type5 = ev->hdr->type == MRT_BGP;
	bool is_glued = is_type5 && (!text->is_correct || !attrs_has(a, BGP_ATTR_COMMUNITIES));

	p = text_path(text, p, a);
	*p++ = '|';
	p = origin_text(p, attrs_origin(a));
	if (text->style.form == TEXT_LINE_HUMAN) {
		p[-1] = '\n';
		return p;
	}
	p = nexthop_text(p, ev);
	p = numbers_text(text, p, ev);
	text->n_mistakes += is_glued && attrs_has(a, BGP_ATTR_COMMUNITIES);
	if (!is_glued)
		*p++ = '|';
	p = attrs_communities_text(p, a);
	*p++ = '|';
	if (text->style.with_large && !is_type5) {
		p = attrs_large_text(p, a);
		*p++ = '|';
	}
	p = aggregator_text(text, p, a);
	if (text->style.with_unknown && !is_type5)
		p = unknown_text(p, a);
	*p++ = '\n';
	return p;
}

static char *prefix_put(struct text *text, char *p, const struct event *ev)
{
	if (ev->hdr->type != MRT_TABLE_DUMP_V2) {
		p = text_prefix(text, p, ev);
	} else {
		if (ev->is_first)
			text->prefix_len =
				(size_t)(text_prefix(text, text->prefix, ev) - text->prefix);
		p = (char *)memcpy(p, text->prefix, text->prefix_len) + text->prefix_len;
	}
	if (!ev->add_path)
		return p;
	*p++ = '|';
	return digits_u32(p, ev->path_id);
}

static char *state_text(char *p, const struct event *ev)
{
	p = digits_u32(p, ev->old_state);
	*p++ = '|';
	p = digits_u32(p, ev->new_state);
	*p++ = '\n';
	return p;
}

// Routes of one UPDATE share what follows the prefix: it is taken from the line
// before as long as that still stands in the buffer.
static char *route_shared(struct text *text, char *p, const struct event *ev)
{
	char *start = p;

	if (!ev->is_first && ev->kind == EVENT_ANNOUNCE && text->tail_nexthop == ev->nexthop &&
	    text->tail && text->tail < p) {
		memcpy(p, text->tail, text->tail_len);
		text->tail = start;
		return p + text->tail_len;
	}
	p = route_text(text, p, ev);
	text->tail = ev->kind == EVENT_ANNOUNCE ? start : NULL;
	text->tail_len = (size_t)(p - start);
	text->tail_nexthop = ev->nexthop;
	return p;
}

// bgpdump writes the peer's address in place of a prefix withdrawn in type 5.
static char *withdrawn_text(struct text *text, char *p, const struct event *ev)
{
	if (unlikely(!text->is_correct && ev->hdr->type == MRT_BGP)) {
		text->n_mistakes++;
		p = text_addr(p, &ev->peer->addr);
		*p++ = '/';
		p = digits_u32(p, ev->prefix.len);
	} else {
		p = prefix_put(text, p, ev);
	}
	*p++ = '\n';
	return p;
}

static char *event_text(struct text *text, char *p, const struct event *ev)
{
	if (ev->kind == EVENT_STATE)
		return state_text(p, ev);
	if (ev->kind == EVENT_WITHDRAW)
		return withdrawn_text(text, p, ev);
	p = prefix_put(text, p, ev);
	*p++ = '|';
	return route_shared(text, p, ev);
}

void text_line(struct text *text, const struct event *ev)
{
	static const char kinds[][7] = {"B|", "A|", "W|", "STATE|", ""};
	static const uint8_t kind_len[] = {2, 2, 2, 6, 0};
	char *p;

	if (ev->is_first) {
		text->is_correct = text_is_correct(text, ev);
		text->tail = NULL;
	}
	if (ev->is_first || (ev->kind == EVENT_RIB && text->style.with_changed))
		head_make(text, ev);
	if (ev->kind == EVENT_MESSAGE || (ev->kind != EVENT_STATE && !ev->prefix.family)) {
		text->n_untold += ev->kind != EVENT_MESSAGE;
		return;
	}
	p = outfile_room(text->out);
	memcpy(p, text->head, TEXT_HEAD_MAX);
	p += text->head_len;
	memcpy(p, kinds[ev->kind], sizeof(kinds[0]));
	p += kind_len[ev->kind];
	p = unlikely(ev->is_local && !text->is_correct) ? peer_mistaken(text, p, ev)
							: peer_cached(text, p, ev);
	text->out->at = event_text(text, p, ev);
}
