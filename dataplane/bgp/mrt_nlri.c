// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/mrt_nlri.h"

#include <string.h>

// https://www.iana.org/assignments/safi-namespace
enum {
	AFI_BGP_LS = 16388,
	AFI_L2VPN = 25,
	SAFI_MCAST_VPN = 5,
	SAFI_VPLS = 65,
	SAFI_EVPN = 70,
	SAFI_BGP_LS_FIRST = 71,
	SAFI_BGP_LS_VPN = 72,
	SAFI_FLOW = 133,
	SAFI_FLOW_VPN = 134,
};

unsigned mrt_addr_len(uint16_t afi)
{
	if (afi == MRT_AFI_IP4)
		return 4;
	return afi == MRT_AFI_IP6 ? 16 : 0;
}

static bool is_plain(uint16_t afi, uint8_t safi)
{
	return mrt_addr_len(afi) && (safi == MRT_SAFI_UNICAST || safi == MRT_SAFI_MULTICAST);
}

// Lengths in bytes: of the fields before the rest, and of the rest.
static bool len_in_bytes(uint16_t afi, uint8_t safi, const uint8_t *p, size_t left, size_t *len)
{
	size_t hdr = 2;

	if (left < 2)
		*len = 2;
	else if (safi == SAFI_MCAST_VPN || (afi == AFI_L2VPN && safi == SAFI_EVPN))
		*len = hdr + p[1]; // RFC 6514 §4, RFC 7432 §7: type, length
	else if (afi == AFI_L2VPN && safi == SAFI_VPLS)
		*len = hdr + wire_get16(p);		     // RFC 4761 §3.2.2
	else if (safi == SAFI_FLOW || safi == SAFI_FLOW_VPN) // RFC 8955 §4.1
		*len = p[0] < 0xf0 ? 1u + p[0] : 2u + (wire_get16(p) & 0xfff);
	else if (afi == AFI_BGP_LS && safi >= SAFI_BGP_LS_FIRST && safi <= SAFI_BGP_LS_VPN)
		*len = left < 4 ? 4 : 4u + wire_get16(p + 2); // RFC 9552 §5.2: type, length
	else
		return false;
	return true;
}

enum fault_code mrt_nlri_len(uint16_t afi, uint8_t safi, const uint8_t *p, size_t left, size_t *len)
{
	if (unlikely(left == 0))
		return FAULT_RECORD_CUT;
	if (likely(is_plain(afi, safi))) {
		if (p[0] > 8 * mrt_addr_len(afi))
			return FAULT_PREFIX_LEN;
		*len = 1 + (p[0] + 7u) / 8;
	} else if (!len_in_bytes(afi, safi, p, left, len)) {
		*len = 1 + (p[0] + 7u) / 8;
	}
	return *len <= left ? FAULT_NONE : FAULT_RECORD_CUT;
}

bool mrt_prefix_trim(struct bgp_prefix *prefix)
{
	unsigned size = prefix->family == 4 ? 4 : 16, at = prefix->len / 8;
	uint8_t tail = (uint8_t)(0xff >> prefix->len % 8);
	uint8_t had = 0;

	if (at >= size)
		return false;
	had = prefix->bytes[at] & tail;
	prefix->bytes[at] &= (uint8_t)~tail;
	for (unsigned i = at + 1; i < size; i++) {
		had |= prefix->bytes[i];
		prefix->bytes[i] = 0;
	}
	return had;
}

bool mrt_nlri_prefix(uint16_t afi, uint8_t safi, const uint8_t *p, struct bgp_prefix *prefix)
{
	unsigned n = (p[0] + 7u) / 8, tail = p[0] % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - tail));
	bool had_host_bits = false;

	memset(prefix, 0, sizeof(*prefix));
	if (!is_plain(afi, safi))
		return false;
	prefix->family = afi == MRT_AFI_IP4 ? 4 : 6;
	prefix->len = p[0];
	memcpy(prefix->bytes, p + 1, n);
	if (tail) {
		had_host_bits = p[n] & ~mask;
		prefix->bytes[n - 1] &= mask;
	}
	return had_host_bits;
}
