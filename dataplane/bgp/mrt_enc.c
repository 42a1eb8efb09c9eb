// SPDX-License-Identifier: BSD-3-Clause
// The records of tables; those of events are written by mrt_enc_event.c.
#include "dataplane/bgp/mrt_enc.h"

#include "dataplane/bgp/mrt_enc_priv.h"
#include "dataplane/bgp/mrt_nlri.h"

#include <errno.h>
#include <string.h>

void mrt_enc_start(struct mrt_enc *enc, void *buf, size_t size, const struct mrt_hdr *hdr,
		   uint32_t time_us)
{
	*enc = (struct mrt_enc){.buf = buf, .size = size, .hdr = *hdr};
	enc_put(enc, NULL, MRT_HDR_LEN);
	if (mrt_type_has_us(hdr->type))
		enc_put32(enc, time_us);
}

int mrt_enc_end(struct mrt_enc *enc)
{
	if (enc->is_overfull || (enc->count_at && enc->n > UINT16_MAX) ||
	    enc->len - MRT_HDR_LEN > UINT32_MAX)
		return -ERANGE;
	if (enc->len > enc->size)
		return -ENOSPC;
	enc->hdr.len = (uint32_t)(enc->len - MRT_HDR_LEN);
	mrt_hdr_encode(&enc->hdr, enc->buf);
	if (enc->count_at)
		wire_put16(enc->buf + enc->count_at, (uint16_t)enc->n);
	return 0;
}

// Filled in at the end.
static void put_count(struct mrt_enc *enc)
{
	enc->count_at = enc->len;
	enc_put(enc, NULL, 2);
}

void mrt_enc_peers(struct mrt_enc *enc, const struct mrt_peers *peers)
{
	enc_put32(enc, peers->collector_id);
	enc_put16(enc, peers->view_len);
	enc_put(enc, peers->view, peers->view_len);
	put_count(enc);
}

void mrt_enc_peer(struct mrt_enc *enc, const struct mrt_peer *peer)
{
	bool is_ip6 = peer->addr.family == 6;

	enc->n++;
	enc_put8(enc, (is_ip6 ? MRT_PEER_IP6 : 0) | (peer->as_bytes == 4 ? MRT_PEER_AS4 : 0));
	enc_put32(enc, peer->id);
	enc_put(enc, peer->addr.bytes, is_ip6 ? 16 : 4);
	enc_put_as(enc, peer->asn, peer->as_bytes);
}

static void put_float(struct mrt_enc *enc, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	enc_put32(enc, bits);
}

void mrt_enc_geo(struct mrt_enc *enc, const struct mrt_geo *geo)
{
	enc_put32(enc, geo->collector_id);
	enc_put16(enc, geo->view_len);
	enc_put(enc, geo->view, geo->view_len);
	put_float(enc, geo->latitude);
	put_float(enc, geo->longitude);
	put_count(enc);
}

void mrt_enc_geo_peer(struct mrt_enc *enc, const struct mrt_geo_peer *peer)
{
	enc->n++;
	enc_put8(enc, peer->type);
	enc_put32(enc, peer->id);
	put_float(enc, peer->latitude);
	put_float(enc, peer->longitude);
}

// Do entries of this subtype carry path ids?
static bool has_ids(uint16_t subtype, const struct mrt_rib *rib)
{
	if (subtype == MRT_V2_GENERIC_AP)
		return !rib->nlri_has_id;
	return (subtype >= MRT_V2_IP4_UNICAST_AP) != rib->is_mislabelled;
}

static uint8_t rib_family(uint16_t subtype, const struct mrt_rib *rib)
{
	switch (subtype) {
	case MRT_V2_GENERIC:
	case MRT_V2_GENERIC_AP:
		return mrt_addr_len(rib->afi) == 4 ? 4 : 6;
	case MRT_V2_IP4_UNICAST:
	case MRT_V2_IP4_MULTICAST:
	case MRT_V2_IP4_UNICAST_AP:
	case MRT_V2_IP4_MULTICAST_AP:
		return 4;
	default:
		return 6;
	}
}

void mrt_enc_rib(struct mrt_enc *enc, const struct mrt_rib *rib)
{
	uint16_t subtype = enc->hdr.subtype;

	enc->has_ids = has_ids(subtype, rib);
	enc_put32(enc, rib->seq);
	if (subtype == MRT_V2_GENERIC || subtype == MRT_V2_GENERIC_AP) {
		enc_put16(enc, rib->afi);
		enc_put8(enc, rib->safi);
	}
	if (subtype == MRT_V2_GENERIC_AP && rib->nlri_has_id)
		enc_put32(enc, rib->nlri_path_id);
	if (rib->nlri)
		enc_put(enc, rib->nlri, rib->nlri_len);
	else
		enc_put_prefix(enc, &rib->prefix, rib_family(subtype, rib));
	put_count(enc);
}

void mrt_enc_entry(struct mrt_enc *enc, const struct mrt_entry *entry)
{
	enc->n++;
	enc_put16(enc, entry->peer_index);
	enc_put32(enc, entry->time_s);
	if (enc->has_ids)
		enc_put32(enc, entry->path_id);
	enc_put16(enc, entry->attrs_len);
	enc_put(enc, entry->attrs, entry->attrs_len);
}

void mrt_enc_dump(struct mrt_enc *enc, const struct mrt_dump *dump)
{
	enc_put16(enc, dump->view);
	enc_put16(enc, dump->seq);
}

void mrt_enc_dump_entry(struct mrt_enc *enc, const struct mrt_dump_entry *entry)
{
	uint8_t family = enc->hdr.subtype == MRT_DUMP_IP4 ? 4 : 6;
	unsigned addr_len = family == 4 ? 4 : 16;

	if (entry->prefix.family != family || entry->peer.family != family)
		enc->is_overfull = true;
	enc_put(enc, entry->raw ? entry->raw : entry->prefix.bytes, addr_len);
	enc_put8(enc, entry->prefix.len);
	enc_put8(enc, entry->status);
	enc_put32(enc, entry->time_s);
	enc_put(enc, entry->peer.bytes, addr_len);
	enc_put16(enc, entry->peer_as);
	enc_put16(enc, entry->attrs_len);
	enc_put(enc, entry->attrs, entry->attrs_len);
}

static void rest_of_peers(struct mrt_enc *enc, struct mrt_peers peers)
{
	struct mrt_peer peer;

	mrt_enc_peers(enc, &peers);
	while (mrt_peers_next(&peers, &peer))
		mrt_enc_peer(enc, &peer);
}

static void rest_of_geo(struct mrt_enc *enc, struct mrt_geo geo)
{
	struct mrt_geo_peer peer;

	mrt_enc_geo(enc, &geo);
	while (mrt_geo_next(&geo, &peer))
		mrt_enc_geo_peer(enc, &peer);
}

static void rest_of_rib(struct mrt_enc *enc, struct mrt_rib rib)
{
	struct mrt_entry entry;

	mrt_enc_rib(enc, &rib);
	while (mrt_rib_next(&rib, &entry))
		mrt_enc_entry(enc, &entry);
}

static void rest_of_dump(struct mrt_enc *enc, struct mrt_dump dump)
{
	struct mrt_dump_entry entry;

	mrt_enc_dump(enc, &dump);
	while (mrt_dump_next(&dump, &entry))
		mrt_enc_dump_entry(enc, &entry);
}

static int body_encode(struct mrt_enc *enc, const struct mrt_record *rec)
{
	switch (rec->kind) {
	case MRT_KIND_PEERS:
		rest_of_peers(enc, rec->peers);
		break;
	case MRT_KIND_GEO:
		rest_of_geo(enc, rec->geo);
		break;
	case MRT_KIND_RIB:
		rest_of_rib(enc, rec->rib);
		break;
	case MRT_KIND_DUMP:
		rest_of_dump(enc, rec->dump);
		break;
	case MRT_KIND_ENTRY:
		mrt_enc_mp_entry(enc, &rec->entry);
		break;
	case MRT_KIND_MESSAGE:
		mrt_enc_message(enc, &rec->message);
		break;
	case MRT_KIND_STATE:
		mrt_enc_state(enc, &rec->state);
		break;
	case MRT_KIND_FILE:
		mrt_enc_file_name(enc, &rec->file);
		break;
	default:
		return -EINVAL;
	}
	return 0;
}

int mrt_encode(const struct mrt_hdr *hdr, const struct mrt_record *rec, void *buf, size_t size,
	       size_t *len)
{
	struct mrt_enc enc;
	int err;

	mrt_enc_start(&enc, buf, size, hdr, rec->time_us);
	err = body_encode(&enc, rec);
	*len = enc.len;
	return err ? err : mrt_enc_end(&enc);
}
