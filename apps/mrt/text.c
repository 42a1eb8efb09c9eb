// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/text.h"

#include "apps/mrt/digits.h"
#include "dataplane/bgp/update.h"

#include <string.h>
#include <time.h>

void text_init(struct text *text, struct outfile *out, const struct text_style *style)
{
	memset(text, 0, sizeof(*text));
	text->out = out;
	text->style = *style;
}

void text_event(void *arg, const struct event *ev)
{
	struct text *text = arg;

	switch (text->style.form) {
	case TEXT_LINE:
	case TEXT_LINE_HUMAN:
		text_line(text, ev);
		break;
	case TEXT_LONG:
		text_long(text, ev);
		break;
	case TEXT_JSON:
		text_json(text, ev);
		break;
	}
}

void text_end(struct text *text)
{
	if (!text->is_open)
		return;
	*outfile_room(text->out) = '\n';
	text->out->at++;
	text->is_open = false;
}

static void peer_line(struct text *text, const struct mrt_peer *peer, unsigned index)
{
	char *p = outfile_room(text->out);
	uint8_t id[4];

	wire_put32(id, peer->id);
	p = digits_u32(digits_text(p, "PEER|"), index);
	*p++ = '|';
	p = text_addr(p, &peer->addr);
	*p++ = '|';
	p = digits_u32(p, peer->asn);
	*p++ = '|';
	p = digits_ip4(p, id);
	*p++ = '\n';
	text->out->at = p;
}

void text_peers(struct text *text, const struct mrt_peer *peer, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (text->style.form == TEXT_JSON)
			text_json_peer(text, &peer[i], i);
		else
			peer_line(text, &peer[i], i);
	}
}

static char *pair_put(char *p, unsigned value, char behind)
{
	memcpy(p, digits.full[value % 100] + 1, 2);
	p[2] = behind;
	return p + 3;
}

// "07/22/02 23:37:01"
static void date_make(struct text *text, uint32_t time_s)
{
	time_t t = (time_t)time_s;
	struct tm tm;
	char *p = text->date;

	if (text->style.is_local_time)
		localtime_r(&t, &tm);
	else
		gmtime_r(&t, &tm);
	p = pair_put(p, (unsigned)tm.tm_mon + 1, '/');
	p = pair_put(p, (unsigned)tm.tm_mday, '/');
	p = pair_put(p, (unsigned)tm.tm_year, ' ');
	p = pair_put(p, (unsigned)tm.tm_hour, ':');
	p = pair_put(p, (unsigned)tm.tm_min, ':');
	pair_put(p, (unsigned)tm.tm_sec, '\0');
	text->date_s = time_s;
}

char *text_date(struct text *text, char *p, uint32_t time_s)
{
	if (text->date_s != time_s || !text->date[0])
		date_make(text, time_s);
	return (char *)memcpy(p, text->date, 17) + 17;
}

// As a number or, in the forms for people, as a date.
char *text_time(struct text *text, char *p, const struct event *ev)
{
	bool is_changed =
		ev->kind == EVENT_RIB && text->style.with_changed && text->style.form != TEXT_LONG;
	uint32_t time_s = is_changed ? ev->changed_s : ev->time_s;

	p = text->style.form == TEXT_LINE ? digits_u32(p, time_s) : text_date(text, p, time_s);
	if (!ev->has_us || is_changed)
		return p;
	*p++ = '.';
	p = digits_triple(p, ev->time_us / 1000 % 1000);
	return digits_triple(p, ev->time_us % 1000);
}

char *text_addr(char *p, const struct bgp_addr *addr)
{
	return addr->family == 6 ? digits_ip6(p, addr->bytes) : digits_ip4(p, addr->bytes);
}

// RFC 4364 §4.2: "65000:1:", "192.0.2.1:1:"
static char *rd_put(char *p, const uint8_t rd[8])
{
	unsigned type = wire_get16(rd);

	if (type == 1) {
		p = digits_ip4(p, rd + 2);
		*p++ = ':';
		p = digits_u32(p, wire_get16(rd + 6));
	} else {
		p = digits_u32(p, type == 2 ? wire_get32(rd + 2) : wire_get16(rd + 2));
		*p++ = ':';
		p = digits_u32(p, type == 2 ? wire_get16(rd + 6) : wire_get32(rd + 4));
	}
	*p++ = ':';
	return p;
}

unsigned text_nexthops(const struct event *ev, struct bgp_addr addr[2])
{
	const struct attrs *a = ev->attrs;
	struct bgp_mp_reach mp = {.nexthop = ev->nexthop, .nexthop_len = ev->nexthop_len};
	unsigned n = 0;

	if (!mp.nexthop && ev->kind == EVENT_RIB && attrs_has(a, BGP_ATTR_MP_REACH) &&
	    bgp_mp_reach_decode_rib(&a->at[BGP_ATTR_MP_REACH], &mp))
		mp.nexthop = NULL;
	if (mp.nexthop)
		n = bgp_nexthop_decode(ev->afi, ev->safi, mp.nexthop, mp.nexthop_len, addr);
	if (n || !attrs_has(a, BGP_ATTR_NEXT_HOP) || a->at[BGP_ATTR_NEXT_HOP].len < 4)
		return n;
	addr[0] = (struct bgp_addr){.family = 4};
	memcpy(addr[0].bytes, a->at[BGP_ATTR_NEXT_HOP].value, 4);
	return 1;
}

char *text_path(struct text *text, char *p, const struct attrs *a)
{
	return attrs_path_text(p, a, text->is_correct ? NULL : &text->n_mistakes);
}

// bgpdump reads the AS number in the size that the record should have.
bool text_aggregator(struct text *text, const struct attrs *a, struct attrs_aggregator *agg)
{
	if (!attrs_has(a, BGP_ATTR_AGGREGATOR))
		return false;
	if (!text->is_correct && a->at[BGP_ATTR_AGGREGATOR].len != a->as_bytes + 4u)
		text->n_mistakes++;
	return attrs_aggregator(a, !text->is_correct, agg);
}

// Of what bgpdump does not show there is nothing to write as it does.
bool text_is_correct(const struct text *text, const struct event *ev)
{
	bool is_unknown = ev->rec->kind == MRT_KIND_ENTRY ||
			  (ev->rec->kind == MRT_KIND_RIB && ev->safi != BGP_SAFI_UNICAST);

	return text->style.is_correct || is_unknown;
}

// bgpdump leaves bits behind the length of a prefix as they are.
static const uint8_t *bytes_mistaken(struct text *text, const struct event *ev, uint8_t raw[16])
{
	size_t all = ev->prefix.family == 6 ? 16 : 4;

	memset(raw, 0, 16);
	memcpy(raw, ev->raw, ev->rec->kind == MRT_KIND_DUMP ? all : (ev->prefix.len + 7u) / 8);
	text->n_mistakes += memcmp(raw, ev->prefix.bytes, 16) != 0;
	return raw;
}

char *text_prefix(struct text *text, char *p, const struct event *ev)
{
	const uint8_t *bytes = ev->prefix.bytes;
	uint8_t raw[16];

	if (ev->rd)
		p = rd_put(p, ev->rd);
	else if (!text->is_correct)
		bytes = bytes_mistaken(text, ev, raw);
	p = ev->prefix.family == 6 ? digits_ip6(p, bytes) : digits_ip4(p, bytes);
	*p++ = '/';
	return digits_u32(p, ev->prefix.len);
}
