// SPDX-License-Identifier: BSD-3-Clause
// The client's memory: segments sorted by IOVA, looked up through caches.
//
// Files of a client may be truncated after they were mapped; touching them then
// raises SIGBUS. The handler puts zero pages in place of that segment, so that
// whatever was running goes on, and the owner sees is_lost.
#include "drivers/vnic82599/priv.h"

#include <errno.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { PAGE = 4096, SEGS_MAX = 65535 };

static struct dma *all;

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	uint8_t *at = info->si_addr;

	(void)context;
	for (struct dma *dma = all; dma; dma = dma->next)
		for (unsigned i = 0; i < dma->n; i++) {
			struct dma_seg *seg = &dma->seg[i];
			uint8_t *map = seg->map;

			if (!seg->map_len || at < map || at >= map + seg->map_len)
				continue;
			mmap(map, seg->map_len, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
			dma->is_lost = true;
			return;
		}
	signal(sig, SIG_DFL); // not ours: the instruction faults again
}

int vnic_dma_guard(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_NODEFER};

	return sigaction(SIGBUS, &action, NULL) ? -errno : 0;
}

void dma_init(struct dma *dma)
{
	dma->gen = 1; // a cache of zeros matches nothing
	dma->next = all;
	all = dma;
}

void dma_fini(struct dma *dma)
{
	struct dma **at = &all;

	while (*at != dma)
		at = &(*at)->next;
	*at = dma->next;
	free(dma->seg);
}

// The first segment that ends behind iova.
static unsigned find(const struct dma *dma, uint64_t iova)
{
	unsigned low = 0, high = dma->n;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (dma->seg[mid].iova + (dma->seg[mid].len - 1) < iova)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint8_t *dma_find(struct dma *dma, struct dma_cache *c, uint64_t iova, uint64_t *room, bool write)
{
	unsigned at = find(dma, iova);
	const struct dma_seg *seg = &dma->seg[at];

	if (at == dma->n || iova < seg->iova || !seg->host ||
	    !(write ? seg->can_write : seg->can_read))
		return NULL;
	*c = (struct dma_cache){.iova = seg->iova,
				.len = seg->can_read ? seg->len : 0,
				.host = seg->host,
				.gen = dma->gen,
				.can_write = seg->can_write};
	*room = seg->len - (iova - seg->iova);
	return seg->host + (iova - seg->iova);
}

// Pieces of several segments.
static bool copy(struct dma *dma, struct dma_cache *c, uint64_t iova, uint8_t *to,
		 const uint8_t *from, size_t len)
{
	while (len) {
		uint64_t room;
		uint8_t *host = dma_find(dma, c, iova, &room, from != NULL);
		size_t n;

		if (!host)
			return false;
		n = room < len ? room : len;
		if (from) {
			memcpy(host, from, n);
			from += n;
		} else {
			memcpy(to, host, n);
			to += n;
		}
		iova += n;
		len -= n;
	}
	return true;
}

bool dma_read_slow(struct dma *dma, struct dma_cache *c, uint64_t iova, void *to, size_t len)
{
	return copy(dma, c, iova, to, NULL, len);
}

bool dma_write_slow(struct dma *dma, struct dma_cache *c, uint64_t iova, const void *from,
		    size_t len)
{
	return copy(dma, c, iova, NULL, from, len);
}

// Maps whole pages of the file, which are large ones if it is in hugetlbfs.
static int map_file(struct dma_seg *seg, const struct vnic_dma_conf *conf)
{
	uint64_t page = PAGE, before;
	struct statfs fs;
	struct stat st;
	int prot = (conf->can_read ? PROT_READ : 0) | (conf->can_write ? PROT_WRITE : 0);

	if (fstat(conf->fd, &st) || fstatfs(conf->fd, &fs))
		return -errno;
	if (!S_ISREG(st.st_mode) || conf->fd_off % PAGE || conf->fd_off > (uint64_t)st.st_size ||
	    conf->len > (uint64_t)st.st_size - conf->fd_off)
		return -EINVAL;
	if (fs.f_type == HUGETLBFS_MAGIC)
		page = (uint64_t)fs.f_bsize;
	before = conf->fd_off & (page - 1);
	seg->map_len = (before + conf->len + page - 1) & ~(page - 1);
	seg->map = mmap(NULL, seg->map_len, prot, MAP_SHARED, conf->fd,
			(off_t)(conf->fd_off - before));
	if (seg->map == MAP_FAILED)
		return -errno;
	seg->host = (uint8_t *)seg->map + before;
	return 0;
}

static int grow(struct dma *dma)
{
	unsigned cap = dma->cap ? 2 * dma->cap : 16;
	struct dma_seg *seg;

	if (dma->n < dma->cap)
		return 0;
	if (dma->n >= SEGS_MAX)
		return -ENOSPC;
	seg = realloc(dma->seg, cap * sizeof(*seg));
	if (!seg)
		return -ENOMEM;
	dma->seg = seg;
	dma->cap = cap;
	return 0;
}

int vnic_dma_add(struct vnic *v, const struct vnic_dma_conf *conf)
{
	struct dma *dma = &v->dma;
	struct dma_seg seg = {.iova = conf->iova,
			      .len = conf->len,
			      .host = conf->host,
			      .can_read = conf->can_read,
			      .can_write = conf->can_write};
	unsigned at;
	int ret;

	if (!conf->len || conf->iova % PAGE || conf->len % PAGE ||
	    conf->iova + (conf->len - 1) < conf->iova || conf->len > SIZE_MAX / 2)
		return -EINVAL;
	at = find(dma, conf->iova);
	if (at < dma->n && dma->seg[at].iova <= conf->iova + (conf->len - 1))
		return -EEXIST;
	ret = grow(dma);
	if (ret < 0)
		return ret;
	if (conf->fd >= 0) {
		ret = map_file(&seg, conf);
		if (ret < 0)
			return ret;
	}
	memmove(dma->seg + at + 1, dma->seg + at, (dma->n - at) * sizeof(seg));
	dma->seg[at] = seg;
	dma->n++;
	dma->gen++;
	return 0;
}

static void unmap(struct dma_seg *seg)
{
	if (seg->map_len)
		munmap(seg->map, seg->map_len);
}

int vnic_dma_del(struct vnic *v, uint64_t iova, uint64_t len)
{
	struct dma *dma = &v->dma;
	uint64_t last = iova + (len - 1);
	unsigned at = find(dma, iova), end;

	if (!len || last < iova)
		return -ENOENT;
	if (at < dma->n && dma->seg[at].iova < iova) // begins before: not wholly inside
		at++;
	for (end = at; end < dma->n && dma->seg[end].iova + (dma->seg[end].len - 1) <= last; end++)
		unmap(&dma->seg[end]);
	if (end == at)
		return -ENOENT;
	memmove(dma->seg + at, dma->seg + end, (dma->n - end) * sizeof(*dma->seg));
	dma->n -= end - at;
	dma->gen++;
	return 0;
}

void vnic_dma_clear(struct vnic *v)
{
	for (unsigned i = 0; i < v->dma.n; i++)
		unmap(&v->dma.seg[i]);
	v->dma.n = 0;
	v->dma.gen++;
	v->dma.is_lost = false;
}

bool vnic_dma_is_lost(const struct vnic *v)
{
	return v->dma.is_lost;
}
