// SPDX-License-Identifier: BSD-3-Clause
// The vfio-user server as a client sees it, friendly and hostile.
#include "drivers/nic82599/regs.h"
#include "drivers/vnic82599/vfu.h"
#include "drivers/vnic82599/wire.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MEM = 2 << 20, IOVA = 0x40000000 };

struct client {
	struct vfu *vfu;
	int fd;
	uint16_t id;
	uint64_t now_ns;
	uint8_t body[8192]; // of the last answer
	uint32_t len, error;
	int got_fd;
	int memfd;
	uint8_t *mem;
};

struct header {
	uint16_t id, cmd;
	uint32_t size, flags, error;
};

static int setup(void **state)
{
	static const struct vnic_conf conf = {.mac = {2, 0, 0, 0, 0, 1}};
	struct client *c = calloc(1, sizeof(*c));
	struct err err = {0};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	c->vfu = vfu_open("", &conf, &err);
	assert_non_null(c->vfu);
	vfu_adopt(c->vfu, pair[0]);
	vnic_wire_set(vfu_nic(c->vfu), wire_open("reflect", &err));
	c->fd = pair[1];
	c->memfd = memfd_create("client", 0);
	assert_int_equal(ftruncate(c->memfd, MEM), 0);
	c->mem = mmap(NULL, MEM, PROT_READ | PROT_WRITE, MAP_SHARED, c->memfd, 0);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct client *c = *state;

	vfu_close(c->vfu);
	close(c->fd);
	close(c->memfd);
	munmap(c->mem, MEM);
	free(c);
	return 0;
}

static void send_raw(struct client *c, const void *data, size_t len, const int *fds, unsigned n)
{
	uint8_t control[CMSG_SPACE(32 * sizeof(int))] = {0};
	struct iovec iov = {(void *)data, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cmsg;

	if (n) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
	}
	assert_int_equal(sendmsg(c->fd, &msg, MSG_NOSIGNAL), len);
}

static void send_msg(struct client *c, uint16_t cmd, const void *body, uint32_t len, const int *fds,
		     unsigned n, uint32_t flags)
{
	uint8_t data[8192];
	struct header header = {++c->id, cmd, (uint32_t)(sizeof(header) + len), flags, 0};

	memcpy(data, &header, sizeof(header));
	memcpy(data + sizeof(header), body, len);
	send_raw(c, data, sizeof(header) + len, fds, n);
	vfu_serve(c->vfu);
}

// Reads one answer; false: there is none.
static bool recv_msg(struct client *c)
{
	uint8_t control[CMSG_SPACE(sizeof(int))] = {0}, data[8192];
	struct iovec iov = {data, sizeof(data)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(c->fd, &msg, MSG_DONTWAIT);
	struct header header;
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	c->got_fd = -1;
	if (n <= 0)
		return false;
	assert_true((size_t)n >= sizeof(header));
	memcpy(&header, data, sizeof(header));
	assert_int_equal(header.id, c->id);
	assert_int_equal(header.size, n);
	assert_int_equal(header.flags & 15, 1);
	c->error = header.flags & 32 ? header.error : 0;
	c->len = (uint32_t)n - (uint32_t)sizeof(header);
	memcpy(c->body, data + sizeof(header), c->len);
	if (n > 0 && cmsg)
		memcpy(&c->got_fd, CMSG_DATA(cmsg), sizeof(int));
	return true;
}

// The error of the answer, 0 for none.
static uint32_t call_fds(struct client *c, uint16_t cmd, const void *body, uint32_t len,
			 const int *fds, unsigned n)
{
	send_msg(c, cmd, body, len, fds, n, 0);
	assert_true(recv_msg(c));
	return c->error;
}

static uint32_t call(struct client *c, uint16_t cmd, const void *body, uint32_t len)
{
	return call_fds(c, cmd, body, len, NULL, 0);
}

static void hello(struct client *c)
{
	static const char body[200] = "\0\0\0\0{\"capabilities\": {\"pgsizes\": 4096}}";

	assert_int_equal(call(c, 1, body, sizeof(body)), 0);
	assert_true(c->len <= sizeof(body)); // QEMU has room for no more
	assert_int_equal(c->body[c->len - 1], 0);
	assert_int_equal(c->body[4], '{');
}

static uint32_t map(struct client *c, uint64_t iova, uint64_t size, uint64_t off, int fd)
{
	struct {
		uint32_t argsz, flags;
		uint64_t off, iova, size;
	} body = {32, 3, off, iova, size};

	return call_fds(c, 2, &body, sizeof(body), &fd, fd >= 0);
}

static void region_write(struct client *c, uint32_t region, uint64_t off, uint32_t value)
{
	struct {
		uint64_t off;
		uint32_t region, count, value;
	} body = {off, region, 4, value};

	assert_int_equal(call(c, 10, &body, 20), 0);
	assert_int_equal(c->len, 16);
}

static uint32_t region_read(struct client *c, uint32_t region, uint64_t off)
{
	struct {
		uint64_t off;
		uint32_t region, count;
	} body = {off, region, 4};
	uint32_t value;

	assert_int_equal(call(c, 9, &body, sizeof(body)), 0);
	assert_int_equal(c->len, 20);
	memcpy(&value, c->body + 16, 4);
	return value;
}

static void step(struct client *c)
{
	c->now_ns += 1000000;
	vnic_step(vfu_nic(c->vfu), c->now_ns);
}

static uint8_t *doorbells(struct client *c)
{
	uint32_t body[8] = {32, 0, 0}, info[24];
	uint8_t *bar;

	assert_int_equal(call(c, 5, body, sizeof(body)), 0);
	assert_int_equal(c->len, 32);
	assert_int_equal(c->got_fd, -1);
	memcpy(info, c->body, 32);
	assert_int_equal(info[1], 15);	       // read, write, mmap, caps
	assert_int_equal(info[3], 32);	       // where they stand
	assert_int_equal(info[4], 512 * 1024); // size
	body[0] = info[0];
	assert_int_equal(call(c, 5, body, sizeof(body)), 0);
	assert_int_equal(c->len, info[0]);
	assert_true(c->got_fd >= 0);
	memcpy(info, c->body, c->len);
	assert_int_equal(info[8], 0x00010001); // sparse areas
	assert_int_equal(info[10], 3);
	assert_int_equal(info[12], 0x1000);
	assert_int_equal(ftruncate(c->got_fd, 4096), -1); // sealed
	bar = mmap(NULL, 512 * 1024, PROT_READ | PROT_WRITE, MAP_SHARED, c->got_fd, 0);
	assert_ptr_not_equal(bar, MAP_FAILED);
	close(c->got_fd);
	return bar;
}

static void put(uint8_t *bar, uint32_t off, uint32_t value)
{
	__atomic_store_n((uint32_t *)(bar + off), value, __ATOMIC_RELEASE);
}

static void a_client_learns_what_the_device_is(void **state)
{
	struct client *c = *state;
	uint32_t body[8] = {16, 0, 0, 0}, info[8];

	hello(c);
	assert_int_equal(call(c, 4, body, 16), 0);
	memcpy(info, c->body, 16);
	assert_int_equal(info[1], 3);
	assert_int_equal(info[2], 9);
	assert_int_equal(info[3], 5);
	body[2] = 2;
	assert_int_equal(call(c, 7, body, 16), 0);
	memcpy(info, c->body, 16);
	assert_int_equal(info[3], 64);
	assert_int_equal(region_read(c, 7, 0), 0x10fb8086);
	assert_int_equal(region_read(c, 0, NIC_FWSM), NIC_FWSM_FW_VALID);
	region_write(c, 2, 0, NIC_HLREG0); // through I/O space
	assert_int_equal(region_read(c, 2, 4), 0x403);
}

// The whole way: doorbells and rings without a message, an eventfd at the end.
static void a_frame_comes_back_through_mapped_doorbells(void **state)
{
	struct client *c = *state;
	struct nic_desc *tx, *rx;
	struct {
		uint32_t argsz, flags, index, start, count;
	} irqs = {20, 0x24, 2, 0, 1};
	int event = eventfd(0, EFD_NONBLOCK);
	uint64_t n = 0;
	uint8_t *bar;

	hello(c);
	assert_int_equal(map(c, IOVA, MEM, 0, c->memfd), 0);
	region_write(c, 7, 4, 6);
	bar = doorbells(c);
	assert_int_equal(call_fds(c, 8, &irqs, sizeof(irqs), NULL, 0), 0); // enabled, not armed
	assert_int_equal(call_fds(c, 8, &irqs, sizeof(irqs), &event, 1), 0);
	region_write(c, 0, NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX);
	region_write(c, 0, NIC_IVAR(0), NIC_IVAR_ALLOC_VAL);
	region_write(c, 0, NIC_EIMS, 1);
	region_write(c, 0, NIC_FCTRL, NIC_FCTRL_UPE);
	region_write(c, 0, NIC_RXCTRL, NIC_RXCTRL_RXEN);
	region_write(c, 0, NIC_DMATXCTL, NIC_DMATXCTL_TE);
	rx = (struct nic_desc *)(void *)c->mem;
	tx = (struct nic_desc *)(void *)(c->mem + 4096);
	rx[0].lo = IOVA + 0x10000;
	memset(c->mem + 0x20000, 0x5a, 100);
	c->mem[0x20000] = 2;
	tx[0] = (struct nic_desc){IOVA + 0x20000, 100 | NIC_TXD_EOP | NIC_TXD_RS | NIC_TXD_IFCS};
	put(bar, NIC_RDBAL(0), IOVA);
	put(bar, NIC_RDLEN(0), 128);
	put(bar, NIC_SRRCTL(0), NIC_SRRCTL_DESCTYPE_ADV | 2);
	put(bar, NIC_RXDCTL(0), NIC_RXDCTL_ENABLE);
	put(bar, NIC_RDT(0), 1);
	put(bar, NIC_TDBAL(0), IOVA + 4096);
	put(bar, NIC_TDLEN(0), 128);
	put(bar, NIC_TXDCTL(0), NIC_TXDCTL_ENABLE);
	put(bar, NIC_TDT(0), 1);
	for (unsigned i = 0; i < 32; i++)
		step(c);
	assert_true(tx[0].hi & NIC_TXD_DD);
	assert_true(rx[0].hi & NIC_RXD_DD);
	assert_int_equal(rx[0].hi >> NIC_RXD_LEN_SHIFT & 0xffff, 100);
	assert_memory_equal(c->mem + 0x10000, c->mem + 0x20000, 100);
	assert_int_equal(read(event, &n, sizeof(n)), 8);
	close(event);
	munmap(bar, 512 * 1024);
}

// A level that a handler finds in the status register, silences in the command
// register, and hears of again if nothing was done about it.
static void intx_is_a_level(void **state)
{
	struct client *c = *state;
	struct {
		uint32_t argsz, flags, index, start, count;
	} irqs = {20, 0x24, 0, 0, 1};
	int event = eventfd(0, EFD_NONBLOCK);
	uint64_t n = 0;

	hello(c);
	step(c);
	region_read(c, 0, NIC_EICR);
	assert_int_equal(call_fds(c, 8, &irqs, sizeof(irqs), &event, 1), 0);
	region_write(c, 0, NIC_EIMS, 1);
	region_write(c, 0, NIC_EICS, 1);
	step(c);
	assert_int_equal(read(event, &n, sizeof(n)), 8);
	assert_int_equal(region_read(c, 7, 4) >> 16 & 8, 8);
	region_write(c, 7, 4, 0x406);
	step(c);
	assert_int_equal(read(event, &n, sizeof(n)), -1);
	region_write(c, 7, 4, 6);
	step(c);
	assert_int_equal(read(event, &n, sizeof(n)), 8);
	irqs.flags = 0x11; // unmask
	assert_int_equal(call(c, 8, &irqs, sizeof(irqs)), 0);
	step(c);
	assert_int_equal(read(event, &n, sizeof(n)), 8);
	assert_int_equal(region_read(c, 0, NIC_EICR) & 1, 1);
	assert_int_equal(region_read(c, 7, 4) >> 16 & 8, 0);
	assert_int_equal(call(c, 8, &irqs, sizeof(irqs)), 0);
	step(c);
	assert_int_equal(read(event, &n, sizeof(n)), -1);
	close(event);
}

static void posted_writes_have_no_answer(void **state)
{
	struct client *c = *state;
	struct {
		uint64_t off;
		uint32_t region, count, value;
	} body = {NIC_LEDCTL, 0, 4, 0x1234};

	hello(c);
	send_msg(c, 10, &body, 20, NULL, 0, 16);
	assert_false(recv_msg(c));
	assert_int_equal(region_read(c, 0, NIC_LEDCTL), 0x1234);
}

static void reset_makes_all_new(void **state)
{
	struct client *c = *state;

	hello(c);
	region_write(c, 0, NIC_LEDCTL, 0x1234);
	region_write(c, 7, 4, 6);
	assert_int_equal(call(c, 13, "", 0), 0);
	assert_int_equal(region_read(c, 0, NIC_LEDCTL), 0);
	assert_int_equal(region_read(c, 7, 4) & 7, 0);
}

static void bad_requests_are_refused(void **state)
{
	static const uint32_t bad_access[][4] = {
		// offset low, high, region, count
		{512 * 1024 - 2, 0, 0, 4},
		{0xfffffffc, 0xffffffff, 0, 8},
		{0, 1, 0, 4},
		{0, 0, 0, 4097},
		{0, 0, 1, 1},
		{0, 0, 9, 0xffffffff},
		{4094, 0, 7, 4},
		{0, 0, 0xffffffff, 4},
		{16384, 0, 4, 1},
	};
	struct client *c = *state;
	uint32_t body[8] = {16};

	assert_int_equal(call(c, 4, body, 16), EPROTO); // before the version
	hello(c);
	assert_int_equal(call(c, 99, body, 16), ENOTSUP);
	assert_int_equal(call(c, 4, body, 8), EINVAL);
	for (unsigned i = 0; i < ARRAY_LEN(bad_access); i++) {
		assert_int_equal(call(c, 9, bad_access[i], 16), EINVAL);
		assert_int_equal(call(c, 10, bad_access[i], 16), EINVAL);
	}
	memcpy(body, (uint32_t[]){20, 0x24, 2, 60, 5}, 20);
	assert_int_equal(call(c, 8, body, 20), EINVAL); // vectors 60 to 64
	memcpy(body, (uint32_t[]){20, 0x24, 2, 0xffffffff, 2}, 20);
	assert_int_equal(call(c, 8, body, 20), EINVAL);
	memcpy(body, (uint32_t[]){20, 0x22, 2, 0, 64}, 20);
	assert_int_equal(call(c, 8, body, 20), EINVAL); // 64 bytes that are not there
	assert_int_equal(map(c, IOVA, MEM + 4096, 0, c->memfd), EINVAL); // beyond the file
	assert_int_equal(map(c, IOVA, 4096, (uint64_t)-4096, c->memfd), EINVAL);
	assert_int_equal(map(c, IOVA + 1, 4096, 0, c->memfd), EINVAL);
	assert_int_equal(map(c, IOVA, 4096, 0, c->fd), EINVAL); // a socket
	assert_int_equal(map(c, IOVA, 4096, 0, c->memfd), 0);
	assert_int_equal(map(c, IOVA, 4096, 0, c->memfd), EEXIST);
	assert_true(vfu_has_client(c->vfu));
}

static void unmapping_what_never_was_is_fine(void **state)
{
	struct client *c = *state;
	struct {
		uint32_t argsz, flags;
		uint64_t iova, size;
	} body = {24, 0, 0, 1ull << 47};

	hello(c);
	assert_int_equal(call(c, 3, &body, sizeof(body)), 0);
	assert_int_equal(map(c, IOVA, 4096, 0, c->memfd), 0);
	assert_int_equal(call(c, 3, &body, sizeof(body)), 0);
	assert_int_equal(map(c, IOVA, 4096, 0, c->memfd), 0);
	body.flags = 2; // all
	body.iova = body.size = 0;
	assert_int_equal(call(c, 3, &body, sizeof(body)), 0);
	assert_int_equal(map(c, IOVA, 4096, 0, c->memfd), 0);
}

static void nonsense_ends_the_connection(void **state)
{
	static const struct header bad[] = {
		{1, 4, 15, 0, 0}, {1, 4, 0, 0, 0}, {1, 4, 0xffffffff, 0, 0}, {1, 4, 16, 1, 0}};
	struct client *c = *state;

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		int pair[2];

		send_raw(c, &bad[i], sizeof(bad[i]), NULL, 0);
		vfu_serve(c->vfu);
		assert_false(vfu_has_client(c->vfu));
		close(c->fd);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		vfu_adopt(c->vfu, pair[0]);
		c->fd = pair[1];
	}
	hello(c);
}

static void messages_may_come_in_pieces(void **state)
{
	struct client *c = *state;
	struct {
		struct header header;
		uint32_t body[4];
	} msg = {{0, 4, 32, 0, 0}, {16}};

	hello(c);
	msg.header.id = ++c->id;
	for (unsigned i = 0; i < sizeof(msg); i++) {
		assert_false(recv_msg(c));
		send_raw(c, (uint8_t *)&msg + i, 1, NULL, 0);
		vfu_serve(c->vfu);
	}
	assert_true(recv_msg(c));
	assert_int_equal(c->error, 0);
}

// Sixteen descriptors with a message that wants none: closed, not kept.
static void descriptors_nobody_asked_for_are_closed(void **state)
{
	struct client *c = *state;
	int fds[16], probe, after;
	uint32_t body[4] = {16};

	hello(c);
	for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = c->memfd;
	probe = dup(c->memfd);
	close(probe);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(call_fds(c, 4, body, 16, fds, ARRAY_LEN(fds)), 0);
	after = dup(c->memfd);
	close(after);
	assert_int_equal(after, probe);
}

static void truncated_memory_is_survived(void **state)
{
	struct client *c = *state;

	assert_int_equal(vnic_dma_guard(), 0); // here: cmocka has handlers of its own
	hello(c);
	assert_int_equal(map(c, IOVA, MEM, 0, c->memfd), 0);
	region_write(c, 7, 4, 6);
	region_write(c, 0, NIC_DMATXCTL, NIC_DMATXCTL_TE);
	region_write(c, 0, NIC_TDBAL(0), IOVA);
	region_write(c, 0, NIC_TDLEN(0), 1024);
	region_write(c, 0, NIC_TXDCTL(0), NIC_TXDCTL_ENABLE);
	region_write(c, 0, NIC_TDT(0), 5);
	assert_int_equal(ftruncate(c->memfd, 0), 0);
	step(c);
	assert_true(vnic_dma_is_lost(vfu_nic(c->vfu)));
	vfu_serve(c->vfu);
	assert_false(vfu_has_client(c->vfu));
}

// Requests without reading answers: the server does not wait.
static void a_client_that_does_not_listen_is_dropped(void **state)
{
	struct client *c = *state;
	struct {
		struct header header;
		uint64_t off;
		uint32_t region, count;
	} msg = {{1, 9, 32, 0, 0}, 0, 0, 4096};

	hello(c);
	for (unsigned i = 0; i < 10000 && vfu_has_client(c->vfu); i++) {
		if (send(c->fd, &msg, sizeof(msg), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			break;
		vfu_serve(c->vfu);
	}
	assert_false(vfu_has_client(c->vfu));
}

static void removal_ends_the_client_and_blinds_its_pages(void **state)
{
	struct client *c = *state;
	char out[128];
	uint8_t *bar;
	uint32_t value;

	hello(c);
	bar = doorbells(c);
	assert_int_equal(vfu_command(c->vfu, "remove", out, sizeof(out)), 0);
	assert_false(vfu_has_client(c->vfu));
	memcpy(&value, bar + NIC_RDT(0), 4);
	assert_int_equal(value, UINT32_MAX);
	munmap(bar, 512 * 1024);
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(a_client_learns_what_the_device_is),
		t(a_frame_comes_back_through_mapped_doorbells),
		t(intx_is_a_level),
		t(posted_writes_have_no_answer),
		t(reset_makes_all_new),
		t(bad_requests_are_refused),
		t(unmapping_what_never_was_is_fine),
		t(nonsense_ends_the_connection),
		t(messages_may_come_in_pieces),
		t(descriptors_nobody_asked_for_are_closed),
		t(truncated_memory_is_survived),
		t(a_client_that_does_not_listen_is_dropped),
		t(removal_ends_the_client_and_blinds_its_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
