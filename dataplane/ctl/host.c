// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/host.h"

#include "dataplane/base/clock.h"
#include "dataplane/ctl/host_priv.h"

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const struct {
	const char *name;
	bool is_drop;
} counters[] = {
#define HOST_COUNTER(id, name, is_drop) [TAP_##id] = {name, is_drop},
	HOST_COUNTERS
#undef HOST_COUNTER
};

void host_iface_from(struct host_iface *to, const struct iface *from)
{
	const struct iface_addrs *addrs = from->addrs;

	memset(to, 0, sizeof(*to));
	to->id = from->id;
	memcpy(to->name, from->name, sizeof(to->name));
	memcpy(to->mac, from->mac, sizeof(to->mac));
	to->mtu = from->mtu;
	to->table = from->table;
	to->vlan = from->vlan;
	to->inner_vlan = from->inner_vlan;
	to->is_up = from->flags & IFACE_UP;
	to->is_loopback = from->flags & IFACE_LOOPBACK;
	to->n_addr = addrs->n < HOST_ADDR_MAX ? addrs->n : HOST_ADDR_MAX;
	memcpy(to->addr, addrs->addr, to->n_addr * sizeof(to->addr[0]));
}

static void cmds_free(struct rte_ring *ring)
{
	void *cmd;

	while (ring && rte_ring_sc_dequeue(ring, &cmd) == 0)
		free(cmd);
	rte_ring_free(ring);
}

static void given_free(struct rte_ring *ring)
{
	void *pkt;

	while (ring && rte_ring_sc_dequeue(ring, &pkt) == 0)
		rte_pktmbuf_free(pkt);
	rte_ring_free(ring);
}

static void host_free(struct host *host)
{
	cmds_free(host->cmds);
	given_free(host->given);
	if (host->wake >= 0)
		close(host->wake);
	if (host->epoll >= 0)
		close(host->epoll);
	host_netlink_free(host->nl);
	pthread_mutex_destroy(&host->lock);
	free(host);
}

static int rings_new(struct host *host)
{
	unsigned flags = RING_F_SP_ENQ | RING_F_SC_DEQ;
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = 0};

	host->cmds = rte_ring_create("host-cmds", HOST_CMDS, SOCKET_ID_ANY, flags);
	host->given = rte_ring_create("host-given", HOST_GIVEN, SOCKET_ID_ANY, flags);
	host->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	host->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!host->cmds || !host->given || host->wake < 0 || host->epoll < 0)
		return -ENOMEM;
	return epoll_ctl(host->epoll, EPOLL_CTL_ADD, host->wake, &event) < 0 ? -errno : 0;
}

struct host *host_start(const struct host_conf *conf, struct err *err)
{
	struct host *host = calloc(1, sizeof(*host));
	int rc;

	if (!host) {
		err_set(err, ENOMEM, "host: no memory");
		return err_null(ENOMEM);
	}
	host->conf = *conf;
	host->wake = host->epoll = -1;
	pthread_mutex_init(&host->lock, NULL);
	rc = rings_new(host);
	if (rc < 0) {
		err_set(err, -rc, "host: no memory for its rings");
		goto free_host;
	}
	host->nl = host_netlink_new(err);
	if (!host->nl)
		goto free_host;
	rc = -pthread_create(&host->thread, NULL, host_main, host);
	if (rc == 0)
		return host;
	err_set(err, -rc, "host: cannot start a thread: %s", strerror(-rc));

free_host:
	host_free(host);
	return NULL;
}

static void wake(struct host *host)
{
	uint64_t one = 1;

	if (write(host->wake, &one, sizeof(one)) < 0)
		return; // the counter is full: it is awake
}

void host_stop(struct host *host)
{
	if (!host)
		return;
	host->stop = true;
	wake(host);
	pthread_join(host->thread, NULL);
	host_free(host);
}

static int queue(struct host *host, enum host_cmd_kind kind, const struct host_iface *iface)
{
	struct host_cmd *cmd = malloc(sizeof(*cmd));

	if (!cmd)
		return -ENOMEM;
	cmd->kind = kind;
	cmd->iface = *iface;
	if (rte_ring_sp_enqueue(host->cmds, cmd) != 0) {
		free(cmd);
		return -ENOBUFS;
	}
	host->n_queued++;
	wake(host);
	return 0;
}

int host_iface_add(struct host *host, const struct host_iface *iface)
{
	return queue(host, HOST_CMD_ADD, iface);
}

int host_iface_update(struct host *host, const struct host_iface *iface)
{
	return queue(host, HOST_CMD_UPDATE, iface);
}

int host_iface_del(struct host *host, unsigned id)
{
	struct host_iface iface = {.id = (uint16_t)id};

	return queue(host, HOST_CMD_DEL, &iface);
}

int host_sync(struct host *host, unsigned timeout_ms, struct err *err)
{
	struct timespec nap = {.tv_nsec = CLOCK_NS_PER_MS};
	uint64_t end = clock_ns() + timeout_ms * (uint64_t)CLOCK_NS_PER_MS;
	int rc = 0;

	while (host->n_done < host->n_queued) {
		if (clock_ns() > end)
			return err_set(err, ETIMEDOUT, "host: TAPs are not ready after %u ms",
				       timeout_ms);
		nanosleep(&nap, NULL);
	}
	pthread_mutex_lock(&host->lock);
	if (host->err.code)
		rc = err_set(err, host->err.code, "%s", host->err.text);
	host->err.code = 0;
	pthread_mutex_unlock(&host->lock);
	return rc;
}

void host_give(struct host *host, struct rte_mbuf *pkt, unsigned iface)
{
	pkt->hash.usr = iface;
	if (rte_ring_sp_enqueue(host->given, pkt) != 0) {
		host_count(host, TAP_GIVEN_FULL);
		rte_pktmbuf_free(pkt);
		return;
	}
	wake(host);
}

unsigned host_counters(const struct host *host, struct host_counter out[], unsigned max)
{
	unsigned n = 0;

	for (; n < TAP_N_COUNTERS && n < max; n++)
		out[n] = (struct host_counter){counters[n].name, host->counter[n],
					       counters[n].is_drop};
	return n;
}

void host_stats_get(const struct host *host, struct host_stats *stats)
{
	*stats = (struct host_stats){
		.turns = host->turns,
		.sleeps = host->sleeps,
		.longest_ns = host->longest_ns,
		.queue = rte_ring_count(host->cmds) + rte_ring_count(host->given),
		.n_taps = host->n_taps,
	};
}
