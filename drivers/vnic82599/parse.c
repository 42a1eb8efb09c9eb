// SPDX-License-Identifier: BSD-3-Clause
// What the card's parser sees in a frame: packet type, offsets, checksums.
#include "dataplane/base/csum.h"
#include "drivers/vnic82599/priv.h"

enum { ETH_IPV4 = 0x0800, ETH_IPV6 = 0x86dd, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_SCTP = 132 };

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

// How long each protocol's header must be to be recognised.
static unsigned l4_min(uint8_t proto)
{
	return proto == PROTO_TCP ? 20 : proto == PROTO_UDP ? 8 : proto == PROTO_SCTP ? 12 : 0;
}

static void parse_l4(struct frame *f, unsigned at, unsigned end)
{
	unsigned min = l4_min(f->proto);

	if (!min || f->is_fragment || at + min > end)
		return;
	f->l4 = (uint16_t)at;
	f->l4_len = (uint16_t)(end - at);
	f->ptype |= f->proto == PROTO_TCP   ? NIC_PTYPE_TCP
		    : f->proto == PROTO_UDP ? NIC_PTYPE_UDP
					    : NIC_PTYPE_SCTP;
}

static void parse_ip4(struct frame *f, unsigned at)
{
	const uint8_t *ip = f->data + at;
	unsigned hdr, total;

	if (at + 20 > f->len || ip[0] >> 4 != 4)
		return;
	hdr = (ip[0] & 15) * 4;
	total = be16(ip + 2);
	if (hdr < 20 || total < hdr || at + total > f->len)
		return;
	f->is_ipv4 = true;
	f->l3 = (uint16_t)at;
	f->proto = ip[9];
	f->is_fragment = (be16(ip + 6) & 0x3fff) != 0;
	f->ptype |= NIC_PTYPE_IPV4 | (hdr > 20 ? NIC_PTYPE_IPV4E : 0);
	parse_l4(f, at + hdr, at + total);
}

// Extension headers that the card skips: hop-by-hop, routing, destination.
static bool is_skipped(uint8_t proto)
{
	return proto == 0 || proto == 43 || proto == 60;
}

static void parse_ip6(struct frame *f, unsigned at)
{
	const uint8_t *ip = f->data + at;
	unsigned end, next = at + 40;

	if (next > f->len || ip[0] >> 4 != 6)
		return;
	end = next + be16(ip + 4);
	if (end > f->len)
		return;
	f->is_ipv6 = true;
	f->l3 = (uint16_t)at;
	f->proto = ip[6];
	f->ptype |= NIC_PTYPE_IPV6;
	while (is_skipped(f->proto) && next + 8 <= end) {
		f->ptype |= NIC_PTYPE_IPV6E;
		f->proto = f->data[next];
		next += 8 + 8 * (unsigned)f->data[next + 1];
	}
	f->is_fragment = f->proto == 44;
	if (f->is_fragment)
		f->ptype |= NIC_PTYPE_IPV6E;
	parse_l4(f, next, end);
}

void frame_parse(struct frame *f, const uint8_t *data, uint32_t len, uint16_t vet)
{
	unsigned at = 12, type;

	*f = (struct frame){.data = data, .len = len};
	type = be16(data + at);
	if (type == vet && len >= 18) {
		f->has_vlan = true;
		f->vlan = (uint16_t)be16(data + 14);
		at = 16;
		type = be16(data + at);
	}
	if (type == ETH_IPV4)
		parse_ip4(f, at + 2);
	else if (type == ETH_IPV6)
		parse_ip6(f, at + 2);
}

uint64_t frame_l4_sum(const struct frame *f)
{
	const uint8_t *ip = f->data + f->l3;
	uint64_t sum = f->is_ipv4 ? csum_add(0, ip + 12, 8) : csum_add(0, ip + 8, 32);
	uint8_t tail[4] = {0, f->proto, (uint8_t)(f->l4_len >> 8), (uint8_t)f->l4_len};

	sum = csum_add(sum, tail, sizeof(tail));
	return csum_add(sum, f->data + f->l4, f->l4_len);
}
