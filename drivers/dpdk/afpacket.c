// SPDX-License-Identifier: BSD-3-Clause
#include "drivers/dpdk/afpacket.h"

#include "dataplane/base/log.h"
#include "dataplane/pkt/eth.h"
#include "drivers/dpdk/afpacket_priv.h"

#include <rte_mbuf.h>

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef PACKET_IGNORE_OUTGOING // Linux 4.20
#define PACKET_IGNORE_OUTGOING 23
#endif

enum {
	MTU_MAX = 9500,
	L2_MAX = ETH_HDR_LEN + 2 * VLAN_TAG_LEN,
	RING_DEFAULT = 1024,
	BLOCK_LEN = 1 << 16,
	FRAME_MIN = 2048,
	HDR_MAX = 96, // what the kernel puts before a frame, rounded up
	SEND_BUFFER = 4 << 20,
};

static const char *key_find(const char *devargs, const char *key)
{
	size_t len = strlen(key);

	for (const char *at = strchr(devargs, ','); at; at = strchr(at + 1, ','))
		if (strncmp(at + 1, key, len) == 0 && at[1 + len] == '=')
			return at + len + 2;
	return NULL;
}

// "eth0, veth1": what could have been meant.
static void iface_list(char *text, size_t len)
{
	struct if_nameindex *all = if_nameindex();
	size_t used = 0;

	text[0] = '\0';
	for (struct if_nameindex *i = all; i && i->if_index && used < len; i++)
		if (strcmp(i->if_name, "lo") != 0)
			used += (size_t)snprintf(text + used, len - used, "%s%s", used ? ", " : "",
						 i->if_name);
	if (all)
		if_freenameindex(all);
	if (used == 0)
		snprintf(text, len, "none");
}

static int iface_ioctl(const struct afpacket_port *ap, unsigned long request, struct ifreq *ifr)
{
	memcpy(ifr->ifr_name, ap->iface, sizeof(ifr->ifr_name));
	return ioctl(ap->ctl, request, ifr) < 0 ? -errno : 0;
}

static int devargs_read(struct port *port, struct afpacket_port *ap, struct err *err)
{
	const char *name = key_find(port->device, "iface");
	size_t len = name ? strcspn(name, ",") : 0;
	char list[512];

	if (len == 0 || len >= sizeof(ap->iface))
		return err_set(err, EINVAL,
			       "ports.%s.device: '%s' names no interface: "
			       "net_af_packet0,iface=NAME, a name of 1 to 15 letters",
			       port->name, port->device);
	memcpy(ap->iface, name, len);
	ap->ifindex = (int)if_nametoindex(ap->iface);
	if (ap->ifindex)
		return 0;
	iface_list(list, sizeof(list));
	return err_set(err, ENODEV, "ports.%s.device: no interface '%s' here; there are: %s",
		       port->name, ap->iface, list);
}

static int iface_read(struct port *port, struct afpacket_port *ap, struct err *err)
{
	struct ifreq ifr = {0};
	int rc = iface_ioctl(ap, SIOCGIFHWADDR, &ifr);

	if (rc == 0 && ifr.ifr_hwaddr.sa_family != 1) // ARPHRD_ETHER
		return err_set(err, EINVAL, "ports.%s.device: '%s' is no Ethernet interface",
			       port->name, ap->iface);
	memcpy(port->mac, ifr.ifr_hwaddr.sa_data, sizeof(port->mac));
	if (rc == 0)
		rc = iface_ioctl(ap, SIOCGIFMTU, &ifr);
	ap->old_mtu = (unsigned)ifr.ifr_mtu;
	if (rc == 0)
		rc = iface_ioctl(ap, SIOCGIFFLAGS, &ifr);
	ap->old_flags = (uint16_t)ifr.ifr_flags;
	if (rc < 0)
		return err_set(err, -rc, "ports.%s.device: '%s': %s", port->name, ap->iface,
			       strerror(-rc));
	return 0;
}

static int raw_check(const struct port *port, struct err *err)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(
			err, errno,
			"ports.%s.device: '%s': %s (root, or CAP_NET_RAW and CAP_NET_ADMIN, is "
			"needed)",
			port->name, port->device, strerror(errno));
	close(fd);
	return 0;
}

static int afpacket_open(struct port *port, struct err *err)
{
	struct afpacket_port *ap = aligned_alloc(64, sizeof(*ap));
	int rc;

	if (!ap)
		return err_set(err, ENOMEM, "ports.%s: no memory", port->name);
	memset(ap, 0, sizeof(*ap));
	for (unsigned q = 0; q < AFPACKET_QUEUES_MAX; q++)
		ap->queue[q].fd = -1;
	port->driver = ap;
	ap->ctl = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	rc = devargs_read(port, ap, err);
	if (rc == 0)
		rc = iface_read(port, ap, err);
	if (rc == 0)
		rc = raw_check(port, err);
	if (rc < 0) {
		port->ops->close(port);
		return rc;
	}
	port->max_rxq = port->max_txq = AFPACKET_QUEUES_MAX;
	port->max_mtu = MTU_MAX;
	return 0;
}

// The interface must take our longest frame; it keeps a larger MTU of its own.
static int mtu_raise(struct port *port, struct afpacket_port *ap, struct err *err)
{
	struct ifreq ifr = {0};
	int rc;

	if (ap->old_mtu >= port->mtu)
		return 0;
	ifr.ifr_mtu = (int)port->mtu;
	rc = iface_ioctl(ap, SIOCSIFMTU, &ifr);
	if (rc < 0)
		return err_set(err, -rc, "ports.%s.mtu: %u: '%s' has %u and takes no more: %s",
			       port->name, port->mtu, ap->iface, ap->old_mtu, strerror(-rc));
	ap->mtu_changed = true;
	return 0;
}

static int option_set(int fd, int name, const void *value, socklen_t len)
{
	return setsockopt(fd, SOL_PACKET, name, value, len) < 0 ? -errno : 0;
}

static int ring_map(struct afpacket_queue *q, unsigned n_frames, unsigned mtu)
{
	struct tpacket_req req = {0};
	int version = TPACKET_V2, rc;

	q->frame_len = RTE_ALIGN_CEIL(mtu + L2_MAX + HDR_MAX, TPACKET_ALIGNMENT);
	if (q->frame_len < FRAME_MIN)
		q->frame_len = FRAME_MIN;
	q->block_len = BLOCK_LEN;
	q->frames_per_block = q->block_len / q->frame_len;
	req.tp_block_size = q->block_len;
	req.tp_block_nr = (n_frames + q->frames_per_block - 1) / q->frames_per_block;
	req.tp_frame_size = q->frame_len;
	req.tp_frame_nr = q->n_frames = req.tp_block_nr * q->frames_per_block;
	rc = option_set(q->fd, PACKET_VERSION, &version, sizeof(version));
	if (rc == 0)
		rc = option_set(q->fd, PACKET_RX_RING, &req, sizeof(req));
	if (rc < 0)
		return rc;
	q->map = mmap(NULL, (size_t)req.tp_block_nr * req.tp_block_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED, q->fd, 0);
	if (q->map == MAP_FAILED) {
		q->map = NULL;
		return -errno;
	}
	return 0;
}

static size_t ring_len(const struct afpacket_queue *q)
{
	return (size_t)(q->n_frames / q->frames_per_block) * q->block_len;
}

// Frames by a symmetric hash of their flow to one of the sockets; fragments as
// they are, not put together.
static int fanout_join(struct afpacket_port *ap, unsigned i)
{
	unsigned arg = PACKET_FANOUT_HASH << 16;
	socklen_t len = sizeof(arg);

	if (i == 0) {
		arg |= PACKET_FANOUT_FLAG_UNIQUEID << 16;
	} else {
		if (getsockopt(ap->queue[0].fd, SOL_PACKET, PACKET_FANOUT, &arg, &len) < 0)
			return -errno;
		arg = (arg & 0xffff) | PACKET_FANOUT_HASH << 16;
	}
	return option_set(ap->queue[i].fd, PACKET_FANOUT, &arg, sizeof(arg));
}

static int promisc_join(const struct afpacket_port *ap)
{
	struct packet_mreq mreq = {.mr_ifindex = ap->ifindex, .mr_type = PACKET_MR_PROMISC};

	return option_set(ap->queue[0].fd, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq));
}

static int queue_open(struct afpacket_port *ap, unsigned i, bool receives,
		      const struct port_conf *conf)
{
	struct afpacket_queue *q = &ap->queue[i];
	int one = 1, size = SEND_BUFFER, rc = 0;

	q->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (q->fd < 0)
		return -errno;
	q->pool = conf->pool;
	q->room = (uint16_t)(rte_pktmbuf_data_room_size(conf->pool) - RTE_PKTMBUF_HEADROOM);
	if (receives)
		rc = ring_map(q, conf->rx_ring ? conf->rx_ring : RING_DEFAULT, conf->mtu);
	if (rc < 0)
		return rc;
	// All three only make it better: old kernels lack the first.
	(void)option_set(q->fd, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	(void)option_set(q->fd, PACKET_QDISC_BYPASS, &one, sizeof(one));
	(void)setsockopt(q->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return 0;
}

static int afpacket_configure(struct port *port, const struct port_conf *conf, struct err *err)
{
	struct afpacket_port *ap = port->driver;
	unsigned room = rte_pktmbuf_data_room_size(conf->pool) - RTE_PKTMBUF_HEADROOM;
	int rc = 0;

	if (conf->mtu > MTU_MAX || conf->mtu + L2_MAX > room)
		return err_set(err, EINVAL, "ports.%s.mtu: %u: at most %u", port->name, conf->mtu,
			       RTE_MIN((unsigned)MTU_MAX, room - L2_MAX));
	port->mtu = conf->mtu;
	port->n_rxq = (uint16_t)RTE_MIN(conf->n_rxq, AFPACKET_QUEUES_MAX);
	port->n_txq = (uint16_t)RTE_MIN(conf->n_txq, AFPACKET_QUEUES_MAX);
	ap->n_queues = RTE_MAX(port->n_rxq, port->n_txq);
	port->rx_burst = afpacket_rx;
	port->tx_burst = afpacket_tx;
	for (unsigned q = 0; q < ap->n_queues && rc == 0; q++) {
		rc = queue_open(ap, q, q < port->n_rxq, conf);
		port->rxq[q] = port->txq[q] = &ap->queue[q];
	}
	if (rc == 0 && conf->promisc)
		rc = promisc_join(ap);
	if (rc < 0)
		return err_set(err, -rc,
			       "ports.%s.device: '%s': %u queues with rings of %u frames: %s",
			       port->name, ap->iface, ap->n_queues,
			       conf->rx_ring ? conf->rx_ring : RING_DEFAULT, strerror(-rc));
	return mtu_raise(port, ap, err);
}

static int queue_bind(const struct afpacket_port *ap, unsigned i, bool receives)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = receives ? htons(0x0003) : 0, // ETH_P_ALL
		.sll_ifindex = ap->ifindex,
	};

	if (bind(ap->queue[i].fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return 0;
}

static int afpacket_start(struct port *port, struct err *err)
{
	struct afpacket_port *ap = port->driver;
	struct ifreq ifr = {.ifr_flags = (short)(ap->old_flags | IFF_UP)};
	int rc = ap->old_flags & IFF_UP ? 0 : iface_ioctl(ap, SIOCSIFFLAGS, &ifr);

	for (unsigned i = 0; i < ap->n_queues && rc == 0 && !ap->is_bound; i++) {
		rc = queue_bind(ap, i, i < port->n_rxq);
		if (rc == 0 && i < port->n_rxq && port->n_rxq > 1)
			rc = fanout_join(ap, i);
	}
	if (rc < 0)
		return err_set(err, -rc, "ports.%s.device: '%s' does not start: %s", port->name,
			       ap->iface, strerror(-rc));
	ap->is_bound = true;
	return 0;
}

// The kernel writes into its own ring, never into mbufs: frames may go on
// coming in until close().
static void afpacket_stop(struct port *port)
{
	(void)port;
}

static void afpacket_close(struct port *port)
{
	struct afpacket_port *ap = port->driver;
	struct ifreq ifr = {0};

	if (!ap)
		return;
	for (unsigned i = 0; i < AFPACKET_QUEUES_MAX; i++) {
		struct afpacket_queue *q = &ap->queue[i];

		if (q->map)
			munmap(q->map, ring_len(q));
		if (q->fd >= 0)
			close(q->fd);
	}
	ifr.ifr_mtu = (int)ap->old_mtu;
	if (ap->mtu_changed)
		(void)iface_ioctl(ap, SIOCSIFMTU, &ifr); // it may be gone by now
	if (ap->ctl >= 0)
		close(ap->ctl);
	free(ap);
	port->driver = NULL;
}

static void speed_get(const struct afpacket_port *ap, struct port_link *link)
{
	struct ethtool_cmd cmd = {.cmd = ETHTOOL_GSET};
	struct ifreq ifr = {.ifr_data = (char *)&cmd};

	if (iface_ioctl(ap, SIOCETHTOOL, &ifr) < 0)
		return;
	link->mbit_s = ethtool_cmd_speed(&cmd);
	if (link->mbit_s == (uint32_t)SPEED_UNKNOWN)
		link->mbit_s = 0;
	link->full_duplex = cmd.duplex == DUPLEX_FULL;
}

// The carrier itself: IFF_RUNNING follows it up to a second later.
static bool has_carrier(const struct afpacket_port *ap, unsigned flags)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GLINK};
	struct ifreq ifr = {.ifr_data = (char *)&value};

	if (iface_ioctl(ap, SIOCETHTOOL, &ifr) < 0)
		return flags & IFF_RUNNING;
	return value.data != 0;
}

static void afpacket_link_get(struct port *port, struct port_link *link)
{
	struct afpacket_port *ap = port->driver;
	struct ifreq ifr = {0};

	*link = (struct port_link){0};
	if (iface_ioctl(ap, SIOCGIFFLAGS, &ifr) < 0)
		return; // gone
	link->is_up = ifr.ifr_flags & IFF_UP && has_carrier(ap, (unsigned)ifr.ifr_flags);
	if (link->is_up)
		speed_get(ap, link);
}

static void missed_read(struct afpacket_queue *q)
{
	struct tpacket_stats s = {0};
	socklen_t len = sizeof(s);

	if (q->fd >= 0 && getsockopt(q->fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) == 0)
		q->rx_missed += s.tp_drops;
}

// Once each: what a sender on this machine should be told.
static void warn(const struct port *port, struct afpacket_port *ap, uint64_t cut,
		 uint64_t unfinished)
{
	static const char *const cure =
		"run scripts/lab offloads-off on the interface that sends them";

	if (cut && !ap->warned_cut) {
		ap->warned_cut = true;
		log_warn(
			"%s: '%s' delivers frames longer than the MTU of %u (TSO or GRO of another "
			"interface of this machine?), they are dropped as truncated: %s",
			port->name, ap->iface, port->mtu, cure);
	}
	if (unfinished && !ap->warned_unfinished) {
		ap->warned_unfinished = true;
		log_info("%s: '%s' delivers frames without their checksums, jerboa completes them: "
			 "%s",
			 port->name, ap->iface, cure);
	}
}

static void afpacket_stats_get(struct port *port, struct port_stats *stats)
{
	struct afpacket_port *ap = port->driver;
	uint64_t cut = 0, unfinished = 0;

	*stats = (struct port_stats){0};
	for (unsigned i = 0; i < ap->n_queues; i++) {
		struct afpacket_queue *q = &ap->queue[i];

		missed_read(q);
		stats->rx_packets += q->rx_packets;
		stats->rx_bytes += q->rx_bytes;
		stats->rx_errors += q->rx_cut;
		stats->rx_missed += q->rx_missed;
		stats->rx_no_mbuf += q->rx_no_mbuf;
		stats->tx_packets += q->tx_packets;
		stats->tx_bytes += q->tx_bytes;
		stats->tx_errors += q->tx_errors;
		cut += q->rx_cut;
		unfinished += q->rx_unfinished;
	}
	warn(port, ap, cut, unfinished);
}

static int afpacket_mac_filter(struct port *port, const uint8_t mac[6], bool add)
{
	struct afpacket_port *ap = port->driver;
	struct packet_mreq mreq = {
		.mr_ifindex = ap->ifindex,
		.mr_type = mac[0] & 1 ? PACKET_MR_MULTICAST : PACKET_MR_UNICAST,
		.mr_alen = 6,
	};

	memcpy(mreq.mr_address, mac, 6);
	return option_set(ap->queue[0].fd, add ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP,
			  &mreq, sizeof(mreq));
}

const struct port_ops afpacket_port_ops = {
	.name = "af_packet",
	.open = afpacket_open,
	.configure = afpacket_configure,
	.start = afpacket_start,
	.stop = afpacket_stop,
	.close = afpacket_close,
	.link_get = afpacket_link_get,
	.stats_get = afpacket_stats_get,
	.mac_filter = afpacket_mac_filter,
};
