// SPDX-License-Identifier: BSD-3-Clause
#include "tests/unit/nic_rig.h"

#include "dataplane/base/rcu.h"

#include <rte_eal.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct rig_wire {
	struct wire wire;
	struct nic_rig *rig;
};

static bool wire_tx(struct wire *wire, const uint8_t *frame, unsigned len)
{
	struct nic_rig *rig = ((struct rig_wire *)wire)->rig;
	unsigned i = rig->n_sent % NIC_RIG_SENT;

	rig->sent_len[i] = (uint16_t)len;
	memcpy(rig->sent[i], frame, len < 128 ? len : 128);
	rig->n_sent++;
	return true;
}

static void wire_free(struct wire *wire)
{
	free(wire);
}

static const struct wire_ops wire_rig_ops = {.name = "rig", .tx = wire_tx, .close = wire_free};

static void model_close(struct pci_dev *dev)
{
	if (dev->bar)
		munmap(dev->bar, PCI_BAR_MAX);
	dev->bar = NULL;
}

static uint32_t model_read(struct pci_dev *dev, uint32_t off)
{
	struct nic_rig *rig = dev->priv;

	if (rig->is_unplugged)
		return UINT32_MAX;
	nic_rig_step(rig, 1);
	return vnic_read(rig->card, off);
}

static void model_write(struct pci_dev *dev, uint32_t off, uint32_t value)
{
	struct nic_rig *rig = dev->priv;

	if (rig->is_unplugged)
		return;
	if (rig->n_writes < NIC_RIG_WRITES)
		rig->write[rig->n_writes++] = (struct nic_write){off, value};
	vnic_write(rig->card, off, value);
	nic_rig_step(rig, 1);
}

static int model_cfg_read(struct pci_dev *dev, unsigned off, void *data, unsigned len)
{
	struct nic_rig *rig = dev->priv;

	vnic_cfg_read(rig->card, off, data, len);
	return 0;
}

static int model_cfg_write(struct pci_dev *dev, unsigned off, const void *data, unsigned len)
{
	struct nic_rig *rig = dev->priv;

	vnic_cfg_write(rig->card, off, data, len);
	return 0;
}

static int model_dma_map(struct pci_dev *dev, const struct pci_mem *mem, struct err *err)
{
	struct nic_rig *rig = dev->priv;
	struct vnic_dma_conf conf = {.iova = mem->iova,
				     .len = mem->len,
				     .fd = -1,
				     .host = mem->addr,
				     .can_read = true,
				     .can_write = true};
	int rc = vnic_dma_add(rig->card, &conf);

	return rc < 0 ? err_set(err, -rc, "the model maps no %p", mem->addr) : 0;
}

static void model_dma_unmap(struct pci_dev *dev, const struct pci_mem *mem)
{
	struct nic_rig *rig = dev->priv;

	assert_int_equal(vnic_dma_del(rig->card, mem->iova, mem->len), 0);
}

static int model_irq_set(struct pci_dev *dev, const int fd[], unsigned n)
{
	(void)dev;
	(void)fd;
	return n ? -ENOTSUP : 0;
}

static const struct pci_ops model_ops = {
	.name = "model",
	.close = model_close,
	.read = model_read,
	.write = model_write,
	.cfg_read = model_cfg_read,
	.cfg_write = model_cfg_write,
	.dma_map = model_dma_map,
	.dma_unmap = model_dma_unmap,
	.irq_set = model_irq_set,
};

static void pci_make(struct nic_rig *rig, struct pci_dev *pci)
{
	pci->ops = &model_ops;
	pci->priv = rig;
	strcpy(pci->name, "model");
	pci->vendor = NIC_VENDOR;
	vnic_cfg_read(rig->card, PCI_CFG_DEVICE, &pci->device, 2);
	vnic_cfg_read(rig->card, PCI_CFG_CLASS, &pci->class_code, 3);
	pci->bar = mmap(NULL, PCI_BAR_MAX, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(pci->bar != MAP_FAILED);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t off = vnic_doorbell_pages[i], page = off / PCI_PAGE;

		assert_true(mmap((char *)pci->bar + off, PCI_PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED, vnic_bar_fd(rig->card),
				 off) != MAP_FAILED);
		pci->mapped[page / 64] |= 1ull << page % 64;
	}
}

static void eal_begin(void)
{
	static bool started;
	char *args[] = {"nic", "--no-huge",	 "--no-shconf",	  "--no-pci",	    "-m",
			"256", "--no-telemetry", "--log-level=4", "--iova-mode=va", NULL};

	if (started)
		return;
	assert_true(rte_eal_init((int)ARRAY_LEN(args) - 1, args) >= 0);
	rcu_register_thread();
	started = true;
}

static void card_make(struct nic_rig *rig, uint16_t device)
{
	struct vnic_conf conf = {.mac = {2, 0x82, 0x59, 0x9e, 0, 7}, .device = device};
	struct rig_wire *wire = calloc(1, sizeof(*wire));

	assert_non_null(wire);
	*wire = (struct rig_wire){{.ops = &wire_rig_ops, .fd = -1}, rig};
	rig->card = vnic_new(&conf);
	assert_non_null(rig->card);
	vnic_wire_set(rig->card, &wire->wire);
}

static unsigned or (unsigned value, unsigned otherwise)
{
	return value ? value : otherwise;
}

struct nic_rig *nic_rig_new(const struct nic_rig_conf *conf)
{
	static unsigned serial;
	struct nic_rig *rig = calloc(1, sizeof(*rig));
	struct err err = {0};
	struct port_conf pc = { or (conf->n_rxq, 1),
				or (conf->n_txq, 1),
				conf->ring,
				conf->ring,
				or (conf->mtu, 1500),
				false,
				NULL};
	char name[32];

	assert_non_null(rig);
	eal_begin();
	rig->now_ns = 1000000000;
	snprintf(name, sizeof(name), "nic-%u", serial++);
	rig->pool = rte_pktmbuf_pool_create(
		name, or (conf->pool, NIC_RIG_POOL), 0, 0,
		(uint16_t)(RTE_PKTMBUF_HEADROOM + or (conf->room, 2048)), SOCKET_ID_ANY);
	assert_non_null(rig->pool);
	pc.pool = rig->pool;
	card_make(rig, conf->device);
	rig->nic = calloc(1, sizeof(*rig->nic));
	assert_non_null(rig->nic);
	pci_make(rig, &rig->nic->pci);
	rig->port.ops = &nic82599_port_ops;
	strcpy(rig->port.name, "port");
	assert_int_equal(nic_attach(rig->nic, &rig->port, &err), 0);
	assert_int_equal(rig->port.ops->configure(&rig->port, &pc, &err), 0);
	if (!conf->is_vector) {
		rig->port.rx_burst = nic_rx_scalar;
		rig->port.tx_burst = nic_tx_scalar;
	}
	if (rig->port.ops->start(&rig->port, &err) < 0)
		fail_msg("%s", err.text);
	nic_rig_step(rig, 40); // the model looks at rings in turn
	return rig;
}

void nic_rig_free(struct nic_rig *rig)
{
	rig->port.ops->stop(&rig->port);
	assert_int_equal(rte_mempool_in_use_count(rig->pool), 0);
	rig->port.ops->close(&rig->port);
	rte_mempool_free(rig->pool);
	vnic_free(rig->card);
	free(rig);
}

void nic_rig_step(struct nic_rig *rig, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		rig->now_ns += 1000;
		vnic_step(rig->card, rig->now_ns);
	}
}

void nic_rig_frame(uint8_t *frame, unsigned len, uint32_t seed)
{
	static const uint8_t dst[6] = {2, 0x82, 0x59, 0x9e, 0, 7};

	for (unsigned i = 0; i < len; i++)
		frame[i] = (uint8_t)(seed * 31 + i * 7);
	memcpy(frame, dst, 6);
	frame[6] = 2;
	frame[12] = 0x88; // an experimental EtherType: no IP header to be found
	frame[13] = 0xb5;
	memcpy(frame + 14, &seed, sizeof(seed));
}

void nic_rig_receive(struct nic_rig *rig, unsigned len, uint32_t seed)
{
	uint8_t frame[VNIC_FRAME_MAX];

	nic_rig_frame(frame, len, seed);
	vnic_receive(rig->card, frame, len);
}

bool nic_rig_mbuf_is(const struct rte_mbuf *m, unsigned len, uint32_t seed)
{
	uint8_t want[VNIC_FRAME_MAX], got[VNIC_FRAME_MAX];
	const void *data;

	nic_rig_frame(want, len, seed);
	if (m->pkt_len != len)
		return false;
	data = rte_pktmbuf_read(m, 0, len, got);
	return data && memcmp(data, want, len) == 0;
}

struct rte_mbuf *nic_rig_mbuf(struct nic_rig *rig, unsigned len, uint32_t seed)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(rig->pool);

	assert_non_null(m);
	nic_rig_frame((uint8_t *)rte_pktmbuf_append(m, (uint16_t)len), len, seed);
	return m;
}

unsigned nic_rig_rx(struct nic_rig *rig, unsigned q, struct rte_mbuf *pkts[], unsigned n)
{
	return rig->port.rx_burst(rig->port.rxq[q], pkts, (uint16_t)n);
}

unsigned nic_rig_tx(struct nic_rig *rig, unsigned q, struct rte_mbuf *pkts[], unsigned n)
{
	unsigned sent = rig->port.tx_burst(rig->port.txq[q], pkts, (uint16_t)n);

	nic_rig_step(rig, 2);
	return sent;
}
