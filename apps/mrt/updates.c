// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/updates.h"

#include "dataplane/bgp/aspath.h"
#include "dataplane/bgp/update.h"
#include "dataplane/bgp/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ATTRS_MAX = 65535, NLRI_MAX = 65535, HEAD_MAX = 64 };

// Routes that wait: all announced with the same attributes, or all withdrawn.
struct waiting {
	bool is_withdrawn;
	uint8_t family;	     // 0: none
	uint8_t nexthop_len; // of MP_REACH_NLRI
	uint8_t nexthop[32];
	size_t attrs_len, nlri_len;
	uint8_t attrs[ATTRS_MAX], nlri[NLRI_MAX];
};

struct updates {
	struct updates_conf conf;
	size_t msg_max;
	struct waiting now, next; // next: nlri unused
	struct updates_stats stats;
	uint8_t msg[BGP_MSG_EXTENDED_MAX];
};

struct updates *updates_new(const struct updates_conf *conf)
{
	struct updates *up = calloc(1, sizeof(*up));

	if (!up)
		return NULL;
	up->conf = *conf;
	up->msg_max = conf->session->extended_msg ? BGP_MSG_EXTENDED_MAX : BGP_MSG_MAX;
	return up;
}

void updates_free(struct updates *up)
{
	free(up);
}

const struct updates_stats *updates_stats(const struct updates *up)
{
	return &up->stats;
}

// Towards another AS the path begins with ours, once.
static bool wants_local_as(const struct updates *up, const struct attrs *a)
{
	const struct bgp_session *s = up->conf.session;
	struct attrs_segment seg;
	struct attrs_path path;

	if (up->conf.keeps_path || s->kind != BGP_PEER_EXTERNAL)
		return false;
	attrs_path_start(a, &path);
	return attrs_path_next(&path, &seg) <= 0 || seg.kind != BGP_SEG_SEQUENCE || !seg.n ||
	       attrs_as(seg.as, 0, seg.as_bytes) != s->local_as;
}

// The path in the session's width; confederations stay at home (RFC 5065 §4.1).
static int path_put(const struct updates *up, const struct attrs *a, struct out *out)
{
	unsigned as_bytes = up->conf.session->as4 ? 4 : 2;
	uint32_t local_as = up->conf.session->local_as, as[255];
	struct attrs_segment seg;
	struct attrs_path path;
	size_t at;
	int more;

	out_put8(out, BGP_FLAG_TRANSITIVE | BGP_FLAG_EXTENDED_LEN);
	out_put8(out, BGP_ATTR_AS_PATH);
	out_put16(out, 0);
	at = out->len;
	if (wants_local_as(up, a))
		bgp_segment_put(out, BGP_SEG_SEQUENCE, &local_as, 1, as_bytes);
	attrs_path_start(a, &path);
	while ((more = attrs_path_next(&path, &seg)) > 0) {
		if (seg.kind > BGP_SEG_SEQUENCE)
			continue;
		for (unsigned i = 0; i < seg.n; i++)
			as[i] = attrs_as(seg.as, i, seg.as_bytes);
		bgp_segment_put(out, seg.kind, as, seg.n, as_bytes);
	}
	out_set16(out, at - 2, (unsigned)(out->len - at));
	return more;
}

static void aggregator_put(const struct updates *up, const struct attrs *a, struct out *out)
{
	struct bgp_value value = {.form = BGP_FORM_AGGREGATOR, .type = BGP_ATTR_AGGREGATOR};
	struct attrs_aggregator agg;

	if (!attrs_aggregator(a, false, &agg))
		return;
	value.aggregator.as = agg.asn;
	value.aggregator.as_bytes = up->conf.session->as4 ? 4 : 2;
	value.aggregator.id = wire_get32(agg.addr);
	bgp_value_put(out, BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE, &value, up->conf.session);
}

// Attributes that go out as they are: not those made anew, nor what stays inside
// an AS (RFC 4271 §5.1.5, RFC 4456 §8).
static bool is_copied(const struct updates *up, uint8_t type)
{
	static const uint64_t anew = 1ull << BGP_ATTR_ORIGIN | 1ull << BGP_ATTR_AS_PATH |
				     1ull << BGP_ATTR_NEXT_HOP | 1ull << BGP_ATTR_AGGREGATOR |
				     1ull << BGP_ATTR_MP_REACH | 1ull << BGP_ATTR_MP_UNREACH |
				     1ull << BGP_ATTR_AS4_PATH | 1ull << BGP_ATTR_AS4_AGGREGATOR;
	static const uint64_t inside = 1ull << BGP_ATTR_LOCAL_PREF |
				       1ull << BGP_ATTR_ORIGINATOR_ID |
				       1ull << BGP_ATTR_CLUSTER_LIST;

	if (type >= 64)
		return true;
	return !(anew >> type & 1) &&
	       (!(inside >> type & 1) || up->conf.session->kind == BGP_PEER_INTERNAL);
}

static void rest_put(const struct updates *up, const struct attrs *a, struct out *out)
{
	struct fault ignored = {.code = FAULT_NONE};
	struct bgp_attr attr;
	size_t at = 0;

	while (bgp_attr_next(a->bytes, a->len, &at, &attr, &ignored) > 0) {
		bool is_second = attr.type < ATTRS_KNOWN && a->at[attr.type].value != attr.value;

		if (!is_second && is_copied(up, attr.type))
			bgp_attr_put(out, attr.flags, attr.type, attr.value, attr.len);
	}
	if (up->conf.session->kind == BGP_PEER_INTERNAL && !attrs_has(a, BGP_ATTR_LOCAL_PREF))
		bgp_attr_put(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_LOCAL_PREF, "\0\0\0\x64", 4);
}

// The next hop: as wished, else the file's. 0: there is none.
static uint8_t nexthop_get(const struct updates *up, const struct event *ev, uint8_t to[32])
{
	const struct addr *wish = ev->prefix.family == 4 ? &up->conf.nexthop4 : &up->conf.nexthop6;
	uint8_t len = ev->prefix.family == 4 ? 4 : 16;

	if (wish->family) {
		memcpy(to, wish->bytes, len);
		return len;
	}
	if (ev->nexthop && (ev->nexthop_len == len || (len == 16 && ev->nexthop_len == 32))) {
		memcpy(to, ev->nexthop, ev->nexthop_len);
		return ev->nexthop_len;
	}
	if (len == 4 && attrs_has(ev->attrs, BGP_ATTR_NEXT_HOP) &&
	    ev->attrs->at[BGP_ATTR_NEXT_HOP].len == 4) {
		memcpy(to, ev->attrs->at[BGP_ATTR_NEXT_HOP].value, 4);
		return 4;
	}
	return 0;
}

// What the route's message would have but its prefixes, in up->next. 1: nothing
// that could be sent.
static int attrs_make(struct updates *up, const struct event *ev)
{
	struct waiting *w = &up->next;
	struct out out = {.buf = w->attrs, .size = up->msg_max - HEAD_MAX - 64};
	int origin;
	uint8_t byte;

	w->attrs_len = 0;
	w->nexthop_len = 0;
	if (w->is_withdrawn)
		return 0;
	w->nexthop_len = nexthop_get(up, ev, w->nexthop);
	if (!w->nexthop_len)
		return 1;
	origin = attrs_origin(ev->attrs);
	byte = (uint8_t)(origin < 0 || origin > 2 ? BGP_ORIGIN_INCOMPLETE : origin);
	bgp_attr_put(&out, BGP_FLAG_TRANSITIVE, BGP_ATTR_ORIGIN, &byte, 1);
	if (path_put(up, ev->attrs, &out) < 0)
		return 1;
	if (ev->prefix.family == 4)
		bgp_attr_put(&out, BGP_FLAG_TRANSITIVE, BGP_ATTR_NEXT_HOP, w->nexthop, 4);
	aggregator_put(up, ev->attrs, &out);
	rest_put(up, ev->attrs, &out);
	w->attrs_len = out.len;
	return out_is_full(&out) ? 1 : 0;
}

// RFC 4760 §3, §4.
static void mp_put(const struct waiting *w, struct out *out)
{
	size_t at;

	out_put8(out, BGP_FLAG_OPTIONAL | BGP_FLAG_EXTENDED_LEN);
	out_put8(out, w->is_withdrawn ? BGP_ATTR_MP_UNREACH : BGP_ATTR_MP_REACH);
	out_put16(out, 0);
	at = out->len;
	out_put16(out, BGP_AFI_IP6);
	out_put8(out, BGP_SAFI_UNICAST);
	if (!w->is_withdrawn) {
		out_put8(out, w->nexthop_len);
		out_put(out, w->nexthop, w->nexthop_len);
		out_put8(out, 0);
	}
	out_put(out, w->nlri, w->nlri_len);
	out_set16(out, at - 2, (unsigned)(out->len - at));
}

static int message_give(struct updates *up, struct out *out, size_t at)
{
	int code = bgp_msg_end(out, at, up->conf.session);

	if (code < 0)
		return code;
	up->stats.n_messages++;
	return up->conf.fn(up->conf.arg, out->buf, out->len);
}

int updates_flush(struct updates *up)
{
	struct out out = {.buf = up->msg, .size = sizeof(up->msg)};
	struct waiting *w = &up->now;
	bool is_ip4 = w->family == 4;
	size_t at, attrs_at;

	if (!w->family)
		return 0;
	at = bgp_msg_start(&out, BGP_MSG_UPDATE);
	out_put16(&out, is_ip4 && w->is_withdrawn ? (unsigned)w->nlri_len : 0);
	if (is_ip4 && w->is_withdrawn)
		out_put(&out, w->nlri, w->nlri_len);
	out_put16(&out, 0);
	attrs_at = out.len;
	// RFC 7606 §5.1: MP_REACH_NLRI and MP_UNREACH_NLRI come first
	if (!is_ip4)
		mp_put(w, &out);
	out_put(&out, w->attrs, w->attrs_len);
	out_set16(&out, attrs_at - 2, (unsigned)(out.len - attrs_at));
	if (is_ip4 && !w->is_withdrawn)
		out_put(&out, w->nlri, w->nlri_len);
	w->family = 0;
	w->nlri_len = 0;
	return message_give(up, &out, at);
}

static bool fits(const struct updates *up, size_t nlri_len)
{
	const struct waiting *a = &up->now, *b = &up->next;

	return a->family == b->family && a->is_withdrawn == b->is_withdrawn &&
	       a->attrs_len == b->attrs_len && a->nexthop_len == b->nexthop_len &&
	       memcmp(a->nexthop, b->nexthop, a->nexthop_len) == 0 &&
	       memcmp(a->attrs, b->attrs, a->attrs_len) == 0 &&
	       HEAD_MAX + a->nexthop_len + a->attrs_len + a->nlri_len + nlri_len <= up->msg_max;
}

// Opens a new message for what up->next describes.
static int begin(struct updates *up)
{
	struct waiting *w = &up->now;
	int code = updates_flush(up);

	w->family = up->next.family;
	w->is_withdrawn = up->next.is_withdrawn;
	w->nexthop_len = up->next.nexthop_len;
	w->attrs_len = up->next.attrs_len;
	memcpy(w->nexthop, up->next.nexthop, w->nexthop_len);
	memcpy(w->attrs, up->next.attrs, w->attrs_len);
	return code;
}

static bool is_ours(const struct updates *up, const struct event *ev)
{
	uint16_t afi = ev->prefix.family == 4 ? BGP_AFI_IP4 : BGP_AFI_IP6;

	return ev->prefix.family && ev->safi == BGP_SAFI_UNICAST &&
	       bgp_session_family(up->conf.session, afi, BGP_SAFI_UNICAST);
}

int updates_add(struct updates *up, const struct event *ev)
{
	unsigned n = (ev->prefix.len + 7u) / 8;
	struct waiting *w = &up->now;
	int code;

	up->next.family = ev->prefix.family;
	up->next.is_withdrawn = ev->kind == EVENT_WITHDRAW;
	if (!is_ours(up, ev) || attrs_make(up, ev)) {
		up->stats.n_left_out++;
		return 1;
	}
	if (!fits(up, 1 + n)) {
		code = begin(up);
		if (code < 0)
			return code;
	}
	w->nlri[w->nlri_len++] = ev->prefix.len;
	memcpy(w->nlri + w->nlri_len, ev->prefix.bytes, n);
	w->nlri_len += n;
	if (w->is_withdrawn)
		up->stats.n_withdrawn++;
	else
		up->stats.n_announced++;
	return 0;
}

// RFC 4724 §2: for every family of the session.
int updates_end_of_rib(struct updates *up)
{
	int code = updates_flush(up);

	for (unsigned i = 0; code == 0 && i < up->conf.session->n_families; i++) {
		const struct bgp_family *f = &up->conf.session->family[i];
		struct out out = {.buf = up->msg, .size = sizeof(up->msg)};
		size_t at = bgp_msg_start(&out, BGP_MSG_UPDATE);

		bgp_end_of_rib_put(&out, f->afi, f->safi);
		code = message_give(up, &out, at);
	}
	return code;
}
