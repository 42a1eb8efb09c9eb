// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/neigh/neigh_hold.h"

#include "dataplane/neigh/neigh_frame.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/icmp.h"

#include <stdlib.h>

// Takes one out of its lists and gives back what it held.
static struct rte_mbuf *take(struct neigh *tbl, struct neigh_held *held, struct neigh_held *copy)
{
	struct neigh_entry *e = held->entry;

	TAILQ_REMOVE(&e->held, held, of_entry);
	TAILQ_REMOVE(&tbl->held, held, of_all);
	e->n_held--;
	tbl->n_held--;
	*copy = *held;
	free(held);
	return copy->pkt;
}

static void drop(struct neigh *tbl, struct neigh_held *held, enum neigh_count why)
{
	struct neigh_held copy;

	rte_pktmbuf_free(take(tbl, held, &copy));
	neigh_count(tbl, why);
}

static void bound(struct neigh *tbl, struct neigh_entry *e)
{
	while (e->n_held > tbl->conf.hold)
		drop(tbl, TAILQ_FIRST(&e->held), NEIGH_COUNT_HELD_OVERFLOW);
	neigh_hold_trim(tbl);
}

void neigh_hold_trim(struct neigh *tbl)
{
	while (tbl->n_held > tbl->conf.hold_all)
		drop(tbl, TAILQ_FIRST(&tbl->held), NEIGH_COUNT_HELD_ALL_OVERFLOW);
}

void neigh_hold_add(struct neigh *tbl, struct neigh_entry *e, struct rte_mbuf *pkt,
		    const struct meta *meta, bool is_direct)
{
	struct neigh_held *held = calloc(1, sizeof(*held));
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(pkt, const uint8_t *, meta->l3_off);

	if (!held) {
		rte_pktmbuf_free(pkt);
		neigh_count(tbl, NEIGH_COUNT_HELD_ALL_OVERFLOW);
		return;
	}
	held->entry = e;
	held->pkt = pkt;
	held->iface = meta->iface;
	held->l3_off = meta->l3_off;
	held->is_ip6 = l3[0] >> 4 == 6;
	held->is_direct = is_direct;
	TAILQ_INSERT_TAIL(&e->held, held, of_entry);
	TAILQ_INSERT_TAIL(&tbl->held, held, of_all);
	e->n_held++;
	tbl->n_held++;
	bound(tbl, e);
}

static void inject_first(struct neigh *tbl, struct neigh_entry *e, unsigned node4, unsigned node6,
			 uint16_t nh)
{
	struct neigh_held held;
	struct rte_mbuf *pkt = take(tbl, TAILQ_FIRST(&e->held), &held);
	struct meta meta = {
		.node = (uint8_t)(held.is_ip6 ? node6 : node4),
		.l3_off = held.l3_off,
		.iface = held.iface,
		.nh = nh,
	};

	neigh_inject(tbl, pkt, &meta);
}

// From the old frame to the new: the IP packet stays where it is.
static bool l2_replace(struct rte_mbuf *pkt, unsigned l3_off, const uint8_t l2[], unsigned l2_len)
{
	char *start = rte_pktmbuf_adj(pkt, (uint16_t)l3_off);

	if (start)
		start = rte_pktmbuf_prepend(pkt, (uint16_t)l2_len);
	if (start)
		memcpy(start, l2, l2_len);
	return start != NULL;
}

static void send_first(struct neigh *tbl, struct neigh_entry *e, const struct iface *iface)
{
	struct neigh_held held;
	struct rte_mbuf *pkt = take(tbl, TAILQ_FIRST(&e->held), &held);
	uint8_t l2[NEXTHOP_L2_MAX];
	unsigned l2_len =
		neigh_l2_build(iface, e->mac, held.is_ip6 ? ETH_TYPE_IP6 : ETH_TYPE_IP4, l2);

	if (l2_replace(pkt, held.l3_off, l2, l2_len)) {
		neigh_frame_send(tbl, iface, pkt);
	} else {
		rte_pktmbuf_free(pkt);
		neigh_count(tbl, NEIGH_COUNT_NO_MBUF);
	}
}

void neigh_hold_release(struct neigh *tbl, struct neigh_entry *e, const struct iface *iface)
{
	while (e->n_held) {
		if (TAILQ_FIRST(&e->held)->is_direct)
			send_first(tbl, e, iface);
		else
			inject_first(tbl, e, NODE_IP4_LOOKUP, NODE_IP6_LOOKUP, 0);
		neigh_count(tbl, NEIGH_COUNT_HELD_RELEASED);
	}
}

void neigh_hold_fail(struct neigh *tbl, struct neigh_entry *e)
{
	while (e->n_held) {
		inject_first(tbl, e, NODE_ICMP4_ERROR, NODE_ICMP6_ERROR, ICMP_WHY_HOST);
		neigh_count(tbl, NEIGH_COUNT_HELD_UNREACHABLE);
	}
}

void neigh_hold_drop(struct neigh *tbl, struct neigh_entry *e, enum neigh_count why)
{
	while (e->n_held)
		drop(tbl, TAILQ_FIRST(&e->held), why);
}
