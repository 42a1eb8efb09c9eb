// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/update.h"

#include <errno.h>
#include <string.h>

int bgp_update_decode(const uint8_t *body, size_t len, struct bgp_update *upd, struct fault *fault)
{
	size_t withdrawn_len, attrs_len;

	memset(upd, 0, sizeof(*upd));
	if (len < 4)
		return fault_set(fault, FAULT_UPDATE_CUT, len);
	withdrawn_len = wire_get16(body);
	if (withdrawn_len > len - 4)
		return fault_set(fault, FAULT_UPDATE_CUT, 0);
	attrs_len = wire_get16(body + 2 + withdrawn_len);
	if (attrs_len > len - 4 - withdrawn_len)
		return fault_set(fault, FAULT_UPDATE_CUT, 2 + withdrawn_len);
	upd->body = body;
	upd->withdrawn = body + 2;
	upd->withdrawn_len = (uint16_t)withdrawn_len;
	upd->attrs = body + 4 + withdrawn_len;
	upd->attrs_len = (uint16_t)attrs_len;
	upd->nlri = upd->attrs + attrs_len;
	upd->nlri_len = (uint16_t)(len - 4 - withdrawn_len - attrs_len);
	return 0;
}

// RFC 4760 §3: AFI, SAFI, length, next hop, a reserved byte, routes. A dump may
// end behind the next hop.
static int reach_decode(const struct bgp_attr *attr, bool may_end_early, struct bgp_mp_reach *mp)
{
	const uint8_t *p = attr->value;
	size_t at;

	if (attr->len < 4 || p[3] > attr->len - 4)
		return -EBADMSG;
	mp->afi = wire_get16(p);
	mp->safi = p[2];
	mp->nexthop_len = p[3];
	mp->nexthop = p + 4;
	at = 4u + p[3];
	if (at == attr->len)
		return may_end_early ? 0 : -EBADMSG;
	mp->has_reserved = true;
	mp->reserved = p[at++];
	mp->nlri = p + at;
	mp->nlri_len = (uint16_t)(attr->len - at);
	return 0;
}

int bgp_mp_reach_decode(const struct bgp_attr *attr, struct bgp_mp_reach *mp)
{
	memset(mp, 0, sizeof(*mp));
	return reach_decode(attr, false, mp);
}

int bgp_mp_reach_decode_rib(const struct bgp_attr *attr, struct bgp_mp_reach *mp)
{
	memset(mp, 0, sizeof(*mp));
	if (attr->len < 1)
		return -EBADMSG;
	if (attr->value[0] == 0)
		return reach_decode(attr, true, mp);
	if (attr->value[0] != attr->len - 1)
		return -EBADMSG;
	mp->is_short = true;
	mp->nexthop_len = attr->value[0];
	mp->nexthop = attr->value + 1;
	return 0;
}

int bgp_mp_unreach_decode(const struct bgp_attr *attr, struct bgp_mp_unreach *mp)
{
	if (attr->len < 3)
		return -EBADMSG;
	mp->afi = wire_get16(attr->value);
	mp->safi = attr->value[2];
	mp->nlri = attr->value + 3;
	mp->nlri_len = (uint16_t)(attr->len - 3);
	return 0;
}

static void addr_set(struct bgp_addr *addr, uint8_t family, const uint8_t *bytes)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = family;
	memcpy(addr->bytes, bytes, family == 4 ? 4 : 16);
}

// Each address of a VPN stands behind a route distinguisher (of zeros).
unsigned bgp_nexthop_decode(uint16_t afi, uint8_t safi, const uint8_t *bytes, size_t len,
			    struct bgp_addr addr[2])
{
	size_t rd = safi == BGP_SAFI_VPN || safi == BGP_SAFI_MULTICAST_VPN ? BGP_RD_LEN : 0;

	if (len == rd + 4 && afi != BGP_AFI_IP6) {
		addr_set(&addr[0], 4, bytes + rd);
		return 1;
	}
	if (len != rd + 16 && len != 2 * (rd + 16))
		return 0;
	addr_set(&addr[0], 6, bytes + rd);
	if (len == rd + 16)
		return 1;
	addr_set(&addr[1], 6, bytes + rd + 16 + rd);
	return 2;
}

static int mp_note(struct bgp_routes *r, const struct bgp_attr *attr, struct fault *fault)
{
	size_t at = (size_t)(attr->value - r->upd.body);

	if (attr->type == BGP_ATTR_MP_REACH && r->reach.afi == 0 &&
	    bgp_mp_reach_decode(attr, &r->reach)) {
		r->reach.afi = 0;
		return fault_set(fault, FAULT_MP_REACH, at);
	}
	if (attr->type == BGP_ATTR_MP_UNREACH && r->unreach.afi == 0 &&
	    bgp_mp_unreach_decode(attr, &r->unreach)) {
		r->unreach.afi = 0;
		return fault_set(fault, FAULT_MP_UNREACH, at);
	}
	return 0;
}

static void place_enter(struct bgp_routes *r, enum bgp_routes_place place);

int bgp_routes_start(struct bgp_routes *r, const struct bgp_update *upd,
		     const struct bgp_session *s, struct fault *fault)
{
	struct fault cut = {.code = FAULT_NONE};
	struct bgp_attr attr;
	size_t at = 0;
	int more, err = 0;

	memset(r, 0, sizeof(*r));
	r->session = s;
	r->upd = *upd;
	while ((more = bgp_attr_next(upd->attrs, upd->attrs_len, &at, &attr, &cut)) > 0)
		if (mp_note(r, &attr, fault))
			err = -EBADMSG;
	if (more < 0)
		err = fault_set(fault, cut.code, cut.at + (size_t)(upd->attrs - upd->body));
	place_enter(r, BGP_IN_WITHDRAWN);
	return err;
}

static void place_set(struct bgp_routes *r, uint16_t afi, uint8_t safi, const uint8_t *bytes,
		      size_t len)
{
	r->afi = afi;
	r->safi = safi;
	if (!bytes)
		bytes = r->upd.body;
	if (!bgp_nlri_is_known(afi, safi)) {
		r->n_unknown_bytes += (uint32_t)len;
		len = 0;
	}
	bgp_nlri_start(&r->it, bytes, len, afi, safi,
		       bgp_session_has_path_ids(r->session, afi, safi));
	// RFC 8277 §2.4: a withdrawal has one label, of no meaning.
	r->it.multi_labels = !r->is_withdrawn && bgp_session_has_labels(r->session, afi, safi);
}

static void place_enter(struct bgp_routes *r, enum bgp_routes_place place)
{
	r->place = place;
	r->is_withdrawn = place == BGP_IN_WITHDRAWN || place == BGP_IN_MP_UNREACH;
	r->nexthop = NULL;
	r->nexthop_len = 0;
	switch (place) {
	case BGP_IN_WITHDRAWN:
		place_set(r, BGP_AFI_IP4, BGP_SAFI_UNICAST, r->upd.withdrawn, r->upd.withdrawn_len);
		break;
	case BGP_IN_MP_UNREACH:
		place_set(r, r->unreach.afi, r->unreach.safi, r->unreach.nlri, r->unreach.nlri_len);
		break;
	case BGP_IN_MP_REACH:
		place_set(r, r->reach.afi, r->reach.safi, r->reach.nlri, r->reach.nlri_len);
		r->nexthop = r->reach.nexthop;
		r->nexthop_len = r->reach.nexthop_len;
		break;
	case BGP_IN_NLRI:
		place_set(r, BGP_AFI_IP4, BGP_SAFI_UNICAST, r->upd.nlri, r->upd.nlri_len);
		break;
	}
}

int bgp_routes_next(struct bgp_routes *r, struct bgp_nlri *nlri, struct fault *fault)
{
	for (;;) {
		struct fault found = {.code = FAULT_NONE};
		int got = bgp_nlri_next(&r->it, nlri, &found);

		if (got > 0) {
			r->n_host_bits += nlri->had_host_bits;
			return 1;
		}
		if (got < 0)
			return fault_set(fault, found.code,
					 found.at + (size_t)(r->it.base - r->upd.body));
		if (r->place == BGP_IN_NLRI)
			return 0;
		place_enter(r, r->place + 1);
	}
}

bool bgp_update_is_end_of_rib(const struct bgp_update *upd, uint16_t *afi, uint8_t *safi)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_mp_unreach mp;
	struct bgp_attr attr;
	size_t at = 0;

	if (upd->withdrawn_len || upd->nlri_len)
		return false;
	*afi = BGP_AFI_IP4;
	*safi = BGP_SAFI_UNICAST;
	if (upd->attrs_len == 0)
		return true;
	if (bgp_attr_next(upd->attrs, upd->attrs_len, &at, &attr, &fault) <= 0 ||
	    at != upd->attrs_len || attr.type != BGP_ATTR_MP_UNREACH ||
	    bgp_mp_unreach_decode(&attr, &mp) || mp.nlri_len)
		return false;
	*afi = mp.afi;
	*safi = mp.safi;
	return true;
}

void bgp_update_put(struct out *out, const struct bgp_update *upd)
{
	out_put16(out, upd->withdrawn_len);
	out_put(out, upd->withdrawn, upd->withdrawn_len);
	out_put16(out, upd->attrs_len);
	out_put(out, upd->attrs, upd->attrs_len);
	out_put(out, upd->nlri, upd->nlri_len);
}

void bgp_end_of_rib_put(struct out *out, uint16_t afi, uint8_t safi)
{
	uint8_t attr[6] = {BGP_FLAG_OPTIONAL,	BGP_ATTR_MP_UNREACH, 3,
			   (uint8_t)(afi >> 8), (uint8_t)afi,	     safi};
	bool is_short = afi == BGP_AFI_IP4 && safi == BGP_SAFI_UNICAST;
	struct bgp_update upd = {.attrs = attr, .attrs_len = is_short ? 0 : sizeof(attr)};

	bgp_update_put(out, &upd);
}
