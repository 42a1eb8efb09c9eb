// SPDX-License-Identifier: BSD-3-Clause
// Attributes of any record as TABLE_DUMP_V2 has them: AS numbers of four bytes,
// AS4_PATH and AS4_AGGREGATOR in their places (RFC 6793 §4.2.3), MP_REACH_NLRI
// short for its next hop (RFC 6396 §4.3.4).
#pragma once

#include "apps/mrt/attrs.h"
#include "dataplane/bgp/out.h"

// 0, or -EBADMSG with fault (at counted from the attributes): cannot be rewritten.
int widen_attrs(const struct attrs *a, struct out *out, struct fault *fault) must_check;
