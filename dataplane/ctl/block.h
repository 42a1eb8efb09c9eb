// SPDX-License-Identifier: BSD-3-Clause
// Blocks of bytes that one thread fills and another empties, without a copy.
//
// A pipe owns a fixed number of blocks, so memory is constant: who finds none
// free, or none filled, waits. One thread on each side:
//
//	filler: while ((b = pipe_room(pipe))) { ... b->data, b->len; pipe_give(pipe, b); }
//		pipe_end(pipe, &err)
//	taker:	while ((b = pipe_take(pipe))) { ...; pipe_free(pipe, b); }
//		pipe_err(pipe)
//
// In front of the bytes there is room for what the taker had left of the block
// before: so records across borders become contiguous by one short copy.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"

#include <pthread.h>
#include <stdbool.h>

enum { BLOCK_ROOM = 64 << 10, BLOCK_LEN = 256 << 10 };

struct pipe;

struct block {
	struct block *next;
	struct pipe *home; // owner; NULL: none
	uint8_t *data;	   // at room + BLOCK_ROOM
	size_t len;	   // at most BLOCK_LEN
	uint8_t room[];
};

struct pipe {
	pthread_mutex_t lock; // of everything below
	pthread_cond_t changed;
	struct block *ready, **ready_end;
	struct block *spare;
	bool is_ended;	 // by the filler
	bool is_stopped; // by the taker
	bool is_full;	 // the filler waits
	struct err err;	 // of the filler: why it ended
};

struct block *block_new(void) must_check; // NULL: ENOMEM

int pipe_init(struct pipe *pipe, unsigned n_blocks) must_check; // 0, -ENOMEM
void pipe_fini(struct pipe *pipe);				// nobody waits any more

struct block *pipe_room(struct pipe *pipe); // waits; NULL: the taker wants no more
void pipe_give(struct pipe *pipe, struct block *block);
void pipe_end(struct pipe *pipe, const struct err *err); // err NULL or code 0: all is well

struct block *pipe_take(struct pipe *pipe); // waits; NULL: the end
void pipe_free(struct pipe *pipe, struct block *block);
void pipe_stop(struct pipe *pipe); // the filler finds no more room

// Waits until the filler has ended or has no room left; true: ended.
bool pipe_settle(struct pipe *pipe);
// Takes what is ready back, forgets the end: for the next use.
void pipe_reset(struct pipe *pipe);
