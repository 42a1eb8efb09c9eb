// SPDX-License-Identifier: BSD-3-Clause
// vfio-user messages: bytes in, bytes out. Every length and offset is the
// client's word and is checked before use.
#include "drivers/vnic82599/vfu_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	CMD_VERSION = 1,
	CMD_DMA_MAP,
	CMD_DMA_UNMAP,
	CMD_GET_INFO,
	CMD_GET_REGION_INFO,
	CMD_GET_IRQ_INFO = 7,
	CMD_SET_IRQS,
	CMD_REGION_READ,
	CMD_REGION_WRITE,
	CMD_RESET = 13,
};
enum { REGION_BAR0 = 0, REGION_BAR2 = 2, REGION_BAR4 = 4, REGION_CONFIG = 7, N_REGIONS = 9 };
enum { IRQ_INTX, IRQ_MSI, IRQ_MSIX };
enum { DMA_READ = 1, DMA_WRITE = 2, UNMAP_DIRTY = 1, UNMAP_ALL = 2 };
enum { INFO_READ = 1, INFO_WRITE = 2, INFO_MMAP = 4, INFO_CAPS = 8 };
enum {
	DATA_NONE = 1,
	DATA_BOOL = 2,
	DATA_EVENTFD = 4,
	DATA = 7,
	ACTION_MASK = 8,
	ACTION_UNMASK = 16,
	ACTION_TRIGGER = 32,
	ACTION = 56,
};

#define body_as(type, msg)                                                                         \
	((msg)->len >= sizeof(type) ? (const type *)(const void *)(msg)->body : NULL)

static void answer(struct vfu_message *msg, const void *data, uint32_t len)
{
	memcpy(msg->out + msg->out_len, data, len);
	msg->out_len += len;
}

struct version {
	uint16_t major, minor;
};

// No longer than what was asked with: QEMU has no more room.
static int on_version(struct vfu *vfu, struct vfu_message *msg)
{
	const struct version *in = body_as(struct version, msg);
	struct version out = {0, 1};
	char json[96];
	int len = snprintf(json, sizeof(json),
			   "{\"capabilities\":{\"max_msg_fds\":%d,\"max_data_xfer_size\":%d}}",
			   VFU_FDS_MAX, VFU_DATA_MAX);

	if (!in || in->major != 0)
		return -EINVAL;
	out.minor = in->minor < 1 ? in->minor : 1;
	vfu->is_versioned = true;
	answer(msg, &out, sizeof(out));
	if (sizeof(out) + (unsigned)len + 1 <= msg->len)
		answer(msg, json, (uint32_t)len + 1);
	return 0;
}

struct dma_map {
	uint32_t argsz, flags;
	uint64_t fd_off, iova, size;
};

static int on_dma_map(struct vfu *vfu, struct vfu_message *msg)
{
	const struct dma_map *in = body_as(struct dma_map, msg);
	struct vnic_dma_conf conf = {.fd = -1};

	if (!in || in->argsz < sizeof(*in) || msg->n_fds > 1 ||
	    (in->flags & ~(DMA_READ | DMA_WRITE)))
		return -EINVAL;
	conf.iova = in->iova;
	conf.len = in->size;
	conf.fd_off = in->fd_off;
	conf.can_read = in->flags & DMA_READ;
	conf.can_write = in->flags & DMA_WRITE;
	if (msg->n_fds)
		conf.fd = msg->fds[0];
	return vnic_dma_add(vfu->nic, &conf);
}

struct dma_unmap {
	uint32_t argsz, flags;
	uint64_t iova, size;
};

// Ranges that were never mapped are no error: IOMMUs unmap whole windows.
static int on_dma_unmap(struct vfu *vfu, struct vfu_message *msg)
{
	const struct dma_unmap *in = body_as(struct dma_unmap, msg);

	if (!in || in->argsz < sizeof(*in) || (in->flags & ~UNMAP_ALL))
		return -EINVAL;
	if (in->flags & UNMAP_ALL)
		vnic_dma_clear(vfu->nic);
	else
		(void)vnic_dma_del(vfu->nic, in->iova, in->size);
	answer(msg, in, sizeof(*in));
	return 0;
}

struct info {
	uint32_t argsz, flags, n_regions, n_irqs;
};

static int on_get_info(struct vfu *vfu, struct vfu_message *msg)
{
	const struct info *in = body_as(struct info, msg);
	struct info out = {sizeof(out), 3, N_REGIONS, VFU_N_IRQS}; // PCI, resettable

	(void)vfu;
	if (!in || in->argsz < sizeof(out))
		return -EINVAL;
	answer(msg, &out, sizeof(out));
	return 0;
}

static uint32_t region_len(uint32_t index)
{
	static const uint32_t len[N_REGIONS] = {[REGION_BAR0] = VNIC_BAR0_LEN,
						[REGION_BAR2] = 32,
						[REGION_BAR4] = VNIC_BAR4_LEN,
						[REGION_CONFIG] = VNIC_CFG_LEN};

	return index < N_REGIONS ? len[index] : 0;
}

struct region_info {
	uint32_t argsz, flags, index, cap_off;
	uint64_t size, off;
};
struct sparse_areas {
	uint16_t id, version;
	uint32_t next, n, reserved;
	struct {
		uint64_t off, size;
	} area[3];
};

// The doorbell pages, and the file they are in, for who asks with room for it.
static void answer_sparse(struct vfu *vfu, struct vfu_message *msg, uint32_t argsz,
			  struct region_info *out)
{
	struct sparse_areas areas = {.id = 1, .version = 1, .n = 3};

	out->argsz = sizeof(*out) + sizeof(areas);
	out->flags |= INFO_MMAP | INFO_CAPS;
	out->cap_off = sizeof(*out);
	answer(msg, out, sizeof(*out));
	if (argsz < out->argsz)
		return;
	for (unsigned i = 0; i < 3; i++) {
		areas.area[i].off = vnic_doorbell_pages[i];
		areas.area[i].size = 4096;
	}
	answer(msg, &areas, sizeof(areas));
	msg->out_fd = vnic_bar_fd(vfu->nic);
}

static int on_get_region_info(struct vfu *vfu, struct vfu_message *msg)
{
	const struct region_info *in = body_as(struct region_info, msg);
	struct region_info out = {.argsz = sizeof(out)};

	if (!in || in->argsz < sizeof(out) || in->index >= N_REGIONS)
		return -EINVAL;
	out.index = in->index;
	out.size = region_len(in->index);
	out.flags = out.size ? INFO_READ | INFO_WRITE : 0;
	if (in->index == REGION_BAR0 && vnic_bar_fd(vfu->nic) >= 0)
		answer_sparse(vfu, msg, in->argsz, &out);
	else
		answer(msg, &out, sizeof(out));
	return 0;
}

struct irq_info {
	uint32_t argsz, flags, index, count;
};

static int on_get_irq_info(struct vfu *vfu, struct vfu_message *msg)
{
	const struct irq_info *in = body_as(struct irq_info, msg);
	struct irq_info out = {.argsz = sizeof(out)};

	if (!in || in->argsz < sizeof(out) || in->index >= VFU_N_IRQS)
		return -EINVAL;
	out.index = in->index;
	out.count = vfu->irq[in->index].n;
	out.flags = in->index == IRQ_INTX ? 7 : in->index == IRQ_MSIX ? 1 : 9;
	answer(msg, &out, sizeof(out));
	return 0;
}

// ---- interrupts

void vfu_irqs_init(struct vfu *vfu)
{
	static const unsigned n[VFU_N_IRQS] = {1, 1, VNIC_VECTORS, 1, 1};

	for (unsigned i = 0; i < VFU_N_IRQS; i++) {
		vfu->irq[i] = (struct vfu_irq){.n = n[i]};
		memset(vfu->irq[i].fds, -1, sizeof(vfu->irq[i].fds));
	}
}

static void irq_clear(struct vfu_irq *irq)
{
	for (unsigned i = 0; i < irq->n; i++) {
		if (irq->fds[i] >= 0)
			close(irq->fds[i]);
		irq->fds[i] = -1;
	}
	irq->is_on = false;
}

void vfu_irqs_clear(struct vfu *vfu)
{
	for (unsigned i = 0; i < VFU_N_IRQS; i++)
		irq_clear(&vfu->irq[i]);
}

static void fire(const struct vfu_irq *irq, unsigned vector)
{
	uint64_t one = 1;

	// A full eventfd has news already.
	if (vector < irq->n && irq->fds[vector] >= 0 &&
	    write(irq->fds[vector], &one, sizeof(one)) < 0)
		return;
}

void vfu_irq(void *arg, unsigned vector)
{
	struct vfu *vfu = arg;

	for (unsigned i = IRQ_MSIX + 1; i-- > IRQ_INTX;)
		if (vfu->irq[i].is_on) {
			if (i != IRQ_INTX || !vnic_intx_is_off(vfu->nic))
				fire(&vfu->irq[i], vector);
			return;
		}
}

struct set_irqs {
	uint32_t argsz, flags, index, start, count;
};

// Eventfds for vectors from start on; none at all disarms them.
static int set_eventfds(struct vfu_irq *irq, const struct set_irqs *in, struct vfu_message *msg)
{
	if (msg->n_fds && msg->n_fds != in->count)
		return -EINVAL;
	for (unsigned i = 0; i < in->count; i++) {
		int *fd = &irq->fds[in->start + i];

		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		if (!msg->n_fds)
			continue;
		*fd = msg->fds[i];
		msg->fds[i] = -1;
		(void)fcntl(*fd, F_SETFL, O_NONBLOCK); // whatever it is, it must not hold us up
	}
	irq->is_on = true;
	return 0;
}

static int trigger(struct vfu *vfu, const struct set_irqs *in, struct vfu_message *msg)
{
	struct vfu_irq *irq = &vfu->irq[in->index];
	const uint8_t *flags = msg->body + sizeof(*in);

	switch (in->flags & DATA) {
	case DATA_EVENTFD:
		return set_eventfds(irq, in, msg);
	case DATA_NONE:
		if (!in->count)
			irq_clear(irq);
		for (unsigned i = 0; i < in->count; i++)
			fire(irq, in->start + i);
		return 0;
	case DATA_BOOL:
		if (msg->len - sizeof(*in) < in->count)
			return -EINVAL;
		for (unsigned i = 0; i < in->count; i++)
			if (flags[i])
				fire(irq, in->start + i);
		return 0;
	default:
		return -EINVAL;
	}
}

static int on_set_irqs(struct vfu *vfu, struct vfu_message *msg)
{
	const struct set_irqs *in = body_as(struct set_irqs, msg);

	if (!in || in->argsz < sizeof(*in) || in->index >= VFU_N_IRQS ||
	    in->start > vfu->irq[in->index].n || in->count > vfu->irq[in->index].n - in->start)
		return -EINVAL;
	switch (in->flags & ACTION) {
	case ACTION_TRIGGER:
		return trigger(vfu, in, msg);
	case ACTION_UNMASK: // INTx is masked by its delivery
		vnic_irq_unmask(vfu->nic);
		return 0;
	case ACTION_MASK:
		return 0;
	default:
		return -EINVAL;
	}
}

// ---- regions

struct access {
	uint64_t off;
	uint32_t region, count;
};

static int access_check(const struct vfu_message *msg, const struct access *in)
{
	uint32_t len;

	if (msg->len < sizeof(*in))
		return -EINVAL;
	len = region_len(in->region);
	if (in->count > VFU_DATA_MAX || in->off > len || in->count > len - in->off)
		return -EINVAL;
	return 0;
}

// 82599 §8.1.1.3: IOADDR chooses, IODATA is that register.
static void io_read(struct vfu *vfu, uint32_t off, uint8_t *to, uint32_t len)
{
	uint32_t window[8] = {vfu->io_addr, vnic_read(vfu->nic, vfu->io_addr)};

	memcpy(to, (uint8_t *)window + off, len);
}

static void io_write(struct vfu *vfu, uint32_t off, const uint8_t *from, uint32_t len)
{
	uint32_t value;

	if (len != 4)
		return;
	memcpy(&value, from, 4);
	if (off == 0)
		vfu->io_addr = value;
	else if (off == 4)
		vnic_write(vfu->nic, vfu->io_addr, value);
}

static int on_region_read(struct vfu *vfu, struct vfu_message *msg)
{
	const struct access *in = (const struct access *)(const void *)msg->body;
	int ret = access_check(msg, in);
	uint32_t off = (uint32_t)in->off;
	uint8_t *to;

	if (ret < 0)
		return ret;
	answer(msg, in, sizeof(*in));
	to = msg->out + msg->out_len;
	msg->out_len += in->count;
	switch (in->region) {
	case REGION_BAR0:
		vnic_bar_read(vfu->nic, off, to, in->count);
		break;
	case REGION_BAR2:
		io_read(vfu, off, to, in->count);
		break;
	case REGION_BAR4:
		memcpy(to, vfu->bar4 + off, in->count);
		break;
	default:
		vnic_cfg_read(vfu->nic, off, to, in->count);
		break;
	}
	return 0;
}

static int on_region_write(struct vfu *vfu, struct vfu_message *msg)
{
	const struct access *in = (const struct access *)(const void *)msg->body;
	const uint8_t *from = msg->body + sizeof(*in);
	int ret = access_check(msg, in);
	uint32_t off = (uint32_t)in->off;

	if (ret < 0)
		return ret;
	if (msg->len - sizeof(*in) < in->count)
		return -EINVAL;
	answer(msg, in, sizeof(*in));
	switch (in->region) {
	case REGION_BAR0:
		vnic_bar_write(vfu->nic, off, from, in->count);
		break;
	case REGION_BAR2:
		io_write(vfu, off, from, in->count);
		break;
	case REGION_BAR4:
		memcpy(vfu->bar4 + off, from, in->count);
		break;
	default:
		vnic_cfg_write(vfu->nic, off, from, in->count);
		break;
	}
	return 0;
}

static int on_reset(struct vfu *vfu, struct vfu_message *msg)
{
	(void)msg;
	vnic_reset(vfu->nic);
	return 0;
}

int vfu_handle(struct vfu *vfu, struct vfu_message *msg)
{
	static int (*const handlers[])(struct vfu *, struct vfu_message *) = {
		[CMD_VERSION] = on_version,
		[CMD_DMA_MAP] = on_dma_map,
		[CMD_DMA_UNMAP] = on_dma_unmap,
		[CMD_GET_INFO] = on_get_info,
		[CMD_GET_REGION_INFO] = on_get_region_info,
		[CMD_GET_IRQ_INFO] = on_get_irq_info,
		[CMD_SET_IRQS] = on_set_irqs,
		[CMD_REGION_READ] = on_region_read,
		[CMD_REGION_WRITE] = on_region_write,
		[CMD_RESET] = on_reset,
	};
	unsigned cmd = msg->header.cmd;

	msg->out_len = 0;
	msg->out_fd = -1;
	if (cmd >= ARRAY_LEN(handlers) || !handlers[cmd])
		return -ENOTSUP;
	if (!vfu->is_versioned && cmd != CMD_VERSION)
		return -EPROTO;
	return handlers[cmd](vfu, msg);
}
