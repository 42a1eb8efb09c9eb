// SPDX-License-Identifier: BSD-3-Clause
// Interrupts. Section numbers are those of the 82599 datasheet: §8.2.3.5
// registers, §7.3 what they do.
//
// A cause is pending until it is cleared; it is sent when it becomes pending or
// its mask is opened, no sooner than its vector's interval allows.
#include "drivers/vnic82599/priv.h"

static bool is_msix(const struct vnic *v)
{
	return reg_get(v, NIC_GPIE) & NIC_GPIE_MULTIPLE_MSIX;
}

void irq_reset(struct vnic *v)
{
	v->q_pending = v->q_mask = v->q_sent = 0;
	v->other_pending = v->other_mask = 0;
	v->other_sent = false;
	memset(v->next_ns, 0, sizeof(v->next_ns));
	v->due_ns = UINT64_MAX;
}

static void cause(struct vnic *v, uint64_t queues, uint32_t other)
{
	v->q_pending |= queues;
	v->q_sent &= ~queues;
	v->other_pending |= other;
	if (other)
		v->other_sent = false;
	v->due_ns = 0;
}

void irq_queue(struct vnic *v, unsigned q, bool is_tx)
{
	unsigned entry = reg_get(v, NIC_IVAR(q / 2)) >> (8 * (2 * (q & 1) + is_tx)) & 0xff;

	if (!(entry & NIC_IVAR_ALLOC_VAL))
		return;
	cause(v, 1ull << (entry & (is_msix(v) ? NIC_IVAR_ALLOC : 15)), 0);
}

void irq_other(struct vnic *v, uint32_t bits)
{
	cause(v, 0, bits);
}

void vnic_irq_unmask(struct vnic *v)
{
	v->q_sent = 0;
	v->other_sent = false;
	v->due_ns = 0;
}

bool irq_level(const struct vnic *v)
{
	return (v->q_pending & v->q_mask & NIC_EICR_RTXQ) || (v->other_pending & v->other_mask);
}

static void mask_open(struct vnic *v, uint64_t queues, uint32_t other)
{
	v->q_sent &= ~(queues & ~v->q_mask);
	if (other & ~v->other_mask)
		v->other_sent = false;
	v->q_mask |= queues;
	v->other_mask |= other;
	v->due_ns = 0;
}

static uint64_t eiam_ex(const struct vnic *v)
{
	uint64_t low = reg_get(v, NIC_EIAM_EX(0)) | (reg_get(v, NIC_EIAM) & NIC_EICR_RTXQ);

	return low | (uint64_t)reg_get(v, NIC_EIAM_EX(1)) << 32;
}

// §7.3.1.3: reading or writing EICR closes the mask of EIAM's bits, unless
// sending does that (GPIE.EIAME).
static void mask_on_access(struct vnic *v)
{
	if (reg_get(v, NIC_GPIE) & NIC_GPIE_EIAME)
		return;
	v->q_mask &= ~(uint64_t)(reg_get(v, NIC_EIAM) & NIC_EICR_RTXQ);
	v->other_mask &= ~reg_get(v, NIC_EIAM);
}

static uint32_t eicr(const struct vnic *v)
{
	return v->other_pending | (uint32_t)(v->q_pending & NIC_EICR_RTXQ);
}

// §7.3.1.2: with other clear disable set, reading clears the other causes only.
static uint32_t eicr_read(struct vnic *v)
{
	uint32_t value = eicr(v);

	v->other_pending = 0;
	if (!(reg_get(v, NIC_GPIE) & NIC_GPIE_OCD))
		v->q_pending &= ~(uint64_t)NIC_EICR_RTXQ;
	mask_on_access(v);
	return value;
}

static void eicr_write(struct vnic *v, uint32_t value)
{
	v->q_pending &= ~(uint64_t)(value & NIC_EICR_RTXQ);
	v->other_pending &= ~value;
	mask_on_access(v);
}

bool irq_reg_read(struct vnic *v, uint32_t off, uint32_t *value)
{
	switch (off) {
	case NIC_EICR:
		*value = eicr_read(v);
		return true;
	case NIC_EICS: // Linux reads causes here, without clearing them
		*value = eicr(v);
		return true;
	case NIC_EIMS:
	case NIC_EIMC:
		*value = v->other_mask | (uint32_t)(v->q_mask & NIC_EICR_RTXQ);
		return true;
	case NIC_EICS_EX(0):
	case NIC_EICS_EX(1):
		*value = (uint32_t)(v->q_pending >> 8 * (off - NIC_EICS_EX(0)));
		return true;
	case NIC_EIMS_EX(0):
	case NIC_EIMC_EX(0):
		*value = (uint32_t)v->q_mask;
		return true;
	case NIC_EIMS_EX(1):
	case NIC_EIMC_EX(1):
		*value = (uint32_t)(v->q_mask >> 32);
		return true;
	default:
		return false;
	}
}

bool irq_reg_write(struct vnic *v, uint32_t off, uint32_t value)
{
	uint64_t queues = value & NIC_EICR_RTXQ;
	uint32_t other = value & ~(NIC_EICR_RTXQ | NIC_EICR_OTHER);

	switch (off) {
	case NIC_EICR:
		eicr_write(v, value);
		return true;
	case NIC_EICS:
		cause(v, queues, other);
		return true;
	case NIC_EIMS:
		mask_open(v, queues, other);
		return true;
	case NIC_EIMC:
		v->q_mask &= ~queues;
		v->other_mask &= ~other;
		return true;
	case NIC_EICS_EX(0):
	case NIC_EICS_EX(1):
		cause(v, (uint64_t)value << 8 * (off - NIC_EICS_EX(0)), 0);
		return true;
	case NIC_EIMS_EX(0):
	case NIC_EIMS_EX(1):
		mask_open(v, (uint64_t)value << 8 * (off - NIC_EIMS_EX(0)), 0);
		return true;
	case NIC_EIMC_EX(0):
	case NIC_EIMC_EX(1):
		v->q_mask &= ~((uint64_t)value << 8 * (off - NIC_EIMC_EX(0)));
		return true;
	default:
		return false;
	}
}

// §7.3.2.1: an interval in units of 2.048 us, in bits 11:3. False: too early.
static bool send(struct vnic *v, unsigned vector)
{
	uint64_t interval_ns = (uint64_t)(reg_get(v, NIC_EITR(vector)) & NIC_EITR_ITR_INT) * 256;

	if (v->now_ns < v->next_ns[vector]) {
		if (v->next_ns[vector] < v->due_ns)
			v->due_ns = v->next_ns[vector];
		return false;
	}
	v->next_ns[vector] = v->now_ns + interval_ns;
	v->n_irq++;
	if (v->conf.irq)
		v->conf.irq(v->conf.irq_arg, vector);
	return true;
}

// §7.3.1.4, §7.3.1.3: what was sent clears itself (EIAC; vectors above 15
// always) and closes its mask (EIAM).
static void fire_vector(struct vnic *v, unsigned vector)
{
	uint64_t bit = 1ull << vector;

	if (!send(v, vector))
		return;
	v->q_sent |= bit;
	if (vector >= 16 || (reg_get(v, NIC_EIAC) & bit))
		v->q_pending &= ~bit;
	if (reg_get(v, NIC_GPIE) & NIC_GPIE_EIAME)
		v->q_mask &= ~(bit & eiam_ex(v));
}

static void fire_other(struct vnic *v)
{
	uint32_t misc = reg_get(v, NIC_IVAR_MISC) >> 8;

	if (!(misc & NIC_IVAR_ALLOC_VAL) || !send(v, misc & NIC_IVAR_ALLOC))
		return;
	v->other_sent = true;
	v->other_pending &= ~reg_get(v, NIC_EIAC);
	if (reg_get(v, NIC_GPIE) & NIC_GPIE_EIAME)
		v->other_mask &= ~reg_get(v, NIC_EIAM);
}

// MSI and INTx, and MSI-X of drivers that use one vector: all through vector 0.
static void fire_single(struct vnic *v, uint64_t ready, uint32_t other)
{
	if ((!ready && !other) || !send(v, 0))
		return;
	v->q_sent |= ready;
	v->other_sent = true;
}

void irq_fire(struct vnic *v)
{
	uint64_t ready;
	uint32_t other;

	if (v->now_ns < v->due_ns)
		return;
	v->due_ns = UINT64_MAX;
	ready = v->q_pending & v->q_mask & ~v->q_sent;
	other = v->other_sent ? 0 : v->other_pending & v->other_mask;
	if (!is_msix(v)) {
		fire_single(v, ready & NIC_EICR_RTXQ, other);
		return;
	}
	if (other)
		fire_other(v);
	for (; ready; ready &= ready - 1)
		fire_vector(v, (unsigned)__builtin_ctzll(ready));
}

uint64_t vnic_due_ns(const struct vnic *v)
{
	return v->due_ns;
}
