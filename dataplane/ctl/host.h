// SPDX-License-Identifier: BSD-3-Clause
// The host path: a TAP for each iface, so that sockets and daemons of this
// machine use jerboa's ifaces as if they were Linux's own.
//
// One helper thread owns the TAPs: it writes what workers punt to them (PUNT_HOST)
// and puts what Linux sends into worker 0's graph: frames to other stations at tx,
// packets to the iface's own Ethernet address at ip4-input and ip6-input, which is
// how Linux's default route reaches jerboa's table. Control queues changes and
// never waits, but in host_sync(). TAPs go with the process, whatever ends it.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"
#include "dataplane/graph/iface_tbl.h"

struct host;
struct rte_mbuf;
struct rte_mempool;
struct workers;

enum { HOST_ADDR_MAX = 64 };

struct host_conf {
	struct workers *workers;
	struct rte_mempool *pool;
	bool default_route; // Linux's default routes lead to jerboa
	unsigned metric;    // of them
};

// What a TAP shows of an iface.
struct host_iface {
	uint16_t id;
	char name[IFACE_NAME_MAX];
	uint8_t mac[6];
	uint16_t mtu, table;
	uint16_t vlan, inner_vlan;
	bool is_up;	  // carrier
	bool is_loopback; // no port
	unsigned n_addr;
	struct iface_addr addr[HOST_ADDR_MAX];
};
// The same from the workers' view; addresses beyond HOST_ADDR_MAX are left out.
void host_iface_from(struct host_iface *to, const struct iface *from);

struct host *host_start(const struct host_conf *conf, struct err *err) must_check;
void host_stop(struct host *host); // the thread ends, the TAPs are gone

// Whether a TAP of that name can be made: for the prepare step of a reload.
int host_name_check(const char *name, struct err *err) must_check;

// Queued, -ENOBUFS if the thread does not keep up. The thread logs what fails.
int host_iface_add(struct host *host, const struct host_iface *iface) must_check;
// Addresses, MTU, MAC or carrier changed: says what is now.
int host_iface_update(struct host *host, const struct host_iface *iface) must_check;
int host_iface_del(struct host *host, unsigned id) must_check;
// Waits until all is done (at start only); the first failure since the last sync.
int host_sync(struct host *host, unsigned timeout_ms, struct err *err) must_check;

// From the control thread: a copy of an ARP or ND message for the iface's TAP.
// The frame as it was received; takes the mbuf.
void host_give(struct host *host, struct rte_mbuf *pkt, unsigned iface);

struct host_counter {
	const char *name; // "tap/write-failed"
	uint64_t n;
	bool is_drop;
};
unsigned host_counters(const struct host *host, struct host_counter out[], unsigned max);

struct host_stats {
	uint64_t turns, sleeps, longest_ns;
	unsigned queue; // commands and packets waiting
	unsigned n_taps;
};
void host_stats_get(const struct host *host, struct host_stats *stats);
