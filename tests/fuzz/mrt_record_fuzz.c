// SPDX-License-Identifier: BSD-3-Clause
// One record of any bytes: decoded from a buffer of exactly its size, walked to
// its last route, and written again: the same bytes.
//
// Input: a selector of the type, 4 bytes of time, the body.
#include "dataplane/bgp/mrt_enc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

// Bytes that must lie inside the record.
static void touch(const struct mrt_hdr *hdr, const uint8_t *body, const uint8_t *p, size_t len)
{
	static volatile uint8_t sink;

	check(p >= body && len <= hdr->len && p + len <= body + hdr->len);
	for (size_t i = 0; i < len; i++)
		sink ^= p[i];
	(void)sink;
}

static void walk(const struct mrt_hdr *hdr, const uint8_t *body, struct mrt_record rec)
{
	struct mrt_geo_peer geo;
	struct mrt_route route;
	struct mrt_peer peer;
	unsigned n = 0;

	while (mrt_route_next(&rec, &route)) {
		touch(hdr, body, route.attrs, route.attrs_len);
		if (route.nlri_len)
			touch(hdr, body, route.nlri, route.nlri_len);
		check(route.prefix.family == 0 ||
		      route.prefix.len <= (route.prefix.family == 4 ? 32 : 128));
		check(route.as_bytes == 2 || route.as_bytes == 4);
		check(++n <= hdr->len);
	}
	while (rec.kind == MRT_KIND_PEERS && mrt_peers_next(&rec.peers, &peer))
		check(++n <= rec.peers.n_peers && peer.addr.family);
	while (rec.kind == MRT_KIND_GEO && mrt_geo_next(&rec.geo, &geo))
		check(++n <= rec.geo.n_peers);
	if (rec.kind == MRT_KIND_MESSAGE)
		touch(hdr, body, rec.message.msg, rec.message.len);
	if (rec.kind == MRT_KIND_FILE)
		touch(hdr, body, (const uint8_t *)rec.file.name, rec.file.len + 1);
}

static void again(const struct mrt_hdr *hdr, const uint8_t *body, const struct mrt_record *rec)
{
	size_t len, want = MRT_HDR_LEN + hdr->len;
	uint8_t *buf = malloc(want), bytes[MRT_HDR_LEN];

	check(mrt_encode(hdr, rec, buf, want, &len) == 0 && len == want);
	mrt_hdr_encode(hdr, bytes);
	check(memcmp(buf, bytes, sizeof(bytes)) == 0);
	check(memcmp(buf + MRT_HDR_LEN, body, hdr->len) == 0);
	check(mrt_encode(hdr, rec, buf, want / 2, &len) == -28 && len == want); // ENOSPC
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = {
		MRT_BGP,    MRT_TABLE_DUMP, MRT_TABLE_DUMP_V2, MRT_TABLE_DUMP_V2,
		MRT_BGP4MP, MRT_BGP4MP_ET,  MRT_ISIS_ET,       77};
	struct fault fault = {.code = FAULT_NONE};
	struct mrt_record rec;
	struct mrt_hdr hdr;
	uint8_t *body;

	if (size < 5)
		return -1;
	hdr = (struct mrt_hdr){.time_s = wire_get32(data + 1),
			       .type = types[data[0] & 7],
			       .subtype = data[0] >> 3 & 15,
			       .len = (uint32_t)(size - 5)};
	body = malloc(hdr.len + (hdr.len == 0));
	memcpy(body, data + 5, hdr.len);
	if (mrt_decode(&hdr, body, &rec, &fault) == 0) {
		walk(&hdr, body, rec);
		if (rec.kind != MRT_KIND_OTHER)
			again(&hdr, body, &rec);
	} else {
		check(fault.code != FAULT_NONE && fault.at <= hdr.len);
	}
	free(body);
	return 0;
}
