// SPDX-License-Identifier: BSD-3-Clause
// The inside of the host path. What control calls is in host.c, the thread in
// host_thread.c; they meet in two rings, counters, and the error of a sync.
#pragma once

#include "dataplane/ctl/host.h"
#include "dataplane/ctl/host_netlink.h"
#include "dataplane/ctl/host_tap.h"

#include <pthread.h>
#include <stdatomic.h>

struct rte_ring;

enum { HOST_CMDS = 8192, HOST_GIVEN = 1024, HOST_BURST = 64 };

enum host_cmd_kind { HOST_CMD_ADD, HOST_CMD_UPDATE, HOST_CMD_DEL };

struct host_cmd {
	enum host_cmd_kind kind;
	struct host_iface iface; // for DEL only the id
};

// HOST_COUNTER(ID, "name", is it a drop)
#define HOST_COUNTERS                                                                              \
	HOST_COUNTER(WRITTEN, "tap/written", false)                                                \
	HOST_COUNTER(READ, "tap/read", false)                                                      \
	HOST_COUNTER(NONE, "tap/none", true)                                                       \
	HOST_COUNTER(MALFORMED, "tap/malformed", true)                                             \
	HOST_COUNTER(TOO_MANY_SEGMENTS, "tap/too-many-segments", true)                             \
	HOST_COUNTER(WRITE_FAILED, "tap/write-failed", true)                                       \
	HOST_COUNTER(READ_FAILED, "tap/read-failed", false)                                        \
	HOST_COUNTER(NO_MBUF, "tap/no-mbuf", false)                                                \
	HOST_COUNTER(NO_HEADROOM, "tap/no-headroom", true)                                         \
	HOST_COUNTER(NO_WIRE, "tap/no-wire", true)                                                 \
	HOST_COUNTER(NOT_IP, "tap/not-ip", true)                                                   \
	HOST_COUNTER(RING_FULL, "tap/worker-ring-full", true)                                      \
	HOST_COUNTER(GIVEN_FULL, "tap/given-ring-full", true)

enum host_counter_id {
#define HOST_COUNTER(id, name, is_drop) TAP_##id,
	HOST_COUNTERS
#undef HOST_COUNTER
		TAP_N_COUNTERS,
};

struct host {
	struct host_conf conf;
	struct rte_ring *cmds, *given; // from control
	int wake;		       // an eventfd: control has something
	int epoll;
	pthread_t thread;
	_Atomic bool stop;
	uint64_t n_queued; // control's; n_done is the thread's
	_Atomic uint64_t n_done;
	_Atomic uint64_t counter[TAP_N_COUNTERS];
	_Atomic uint64_t turns, sleeps, longest_ns;
	_Atomic unsigned n_taps;

	pthread_mutex_t lock; // of err
	struct err err;	      // the first since the last sync

	// The thread's.
	struct host_netlink *nl;
	struct host_tap *tap[IFACE_MAX];
	struct host_gateway gw4, gw6; // installed; ifindex 0: none
	struct rte_mbuf *spare;	      // for the next read
	bool lacks_mbuf;
	uint64_t last_busy_ns;
};

void *host_main(void *arg);

// Chooses the TAP of Linux's default route anew and installs it (host_route.c).
void host_route_update(struct host *host);

static inline void host_count(struct host *host, enum host_counter_id id)
{
	atomic_fetch_add_explicit(&host->counter[id], 1, memory_order_relaxed);
}
