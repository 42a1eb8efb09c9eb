// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/judge.h"

#include "dataplane/bgp/judge_priv.h"
#include "dataplane/bgp/open.h"

#include <string.h>

void bgp_verdict_add(struct bgp_verdict *v, const struct bgp_finding *f)
{
	v->n_errors++;
	if (v->n_errors > 1 && f->action <= v->action)
		return;
	v->action = f->action;
	v->fault = (struct fault){f->fault, (uint32_t)f->at};
	v->attr = f->attr;
	v->code = f->code;
	v->subcode = f->subcode;
	v->data = f->data;
	v->data_len = (uint16_t)f->data_len;
	v->afi = f->afi;
	v->safi = f->safi;
	memcpy(v->own, f->own, sizeof(v->own));
}

const char *bgp_action_name(enum bgp_action action)
{
	static const char *const names[] = {
		[BGP_NONE] = "none",
		[BGP_DISCARD] = "attribute-discard",
		[BGP_WITHDRAW] = "treat-as-withdraw",
		[BGP_DISABLE] = "afi-safi-disable",
		[BGP_RESET] = "session-reset",
	};

	return names[action];
}

bool bgp_verdict_notification(const struct bgp_verdict *v, struct bgp_notification *n)
{
	if (v->action != BGP_RESET || v->code == 0)
		return false;
	n->code = v->code;
	n->subcode = v->subcode;
	n->data = v->data ? v->data : v->own;
	n->data_len = v->data_len;
	return true;
}

// RFC 4271 §6.1: the data is the length, or the type, that was wrong.
void bgp_header_judge(const uint8_t *buf, size_t len, const struct fault *fault,
		      struct bgp_verdict *v)
{
	struct bgp_finding f = {
		.action = BGP_RESET, .fault = fault->code, .at = fault->at, .code = BGP_ERR_HEADER};

	memset(v, 0, sizeof(*v));
	switch (fault->code) {
	case FAULT_MARKER:
		f.subcode = BGP_ERR_SYNC;
		break;
	case FAULT_MSG_TYPE:
		f.subcode = BGP_ERR_TYPE;
		f.data = buf + BGP_MARKER_LEN + 2;
		f.data_len = len > BGP_MARKER_LEN + 2 ? 1 : 0;
		break;
	default:
		f.subcode = BGP_ERR_LEN;
		f.data = buf + BGP_MARKER_LEN;
		f.data_len = len >= BGP_MARKER_LEN + 2 ? 2 : 0;
		break;
	}
	bgp_verdict_add(v, &f);
}

static void open_add(struct bgp_verdict *v, enum fault_code fault, size_t at, uint8_t subcode)
{
	struct bgp_finding f = {.action = BGP_RESET,
				.fault = fault,
				.at = at,
				.code = BGP_ERR_OPEN,
				.subcode = subcode};

	if (fault == FAULT_VERSION) {
		wire_put16(f.own, BGP_VERSION);
		f.data_len = 2;
	}
	bgp_verdict_add(v, &f);
}

// RFC 4271 §6.2: an optional parameter nobody knows, or one that was deprecated.
static bool params_judge(const struct bgp_open *open, struct bgp_verdict *v)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_param param;
	size_t at = 0, was = 0;
	int more;

	while ((more = bgp_param_next(open, &at, &param, &fault)) > 0) {
		if (param.type != BGP_PARAM_CAPS) {
			open_add(v, FAULT_PARAM_TYPE, (size_t)(open->params - open->body) + was,
				 BGP_ERR_PARAM);
			return false;
		}
		was = at;
	}
	if (more < 0)
		open_add(v, fault.code, fault.at, 0);
	return more == 0;
}

// RFC 7607 §2: AS 0 is nobody's. RFC 6286 §2.2: nor is identifier 0, and ours is
// ours within one AS.
static void peer_judge(const struct bgp_open *open, const struct bgp_caps *caps,
		       const struct bgp_session *s, struct bgp_verdict *v)
{
	uint32_t as = bgp_open_as(open, caps);

	if (as == 0 || open->as == 0 || (s->peer_as && as != s->peer_as))
		open_add(v, FAULT_PEER_AS, 1, BGP_ERR_PEER_AS);
	if (open->hold_s == 1 || open->hold_s == 2)
		open_add(v, FAULT_HOLD_TIME, 3, BGP_ERR_HOLD_TIME);
	if (open->id == 0 || (s->kind == BGP_PEER_INTERNAL && s->local_id == open->id))
		open_add(v, FAULT_PEER_ID, 5, BGP_ERR_PEER_ID);
}

// RFC 9234 §4.2.
static void role_judge(const struct bgp_caps *caps, const struct bgp_session *s,
		       struct bgp_verdict *v)
{
	bool fits = caps->has_role ? bgp_role_fits(s->role, caps->role) : !s->requires_role;

	if (s->has_role && !fits)
		open_add(v, FAULT_ROLE, 9, BGP_ERR_ROLE);
}

void bgp_open_judge(const uint8_t *body, size_t len, const struct bgp_session *s,
		    struct bgp_verdict *v)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_open open;
	struct bgp_caps caps;
	int err = bgp_open_decode(body, len, &open, &fault);

	memset(v, 0, sizeof(*v));
	// Another version may have another form behind its number.
	if (len > 0 && body[0] != BGP_VERSION) {
		open_add(v, FAULT_VERSION, 0, BGP_ERR_VERSION);
		return;
	}
	if (err) {
		open_add(v, fault.code, fault.at, 0);
		return;
	}
	if (!params_judge(&open, v))
		return;
	if (bgp_caps_decode(&open, &caps, &fault)) {
		open_add(v, fault.code, fault.at, fault.code == FAULT_ROLE ? BGP_ERR_ROLE : 0);
		return;
	}
	peer_judge(&open, &caps, s, v);
	role_judge(&caps, s, v);
}

// RFC 7313 §5: the data is the whole message.
static void refresh_judge(const struct bgp_msg *msg, struct bgp_verdict *v)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_refresh refresh;
	struct bgp_finding f = {.action = BGP_RESET,
				.fault = FAULT_REFRESH_LEN,
				.code = BGP_ERR_REFRESH,
				.subcode = 1,
				.data = msg->body - BGP_HDR_LEN,
				.data_len = msg->len};

	if (!bgp_refresh_decode(msg->body, msg->body_len, &refresh, &fault))
		return;
	f.at = fault.at;
	bgp_verdict_add(v, &f);
}

// RFC 4271 §6.4: an error in a NOTIFICATION is not answered.
static void notification_judge(const struct bgp_msg *msg, struct bgp_verdict *v)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_finding f = {.action = BGP_RESET};
	struct bgp_notification n;

	if (!bgp_notification_decode(msg->body, msg->body_len, &n, &fault))
		return;
	f.fault = fault.code;
	f.at = fault.at;
	bgp_verdict_add(v, &f);
}

void bgp_msg_judge(const struct bgp_msg *msg, const struct bgp_session *s, struct bgp_verdict *v)
{
	memset(v, 0, sizeof(*v));
	switch (msg->type) {
	case BGP_MSG_OPEN:
		return bgp_open_judge(msg->body, msg->body_len, s, v);
	case BGP_MSG_UPDATE:
		return bgp_update_judge(msg->body, msg->body_len, s, v);
	case BGP_MSG_NOTIFICATION:
		return notification_judge(msg, v);
	case BGP_MSG_REFRESH:
		return refresh_judge(msg, v);
	default:
		return;
	}
}
