// SPDX-License-Identifier: BSD-3-Clause
// Stand-ins while the nodes are being written; linked only where the real ones
// are missing.
#include "dataplane/graph/node.h"

#include <stdlib.h>

#define HOOK(id, name, end)
#define NODE(ID, id, name, hook)                                                                   \
	__attribute__((weak)) bool id##_node(struct worker *w, struct batch *b, uint8_t edge[])    \
	{                                                                                          \
		abort();                                                                           \
	}
#define FEATURE(hook, pos, node)
#define ARC(node, edge, to)
#define DROP(node, edge, name)
#include "dataplane/graph.def"
