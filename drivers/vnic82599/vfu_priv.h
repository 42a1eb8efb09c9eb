// SPDX-License-Identifier: BSD-3-Clause
// Messages of vfio-user: what the socket (vfu.c) hands to the handlers
// (vfu_msg.c).
#pragma once

#include "drivers/vnic82599/vfu.h"

enum {
	VFU_DATA_MAX = 4096, // of one region access, told to the client
	VFU_BODY_MAX = VFU_DATA_MAX + 64,
	VFU_FDS_MAX = 16,
	VFU_N_IRQS = 5,
	VFU_REPLY = 1,
	VFU_NO_REPLY = 1 << 4,
	VFU_ERROR = 1 << 5,
};

struct vfu_header {
	uint16_t id, cmd;
	uint32_t size, flags, error;
};

struct vfu_message {
	struct vfu_header header;
	uint8_t body[VFU_BODY_MAX];
	uint32_t len;	      // of body
	int fds[VFU_FDS_MAX]; // -1: taken
	unsigned n_fds;
	uint8_t out[VFU_BODY_MAX];
	uint32_t out_len;
	int out_fd; // -1: none; stays the server's
};

struct vfu_irq {
	int fds[VNIC_VECTORS]; // -1: not armed
	unsigned n;	       // of vectors this kind has
	bool is_on;
};

struct vfu {
	struct vnic *nic;
	char path[108];
	int listener, client;
	bool is_versioned;
	struct vfu_irq irq[VFU_N_IRQS];
	uint8_t bar4[VNIC_BAR4_LEN];
	uint32_t io_addr; // BAR2: which register its window shows
	uint32_t n_got;	  // bytes of the message that have come
	struct vfu_message msg;
};

// 0 with the answer in msg->out, or -errno for an error reply.
int vfu_handle(struct vfu *vfu, struct vfu_message *msg);
void vfu_irqs_init(struct vfu *vfu);
void vfu_irqs_clear(struct vfu *vfu);
void vfu_irq(void *vfu, unsigned vector);
