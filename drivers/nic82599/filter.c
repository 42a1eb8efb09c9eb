// SPDX-License-Identifier: BSD-3-Clause
// nic82599: which frames are ours (§7.1.1), and whose queue they are (§7.1.2).
// Sections: 82599 datasheet, revision 3.3.
#include "drivers/nic82599/priv.h"

#include <string.h>

static void rar_write(struct nic *nic, unsigned i, const uint8_t mac[6])
{
	uint32_t low = 0, high = 0;

	for (unsigned k = 0; mac && k < 6; k++) {
		low |= k < 4 ? (uint32_t)mac[k] << 8 * k : 0;
		high |= k >= 4 ? (uint32_t)mac[k] << 8 * (k - 4) : 0;
	}
	pci_write(&nic->pci, NIC_RAL(i), low);
	pci_write(&nic->pci, NIC_RAH(i), mac ? high | NIC_RAH_AV : 0);
}

// §7.1.1.2.4: 12 bits of the address, 47:36 as MCSTCTRL.MO is 0, name a bit.
static unsigned mta_bit(const uint8_t mac[6])
{
	return mac[4] >> 4 | (unsigned)mac[5] << 4;
}

static void mta_write(struct nic *nic)
{
	uint32_t mta[128] = {0};

	for (unsigned i = 0; i < nic->n_mc; i++)
		mta[mta_bit(nic->mc[i]) / 32] |= 1u << mta_bit(nic->mc[i]) % 32;
	for (unsigned i = 0; i < 128; i++)
		pci_write(&nic->pci, NIC_MTA(i), mta[i]);
	pci_write(&nic->pci, NIC_MCSTCTRL, nic->n_mc ? NIC_MCSTCTRL_MFE : 0);
}

// Which groups are wanted nobody here can tell (daemons behind TAPs join them),
// so all are received; tags are the graph's, so none is filtered or stripped.
void nic_filters_write(struct nic *nic)
{
	for (unsigned i = 0; i < NIC_RAR_MAX; i++)
		rar_write(nic, i, i < nic->n_rar ? nic->rar[i] : NULL);
	mta_write(nic);
	for (unsigned i = 0; i < 128; i++)
		pci_write(&nic->pci, NIC_VFTA(i), 0);
	pci_write(&nic->pci, NIC_VLNCTRL, pci_read(&nic->pci, NIC_VLNCTRL) & ~NIC_VLNCTRL_VFE);
	pci_write(&nic->pci, NIC_FCTRL,
		  NIC_FCTRL_BAM | NIC_FCTRL_MPE | (nic->conf.promisc ? NIC_FCTRL_UPE : 0));
}

// §7.1.2.8: a key of one repeated 16-bit word makes the Toeplitz hash symmetric:
// both directions of a flow reach the same queue, so the same worker.
void nic_rss_write(struct nic *nic)
{
	unsigned n = nic->port->n_rxq < NIC_RSS_QUEUES ? nic->port->n_rxq : NIC_RSS_QUEUES;

	if (n <= 1) {
		pci_write(&nic->pci, NIC_MRQC, 0);
		return;
	}
	for (unsigned i = 0; i < 10; i++)
		pci_write(&nic->pci, NIC_RSSRK(i), 0x5a6d5a6d);
	for (unsigned i = 0; i < 32; i++) {
		uint32_t four = 0;

		for (unsigned k = 0; k < 4; k++)
			four |= (4 * i + k) % n << 8 * k;
		pci_write(&nic->pci, NIC_RETA(i), four);
	}
	pci_write(&nic->pci, NIC_MRQC,
		  NIC_MRQC_MRQE_RSS | NIC_MRQC_IPV4 | NIC_MRQC_TCP_IPV4 | NIC_MRQC_UDP_IPV4 |
			  NIC_MRQC_IPV6 | NIC_MRQC_TCP_IPV6 | NIC_MRQC_UDP_IPV6);
}

static unsigned find(const uint8_t list[][6], unsigned n, const uint8_t mac[6])
{
	unsigned i = 0;

	while (i < n && memcmp(list[i], mac, 6) != 0)
		i++;
	return i;
}

static int list_change(uint8_t list[][6], unsigned *n, unsigned max, const uint8_t mac[6], bool add)
{
	unsigned i = find(list, *n, mac);

	if (add == (i < *n))
		return 0;
	if (add && *n == max)
		return -ENOSPC;
	if (add)
		memcpy(list[(*n)++], mac, 6);
	else
		memmove(list[i], list[--*n], 6);
	return 0;
}

int nic_mac_filter(struct port *port, const uint8_t mac[6], bool add)
{
	struct nic *nic = port->driver;
	int rc;

	if (mac[0] & 1) {
		rc = list_change(nic->mc, &nic->n_mc, NIC_MC_MAX, mac, add);
		mta_write(nic);
		return rc == -ENOSPC ? 0 : rc; // every group is received anyway
	}
	if (memcmp(mac, port->mac, 6) == 0)
		return add ? 0 : -EINVAL;
	rc = list_change(nic->rar, &nic->n_rar, NIC_RAR_MAX, mac, add);
	for (unsigned i = 0; rc == 0 && i < NIC_RAR_MAX; i++)
		rar_write(nic, i, i < nic->n_rar ? nic->rar[i] : NULL);
	return rc;
}
