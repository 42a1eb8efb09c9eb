// SPDX-License-Identifier: BSD-3-Clause
// BAR0: which registers do something when read or written; the others just keep
// what they are told. Section numbers are those of the 82599 datasheet (§8.2.3).
#include "drivers/vnic82599/priv.h"

#include <sys/param.h>

#define AUTOC_RESET  0xc09c6004
#define AUTOC2_RESET 0x000a0000

static bool is_stat(uint32_t off)
{
	return (off >= 0x3f60 && off < 0x4200) || (off >= NIC_QPTC(0) && off < NIC_QBTC_L(16)) ||
	       (off >= 0x1000 && off < 0x2000 && (off & 0x3f) >= 0x30 && (off & 0x3f) < 0x3c);
}

static void mac_from_eeprom(struct vnic *v)
{
	reg_set(v, NIC_RAL(0), v->eeprom[0] | (uint32_t)v->eeprom[1] << 16);
	reg_set(v, NIC_RAH(0), v->eeprom[2] | NIC_RAH_AV);
}

// Every register but the semaphore between software and firmware (§10.5.4).
void reg_reset(struct vnic *v)
{
	static const struct {
		uint32_t off, value;
	} initial[] = {
		{NIC_AUTOC, AUTOC_RESET},
		{NIC_AUTOC2, AUTOC2_RESET},
		{NIC_ANLP1, 0x00010000},
		{NIC_HLREG0, NIC_HLREG0_TXCRCEN | 2 | NIC_HLREG0_TXPADEN},
		{NIC_MAXFRS, 0x05ee0000},
		{NIC_RXPBSIZE(0), 0x80000},
		{NIC_TXPBSIZE(0), 0x28000},
		{NIC_VLNCTRL, 0x8100},
		{NIC_RDRXCTL, 0x80000808},
		{NIC_SECRXSTAT, NIC_SECSTAT_RDY},
		{NIC_SECTXSTAT, NIC_SECSTAT_RDY},
		{NIC_FWSM, NIC_FWSM_FW_VALID},
		{NIC_ESDP, NIC_ESDP_SDP2_DATA},
		{NIC_FDIRFREE, 8190},
		{NIC_MSRWD, 0xffff0000},
		{NIC_EEC, NIC_EEC_EE_PRES | NIC_EEC_AUTO_RD | 6 << NIC_EEC_EE_SIZE_SHIFT},
		{0x10200, 0x2}, // GRC: wake-up is as the EEPROM says
	};
	uint32_t sync = reg_get(v, NIC_SW_FW_SYNC), swsm = reg_get(v, NIC_SWSM);

	memset(v->private, 0, NIC_BAR0_LEN);
	if (v->shared)
		memset(v->shared, 0, NIC_BAR0_LEN);
	for (unsigned i = 0; i < ARRAY_LEN(initial); i++)
		reg_set(v, initial[i].off, initial[i].value);
	for (unsigned q = 0; q < N_QUEUES; q++)
		reg_set(v, NIC_SRRCTL(q), 2); // 2 KB
	reg_set(v, NIC_SW_FW_SYNC, sync);
	reg_set(v, NIC_SWSM, swsm);
	mac_from_eeprom(v);
	v->filters_stale = v->rss_stale = true;
	for (unsigned i = 0; i < N_QUEUES; i++)
		v->rx[i].is_on = v->tx[i].is_on = false;
	v->n_rx_on = v->n_tx_on = 0;
	v->fifo_head = v->fifo_tail = v->fifo_used = 0;
	v->is_hung = false;
	irq_reset(v);
	fdir_reset(v);
}

static uint32_t links(const struct vnic *v)
{
	uint32_t speed = v->mbit_s >= 10000  ? NIC_LINKS_SPEED_10G
			 : v->mbit_s >= 1000 ? NIC_LINKS_SPEED_1G
					     : NIC_LINKS_SPEED_100M;

	return vnic_link_is_up(v) ? NIC_LINKS_UP | speed | 0x00020080 : 0;
}

void link_changed(struct vnic *v)
{
	irq_other(v, NIC_EICR_LSC);
}

static uint32_t status(const struct vnic *v)
{
	return (reg_get(v, NIC_CTRL) & NIC_CTRL_GIO_DIS ? 0 : NIC_STATUS_GIO_MASTER) |
	       (vnic_link_is_up(v) ? NIC_STATUS_LINK_UP : 0);
}

// §8.2.3.2.1: whoever asks for the EEPROM's pins is given them. No part hangs on
// them but one that is always ready: its status reads 0. DPDK asks it that once.
static uint32_t eec(const struct vnic *v)
{
	uint32_t value = reg_get(v, NIC_EEC);

	return (value & ~NIC_EEC_DO) | (value & NIC_EEC_EE_REQ ? NIC_EEC_EE_GNT : 0);
}

// §8.2.3.23: reading clears; reading the low half of 36 bits keeps the high half
// for the read that follows.
static uint32_t stat_read(struct vnic *v, uint32_t off)
{
	uint32_t value = reg_get(v, off);

	reg_set(v, off, 0);
	return value;
}

static uint32_t special_read(struct vnic *v, uint32_t off)
{
	uint32_t value = reg_get(v, off);

	switch (off) {
	case NIC_STATUS:
		return status(v);
	case NIC_LINKS:
		return links(v);
	case NIC_I2CCTL:
		return nvm_pins_read(v);
	case NIC_EEC:
		return eec(v);
	case NIC_SWSM: // taken by reading it
		reg_set(v, NIC_SWSM, value | NIC_SWSM_SMBI);
		return value;
	default:
		return value;
	}
}

// Registers that stand at two places have one home.
static uint32_t home(uint32_t off)
{
	if (off >= NIC_SRRCTL_ALIAS(0) && off < NIC_SRRCTL_ALIAS(16))
		return NIC_SRRCTL((off - NIC_SRRCTL_ALIAS(0)) / 4);
	if (off >= NIC_DCA_RXCTRL_ALIAS(0) && off < NIC_DCA_RXCTRL_ALIAS(16))
		return NIC_DCA_RXCTRL((off - NIC_DCA_RXCTRL_ALIAS(0)) / 4);
	if (off >= NIC_RAL_ALIAS(0) && off < NIC_RAL_ALIAS(16))
		return off - NIC_RAL_ALIAS(0) + NIC_RAL(0);
	return off;
}

uint32_t vnic_read(struct vnic *v, uint32_t off)
{
	uint32_t value;

	if (off >= NIC_BAR0_LEN || off % 4 || v->is_removed)
		return UINT32_MAX;
	off = home(off);
	if (irq_reg_read(v, off, &value))
		return value;
	return is_stat(off) ? stat_read(v, off) : special_read(v, off);
}

static void eerd(struct vnic *v, uint32_t off, uint32_t value)
{
	unsigned at = value >> NIC_EERD_ADDR_SHIFT & 0x3fff;

	if (!(value & NIC_EERD_START)) {
		reg_set(v, off, value);
		return;
	}
	if (off == NIC_EEWR && at < EEPROM_WORDS)
		v->eeprom[at] = (uint16_t)(value >> NIC_EERD_DATA_SHIFT);
	else
		value = (value & 0xffff) | (at < EEPROM_WORDS ? (uint32_t)v->eeprom[at] : 0xffff)
						   << NIC_EERD_DATA_SHIFT;
	reg_set(v, off, (value & ~NIC_EERD_START) | NIC_EERD_DONE);
}

static void ctrl(struct vnic *v, uint32_t value)
{
	if (value & (NIC_CTRL_RST | NIC_CTRL_LRST)) {
		reg_reset(v);
		link_changed(v);
		return;
	}
	reg_set(v, NIC_CTRL, value);
}

static void fdirctrl(struct vnic *v, uint32_t value)
{
	if (!(value & NIC_FDIRCTRL_PBALLOC))
		fdir_reset(v);
	reg_set(v, NIC_FDIRCTRL, value | NIC_FDIRCTRL_INIT_DONE);
}

// Filters and hash are made anew when their registers have changed.
static void note_tables(struct vnic *v, uint32_t off)
{
	if (off >= NIC_RAL(0) && off < NIC_RAL(NIC_QUEUES))
		v->filters_stale = true;
	if ((off >= NIC_RSSRK(0) && off < NIC_RSSRK(10)) ||
	    (off >= NIC_RETA(0) && off < NIC_RETA(32)))
		v->rss_stale = true;
}

static void ring_written(struct vnic *v, uint32_t off)
{
	if (off >= 0x1000 && off < 0x2000)
		queue_sync(v, (off - 0x1000) / 0x40, false);
	else if (off >= 0xd000 && off < 0xe000)
		queue_sync(v, 64 + (off - 0xd000) / 0x40, false);
	else if (off >= 0x6000 && off < 0x8000)
		queue_sync(v, (off - 0x6000) / 0x40, true);
}

static bool special_write(struct vnic *v, uint32_t off, uint32_t value)
{
	switch (off) {
	case NIC_CTRL:
		ctrl(v, value);
		return true;
	case NIC_ESDP:
		reg_set(v, off, value | NIC_ESDP_SDP2_DATA);
		return true;
	case NIC_I2CCTL:
		nvm_pins_write(v, value);
		return true;
	case NIC_EERD:
	case NIC_EEWR:
		eerd(v, off, value);
		return true;
	case NIC_EEC:
		value &= ~(uint32_t)(NIC_EEC_EE_GNT | 0xf << NIC_EEC_EE_SIZE_SHIFT);
		reg_set(v, off,
			value | NIC_EEC_EE_PRES | NIC_EEC_AUTO_RD | 6 << NIC_EEC_EE_SIZE_SHIFT);
		return true;
	case NIC_AUTOC:
		reg_set(v, off, value & ~NIC_AUTOC_RESTART_AN);
		link_changed(v);
		return true;
	case NIC_RXCTRL: // what waited in the packet buffer is not waited for
		if (!(value & NIC_RXCTRL_RXEN))
			v->fifo_head = v->fifo_tail = v->fifo_used = 0;
		reg_set(v, off, value);
		return true;
	case NIC_MSCA: // no PHY answers on MDIO
		reg_set(v, off, value & ~NIC_MSCA_MDI_CMD);
		return true;
	case NIC_RDRXCTL:
		reg_set(v, off, value | NIC_RDRXCTL_DMAIDONE);
		return true;
	case NIC_FDIRCTRL:
		fdirctrl(v, value);
		return true;
	case NIC_FDIRCMD:
		fdir_command(v, value);
		return true;
	default: // read-only
		return off == NIC_STATUS || off == NIC_LINKS || off == NIC_ANLP1 ||
		       off == NIC_FWSM || off == NIC_SECRXSTAT || off == NIC_SECTXSTAT ||
		       off == NIC_MSRWD || is_stat(off);
	}
}

void vnic_write(struct vnic *v, uint32_t off, uint32_t value)
{
	if (off >= NIC_BAR0_LEN || off % 4 || v->is_removed)
		return;
	off = home(off);
	if (irq_reg_write(v, off, value) || special_write(v, off, value))
		return;
	reg_set(v, off, value);
	note_tables(v, off);
	ring_written(v, off);
}

// Accesses of other widths are made of whole registers.
void vnic_bar_read(struct vnic *v, uint32_t off, void *data, uint32_t len)
{
	uint8_t *to = data;

	while (len) {
		uint32_t part = off & 3, n = MIN(4 - part, len);
		uint32_t value = vnic_read(v, off & ~3u);

		memcpy(to, (uint8_t *)&value + part, n);
		to += n;
		off += n;
		len -= n;
	}
}

void vnic_bar_write(struct vnic *v, uint32_t off, const void *data, uint32_t len)
{
	const uint8_t *from = data;

	while (len) {
		uint32_t part = off & 3, n = MIN(4 - part, len);
		uint32_t value = n < 4 && off < NIC_BAR0_LEN ? reg_get(v, off & ~3u) : 0;

		memcpy((uint8_t *)&value + part, from, n);
		vnic_write(v, off & ~3u, value);
		from += n;
		off += n;
		len -= n;
	}
}
