// SPDX-License-Identifier: BSD-3-Clause
// Events as text: bgpdump's three forms, and JSON lines.
//
// Byte for byte what bgpdump 1.6.2 prints for what it can read, its few wrong
// values included unless the style says otherwise, and more lines for what it
// cannot: jerboa-mrt(1) lists both. An event is written when it comes; what
// several share (the head of a record, a peer) is made once.
#pragma once

#include "apps/mrt/attrs.h"
#include "apps/mrt/outfile.h"
#include "apps/mrt/walk.h"

enum text_form {
	TEXT_LINE,	 // bgpdump -m
	TEXT_LINE_HUMAN, // bgpdump -M
	TEXT_LONG,	 // bgpdump -H
	TEXT_JSON,
};

struct text_style {
	enum text_form form;
	bool with_changed; // time of a route of a table: of its last change, not of the dump
	bool with_index;   // number of the record at the second place
	bool with_large;   // large communities behind the communities
	bool with_unknown; // attributes without a field of their own, last
	bool is_local_time;
	bool is_correct; // what the file says even where bgpdump writes something else
};

enum { TEXT_HEAD_MAX = 96, TEXT_PEER_MAX = 64, TEXT_PREFIX_MAX = 128, TEXT_PEERS = 256 };

struct text_peer {
	struct mrt_peer key;
	uint8_t len;
	char text[TEXT_PEER_MAX]; // "192.0.2.1|65001|"
};

struct text {
	struct outfile *out;
	struct text_style style;
	uint64_t n_mistakes; // values written as bgpdump writes them, against the file
	uint64_t n_untold;   // events of families that the form has no text for
	// Of the record: made at its first event.
	bool is_correct; // nobody's mistakes: the style, or bgpdump shows nothing of it
	size_t head_len, prefix_len;
	char head[TEXT_HEAD_MAX];     // "TABLE_DUMP2|1767225600|B|"
	char prefix[TEXT_PREFIX_MAX]; // "203.0.113.0/24"
	bool is_open;		      // TEXT_LONG: a block waits for its empty line
	bool has_withdrawn, has_announced;
	// TEXT_LINE: what followed the prefix of the announced route before.
	const char *tail;
	size_t tail_len;
	const uint8_t *tail_nexthop;
	// Of the seconds last written as a date.
	uint32_t date_s;
	char date[24];
	struct text_peer peer[TEXT_PEERS];
};

void text_init(struct text *text, struct outfile *out, const struct text_style *style);
// An event_fn; arg is struct text.
void text_event(void *arg, const struct event *ev);
// One line a peer: "PEER|0|192.0.2.1|65001|192.0.2.1", index, address, AS, BGP id.
// Or a JSON object.
void text_peers(struct text *text, const struct mrt_peer *peer, unsigned n);
// Behind the last event.
void text_end(struct text *text);

// Parts of the forms, which share them.
bool text_is_correct(const struct text *text, const struct event *ev);
char *text_date(struct text *text, char *p, uint32_t time_s);
char *text_time(struct text *text, char *p, const struct event *ev);
char *text_addr(char *p, const struct bgp_addr *addr);
char *text_prefix(struct text *text, char *p, const struct event *ev);
// Where it stands outside of the attributes, or in MP_REACH_NLRI, or in NEXT_HOP:
// how many, 0 to 2 (the second is link-local).
unsigned text_nexthops(const struct event *ev, struct bgp_addr addr[2]);
char *text_path(struct text *text, char *p, const struct attrs *a);
bool text_aggregator(struct text *text, const struct attrs *a, struct attrs_aggregator *agg);
char *text_notification(char *p, const uint8_t *body, size_t len);
void text_line(struct text *text, const struct event *ev);
void text_long(struct text *text, const struct event *ev);
void text_json(struct text *text, const struct event *ev);
void text_json_peer(struct text *text, const struct mrt_peer *peer, unsigned index);
