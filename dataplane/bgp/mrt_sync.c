// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/mrt_sync.h"

// Headers of unknown type that must follow each other to be believed.
enum { CHAIN_LEN = 4 };

struct mrt_family {
	uint16_t type;
	const char *name;
	uint8_t min_len; // of a body
	uint8_t n_subtypes;
	const char *const *subtype;
};

// RFC 6396 §4.2, §4.3, §4.4 and its appendix B; RFC 6397 §4; RFC 8050 §3, §4.
static const char *const bgp_names[] = {
	"NULL", "UPDATE", "PREF_UPDATE", "STATE_CHANGE", "SYNC", "OPEN", "NOTIFY", "KEEPALIVE",
};
static const char *const dump_names[] = {NULL, "AFI_IPv4", "AFI_IPv6"};
static const char *const v2_names[] = {
	NULL,
	"PEER_INDEX_TABLE",
	"RIB_IPV4_UNICAST",
	"RIB_IPV4_MULTICAST",
	"RIB_IPV6_UNICAST",
	"RIB_IPV6_MULTICAST",
	"RIB_GENERIC",
	"GEO_PEER_TABLE",
	"RIB_IPV4_UNICAST_ADDPATH",
	"RIB_IPV4_MULTICAST_ADDPATH",
	"RIB_IPV6_UNICAST_ADDPATH",
	"RIB_IPV6_MULTICAST_ADDPATH",
	"RIB_GENERIC_ADDPATH",
};
static const char *const bgp4mp_names[] = {
	"STATE_CHANGE",
	"MESSAGE",
	"ENTRY",
	"SNAPSHOT",
	"MESSAGE_AS4",
	"STATE_CHANGE_AS4",
	"MESSAGE_LOCAL",
	"MESSAGE_AS4_LOCAL",
	"MESSAGE_ADDPATH",
	"MESSAGE_AS4_ADDPATH",
	"MESSAGE_LOCAL_ADDPATH",
	"MESSAGE_AS4_LOCAL_ADDPATH",
};
static const char *const igp_names[] = {"STATE", "LSA"};

#define NAMES(list) .n_subtypes = ARRAY_LEN(list), .subtype = (list)

static const struct mrt_family families[] = {
	{MRT_TABLE_DUMP_V2, "TABLE_DUMP_V2", 7, NAMES(v2_names)},
	{MRT_BGP4MP, "BGP4MP", 8, NAMES(bgp4mp_names)},
	{MRT_BGP4MP_ET, "BGP4MP_ET", 12, NAMES(bgp4mp_names)},
	{MRT_TABLE_DUMP, "TABLE_DUMP", 22, NAMES(dump_names)},
	{MRT_BGP, "BGP", 6, NAMES(bgp_names)},
	{MRT_OSPF2, "OSPFv2", 8, NAMES(igp_names)},
	{MRT_ISIS, "ISIS", 8, NAMES(igp_names)},
	{MRT_ISIS_ET, "ISIS_ET", 12, NAMES(igp_names)},
	{MRT_OSPF3, "OSPFv3", 8, NAMES(igp_names)},
	{MRT_OSPF3_ET, "OSPFv3_ET", 12, NAMES(igp_names)},
};

static const struct mrt_family *find(uint16_t type)
{
	for (unsigned i = 0; i < ARRAY_LEN(families); i++)
		if (families[i].type == type)
			return &families[i];
	return NULL;
}

const char *mrt_type_name(uint16_t type)
{
	const struct mrt_family *family = find(type);

	return family ? family->name : NULL;
}

const char *mrt_subtype_name(uint16_t type, uint16_t subtype)
{
	const struct mrt_family *family = find(type);

	return family && subtype < family->n_subtypes ? family->subtype[subtype] : NULL;
}

bool mrt_hdr_is_plausible(const struct mrt_hdr *hdr)
{
	const struct mrt_family *family = find(hdr->type);

	return family && hdr->subtype < family->n_subtypes && family->subtype[hdr->subtype] &&
	       hdr->len >= family->min_len && hdr->len <= MRT_RECORD_MAX;
}

// Of a type to come. Type 0 is left out: holes in files are full of zeros.
static bool could_be_hdr(const struct mrt_hdr *hdr)
{
	return hdr->type != 0 && hdr->len > 0 && hdr->len <= MRT_RECORD_MAX;
}

bool mrt_chain_holds(const uint8_t *data, size_t len, bool is_last)
{
	size_t at = 0;

	for (unsigned i = 0; i < CHAIN_LEN; i++) {
		struct mrt_hdr hdr;

		if (i > 0 && at == len && is_last)
			return true;
		if (len - at < MRT_HDR_LEN)
			return false;
		mrt_hdr_decode(data + at, &hdr);
		if (mrt_hdr_is_plausible(&hdr))
			return true;
		if (!could_be_hdr(&hdr) || hdr.len > len - at - MRT_HDR_LEN)
			return false;
		at += MRT_HDR_LEN + hdr.len;
	}
	return true;
}

// RFC 6396 §4.2: one route, its attributes last. Only the records of 2000, whose
// header says 4 bytes less than there are, hold several.
static bool dump_is_sound(const struct mrt_hdr *hdr, const uint8_t *body)
{
	size_t addr_len = hdr->subtype == 2 ? 16 : 4, fixed = 14 + 2 * addr_len;

	return hdr->len >= fixed && wire_get16(body + fixed - 2) == hdr->len - fixed;
}

bool mrt_body_is_sound(const struct mrt_hdr *hdr, const uint8_t *body)
{
	struct fault fault = {.code = FAULT_NONE};
	struct mrt_peers peers;
	struct mrt_rib rib;

	switch (mrt_hdr_kind(hdr)) {
	case MRT_KIND_PEERS:
		return mrt_peers_decode(body, hdr->len, &peers, &fault) == 0;
	case MRT_KIND_RIB:
		return mrt_rib_decode(hdr, body, &rib, &fault) == 0;
	default:
		break;
	}
	return hdr->type != MRT_TABLE_DUMP || dump_is_sound(hdr, body);
}

// Where a header could begin: all known types are below 64. This alone walks
// over most damage.
static size_t type_seek(const uint8_t *data, size_t at, size_t len)
{
	uint64_t known = 0;

	for (unsigned i = 0; i < ARRAY_LEN(families); i++)
		known |= 1ull << families[i].type;
	for (; at + MRT_HDR_LEN <= len; at++)
		if (data[at + 4] == 0 && data[at + 5] < 64 && known >> data[at + 5] & 1)
			break;
	return at;
}

size_t mrt_resync(const uint8_t *data, size_t len, bool is_last, size_t *want)
{
	*want = 0;
	for (size_t at = 0; (at = type_seek(data, at, len)) + MRT_HDR_LEN <= len; at++) {
		struct mrt_hdr hdr, next;
		size_t need;

		mrt_hdr_decode(data + at, &hdr);
		if (likely(!mrt_hdr_is_plausible(&hdr)))
			continue;
		need = at + MRT_HDR_LEN + hdr.len;
		if (need == len && is_last)
			return at;
		if (need + MRT_HDR_LEN > len) {
			if (is_last)
				continue;
			*want = need + MRT_HDR_LEN - at;
			return at;
		}
		mrt_hdr_decode(data + need, &next);
		if (mrt_hdr_is_plausible(&next))
			return at;
	}
	if (is_last)
		return len;
	*want = MRT_HDR_LEN;
	return len < MRT_HDR_LEN ? 0 : len - MRT_HDR_LEN + 1;
}
