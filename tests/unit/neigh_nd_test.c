// SPDX-License-Identifier: BSD-3-Clause
// Neighbour discovery (RFC 4861) and duplicate address detection (RFC 4862)
// through the real graph.
#include "dataplane/base/log.h"
#include "tests/unit/neigh_rig.h"

static struct neigh_rig *rig;
static const uint8_t host_mac[6] = {0x02, 0xaa, 0, 0, 0, 1};
static const uint8_t other_mac[6] = {0x02, 0xaa, 0, 0, 0, 2};
static const char *const host = "2001:db8:2::5";
static const char *const us = "2001:db8:2::fe";

static int setup(void **state)
{
	rig = neigh_rig_new();
	return 0;
}

static int teardown(void **state)
{
	neigh_rig_free(rig);
	return 0;
}

static void expect_solicitation(const uint8_t *to, const char *target)
{
	const uint8_t group[6] = {0x33, 0x33, 0xff, 0, 0, 5};
	struct nd_got got;

	neigh_rig_nd_out(rig, &got, ICMP6_NS);
	ip6_rig_is(got.ip->src, "fe80::2");
	ip6_rig_is(got.nd->target, target);
	ip6_rig_is(got.ip->dst, to ? target : "ff02::1:ff00:5");
	assert_memory_equal(got.frame.data, to ? to : group, 6);
	assert_int_equal(got.nd->flags, 0);
	assert_int_equal(got.opt[0], ND_OPT_SOURCE_LL);
	assert_memory_equal(got.opt + 2, got.frame.data + 6, 6);
}

static void expect_packet(const uint8_t mac[6], const char *dst)
{
	struct rig_frame frame;

	assert_true(rig_take(rig->r->rig, 1, &frame));
	assert_memory_equal(frame.data, mac, 6);
	ip6_rig_is(ip6_rig_ip(frame.data)->dst, dst);
	assert_int_equal(ip6_rig_ip(frame.data)->hop_limit, 63);
}

static void advert(uint32_t flags, const uint8_t *mac)
{
	neigh_rig_nd(rig, &(struct nd_spec){.from = host_mac,
					    .type = ICMP6_NA,
					    .src = host,
					    .dst = "fe80::2",
					    .target = host,
					    .flags = flags,
					    .opt = mac ? ND_OPT_TARGET_LL : 0,
					    .mac = mac});
}

static void first_packet_solicits_and_waits(void **state)
{
	struct neigh_info info;

	neigh_rig_ping6(rig, 0, host);
	expect_solicitation(NULL, host);
	neigh_rig_is(rig, 2, host, NEIGH_INCOMPLETE);
	advert(ND_NA_SOLICITED | ND_NA_ROUTER, NULL); // says not where: nothing
	neigh_rig_is(rig, 2, host, NEIGH_INCOMPLETE);
	advert(ND_NA_SOLICITED | ND_NA_ROUTER, host_mac);
	expect_packet(host_mac, host);
	neigh_rig_is(rig, 2, host, NEIGH_REACHABLE);
	assert_true(neigh_rig_has_route(rig, "2001:db8:2::5/128"));
	assert_true(neigh_rig_entry(rig, 2, host, &info));
	assert_true(info.is_router);
	assert_int_equal(rig->n_host, 2);
	assert_int_equal(rig->host_iface, 2);
}

static void silence_is_address_unreachable(void **state)
{
	neigh_rig_ping6(rig, 0, host);
	neigh_rig_wait(rig, 3100);
	assert_int_equal(neigh_rig_discard(rig, 1), 3);
	neigh_rig_is(rig, 2, host, NEIGH_FAILED);
	assert_int_equal(workers_arc(rig->r->rig->workers, NODE_ICMP6_ERROR, ICMP6_ERROR_HOST), 1);
}

static void stale_neighbour_is_asked_by_unicast(void **state)
{
	neigh_rig_ping6(rig, 0, host);
	advert(ND_NA_SOLICITED | ND_NA_OVERRIDE, host_mac);
	neigh_rig_discard(rig, 1);
	for (unsigned s = 0; s < 120 && rig_n_out(rig->r->rig, 1) == 0; s++)
		neigh_rig_wait(rig, 1000);
	neigh_rig_is(rig, 2, host, NEIGH_PROBE);
	expect_solicitation(host_mac, host);
	advert(ND_NA_SOLICITED, NULL); // the same place
	neigh_rig_is(rig, 2, host, NEIGH_REACHABLE);
}

// RFC 4861 §7.2.5, line by line.
static void advertisements_change_entries_as_the_rfc_says(void **state)
{
	enum { S = ND_NA_SOLICITED, O = ND_NA_OVERRIDE };
	static const struct {
		bool is_stale; // before; else reachable
		uint32_t flags;
		const uint8_t *mac;
		enum neigh_state state;
		const uint8_t *then;
	} line[] = {
		{false, 0, other_mac, NEIGH_STALE, host_mac},
		{true, 0, other_mac, NEIGH_STALE, host_mac},
		{false, S, other_mac, NEIGH_STALE, host_mac},
		{true, S, other_mac, NEIGH_STALE, host_mac},
		{true, S, host_mac, NEIGH_REACHABLE, host_mac},
		{true, S, NULL, NEIGH_REACHABLE, host_mac},
		{true, S | O, other_mac, NEIGH_REACHABLE, other_mac},
		{false, O, other_mac, NEIGH_DELAY, other_mac}, // STALE, and in use
		{false, O, host_mac, NEIGH_REACHABLE, host_mac},
		{true, O, NULL, NEIGH_STALE, host_mac},
	};
	struct neigh_info info;

	for (unsigned i = 0; i < ARRAY_LEN(line); i++) {
		neigh_flush(rig->neigh, 0);
		neigh_rig_ping6(rig, 0, host);
		advert(ND_NA_SOLICITED, host_mac);
		if (line[i].is_stale)
			neigh_rig_wait(rig, 46000);
		neigh_rig_is(rig, 2, host, line[i].is_stale ? NEIGH_STALE : NEIGH_REACHABLE);
		advert(line[i].flags, line[i].mac);
		assert_true(neigh_rig_entry(rig, 2, host, &info));
		assert_int_equal(info.state, line[i].state);
		assert_memory_equal(info.mac, line[i].then, 6);
	}
}

static void unsolicited_advertisement_makes_no_entry(void **state)
{
	advert(ND_NA_OVERRIDE, host_mac);
	neigh_rig_nd(rig, &(struct nd_spec){.from = host_mac,
					    .type = ICMP6_NA,
					    .src = host,
					    .dst = "ff02::1",
					    .target = host,
					    .flags = ND_NA_OVERRIDE,
					    .opt = ND_OPT_TARGET_LL,
					    .mac = host_mac});
	assert_int_equal(neigh_rig_count(rig, "neigh/na-in"), 2);
	assert_int_equal(neigh_rig_count(rig, "neigh/created"), 0);
}

static void expect_advertisement(const uint8_t mac[6], const char *dst, const char *target,
				 uint32_t flags)
{
	struct nd_got got;

	neigh_rig_nd_out(rig, &got, ICMP6_NA);
	assert_memory_equal(got.frame.data, mac, 6);
	ip6_rig_is(got.ip->dst, dst);
	ip6_rig_is(got.ip->src, target);
	ip6_rig_is(got.nd->target, target);
	assert_int_equal(ntohl(got.nd->flags), flags);
	assert_int_equal(got.opt[0], ND_OPT_TARGET_LL);
	assert_memory_equal(got.opt + 2, got.frame.data + 6, 6);
}

static void solicitations_for_our_addresses_are_answered(void **state)
{
	const uint32_t flags = ND_NA_ROUTER | ND_NA_SOLICITED | ND_NA_OVERRIDE;
	struct nd_spec ns = {.from = host_mac,
			     .type = ICMP6_NS,
			     .src = host,
			     .dst = "ff02::1:ff00:fe",
			     .target = us,
			     .opt = ND_OPT_SOURCE_LL,
			     .mac = host_mac};

	neigh_rig_nd(rig, &ns);
	expect_advertisement(host_mac, host, us, flags);
	neigh_rig_is(rig, 2, host, NEIGH_STALE);
	ns.src = "fe80::99";
	ns.dst = "ff02::1:ff00:2";
	ns.target = "fe80::2";
	ns.mac = other_mac;
	neigh_rig_nd(rig, &ns);
	expect_advertisement(other_mac, "fe80::99", "fe80::2", flags);
	neigh_rig_is(rig, 2, "fe80::99", NEIGH_STALE);
	ns.dst = "fe80::2"; // unicast, and without option: back where it came from
	ns.opt = 0;
	neigh_rig_nd(rig, &ns);
	expect_advertisement(host_mac, "fe80::99", "fe80::2", flags);
	assert_int_equal(rig->n_host, 0); // jerboa alone answers
}

// Somebody else checks an address that we have: RFC 4861 §7.2.4, to all nodes.
static void check_of_our_address_is_answered_to_all(void **state)
{
	const uint8_t all[6] = {0x33, 0x33, 0, 0, 0, 1};

	neigh_rig_nd(rig, &(struct nd_spec){.from = host_mac,
					    .type = ICMP6_NS,
					    .src = "::",
					    .dst = "ff02::1:ff00:fe",
					    .target = us});
	expect_advertisement(all, "ff02::1", us, ND_NA_ROUTER | ND_NA_OVERRIDE);
	assert_int_equal(neigh_rig_count(rig, "neigh/created"), 0);
}

static void router_messages_go_on_to_the_host(void **state)
{
	struct nd_spec ra = {
		.from = host_mac, .type = ICMP6_RA, .src = "fe80::99", .dst = "ff02::1"};
	struct nd_spec rs = {
		.from = host_mac, .type = ICMP6_RS, .src = "fe80::98", .dst = "ff02::2"};

	neigh_rig_nd(rig, &ra);
	assert_int_equal(rig->n_host, 1);
	neigh_rig_nd(rig, &rs);
	assert_int_equal(rig->n_host, 2);
	assert_int_equal(neigh_rig_count(rig, "neigh/ra-in"), 1);
	assert_int_equal(neigh_rig_count(rig, "neigh/rs-in"), 1);
	assert_int_equal(neigh_rig_count(rig, "neigh/created"), 0);
}

static void redirects_are_not_for_routers(void **state)
{
	uint8_t frame[200];
	struct nd_spec spec = {.from = host_mac,
			       .type = ICMP6_REDIRECT,
			       .src = "fe80::99",
			       .dst = us,
			       .target = "fe80::98"};
	unsigned len = neigh_rig_nd_frame(frame, &spec);

	memset(frame + len, 0x20, 16); // the destination
	ip6_rig_ip(frame)->len = htons(40);
	neigh_rig_nd_csum(frame);
	neigh_rig_put(rig, 1, frame, len + 16);
	assert_int_equal(neigh_rig_count(rig, "neigh/redirect-ignored"), 1);
	assert_int_equal(rig->n_host, 0);
}

// Duplicate address detection.

static struct iface_addr tentative(void)
{
	struct iface_addr addr[2] = {neigh_rig_addr("fe80::2", 64),
				     neigh_rig_addr("2001:db8:2::5", 64)};

	addr[1].is_tentative = 1;
	assert_int_equal(iface_addrs_set(rig->r->rig->ifaces, 2, addr, 2), 0);
	return addr[1];
}

static void expect_dad(uint8_t nonce[6])
{
	struct nd_got got;

	neigh_rig_nd_out(rig, &got, ICMP6_NS);
	ip6_rig_is(got.ip->src, "::");
	ip6_rig_is(got.ip->dst, "ff02::1:ff00:5");
	ip6_rig_is(got.nd->target, host);
	assert_int_equal(got.opt[0], 14);
	memcpy(nonce, got.opt + 2, 6);
}

static void dad_start(uint8_t nonce[6])
{
	struct iface_addr addr = tentative();

	neigh_addr_add(rig->neigh, 2, &addr, rig->now_ns);
	for (unsigned i = 0; i < 110 && rig_n_out(rig->r->rig, 1) == 0; i++)
		neigh_rig_wait(rig, 10);
	expect_dad(nonce);
	assert_int_equal(rig->n_dad, 0);
}

static void address_nobody_has_is_unique_and_announced(void **state)
{
	const uint8_t all[6] = {0x33, 0x33, 0, 0, 0, 1};
	uint8_t nonce[6];

	dad_start(nonce);
	neigh_rig_wait(rig, 900);
	assert_int_equal(rig->n_dad, 0);
	neigh_rig_wait(rig, 200);
	assert_int_equal(rig->n_dad, 1);
	assert_true(rig->dad[0]);
	expect_advertisement(all, "ff02::1", host, ND_NA_ROUTER | ND_NA_OVERRIDE);
	neigh_rig_wait(rig, 10000);
	assert_int_equal(neigh_rig_discard(rig, 1), 1);
	assert_int_equal(rig->n_dad, 1);
}

static void tentative_address_answers_nobody(void **state)
{
	uint8_t nonce[6];

	dad_start(nonce);
	neigh_rig_nd(rig, &(struct nd_spec){.from = host_mac,
					    .type = ICMP6_NS,
					    .src = "fe80::99",
					    .dst = "ff02::1:ff00:5",
					    .target = host,
					    .opt = ND_OPT_SOURCE_LL,
					    .mac = host_mac});
	assert_int_equal(neigh_rig_count(rig, "neigh/ns-in"), 1);
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
	assert_int_equal(rig->n_dad, 0);
}

static void expect_duplicate(void)
{
	assert_int_equal(rig->n_dad, 1);
	assert_false(rig->dad[0]);
	neigh_rig_wait(rig, 10000);
	assert_int_equal(rig->n_dad, 1);
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
	assert_int_equal(neigh_rig_count(rig, "neigh/dad-duplicate"), 1);
}

static void address_somebody_has_is_refused(void **state)
{
	uint8_t nonce[6];

	dad_start(nonce);
	neigh_rig_nd(rig, &(struct nd_spec){.from = host_mac,
					    .type = ICMP6_NA,
					    .src = host,
					    .dst = "ff02::1",
					    .target = host,
					    .flags = ND_NA_OVERRIDE,
					    .opt = ND_OPT_TARGET_LL,
					    .mac = host_mac});
	expect_duplicate();
}

static void address_somebody_checks_too_is_refused(void **state)
{
	uint8_t nonce[6];

	dad_start(nonce);
	nonce[0] ^= 1;
	neigh_rig_nd(rig, &(struct nd_spec){.from = host_mac,
					    .type = ICMP6_NS,
					    .src = "::",
					    .dst = "ff02::1:ff00:5",
					    .target = host,
					    .nonce = nonce});
	expect_duplicate();
}

// RFC 7527 §4.1: a loop in the link is no neighbour.
static void our_own_check_reflected_is_no_duplicate(void **state)
{
	uint8_t nonce[6];

	dad_start(nonce);
	neigh_rig_nd(rig, &(struct nd_spec){.from = host_mac,
					    .type = ICMP6_NS,
					    .src = "::",
					    .dst = "ff02::1:ff00:5",
					    .target = host,
					    .nonce = nonce});
	assert_int_equal(neigh_rig_count(rig, "neigh/reflected"), 1);
	assert_int_equal(rig->n_dad, 0);
	neigh_rig_wait(rig, 1100);
	assert_int_equal(rig->n_dad, 1);
	assert_true(rig->dad[0]);
}

static void link_up_checks_tentative_addresses(void **state)
{
	struct iface_addr addr = tentative();

	iface_flags_set(rig->r->rig->ifaces, 2, 0, IFACE_UP);
	neigh_addr_add(rig->neigh, 2, &addr, rig->now_ns);
	neigh_rig_wait(rig, 5000);
	assert_int_equal(rig->n_dad, 0);
	iface_flags_set(rig->r->rig->ifaces, 2, IFACE_UP, 0);
	neigh_iface_up(rig->neigh, 2, rig->now_ns);
	neigh_rig_wait(rig, 2100);
	assert_int_equal(rig->n_dad, 1);
	assert_true(rig->dad[0]);
}

// Gateways wait for the first address to ask them from, and no longer.
static void gateway_is_asked_when_there_is_an_address_to_ask_from(void **state)
{
	uint16_t nh = rigged_unresolved(rig->r, 2, "fe80::5");
	struct iface_addr addr = neigh_rig_addr("fe80::2", 64);
	struct nd_got got;

	addr.is_tentative = 1;
	assert_int_equal(iface_addrs_set(rig->r->rig->ifaces, 2, &addr, 1), 0);
	neigh_gateway_add(rig->neigh, nh, rig->now_ns);
	neigh_rig_wait(rig, 3500);
	neigh_rig_is(rig, 2, "fe80::5", NEIGH_FAILED);
	assert_int_equal(neigh_rig_count(rig, "neigh/no-source-address"), 3);
	neigh_addr_add(rig->neigh, 2, &addr, rig->now_ns);
	for (unsigned i = 0; i < 210 && rig->n_dad == 0; i++)
		neigh_rig_wait(rig, 10);
	neigh_rig_nd_out(rig, &got, ICMP6_NS); // of the check
	neigh_rig_nd_out(rig, &got, ICMP6_NS);
	ip6_rig_is(got.ip->src, "fe80::2");
	ip6_rig_is(got.nd->target, "fe80::5");
	nexthop_put(rig->r->nexthops, nh);
}

static void address_taken_away_is_checked_no_more(void **state)
{
	uint8_t nonce[6];

	dad_start(nonce);
	assert_int_equal(iface_addrs_set(rig->r->rig->ifaces, 2, NULL, 0), 0);
	neigh_rig_wait(rig, 3000);
	assert_int_equal(rig->n_dad, 0);
}

static void loopback_needs_no_check(void **state)
{
	struct iface_addr addr = tentative();

	iface_flags_set(rig->r->rig->ifaces, 2, IFACE_LOOPBACK, 0);
	neigh_addr_add(rig->neigh, 2, &addr, rig->now_ns);
	neigh_rig_wait(rig, 100);
	assert_int_equal(rig->n_dad, 1);
	assert_true(rig->dad[0]);
	assert_int_equal(rig_n_out(rig->r->rig, 1), 0);
}

static void conflict_with_our_address_is_counted(void **state)
{
	neigh_rig_nd(rig, &(struct nd_spec){.from = host_mac,
					    .type = ICMP6_NA,
					    .src = "fe80::99",
					    .dst = "ff02::1",
					    .target = us,
					    .opt = ND_OPT_TARGET_LL,
					    .mac = host_mac});
	assert_int_equal(neigh_rig_count(rig, "neigh/address-conflict"), 1);
	assert_int_equal(rig->n_dad, 0);
}

// What nd-input refuses (RFC 4861 §6.1, §7.1, §8.1; RFC 6980 §5).
static void malformed_messages_are_dropped_by_name(void **state)
{
	const struct nd_spec good = {.from = host_mac,
				     .type = ICMP6_NS,
				     .src = host,
				     .dst = us,
				     .target = us,
				     .opt = ND_OPT_SOURCE_LL,
				     .mac = host_mac};
	enum { IP = ETH_HDR_LEN, ND = IP + IP6_HDR_LEN, OPT = ND + sizeof(struct nd_hdr) };
	static const struct {
		const char *what;
		unsigned at;
		uint8_t value;
	} line[] = {
		{"hop limit", IP + 7, 254},
		{"code", ND + 1, 1},
		{"target is a group", ND + 8, 0xff},
		{"option of length 0", OPT + 1, 0},
		{"option behind the end", OPT + 1, 2},
		{"option is a group's", OPT + 2, 3},
		{"no target", IP + 5, 16},
		{"half an option", IP + 5, 28},
	};
	uint8_t frame[200];
	unsigned len;

	for (unsigned i = 0; i < ARRAY_LEN(line); i++) {
		len = neigh_rig_nd_frame(frame, &good);
		frame[line[i].at] = line[i].value;
		neigh_rig_nd_csum(frame);
		neigh_rig_put(rig, 1, frame, len);
		assert_int_equal(rig_drops(rig->r->rig, NODE_ND_INPUT, ND_INPUT_MALFORMED), i + 1);
	}
	len = neigh_rig_nd_frame(frame, &good);
	memcpy(frame + OPT, "\xc8", 2); // an unknown option of length 0: no end of it
	neigh_rig_nd_csum(frame);
	neigh_rig_put(rig, 1, frame, len);
	assert_int_equal(rig_drops(rig->r->rig, NODE_ND_INPUT, ND_INPUT_MALFORMED),
			 ARRAY_LEN(line) + 1);
	assert_int_equal(neigh_rig_count(rig, "neigh/ns-in"), 0);
	neigh_rig_nd(rig, &good);
	assert_int_equal(neigh_rig_count(rig, "neigh/ns-in"), 1);
}

// Messages that contradict themselves.
static void impossible_messages_are_dropped_by_name(void **state)
{
	const struct nd_spec line[] = {
		{.from = host_mac, .type = ICMP6_NS, .src = "::", .dst = "ff02::1", .target = us},
		{.from = host_mac,
		 .type = ICMP6_NS,
		 .src = "::",
		 .dst = "ff02::1:ff00:fe",
		 .target = us,
		 .opt = ND_OPT_SOURCE_LL,
		 .mac = host_mac},
		{.from = host_mac,
		 .type = ICMP6_NA,
		 .src = host,
		 .dst = "ff02::1",
		 .target = host,
		 .flags = ND_NA_SOLICITED},
		{.from = host_mac, .type = ICMP6_RA, .src = host, .dst = "ff02::1"},
		{.from = host_mac,
		 .type = ICMP6_REDIRECT,
		 .src = "fe80::9",
		 .dst = us,
		 .target = "fe80::8"}, // short
	};

	for (unsigned i = 0; i < ARRAY_LEN(line); i++) {
		neigh_rig_nd(rig, &line[i]);
		assert_int_equal(rig_drops(rig->r->rig, NODE_ND_INPUT, ND_INPUT_MALFORMED), i + 1);
	}
}

static void others_questions_are_not_for_us(void **state)
{
	// 2001:db8:9::fe has the group of our address, but is not ours
	neigh_rig_nd(rig, &(struct nd_spec){.from = host_mac,
					    .type = ICMP6_NS,
					    .src = host,
					    .dst = "ff02::1:ff00:fe",
					    .target = "2001:db8:9::fe"});
	assert_int_equal(rig_drops(rig->r->rig, NODE_ND_INPUT, ND_INPUT_NOT_FOR_US), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(first_packet_solicits_and_waits),
		CASE(silence_is_address_unreachable),
		CASE(stale_neighbour_is_asked_by_unicast),
		CASE(advertisements_change_entries_as_the_rfc_says),
		CASE(unsolicited_advertisement_makes_no_entry),
		CASE(solicitations_for_our_addresses_are_answered),
		CASE(check_of_our_address_is_answered_to_all),
		CASE(router_messages_go_on_to_the_host),
		CASE(redirects_are_not_for_routers),
		CASE(address_nobody_has_is_unique_and_announced),
		CASE(tentative_address_answers_nobody),
		CASE(address_somebody_has_is_refused),
		CASE(address_somebody_checks_too_is_refused),
		CASE(our_own_check_reflected_is_no_duplicate),
		CASE(link_up_checks_tentative_addresses),
		CASE(gateway_is_asked_when_there_is_an_address_to_ask_from),
		CASE(address_taken_away_is_checked_no_more),
		CASE(loopback_needs_no_check),
		CASE(conflict_with_our_address_is_counted),
		CASE(malformed_messages_are_dropped_by_name),
		CASE(impossible_messages_are_dropped_by_name),
		CASE(others_questions_are_not_for_us),
	};

	log_level_set(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
