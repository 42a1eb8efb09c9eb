// SPDX-License-Identifier: BSD-3-Clause
#include "drivers/pci/pci_mem.h"

#include "dataplane/base/log.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memory.h>

#include <fcntl.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Linux, Documentation/admin-guide/mm/pagemap.rst: u64 a page, frame in bits 54:0.
static uint64_t physical_of(const void *addr)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;
	off_t at = (off_t)((uintptr_t)addr / PCI_PAGE * sizeof(entry));

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry), at) != (ssize_t)sizeof(entry))
		entry = 0;
	close(fd);
	return (entry & ((1ull << 55) - 1)) * PCI_PAGE;
}

static int physical_fill(struct pci_dma *dma, const struct pci_dev *dev, struct err *err)
{
	dma->is_physical = true;
	for (uint64_t off = 0; off < dma->mem.len; off += PCI_DMA_PAGE) {
		uint64_t at = physical_of((char *)dma->mem.addr + off);

		if (at == 0)
			return err_set(
				err, EPERM,
				"device '%s': without an IOMMU the kernel must tell physical "
				"addresses: run as root",
				dev->name);
		dma->physical[off / PCI_DMA_PAGE] = at;
	}
	dma->mem.iova = dma->physical[0];
	return 0;
}

static int memory_map(struct pci_dma *dma, uint64_t len, unsigned flags)
{
	int fd = memfd_create("jerboa-rings", MFD_CLOEXEC | flags);
	void *addr;

	if (fd < 0)
		return -errno;
	addr = ftruncate(fd, (off_t)len) < 0
		       ? MAP_FAILED
		       : mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (addr == MAP_FAILED) {
		int code = errno;

		close(fd);
		return -code;
	}
	dma->mem = (struct pci_mem){addr, (uintptr_t)addr, len, fd, 0};
	return 0;
}

int pci_dma_new(struct pci_dma *dma, struct pci_dev *dev, uint64_t len, struct err *err)
{
	bool must_be_huge = dev->ops->is_physical;
	int rc;

	memset(dma, 0, sizeof(*dma));
	dma->mem.fd = -1;
	len = (len + PCI_DMA_PAGE - 1) / PCI_DMA_PAGE * PCI_DMA_PAGE;
	if (len > PCI_DMA_MAX)
		return err_set(err, EINVAL, "device '%s': rings of %llu MB, at most %d", dev->name,
			       (unsigned long long)len >> 20, PCI_DMA_MAX >> 20);
	rc = memory_map(dma, len, MFD_HUGETLB | MFD_HUGE_2MB);
	if (rc < 0 && !must_be_huge)
		rc = memory_map(dma, len, 0);
	if (rc < 0)
		return err_set(err, -rc,
			       "device '%s': no %llu MB%s for its rings: %s (scripts/setup "
			       "--hugepages N)",
			       dev->name, (unsigned long long)len >> 20,
			       must_be_huge ? " of hugepages" : "", strerror(-rc));
	rc = must_be_huge ? physical_fill(dma, dev, err) : 0;
	if (rc == 0)
		rc = dev->ops->dma_map(dev, &dma->mem, err);
	if (rc < 0)
		pci_dma_free(dma, NULL);
	return rc;
}

void pci_dma_free(struct pci_dma *dma, struct pci_dev *dev)
{
	if (!dma->mem.addr)
		return;
	if (dev)
		dev->ops->dma_unmap(dev, &dma->mem);
	munmap(dma->mem.addr, dma->mem.len);
	close(dma->mem.fd);
	memset(dma, 0, sizeof(*dma));
}

uint64_t pci_dma_iova(const struct pci_dma *dma, uint64_t off)
{
	return dma->is_physical ? dma->physical[off / PCI_DMA_PAGE] + off % PCI_DMA_PAGE
				: dma->mem.iova + off;
}

struct walk {
	struct pci_dev *dev;
	struct err *err;
	int rc;
};

// One file a list of segments: the daemon starts DPDK so (ctl/eal.h).
static int segments_map(const struct rte_memseg_list *list, const struct rte_memseg *ms, size_t len,
			void *arg)
{
	struct walk *walk = arg;
	struct pci_mem mem = {ms->addr, ms->iova, len, rte_memseg_get_fd_thread_unsafe(ms), 0};
	size_t off = 0;

	(void)list;
	if (mem.fd >= 0 && rte_memseg_get_fd_offset_thread_unsafe(ms, &off) < 0)
		mem.fd = -1;
	mem.fd_off = off;
	log_debug("%s: packets: %#llx, %llu bytes at %p, file %d from %llu", walk->dev->name,
		  (unsigned long long)mem.iova, (unsigned long long)mem.len, mem.addr, mem.fd,
		  (unsigned long long)mem.fd_off);
	walk->rc = walk->dev->ops->dma_map(walk->dev, &mem, walk->err);
	return walk->rc < 0 ? -1 : 0;
}

static int segments_unmap(const struct rte_memseg_list *list, const struct rte_memseg *ms,
			  size_t len, void *arg)
{
	struct walk *walk = arg;
	struct pci_mem mem = {ms->addr, ms->iova, len, -1, 0};

	(void)list;
	walk->dev->ops->dma_unmap(walk->dev, &mem);
	return 0;
}

int pci_mem_map_packets(struct pci_dev *dev, struct err *err)
{
	struct walk walk = {dev, err, 0};

	if ((rte_eal_iova_mode() == RTE_IOVA_PA) != dev->ops->is_physical)
		return err_set(
			err, ENOTSUP,
			"device '%s' is reached by %s addresses, the other ports by %s ones: "
			"bind all to vfio-pci, or all to a UIO driver",
			dev->name, dev->ops->is_physical ? "physical" : "virtual",
			dev->ops->is_physical ? "virtual" : "physical");
	rte_memseg_contig_walk(segments_map, &walk);
	return walk.rc;
}

void pci_mem_unmap_packets(struct pci_dev *dev)
{
	struct walk walk = {dev, NULL, 0};

	rte_memseg_contig_walk(segments_unmap, &walk);
}
