// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/neigh/neigh_state.h"

#include "dataplane/base/clock.h"
#include "dataplane/neigh/neigh_arp.h"
#include "dataplane/neigh/neigh_entry.h"
#include "dataplane/neigh/neigh_hold.h"
#include "dataplane/neigh/neigh_nd.h"
#include "dataplane/neigh/neigh_publish.h"
#include "dataplane/pkt/ip6.h"

enum {
	DELAY_MS = 5000,  // RFC 4861 §10 DELAY_FIRST_PROBE_TIME
	FAILED_MS = 5000, // how long "nobody there" is believed
	HOST_STALE = 2,	  // reachable times until a host in use is asked again
	UNUSED_STALE = 4, // and until one that is not goes
};

static uint64_t in_ms(const struct neigh *tbl, uint64_t ms)
{
	return tbl->now_ns + ms * CLOCK_NS_PER_MS;
}

static void state_set(struct neigh *tbl, struct neigh_entry *e, enum neigh_state state,
		      uint64_t due_ns)
{
	e->state = (uint8_t)state;
	neigh_gateway_refresh(tbl, e);
	neigh_entry_due(tbl, e, due_ns);
	neigh_entry_reclass(tbl, e);
}

bool neigh_may_create(struct neigh *tbl)
{
	if (bucket_take(&tbl->create, tbl->now_ns))
		return true;
	neigh_count(tbl, NEIGH_COUNT_CREATE_LIMIT);
	return false;
}

// Probes.

static void probe(struct neigh *tbl, struct neigh_entry *e)
{
	const struct iface *iface = iface_get(tbl->env.ifaces, e->iface);
	const uint8_t *mac = e->state == NEIGH_PROBE ? e->mac : NULL;

	e->n_probes++;
	neigh_entry_due(tbl, e, in_ms(tbl, tbl->conf.retrans_ms));
	if (!iface || !(iface->flags & IFACE_UP))
		return;
	if (e->addr.family == 4)
		neigh_arp_ask(tbl, iface, e->addr.bytes, mac);
	else
		neigh_nd_ask(tbl, iface, e->addr.bytes, mac);
}

void neigh_ask(struct neigh *tbl, struct neigh_entry *e)
{
	state_set(tbl, e, NEIGH_INCOMPLETE, NEIGH_NEVER);
	e->n_probes = 0;
	probe(tbl, e);
}

// Packets.

static void wait_stop(struct neigh *tbl, struct neigh_entry *e)
{
	if (e->is_waiting)
		TAILQ_REMOVE(&tbl->waiting, e, of_waiting);
	e->is_waiting = false;
}

static void wait_start(struct neigh *tbl, struct neigh_entry *e)
{
	if (!e->is_waiting)
		TAILQ_INSERT_TAIL(&tbl->waiting, e, of_waiting);
	e->is_waiting = true;
}

// What the lookup would send back here for ever, for want of next hops or routes.
static bool is_unreachable(const struct neigh_entry *e)
{
	if (e->addr.family == 6 && ip6_is_link_local(e->addr.bytes) && !e->nh)
		return false;
	return !e->nh || (e->is_gleaned && !e->has_route);
}

void neigh_deliver(struct neigh *tbl, struct neigh_entry *e)
{
	const struct iface *iface = iface_get(tbl->env.ifaces, e->iface);

	if (e->n_held && iface && e->nh && !neigh_is_visible(tbl, e)) {
		wait_start(tbl, e);
		return;
	}
	wait_stop(tbl, e);
	if (!iface || is_unreachable(e))
		neigh_hold_drop(tbl, e, NEIGH_COUNT_NOT_PUBLISHED);
	else
		neigh_hold_release(tbl, e, iface);
}

static void publish(struct neigh *tbl, struct neigh_entry *e)
{
	const struct iface *iface = iface_get(tbl->env.ifaces, e->iface);

	if (iface)
		neigh_publish(tbl, e, iface);
	neigh_deliver(tbl, e);
}

// Transitions.

// RFC 4861 §6.3.2: the reachable time is spread, so that hosts that came up
// together are not asked together.
static void confirm(struct neigh *tbl, struct neigh_entry *e)
{
	uint64_t base = tbl->conf.reachable_ms;

	e->confirmed_ns = tbl->now_ns;
	state_set(tbl, e, NEIGH_REACHABLE, in_ms(tbl, base / 2 + neigh_rand(tbl) % (base + 1)));
	publish(tbl, e);
}

// Known, but not by an answer to us.
static void believe(struct neigh *tbl, struct neigh_entry *e)
{
	e->confirmed_ns = tbl->now_ns;
	if (e->is_used) {
		state_set(tbl, e, NEIGH_DELAY, in_ms(tbl, DELAY_MS));
		publish(tbl, e);
	} else {
		state_set(tbl, e, NEIGH_STALE,
			  in_ms(tbl, (uint64_t)UNUSED_STALE * tbl->conf.reachable_ms));
	}
}

static void grow_stale(struct neigh *tbl, struct neigh_entry *e)
{
	unsigned times = UNUSED_STALE;

	if (e->is_used)
		times = e->is_gateway ? 0 : HOST_STALE;
	state_set(tbl, e, NEIGH_STALE, in_ms(tbl, (uint64_t)times * tbl->conf.reachable_ms));
}

void neigh_forget(struct neigh *tbl, struct neigh_entry *e)
{
	neigh_unpublish(tbl, e, true);
	if (e->nh) // a gateway: its routes keep the next hop
		nexthop_put(tbl->env.nexthops, e->nh);
	wait_stop(tbl, e);
	neigh_hold_drop(tbl, e, NEIGH_COUNT_HELD_ABANDONED);
	neigh_entry_free(tbl, e);
}

void neigh_lose(struct neigh *tbl, struct neigh_entry *e)
{
	wait_stop(tbl, e);
	neigh_unpublish(tbl, e, true);
	if (e->state != NEIGH_STATIC)
		state_set(tbl, e, NEIGH_FAILED, in_ms(tbl, FAILED_MS));
}

static void fail(struct neigh *tbl, struct neigh_entry *e)
{
	neigh_count(tbl, NEIGH_COUNT_FAILED);
	neigh_lose(tbl, e);
	neigh_hold_fail(tbl, e);
}

static void age_out(struct neigh *tbl, struct neigh_entry *e)
{
	neigh_count(tbl, NEIGH_COUNT_AGED);
	neigh_forget(tbl, e);
}

// Unicast probes stayed without answer. A gateway may have another Ethernet
// address by now: everybody is asked, while its flows go elsewhere.
static void probe_end(struct neigh *tbl, struct neigh_entry *e)
{
	neigh_unpublish(tbl, e, true);
	if (e->is_gateway)
		neigh_ask(tbl, e);
	else
		age_out(tbl, e);
}

static void probe_again(struct neigh *tbl, struct neigh_entry *e)
{
	if (e->n_probes < tbl->conf.probes)
		probe(tbl, e);
	else if (e->state == NEIGH_PROBE)
		probe_end(tbl, e);
	else
		fail(tbl, e);
}

static void stale_end(struct neigh *tbl, struct neigh_entry *e)
{
	if (e->is_used)
		state_set(tbl, e, NEIGH_DELAY, in_ms(tbl, DELAY_MS));
	else
		age_out(tbl, e);
}

void neigh_timer(struct neigh *tbl, struct neigh_entry *e)
{
	neigh_gateway_refresh(tbl, e);
	switch (e->state) {
	case NEIGH_INCOMPLETE:
	case NEIGH_PROBE:
		probe_again(tbl, e);
		break;
	case NEIGH_REACHABLE:
		grow_stale(tbl, e);
		break;
	case NEIGH_STALE:
		stale_end(tbl, e);
		break;
	case NEIGH_DELAY:
		state_set(tbl, e, NEIGH_PROBE, NEIGH_NEVER);
		e->n_probes = 0;
		probe(tbl, e);
		break;
	case NEIGH_FAILED:
		if (e->is_gateway)
			neigh_ask(tbl, e);
		else
			neigh_forget(tbl, e);
		break;
	default: // static
		neigh_entry_due(tbl, e, NEIGH_NEVER);
		break;
	}
}

void neigh_use(struct neigh *tbl, struct neigh_entry *e)
{
	e->is_used = true;
	if (!neigh_has_mac(e))
		return;
	if (e->state == NEIGH_STALE)
		state_set(tbl, e, NEIGH_DELAY, in_ms(tbl, DELAY_MS));
	publish(tbl, e);
}

void neigh_static_set(struct neigh *tbl, struct neigh_entry *e, const uint8_t mac[6])
{
	memcpy(e->mac, mac, sizeof(e->mac));
	e->confirmed_ns = tbl->now_ns;
	state_set(tbl, e, NEIGH_STATIC, NEIGH_NEVER);
	publish(tbl, e);
}

// Messages.

static void mac_set(struct neigh *tbl, struct neigh_entry *e, const uint8_t mac[6])
{
	if (neigh_has_mac(e) && memcmp(e->mac, mac, sizeof(e->mac)) != 0)
		neigh_count(tbl, NEIGH_COUNT_MOVED);
	memcpy(e->mac, mac, sizeof(e->mac));
}

static void advert_first(struct neigh *tbl, struct neigh_entry *e, const struct neigh_claim *claim)
{
	if (!claim->mac)
		return;
	mac_set(tbl, e, claim->mac);
	e->is_router = claim->is_router;
	if (claim->is_solicited)
		confirm(tbl, e);
	else
		believe(tbl, e);
}

// RFC 4861 §7.2.5, of an entry that has an Ethernet address.
static void advert(struct neigh *tbl, struct neigh_entry *e, const struct neigh_claim *claim)
{
	bool is_other = claim->mac && memcmp(claim->mac, e->mac, sizeof(e->mac)) != 0;

	if (is_other && !claim->is_override) {
		if (e->state == NEIGH_REACHABLE)
			grow_stale(tbl, e);
		return;
	}
	if (is_other)
		mac_set(tbl, e, claim->mac);
	e->is_router = claim->is_router;
	if (claim->is_solicited)
		confirm(tbl, e);
	else if (is_other)
		believe(tbl, e);
}

// RFC 4861 §7.2.3: a question says where its sender is, not that we reach it.
static void question(struct neigh *tbl, struct neigh_entry *e, const struct neigh_claim *claim)
{
	if (!claim->mac || (neigh_has_mac(e) && memcmp(e->mac, claim->mac, sizeof(e->mac)) == 0))
		return;
	mac_set(tbl, e, claim->mac);
	believe(tbl, e);
}

void neigh_claim(struct neigh *tbl, struct neigh_entry *e, const struct neigh_claim *claim)
{
	if (e->state == NEIGH_STATIC)
		return;
	if (!claim->is_advert)
		question(tbl, e, claim);
	else if (neigh_has_mac(e))
		advert(tbl, e, claim);
	else
		advert_first(tbl, e, claim);
}

void neigh_learn(struct neigh *tbl, unsigned iface, const struct addr *addr, const uint8_t mac[6])
{
	struct neigh_claim claim = {.mac = mac};
	struct neigh_entry *e = neigh_entry_find(tbl, iface, addr);

	if (!e && neigh_may_create(tbl))
		e = neigh_entry_new(tbl, iface, addr);
	if (e)
		neigh_claim(tbl, e, &claim);
}
