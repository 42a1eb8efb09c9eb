// SPDX-License-Identifier: BSD-3-Clause
// What graph.def says, as numbers: nodes, edges of each node, hooks.
//
// GRAPH_NODE ids start at 1. Edges of a node start at 0, those of a node that
// enters a hook at HOOK_EDGES: its edges below are the hook's (0: the end).
#pragma once

#include "dataplane/base/compiler.h"

enum { HOOK_EDGES = 8 }; // the end and up to seven features a hook

enum graph_hook {
	NO_HOOK,
#define HOOK(id, name, end) id,
#define NODE(ID, id, name, hook)
#define FEATURE(hook, pos, node)
#define ARC(node, edge, to)
#define DROP(node, edge, name)
#include "dataplane/graph.def"
#undef HOOK
	GRAPH_N_HOOKS,
};

enum graph_node {
	NODE_NONE,
#define HOOK(id, name, end)
#undef NODE
#define NODE(ID, id, name, hook) NODE_##ID,
#include "dataplane/graph.def"
#undef NODE
	GRAPH_N_NODES,
};

// After "X = v" the next enumerator is v + 1: so every node's edges start anew.
enum graph_edge {
#define NODE(ID, id, name, hook) ID##_EDGES = ((hook) == NO_HOOK ? 0 : HOOK_EDGES) - 1,
#undef ARC
#undef DROP
#define ARC(node, edge, to)    node##_##edge,
#define DROP(node, edge, name) node##_##edge,
#include "dataplane/graph.def"
#undef NODE
#undef ARC
#undef DROP
};

// A feature's position at its hook, the edge that leads to it: FEATURE_IP4_RPF.
enum graph_feature {
	FEATURE_NONE,
#undef FEATURE
#define NODE(ID, id, name, hook)
#define FEATURE(hook, pos, node) FEATURE_##node = (pos),
#define ARC(node, edge, to)
#define DROP(node, edge, name)
#include "dataplane/graph.def"
};
#undef HOOK
#undef NODE
#undef FEATURE
#undef ARC
#undef DROP

// Main arc of every node, and the way a feature says "go on".
enum { EDGE_MAIN = 0, GRAPH_EDGES_MAX = 32, NODE_HELD = GRAPH_N_NODES, NODE_DROP };

const char *graph_node_name(unsigned node);
const char *graph_hook_name(unsigned hook);
