// SPDX-License-Identifier: BSD-3-Clause
// The replay: a helper thread that plays MRT files as if their peers were here,
// at the speed of then or faster.
//
// Control starts it and takes finished batches, a pointer each; neither waits for
// the other longer than a list operation. Routes of tables (TABLE_DUMP, RIB_*)
// come without pauses, those of UPDATEs when their time has come. Peers keep
// their number from file to file and from one replay to the next.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"
#include "dataplane/bgp/best.h"
#include "dataplane/ctl/config.h"

struct replay;

enum { REPLAY_BATCH = 512, REPLAY_FILES_MAX = 16, REPLAY_PEERS_MAX = 4096 };

struct replay_conf {
	char file[REPLAY_FILES_MAX][CONF_PATH_MAX];
	unsigned n_files;
	double speed;	     // of the clock of then; 0: as fast as it goes
	struct conf_mrt mrt; // table, gateways, and whose routes (CONF_MRT_BEST: all)
};

// What decides between paths to one prefix (RFC 4271 §9.1.2). No padding: equal
// ones are equal as bytes.
struct replay_key {
	uint32_t local_pref, med, neighbour_as;
	uint16_t n_hops, origin;
};

struct replay_peer {
	struct bgp_addr addr;
	uint32_t asn;
	uint32_t id; // BGP identifier; 0: no table told it
	bool is_known;
};

enum replay_kind { REPLAY_ADD, REPLAY_WITHDRAW, REPLAY_PEER, REPLAY_DOWN };

struct replay_item {
	uint8_t kind;	  // enum replay_kind; _PEER: who peer is; _DOWN: all its routes go
	uint16_t gateway; // as in struct loader_item
	uint32_t peer;	  // 1 .. REPLAY_PEERS_MAX
	uint32_t path_id;
	union {
		struct {
			struct prefix prefix;
			struct replay_key key;
		};
		struct replay_peer who;
	};
};

struct replay_result {
	bool is_done; // the last batch; the figures below are final
	bool is_stopped;
	int code; // errno if a file could not be read at all
	char error[512];
	double seconds;
	uint64_t n_records, n_announced, n_withdrawn, n_downs;
	uint64_t n_bad;	       // records and messages in error, withdrawn or left out
	uint64_t n_no_gateway; // routes that no rule maps to a gateway
};

struct replay_batch {
	unsigned n;
	struct replay_item item[REPLAY_BATCH];
	struct replay_result result;
};

struct replay_progress {
	bool is_busy;
	char file[CONF_PATH_MAX];
	unsigned file_index, n_files;
	uint64_t pos, size; // bytes of the file
	uint32_t time_s;    // of then
	struct replay_result result;
};

struct replay *replay_new(struct err *err) must_check;
void replay_free(struct replay *rp);

// -EBUSY: one is running. Takes a copy of conf.
int replay_start(struct replay *rp, const struct replay_conf *conf) must_check;
void replay_stop(struct replay *rp);		     // the last batch comes soon
struct replay_batch *replay_take(struct replay *rp); // NULL: none now
void replay_put(struct replay *rp, struct replay_batch *batch);
void replay_progress_get(struct replay *rp, struct replay_progress *progress);
