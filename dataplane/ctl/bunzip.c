// SPDX-License-Identifier: BSD-3-Clause
// The threads: one cuts the file into pieces, some unpack them, and the caller
// takes the blocks of one piece after the other.
//
// A slot holds a piece and a pipe for what it becomes. Slots are a ring: the
// splitter fills slot[tail], workers take slot[next], the caller empties
// slot[head]. A worker whose pipe is full waits until its slot is the head: so
// memory is bounded whatever a block unpacks to.
#include "dataplane/ctl/bunzip.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// Five blocks hold what a bzip2 block of 900,000 bytes most often becomes.
enum { WORKERS_MAX = 8, SLOTS_MORE = 2, BLOCKS_PER_SLOT = 5, CHUNK = 64 << 10 };

enum outcome { OUTCOME_GOOD, OUTCOME_DAMAGED, OUTCOME_SHORT, OUTCOME_NO_MEMORY };

struct slot {
	struct piece piece;
	struct pipe pipe;
	enum outcome outcome; // valid once the pipe has ended
};

struct bunzip {
	struct source *source;
	pthread_mutex_t lock; // of everything up to err
	pthread_cond_t changed;
	uint64_t head, next, tail;
	bool is_stopped, is_split; // is_split: nothing comes behind tail
	struct err err;		   // why the splitter ended

	unsigned n_slots, n_pipes;
	struct slot *slot;
	pthread_t thread[1 + WORKERS_MAX];
	unsigned n_threads;

	// The caller's alone.
	uint32_t crc;	   // of the blocks of the stream so far
	bool is_verified;  // the head's piece has unpacked well, or never will
	unsigned n_joined; // pieces behind it that belong to it
	bool has_again;	   // it is unpacked again, by a thread of its own
	pthread_t again;
	struct err failure; // nothing comes any more
	bool is_done;
};

static struct slot *slot_at(struct bunzip *bz, uint64_t i)
{
	return &bz->slot[i % bz->n_slots];
}

// --- the splitter

// Waits for a free slot; NULL: stopped.
static struct slot *slot_wait(struct bunzip *bz)
{
	bool is_stopped;

	pthread_mutex_lock(&bz->lock);
	while (!bz->is_stopped && bz->tail - bz->head == bz->n_slots)
		pthread_cond_wait(&bz->changed, &bz->lock);
	is_stopped = bz->is_stopped;
	pthread_mutex_unlock(&bz->lock);
	return is_stopped ? NULL : slot_at(bz, bz->tail);
}

static void slot_give(struct bunzip *bz)
{
	pthread_mutex_lock(&bz->lock);
	bz->tail++;
	pthread_cond_broadcast(&bz->changed);
	pthread_mutex_unlock(&bz->lock);
}

static void split_end(struct bunzip *bz, const struct err *err)
{
	pthread_mutex_lock(&bz->lock);
	bz->is_split = true;
	if (err->code)
		bz->err = *err;
	pthread_cond_broadcast(&bz->changed);
	pthread_mutex_unlock(&bz->lock);
}

// The level of the blocks behind this piece.
static uint8_t level_behind(const struct piece *p)
{
	int level = p->kind == PIECE_TAIL ? piece_tail_rest(p) : 0;

	if (p->kind == PIECE_HEAD && p->end_bit >= 32)
		level = p->buf[3];
	return level >= '1' && level <= '9' ? (uint8_t)level : p->level;
}

// A magic was found in the slot's piece at this bit: what stands from there on is
// the next one.
static struct slot *slot_cut(struct bunzip *bz, struct slot *slot, uint64_t bit,
			     enum piece_kind kind, struct err *err)
{
	struct piece *p = &slot->piece;
	struct piece next = {
		.kind = kind, .pos = p->pos + bit / 8, .len = p->len - bit / 8, .start = bit % 8};
	uint8_t *rest = malloc(next.len);
	struct slot *other = NULL;

	p->end_bit = bit;
	next.level = level_behind(p);
	if (rest) {
		memcpy(rest, p->buf + bit / 8, next.len);
		p->len = (bit + 7) / 8;
		slot_give(bz);
		other = slot_wait(bz);
	} else {
		err_set(err, ENOMEM, "%s: out of memory", bz->source->name);
	}
	if (other) {
		next.buf = other->piece.buf;
		next.cap = other->piece.cap;
		other->piece = next;
		other->piece.len = 0;
		if (piece_grow(&other->piece, next.len + CHUNK))
			other = NULL;
		else
			memcpy(other->piece.buf, rest, next.len);
	}
	if (other)
		other->piece.len = next.len;
	free(rest);
	return other;
}

// Zeros behind the last stream, however many, are not kept.
static void padding_drop(struct piece *p)
{
	size_t keep = (p->start + 48 + 32 + 7) / 8;

	if (p->kind != PIECE_TAIL || p->len < PIECE_MAX)
		return;
	for (size_t i = keep; i < p->len; i++)
		if (p->buf[i])
			return;
	p->pos += p->len - keep;
	p->len = keep;
}

// Takes bytes of the file into the piece, and cuts it wherever a magic stands.
static struct slot *slot_feed(struct bunzip *bz, struct slot *slot, const uint8_t *data, size_t len,
			      struct err *err)
{
	size_t from = slot->piece.len;
	enum piece_kind kind;
	uint64_t bit;

	if (piece_grow(&slot->piece, len)) {
		err_set(err, ENOMEM, "%s: out of memory", bz->source->name);
		return NULL;
	}
	memcpy(slot->piece.buf + from, data, len);
	slot->piece.len += len;
	while (slot && piece_find(&slot->piece, from, &bit, &kind)) {
		slot = slot_cut(bz, slot, bit, kind, err);
		from = 0;
	}
	if (slot)
		padding_drop(&slot->piece);
	return slot;
}

static void *split_main(void *arg)
{
	struct bunzip *bz = arg;
	struct source *s = bz->source;
	struct slot *slot = slot_wait(bz);
	struct err err = {.code = 0};

	if (slot)
		slot->piece = (struct piece){.kind = PIECE_HEAD, .level = '9'};
	while (slot && slot->piece.len <= PIECE_MAX) {
		size_t n = s->len - s->at < CHUNK ? s->len - s->at : CHUNK;

		if (n == 0 && (source_refill(s, &err) || s->at_eof))
			break;
		slot = slot_feed(bz, slot, s->in + s->at, n, &err);
		s->at += n;
	}
	if (slot) {
		slot->piece.is_overlong = slot->piece.len > PIECE_MAX;
		slot->piece.is_last = true;
		slot->piece.end_bit = 8 * (uint64_t)slot->piece.len;
		slot_give(bz);
	}
	split_end(bz, &err);
	return NULL;
}

// --- the workers

// Unpacks a wrapped block into the pipe; without one: only looks whether it can.
// *all is how many bytes of it were consumed.
static enum outcome block_unpack(const uint8_t *in, size_t len, struct pipe *pipe, size_t *all)
{
	static _Thread_local uint8_t sink[16 << 10];
	struct codec codec = {.format = UNPACK_BZIP2};
	enum outcome outcome = OUTCOME_SHORT;
	size_t at = 0, made = 1;

	*all = 0;
	if (codec_open(&codec))
		return OUTCOME_NO_MEMORY;
	while (outcome == OUTCOME_SHORT && (at < len || made > 0)) {
		struct block *b = pipe ? pipe_room(pipe) : NULL;
		size_t used = len - at;
		enum step step;

		if (pipe && !b)
			break; // nobody wants it any more
		made = b ? BLOCK_LEN : sizeof(sink);
		step = codec_step(&codec, in + at, &used, b ? b->data : sink, &made);
		at += used;
		if (b) {
			b->len = made;
			if (made > 0)
				pipe_give(pipe, b);
			else
				pipe_free(pipe, b);
		}
		if (step == STEP_MEMBER_END)
			outcome = at == len ? OUTCOME_GOOD : OUTCOME_DAMAGED;
		else if (step != STEP_MORE)
			outcome = step == STEP_NO_MEMORY ? OUTCOME_NO_MEMORY : OUTCOME_DAMAGED;
		else if (used == 0 && made == 0)
			break;
	}
	codec_close(&codec);
	*all = at;
	return outcome;
}

static enum outcome piece_unpack(const struct piece *p, struct pipe *pipe, uint8_t **buf,
				 size_t *cap)
{
	ssize_t len = piece_wrap(p, buf, cap);
	enum outcome outcome;
	size_t used;

	if (len < 0)
		return OUTCOME_NO_MEMORY;
	outcome = block_unpack(*buf, (size_t)len, pipe, &used);
	// The last byte of a cut file was filled up: that it does not fit is no damage.
	if (outcome == OUTCOME_DAMAGED && p->is_last && used == (size_t)len)
		outcome = OUTCOME_SHORT;
	return outcome;
}

// Waits for a piece; NULL: there are no more.
static struct slot *work_wait(struct bunzip *bz)
{
	struct slot *slot = NULL;

	pthread_mutex_lock(&bz->lock);
	while (!bz->is_stopped && bz->next == bz->tail && !bz->is_split)
		pthread_cond_wait(&bz->changed, &bz->lock);
	if (!bz->is_stopped && bz->next != bz->tail)
		slot = slot_at(bz, bz->next++);
	pthread_mutex_unlock(&bz->lock);
	return slot;
}

static void *work_main(void *arg)
{
	struct bunzip *bz = arg;
	struct slot *slot;
	uint8_t *buf = NULL;
	size_t cap = 0;

	while ((slot = work_wait(bz))) {
		if (slot->piece.kind == PIECE_BLOCK)
			slot->outcome = piece_unpack(&slot->piece, &slot->pipe, &buf, &cap);
		else
			slot->outcome = OUTCOME_GOOD;
		pipe_end(&slot->pipe, NULL);
	}
	free(buf);
	return NULL;
}

// --- the caller

// The i-th slot from the head; NULL: the file has no such piece.
static struct slot *slot_see(struct bunzip *bz, unsigned i)
{
	bool is_there;

	pthread_mutex_lock(&bz->lock);
	while (bz->tail - bz->head <= i && !bz->is_split)
		pthread_cond_wait(&bz->changed, &bz->lock);
	is_there = bz->tail - bz->head > i;
	pthread_mutex_unlock(&bz->lock);
	return is_there ? slot_at(bz, bz->head + i) : NULL;
}

static void *again_main(void *arg)
{
	struct slot *slot = arg;
	uint8_t *buf = NULL;
	size_t cap = 0;

	slot->outcome = piece_unpack(&slot->piece, &slot->pipe, &buf, &cap);
	pipe_end(&slot->pipe, NULL);
	free(buf);
	return NULL;
}

// The head is done with: its worker too, for the pipe has ended.
static void head_drop(struct bunzip *bz)
{
	struct slot *slot = slot_at(bz, bz->head);
	struct block *b;

	pipe_stop(&slot->pipe);
	while ((b = pipe_take(&slot->pipe)))
		pipe_free(&slot->pipe, b);
	if (bz->has_again)
		pthread_join(bz->again, NULL);
	bz->has_again = bz->is_verified = false;
	pipe_reset(&slot->pipe);
	pthread_mutex_lock(&bz->lock);
	bz->head++;
	pthread_cond_broadcast(&bz->changed);
	pthread_mutex_unlock(&bz->lock);
}

static void fail(struct bunzip *bz, int code, uint64_t pos, const char *what)
{
	bz->is_done = true;
	err_set(&bz->failure, code, "%s: byte %" PRIu64 " of the file: %s", bz->source->name, pos,
		what);
}

static void fail_early(struct bunzip *bz, const struct piece *p)
{
	fail(bz, EBADMSG, p->pos + p->len, "the compressed data end too early");
}

static void fail_damaged(struct bunzip *bz, const struct piece *p)
{
	fail(bz, EBADMSG, p->pos, "the compressed data are damaged");
}

// Joins the head's piece with those behind it, as long as a block may be, until
// it can be unpacked. Returns with how many; 0: it never can.
static unsigned pieces_join(struct bunzip *bz, struct piece *all)
{
	enum outcome outcome = OUTCOME_DAMAGED;
	uint8_t *buf = NULL;
	size_t cap = 0;
	unsigned n = 0;

	while (outcome != OUTCOME_GOOD && !all->is_last && n + 2 < bz->n_slots) {
		struct slot *more = slot_see(bz, n + 1);

		if (!more || all->len + more->piece.len > PIECE_MAX ||
		    piece_join(all, &more->piece))
			break;
		outcome = piece_unpack(all, NULL, &buf, &cap);
		n++;
	}
	free(buf);
	return outcome == OUTCOME_GOOD ? n : 0;
}

// The head's piece could not be unpacked: perhaps the magic behind it stands
// there by chance, inside the block. Then the block is unpacked anew.
static void head_retry(struct bunzip *bz, struct slot *slot)
{
	struct piece before = slot->piece;
	unsigned n = pieces_join(bz, &slot->piece);
	struct block *b;

	if (n == 0) {
		before.buf = slot->piece.buf;
		before.cap = slot->piece.cap;
		slot->piece = before;
		return;
	}
	while ((b = pipe_take(&slot->pipe)))
		pipe_free(&slot->pipe, b);
	pipe_reset(&slot->pipe);
	bz->n_joined = n;
	bz->has_again = unpack_thread(&bz->again, "unpack", again_main, slot) == 0;
	if (!bz->has_again) {
		slot->outcome = OUTCOME_NO_MEMORY;
		pipe_end(&slot->pipe, NULL);
	}
}

// Nothing of a block is given before its CRC is known to be right, unless it
// unpacks to more than fits.
static void head_verify(struct bunzip *bz, struct slot *slot)
{
	bool has_ended = pipe_settle(&slot->pipe);

	if (has_ended && !slot->piece.is_last &&
	    (slot->outcome == OUTCOME_DAMAGED || slot->outcome == OUTCOME_SHORT))
		head_retry(bz, slot);
	bz->is_verified = true;
}

// The head's block was given.
static void block_end(struct bunzip *bz, const struct slot *slot)
{
	unsigned n = 1 + bz->n_joined;

	if (slot->outcome == OUTCOME_NO_MEMORY)
		fail(bz, ENOMEM, slot->piece.pos, "out of memory");
	else if (slot->outcome == OUTCOME_SHORT && slot->piece.is_last && !slot->piece.is_overlong)
		fail_early(bz, &slot->piece);
	else if (slot->outcome != OUTCOME_GOOD)
		fail_damaged(bz, &slot->piece);
	bz->crc = (bz->crc << 1 | bz->crc >> 31) ^ piece_block_crc(&slot->piece);
	bz->n_joined = 0;
	while (n-- > 0)
		head_drop(bz);
}

// The head is between two streams, or behind the last.
static void stream_end(struct bunzip *bz, const struct slot *slot)
{
	const struct piece *p = &slot->piece;
	int rest = p->kind == PIECE_TAIL ? piece_tail_rest(p) : p->level;
	uint32_t crc = 0;

	if (p->kind == PIECE_TAIL && !piece_tail_crc(p, &crc))
		p->is_last ? fail_early(bz, p) : fail_damaged(bz, p);
	else if (crc != bz->crc)
		fail_damaged(bz, p);
	else if (rest < 0)
		fail(bz, EBADMSG, p->pos, "bytes behind the compressed data that are none");
	else if (rest == 0)
		bz->is_done = true;
	bz->crc = 0;
	head_drop(bz);
}

int bunzip_take(struct bunzip *bz, struct block **block, struct err *err)
{
	while (!bz->is_done) {
		struct slot *slot = slot_see(bz, 0);

		if (!slot) { // the file could not be read to its end
			bz->is_done = true;
			bz->failure = bz->err;
			break;
		}
		if (slot->piece.kind != PIECE_BLOCK) {
			stream_end(bz, slot);
			continue;
		}
		if (!bz->is_verified)
			head_verify(bz, slot);
		*block = pipe_take(&slot->pipe);
		if (*block)
			return 1;
		block_end(bz, slot);
	}
	return bz->failure.code ? err_set(err, bz->failure.code, "%s", bz->failure.text) : 0;
}

static int threads_start(struct bunzip *bz, unsigned n_workers)
{
	int code = unpack_thread(&bz->thread[0], "unpack", split_main, bz);

	if (code)
		return code;
	bz->n_threads = 1;
	while (!code && bz->n_threads <= n_workers) {
		code = unpack_thread(&bz->thread[bz->n_threads], "unpack", work_main, bz);
		bz->n_threads += code == 0;
	}
	return bz->n_threads > 1 ? 0 : code; // one worker is enough
}

struct bunzip *bunzip_new(struct source *source, unsigned n_threads)
{
	struct bunzip *bz = calloc(1, sizeof(*bz));
	int code = 0;

	if (!bz)
		return err_null(ENOMEM);
	n_threads = n_threads > WORKERS_MAX ? WORKERS_MAX : n_threads;
	bz->source = source;
	pthread_mutex_init(&bz->lock, NULL);
	pthread_cond_init(&bz->changed, NULL);
	bz->n_slots = n_threads + SLOTS_MORE;
	bz->slot = calloc(bz->n_slots, sizeof(*bz->slot));
	if (!bz->slot)
		code = -ENOMEM;
	while (!code && bz->n_pipes < bz->n_slots) {
		code = pipe_init(&bz->slot[bz->n_pipes].pipe, BLOCKS_PER_SLOT);
		bz->n_pipes += code == 0;
	}
	if (!code)
		code = threads_start(bz, n_threads);
	if (!code)
		return bz;
	bunzip_free(bz);
	return err_null(-code);
}

void bunzip_free(struct bunzip *bz)
{
	if (!bz)
		return;
	pthread_mutex_lock(&bz->lock);
	bz->is_stopped = true;
	pthread_cond_broadcast(&bz->changed);
	pthread_mutex_unlock(&bz->lock);
	for (unsigned i = 0; i < bz->n_pipes; i++)
		pipe_stop(&bz->slot[i].pipe);
	for (unsigned i = 0; i < bz->n_threads; i++)
		pthread_join(bz->thread[i], NULL);
	if (bz->has_again)
		pthread_join(bz->again, NULL);
	for (unsigned i = 0; i < bz->n_pipes; i++) {
		pipe_fini(&bz->slot[i].pipe);
		free(bz->slot[i].piece.buf);
	}
	free(bz->slot);
	pthread_cond_destroy(&bz->changed);
	pthread_mutex_destroy(&bz->lock);
	free(bz);
}
