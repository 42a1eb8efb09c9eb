// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/err.h"
#include "dataplane/base/mem.h"
#include "dataplane/graph/runner.h"

enum { N_SLOTS = GRAPH_N_NODES + RUNNER_SPARES };

struct runner_memory {
	struct runner runner;
	struct runner_slot slot[N_SLOTS];
};

struct runner *runner_new(void)
{
	struct runner_memory *mem = mem_table_new(sizeof(*mem));
	struct runner *r;

	if (!mem)
		return err_null(ENOMEM);
	r = &mem->runner;
	for (unsigned i = 0; i < GRAPH_N_NODES; i++)
		r->pending[i] = &mem->slot[i];
	for (unsigned i = GRAPH_N_NODES; i < N_SLOTS; i++)
		r->spare[r->n_spare++] = &mem->slot[i];
	graph_targets(r->target);
	return r;
}

void runner_free(struct runner *runner)
{
	if (!runner)
		return;
	for (unsigned i = 0; i < GRAPH_N_NODES; i++)
		rte_pktmbuf_free_bulk(runner->pending[i]->batch.pkt, runner->pending[i]->batch.n);
	mem_table_free(container_of_type(runner, struct runner_memory, runner),
		       sizeof(struct runner_memory));
}
