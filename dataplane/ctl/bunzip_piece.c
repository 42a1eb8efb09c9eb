// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/bunzip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC_BITS = 48, CRC_BITS = 32 };

static const uint64_t magic_mask = (1ull << MAGIC_BITS) - 1;
static const uint64_t block_magic = 0x314159265359, tail_magic = 0x177245385090;

int piece_grow(struct piece *p, size_t n)
{
	size_t cap = p->cap ? p->cap : 256 << 10;
	uint8_t *buf;

	while (cap < p->len + n)
		cap *= 2;
	if (cap == p->cap)
		return 0;
	buf = realloc(p->buf, cap);
	if (!buf)
		return -ENOMEM;
	p->buf = buf;
	p->cap = cap;
	return 0;
}

// By the value of the last but two byte before (or with) the end of a magic: how
// many bits behind its end the byte border may lie. Bits 0-7: block, 8-15: tail.
static uint16_t by_byte[256];
static pthread_once_t by_byte_once = PTHREAD_ONCE_INIT;

static void by_byte_make(void)
{
	for (unsigned shift = 0; shift < 8; shift++) {
		by_byte[block_magic << shift >> 16 & 0xff] |= (uint16_t)(1u << shift);
		by_byte[tail_magic << shift >> 16 & 0xff] |= (uint16_t)(1u << (8 + shift));
	}
}

// The 64 bits that end with byte at.
static uint64_t word_at(const uint8_t *buf, size_t at)
{
	uint64_t word = 0;

	for (size_t i = at < 7 ? 0 : at - 7; i <= at; i++)
		word = word << 8 | buf[i];
	return word;
}

// Does a magic end within byte at, and begin behind the piece's own?
static bool is_magic_at(const struct piece *p, size_t at, unsigned candidates, uint64_t *bit,
			enum piece_kind *kind)
{
	uint64_t word = word_at(p->buf, at);

	for (unsigned shift = 8; shift-- > 0;) {
		uint64_t end = 8 * (uint64_t)(at + 1) - shift, value = word >> shift & magic_mask;
		bool is_block = candidates >> shift & 1 && value == block_magic;
		bool is_tail = candidates >> (8 + shift) & 1 && value == tail_magic;

		if ((!is_block && !is_tail) || end < MAGIC_BITS + p->start)
			continue;
		*bit = end - MAGIC_BITS;
		if (*bit == p->start && p->kind != PIECE_HEAD)
			continue;
		*kind = is_block ? PIECE_BLOCK : PIECE_TAIL;
		return true;
	}
	return false;
}

bool piece_find(const struct piece *p, size_t from, uint64_t *bit, enum piece_kind *kind)
{
	pthread_once(&by_byte_once, by_byte_make);
	for (size_t at = from < 5 ? 5 : from; at < p->len; at++) {
		unsigned candidates = by_byte[p->buf[at - 2]];

		if (unlikely(candidates) && is_magic_at(p, at, candidates, bit, kind))
			return true;
	}
	return false;
}

uint64_t piece_bits(const struct piece *p, uint64_t at, unsigned n)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < n; i++, at++)
		value = value << 1 | (p->buf[at / 8] >> (7 - at % 8) & 1);
	return value;
}

uint32_t piece_block_crc(const struct piece *p)
{
	if (p->end_bit < p->start + MAGIC_BITS + CRC_BITS)
		return 0;
	return (uint32_t)piece_bits(p, p->start + MAGIC_BITS, CRC_BITS);
}

bool piece_tail_crc(const struct piece *p, uint32_t *crc)
{
	if (p->end_bit < p->start + MAGIC_BITS + CRC_BITS)
		return false;
	*crc = (uint32_t)piece_bits(p, p->start + MAGIC_BITS, CRC_BITS);
	return true;
}

int piece_tail_rest(const struct piece *p)
{
	size_t at = (p->start + MAGIC_BITS + CRC_BITS + 7) / 8, end = p->end_bit / 8;
	const uint8_t *rest = p->buf + at;

	if (!p->is_last && p->end_bit % 8 == 0 && end == at + 4 && memcmp(rest, "BZh", 3) == 0 &&
	    rest[3] >= '1' && rest[3] <= '9')
		return rest[3];
	for (; at < end; at++)
		if (p->buf[at])
			return -1;
	return p->is_last ? 0 : -1;
}

static void put_bits(uint8_t *buf, uint64_t at, uint64_t value, unsigned n)
{
	for (unsigned i = n; i-- > 0; at++) {
		if (at % 8 == 0)
			buf[at / 8] = 0;
		buf[at / 8] |= (uint8_t)((value >> i & 1) << (7 - at % 8));
	}
}

// The bits of buf from start on, moved to a byte border.
static void bits_copy(uint8_t *to, const uint8_t *from, unsigned start, size_t n_bytes)
{
	if (start == 0) {
		memcpy(to, from, n_bytes);
		return;
	}
	for (size_t i = 0; i + 1 < n_bytes; i++)
		to[i] = (uint8_t)(from[i] << start | from[i + 1] >> (8 - start));
	to[n_bytes - 1] = (uint8_t)(from[n_bytes - 1] << start);
}

ssize_t piece_wrap(const struct piece *p, uint8_t **buf, size_t *cap)
{
	uint64_t n_bits = p->end_bit - p->start;
	size_t need = p->len + 32;

	if (need > *cap) {
		uint8_t *more = realloc(*buf, need);

		if (!more)
			return -ENOMEM;
		*buf = more;
		*cap = need;
	}
	memcpy(*buf, "BZh", 3);
	(*buf)[3] = p->level;
	bits_copy(*buf + 4, p->buf, p->start, (p->end_bit + 7) / 8);
	if (p->is_last)
		return (ssize_t)(4 + (n_bits + 7) / 8);
	// What the last byte holds of the next piece goes.
	if (n_bits % 8)
		(*buf)[4 + n_bits / 8] &= (uint8_t)(0xff << (8 - n_bits % 8));
	put_bits(*buf + 4, n_bits, tail_magic, MAGIC_BITS);
	put_bits(*buf + 4, n_bits + MAGIC_BITS, piece_block_crc(p), CRC_BITS);
	return (ssize_t)(4 + (n_bits + MAGIC_BITS + CRC_BITS + 7) / 8);
}

int piece_join(struct piece *a, const struct piece *b)
{
	size_t common = a->end_bit / 8; // buf[0] of b is this byte of a

	a->len = common;
	if (piece_grow(a, b->len))
		return -ENOMEM;
	memcpy(a->buf + common, b->buf, b->len);
	a->len = common + b->len;
	a->end_bit = 8 * (uint64_t)common + b->end_bit;
	a->is_last = b->is_last;
	a->is_overlong = b->is_overlong;
	return 0;
}
