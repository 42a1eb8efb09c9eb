// SPDX-License-Identifier: BSD-3-Clause
// RFC 7606: an UPDATE is read to its end whatever is wrong with it, each error
// becomes a finding, and the table of attr_rule.c says what it asks for.
#include "dataplane/bgp/attr_rule.h"
#include "dataplane/bgp/judge_priv.h"
#include "dataplane/bgp/value.h"

#include <string.h>

struct job {
	const struct bgp_session *s;
	struct bgp_verdict *v;
	struct bgp_update upd;
	uint64_t seen[4];
	bool has_reach;	 // routes in MP_REACH_NLRI, or that may be there
	bool has_others; // attributes but MP_UNREACH_NLRI
};

static bool is_mp(uint8_t type)
{
	return type == BGP_ATTR_MP_REACH || type == BGP_ATTR_MP_UNREACH;
}

static const uint8_t *attr_head(const struct bgp_attr *attr)
{
	return attr->value - (attr->flags & BGP_FLAG_EXTENDED_LEN ? 4 : 3);
}

static void discard(struct job *job, uint8_t type)
{
	job->v->discard[type / 64] |= 1ull << (type % 64);
}

// RFC 4271 §6.3: the data is the attribute, except for AS paths and lists.
static void attr_add(struct job *job, const struct bgp_attr *attr, enum bgp_action action,
		     const struct fault *fault, uint8_t subcode)
{
	const uint8_t *head = attr_head(attr);
	struct bgp_finding f = {
		.action = action,
		.fault = fault->code,
		.at = (size_t)(attr->value - job->upd.body) + fault->at,
		.attr = attr->type,
		.code = BGP_ERR_UPDATE,
		.subcode = subcode,
	};

	if (subcode != BGP_ERR_AS_PATH && subcode != BGP_ERR_ATTRS) {
		f.data = head;
		f.data_len = (size_t)(attr->value - head) + attr->len;
	}
	if (is_mp(attr->type) && action == BGP_RESET && subcode != BGP_ERR_ATTRS &&
	    job->s->may_disable_family && attr->len >= 3) {
		f.action = BGP_DISABLE;
		f.afi = wire_get16(attr->value);
		f.safi = attr->value[2];
	}
	if (action == BGP_DISCARD && fault->code != FAULT_ATTR_TWICE)
		discard(job, attr->type);
	bgp_verdict_add(job->v, &f);
}

static void attr_add_code(struct job *job, const struct bgp_attr *attr, enum bgp_action action,
			  enum fault_code code, uint8_t subcode)
{
	struct fault fault = {code, 0};

	attr_add(job, attr, action, &fault, subcode);
}

// RFC 4271 §6.3: which subcode tells of a malformed attribute.
static uint8_t subcode_of(const struct bgp_attr *attr, enum fault_code code)
{
	switch (code) {
	case FAULT_ORIGIN:
		return attr->len == 1 ? BGP_ERR_ORIGIN : BGP_ERR_ATTR_LEN;
	case FAULT_AS_PATH:
	case FAULT_AS_FIRST:
	case FAULT_AS_CONFED:
		return attr->type == BGP_ATTR_AS_PATH ? BGP_ERR_AS_PATH : BGP_ERR_OPTIONAL;
	case FAULT_AS_ZERO:
		return attr->type == BGP_ATTR_AS_PATH ? BGP_ERR_AS_PATH : BGP_ERR_OPTIONAL;
	case FAULT_NEXT_HOP:
	case FAULT_MED:
	case FAULT_LOCAL_PREF:
	case FAULT_ATTR_LEN:
		return BGP_ERR_ATTR_LEN;
	case FAULT_NEXT_HOP_ADDR:
		return BGP_ERR_NEXT_HOP;
	default:
		return BGP_ERR_OPTIONAL;
	}
}

// RFC 7607 §2: AS 0 stands in no path.
static int zero_judge(const struct bgp_as_path *path, struct fault *fault)
{
	struct bgp_segment seg;
	size_t at = 0;

	while (bgp_segment_next(path, &at, &seg) > 0)
		for (unsigned i = 0; i < seg.n; i++)
			if (bgp_segment_as(&seg, i) == 0)
				return fault_set(fault, FAULT_AS_ZERO,
						 (size_t)(seg.as - path->bytes) + i * seg.as_bytes);
	return 0;
}

// RFC 4271 §6.3: an external peer puts its own AS in front.
static bool begins_with_peer(const struct bgp_as_path *path, const struct bgp_session *s)
{
	uint32_t as = s->as4 || s->peer_as <= UINT16_MAX ? s->peer_as : BGP_AS_TRANS;
	struct bgp_segment seg;
	size_t at = 0;

	return bgp_segment_next(path, &at, &seg) > 0 && bgp_segment_as(&seg, 0) == as;
}

static bool begins_with_confed(const struct bgp_as_path *path)
{
	struct bgp_segment seg;
	size_t at = 0;

	return bgp_segment_next(path, &at, &seg) > 0 && seg.kind == BGP_SEG_CONFED_SEQUENCE;
}

static int as_path_judge(const struct bgp_value *v, const struct bgp_session *s,
			 struct fault *fault)
{
	const struct bgp_as_path *path = &v->as_path;

	if (zero_judge(path, fault))
		return -EBADMSG;
	if (v->type != BGP_ATTR_AS_PATH)
		return 0;
	// RFC 5065 §5: segments of a confederation never leave it, and a peer in
	// another member puts one in front.
	if (s->kind == BGP_PEER_EXTERNAL && bgp_as_path_has_confed(path))
		return fault_set(fault, FAULT_AS_CONFED, 0);
	if (s->kind == BGP_PEER_CONFED && !begins_with_confed(path))
		return fault_set(fault, FAULT_AS_CONFED, 0);
	if (s->kind == BGP_PEER_EXTERNAL && s->checks_first_as && !begins_with_peer(path, s))
		return fault_set(fault, FAULT_AS_FIRST, 0);
	return 0;
}

// RFC 4271 §6.3: must be an address that a host can have.
static bool addr_is_host(const struct bgp_addr *addr)
{
	static const uint8_t loopback[16] = {[15] = 1}, none[16];

	if (addr->family == 4)
		return addr->bytes[0] != 0 && addr->bytes[0] != 127 && addr->bytes[0] < 224;
	return addr->bytes[0] != 0xff && memcmp(addr->bytes, none, 16) != 0 &&
	       memcmp(addr->bytes, loopback, 16) != 0;
}

// Prefixes are walked to their end, or to what is wrong with them.
static int nlri_judge(const uint8_t *bytes, size_t len, uint16_t afi, uint8_t safi,
		      bool is_withdrawn, const struct bgp_session *s, struct fault *fault)
{
	struct bgp_nlri_iter it;
	struct bgp_nlri nlri;
	int more;

	if (!bgp_nlri_is_known(afi, safi))
		return 0;
	bgp_nlri_start(&it, bytes, len, afi, safi, bgp_session_has_path_ids(s, afi, safi));
	it.multi_labels = !is_withdrawn && bgp_session_has_labels(s, afi, safi);
	while ((more = bgp_nlri_next(&it, &nlri, fault)) > 0)
		;
	return more;
}

static bool is_foreign(const struct bgp_session *s, uint16_t afi, uint8_t safi)
{
	return s->n_families && !bgp_session_family(s, afi, safi);
}

// RFC 8950 §4: IPv6 next hops of IPv4 routes only where that was agreed on.
static bool nexthop_fits(const struct bgp_mp_reach *mp, const struct bgp_session *s,
			 const struct bgp_addr *addr)
{
	const struct bgp_family *family = bgp_session_family(s, mp->afi, mp->safi);

	return mp->afi != BGP_AFI_IP4 || addr->family == 4 || !family || family->ip6_nexthop;
}

// Routes of families that were not agreed on are ignored, whatever they are.
static int reach_judge(const struct bgp_value *v, const struct bgp_session *s, struct fault *fault)
{
	const struct bgp_mp_reach *mp = &v->reach;
	struct fault inner = {.code = FAULT_NONE};
	struct bgp_addr addr[2];

	if (is_foreign(s, mp->afi, mp->safi) || !bgp_nlri_is_known(mp->afi, mp->safi))
		return 0;
	if (bgp_nexthop_decode(mp->afi, mp->safi, mp->nexthop, mp->nexthop_len, addr) == 0 ||
	    !nexthop_fits(mp, s, &addr[0]))
		return fault_set(fault, FAULT_MP_NEXT_HOP, 3);
	if (nlri_judge(mp->nlri, mp->nlri_len, mp->afi, mp->safi, false, s, &inner))
		return fault_set(fault, inner.code, inner.at + 5u + mp->nexthop_len);
	if (!addr_is_host(&addr[0]))
		return fault_set(fault, FAULT_NEXT_HOP_ADDR, 4);
	return 0;
}

static int unreach_judge(const struct bgp_value *v, const struct bgp_session *s,
			 struct fault *fault)
{
	const struct bgp_mp_unreach *mp = &v->unreach;
	struct fault inner = {.code = FAULT_NONE};

	if (is_foreign(s, mp->afi, mp->safi) ||
	    !nlri_judge(mp->nlri, mp->nlri_len, mp->afi, mp->safi, true, s, &inner))
		return 0;
	return fault_set(fault, inner.code, inner.at + 3);
}

// RFC 6368 §5: no routes inside, and attributes that are sound themselves.
static int set_judge(const struct bgp_value *v, struct fault *fault)
{
	static const struct bgp_session inside = {.as4 = true};
	struct fault inner = {.code = FAULT_NONE};
	struct bgp_value value;
	struct bgp_attr attr;
	size_t at = 0, was = 0;

	while (bgp_attr_next(v->set.attrs, v->set.attrs_len, &at, &attr, &inner) > 0) {
		if (is_mp(attr.type) || bgp_value_decode(&attr, &inside, &value, &inner))
			return fault_set(fault, FAULT_ATTR_VALUE, 4 + was);
		was = at;
	}
	return 0;
}

static int value_judge(const struct bgp_value *v, const struct bgp_session *s, struct fault *fault)
{
	switch (v->form) {
	case BGP_FORM_AS_PATH:
		return as_path_judge(v, s, fault);
	case BGP_FORM_NEXT_HOP:
		return addr_is_host(&v->nexthop) ? 0 : fault_set(fault, FAULT_NEXT_HOP_ADDR, 0);
	case BGP_FORM_AGGREGATOR:
		return v->aggregator.as ? 0 : fault_set(fault, FAULT_AS_ZERO, 0); // RFC 7607 §2
	case BGP_FORM_MP_REACH:
		return reach_judge(v, s, fault);
	case BGP_FORM_MP_UNREACH:
		return unreach_judge(v, s, fault);
	case BGP_FORM_SET:
		return set_judge(v, fault);
	default:
		return 0;
	}
}

// May this peer send this attribute? RFC 6793 §4.1: AS4_* is for who has no four
// bytes. RFC 7311 §3.3: AIGP needs a setting between networks.
static bool is_from_peer(const struct bgp_attr_rule *rule, uint8_t type,
			 const struct bgp_session *s)
{
	if (s->kind == BGP_PEER_UNKNOWN)
		return true;
	if (type == BGP_ATTR_AS4_PATH || type == BGP_ATTR_AS4_AGGREGATOR)
		return !s->as4;
	if (s->kind != BGP_PEER_EXTERNAL)
		return true;
	if (type == BGP_ATTR_AIGP)
		return s->accepts_aigp;
	return rule->from & BGP_FROM_EXTERNAL;
}

static bool flags_fit(const struct bgp_attr_rule *rule, uint8_t flags)
{
	return ((flags ^ rule->flags) & (BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE)) == 0;
}

static void reach_note(struct job *job, const struct bgp_attr *attr, const struct bgp_value *v)
{
	if (attr->type == BGP_ATTR_MP_REACH)
		job->has_reach = v->form != BGP_FORM_MP_REACH || v->reach.nlri_len;
	else if (attr->type != BGP_ATTR_MP_UNREACH)
		job->has_others = true;
}

static void known_judge(struct job *job, const struct bgp_attr_rule *rule,
			const struct bgp_attr *attr)
{
	struct fault fault = {.code = FAULT_NONE};
	enum bgp_action action = rule->on_malformed;
	struct bgp_value v;
	int err = bgp_value_decode(attr, job->s, &v, &fault);

	reach_note(job, attr, &v);
	if (!is_from_peer(rule, attr->type, job->s))
		return attr_add_code(job, attr, BGP_DISCARD, FAULT_ATTR_PEER, 0);
	if (!flags_fit(rule, attr->flags)) {
		struct fault flags = {FAULT_ATTR_FLAGS, 0};

		// RFC 7606 §5.3: then the attribute is incorrect as RFC 4760 §7 has it.
		attr_add(job, attr, rule->on_flags, &flags,
			 is_mp(attr->type) ? BGP_ERR_OPTIONAL : BGP_ERR_FLAGS);
	}
	// RFC 4760 §3: without NLRI it means nothing.
	if (!err && (v.form != BGP_FORM_NEXT_HOP || job->upd.nlri_len))
		err = value_judge(&v, job->s, &fault);
	if (!err)
		return;
	// The routes could be read: they can be withdrawn.
	if (fault.code == FAULT_NEXT_HOP_ADDR)
		action = BGP_WITHDRAW;
	attr_add(job, attr, action, &fault, subcode_of(attr, fault.code));
}

static bool is_twice(struct job *job, uint8_t type)
{
	uint64_t bit = 1ull << (type % 64), *word = &job->seen[type / 64];
	bool twice = *word & bit;

	*word |= bit;
	return twice;
}

static void attr_judge(struct job *job, const struct bgp_attr *attr)
{
	const struct bgp_attr_rule *rule = bgp_attr_rule(attr->type);

	// RFC 7606 §3 g.
	if (is_twice(job, attr->type))
		attr_add_code(job, attr, is_mp(attr->type) ? BGP_RESET : BGP_DISCARD,
			      FAULT_ATTR_TWICE, BGP_ERR_ATTRS);
	else if (rule)
		known_judge(job, rule, attr);
	else {
		job->has_others = true;
		// RFC 4271 §6.3: what is well-known is known.
		if (!(attr->flags & BGP_FLAG_OPTIONAL))
			attr_add_code(job, attr, BGP_RESET, FAULT_ATTR_UNKNOWN, BGP_ERR_WELL_KNOWN);
	}
}

// RFC 7606 §4: what cannot be walked withdraws; where the routes begin is known.
static void attrs_judge(struct job *job)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_attr attr;
	size_t at = 0;
	int more;

	while ((more = bgp_attr_next(job->upd.attrs, job->upd.attrs_len, &at, &attr, &fault)) > 0)
		attr_judge(job, &attr);
	if (more < 0) {
		struct bgp_finding f = {
			.action = BGP_WITHDRAW,
			.fault = fault.code,
			.at = (size_t)(job->upd.attrs - job->upd.body) + fault.at,
			.code = BGP_ERR_UPDATE,
			.subcode = BGP_ERR_ATTRS,
		};

		job->has_others = true;
		bgp_verdict_add(job->v, &f);
	}
}

static bool is_needed(const struct job *job, enum bgp_attr_need need)
{
	bool has_routes = job->upd.nlri_len || job->has_reach;

	switch (need) {
	case BGP_NEED_ROUTES:
		return has_routes;
	case BGP_NEED_NLRI:
		return job->upd.nlri_len;
	case BGP_NEED_INTERNAL: // RFC 4271 §5.1.5
		return has_routes && job->s->kind == BGP_PEER_INTERNAL;
	default:
		return false;
	}
}

// RFC 7606 §3 d; the data is the type that is missing.
static void missing_judge(struct job *job)
{
	for (unsigned type = 1; type <= BGP_ATTR_LOCAL_PREF; type++) {
		const struct bgp_attr_rule *rule = bgp_attr_rule((uint8_t)type);
		struct bgp_finding f = {
			.action = BGP_WITHDRAW,
			.fault = FAULT_ATTR_MISSING,
			.at = (size_t)(job->upd.attrs - job->upd.body),
			.attr = (uint8_t)type,
			.code = BGP_ERR_UPDATE,
			.subcode = BGP_ERR_MISSING,
			.data_len = 1,
			.own = {(uint8_t)type},
		};

		if (is_needed(job, rule->need) && !(job->seen[0] >> type & 1))
			bgp_verdict_add(job->v, &f);
	}
}

// RFC 7606 §3 i, j: routes that cannot be read cannot be withdrawn.
static void routes_judge(struct job *job, const uint8_t *bytes, size_t len)
{
	struct bgp_finding f = {
		.action = BGP_RESET, .code = BGP_ERR_UPDATE, .subcode = BGP_ERR_NETWORK};
	struct fault fault = {.code = FAULT_NONE};

	if (!nlri_judge(bytes, len, BGP_AFI_IP4, BGP_SAFI_UNICAST, false, job->s, &fault))
		return;
	f.fault = fault.code;
	f.at = (size_t)(bytes - job->upd.body) + fault.at;
	bgp_verdict_add(job->v, &f);
}

void bgp_update_judge(const uint8_t *body, size_t len, const struct bgp_session *s,
		      struct bgp_verdict *v)
{
	struct fault fault = {.code = FAULT_NONE};
	struct job job = {.s = s, .v = v};

	memset(v, 0, sizeof(*v));
	if (bgp_update_decode(body, len, &job.upd, &fault)) {
		struct bgp_finding f = {.action = BGP_RESET,
					.fault = fault.code,
					.at = fault.at,
					.code = BGP_ERR_UPDATE,
					.subcode = BGP_ERR_ATTRS};

		bgp_verdict_add(v, &f);
		return;
	}
	attrs_judge(&job);
	missing_judge(&job);
	routes_judge(&job, job.upd.withdrawn, job.upd.withdrawn_len);
	routes_judge(&job, job.upd.nlri, job.upd.nlri_len);
	// RFC 7606 §5.2: attributes in error that belong to no route: perhaps it
	// was not seen.
	if (v->action > BGP_DISCARD && job.has_others && !job.has_reach && !job.upd.nlri_len)
		v->action = BGP_RESET;
}
