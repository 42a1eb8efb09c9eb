// SPDX-License-Identifier: BSD-3-Clause
// RFC 7606, case by case: what is wrong, what follows, and what RFC 4271 §6
// would have said to the peer.
#include "dataplane/bgp/judge.h"
#include "dataplane/bgp/value.h"
#include "tests/unit/bgp_make.h"

static const struct bgp_session nobody;
static const struct bgp_session ebgp = {
	.kind = BGP_PEER_EXTERNAL, .as4 = true, .local_as = 1, .peer_as = 10};
static const struct bgp_session strict = {.kind = BGP_PEER_EXTERNAL,
					  .as4 = true,
					  .checks_first_as = true,
					  .local_as = 1,
					  .peer_as = 10};
static const struct bgp_session old = {.kind = BGP_PEER_EXTERNAL, .peer_as = 10};
static const struct bgp_session ibgp = {
	.kind = BGP_PEER_INTERNAL, .as4 = true, .local_as = 1, .peer_as = 1};
static const struct bgp_session confed = {.kind = BGP_PEER_CONFED, .as4 = true};
static const struct bgp_session disabling = {
	.kind = BGP_PEER_EXTERNAL, .as4 = true, .may_disable_family = true};
static const struct bgp_session ip4_only = {
	.kind = BGP_PEER_EXTERNAL, .as4 = true, .n_families = 1, .family = {{.afi = 1, .safi = 1}}};
static const struct bgp_session ip6_hops = {.kind = BGP_PEER_EXTERNAL,
					    .as4 = true,
					    .n_families = 1,
					    .family = {{.afi = 1, .safi = 1, .ip6_nexthop = true}}};

static const struct bgp_session stacks = {.kind = BGP_PEER_EXTERNAL,
					  .as4 = true,
					  .n_families = 1,
					  .family = {{.afi = 1, .safi = 4, .multi_labels = true}}};

#define ORIGIN	 "40010100"
#define PATH	 "400206 0201 0000000a"
#define PATH2	 "400204 0201 000a"
#define NEXT_HOP "400304 c0000201"
#define PREF	 "400504 00000064"
#define GOOD	 ORIGIN PATH NEXT_HOP
#define NLRI	 "080a"
#define GLOBAL	 "20010db8000000000000000000000001"
#define REACH6	 "800e1a 0002 01 10" GLOBAL "00 20 20010db8"
#define GOOD6	 ORIGIN PATH REACH6

struct judged {
	const struct bgp_session *s;
	const char *withdrawn, *attrs, *nlri;
	enum bgp_action action;
	unsigned subcode;
	enum fault_code fault;
	unsigned attr;
};

static struct exact update_of(const char *withdrawn, const char *attrs, const char *nlri)
{
	struct exact w = exact_of(withdrawn), a = exact_of(attrs), n = exact_of(nlri), e;
	struct bgp_update upd = {.withdrawn = w.data,
				 .withdrawn_len = (uint16_t)w.len,
				 .attrs = a.data,
				 .attrs_len = (uint16_t)a.len,
				 .nlri = n.data,
				 .nlri_len = (uint16_t)n.len};
	struct out out;

	e.len = 4 + w.len + a.len + n.len;
	e.data = malloc(e.len);
	out = (struct out){e.data, e.len, 0};
	bgp_update_put(&out, &upd);
	assert_int_equal(out.len, e.len);
	free(w.data);
	free(a.data);
	free(n.data);
	return e;
}

static void judge_all(const struct judged cases[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct judged *c = &cases[i];
		struct exact e = update_of(c->withdrawn, c->attrs, c->nlri);
		struct bgp_verdict v;

		bgp_update_judge(e.data, e.len, c->s, &v);
		if (v.action != c->action || v.fault.code != c->fault || v.attr != c->attr ||
		    v.code != (c->fault ? BGP_ERR_UPDATE : 0) || v.subcode != c->subcode)
			fail_msg("%zu: %s|%s|%s: %s, 3/%u, %s, attribute %u", i, c->withdrawn,
				 c->attrs, c->nlri, bgp_action_name(v.action), v.subcode,
				 fault_name(v.fault.code), v.attr);
		assert_true(v.fault.at <= e.len);
		free(e.data);
	}
}

static void sound_updates_pass(void **state)
{
	static const struct judged cases[] = {
		{&ebgp, "", "", "", BGP_NONE, 0, FAULT_NONE, 0},
		{&ebgp, "080a", "", "", BGP_NONE, 0, FAULT_NONE, 0},
		{&ebgp, "080a", GOOD, NLRI, BGP_NONE, 0, FAULT_NONE, 0},
		{&old, "", ORIGIN PATH2 NEXT_HOP, NLRI, BGP_NONE, 0, FAULT_NONE, 0},
		{&ebgp, "", GOOD6, "", BGP_NONE, 0, FAULT_NONE, 0},
		{&ebgp, "", "800f03 000201", "", BGP_NONE, 0, FAULT_NONE, 0},
		{&ibgp, "", GOOD PREF, NLRI, BGP_NONE, 0, FAULT_NONE, 0},
		{&ibgp, "", ORIGIN "400200" NEXT_HOP PREF, NLRI, BGP_NONE, 0, FAULT_NONE, 0},
		{&strict, "", GOOD, NLRI, BGP_NONE, 0, FAULT_NONE, 0},
		// RFC 7606 §5.1: all four places at once.
		{&ebgp, "080b", GOOD6 NEXT_HOP "800f08 0002 01 20 20010db9", NLRI, BGP_NONE, 0,
		 FAULT_NONE, 0},
		// RFC 4760 §3: NEXT_HOP without NLRI is ignored.
		{&ebgp, "", GOOD6 "400304 00000000", "", BGP_NONE, 0, FAULT_NONE, 0},
		// Unknown ones, transitive or not, partial or not.
		{&ebgp, "", GOOD "c0c802 0102 80c900 e0ca00", NLRI, BGP_NONE, 0, FAULT_NONE, 0},
		// RFC 8950 §4.
		{&ip6_hops, "", ORIGIN PATH "800e17 0001 01 10" GLOBAL "00 08 0a", "", BGP_NONE, 0,
		 FAULT_NONE, 0},
		// RFC 8277 §2.2, §2.4: what one label says of a stack means nothing.
		{&ebgp, "", ORIGIN PATH "800e0e 0001 04 04 c0000201 00 20 000010 0a", "", BGP_NONE,
		 0, FAULT_NONE, 0},
		{&stacks, "", "800f08 0001 04 20 800000 0a", "", BGP_NONE, 0, FAULT_NONE, 0},
		// Families that were not agreed on are ignored.
		{&ip4_only, "", ORIGIN PATH "800e08 0002 01 01 00 00 ff ff", "", BGP_NONE, 0,
		 FAULT_NONE, 0},
	};

	(void)state;
	judge_all(cases, ARRAY_LEN(cases));
}

// RFC 7606 §3 b, §5.3, RFC 4271 §6.3.
static void what_hides_the_routes_resets(void **state)
{
	static const struct judged cases[] = {
		{&ebgp, "21 0a00000000", "", "", BGP_RESET, 10, FAULT_NLRI_LEN, 0},
		{&ebgp, "18 0a", "", "", BGP_RESET, 10, FAULT_NLRI_CUT, 0},
		{&ebgp, "", GOOD, "21 0a00000000", BGP_RESET, 10, FAULT_NLRI_LEN, 0},
		{&ebgp, "", GOOD, "18 0a", BGP_RESET, 10, FAULT_NLRI_CUT, 0},
		{&ebgp, "", ORIGIN PATH "800e1a 0002 01 10" GLOBAL "00 81 20010db8", "", BGP_RESET,
		 9, FAULT_NLRI_LEN, 14},
		{&ebgp, "", ORIGIN PATH "800e1a 0002 01 10" GLOBAL "00 28 20010db8", "", BGP_RESET,
		 9, FAULT_NLRI_CUT, 14},
		{&stacks, "", ORIGIN PATH "800e0e 0001 04 04 c0000201 00 20 000010 0a", "",
		 BGP_RESET, 9, FAULT_NLRI_LABELS, 14},
		// §7.11: the length of the next hop says where the routes begin.
		{&ebgp, "", ORIGIN PATH "800e19 0002 01 0f" GLOBAL "20 20010db8", "", BGP_RESET, 9,
		 FAULT_MP_NEXT_HOP, 14},
		{&ebgp, "", ORIGIN PATH "800e0e 0002 01 04 c0000201 00 20 20010db8", "", BGP_RESET,
		 9, FAULT_MP_NEXT_HOP, 14},
		{&ebgp, "", ORIGIN PATH "800e04 0002 01 00", "", BGP_RESET, 9, FAULT_MP_REACH, 14},
		{&ebgp, "", ORIGIN PATH "800e06 0002 01 10 20 01", "", BGP_RESET, 9, FAULT_MP_REACH,
		 14},
		{&ebgp, "", "800f02 0002", "", BGP_RESET, 9, FAULT_MP_UNREACH, 15},
		{&ebgp, "", "800f05 0002 01 81 20", "", BGP_RESET, 9, FAULT_NLRI_LEN, 15},
		// Flags of MP_REACH_NLRI and MP_UNREACH_NLRI.
		{&ebgp, "", ORIGIN PATH "c00e1a 0002 01 10" GLOBAL "00 20 20010db8", "", BGP_RESET,
		 9, FAULT_ATTR_FLAGS, 14},
		{&ebgp, "", "400f03 000201", "", BGP_RESET, 9, FAULT_ATTR_FLAGS, 15},
		// §3 g.
		{&ebgp, "", GOOD6 REACH6, "", BGP_RESET, 1, FAULT_ATTR_TWICE, 14},
		{&ebgp, "", "800f03 000201 800f03 000101", "", BGP_RESET, 1, FAULT_ATTR_TWICE, 15},
		{&disabling, "", GOOD6 REACH6, "", BGP_RESET, 1, FAULT_ATTR_TWICE, 14},
		// RFC 8950 §4: not agreed on.
		{&ip4_only, "", ORIGIN PATH "800e17 0001 01 10" GLOBAL "00 08 0a", "", BGP_RESET, 9,
		 FAULT_MP_NEXT_HOP, 14},
		// Well-known, and nobody knows it.
		{&ebgp, "", GOOD "40c801 00", NLRI, BGP_RESET, 2, FAULT_ATTR_UNKNOWN, 200},
		{&ebgp, "", GOOD "00c801 00", NLRI, BGP_RESET, 2, FAULT_ATTR_UNKNOWN, 200},
	};

	(void)state;
	judge_all(cases, ARRAY_LEN(cases));
}

// RFC 7606 §2, RFC 4760 §7: a family is lost, not the session.
static void a_family_may_be_disabled_instead(void **state)
{
	struct exact e = update_of("", ORIGIN PATH "800e06 0002 01 10 20 01", "");
	struct bgp_notification n;
	struct bgp_verdict v;

	(void)state;
	bgp_update_judge(e.data, e.len, &disabling, &v);
	assert_int_equal(v.action, BGP_DISABLE);
	assert_int_equal(v.afi, 2);
	assert_int_equal(v.safi, 1);
	assert_false(bgp_verdict_notification(&v, &n));
	free(e.data);
	e = update_of("", "800f02 0002", ""); // of which family?
	bgp_update_judge(e.data, e.len, &disabling, &v);
	assert_int_equal(v.action, BGP_RESET);
	free(e.data);
}

// RFC 7606 §3 c, d, e, §4, §7.1 to §7.16; RFC 5065 §5, RFC 7607 §2, RFC 8092 §6,
// RFC 9234 §5.
static void what_spoils_the_routes_withdraws_them(void **state)
{
	static const struct judged cases[] = {
		{&ebgp, "", "40010103" PATH NEXT_HOP, NLRI, BGP_WITHDRAW, 6, FAULT_ORIGIN, 1},
		{&ebgp, "", "40010104" PATH NEXT_HOP, NLRI, BGP_WITHDRAW, 6, FAULT_ORIGIN, 1},
		{&ebgp, "", "4001020000" PATH NEXT_HOP, NLRI, BGP_WITHDRAW, 5, FAULT_ORIGIN, 1},
		{&ebgp, "", "400100" PATH NEXT_HOP, NLRI, BGP_WITHDRAW, 5, FAULT_ORIGIN, 1},
		{&ebgp, "", "80010100" PATH NEXT_HOP, NLRI, BGP_WITHDRAW, 4, FAULT_ATTR_FLAGS, 1},
		{&ebgp, "", "c0010100" PATH NEXT_HOP, NLRI, BGP_WITHDRAW, 4, FAULT_ATTR_FLAGS, 1},
		{&ebgp, "", ORIGIN "400202 0200" NEXT_HOP, NLRI, BGP_WITHDRAW, 11, FAULT_AS_PATH,
		 2},
		{&ebgp, "", ORIGIN "400206 0501 0000000a" NEXT_HOP, NLRI, BGP_WITHDRAW, 11,
		 FAULT_AS_PATH, 2},
		{&ebgp, "", ORIGIN "400206 0202 0000000a" NEXT_HOP, NLRI, BGP_WITHDRAW, 11,
		 FAULT_AS_PATH, 2},
		{&ebgp, "", ORIGIN "400207 0201 0000000a 02" NEXT_HOP, NLRI, BGP_WITHDRAW, 11,
		 FAULT_AS_PATH, 2},
		{&ebgp, "", ORIGIN "400206 0201 00000000" NEXT_HOP, NLRI, BGP_WITHDRAW, 11,
		 FAULT_AS_ZERO, 2},
		{&ebgp, "", ORIGIN "400206 0301 0000fde8" NEXT_HOP, NLRI, BGP_WITHDRAW, 11,
		 FAULT_AS_CONFED, 2},
		{&confed, "", ORIGIN PATH NEXT_HOP PREF, NLRI, BGP_WITHDRAW, 11, FAULT_AS_CONFED,
		 2},
		{&strict, "", ORIGIN "400206 0201 0000000b" NEXT_HOP, NLRI, BGP_WITHDRAW, 11,
		 FAULT_AS_FIRST, 2},
		{&strict, "", ORIGIN "400200" NEXT_HOP, NLRI, BGP_WITHDRAW, 11, FAULT_AS_FIRST, 2},
		{&ebgp, "", ORIGIN PATH "400303 c00002", NLRI, BGP_WITHDRAW, 5, FAULT_NEXT_HOP, 3},
		{&ebgp, "", ORIGIN PATH "400304 00000000", NLRI, BGP_WITHDRAW, 8,
		 FAULT_NEXT_HOP_ADDR, 3},
		{&ebgp, "", ORIGIN PATH "400304 e0000001", NLRI, BGP_WITHDRAW, 8,
		 FAULT_NEXT_HOP_ADDR, 3},
		{&ebgp, "",
		 ORIGIN PATH "800e1a 0002 01 10 ff020000000000000000000000000001 00 20 20010db8",
		 "", BGP_WITHDRAW, 8, FAULT_NEXT_HOP_ADDR, 14},
		{&ebgp, "", GOOD "800403 000000", NLRI, BGP_WITHDRAW, 5, FAULT_MED, 4},
		{&ibgp, "", GOOD "400503 000000", NLRI, BGP_WITHDRAW, 5, FAULT_LOCAL_PREF, 5},
		{&ebgp, "", GOOD "c00803 000000", NLRI, BGP_WITHDRAW, 5, FAULT_ATTR_LEN, 8},
		{&ebgp, "", GOOD "c00800", NLRI, BGP_WITHDRAW, 5, FAULT_ATTR_LEN, 8},
		{&ibgp, "", GOOD PREF "800903 000000", NLRI, BGP_WITHDRAW, 5, FAULT_ATTR_LEN, 9},
		{&ibgp, "", GOOD PREF "800a00", NLRI, BGP_WITHDRAW, 5, FAULT_ATTR_LEN, 10},
		{&ibgp, "", GOOD PREF "400a04 00000001", NLRI, BGP_WITHDRAW, 4, FAULT_ATTR_FLAGS,
		 10},
		{&ebgp, "", GOOD "c01007 00000000000000", NLRI, BGP_WITHDRAW, 5, FAULT_ATTR_LEN,
		 16},
		{&ebgp, "", GOOD "c01900", NLRI, BGP_WITHDRAW, 5, FAULT_ATTR_LEN, 25},
		{&ebgp, "", GOOD "c02004 00000001", NLRI, BGP_WITHDRAW, 5, FAULT_ATTR_LEN, 32},
		{&ebgp, "", GOOD "c02306 000000010000", NLRI, BGP_WITHDRAW, 5, FAULT_ATTR_LEN, 35},
		{&ebgp, "", GOOD "802304 00000001", NLRI, BGP_WITHDRAW, 4, FAULT_ATTR_FLAGS, 35},
		{&ebgp, "", GOOD "c08003 000000", NLRI, BGP_WITHDRAW, 5, FAULT_ATTR_LEN, 128},
		{&ebgp, "", GOOD "c08006 00000001 4001", NLRI, BGP_WITHDRAW, 9, FAULT_ATTR_CUT,
		 128},
		{&ebgp, "", GOOD "c0800a 00000001 800f03 000201", NLRI, BGP_WITHDRAW, 9,
		 FAULT_ATTR_VALUE, 128},
		{&ebgp, "", GOOD "c08008 00000001 40010107", NLRI, BGP_WITHDRAW, 9,
		 FAULT_ATTR_VALUE, 128},
		// §4: attributes that exceed their total length, or end inside a header.
		{&ebgp, "", GOOD "c00808 0000", NLRI, BGP_WITHDRAW, 1, FAULT_ATTR_CUT, 0},
		{&ebgp, "", GOOD "c008", NLRI, BGP_WITHDRAW, 1, FAULT_ATTR_CUT, 0},
		{&ebgp, "", GOOD "d00800", NLRI, BGP_WITHDRAW, 1, FAULT_ATTR_CUT, 0},
		// §3 d.
		{&ebgp, "", PATH NEXT_HOP, NLRI, BGP_WITHDRAW, 3, FAULT_ATTR_MISSING, 1},
		{&ebgp, "", ORIGIN NEXT_HOP, NLRI, BGP_WITHDRAW, 3, FAULT_ATTR_MISSING, 2},
		{&ebgp, "", ORIGIN PATH, NLRI, BGP_WITHDRAW, 3, FAULT_ATTR_MISSING, 3},
		{&ebgp, "", "", NLRI, BGP_WITHDRAW, 3, FAULT_ATTR_MISSING, 1},
		{&ibgp, "", GOOD, NLRI, BGP_WITHDRAW, 3, FAULT_ATTR_MISSING, 5},
		{&ebgp, "", ORIGIN REACH6, "", BGP_WITHDRAW, 3, FAULT_ATTR_MISSING, 2},
		{&ebgp, "", GOOD6, NLRI, BGP_WITHDRAW, 3, FAULT_ATTR_MISSING, 3},
	};

	(void)state;
	judge_all(cases, ARRAY_LEN(cases));
}

// RFC 7606 §3 f, g, §7.5 to §7.10; RFC 6793 §4.1, §6; RFC 7311 §3.
static void what_the_routes_can_do_without_is_discarded(void **state)
{
	static const struct judged cases[] = {
		{&ebgp, "", GOOD "400601 00", NLRI, BGP_DISCARD, 5, FAULT_ATTR_LEN, 6},
		{&ebgp, "", GOOD "c00600", NLRI, BGP_DISCARD, 4, FAULT_ATTR_FLAGS, 6},
		{&ebgp, "", GOOD "c00706 000a c0000201", NLRI, BGP_DISCARD, 5, FAULT_ATTR_LEN, 7},
		{&old, "", ORIGIN PATH2 NEXT_HOP "c00708 0000000a c0000201", NLRI, BGP_DISCARD, 5,
		 FAULT_ATTR_LEN, 7},
		{&ebgp, "", GOOD "c00708 00000000 c0000201", NLRI, BGP_DISCARD, 9, FAULT_AS_ZERO,
		 7},
		{&ebgp, "", GOOD "400708 0000000a c0000201", NLRI, BGP_DISCARD, 4, FAULT_ATTR_FLAGS,
		 7},
		{&ebgp, "", GOOD PREF, NLRI, BGP_DISCARD, 0, FAULT_ATTR_PEER, 5},
		{&ebgp, "", GOOD "400502 0000", NLRI, BGP_DISCARD, 0, FAULT_ATTR_PEER, 5},
		{&ebgp, "", GOOD "800904 00000001", NLRI, BGP_DISCARD, 0, FAULT_ATTR_PEER, 9},
		{&ebgp, "", GOOD "800a04 00000001", NLRI, BGP_DISCARD, 0, FAULT_ATTR_PEER, 10},
		{&ebgp, "", GOOD "c01106 0201 0000000a", NLRI, BGP_DISCARD, 0, FAULT_ATTR_PEER, 17},
		{&ebgp, "", GOOD "c01208 0000000a c0000201", NLRI, BGP_DISCARD, 0, FAULT_ATTR_PEER,
		 18},
		{&old, "", ORIGIN PATH2 NEXT_HOP "c01104 0201 000a", NLRI, BGP_DISCARD, 9,
		 FAULT_AS_PATH, 17},
		{&old, "", ORIGIN PATH2 NEXT_HOP "c01106 0201 00000000", NLRI, BGP_DISCARD, 9,
		 FAULT_AS_ZERO, 17},
		{&old, "", ORIGIN PATH2 NEXT_HOP "c01206 000a c0000201", NLRI, BGP_DISCARD, 5,
		 FAULT_ATTR_LEN, 18},
		{&old, "", ORIGIN PATH2 NEXT_HOP "c01208 00000000 c0000201", NLRI, BGP_DISCARD, 9,
		 FAULT_AS_ZERO, 18},
		{&ebgp, "", GOOD "801a0b 01000b 000000000000000a", NLRI, BGP_DISCARD, 0,
		 FAULT_ATTR_PEER, 26},
		{&ibgp, "", GOOD PREF "801a0a 01000a 0000000000000a", NLRI, BGP_DISCARD, 9,
		 FAULT_ATTR_VALUE, 26},
		{&ibgp, "", GOOD PREF "c01a0b 01000b 000000000000000a", NLRI, BGP_DISCARD, 4,
		 FAULT_ATTR_FLAGS, 26},
		// The first of two counts, and is not judged by the second.
		{&ebgp, "", GOOD ORIGIN, NLRI, BGP_DISCARD, 1, FAULT_ATTR_TWICE, 1},
		{&ebgp, "", GOOD "40010109", NLRI, BGP_DISCARD, 1, FAULT_ATTR_TWICE, 1},
		{&ebgp, "", GOOD "c0c800 c0c800", NLRI, BGP_DISCARD, 1, FAULT_ATTR_TWICE, 200},
	};

	(void)state;
	judge_all(cases, ARRAY_LEN(cases));
}

static void the_discarded_types_are_told(void **state)
{
	struct exact e = update_of("", GOOD "400601 00" PREF "c0c800 c0c800", NLRI);
	struct bgp_verdict v;

	(void)state;
	bgp_update_judge(e.data, e.len, &ebgp, &v);
	assert_int_equal(v.action, BGP_DISCARD);
	assert_int_equal(v.n_errors, 3);
	assert_int_equal(v.attr, BGP_ATTR_ATOMIC);
	for (unsigned type = 0; type < 256; type++)
		assert_int_equal(bgp_verdict_discards(&v, (uint8_t)type), type == 5 || type == 6);
	free(e.data);
}

// RFC 7606 §3 h.
static void the_strongest_action_counts(void **state)
{
	static const struct judged cases[] = {
		{&ebgp, "", GOOD "400601 00 800400", NLRI, BGP_WITHDRAW, 5, FAULT_MED, 4},
		{&ebgp, "", GOOD "800400 400601 00", NLRI, BGP_WITHDRAW, 5, FAULT_MED, 4},
		{&ebgp, "", GOOD "800400 40c800", NLRI, BGP_RESET, 2, FAULT_ATTR_UNKNOWN, 200},
		{&ebgp, "", GOOD "800400", "2100", BGP_RESET, 10, FAULT_NLRI_LEN, 0},
		{&ebgp, "", GOOD "800400 c00800", NLRI, BGP_WITHDRAW, 5, FAULT_MED, 4},
	};

	(void)state;
	judge_all(cases, ARRAY_LEN(cases));
}

// RFC 7606 §5.2: routes that belong to the attributes may have been missed.
static void errors_without_routes_reset(void **state)
{
	static const struct judged cases[] = {
		{&ebgp, "", "40010104", "", BGP_RESET, 6, FAULT_ORIGIN, 1},
		{&ebgp, "080a", "40010104", "", BGP_RESET, 6, FAULT_ORIGIN, 1},
		{&ebgp, "", "800f03 000201 40010104", "", BGP_RESET, 6, FAULT_ORIGIN, 1},
		{&ebgp, "", "c008", "", BGP_RESET, 1, FAULT_ATTR_CUT, 0},
		{&ebgp, "", "40010104" PATH "800e15 0002 01 10" GLOBAL "00", "", BGP_RESET, 6,
		 FAULT_ORIGIN, 1},
		{&ebgp, "", ORIGIN, "", BGP_NONE, 0, FAULT_NONE, 0},
		{&ebgp, "", "400601 00", "", BGP_DISCARD, 5, FAULT_ATTR_LEN, 6},
	};

	(void)state;
	judge_all(cases, ARRAY_LEN(cases));
}

// Nothing is known of the peer: no rule that asks who it is.
static void peers_nobody_knows_may_send_anything_sound(void **state)
{
	static const struct judged cases[] = {
		{&nobody, "", ORIGIN PATH2 NEXT_HOP PREF "800904 00000001 800a04 00000001", NLRI,
		 BGP_NONE, 0, FAULT_NONE, 0},
		{&nobody, "", ORIGIN PATH2 NEXT_HOP "c00706 000a c0000201", NLRI, BGP_NONE, 0,
		 FAULT_NONE, 0},
		{&nobody, "", ORIGIN "400204 0301 fde8" NEXT_HOP, NLRI, BGP_NONE, 0, FAULT_NONE, 0},
		{&nobody, "", "40010109" PATH2 NEXT_HOP, NLRI, BGP_WITHDRAW, 6, FAULT_ORIGIN, 1},
	};

	(void)state;
	judge_all(cases, ARRAY_LEN(cases));
}

// A message of any type, from its header on; what goes back to the peer.
struct answered {
	const struct bgp_session *s;
	const char *hex;
	int code, subcode; // -1: no NOTIFICATION
	const char *data;
};

static struct bgp_verdict message_judge(const struct exact *e, const struct bgp_session *s)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_verdict v;
	struct bgp_msg msg;
	ssize_t n = bgp_msg_find(e->data, e->len, s, &msg, &fault);

	if (n < 0) {
		bgp_header_judge(e->data, e->len, &fault, &v);
		return v;
	}
	assert_int_equal(n, e->len);
	bgp_msg_judge(&msg, s, &v);
	return v;
}

static void answer_all(const struct answered cases[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct answered *c = &cases[i];
		struct exact e = exact_of(c->hex), data = exact_of(c->data ? c->data : "");
		struct bgp_verdict v = message_judge(&e, c->s);
		struct bgp_notification note;
		bool is_told = bgp_verdict_notification(&v, &note);

		if (is_told != (c->code >= 0) ||
		    (is_told &&
		     (note.code != c->code || note.subcode != c->subcode ||
		      note.data_len != data.len || memcmp(note.data, data.data, data.len) != 0)))
			fail_msg("%s: %s %u/%u, %u bytes", c->hex, fault_name(v.fault.code), v.code,
				 v.subcode, v.data_len);
		free(e.data);
		free(data.data);
	}
}

// An identifier may be used again in another AS.
static const struct bgp_session me = {
	.kind = BGP_PEER_EXTERNAL, .local_as = 10, .peer_as = 2, .local_id = 0xac130003};
static const struct bgp_session own = {
	.kind = BGP_PEER_INTERNAL, .local_as = 2, .peer_as = 2, .local_id = 0xac130003};
static const struct bgp_session customer = {
	.kind = BGP_PEER_EXTERNAL, .has_role = true, .role = BGP_ROLE_CUSTOMER};
static const struct bgp_session careful = {
	.kind = BGP_PEER_EXTERNAL, .has_role = true, .requires_role = true, .role = BGP_ROLE_PEER};

// RFC 4271 §6.1, §6.2; RFC 5492 §5, RFC 6286 §2.2, RFC 7607 §2, RFC 9234 §4.2.
static void headers_and_opens_are_answered(void **state)
{
	static const struct answered cases[] = {
		{&me, "00000000000000000000000000000000 001304", 1, 1, ""},
		{&me, MARKER "0013 02", 1, 2, "0013"},
		{&me, MARKER "0012 04", 1, 2, "0012"},
		{&me, MARKER "1001 02", 1, 2, "1001"},
		{&me, MARKER "0013 06", 1, 3, "06"},
		{&me, MARKER "0013 04", -1, 0, NULL},
		{&me, MARKER "001d 01 04 0002 00b4 ac130003 00", -1, 0, NULL},
		{&me, MARKER "001d 01 04 0002 0000 ac130003 00", -1, 0, NULL},
		{&me, MARKER "001d 01 03 0002 00b4 ac130003 00", 2, 1, "0004"},
		{&me, MARKER "001d 01 05 0002 00b4 ac130003 07", 2, 1, "0004"},
		{&me, MARKER "001d 01 04 0003 00b4 ac130003 00", 2, 2, ""},
		{&nobody, MARKER "001d 01 04 0000 00b4 ac130003 00", 2, 2, ""},
		{&nobody, MARKER "0025 01 04 5ba0 00b4 ac130003 08 0206 4104 00000000", 2, 2, ""},
		{&nobody, MARKER "0025 01 04 0000 00b4 ac130003 08 0206 4104 00000002", 2, 2, ""},
		{&me, MARKER "001d 01 04 0002 00b4 00000000 00", 2, 3, ""},
		{&own, MARKER "001d 01 04 0002 00b4 ac130003 00", 2, 3, ""},
		{&me, MARKER "001d 01 04 0002 0001 ac130003 00", 2, 6, ""},
		{&me, MARKER "001d 01 04 0002 0002 ac130003 00", 2, 6, ""},
		{&me, MARKER "001d 01 04 0002 0003 ac130003 00", -1, 0, NULL},
		{&me, MARKER "0020 01 04 0002 00b4 ac130003 03 630101", 2, 4, ""},
		{&me, MARKER "0020 01 04 0002 00b4 ac130003 03 010101", 2, 4, ""},
		{&me, MARKER "0020 01 04 0002 00b4 ac130003 03 020202", 2, 0, ""},
		{&me, MARKER "0020 01 04 0002 00b4 ac130003 04 020101", 2, 0, ""},
		{&me, MARKER "0022 01 04 0002 00b4 ac130003 05 0203 010100", 2, 0, ""},
		{&customer, MARKER "0022 01 04 0002 00b4 ac130003 05 0203 090100", -1, 0, NULL},
		{&customer, MARKER "0022 01 04 0002 00b4 ac130003 05 0203 090103", 2, 11, ""},
		{&customer, MARKER "001d 01 04 0002 00b4 ac130003 00", -1, 0, NULL},
		{&careful, MARKER "001d 01 04 0002 00b4 ac130003 00", 2, 11, ""},
		{&careful, MARKER "0025 01 04 0002 00b4 ac130003 08 0206 090104 090103", 2, 11, ""},
	};

	(void)state;
	answer_all(cases, ARRAY_LEN(cases));
}

// RFC 4271 §6.3: the attribute in question goes back; §6.4: no NOTIFICATION about
// one; RFC 7313 §5.
static void the_other_messages_are_answered(void **state)
{
	static const struct answered cases[] = {
		{&ebgp, MARKER "0017 02 0001 0000", 3, 1, ""},
		{&ebgp, MARKER "0017 02 0000 0001", 3, 1, ""},
		{&ebgp, MARKER "001b 02 0000 0004 40c80100", 3, 2, "40c80100"},
		{&ebgp, MARKER "001b 02 0000 0004 40010104", 3, 6, "40010104"},
		{&ebgp, MARKER "001b 02 0000 0004 80010100", 3, 4, "80010100"},
		{&ebgp, MARKER "001c 02 0000 0005 40010200 00", 3, 5, "4001020000"},
		{&ebgp, MARKER "001d 02 0000 0006 500100020000", 3, 5, "500100020000"},
		{&ebgp, MARKER "001c 02 0000 0005 800f020002", 3, 9, "800f020002"},
		{&ebgp, MARKER "0019 02 0000 0000 2100", 3, 10, ""},
		{&ebgp, MARKER "0015 03 0602", -1, 0, NULL},
		{&ebgp, MARKER "0014 03 06", 1, 2, "0014"},
		{&ebgp, MARKER "0017 05 0001 00 01", -1, 0, NULL},
		{&ebgp, MARKER "0018 05 0001 00 01 00", -1, 0, NULL},
		{&ebgp, MARKER "0017 05 0001 63 01", -1, 0, NULL},
		{&ebgp, MARKER "0018 05 0001 01 01 00", 7, 1, MARKER "0018 05 0001 01 01 00"},
	};

	(void)state;
	answer_all(cases, ARRAY_LEN(cases));
}

// The data of a NOTIFICATION is the type that is missing, whatever follows.
static void missing_attributes_are_named(void **state)
{
	struct exact e = update_of("", ORIGIN PATH, NLRI);
	struct bgp_verdict v;

	(void)state;
	bgp_update_judge(e.data, e.len, &ebgp, &v);
	assert_int_equal(v.action, BGP_WITHDRAW);
	assert_null(v.data);
	assert_int_equal(v.data_len, 1);
	assert_int_equal(v.own[0], BGP_ATTR_NEXT_HOP);
	free(e.data);
}

static void errors_are_located_in_the_body(void **state)
{
	static const struct {
		const char *withdrawn, *attrs, *nlri;
		unsigned at;
	} cases[] = {
		{"080a 2100", "", "", 4},
		{"080a", "40010104", "080a", 6 + 3},
		{"", ORIGIN "400206 0201 00000000" NEXT_HOP, NLRI, 4 + 4 + 3 + 2},
		{"", ORIGIN PATH "800e1a 0002 01 10" GLOBAL "00 81 20010db8", "",
		 4 + 4 + 9 + 3 + 21},
		{"", GOOD "c008", NLRI, 4 + 4 + 9 + 7},
		{"", GOOD, "080a 2100", 4 + 20 + 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact e = update_of(cases[i].withdrawn, cases[i].attrs, cases[i].nlri);
		struct bgp_verdict v;

		bgp_update_judge(e.data, e.len, &ebgp, &v);
		assert_int_equal(v.fault.at, cases[i].at);
		free(e.data);
	}
}

// Cut anywhere, nothing passes for whole: but for cuts between two routes, which
// no length inside tells.
static void updates_cut_anywhere_are_noticed(void **state)
{
	struct exact e =
		update_of("080b", GOOD6 NEXT_HOP "c00808 00010002 ffffff01", "080a 10ac10");
	size_t routes = e.len - 5;

	(void)state;
	for (size_t cut = 0; cut < e.len; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1);
		bool is_between = cut == routes || cut == routes + 2;
		struct bgp_verdict v;

		memcpy(exact, e.data, cut);
		bgp_update_judge(exact, cut, &ebgp, &v);
		assert_int_equal(v.action, is_between ? BGP_NONE : BGP_RESET);
		assert_true(v.fault.at <= cut);
		free(exact);
	}
	free(e.data);
}

static void opens_cut_anywhere_are_noticed(void **state)
{
	struct exact e = exact_of("04 0002 00b4 ac130003 10 0206 010400010001 0206 410400000002");

	(void)state;
	for (size_t cut = 0; cut <= e.len; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1);
		struct bgp_verdict v;

		memcpy(exact, e.data, cut);
		bgp_open_judge(exact, cut, &nobody, &v);
		assert_int_equal(v.action, cut == e.len ? BGP_NONE : BGP_RESET);
		free(exact);
	}
	free(e.data);
}

// Whatever the bytes are: a verdict whose parts lie inside them.
static void random_messages_end_in_a_verdict(void **state)
{
	static const struct bgp_session *const sessions[] = {&nobody, &ebgp,   &old,
							     &ibgp,   &confed, &disabling};
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		size_t len = test_rand(&seed) % 80;
		uint8_t *data = malloc(len ? len : 1);
		struct bgp_verdict v;

		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)(test_rand(&seed) % (i % 3 ? 20 : 256));
		bgp_update_judge(data, len, sessions[round % ARRAY_LEN(sessions)], &v);
		assert_true((v.fault.code == FAULT_NONE) == (v.action == BGP_NONE));
		assert_true(v.fault.at <= len);
		if (v.data)
			assert_true(v.data >= data && v.data + v.data_len <= data + len);
		bgp_open_judge(data, len, sessions[round % ARRAY_LEN(sessions)], &v);
		assert_true(v.fault.at <= len);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_updates_pass),
		cmocka_unit_test(what_hides_the_routes_resets),
		cmocka_unit_test(a_family_may_be_disabled_instead),
		cmocka_unit_test(what_spoils_the_routes_withdraws_them),
		cmocka_unit_test(what_the_routes_can_do_without_is_discarded),
		cmocka_unit_test(the_discarded_types_are_told),
		cmocka_unit_test(the_strongest_action_counts),
		cmocka_unit_test(errors_without_routes_reset),
		cmocka_unit_test(peers_nobody_knows_may_send_anything_sound),
		cmocka_unit_test(headers_and_opens_are_answered),
		cmocka_unit_test(the_other_messages_are_answered),
		cmocka_unit_test(missing_attributes_are_named),
		cmocka_unit_test(errors_are_located_in_the_body),
		cmocka_unit_test(updates_cut_anywhere_are_noticed),
		cmocka_unit_test(opens_cut_anywhere_are_noticed),
		cmocka_unit_test(random_messages_end_in_a_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
