// SPDX-License-Identifier: BSD-3-Clause
// What the documents ask of each path attribute, in one table.
#pragma once

#include "dataplane/bgp/judge.h"

enum { BGP_FROM_EXTERNAL = 1, BGP_FROM_INTERNAL = 2, BGP_FROM_ANY = 3 };

// When an attribute must be there.
enum bgp_attr_need { BGP_NEED_NOT, BGP_NEED_ROUTES, BGP_NEED_NLRI, BGP_NEED_INTERNAL };

struct bgp_attr_rule {
	uint8_t flags; // BGP_FLAG_OPTIONAL and BGP_FLAG_TRANSITIVE as they must be
	uint8_t from;  // peers of another confederation member count as internal
	enum bgp_attr_need need;
	enum bgp_action on_flags;     // flags are others
	enum bgp_action on_malformed; // length or value
	const char *document;	      // where the last is asked for
};

// NULL: an attribute without rules.
const struct bgp_attr_rule *bgp_attr_rule(uint8_t type);
