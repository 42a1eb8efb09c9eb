// SPDX-License-Identifier: BSD-3-Clause
// jerboa-mrt stat: what is in a dump, counted, and what is wrong with it.
#pragma once

#include "dataplane/bgp/mrt.h"
#include "dataplane/ctl/mrt_file.h"

struct stat_type {
	uint16_t type, subtype;
	uint64_t n_records, n_bytes;
};

struct stat_peer {
	struct mrt_peer peer;
	uint64_t n_routes4, n_routes6;
};

struct stat {
	const char *path;
	struct mrt_file_stats file;
	double seconds;
	uint32_t first_s, last_s;   // times of the records
	struct stat_type type[256]; // in order of appearance; the last one takes the rest
	unsigned n_types;
	struct stat_peer *peer; // of all peer tables
	unsigned n_peers;
	unsigned *row; // of peer[], by index in the latest peer table
	unsigned n_rows;
	uint64_t n_peer_tables;
	uint64_t n_prefixes4, n_prefixes6;
	uint64_t by_len4[33], by_len6[129];
	uint64_t n_routes4, n_routes6;
	uint64_t n_bad_records, n_bad_entries;
	uint64_t n_faults[FAULT_N_CODES];
	uint64_t n_mislabelled, n_host_bits, n_without_peers, n_without_nexthop;
	unsigned n_told; // errors written out one by one
};

// Errors are told one by one on stderr, the first of them.
int stat_read(const char *path, struct stat *st, struct err *err) must_check;
void stat_fini(struct stat *st);

// One PEER_INDEX_TABLE: 0, -EBADMSG with fault, -ENOMEM.
int stat_peers_take(struct stat *st, const uint8_t *body, size_t len,
		    struct fault *fault) must_check;

// Is anything wrong with the file?
bool stat_is_clean(const struct stat *st);
void stat_print(const struct stat *st);
int stat_print_json(const struct stat *st) must_check;

int stat_main(int argc, char **argv);
