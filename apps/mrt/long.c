// SPDX-License-Identifier: BSD-3-Clause
// Several lines an event, as bgpdump -H writes them. The routes of an UPDATE
// stand in one block: it is opened by the first, and text_end() closes the last.
#include "apps/mrt/digits.h"
#include "apps/mrt/text.h"
#include "dataplane/bgp/msg.h"
#include "dataplane/bgp/update.h"

#include <string.h>

static char *string_put(char *p, const char *string)
{
	return (char *)memcpy(p, string, strlen(string)) + strlen(string);
}

static char *number_put(char *p, const char *name, uint32_t value)
{
	p = digits_u32(string_put(p, name), value);
	*p++ = '\n';
	return p;
}

static char *ip4_put(char *p, const char *name, const uint8_t bytes[4])
{
	p = digits_ip4(string_put(p, name), bytes);
	*p++ = '\n';
	return p;
}

static char *as_put(char *p, uint32_t asn)
{
	return number_put(p, "AS", asn);
}

static bool is_zero4(const struct bgp_addr *addr)
{
	return addr->family != 6 && memcmp(addr->bytes, "\0\0\0\0", 4) == 0;
}

// " 192.0.2.1 AS65001"
static char *who_put(char *p, const struct bgp_addr *addr, uint32_t asn)
{
	p = is_zero4(addr) ? digits_text(p, "N/A") : text_addr(p, addr);
	*p++ = ' ';
	return as_put(p, asn);
}

static char *origin_put(char *p, const struct attrs *a)
{
	switch (attrs_origin(a)) {
	case BGP_ORIGIN_IGP:
		return digits_text(p, "ORIGIN: IGP\n");
	case BGP_ORIGIN_EGP:
		return digits_text(p, "ORIGIN: EGP\n");
	case BGP_ORIGIN_INCOMPLETE:
		return digits_text(p, "ORIGIN: INCOMPLETE\n");
	default:
		return p;
	}
}

static char *clusters_put(char *p, const struct bgp_attr *attr)
{
	p = digits_text(p, "CLUSTER_LIST: ");
	for (unsigned i = 0; i < attr->len / 4u; i++) {
		p = digits_ip4(p, attr->value + 4 * i);
		*p++ = ' ';
	}
	*p++ = '\n';
	return p;
}

static char *unknown_put(char *p, const struct attrs *a)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_attr attr;
	size_t at = 0;

	while (bgp_attr_next(a->bytes, a->len, &at, &attr, &fault) > 0) {
		if (attrs_is_shown(attr.type))
			continue;
		p = digits_u32(digits_text(p, "   UNKNOWN_ATTR("), attr.flags);
		p = digits_u32(digits_text(p, ", "), attr.type);
		p = digits_u32(digits_text(p, ", "), attr.len);
		p = digits_text(p, "):");
		for (unsigned i = 0; i < attr.len; i++) {
			*p++ = ' ';
			p = digits_hex(p, attr.value + i, 1);
		}
		*p++ = '\n';
	}
	return p;
}

// Where bgpdump knows no name it begins no new line either: that we do not follow.
static char *family_put(char *p, uint16_t afi, uint8_t safi)
{
	static const char *const kinds[] = {" Unicast)\n", " Multicast)\n",
					    " Both unicast and multicast)\n"};

	if (afi < 1 || afi > 2 || safi < 1 || safi > 3) {
		p = digits_u32(digits_text(p, "(AFI "), afi);
		p = digits_u32(digits_text(p, ", SAFI "), safi);
		return digits_text(p, ")\n");
	}
	p = afi == 2 ? digits_text(p, "(IPv6") : digits_text(p, "(IPv4");
	return string_put(p, kinds[safi - 1]);
}

static char *nexthops_put(char *p, const struct bgp_mp_reach *mp)
{
	if (mp->nexthop_len == 4)
		return ip4_put(p, "NEXT_HOP: ", mp->nexthop);
	for (unsigned at = 0; at < 32 && mp->nexthop_len % 16 == 0 && at < mp->nexthop_len;
	     at += 16) {
		p = digits_ip6(digits_text(p, "NEXT_HOP: "), mp->nexthop + at);
		*p++ = '\n';
	}
	return p;
}

static char *reach_put(char *p, const struct attrs *a)
{
	struct bgp_mp_reach mp;

	if (!attrs_has(a, BGP_ATTR_MP_REACH))
		return p;
	p = digits_text(p, "MP_REACH_NLRI");
	if (bgp_mp_reach_decode_rib(&a->at[BGP_ATTR_MP_REACH], &mp))
		return p;
	if (mp.afi == 0) {
		mp.afi = BGP_AFI_IP6;
		mp.safi = BGP_SAFI_UNICAST;
	}
	p = family_put(p, mp.afi, mp.safi);
	return mp.afi <= 2 && mp.safi <= 3 ? nexthops_put(p, &mp) : p;
}

static char *unreach_put(char *p, const struct attrs *a)
{
	struct bgp_mp_unreach mp;

	if (!attrs_has(a, BGP_ATTR_MP_UNREACH))
		return p;
	p = digits_text(p, "MP_UNREACH_NLRI");
	if (bgp_mp_unreach_decode(&a->at[BGP_ATTR_MP_UNREACH], &mp))
		return p;
	return family_put(p, mp.afi, mp.safi);
}

static char *communities_put(char *p, const struct attrs *a)
{
	if (attrs_has(a, BGP_ATTR_COMMUNITIES)) {
		p = digits_text(p, "COMMUNITY:");
		if (a->at[BGP_ATTR_COMMUNITIES].len >= 4)
			*p++ = ' ';
		p = attrs_communities_text(p, a);
		*p++ = '\n';
	}
	if (attrs_has(a, BGP_ATTR_LARGE_COMMUNITIES)) {
		p = digits_text(p, "LARGE_COMMUNITY:");
		if (a->at[BGP_ATTR_LARGE_COMMUNITIES].len >= 12)
			*p++ = ' ';
		p = attrs_large_text(p, a);
		*p++ = '\n';
	}
	return p;
}

static char *path_put(struct text *text, char *p, const struct attrs *a)
{
	static const uint8_t zero[4];
	const struct bgp_attr *nexthop = &a->at[BGP_ATTR_NEXT_HOP];

	p = origin_put(p, a);
	if (attrs_has(a, BGP_ATTR_AS_PATH)) {
		p = text_path(text, digits_text(p, "ASPATH: "), a);
		*p++ = '\n';
	}
	if (attrs_has(a, BGP_ATTR_NEXT_HOP))
		p = ip4_put(p, "NEXT_HOP: ", nexthop->len >= 4 ? nexthop->value : zero);
	if (attrs_has(a, BGP_ATTR_MED))
		p = number_put(p, "MULTI_EXIT_DISC: ", attrs_u32(a, BGP_ATTR_MED));
	if (attrs_has(a, BGP_ATTR_LOCAL_PREF))
		p = number_put(p, "LOCAL_PREF: ", attrs_u32(a, BGP_ATTR_LOCAL_PREF));
	if (attrs_has(a, BGP_ATTR_ATOMIC))
		p = digits_text(p, "ATOMIC_AGGREGATE\n");
	return p;
}

static char *attrs_put(struct text *text, char *p, const struct attrs *a)
{
	struct attrs_aggregator agg;
	uint8_t id[4];

	if (a->len == 0)
		return p;
	p = path_put(text, p, a);
	if (text_aggregator(text, a, &agg)) {
		p = digits_u32(digits_text(p, "AGGREGATOR: AS"), agg.asn);
		p = ip4_put(p, " ", agg.addr);
	}
	if (attrs_has(a, BGP_ATTR_ORIGINATOR_ID)) {
		wire_put32(id, attrs_u32(a, BGP_ATTR_ORIGINATOR_ID));
		p = ip4_put(p, "ORIGINATOR_ID: ", id);
	}
	if (attrs_has(a, BGP_ATTR_CLUSTER_LIST))
		p = clusters_put(p, &a->at[BGP_ATTR_CLUSTER_LIST]);
	p = unknown_put(p, a);
	p = reach_put(p, a);
	p = unreach_put(p, a);
	return communities_put(p, a);
}

static char *date_put(struct text *text, char *p, const char *name, uint32_t time_s)
{
	p = text_date(text, string_put(p, name), time_s);
	*p++ = '\n';
	return p;
}

static char *id_put(char *p, const struct event *ev)
{
	if (!ev->add_path)
		return p;
	return digits_u32(digits_text(p, " PATH_ID: "), ev->path_id);
}

static char *rib_put(struct text *text, char *p, const struct event *ev)
{
	p = digits_text(p, "TYPE: TABLE_DUMP_V2/");
	p = ev->afi == BGP_AFI_IP6 ? digits_text(p, "IPV6_") : digits_text(p, "IPV4_");
	p = ev->safi == BGP_SAFI_UNICAST ? digits_text(p, "UNICAST") : digits_text(p, "MULTICAST");
	p = ev->add_path ? digits_text(p, "_ADDPATH\nPREFIX: ") : digits_text(p, "\nPREFIX: ");
	p = id_put(text_prefix(text, p, ev), ev);
	p = number_put(p, "\nSEQUENCE: ", ev->rec->rib.seq);
	p = text_addr(digits_text(p, "FROM: "), &ev->peer->addr);
	*p++ = ' ';
	p = as_put(p, ev->peer->asn);
	p = date_put(text, p, "ORIGINATED: ", ev->changed_s);
	return attrs_put(text, p, ev->attrs);
}

static char *dump_put(struct text *text, char *p, const struct event *ev)
{
	p = digits_text(p, "TYPE: TABLE_DUMP/INET");
	p = ev->afi == BGP_AFI_IP6 ? digits_text(p, "6\n") : digits_text(p, "\n");
	p = number_put(p, "VIEW: ", ev->rec->dump.view);
	p = number_put(p, "SEQUENCE: ", ev->rec->dump.seq);
	p = text_prefix(text, digits_text(p, "PREFIX: "), ev);
	p = who_put(digits_text(p, "\nFROM:"), &ev->peer->addr, ev->peer->asn);
	p = date_put(text, p, "ORIGINATED: ", ev->changed_s);
	p = attrs_put(text, p, ev->attrs);
	p = digits_text(p, "STATUS: 0x");
	if (ev->status > 0xf)
		*p++ = "0123456789abcdef"[ev->status >> 4];
	*p++ = "0123456789abcdef"[ev->status & 0xf];
	*p++ = '\n';
	return p;
}

// BGP4MP_ENTRY, which bgpdump does not know.
static char *entry_put(struct text *text, char *p, const struct event *ev)
{
	struct bgp_addr nexthop[2];

	p = text_prefix(text, digits_text(p, "TYPE: BGP4MP/ENTRY\nPREFIX: "), ev);
	p = who_put(digits_text(p, "\nFROM: "), &ev->peer->addr, ev->peer->asn);
	p = date_put(text, p, "ORIGINATED: ", ev->changed_s);
	if (bgp_nexthop_decode(ev->afi, ev->safi, ev->nexthop, ev->nexthop_len, nexthop)) {
		p = text_addr(digits_text(p, "NEXT_HOP: "), &nexthop[0]);
		*p++ = '\n';
	}
	return attrs_put(text, p, ev->attrs);
}

static char *table_put(struct text *text, char *p, const struct event *ev)
{
	switch (ev->rec->kind) {
	case MRT_KIND_RIB:
		return rib_put(text, p, ev);
	case MRT_KIND_DUMP:
		return dump_put(text, p, ev);
	default:
		return entry_put(text, p, ev);
	}
}

static char *state_name_put(char *p, unsigned state)
{
	// Quagga's two last ones are in no RFC.
	static const char *const names[] = {"Unknown",	   "Idle",     "Connect",
					    "Active",	   "Opensent", "Openconfirm",
					    "Established", "Clearing", "Deleted"};

	return string_put(p, state < ARRAY_LEN(names) ? names[state] : "Unknown");
}

static char *type_put(char *p, const struct event *ev)
{
	if (ev->hdr->type == MRT_BGP)
		return digits_text(p, "TYPE: BGP");
	return ev->has_us ? digits_text(p, "TYPE: BGP4MP_ET") : digits_text(p, "TYPE: BGP4MP");
}

static char *state_put(char *p, const struct event *ev)
{
	p = digits_text(type_put(p, ev), "/STATE_CHANGE\nPEER: ");
	p = who_put(p, &ev->peer->addr, ev->peer->asn);
	p = state_name_put(digits_text(p, "STATE: "), ev->old_state);
	*p++ = '/';
	p = state_name_put(p, ev->new_state);
	*p++ = '\n';
	return p;
}

static const char *message_name(uint8_t type)
{
	static const char *const names[] = {"Open", "Update", "Notify", "Keepalive",
					    "RouteRefresh"};

	return type >= 1 && type <= ARRAY_LEN(names) ? names[type - 1] : "Unknown";
}

// The one that sent it and the one that received it, where they have an AS.
static char *session_put(char *p, const struct event *ev)
{
	const struct bgp_addr *from = ev->is_local ? &ev->local : &ev->peer->addr;
	const struct bgp_addr *to = ev->is_local ? &ev->peer->addr : &ev->local;
	uint32_t from_as = ev->is_local ? ev->local_as : ev->peer->asn;
	uint32_t to_as = ev->is_local ? ev->peer->asn : ev->local_as;

	if (from_as)
		p = who_put(digits_text(p, "FROM: "), from, from_as);
	if (to_as)
		p = who_put(digits_text(p, "TO: "), to, to_as);
	return p;
}

static char *open_put(char *p, const uint8_t *body, size_t len)
{
	if (len < 10)
		return p;
	p = number_put(p, "VERSION: ", body[0]);
	p = number_put(p, "AS: ", wire_get16(body + 1));
	p = number_put(p, "HOLD_TIME: ", wire_get16(body + 3));
	p = ip4_put(p, "ID: ", body + 5);
	return number_put(p, "OPT_PARM_LEN: ", body[9]);
}

static char *message_put(struct text *text, char *p, const struct event *ev)
{
	bool is_local = ev->is_local && (text->is_correct || !ev->add_path);

	p = digits_text(type_put(p, ev), "/MESSAGE");
	if (is_local)
		p = digits_text(p, "_LOCAL");
	if (ev->add_path)
		p = digits_text(p, "_ADDPATH");
	*p++ = '/';
	p = string_put(p, message_name(ev->message_type));
	*p++ = '\n';
	p = session_put(p, ev);
	if (ev->message_type == BGP_MSG_OPEN)
		p = open_put(p, ev->message, ev->message_len);
	else if (ev->message_type == BGP_MSG_NOTIFICATION)
		p = text_notification(p, ev->message, ev->message_len);
	else if (ev->message_type == BGP_MSG_UPDATE)
		p = attrs_put(text, p, ev->attrs);
	if (ev->kind == EVENT_MESSAGE && attrs_has(ev->attrs, BGP_ATTR_MP_REACH))
		p = digits_text(p, "ANNOUNCE\n");
	return p;
}

static char *route_put(struct text *text, char *p, const struct event *ev)
{
	if (ev->kind == EVENT_WITHDRAW && !text->has_withdrawn)
		p = digits_text(p, "WITHDRAW\n");
	if (ev->kind == EVENT_ANNOUNCE && !text->has_announced)
		p = digits_text(p, "ANNOUNCE\n");
	text->has_withdrawn |= ev->kind == EVENT_WITHDRAW;
	text->has_announced |= ev->kind == EVENT_ANNOUNCE;
	if (!ev->prefix.family) {
		text->n_untold++;
		return p;
	}
	p = id_put(text_prefix(text, digits_text(p, "  "), ev), ev);
	*p++ = '\n';
	return p;
}

static char *head_put(struct text *text, char *p, const struct event *ev)
{
	text->is_correct = text_is_correct(text, ev);
	text->has_withdrawn = text->has_announced = false;
	p = text_time(text, digits_text(p, "TIME: "), ev);
	*p++ = '\n';
	if (ev->kind == EVENT_STATE)
		return state_put(p, ev);
	if (ev->kind != EVENT_RIB)
		p = message_put(text, p, ev);
	return p;
}

void text_long(struct text *text, const struct event *ev)
{
	char *p;

	if (ev->kind == EVENT_RIB && !ev->prefix.family) {
		text->n_untold++;
		return;
	}
	if (ev->is_first || ev->kind == EVENT_RIB) {
		text_end(text);
		p = head_put(text, outfile_room(text->out), ev);
		text->is_open = true;
	} else {
		p = outfile_room(text->out);
	}
	if (ev->kind == EVENT_RIB)
		p = table_put(text, p, ev);
	else if (ev->kind == EVENT_ANNOUNCE || ev->kind == EVENT_WITHDRAW)
		p = route_put(text, p, ev);
	text->out->at = p;
}
