// SPDX-License-Identifier: BSD-3-Clause
// Where does the next MRT record begin? Judging headers, and finding the way
// back into a stream whose record boundaries are damaged.
//
// Pure functions over bytes; ctl/mrt_file.h applies them to files.
#pragma once

#include "dataplane/bgp/mrt.h"

// Known type and subtype, and a length such a record can have.
bool mrt_hdr_is_plausible(const struct mrt_hdr *hdr);

// Do the entries of this record fill its body? True for types that cannot be judged.
bool mrt_body_is_sound(const struct mrt_hdr *hdr, const uint8_t *body);

// Offset of the first plausible header behind which another one follows (or,
// when is_last says that the stream ends with data, its very end). Else the
// number of bytes that hold none, with *want > 0 when more than len bytes are
// needed to judge what stands there.
size_t mrt_resync(const uint8_t *data, size_t len, bool is_last, size_t *want);
