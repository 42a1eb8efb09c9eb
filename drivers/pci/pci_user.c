// SPDX-License-Identifier: BSD-3-Clause
// A device in another process, by the vfio-user protocol: a socket for what is
// rare, shared memory for doorbells and DMA. The other process may die, lie or
// hang: every answer is checked, waited for at most a second, and a device that
// does not keep to the protocol is gone (pci.h).
//
// Message: u16 id, u16 command, u32 size with this header, u32 flags, u32 error.
#include "drivers/pci/pci_priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FD_SOCKET };
enum { BODY_MAX = 512, FDS_MAX = 16, ANSWER_S = 1, AREAS_MAX = 16 };

enum command {
	USER_VERSION = 1,
	USER_DMA_MAP = 2,
	USER_DMA_UNMAP = 3,
	USER_REGION_INFO = 5,
	USER_IRQS = 8,
	USER_REGION_READ = 9,
	USER_REGION_WRITE = 10,
	USER_RESET = 13,
};

enum { FLAG_REPLY = 1, FLAG_TYPE = 0xf, FLAG_ERROR = 1 << 5 };
enum { REGION_BAR0 = 0, REGION_CONFIG = 7 };
enum { REGION_MMAP = 1 << 2, REGION_CAPS = 1 << 3, CAP_SPARSE = 1 };
enum { DMA_READ = 1, DMA_WRITE = 2 };
enum { IRQ_MSIX = 2, IRQ_NONE_TRIGGER = 0x21, IRQ_EVENTFD_TRIGGER = 0x24 };

struct user_hdr {
	uint16_t id, command;
	uint32_t size, flags, error;
};

// One exchange: what is asked, and what came.
struct exchange {
	enum command command;
	uint8_t body[BODY_MAX]; // request, then answer
	uint32_t len, max;	// of the request; of the longest answer allowed
	const int *fd;
	unsigned n_fds;
	int got_fd; // of the answer, -1: none
};

static int gone(struct pci_dev *dev, int code)
{
	dev->is_gone = true;
	return -code;
}

static int request_send(struct pci_dev *dev, const struct exchange *ex, uint16_t id)
{
	struct user_hdr hdr = {id, (uint16_t)ex->command, (uint32_t)sizeof(hdr) + ex->len, 0, 0};
	struct iovec iov[2] = {{&hdr, sizeof(hdr)}, {(void *)ex->body, ex->len}};
	union {
		char buf[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};

	if (ex->n_fds) {
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(ex->n_fds * sizeof(int));
		CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(ex->n_fds * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), ex->fd, ex->n_fds * sizeof(int));
	}
	return sendmsg(dev->fd[FD_SOCKET], &msg, MSG_NOSIGNAL) == (ssize_t)hdr.size ? 0 : -EPIPE;
}

// Keeps the first file that came, closes what else did.
static int fds_take(struct msghdr *msg)
{
	int first = -1, fd;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		unsigned n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (unsigned i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (first < 0)
				first = fd;
			else
				close(fd);
		}
	}
	return first;
}

static int hdr_receive(struct pci_dev *dev, struct user_hdr *hdr, int *fd)
{
	struct iovec iov = {hdr, sizeof(*hdr)};
	union {
		char buf[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof(control.buf)};
	ssize_t n = recvmsg(dev->fd[FD_SOCKET], &msg, MSG_WAITALL | MSG_CMSG_CLOEXEC);

	*fd = n > 0 ? fds_take(&msg) : -1;
	return n == (ssize_t)sizeof(*hdr) ? 0 : -ETIMEDOUT;
}

static int answer_receive(struct pci_dev *dev, struct exchange *ex, uint16_t id)
{
	struct user_hdr hdr;
	int rc = hdr_receive(dev, &hdr, &ex->got_fd);
	uint32_t len;

	if (rc < 0)
		return gone(dev, -rc);
	len = hdr.size - (uint32_t)sizeof(hdr);
	if (hdr.size < sizeof(hdr) || len > ex->max || hdr.id != id || hdr.command != ex->command ||
	    (hdr.flags & FLAG_TYPE) != FLAG_REPLY)
		return gone(dev, EPROTO);
	if (len && recv(dev->fd[FD_SOCKET], ex->body, len, MSG_WAITALL) != (ssize_t)len)
		return gone(dev, ETIMEDOUT);
	ex->len = len;
	if (hdr.flags & FLAG_ERROR)
		return hdr.error && hdr.error < 4096 ? -(int)hdr.error : -EIO;
	return 0;
}

// 0 with the answer in ex->body, what the device said is wrong, or gone.
static int exchange(struct pci_dev *dev, struct exchange *ex)
{
	static uint16_t last_id;
	uint16_t id = ++last_id;
	int rc;

	ex->got_fd = -1;
	if (dev->is_gone)
		return -ENODEV;
	if (request_send(dev, ex, id) < 0)
		return gone(dev, EPIPE);
	rc = answer_receive(dev, ex, id);
	if (rc < 0 && ex->got_fd >= 0) {
		close(ex->got_fd);
		ex->got_fd = -1;
	}
	return rc;
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v)); // the host's order, as the protocol has it
}

static void put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

// u64 offset, u32 region, u32 count; then the data.
enum { ACCESS_LEN = 16 };

static int region_read(struct pci_dev *dev, unsigned region, unsigned off, void *data, unsigned len)
{
	struct exchange ex = {
		.command = USER_REGION_READ, .len = ACCESS_LEN, .max = ACCESS_LEN + len};
	int rc;

	if (len > BODY_MAX - ACCESS_LEN)
		return -EINVAL;
	put64(ex.body, off);
	put32(ex.body + 8, region);
	put32(ex.body + 12, len);
	rc = exchange(dev, &ex);
	if (rc < 0)
		return rc;
	if (ex.len != ACCESS_LEN + len)
		return gone(dev, EPROTO);
	memcpy(data, ex.body + ACCESS_LEN, len);
	return 0;
}

static int region_write(struct pci_dev *dev, unsigned region, unsigned off, const void *data,
			unsigned len)
{
	struct exchange ex = {
		.command = USER_REGION_WRITE, .len = ACCESS_LEN + len, .max = ACCESS_LEN};

	if (len > BODY_MAX - ACCESS_LEN)
		return -EINVAL;
	put64(ex.body, off);
	put32(ex.body + 8, region);
	put32(ex.body + 12, len);
	memcpy(ex.body + ACCESS_LEN, data, len);
	return exchange(dev, &ex);
}

static uint32_t user_read(struct pci_dev *dev, uint32_t off)
{
	uint32_t value;

	return region_read(dev, REGION_BAR0, off, &value, sizeof(value)) < 0 ? UINT32_MAX : value;
}

static void user_write(struct pci_dev *dev, uint32_t off, uint32_t value)
{
	(void)region_write(dev, REGION_BAR0, off, &value, sizeof(value));
}

static int user_cfg_read(struct pci_dev *dev, unsigned off, void *data, unsigned len)
{
	return region_read(dev, REGION_CONFIG, off, data, len);
}

static int user_cfg_write(struct pci_dev *dev, unsigned off, const void *data, unsigned len)
{
	return region_write(dev, REGION_CONFIG, off, data, len);
}

static int socket_open(struct pci_dev *dev, struct err *err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct timeval wait = {.tv_sec = ANSWER_S};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(err, errno, "device '%s': %s", dev->name, strerror(errno));
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.*s", (int)sizeof(sun.sun_path) - 1,
		 dev->name);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0) {
		int code = errno;

		close(fd);
		return err_set(
			err, code, "device '%s': %s%s", dev->name, strerror(code),
			code == ENOENT || code == ECONNREFUSED
				? ": does jerboa-vnic (or another vfio-user server) run there?"
				: "");
	}
	dev->fd[FD_SOCKET] = fd;
	dev->is_gone = false;
	return 0;
}

static int version_agree(struct pci_dev *dev, struct err *err)
{
	static const char caps[] =
		"{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":4096}}";
	struct exchange ex = {.command = USER_VERSION, .len = 4 + sizeof(caps), .max = BODY_MAX};
	int rc;

	memcpy(ex.body + 4, caps, sizeof(caps)); // version 0.0 before it
	rc = exchange(dev, &ex);
	if (rc < 0)
		return err_set(err, -rc, "device '%s': the server does not speak vfio-user: %s",
			       dev->name, strerror(-rc));
	if (ex.len < 4 || ex.body[0] || ex.body[1])
		return err_set(err, EPROTO,
			       "device '%s': the server speaks version %u of vfio-user, not 0",
			       dev->name, ex.len < 2 ? 0 : ex.body[0] | ex.body[1] << 8);
	return 0;
}

// A file that can be made shorter could take the doorbells from under a worker.
static bool can_shrink(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals < 0 || !(seals & F_SEAL_SHRINK);
}

// Region info is argsz, flags, index, cap offset, size, offset: 32 bytes. The sparse
// capability: u16 id, u16 version, u32 next, u32 areas, u32; {u64 offset, u64 size}...
enum { INFO_LEN = 32, SPARSE_LEN = 16, AREA_LEN = 16 };

static int areas_map(struct pci_dev *dev, const struct exchange *ex, struct err *err)
{
	uint32_t cap = get32(ex->body + 12), flags = get32(ex->body + 4), n;
	uint64_t base = get64(ex->body + 24);

	if (!(flags & REGION_CAPS))
		return pci_bar_page(dev, ex->got_fd, base, 0, dev->bar_len & ~(PCI_PAGE - 1u), err);
	if (cap < INFO_LEN || cap > ex->len - SPARSE_LEN ||
	    (get32(ex->body + cap) & 0xffff) != CAP_SPARSE)
		return err_set(err, EPROTO, "device '%s': it does not say which registers to map",
			       dev->name);
	n = get32(ex->body + cap + 8);
	if (n > AREAS_MAX || cap + SPARSE_LEN + n * AREA_LEN > ex->len)
		return err_set(err, EPROTO, "device '%s': %u areas of registers in %u bytes",
			       dev->name, n, ex->len);
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *area = ex->body + cap + SPARSE_LEN + i * AREA_LEN;
		uint64_t off = get64(area), len = get64(area + 8);
		int rc;

		if (off > dev->bar_len || len > dev->bar_len - off)
			return err_set(err, EPROTO, "device '%s': registers at %#llx of %#x",
				       dev->name, (unsigned long long)off, dev->bar_len);
		rc = pci_bar_page(dev, ex->got_fd, base + off, (uint32_t)off, (uint32_t)len, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int bar_map(struct pci_dev *dev, struct err *err)
{
	struct exchange ex = {.command = USER_REGION_INFO, .len = INFO_LEN, .max = BODY_MAX};
	uint64_t size;
	int rc;

	put32(ex.body, BODY_MAX);
	put32(ex.body + 8, REGION_BAR0);
	rc = exchange(dev, &ex);
	size = get64(ex.body + 16);
	if (rc < 0 || ex.len < INFO_LEN || size < PCI_PAGE) {
		if (ex.got_fd >= 0)
			close(ex.got_fd);
		return err_set(err, rc < 0 ? -rc : EPROTO, "device '%s' has no registers",
			       dev->name);
	}
	dev->bar_len = (uint32_t)(size < PCI_BAR_MAX ? size : PCI_BAR_MAX);
	if (!(get32(ex.body + 4) & REGION_MMAP) || ex.got_fd < 0)
		return 0; // every access by the socket: the driver says whether it can live so
	rc = can_shrink(ex.got_fd)
		     ? err_set(err, EPERM,
			       "device '%s': the server could take away the registers it shares "
			       "(no F_SEAL_SHRINK)",
			       dev->name)
		     : areas_map(dev, &ex, err);
	close(ex.got_fd);
	return rc;
}

static void user_close(struct pci_dev *dev)
{
	pci_bar_release(dev);
	if (dev->fd[FD_SOCKET] >= 0)
		close(dev->fd[FD_SOCKET]);
	dev->fd[FD_SOCKET] = -1;
}

// The BAR's address space stays where it is, whoever is at the other end.
static int device_attach(struct pci_dev *dev, struct err *err)
{
	int rc = socket_open(dev, err);

	if (rc == 0)
		rc = version_agree(dev, err);
	return rc < 0 ? rc : bar_map(dev, err);
}

static int user_open(struct pci_dev *dev, struct err *err)
{
	int rc = pci_bar_reserve(dev, err);

	if (rc == 0)
		rc = device_attach(dev, err);
	if (rc < 0)
		user_close(dev);
	return rc;
}

static int user_reconnect(struct pci_dev *dev, struct err *err)
{
	int rc;

	if (dev->fd[FD_SOCKET] >= 0)
		close(dev->fd[FD_SOCKET]);
	dev->fd[FD_SOCKET] = -1;
	memset(dev->mapped, 0, sizeof(dev->mapped)); // what is there still is the old device's
	rc = device_attach(dev, err);
	dev->is_gone = rc < 0;
	return rc;
}

static int user_dma_map(struct pci_dev *dev, const struct pci_mem *mem, struct err *err)
{
	struct exchange ex = {.command = USER_DMA_MAP, .len = 32, .fd = &mem->fd, .n_fds = 1};
	int rc;

	if (mem->fd < 0)
		return err_set(err, EINVAL,
			       "device '%s': packet memory is in no file that can be shared "
			       "(memory.hugepages, or DPDK without --no-huge)",
			       dev->name);
	put32(ex.body, ex.len);
	put32(ex.body + 4, DMA_READ | DMA_WRITE);
	put64(ex.body + 8, mem->fd_off);
	put64(ex.body + 16, mem->iova);
	put64(ex.body + 24, mem->len);
	rc = exchange(dev, &ex);
	return rc < 0 ? err_set(err, -rc, "device '%s' does not take %llu MB of memory: %s",
				dev->name, (unsigned long long)mem->len >> 20, strerror(-rc))
		      : 0;
}

static void user_dma_unmap(struct pci_dev *dev, const struct pci_mem *mem)
{
	struct exchange ex = {.command = USER_DMA_UNMAP, .len = 24, .max = 24};

	put32(ex.body, ex.len);
	put64(ex.body + 8, mem->iova);
	put64(ex.body + 16, mem->len);
	(void)exchange(dev, &ex); // the server forgets them with the connection, too
}

static int user_irq_set(struct pci_dev *dev, const int fd[], unsigned n)
{
	struct exchange ex = {.command = USER_IRQS, .len = 20};

	put32(ex.body, ex.len);
	put32(ex.body + 4, n ? IRQ_EVENTFD_TRIGGER : IRQ_NONE_TRIGGER);
	put32(ex.body + 8, IRQ_MSIX);
	for (unsigned first = 0; n && first < n; first += FDS_MAX) {
		unsigned count = n - first < FDS_MAX ? n - first : FDS_MAX;
		int rc;

		ex.fd = fd + first;
		ex.n_fds = count;
		ex.len = 20;
		put32(ex.body + 12, first);
		put32(ex.body + 16, count);
		rc = exchange(dev, &ex);
		if (rc < 0)
			return rc;
	}
	return n ? 0 : exchange(dev, &ex);
}

const struct pci_ops pci_user_ops = {
	.name = "vfio-user",
	.open = user_open,
	.close = user_close,
	.read = user_read,
	.write = user_write,
	.cfg_read = user_cfg_read,
	.cfg_write = user_cfg_write,
	.dma_map = user_dma_map,
	.dma_unmap = user_dma_unmap,
	.irq_set = user_irq_set,
	.reconnect = user_reconnect,
};
