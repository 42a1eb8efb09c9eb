// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/mrt.h"

#include <string.h>

void mrt_hdr_decode(const uint8_t bytes[MRT_HDR_LEN], struct mrt_hdr *hdr)
{
	hdr->time_s = wire_get32(bytes);
	hdr->type = wire_get16(bytes + 4);
	hdr->subtype = wire_get16(bytes + 6);
	hdr->len = wire_get32(bytes + 8);
}

void mrt_hdr_encode(const struct mrt_hdr *hdr, uint8_t bytes[MRT_HDR_LEN])
{
	uint8_t *p = wire_put32(bytes, hdr->time_s);

	p = wire_put16(p, hdr->type);
	p = wire_put16(p, hdr->subtype);
	wire_put32(p, hdr->len);
}

bool mrt_type_has_us(uint16_t type)
{
	return type == MRT_BGP4MP_ET || type == MRT_ISIS_ET || type == MRT_OSPF3_ET;
}

static const uint8_t bgp_kinds[] = {
	[MRT_BGP_UPDATE] = MRT_KIND_MESSAGE,	 [MRT_BGP_PREF_UPDATE] = MRT_KIND_MESSAGE,
	[MRT_BGP_STATE_CHANGE] = MRT_KIND_STATE, [MRT_BGP_SYNC] = MRT_KIND_FILE,
	[MRT_BGP_OPEN] = MRT_KIND_MESSAGE,	 [MRT_BGP_NOTIFY] = MRT_KIND_MESSAGE,
	[MRT_BGP_KEEPALIVE] = MRT_KIND_MESSAGE,
};
static const uint8_t dump_kinds[] = {
	[MRT_DUMP_IP4] = MRT_KIND_DUMP,
	[MRT_DUMP_IP6] = MRT_KIND_DUMP,
};
static const uint8_t v2_kinds[] = {
	[MRT_V2_PEER_INDEX_TABLE] = MRT_KIND_PEERS, [MRT_V2_IP4_UNICAST] = MRT_KIND_RIB,
	[MRT_V2_IP4_MULTICAST] = MRT_KIND_RIB,	    [MRT_V2_IP6_UNICAST] = MRT_KIND_RIB,
	[MRT_V2_IP6_MULTICAST] = MRT_KIND_RIB,	    [MRT_V2_GENERIC] = MRT_KIND_RIB,
	[MRT_V2_GEO_PEERS] = MRT_KIND_GEO,	    [MRT_V2_IP4_UNICAST_AP] = MRT_KIND_RIB,
	[MRT_V2_IP4_MULTICAST_AP] = MRT_KIND_RIB,   [MRT_V2_IP6_UNICAST_AP] = MRT_KIND_RIB,
	[MRT_V2_IP6_MULTICAST_AP] = MRT_KIND_RIB,   [MRT_V2_GENERIC_AP] = MRT_KIND_RIB,
};
static const uint8_t mp_kinds[] = {
	[MRT_MP_STATE_CHANGE] = MRT_KIND_STATE,
	[MRT_MP_MESSAGE] = MRT_KIND_MESSAGE,
	[MRT_MP_ENTRY] = MRT_KIND_ENTRY,
	[MRT_MP_SNAPSHOT] = MRT_KIND_FILE,
	[MRT_MP_MESSAGE_AS4] = MRT_KIND_MESSAGE,
	[MRT_MP_STATE_CHANGE_AS4] = MRT_KIND_STATE,
	[MRT_MP_MESSAGE_LOCAL] = MRT_KIND_MESSAGE,
	[MRT_MP_MESSAGE_AS4_LOCAL] = MRT_KIND_MESSAGE,
	[MRT_MP_MESSAGE_AP] = MRT_KIND_MESSAGE,
	[MRT_MP_MESSAGE_AS4_AP] = MRT_KIND_MESSAGE,
	[MRT_MP_MESSAGE_LOCAL_AP] = MRT_KIND_MESSAGE,
	[MRT_MP_MESSAGE_AS4_LOCAL_AP] = MRT_KIND_MESSAGE,
};

static enum mrt_kind kind_of(const uint8_t *kinds, size_t n, uint16_t subtype)
{
	return subtype < n ? kinds[subtype] : MRT_KIND_OTHER;
}

enum mrt_kind mrt_hdr_kind(const struct mrt_hdr *hdr)
{
	switch (hdr->type) {
	case MRT_TABLE_DUMP_V2:
		return kind_of(v2_kinds, ARRAY_LEN(v2_kinds), hdr->subtype);
	case MRT_BGP4MP:
	case MRT_BGP4MP_ET:
		return kind_of(mp_kinds, ARRAY_LEN(mp_kinds), hdr->subtype);
	case MRT_TABLE_DUMP:
		return kind_of(dump_kinds, ARRAY_LEN(dump_kinds), hdr->subtype);
	case MRT_BGP:
		return kind_of(bgp_kinds, ARRAY_LEN(bgp_kinds), hdr->subtype);
	default:
		return MRT_KIND_OTHER;
	}
}

// Events, behind the microseconds that some of them begin with.
static int event_decode(const struct mrt_hdr *hdr, const uint8_t *body, struct mrt_record *rec,
			struct fault *fault)
{
	size_t us = mrt_type_has_us(hdr->type) ? 4 : 0, len;
	struct fault found = {.code = FAULT_NONE};
	int err;

	if (hdr->len < us)
		return fault_set(fault, FAULT_RECORD_CUT, hdr->len);
	if (us)
		rec->time_us = wire_get32(body);
	body += us;
	len = hdr->len - us;
	if (rec->kind == MRT_KIND_MESSAGE)
		err = mrt_message_decode(hdr, body, len, &rec->message, &found);
	else if (rec->kind == MRT_KIND_STATE)
		err = mrt_state_decode(hdr, body, len, &rec->state, &found);
	else if (rec->kind == MRT_KIND_ENTRY)
		err = mrt_mp_entry_decode(body, len, &rec->entry, &found);
	else
		err = mrt_file_name_decode(body, len, &rec->file, &found);
	return err ? fault_set(fault, found.code, found.at + us) : 0;
}

int mrt_decode(const struct mrt_hdr *hdr, const uint8_t *body, struct mrt_record *rec,
	       struct fault *fault)
{
	rec->kind = mrt_hdr_kind(hdr);
	rec->is_given = false;
	rec->time_us = 0;
	switch (rec->kind) {
	case MRT_KIND_RIB:
		return mrt_rib_decode(hdr, body, &rec->rib, fault);
	case MRT_KIND_PEERS:
		return mrt_peers_decode(body, hdr->len, &rec->peers, fault);
	case MRT_KIND_GEO:
		return mrt_geo_decode(body, hdr->len, &rec->geo, fault);
	case MRT_KIND_DUMP:
		return mrt_dump_decode(hdr, body, &rec->dump, fault);
	case MRT_KIND_OTHER:
		return 0;
	default:
		return event_decode(hdr, body, rec, fault);
	}
}

// Field by field: clearing the whole of it would cost as much as all the rest.
static bool rib_route(struct mrt_rib *rib, struct mrt_route *route)
{
	struct mrt_entry entry;

	if (!mrt_rib_next(rib, &entry))
		return false;
	route->prefix = rib->prefix;
	route->safi = rib->safi;
	route->as_bytes = 4;
	route->has_index = true;
	route->peer_index = entry.peer_index;
	route->afi = rib->afi;
	route->nlri_len = rib->nlri_len;
	route->attrs_len = entry.attrs_len;
	route->has_path_id = rib->add_path || rib->nlri_has_id;
	route->path_id = rib->nlri_has_id ? rib->nlri_path_id : entry.path_id;
	route->time_s = entry.time_s;
	route->peer_as = 0;
	route->peer.family = 0;
	route->nexthop.family = 0;
	route->attrs = entry.attrs;
	route->nlri = rib->nlri;
	return true;
}

static bool dump_route(struct mrt_dump *dump, struct mrt_route *route)
{
	struct mrt_dump_entry entry;

	if (!mrt_dump_next(dump, &entry))
		return false;
	*route = (struct mrt_route){
		.prefix = entry.prefix,
		.safi = MRT_SAFI_UNICAST,
		.as_bytes = 2,
		.afi = dump->family == 4 ? MRT_AFI_IP4 : MRT_AFI_IP6,
		.attrs_len = entry.attrs_len,
		.time_s = entry.time_s,
		.peer_as = entry.peer_as,
		.peer = entry.peer,
		.attrs = entry.attrs,
	};
	return true;
}

static bool entry_route(struct mrt_record *rec, struct mrt_route *route)
{
	const struct mrt_mp_entry *entry = &rec->entry;

	if (rec->is_given)
		return false;
	rec->is_given = true;
	*route = (struct mrt_route){
		.prefix = entry->prefix,
		.safi = entry->safi,
		.as_bytes = 2,
		.afi = entry->afi,
		.nlri_len = entry->nlri_len,
		.attrs_len = entry->attrs_len,
		.time_s = entry->time_s,
		.peer_as = entry->session.peer_as,
		.peer = entry->session.peer,
		.nexthop = entry->nexthop,
		.attrs = entry->attrs,
		.nlri = entry->nlri,
	};
	return true;
}

bool mrt_route_next(struct mrt_record *rec, struct mrt_route *route)
{
	switch (rec->kind) {
	case MRT_KIND_RIB:
		return rib_route(&rec->rib, route);
	case MRT_KIND_DUMP:
		return dump_route(&rec->dump, route);
	case MRT_KIND_ENTRY:
		return entry_route(rec, route);
	default:
		return false;
	}
}
