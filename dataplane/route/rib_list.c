// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/rib_list.h"

#include "dataplane/base/err.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct rib_path) == 16, "further paths cost 16 bytes, 20 with spare room");
static_assert(RIB_PATHS_MAX * sizeof(struct rib_path) <= ARENA_BLOCK_MAX, "a list is a block");

static uint32_t load(const _Atomic uint32_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static void store(_Atomic uint32_t *word, uint32_t value)
{
	atomic_store_explicit(word, value, memory_order_release);
}

static struct rib_path *list_at(const struct rib *rib, uint32_t word)
{
	return arena_at(&rib->arena, word & ~RIB_LIST);
}

static unsigned count(const struct rib_path *path)
{
	unsigned n = 1;

	for (; !(load(&path->word) & RIB_LAST); path++)
		n++;
	return n;
}

// Room grows with the list, by at most a quarter: 20 bytes a further path.
static unsigned room(unsigned n)
{
	unsigned step = n <= 4 ? 1 : n <= 16 ? 2 : n <= 64 ? 4 : 16;

	return (n + step - 1) / step * step;
}

static size_t room_len(unsigned n)
{
	return room(n) * sizeof(struct rib_path);
}

static bool fits_word(const struct rib_path *path)
{
	return !(path->attrs | path->peer | path->id);
}

static bool key_is_equal(const struct rib_path *a, const struct rib_path *b)
{
	return a->peer == b->peer && a->id == b->id &&
	       rib_path_source(load(&a->word)) == rib_path_source(load(&b->word));
}

static unsigned find(const struct rib_path path[], unsigned n, const struct rib_path *key)
{
	unsigned i = 0;

	while (i < n && !key_is_equal(&path[i], key))
		i++;
	return i;
}

static unsigned pick(const struct rib *rib, const struct rib_spot *spot,
		     const struct rib_path path[], unsigned n)
{
	unsigned best = 0;

	if (n > 1 && rib->pick) {
		best = rib->pick(rib->pick_arg, spot->addr, spot->len, path, n);
		return best < n ? best : 0;
	}
	for (unsigned i = 1; i < n; i++)
		if (rib_path_rank(load(&path[i].word)) < rib_path_rank(load(&path[best].word)))
			best = i;
	return best;
}

// Puts path into place i of n. A worker that reads meanwhile sees the old best or
// the new one.
static void place(struct rib_path list[], unsigned i, unsigned n, const struct rib_path *path)
{
	uint32_t word = load(&path->word) & ~RIB_LAST;

	list[i].attrs = path->attrs;
	list[i].peer = path->peer;
	list[i].id = path->id;
	store(&list[i].word, word | (i + 1 == n ? RIB_LAST : 0));
}

static void copy(struct rib_path *to, const struct rib_path *from)
{
	memcpy((void *)to, (const void *)from, sizeof(*to));
}

// Brings the best of n to the front; who stood before it moves up by one.
static void best_first(struct rib *rib, const struct rib_spot *spot, struct rib_path list[],
		       unsigned n)
{
	unsigned best = pick(rib, spot, list, n);
	struct rib_path path;

	if (!best)
		return;
	copy(&path, &list[best]);
	for (unsigned i = best; i > 1; i--)
		place(list, i, n, &list[i - 1]);
	place(list, 1, n, &list[0]);
	place(list, 0, n, &path);
}

static uint32_t list_new(struct rib *rib, unsigned n)
{
	uint32_t off = arena_alloc(&rib->arena, room_len(n));

	return off ? RIB_LIST | off : 0;
}

static void removed_note(struct rib_change *change, const struct rib_path *path)
{
	change->removed = load(&path->word) & ~RIB_LAST;
	change->removed_attrs = path->attrs;
}

// The first path of a prefix, or another in the place of the only one.
static int word_make(struct rib *rib, const struct rib_path *path, uint32_t *new)
{
	*new = load(&path->word);
	if (fits_word(path))
		return 0;
	*new = list_new(rib, 1);
	if (!*new)
		return -ENOMEM;
	place(list_at(rib, *new), 0, 1, path);
	return 0;
}

// One path more, in place if there is room.
static int append(struct rib *rib, const struct rib_spot *spot, uint32_t word,
		  const struct rib_path old[], unsigned n, const struct rib_path *path,
		  uint32_t *new)
{
	struct rib_path *list;

	if (n == RIB_PATHS_MAX)
		return -ENOSPC;
	*new = word &RIB_LIST &&room(n) > n ? word : list_new(rib, n + 1);
	if (!*new)
		return -ENOMEM;
	list = list_at(rib, *new);
	place(list, n, n + 1, path);
	for (unsigned i = 0; i < n && *new != word; i++)
		place(list, i, n + 1, &old[i]);
	store(&list[n - 1].word, load(&list[n - 1].word) & ~RIB_LAST);
	best_first(rib, spot, list, n + 1);
	return 0;
}

int rib_list_add(struct rib *rib, const struct rib_spot *spot, uint32_t word,
		 const struct rib_path *path, uint32_t *new, struct rib_change *change)
{
	struct rib_path one;
	const struct rib_path *list;
	unsigned n, i;

	if (!word)
		return word_make(rib, path, new);
	if (!(word & RIB_LIST) && !(path->peer | path->id) &&
	    rib_path_source(word) == rib_path_source(load(&path->word))) {
		change->removed = word; // the common case
		return word_make(rib, path, new);
	}
	list = rib_paths(rib, word, &one, &n);
	i = find(list, n, path);
	if (i == n)
		return append(rib, spot, word, list, n, path, new);
	removed_note(change, &list[i]);
	if (n == 1 && fits_word(path))
		return word_make(rib, path, new);
	*new = word;
	place(list_at(rib, word), i, n, path);
	best_first(rib, spot, list_at(rib, word), n);
	return 0;
}

// The end of a list that became shorter: no worker reads there.
static void tail_free(struct rib *rib, uint32_t word, unsigned from, unsigned to)
{
	size_t len = room_len(from) - room_len(to);

	if (len)
		arena_free(&rib->arena, (word & ~RIB_LIST) + (uint32_t)(room_len(to) / ARENA_UNIT),
			   len);
}

uint32_t rib_list_del(struct rib *rib, const struct rib_spot *spot, uint32_t word,
		      const struct rib_path *path, struct rib_change *change)
{
	struct rib_path one, *list;
	const struct rib_path *old;
	unsigned n, i;

	if (!(word & RIB_LIST)) {
		if (word && !(path->peer | path->id) &&
		    rib_path_source(word) == rib_path_source(load(&path->word)))
			change->removed = word;
		return change->removed ? 0 : word;
	}
	old = rib_paths(rib, word, &one, &n);
	i = find(old, n, path);
	if (i == n)
		return word;
	removed_note(change, &old[i]);
	if (n == 1)
		return 0;
	if (n == 2 && fits_word(&old[!i]))
		return load(&old[!i].word) & ~RIB_LAST;
	list = list_at(rib, word);
	if (!i) {
		i = 1 + pick(rib, spot, list + 1, n - 1);
		place(list, 0, n, &list[i]);
	}
	for (; i + 1 < n; i++)
		place(list, i, n, &list[i + 1]);
	store(&list[n - 2].word, load(&list[n - 2].word) | RIB_LAST);
	tail_free(rib, word, n, n - 1);
	return word;
}

void rib_list_done(struct rib *rib, uint32_t old, uint32_t new)
{
	if (old & RIB_LIST && old != new)
		arena_retire(&rib->arena, old & ~RIB_LIST, room_len(count(list_at(rib, old))));
}

void rib_list_undo(struct rib *rib, uint32_t new)
{
	if (new &RIB_LIST)
		arena_free(&rib->arena, new & ~RIB_LIST, room_len(count(list_at(rib, new))));
}

const struct rib_path *rib_paths(const struct rib *rib, uint32_t word, struct rib_path *one,
				 unsigned *n)
{
	const struct rib_path *list;

	if (!(word & RIB_LIST)) {
		*one = (struct rib_path){.word = word};
		*n = word != 0;
		return one;
	}
	list = list_at(rib, word);
	*n = count(list);
	return list;
}

bool rib_list_is_sane(const struct rib *rib, uint32_t word, uint64_t *n_paths, size_t *bytes)
{
	const struct rib_path *list = list_at(rib, word);
	unsigned n = 0;

	do {
		if (!rib_path_nh(load(&list[n].word)) || find(list, n, &list[n]) != n)
			return false;
	} while (!(load(&list[n++].word) & RIB_LAST) && n < RIB_PATHS_MAX);
	*n_paths += n;
	*bytes += room_len(n);
	return load(&list[n - 1].word) & RIB_LAST && (n > 1 || !fits_word(list));
}
