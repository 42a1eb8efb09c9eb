// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/nlri.h"

#include <string.h>

enum { PATH_ID_LEN = 4 };

bool bgp_nlri_is_known(uint16_t afi, uint8_t safi)
{
	if (afi != BGP_AFI_IP4 && afi != BGP_AFI_IP6)
		return false;
	return safi == BGP_SAFI_UNICAST || safi == BGP_SAFI_MULTICAST ||
	       safi == BGP_SAFI_LABELLED || safi == BGP_SAFI_VPN;
}

void bgp_nlri_start(struct bgp_nlri_iter *it, const uint8_t *bytes, size_t len, uint16_t afi,
		    uint8_t safi, bool has_path_ids)
{
	it->base = bytes;
	it->next = bytes;
	it->end = bytes + len;
	it->family = afi == BGP_AFI_IP4 ? 4 : 6;
	it->safi = safi;
	it->has_path_ids = has_path_ids;
	it->multi_labels = false;
}

static int stop_at(struct bgp_nlri_iter *it, const uint8_t *p, enum fault_code code,
		   struct fault *fault)
{
	it->next = it->end;
	return fault_set(fault, code, (size_t)(p - it->base));
}

// Takes labels off the front of a prefix of *bits bits; NULL: no bottom. RFC
// 8277 §2.2: of one label alone the bit of the bottom is ignored.
static const uint8_t *labels_take(const struct bgp_nlri_iter *it, struct bgp_nlri *nlri,
				  const uint8_t *p, unsigned *bits)
{
	bool is_last;

	nlri->labels = p;
	do {
		if (*bits < BGP_LABEL_LEN * 8)
			return NULL;
		is_last = !it->multi_labels || (p[2] & 1);
		nlri->n_labels++;
		*bits -= BGP_LABEL_LEN * 8;
		p += BGP_LABEL_LEN;
	} while (!is_last);
	return p;
}

static const uint8_t *rd_take(struct bgp_nlri *nlri, const uint8_t *p, unsigned *bits)
{
	if (*bits < BGP_RD_LEN * 8)
		return NULL;
	nlri->rd = p;
	*bits -= BGP_RD_LEN * 8;
	return p + BGP_RD_LEN;
}

// Copies a prefix of len bits and clears the bits behind them.
static void prefix_set(struct bgp_nlri *nlri, const uint8_t *p)
{
	unsigned n = (nlri->prefix.len + 7u) / 8, tail = nlri->prefix.len % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - tail));

	memcpy(nlri->prefix.bytes, p, n);
	if (tail) {
		nlri->had_host_bits = nlri->prefix.bytes[n - 1] & ~mask;
		nlri->prefix.bytes[n - 1] &= mask;
	}
}

static const uint8_t *path_id_take(struct bgp_nlri_iter *it, struct bgp_nlri *nlri,
				   const uint8_t *p)
{
	if (!it->has_path_ids)
		return p;
	if (it->end - p <= PATH_ID_LEN)
		return NULL;
	nlri->path_id = wire_get32(p);
	return p + PATH_ID_LEN;
}

int bgp_nlri_next(struct bgp_nlri_iter *it, struct bgp_nlri *nlri, struct fault *fault)
{
	bool is_plain = it->safi <= BGP_SAFI_MULTICAST;
	unsigned bits, max = it->family == 4 ? 32 : 128;
	const uint8_t *p = it->next, *at;

	if (p == it->end)
		return 0;
	memset(nlri, 0, sizeof(*nlri));
	at = path_id_take(it, nlri, p);
	if (!at)
		return stop_at(it, p, FAULT_NLRI_CUT, fault);
	bits = *at;
	p = at + 1;
	if (is_plain && bits > max)
		return stop_at(it, at, FAULT_NLRI_LEN, fault);
	if ((size_t)(it->end - p) < (bits + 7) / 8)
		return stop_at(it, at, FAULT_NLRI_CUT, fault);
	if (!is_plain)
		p = labels_take(it, nlri, p, &bits);
	if (p && it->safi == BGP_SAFI_VPN)
		p = rd_take(nlri, p, &bits);
	if (!p)
		return stop_at(it, at, FAULT_NLRI_LABELS, fault);
	if (bits > max)
		return stop_at(it, at, FAULT_NLRI_LEN, fault);
	nlri->prefix.family = it->family;
	nlri->prefix.len = (uint8_t)bits;
	prefix_set(nlri, p);
	it->next = p + (bits + 7) / 8;
	return 1;
}

void bgp_nlri_put(struct out *out, const struct bgp_nlri *nlri, bool has_path_ids)
{
	size_t labels_len = (size_t)nlri->n_labels * BGP_LABEL_LEN;
	size_t rd_len = nlri->rd ? BGP_RD_LEN : 0;

	if (has_path_ids)
		out_put32(out, nlri->path_id);
	out_put8(out, (unsigned)(nlri->prefix.len + 8 * (labels_len + rd_len)));
	out_put(out, nlri->labels, labels_len);
	out_put(out, nlri->rd, rd_len);
	out_put(out, nlri->prefix.bytes, (nlri->prefix.len + 7u) / 8);
}
