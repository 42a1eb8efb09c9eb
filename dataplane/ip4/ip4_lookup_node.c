// SPDX-License-Identifier: BSD-3-Clause
// ip4-lookup: the longest match of the destination in the table of the packet's
// iface (RFC 1812 §5.2.4.3).
// Uses: dst, iface. Sets: nh. Main arc: ip4-forward.
#include "dataplane/ip4/ip4_node.h"

bool ip4_lookup_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	ip4_lookup_runs(w, b->iface, b->dst, b->nh, b->n);
	return false;
}
