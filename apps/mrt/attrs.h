// SPDX-License-Identifier: BSD-3-Clause
// The attributes of a route, found by type, and the texts that all forms of
// output share. Nothing is allocated, nothing is copied.
#pragma once

#include "dataplane/bgp/attr.h"

#include <stdbool.h>

enum { ATTRS_KNOWN = 48 };

// Where has says so, at[type] is the first attribute of its type (RFC 7606 §3 g).
struct attrs {
	uint64_t has; // bits of types below ATTRS_KNOWN
	struct bgp_attr at[ATTRS_KNOWN];
	const uint8_t *bytes;
	size_t len;
	uint8_t as_bytes;
};

// -EBADMSG with fault (at counted from bytes): the first attribute that has not
// the form of its type, or at which the walk over them ended. All that could be
// found are there nevertheless.
int attrs_read(struct attrs *a, const uint8_t *bytes, size_t len, uint8_t as_bytes,
	       struct fault *fault);

// FAULT_NONE when it has a length that its type can have; also for unknown ones.
enum fault_code attr_check(const struct bgp_attr *attr);
// Do the segments fill AS_PATH? (Of none at all, too.)
bool attrs_path_is_sound(const struct attrs *a);

static inline bool attrs_has(const struct attrs *a, unsigned type)
{
	return a->has >> type & 1;
}

// Does bgpdump know the attribute, so that it is none of the rest?
static inline bool attrs_is_shown(unsigned type)
{
	return type < ATTRS_KNOWN && (0x10006c7feull >> type & 1);
}

// Zeros stand for what is not there or too short.
uint32_t attrs_u32(const struct attrs *a, unsigned type);
// enum bgp_origin; -1: none.
int attrs_origin(const struct attrs *a);

struct attrs_aggregator {
	uint32_t asn;
	uint8_t addr[4];
};

// RFC 6793 §4.2.3: AS4_AGGREGATOR counts where AGGREGATOR names AS_TRANS. Its
// length tells how the AS is written; as_labelled: what the record says does.
bool attrs_aggregator(const struct attrs *a, bool as_labelled, struct attrs_aggregator *agg);

// The parts of AS_PATH, those of AS4_PATH in their place (RFC 6793 §4.2.3).
struct attrs_segment {
	uint8_t kind; // 1 set, 2 sequence, 3 and 4 the same of a confederation
	uint8_t as_bytes;
	uint8_t n;
	const uint8_t *as;
};

struct attrs_path {
	const uint8_t *next, *end;   // of AS_PATH
	const uint8_t *next4, *end4; // of AS4_PATH
	unsigned n_old;		     // hops still to come from AS_PATH when there is AS4_PATH
	const uint8_t *again;	     // where bgpdump goes back to for them, or NULL
	uint8_t as_bytes;
};

void attrs_path_start(const struct attrs *a, struct attrs_path *path);
// 1, 0, or -1 when the segments do not fill the attribute.
int attrs_path_next(struct attrs_path *path, struct attrs_segment *seg);

static inline uint32_t attrs_as(const uint8_t *as, unsigned i, uint8_t as_bytes)
{
	return as_bytes == 4 ? wire_get32(as + 4 * i) : wire_get16(as + 2 * i);
}

// bgpdump takes all hops in front of AS4_PATH from the first segment, again and
// again. True when that makes a difference, and path is set up to do the same.
bool attrs_path_mistake(struct attrs_path *path);

// "701 3356 {1,2}", "! Error !"; "701:1 no-export"; "701:1:2 701:1:3". At most
// three times the attribute's length. n_mistakes: bgpdump's are made, and counted.
char *attrs_path_text(char *p, const struct attrs *a, uint64_t *n_mistakes);
char *attrs_community_text(char *p, const uint8_t value[4]);
char *attrs_communities_text(char *p, const struct attrs *a);
char *attrs_large_text(char *p, const struct attrs *a);
