// SPDX-License-Identifier: BSD-3-Clause
// Capabilities as one value (RFC 5492): read, agreed on, written.
#include "dataplane/bgp/aspath.h"
#include "dataplane/bgp/open.h"

#include <errno.h>
#include <string.h>

enum { PARAMS_SHORT_MAX = 255, CAP_MAX = 255 };

// Finds or makes the family; NULL: there are too many.
static struct bgp_cap_family *family_of(struct bgp_caps *caps, uint16_t afi, uint8_t safi)
{
	struct bgp_cap_family *f = caps->family;

	for (; f < caps->family + caps->n_families; f++)
		if (f->afi == afi && f->safi == safi)
			return f;
	if (caps->n_families == BGP_FAMILIES_MAX) {
		caps->n_unknown += caps->n_unknown < UINT8_MAX;
		return NULL;
	}
	caps->n_families++;
	*f = (struct bgp_cap_family){.afi = afi, .safi = safi};
	return f;
}

static int mp_read(struct bgp_caps *caps, const struct bgp_cap *cap)
{
	struct bgp_cap_family *f;

	if (cap->len != 4)
		return -EBADMSG;
	f = family_of(caps, wire_get16(cap->value), cap->value[3]);
	if (f)
		f->is_offered = true;
	return 0;
}

// RFC 8950 §4: AFI, SAFI in two bytes, AFI of the next hop.
static int ip6_nexthop_read(struct bgp_caps *caps, const struct bgp_cap *cap)
{
	if (cap->len % 6)
		return -EBADMSG;
	for (const uint8_t *p = cap->value; p < cap->value + cap->len; p += 6) {
		struct bgp_cap_family *f;

		if (p[2] || wire_get16(p + 4) != BGP_AFI_IP6)
			continue;
		f = family_of(caps, wire_get16(p), p[3]);
		if (f)
			f->ip6_nexthop = true;
	}
	return 0;
}

// RFC 7911 §4: a mode nobody knows is passed over.
static int add_path_read(struct bgp_caps *caps, const struct bgp_cap *cap)
{
	if (cap->len % 4)
		return -EBADMSG;
	for (const uint8_t *p = cap->value; p < cap->value + cap->len; p += 4) {
		struct bgp_cap_family *f;

		if (p[3] < BGP_ADD_PATH_RECEIVE || p[3] > BGP_ADD_PATH_BOTH)
			continue;
		f = family_of(caps, wire_get16(p), p[2]);
		if (f)
			f->add_path = p[3];
	}
	return 0;
}

// RFC 8277 §2.1: a count of 0 or 1 is ignored, as if it were not there.
static int labels_read(struct bgp_caps *caps, const struct bgp_cap *cap)
{
	if (cap->len % 4)
		return -EBADMSG;
	for (const uint8_t *p = cap->value; p < cap->value + cap->len; p += 4) {
		struct bgp_cap_family *f;

		if (p[3] < 2)
			continue;
		f = family_of(caps, wire_get16(p), p[2]);
		if (f)
			f->max_labels = p[3];
	}
	return 0;
}

// RFC 4724 §3: flags and time, then families with a flag each. A later one
// replaces an earlier.
static int restart_read(struct bgp_caps *caps, const struct bgp_cap *cap)
{
	if (cap->len < 2 || cap->len % 4 != 2)
		return -EBADMSG;
	for (unsigned i = 0; i < caps->n_families; i++)
		caps->family[i].can_restart = caps->family[i].is_restarted = false;
	caps->restart = true;
	caps->restart_flags = cap->value[0] >> 4;
	caps->restart_s = wire_get16(cap->value) & 0xfff;
	for (const uint8_t *p = cap->value + 2; p < cap->value + cap->len; p += 4) {
		struct bgp_cap_family *f = family_of(caps, wire_get16(p), p[2]);

		if (!f)
			continue;
		f->can_restart = true;
		f->is_restarted = p[3] & 0x80;
	}
	return 0;
}

static int as4_read(struct bgp_caps *caps, const struct bgp_cap *cap)
{
	if (cap->len != 4)
		return -EBADMSG;
	caps->as4 = true;
	caps->as = wire_get32(cap->value);
	return 0;
}

static int flag_read(const struct bgp_cap *cap, bool *flag)
{
	*flag = true;
	return cap->len ? -EBADMSG : 0;
}

static int cap_read(struct bgp_caps *caps, const struct bgp_cap *cap)
{
	switch (cap->code) {
	case BGP_CAP_MP:
		return mp_read(caps, cap);
	case BGP_CAP_REFRESH:
		return flag_read(cap, &caps->refresh);
	case BGP_CAP_IP6_NEXTHOP:
		return ip6_nexthop_read(caps, cap);
	case BGP_CAP_EXTENDED_MSG:
		return flag_read(cap, &caps->extended_msg);
	case BGP_CAP_LABELS:
		return labels_read(caps, cap);
	case BGP_CAP_ROLE:
		caps->has_role = true;
		caps->role = cap->len == 1 ? cap->value[0] : 0;
		return cap->len == 1 ? 0 : -EBADMSG;
	case BGP_CAP_RESTART:
		return restart_read(caps, cap);
	case BGP_CAP_AS4:
		return as4_read(caps, cap);
	case BGP_CAP_ADD_PATH:
		return add_path_read(caps, cap);
	case BGP_CAP_ENHANCED_REFRESH:
		return flag_read(cap, &caps->enhanced_refresh);
	default:
		caps->n_unknown += caps->n_unknown < UINT8_MAX;
		return 0;
	}
}

int bgp_caps_decode(const struct bgp_open *open, struct bgp_caps *caps, struct fault *fault)
{
	struct bgp_cap_iter it = {0};
	struct bgp_cap cap;
	int more;

	memset(caps, 0, sizeof(*caps));
	while ((more = bgp_cap_next(open, &it, &cap, fault)) > 0) {
		size_t at = (size_t)(cap.value - 2 - open->body);

		if (cap.code == BGP_CAP_ROLE && caps->has_role && cap.len == 1 &&
		    cap.value[0] != caps->role)
			return fault_set(fault, FAULT_ROLE, at);
		if (cap_read(caps, &cap))
			return fault_set(fault, FAULT_CAP_LEN, at);
	}
	return more;
}

uint32_t bgp_open_as(const struct bgp_open *open, const struct bgp_caps *caps)
{
	return caps->as4 ? caps->as : open->as;
}

static const struct bgp_cap_family *family_find(const struct bgp_caps *caps, uint16_t afi,
						uint8_t safi)
{
	static const struct bgp_cap_family ip4 = {
		.afi = BGP_AFI_IP4, .safi = BGP_SAFI_UNICAST, .is_offered = true};
	bool has_any = false;

	for (unsigned i = 0; i < caps->n_families; i++) {
		const struct bgp_cap_family *f = &caps->family[i];

		has_any |= f->is_offered;
		if (f->afi == afi && f->safi == safi && f->is_offered)
			return f;
	}
	// RFC 4760 §8: who offers nothing speaks IPv4 unicast.
	return !has_any && afi == ip4.afi && safi == ip4.safi ? &ip4 : NULL;
}

static void family_agree(struct bgp_session *s, const struct bgp_cap_family *ours,
			 const struct bgp_caps *theirs)
{
	const struct bgp_cap_family *peer = family_find(theirs, ours->afi, ours->safi);

	if (!peer || s->n_families == BGP_FAMILIES_MAX)
		return;
	s->family[s->n_families++] = (struct bgp_family){
		.afi = ours->afi,
		.safi = ours->safi,
		.add_path = (ours->add_path & BGP_ADD_PATH_RECEIVE) &&
			    (peer->add_path & BGP_ADD_PATH_SEND),
		.ip6_nexthop = ours->ip6_nexthop && peer->ip6_nexthop,
		.multi_labels = ours->max_labels && peer->max_labels,
	};
}

void bgp_session_agree(struct bgp_session *s, const struct bgp_caps *ours,
		       const struct bgp_caps *theirs)
{
	const struct bgp_cap_family *ip4;

	s->as4 = ours->as4 && theirs->as4;
	s->extended_msg = ours->extended_msg && theirs->extended_msg;
	s->n_families = 0;
	for (unsigned i = 0; i < ours->n_families; i++)
		if (ours->family[i].is_offered)
			family_agree(s, &ours->family[i], theirs);
	ip4 = family_find(ours, BGP_AFI_IP4, BGP_SAFI_UNICAST);
	if (s->n_families == 0 && ip4)
		family_agree(s, ip4, theirs);
}

bool bgp_role_fits(uint8_t ours, uint8_t theirs)
{
	static const uint8_t other[] = {
		[BGP_ROLE_PROVIDER] = BGP_ROLE_CUSTOMER, [BGP_ROLE_RS] = BGP_ROLE_RS_CLIENT,
		[BGP_ROLE_RS_CLIENT] = BGP_ROLE_RS,	 [BGP_ROLE_CUSTOMER] = BGP_ROLE_PROVIDER,
		[BGP_ROLE_PEER] = BGP_ROLE_PEER,
	};

	return ours < ARRAY_LEN(other) && other[ours] == theirs;
}

void bgp_cap_put(struct out *out, uint8_t code, const void *value, size_t len)
{
	out_put8(out, code);
	out_put8(out, (unsigned)len);
	out_put(out, value, len);
}

// The length of a capability is known when its last byte is written. Families
// are at most 24, so that none exceeds 255 bytes.
static size_t cap_start(struct out *out, uint8_t code)
{
	out_put8(out, code);
	out_put8(out, 0);
	return out->len;
}

static void cap_end(struct out *out, size_t at)
{
	if (out->len == at) {
		out->len -= 2; // of no family: leave it out
		return;
	}
	out_set8(out, at - 1, (unsigned)(out->len - at));
}

static void family_put(struct out *out, const struct bgp_cap_family *f, int flags)
{
	out_put16(out, f->afi);
	out_put8(out, f->safi);
	out_put8(out, (unsigned)flags);
}

static void mp_put(struct out *out, const struct bgp_caps *caps)
{
	for (unsigned i = 0; i < caps->n_families; i++) {
		const struct bgp_cap_family *f = &caps->family[i];
		uint8_t value[4] = {(uint8_t)(f->afi >> 8), (uint8_t)f->afi, 0, f->safi};

		if (f->is_offered)
			bgp_cap_put(out, BGP_CAP_MP, value, sizeof(value));
	}
}

static void ip6_nexthop_put(struct out *out, const struct bgp_caps *caps)
{
	size_t at = cap_start(out, BGP_CAP_IP6_NEXTHOP);

	for (unsigned i = 0; i < caps->n_families; i++)
		if (caps->family[i].ip6_nexthop) {
			out_put16(out, caps->family[i].afi);
			out_put16(out, caps->family[i].safi);
			out_put16(out, BGP_AFI_IP6);
		}
	cap_end(out, at);
}

static void labels_put(struct out *out, const struct bgp_caps *caps)
{
	size_t at = cap_start(out, BGP_CAP_LABELS);

	for (unsigned i = 0; i < caps->n_families; i++)
		if (caps->family[i].max_labels)
			family_put(out, &caps->family[i], caps->family[i].max_labels);
	cap_end(out, at);
}

static void restart_put(struct out *out, const struct bgp_caps *caps)
{
	size_t at = cap_start(out, BGP_CAP_RESTART);

	out_put16(out, (unsigned)caps->restart_flags << 12 | (caps->restart_s & 0xfff));
	for (unsigned i = 0; i < caps->n_families; i++)
		if (caps->family[i].can_restart)
			family_put(out, &caps->family[i], caps->family[i].is_restarted ? 0x80 : 0);
	cap_end(out, at);
}

static void add_path_put(struct out *out, const struct bgp_caps *caps)
{
	size_t at = cap_start(out, BGP_CAP_ADD_PATH);

	for (unsigned i = 0; i < caps->n_families; i++)
		if (caps->family[i].add_path)
			family_put(out, &caps->family[i], caps->family[i].add_path);
	cap_end(out, at);
}

void bgp_caps_put(struct out *out, const struct bgp_caps *caps)
{
	uint8_t as[4];

	mp_put(out, caps);
	if (caps->refresh)
		bgp_cap_put(out, BGP_CAP_REFRESH, NULL, 0);
	ip6_nexthop_put(out, caps);
	if (caps->extended_msg)
		bgp_cap_put(out, BGP_CAP_EXTENDED_MSG, NULL, 0);
	labels_put(out, caps);
	if (caps->has_role)
		bgp_cap_put(out, BGP_CAP_ROLE, &caps->role, 1);
	if (caps->restart)
		restart_put(out, caps);
	if (caps->as4) {
		wire_put32(as, caps->as);
		bgp_cap_put(out, BGP_CAP_AS4, as, sizeof(as));
	}
	add_path_put(out, caps);
	if (caps->enhanced_refresh)
		bgp_cap_put(out, BGP_CAP_ENHANCED_REFRESH, NULL, 0);
}

static void fixed_put(struct out *out, uint8_t version, uint16_t as, uint16_t hold_s, uint32_t id)
{
	out_put8(out, version);
	out_put16(out, as);
	out_put16(out, hold_s);
	out_put32(out, id);
}

void bgp_open_put(struct out *out, const struct bgp_open *open)
{
	fixed_put(out, open->version, open->as, open->hold_s, open->id);
	out_put8(out, open->short_len);
	if (open->is_extended) {
		out_put8(out, BGP_PARAM_EXTENDED);
		out_put16(out, open->params_len);
	}
	out_put(out, open->params, open->params_len);
}

// RFC 9072 §2: three bytes of its own, and one more for the parameter's length.
void bgp_open_put_caps(struct out *out, uint32_t as, uint16_t hold_s, uint32_t id,
		       const struct bgp_caps *caps)
{
	uint8_t extended[3] = {BGP_PARAM_EXTENDED};
	size_t at, len;

	fixed_put(out, BGP_VERSION, as > UINT16_MAX ? BGP_AS_TRANS : (uint16_t)as, hold_s, id);
	at = out->len;
	out_put8(out, 0);
	out_put8(out, BGP_PARAM_CAPS);
	out_put8(out, 0);
	bgp_caps_put(out, caps);
	len = out->len - at - 3;
	if (len == 0) {
		out->len = at + 1;
	} else if (len + 2 < PARAMS_SHORT_MAX) {
		out_set8(out, at, (unsigned)len + 2);
		out_set8(out, at + 2, (unsigned)len);
	} else {
		wire_put16(extended + 1, (uint16_t)(len + 3));
		out_set8(out, at, PARAMS_SHORT_MAX);
		out_insert(out, at + 2, "", 1);
		out_set16(out, at + 2, (unsigned)len);
		out_insert(out, at + 1, extended, sizeof(extended));
	}
}
