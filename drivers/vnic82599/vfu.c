// SPDX-License-Identifier: BSD-3-Clause
#include "drivers/vnic82599/vfu.h"

#include "dataplane/base/log.h"
#include "drivers/vnic82599/vfu_priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SERVE_MAX = 64, SEND_ROOM = 1 << 18, BACKLOG = 16 };

static int listen_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	strcpy(addr.sun_path, path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || chmod(path, 0660) ||
	    listen(fd, 1)) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

struct vfu *vfu_open(const char *path, const struct vnic_conf *conf, struct err *err)
{
	struct vnic_conf own = *conf;
	struct vfu *vfu = calloc(1, sizeof(*vfu));

	if (!vfu || strlen(path) >= sizeof(vfu->path)) {
		err_set(err, ENAMETOOLONG, "%s: a socket's path has at most 107 characters", path);
		free(vfu);
		return NULL;
	}
	strcpy(vfu->path, path);
	vfu->client = vfu->listener = -1;
	own.irq = vfu_irq;
	own.irq_arg = vfu;
	vfu_irqs_init(vfu);
	vfu->nic = vnic_new(&own);
	if (vfu->nic && *path)
		vfu->listener = listen_at(path);
	if (!vfu->nic || (*path && vfu->listener < 0)) {
		err_set(err, vfu->nic ? -vfu->listener : ENOMEM, "%s: %s", path,
			strerror(vfu->nic ? -vfu->listener : ENOMEM));
		vfu->listener = -1;
		vfu_close(vfu);
		return NULL;
	}
	return vfu;
}

static void client_gone(struct vfu *vfu, const char *why)
{
	if (vfu->client < 0)
		return;
	log_info("%s: client gone: %s", vfu->path, why);
	close(vfu->client);
	vfu->client = -1;
	vfu->is_versioned = false;
	vfu->n_got = 0;
	vfu_irqs_clear(vfu);
	vnic_dma_clear(vfu->nic);
	vnic_reset(vfu->nic);
}

static void fds_close(struct vfu_message *msg)
{
	for (unsigned i = 0; i < msg->n_fds; i++)
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
	msg->n_fds = 0;
}

void vfu_close(struct vfu *vfu)
{
	if (!vfu)
		return;
	client_gone(vfu, "closed");
	fds_close(&vfu->msg);
	if (vfu->listener >= 0) {
		close(vfu->listener);
		unlink(vfu->path);
	}
	vnic_free(vfu->nic);
	free(vfu);
}

struct vnic *vfu_nic(struct vfu *vfu)
{
	return vfu->nic;
}

bool vfu_has_client(const struct vfu *vfu)
{
	return vfu->client >= 0;
}

int vfu_fd(const struct vfu *vfu)
{
	return vfu->client >= 0 ? vfu->client : vfu->listener;
}

void vfu_adopt(struct vfu *vfu, int fd)
{
	int room = SEND_ROOM;

	client_gone(vfu, "another came");
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	vfu->client = fd;
}

static void accept_client(struct vfu *vfu)
{
	int fd = accept4(vfu->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	log_info("%s: client came", vfu->path);
	vfu_adopt(vfu, fd);
}

// Descriptors come with the first bytes of a message, which are read by
// themselves so that it is clear whose they are.
static ssize_t recv_header(struct vfu *vfu)
{
	struct vfu_message *msg = &vfu->msg;
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(int) * VFU_FDS_MAX)];
	} control;
	struct iovec iov = {.iov_base = (uint8_t *)&msg->header + vfu->n_got,
			    .iov_len = sizeof(msg->header) - vfu->n_got};
	struct msghdr hdr = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(vfu->client, &hdr, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	for (struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&hdr) : NULL; c; c = CMSG_NXTHDR(&hdr, c)) {
		unsigned count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		fds_close(msg); // a second lot in one header: not the protocol
		count = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(msg->fds, CMSG_DATA(c), count * sizeof(int));
		msg->n_fds = count;
	}
	return n;
}

// More of the message. 1: whole, 0: not yet, -errno.
static int recv_some(struct vfu *vfu)
{
	struct vfu_message *msg = &vfu->msg;
	uint32_t head = sizeof(msg->header), got;
	ssize_t n;

	if (vfu->n_got < head) {
		n = recv_header(vfu);
		if (n <= 0)
			return n < 0 && errno == EAGAIN ? 0 : -ECONNRESET;
		vfu->n_got += (uint32_t)n;
		if (vfu->n_got < head)
			return 0;
		if (msg->header.size < head || msg->header.size > head + VFU_BODY_MAX ||
		    (msg->header.flags & 15) != 0)
			return -EPROTO;
		msg->len = msg->header.size - head;
	}
	got = vfu->n_got - head;
	if (got < msg->len) {
		n = recv(vfu->client, msg->body + got, msg->len - got, MSG_DONTWAIT);
		if (n <= 0)
			return n < 0 && errno == EAGAIN ? 0 : -ECONNRESET;
		vfu->n_got += (uint32_t)n;
	}
	return vfu->n_got - head == msg->len;
}

// The whole answer at once with its descriptor; a client that lets answers pile
// up is not waited for.
static int send_reply(struct vfu *vfu, int ret)
{
	struct vfu_message *msg = &vfu->msg;
	struct vfu_header header = {.id = msg->header.id,
				    .cmd = msg->header.cmd,
				    .flags = VFU_REPLY | (ret < 0 ? VFU_ERROR : 0),
				    .error = ret < 0 ? (uint32_t)-ret : 0};
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec iov[2] = {{&header, sizeof(header)}, {msg->out, ret < 0 ? 0 : msg->out_len}};
	struct msghdr hdr = {.msg_iov = iov, .msg_iovlen = 2};

	header.size = (uint32_t)(sizeof(header) + iov[1].iov_len);
	if (ret >= 0 && msg->out_fd >= 0) {
		hdr.msg_control = &control;
		hdr.msg_controllen = sizeof(control);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.align), &msg->out_fd, sizeof(int));
	}
	if (sendmsg(vfu->client, &hdr, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)header.size)
		return -EPIPE;
	return 0;
}

unsigned vfu_serve(struct vfu *vfu)
{
	unsigned n = 0;

	if (vfu->client < 0 && vfu->listener >= 0)
		accept_client(vfu);
	if (vnic_dma_is_lost(vfu->nic))
		client_gone(vfu, "it truncated memory that it had mapped here");
	while (vfu->client >= 0 && n < SERVE_MAX) {
		int ret = recv_some(vfu);

		if (ret == 0)
			break;
		if (ret > 0) {
			vfu->n_got = 0;
			ret = vfu_handle(vfu, &vfu->msg);
			ret = vfu->msg.header.flags & VFU_NO_REPLY ? 0 : send_reply(vfu, ret);
			fds_close(&vfu->msg);
			n++;
		}
		if (ret < 0) {
			fds_close(&vfu->msg);
			client_gone(vfu, ret == -ECONNRESET ? "it closed" : strerror(-ret));
		}
	}
	return n;
}

int vfu_command(struct vfu *vfu, const char *line, char *out, size_t len)
{
	if (!strncmp(line, "remove", 6)) {
		client_gone(vfu, "the card was removed");
		if (vfu->listener >= 0) {
			close(vfu->listener);
			unlink(vfu->path);
		}
		vfu->listener = -1;
	} else if (!strncmp(line, "insert", 6) && vfu->listener < 0) {
		vfu->listener = listen_at(vfu->path);
	}
	return vnic_command(vfu->nic, line, out, len);
}
