// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/host_tap.h"

#include "dataplane/base/log.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef TUNSETCARRIER // Linux 5.0
#define TUNSETCARRIER _IOW('T', 226, int)
#endif

enum { MTU_MIN6 = 1280 };

int host_name_check(const char *name, struct err *err)
{
	if (if_nametoindex(name) == 0)
		return 0;
	return err_set(
		err, EEXIST,
		"ifaces.%s: this machine has an interface of that name already, its TAP needs "
		"it: call the iface otherwise, or write 'host: false'",
		name);
}

// A kernel without the key (IPv6 is off, say) needs no setting.
static void sysctl_set(unsigned family, const char *iface, const char *key, const char *value)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv%u/conf/%s/%s", family, iface, key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		log_debug("host: %s = %s: %s", path, value, strerror(errno));
	if (fd >= 0)
		close(fd);
}

// jerboa is the router: Linux behaves as a host on the TAP, and leaves DAD,
// router discovery and the link-local address to jerboa.
static void behave(const char *name, bool has_default)
{
	static const struct {
		unsigned family;
		const char *key, *value;
	} settings[] = {
		{4, "forwarding", "0"},
		{4, "arp_announce", "2"}, // ask with an address of that network
		{6, "disable_ipv6", "0"},
		{6, "forwarding", "0"},
		{6, "accept_ra", "0"},
		{6, "router_solicitations", "0"},
		{6, "accept_dad", "0"},
		{6, "dad_transmits", "0"},
		{6, "addr_gen_mode", "1"}, // none
		{6, "accept_redirects", "0"},
	};

	for (unsigned i = 0; i < ARRAY_LEN(settings); i++)
		sysctl_set(settings[i].family, name, settings[i].key, settings[i].value);
	// Packets come in by the iface they arrived at, and leave by the default
	// route: loose; 2 is stronger than a 1 in conf/all.
	sysctl_set(4, name, "rp_filter", has_default ? "2" : "0");
	// An ICMP error of jerboa's about Linux's own packet comes from the router's address.
	sysctl_set(4, name, "accept_local", has_default ? "1" : "0");
}

static int device_make(struct host_tap *tap, const char *name, struct err *err)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL};
	int rc = host_name_check(name, err);

	if (rc < 0)
		return rc;
	tap->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap->fd < 0)
		return err_set(err, errno,
			       "ifaces.%s: no TAP: /dev/net/tun: %s (modprobe tun; or host.enable: "
			       "false)",
			       name, strerror(errno));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(tap->fd, TUNSETIFF, &ifr) < 0)
		return err_set(err, errno, "ifaces.%s: no TAP: %s%s", name, strerror(errno),
			       errno == EPERM ? " (root, or CAP_NET_ADMIN, is needed; or "
						"host.enable: false)"
					      : "");
	tap->ifindex = (int)if_nametoindex(name);
	return tap->ifindex ? 0 : err_set(err, ENODEV, "ifaces.%s: its TAP is gone", name);
}

static void carrier_set(const struct host_tap *tap, bool is_up)
{
	int carrier = is_up;

	if (ioctl(tap->fd, TUNSETCARRIER, &carrier) < 0)
		log_debug("host: %s: carrier: %s", tap->iface.name, strerror(errno));
}

static bool addr_equal(const struct iface_addr *a, const struct iface_addr *b)
{
	return a->family == b->family && a->plen == b->plen &&
	       memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16) == 0;
}

// Linux takes IPv6 off an interface whose MTU is too small for it.
static bool is_shown(const struct iface_addr *addr, const struct host_iface *iface)
{
	if (addr->family == 6 && iface->mtu < MTU_MIN6)
		return false;
	for (unsigned i = 0; i < iface->n_addr; i++)
		if (addr_equal(addr, &iface->addr[i]))
			return !iface->addr[i].is_tentative;
	return false;
}

static int addrs_apply(struct host_tap *tap, struct host_netlink *nl,
		       const struct host_iface *iface, struct err *err)
{
	const struct host_iface *old = &tap->iface;
	int rc = 0;

	for (unsigned i = 0; i < old->n_addr; i++)
		if (is_shown(&old->addr[i], old) && !is_shown(&old->addr[i], iface))
			(void)!host_netlink_addr(nl, tap->ifindex, &old->addr[i], false);
	for (unsigned i = 0; i < iface->n_addr && rc == 0; i++)
		if (is_shown(&iface->addr[i], iface) && !is_shown(&iface->addr[i], old))
			rc = host_netlink_addr(nl, tap->ifindex, &iface->addr[i], true);
	if (rc < 0)
		return err_set(err, -rc, "ifaces.%s: Linux refuses an address: %s", iface->name,
			       strerror(-rc));
	return 0;
}

static int link_apply(struct host_tap *tap, struct host_netlink *nl, const struct host_iface *iface,
		      struct err *err)
{
	int rc = host_netlink_link(nl, tap->ifindex, iface->mtu, iface->mac, true);

	if (rc < 0)
		return err_set(err, -rc, "ifaces.%s: Linux refuses MTU %u for its TAP: %s",
			       iface->name, iface->mtu, strerror(-rc));
	return 0;
}

int host_tap_open(struct host_tap *tap, struct host_netlink *nl, const struct host_iface *iface,
		  bool has_default, struct err *err)
{
	int rc;

	memset(tap, 0, sizeof(*tap));
	tap->fd = -1;
	rc = device_make(tap, iface->name, err);
	if (rc == 0) {
		behave(iface->name, has_default);
		rc = link_apply(tap, nl, iface, err);
	}
	if (rc == 0)
		rc = addrs_apply(tap, nl, iface, err);
	if (rc < 0) {
		host_tap_close(tap);
		return rc;
	}
	carrier_set(tap, iface->is_up);
	tap->iface = *iface;
	return 0;
}

int host_tap_update(struct host_tap *tap, struct host_netlink *nl, const struct host_iface *iface,
		    struct err *err)
{
	struct host_iface *old = &tap->iface;
	int rc = 0;

	if (old->mtu != iface->mtu || memcmp(old->mac, iface->mac, sizeof(old->mac)) != 0)
		rc = link_apply(tap, nl, iface, err);
	if (rc == 0)
		rc = addrs_apply(tap, nl, iface, err);
	if (old->is_up != iface->is_up)
		carrier_set(tap, iface->is_up);
	tap->iface = *iface;
	return rc;
}

void host_tap_close(struct host_tap *tap)
{
	if (tap->fd >= 0)
		close(tap->fd);
	tap->fd = -1;
}
