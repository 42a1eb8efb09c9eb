// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/aspath.h"

#include <errno.h>

enum { SEG_MAX = 255 };

int bgp_segment_next(const struct bgp_as_path *path, size_t *at, struct bgp_segment *seg)
{
	const uint8_t *p = path->bytes + *at;
	size_t left = path->len - *at;

	if (left == 0)
		return 0;
	if (left < 2 || p[0] < BGP_SEG_SET || p[0] > BGP_SEG_CONFED_SET || p[1] == 0 ||
	    (size_t)p[1] * path->as_bytes > left - 2)
		return -EBADMSG;
	seg->kind = p[0];
	seg->n = p[1];
	seg->as_bytes = path->as_bytes;
	seg->as = p + 2;
	*at += 2 + (size_t)seg->n * seg->as_bytes;
	return 1;
}

static bool is_confed(const struct bgp_segment *seg)
{
	return seg->kind == BGP_SEG_CONFED_SEQUENCE || seg->kind == BGP_SEG_CONFED_SET;
}

static unsigned segment_hops(const struct bgp_segment *seg)
{
	if (is_confed(seg))
		return 0;
	return seg->kind == BGP_SEG_SET ? 1 : seg->n;
}

unsigned bgp_as_path_hops(const struct bgp_as_path *path)
{
	struct bgp_segment seg;
	unsigned n = 0;
	size_t at = 0;

	while (bgp_segment_next(path, &at, &seg) > 0)
		n += segment_hops(&seg);
	return n;
}

bool bgp_as_path_has(const struct bgp_as_path *path, uint32_t as)
{
	struct bgp_segment seg;
	size_t at = 0;

	while (bgp_segment_next(path, &at, &seg) > 0)
		for (unsigned i = 0; i < seg.n; i++)
			if (bgp_segment_as(&seg, i) == as)
				return true;
	return false;
}

bool bgp_as_path_has_confed(const struct bgp_as_path *path)
{
	struct bgp_segment seg;
	size_t at = 0;

	while (bgp_segment_next(path, &at, &seg) > 0)
		if (is_confed(&seg))
			return true;
	return false;
}

static void as_put(struct out *out, uint32_t as, unsigned as_bytes)
{
	if (as_bytes == 4)
		out_put32(out, as);
	else
		out_put16(out, as > UINT16_MAX ? BGP_AS_TRANS : as);
}

// The first n AS numbers of a segment.
static void segment_copy(struct out *out, const struct bgp_segment *seg, unsigned n,
			 unsigned as_bytes)
{
	out_put8(out, seg->kind);
	out_put8(out, n);
	for (unsigned i = 0; i < n; i++)
		as_put(out, bgp_segment_as(seg, i), as_bytes);
}

void bgp_segment_put(struct out *out, unsigned kind, const uint32_t *as, size_t n,
		     unsigned as_bytes)
{
	while (n > 0) {
		size_t part = n < SEG_MAX ? n : SEG_MAX;

		out_put8(out, kind);
		out_put8(out, (unsigned)part);
		for (size_t i = 0; i < part; i++)
			as_put(out, as[i], as_bytes);
		as += part;
		n -= part;
	}
}

void bgp_as_path_put(struct out *out, const struct bgp_as_path *path, unsigned as_bytes)
{
	struct bgp_segment seg;
	size_t at = 0;

	while (bgp_segment_next(path, &at, &seg) > 0)
		segment_copy(out, &seg, seg.n, as_bytes);
}

// The leading n_hops of a path; segments of a confederation come along where
// they lead, or stand beside one that comes along.
static void hops_copy(struct out *out, const struct bgp_as_path *path, unsigned n_hops)
{
	struct bgp_segment seg;
	bool is_beside = true;
	size_t at = 0;

	while (bgp_segment_next(path, &at, &seg) > 0) {
		unsigned hops = segment_hops(&seg), n = seg.n;

		if (is_confed(&seg)) {
			if (is_beside)
				segment_copy(out, &seg, n, 4);
			continue;
		}
		is_beside = n_hops > 0;
		if (n_hops == 0)
			continue;
		if (hops > n_hops)
			hops = n = n_hops;
		segment_copy(out, &seg, n, 4);
		n_hops -= hops;
	}
}

void bgp_as_path_merge(const struct bgp_as_path *path, const struct bgp_as_path *as4,
		       struct out *out)
{
	unsigned hops = bgp_as_path_hops(path), hops4 = bgp_as_path_hops(as4);
	struct bgp_segment seg;
	size_t at = 0;

	if (hops4 > hops || hops4 == 0) {
		bgp_as_path_put(out, path, 4);
		return;
	}
	hops_copy(out, path, hops - hops4);
	while (bgp_segment_next(as4, &at, &seg) > 0)
		if (!is_confed(&seg))
			segment_copy(out, &seg, seg.n, 4);
}
