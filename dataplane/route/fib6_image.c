// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/fib6_image.h"

#include <string.h>

static void *at(const struct fib6 *fib, uint32_t entry)
{
	return arena_at(&fib->arena, (entry & FIB6_OFF) * (FIB6_ALIGN / ARENA_UNIT));
}

// Arena offsets count in finer units; what lies beyond FIB6_OFF was not asked for.
static uint32_t alloc(struct fib6 *fib, size_t len)
{
	return arena_alloc(&fib->arena, len) / (FIB6_ALIGN / ARENA_UNIT);
}

static void retire(struct fib6 *fib, uint32_t entry, size_t len)
{
	arena_retire(&fib->arena, (entry & FIB6_OFF) * (FIB6_ALIGN / ARENA_UNIT), len);
}

static uint32_t load(const _Atomic uint32_t *entry)
{
	return atomic_load_explicit(entry, memory_order_relaxed);
}

static uint16_t value_of(const struct fib6_line *line, unsigned i)
{
	return atomic_load_explicit(&line->value[i], memory_order_relaxed);
}

static void value_set(struct fib6_line *line, unsigned i, uint16_t value)
{
	atomic_store_explicit(&line->value[i], value, memory_order_relaxed);
}

// Flats and dirs.

uint32_t fib6_flat_new(struct fib6 *fib, const uint32_t value[256])
{
	uint32_t off = alloc(fib, FIB6_FLAT_LEN);

	if (!off)
		return FIB6_UNBUILT;
	memcpy(at(fib, off), value, FIB6_FLAT_LEN);
	return FIB6_CHILD | off;
}

_Atomic uint32_t *fib6_flat_at(const struct fib6 *fib, uint32_t entry, unsigned byte)
{
	return (_Atomic uint32_t *)at(fib, entry) + byte;
}

// Lines.

static unsigned bits_of(uint32_t lines)
{
	return (lines & FIB6_BITS) >> FIB6_BITS_AT;
}

void fib6_run_add(struct fib6_runs *runs, unsigned start, uint16_t value)
{
	if (runs->n > FIB6_RUNS_MAX)
		return;
	runs->is_deep |= value == FIB6_DEEP;
	if (runs->n && value != FIB6_DEEP && runs->run[runs->n - 1].value == value)
		return;
	runs->run[runs->n++] = (struct fib6_run){(uint16_t)start, value};
}

static bool line_add(struct fib6_line *line, unsigned *n, const struct fib6_run *run)
{
	if (*n && run->value != FIB6_DEEP && value_of(line, *n - 1) == run->value)
		return true;
	if (*n == FIB6_LINE_RUNS)
		return false;
	line->start[*n] = run->start;
	value_set(line, (*n)++, run->value);
	return true;
}

struct draft {
	struct fib6_line line[1 << FIB6_LINES_BITS];
	unsigned n[1 << FIB6_LINES_BITS];
};

static unsigned run_end(const struct fib6_runs *runs, unsigned i)
{
	return i + 1 < runs->n ? runs->run[i + 1].start - 1u : runs->last;
}

// A run goes into each line that holds one of its keys. Returns whether all fit.
static bool draft_fill(struct draft *d, const struct fib6_runs *runs, unsigned bits, unsigned shift)
{
	unsigned n_lines = 1u << bits;

	memset(d->n, 0, n_lines * sizeof(*d->n));
	for (unsigned i = 0; i < runs->n; i++) {
		unsigned w = runs->run[i].start >> shift, n = (run_end(runs, i) >> shift) - w + 1;

		for (n = n < n_lines ? n : n_lines; n; n--, w++) {
			unsigned at = w & (n_lines - 1);

			if (!line_add(&d->line[at], &d->n[at], &runs->run[i]))
				return false;
		}
	}
	return true;
}

// Whether they may fit: counted without what becomes one in a line.
static bool is_hopeful(const struct fib6_runs *runs, unsigned bits, unsigned shift)
{
	unsigned n_lines = 1u << bits, max = 0;
	uint8_t n[1 << FIB6_LINES_BITS] = {0};

	if (!bits)
		return runs->n <= FIB6_LINE_RUNS;
	for (unsigned i = 0; i < runs->n && max <= FIB6_LINE_RUNS; i++) {
		unsigned w = runs->run[i].start >> shift, end = run_end(runs, i) >> shift;

		// one that covers all lines often goes on with the last such one
		if (end - w >= n_lines - 1)
			continue;
		for (; w <= end; w++) {
			unsigned at = w & (n_lines - 1);

			n[at]++;
			max = n[at] > max ? n[at] : max;
		}
	}
	return max <= FIB6_LINE_RUNS;
}

// What is left over answers for key 0xffff, if that is among the line's keys.
static void line_end(struct fib6_line *line, unsigned n)
{
	uint16_t last = value_of(line, n - 1);
	bool is_other = last == FIB6_DEEP && line->start[n - 1] != 0xffff;

	for (; n < FIB6_LINE_RUNS; n++) {
		line->start[n] = 0xffff;
		value_set(line, n, is_other ? 0 : last);
	}
}

// Few lines are better than many; which bits choose is tried out. Any 256 runs of
// one byte fit 16 lines.
static bool draft_find(struct draft *d, const struct fib6_runs *runs, unsigned *bits,
		       unsigned *shift)
{
	for (*bits = 0; *bits <= FIB6_LINES_BITS; ++*bits) {
		if (runs->n > (unsigned)FIB6_LINE_RUNS << *bits)
			continue;
		for (*shift = *bits ? 17 - *bits : 1; (*shift)--;)
			if (is_hopeful(runs, *bits, *shift) && draft_fill(d, runs, *bits, *shift))
				return true;
	}
	return false;
}

static uint32_t lines_alloc(struct fib6 *fib, unsigned bits, unsigned shift, bool is_deep)
{
	uint32_t off = alloc(fib, (size_t)(FIB6_ALIGN << bits) << is_deep);

	if (!off)
		return FIB6_UNBUILT;
	return FIB6_CHILD | FIB6_LINES | bits << FIB6_BITS_AT | shift << FIB6_SHIFT_AT | off;
}

uint32_t fib6_lines_new(struct fib6 *fib, const struct fib6_runs *runs)
{
	const struct fib6_run nothing = {0};
	struct draft draft;
	unsigned bits, shift;
	struct fib6_line *line;
	uint32_t lines;

	if (runs->n > FIB6_RUNS_MAX || !draft_find(&draft, runs, &bits, &shift))
		return 0;
	lines = lines_alloc(fib, bits, shift, runs->is_deep);
	if (lines == FIB6_UNBUILT)
		return lines;
	line = at(fib, lines);
	for (unsigned i = 0; i < 1u << bits; i++) {
		if (!draft.n[i]) // no key of the byte comes here
			(void)line_add(&draft.line[i], &draft.n[i], &nothing);
		line_end(&draft.line[i], draft.n[i]);
		line[i] = draft.line[i];
	}
	for (unsigned i = 0; runs->is_deep && i < (unsigned)FIB6_LINE_RUNS << bits; i++)
		atomic_init((_Atomic uint32_t *)&line[1u << bits] + i, FIB6_UNBUILT);
	return lines;
}

// A place is in use unless the next one has the same start.
static bool is_live(const struct fib6_line *line, unsigned i)
{
	return i + 1 == FIB6_LINE_RUNS || line->start[i] != line->start[i + 1];
}

static bool line_is_deep(const struct fib6_line *line)
{
	bool deep = false;

	for (unsigned i = 0; i < FIB6_LINE_RUNS; i++)
		deep |= value_of(line, i) == FIB6_DEEP;
	return deep;
}

static bool is_deep(const struct fib6 *fib, uint32_t lines)
{
	const struct fib6_line *line = at(fib, lines);
	bool deep = false;

	for (unsigned l = 0; l < 1u << bits_of(lines); l++)
		deep |= line_is_deep(&line[l]);
	return deep;
}

unsigned fib6_lines_count(const struct fib6 *fib, uint32_t lines)
{
	const struct fib6_line *line = at(fib, lines);
	unsigned n = 0;

	for (unsigned l = 0; l < 1u << bits_of(lines); l++)
		for (unsigned i = 0; i < FIB6_LINE_RUNS; i++)
			n += is_live(&line[l], i);
	return n;
}

size_t fib6_lines_len(const struct fib6 *fib, uint32_t lines)
{
	return (size_t)(FIB6_ALIGN << bits_of(lines)) << is_deep(fib, lines);
}

struct fib6_spot fib6_lines_spot(const struct fib6 *fib, uint32_t lines, unsigned key)
{
	uint32_t l = fib6_line_of(lines, key);
	struct fib6_line *line = (struct fib6_line *)at(fib, lines) + l;

	return (struct fib6_spot){
		.line = line,
		.children = (struct fib6_children *)fib6_children_of(fib->mem, lines, l),
		.at = fib6_place(line, key),
	};
}

_Atomic uint32_t *fib6_pair_child(const struct fib6 *fib, uint32_t pair, unsigned key)
{
	struct fib6_spot spot;

	if (!(pair & FIB6_LINES))
		pair = load(fib6_flat_at(fib, pair, key >> 8));
	if (!(pair & FIB6_CHILD))
		return NULL;
	spot = fib6_lines_spot(fib, pair, key);
	return value_of(spot.line, spot.at) == FIB6_DEEP ? &spot.children->child[spot.at] : NULL;
}

// The first key from key on that the line answers; none below 65536: 65536.
static unsigned key_next(uint32_t lines, unsigned line, unsigned key)
{
	unsigned shift = (lines & FIB6_SHIFT) >> FIB6_SHIFT_AT, bits = bits_of(lines);
	unsigned mask = (1u << bits) - 1, now = key >> shift & mask;

	if (now != line)
		key = ((key >> shift) + ((line - now) & mask)) << shift;
	return key < 1 << 16 ? key : 1 << 16;
}

// The keys that a line answers for, and which of them a change is about.
struct range {
	uint32_t lines;
	unsigned line;
	unsigned first, last; // of the pair, or of the byte
	unsigned from, to;
};

static struct range range_of(uint32_t lines, unsigned line, bool is_byte, unsigned from,
			     unsigned to)
{
	return (struct range){
		lines, line, is_byte ? from & 0xff00 : 0, is_byte ? from | 0xff : 0xffff, from, to,
	};
}

static bool has_before(const struct range *r)
{
	return key_next(r->lines, r->line, r->first) < r->from;
}

// The first key behind the change, 65536 if there is none.
static unsigned key_behind(const struct range *r)
{
	unsigned behind = key_next(r->lines, r->line, r->to + 1);

	return behind <= r->last ? behind : 1 << 16;
}

static bool is_alone(const struct fib6_line *line, unsigned at, const struct range *r)
{
	unsigned behind = key_behind(r), next = at + 1;

	return (line->start[at] == r->from || !has_before(r)) &&
	       (behind >> 16 || (next < FIB6_LINE_RUNS && line->start[next] <= behind));
}

bool fib6_lines_set(struct fib6 *fib, uint32_t lines, unsigned key, bool is_byte, uint16_t value)
{
	struct fib6_spot spot = fib6_lines_spot(fib, lines, key);
	struct range r = range_of(lines, fib6_line_of(lines, key), is_byte, key, key);
	uint16_t old = value_of(spot.line, spot.at);

	if (old == value)
		return true;
	if (old == FIB6_DEEP || !is_alone(spot.line, spot.at, &r))
		return false;
	atomic_store_explicit(&spot.line->value[spot.at], value, memory_order_release);
	return true;
}

// Splicing: a line of new places, those of the old one where nothing changes.
struct splice {
	struct fib6_line line;
	unsigned n; // more than FIB6_LINE_RUNS: too many
};

static void place_add(struct splice *s, unsigned start, uint16_t value)
{
	if (start == 0xffff && s->n && s->n <= FIB6_LINE_RUNS && value != FIB6_DEEP &&
	    value_of(&s->line, s->n - 1) == value)
		return; // a place that was left over
	if (s->n < FIB6_LINE_RUNS) {
		s->line.start[s->n] = (uint16_t)start;
		value_set(&s->line, s->n, value);
	}
	s->n++;
}

// The new runs; if keep, the starts of old places remain: what went often comes back.
static void runs_splice(struct splice *s, const struct range *r, const struct fib6_line *old,
			const struct fib6_runs *runs, bool keep)
{
	unsigned at = 0;

	for (unsigned i = 0; i < runs->n; i++) {
		const struct fib6_run *run = &runs->run[i];
		unsigned end = run_end(runs, i);

		if (key_next(r->lines, r->line, run->start) <= end)
			place_add(s, run->start, run->value);
		while (at < FIB6_LINE_RUNS && old->start[at] <= run->start)
			at++;
		for (; keep && at < FIB6_LINE_RUNS && old->start[at] <= end; at++)
			if (is_live(old, at))
				place_add(s, old->start[at], run->value);
	}
}

static void line_splice(struct splice *s, const struct range *r, const struct fib6_line *old,
			const struct fib6_runs *runs, bool keep)
{
	unsigned behind = key_behind(r), i = 0;

	s->n = 0;
	for (; i < FIB6_LINE_RUNS && old->start[i] < r->from; i++)
		if (is_live(old, i) && has_before(r))
			place_add(s, old->start[i], value_of(old, i));
	runs_splice(s, r, old, runs, keep);
	while (i < FIB6_LINE_RUNS && old->start[i] <= r->to)
		i++;
	if (!(behind >> 16) && (i == FIB6_LINE_RUNS || old->start[i] > behind))
		place_add(s, r->to + 1, value_of(old, fib6_place(old, behind)));
	for (; i < FIB6_LINE_RUNS; i++)
		if (is_live(old, i))
			place_add(s, old->start[i], value_of(old, i));
	if (s->n <= FIB6_LINE_RUNS)
		line_end(&s->line, s->n);
}

// Whether the values of b may be stored in a one by one.
static bool is_same_shape(const struct fib6_line *a, const struct fib6_line *b)
{
	bool same = !memcmp(a->start, b->start, sizeof(a->start));

	for (unsigned i = 0; i < FIB6_LINE_RUNS; i++)
		same &= (value_of(a, i) == FIB6_DEEP) == (value_of(b, i) == FIB6_DEEP);
	return same;
}

static void values_store(struct fib6_line *to, const struct fib6_line *from)
{
	for (unsigned i = 0; i < FIB6_LINE_RUNS; i++)
		if (value_of(to, i) != value_of(from, i))
			atomic_store_explicit(&to->value[i], value_of(from, i),
					      memory_order_release);
}

static uint32_t lines_copy(struct fib6 *fib, uint32_t lines, const struct splice splice[],
			   unsigned touched)
{
	unsigned n = 1u << bits_of(lines);
	const struct fib6_line *from[1 << FIB6_LINES_BITS];
	struct fib6_line *line;
	bool deep = false;
	uint32_t new;

	for (unsigned l = 0; l < n; l++) {
		from[l] =
			touched >> l & 1 ? &splice[l].line : (struct fib6_line *)at(fib, lines) + l;
		deep |= line_is_deep(from[l]);
	}
	new = lines_alloc(fib, bits_of(lines), (lines & FIB6_SHIFT) >> FIB6_SHIFT_AT, deep);
	if (new == FIB6_UNBUILT)
		return new;
	line = at(fib, new);
	for (unsigned l = 0; l < n; l++)
		memcpy((void *)&line[l], from[l], sizeof(*line));
	for (unsigned i = 0; deep && i < FIB6_LINE_RUNS * n; i++)
		atomic_init((_Atomic uint32_t *)&line[n] + i, FIB6_UNBUILT);
	return new;
}

uint32_t fib6_lines_splice(struct fib6 *fib, uint32_t lines, const struct fib6_runs *runs,
			   bool is_byte)
{
	struct fib6_line *line = at(fib, lines);
	struct splice splice[1 << FIB6_LINES_BITS];
	unsigned touched = 0;
	bool same = true;

	if (runs->n > FIB6_RUNS_MAX)
		return 0;
	for (unsigned l = 0; l < 1u << bits_of(lines); l++) {
		struct range r = range_of(lines, l, is_byte, runs->first, runs->last);

		if (key_next(lines, l, r.from) > r.to)
			continue;
		line_splice(&splice[l], &r, &line[l], runs, true);
		if (splice[l].n > FIB6_LINE_RUNS)
			line_splice(&splice[l], &r, &line[l], runs, false);
		if (splice[l].n > FIB6_LINE_RUNS)
			return 0;
		touched |= 1u << l;
		same &= is_same_shape(&line[l], &splice[l].line);
	}
	if (!same)
		return lines_copy(fib, lines, splice, touched);
	for (unsigned l = 0; l < 1u << bits_of(lines); l++)
		if (touched >> l & 1)
			values_store(&line[l], &splice[l].line);
	return lines;
}

void fib6_lines_children(const struct fib6 *fib, uint32_t lines, fib6_child_fn *fn, void *arg)
{
	const struct fib6_line *line = at(fib, lines);
	unsigned n = 1u << bits_of(lines);
	struct fib6_children *children = (struct fib6_children *)(line + n);

	for (unsigned l = 0; l < n; l++)
		for (unsigned i = 0; i < FIB6_LINE_RUNS; i++)
			if (is_live(&line[l], i) && value_of(&line[l], i) == FIB6_DEEP)
				fn(arg, line[l].start[i], &children[l].child[i]);
}

// Away with it.

void fib6_image_retire(struct fib6 *fib, uint32_t entry)
{
	if (entry & FIB6_CHILD)
		retire(fib, entry,
		       entry & FIB6_LINES ? fib6_lines_len(fib, entry) : (size_t)FIB6_FLAT_LEN);
}

static void child_retire(void *fib, unsigned key, _Atomic uint32_t *child)
{
	fib6_tree_retire(fib, load(child));
}

void fib6_tree_retire(struct fib6 *fib, uint32_t entry)
{
	if (!(entry & FIB6_CHILD))
		return;
	if (entry & FIB6_LINES)
		fib6_lines_children(fib, entry, child_retire, fib);
	for (unsigned i = 0; !(entry & FIB6_LINES) && i < 256; i++)
		fib6_tree_retire(fib, load(fib6_flat_at(fib, entry, i)));
	fib6_image_retire(fib, entry);
}

// Sanity.

struct sanity {
	const struct fib6 *fib;
	unsigned depth;
	size_t *bytes;
	bool is_sane;
};

static void child_check(void *arg, unsigned key, _Atomic uint32_t *child)
{
	struct sanity *s = arg;

	s->is_sane &= fib6_tree_is_sane(s->fib, load(child), s->depth + 2, s->bytes);
}

static bool line_is_sane(const struct fib6_line *line)
{
	for (unsigned i = 1; i < FIB6_LINE_RUNS; i++)
		if (line->start[i] < line->start[i - 1])
			return false;
	return true;
}

static bool flat_is_sane(const struct fib6 *fib, uint32_t entry, unsigned depth, size_t *bytes)
{
	bool is_dir = depth >= FIB6_PAIR_DEPTH;

	*bytes += FIB6_FLAT_LEN;
	for (unsigned i = 0; i < 256; i++) {
		uint32_t below = load(fib6_flat_at(fib, entry, i));

		if (is_dir && below & FIB6_CHILD && !(below & FIB6_LINES))
			return false;
		if (!fib6_tree_is_sane(fib, below, depth + !is_dir, bytes))
			return false;
	}
	return true;
}

bool fib6_tree_is_sane(const struct fib6 *fib, uint32_t entry, unsigned depth, size_t *bytes)
{
	struct sanity s = {fib, depth, bytes, depth >= FIB6_PAIR_DEPTH && depth < 16};
	const struct fib6_line *line = at(fib, entry);

	if (!(entry & FIB6_CHILD))
		return true;
	if (!(entry & FIB6_LINES))
		return flat_is_sane(fib, entry, depth, bytes);
	*bytes += fib6_lines_len(fib, entry);
	for (unsigned l = 0; l < 1u << bits_of(entry); l++)
		s.is_sane &= line_is_sane(&line[l]);
	fib6_lines_children(fib, entry, child_check, &s);
	return s.is_sane;
}
