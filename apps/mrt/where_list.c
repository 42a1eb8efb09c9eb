// SPDX-License-Identifier: BSD-3-Clause
// Lists of values: read from text or files, sorted, searched.
#include "apps/mrt/where_priv.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEM_MAX = 256, ITEMS_MAX = 4000000, FILES_DEPTH_MAX = 4 };

typedef int item_fn(struct where_list *list, const char *item, struct err *err);

static int items_parse(struct where_list *list, const char *text, unsigned depth, item_fn *fn,
		       struct err *err);

static int number_parse(const char *text, uint32_t *number)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	value = strtoul(text, &end, 10);
	if (*end || value > UINT32_MAX)
		return -EINVAL;
	*number = (uint32_t)value;
	return 0;
}

// Space for one more of n: sizes are powers of two.
static void *list_grow(void *list, unsigned n, size_t size)
{
	if (n & (n - 1) || n >= ITEMS_MAX)
		return n >= ITEMS_MAX ? NULL : list;
	return realloc(list, (n ? 2 * (size_t)n : 1) * size);
}

static int range_add(struct where_list *list, struct where_range range, struct err *err)
{
	struct where_range *bigger = list_grow(list->range, list->n_ranges, sizeof(range));

	if (!bigger)
		return err_set(err, ENOMEM, "no memory for so many values");
	list->range = bigger;
	list->range[list->n_ranges++] = range;
	return 0;
}

static int prefix_add(struct where_list *list, const struct prefix *prefix, struct err *err)
{
	struct prefix *bigger = list_grow(list->prefix, list->n_prefixes, sizeof(*prefix));

	if (!bigger)
		return err_set(err, ENOMEM, "no memory for so many values");
	list->prefix = bigger;
	list->prefix[list->n_prefixes++] = *prefix;
	if (prefix->family == 4)
		list->has_len4 |= 1ull << prefix->len;
	else
		list->has_len6[prefix->len / 64] |= 1ull << prefix->len % 64;
	return 0;
}

// "701", "AS701", "64512-65534".
static int range_item(struct where_list *list, const char *item, struct err *err)
{
	char text[ITEM_MAX], *to;
	struct where_range range;

	if (strncasecmp(item, "AS", 2) == 0)
		item += 2;
	snprintf(text, sizeof(text), "%s", item);
	to = strchr(text, '-');
	if (to)
		*to++ = 0;
	if (number_parse(text, &range.from) < 0 || number_parse(to ? to : text, &range.to) < 0 ||
	    range.to < range.from)
		return err_set(err, EINVAL,
			       "\"%s\" is no number; allowed are 701, AS701, 64512-65534", item);
	return range_add(list, range, err);
}

static int prefix_item(struct where_list *list, const char *item, struct err *err)
{
	struct prefix prefix;
	int rc = prefix_parse(item, &prefix);

	if (rc < 0)
		return err_set(err, EINVAL,
			       "\"%s\" is no prefix%s; allowed are 192.0.2.0/24, "
			       "2001:db8::/32, 192.0.2.1",
			       item, rc == -EDOM ? ": bits behind its length are set" : "");
	return prefix_add(list, &prefix, err);
}

// An address or an AS number.
static int peer_item(struct where_list *list, const char *item, struct err *err)
{
	struct prefix prefix;
	struct addr addr;

	if (addr_parse(item, &addr) < 0)
		return range_item(list, item, err);
	prefix = (struct prefix){.family = addr.family, .len = addr.family == 4 ? 32 : 128};
	memcpy(prefix.bytes, addr.bytes, sizeof(prefix.bytes));
	return prefix_add(list, &prefix, err);
}

static int community_refuse(const char *item, struct err *err)
{
	return err_set(err, EINVAL,
		       "\"%s\" is no community; allowed are 65000:100, 65000:*, *:666, no-export "
		       "(standard), 65000:1:2 (large), rt:65000:100, soo:192.0.2.1:5, "
		       "ext:0002fde8 (extended, the first bytes in hex)",
		       item);
}

// "65000:*:2" to numbers; returns how many, 0 if it is none.
static unsigned numbers_parse(const char *item, struct where_community *c)
{
	char text[ITEM_MAX], *at = text, *word;
	unsigned n = 0;

	snprintf(text, sizeof(text), "%s", item);
	while ((word = strsep(&at, ":"))) {
		struct addr addr;

		if (n == 3)
			return 0;
		c->is_any[n] = strcmp(word, "*") == 0;
		if (!c->is_any[n] && addr_parse(word, &addr) == 0 && addr.family == 4)
			c->number[n] = wire_get32(addr.bytes);
		else if (!c->is_any[n] && number_parse(word, &c->number[n]) < 0)
			return 0;
		n++;
	}
	return n;
}

static bool raw_parse(const char *hex, struct where_community *c)
{
	size_t len = strlen(hex);

	if (len == 0 || len % 2 || len > 2 * sizeof(c->raw))
		return false;
	for (size_t i = 0; i < len; i += 2) {
		unsigned byte;

		if (!isxdigit((unsigned char)hex[i]) || !isxdigit((unsigned char)hex[i + 1]) ||
		    sscanf(hex + i, "%2x", &byte) != 1)
			return false;
		c->raw[c->n++] = (uint8_t)byte;
	}
	return true;
}

static bool name_parse(const char *item, struct where_community *c)
{
	static const struct {
		const char *name;
		uint16_t low;
	} names[] = {{"graceful-shutdown", 0}, {"accept-own", 1},
		     {"llgr-stale", 6},	       {"no-llgr", 7},
		     {"blackhole", 666},       {"no-export", 0xff01},
		     {"no-advertise", 0xff02}, {"no-export-subconfed", 0xff03},
		     {"no-peer", 0xff04}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(names[i].name, item) == 0) {
			c->number[0] = 0xffff;
			c->number[1] = names[i].low;
			c->n = 2;
			return true;
		}
	return false;
}

static bool community_parse(const char *item, struct where_community *c)
{
	if (strncmp(item, "ext:", 4) == 0) {
		c->kind = WHERE_RAW;
		return raw_parse(item + 4, c);
	}
	if (strncmp(item, "rt:", 3) == 0 || strncmp(item, "soo:", 4) == 0) {
		c->kind = WHERE_EXTENDED;
		c->subtype = item[0] == 'r' ? 2 : 3;
		c->n = (uint8_t)numbers_parse(strchr(item, ':') + 1, c);
		return c->n == 2;
	}
	if (name_parse(item, c))
		return true;
	c->n = (uint8_t)numbers_parse(item, c);
	c->kind = c->n == 3 ? WHERE_LARGE : WHERE_STANDARD;
	for (unsigned i = 0; c->n == 2 && i < 2; i++)
		if (!c->is_any[i] && c->number[i] > UINT16_MAX)
			return false;
	return c->n >= 2;
}

static int community_item(struct where_list *list, const char *item, struct err *err)
{
	struct where_community c = {.n = 0}, *bigger;

	if (!community_parse(item, &c))
		return community_refuse(item, err);
	bigger = list_grow(list->community, list->n_communities, sizeof(c));
	if (!bigger)
		return err_set(err, ENOMEM, "no memory for so many values");
	list->community = bigger;
	list->community[list->n_communities++] = c;
	return 0;
}

// A value a line; # begins a comment.
static int file_parse(struct where_list *list, const char *path, unsigned depth, item_fn *fn,
		      struct err *err)
{
	char line[ITEM_MAX * 4];
	FILE *file = fopen(path, "r");
	unsigned n = 0;
	int rc = 0;

	if (!file)
		return err_set(err, errno, "%s: cannot open: %s", path, strerror(errno));
	while (rc == 0 && fgets(line, sizeof(line), file)) {
		n++;
		line[strcspn(line, "#\r\n")] = 0;
		for (char *at = line, *word; rc == 0 && (word = strsep(&at, " \t,"));)
			if (word[0])
				rc = items_parse(list, word, depth + 1, fn, err);
		if (rc < 0)
			err_prefix(err, "%s:%u", path, n);
	}
	fclose(file);
	return rc;
}

static int items_parse(struct where_list *list, const char *text, unsigned depth, item_fn *fn,
		       struct err *err)
{
	int rc = 0;

	if (text[0] == '@') {
		if (depth == FILES_DEPTH_MAX)
			return err_set(err, ELOOP, "%s: files name each other", text + 1);
		return file_parse(list, text + 1, depth, fn, err);
	}
	while (rc == 0) {
		size_t len = strcspn(text, ",");
		char item[ITEM_MAX];

		if (len >= sizeof(item))
			return err_set(err, EINVAL, "\"%.40s...\" is too long", text);
		memcpy(item, text, len);
		item[len] = 0;
		rc = fn(list, item, err);
		if (!text[len])
			break;
		text += len + 1;
	}
	return rc;
}

static_assert(sizeof(struct prefix) == 18, "no padding: compared as bytes");

// Family, address, length: what lies inside a prefix comes right behind it.
static int prefix_compare(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;
	int order = x->family - y->family;

	if (!order)
		order = memcmp(x->bytes, y->bytes, sizeof(x->bytes));
	return order ? order : x->len - y->len;
}

static int range_compare(const void *a, const void *b)
{
	const struct where_range *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

// Sorts, and makes ranges that touch one.
static void list_sort(struct where_list *list)
{
	unsigned n = 0;

	if (list->n_prefixes)
		qsort(list->prefix, list->n_prefixes, sizeof(*list->prefix), prefix_compare);
	if (list->n_ranges)
		qsort(list->range, list->n_ranges, sizeof(*list->range), range_compare);
	for (unsigned i = 0; i < list->n_ranges; i++) {
		const struct where_range *r = &list->range[i];

		if (n && r->from <= list->range[n - 1].to) {
			if (r->to > list->range[n - 1].to)
				list->range[n - 1].to = r->to;
		} else {
			list->range[n++] = *r;
		}
	}
	list->n_ranges = n;
}

int where_prefixes_parse(struct where_list *list, const char *text, struct err *err)
{
	int rc = items_parse(list, text, 0, prefix_item, err);

	list_sort(list);
	return rc;
}

int where_ranges_parse(struct where_list *list, const char *text, struct err *err)
{
	int rc = items_parse(list, text, 0, range_item, err);

	list_sort(list);
	return rc;
}

int where_peers_parse(struct where_list *list, const char *text, struct err *err)
{
	int rc = items_parse(list, text, 0, peer_item, err);

	list_sort(list);
	return rc;
}

int where_communities_parse(struct where_list *list, const char *text, struct err *err)
{
	return items_parse(list, text, 0, community_item, err);
}

void where_list_fini(struct where_list *list)
{
	free(list->prefix);
	free(list->range);
	free(list->community);
}

bool where_has_number(const struct where_list *list, uint32_t number)
{
	unsigned low = 0, high = list->n_ranges;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (list->range[mid].to < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < list->n_ranges && list->range[low].from <= number;
}

bool where_has_prefix(const struct where_list *list, const struct prefix *prefix)
{
	return list->n_prefixes &&
	       bsearch(prefix, list->prefix, list->n_prefixes, sizeof(*prefix), prefix_compare);
}

bool where_has_super(const struct where_list *list, const struct prefix *prefix)
{
	for (int len = prefix->len; len >= 0; len--) {
		struct prefix super = *prefix;
		uint64_t has = prefix->family == 4 ? list->has_len4 : list->has_len6[len / 64];

		if (!(has & 1ull << len % 64))
			continue;
		super.len = (uint8_t)len;
		prefix_mask(&super);
		if (where_has_prefix(list, &super))
			return true;
	}
	return false;
}

bool where_has_sub(const struct where_list *list, const struct prefix *prefix)
{
	unsigned low = 0, high = list->n_prefixes;
	const struct prefix *found;
	struct addr addr;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (prefix_compare(&list->prefix[mid], prefix) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == list->n_prefixes)
		return false;
	found = &list->prefix[low];
	addr.family = found->family;
	memcpy(addr.bytes, found->bytes, sizeof(addr.bytes));
	return found->family == prefix->family && prefix_has_addr(prefix, &addr);
}

bool where_has_addr(const struct where_list *list, const struct bgp_addr *addr)
{
	struct prefix prefix = {.family = addr->family, .len = addr->family == 4 ? 32 : 128};

	memcpy(prefix.bytes, addr->bytes, sizeof(prefix.bytes));
	return addr->family && where_has_super(list, &prefix);
}

static bool number_fits(const struct where_community *c, unsigned i, uint32_t number)
{
	return c->is_any[i] || c->number[i] == number;
}

// RFC 4360 §4, RFC 5668 §2: two bytes of AS and four of number, or the reverse.
static bool extended_fits(const struct where_community *c, const uint8_t *p)
{
	bool is_as2 = (p[0] & 0x3f) == 0;

	if ((p[0] & 0x3f) > 2 || p[1] != c->subtype)
		return false;
	return number_fits(c, 0, is_as2 ? wire_get16(p + 2) : wire_get32(p + 2)) &&
	       number_fits(c, 1, is_as2 ? wire_get32(p + 4) : wire_get16(p + 6));
}

static bool community_fits(const struct where_community *c, const uint8_t *p)
{
	switch (c->kind) {
	case WHERE_STANDARD:
		return number_fits(c, 0, wire_get16(p)) && number_fits(c, 1, wire_get16(p + 2));
	case WHERE_LARGE:
		return number_fits(c, 0, wire_get32(p)) && number_fits(c, 1, wire_get32(p + 4)) &&
		       number_fits(c, 2, wire_get32(p + 8));
	case WHERE_EXTENDED:
		return extended_fits(c, p);
	default:
		return memcmp(c->raw, p, c->n) == 0;
	}
}

bool where_has_community(const struct where_list *list, enum where_community_kind kind,
			 const uint8_t *value, size_t len)
{
	size_t size = kind == WHERE_STANDARD ? 4 : kind == WHERE_LARGE ? 12 : 8;

	for (unsigned i = 0; i < list->n_communities; i++) {
		const struct where_community *c = &list->community[i];

		if (c->kind != kind && !(kind == WHERE_EXTENDED && c->kind == WHERE_RAW))
			continue;
		for (size_t at = 0; at + size <= len; at += size)
			if (community_fits(c, value + at))
				return true;
	}
	return false;
}
