// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/mrt.h"

#include "dataplane/bgp/attr.h"

#include <errno.h>
#include <string.h>

// RFC 6396 §4.3.1: bits of a peer's type.
enum { PEER_IP6 = 1 << 0, PEER_AS4 = 1 << 1 };
// Peer index, time, attribute length; add-path puts a path id before the length.
enum { ENTRY_LEN = 8, ENTRY_AP_LEN = 12 };

void mrt_hdr_decode(const uint8_t bytes[MRT_HDR_LEN], struct mrt_hdr *hdr)
{
	hdr->time_s = wire_get32(bytes);
	hdr->type = wire_get16(bytes + 4);
	hdr->subtype = wire_get16(bytes + 6);
	hdr->len = wire_get32(bytes + 8);
}

enum mrt_kind mrt_hdr_kind(const struct mrt_hdr *hdr)
{
	if (hdr->type != MRT_TABLE_DUMP_V2)
		return MRT_KIND_OTHER;
	switch (hdr->subtype) {
	case MRT_V2_PEER_INDEX_TABLE:
		return MRT_KIND_PEERS;
	case MRT_V2_IP4_UNICAST:
	case MRT_V2_IP6_UNICAST:
	case MRT_V2_IP4_UNICAST_AP:
	case MRT_V2_IP6_UNICAST_AP:
		return MRT_KIND_RIB;
	default:
		return MRT_KIND_OTHER;
	}
}

int mrt_peers_decode(const uint8_t *body, size_t len, struct mrt_peers *peers, struct fault *fault)
{
	const uint8_t *p, *end = body + len;
	size_t view_len;

	if (len < 8)
		return fault_set(fault, FAULT_RECORD_CUT, len);
	view_len = wire_get16(body + 4);
	if (len < 8 + view_len)
		return fault_set(fault, FAULT_RECORD_CUT, 4);
	p = body + 6 + view_len;
	*peers = (struct mrt_peers){
		.collector_id = wire_get32(body),
		.n_peers = wire_get16(p),
		.view_len = (uint16_t)view_len,
		.view = (const char *)body + 6,
		.next = p + 2,
		.end = end,
	};
	p += 2;
	for (unsigned i = 0; i < peers->n_peers; i++) {
		size_t need;

		if (p == end)
			return fault_set(fault, FAULT_RECORD_CUT, len);
		if (*p & ~(PEER_IP6 | PEER_AS4))
			return fault_set(fault, FAULT_PEER_TYPE, (size_t)(p - body));
		need = 5 + (*p & PEER_IP6 ? 16 : 4) + (*p & PEER_AS4 ? 4 : 2);
		if ((size_t)(end - p) < need)
			return fault_set(fault, FAULT_RECORD_CUT, (size_t)(p - body));
		p += need;
	}
	peers->end = p;
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
	addr_len = *p & PEER_IP6 ? 16 : 4;
	memset(peer, 0, sizeof(*peer));
	peer->id = wire_get32(p + 1);
	peer->addr.family = addr_len == 16 ? 6 : 4;
	memcpy(peer->addr.bytes, p + 5, addr_len);
	if (*p & PEER_AS4) {
		peer->asn = wire_get32(p + 5 + addr_len);
		peers->next = p + 5 + addr_len + 4;
	} else {
		peer->asn = wire_get16(p + 5 + addr_len);
		peers->next = p + 5 + addr_len + 2;
	}
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

// Copies a prefix of len bits and clears the bits behind them.
static bool prefix_copy(struct bgp_prefix *prefix, const uint8_t *bytes)
{
	unsigned n = (prefix->len + 7u) / 8, tail = prefix->len % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - tail));
	bool had_host_bits = false;

	memcpy(prefix->bytes, bytes, n);
	if (tail) {
		had_host_bits = bytes[n - 1] & ~mask;
		prefix->bytes[n - 1] &= mask;
	}
	return had_host_bits;
}

int mrt_rib_decode(const struct mrt_hdr *hdr, const uint8_t *body, struct mrt_rib *rib,
		   struct fault *fault)
{
	bool is_ip6 = hdr->subtype == MRT_V2_IP6_UNICAST || hdr->subtype == MRT_V2_IP6_UNICAST_AP;
	bool labelled = hdr->subtype >= MRT_V2_IP4_UNICAST_AP;
	size_t n_bytes;

	if (mrt_hdr_kind(hdr) != MRT_KIND_RIB)
		return fault_set(fault, FAULT_NOT_RIB, 0);
	if (hdr->len < 5)
		return fault_set(fault, FAULT_RECORD_CUT, hdr->len);
	memset(rib, 0, sizeof(*rib));
	rib->seq = wire_get32(body);
	rib->prefix.family = is_ip6 ? 6 : 4;
	rib->prefix.len = body[4];
	if (rib->prefix.len > (is_ip6 ? 128 : 32))
		return fault_set(fault, FAULT_PREFIX_LEN, 4);
	n_bytes = (rib->prefix.len + 7u) / 8;
	if (hdr->len < 7 + n_bytes)
		return fault_set(fault, FAULT_RECORD_CUT, hdr->len);
	rib->had_host_bits = prefix_copy(&rib->prefix, body + 5);
	rib->n_entries = wire_get16(body + 5 + n_bytes);
	rib->n_left = rib->n_entries;
	rib->body = body;
	rib->next = body + 7 + n_bytes;
	rib->end = body + hdr->len;
	return layout_choose(rib, labelled, fault);
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
