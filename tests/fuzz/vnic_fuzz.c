// SPDX-License-Identifier: BSD-3-Clause
// A hostile client of the virtual 82599: messages of any kind, registers,
// doorbells and memory in any order, frames from the wire. Nothing crashes, no
// descriptor leaks, no byte outside the client's memory is read or written.
//
// An input is a list of steps: a byte that says what (enum step) and the bytes
// it takes. Missing bytes are zero.
#include "dataplane/base/log.h"
#include "drivers/nic82599/regs.h"
#include "drivers/vnic82599/vfu_priv.h"
#include "drivers/vnic82599/wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum step { MESSAGE, MESSAGE_FD, REGISTER, DOORBELL, MEMORY, DESCRIPTOR, FRAME, RUN, N_STEPS };
enum { MEM = 1 << 20 };

struct input {
	const uint8_t *data;
	size_t left;
};

struct world {
	struct vfu *vfu;
	struct vnic *nic;
	uint8_t *doorbells;
	uint64_t now_ns;
};

static uint8_t *mem;
static int memfd;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_level_set(LOG_ERROR);
	memfd = memfd_create("fuzz", MFD_CLOEXEC);
	if (memfd < 0 || ftruncate(memfd, MEM))
		abort();
	mem = mmap(NULL, MEM, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	return mem == MAP_FAILED;
}

static void take(struct input *in, void *to, size_t len)
{
	size_t n = len < in->left ? len : in->left;

	memset(to, 0, len);
	memcpy(to, in->data, n);
	in->data += n;
	in->left -= n;
}

static uint32_t number(struct input *in, size_t bytes)
{
	uint32_t value = 0;

	take(in, &value, bytes);
	return value;
}

static void message(struct world *w, struct input *in, unsigned n_fds)
{
	struct vfu_message *msg = calloc(1, sizeof(*msg)); // of its own: reading beyond is seen

	msg->header.cmd = (uint16_t)(number(in, 1) % 16);
	msg->len = number(in, 1) & 127;
	take(in, msg->body, msg->len);
	msg->n_fds = n_fds;
	for (unsigned i = 0; i < n_fds; i++)
		msg->fds[i] = dup(memfd);
	if (vfu_handle(w->vfu, msg) == 0 && msg->out_len > sizeof(msg->out))
		abort();
	for (unsigned i = 0; i < n_fds; i++)
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
	free(msg);
}

static void run(struct world *w, unsigned n)
{
	while (n--) {
		w->now_ns += 10000;
		vnic_step(w->nic, w->now_ns);
	}
}

static void descriptor(struct input *in)
{
	uint64_t desc[2] = {number(in, 3), 0};
	unsigned at = number(in, 1);

	desc[1] = number(in, 4) | (uint64_t)number(in, 4) << 32;
	memcpy(mem + 16 * at, desc, sizeof(desc));
}

static void frame(struct world *w, struct input *in)
{
	uint8_t data[256];
	unsigned len = number(in, 1);

	take(in, data, len);
	vnic_receive(w->nic, data, len);
}

static void step(struct world *w, struct input *in)
{
	uint8_t what = (uint8_t)number(in, 1);
	uint32_t off;

	switch ((enum step)(what % N_STEPS)) {
	case MESSAGE:
		message(w, in, 0);
		break;
	case MESSAGE_FD:
		message(w, in, what / N_STEPS % VFU_FDS_MAX + 1);
		break;
	case REGISTER:
		off = number(in, 3) * 4;
		vnic_write(w->nic, off, number(in, 4));
		vnic_read(w->nic, off);
		break;
	case DOORBELL:
		off = vnic_doorbell_pages[what / N_STEPS % 3] + (number(in, 2) & 0x3ff) * 4;
		*(volatile uint32_t *)(w->doorbells + off) = number(in, 4);
		break;
	case MEMORY:
		off = number(in, 2);
		take(in, mem + off, 8);
		break;
	case DESCRIPTOR:
		descriptor(in);
		break;
	case FRAME:
		frame(w, in);
		break;
	default:
		run(w, 1 + what / N_STEPS);
		break;
	}
}

// A card as a driver has left it after init, so that inputs get somewhere: one
// ring each way at the start of the memory.
static void card_init(struct world *w)
{
	static const uint32_t init[][2] = {
		{NIC_RXCTRL, 1},
		{NIC_DMATXCTL, 1},
		{NIC_FCTRL, 0x702},
		{NIC_RDBAL(0), 0},
		{NIC_RDLEN(0), 2048},
		{NIC_SRRCTL(0), 0x02000002},
		{NIC_RXDCTL(0), NIC_RXDCTL_ENABLE},
		{NIC_RDT(0), 100},
		{NIC_TDBAL(0), 2048},
		{NIC_TDLEN(0), 2048},
		{NIC_TXDCTL(0), NIC_RXDCTL_ENABLE},
		{NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX},
	};
	struct vnic_dma_conf dma = {.len = MEM, .fd = memfd, .can_read = true, .can_write = true};

	vnic_cfg_write(w->nic, 4, &(uint16_t){6}, 2);
	if (vnic_dma_add(w->nic, &dma) < 0)
		abort();
	for (unsigned i = 0; i < ARRAY_LEN(init); i++)
		vnic_write(w->nic, init[i][0], init[i][1]);
}

static void world_init(struct world *w)
{
	static const struct vnic_conf conf = {.mac = {2, 0, 0, 0, 0, 1}};
	struct err err;

	w->vfu = vfu_open("", &conf, &err);
	if (!w->vfu)
		abort();
	w->nic = vfu_nic(w->vfu);
	vnic_wire_set(w->nic, wire_open("reflect", &err));
	w->doorbells = mmap(NULL, VNIC_BAR0_LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			    vnic_bar_fd(w->nic), 0);
	if (w->doorbells == MAP_FAILED)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct input in = {data, size};

	if (!w.vfu)
		world_init(&w);
	memset(mem, 0, MEM / 8);
	w.vfu->is_versioned = true;
	card_init(&w);
	while (in.left)
		step(&w, &in);
	run(&w, 2);
	vfu_irqs_clear(w.vfu); // what happens when a client goes
	vnic_dma_clear(w.nic);
	vnic_reset(w.nic);
	return 0;
}
