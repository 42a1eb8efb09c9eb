// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/mrt_table.h"

#include "dataplane/bgp/attr.h"
#include "dataplane/bgp/mrt_nlri.h"

#include <errno.h>
#include <string.h>

// Peer index, time, attribute length; add-path puts a path id before the length.
enum { ENTRY_LEN = 8, ENTRY_AP_LEN = 12 };

// Collector, view and, behind `gap` bytes more, the number of peers.
struct table_head {
	uint32_t collector_id;
	uint16_t view_len, n_peers;
	const uint8_t *view, *extra, *next;
};

static bool head_decode(const uint8_t *body, size_t len, size_t gap, struct table_head *head,
			struct fault *fault)
{
	size_t view_len;

	if (len < 8 + gap) {
		fault_set(fault, FAULT_RECORD_CUT, len);
		return false;
	}
	view_len = wire_get16(body + 4);
	if (len < 8 + gap + view_len) {
		fault_set(fault, FAULT_RECORD_CUT, 4);
		return false;
	}
	head->collector_id = wire_get32(body);
	head->view_len = (uint16_t)view_len;
	head->view = body + 6;
	head->extra = head->view + view_len;
	head->n_peers = wire_get16(head->extra + gap);
	head->next = head->extra + gap + 2;
	return true;
}

int mrt_peers_decode(const uint8_t *body, size_t len, struct mrt_peers *peers, struct fault *fault)
{
	const uint8_t *p, *end = body + len;
	struct table_head head;

	if (!head_decode(body, len, 0, &head, fault))
		return -EBADMSG;
	*peers = (struct mrt_peers){.collector_id = head.collector_id,
				    .n_peers = head.n_peers,
				    .view_len = head.view_len,
				    .view = (const char *)head.view,
				    .next = head.next,
				    .end = end};
	p = head.next;
	for (unsigned i = 0; i < peers->n_peers; i++) {
		size_t need;

		if (p == end)
			return fault_set(fault, FAULT_RECORD_CUT, len);
		if (*p & ~(MRT_PEER_IP6 | MRT_PEER_AS4))
			return fault_set(fault, FAULT_PEER_TYPE, (size_t)(p - body));
		need = 5 + (*p & MRT_PEER_IP6 ? 16 : 4) + (*p & MRT_PEER_AS4 ? 4 : 2);
		if ((size_t)(end - p) < need)
			return fault_set(fault, FAULT_RECORD_CUT, (size_t)(p - body));
		p += need;
	}
	if (p != end)
		return fault_set(fault, FAULT_RECORD_TRAILING, (size_t)(p - body));
	return 0;
}

bool mrt_peers_next(struct mrt_peers *peers, struct mrt_peer *peer)
{
	const uint8_t *p = peers->next;
	unsigned addr_len;

	if (p == peers->end)
		return false;
	addr_len = *p & MRT_PEER_IP6 ? 16 : 4;
	memset(peer, 0, sizeof(*peer));
	peer->id = wire_get32(p + 1);
	peer->addr.family = addr_len == 16 ? 6 : 4;
	memcpy(peer->addr.bytes, p + 5, addr_len);
	peer->as_bytes = *p & MRT_PEER_AS4 ? 4 : 2;
	p += 5 + addr_len;
	peer->asn = peer->as_bytes == 4 ? wire_get32(p) : wire_get16(p);
	peers->next = p + peer->as_bytes;
	return true;
}

static float float_get(const uint8_t *p)
{
	uint32_t bits = wire_get32(p);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

enum { GEO_PEER_LEN = 13 };

int mrt_geo_decode(const uint8_t *body, size_t len, struct mrt_geo *geo, struct fault *fault)
{
	struct table_head head;
	size_t left, need;

	if (!head_decode(body, len, 8, &head, fault))
		return -EBADMSG;
	*geo = (struct mrt_geo){.collector_id = head.collector_id,
				.latitude = float_get(head.extra),
				.longitude = float_get(head.extra + 4),
				.n_peers = head.n_peers,
				.view_len = head.view_len,
				.view = (const char *)head.view,
				.next = head.next,
				.end = body + len};
	left = (size_t)(geo->end - geo->next);
	need = (size_t)geo->n_peers * GEO_PEER_LEN;
	if (left < need)
		return fault_set(fault, FAULT_RECORD_CUT, len - left % GEO_PEER_LEN);
	if (left > need)
		return fault_set(fault, FAULT_RECORD_TRAILING, len - left + need);
	return 0;
}

bool mrt_geo_next(struct mrt_geo *geo, struct mrt_geo_peer *peer)
{
	const uint8_t *p = geo->next;

	if (p == geo->end)
		return false;
	peer->type = p[0];
	peer->id = wire_get32(p + 1);
	peer->latitude = float_get(p + 5);
	peer->longitude = float_get(p + 9);
	geo->next = p + GEO_PEER_LEN;
	return true;
}

// What a walk over entries laid out one way found.
struct walk {
	enum fault_code code; // FAULT_NONE: they fill the record exactly
	const uint8_t *at;
	bool has_bare; // an entry without attributes
};

static struct walk entries_walk(const struct mrt_rib *rib, bool add_path)
{
	size_t hdr = add_path ? ENTRY_AP_LEN : ENTRY_LEN;
	const uint8_t *p = rib->next;
	struct walk walk = {.code = FAULT_NONE};

	for (unsigned i = 0; i < rib->n_entries; i++) {
		size_t left = (size_t)(rib->end - p), attrs_len;

		walk.at = p;
		walk.code = FAULT_RECORD_CUT;
		if (left < hdr)
			return walk;
		attrs_len = wire_get16(p + hdr - 2);
		if (attrs_len > left - hdr)
			return walk;
		walk.has_bare |= attrs_len == 0;
		p += hdr + attrs_len;
	}
	walk.at = p;
	walk.code = p == rib->end ? FAULT_NONE : FAULT_RECORD_TRAILING;
	return walk;
}

// Do the attributes of every entry fill it when the entries are read this way?
static bool attrs_are_sound(const struct mrt_rib *rib, bool add_path)
{
	struct mrt_rib copy = *rib;
	struct mrt_entry entry;

	copy.add_path = add_path;
	while (mrt_rib_next(&copy, &entry)) {
		struct fault fault = {.code = FAULT_NONE};
		struct bgp_attr attr;
		size_t at = 0;
		int more;

		do
			more = bgp_attr_next(entry.attrs, entry.attrs_len, &at, &attr, &fault);
		while (more > 0);
		if (more < 0)
			return false;
	}
	return true;
}

// Routers are known to write add-path entries under the subtypes without, and
// the reverse. The label holds while it fits; the other layout is taken only
// when it fills the record, attributes and all, and the labelled one does not.
// A path id below 65,536 reads as an entry without attributes, hence has_bare.
static int layout_choose(struct mrt_rib *rib, bool labelled, struct fault *fault)
{
	struct walk walk = entries_walk(rib, labelled), other;

	rib->add_path = labelled;
	if (likely(walk.code == FAULT_NONE && !walk.has_bare))
		return 0;
	other = entries_walk(rib, !labelled);
	if (other.code == FAULT_NONE && attrs_are_sound(rib, !labelled) &&
	    (walk.code != FAULT_NONE || !attrs_are_sound(rib, labelled))) {
		rib->add_path = !labelled;
		rib->is_mislabelled = true;
		return 0;
	}
	if (walk.code == FAULT_NONE)
		return 0;
	return fault_set(fault, walk.code, (size_t)(walk.at - rib->body));
}

static const struct {
	uint8_t afi, safi;
	bool add_path;
} ribs[] = {
	[MRT_V2_IP4_UNICAST] = {MRT_AFI_IP4, MRT_SAFI_UNICAST, false},
	[MRT_V2_IP4_MULTICAST] = {MRT_AFI_IP4, MRT_SAFI_MULTICAST, false},
	[MRT_V2_IP6_UNICAST] = {MRT_AFI_IP6, MRT_SAFI_UNICAST, false},
	[MRT_V2_IP6_MULTICAST] = {MRT_AFI_IP6, MRT_SAFI_MULTICAST, false},
	[MRT_V2_IP4_UNICAST_AP] = {MRT_AFI_IP4, MRT_SAFI_UNICAST, true},
	[MRT_V2_IP4_MULTICAST_AP] = {MRT_AFI_IP4, MRT_SAFI_MULTICAST, true},
	[MRT_V2_IP6_UNICAST_AP] = {MRT_AFI_IP6, MRT_SAFI_UNICAST, true},
	[MRT_V2_IP6_MULTICAST_AP] = {MRT_AFI_IP6, MRT_SAFI_MULTICAST, true},
};

// The NLRI at p, the number of entries behind it.
static int nlri_take(struct mrt_rib *rib, const uint8_t *p, struct fault *fault)
{
	size_t left = (size_t)(rib->end - p), len;
	enum fault_code code = mrt_nlri_len(rib->afi, rib->safi, p, left, &len);

	if (code != FAULT_NONE)
		return fault_set(fault, code,
				 code == FAULT_RECORD_CUT ? (size_t)(rib->end - rib->body)
							  : (size_t)(p - rib->body));
	if (left < len + 2)
		return fault_set(fault, FAULT_RECORD_CUT, (size_t)(rib->end - rib->body));
	rib->nlri = p;
	rib->nlri_len = (uint16_t)len;
	rib->had_host_bits = mrt_nlri_prefix(rib->afi, rib->safi, p, &rib->prefix);
	rib->n_entries = rib->n_left = wire_get16(p + len);
	rib->next = p + len + 2;
	return 0;
}

// RFC 8050 §4.2 puts one path id before the NLRI; GoBGP and OpenBGPD write one
// into each entry instead. The standard's layout is tried first.
static int generic_ap_decode(struct mrt_rib *rib, const uint8_t *p, struct fault *fault)
{
	struct mrt_rib other = *rib;
	struct fault quiet = {.code = FAULT_NONE};
	bool standard = false;

	if (rib->end - p >= 4 && nlri_take(rib, p + 4, &quiet) == 0) {
		standard = entries_walk(rib, false).code == FAULT_NONE;
		rib->nlri_has_id = true;
		rib->nlri_path_id = wire_get32(p);
	}
	if (standard && attrs_are_sound(rib, false))
		return 0;
	if (nlri_take(&other, p, fault) == 0 && entries_walk(&other, true).code == FAULT_NONE &&
	    (!standard || attrs_are_sound(&other, true))) {
		*rib = other;
		rib->add_path = true;
		return 0;
	}
	return standard ? 0 : fault_set(fault, FAULT_RECORD_CUT, (size_t)(p - rib->body));
}

static int generic_decode(const struct mrt_hdr *hdr, struct mrt_rib *rib, struct fault *fault)
{
	if (hdr->len < 7)
		return fault_set(fault, FAULT_RECORD_CUT, hdr->len);
	rib->afi = wire_get16(rib->body + 4);
	rib->safi = rib->body[6];
	if (hdr->subtype == MRT_V2_GENERIC_AP)
		return generic_ap_decode(rib, rib->body + 7, fault);
	if (nlri_take(rib, rib->body + 7, fault))
		return -EBADMSG;
	return layout_choose(rib, false, fault);
}

int mrt_rib_decode(const struct mrt_hdr *hdr, const uint8_t *body, struct mrt_rib *rib,
		   struct fault *fault)
{
	if (mrt_hdr_kind(hdr) != MRT_KIND_RIB)
		return fault_set(fault, FAULT_NOT_RIB, 0);
	if (hdr->len < 5)
		return fault_set(fault, FAULT_RECORD_CUT, hdr->len);
	memset(rib, 0, sizeof(*rib));
	rib->seq = wire_get32(body);
	rib->body = body;
	rib->end = body + hdr->len;
	if (hdr->subtype == MRT_V2_GENERIC || hdr->subtype == MRT_V2_GENERIC_AP)
		return generic_decode(hdr, rib, fault);
	rib->afi = ribs[hdr->subtype].afi;
	rib->safi = ribs[hdr->subtype].safi;
	if (nlri_take(rib, body + 4, fault))
		return -EBADMSG;
	return layout_choose(rib, ribs[hdr->subtype].add_path, fault);
}

bool mrt_rib_next(struct mrt_rib *rib, struct mrt_entry *entry)
{
	const uint8_t *p = rib->next;

	if (rib->n_left == 0)
		return false;
	rib->n_left--;
	entry->peer_index = wire_get16(p);
	entry->time_s = wire_get32(p + 2);
	entry->path_id = 0;
	p += 6;
	if (rib->add_path) {
		entry->path_id = wire_get32(p);
		p += 4;
	}
	entry->attrs_len = wire_get16(p);
	entry->attrs = p + 2;
	rib->next = entry->attrs + entry->attrs_len;
	return true;
}
