// SPDX-License-Identifier: BSD-3-Clause
#include "drivers/pci/pci_priv.h"

#include <ctype.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// The digits of text; 0 if anything but digits and separators stands in it.
static unsigned digits_of(const char *text, char out[9])
{
	unsigned n = 0;

	for (; *text; text++) {
		if (*text == ':' || *text == '.')
			continue;
		if (!isxdigit((unsigned char)*text) || n == 9)
			return 0;
		out[n++] = (char)tolower((unsigned char)*text);
	}
	return n;
}

// Separators stand, if at all, between domain, bus, device and function.
static bool is_grouped(const char *text, unsigned n_digits)
{
	unsigned seen = 0;

	for (bool was_sep = true; *text; text++) {
		bool is_sep = *text == ':' || *text == '.';
		unsigned left = n_digits - seen;

		if (is_sep && (was_sep || (left != 5 && left != 3 && left != 1)))
			return false;
		seen += !is_sep;
		was_sep = is_sep;
	}
	return true;
}

bool pci_addr_parse(const char *text, char full[PCI_NAME_MAX])
{
	char hex[9];
	unsigned n = digits_of(text, hex);
	const char *bus = n == 9 ? hex + 4 : hex;

	if ((n != 5 && n != 9) || !is_grouped(text, n))
		return false;
	if (bus[4] > '7' || strtoul((char[]){bus[2], bus[3], 0}, NULL, 16) > 0x1f)
		return false;
	snprintf(full, PCI_NAME_MAX, "%.4s:%.2s:%.2s.%c", n == 9 ? hex : "0000", bus, bus + 2,
		 bus[4]);
	return true;
}

void pci_sysfs_path(const struct pci_dev *dev, const char *file, char path[PCI_SYSFS_MAX])
{
	snprintf(path, PCI_SYSFS_MAX, "/sys/bus/pci/devices/%s/%s", dev->name, file);
}

void pci_sysfs_driver(const struct pci_dev *dev, char name[64])
{
	char path[PCI_SYSFS_MAX], target[PCI_SYSFS_MAX] = "";

	pci_sysfs_path(dev, "driver", path);
	name[0] = '\0';
	if (readlink(path, target, sizeof(target) - 1) > 0)
		snprintf(name, 64, "%.63s", basename(target));
}

int pci_bar_reserve(struct pci_dev *dev, struct err *err)
{
	void *bar = mmap(NULL, PCI_BAR_MAX, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			 -1, 0);

	if (bar == MAP_FAILED)
		return err_set(err, errno, "device '%s': no address space for its registers: %s",
			       dev->name, strerror(errno));
	dev->bar = bar;
	return 0;
}

int pci_bar_page(struct pci_dev *dev, int fd, uint64_t fd_off, uint32_t off, uint32_t len,
		 struct err *err)
{
	if (off % PCI_PAGE || len % PCI_PAGE || off > PCI_BAR_MAX || len > PCI_BAR_MAX - off)
		return err_set(err, EPROTO, "device '%s': registers of %u bytes at %#x cannot be",
			       dev->name, len, off);
	if (mmap((char *)dev->bar + off, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 (off_t)fd_off) == MAP_FAILED)
		return err_set(err, errno, "device '%s': its registers cannot be mapped: %s",
			       dev->name, strerror(errno));
	for (uint32_t page = off / PCI_PAGE; page < (off + len) / PCI_PAGE; page++)
		dev->mapped[page / 64] |= 1ull << page % 64;
	return 0;
}

void pci_bar_release(struct pci_dev *dev)
{
	if (dev->bar)
		munmap(dev->bar, PCI_BAR_MAX);
	dev->bar = NULL;
	memset(dev->mapped, 0, sizeof(dev->mapped));
}

uint32_t pci_read_none(struct pci_dev *dev, uint32_t off)
{
	(void)dev;
	(void)off;
	return UINT32_MAX;
}

void pci_write_none(struct pci_dev *dev, uint32_t off, uint32_t value)
{
	(void)dev;
	(void)off;
	(void)value;
}

// Which way: a path is a socket, a device bound to vfio-pci goes by VFIO, one
// bound to a UIO driver by UIO; any other driver has it for itself.
static const struct pci_ops *way_to(struct pci_dev *dev, const char *device, struct err *err)
{
	char path[PCI_SYSFS_MAX], driver[64];

	if (strchr(device, '/')) {
		if (strlen(device) >= sizeof(dev->name)) {
			err_set(err, ENAMETOOLONG,
				"device '%s': a socket's path has at most %zu bytes", device,
				sizeof(dev->name) - 1);
			return NULL;
		}
		memcpy(dev->name, device, strlen(device) + 1);
		return &pci_user_ops;
	}
	if (!pci_addr_parse(device, dev->name)) {
		err_set(err, EINVAL,
			"device '%s': neither a PCI address (0000:03:00.0) nor the path of a "
			"vfio-user socket (/run/vnic0.sock)",
			device);
		return NULL;
	}
	pci_sysfs_path(dev, "vendor", path);
	if (access(path, F_OK) < 0) {
		err_set(err, ENODEV, "device '%s': no such PCI device (lspci -D lists them)",
			dev->name);
		return NULL;
	}
	pci_sysfs_driver(dev, driver);
	if (strcmp(driver, "vfio-pci") == 0)
		return &pci_vfio_ops;
	if (strcmp(driver, "uio_pci_generic") == 0 || strcmp(driver, "igb_uio") == 0)
		return &pci_uio_ops;
	err_set(err, EBUSY, "device '%s' is %s%s%s: bind it with  scripts/bind %s vfio-pci",
		dev->name,
		driver[0] ? "still in the hands of the kernel driver '" : "bound to no driver",
		driver, driver[0] ? "'" : "", dev->name);
	return NULL;
}

static int identify(struct pci_dev *dev, struct err *err)
{
	uint8_t id[4] = {0}, class_code[3] = {0};
	int rc = dev->ops->cfg_read(dev, PCI_CFG_VENDOR, id, sizeof(id));

	if (rc == 0)
		rc = dev->ops->cfg_read(dev, PCI_CFG_CLASS, class_code, sizeof(class_code));
	if (rc < 0)
		return err_set(err, -rc, "device '%s': its configuration space cannot be read: %s",
			       dev->name, strerror(-rc));
	dev->vendor = (uint16_t)(id[0] | id[1] << 8);
	dev->device = (uint16_t)(id[2] | id[3] << 8);
	dev->class_code =
		class_code[0] | (uint32_t)class_code[1] << 8 | (uint32_t)class_code[2] << 16;
	return 0;
}

int pci_open(struct pci_dev *dev, const char *device, struct err *err)
{
	int rc;

	memset(dev, 0, sizeof(*dev));
	for (unsigned i = 0; i < sizeof(dev->fd) / sizeof(dev->fd[0]); i++)
		dev->fd[i] = -1;
	dev->ops = way_to(dev, device, err);
	if (!dev->ops)
		return -err->code;
	rc = dev->ops->open(dev, err);
	if (rc < 0)
		return rc;
	rc = identify(dev, err);
	if (rc < 0)
		pci_close(dev);
	return rc;
}

void pci_close(struct pci_dev *dev)
{
	if (dev->ops)
		dev->ops->close(dev);
	dev->ops = NULL;
}

int pci_reconnect(struct pci_dev *dev, struct err *err)
{
	int rc;

	if (!dev->ops->reconnect)
		return err_set(err, ENODEV, "device '%s' is gone", dev->name);
	rc = dev->ops->reconnect(dev, err);
	if (rc == 0)
		rc = identify(dev, err);
	dev->is_gone = rc < 0;
	return rc;
}

// PCI Local Bus 3.0 §6.2.2: without bus mastering a device cannot reach memory.
int pci_master_set(struct pci_dev *dev, bool is_master)
{
	uint8_t cmd[2];
	int rc = dev->ops->cfg_read(dev, PCI_CFG_COMMAND, cmd, sizeof(cmd));

	if (rc < 0)
		return rc;
	cmd[0] = (uint8_t)(is_master ? cmd[0] | PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY
				     : cmd[0] & ~PCI_COMMAND_MASTER);
	return dev->ops->cfg_write(dev, PCI_CFG_COMMAND, cmd, sizeof(cmd));
}
