// SPDX-License-Identifier: BSD-3-Clause
// nic82599: initialisation, in the order of §4.6.3. What is left out: DCB and
// virtualisation (one traffic class, one pool), low latency interrupts, flow
// control frames sent (they would stop a whole link for one slow worker).
// Sections: 82599 datasheet, revision 3.3.
#include "dataplane/base/clock.h"
#include "drivers/nic82599/priv.h"

#include <time.h>

enum { US_PER_MS = 1000, QUEUE_ENABLE_US = 10 * US_PER_MS };

static void sleep_us(unsigned us)
{
	struct timespec ts = {0, (long)us * 1000};

	nanosleep(&ts, NULL);
}

int nic_wait(struct nic *nic, uint32_t reg, uint32_t mask, uint32_t want, unsigned limit_us)
{
	uint64_t end = clock_ns() + (uint64_t)limit_us * 1000;

	while ((pci_read(&nic->pci, reg) & mask) != want) {
		if (clock_ns() > end)
			return -ETIMEDOUT;
		sleep_us(50);
	}
	return 0;
}

static void set(struct nic *nic, uint32_t reg, uint32_t bits)
{
	pci_write(&nic->pci, reg, pci_read(&nic->pci, reg) | bits);
}

static void clear(struct nic *nic, uint32_t reg, uint32_t bits)
{
	pci_write(&nic->pci, reg, pci_read(&nic->pci, reg) & ~bits);
}

// §4.6.3.1
static void interrupts_off(struct nic *nic)
{
	pci_write(&nic->pci, NIC_EIMC, 0x7fffffff);
	pci_write(&nic->pci, NIC_EIMC_EX(0), UINT32_MAX);
	pci_write(&nic->pci, NIC_EIMC_EX(1), UINT32_MAX);
	(void)pci_read(&nic->pci, NIC_EICR); // clears what is pending
}

// §5.2.5.3.2: the card ends what it has begun on the bus. If it cannot, a second
// reset is asked for.
static bool master_disable(struct nic *nic)
{
	set(nic, NIC_CTRL, NIC_CTRL_GIO_DIS);
	return nic_wait(nic, NIC_STATUS, NIC_STATUS_GIO_MASTER, 0, 100 * US_PER_MS) == 0;
}

// §4.2.1.6.1, §4.6.3.2: software and link reset; 10 ms until the card may be asked.
static int software_reset(struct nic *nic)
{
	set(nic, NIC_CTRL, NIC_CTRL_RST | NIC_CTRL_LRST);
	sleep_us(10 * US_PER_MS);
	return nic_wait(nic, NIC_CTRL, NIC_CTRL_RST | NIC_CTRL_LRST, 0, 10 * US_PER_MS);
}

int nic_reset(struct nic *nic, struct err *err)
{
	const char *name = nic->pci.name;
	bool again;
	int rc;

	interrupts_off(nic); // §4.6.3: before the reset and again after it
	again = !master_disable(nic);
	rc = software_reset(nic);
	if (rc == 0 && again)
		rc = software_reset(nic);
	if (rc < 0)
		return err_set(err, -rc, "device '%s' does not end its reset (§4.6.3.2)", name);
	interrupts_off(nic);
	rc = nic_wait(nic, NIC_EEC, NIC_EEC_AUTO_RD, NIC_EEC_AUTO_RD, 100 * US_PER_MS);
	if (rc < 0)
		return err_set(err, -rc, "device '%s' does not read its EEPROM (§4.6.3)", name);
	rc = nic_wait(nic, NIC_RDRXCTL, NIC_RDRXCTL_DMAIDONE, NIC_RDRXCTL_DMAIDONE,
		      100 * US_PER_MS);
	if (rc < 0)
		return err_set(err, -rc, "device '%s' does not set up its DMA (§4.6.3)", name);
	nic_counts_gather(nic); // §4.6.5: reading clears
	return 0;
}

// §8.2.3.2.2
int nic_eeprom_read(struct nic *nic, unsigned word, uint16_t *value)
{
	int rc;

	pci_write(&nic->pci, NIC_EERD, NIC_EERD_START | word << NIC_EERD_ADDR_SHIFT);
	rc = nic_wait(nic, NIC_EERD, NIC_EERD_DONE, NIC_EERD_DONE, 5 * US_PER_MS);
	if (rc == 0)
		*value = (uint16_t)(pci_read(&nic->pci, NIC_EERD) >> NIC_EERD_DATA_SHIFT);
	return rc;
}

// §4.6.3: the reset has loaded it from the EEPROM into the first receive address.
int nic_mac_read(struct nic *nic, uint8_t mac[6], struct err *err)
{
	uint32_t low = pci_read(&nic->pci, NIC_RAL(0)), high = pci_read(&nic->pci, NIC_RAH(0));

	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)(i < 4 ? low >> 8 * i : high >> 8 * (i - 4));
	if (mac[0] & 1 || (low | (high & 0xffff)) == 0)
		return err_set(err, EIO,
			       "device '%s' has no usable MAC address in its EEPROM: "
			       "%02x:%02x:%02x:%02x:%02x:%02x",
			       nic->pci.name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return 0;
}

// §4.6.7.1 for one queue, up to its enabling; buffers are in the ring already.
static int rx_queue_init(struct nic *nic, unsigned i)
{
	const struct nic_rxq *q = &nic->rxq[i];
	uint64_t iova = nic_rx_ring_iova(nic, i);
	int rc;

	pci_write(&nic->pci, NIC_RDBAL(i), (uint32_t)iova);
	pci_write(&nic->pci, NIC_RDBAH(i), (uint32_t)(iova >> 32));
	pci_write(&nic->pci, NIC_RDLEN(i), (uint32_t)(q->n * sizeof(struct nic_desc)));
	// §8.2.3.8.7: one buffer a descriptor; a queue without buffers drops, so that
	// one slow worker does not stop the others.
	pci_write(&nic->pci, NIC_SRRCTL(i),
		  q->buf_len / 1024u | NIC_SRRCTL_DESCTYPE_ADV | NIC_SRRCTL_DROP_EN);
	pci_write(&nic->pci, NIC_RDH(i), 0);
	pci_write(&nic->pci, NIC_RDT(i), 0);
	set(nic, NIC_RXDCTL(i), NIC_RXDCTL_ENABLE);
	rc = nic_wait(nic, NIC_RXDCTL(i), NIC_RXDCTL_ENABLE, NIC_RXDCTL_ENABLE, QUEUE_ENABLE_US);
	// §4.6.7.1: not before the queue is enabled.
	pci_write(&nic->pci, NIC_RDT(i), q->refill);
	return rc;
}

// §4.6.7.2: the security block must be idle while the receiver is switched on.
static int receiver_on(struct nic *nic)
{
	int rc;

	set(nic, NIC_SECRXCTRL, NIC_SECRXCTRL_RX_DIS);
	rc = nic_wait(nic, NIC_SECRXSTAT, NIC_SECSTAT_RDY, NIC_SECSTAT_RDY, 4 * US_PER_MS);
	set(nic, NIC_RXCTRL, NIC_RXCTRL_RXEN);
	clear(nic, NIC_SECRXCTRL, NIC_SECRXCTRL_RX_DIS);
	return rc;
}

// §4.6.7
int nic_rx_init(struct nic *nic, struct err *err)
{
	struct pci_dev *pci = &nic->pci;
	unsigned frame = nic->port->mtu + 14 + 2 * 4 + 4; // header, two tags, CRC

	clear(nic, NIC_RXCTRL, NIC_RXCTRL_RXEN);
	nic_filters_write(nic);
	pci_write(pci, NIC_RXPBSIZE(0), 512 << 10); // §8.2.3.8.9: all to traffic class 0
	for (unsigned i = 1; i < 8; i++)
		pci_write(pci, NIC_RXPBSIZE(i), 0);
	set(nic, NIC_HLREG0, NIC_HLREG0_RXCRCSTRP);
	set(nic, NIC_RDRXCTL, NIC_RDRXCTL_CRCSTRIP); // §8.2.3.8.8: both or none
	pci_write(pci, NIC_MAXFRS, frame << 16);
	if (frame > 1518)
		set(nic, NIC_HLREG0, NIC_HLREG0_JUMBOEN);
	else
		clear(nic, NIC_HLREG0, NIC_HLREG0_JUMBOEN);
	set(nic, NIC_RFCTL, NIC_RFCTL_RSC_DIS);
	pci_write(pci, NIC_RXCSUM, NIC_RXCSUM_IPPCSE | NIC_RXCSUM_PCSD); // PCSD: RSS hash instead
	nic_rss_write(nic);
	for (unsigned i = 0; i < nic->port->n_rxq; i++)
		if (rx_queue_init(nic, i) < 0)
			return err_set(err, ETIMEDOUT,
				       "device '%s' does not enable receive queue %u (§4.6.7)",
				       pci->name, i);
	set(nic, NIC_CTRL_EXT, NIC_CTRL_EXT_NS_DIS); // §4.6.7.1: no snoop off, for descriptors
	if (receiver_on(nic) < 0)
		return err_set(err, ETIMEDOUT, "device '%s': its receive path stays busy (§4.6.7)",
			       pci->name);
	return 0;
}

// §4.6.8.1 for one queue.
static int tx_queue_init(struct nic *nic, unsigned i)
{
	uint64_t iova = nic_tx_ring_iova(nic, i);

	pci_write(&nic->pci, NIC_TDBAL(i), (uint32_t)iova);
	pci_write(&nic->pci, NIC_TDBAH(i), (uint32_t)(iova >> 32));
	pci_write(&nic->pci, NIC_TDLEN(i), (uint32_t)(nic->txq[i].n * sizeof(struct nic_desc)));
	// §8.2.3.9.10: fetch in batches of 32; report where asked, at once.
	pci_write(&nic->pci, NIC_TXDCTL(i), 32);
	pci_write(&nic->pci, NIC_TDH(i), 0);
	pci_write(&nic->pci, NIC_TDT(i), 0);
	set(nic, NIC_TXDCTL(i), NIC_TXDCTL_ENABLE);
	return nic_wait(nic, NIC_TXDCTL(i), NIC_TXDCTL_ENABLE, NIC_TXDCTL_ENABLE, QUEUE_ENABLE_US);
}

// §4.6.8
int nic_tx_init(struct nic *nic, struct err *err)
{
	struct pci_dev *pci = &nic->pci;

	set(nic, NIC_HLREG0, NIC_HLREG0_TXCRCEN | NIC_HLREG0_TXPADEN);
	set(nic, NIC_RTTDCS, NIC_RTTDCS_ARBDIS); // §7.2.1.2: while the layout is chosen
	pci_write(pci, NIC_MTQC, 0);
	pci_write(pci, NIC_TXPBSIZE(0), 160 << 10);
	pci_write(pci, NIC_TXPBTHRESH(0), 0xa0);
	for (unsigned i = 1; i < 8; i++) {
		pci_write(pci, NIC_TXPBSIZE(i), 0);
		pci_write(pci, NIC_TXPBTHRESH(i), 0);
	}
	pci_write(pci, NIC_DTXMXSZRQ, 0xfff); // §8.2.3.9.1: without DCB
	clear(nic, NIC_RTTDCS, NIC_RTTDCS_ARBDIS);
	set(nic, NIC_DMATXCTL, NIC_DMATXCTL_TE); // before any queue
	for (unsigned i = 0; i < nic->port->n_txq; i++)
		if (tx_queue_init(nic, i) < 0)
			return err_set(err, ETIMEDOUT,
				       "device '%s' does not enable transmit queue %u (§4.6.8)",
				       pci->name, i);
	return 0;
}

// §4.6.7.1.2, §4.6.8.1.2: then the bus, so that nothing writes to memory any more.
void nic_quiet(struct nic *nic)
{
	interrupts_off(nic);
	clear(nic, NIC_RXCTRL, NIC_RXCTRL_RXEN);
	for (unsigned i = 0; i < nic->port->n_rxq; i++)
		clear(nic, NIC_RXDCTL(i), NIC_RXDCTL_ENABLE);
	for (unsigned i = 0; i < nic->port->n_txq; i++)
		clear(nic, NIC_TXDCTL(i), NIC_TXDCTL_ENABLE);
	clear(nic, NIC_DMATXCTL, NIC_DMATXCTL_TE);
	if (!nic->pci.is_gone)
		(void)master_disable(nic); // the reset at the next start does it again
}
