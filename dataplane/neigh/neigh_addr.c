// SPDX-License-Identifier: BSD-3-Clause
// Duplicate address detection: RFC 4862 §5.4, with the nonce of RFC 7527 that
// tells our own reflected message from another's. Announcements: RFC 5227 §2.3,
// RFC 4861 §7.2.6.
#include "dataplane/neigh/neigh_addr.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/neigh/neigh_arp.h"
#include "dataplane/neigh/neigh_nd.h"
#include "dataplane/pkt/ip6.h"

#include <stdlib.h>

enum {
	DAD_DELAY_MS = 1000, // RFC 4861 §10 MAX_RTR_SOLICITATION_DELAY
	DAD_TRANSMITS = 1,   // RFC 4862 §5.1 DupAddrDetectTransmits
	ANNOUNCES = 2,	     // RFC 5227 §1.1 ANNOUNCE_NUM
	ANNOUNCE_MS = 2000,  // RFC 5227 §1.1 ANNOUNCE_INTERVAL
	DEFEND_MS = 10000,   // RFC 5227 §1.1 DEFEND_INTERVAL
	TASKS_A_STEP = 64,
};

struct addr neigh_addr_of(unsigned family, const uint8_t *bytes)
{
	struct addr addr = {.family = (uint8_t)family};

	memcpy(addr.bytes, bytes, family == 4 ? 4 : 16);
	return addr;
}

// The first and the last address of an IPv4 prefix are no hosts (RFC 3021 §2.1: but
// of a /31 they are).
static bool is_host(const struct prefix *prefix, const struct addr *addr)
{
	uint32_t net, ip, mask;

	if (addr->family == 6 || prefix->len > 30)
		return true;
	memcpy(&net, prefix->bytes, 4);
	memcpy(&ip, addr->bytes, 4);
	mask = ~(prefix->len ? __builtin_bswap32(~0u << (32 - prefix->len)) : 0);
	return ip != net && ip != (net | mask);
}

const struct iface_addr *neigh_addr_covering(const struct iface *iface, const struct addr *addr)
{
	const struct iface_addrs *own = iface->addrs;

	for (unsigned i = 0; i < own->n; i++) {
		struct prefix prefix = {.family = own->addr[i].family, .len = own->addr[i].plen};

		memcpy(prefix.bytes, own->addr[i].bytes, sizeof(prefix.bytes));
		prefix_mask(&prefix);
		if (prefix_has_addr(&prefix, addr) && is_host(&prefix, addr))
			return &own->addr[i];
	}
	return NULL;
}

// Tasks.

static void task_free(struct neigh *tbl, struct neigh_task *task)
{
	TAILQ_REMOVE(&tbl->tasks, task, link);
	free(task);
}

static struct neigh_task *task_find(const struct neigh *tbl, unsigned iface, unsigned family,
				    const uint8_t *bytes)
{
	struct neigh_task *task;

	TAILQ_FOREACH(task, &tbl->tasks, link)
	if (task->iface == iface && task->addr.family == family &&
	    memcmp(task->addr.bytes, bytes, family == 4 ? 4 : 16) == 0)
		return task;
	return NULL;
}

static struct neigh_task *task_new(struct neigh *tbl, unsigned iface, const struct iface_addr *addr)
{
	struct neigh_task *task = task_find(tbl, iface, addr->family, addr->bytes);

	if (task)
		return task;
	task = calloc(1, sizeof(*task));
	if (!task)
		return NULL;
	task->iface = (uint16_t)iface;
	task->addr = *addr;
	TAILQ_INSERT_TAIL(&tbl->tasks, task, link);
	return task;
}

static void dad_start(struct neigh *tbl, const struct iface *iface, const struct iface_addr *addr)
{
	struct neigh_task *task = task_new(tbl, iface->id, addr);
	uint64_t nonce = neigh_rand(tbl);

	if (!task) { // unchecked is better than unusable
		log_error("%s: no memory to check an address for duplicates", iface->name);
		tbl->env.dad_done(tbl->env.arg, iface->id, addr->bytes, true);
		return;
	}
	memcpy(task->nonce, &nonce, sizeof(task->nonce));
	task->is_dad = true;
	task->n_left = iface->flags & IFACE_LOOPBACK ? 0 : DAD_TRANSMITS;
	task->due_ns = tbl->now_ns;
	if (task->n_left)
		task->due_ns += neigh_rand(tbl) % DAD_DELAY_MS * CLOCK_NS_PER_MS;
}

static void announce_start(struct neigh *tbl, const struct iface *iface,
			   const struct iface_addr *addr)
{
	struct neigh_task *task;

	if (iface->flags & IFACE_LOOPBACK)
		return;
	task = task_new(tbl, iface->id, addr);
	if (!task)
		return;
	task->is_dad = false;
	task->n_left = ANNOUNCES;
	task->due_ns = tbl->now_ns;
}

static void addr_start(struct neigh *tbl, const struct iface *iface, const struct iface_addr *addr)
{
	if (addr->family == 6 && addr->is_tentative)
		dad_start(tbl, iface, addr);
	else
		announce_start(tbl, iface, addr);
}

void neigh_addr_add(struct neigh *tbl, unsigned id, const struct iface_addr *addr, uint64_t now_ns)
{
	const struct iface *iface = iface_get(tbl->env.ifaces, id);

	tbl->now_ns = now_ns;
	if (iface && iface->flags & IFACE_UP) // else neigh_addr_up() does it
		addr_start(tbl, iface, addr);
}

void neigh_addr_up(struct neigh *tbl, const struct iface *iface)
{
	const struct iface_addrs *addrs = iface->addrs;

	for (unsigned i = 0; i < addrs->n; i++)
		addr_start(tbl, iface, &addrs->addr[i]);
}

void neigh_addr_down(struct neigh *tbl, unsigned iface)
{
	struct neigh_task *task = TAILQ_FIRST(&tbl->tasks);

	while (task) {
		struct neigh_task *next = TAILQ_NEXT(task, link);

		if (task->iface == iface)
			task_free(tbl, task);
		task = next;
	}
}

static void gateway_ask(struct nexthops *nhs, uint16_t id, const struct nexthop *nh, void *arg)
{
	struct neigh *tbl = arg;

	if (nh->family == 6)
		neigh_gateway_add(tbl, id, tbl->now_ns);
}

// Frees the task: what is called from here may start another. The first address
// of an iface is what gateways can be asked from.
static void dad_end(struct neigh *tbl, const struct iface *iface, struct neigh_task *task,
		    bool is_unique)
{
	struct iface_addr addr = task->addr;
	bool was_mute = ip6_is_unspecified(iface->ip6_primary);

	task_free(tbl, task);
	neigh_count(tbl, is_unique ? NEIGH_COUNT_DAD_OK : NEIGH_COUNT_DAD_DUPLICATE);
	tbl->env.dad_done(tbl->env.arg, iface->id, addr.bytes, is_unique);
	if (!is_unique)
		return;
	announce_start(tbl, iface, &addr);
	if (was_mute)
		nexthop_foreach(tbl->env.nexthops, iface->id, gateway_ask, tbl);
}

static void announce(struct neigh *tbl, const struct iface *iface, const struct iface_addr *addr)
{
	static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};

	if (addr->family == 4)
		neigh_arp_announce(tbl, iface, addr->bytes);
	else
		neigh_nd_advertise(tbl, iface, addr->bytes, all_nodes, NULL);
}

static void task_run(struct neigh *tbl, struct neigh_task *task)
{
	const struct iface *iface = iface_get(tbl->env.ifaces, task->iface);

	if (!iface || !iface_addr_find(iface, task->addr.family, task->addr.bytes)) {
		task_free(tbl, task);
	} else if (task->n_left == 0) {
		if (task->is_dad)
			dad_end(tbl, iface, task, true);
		else
			task_free(tbl, task);
	} else {
		task->n_left--;
		if (task->is_dad)
			neigh_nd_dad(tbl, iface, task->addr.bytes, task->nonce);
		else
			announce(tbl, iface, &task->addr);
		task->due_ns = tbl->now_ns + (task->is_dad ? tbl->conf.retrans_ms : ANNOUNCE_MS) *
						     CLOCK_NS_PER_MS;
	}
}

static struct neigh_task *task_due(const struct neigh *tbl)
{
	struct neigh_task *task;

	TAILQ_FOREACH(task, &tbl->tasks, link)
	if (task->due_ns <= tbl->now_ns)
		return task;
	return NULL;
}

// From the start each time: dad_done() may do anything to the list.
void neigh_addr_step(struct neigh *tbl)
{
	struct neigh_task *task;

	for (unsigned i = 0; i < TASKS_A_STEP && (task = task_due(tbl)); i++)
		task_run(tbl, task);
}

void neigh_addr_dad_heard(struct neigh *tbl, const struct iface *iface, const uint8_t addr[16],
			  const uint8_t *nonce)
{
	struct neigh_task *task = task_find(tbl, iface->id, 6, addr);

	if (!task || !task->is_dad)
		return;
	if (nonce && memcmp(nonce, task->nonce, sizeof(task->nonce)) == 0) {
		neigh_count(tbl, NEIGH_COUNT_REFLECTED);
		return;
	}
	dad_end(tbl, iface, task, false);
}

// Conflicts.

// RFC 5227 §2.4 (c): defend, but not again within DEFEND_INTERVAL.
static bool may_defend(struct neigh *tbl, unsigned iface, const struct addr *addr)
{
	unsigned i = 0;

	while (i < NEIGH_CONFLICTS &&
	       (tbl->conflict[i].iface != iface || !addr_is_equal(&tbl->conflict[i].addr, addr)))
		i++;
	if (i == NEIGH_CONFLICTS)
		i = tbl->next_conflict++ % NEIGH_CONFLICTS;
	else if (tbl->now_ns - tbl->conflict[i].defended_ns < DEFEND_MS * (uint64_t)CLOCK_NS_PER_MS)
		return false;
	tbl->conflict[i].iface = (uint16_t)iface;
	tbl->conflict[i].addr = *addr;
	tbl->conflict[i].defended_ns = tbl->now_ns;
	return true;
}

void neigh_addr_conflict(struct neigh *tbl, const struct iface *iface, struct addr addr,
			 const uint8_t mac[6])
{
	char text[ADDR_TEXT_MAX];

	neigh_count(tbl, NEIGH_COUNT_CONFLICT);
	if (!may_defend(tbl, iface->id, &addr) || !bucket_take(&tbl->warn, tbl->now_ns))
		return;
	log_warn("%s: %s is also used by %02x:%02x:%02x:%02x:%02x:%02x", iface->name,
		 addr_format(&addr, text), mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	if (addr.family == 4)
		neigh_arp_announce(tbl, iface, addr.bytes);
}
