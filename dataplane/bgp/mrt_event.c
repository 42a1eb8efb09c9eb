// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/mrt_event.h"

#include "dataplane/bgp/mrt_nlri.h"

#include <errno.h>
#include <string.h>

enum { MARKER_LEN = 16, BGP_HDR_LEN = 19 };
enum { STATES_LEN = 4, BARE_LEN = 4 };

static void addr_get(struct bgp_addr *addr, const uint8_t *p, unsigned len)
{
	addr->family = len == 4 ? 4 : 6;
	memcpy(addr->bytes, p, len);
}

static uint32_t as_get(const uint8_t *p, unsigned as_bytes)
{
	return as_bytes == 2 ? wire_get16(p) : wire_get32(p);
}

// RFC 6396 §4.4: peer and local AS, interface, address family, both addresses.
// Returns how many bytes that takes; 0 with fault.
static size_t session_decode(const uint8_t *body, size_t len, unsigned as_bytes,
			     struct mrt_session *s, struct fault *fault)
{
	size_t at = 2 * as_bytes + 4, need;
	unsigned addr_len;

	memset(s, 0, sizeof(*s));
	s->as_bytes = (uint8_t)as_bytes;
	if (len < at) {
		fault_set(fault, FAULT_RECORD_CUT, len);
		return 0;
	}
	s->peer_as = as_get(body, as_bytes);
	s->local_as = as_get(body + as_bytes, as_bytes);
	s->if_index = wire_get16(body + at - 4);
	addr_len = mrt_addr_len(wire_get16(body + at - 2));
	need = at + 2 * addr_len;
	if (addr_len == 0 || len < need) {
		fault_set(fault, addr_len ? FAULT_RECORD_CUT : FAULT_AFI, addr_len ? len : at - 2);
		return 0;
	}
	addr_get(&s->peer, body + at, addr_len);
	addr_get(&s->local, body + at + addr_len, addr_len);
	return need;
}

// Interface and AFI 0 alone, as Zebra of 2000 wrote it before a peer was known.
static bool is_bare(const uint8_t *body, size_t len)
{
	return len >= BARE_LEN && wire_get16(body + 2) == 0;
}

static void bare_set(struct mrt_session *s, const uint8_t *body)
{
	*s = (struct mrt_session){.as_bytes = 2, .if_index = wire_get16(body), .is_bare = true};
}

unsigned mrt_mp_as_bytes(uint16_t subtype)
{
	switch (subtype) {
	case MRT_MP_STATE_CHANGE_AS4:
	case MRT_MP_MESSAGE_AS4:
	case MRT_MP_MESSAGE_AS4_LOCAL:
	case MRT_MP_MESSAGE_AS4_AP:
	case MRT_MP_MESSAGE_AS4_LOCAL_AP:
		return 4;
	default:
		return 2;
	}
}

static bool is_local(const struct mrt_hdr *hdr)
{
	switch (hdr->subtype) {
	case MRT_MP_MESSAGE_LOCAL:
	case MRT_MP_MESSAGE_AS4_LOCAL:
	case MRT_MP_MESSAGE_LOCAL_AP:
	case MRT_MP_MESSAGE_AS4_LOCAL_AP:
		return true;
	default:
		return false;
	}
}

// RFC 6396 §B.2: AS and address of the peer and, but for a change of state, ours.
static size_t old_session_decode(const uint8_t *body, size_t len, bool has_local,
				 struct mrt_session *s, struct fault *fault)
{
	size_t need = has_local ? 12 : 6;

	memset(s, 0, sizeof(*s));
	if (len < need) {
		fault_set(fault, FAULT_RECORD_CUT, len);
		return 0;
	}
	s->as_bytes = 2;
	s->peer_as = wire_get16(body);
	addr_get(&s->peer, body + 2, 4);
	if (has_local) {
		s->local_as = wire_get16(body + 6);
		addr_get(&s->local, body + 8, 4);
	}
	return need;
}

// The BGP message that a subtype of type 5 holds.
static uint8_t old_message_type(uint16_t subtype)
{
	switch (subtype) {
	case MRT_BGP_OPEN:
		return 1;
	case MRT_BGP_NOTIFY:
		return 3;
	case MRT_BGP_KEEPALIVE:
		return 4;
	default:
		return 2; // UPDATE, PREF_UPDATE
	}
}

static int old_message_decode(const struct mrt_hdr *hdr, const uint8_t *body, size_t len,
			      struct mrt_message *message, struct fault *fault)
{
	size_t at = old_session_decode(body, len, true, &message->session, fault);

	if (at == 0)
		return -EBADMSG;
	message->type = old_message_type(hdr->subtype);
	message->msg = body + at;
	message->len = len - at;
	return 0;
}

static bool has_marker(const uint8_t *p, size_t len)
{
	static const uint8_t marker[MARKER_LEN] = {255, 255, 255, 255, 255, 255, 255, 255,
						   255, 255, 255, 255, 255, 255, 255, 255};

	return len >= MARKER_LEN && memcmp(p, marker, MARKER_LEN) == 0;
}

int mrt_message_decode(const struct mrt_hdr *hdr, const uint8_t *body, size_t len,
		       struct mrt_message *message, struct fault *fault)
{
	size_t at = BARE_LEN;

	memset(message, 0, sizeof(*message));
	if (hdr->type == MRT_BGP)
		return old_message_decode(hdr, body, len, message, fault);
	if (unlikely(is_bare(body, len) && has_marker(body + BARE_LEN, len - BARE_LEN)))
		bare_set(&message->session, body);
	else
		at = session_decode(body, len, mrt_mp_as_bytes(hdr->subtype), &message->session,
				    fault);
	if (at == 0)
		return -EBADMSG;
	if (len - at < BGP_HDR_LEN)
		return fault_set(fault, FAULT_RECORD_CUT, len);
	message->add_path = hdr->subtype >= MRT_MP_MESSAGE_AP;
	message->is_local = is_local(hdr);
	message->has_hdr = true;
	message->msg = body + at;
	message->len = len - at;
	message->type = message->msg[BGP_HDR_LEN - 1];
	return 0;
}

int mrt_state_decode(const struct mrt_hdr *hdr, const uint8_t *body, size_t len,
		     struct mrt_state *state, struct fault *fault)
{
	size_t at = BARE_LEN;

	memset(state, 0, sizeof(*state));
	if (hdr->type == MRT_BGP)
		at = old_session_decode(body, len, false, &state->session, fault);
	else if (unlikely(is_bare(body, len) && len == BARE_LEN + STATES_LEN))
		bare_set(&state->session, body);
	else
		at = session_decode(body, len, mrt_mp_as_bytes(hdr->subtype), &state->session,
				    fault);
	if (at == 0)
		return -EBADMSG;
	if (len - at < STATES_LEN)
		return fault_set(fault, FAULT_RECORD_CUT, len);
	if (len - at > STATES_LEN)
		return fault_set(fault, FAULT_RECORD_TRAILING, at + STATES_LEN);
	state->old_state = wire_get16(body + at);
	state->new_state = wire_get16(body + at + 2);
	return 0;
}

// View, status, time, address family, length of the next hop.
enum { ENTRY_FIXED_LEN = 12 };

static void nexthop_take(struct mrt_mp_entry *e, const uint8_t *p)
{
	e->nexthop_raw = p;
	if (e->nexthop_len == 4)
		addr_get(&e->nexthop, p, 4);
	else if (e->nexthop_len == 16 || e->nexthop_len == 32) // global, link-local
		addr_get(&e->nexthop, p, 16);
}

// RFC 6396 §B.3.1, as OpenBGPD writes it.
int mrt_mp_entry_decode(const uint8_t *body, size_t len, struct mrt_mp_entry *entry,
			struct fault *fault)
{
	size_t at, nlri_len;
	enum fault_code code;

	memset(entry, 0, sizeof(*entry));
	at = session_decode(body, len, 2, &entry->session, fault);
	if (at == 0)
		return -EBADMSG;
	if (len - at < ENTRY_FIXED_LEN)
		return fault_set(fault, FAULT_RECORD_CUT, len);
	entry->view = wire_get16(body + at);
	entry->status = wire_get16(body + at + 2);
	entry->time_s = wire_get32(body + at + 4);
	entry->afi = wire_get16(body + at + 8);
	entry->safi = body[at + 10];
	entry->nexthop_len = body[at + 11];
	at += ENTRY_FIXED_LEN;
	if (len - at < entry->nexthop_len)
		return fault_set(fault, FAULT_RECORD_CUT, at - 1);
	nexthop_take(entry, body + at);
	at += entry->nexthop_len;
	code = mrt_nlri_len(entry->afi, entry->safi, body + at, len - at, &nlri_len);
	if (code != FAULT_NONE)
		return fault_set(fault, code, at);
	entry->nlri = body + at;
	entry->nlri_len = (uint16_t)nlri_len;
	entry->had_host_bits =
		mrt_nlri_prefix(entry->afi, entry->safi, entry->nlri, &entry->prefix);
	at += nlri_len;
	if (len - at < 2)
		return fault_set(fault, FAULT_RECORD_CUT, len);
	entry->attrs_len = wire_get16(body + at);
	entry->attrs = body + at + 2;
	if (entry->attrs_len > len - at - 2)
		return fault_set(fault, FAULT_RECORD_CUT, at);
	at += 2 + entry->attrs_len;
	return at == len ? 0 : fault_set(fault, FAULT_RECORD_TRAILING, at);
}

// RFC 6396 §B.2.5, §B.3.2: the name ends with a zero.
int mrt_file_name_decode(const uint8_t *body, size_t len, struct mrt_file_name *file,
			 struct fault *fault)
{
	const uint8_t *end;

	if (len < 3)
		return fault_set(fault, FAULT_RECORD_CUT, len);
	end = memchr(body + 2, 0, len - 2);
	if (!end)
		return fault_set(fault, FAULT_RECORD_CUT, len);
	*file = (struct mrt_file_name){.view = wire_get16(body),
				       .len = (size_t)(end - body) - 2,
				       .name = (const char *)body + 2};
	if (end + 1 != body + len)
		return fault_set(fault, FAULT_RECORD_TRAILING, (size_t)(end + 1 - body));
	return 0;
}
