// SPDX-License-Identifier: BSD-3-Clause
// A device through the kernel's VFIO (Documentation/driver-api/vfio.rst): one
// container with one group, a type 1 IOMMU. The kernel resets the device and
// forgets our DMA maps when the file is closed, whatever becomes of the process.
#include "drivers/pci/pci_priv.h"

#include <fcntl.h>
#include <libgen.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { FD_CONTAINER, FD_GROUP, FD_DEVICE };

static int group_of(struct pci_dev *dev, struct err *err)
{
	char path[PCI_SYSFS_MAX], target[PCI_SYSFS_MAX] = "";

	pci_sysfs_path(dev, "iommu_group", path);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		return err_set(
			err, ENODEV,
			"device '%s' has no IOMMU group: switch the IOMMU on in the firmware, "
			"and in the kernel with intel_iommu=on; or bind the device with  "
			"scripts/bind %s uio_pci_generic",
			dev->name, dev->name);
	return atoi(basename(target));
}

static int group_open(struct pci_dev *dev, struct err *err)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	char path[64];
	int group = group_of(dev, err);

	if (group < 0)
		return group;
	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	dev->fd[FD_GROUP] = open(path, O_RDWR | O_CLOEXEC);
	if (dev->fd[FD_GROUP] < 0)
		return err_set(err, errno, "device '%s': %s: %s", dev->name, path, strerror(errno));
	if (ioctl(dev->fd[FD_GROUP], VFIO_GROUP_GET_STATUS, &status) < 0)
		return err_set(err, errno, "device '%s': %s: %s", dev->name, path, strerror(errno));
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return err_set(
			err, EBUSY,
			"device '%s': others of its IOMMU group %d are in the hands of kernel "
			"drivers: bind them to vfio-pci, too (ls "
			"/sys/kernel/iommu_groups/%d/devices)",
			dev->name, group, group);
	return 0;
}

static int container_open(struct pci_dev *dev, struct err *err)
{
	int fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno, "device '%s': /dev/vfio/vfio: %s (modprobe vfio-pci)",
			       dev->name, strerror(errno));
	dev->fd[FD_CONTAINER] = fd;
	if (ioctl(fd, VFIO_GET_API_VERSION) != VFIO_API_VERSION ||
	    ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU) <= 0)
		return err_set(err, ENOTSUP, "device '%s': this kernel's VFIO has no type 1 IOMMU",
			       dev->name);
	return 0;
}

// The group's file, set into the container, gives the device's.
static int device_open(struct pci_dev *dev, struct err *err)
{
	if (ioctl(dev->fd[FD_GROUP], VFIO_GROUP_SET_CONTAINER, &dev->fd[FD_CONTAINER]) < 0 ||
	    ioctl(dev->fd[FD_CONTAINER], VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) < 0)
		return err_set(err, errno, "device '%s': its IOMMU cannot be had: %s", dev->name,
			       strerror(errno));
	dev->fd[FD_DEVICE] = ioctl(dev->fd[FD_GROUP], VFIO_GROUP_GET_DEVICE_FD, dev->name);
	if (dev->fd[FD_DEVICE] < 0)
		return err_set(err, errno, "device '%s': VFIO does not give it: %s", dev->name,
			       strerror(errno));
	return 0;
}

static int region_get(struct pci_dev *dev, uint32_t index, struct vfio_region_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	info->index = index;
	return ioctl(dev->fd[FD_DEVICE], VFIO_DEVICE_GET_REGION_INFO, info) < 0 ? -errno : 0;
}

static int bar_map(struct pci_dev *dev, struct err *err)
{
	struct vfio_region_info info;
	int rc = region_get(dev, VFIO_PCI_BAR0_REGION_INDEX, &info);

	if (rc < 0 || !(info.flags & VFIO_REGION_INFO_FLAG_MMAP) || info.size < PCI_PAGE)
		return err_set(err, rc < 0 ? -rc : ENOTSUP,
			       "device '%s': its registers cannot be mapped", dev->name);
	dev->bar_len = (uint32_t)(info.size < PCI_BAR_MAX ? info.size : PCI_BAR_MAX);
	rc = pci_bar_reserve(dev, err);
	return rc < 0 ? rc
		      : pci_bar_page(dev, dev->fd[FD_DEVICE], info.offset, 0, dev->bar_len, err);
}

static void vfio_close(struct pci_dev *dev)
{
	pci_bar_release(dev);
	for (int i = FD_DEVICE; i >= FD_CONTAINER; i--) {
		if (dev->fd[i] >= 0)
			close(dev->fd[i]);
		dev->fd[i] = -1;
	}
}

static int vfio_open(struct pci_dev *dev, struct err *err)
{
	int rc = container_open(dev, err);

	if (rc == 0)
		rc = group_open(dev, err);
	if (rc == 0)
		rc = device_open(dev, err);
	if (rc == 0)
		rc = bar_map(dev, err);
	if (rc < 0)
		vfio_close(dev);
	return rc;
}

static int cfg_at(struct pci_dev *dev, unsigned off, unsigned len, uint64_t *at)
{
	struct vfio_region_info info;
	int rc = region_get(dev, VFIO_PCI_CONFIG_REGION_INDEX, &info);

	if (rc < 0)
		return rc;
	if (off > info.size || len > info.size - off)
		return -EINVAL;
	*at = info.offset + off;
	return 0;
}

static int vfio_cfg_read(struct pci_dev *dev, unsigned off, void *data, unsigned len)
{
	uint64_t at;
	int rc = cfg_at(dev, off, len, &at);

	if (rc < 0)
		return rc;
	return pread(dev->fd[FD_DEVICE], data, len, (off_t)at) == (ssize_t)len ? 0 : -EIO;
}

static int vfio_cfg_write(struct pci_dev *dev, unsigned off, const void *data, unsigned len)
{
	uint64_t at;
	int rc = cfg_at(dev, off, len, &at);

	if (rc < 0)
		return rc;
	return pwrite(dev->fd[FD_DEVICE], data, len, (off_t)at) == (ssize_t)len ? 0 : -EIO;
}

static int vfio_dma_map(struct pci_dev *dev, const struct pci_mem *mem, struct err *err)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)mem->addr,
		.iova = mem->iova,
		.size = mem->len,
	};

	if (ioctl(dev->fd[FD_CONTAINER], VFIO_IOMMU_MAP_DMA, &map) == 0)
		return 0;
	return err_set(
		err, errno, "device '%s': the IOMMU does not map %llu MB at %#llx: %s%s", dev->name,
		(unsigned long long)mem->len >> 20, (unsigned long long)mem->iova, strerror(errno),
		errno == ENOMEM	  ? " (raise the limit of locked memory: ulimit -l)"
		: errno == EINVAL ? " (an IOMMU of fewer than 48 bits? memory.hugepages, or UIO)"
				  : "");
}

static void vfio_dma_unmap(struct pci_dev *dev, const struct pci_mem *mem)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = mem->iova,
		.size = mem->len,
	};

	(void)ioctl(dev->fd[FD_CONTAINER], VFIO_IOMMU_UNMAP_DMA, &unmap); // closing does it, too
}

static int vfio_irq_set(struct pci_dev *dev, const int fd[], unsigned n)
{
	struct {
		struct vfio_irq_set head;
		int32_t fd[PCI_VECTORS_MAX];
	} set = {.head = {.argsz = (uint32_t)(sizeof(set.head) + n * sizeof(set.fd[0])),
			  .flags = VFIO_IRQ_SET_ACTION_TRIGGER,
			  .index = VFIO_PCI_MSIX_IRQ_INDEX,
			  .count = n}};

	if (n > PCI_VECTORS_MAX)
		return -EINVAL;
	set.head.flags |= n ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE;
	memcpy(set.fd, fd, n * sizeof(set.fd[0]));
	return ioctl(dev->fd[FD_DEVICE], VFIO_DEVICE_SET_IRQS, &set) < 0 ? -errno : 0;
}

const struct pci_ops pci_vfio_ops = {
	.name = "vfio",
	.open = vfio_open,
	.close = vfio_close,
	.read = pci_read_none,
	.write = pci_write_none,
	.cfg_read = vfio_cfg_read,
	.cfg_write = vfio_cfg_write,
	.dma_map = vfio_dma_map,
	.dma_unmap = vfio_dma_unmap,
	.irq_set = vfio_irq_set,
};
