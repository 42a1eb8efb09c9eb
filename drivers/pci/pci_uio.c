// SPDX-License-Identifier: BSD-3-Clause
// A device without an IOMMU: registers by sysfs' resource0, DMA by physical
// address. The device can then write anywhere: nothing to map, nothing to guard.
#include "drivers/pci/pci_priv.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FD_CONFIG, FD_RESOURCE };

static void uio_close(struct pci_dev *dev)
{
	pci_bar_release(dev);
	for (int i = FD_CONFIG; i <= FD_RESOURCE; i++) {
		if (dev->fd[i] >= 0)
			close(dev->fd[i]);
		dev->fd[i] = -1;
	}
}

static int file_open(struct pci_dev *dev, int i, const char *name, struct err *err)
{
	char path[PCI_SYSFS_MAX];

	pci_sysfs_path(dev, name, path);
	dev->fd[i] = open(path, O_RDWR | O_CLOEXEC);
	if (dev->fd[i] >= 0)
		return 0;
	return err_set(err, errno, "device '%s': %s: %s%s", dev->name, path, strerror(errno),
		       errno == EPERM ? " (the kernel is locked down: use VFIO)" : "");
}

static int bar_map(struct pci_dev *dev, struct err *err)
{
	struct stat st;
	int rc;

	if (fstat(dev->fd[FD_RESOURCE], &st) < 0 || st.st_size < PCI_PAGE)
		return err_set(err, EIO, "device '%s': its registers have no length", dev->name);
	dev->bar_len = (uint32_t)(st.st_size < PCI_BAR_MAX ? st.st_size : PCI_BAR_MAX);
	rc = pci_bar_reserve(dev, err);
	return rc < 0 ? rc : pci_bar_page(dev, dev->fd[FD_RESOURCE], 0, 0, dev->bar_len, err);
}

static int uio_open(struct pci_dev *dev, struct err *err)
{
	int rc = file_open(dev, FD_CONFIG, "config", err);

	if (rc == 0)
		rc = file_open(dev, FD_RESOURCE, "resource0", err);
	if (rc == 0)
		rc = bar_map(dev, err);
	if (rc < 0)
		uio_close(dev);
	return rc;
}

static int uio_cfg_read(struct pci_dev *dev, unsigned off, void *data, unsigned len)
{
	return pread(dev->fd[FD_CONFIG], data, len, off) == (ssize_t)len ? 0 : -EIO;
}

static int uio_cfg_write(struct pci_dev *dev, unsigned off, const void *data, unsigned len)
{
	return pwrite(dev->fd[FD_CONFIG], data, len, off) == (ssize_t)len ? 0 : -EIO;
}

static int uio_dma_map(struct pci_dev *dev, const struct pci_mem *mem, struct err *err)
{
	(void)dev;
	(void)mem;
	(void)err;
	return 0;
}

static void uio_dma_unmap(struct pci_dev *dev, const struct pci_mem *mem)
{
	(void)dev;
	(void)mem;
}

static int uio_irq_set(struct pci_dev *dev, const int fd[], unsigned n)
{
	(void)dev;
	(void)fd;
	return n ? -ENOTSUP : 0; // uio_pci_generic has INTx only
}

const struct pci_ops pci_uio_ops = {
	.name = "uio",
	.open = uio_open,
	.close = uio_close,
	.read = pci_read_none,
	.write = pci_write_none,
	.cfg_read = uio_cfg_read,
	.cfg_write = uio_cfg_write,
	.dma_map = uio_dma_map,
	.dma_unmap = uio_dma_unmap,
	.irq_set = uio_irq_set,
	.is_physical = true,
};
