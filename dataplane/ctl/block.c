// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/block.h"

#include <stdlib.h>
#include <string.h>

struct block *block_new(void)
{
	struct block *b = malloc(sizeof(*b) + BLOCK_ROOM + BLOCK_LEN);

	if (!b)
		return NULL;
	b->next = NULL;
	b->home = NULL;
	b->data = b->room + BLOCK_ROOM;
	b->len = 0;
	return b;
}

int pipe_init(struct pipe *pipe, unsigned n_blocks)
{
	memset(pipe, 0, sizeof(*pipe));
	pthread_mutex_init(&pipe->lock, NULL);
	pthread_cond_init(&pipe->changed, NULL);
	pipe->ready_end = &pipe->ready;
	for (unsigned i = 0; i < n_blocks; i++) {
		struct block *b = block_new();

		if (!b) {
			pipe_fini(pipe);
			return -ENOMEM;
		}
		b->home = pipe;
		b->next = pipe->spare;
		pipe->spare = b;
	}
	return 0;
}

static void list_free(struct block *b)
{
	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void pipe_fini(struct pipe *pipe)
{
	list_free(pipe->ready);
	list_free(pipe->spare);
	pipe->ready = pipe->spare = NULL;
	pthread_cond_destroy(&pipe->changed);
	pthread_mutex_destroy(&pipe->lock);
}

struct block *pipe_room(struct pipe *pipe)
{
	struct block *b = NULL;

	pthread_mutex_lock(&pipe->lock);
	while (!pipe->spare && !pipe->is_stopped) {
		pipe->is_full = true;
		pthread_cond_broadcast(&pipe->changed);
		pthread_cond_wait(&pipe->changed, &pipe->lock);
	}
	pipe->is_full = false;
	if (!pipe->is_stopped) {
		b = pipe->spare;
		pipe->spare = b->next;
		b->next = NULL;
		b->len = 0;
	}
	pthread_mutex_unlock(&pipe->lock);
	return b;
}

void pipe_give(struct pipe *pipe, struct block *block)
{
	pthread_mutex_lock(&pipe->lock);
	*pipe->ready_end = block;
	pipe->ready_end = &block->next;
	pthread_cond_broadcast(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
}

void pipe_end(struct pipe *pipe, const struct err *err)
{
	pthread_mutex_lock(&pipe->lock);
	if (err && err->code)
		pipe->err = *err;
	pipe->is_ended = true;
	pthread_cond_broadcast(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
}

struct block *pipe_take(struct pipe *pipe)
{
	struct block *b;

	pthread_mutex_lock(&pipe->lock);
	while (!pipe->ready && !pipe->is_ended)
		pthread_cond_wait(&pipe->changed, &pipe->lock);
	b = pipe->ready;
	if (b) {
		pipe->ready = b->next;
		if (!pipe->ready)
			pipe->ready_end = &pipe->ready;
		b->next = NULL;
	}
	pthread_mutex_unlock(&pipe->lock);
	return b;
}

void pipe_free(struct pipe *pipe, struct block *block)
{
	pthread_mutex_lock(&pipe->lock);
	block->next = pipe->spare;
	pipe->spare = block;
	pthread_cond_broadcast(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
}

void pipe_stop(struct pipe *pipe)
{
	pthread_mutex_lock(&pipe->lock);
	pipe->is_stopped = true;
	pthread_cond_broadcast(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
}

bool pipe_settle(struct pipe *pipe)
{
	bool is_ended;

	pthread_mutex_lock(&pipe->lock);
	while (!pipe->is_ended && !(pipe->is_full && !pipe->spare))
		pthread_cond_wait(&pipe->changed, &pipe->lock);
	is_ended = pipe->is_ended;
	pthread_mutex_unlock(&pipe->lock);
	return is_ended;
}

void pipe_reset(struct pipe *pipe)
{
	pthread_mutex_lock(&pipe->lock);
	*pipe->ready_end = pipe->spare;
	pipe->spare = pipe->ready;
	pipe->ready = NULL;
	pipe->ready_end = &pipe->ready;
	pipe->is_ended = pipe->is_stopped = pipe->is_full = false;
	pipe->err.code = 0;
	pthread_mutex_unlock(&pipe->lock);
}
