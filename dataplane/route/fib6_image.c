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

struct draft {
	struct fib6_line line[1 << FIB6_LINES_BITS];
	unsigned n[1 << FIB6_LINES_BITS];
};

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

// A run goes into each line that holds one of its keys. Returns whether all fit.
static bool draft_fill(struct draft *d, const struct fib6_runs *runs, unsigned bits, unsigned shift)
{
	unsigned n_lines = 1u << bits;

	memset(d->n, 0, n_lines * sizeof(*d->n));
	for (unsigned i = 0; i < runs->n; i++) {
		unsigned end = i + 1 < runs->n ? runs->run[i + 1].start - 1u : runs->last;
		unsigned w = runs->run[i].start >> shift, n = (end >> shift) - w + 1;

		for (n = n < n_lines ? n : n_lines; n; n--, w++) {
			unsigned at = w & (n_lines - 1);

			if (!line_add(&d->line[at], &d->n[at], &runs->run[i]))
				return false;
		}
	}
	return true;
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
			if (draft_fill(d, runs, *bits, *shift))
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

static bool is_deep(const struct fib6 *fib, uint32_t lines)
{
	const struct fib6_line *line = at(fib, lines);
	bool deep = false;

	for (unsigned l = 0; l < 1u << bits_of(lines); l++)
		for (unsigned i = 0; i < FIB6_LINE_RUNS; i++)
			deep |= value_of(&line[l], i) == FIB6_DEEP;
	return deep;
}

size_t fib6_lines_len(const struct fib6 *fib, uint32_t lines)
{
	return (size_t)(FIB6_ALIGN << bits_of(lines)) << is_deep(fib, lines);
}

bool fib6_lines_are_equal(const struct fib6 *fib, uint32_t a, uint32_t b)
{
	return a & b & FIB6_LINES && !((a ^ b) & ~FIB6_OFF) &&
	       !memcmp(at(fib, a), at(fib, b), (size_t)FIB6_ALIGN << bits_of(a));
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

// The keys before and behind that the same line answers; out of the range if none.
static int key_before(uint32_t lines, unsigned key)
{
	unsigned shift = (lines & FIB6_SHIFT) >> FIB6_SHIFT_AT, bits = bits_of(lines);
	int block = 1 << (shift + bits), l = (int)fib6_line_of(lines, key);

	if (key && (int)fib6_line_of(lines, key - 1) == l)
		return (int)key - 1;
	return ((int)key & -block) - block + ((l + 1) << shift) - 1;
}

static int key_behind(uint32_t lines, unsigned key)
{
	unsigned shift = (lines & FIB6_SHIFT) >> FIB6_SHIFT_AT, bits = bits_of(lines);
	int block = 1 << (shift + bits), l = (int)fib6_line_of(lines, key);

	if ((int)fib6_line_of(lines, key + 1) == l)
		return (int)key + 1;
	return ((int)key & -block) + block + (l << shift);
}

// The neighbours of key in its line, -1 and 65536 where there are none.
static void neighbours(uint32_t lines, unsigned key, bool is_byte, int *before, int *behind)
{
	int first = is_byte ? (int)(key & 0xff00) : 0, last = is_byte ? first + 0xff : 0xffff;

	*before = key_before(lines, key);
	*behind = key_behind(lines, key);
	if (*before < first)
		*before = -1;
	if (*behind > last)
		*behind = 1 << 16;
}

static bool is_alone(const struct fib6_line *line, unsigned at, int before, int behind)
{
	bool from = before < 0 || line->start[at] > before;
	bool to = behind > 0xffff || (at + 1 < FIB6_LINE_RUNS && line->start[at + 1] <= behind);

	return from && to;
}

bool fib6_lines_set(struct fib6 *fib, uint32_t lines, unsigned key, bool is_byte, uint16_t value)
{
	struct fib6_spot spot = fib6_lines_spot(fib, lines, key);
	int before, behind;

	neighbours(lines, key, is_byte, &before, &behind);
	if (value_of(spot.line, spot.at) == FIB6_DEEP ||
	    !is_alone(spot.line, spot.at, before, behind))
		return false;
	atomic_store_explicit(&spot.line->value[spot.at], value, memory_order_release);
	return true;
}

struct edit {
	struct fib6_line *line;
	struct fib6_children *children; // NULL: has none
	unsigned n;
	bool is_full;
};

static void edit_add(struct edit *e, unsigned start, uint16_t value, uint32_t child)
{
	if (start == 0xffff && e->n && value != FIB6_DEEP && value_of(e->line, e->n - 1) == value)
		return; // a place that was left over
	e->is_full |= e->n == FIB6_LINE_RUNS;
	if (e->is_full)
		return;
	e->line->start[e->n] = (uint16_t)start;
	value_set(e->line, e->n, value);
	if (e->children)
		atomic_init(&e->children->child[e->n], child);
	e->n++;
}

// Writes the places of spot's line anew, key with a place of its own.
static void edit_run(struct edit *e, const struct fib6_spot *spot, unsigned key, uint16_t value,
		     int before, int behind)
{
	const struct fib6_line *line = spot->line;
	unsigned next = spot->at + 1;

	for (unsigned i = 0; i < next; i++)
		if (is_live(line, i) && before >= 0 && line->start[i] < key)
			edit_add(e, line->start[i], value_of(line, i),
				 e->children ? load(&spot->children->child[i]) : 0);
	edit_add(e, key, value, FIB6_UNBUILT);
	if (behind <= 0xffff && (next == FIB6_LINE_RUNS || line->start[next] > behind))
		edit_add(e, (unsigned)behind, value_of(line, spot->at), FIB6_UNBUILT);
	for (unsigned i = next; i < FIB6_LINE_RUNS; i++)
		if (is_live(line, i))
			edit_add(e, line->start[i], value_of(line, i),
				 e->children ? load(&spot->children->child[i]) : 0);
}

// The last place, where key 0xffff looks, has to have its child there.
static void edit_end(struct edit *e)
{
	unsigned last = e->n - 1;

	line_end(e->line, e->n);
	if (e->children && e->line->start[last] == 0xffff)
		atomic_init(&e->children->child[FIB6_LINE_RUNS - 1],
			    load(&e->children->child[last]));
}

uint32_t fib6_lines_with(struct fib6 *fib, uint32_t lines, unsigned key, bool is_byte,
			 uint16_t value)
{
	struct fib6_spot spot = fib6_lines_spot(fib, lines, key), to;
	bool deep = is_deep(fib, lines);
	int before, behind;
	struct fib6_line line;
	struct fib6_children children;
	struct edit e = {.line = &line, .children = deep ? &children : NULL};
	uint32_t new;

	if (value_of(spot.line, spot.at) == FIB6_DEEP)
		return 0;
	neighbours(lines, key, is_byte, &before, &behind);
	edit_run(&e, &spot, key, value, before, behind);
	if (e.is_full)
		return 0;
	edit_end(&e);
	new = lines_alloc(fib, bits_of(lines), (lines & FIB6_SHIFT) >> FIB6_SHIFT_AT, deep);
	if (new == FIB6_UNBUILT)
		return new;
	memcpy(at(fib, new), at(fib, lines), (size_t)(FIB6_ALIGN << bits_of(lines)) << deep);
	to = fib6_lines_spot(fib, new, key);
	*to.line = line;
	if (deep)
		*to.children = children;
	return new;
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
