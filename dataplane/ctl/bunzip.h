// SPDX-License-Identifier: BSD-3-Clause
// Several cores on one bzip2 file. The format has no index, but every block
// begins with a magic number of 48 bits, at any bit: so the file is cut there,
// each piece becomes a stream of one block, and libbz2 unpacks it and checks its
// CRC. The CRC of the whole is checked as the blocks are put together.
//
// The magic may stand inside a block by chance (once in 35 TB): such a piece
// fails, and is unpacked again together with the piece behind it.
//
// These are the pieces; the threads are in bunzip.c.
#pragma once

#include "dataplane/ctl/unpack_priv.h"

// No block is longer than 900,000 bytes; none is believed to take more than
// twice that (20 bits for each symbol, say the code lengths, but no compressor).
enum { PIECE_MAX = 2600000 };

enum piece_kind {
	PIECE_HEAD,  // of the file: "BZh9"
	PIECE_BLOCK, // a block
	PIECE_TAIL,  // the end of a stream, and what follows: the head of the next one
};

struct piece {
	enum piece_kind kind;
	uint8_t level; // '1' to '9': of the stream's head
	bool is_last;  // the file ends here
	bool is_overlong;
	uint64_t pos; // in the file, of buf[0]
	uint8_t *buf;
	size_t len, cap;
	unsigned start;	  // bit of buf at which the magic begins
	uint64_t end_bit; // of buf, from 0
};

// Makes room for n bytes more: 0, -ENOMEM.
int piece_grow(struct piece *p, size_t n) must_check;
// Looks for a magic that ends behind byte `from` of buf (its first bit: behind the
// piece's own): true with the bit at which it begins.
bool piece_find(const struct piece *p, size_t from, uint64_t *bit, enum piece_kind *kind);
uint64_t piece_bits(const struct piece *p, uint64_t at, unsigned n); // n <= 48

// Of a PIECE_BLOCK: the CRC that it says of itself; 0 when it is too short.
uint32_t piece_block_crc(const struct piece *p);
// Of a PIECE_TAIL: the CRC of the whole stream. false: cut before it.
bool piece_tail_crc(const struct piece *p, uint32_t *crc);
// Behind that: the level of the head that follows, 0: nothing but zeros, -1: else.
int piece_tail_rest(const struct piece *p);

// A stream of this block alone, as libbz2 takes it; buf grows. Its length, or
// -ENOMEM. If the piece is the file's last: as far as it goes, filled up with zero
// bits to a whole byte.
ssize_t piece_wrap(const struct piece *p, uint8_t **buf, size_t *cap) must_check;

// a becomes what stands in the file from its start to the end of b: 0, -ENOMEM.
int piece_join(struct piece *a, const struct piece *b) must_check;
