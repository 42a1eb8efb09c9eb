// SPDX-License-Identifier: BSD-3-Clause
// vnic82599: a software model of the Intel 82599, registers to wire.
//
// A struct vnic is one port of the card: PCI configuration, BAR0, DMA into
// memory that a client has mapped, interrupts, and a wire to the world. It has
// no thread and makes no socket: whoever owns it calls everything from one
// thread and vnic_step() as often as work should be done. vfu.h serves one over
// vfio-user; unit tests use one as it is.
//
// Nothing that the client writes is trusted: a bad address or length is a
// counted event, never a fault.
#pragma once

#include "dataplane/base/compiler.h"

#include <stdbool.h>

struct vnic;
struct wire;

enum {
	VNIC_VECTORS = 64,
	VNIC_BAR0_LEN = 0x80000,
	VNIC_BAR4_LEN = 0x4000, // MSI-X table and pending bits
	VNIC_CFG_LEN = 4096,
	VNIC_FRAME_MAX = 16384, // longest frame of the wire, without CRC
};

// Vector of MSI-X, or 0 for MSI and INTx.
typedef void vnic_irq_fn(void *arg, unsigned vector);

struct vnic_conf {
	uint8_t mac[6];
	uint16_t device;   // 0: 82599ES (10fb)
	bool is_trapped;   // no doorbell pages to map: every access is a call
	bool is_copper_da; // module is a direct-attach cable, not 10GBASE-SR
	vnic_irq_fn *irq;
	void *irq_arg;
};

struct vnic *vnic_new(const struct vnic_conf *conf) must_check;
void vnic_free(struct vnic *v);
// What the function-level reset does: all registers, not the wire.
void vnic_reset(struct vnic *v);

// BAR0 and configuration space, of any length and offset inside them.
uint32_t vnic_read(struct vnic *v, uint32_t off);
void vnic_write(struct vnic *v, uint32_t off, uint32_t value);
void vnic_bar_read(struct vnic *v, uint32_t off, void *data, uint32_t len);
void vnic_bar_write(struct vnic *v, uint32_t off, const void *data, uint32_t len);
void vnic_cfg_read(struct vnic *v, uint32_t off, void *data, uint32_t len);
void vnic_cfg_write(struct vnic *v, uint32_t off, const void *data, uint32_t len);

// Pages of BAR0 that hold ring registers only and may be mapped by the client,
// from the file vnic_bar_fd() (-1: none) at the same offsets.
int vnic_bar_fd(const struct vnic *v);
extern const uint32_t vnic_doorbell_pages[3];

// Memory of the client. add maps fd (not taken over) or, with fd -1, uses host,
// or, without host, notes a range that nothing may touch. -EINVAL bad range,
// -EEXIST overlap, -ENOSPC too many, or what mmap said.
struct vnic_dma_conf {
	uint64_t iova, len;
	int fd;
	uint64_t fd_off;
	void *host;
	bool can_read, can_write;
};
int vnic_dma_add(struct vnic *v, const struct vnic_dma_conf *conf) must_check;
// Every range that lies inside this one; -ENOENT when none does.
int vnic_dma_del(struct vnic *v, uint64_t iova, uint64_t len);
void vnic_dma_clear(struct vnic *v);
// A client truncated a file it had mapped here: its memory is gone.
bool vnic_dma_is_lost(const struct vnic *v);
// Call once a process before fds of strangers are mapped.
int vnic_dma_guard(void) must_check;

// Transmits, receives what the wire brings, fires interrupts. Returns frames
// moved; now_ns is any monotonic clock, the same one each time.
unsigned vnic_step(struct vnic *v, uint64_t now_ns);
// When an interrupt that waits for its interval is due; UINT64_MAX: none.
uint64_t vnic_due_ns(const struct vnic *v);
// Causes that are pending are sent once more.
void vnic_irq_unmask(struct vnic *v);
// The command register keeps INTx silent.
bool vnic_intx_is_off(const struct vnic *v);

// A frame without CRC arrives from the wire; has_crc_error counts and drops it.
void vnic_receive(struct vnic *v, const uint8_t *frame, unsigned len);
// A driver has switched receiving on, and the link is up.
bool vnic_is_ready(const struct vnic *v);
// Frames wait for descriptors: a wire that can wait had better.
bool vnic_is_backlogged(const struct vnic *v);
// The wire is taken over.
void vnic_wire_set(struct vnic *v, struct wire *wire);
bool vnic_link_is_up(const struct vnic *v);

// Faults and the link, by a line of text: see vnic_command_help. Answers into
// out; -EINVAL: not understood, out says what is.
int vnic_command(struct vnic *v, const char *line, char *out, size_t len);
extern const char vnic_command_help[];
