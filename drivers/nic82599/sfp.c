// SPDX-License-Identifier: BSD-3-Clause
// nic82599: the module in the cage and the link (§3.7, §4.6.4). The module is asked
// by I2C (SFF-8472 §4) what it is; the EEPROM says how the card is tuned to it.
// Sections: 82599 datasheet, revision 3.3.
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "drivers/nic82599/priv.h"

#include <sched.h>

// SFF-8472 §4.1, address A0h: bytes of the serial ID.
enum { SFP_ADDR = 0xa0, SFP_ID = 0, SFP_10G = 3, SFP_1G = 6, SFP_CABLE = 8 };
enum {
	SFP_IS_SFP = 3,
	SFP_10G_SR = 0x10,
	SFP_10G_LR = 0x20,
	SFP_CABLE_PASSIVE = 4,
	SFP_CABLE_ACTIVE = 8
};

// EEPROM: word 2Bh points to pairs of kind and data, up to FFFFh; data are a
// length and as many words for the analog core, up to FFFFh.
enum { EEPROM_SFP_LIST = 0x2b, EEPROM_END = 0xffff, LIST_MAX = 64, KIND_DA = 3, KIND_OPTICAL = 5 };

enum { I2C_HALF_NS = 5000, I2C_STRETCH_US = 500 };

// Too short a time to sleep; at start-up only.
static void half_bit(void)
{
	uint64_t end = clock_ns() + I2C_HALF_NS;

	while (clock_ns() < end)
		sched_yield();
}

static void lines_set(struct nic *nic, bool clock, bool data)
{
	uint32_t v = pci_read(&nic->pci, NIC_I2CCTL) & ~(NIC_I2CCTL_CLK_OUT | NIC_I2CCTL_DATA_OUT);

	v |= clock ? NIC_I2CCTL_CLK_OUT : 0;
	v |= data ? NIC_I2CCTL_DATA_OUT : 0;
	pci_write(&nic->pci, NIC_I2CCTL, v);
	half_bit();
}

static bool data_in(struct nic *nic)
{
	return pci_read(&nic->pci, NIC_I2CCTL) & NIC_I2CCTL_DATA_IN;
}

static void i2c_start(struct nic *nic)
{
	lines_set(nic, true, true);
	lines_set(nic, true, false);
	lines_set(nic, false, false);
}

static void i2c_stop(struct nic *nic)
{
	lines_set(nic, false, false);
	lines_set(nic, true, false);
	lines_set(nic, true, true);
}

// Clocks one bit out, and in what the other side makes of it. A module may hold
// the clock for a while.
static bool i2c_bit(struct nic *nic, bool bit)
{
	bool in;

	lines_set(nic, false, bit);
	lines_set(nic, true, bit);
	if (nic_wait(nic, NIC_I2CCTL, NIC_I2CCTL_CLK_IN, NIC_I2CCTL_CLK_IN, I2C_STRETCH_US) < 0)
		log_debug("%s: the module holds its clock", nic->pci.name);
	in = data_in(nic);
	lines_set(nic, false, bit);
	return in;
}

static bool i2c_write(struct nic *nic, uint8_t byte)
{
	for (int i = 7; i >= 0; i--)
		i2c_bit(nic, byte >> i & 1);
	return !i2c_bit(nic, true); // acknowledged: pulled low
}

static uint8_t i2c_read(struct nic *nic)
{
	uint8_t byte = 0;

	for (int i = 0; i < 8; i++)
		byte = (uint8_t)(byte << 1 | i2c_bit(nic, true));
	i2c_bit(nic, true); // one byte only
	return byte;
}

static int sfp_byte(struct nic *nic, uint8_t at)
{
	int byte = -ENXIO;

	i2c_start(nic);
	if (i2c_write(nic, SFP_ADDR) && i2c_write(nic, at)) {
		i2c_start(nic);
		if (i2c_write(nic, SFP_ADDR | 1))
			byte = i2c_read(nic);
	}
	i2c_stop(nic);
	return byte;
}

// §10.5.4: firmware and the other port share the pins. Waits at most 200 ms.
static bool semaphore_take(struct nic *nic, uint32_t bit)
{
	uint32_t firmware = bit << NIC_SW_FW_SYNC_FW_SHIFT;
	uint64_t end = clock_ns() + 200 * (uint64_t)CLOCK_NS_PER_MS;
	bool is_ours = false;

	while (!is_ours && clock_ns() < end) {
		uint32_t sync;

		if (nic_wait(nic, NIC_SWSM, NIC_SWSM_SMBI, 0, 10000) < 0)
			continue; // reading took it, unless somebody had it
		pci_write(&nic->pci, NIC_SWSM, NIC_SWSM_SMBI | NIC_SWSM_SWESMBI);
		sync = pci_read(&nic->pci, NIC_SW_FW_SYNC);
		is_ours = !(sync & (bit | firmware));
		if (is_ours)
			pci_write(&nic->pci, NIC_SW_FW_SYNC, sync | bit);
		pci_write(&nic->pci, NIC_SWSM, 0);
	}
	return is_ours;
}

static void semaphore_give(struct nic *nic, uint32_t bit)
{
	pci_write(&nic->pci, NIC_SW_FW_SYNC, pci_read(&nic->pci, NIC_SW_FW_SYNC) & ~bit);
}

struct module {
	const char *name;
	unsigned kind; // in the EEPROM's list, 0: none
	bool is_1g;
};

static struct module module_identify(struct nic *nic)
{
	int id = sfp_byte(nic, SFP_ID), ten, one, cable;

	if (id != SFP_IS_SFP)
		return (struct module){id < 0 ? "no module" : "a module of unknown kind", 0, false};
	ten = sfp_byte(nic, SFP_10G);
	one = sfp_byte(nic, SFP_1G);
	cable = sfp_byte(nic, SFP_CABLE);
	if (cable > 0 && cable & (SFP_CABLE_PASSIVE | SFP_CABLE_ACTIVE))
		return (struct module){"direct attach cable", KIND_DA, false};
	if (ten > 0 && ten & (SFP_10G_SR | SFP_10G_LR))
		return (struct module){ten & SFP_10G_SR ? "10GBASE-SR" : "10GBASE-LR", KIND_OPTICAL,
				       false};
	if (one > 0 && one & 0x0f)
		return (struct module){"1000BASE", KIND_OPTICAL, true};
	return (struct module){"an SFP+ module of unknown kind", 0, false};
}

// Where the EEPROM keeps the words for this kind of module; 0: nowhere.
static uint16_t tuning_find(struct nic *nic, unsigned kind)
{
	uint16_t list, word, data;

	if (nic_eeprom_read(nic, EEPROM_SFP_LIST, &list) < 0 || list == 0 || list == EEPROM_END)
		return 0;
	for (unsigned i = 1; i < LIST_MAX; i += 2) { // behind the length
		if (nic_eeprom_read(nic, list + i, &word) < 0 || word == EEPROM_END)
			return 0;
		if (word == kind)
			return nic_eeprom_read(nic, list + i + 1, &data) < 0 ? 0 : data;
	}
	return 0;
}

static void tune(struct nic *nic, const struct module *module)
{
	uint16_t at = module->kind ? tuning_find(nic, module->kind) : 0, word;

	for (unsigned i = 1; at && i < LIST_MAX; i++) {
		if (nic_eeprom_read(nic, at + i, &word) < 0 || word == EEPROM_END)
			return;
		pci_write(&nic->pci, NIC_CORECTL, word);
	}
}

// §4.6.4.2: 10G or 1G over SFI, restarted so that the mode is taken.
static void link_mode(struct nic *nic, bool is_1g)
{
	uint32_t autoc = pci_read(&nic->pci, NIC_AUTOC) & ~(7u << NIC_AUTOC_LMS_SHIFT);

	if (!is_1g)
		autoc |= NIC_AUTOC_LMS_10G_SFI << NIC_AUTOC_LMS_SHIFT;
	pci_write(&nic->pci, NIC_AUTOC, autoc | NIC_AUTOC_RESTART_AN);
}

void nic_link_start(struct nic *nic)
{
	struct module module = {"a backplane", 0, false};

	// §3.7: the laser goes on with SDP3 low.
	pci_write(&nic->pci, NIC_ESDP, pci_read(&nic->pci, NIC_ESDP) & ~NIC_ESDP_SDP3_DATA);
	if (nic->pci.device != NIC_DEVICE_82599_KX4) {
		if (semaphore_take(nic, NIC_SW_FW_SYNC_PHY0)) {
			module = module_identify(nic);
			semaphore_give(nic, NIC_SW_FW_SYNC_PHY0);
		} else {
			module.name = "an unknown module (firmware has it)";
		}
		if (semaphore_take(nic, NIC_SW_FW_SYNC_MAC_CSR)) {
			tune(nic, &module);
			semaphore_give(nic, NIC_SW_FW_SYNC_MAC_CSR);
		}
	}
	log_info("%s: %s", nic->pci.name, module.name);
	link_mode(nic, module.is_1g);
	// §4.6.4: software tells the firmware that a driver has the port.
	pci_write(&nic->pci, NIC_CTRL_EXT,
		  pci_read(&nic->pci, NIC_CTRL_EXT) | NIC_CTRL_EXT_DRV_LOAD);
}
