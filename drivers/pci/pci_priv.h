// SPDX-License-Identifier: BSD-3-Clause
// What the three ways to a device share.
#pragma once

#include "drivers/pci/pci.h"

// Of /sys/bus/pci/devices/<dev->name>/<file>; PCI_SYSFS_MAX bytes are enough.
enum { PCI_SYSFS_MAX = 256 };
void pci_sysfs_path(const struct pci_dev *dev, const char *file, char path[PCI_SYSFS_MAX]);

// Name of the kernel driver that has the device, "" if none.
void pci_sysfs_driver(const struct pci_dev *dev, char name[64]);

// PCI_BAR_MAX bytes of address space in which nothing is mapped yet.
int pci_bar_reserve(struct pci_dev *dev, struct err *err) must_check;
// len bytes of fd from fd_off on become registers off... (whole pages).
int pci_bar_page(struct pci_dev *dev, int fd, uint64_t fd_off, uint32_t off, uint32_t len,
		 struct err *err) must_check;
void pci_bar_release(struct pci_dev *dev);

// Registers where all of the BAR is mapped: nothing is left to read.
uint32_t pci_read_none(struct pci_dev *dev, uint32_t off);
void pci_write_none(struct pci_dev *dev, uint32_t off, uint32_t value);
