// SPDX-License-Identifier: BSD-3-Clause
// An MRT record of any type as the events in it: routes of a table, routes
// announced and withdrawn, changes of a session, messages without routes.
//
// Feed records in file order (the peer table of TABLE_DUMP_V2 is kept). One
// thread; memory grows with the peer table alone. Events of an UPDATE come in
// the order in which bgpdump prints them: withdrawn routes, MP_UNREACH_NLRI,
// NLRI, MP_REACH_NLRI.
#pragma once

#include "apps/mrt/attrs.h"
#include "dataplane/bgp/mrt.h"

enum event_kind {
	EVENT_RIB, // a route of a table
	EVENT_ANNOUNCE,
	EVENT_WITHDRAW,
	EVENT_STATE,   // of a session
	EVENT_MESSAGE, // OPEN, NOTIFICATION, KEEPALIVE, ROUTE-REFRESH; an UPDATE without routes
};

// Pointers lie in the record or in the walk and hold until the callback returns.
struct event {
	enum event_kind kind;
	const struct mrt_hdr *hdr;
	const struct mrt_record *rec;
	uint64_t index; // of the record from 0, not counting what shows nothing
	uint32_t time_s, time_us;
	bool has_us;	     // of the types with ET in their name
	bool is_local;	     // sent by the collector, not received
	bool is_first;	     // of its record
	bool add_path;	     // path_id means something
	bool is_mislabelled; // ... although the record's type says otherwise, or the reverse

	const struct mrt_peer *peer; // addr.family 0: nobody knows
	int peer_index;		     // in the peer table; -1: there is none
	struct bgp_addr local;
	uint32_t local_as;

	// EVENT_RIB, _ANNOUNCE, _WITHDRAW.
	uint16_t afi;
	uint8_t safi;
	uint8_t status;	    // EVENT_RIB of TABLE_DUMP
	bool had_host_bits; // bits behind the prefix length were set
	struct bgp_prefix prefix;
	const uint8_t *raw;  // the bytes of the prefix as written, bits behind its length and all
	const uint8_t *rd;   // 8 bytes of a VPN's route distinguisher, or NULL
	const uint8_t *nlri; // prefix.family 0: all that is known of the routes
	size_t nlri_len;
	uint32_t path_id;
	uint32_t changed_s; // EVENT_RIB: since when the route is as it is
	// Where the next hop is outside of attrs, or in which MP_REACH_NLRI; else NULL.
	const uint8_t *nexthop;
	uint8_t nexthop_len;

	// Of all but EVENT_STATE and messages that are no UPDATE; else empty.
	const struct attrs *attrs;

	uint16_t old_state, new_state; // EVENT_STATE
	// Of BGP4MP and type 5: what follows the header of the BGP message, else NULL.
	const uint8_t *message;
	size_t message_len;
	uint8_t message_type;
};

typedef void (*event_fn)(void *arg, const struct event *ev);

struct walk;

struct walk *walk_new(void) must_check; // NULL: ENOMEM
void walk_free(struct walk *walk);

// 0; -EBADMSG with fault (at counted from the body) when something of the
// record could not be read, after the events of what could; -ENOMEM.
int walk_record(struct walk *walk, const struct mrt_hdr *hdr, const uint8_t *body, event_fn fn,
		void *arg, struct fault *fault) must_check;

// The latest peer table; *n is 0 before one came.
const struct mrt_peer *walk_peers(const struct walk *walk, unsigned *n);
