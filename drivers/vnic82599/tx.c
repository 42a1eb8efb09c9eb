// SPDX-License-Identifier: BSD-3-Clause
// Transmit: descriptors become frames on the wire. Section numbers are those of
// the 82599 datasheet (§7.2).
#include "dataplane/base/csum.h"
#include "drivers/vnic82599/priv.h"

enum { TX_BURST = 64, ETH_MIN = 60, CRC_LEN = 4 };

// A frame gathered from descriptors, in the scratch.
struct job {
	uint8_t *data;
	uint32_t len;
	struct nic_desc first; // POPTS and PAYLEN count only here
	struct tx_ctx ctx;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static void emit(struct vnic *v, const uint8_t *data, uint32_t len)
{
	unsigned size;

	if (len < ETH_MIN || len > VNIC_FRAME_MAX || !v->wire) {
		v->n_bad_desc++;
		return;
	}
	size = len + CRC_LEN;
	v->n_tx++;
	v->credit_bits -= (int64_t)(size + 20) * 8;
	stat_add(v, NIC_GPTC, 1);
	stat_add(v, NIC_TPT, 1);
	stat_add36(v, NIC_GOTCL, size);
	stat_size(v, NIC_PTC64, size);
	if (unlikely(data[0] & 1))
		stat_add(v, memcmp(data, "\xff\xff\xff\xff\xff\xff", 6) ? NIC_MPTC : NIC_BPTC, 1);
	if (likely(v->wire->ops->tx(v->wire, data, len)))
		v->wire->n_tx++;
	else
		v->wire->n_tx_lost++;
}

// §7.2.5.1: the header's own sum.
static void ip_csum(uint8_t *ip, unsigned iplen)
{
	uint16_t sum;

	memset(ip + 10, 0, 2);
	sum = csum_of(ip, iplen);
	memcpy(ip + 10, &sum, 2);
}

static unsigned l4_csum_off(const struct tx_ctx *ctx)
{
	return ctx->l4t == 1 ? 16 : 6;
}

// §7.2.5.2: the field holds the sum of the pseudo header when it comes.
static void l4_csum(uint8_t *l4, uint32_t len, const struct tx_ctx *ctx)
{
	uint16_t sum = csum_of(l4, len);

	if (!sum && ctx->l4t == 0)
		sum = 0xffff; // a UDP sum of 0 means none
	memcpy(l4 + l4_csum_off(ctx), &sum, 2);
}

// Do the lengths of the context lie inside the frame?
static bool ctx_fits(const struct tx_ctx *ctx, uint32_t len, bool has_l4)
{
	uint32_t l4 = (uint32_t)ctx->maclen + ctx->iplen;

	return ctx->maclen >= 14 && ctx->iplen >= 20 && l4 <= len &&
	       (!has_l4 || (ctx->l4t < 2 && l4 + l4_csum_off(ctx) + 2 <= len));
}

static bool checksums(struct job *job)
{
	const struct tx_ctx *ctx = &job->ctx;
	bool has_ip = job->first.hi & NIC_TXD_IXSM && ctx->is_ipv4;
	bool has_l4 = job->first.hi & NIC_TXD_TXSM;
	uint8_t *ip = job->data + ctx->maclen;

	if (!has_ip && !has_l4)
		return true;
	if (!ctx_fits(ctx, job->len, has_l4))
		return false;
	if (has_ip)
		ip_csum(ip, ctx->iplen);
	if (has_l4)
		l4_csum(ip + ctx->iplen, job->len - ctx->maclen - ctx->iplen, ctx);
	return true;
}

// §7.2.4.7: header fields of one segment; seed is the pseudo header's sum that
// the driver left, without a length.
static void patch(uint8_t *frame, const struct tx_ctx *ctx, uint32_t at, uint32_t n, unsigned i,
		  bool is_last)
{
	uint8_t *ip = frame + ctx->maclen, *l4 = ip + ctx->iplen;
	uint32_t l4_len = ctx->l4len + n, seq;
	uint16_t seed, length;

	if (ctx->is_ipv4) {
		put16(ip + 2, ctx->iplen + l4_len);
		put16(ip + 4, get16(ip + 4) + i);
		ip_csum(ip, ctx->iplen);
	} else {
		put16(ip + 4, ctx->iplen - 40 + l4_len);
	}
	if (ctx->l4t == 1) {
		seq = ((uint32_t)get16(l4 + 4) << 16 | get16(l4 + 6)) + at;
		put16(l4 + 4, seq >> 16);
		put16(l4 + 6, seq);
		if (!is_last)
			l4[13] &= (uint8_t)~0x09; // FIN and PSH belong to the last
		if (i)
			l4[13] &= 0x7f; // CWR to the first
	} else {
		put16(l4 + 4, l4_len);
	}
	memcpy(&seed, l4 + l4_csum_off(ctx), 2);
	put16((uint8_t *)&length, l4_len);
	seed = csum_fold((uint64_t)seed + length);
	memcpy(l4 + l4_csum_off(ctx), &seed, 2);
	l4_csum(l4, l4_len, ctx);
}

// §7.2.4: one large TCP segment becomes many of MSS bytes.
static bool segment(struct vnic *v, struct job *job)
{
	const struct tx_ctx *ctx = &job->ctx;
	uint32_t hdr = (uint32_t)ctx->maclen + ctx->iplen + ctx->l4len, at = 0;
	uint8_t *out = v->segment;

	if (!ctx_fits(ctx, job->len, true) || ctx->l4len < (ctx->l4t == 1 ? 20 : 8) ||
	    hdr >= job->len || !ctx->mss || hdr + ctx->mss > VNIC_FRAME_MAX ||
	    (!ctx->is_ipv4 && ctx->iplen < 40))
		return false;
	for (unsigned i = 0; hdr + at < job->len; i++) {
		uint32_t left = job->len - hdr - at, n = left < ctx->mss ? left : ctx->mss;
		uint32_t len = hdr + n;

		memcpy(out, job->data, hdr);
		memcpy(out + hdr, job->data + hdr + at, n);
		patch(out, ctx, at, n, i, n == left);
		if (len < ETH_MIN) {
			memset(out + len, 0, ETH_MIN - len);
			len = ETH_MIN;
		}
		emit(v, out, len);
		at += n;
	}
	return true;
}

// §7.4.4: the tag goes in behind the addresses, from the context descriptor or,
// in a legacy one, from itself.
static void insert_tag(struct vnic *v, struct job *job, uint16_t tag)
{
	job->data -= 4;
	job->len += 4;
	memmove(job->data, job->data + 4, 12);
	put16(job->data + 12, reg_get(v, NIC_VLNCTRL) & NIC_VLNCTRL_VET);
	put16(job->data + 14, tag);
	job->ctx.maclen = (uint16_t)(job->ctx.maclen + 4);
}

static bool send_advanced(struct vnic *v, struct job *job)
{
	if (job->first.hi & NIC_TXD_VLE)
		insert_tag(v, job, job->ctx.vlan);
	if (job->first.hi & NIC_TXD_TSE)
		return segment(v, job);
	return checksums(job);
}

static void send_frame(struct vnic *v, struct job *job)
{
	bool is_legacy = !(job->first.hi & NIC_TXD_DEXT);

	if (job->len < 14)
		goto bad;
	if (is_legacy) {
		if (job->first.hi & NIC_TXD_VLE)
			insert_tag(v, job, (uint16_t)(job->first.hi >> 48));
	} else if (!send_advanced(v, job)) {
		goto bad;
	} else if (job->first.hi & NIC_TXD_TSE) {
		return;
	}
	if (job->len < ETH_MIN && (reg_get(v, NIC_HLREG0) & NIC_HLREG0_TXPADEN)) {
		memset(job->data + job->len, 0, ETH_MIN - job->len);
		job->len = ETH_MIN;
	}
	emit(v, job->data, job->len);
	return;
bad:
	v->n_bad_desc++;
}

static bool desc_read(struct vnic *v, struct queue *queue, uint32_t at, struct nic_desc *desc)
{
	if (dma_read(&v->dma, &queue->ring, queue->base + at * 16ull, desc, sizeof(*desc)))
		return true;
	v->n_bad_dma++;
	return false;
}

static void ctx_set(struct queue *queue, const struct nic_desc *desc)
{
	struct tx_ctx *ctx = &queue->ctx[desc->hi >> NIC_TXC_IDX_SHIFT & 1];

	ctx->iplen = desc->lo & 0x1ff;
	ctx->maclen = desc->lo >> NIC_TXC_MACLEN_SHIFT & 0x7f;
	ctx->vlan = (uint16_t)(desc->lo >> NIC_TXC_VLAN_SHIFT);
	ctx->is_ipv4 = desc->hi & NIC_TXC_IPV4;
	ctx->l4t = desc->hi >> NIC_TXC_L4T_SHIFT & 3;
	ctx->l4len = desc->hi >> NIC_TXC_L4LEN_SHIFT & 0xff;
	ctx->mss = (uint16_t)(desc->hi >> NIC_TXC_MSS_SHIFT);
}

// The head, where §7.2.3.5.2 wants it: in memory, or DD in the descriptor.
static void write_back(struct vnic *v, struct queue *queue, unsigned q, uint32_t at,
		       const struct nic_desc *desc)
{
	uint32_t wb = reg_get(v, NIC_TDWBAL(q));
	uint64_t hi = desc->hi | NIC_TXD_DD, addr;

	if (!(desc->hi & NIC_TXD_RS) || v->is_dd_stuck)
		return;
	queue->has_event = true;
	if (wb & NIC_TDWBAL_HEAD_WB_EN) {
		uint32_t head = (at + 1) % queue->size;

		addr = (uint64_t)reg_get(v, NIC_TDWBAH(q)) << 32 | (wb & ~3u);
		if (!dma_write(&v->dma, &v->head_wb, addr, &head, 4))
			v->n_bad_dma++;
		return;
	}
	if (desc->hi & NIC_TXD_DEXT)
		hi = NIC_TXD_DD;
	addr = queue->base + at * 16ull + 8;
	if (!dma_write(&v->dma, &queue->ring, addr, &hi, sizeof(hi)))
		v->n_bad_dma++;
}

static void write_back_all(struct vnic *v, struct queue *queue, unsigned q,
			   const struct nic_desc *first, uint32_t to)
{
	queue->is_dirty = true;
	write_back(v, queue, q, queue->head, first);
	if (++queue->head == queue->size)
		queue->head = 0;
	while (queue->head != to) {
		struct nic_desc desc;

		if (desc_read(v, queue, queue->head, &desc))
			write_back(v, queue, q, queue->head, &desc);
		if (++queue->head == queue->size)
			queue->head = 0;
	}
}

// Appends buffers from head on until the one with EOP. Returns the descriptor
// behind it; queue->head: the frame is not complete yet, or never will be.
static uint32_t gather(struct vnic *v, struct queue *queue, struct nic_desc desc, struct job *job)
{
	uint32_t at = queue->head;

	for (unsigned i = 0; i < TX_DESCS; i++) {
		uint32_t n = desc.hi & NIC_TXD_DTALEN, room = TX_SCRATCH - job->len;

		if (n > room)
			n = room;
		if (unlikely(!dma_read(&v->dma, &queue->buf, desc.lo, job->data + job->len, n))) {
			v->n_bad_dma++;
			memset(job->data + job->len, 0, n); // never what was there before
		}
		job->len += n;
		if (++at == queue->size)
			at = 0;
		if (desc.hi & NIC_TXD_EOP)
			return at;
		if (at == queue->tail || !desc_read(v, queue, at, &desc))
			break;
	}
	return queue->head;
}

static void count_queue(struct vnic *v, unsigned q, uint32_t len)
{
	unsigned n = reg_get(v, NIC_TQSM(q / 4)) >> (8 * (q % 4)) & 15;

	stat_add(v, NIC_QPTC(n), 1);
	stat_add36(v, NIC_QBTC_L(n), len + CRC_LEN);
}

// One frame or context. False: nothing more to do now.
static bool step(struct vnic *v, struct queue *queue, unsigned q)
{
	struct job job = {.data = v->scratch + TX_ROOM};
	struct nic_desc desc;
	uint32_t next;

	if (queue->head == queue->tail || v->credit_bits < 0 ||
	    !desc_read(v, queue, queue->head, &desc))
		return false;
	if ((desc.hi & NIC_TXD_DEXT) && (desc.hi & NIC_TXD_DTYP) == NIC_TXD_DTYP_CTXT) {
		ctx_set(queue, &desc);
		next = queue->head + 1 == queue->size ? 0 : queue->head + 1;
		write_back_all(v, queue, q, &desc, next);
		return true;
	}
	job.first = desc;
	job.ctx = queue->ctx[desc.hi >> NIC_TXD_IDX_SHIFT & 1];
	next = gather(v, queue, desc, &job);
	if (next == queue->head)
		return false;
	count_queue(v, q, job.len);
	send_frame(v, &job);
	write_back_all(v, queue, q, &desc, next);
	return true;
}

// A slow link: bits that may leave, and a little to save up.
static void credit(struct vnic *v)
{
	uint64_t ns = v->now_ns - v->credit_ns;

	v->credit_ns = v->now_ns;
	if (!v->rate_bit_s) {
		v->credit_bits = INT32_MAX;
		return;
	}
	if (ns > 1000000)
		ns = 1000000;
	v->credit_bits += (int64_t)(v->rate_bit_s * ns / 1000000000);
	if (v->credit_bits > (int64_t)(v->rate_bit_s / 1000 + 12000))
		v->credit_bits = (int64_t)(v->rate_bit_s / 1000 + 12000);
}

unsigned tx_run(struct vnic *v)
{
	unsigned n = 0;

	credit(v);
	if (!(reg_get(v, NIC_DMATXCTL) & NIC_DMATXCTL_TE) || !v->was_up)
		return 0;
	for (unsigned i = 0; i < v->n_tx_on; i++) {
		unsigned q = v->tx_on[i];

		for (unsigned k = 0; k < TX_BURST && step(v, &v->tx[q], q); k++)
			n++;
	}
	return n;
}
