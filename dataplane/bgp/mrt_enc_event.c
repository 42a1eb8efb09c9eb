// SPDX-License-Identifier: BSD-3-Clause
// The records of events: BGP4MP, BGP4MP_ET, type 5.
#include "dataplane/bgp/mrt_enc.h"
#include "dataplane/bgp/mrt_enc_priv.h"

// RFC 6396 §B.2: IPv4 and AS numbers of two bytes alone.
static void put_old_session(struct mrt_enc *enc, const struct mrt_session *s, bool has_local)
{
	enc->is_overfull |= s->peer.family != 4 || (has_local && s->local.family != 4);
	enc_put_as(enc, s->peer_as, 2);
	enc_put(enc, s->peer.bytes, 4);
	if (!has_local)
		return;
	enc_put_as(enc, s->local_as, 2);
	enc_put(enc, s->local.bytes, 4);
}

static void put_session(struct mrt_enc *enc, const struct mrt_session *s, unsigned as_bytes)
{
	bool is_ip6 = s->peer.family == 6;

	if (s->is_bare) {
		enc_put16(enc, s->if_index);
		enc_put16(enc, 0);
		return;
	}
	enc->is_overfull |= s->peer.family == 0 || s->local.family != s->peer.family;
	enc_put_as(enc, s->peer_as, as_bytes);
	enc_put_as(enc, s->local_as, as_bytes);
	enc_put16(enc, s->if_index);
	enc_put16(enc, is_ip6 ? MRT_AFI_IP6 : MRT_AFI_IP4);
	enc_put(enc, s->peer.bytes, is_ip6 ? 16 : 4);
	enc_put(enc, s->local.bytes, is_ip6 ? 16 : 4);
}

void mrt_enc_message(struct mrt_enc *enc, const struct mrt_message *message)
{
	if (enc->hdr.type == MRT_BGP)
		put_old_session(enc, &message->session, true);
	else
		put_session(enc, &message->session, mrt_mp_as_bytes(enc->hdr.subtype));
	enc->is_overfull |= message->has_hdr == (enc->hdr.type == MRT_BGP);
	enc_put(enc, message->msg, message->len);
}

void mrt_enc_state(struct mrt_enc *enc, const struct mrt_state *state)
{
	if (enc->hdr.type == MRT_BGP)
		put_old_session(enc, &state->session, false);
	else
		put_session(enc, &state->session, mrt_mp_as_bytes(enc->hdr.subtype));
	enc_put16(enc, state->old_state);
	enc_put16(enc, state->new_state);
}

void mrt_enc_mp_entry(struct mrt_enc *enc, const struct mrt_mp_entry *entry)
{
	uint8_t family = entry->afi == MRT_AFI_IP4 ? 4 : 6;

	put_session(enc, &entry->session, 2);
	enc_put16(enc, entry->view);
	enc_put16(enc, entry->status);
	enc_put32(enc, entry->time_s);
	enc_put16(enc, entry->afi);
	enc_put8(enc, entry->safi);
	enc_put8(enc, entry->nexthop_len);
	if (entry->nexthop_raw)
		enc_put(enc, entry->nexthop_raw, entry->nexthop_len);
	else if (entry->nexthop_len <= sizeof(entry->nexthop.bytes))
		enc_put(enc, entry->nexthop.bytes, entry->nexthop_len);
	else
		enc->is_overfull = true;
	if (entry->nlri)
		enc_put(enc, entry->nlri, entry->nlri_len);
	else
		enc_put_prefix(enc, &entry->prefix, family);
	enc_put16(enc, entry->attrs_len);
	enc_put(enc, entry->attrs, entry->attrs_len);
}

void mrt_enc_file_name(struct mrt_enc *enc, const struct mrt_file_name *file)
{
	enc_put16(enc, file->view);
	enc_put(enc, file->name, file->len);
	enc_put8(enc, 0);
}
