// SPDX-License-Identifier: BSD-3-Clause
// Memory that a device reaches: what a driver takes for its rings, and what DPDK
// has for packets. Control thread.
#pragma once

#include "drivers/pci/pci.h"

// Rings: up to PCI_DMA_MAX bytes, zeroed, in one mapping. What is aligned to its
// own length (a power of two up to 2 MB) is contiguous for the device, too.
enum { PCI_DMA_MAX = 32 << 20, PCI_DMA_PAGE = 2 << 20 };

struct pci_dma {
	struct pci_mem mem;			       // iova: of the first byte
	uint64_t physical[PCI_DMA_MAX / PCI_DMA_PAGE]; // of each page; for devices without IOMMU
	bool is_physical;
};

// Maps it for dev as well. Without an IOMMU it must come from hugepages.
int pci_dma_new(struct pci_dma *dma, struct pci_dev *dev, uint64_t len, struct err *err) must_check;
void pci_dma_free(struct pci_dma *dma, struct pci_dev *dev);
// Address of byte off for the device.
uint64_t pci_dma_iova(const struct pci_dma *dma, uint64_t off);

// All memory of DPDK's, packets among it. A mapping that dev refuses is an error;
// with an IOMMU or vfio-user, addresses must be virtual ones, without, physical.
int pci_mem_map_packets(struct pci_dev *dev, struct err *err) must_check;
void pci_mem_unmap_packets(struct pci_dev *dev);
