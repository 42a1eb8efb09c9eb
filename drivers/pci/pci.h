// SPDX-License-Identifier: BSD-3-Clause
// A PCI device that a driver of ours has to itself: registers, configuration
// space, DMA, interrupts. Three ways to it, one table of functions:
//
//   VFIO       0000:03:00.0 bound to vfio-pci: the IOMMU sees to it that the
//              device reaches our memory and no other
//   UIO        0000:03:00.0 bound to uio_pci_generic: no IOMMU, so DMA takes
//              physical addresses, and hugepages
//   vfio-user  /run/vnic0.sock: a device in another process (jerboa-vnic, QEMU)
//
// Control thread, except for the registers that pci_ptr() points to. A device
// that is gone reads as ones and swallows writes.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PCI_NAME_MAX = 108, // as long as a socket's path
	PCI_BAR_MAX = 0x80000,
	PCI_PAGE = 4096,
	PCI_VECTORS_MAX = 64,
};

// PCI Local Bus 3.0 §6.1: configuration space.
enum { PCI_CFG_VENDOR = 0x00, PCI_CFG_DEVICE = 0x02, PCI_CFG_COMMAND = 0x04, PCI_CFG_CLASS = 0x09 };
enum { PCI_COMMAND_MEMORY = 1 << 1, PCI_COMMAND_MASTER = 1 << 2 };
enum { PCI_CLASS_ETHERNET = 0x020000 };

// Memory for DMA: len bytes at addr are reached by the device at iova.
struct pci_mem {
	void *addr;
	uint64_t iova, len;
	int fd; // the file behind it, -1: none
	uint64_t fd_off;
};

struct pci_dev;

struct pci_ops {
	const char *name;
	int (*open)(struct pci_dev *dev, struct err *err);
	void (*close)(struct pci_dev *dev);
	// Registers outside mapped pages.
	uint32_t (*read)(struct pci_dev *dev, uint32_t off);
	void (*write)(struct pci_dev *dev, uint32_t off, uint32_t value);
	int (*cfg_read)(struct pci_dev *dev, unsigned off, void *data, unsigned len);
	int (*cfg_write)(struct pci_dev *dev, unsigned off, const void *data, unsigned len);
	int (*dma_map)(struct pci_dev *dev, const struct pci_mem *mem, struct err *err);
	void (*dma_unmap)(struct pci_dev *dev, const struct pci_mem *mem);
	// Vector n fires fd[n] (eventfd); n = 0: none. -ENOTSUP.
	int (*irq_set)(struct pci_dev *dev, const int fd[], unsigned n);
	int (*reconnect)(struct pci_dev *dev, struct err *err); // NULL: once gone, gone
	bool is_physical;					// DMA takes physical addresses
};

struct pci_dev {
	const struct pci_ops *ops;
	char name[PCI_NAME_MAX]; // address in full, or the socket's path
	void *bar;		 // BAR0, PCI_BAR_MAX bytes of address space, or NULL
	uint32_t bar_len;
	uint64_t mapped[PCI_BAR_MAX / PCI_PAGE / 64]; // pages of it that are there
	uint16_t vendor, device;
	uint32_t class_code; // 24 bits
	bool is_gone;
	int fd[3]; // the backend's
	void *priv;
};

extern const struct pci_ops pci_vfio_ops, pci_uio_ops, pci_user_ops;

// An address as people write it (0000:ab:cd.e, ab:cd.e, abcde as ixy.ml took it),
// in full; false: it is none.
bool pci_addr_parse(const char *text, char full[PCI_NAME_MAX]);

// Opens device, by address or socket path, and reads its identity. Refuses, before
// anything is touched, a device that a kernel driver has: says how to bind it.
int pci_open(struct pci_dev *dev, const char *device, struct err *err) must_check;
void pci_close(struct pci_dev *dev);
// Gone before: is it back? BAR and identity are new, DMA is to be mapped again.
int pci_reconnect(struct pci_dev *dev, struct err *err) must_check;
int pci_master_set(struct pci_dev *dev, bool is_master);

static inline bool pci_is_mapped(const struct pci_dev *dev, uint32_t off)
{
	uint32_t page = off / PCI_PAGE;

	return off < PCI_BAR_MAX && dev->mapped[page / 64] >> page % 64 & 1;
}

// For doorbells; NULL where no page is mapped.
static inline volatile uint32_t *pci_ptr(const struct pci_dev *dev, uint32_t off)
{
	return pci_is_mapped(dev, off) ? (volatile uint32_t *)((char *)dev->bar + off) : NULL;
}

// Little endian on the bus, as x86 and arm64 are.
static inline uint32_t pci_read(struct pci_dev *dev, uint32_t off)
{
	volatile uint32_t *p = pci_ptr(dev, off);

	return p ? *p : dev->ops->read(dev, off);
}

static inline void pci_write(struct pci_dev *dev, uint32_t off, uint32_t value)
{
	volatile uint32_t *p = pci_ptr(dev, off);

	if (p)
		*p = value;
	else
		dev->ops->write(dev, off, value);
}
