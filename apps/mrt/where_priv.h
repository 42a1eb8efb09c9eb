// SPDX-License-Identifier: BSD-3-Clause
// What the parts of a condition share: where_parse.c reads its text, where_list.c
// its lists of values, where.c judges.
#pragma once

#include "apps/mrt/attrs.h"
#include "apps/mrt/where.h"
#include "dataplane/bgp/aspath_regex.h"
#include "dataplane/route/prefix.h"

enum { WHERE_NODES_MAX = 4096, WHERE_DEPTH_MAX = 64 };

enum where_op {
	WHERE_AND, // of nodes child .. linked by next
	WHERE_OR,
	WHERE_NOT,
	WHERE_KIND, // number: bits of event_kind
	WHERE_FAMILY,
	WHERE_PREFIX,
	WHERE_SUB,
	WHERE_SUPER,
	WHERE_LENGTH,
	WHERE_ORIGIN,
	WHERE_AS,
	WHERE_PATH,
	WHERE_PEER,
	WHERE_NEXTHOP,
	WHERE_COMMUNITY,
	WHERE_AFTER,
	WHERE_BEFORE,
	WHERE_TYPE,
};

struct where_range {
	uint32_t from, to;
};

enum where_community_kind { WHERE_STANDARD, WHERE_LARGE, WHERE_EXTENDED, WHERE_RAW };

struct where_community {
	uint8_t kind, n; // n: numbers, or bytes of raw
	uint8_t subtype; // WHERE_EXTENDED: 2 target, 3 origin
	bool is_any[3];	 // "*"
	uint32_t number[3];
	uint8_t raw[8];
};

// Values of one test, each kind sorted.
struct where_list {
	struct prefix *prefix;
	struct where_range *range;
	struct where_community *community;
	unsigned n_prefixes, n_ranges, n_communities;
	uint64_t has_len4; // prefix lengths that occur
	uint64_t has_len6[3];
};

struct where_node {
	enum where_op op;
	uint16_t child, next; // 0: none
	uint32_t number;
	struct where_list list;
	struct aspath_regex *regex;
};

struct where {
	unsigned n; // nodes; 0 is unused
	uint16_t root;
	struct where_node node[WHERE_NODES_MAX];

	const struct event *ev; // at hand
};

int where_parse(struct where *where, const char *text, struct err *err) must_check;

// Values with commas between them; "@FILE" stands for the lines of a file.
int where_prefixes_parse(struct where_list *list, const char *text, struct err *err) must_check;
int where_ranges_parse(struct where_list *list, const char *text, struct err *err) must_check;
int where_peers_parse(struct where_list *list, const char *text, struct err *err) must_check;
int where_communities_parse(struct where_list *list, const char *text, struct err *err) must_check;
void where_list_fini(struct where_list *list);

bool where_has_number(const struct where_list *list, uint32_t number);
bool where_has_prefix(const struct where_list *list, const struct prefix *prefix);
bool where_has_super(const struct where_list *list, const struct prefix *prefix); // of prefix
bool where_has_sub(const struct where_list *list, const struct prefix *prefix);
bool where_has_addr(const struct where_list *list, const struct bgp_addr *addr);
// value: of the attribute of this kind of community.
bool where_has_community(const struct where_list *list, enum where_community_kind kind,
			 const uint8_t *value, size_t len);
