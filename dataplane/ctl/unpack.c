// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/unpack.h"

#include "dataplane/ctl/unpack_priv.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

// Few blocks stay in the cache: an inflater writes into what is still there.
enum { BLOCKS = 4, THREADS_MAX = 8 };

struct unpack {
	enum unpack_format format;
	struct source source;
	// One of: a thread that fills the pipe, threads for bzip2, or neither.
	pthread_t thread;
	bool has_thread, has_pipe;
	struct pipe pipe;
	struct bunzip *bunzip;
	// Of whoever decompresses in one go.
	struct codec codec;
	bool is_at_boundary; // between members: the file may end here
	bool is_damaged;     // nothing sound comes any more
	struct err fault;    // what comes behind the last byte
	struct block *own;   // without a thread: two in a circle, this one is next
	// unpack_read(): what is left of a block.
	struct block *held;
	size_t held_at;
};

enum unpack_format unpack_format(const struct unpack *src)
{
	return src->format;
}

const char *unpack_format_name(enum unpack_format format)
{
	static const char *const name[UNPACK_N_FORMATS] = {"raw", "gzip", "bzip2", "xz", "zstd"};

	return name[format];
}

uint64_t unpack_pos(const struct unpack *src)
{
	return src->source.n_in;
}

uint64_t unpack_size(const struct unpack *src)
{
	return src->source.size;
}

// Tapes and some tools pad with zeros behind the last member.
static bool is_padding(const struct source *s)
{
	for (size_t i = s->at; i < s->len; i++)
		if (s->in[i])
			return false;
	return true;
}

// Between two members. 1: another one begins; 0: the file ends here.
static int member_next(struct unpack *src, struct err *err)
{
	struct source *s = &src->source;

	for (;;) {
		while (!s->at_eof && s->len - s->at < SNIFF_LEN) {
			int code = source_refill(s, err);

			if (code)
				return code;
		}
		if (unpack_sniff(s->in + s->at, s->len - s->at) == src->format)
			break;
		if (!is_padding(s))
			return source_fail(s, err,
					   "bytes behind the compressed data that are none");
		if (s->at_eof)
			return 0;
		s->at = s->len;
	}
	codec_close(&src->codec);
	src->is_at_boundary = false;
	return codec_open(&src->codec) ? err_set(err, ENOMEM, "%s: out of memory", s->name) : 1;
}

// One step of the decompressor: 0 with *len bytes made (perhaps none).
static int step(struct unpack *src, uint8_t *data, size_t *len, struct err *err)
{
	struct source *s = &src->source;
	size_t used = s->len - s->at;
	enum step got;

	if (src->is_damaged) // not every library remembers it
		return source_fail(s, err, "the compressed data are damaged");
	got = codec_step(&src->codec, s->in + s->at, &used, data, len);

	s->at += used;
	if (got == STEP_MEMBER_END)
		src->is_at_boundary = true;
	if (got == STEP_NO_MEMORY)
		return err_set(err, ENOMEM, "%s: out of memory", s->name);
	if (got == STEP_TOO_LARGE)
		return source_fail(s, err, "unpacking needs more than 128 MB of memory");
	src->is_damaged |= got == STEP_DAMAGED;
	if (src->is_damaged && *len == 0)
		return source_fail(s, err, "the compressed data are damaged");
	return 0;
}

// Up to len bytes, at least one; 0 at the end.
static ssize_t unpack_some(struct unpack *src, uint8_t *data, size_t len, struct err *err)
{
	struct source *s = &src->source;

	for (;;) {
		size_t made = len;
		int code = src->is_at_boundary ? member_next(src, err) : 1;

		if (code <= 0)
			return code;
		code = step(src, data, &made, err);
		if (code)
			return code;
		if (made > 0)
			return (ssize_t)made;
		if (src->is_at_boundary || s->at < s->len)
			continue;
		code = source_refill(s, err);
		if (code)
			return code;
		if (s->at_eof)
			return source_fail(s, err, "the compressed data end too early");
	}
}

static ssize_t raw_some(struct unpack *src, uint8_t *data, size_t len, struct err *err)
{
	struct source *s = &src->source;
	size_t left = s->len - s->at;

	if (left == 0)
		return source_read(s, data, len, err);
	if (len > left)
		len = left;
	memcpy(data, s->in + s->at, len);
	s->at += len;
	return (ssize_t)len;
}

// Fills a block as far as it goes. 1; 0 at the end; -errno: the bytes before the
// fault were given by then.
static int block_fill(struct unpack *src, struct block *b, struct err *err)
{
	b->len = 0;
	while (b->len < BLOCK_LEN && !src->fault.code) {
		uint8_t *data = b->data + b->len;
		size_t room = BLOCK_LEN - b->len;
		ssize_t got = src->format == UNPACK_RAW ? raw_some(src, data, room, &src->fault)
							: unpack_some(src, data, room, &src->fault);

		if (got <= 0)
			break;
		b->len += (size_t)got;
		if (src->format == UNPACK_RAW)
			break; // a pipe gives what it has
	}
	if (b->len > 0)
		return 1;
	return src->fault.code ? err_set(err, src->fault.code, "%s", src->fault.text) : 0;
}

static void *thread_main(void *arg)
{
	struct unpack *src = arg;
	struct err err = {.code = 0};
	struct block *b;
	int got = 1;

	while (got > 0 && (b = pipe_room(&src->pipe))) {
		got = block_fill(src, b, &err);
		if (got > 0)
			pipe_give(&src->pipe, b);
		else
			pipe_free(&src->pipe, b);
	}
	pipe_end(&src->pipe, &err);
	return NULL;
}

static int thread_start(struct unpack *src)
{
	int code = pipe_init(&src->pipe, BLOCKS);

	if (code)
		return code;
	src->has_pipe = true;
	code = unpack_thread(&src->thread, "unpack", thread_main, src);
	src->has_thread = code == 0;
	return code;
}

static unsigned n_cores(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

static int own_new(struct unpack *src)
{
	struct block *a = block_new(), *b = block_new();

	if (!a || !b) {
		free(a);
		free(b);
		return -ENOMEM;
	}
	a->next = b;
	b->next = a;
	src->own = a;
	return 0;
}

// Decides who decompresses.
static int start(struct unpack *src, unsigned n_threads)
{
	int code = src->format == UNPACK_RAW ? 0 : codec_open(&src->codec);

	if (code)
		return code;
	if (src->format == UNPACK_RAW || n_threads == 0) {
		return own_new(src);
	}
	if (src->format != UNPACK_BZIP2 || n_threads == 1)
		return thread_start(src);
	codec_close(&src->codec);
	src->bunzip = bunzip_new(&src->source, n_threads);
	return src->bunzip ? 0 : -errno;
}

struct unpack *unpack_open_threads(const char *path, unsigned n_threads, struct err *err)
{
	struct unpack *src = calloc(1, sizeof(*src));
	int code = -ENOMEM;

	if (!src) {
		err_set(err, ENOMEM, "%s: out of memory", path);
		return err_null(ENOMEM);
	}
	src->source.fd = src->source.stop_fd = -1;
	code = source_open(&src->source, path, err);
	while (!code && !src->source.at_eof && src->source.len < SNIFF_LEN)
		code = source_refill(&src->source, err);
	if (code)
		goto close;
	src->format = unpack_sniff(src->source.in, src->source.len);
	src->codec.format = src->format;
	code = start(src, n_threads);
	if (!code)
		return src;
	err_set(err, -code, "%s: cannot be unpacked: %s", path, strerror(-code));
close:
	unpack_close(src);
	return err_null(-code);
}

struct unpack *unpack_open(const char *path, struct err *err)
{
	return unpack_open_threads(path, n_cores(), err);
}

void unpack_close(struct unpack *src)
{
	if (!src)
		return;
	source_stop(&src->source);
	if (src->has_thread) {
		pipe_stop(&src->pipe);
		pthread_join(src->thread, NULL);
	}
	if (src->held)
		unpack_put(src, src->held);
	if (src->has_pipe)
		pipe_fini(&src->pipe);
	bunzip_free(src->bunzip);
	codec_close(&src->codec);
	source_close(&src->source);
	if (src->own)
		free(src->own->next);
	free(src->own);
	free(src);
}

// Without a thread two blocks take turns.
static struct block *own_next(struct unpack *src)
{
	struct block *b = src->own;

	src->own = b->next;
	b->next->next = b;
	return b;
}

int unpack_take(struct unpack *src, struct block **block, struct err *err)
{
	if (src->bunzip)
		return bunzip_take(src->bunzip, block, err);
	if (!src->has_thread)
		return block_fill(src, *block = own_next(src), err);
	*block = pipe_take(&src->pipe);
	if (*block)
		return 1;
	return src->pipe.err.code ? err_set(err, src->pipe.err.code, "%s", src->pipe.err.text) : 0;
}

void unpack_put(struct unpack *src, struct block *block)
{
	if (src->bunzip || src->has_thread)
		pipe_free(block->home, block);
}

ssize_t unpack_read(struct unpack *src, void *data, size_t len, struct err *err)
{
	size_t left;

	if (!src->held) {
		int got = unpack_take(src, &src->held, err);

		if (got <= 0) {
			src->held = NULL;
			return got;
		}
		src->held_at = 0;
	}
	left = src->held->len - src->held_at;
	if (len > left)
		len = left;
	memcpy(data, src->held->data + src->held_at, len);
	src->held_at += len;
	if (src->held_at == src->held->len) {
		unpack_put(src, src->held);
		src->held = NULL;
	}
	return (ssize_t)len;
}
