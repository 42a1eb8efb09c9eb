// SPDX-License-Identifier: BSD-3-Clause
// Descriptor rings switched on and off, tails read and heads told.
//
// Ring registers may lie in pages that the client writes without our knowing,
// so they are looked at: those of queues that are on once a step, those of the
// others in turn, a few a step.
#include "drivers/vnic82599/priv.h"

enum { SCAN = 16 };

static void list_del(uint8_t *list, unsigned *n, unsigned q)
{
	for (unsigned i = 0; i < *n; i++)
		if (list[i] == q) {
			memmove(list + i, list + i + 1, *n - i - 1);
			(*n)--;
			return;
		}
}

static void switch_on(struct vnic *v, struct queue *queue, uint32_t reg)
{
	uint32_t len = reg_get(v, reg + 8) & 0xfff80;

	if (!len)
		return;
	queue->base = (uint64_t)reg_get(v, reg + 4) << 32 | (reg_get(v, reg) & ~127u);
	queue->size = len / sizeof(struct nic_desc);
	queue->head = reg_get(v, reg + 0x10) % queue->size;
	queue->is_on = true;
	queue->is_dirty = queue->has_event = false;
	memset(queue->ctx, 0, sizeof(queue->ctx));
}

void queue_sync(struct vnic *v, unsigned q, bool is_tx)
{
	struct queue *queue = is_tx ? &v->tx[q] : &v->rx[q];
	uint32_t reg = is_tx ? NIC_TX_QUEUE(q) : NIC_RX_QUEUE(q);
	bool wanted = reg_get(v, reg + 0x28) & NIC_RXDCTL_ENABLE;
	uint32_t tail;

	if (wanted != queue->is_on) {
		uint8_t *list = is_tx ? v->tx_on : v->rx_on;
		unsigned *n = is_tx ? &v->n_tx_on : &v->n_rx_on;

		if (queue->is_on) {
			queue->is_on = false;
			list_del(list, n, q);
		} else {
			switch_on(v, queue, reg);
			if (queue->is_on)
				list[(*n)++] = (uint8_t)q;
		}
	}
	if (!queue->is_on)
		return;
	tail = __atomic_load_n(&v->page[reg >> 12][(reg & 0xfff) / 4 + 6], __ATOMIC_ACQUIRE);
	queue->tail = tail < queue->size ? tail : queue->head; // out of range: nothing to do
}

void queues_sync(struct vnic *v)
{
	// From the end: a queue that goes off leaves the list.
	for (unsigned i = v->n_rx_on; i-- > 0;)
		queue_sync(v, v->rx_on[i], false);
	for (unsigned i = v->n_tx_on; i-- > 0;)
		queue_sync(v, v->tx_on[i], true);
	if (v->conf.is_trapped)
		return;
	for (unsigned i = 0; i < SCAN; i++) {
		unsigned q = v->scan++ % (2 * N_QUEUES);

		if (!(q < N_QUEUES ? v->rx : v->tx)[q % N_QUEUES].is_on)
			queue_sync(v, q % N_QUEUES, q >= N_QUEUES);
	}
}

static void flush(struct vnic *v, unsigned q, bool is_tx)
{
	struct queue *queue = is_tx ? &v->tx[q] : &v->rx[q];

	if (!queue->is_dirty)
		return;
	reg_set(v, (is_tx ? NIC_TX_QUEUE(q) : NIC_RX_QUEUE(q)) + 0x10, queue->head);
	if (queue->has_event)
		irq_queue(v, q, is_tx);
	queue->is_dirty = queue->has_event = false;
}

void queues_flush(struct vnic *v)
{
	for (unsigned i = 0; i < v->n_rx_on; i++)
		flush(v, v->rx_on[i], false);
	for (unsigned i = 0; i < v->n_tx_on; i++)
		flush(v, v->tx_on[i], true);
}
