// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/rewrite.h"

#include "dataplane/bgp/mrt_enc.h"
#include "dataplane/bgp/msg.h"
#include "dataplane/bgp/out.h"
#include "dataplane/bgp/update.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 65535 };

// A kept route: from is where its attributes or its NLRI begin.
struct piece {
	const uint8_t *from;
	size_t len; // of the NLRI
};

struct rewrite {
	struct recfile *to;
	struct piece *piece; // in order of appearance
	size_t n, max;
	bool is_whole; // some kept route cannot be told from its neighbours
	int code;
	uint8_t msg[BGP_HDR_LEN + BODY_MAX];
};

struct rewrite *rewrite_new(struct recfile *to)
{
	struct rewrite *rw = calloc(1, sizeof(*rw));

	if (rw)
		rw->to = to;
	return rw;
}

void rewrite_free(struct rewrite *rw)
{
	if (!rw)
		return;
	free(rw->piece);
	free(rw);
}

void rewrite_begin(struct rewrite *rw)
{
	rw->n = 0;
	rw->is_whole = false;
}

static void piece_add(struct rewrite *rw, struct piece piece)
{
	if (rw->n == rw->max) {
		size_t max = rw->max ? 2 * rw->max : 256;
		struct piece *bigger = realloc(rw->piece, max * sizeof(*bigger));

		if (!bigger) {
			rw->code = -ENOMEM;
			return;
		}
		rw->piece = bigger;
		rw->max = max;
	}
	rw->piece[rw->n++] = piece;
}

void rewrite_keep(struct rewrite *rw, const struct event *ev)
{
	size_t head = 1 + (ev->add_path ? 4 : 0);
	struct piece piece = {.from = NULL};

	if (ev->kind == EVENT_RIB) {
		piece.from = ev->attrs->bytes;
	} else if ((ev->kind == EVENT_ANNOUNCE || ev->kind == EVENT_WITHDRAW) && ev->raw &&
		   !ev->rd && ev->safi <= BGP_SAFI_MULTICAST) {
		piece.from = ev->raw - head;
		piece.len = head + (ev->prefix.len + 7u) / 8;
	} else {
		rw->is_whole = true;
	}
	piece_add(rw, piece);
}

int rewrite_copy(struct rewrite *rw, const struct mrt_file_record *rec)
{
	uint8_t *to = recfile_room(rw->to, MRT_HDR_LEN + rec->hdr.len);

	if (!to)
		return recfile_code(rw->to);
	mrt_hdr_encode(&rec->hdr, to);
	memcpy(to + MRT_HDR_LEN, rec->body, rec->hdr.len);
	recfile_take(rw->to, MRT_HDR_LEN + rec->hdr.len);
	return 1;
}

// A record that is a part of the old one, which its caller encodes.
static int enc_begin(struct rewrite *rw, struct mrt_enc *enc, const struct mrt_file_record *rec,
		     uint32_t time_us)
{
	size_t size = MRT_HDR_LEN + rec->hdr.len + 64;
	uint8_t *to = recfile_room(rw->to, size);

	if (!to)
		return recfile_code(rw->to);
	mrt_enc_start(enc, to, size, &rec->hdr, time_us);
	return 0;
}

static int enc_finish(struct rewrite *rw, struct mrt_enc *enc)
{
	int code = mrt_enc_end(enc);

	if (code)
		return code;
	recfile_take(rw->to, enc->len);
	return 1;
}

static int rib_write(struct rewrite *rw, const struct mrt_file_record *rec, struct mrt_record *r)
{
	struct mrt_entry entry;
	struct mrt_enc enc;
	size_t next = 0;
	int code = enc_begin(rw, &enc, rec, 0);

	if (code)
		return code;
	mrt_enc_rib(&enc, &r->rib);
	while (next < rw->n && mrt_rib_next(&r->rib, &entry))
		if (entry.attrs == rw->piece[next].from) {
			mrt_enc_entry(&enc, &entry);
			next++;
		}
	return enc_finish(rw, &enc);
}

// One record each: only those of 2000 had several routes.
static int dump_write(struct rewrite *rw, const struct mrt_file_record *rec, struct mrt_record *r)
{
	struct mrt_dump_entry entry;
	struct mrt_enc enc;
	size_t next = 0;
	int code = 0;

	while (code >= 0 && next < rw->n && mrt_dump_next(&r->dump, &entry)) {
		if (entry.attrs != rw->piece[next].from)
			continue;
		next++;
		code = enc_begin(rw, &enc, rec, 0);
		if (code)
			return code;
		mrt_enc_dump(&enc, &r->dump);
		mrt_enc_dump_entry(&enc, &entry);
		code = enc_finish(rw, &enc);
	}
	return code;
}

// The kept routes among these bytes; how many they were.
static unsigned nlri_put(struct out *out, const struct rewrite *rw, const uint8_t *from, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < rw->n; i++)
		if (rw->piece[i].from >= from && rw->piece[i].from < from + len) {
			out_put(out, rw->piece[i].from, rw->piece[i].len);
			n++;
		}
	return n;
}

static bool has_kept(const struct rewrite *rw, const uint8_t *from, size_t len)
{
	for (size_t i = 0; i < rw->n; i++)
		if (rw->piece[i].from >= from && rw->piece[i].from < from + len)
			return true;
	return false;
}

// MP_REACH_NLRI or MP_UNREACH_NLRI with the kept routes, if there are any.
static void mp_put(struct out *out, const struct rewrite *rw, const struct bgp_attr *attr,
		   const uint8_t *nlri, size_t nlri_len)
{
	size_t head = (size_t)(nlri - attr->value), at = out->len, value;

	if (!has_kept(rw, nlri, nlri_len))
		return;
	out_put8(out, attr->flags | BGP_FLAG_EXTENDED_LEN);
	out_put8(out, attr->type);
	out_put16(out, 0);
	value = out->len;
	out_put(out, attr->value, head);
	nlri_put(out, rw, nlri, nlri_len);
	out_set16(out, at + 2, (unsigned)(out->len - value));
}

static void attr_put(struct out *out, const struct rewrite *rw, const struct bgp_attr *attr,
		     bool announces)
{
	const uint8_t *raw = attr->value - (attr->flags & BGP_FLAG_EXTENDED_LEN ? 4 : 3);
	struct bgp_mp_unreach unreach;
	struct bgp_mp_reach reach;

	if (attr->type == BGP_ATTR_MP_REACH && bgp_mp_reach_decode(attr, &reach) == 0)
		mp_put(out, rw, attr, reach.nlri, reach.nlri_len);
	else if (attr->type == BGP_ATTR_MP_UNREACH && bgp_mp_unreach_decode(attr, &unreach) == 0)
		mp_put(out, rw, attr, unreach.nlri, unreach.nlri_len);
	else if (announces)
		out_put(out, raw, (size_t)(attr->value + attr->len - raw));
}

static bool has_announced(const struct rewrite *rw, const struct bgp_update *upd)
{
	struct fault ignored = {.code = FAULT_NONE};
	struct bgp_mp_reach reach;
	struct bgp_attr attr;
	size_t at = 0;

	if (has_kept(rw, upd->nlri, upd->nlri_len))
		return true;
	while (bgp_attr_next(upd->attrs, upd->attrs_len, &at, &attr, &ignored) > 0)
		if (attr.type == BGP_ATTR_MP_REACH && bgp_mp_reach_decode(&attr, &reach) == 0 &&
		    has_kept(rw, reach.nlri, reach.nlri_len))
			return true;
	return false;
}

// The body of an UPDATE with the kept routes.
static void update_put(struct out *out, const struct rewrite *rw, const struct bgp_update *upd)
{
	bool announces = has_announced(rw, upd);
	struct fault ignored = {.code = FAULT_NONE};
	size_t begin = out->len, at = 0;
	struct bgp_attr attr;

	out_put16(out, 0);
	nlri_put(out, rw, upd->withdrawn, upd->withdrawn_len);
	out_set16(out, begin, (unsigned)(out->len - begin - 2));
	begin = out->len;
	out_put16(out, 0);
	while (bgp_attr_next(upd->attrs, upd->attrs_len, &at, &attr, &ignored) > 0)
		attr_put(out, rw, &attr, announces);
	out_set16(out, begin, (unsigned)(out->len - begin - 2));
	nlri_put(out, rw, upd->nlri, upd->nlri_len);
}

static int message_write(struct rewrite *rw, const struct mrt_file_record *rec,
			 struct mrt_record *r)
{
	size_t head = r->message.has_hdr ? BGP_HDR_LEN : 0;
	struct out out = {.buf = rw->msg, .size = sizeof(rw->msg)};
	struct fault ignored = {.code = FAULT_NONE};
	struct bgp_update upd;
	struct mrt_enc enc;
	int code;

	if (r->message.len < head ||
	    bgp_update_decode(r->message.msg + head, r->message.len - head, &upd, &ignored))
		return rewrite_copy(rw, rec);
	out_put(&out, r->message.msg, head);
	update_put(&out, rw, &upd);
	if (out_is_full(&out))
		return rewrite_copy(rw, rec);
	if (head)
		out_set16(&out, BGP_MARKER_LEN, (unsigned)out.len);
	r->message.msg = rw->msg;
	r->message.len = out.len;
	code = enc_begin(rw, &enc, rec, r->time_us);
	if (code)
		return code;
	mrt_enc_message(&enc, &r->message);
	return enc_finish(rw, &enc);
}

int rewrite_end(struct rewrite *rw, const struct mrt_file_record *rec, size_t n_events)
{
	struct fault ignored = {.code = FAULT_NONE};
	struct mrt_record r;

	if (rw->code)
		return rw->code;
	if (rw->n == 0)
		return 0;
	if (rw->n == n_events || rw->is_whole || mrt_decode(&rec->hdr, rec->body, &r, &ignored))
		return rewrite_copy(rw, rec);
	switch (r.kind) {
	case MRT_KIND_RIB:
		return rib_write(rw, rec, &r);
	case MRT_KIND_DUMP:
		return dump_write(rw, rec, &r);
	case MRT_KIND_MESSAGE:
		return message_write(rw, rec, &r);
	default:
		return rewrite_copy(rw, rec);
	}
}
