// SPDX-License-Identifier: BSD-3-Clause
// Writing MRT records (RFC 6396, RFC 6397, RFC 8050) into a caller's buffer.
//
// Pure functions over bytes. Nothing is written behind the buffer's end, but
// enc.len goes on counting: after -ENOSPC it says how large the buffer must be.
// Counts and lengths are filled in by mrt_enc_end(). A RIB record of two routes:
//
//	mrt_enc_start(&enc, buf, sizeof(buf), &hdr, 0); // hdr.len is not looked at
//	mrt_enc_rib(&enc, &rib);
//	mrt_enc_entry(&enc, &first);
//	mrt_enc_entry(&enc, &second);
//	if (mrt_enc_end(&enc))
//		... -ENOSPC, -ERANGE
//	write(fd, buf, enc.len);
//
// What a record's subtype does not write down (a path id in a record without
// add-path) is left out; what it cannot write down is -ERANGE: an AS number
// above 65,535 in two bytes, an address of the other family, too many entries.
#pragma once

#include "dataplane/bgp/mrt.h"

struct mrt_enc {
	uint8_t *buf;
	size_t size;
	size_t len; // of the record so far, its header included
	struct mrt_hdr hdr;
	size_t count_at;  // offset of the number of peers or entries; 0: none
	uint32_t n;	  // entries so far
	bool has_ids;	  // entries carry path ids
	bool is_overfull; // something cannot be written down
};

// time_us is for BGP4MP_ET alone.
void mrt_enc_start(struct mrt_enc *enc, void *buf, size_t size, const struct mrt_hdr *hdr,
		   uint32_t time_us);
// 0, -ENOSPC, -ERANGE.
int mrt_enc_end(struct mrt_enc *enc) must_check;

// PEER_INDEX_TABLE, GEO_PEER_TABLE: head, then peers. Numbers of peers are counted.
void mrt_enc_peers(struct mrt_enc *enc, const struct mrt_peers *peers);
void mrt_enc_peer(struct mrt_enc *enc, const struct mrt_peer *peer);
void mrt_enc_geo(struct mrt_enc *enc, const struct mrt_geo *geo);
void mrt_enc_geo_peer(struct mrt_enc *enc, const struct mrt_geo_peer *peer);

// RIB_*: head, then entries. rib->nlri is written as it stands; NULL: rib->prefix.
// Path ids are written as the subtype says, or as rib says that they were read
// (is_mislabelled, nlri_has_id). RIB_GENERIC_ADDPATH: before the NLRI with
// nlri_has_id (RFC 8050 §4.2), else into the entries.
void mrt_enc_rib(struct mrt_enc *enc, const struct mrt_rib *rib);
void mrt_enc_entry(struct mrt_enc *enc, const struct mrt_entry *entry);

// TABLE_DUMP: head, then one entry. entry->raw NULL: entry->prefix.
void mrt_enc_dump(struct mrt_enc *enc, const struct mrt_dump *dump);
void mrt_enc_dump_entry(struct mrt_enc *enc, const struct mrt_dump_entry *entry);

// BGP4MP and type 5: everything in one.
void mrt_enc_message(struct mrt_enc *enc, const struct mrt_message *message);
void mrt_enc_state(struct mrt_enc *enc, const struct mrt_state *state);
// entry->nexthop_raw NULL: entry->nexthop; entry->nlri NULL: entry->prefix.
void mrt_enc_mp_entry(struct mrt_enc *enc, const struct mrt_mp_entry *entry);
void mrt_enc_file_name(struct mrt_enc *enc, const struct mrt_file_name *file);

// A whole record as mrt_decode() gave it, header included; *len is what it takes.
int mrt_encode(const struct mrt_hdr *hdr, const struct mrt_record *rec, void *buf, size_t size,
	       size_t *len) must_check;
