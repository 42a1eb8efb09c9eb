// SPDX-License-Identifier: BSD-3-Clause
// Wires that are a file descriptor with a frame a read: TAP, packet socket,
// socket to another process.
#include "dataplane/base/csum.h"
#include "drivers/vnic82599/priv.h"
#include "drivers/vnic82599/wire_priv.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct fd_wire {
	struct wire wire;
	int listener; // of socket:PATH while nobody came, else -1
	char path[108];
};

static bool fd_tx(struct wire *wire, const uint8_t *frame, unsigned len)
{
	return write(wire->fd, frame, len) == (ssize_t)len;
}

// The other end of a socket was closed: no link, nothing to wait for.
static void lose(struct wire *wire)
{
	close(wire->fd);
	wire->fd = -1;
}

static unsigned fd_poll(struct wire *wire, uint64_t now_ns, unsigned max)
{
	uint8_t frame[VNIC_FRAME_MAX];
	unsigned n = 0;

	(void)now_ns;
	while (n < max && !vnic_is_backlogged(wire->nic)) {
		ssize_t len = read(wire->fd, frame, sizeof(frame));

		if (len <= 0) {
			if (len == 0)
				lose(wire);
			break;
		}
		wire_receive(wire, frame, (unsigned)len);
		n++;
	}
	return n;
}

static void fd_close(struct wire *wire)
{
	struct fd_wire *fd = (struct fd_wire *)wire;

	if (wire->fd >= 0)
		close(wire->fd);
	if (fd->path[0])
		unlink(fd->path);
	free(fd);
}

static const struct wire_ops fd_ops = {
	.name = "fd", .tx = fd_tx, .poll = fd_poll, .close = fd_close};
static const struct wire_ops tap_ops = {
	.name = "tap", .tx = fd_tx, .poll = fd_poll, .close = fd_close};

static struct wire *fd_wire(int fd, const struct wire_ops *ops, struct err *err)
{
	struct fd_wire *wire = wire_new(sizeof(*wire), ops, err);

	if (!wire || fcntl(fd, F_SETFL, O_NONBLOCK)) {
		close(fd);
		free(wire);
		return NULL;
	}
	wire->wire.fd = fd;
	wire->listener = -1;
	return &wire->wire;
}

struct wire *wire_fd_open(int fd, const char *name)
{
	(void)name;
	return fd_wire(fd, &fd_ops, NULL);
}

// No offloads are asked of the TAP: the kernel cuts and sums for us.
struct wire *wire_tap_open(const char *arg, struct err *err)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (!*arg || strlen(arg) >= sizeof(ifr.ifr_name)) {
		err_set(err, EINVAL, "wire tap:%s: a name of 1 to 15 characters is needed", arg);
	} else if (fd < 0) {
		err_set(err, errno, "wire tap:%s: /dev/net/tun: %m", arg);
	} else {
		strcpy(ifr.ifr_name, arg);
		if (!ioctl(fd, TUNSETIFF, &ifr))
			return fd_wire(fd, &tap_ops, err);
		err_set(err, errno, "wire tap:%s: %m (needs CAP_NET_ADMIN)", arg);
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

// ---- packet socket: Linux moves the VLAN tag aside and leaves checksums of
// its own frames to a card that is not there.

static unsigned tag_back(uint8_t *frame, unsigned len, const struct tpacket_auxdata *aux)
{
	uint16_t tpid =
		aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid : ETH_P_8021Q;

	if (!(aux->tp_status & TP_STATUS_VLAN_VALID))
		return len;
	memmove(frame + 16, frame + 12, len - 12);
	frame[12] = (uint8_t)(tpid >> 8);
	frame[13] = (uint8_t)tpid;
	frame[14] = (uint8_t)(aux->tp_vlan_tci >> 8);
	frame[15] = (uint8_t)aux->tp_vlan_tci;
	return len + 4;
}

static void sum_back(uint8_t *data, unsigned len)
{
	struct frame f;
	unsigned off;
	uint16_t sum;

	frame_parse(&f, data, len, ETH_P_8021Q);
	if (!(f.ptype & (NIC_PTYPE_TCP | NIC_PTYPE_UDP)))
		return;
	off = f.l4 + (f.ptype & NIC_PTYPE_TCP ? 16 : 6);
	memset(data + off, 0, 2);
	sum = csum_finish(frame_l4_sum(&f));
	if (!sum && (f.ptype & NIC_PTYPE_UDP))
		sum = 0xffff;
	memcpy(data + off, &sum, 2);
}

// Room is left for a tag.
static ssize_t packet_read(int fd, uint8_t *frame, size_t len)
{
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec iov = {.iov_base = frame, .iov_len = len - 4};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &msg, 0);
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	struct tpacket_auxdata aux;

	if (n < 14 || !cmsg || cmsg->cmsg_type != PACKET_AUXDATA)
		return n;
	memcpy(&aux, CMSG_DATA(cmsg), sizeof(aux));
	n = tag_back(frame, (unsigned)n, &aux);
	if (aux.tp_status & TP_STATUS_CSUMNOTREADY)
		sum_back(frame, (unsigned)n);
	return n;
}

static unsigned packet_poll(struct wire *wire, uint64_t now_ns, unsigned max)
{
	uint8_t frame[VNIC_FRAME_MAX];
	unsigned n = 0;

	(void)now_ns;
	while (n < max && !vnic_is_backlogged(wire->nic)) {
		ssize_t len = packet_read(wire->fd, frame, sizeof(frame));

		if (len <= 0)
			break;
		wire_receive(wire, frame, (unsigned)len);
		n++;
	}
	return n;
}

static const struct wire_ops packet_ops = {
	.name = "packet", .tx = fd_tx, .poll = packet_poll, .close = fd_close};

static int packet_bind(int fd, const char *name)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq promisc = {.mr_type = PACKET_MR_PROMISC};
	struct ifreq ifr = {0};
	int on = 1;

	strcpy(ifr.ifr_name, name);
	if (ioctl(fd, SIOCGIFINDEX, &ifr))
		return -errno;
	addr.sll_ifindex = promisc.mr_ifindex = ifr.ifr_ifindex;
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof(promisc)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return 0;
}

struct wire *wire_packet_open(const char *arg, struct err *err)
{
	int fd, ret;

	if (!*arg || strlen(arg) >= IFNAMSIZ) {
		err_set(err, EINVAL, "wire packet:%s: the name of an interface is needed", arg);
		return NULL;
	}
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	ret = fd < 0 ? -errno : packet_bind(fd, arg);
	if (ret == 0)
		return fd_wire(fd, &packet_ops, err);
	err_set(err, -ret, "wire packet:%s: %s", arg, strerror(-ret));
	if (fd >= 0)
		close(fd);
	return NULL;
}

// ---- socket: two processes, one of which came first

static bool socket_is_up(const struct wire *wire)
{
	return wire->fd >= 0 && ((const struct fd_wire *)wire)->listener < 0;
}

static bool socket_tx(struct wire *wire, const uint8_t *frame, unsigned len)
{
	return socket_is_up(wire) && send(wire->fd, frame, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static unsigned socket_poll(struct wire *wire, uint64_t now_ns, unsigned max)
{
	struct fd_wire *fd = (struct fd_wire *)wire;
	int peer;

	if (socket_is_up(wire))
		return fd_poll(wire, now_ns, max);
	if (fd->listener < 0)
		return 0;
	peer = accept4(fd->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (peer < 0)
		return 0;
	close(fd->listener);
	fd->listener = -1;
	wire->fd = peer;
	return 0;
}

static const struct wire_ops socket_ops = {.name = "socket",
					   .tx = socket_tx,
					   .poll = socket_poll,
					   .is_up = socket_is_up,
					   .close = fd_close};

struct wire *wire_socket_open(const char *arg, struct err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	bool is_first;
	struct wire *wire;
	int fd;

	if (!*arg || strlen(arg) >= sizeof(addr.sun_path)) {
		err_set(err, EINVAL, "wire socket:%s: a path of 1 to 107 characters is needed",
			arg);
		return NULL;
	}
	strcpy(addr.sun_path, arg);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	is_first = fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0;
	if (is_first)
		unlink(arg);
	if (fd < 0 ||
	    (is_first && (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1)))) {
		err_set(err, errno, "wire socket:%s: %m", arg);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	wire = fd_wire(fd, &socket_ops, err);
	if (wire && is_first) {
		((struct fd_wire *)wire)->listener = fd;
		strcpy(((struct fd_wire *)wire)->path, arg);
	}
	return wire;
}
