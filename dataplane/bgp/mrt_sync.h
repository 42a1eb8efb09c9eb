// SPDX-License-Identifier: BSD-3-Clause
// Where does the next MRT record begin? Judging headers, and finding the way
// back into a stream whose record boundaries are damaged.
//
// Pure functions over bytes; ctl/mrt_file.h applies them to files.
#pragma once

#include "dataplane/bgp/mrt.h"

// Known type and subtype, and a length such a record can have.
bool mrt_hdr_is_plausible(const struct mrt_hdr *hdr);

// The collector of 1999-2000 wrote TABLE_DUMP records 4 bytes longer than their
// headers say (it left view and sequence number out of the sum).
enum { MRT_DUMP_SHORTFALL = 4 };

// Do headers follow each other from here on? A known one ends the chain well, so
// does the end of a stream that ends with data (is_last), and so do several of
// unknown type and sane length: records that nobody knew when this was written.
bool mrt_chain_holds(const uint8_t *data, size_t len, bool is_last);

// Do the entries of this record fill its body? True for types that cannot be judged.
bool mrt_body_is_sound(const struct mrt_hdr *hdr, const uint8_t *body);

// Offset of the first plausible header behind which another one follows (or,
// when is_last says that the stream ends with data, its very end); len when
// there is none. *want > 0: nothing begins before the returned offset, but to
// judge what stands there takes *want bytes from there on.
size_t mrt_resync(const uint8_t *data, size_t len, bool is_last, size_t *want);
