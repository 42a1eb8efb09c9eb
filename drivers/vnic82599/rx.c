// SPDX-License-Identifier: BSD-3-Clause
// Receive: from the wire through filters and packet buffer into descriptors.
// Section numbers are those of the 82599 datasheet (§7.1).
#include "dataplane/base/csum.h"
#include "drivers/vnic82599/priv.h"

enum { ETH_MIN = 60, ETH_MAX = 1514, CRC_LEN = 4 };

// §8.2.3.22.13: MAXFRS counts the CRC, not a VLAN tag; it binds jumbo frames.
static unsigned len_max(const struct vnic *v)
{
	if (!(reg_get(v, NIC_HLREG0) & NIC_HLREG0_JUMBOEN))
		return ETH_MAX;
	return (reg_get(v, NIC_MAXFRS) >> 16) - CRC_LEN;
}

static void count_good(struct vnic *v, const struct frame *f)
{
	unsigned len = f->len + CRC_LEN;

	v->n_rx++;
	stat_add(v, NIC_GPRC, 1);
	stat_add36(v, NIC_GORCL, len);
	stat_size(v, NIC_PRC64, len);
	if (unlikely(f->data[0] & 1)) {
		bool is_all = !memcmp(f->data, "\xff\xff\xff\xff\xff\xff", 6);

		stat_add(v, is_all ? NIC_BPRC : NIC_MPRC, 1);
	}
}

// What the MAC and the L2 filters let through.
static bool accept(struct vnic *v, const struct frame *f)
{
	stat_add(v, NIC_TPR, 1);
	stat_add36(v, NIC_TORL, f->len + CRC_LEN);
	if (unlikely(v->n_crc_wanted)) {
		v->n_crc_wanted--;
		stat_add(v, NIC_CRCERRS, 1);
		return false;
	}
	if (unlikely(f->len > len_max(v) + (f->has_vlan ? 4 : 0))) {
		stat_add(v, NIC_ROC, 1);
		return false;
	}
	if (!filter_accepts(v, f))
		return false;
	count_good(v, f);
	if (unlikely(v->n_missed_wanted)) {
		v->n_missed_wanted--;
		stat_add(v, NIC_MPC(0), 1);
		return false;
	}
	return true;
}

// §7.1.11: checksums of IPv4 and of TCP and UDP over both, reported not judged.
static uint32_t checksum_status(const struct frame *f)
{
	const uint8_t *ip = f->data + f->l3;
	uint32_t status = 0;

	if (f->is_ipv4)
		status |= NIC_RXD_IPCS | (csum_of(ip, (ip[0] & 15) * 4u) ? NIC_RXD_IPE : 0);
	if (f->ptype & NIC_PTYPE_UDP) {
		const uint8_t *sum = f->data + f->l4 + 6;

		if (sum[0] | sum[1])
			status |= NIC_RXD_UDPCS | NIC_RXD_L4I |
				  (csum_finish(frame_l4_sum(f)) ? NIC_RXD_L4E : 0);
	} else if (f->ptype & NIC_PTYPE_TCP) {
		status |= NIC_RXD_L4I | (csum_finish(frame_l4_sum(f)) ? NIC_RXD_L4E : 0);
	}
	return status;
}

// Where a frame goes and what its last descriptor says.
struct place {
	unsigned q;
	uint32_t hash, info, status;
	uint16_t vlan;
	bool is_dropped;
};

static void classify(struct vnic *v, const struct frame *f, struct place *p)
{
	unsigned type;
	int match;

	p->hash = rss_hash(v, f, &type);
	p->q = type ? v->reta[p->hash & 127] : 0;
	p->status = checksum_status(f);
	match = fdir_match(v, f, &p->hash);
	if (unlikely(match != -1)) {
		p->q = (unsigned)match;
		p->is_dropped = match == -2;
		p->status |= NIC_RXD_FLM;
	}
	p->info = f->ptype | type << NIC_RXD_RSS_SHIFT;
}

// §7.4.5: the tag leaves the frame; MAC addresses move up against the rest.
static const uint8_t *strip_tag(const struct frame *f, uint8_t *copy, uint32_t *len)
{
	memcpy(copy, f->data, 12);
	memcpy(copy + 12, f->data + 16, f->len - 16);
	*len = f->len - 4;
	return copy;
}

static uint32_t crc32(const uint8_t *data, uint32_t len)
{
	uint32_t crc = ~0u;

	while (len--) {
		crc ^= *data++;
		for (unsigned i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static const uint8_t *append_crc(const uint8_t *data, uint8_t *copy, uint32_t *len)
{
	uint32_t crc = crc32(data, *len);

	memmove(copy, data, *len);
	memcpy(copy + *len, &crc, CRC_LEN);
	*len += CRC_LEN;
	return copy;
}

static bool write_desc(struct vnic *v, struct queue *queue, uint32_t at, uint64_t lo, uint64_t hi)
{
	uint8_t *to = dma_at(&v->dma, &queue->ring, queue->base + at * 16ull, 16, true);

	if (!to || (uintptr_t)to & 7)
		return false;
	__atomic_store_n((uint64_t *)to, lo, __ATOMIC_RELAXED);
	__atomic_store_n((uint64_t *)(to + 8), hi, __ATOMIC_RELEASE); // DD last
	return true;
}

// §7.1.6.2 advanced, §7.1.5 legacy write-back.
static bool write_back(struct vnic *v, struct queue *queue, uint32_t srrctl, const struct place *p,
		       uint32_t at, uint32_t len, bool is_last)
{
	uint64_t hi = (uint64_t)len << NIC_RXD_LEN_SHIFT | NIC_RXD_DD;
	uint64_t lo = 0;

	if (is_last) {
		hi |= p->status | NIC_RXD_EOP | (uint64_t)p->vlan << NIC_RXD_VLAN_SHIFT;
		lo = p->info | (uint64_t)p->hash << NIC_RXD_HASH_SHIFT;
	}
	if (srrctl & NIC_SRRCTL_DESCTYPE)
		return write_desc(v, queue, at, lo, hi);
	hi = len | (hi & 0x7f) << 32 | (hi & 0xe0000000) << 16 | (uint64_t)p->vlan << 48;
	if (!dma_read(&v->dma, &queue->ring, queue->base + at * 16ull, &lo, 8))
		return false;
	return write_desc(v, queue, at, lo, hi);
}

// One descriptor's share of the frame.
static bool fill(struct vnic *v, struct queue *queue, uint32_t at, const uint8_t *data, uint32_t n)
{
	uint64_t addr;

	return dma_read(&v->dma, &queue->ring, queue->base + at * 16ull, &addr, 8) &&
	       dma_write(&v->dma, &queue->buf, addr, data, n);
}

static void count_queue(struct vnic *v, unsigned q, uint32_t len)
{
	unsigned n;

	if (!v->conf.is_trapped) // these registers lie in doorbell pages: kept at 0
		return;
	n = reg_get(v, NIC_RQSMR(q / 4)) >> (8 * (q % 4)) & 15;
	stat_add(v, NIC_QPRC(n), 1);
	stat_add36(v, NIC_QBRC_L(n), len + CRC_LEN);
}

static void put(struct vnic *v, const struct place *p, const uint8_t *data, uint32_t len)
{
	struct queue *queue = &v->rx[p->q];
	uint32_t srrctl = reg_get(v, NIC_SRRCTL(p->q));
	uint32_t size = (srrctl & NIC_SRRCTL_BSIZEPACKET) * 1024, at = 0;

	count_queue(v, p->q, len);
	while (at < len) {
		uint32_t n = len - at < size ? len - at : size;

		if (unlikely(!fill(v, queue, queue->head, data + at, n)) ||
		    unlikely(!write_back(v, queue, srrctl, p, queue->head, n, at + n == len)))
			v->n_bad_dma++;
		at += n;
		if (++queue->head == queue->size)
			queue->head = 0;
	}
	queue->is_dirty = queue->has_event = true;
}

static void drop_full(struct vnic *v, const struct place *p)
{
	unsigned n = reg_get(v, NIC_RQSMR(p->q / 4)) >> (8 * (p->q % 4)) & 15;

	if (v->conf.is_trapped)
		stat_add(v, NIC_QPRDC(n), 1);
	else
		stat_add(v, NIC_MPC(0), 1); // QPRDC lies in a doorbell page
}

// False: no descriptors now, and the queue does not want it dropped.
static bool deliver(struct vnic *v, const struct frame *f)
{
	struct place p = {0};
	uint8_t copy[VNIC_FRAME_MAX + CRC_LEN];
	const uint8_t *data = f->data;
	uint32_t len = f->len, size, room, srrctl;
	struct queue *queue;

	classify(v, f, &p);
	queue = &v->rx[p.q];
	if (p.is_dropped || !queue->is_on)
		return true;
	srrctl = reg_get(v, NIC_SRRCTL(p.q));
	size = (srrctl & NIC_SRRCTL_BSIZEPACKET) * 1024;
	room = (queue->tail - queue->head + (queue->tail < queue->head ? queue->size : 0)) * size;
	if (unlikely(room < len + CRC_LEN)) {
		if (size && !(srrctl & NIC_SRRCTL_DROP_EN))
			return false;
		drop_full(v, &p);
		return true;
	}
	if (f->has_vlan) {
		p.vlan = f->vlan;
		p.status |= NIC_RXD_VP;
		if (reg_get(v, NIC_RXDCTL(p.q)) & NIC_RXDCTL_VME)
			data = strip_tag(f, copy, &len);
	}
	if (unlikely(!(reg_get(v, NIC_HLREG0) & NIC_HLREG0_RXCRCSTRP)))
		data = append_crc(data, copy, &len);
	put(v, &p, data, len);
	return true;
}

// The packet buffer: length (4 bytes) and frame, each starting at a multiple of
// 4, a length of 0 where the end could not hold the next one.
static bool fifo_put(struct vnic *v, const uint8_t *frame, uint32_t len)
{
	uint32_t need = 4 + ((len + 3) & ~3u), left = FIFO_LEN - v->fifo_tail;
	uint32_t skip = left < need ? left : 0;
	uint32_t cap = reg_get(v, NIC_RXPBSIZE(0)) & 0xffc00;

	if (v->fifo_used + skip + need > (cap < FIFO_LEN ? cap : FIFO_LEN))
		return false;
	if (skip) {
		memset(v->fifo + v->fifo_tail, 0, 4);
		v->fifo_tail = 0;
	}
	memcpy(v->fifo + v->fifo_tail, &len, 4);
	memcpy(v->fifo + v->fifo_tail + 4, frame, len);
	v->fifo_tail = (v->fifo_tail + need) % FIFO_LEN;
	v->fifo_used += skip + need;
	return true;
}

static uint16_t vet(const struct vnic *v)
{
	return reg_get(v, NIC_VLNCTRL) & NIC_VLNCTRL_VET;
}

unsigned rx_drain(struct vnic *v)
{
	unsigned n = 0;

	while (v->fifo_used) {
		struct frame f;
		uint32_t len;

		memcpy(&len, v->fifo + v->fifo_head, 4);
		if (!len) {
			v->fifo_used -= FIFO_LEN - v->fifo_head;
			v->fifo_head = 0;
			continue;
		}
		frame_parse(&f, v->fifo + v->fifo_head + 4, len, vet(v));
		if (!deliver(v, &f))
			break;
		len = 4 + ((len + 3) & ~3u);
		v->fifo_head = (v->fifo_head + len) % FIFO_LEN;
		v->fifo_used -= len;
		n++;
	}
	return n;
}

bool vnic_is_backlogged(const struct vnic *v)
{
	return v->fifo_used > 0;
}

bool vnic_is_ready(const struct vnic *v)
{
	return v->was_up && dma_is_on(v) && (reg_get(v, NIC_RXCTRL) & NIC_RXCTRL_RXEN);
}

void vnic_receive(struct vnic *v, const uint8_t *frame, unsigned len)
{
	uint8_t padded[ETH_MIN];
	struct frame f;

	if (!vnic_is_ready(v) || len < 14 || len > VNIC_FRAME_MAX)
		return;
	if (len < ETH_MIN) { // a real wire has none as short
		memcpy(padded, frame, len);
		memset(padded + len, 0, ETH_MIN - len);
		frame = padded;
		len = ETH_MIN;
	}
	frame_parse(&f, frame, len, vet(v));
	if (!accept(v, &f))
		return;
	if (!v->fifo_used && deliver(v, &f))
		return;
	if (!fifo_put(v, frame, len))
		stat_add(v, NIC_MPC(0), 1);
}
