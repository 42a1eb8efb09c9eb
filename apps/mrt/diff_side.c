// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/diff_side.h"

#include "dataplane/base/intern.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD_MAX = 20 };
#define INTERN_MAX (64ull << 30) // memory ends first

// A route that was read and not yet asked for, or all of them.
struct kept {
	struct bgp_prefix prefix;
	uint16_t peer;
	bool add_path;
	uint8_t as_bytes;
	uint32_t path_id;
	uint32_t attrs; // id
};

struct side_source {
	struct mrt_file *file;
	struct walk *walk;
	struct mrt_file_record rec;
	struct intern *attrs;
	struct kept *kept; // a queue: of a record, or of the file
	size_t n, at, max;
	bool in_memory, is_over;
	struct bgp_prefix last;
	unsigned n_told;
	int code;
};

int side_prefix_compare(const struct bgp_prefix *a, const struct bgp_prefix *b)
{
	int order = a->family - b->family;

	if (!order)
		order = memcmp(a->bytes, b->bytes, sizeof(a->bytes));
	return order ? order : a->len - b->len;
}

static int kept_compare(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return side_prefix_compare(&x->prefix, &y->prefix);
}

static void tell(struct side *s, const char *text)
{
	struct side_source *src = s->source;

	s->n_bad++;
	if (src->n_told < TOLD_MAX)
		fprintf(stderr, "%s\n", text);
	else if (src->n_told == TOLD_MAX)
		fprintf(stderr, "%s: more errors are only counted\n", s->path);
	src->n_told++;
}

int side_open(struct side *s, const char *path, bool in_memory, struct where *where,
	      struct peerset *peers, struct err *err)
{
	struct side_source *src = calloc(1, sizeof(*src));

	*s = (struct side){.path = path, .where = where, .peers = peers, .source = src};
	if (!src)
		return err_set(err, ENOMEM, "no memory");
	src->in_memory = in_memory;
	src->file = mrt_file_open(path, err);
	if (!src->file)
		return -err->code;
	src->walk = walk_new();
	src->attrs = intern_new(INTERN_MAX);
	return src->walk && src->attrs ? 0 : err_set(err, ENOMEM, "no memory");
}

static void queue_drop(struct side_source *src)
{
	for (size_t i = src->at; i < src->n; i++)
		intern_put(src->attrs, src->kept[i].attrs);
	src->n = src->at = 0;
}

void side_close(struct side *s)
{
	struct side_source *src = s->source;

	if (src) {
		if (src->attrs)
			queue_drop(src);
		free(src->kept);
		intern_free(src->attrs);
		walk_free(src->walk);
		mrt_file_close(src->file);
	}
	free(src);
	free(s->route);
	free(s->bytes);
	s->source = NULL;
	s->route = NULL;
	s->bytes = NULL;
}

static bool queue_grow(struct side_source *src)
{
	size_t max = src->max ? 2 * src->max : 1024;
	struct kept *bigger;

	if (src->n < src->max)
		return true;
	bigger = realloc(src->kept, max * sizeof(*bigger));
	if (!bigger)
		return false;
	src->kept = bigger;
	src->max = max;
	return true;
}

static void event_take(void *arg, const struct event *ev)
{
	struct side *s = arg;
	struct side_source *src = s->source;
	struct kept *k;
	int peer;

	if (ev->kind != EVENT_RIB || src->code || !where_matches(s->where, ev))
		return;
	if (!ev->prefix.family || ev->safi != MRT_SAFI_UNICAST) {
		s->n_other++;
		return;
	}
	peer = peerset_add(s->peers, ev->peer);
	if (peer < 0 || !queue_grow(src)) {
		src->code = peer < 0 ? peer : -ENOMEM;
		return;
	}
	k = &src->kept[src->n];
	*k = (struct kept){.prefix = ev->prefix,
			   .peer = (uint16_t)peer,
			   .add_path = ev->add_path,
			   .as_bytes = ev->attrs->as_bytes,
			   .path_id = ev->path_id};
	src->code = intern_get(src->attrs, ev->attrs->bytes, ev->attrs->len, &k->attrs);
	src->n += src->code == 0;
}

// The routes of the next record that has some go to the queue; false: none has.
static bool record_read(struct side *s)
{
	struct side_source *src = s->source;
	struct fault fault = {.code = FAULT_NONE};
	enum mrt_file_event event;
	char text[512];
	int code;

	event = mrt_file_next(src->file, &src->rec);
	mrt_file_stats_get(src->file, &s->file);
	if (event == MRT_FILE_END) {
		src->is_over = true;
		return false;
	}
	if (event != MRT_FILE_RECORD) {
		tell(s, src->rec.text);
		return true;
	}
	code = walk_record(src->walk, &src->rec.hdr, src->rec.body, event_take, s, &fault);
	if (code == -EBADMSG) {
		snprintf(text, sizeof(text),
			 "%s: record %" PRIu64 " at offset %" PRIu64 ", byte %u: %s", s->path,
			 src->rec.number, src->rec.offset, MRT_HDR_LEN + fault.at,
			 fault_text(fault.code));
		tell(s, text);
	} else if (code) {
		src->code = code;
	}
	return !src->code;
}

// Something is in the queue, or it is over.
static int queue_fill(struct side *s)
{
	struct side_source *src = s->source;

	if (src->at < src->n)
		return 0;
	src->at = src->n = 0;
	while (!src->is_over && (src->in_memory || src->n == 0))
		if (!record_read(s))
			break;
	if (src->in_memory && src->n && !src->code)
		qsort(src->kept, src->n, sizeof(*src->kept), kept_compare);
	return src->code;
}

static int route_add(struct side *s, const struct kept *k)
{
	size_t len = 0, max = s->max ? 2 * s->max : 64;
	const void *attrs = intern_bytes(s->source->attrs, k->attrs, &len);
	void *bigger;

	if (s->n == s->max) {
		bigger = realloc(s->route, max * sizeof(*s->route));
		if (!bigger)
			return -ENOMEM;
		s->route = bigger;
		s->max = max;
	}
	if (!s->bytes || s->n_bytes + len > s->max_bytes) {
		max = 2 * (s->n_bytes + len) + 64;
		bigger = realloc(s->bytes, max);
		if (!bigger)
			return -ENOMEM;
		s->bytes = bigger;
		s->max_bytes = max;
	}
	if (len)
		memcpy(s->bytes + s->n_bytes, attrs, len);
	s->route[s->n++] = (struct side_route){.peer = k->peer,
					       .path_id = k->path_id,
					       .add_path = k->add_path,
					       .as_bytes = k->as_bytes,
					       .attrs_at = s->n_bytes,
					       .attrs_len = len};
	s->n_bytes += len;
	return 0;
}

int side_next(struct side *s)
{
	struct side_source *src = s->source;
	int code;

	s->n = s->n_bytes = 0;
	while ((code = queue_fill(s)) == 0 && src->at < src->n) {
		const struct kept *k = &src->kept[src->at];

		if (s->n == 0)
			s->prefix = k->prefix;
		else if (side_prefix_compare(&s->prefix, &k->prefix) != 0)
			break;
		code = route_add(s, k);
		if (code)
			return code;
		intern_put(src->attrs, k->attrs);
		src->at++;
	}
	if (code || s->n == 0)
		return code;
	if (src->last.family && side_prefix_compare(&s->prefix, &src->last) <= 0)
		return -ESTALE;
	src->last = s->prefix;
	s->n_routes += s->n;
	s->n_prefixes++;
	return 0;
}
