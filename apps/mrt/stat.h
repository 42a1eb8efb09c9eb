// SPDX-License-Identifier: BSD-3-Clause
// jerboa-mrt stat: what is in a dump, counted, and what is wrong with it.
#pragma once

#include "apps/mrt/input.h"
#include "apps/mrt/tally.h"

enum { STAT_HOPS_MAX = 255, STAT_TOP_MAX = 1000, STAT_ADDR_MAX = 64 };

struct stat_type {
	uint16_t type, subtype;
	uint32_t first_s, last_s;
	uint64_t n_records, n_bytes;
};

// Of both families: [0] IPv4, [1] IPv6, and what is neither among the others.
struct stat_peer {
	struct mrt_peer peer;
	uint64_t n_routes[2], n_announced[2], n_withdrawn[2];
	uint64_t n_updates, n_messages, n_states;
};

struct stat_peers {
	struct stat_peer *row; // in order of appearance
	unsigned n, size;
	unsigned *bucket; // 1 + row, by hash; 0: free
	unsigned n_buckets;
	unsigned last; // the row found last
};

struct stat {
	const char *path;
	struct input in;
	unsigned n_top;		    // of the most frequent
	int code;		    // -ENOMEM
	uint32_t first_s, last_s;   // times of the records
	struct stat_type type[256]; // in order of appearance; the last one takes the rest
	unsigned n_types;
	struct stat_peers peers;
	unsigned *table; // rows of the latest peer table
	unsigned n_table;
	uint64_t n_prefixes[2], n_routes[2];	 // of tables
	uint64_t n_announced[2], n_withdrawn[2]; // of UPDATEs
	uint64_t n_other_routes;		 // of other families
	uint64_t by_len4[33], by_len6[129];	 // prefixes of tables
	uint64_t announced_len4[33], announced_len6[129];
	uint64_t by_hops[STAT_HOPS_MAX + 1]; // AS paths by length
	uint64_t n_hops;
	struct tally origins, communities;
	uint64_t n_messages[6]; // by type, 0 is unknown
	uint64_t n_states;
	uint64_t n_mislabelled, n_host_bits, n_without_peers, n_without_nexthop;
	struct bgp_prefix last_prefix; // of TABLE_DUMP, where a prefix has many records
};

int stat_read(const char *path, struct stat *st, struct err *err) must_check;
void stat_fini(struct stat *st);

// The row of a peer, new or known.
unsigned stat_peer_row(struct stat_peers *peers, const struct mrt_peer *peer, int *code);
void stat_peers_fini(struct stat_peers *peers);

// Is anything wrong with the file?
bool stat_is_clean(const struct stat *st);
void stat_print(const struct stat *st);
const char *stat_addr_text(const struct bgp_addr *addr, char text[STAT_ADDR_MAX]);
const char *stat_id_text(uint32_t id, char text[STAT_ADDR_MAX]);
void stat_type_text(const struct stat_type *type, char text[80]);
int stat_print_json(const struct stat *st) must_check;

int stat_main(int argc, char **argv);
