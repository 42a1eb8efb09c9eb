// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/neigh/neigh.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/err.h"
#include "dataplane/neigh/neigh_addr.h"
#include "dataplane/neigh/neigh_arp.h"
#include "dataplane/neigh/neigh_entry.h"
#include "dataplane/neigh/neigh_hold.h"
#include "dataplane/neigh/neigh_nd.h"
#include "dataplane/neigh/neigh_publish.h"
#include "dataplane/neigh/neigh_state.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/ip4.h"
#include "dataplane/pkt/ip6.h"

#include <stdlib.h>
#include <sys/random.h>

enum {
	TIMERS_A_STEP = 256,
	CREATE_RATE = 1000, // entries a second that packets may make
	CREATE_BURST = 500,
	WARN_RATE = 1, // conflicts a second that are logged and defended against
	WARN_BURST = 8,
	LOOP_MS = 100, // longer after its route came, no packet asks for a host
};

struct neigh *neigh_new(const struct neigh_conf *conf, const struct neigh_env *env)
{
	struct neigh *tbl = calloc(1, sizeof(*tbl));

	if (!tbl)
		return NULL;
	tbl->head = calloc(NEIGH_HEADS, sizeof(struct neigh_entry *));
	if (!tbl->head) {
		free(tbl);
		return err_null(ENOMEM);
	}
	tbl->conf = *conf;
	tbl->env = *env;
	if (getrandom(&tbl->seed, sizeof(tbl->seed), GRND_NONBLOCK) != sizeof(tbl->seed))
		tbl->seed = clock_tsc() * 0x9e3779b97f4a7c15ull;
	tbl->rand = tbl->seed | 1;
	for (unsigned i = 0; i < NEIGH_N_CLASSES; i++)
		TAILQ_INIT(&tbl->class[i]);
	TAILQ_INIT(&tbl->waiting);
	TAILQ_INIT(&tbl->held);
	TAILQ_INIT(&tbl->tasks);
	bucket_init(&tbl->create, CLOCK_NS_PER_S, CREATE_RATE, CREATE_BURST);
	bucket_init(&tbl->warn, CLOCK_NS_PER_S, WARN_RATE, WARN_BURST);
	return tbl;
}

void neigh_free(struct neigh *tbl)
{
	if (!tbl)
		return;
	while (tbl->n)
		neigh_forget(tbl, tbl->heap[tbl->n]);
	while (!TAILQ_EMPTY(&tbl->tasks))
		neigh_addr_down(tbl, TAILQ_FIRST(&tbl->tasks)->iface);
	free(tbl->heap);
	free(tbl->head);
	free(tbl);
}

void neigh_conf_set(struct neigh *tbl, const struct neigh_conf *conf)
{
	tbl->conf = *conf;
	neigh_hold_trim(tbl);
}

// xorshift64*
uint64_t neigh_rand(struct neigh *tbl)
{
	tbl->rand ^= tbl->rand >> 12;
	tbl->rand ^= tbl->rand << 25;
	tbl->rand ^= tbl->rand >> 27;
	return tbl->rand * 0x2545f4914f6cdd1dull >> 8;
}

// Packets.

static void refuse(struct neigh *tbl, struct rte_mbuf *pkt, enum neigh_count why)
{
	neigh_count(tbl, why);
	rte_pktmbuf_free(pkt);
}

// The destination of the packet: false if there is no IP header.
static bool dest_of(const struct rte_mbuf *pkt, const struct meta *meta, struct addr *dest)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(pkt, const uint8_t *, meta->l3_off);
	unsigned room = pkt->data_len > meta->l3_off ? pkt->data_len - meta->l3_off : 0;

	if (room >= sizeof(struct ip4_hdr) && l3[0] >> 4 == 4)
		*dest = neigh_addr_of(4, l3 + offsetof(struct ip4_hdr, dst));
	else if (room >= sizeof(struct ip6_hdr) && l3[0] >> 4 == 6)
		*dest = neigh_addr_of(6, l3 + offsetof(struct ip6_hdr, dst));
	else
		return false;
	return true;
}

static struct neigh_entry *entry_get(struct neigh *tbl, unsigned iface, const struct addr *addr)
{
	struct neigh_entry *e = neigh_entry_find(tbl, iface, addr);

	if (e || !neigh_may_create(tbl))
		return e;
	e = neigh_entry_new(tbl, iface, addr);
	if (e)
		neigh_ask(tbl, e);
	return e;
}

// Its table has another opinion than the one our route is in: no end of it.
static bool is_loop(const struct neigh *tbl, const struct neigh_entry *e)
{
	return e->has_route && tbl->now_ns - e->published_ns > LOOP_MS * CLOCK_NS_PER_MS;
}

static void resolve_via(struct neigh *tbl, struct rte_mbuf *pkt, const struct meta *meta,
			const struct nexthop *nh)
{
	struct addr gw = neigh_addr_of(nh->family, nh->gw);
	struct neigh_entry *e = entry_get(tbl, nh->iface, &gw);

	if (!e || !neigh_nexthop_take(tbl, e)) {
		rte_pktmbuf_free(pkt); // counted there
		return;
	}
	if (!e->has_route)
		e->is_gateway = true; // until a refresh finds that it is none
	neigh_hold_add(tbl, e, pkt, meta, false);
	if (e->state == NEIGH_FAILED)
		neigh_hold_fail(tbl, e);
	neigh_use(tbl, e);
}

static void resolve_glean(struct neigh *tbl, struct rte_mbuf *pkt, const struct meta *meta,
			  const struct nexthop *nh, const struct addr *dest)
{
	bool is_direct = dest->family == 6 && ip6_is_link_local(dest->bytes);
	struct neigh_entry *e = entry_get(tbl, nh->iface, dest);

	if (!e) {
		rte_pktmbuf_free(pkt);
		return;
	}
	if (!is_direct && is_loop(tbl, e)) {
		refuse(tbl, pkt, NEIGH_COUNT_NOT_PUBLISHED);
		return;
	}
	if (!is_direct)
		e->is_gleaned = true;
	neigh_hold_add(tbl, e, pkt, meta, is_direct);
	if (e->state == NEIGH_FAILED)
		neigh_hold_fail(tbl, e);
	neigh_use(tbl, e);
}

static bool is_multicast(const struct addr *addr)
{
	return addr->family == 4 ? addr->bytes[0] >= 224 : ip6_is_multicast(addr->bytes);
}

static void resolve(struct neigh *tbl, struct rte_mbuf *pkt, const struct meta *meta)
{
	const struct nexthop *nh = &nexthops_array(tbl->env.nexthops)[meta->nh];
	struct addr dest;

	if (!dest_of(pkt, meta, &dest) || is_multicast(&dest))
		refuse(tbl, pkt, NEIGH_COUNT_MALFORMED);
	else if (!iface_get(tbl->env.ifaces, nh->iface))
		refuse(tbl, pkt, NEIGH_COUNT_NEXTHOP_GONE);
	else if (nh->kind == NH_GLEAN)
		resolve_glean(tbl, pkt, meta, nh, &dest);
	else if (nh->kind == NH_RESOLVE || nh->kind == NH_FORWARD)
		resolve_via(tbl, pkt, meta, nh);
	else
		refuse(tbl, pkt, NEIGH_COUNT_NEXTHOP_GONE);
}

void neigh_punt(struct neigh *tbl, struct rte_mbuf *pkt, const struct meta *meta, uint64_t now_ns)
{
	const struct iface *iface = iface_get(tbl->env.ifaces, meta->iface);

	tbl->now_ns = now_ns;
	if (meta->node == PUNT_RESOLVE)
		resolve(tbl, pkt, meta);
	else if (!iface || !(iface->flags & IFACE_UP))
		refuse(tbl, pkt, NEIGH_COUNT_IFACE_DOWN);
	else if (meta->node == PUNT_ARP)
		neigh_arp_input(tbl, iface, pkt, meta);
	else if (meta->node == PUNT_ND)
		neigh_nd_input(tbl, iface, pkt, meta);
	else
		refuse(tbl, pkt, NEIGH_COUNT_NOT_FOR_US);
}

static void waiting_step(struct neigh *tbl)
{
	struct neigh_entry *e = TAILQ_FIRST(&tbl->waiting);

	while (e) {
		struct neigh_entry *next = TAILQ_NEXT(e, of_waiting);

		neigh_deliver(tbl, e);
		e = next;
	}
}

void neigh_step(struct neigh *tbl, uint64_t now_ns)
{
	struct neigh_entry *e;

	tbl->now_ns = now_ns;
	for (unsigned i = 0; i < TIMERS_A_STEP && (e = neigh_entry_expired(tbl)); i++)
		neigh_timer(tbl, e);
	waiting_step(tbl);
	neigh_addr_step(tbl);
}

// Gateways and ifaces.

void neigh_gateway_add(struct neigh *tbl, uint16_t nexthop, uint64_t now_ns)
{
	const struct nexthop *nh = &nexthops_array(tbl->env.nexthops)[nexthop];
	struct addr gw = neigh_addr_of(nh->family, nh->gw);
	struct neigh_entry *e;
	bool is_new;

	tbl->now_ns = now_ns;
	if (nh->kind != NH_RESOLVE && nh->kind != NH_FORWARD)
		return;
	e = neigh_entry_find(tbl, nh->iface, &gw);
	is_new = !e;
	if (!e)
		e = neigh_entry_new(tbl, nh->iface, &gw);
	if (!e || !neigh_nexthop_take(tbl, e))
		return; // the first packet tries again
	e->is_gateway = true;
	if (is_new || e->state == NEIGH_FAILED)
		neigh_ask(tbl, e);
	neigh_use(tbl, e);
	neigh_entry_reclass(tbl, e);
}

// Calls fn for every entry of an iface (0: of all); fn may free its entry.
static void visit(struct neigh *tbl, unsigned iface,
		  void (*fn)(struct neigh *tbl, struct neigh_entry *e))
{
	for (unsigned i = 0; i < NEIGH_HEADS && tbl->n; i++)
		for (struct neigh_entry *e = tbl->head[i], *next; e; e = next) {
			next = e->chain;
			if (iface == 0 || e->iface == iface)
				fn(tbl, e);
		}
}

static void entry_down(struct neigh *tbl, struct neigh_entry *e)
{
	neigh_lose(tbl, e);
	neigh_hold_drop(tbl, e, NEIGH_COUNT_HELD_ABANDONED);
	if (!e->is_gateway && e->state != NEIGH_STATIC)
		neigh_forget(tbl, e);
}

void neigh_iface_down(struct neigh *tbl, unsigned iface)
{
	neigh_addr_down(tbl, iface);
	if (iface)
		visit(tbl, iface, entry_down);
}

// What was asked for before the link came up was asked in vain: ask again.
static void entry_up(struct neigh *tbl, struct neigh_entry *e)
{
	if (e->state == NEIGH_STATIC)
		neigh_static_set(tbl, e, e->mac);
	else if (e->state == NEIGH_INCOMPLETE)
		neigh_ask(tbl, e);
}

static void gateway_up(struct nexthops *nhs, uint16_t id, const struct nexthop *nh, void *arg)
{
	struct neigh *tbl = arg;

	neigh_gateway_add(tbl, id, tbl->now_ns);
}

void neigh_iface_up(struct neigh *tbl, unsigned id, uint64_t now_ns)
{
	const struct iface *iface = iface_get(tbl->env.ifaces, id);

	tbl->now_ns = now_ns;
	if (!iface)
		return;
	neigh_addr_up(tbl, iface);
	visit(tbl, id, entry_up);
	nexthop_foreach(tbl->env.nexthops, (uint16_t)id, gateway_up, tbl);
}

// Static entries, and forgetting.

int neigh_static_add(struct neigh *tbl, unsigned iface, const struct addr *addr,
		     const uint8_t mac[6])
{
	struct addr key = neigh_addr_of(addr->family, addr->bytes);
	struct neigh_entry *e = neigh_entry_find(tbl, iface, &key);

	if (!iface_get(tbl->env.ifaces, iface) || eth_is_multicast(mac) || is_multicast(&key))
		return -EINVAL;
	if (!e)
		e = neigh_entry_new(tbl, iface, &key);
	if (!e)
		return -ENOSPC;
	neigh_static_set(tbl, e, mac);
	return 0;
}

// Learnt entries, and static ones that are none any more: a gateway is asked for.
static void entry_flush(struct neigh *tbl, struct neigh_entry *e)
{
	if (e->state == NEIGH_STATIC)
		return;
	neigh_unpublish(tbl, e, false);
	if (e->is_gateway)
		neigh_ask(tbl, e);
	else
		neigh_forget(tbl, e);
}

int neigh_static_del(struct neigh *tbl, unsigned iface, const struct addr *addr)
{
	struct addr key = neigh_addr_of(addr->family, addr->bytes);
	struct neigh_entry *e = neigh_entry_find(tbl, iface, &key);

	if (!e || e->state != NEIGH_STATIC)
		return -ENOENT;
	e->state = NEIGH_STALE;
	entry_flush(tbl, e);
	return 0;
}

void neigh_flush(struct neigh *tbl, unsigned iface)
{
	visit(tbl, iface, entry_flush);
}

void neigh_prefix_flush(struct neigh *tbl, unsigned iface, const struct prefix *prefix)
{
	for (unsigned i = 0; i < NEIGH_HEADS && tbl->n; i++)
		for (struct neigh_entry *e = tbl->head[i], *next; e; e = next) {
			next = e->chain;
			if (e->iface == iface && e->addr.family == prefix->family &&
			    prefix_has_addr(prefix, &e->addr))
				entry_flush(tbl, e);
		}
}
