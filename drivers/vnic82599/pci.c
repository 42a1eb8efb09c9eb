// SPDX-License-Identifier: BSD-3-Clause
// PCI configuration space. Section numbers are those of the 82599 datasheet (§9).
#include "drivers/vnic82599/priv.h"

enum { PM = 0x40, MSI = 0x50, MSIX = 0x70, PCIE = 0xa0, AER = 0x100, DSN = 0x140 };

static void put(struct vnic *v, unsigned off, uint32_t value, unsigned n)
{
	memcpy(v->cfg + off, &value, n);
}

static void put_ids(struct vnic *v)
{
	put(v, 0x00, NIC_VENDOR, 2);
	put(v, 0x02, v->conf.device, 2);
	put(v, 0x06, 0x0010, 2);     // has capabilities
	put(v, 0x08, 0x02000001, 4); // Ethernet controller, revision 1
	put(v, 0x0c, 0x10, 1);	     // cache line
	put(v, 0x10, 0x0000000c, 4); // BAR0: 64 bit, prefetchable
	put(v, 0x18, 0x00000001, 4); // BAR2: I/O
	put(v, 0x20, 0x0000000c, 4); // BAR4: 64 bit, prefetchable
	put(v, 0x2c, NIC_VENDOR, 2);
	put(v, 0x2e, 0x0003, 2); // X520-2
	put(v, 0x34, PM, 1);
	put(v, 0x3d, 1, 1); // INTA
}

void pci_init(struct vnic *v)
{
	memset(v->cfg, 0, sizeof(v->cfg));
	put_ids(v);
	put(v, PM, 0x48230001 | MSI << 8, 4);
	put(v, PM + 4, 0x2008, 4);		// no soft reset
	put(v, MSI, 0x01800005 | MSIX << 8, 4); // 64 bit, maskable
	put(v, MSIX, 0x00000011 | PCIE << 8 | (VNIC_VECTORS - 1) << 16, 4);
	put(v, MSIX + 4, 0x00000004, 4); // table: BAR4
	put(v, MSIX + 8, 0x00002004, 4); // pending bits: BAR4 + 0x2000
	put(v, PCIE, 0x00020010, 4);	 // version 2, endpoint, last of the list
	put(v, PCIE + 0x04, 0x10008cc2, 4);
	put(v, PCIE + 0x08, 0x2810, 2);
	put(v, PCIE + 0x0c, 0x00027482, 4); // 5 GT/s x8
	put(v, PCIE + 0x12, 0x1082, 2);
	put(v, PCIE + 0x24, 0x0000001f, 4);
	put(v, PCIE + 0x30, 0x0002, 2);
	put(v, AER, 0x00010001 | DSN << 20, 4);
	put(v, AER + 0x0c, 0x00062030, 4);
	put(v, DSN, 0x00010003, 4);
	put(v, DSN + 4, v->conf.mac[3] << 16 | v->conf.mac[4] << 8 | v->conf.mac[5] | 0xff000000u,
	    4);
	put(v, DSN + 8,
	    (uint32_t)v->conf.mac[0] << 24 | v->conf.mac[1] << 16 | v->conf.mac[2] << 8 | 0xff, 4);
}

// Bits that a write may change; everything else is read-only.
static uint8_t writable(unsigned off)
{
	static const struct {
		uint16_t off, len;
		uint8_t mask[8];
	} fields[] = {
		{0x04, 2, {0x47, 0x05}},				  // command
		{0x0c, 1, {0xff}},					  // cache line
		{0x10, 8, {0, 0, 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff}},	  // BAR0: 512 KB
		{0x18, 4, {0xe0, 0xff, 0xff, 0xff}},			  // BAR2: 32 bytes
		{0x20, 8, {0, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, // BAR4: 16 KB
		{0x3c, 1, {0xff}},					  // interrupt line
		{PM + 4, 2, {0x03, 0x1f}},
		{MSI + 2, 1, {0x71}},
		{MSI + 4, 8, {0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{MSI + 12, 8, {0xff, 0xff, 0, 0, 0x01, 0, 0, 0}},
		{MSIX + 3, 1, {0xc0}},
		{PCIE + 0x08, 2, {0xff, 0x7f}},
		{PCIE + 0x10, 1, {0xfb}},
		{PCIE + 0x28, 1, {0x1f}},
		{PCIE + 0x30, 1, {0x0f}},
		{AER + 0x08, 8, {0x30, 0xf0, 0x1f, 0, 0x30, 0xf0, 0x1f, 0}},
	};

	for (unsigned i = 0; i < ARRAY_LEN(fields); i++)
		if (off >= fields[i].off && off < fields[i].off + fields[i].len)
			return fields[i].mask[off - fields[i].off];
	return 0;
}

bool vnic_intx_is_off(const struct vnic *v)
{
	return v->cfg[5] & 4;
}

void vnic_cfg_read(struct vnic *v, uint32_t off, void *data, uint32_t len)
{
	v->cfg[6] = (uint8_t)((v->cfg[6] & ~8) | (irq_level(v) ? 8 : 0)); // interrupt status
	memset(data, 0xff, len);
	if (off < VNIC_CFG_LEN && len <= VNIC_CFG_LEN - off && !v->is_removed)
		memcpy(data, v->cfg + off, len);
}

void vnic_cfg_write(struct vnic *v, uint32_t off, const void *data, uint32_t len)
{
	const uint8_t *from = data;

	if (off >= VNIC_CFG_LEN || len > VNIC_CFG_LEN - off || v->is_removed)
		return;
	for (uint32_t i = 0; i < len; i++) {
		uint8_t mask = writable(off + i);

		v->cfg[off + i] = (uint8_t)((v->cfg[off + i] & ~mask) | (from[i] & mask));
		if (off + i == PCIE + 9 && (from[i] & 0x80)) // function level reset (§4.2.1.5)
			vnic_reset(v);
	}
	if (off <= 5 && off + len > 5) // INTx may be on again: what is pending is sent
		vnic_irq_unmask(v);
}
