// SPDX-License-Identifier: BSD-3-Clause
// A stream of BGP messages of any bytes, from a peer of any kind: the first two
// bytes say which. Each message gets a verdict that lies inside it; what can be
// read returns byte for byte; sound routes come out to the last.
#include "dataplane/bgp/judge.h"
#include "dataplane/bgp/loop.h"
#include "dataplane/bgp/open.h"
#include "dataplane/bgp/value.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ensure(bool holds)
{
	if (!holds)
		abort();
}

static struct bgp_session session_of(const uint8_t how[2])
{
	struct bgp_session s = {
		.kind = (enum bgp_peer_kind)(how[0] & 3),
		.as4 = how[0] & 4,
		.add_path_all = how[0] & 8,
		.extended_msg = how[0] & 16,
		.may_disable_family = how[0] & 32,
		.checks_first_as = how[0] & 64,
		.accepts_aigp = how[0] & 128,
		.has_role = how[1] & 1,
		.requires_role = how[1] & 2,
		.role = how[1] >> 2 & 7,
		.peer_as = how[1] & 32 ? 10 : 0,
		.local_id = 7,
	};

	if (how[1] & 64) {
		s.n_families = 2;
		s.family[0] = (struct bgp_family){1, 1, how[1] & 128, true, false};
		s.family[1] = (struct bgp_family){2, 4, !(how[1] & 128), false, how[1] & 128};
	}
	return s;
}

static void same(const struct out *out, const uint8_t *want, size_t len)
{
	ensure(out->len == len && memcmp(out->buf, want, len) == 0);
}

// Routes of one place again; false: they had host bits, or are not known.
static bool nlri_again(struct out *out, const uint8_t *bytes, size_t len, uint16_t afi,
		       uint8_t safi, const struct bgp_session *s)
{
	bool has_ids = bgp_session_has_path_ids(s, afi, safi), is_same = true;
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_nlri_iter it;
	struct bgp_nlri nlri;
	int more;

	if (!bgp_nlri_is_known(afi, safi))
		return false;
	bgp_nlri_start(&it, bytes, len, afi, safi, has_ids);
	it.multi_labels = bgp_session_has_labels(s, afi, safi);
	while ((more = bgp_nlri_next(&it, &nlri, &fault)) > 0) {
		is_same &= !nlri.had_host_bits;
		bgp_nlri_put(out, &nlri, has_ids);
	}
	ensure(more == 0 || fault.at <= len);
	return is_same && more == 0;
}

static void nlri_check(const uint8_t *bytes, size_t len, uint16_t afi, uint8_t safi,
		       const struct bgp_session *s)
{
	struct out out = {malloc(len ? len : 1), len, 0};

	if (nlri_again(&out, bytes, len, afi, safi, s))
		same(&out, bytes, len);
	free(out.buf);
}

static void routes_check(const struct bgp_update *upd, size_t len, const struct bgp_session *s)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_routes routes;
	struct bgp_nlri nlri;
	unsigned n_faults = 0;
	int more;

	if (bgp_routes_start(&routes, upd, s, &fault))
		ensure(fault.at <= len);
	do {
		fault.code = FAULT_NONE;
		more = bgp_routes_next(&routes, &nlri, &fault);
		n_faults += more < 0;
		ensure(more >= 0 || fault.at <= len);
	} while (more);
	ensure(n_faults <= 4);
	nlri_check(upd->withdrawn, upd->withdrawn_len, BGP_AFI_IP4, BGP_SAFI_UNICAST, s);
	nlri_check(upd->nlri, upd->nlri_len, BGP_AFI_IP4, BGP_SAFI_UNICAST, s);
	if (routes.reach.afi && routes.reach.nlri)
		nlri_check(routes.reach.nlri, routes.reach.nlri_len, routes.reach.afi,
			   routes.reach.safi, s);
	if (routes.unreach.afi)
		nlri_check(routes.unreach.nlri, routes.unreach.nlri_len, routes.unreach.afi,
			   routes.unreach.safi, s);
}

static void update_check(const uint8_t *body, size_t len, const struct bgp_session *s)
{
	struct out out = {malloc(len ? len : 1), len, 0};
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_update upd;
	uint16_t afi;
	uint8_t safi;

	if (!bgp_update_decode(body, len, &upd, &fault)) {
		bgp_update_put(&out, &upd);
		same(&out, body, len);
		routes_check(&upd, len, s);
		ensure(bgp_refusal_name(bgp_route_refusal(upd.attrs, upd.attrs_len, true, s)));
		if (bgp_update_is_end_of_rib(&upd, &afi, &safi))
			ensure(upd.nlri_len == 0 && upd.withdrawn_len == 0);
	}
	free(out.buf);
}

static void open_check(const uint8_t *body, size_t len, struct bgp_session *s)
{
	struct out out = {malloc(len ? len : 1), len, 0};
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_open open;
	struct bgp_caps caps, back;
	uint8_t again[1024];

	if (!bgp_open_decode(body, len, &open, &fault)) {
		bgp_open_put(&out, &open);
		same(&out, body, len);
		if (!bgp_caps_decode(&open, &caps, &fault)) {
			struct out copy = {again, sizeof(again), 0};

			bgp_open_put_caps(&copy, open.as, open.hold_s, open.id, &caps);
			ensure(!out_is_full(&copy));
			ensure(!bgp_open_decode(again, copy.len, &open, &fault));
			ensure(!bgp_caps_decode(&open, &back, &fault));
			ensure(back.as4 == caps.as4 && back.as == caps.as);
			bgp_session_agree(s, &caps, &back);
			ensure(s->n_families <= BGP_FAMILIES_MAX);
		}
	}
	free(out.buf);
}

static void others_check(const struct bgp_msg *msg)
{
	struct out out = {malloc(msg->body_len ? msg->body_len : 1), msg->body_len, 0};
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_notification n;
	struct bgp_refresh refresh;
	const char *text;
	size_t len;

	if (msg->type == BGP_MSG_NOTIFICATION &&
	    !bgp_notification_decode(msg->body, msg->body_len, &n, &fault)) {
		bgp_notification_put(&out, &n);
		same(&out, msg->body, msg->body_len);
		if (bgp_shutdown_text(&n, &text, &len, &fault) > 0)
			ensure(len < n.data_len);
	}
	if (msg->type == BGP_MSG_REFRESH &&
	    !bgp_refresh_decode(msg->body, msg->body_len, &refresh, &fault)) {
		bgp_refresh_put(&out, &refresh);
		same(&out, msg->body, msg->body_len);
	}
	free(out.buf);
}

static void verdict_check(const struct bgp_msg *msg, const struct bgp_verdict *v)
{
	const uint8_t *begin = msg->body - BGP_HDR_LEN;

	ensure((v->fault.code == FAULT_NONE) == (v->action == BGP_NONE));
	ensure(v->fault.at <= msg->body_len);
	ensure(!v->data || (v->data >= begin && v->data + v->data_len <= begin + msg->len));
	ensure(v->data || v->data_len <= sizeof(v->own));
}

static void message_check(const struct bgp_msg *msg, struct bgp_session *s)
{
	struct bgp_verdict verdict;

	bgp_msg_judge(msg, s, &verdict);
	verdict_check(msg, &verdict);
	switch (msg->type) {
	case BGP_MSG_OPEN:
		return open_check(msg->body, msg->body_len, s);
	case BGP_MSG_UPDATE:
		return update_check(msg->body, msg->body_len, s);
	default:
		return others_check(msg);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_verdict verdict;
	struct bgp_session s;
	struct bgp_msg msg;
	uint8_t *exact;
	size_t at = 0;
	ssize_t n;

	if (size < 2)
		return 0;
	s = session_of(data);
	size -= 2;
	exact = malloc(size ? size : 1);
	memcpy(exact, data + 2, size);
	while ((n = bgp_msg_find(exact + at, size - at, &s, &msg, &fault)) > 0) {
		message_check(&msg, &s);
		at += (size_t)n;
	}
	if (n < 0) {
		bgp_header_judge(exact + at, size - at, &fault, &verdict);
		ensure(verdict.action == BGP_RESET && fault.at < size - at);
	}
	free(exact);
	return 0;
}
