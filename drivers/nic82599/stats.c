// SPDX-License-Identifier: BSD-3-Clause
// nic82599: statistics (§8.2.3.23). The card's counters have 32 or 36 bits and are
// cleared by reading: added up here, where nobody else reads them.
// Sections: 82599 datasheet, revision 3.3.
#include "drivers/nic82599/priv.h"

#include <string.h>

enum { CRC_LEN = 4 };

static uint32_t take(struct nic *nic, uint32_t reg)
{
	return pci_read(&nic->pci, reg);
}

// §8.2.3.23.23: 36 bits; the low half is read first, which holds the high one.
static uint64_t take36(struct nic *nic, uint32_t reg)
{
	uint64_t low = pci_read(&nic->pci, reg);

	return low | (uint64_t)(pci_read(&nic->pci, reg + 4) & 0xf) << 32;
}

// Octets of the card include the CRC; those of a port do not.
static uint64_t without_crc(uint64_t bytes, uint32_t packets)
{
	uint64_t crc = (uint64_t)packets * CRC_LEN;

	return bytes > crc ? bytes - crc : 0;
}

void nic_counts_gather(struct nic *nic)
{
	struct nic_counts c = nic->counts;
	uint32_t rx, tx, missed = 0;

	if (nic->pci.is_gone)
		return;
	rx = take(nic, NIC_GPRC);
	tx = take(nic, NIC_GPTC);
	c.rx_packets += rx;
	c.tx_packets += tx;
	c.rx_bytes += without_crc(take36(nic, NIC_GORCL), rx);
	c.tx_bytes += without_crc(take36(nic, NIC_GOTCL), tx);
	for (unsigned i = 0; i < 8; i++)
		missed += take(nic, NIC_MPC(i));
	for (unsigned i = 0; i < 16; i++)
		missed += take(nic, NIC_QPRDC(i));
	// The MAC has counted as good what then found no room in the packet buffer
	// (MPC) or no descriptor (QPRDC, §8.2.3.23.75): nobody received it.
	c.rx_missed += missed;
	c.rx_packets -= missed < c.rx_packets ? missed : c.rx_packets;
	c.rx_errors += take(nic, NIC_CRCERRS);
	c.rx_errors += take(nic, NIC_ILLERRC);
	c.rx_errors += take(nic, NIC_ERRBC);
	c.rx_errors += take(nic, NIC_RLEC);
	c.rx_errors += take(nic, NIC_RUC);
	c.rx_errors += take(nic, NIC_ROC);
	if (pci_read(&nic->pci, NIC_STATUS) == UINT32_MAX)
		nic->pci.is_gone = true; // ones are no counts
	if (!nic->pci.is_gone)
		nic->counts = c;
}

void nic_stats_get(struct port *port, struct port_stats *stats)
{
	struct nic *nic = port->driver;
	const struct nic_counts *c = &nic->counts;

	nic_counts_gather(nic);
	*stats = (struct port_stats){
		.rx_packets = c->rx_packets,
		.rx_bytes = c->rx_bytes,
		.rx_errors = c->rx_errors,
		.rx_missed = c->rx_missed,
		.tx_packets = c->tx_packets,
		.tx_bytes = c->tx_bytes,
	};
	for (unsigned i = 0; i < port->n_rxq; i++) {
		stats->rx_no_mbuf += nic->rxq[i].n_no_mbuf;
		stats->rx_errors += nic->rxq[i].n_broken;
	}
	for (unsigned i = 0; i < port->n_txq; i++)
		stats->tx_errors += nic->txq[i].n_refused;
}
