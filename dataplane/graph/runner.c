// SPDX-License-Identifier: BSD-3-Clause
// The per-packet side of the runner. Everything here is hot but runner_new/free,
// which stand in runner_init.c.
#include "dataplane/graph/runner.h"

#include "dataplane/base/clock.h"
#include "dataplane/pkt/meta.h"

static node_fn *const node_function[GRAPH_N_NODES] = {
#define HOOK(id, name, end)
#define NODE(ID, id, name, hook) [NODE_##ID] = id##_node,
#define FEATURE(hook, pos, node)
#define ARC(node, edge, to)
#define DROP(node, edge, name)
#include "dataplane/graph.def"
};

static void node_run(struct worker *w, unsigned node);

// Moves packet i of src to the end of dst.
static inline void copy_one(struct batch *dst, const struct batch *src, unsigned i)
{
	unsigned n = dst->n++;

	dst->pkt[n] = src->pkt[i];
	dst->l3[n] = src->l3[i];
	dst->dst[n] = src->dst[i];
	dst->nh[n] = src->nh[i];
	dst->iface[n] = src->iface[i];
	dst->out[n] = src->out[i];
}

// A batch of `node` with room for one more, NULL if none can be had: then
// more nodes overflow at once than there are spares, and the packet is dropped.
static struct batch *room_for_one(struct worker *w, unsigned node)
{
	struct runner *r = w->runner;

	if (unlikely(r->pending[node]->batch.n == BATCH_MAX)) {
		if (!r->n_spare)
			return NULL;
		node_run(w, node);
		if (r->pending[node]->batch.n == BATCH_MAX)
			return NULL;
	}
	r->ready |= 1ull << node;
	return &r->pending[node]->batch;
}

static void append_one(struct worker *w, unsigned node, const struct batch *src, unsigned i)
{
	struct batch *dst = room_for_one(w, node);

	if (likely(dst != NULL)) {
		copy_one(dst, src, i);
		return;
	}
	rte_pktmbuf_free(src->pkt[i]);
	w->runner->n_overflow++;
}

static cold_fn void drop_all(struct batch *b)
{
	rte_pktmbuf_free_bulk(b->pkt, b->n);
	b->n = 0;
}

// The whole batch takes one edge: pass the pointer on if nobody waits there.
static void pass_whole(struct worker *w, struct runner_slot *slot, unsigned to)
{
	struct runner *r = w->runner;
	struct runner_slot *waiting;

	if (to == NODE_DROP) {
		drop_all(&slot->batch);
	} else if (to != NODE_HELD) {
		waiting = r->pending[to];
		if (likely(waiting->batch.n == 0)) {
			r->pending[to] = slot;
			r->ready |= 1ull << to;
			slot = waiting;
		} else {
			for (unsigned i = 0; i < slot->batch.n; i++)
				append_one(w, to, &slot->batch, i);
		}
	}
	slot->batch.n = 0;
	r->spare[r->n_spare++] = slot;
}

static void pass_one(struct worker *w, const struct batch *b, unsigned i, unsigned to)
{
	if (to == NODE_DROP)
		rte_pktmbuf_free(b->pkt[i]);
	else if (to != NODE_HELD)
		append_one(w, to, b, i);
}

// Counts packets per edge; returns the edge most of them take.
static unsigned edge_census(const uint8_t edge[], unsigned n, uint16_t count[GRAPH_EDGES_MAX])
{
	unsigned most = 0;

	for (unsigned e = 0; e < GRAPH_EDGES_MAX; e++)
		count[e] = 0;
	for (unsigned i = 0; i < n; i++)
		count[edge[i]]++;
	for (unsigned e = 1; e < GRAPH_EDGES_MAX; e++)
		if (count[e] > count[most])
			most = e;
	return most;
}

// Some packets left the main arc: the others close ranks in place, so the
// majority still passes on by its pointer.
static void pass_split(struct worker *w, unsigned node, struct runner_slot *slot)
{
	struct runner *r = w->runner;
	struct batch *b = &slot->batch;
	uint16_t count[GRAPH_EDGES_MAX];
	unsigned most = edge_census(slot->edge, b->n, count);
	unsigned n = b->n;

	for (unsigned e = 0; e < GRAPH_EDGES_MAX; e++)
		r->arc[node][e] += count[e];
	if (count[most] < n) {
		b->n = 0;
		for (unsigned i = 0; i < n; i++) {
			if (slot->edge[i] == most)
				copy_one(b, b, i);
			else
				pass_one(w, b, i, r->target[node][slot->edge[i]]);
		}
	}
	memset(slot->edge, 0, n);
	pass_whole(w, slot, r->target[node][most]);
}

static inline void account(struct runner *r, unsigned node, unsigned n, uint64_t start)
{
	r->node[node].calls++;
	r->node[node].packets += n;
	if (unlikely(r->is_timed)) {
		r->node[node].cycles += clock_tsc() - start;
		r->node[node].timed_packets += n;
	}
}

// All along one edge that is not the main arc (IPv6 out of eth-input): no census.
static inline bool is_uniform(const uint8_t edge[], unsigned n)
{
	return memcmp(edge, edge + 1, n - 1) == 0;
}

static __attribute__((noinline)) void pass_diverted(struct worker *w, unsigned node,
						    struct runner_slot *slot)
{
	unsigned n = slot->batch.n, edge = slot->edge[0];

	if (!is_uniform(slot->edge, n)) {
		pass_split(w, node, slot);
		return;
	}
	w->runner->arc[node][edge] += n;
	memset(slot->edge, 0, n);
	pass_whole(w, slot, w->runner->target[node][edge]);
}

static void node_run(struct worker *w, unsigned node)
{
	struct runner *r = w->runner;
	struct runner_slot *slot = r->pending[node];
	unsigned n = slot->batch.n;
	uint64_t start = unlikely(r->is_timed) ? clock_tsc() : 0;
	bool diverted;

	r->pending[node] = r->spare[--r->n_spare];
	r->ready &= ~(1ull << node);
	diverted = node_function[node](w, &slot->batch, slot->edge);
	account(r, node, n, start);
	if (likely(!diverted)) {
		r->arc[node][EDGE_MAIN] += n;
		pass_whole(w, slot, r->target[node][EDGE_MAIN]);
	} else {
		pass_diverted(w, node, slot);
	}
}

void runner_walk(struct worker *w)
{
	struct runner *r = w->runner;

	r->is_timed = ++r->n_walks % RUNNER_TIMED_EVERY == 0;
	for (unsigned step = 0; r->ready && step < RUNNER_STEPS_MAX; step++)
		node_run(w, (unsigned)__builtin_ctzll(r->ready));
}

struct batch *runner_input(struct runner *runner, enum graph_node node)
{
	return &runner->pending[node]->batch;
}

void runner_ready(struct runner *runner, enum graph_node node)
{
	runner->n_in += runner->pending[node]->batch.n;
	runner->ready |= 1ull << node;
}

static void append_emitted(struct worker *w, unsigned node, const struct emitted *e)
{
	struct batch *dst = room_for_one(w, node);
	unsigned n;

	if (unlikely(!dst)) {
		rte_pktmbuf_free(e->pkt);
		w->runner->n_overflow++;
		return;
	}
	n = dst->n++;
	dst->pkt[n] = e->pkt;
	dst->l3[n] = e->l3;
	dst->dst[n] = e->dst;
	dst->nh[n] = e->nh;
	dst->iface[n] = e->iface;
	dst->out[n] = e->out;
}

void runner_append(struct worker *w, enum graph_node node, const struct emitted *e)
{
	w->runner->n_in++;
	append_emitted(w, node, e);
}

void worker_emit(struct worker *w, enum graph_node node, unsigned edge, const struct emitted *e)
{
	unsigned to = w->runner->target[node][edge];

	w->runner->arc[node][edge]++;
	if (to == NODE_DROP)
		rte_pktmbuf_free(e->pkt);
	else if (to != NODE_HELD)
		append_emitted(w, to, e);
}

void worker_count(struct worker *w, enum graph_node node, unsigned edge, unsigned n)
{
	w->runner->arc[node][edge] += n;
}
