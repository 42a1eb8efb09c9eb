// SPDX-License-Identifier: BSD-3-Clause
// From a device's name to an ethdev, and from a failure to advice.
#include "drivers/dpdk/dpdk_priv.h"

#include <rte_dev.h>
#include <rte_pci.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYS_PCI "/sys/bus/pci/devices"

// The name before the first comma: what ethdev calls the device.
static void name_of(const char *device, char *name, size_t len)
{
	snprintf(name, len, "%.*s", (int)strcspn(device, ","), device);
}

// First line of a small file, without its end; "" if there is none.
static void read_line(const char *path, char *line, size_t len)
{
	FILE *file = fopen(path, "r");

	line[0] = '\0';
	if (!file)
		return;
	if (!fgets(line, (int)len, file))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

// The driver a PCI device is bound to, "" if none.
static void pci_driver(const char *addr, char *driver, size_t len)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	snprintf(path, sizeof(path), SYS_PCI "/%s/driver", addr);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	slash = strrchr(target, '/');
	snprintf(driver, len, "%s", slash ? slash + 1 : "");
}

// "0000:03:00.0 (ixgbe), 0000:03:00.1 (vfio-pci)": the network devices there are.
static void pci_list(char *text, size_t len)
{
	DIR *dir = opendir(SYS_PCI);
	struct dirent *entry;
	size_t used = 0;

	text[0] = '\0';
	while (dir && (entry = readdir(dir)) && used < len) {
		char path[PATH_MAX], class[16], driver[64];

		snprintf(path, sizeof(path), SYS_PCI "/%s/class", entry->d_name);
		read_line(path, class, sizeof(class));
		if (strncmp(class, "0x02", 4) != 0)
			continue;
		pci_driver(entry->d_name, driver, sizeof(driver));
		used += (size_t)snprintf(text + used, len - used, "%s%s (%s)", used ? ", " : "",
					 entry->d_name, driver[0] ? driver : "no driver");
	}
	if (dir)
		closedir(dir);
	if (used == 0)
		snprintf(text, len, "none");
}

static bool is_user_driver(const char *driver)
{
	static const char *const known[] = {"vfio-pci", "igb_uio", "uio_pci_generic", "mlx5_core",
					    "mlx4_core"};

	for (unsigned i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(driver, known[i]) == 0)
			return true;
	return false;
}

static int pci_refused(const char *addr, int rc, struct err *err)
{
	char driver[64], path[PATH_MAX], list[1024];

	snprintf(path, sizeof(path), SYS_PCI "/%s", addr);
	if (access(path, F_OK) != 0) {
		pci_list(list, sizeof(list));
		return err_set(err, ENODEV, "device: no PCI device '%s'; network devices here: %s",
			       addr, list);
	}
	pci_driver(addr, driver, sizeof(driver));
	if (!is_user_driver(driver))
		return err_set(err, EBUSY,
			       "device: '%s' is bound to %s%s: run dpdk-devbind.py -b vfio-pci %s "
			       "(the interface disappears from Linux)",
			       addr, driver[0] ? "the kernel's driver " : "no driver", driver,
			       addr);
	if (rc == -EACCES || rc == -EPERM || access("/dev/vfio/vfio", R_OK | W_OK) != 0)
		return err_set(err, EACCES,
			       "device: '%s' is bound to %s, but /dev/vfio may not be used: run as "
			       "root, and enable the IOMMU in the firmware",
			       addr, driver);
	return err_set(err, rc < 0 ? -rc : ENODEV,
		       "device: '%s' is bound to %s, but no driver of DPDK takes it: %s", addr,
		       driver, rc < 0 ? rte_strerror(-rc) : "is its driver package installed?");
}

static int vdev_refused(const char *device, const char *name, int rc, struct err *err)
{
	if (rc == -EEXIST)
		return err_set(err, EEXIST,
			       "device: '%s' is used twice: give the second another number (%.*s9)",
			       name, (int)strcspn(name, "0123456789"), name);
	if (rc == -EPERM || rc == -EACCES || geteuid() != 0)
		return err_set(
			err, EPERM,
			"device: '%s': %s (root, or CAP_NET_ADMIN and CAP_NET_RAW, is needed)",
			device, rte_strerror(rc < 0 ? -rc : EPERM));
	return err_set(
		err, rc < 0 ? -rc : EINVAL,
		"device: '%s' cannot be made: %s; a device is a PCI address (0000:03:00.0) or "
		"DRIVER and number with its arguments: net_af_packet0,iface=NAME, "
		"net_tap0,iface=NAME, net_pcap0,iface=NAME, net_memif0,socket=PATH, "
		"net_ring0, net_null0",
		device, rc < 0 ? rte_strerror(-rc) : "no such driver");
}

int dpdk_probe(const char *device, uint16_t *ethdev, struct err *err)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	struct rte_pci_addr pci;
	bool is_pci;
	int rc;

	name_of(device, name, sizeof(name));
	is_pci = rte_pci_addr_parse(name, &pci) == 0;
	if (is_pci)
		rte_pci_device_name(&pci, name, sizeof(name));
	else if (rte_eth_dev_get_port_by_name(name, ethdev) == 0)
		return vdev_refused(device, name, -EEXIST, err);
	rc = rte_dev_probe(device);
	if (rc == 0 || (is_pci && rc == -EEXIST)) // EAL may have probed it at start
		if (rte_eth_dev_get_port_by_name(name, ethdev) == 0)
			return 0;
	return is_pci ? pci_refused(name, rc, err) : vdev_refused(device, name, rc, err);
}
