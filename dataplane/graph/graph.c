// SPDX-License-Identifier: BSD-3-Clause
// graph.def as tables.
#include "dataplane/graph/runner.h"

#include <string.h>

struct feature {
	uint8_t hook, pos, node;
};

#define HOOK(id, name, end)
#define NODE(ID, id, name, hook)
#define FEATURE(hook, pos, node)
#define ARC(node, edge, to)
#define DROP(node, edge, name)

static const char *const node_name[GRAPH_N_NODES + 2] = {
#undef NODE
#define NODE(ID, id, name, hook) [NODE_##ID] = name,
#include "dataplane/graph.def"
	[NODE_HELD] = "held",
	[NODE_DROP] = "drop",
};

static const uint8_t node_hook[GRAPH_N_NODES] = {
#undef NODE
#define NODE(ID, id, name, hook) [NODE_##ID] = (hook),
#include "dataplane/graph.def"
};
#undef NODE
#define NODE(ID, id, name, hook)

static const char *const hook_name[GRAPH_N_HOOKS] = {
#undef HOOK
#define HOOK(id, name, end) [id] = name,
#include "dataplane/graph.def"
};

static const uint8_t hook_end[GRAPH_N_HOOKS] = {
#undef HOOK
#define HOOK(id, name, end) [id] = NODE_##end,
#include "dataplane/graph.def"
};
#undef HOOK
#define HOOK(id, name, end)

static const struct feature features[] = {
#undef FEATURE
#define FEATURE(hook, pos, node) {hook, pos, NODE_##node},
#include "dataplane/graph.def"
};
#undef FEATURE
#define FEATURE(hook, pos, node)

static const uint8_t arc_target[GRAPH_N_NODES][GRAPH_EDGES_MAX] = {
#undef ARC
#undef DROP
#define ARC(node, edge, to)    [NODE_##node][node##_##edge] = NODE_##to,
#define DROP(node, edge, name) [NODE_##node][node##_##edge] = NODE_DROP,
#include "dataplane/graph.def"
};
#undef ARC
#undef DROP
#define ARC(node, edge, to)

static const char *const drop_name[GRAPH_N_NODES][GRAPH_EDGES_MAX] = {
#define DROP(node, edge, name) [NODE_##node][node##_##edge] = name,
#include "dataplane/graph.def"
};

#undef DROP
#define DROP(node, edge, name)

static const char *const loss_name[GRAPH_N_NODES][GRAPH_EDGES_MAX] = {
#define LOSS(node, edge, to, name) [NODE_##node][node##_##edge] = name,
#include "dataplane/graph.def"
};

const char *graph_node_name(unsigned node)
{
	return node < ARRAY_LEN(node_name) ? node_name[node] : NULL;
}

const char *graph_hook_name(unsigned hook)
{
	return hook < GRAPH_N_HOOKS ? hook_name[hook] : NULL;
}

const char *graph_drop_name(unsigned node, unsigned edge)
{
	if (node >= GRAPH_N_NODES || edge >= GRAPH_EDGES_MAX)
		return NULL;
	return drop_name[node][edge];
}

const char *graph_loss_name(unsigned node, unsigned edge)
{
	if (node >= GRAPH_N_NODES || edge >= GRAPH_EDGES_MAX)
		return NULL;
	return loss_name[node][edge];
}

unsigned graph_node_hook(unsigned node)
{
	return node_hook[node];
}

void graph_targets(uint8_t target[GRAPH_N_NODES][GRAPH_EDGES_MAX])
{
	memcpy(target, arc_target, sizeof(arc_target));
	for (unsigned node = 1; node < GRAPH_N_NODES; node++) {
		if (node_hook[node] == NO_HOOK)
			continue;
		target[node][EDGE_MAIN] = hook_end[node_hook[node]];
		for (unsigned i = 0; i < ARRAY_LEN(features); i++)
			if (features[i].hook == node_hook[node])
				target[node][features[i].pos] = features[i].node;
	}
}
