// SPDX-License-Identifier: BSD-3-Clause
// One virtual card: its parts put together, its link, its faults.
#include "drivers/vnic82599/vnic.h"

#include "dataplane/base/err.h"
#include "dataplane/base/text.h"
#include "drivers/vnic82599/priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <unistd.h>

enum { PAGE = 4096, WIRE_BURST = 64 };

const uint32_t vnic_doorbell_pages[3] = {0x1000, 0x6000, 0xd000};

// The file is sealed: nobody can make it shorter under our feet. Of its pages
// only the three are used, whatever a client maps.
static int doorbells_open(struct vnic *v)
{
	v->shared_fd = memfd_create("vnic82599", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (v->shared_fd < 0)
		return -errno;
	if (ftruncate(v->shared_fd, NIC_BAR0_LEN) ||
	    fcntl(v->shared_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	v->shared = mmap(NULL, NIC_BAR0_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, v->shared_fd, 0);
	if (v->shared == MAP_FAILED) {
		v->shared = NULL;
		return -errno;
	}
	for (unsigned i = 0; i < ARRAY_LEN(vnic_doorbell_pages); i++)
		v->page[vnic_doorbell_pages[i] / PAGE] =
			v->shared + vnic_doorbell_pages[i] / sizeof(uint32_t);
	return 0;
}

static int memory_new(struct vnic *v)
{
	v->private = calloc(1, NIC_BAR0_LEN);
	v->fifo = malloc(FIFO_LEN);
	if (!v->private || !v->fifo || fdir_new(v) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < ARRAY_LEN(v->page); i++)
		v->page[i] = v->private + i * (PAGE / sizeof(uint32_t));
	return v->conf.is_trapped ? 0 : doorbells_open(v);
}

struct vnic *vnic_new(const struct vnic_conf *conf)
{
	struct vnic *v = calloc(1, sizeof(*v));
	int ret;

	if (!v)
		return NULL;
	v->conf = *conf;
	if (!v->conf.device)
		v->conf.device = NIC_DEVICE_82599_SFP;
	v->shared_fd = -1;
	dma_init(&v->dma);
	ret = memory_new(v);
	if (ret < 0) {
		vnic_free(v);
		return err_null(-ret);
	}
	v->is_admin_up = true;
	v->mbit_s = 10000;
	nvm_init(v);
	pci_init(v);
	reg_reset(v);
	return v;
}

void vnic_free(struct vnic *v)
{
	if (!v)
		return;
	if (v->wire)
		wire_close(v->wire);
	vnic_dma_clear(v);
	dma_fini(&v->dma);
	if (v->shared)
		munmap(v->shared, NIC_BAR0_LEN);
	if (v->shared_fd >= 0)
		close(v->shared_fd);
	free(v->private);
	free(v->fifo);
	free(v->fdir);
	free(v);
}

void vnic_reset(struct vnic *v)
{
	pci_init(v);
	reg_reset(v);
	reg_set(v, NIC_SW_FW_SYNC, 0);
	reg_set(v, NIC_SWSM, 0);
}

int vnic_bar_fd(const struct vnic *v)
{
	return v->shared_fd;
}

void vnic_wire_set(struct vnic *v, struct wire *wire)
{
	if (v->wire)
		wire_close(v->wire);
	v->wire = wire;
	if (wire)
		wire->nic = v;
}

bool vnic_link_is_up(const struct vnic *v)
{
	return v->is_admin_up && v->wire && (!v->wire->ops->is_up || v->wire->ops->is_up(v->wire));
}

static void link_watch(struct vnic *v)
{
	bool is_up = vnic_link_is_up(v);

	if (likely(is_up == v->was_up))
		return;
	v->was_up = is_up; // frames are judged by this until the next step
	link_changed(v);
}

unsigned vnic_step(struct vnic *v, uint64_t now_ns)
{
	bool is_on = dma_is_on(v);
	unsigned n = 0;

	v->now_ns = now_ns;
	link_watch(v);
	if (is_on) {
		queues_sync(v);
		n += tx_run(v);
		n += rx_drain(v);
	}
	if (v->wire && v->wire->ops->poll && !v->fifo_used)
		n += v->wire->ops->poll(v->wire, now_ns, WIRE_BURST);
	if (is_on)
		queues_flush(v);
	irq_fire(v);
	return n;
}

// ---- commands

const char vnic_command_help[] =
	"link up|down            plug or unplug the cable\n"
	"speed 10000|1000|100    what the link negotiates\n"
	"rate MBIT               how fast it sends (0: no limit)\n"
	"inject crc N            the next N frames have a bad CRC\n"
	"inject missed N         the next N frames find no room\n"
	"stuck-dd on|off         transmit descriptors are never reported done\n"
	"hang on|off             no DMA at all until a reset\n"
	"remove | insert         surprise removal: reads give all ones\n"
	"show                    state and counters\n";

static void set_removed(struct vnic *v, bool on)
{
	if (on && v->shared)
		memset(v->shared, 0xff, NIC_BAR0_LEN);
	if (!on && v->is_removed)
		vnic_reset(v);
	v->is_removed = on;
}

static int set_on_off(bool *flag, const char *word)
{
	if (strcmp(word, "on") && strcmp(word, "off"))
		return -EINVAL;
	*flag = !strcmp(word, "on");
	return 0;
}

static int set_link(struct vnic *v, const char *word)
{
	if (strcmp(word, "up") && strcmp(word, "down"))
		return -EINVAL;
	v->is_admin_up = !strcmp(word, "up");
	return 0;
}

static int set_speed(struct vnic *v, unsigned long mbit_s)
{
	if (mbit_s != 10000 && mbit_s != 1000 && mbit_s != 100)
		return -EINVAL;
	v->mbit_s = (unsigned)mbit_s;
	link_changed(v);
	return 0;
}

static int show(const struct vnic *v, char *out, size_t len)
{
	size_t at = text_append(
		out, len, 0,
		"link %s\nspeed %u\nqueues-rx %u\nqueues-tx %u\nrx-packets %lu\ntx-packets %lu\n"
		"interrupts %lu\nbad-dma %lu\nbad-descriptor %lu\nbacklog-bytes %u\ndma-maps %u\n",
		vnic_link_is_up(v) ? "up" : "down", v->mbit_s, v->n_rx_on, v->n_tx_on, v->n_rx,
		v->n_tx, v->n_irq, v->n_bad_dma, v->n_bad_desc, v->fifo_used, v->dma.n);

	if (!v->wire)
		return 0;
	at = text_append(out, len, at, "wire %s\nwire-sent %lu\nwire-lost %lu\nwire-received %lu\n",
			 v->wire->ops->name, v->wire->n_tx, v->wire->n_tx_lost, v->wire->n_rx);
	if (v->wire->ops->show && at < len)
		v->wire->ops->show(v->wire, out + at, len - at);
	return 0;
}

static int run(struct vnic *v, const char *verb, const char *object, unsigned long value)
{
	if (!strcmp(verb, "link"))
		return set_link(v, object);
	if (!strcmp(verb, "speed"))
		return set_speed(v, strtoul(object, NULL, 10));
	if (!strcmp(verb, "hang"))
		return set_on_off(&v->is_hung, object);
	if (!strcmp(verb, "stuck-dd"))
		return set_on_off(&v->is_dd_stuck, object);
	if (!strcmp(verb, "rate") && *object >= '0' && *object <= '9')
		v->rate_bit_s = MIN(strtoul(object, NULL, 10), 100000ul) * 1000000;
	else if (!strcmp(verb, "inject") && !strcmp(object, "crc"))
		v->n_crc_wanted = (unsigned)value;
	else if (!strcmp(verb, "inject") && !strcmp(object, "missed"))
		v->n_missed_wanted = (unsigned)value;
	else if (!strcmp(verb, "remove") || !strcmp(verb, "insert"))
		set_removed(v, verb[0] == 'r');
	else
		return -EINVAL;
	return 0;
}

int vnic_command(struct vnic *v, const char *line, char *out, size_t len)
{
	char verb[16] = "", object[32] = "";
	unsigned long value = 1;

	out[0] = 0;
	sscanf(line, "%15s %31s %lu", verb, object, &value);
	if (!strcmp(verb, "show"))
		return show(v, out, len);
	if (run(v, verb, object, value) == 0)
		return 0;
	text_append(out, len, 0, "found \"%s %s\", allowed are:\n%s", verb, object,
		    vnic_command_help);
	return -EINVAL;
}
