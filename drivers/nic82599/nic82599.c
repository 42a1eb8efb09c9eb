// SPDX-License-Identifier: BSD-3-Clause
// nic82599: the port as control sees it (graph/port.h), and what happens when the
// card hangs or goes away.
#include "drivers/nic82599/nic82599.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/base/rcu.h"
#include "drivers/nic82599/priv.h"

#include <stdlib.h>
#include <string.h>

// Devices of this datasheet; X540 and X550 differ in the PHY.
static const struct {
	uint16_t device;
	const char *name;
} devices[] = {
	{0x10fb, "82599ES SFI/SFP+ (X520)"},
	{0x10f7, "82599 KX4"},
	{0x10f8, "82599 backplane"},
	{0x10f9, "82599 CX4"},
	{0x10fc, "82599 XAUI"},
	{0x154d, "82599 SFP+ (X520-2)"},
	{0x1557, "82599EN SFP+"},
	{0x1558, "82599 QSFP+"},
};

static int device_check(const struct pci_dev *pci, struct err *err)
{
	if (pci->class_code != PCI_CLASS_ETHERNET)
		return err_set(err, ENODEV,
			       "device '%s' is no Ethernet controller (class %06x): left alone",
			       pci->name, pci->class_code);
	for (unsigned i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (pci->vendor == NIC_VENDOR && pci->device == devices[i].device)
			return 0;
	return err_set(err, ENODEV,
		       "device '%s' is %04x:%04x, no Intel 82599 (8086:10fb and its kin): "
		       "'driver: dpdk' may know it",
		       pci->name, pci->vendor, pci->device);
}

// Doorbells are written by workers, who may not make system calls.
static int doorbells_check(const struct pci_dev *pci, struct err *err)
{
	if (pci_is_mapped(pci, NIC_RDT(0)) && pci_is_mapped(pci, NIC_TDT(0)) &&
	    pci_is_mapped(pci, NIC_TDT(NIC_TXQ_MAX - 1)))
		return 0;
	return err_set(err, ENOTSUP, "device '%s' does not let its doorbells be mapped", pci->name);
}

static unsigned nic_data_room(unsigned mtu)
{
	(void)mtu; // longer frames take several buffers
	return RTE_PKTMBUF_HEADROOM + RTE_MBUF_DEFAULT_DATAROOM;
}

int nic_attach(struct nic *nic, struct port *port, struct err *err)
{
	int rc;

	nic->port = port;
	rc = device_check(&nic->pci, err);
	if (rc == 0)
		rc = doorbells_check(&nic->pci, err);
	if (rc == 0)
		rc = nic_reset(nic, err);
	if (rc == 0)
		rc = nic_mac_read(nic, port->mac, err);
	if (rc < 0)
		return rc;
	memcpy(nic->rar[0], port->mac, 6);
	nic->n_rar = 1;
	memset(&nic->counts, 0, sizeof(nic->counts));
	port->driver = nic;
	port->max_rxq = NIC_RXQ_MAX;
	port->max_txq = NIC_TXQ_MAX;
	port->max_mtu = NIC_FRAME_MAX - 14 - 2 * 4 - 4;
	return 0;
}

static int nic_open(struct port *port, struct err *err)
{
	struct nic *nic = calloc(1, sizeof(*nic));
	int rc;

	if (!nic)
		return err_set(err, ENOMEM, "no memory for '%s'", port->device);
	rc = pci_open(&nic->pci, port->device, err);
	if (rc < 0)
		goto free_nic;
	rc = nic_attach(nic, port, err);
	if (rc < 0)
		goto close_pci;
	return 0;

close_pci:
	pci_close(&nic->pci);
free_nic:
	free(nic);
	return rc;
}

static void bursts_choose(struct port *port)
{
	port->rx_burst = nic_rx_scalar;
	port->tx_burst = nic_tx_scalar;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2")) {
		port->rx_burst = nic_rx_avx2;
		port->tx_burst = nic_tx_avx2;
	}
#endif
}

static int nic_configure(struct port *port, const struct port_conf *conf, struct err *err)
{
	struct nic *nic = port->driver;

	if (conf->mtu > port->max_mtu)
		return err_set(err, EINVAL, "ports.%s.mtu: %u: an 82599 takes at most %u",
			       port->name, conf->mtu, port->max_mtu);
	if (rte_pktmbuf_data_room_size(conf->pool) < RTE_PKTMBUF_HEADROOM + 1024)
		return err_set(err, EINVAL, "ports.%s: packet buffers of %u bytes are too short",
			       port->name, rte_pktmbuf_data_room_size(conf->pool));
	nic->conf = *conf;
	port->mtu = conf->mtu;
	port->n_rxq = (uint16_t)RTE_MIN(conf->n_rxq, (unsigned)port->max_rxq);
	port->n_txq = (uint16_t)RTE_MIN(conf->n_txq, (unsigned)port->max_txq);
	if (port->n_rxq > NIC_RSS_QUEUES)
		log_warn("%s: RSS fills %d of %u receive queues", port->name, NIC_RSS_QUEUES,
			 port->n_rxq);
	for (unsigned i = 0; i < port->n_rxq; i++)
		port->rxq[i] = &nic->rxq[i];
	for (unsigned i = 0; i < port->n_txq; i++)
		port->txq[i] = &nic->txq[i];
	bursts_choose(port);
	return 0;
}

static void queues_set(struct nic *nic, bool is_on)
{
	for (unsigned i = 0; i < nic->port->n_rxq; i++)
		atomic_store_explicit(&nic->rxq[i].is_on, is_on, memory_order_release);
	for (unsigned i = 0; i < nic->port->n_txq; i++)
		atomic_store_explicit(&nic->txq[i].is_on, is_on, memory_order_release);
}

// From a card just reset to one that moves packets; rings are there.
static int card_start(struct nic *nic, struct err *err)
{
	int rc = pci_mem_map_packets(&nic->pci, err);

	if (rc < 0)
		return rc;
	nic->has_dma = true;
	if (pci_master_set(&nic->pci, true) < 0)
		return err_set(err, EIO, "device '%s' does not become a bus master", nic->pci.name);
	rc = nic_rings_fill(nic, err);
	if (rc == 0) {
		nic_link_start(nic);
		rc = nic_rx_init(nic, err);
	}
	if (rc == 0)
		rc = nic_tx_init(nic, err);
	if (rc == 0)
		queues_set(nic, true);
	return rc;
}

// Workers have gone, or see that the queues are off and have left them.
static void card_stop(struct nic *nic)
{
	queues_set(nic, false);
	synchronize_rcu();
	nic_quiet(nic);
	nic_counts_gather(nic);
	(void)pci_master_set(&nic->pci, false); // a device that is gone writes nothing either
	nic_rings_empty(nic);
	if (nic->has_dma)
		pci_mem_unmap_packets(&nic->pci);
	nic->has_dma = false;
}

static int nic_start(struct port *port, struct err *err)
{
	struct nic *nic = port->driver;
	int rc = nic_rings_new(nic, err);

	if (rc == 0)
		rc = card_start(nic, err);
	nic->is_started = true; // stop undoes a half start, too
	return rc;
}

static void nic_stop(struct port *port)
{
	struct nic *nic = port->driver;

	if (!nic->is_started)
		return;
	card_stop(nic);
	nic_rings_free(nic);
	nic->is_started = false;
}

static void nic_close(struct port *port)
{
	struct nic *nic = port->driver;

	if (!nic)
		return;
	nic_stop(port);
	pci_close(&nic->pci);
	free(nic);
	port->driver = NULL;
}

// Stops, resets and starts again: after a hang, and when a device came back.
static void card_restart(struct nic *nic, const char *why)
{
	struct err err = {0};

	log_warn("%s: %s: starting the card again", nic->port->name, why);
	card_stop(nic);
	nic->counts.n_resets++;
	memset(nic->hang_seen, 0, sizeof(nic->hang_seen));
	if (nic_reset(nic, &err) < 0 || card_start(nic, &err) < 0)
		log_error("%s: %s", nic->port->name, err.text);
}

// Packets wait, the oldest is not reported done, and nothing has moved since the
// last look: for a card whose link is up, a hang.
static bool stands_still(struct nic *nic, unsigned i)
{
	const struct nic_txq *q = &nic->txq[i];
	uint32_t head = pci_read(&nic->pci, NIC_TDH(i));
	uint16_t clean = q->clean, oldest = q->report[q->report_out];
	bool same = head == nic->hang_head[i] && clean == nic->hang_clean[i];

	nic->hang_head[i] = head;
	nic->hang_clean[i] = clean;
	return same && clean != q->next &&
	       !(__atomic_load_n(&q->ring[oldest].hi, __ATOMIC_ACQUIRE) & NIC_TXD_DD);
}

static bool is_hung(struct nic *nic)
{
	uint64_t now = clock_ns();
	bool hung = false;

	if (now - nic->hang_at < CLOCK_NS_PER_S / 2) // somebody else asked just now
		return false;
	nic->hang_at = now;
	for (unsigned i = 0; i < nic->port->n_txq; i++) {
		bool stands = stands_still(nic, i);

		hung |= stands && nic->hang_seen[i];
		nic->hang_seen[i] = stands;
	}
	return hung;
}

// A server that went takes its rings' other end along; when one is back, it is a
// card just reset that knows nothing of us.
static bool came_back(struct nic *nic)
{
	struct err err = {0};

	if (nic->is_started && nic->has_dma) {
		log_warn("%s: device '%s' is gone", nic->port->name, nic->pci.name);
		card_stop(nic);
	}
	if (pci_reconnect(&nic->pci, &err) < 0)
		return false;
	if (device_check(&nic->pci, &err) < 0 || doorbells_check(&nic->pci, &err) < 0 ||
	    (nic->is_started && nic->pci.ops->dma_map(&nic->pci, &nic->dma.mem, &err) < 0)) {
		log_error("%s: %s", nic->port->name, err.text);
		nic->pci.is_gone = true;
		return false;
	}
	return true;
}

// Called every second: also gathers counters before they roll over, and looks
// after the card.
static void nic_link_get(struct port *port, struct port_link *link)
{
	struct nic *nic = port->driver;
	uint32_t links;

	*link = (struct port_link){0};
	if (nic->pci.is_gone && !came_back(nic))
		return;
	if (nic->is_started && !nic->has_dma)
		card_restart(nic, "the device is back");
	links = pci_read(&nic->pci, NIC_LINKS);
	if (links == UINT32_MAX && pci_read(&nic->pci, NIC_STATUS) == UINT32_MAX)
		nic->pci.is_gone = true; // unplugged: the bus answers ones
	if (nic->pci.is_gone || !(links & NIC_LINKS_UP))
		return;
	link->is_up = true;
	link->full_duplex = true;
	link->mbit_s = (links & NIC_LINKS_SPEED) == NIC_LINKS_SPEED_10G	 ? 10000
		       : (links & NIC_LINKS_SPEED) == NIC_LINKS_SPEED_1G ? 1000
									 : 100;
	nic_counts_gather(nic);
	if (nic->is_started && is_hung(nic))
		card_restart(nic, "transmission hangs");
}

const struct port_ops nic82599_port_ops = {
	.name = "nic82599",
	.data_room = nic_data_room,
	.open = nic_open,
	.configure = nic_configure,
	.start = nic_start,
	.stop = nic_stop,
	.close = nic_close,
	.link_get = nic_link_get,
	.stats_get = nic_stats_get,
	.mac_filter = nic_mac_filter,
};
