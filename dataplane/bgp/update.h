// SPDX-License-Identifier: BSD-3-Clause
// UPDATE messages (RFC 4271 §4.3): three parts, and routes in up to four places.
//
// Pure functions over bytes. This layer reads what is there and stops at what
// cannot be read; whether it may be so, and what to do if not, says judge.h.
// All routes of an UPDATE, in the order of its fields:
//
//	struct bgp_update upd;
//	struct bgp_routes routes;
//	struct bgp_nlri nlri;
//
//	if (bgp_update_decode(msg.body, msg.body_len, &upd, &fault))
//		...
//	if (bgp_routes_start(&routes, &upd, &session, &fault))
//		...
//	while (bgp_routes_next(&routes, &nlri, &fault) > 0)
//		... routes.is_withdrawn, routes.afi, routes.safi, nlri.prefix
#pragma once

#include "dataplane/bgp/attr.h"
#include "dataplane/bgp/nlri.h"

struct bgp_update {
	const uint8_t *body, *withdrawn, *attrs, *nlri;
	uint16_t withdrawn_len, attrs_len, nlri_len;
};

// -EBADMSG: FAULT_UPDATE_CUT (RFC 4271 §6.3), at an offset in body.
int bgp_update_decode(const uint8_t *body, size_t len, struct bgp_update *upd,
		      struct fault *fault) must_check;

struct bgp_mp_reach {
	bool is_short; // as in RFC 6396 §4.3.4: a next hop, all else is 0
	uint16_t afi;
	uint8_t safi;
	uint8_t nexthop_len;
	const uint8_t *nexthop;
	uint8_t reserved; // RFC 4760 §3: once a number of SNPAs
	bool has_reserved;
	uint16_t nlri_len;
	const uint8_t *nlri;
};

struct bgp_mp_unreach {
	uint16_t afi;
	uint8_t safi;
	uint16_t nlri_len;
	const uint8_t *nlri;
};

// Of a message. -EBADMSG: FAULT_MP_REACH, FAULT_MP_UNREACH at attr->value.
int bgp_mp_reach_decode(const struct bgp_attr *attr, struct bgp_mp_reach *mp) must_check;
int bgp_mp_unreach_decode(const struct bgp_attr *attr, struct bgp_mp_unreach *mp) must_check;
// Of a route in a dump, in any of the three shapes (attr.h).
int bgp_mp_reach_decode_rib(const struct bgp_attr *attr, struct bgp_mp_reach *mp) must_check;

// Two addresses when an IPv6 next hop comes with its link-local; of a VPN the
// route distinguisher is passed over. Returns how many: 0 when the length is
// none that the family may have (RFC 2545 §3, RFC 4659 §3.2.1, RFC 8950 §3).
unsigned bgp_nexthop_decode(uint16_t afi, uint8_t safi, const uint8_t *bytes, size_t len,
			    struct bgp_addr addr[2]);

// The body; pointers of parts without bytes may be NULL.
void bgp_update_put(struct out *out, const struct bgp_update *upd);
void bgp_end_of_rib_put(struct out *out, uint16_t afi, uint8_t safi);

enum bgp_routes_place { BGP_IN_WITHDRAWN, BGP_IN_MP_UNREACH, BGP_IN_MP_REACH, BGP_IN_NLRI };

struct bgp_routes {
	// Of the route that came last.
	enum bgp_routes_place place;
	bool is_withdrawn;
	uint16_t afi;
	uint8_t safi;
	// 0 until the route came out of MP_REACH_NLRI: then its next hop.
	uint8_t nexthop_len;
	const uint8_t *nexthop;
	uint32_t n_host_bits;	  // routes so far whose host bits were cleared
	uint32_t n_unknown_bytes; // of families whose routes stay bytes, passed over

	const struct bgp_session *session;
	struct bgp_update upd;
	struct bgp_mp_reach reach; // afi 0: none
	struct bgp_mp_unreach unreach;
	struct bgp_nlri_iter it;
};

// Looks for MP_REACH_NLRI and MP_UNREACH_NLRI. -EBADMSG with fault->at counted
// from the body, also when the attributes cannot be walked to their end: the
// routes that were found can still be asked for.
int bgp_routes_start(struct bgp_routes *r, const struct bgp_update *upd,
		     const struct bgp_session *s, struct fault *fault) must_check;
// 1, 0, or -EBADMSG: the rest of this place is passed over, the next call goes
// on with the next place.
int bgp_routes_next(struct bgp_routes *r, struct bgp_nlri *nlri, struct fault *fault) must_check;

// RFC 4724 §2: no route at all, or an empty MP_UNREACH_NLRI alone.
bool bgp_update_is_end_of_rib(const struct bgp_update *upd, uint16_t *afi, uint8_t *safi);
