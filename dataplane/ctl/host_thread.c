// SPDX-License-Identifier: BSD-3-Clause
// The host thread: commands, packets to TAPs, packets from TAPs.
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/base/rcu.h"
#include "dataplane/ctl/host_frame.h"
#include "dataplane/ctl/host_priv.h"
#include "dataplane/graph/worker.h"
#include "dataplane/pkt/eth.h"

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	SEGS_MAX = 32,
	EVENTS = 64,
	TICK_BUSY_MS = 1,  // workers cannot wake this thread: it looks after them
	TICK_IDLE_MS = 10, // without traffic for a while
	BUSY_FOR_MS = 500,
};

static unsigned mtu_room(const struct host *host)
{
	return rte_pktmbuf_data_room_size(host->conf.pool) - RTE_PKTMBUF_HEADROOM - ETH_HDR_LEN;
}

// --- commands ---

static int tap_add(struct host *host, const struct host_iface *iface, struct err *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = iface->id};
	struct host_tap *tap;
	int rc;

	if (iface->id >= IFACE_MAX || host->tap[iface->id])
		return err_set(err, EEXIST, "ifaces.%s: it has a TAP already", iface->name);
	tap = malloc(sizeof(*tap));
	if (!tap)
		return err_set(err, ENOMEM, "ifaces.%s: no memory for its TAP", iface->name);
	rc = host_tap_open(tap, host->nl, iface, host->conf.default_route, err);
	if (rc < 0)
		goto free_tap;
	if (epoll_ctl(host->epoll, EPOLL_CTL_ADD, tap->fd, &event) < 0) {
		rc = err_set(err, errno, "ifaces.%s: its TAP: %s", iface->name, strerror(errno));
		goto close_tap;
	}
	host->tap[iface->id] = tap;
	host->n_taps++;
	return 0;

close_tap:
	host_tap_close(tap);
free_tap:
	free(tap);
	return rc;
}

static void tap_del(struct host *host, unsigned id)
{
	struct host_tap *tap = id < IFACE_MAX ? host->tap[id] : NULL;

	if (!tap)
		return;
	host_tap_close(tap); // closing takes it off epoll, too
	free(tap);
	host->tap[id] = NULL;
	host->n_taps--;
}

static int cmd_run(struct host *host, struct host_cmd *cmd, struct err *err)
{
	struct host_iface *iface = &cmd->iface;

	if (iface->mtu > mtu_room(host))
		iface->mtu = (uint16_t)mtu_room(host);
	switch (cmd->kind) {
	case HOST_CMD_ADD:
		return tap_add(host, iface, err);
	case HOST_CMD_UPDATE:
		if (iface->id >= IFACE_MAX || !host->tap[iface->id])
			return 0;
		return host_tap_update(host->tap[iface->id], host->nl, iface, err);
	case HOST_CMD_DEL:
		tap_del(host, iface->id);
		return 0;
	}
	return 0;
}

static void failure_keep(struct host *host, const struct err *err)
{
	log_error("%s", err->text);
	pthread_mutex_lock(&host->lock);
	if (!host->err.code)
		host->err = *err;
	pthread_mutex_unlock(&host->lock);
}

static unsigned cmds_poll(struct host *host)
{
	unsigned n = 0;
	void *cmd;

	for (; n < HOST_BURST && rte_ring_sc_dequeue(host->cmds, &cmd) == 0; n++) {
		struct err err = {0};

		if (cmd_run(host, cmd, &err) < 0)
			failure_keep(host, &err);
		free(cmd);
		host_route_update(host);
		host->n_done++;
	}
	return n;
}

// --- to Linux ---

static void tap_write(struct host *host, const struct host_tap *tap, struct rte_mbuf *m)
{
	struct iovec iov[SEGS_MAX];
	int n = 0;

	if (m->nb_segs > SEGS_MAX) {
		host_count(host, TAP_TOO_MANY_SEGMENTS);
		return;
	}
	for (struct rte_mbuf *seg = m; seg; seg = seg->next)
		iov[n++] = (struct iovec){rte_pktmbuf_mtod(seg, void *), seg->data_len};
	host_count(host, writev(tap->fd, iov, n) < 0 ? TAP_WRITE_FAILED : TAP_WRITTEN);
}

// Takes the mbuf.
static void to_tap(struct host *host, struct rte_mbuf *m, unsigned iface, unsigned l3_off)
{
	const struct host_tap *tap = iface < IFACE_MAX ? host->tap[iface] : NULL;

	if (!tap)
		host_count(host, TAP_NONE);
	else if (!host_frame_untag(m, l3_off, tap->iface.mac))
		host_count(host, TAP_MALFORMED);
	else
		tap_write(host, tap, m);
	rte_pktmbuf_free(m);
}

static unsigned workers_poll(struct host *host)
{
	struct rte_mbuf *pkts[HOST_BURST];
	unsigned sum = 0;

	for (unsigned w = 0; w < workers_count(host->conf.workers); w++) {
		unsigned n = workers_take(host->conf.workers, w, PEER_HOST, pkts, HOST_BURST);

		for (unsigned i = 0; i < n; i++) {
			struct meta meta = meta_get(pkts[i]);

			to_tap(host, pkts[i], meta.iface, meta.l3_off);
		}
		sum += n;
	}
	return sum;
}

static unsigned given_poll(struct host *host)
{
	void *pkts[HOST_BURST];
	unsigned n = rte_ring_sc_dequeue_burst(host->given, pkts, HOST_BURST, NULL);

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		unsigned l3_off = host_frame_l3(m);

		to_tap(host, m, m->hash.usr, l3_off ? l3_off : UINT_MAX);
	}
	return n;
}

// --- from Linux ---

static bool to_wire(struct host *host, const struct host_iface *iface, struct rte_mbuf *m,
		    struct meta *meta)
{
	meta->node = NODE_TX;
	meta->out = iface->id;
	if (iface->is_loopback)
		host_count(host, TAP_NO_WIRE);
	else if (!host_frame_tag(m, iface->vlan, iface->inner_vlan))
		host_count(host, TAP_NO_HEADROOM);
	else
		return true;
	return false;
}

static void from_tap(struct host *host, const struct host_iface *iface, struct rte_mbuf *m)
{
	struct meta meta = {.iface = iface->id, .l3_off = ETH_HDR_LEN};
	bool is_good = true;

	switch (host_frame_way(m, iface->mac)) {
	case HOST_WAY_WIRE:
		is_good = to_wire(host, iface, m, &meta);
		break;
	case HOST_WAY_IP4:
		meta.node = NODE_IP4_INPUT;
		break;
	case HOST_WAY_IP6:
		meta.node = NODE_IP6_INPUT;
		break;
	case HOST_WAY_NONE:
		host_count(host, TAP_NOT_IP);
		is_good = false;
		break;
	}
	meta_put(m, &meta);
	if (is_good && workers_inject(host->conf.workers, 0, PEER_HOST, m)) {
		host_count(host, TAP_READ);
		return;
	}
	if (is_good)
		host_count(host, TAP_RING_FULL);
	rte_pktmbuf_free(m);
}

// A frame of the TAP in an mbuf, NULL when there is none (or no mbuf: it waits).
static struct rte_mbuf *tap_read(struct host *host, const struct host_tap *tap, bool *is_gone)
{
	struct rte_mbuf *m = host->spare ? host->spare : rte_pktmbuf_alloc(host->conf.pool);
	ssize_t len;

	host->spare = m;
	if (!m) {
		host_count(host, TAP_NO_MBUF);
		host->lacks_mbuf = true;
		return NULL;
	}
	len = read(tap->fd, rte_pktmbuf_mtod(m, void *), rte_pktmbuf_tailroom(m));
	if (len < 0 && errno != EAGAIN && errno != EINTR) {
		host_count(host, TAP_READ_FAILED);
		*is_gone = true;
	}
	if (len <= 0)
		return NULL;
	m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	host->spare = NULL;
	return m;
}

static unsigned tap_poll(struct host *host, unsigned id)
{
	const struct host_tap *tap = id < IFACE_MAX ? host->tap[id] : NULL;
	bool is_gone = false;
	struct rte_mbuf *m;
	unsigned n = 0;

	while (tap && n < HOST_BURST && (m = tap_read(host, tap, &is_gone))) {
		from_tap(host, &tap->iface, m);
		n++;
	}
	if (is_gone) {
		log_error("%s: somebody deleted its TAP: sockets of this machine have lost it",
			  tap->iface.name);
		tap_del(host, id);
	}
	return n;
}

// --- the loop ---

static void wake_clear(const struct host *host)
{
	uint64_t n;

	if (read(host->wake, &n, sizeof(n)) < 0)
		return; // somebody was faster
}

static unsigned events_poll(struct host *host, int timeout_ms)
{
	struct epoll_event event[EVENTS];
	int n_events = epoll_wait(host->epoll, event, EVENTS, timeout_ms);
	unsigned n = 0;

	for (int i = 0; i < n_events; i++) {
		if (event[i].data.u32 == 0)
			wake_clear(host);
		else
			n += tap_poll(host, event[i].data.u32);
	}
	return n;
}

static void longest_note(struct host *host, uint64_t ns)
{
	if (ns > host->longest_ns)
		host->longest_ns = ns;
}

// Without waiting. Returns what was done.
static unsigned turn(struct host *host)
{
	uint64_t start = clock_ns();
	unsigned n = cmds_poll(host);

	n += given_poll(host);
	n += workers_poll(host);
	n += events_poll(host, 0);
	if (n) {
		host->last_busy_ns = start;
		longest_note(host, clock_ns() - start);
	}
	host->turns++;
	return n;
}

static void idle(struct host *host)
{
	struct timespec nap = {.tv_nsec = CLOCK_NS_PER_MS};
	bool is_busy = clock_ns() - host->last_busy_ns < BUSY_FOR_MS * (uint64_t)CLOCK_NS_PER_MS;

	host->sleeps++;
	if (host->lacks_mbuf)
		nanosleep(&nap, NULL); // TAPs stay readable meanwhile
	host->lacks_mbuf = false;
	if (events_poll(host, is_busy ? TICK_BUSY_MS : TICK_IDLE_MS))
		host->last_busy_ns = clock_ns();
}

void *host_main(void *arg)
{
	struct host *host = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	if (helper_enter("host") < 0) {
		struct err err = {0};

		err_set(&err, EAGAIN, "host: too many threads for DPDK (RTE_MAX_LCORE)");
		failure_keep(host, &err);
		return NULL;
	}
	rcu_thread_offline(); // it reads no table
	while (!host->stop)
		if (turn(host) == 0)
			idle(host);
	rte_pktmbuf_free(host->spare);
	for (unsigned id = 0; id < IFACE_MAX; id++)
		tap_del(host, id);
	helper_leave();
	return NULL;
}
