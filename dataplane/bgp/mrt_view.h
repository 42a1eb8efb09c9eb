// SPDX-License-Identifier: BSD-3-Clause
// One table out of a dump of many: whose routes a reader of a dump wants.
//
// Feed records in file order; a route comes out of each prefix. Tables of
// TABLE_DUMP and of BGP4MP_ENTRY have a record for each path: a better path of the
// prefix before comes out as is_update. One thread, memory grows with the peer
// table and the widest prefix, never per route.
// The whole loader, given ctl/mrt_file.h:
//
//	struct mrt_view *view = mrt_view_new(&spec);
//	struct mrt_file *file = mrt_file_open(path, &err);
//
//	while ((event = mrt_file_next(file, &rec)) != MRT_FILE_END) {
//		if (event == MRT_FILE_RECORD) {
//			fault.code = FAULT_NONE;
//			got = mrt_view_record(view, &rec.hdr, rec.body, &route, &fault);
//			for (; got > 0; got = mrt_view_more(view, &route, &fault))
//				... route.prefix by route.best.path.nexthop
//			if (fault.code)
//				... n_bad++, at rec.offset + MRT_HDR_LEN + fault.at
//		} else {
//			... MRT_FILE_DAMAGE, MRT_FILE_ERROR: rec.text says what and where
//		}
//	}
#pragma once

#include "dataplane/bgp/best.h"
#include "dataplane/bgp/mrt.h"

enum mrt_view_kind { MRT_VIEW_BEST, MRT_VIEW_PEER_ASN, MRT_VIEW_PEER_ADDR, MRT_VIEW_PEER_INDEX };

struct mrt_view_spec {
	enum mrt_view_kind kind;
	uint32_t asn, index;
	struct bgp_addr addr;
};

struct mrt_view_route {
	struct bgp_prefix prefix;
	bool is_update; // replaces the route of this prefix that came out just before
	struct bgp_route best;
};

struct mrt_view_stats {
	uint64_t n_peers;	 // of the latest peer table
	uint64_t n_peers_chosen; // of them, that the view takes
	uint64_t n_prefixes4, n_prefixes6;
	uint64_t n_routes;	  // prefixes for which the view had a route
	uint64_t n_entries;	  // decoded, of all peers
	uint64_t n_bad_entries;	  // left out, by reason in n_faults
	uint64_t n_bad_records;	  // left out whole
	uint64_t n_other;	  // records of other types, passed over
	uint64_t n_mislabelled;	  // add-path data not marked so, or the reverse
	uint64_t n_host_bits;	  // prefixes with bits set behind their length
	uint64_t n_without_peers; // entries before any peer table
	uint64_t n_faults[FAULT_N_CODES];
};

struct mrt_view;

struct mrt_view *mrt_view_new(const struct mrt_view_spec *spec) must_check; // NULL: ENOMEM
void mrt_view_free(struct mrt_view *view);

// 1: *route is the view's route of one prefix. 0: none in this record.
// -EBADMSG: the record is of no use. -ENOMEM. fault->code is set whenever
// something was left out (an entry or the whole), fault->at is an offset in body.
int mrt_view_record(struct mrt_view *view, const struct mrt_hdr *hdr, const uint8_t *body,
		    struct mrt_view_route *route, struct fault *fault) must_check;
// The next route of the same record, whose bytes must still be there: the
// TABLE_DUMPs of 2000 hold many prefixes in one. 1, 0, -ENOMEM.
int mrt_view_more(struct mrt_view *view, struct mrt_view_route *route,
		  struct fault *fault) must_check;

const struct mrt_view_stats *mrt_view_stats(const struct mrt_view *view);
