// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/walk.h"

#include "dataplane/bgp/msg.h"
#include "dataplane/bgp/update.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct walk {
	struct mrt_peer *peer; // of the latest table
	unsigned n_peers;
	uint64_t n_shown; // records that may have events
	struct mrt_peer one, nobody;
	struct attrs attrs, none;
	// Of the record at work.
	struct event ev;
	const uint8_t *body;
	struct fault *fault;
	event_fn fn;
	void *arg;
};

struct walk *walk_new(void)
{
	return calloc(1, sizeof(struct walk));
}

void walk_free(struct walk *walk)
{
	if (!walk)
		return;
	free(walk->peer);
	free(walk);
}

const struct mrt_peer *walk_peers(const struct walk *walk, unsigned *n)
{
	*n = walk->n_peers;
	return walk->peer;
}

// SAFI 3 was once both unicast and multicast, and is written as these are.
static uint8_t safi_like(uint8_t safi)
{
	return safi == 3 ? BGP_SAFI_MULTICAST : safi;
}

static void emit(struct walk *walk, enum event_kind kind)
{
	walk->ev.kind = kind;
	walk->fn(walk->arg, &walk->ev);
	walk->ev.is_first = false;
}

static void fault_at(struct walk *walk, const struct fault *found, const uint8_t *base)
{
	fault_set(walk->fault, found->code, found->at + (size_t)(base - walk->body));
}

static void attrs_take(struct walk *walk, const uint8_t *bytes, size_t len, uint8_t as_bytes)
{
	struct fault found = {.code = FAULT_NONE};

	if (unlikely(attrs_read(&walk->attrs, bytes, len, as_bytes, &found)))
		fault_at(walk, &found, bytes);
	walk->ev.attrs = &walk->attrs;
}

// A table replaces the one before: dumps may follow each other in one file.
static int peers_take(struct walk *walk, struct mrt_peers *peers)
{
	struct mrt_peer *list = calloc(peers->n_peers + 1u, sizeof(*list));

	if (!list)
		return -ENOMEM;
	free(walk->peer);
	walk->peer = list;
	walk->n_peers = peers->n_peers;
	for (unsigned i = 0; i < walk->n_peers; i++)
		if (!mrt_peers_next(peers, &list[i]))
			break;
	return 0;
}

static void peer_find(struct walk *walk, const struct mrt_entry *entry)
{
	struct event *ev = &walk->ev;

	if (likely(entry->peer_index < walk->n_peers)) {
		ev->peer = &walk->peer[entry->peer_index];
		ev->peer_index = entry->peer_index;
		return;
	}
	ev->peer = &walk->nobody;
	ev->peer_index = -1;
	fault_set(walk->fault, walk->peer ? FAULT_PEER_INDEX : FAULT_PEERS_MISSING,
		  (size_t)(entry->attrs - walk->body));
}

// RIB_GENERIC, BGP4MP_ENTRY: of which the bytes alone are known, if their
// family is known here.
static void prefix_take(struct event *ev, const struct bgp_prefix *prefix, uint16_t afi,
			uint8_t safi, const uint8_t *bytes, size_t len)
{
	struct fault ignored = {.code = FAULT_NONE};
	struct bgp_nlri_iter it;
	struct bgp_nlri nlri;

	ev->prefix = *prefix;
	ev->afi = afi;
	ev->safi = safi;
	ev->nlri = bytes;
	ev->nlri_len = len;
	ev->raw = bytes + 1;
	if (likely(prefix->family != 0) || !bgp_nlri_is_known(afi, safi))
		return;
	bgp_nlri_start(&it, bytes, len, afi, safi, false);
	if (bgp_nlri_next(&it, &nlri, &ignored) > 0) {
		ev->prefix = nlri.prefix;
		ev->rd = nlri.rd;
	}
}

static void rib_take(struct walk *walk, struct mrt_rib *rib)
{
	struct event *ev = &walk->ev;
	struct mrt_entry entry;

	prefix_take(ev, &rib->prefix, rib->afi, rib->safi, rib->nlri, rib->nlri_len);
	ev->add_path = rib->add_path || rib->nlri_has_id;
	ev->is_mislabelled = rib->is_mislabelled;
	ev->had_host_bits = rib->had_host_bits;
	while (mrt_rib_next(rib, &entry)) {
		peer_find(walk, &entry);
		ev->changed_s = entry.time_s;
		ev->path_id = rib->nlri_has_id ? rib->nlri_path_id : entry.path_id;
		attrs_take(walk, entry.attrs, entry.attrs_len, 4);
		emit(walk, EVENT_RIB);
	}
}

static void dump_take(struct walk *walk, struct mrt_dump *dump)
{
	struct event *ev = &walk->ev;
	struct mrt_dump_entry entry;

	ev->peer = &walk->one;
	ev->afi = dump->family == 4 ? BGP_AFI_IP4 : BGP_AFI_IP6;
	ev->safi = BGP_SAFI_UNICAST;
	while (mrt_dump_next(dump, &entry)) {
		walk->one =
			(struct mrt_peer){.addr = entry.peer, .as_bytes = 2, .asn = entry.peer_as};
		ev->prefix = entry.prefix;
		ev->raw = entry.raw;
		ev->had_host_bits = entry.had_host_bits;
		ev->status = entry.status;
		ev->changed_s = entry.time_s;
		attrs_take(walk, entry.attrs, entry.attrs_len, 2);
		emit(walk, EVENT_RIB);
	}
}

static void session_take(struct walk *walk, const struct mrt_session *s)
{
	// Without addresses the two fields that are left stand where AS numbers do.
	walk->one = (struct mrt_peer){.addr = s->peer,
				      .as_bytes = s->as_bytes,
				      .asn = s->is_bare ? s->if_index : s->peer_as};
	walk->ev.peer = &walk->one;
	walk->ev.local = s->local;
	walk->ev.local_as = s->local_as;
}

static void entry_take(struct walk *walk, const struct mrt_mp_entry *entry)
{
	struct event *ev = &walk->ev;

	session_take(walk, &entry->session);
	prefix_take(ev, &entry->prefix, entry->afi, entry->safi, entry->nlri, entry->nlri_len);
	ev->nexthop = entry->nexthop_raw;
	ev->nexthop_len = entry->nexthop_len;
	ev->changed_s = entry->time_s;
	attrs_take(walk, entry->attrs, entry->attrs_len, 2);
	emit(walk, EVENT_RIB);
}

static void state_take(struct walk *walk, const struct mrt_state *state)
{
	session_take(walk, &state->session);
	walk->ev.old_state = state->old_state;
	walk->ev.new_state = state->new_state;
	emit(walk, EVENT_STATE);
}

// Routes of one place of an UPDATE.
static void routes_emit(struct walk *walk, enum event_kind kind, const uint8_t *bytes, size_t len)
{
	struct event *ev = &walk->ev;
	struct fault found = {.code = FAULT_NONE};
	struct bgp_nlri_iter it;
	struct bgp_nlri nlri;

	if (!bgp_nlri_is_known(ev->afi, safi_like(ev->safi))) {
		memset(&ev->prefix, 0, sizeof(ev->prefix));
		ev->rd = NULL;
		ev->nlri = bytes;
		ev->nlri_len = len;
		if (len)
			emit(walk, kind);
		return;
	}
	bgp_nlri_start(&it, bytes, len, ev->afi, safi_like(ev->safi), ev->add_path);
	while (bgp_nlri_next(&it, &nlri, &found) > 0) {
		ev->prefix = nlri.prefix;
		ev->raw = it.next - (nlri.prefix.len + 7u) / 8;
		ev->path_id = nlri.path_id;
		ev->had_host_bits = nlri.had_host_bits;
		ev->rd = nlri.rd;
		emit(walk, kind);
	}
	if (found.code)
		fault_at(walk, &found, bytes);
}

static void family_set(struct event *ev, uint16_t afi, uint8_t safi)
{
	ev->afi = afi;
	ev->safi = safi;
}

static void unreach_take(struct walk *walk)
{
	const struct bgp_attr *attr = &walk->attrs.at[BGP_ATTR_MP_UNREACH];
	struct bgp_mp_unreach mp;

	if (!attrs_has(&walk->attrs, BGP_ATTR_MP_UNREACH))
		return;
	if (bgp_mp_unreach_decode(attr, &mp)) {
		fault_set(walk->fault, FAULT_MP_UNREACH, (size_t)(attr->value - walk->body));
		return;
	}
	family_set(&walk->ev, mp.afi, mp.safi);
	routes_emit(walk, EVENT_WITHDRAW, mp.nlri, mp.nlri_len);
}

static void reach_take(struct walk *walk)
{
	const struct bgp_attr *attr = &walk->attrs.at[BGP_ATTR_MP_REACH];
	struct bgp_mp_reach mp;

	if (!attrs_has(&walk->attrs, BGP_ATTR_MP_REACH))
		return;
	if (bgp_mp_reach_decode(attr, &mp)) {
		fault_set(walk->fault, FAULT_MP_REACH, (size_t)(attr->value - walk->body));
		return;
	}
	family_set(&walk->ev, mp.afi, mp.safi);
	walk->ev.nexthop = mp.nexthop;
	walk->ev.nexthop_len = mp.nexthop_len;
	routes_emit(walk, EVENT_ANNOUNCE, mp.nlri, mp.nlri_len);
}

// Routes of one family read with path ids or without.
static bool is_clean(const uint8_t *bytes, size_t len, uint16_t afi, uint8_t safi, bool add_path)
{
	struct fault found = {.code = FAULT_NONE};
	struct bgp_nlri_iter it;
	struct bgp_nlri nlri;
	unsigned n_defaults = 0;

	if (!bgp_nlri_is_known(afi, safi_like(safi)))
		return true;
	bgp_nlri_start(&it, bytes, len, afi, safi_like(safi), add_path);
	while (bgp_nlri_next(&it, &nlri, &found) > 0)
		n_defaults += nlri.prefix.len == 0;
	return found.code == FAULT_NONE && n_defaults < 2;
}

static bool update_is_clean(const struct attrs *a, const struct bgp_update *upd, bool add_path)
{
	struct bgp_mp_unreach unreach = {.afi = 0};
	struct bgp_mp_reach reach = {.afi = 0};

	if (attrs_has(a, BGP_ATTR_MP_REACH) &&
	    bgp_mp_reach_decode(&a->at[BGP_ATTR_MP_REACH], &reach))
		reach.nlri_len = 0;
	if (attrs_has(a, BGP_ATTR_MP_UNREACH) &&
	    bgp_mp_unreach_decode(&a->at[BGP_ATTR_MP_UNREACH], &unreach))
		unreach.nlri_len = 0;
	return is_clean(upd->withdrawn, upd->withdrawn_len, BGP_AFI_IP4, BGP_SAFI_UNICAST,
			add_path) &&
	       is_clean(upd->nlri, upd->nlri_len, BGP_AFI_IP4, BGP_SAFI_UNICAST, add_path) &&
	       is_clean(reach.nlri, reach.nlri_len, reach.afi, reach.safi, add_path) &&
	       is_clean(unreach.nlri, unreach.nlri_len, unreach.afi, unreach.safi, add_path);
}

// Path ids are found in records not marked so (BIRD's of 2017): the
// label holds unless it reads badly, or as several default routes (ids below
// 2^24 begin with a zero), and the other reading is clean.
static bool has_path_ids(const struct attrs *a, const struct bgp_update *upd, bool labelled)
{
	if (likely(update_is_clean(a, upd, labelled)))
		return labelled;
	return update_is_clean(a, upd, !labelled) ? !labelled : labelled;
}

static void update_take(struct walk *walk, uint8_t as_bytes)
{
	struct fault found = {.code = FAULT_NONE};
	struct bgp_update upd;
	bool add_path;

	if (bgp_update_decode(walk->ev.message, walk->ev.message_len, &upd, &found)) {
		fault_at(walk, &found, walk->ev.message);
		return;
	}
	attrs_take(walk, upd.attrs, upd.attrs_len, as_bytes);
	add_path = has_path_ids(&walk->attrs, &upd, walk->ev.add_path);
	walk->ev.is_mislabelled = add_path != walk->ev.add_path;
	walk->ev.add_path = add_path;
	family_set(&walk->ev, BGP_AFI_IP4, BGP_SAFI_UNICAST);
	routes_emit(walk, EVENT_WITHDRAW, upd.withdrawn, upd.withdrawn_len);
	unreach_take(walk);
	family_set(&walk->ev, BGP_AFI_IP4, BGP_SAFI_UNICAST);
	routes_emit(walk, EVENT_ANNOUNCE, upd.nlri, upd.nlri_len);
	reach_take(walk);
	if (walk->ev.is_first)
		emit(walk, EVENT_MESSAGE);
}

// A message that is cut is still read as far as it goes: its own lengths tell.
static void message_take(struct walk *walk, const struct mrt_message *message)
{
	struct fault found = {.code = FAULT_NONE};
	struct event *ev = &walk->ev;
	struct bgp_msg msg = {.body = message->msg, .body_len = message->len};

	session_take(walk, &message->session);
	ev->is_local = message->is_local;
	ev->add_path = message->add_path;
	if (message->has_hdr && bgp_msg_find_lax(message->msg, message->len, &msg, &found) < 0) {
		fault_at(walk, &found, message->msg);
		msg.body = message->msg + BGP_HDR_LEN;
		msg.body_len = message->len - BGP_HDR_LEN;
	}
	ev->message = msg.body;
	ev->message_len = msg.body_len;
	ev->message_type = message->type;
	if (message->type == BGP_MSG_UPDATE)
		update_take(walk, message->session.as_bytes);
	else
		emit(walk, EVENT_MESSAGE);
}

static int record_take(struct walk *walk, struct mrt_record *rec)
{
	switch (rec->kind) {
	case MRT_KIND_PEERS:
		return peers_take(walk, &rec->peers);
	case MRT_KIND_RIB:
		rib_take(walk, &rec->rib);
		break;
	case MRT_KIND_DUMP:
		dump_take(walk, &rec->dump);
		break;
	case MRT_KIND_ENTRY:
		entry_take(walk, &rec->entry);
		break;
	case MRT_KIND_MESSAGE:
		message_take(walk, &rec->message);
		break;
	case MRT_KIND_STATE:
		state_take(walk, &rec->state);
		break;
	default:
		break;
	}
	return 0;
}

int walk_record(struct walk *walk, const struct mrt_hdr *hdr, const uint8_t *body, event_fn fn,
		void *arg, struct fault *fault)
{
	struct mrt_record rec;
	int err = mrt_decode(hdr, body, &rec, fault);

	if (err)
		return err;
	walk->ev = (struct event){.hdr = hdr,
				  .rec = &rec,
				  .index = walk->n_shown,
				  .time_s = hdr->time_s,
				  .time_us = rec.time_us,
				  .has_us = mrt_type_has_us(hdr->type),
				  .is_first = true,
				  .peer = &walk->nobody,
				  .peer_index = -1,
				  .attrs = &walk->none};
	walk->body = body;
	walk->fault = fault;
	walk->fn = fn;
	walk->arg = arg;
	err = record_take(walk, &rec);
	walk->n_shown += rec.kind != MRT_KIND_PEERS && rec.kind != MRT_KIND_GEO &&
			 rec.kind != MRT_KIND_FILE && rec.kind != MRT_KIND_OTHER;
	if (err)
		return err;
	return fault->code ? -EBADMSG : 0;
}
