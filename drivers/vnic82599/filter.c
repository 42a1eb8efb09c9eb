// SPDX-License-Identifier: BSD-3-Clause
// Which frames the card takes and which hash they get. Section numbers are those
// of the 82599 datasheet: §7.1.1 filters, §7.1.2.8 RSS.
#include "drivers/vnic82599/priv.h"

#define BROADCAST 0xffffffffffffull

static uint64_t mac_of(const uint8_t *p)
{
	uint64_t mac = 0;

	memcpy(&mac, p, 6);
	return mac;
}

static void filters_build(struct vnic *v)
{
	v->n_mac = 0;
	for (unsigned i = 0; i < ARRAY_LEN(v->mac); i++) {
		uint32_t high = reg_get(v, NIC_RAH(i));

		if (high & NIC_RAH_AV)
			v->mac[v->n_mac++] = reg_get(v, NIC_RAL(i)) | (uint64_t)(high & 0xffff)
									      << 32;
	}
	v->filters_stale = false;
}

static bool is_ours(struct vnic *v, uint64_t mac)
{
	if (v->filters_stale)
		filters_build(v);
	for (unsigned i = 0; i < v->n_mac; i++)
		if (v->mac[i] == mac)
			return true;
	return false;
}

// §8.2.3.7.7: 12 bits of the last two bytes of the address, which 12 says MO.
static bool in_mta(const struct vnic *v, const uint8_t *mac)
{
	uint32_t control = reg_get(v, NIC_MCSTCTRL);
	unsigned bits = (unsigned)mac[4] | (unsigned)mac[5] << 8;
	unsigned shift = 4 - (control & NIC_MCSTCTRL_MO) - ((control & NIC_MCSTCTRL_MO) == 3);
	unsigned hash = bits >> shift & 0xfff;

	return (control & NIC_MCSTCTRL_MFE) && (reg_get(v, NIC_MTA(hash >> 5)) >> (hash & 31) & 1);
}

static bool vlan_accepts(const struct vnic *v, const struct frame *f)
{
	unsigned id = f->vlan & 0xfff;

	if (!f->has_vlan || !(reg_get(v, NIC_VLNCTRL) & NIC_VLNCTRL_VFE))
		return true;
	return reg_get(v, NIC_VFTA(id >> 5)) >> (id & 31) & 1;
}

bool filter_accepts(struct vnic *v, const struct frame *f)
{
	uint32_t control = reg_get(v, NIC_FCTRL);
	uint64_t mac = mac_of(f->data);

	if (!vlan_accepts(v, f))
		return false;
	if (mac == BROADCAST)
		return control & NIC_FCTRL_BAM;
	if (f->data[0] & 1)
		return (control & NIC_FCTRL_MPE) || is_ours(v, mac) || in_mta(v, f->data);
	return (control & NIC_FCTRL_UPE) || is_ours(v, mac);
}

// §7.1.2.8.1: every set bit of the input adds (xor) the 32 bits of the key that
// start at its position. Here a byte at a time.
static void rss_build(struct vnic *v)
{
	uint8_t key[40];

	for (unsigned i = 0; i < 10; i++) {
		uint32_t word = reg_get(v, NIC_RSSRK(i));

		memcpy(key + 4 * i, &word, 4);
	}
	for (unsigned i = 0; i < RSS_BYTES; i++)
		for (unsigned byte = 0; byte < 256; byte++) {
			uint64_t window = 0;
			uint32_t sum = 0;

			for (unsigned k = 0; k < 5; k++)
				window = window << 8 | key[(i + k) % sizeof(key)];
			for (unsigned bit = 0; bit < 8; bit++)
				if (byte & (0x80u >> bit))
					sum ^= (uint32_t)(window >> (8 - bit));
			v->rss_table[i][byte] = sum;
		}
	for (unsigned i = 0; i < sizeof(v->reta); i++)
		v->reta[i] = reg_get(v, NIC_RETA(i / 4)) >> (8 * (i % 4)) & 15;
	v->rss_stale = false;
}

static uint32_t toeplitz(struct vnic *v, const uint8_t *addr, unsigned n, const uint8_t *ports)
{
	uint32_t hash = 0;

	for (unsigned i = 0; i < n; i++)
		hash ^= v->rss_table[i][addr[i]];
	for (unsigned i = 0; ports && i < 4; i++)
		hash ^= v->rss_table[n + i][ports[i]];
	return hash;
}

// §7.1.2.8.2: the most specific type that MRQC has enabled.
static unsigned rss_type(uint32_t mrqc, const struct frame *f)
{
	bool is_tcp = f->ptype & NIC_PTYPE_TCP, is_udp = f->ptype & NIC_PTYPE_UDP;

	if (f->is_ipv4) {
		if (is_tcp && (mrqc & NIC_MRQC_TCP_IPV4))
			return NIC_RSS_TCP_IPV4;
		if (is_udp && (mrqc & NIC_MRQC_UDP_IPV4))
			return NIC_RSS_UDP_IPV4;
		return mrqc & NIC_MRQC_IPV4 ? NIC_RSS_IPV4 : 0;
	}
	if (!f->is_ipv6)
		return 0;
	if (is_tcp && (mrqc & NIC_MRQC_TCP_IPV6))
		return NIC_RSS_TCP_IPV6;
	if (is_udp && (mrqc & NIC_MRQC_UDP_IPV6))
		return NIC_RSS_UDP_IPV6;
	return mrqc & NIC_MRQC_IPV6 ? NIC_RSS_IPV6 : 0;
}

uint32_t rss_hash(struct vnic *v, const struct frame *f, unsigned *type)
{
	uint32_t mrqc = reg_get(v, NIC_MRQC);
	const uint8_t *ip = f->data + f->l3;
	bool has_ports;

	*type = (mrqc & NIC_MRQC_MRQE) == NIC_MRQC_MRQE_RSS ? rss_type(mrqc, f) : 0;
	if (!*type)
		return 0;
	if (v->rss_stale)
		rss_build(v);
	has_ports = *type != NIC_RSS_IPV4 && *type != NIC_RSS_IPV6;
	return toeplitz(v, f->is_ipv4 ? ip + 12 : ip + 8, f->is_ipv4 ? 8 : 32,
			has_ports ? f->data + f->l4 : NULL);
}
