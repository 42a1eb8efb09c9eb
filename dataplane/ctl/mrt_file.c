// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/mrt_file.h"

#include "dataplane/bgp/mrt_sync.h"
#include "dataplane/ctl/unpack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What comes behind a record, by which it is judged: so much is looked at.
enum { AHEAD_LEN = 32 << 10 };
// The caller hears of damage this often, and what begins with so much of it is
// no dump: so endless garbage (a device, a bomb) holds nobody up.
enum { SKIP_MAX = 16 << 20 };

// The window at..end is read and not yet consumed. It stands in a block, with
// what was left of the block before in front of it; what is too long for that is
// put together in a buffer of its own.
struct mrt_file {
	struct unpack *src;
	char name[256];
	const uint8_t *at, *end;
	struct block *block; // NULL: the window stands in spill
	uint8_t *spill;
	size_t spill_cap;
	bool at_eof;
	bool is_done;
	uint64_t offset; // of the window in the decompressed stream
	struct err src_err;
	struct mrt_file_stats stats;
};

struct mrt_file *mrt_file_open(const char *path, struct err *err)
{
	struct mrt_file *file = calloc(1, sizeof(*file));

	if (!file)
		goto no_memory;
	snprintf(file->name, sizeof(file->name), "%s", strcmp(path, "-") ? path : "standard input");
	file->src = unpack_open(path, err);
	if (!file->src)
		goto close;
	return file;

no_memory:
	err_set(err, ENOMEM, "%s: out of memory", path);
	errno = ENOMEM;
close:
	mrt_file_close(file);
	return NULL;
}

void mrt_file_close(struct mrt_file *file)
{
	if (!file)
		return;
	if (file->block)
		unpack_put(file->src, file->block);
	unpack_close(file->src);
	free(file->spill);
	free(file);
}

void mrt_file_stats_get(const struct mrt_file *file, struct mrt_file_stats *stats)
{
	*stats = file->stats;
	stats->pos = unpack_pos(file->src);
	stats->size = unpack_size(file->src);
	stats->n_bytes = file->offset + (uint64_t)(file->end - file->at);
	stats->format = unpack_format_name(unpack_format(file->src));
}

static size_t avail(const struct mrt_file *file)
{
	return (size_t)(file->end - file->at);
}

static void drop(struct mrt_file *file, size_t len)
{
	file->at += len;
	file->offset += len;
}

static void block_put(struct mrt_file *file)
{
	if (file->block)
		unpack_put(file->src, file->block);
	file->block = NULL;
}

// The next block, with the window in front of its bytes.
static void window_move(struct mrt_file *file, struct block *b)
{
	size_t left = avail(file);

	if (left)
		memcpy(b->data - left, file->at, left);
	block_put(file);
	free(file->spill);
	file->spill = NULL;
	file->spill_cap = 0;
	file->block = b;
	file->at = b->data - left;
	file->end = b->data + b->len;
}

// Room in spill for cap bytes, the window at its start.
static int spill_grow(struct mrt_file *file, size_t cap)
{
	size_t left = avail(file);
	uint8_t *spill = file->spill;

	if (cap > file->spill_cap) {
		spill = malloc(cap);
		if (!spill)
			return err_set(&file->src_err, ENOMEM, "%s: out of memory", file->name);
		file->spill_cap = cap;
	}
	memmove(spill, file->at, left);
	block_put(file);
	if (spill != file->spill)
		free(file->spill);
	file->spill = spill;
	file->at = spill;
	file->end = spill + left;
	return 0;
}

// The next block's bytes, behind the window in spill.
static int window_extend(struct mrt_file *file, struct block *b, size_t want)
{
	size_t left = avail(file), need = left + b->len;
	bool fits = file->spill && file->spill + file->spill_cap >= file->end + b->len;

	if (!fits && spill_grow(file, need > want + BLOCK_LEN ? need : want + BLOCK_LEN)) {
		unpack_put(file->src, b);
		return -ENOMEM;
	}
	memcpy(file->spill + (file->end - file->spill), b->data, b->len);
	file->end += b->len;
	unpack_put(file->src, b);
	return 0;
}

// Reads until want bytes are there or nothing more comes.
static void fill(struct mrt_file *file, size_t want)
{
	while (unlikely(avail(file) < want) && !file->at_eof) {
		struct block *b;

		if (unpack_take(file->src, &b, &file->src_err) <= 0)
			file->at_eof = true;
		else if (avail(file) <= BLOCK_ROOM)
			window_move(file, b);
		else if (window_extend(file, b, want))
			file->at_eof = true;
	}
}

// The stream is used up, well or not. What follows the last whole record, or
// everything when there is none, is the error's.
static enum mrt_file_event finish(struct mrt_file *file, struct mrt_file_record *rec)
{
	uint64_t n = file->stats.n_records, end = file->offset + avail(file);

	rec->number = n + 1;
	rec->offset = n ? file->offset : 0;
	rec->skipped = 0;
	file->is_done = true;
	if (file->src_err.code)
		snprintf(rec->text, sizeof(rec->text),
			 "%.400s (%" PRIu64 " records were read, up to offset %" PRIu64 ")",
			 file->src_err.text, n, rec->offset);
	else if (n == 0)
		snprintf(rec->text, sizeof(rec->text), "%s: no MRT record in %" PRIu64 " bytes",
			 file->name, end);
	else if (avail(file))
		snprintf(rec->text, sizeof(rec->text),
			 "%s: record %" PRIu64 " at offset %" PRIu64
			 " is cut: the file ends %zu bytes after its start",
			 file->name, rec->number, rec->offset, avail(file));
	else
		return MRT_FILE_END;
	drop(file, avail(file));
	file->stats.n_errors++;
	return MRT_FILE_ERROR;
}

// No record begins at the start of the window: looks for one behind it.
static enum mrt_file_event recover(struct mrt_file *file, struct mrt_file_record *rec)
{
	size_t want;

	rec->offset = file->offset;
	rec->number = file->stats.n_records + 1;
	drop(file, 1);
	do {
		drop(file, mrt_resync(file->at, avail(file), file->at_eof, &want));
		fill(file, want);
	} while (want && file->offset - rec->offset < SKIP_MAX);
	if (file->stats.n_records == 0 && (want || avail(file) == 0))
		return finish(file, rec); // no dump at all
	rec->skipped = file->offset - rec->offset;
	file->stats.n_skipped_bytes += rec->skipped;
	file->stats.n_damages++;
	snprintf(rec->text, sizeof(rec->text),
		 "%s: record %" PRIu64 " should begin at offset %" PRIu64 ": skipped %" PRIu64
		 " bytes that belong to no record",
		 file->name, rec->number, rec->offset, rec->skipped);
	return MRT_FILE_DAMAGE;
}

// Does a header follow at this offset of the window, or nothing at all?
static bool is_followed(const struct mrt_file *file, size_t at)
{
	struct mrt_hdr next;

	if (at > avail(file))
		return false;
	if (avail(file) - at < MRT_HDR_LEN)
		return true; // the end, or a cut header: judged when it is reached
	mrt_hdr_decode(file->at + at, &next);
	return mrt_hdr_is_plausible(&next);
}

// Is this a record? The header alone cannot tell: what follows and what the
// body says of itself decide. May correct the length.
static bool is_record(const struct mrt_file *file, struct mrt_hdr *hdr)
{
	const uint8_t *p = file->at;
	size_t len = MRT_HDR_LEN + hdr->len;
	bool followed, sound;

	if (!mrt_hdr_is_plausible(hdr))
		return mrt_chain_holds(p, avail(file), file->at_eof);
	followed = is_followed(file, len);
	if (likely(followed && avail(file) - len != MRT_DUMP_SHORTFALL))
		return true;
	sound = mrt_body_is_sound(hdr, p + MRT_HDR_LEN);
	if (!sound && hdr->type == MRT_TABLE_DUMP && is_followed(file, len + MRT_DUMP_SHORTFALL)) {
		hdr->len += MRT_DUMP_SHORTFALL;
		return true;
	}
	return followed || sound;
}

// The record is longer than what is left: its length is wrong if another one
// can be found inside it, else the file is cut.
static enum mrt_file_event cut(struct mrt_file *file, struct mrt_file_record *rec)
{
	size_t want, left = avail(file) - 1;

	if (mrt_resync(file->at + 1, left, true, &want) < left)
		return recover(file, rec);
	return finish(file, rec);
}

static enum mrt_file_event deliver(struct mrt_file *file, struct mrt_file_record *rec)
{
	rec->body = file->at + MRT_HDR_LEN;
	rec->offset = file->offset;
	rec->number = ++file->stats.n_records;
	rec->skipped = 0;
	rec->text[0] = '\0';
	drop(file, MRT_HDR_LEN + rec->hdr.len);
	return MRT_FILE_RECORD;
}

enum mrt_file_event mrt_file_next(struct mrt_file *file, struct mrt_file_record *rec)
{
	if (file->is_done)
		return MRT_FILE_END;
	fill(file, AHEAD_LEN);
	if (avail(file) < MRT_HDR_LEN)
		return finish(file, rec);
	mrt_hdr_decode(file->at, &rec->hdr);
	if (rec->hdr.len > MRT_RECORD_MAX)
		return recover(file, rec);
	fill(file, MRT_HDR_LEN + rec->hdr.len + AHEAD_LEN);
	if (avail(file) < MRT_HDR_LEN + rec->hdr.len)
		return cut(file, rec);
	if (unlikely(!is_record(file, &rec->hdr)))
		return recover(file, rec);
	return deliver(file, rec);
}
