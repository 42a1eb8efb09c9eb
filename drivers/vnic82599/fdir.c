// SPDX-License-Identifier: BSD-3-Clause
// Flow director, perfect match over IPv4. Section numbers are those of the
// 82599 datasheet: §7.1.2.7, registers §8.2.3.21. Not there: IPv6, flexible
// bytes, signature filters.
#include "drivers/vnic82599/priv.h"

#include <errno.h>
#include <stdlib.h>

enum { FILTERS_MAX = 8192 - 2, SLOTS = 16384 };

// What is compared, with bits that do not matter cleared.
struct key {
	uint32_t src, dst, ports;
	uint16_t vlan, l4type;
};

struct filter {
	struct key key;
	uint32_t hash; // FDIRHASH: bucket and software index, its name for removal
	uint8_t queue;
	bool is_drop;
};

struct fdir {
	unsigned n;
	struct filter filter[FILTERS_MAX];
	uint16_t slot[SLOTS]; // 1 + index, 0: empty
};

int fdir_new(struct vnic *v)
{
	v->fdir = calloc(1, sizeof(*v->fdir));
	return v->fdir ? 0 : -ENOMEM;
}

void fdir_reset(struct vnic *v)
{
	v->fdir->n = 0;
	memset(v->fdir->slot, 0, sizeof(v->fdir->slot));
}

// Port masks are written with the bits of each half in reverse order.
static uint32_t reversed(uint32_t x)
{
	uint32_t out = 0;

	for (unsigned i = 0; i < 32; i++)
		if (x >> i & 1)
			out |= 1u << ((i & 16) + 15 - (i & 15));
	return out;
}

static void mask(const struct vnic *v, struct key *key)
{
	uint32_t m = reg_get(v, NIC_FDIRM);
	uint32_t ports = reg_get(v, key->l4type == 1 ? NIC_FDIRUDPM : NIC_FDIRTCPM);

	key->src &= ~reg_get(v, NIC_FDIRSIP4M);
	key->dst &= ~reg_get(v, NIC_FDIRDIP4M);
	key->ports &= ~reversed(ports);
	if (m & NIC_FDIRM_L4P)
		key->l4type = 0;
	if (m & NIC_FDIRM_VLANID)
		key->vlan &= 0xe000;
	if (m & NIC_FDIRM_VLANP)
		key->vlan &= 0x1fff;
}

static unsigned slot_of(const struct key *key)
{
	uint64_t x = key->src * 0x9e3779b97f4a7c15ull;

	x = (x ^ key->dst) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 31) ^ key->ports) * 0x94d049bb133111ebull;
	return (unsigned)(x >> 40 ^ key->vlan ^ key->l4type) % SLOTS;
}

static struct filter *find(struct fdir *fdir, const struct key *key, unsigned *slot)
{
	for (*slot = slot_of(key); fdir->slot[*slot]; *slot = (*slot + 1) % SLOTS) {
		struct filter *filter = &fdir->filter[fdir->slot[*slot] - 1];

		if (!memcmp(&filter->key, key, sizeof(*key)))
			return filter;
	}
	return NULL;
}

static bool add(struct vnic *v, uint32_t command)
{
	struct fdir *fdir = v->fdir;
	struct filter new = {
		.key = {.src = reg_get(v, NIC_FDIRIPSA),
			.dst = reg_get(v, NIC_FDIRIPDA),
			.ports = reg_get(v, NIC_FDIRPORT),
			.vlan = reg_get(v, NIC_FDIRVLAN) & 0xffff,
			.l4type = (command & NIC_FDIRCMD_L4TYPE) >> 5},
		.hash = reg_get(v, NIC_FDIRHASH) & ~NIC_BIT(15),
		.queue = command >> NIC_FDIRCMD_RX_QUEUE_SHIFT & 0x7f,
		.is_drop = command & NIC_FDIRCMD_DROP,
	};
	struct filter *old;
	unsigned slot;

	mask(v, &new.key);
	old = find(fdir, &new.key, &slot);
	if (old) {
		*old = new;
		return true;
	}
	if ((command & NIC_FDIRCMD_IPV6) || fdir->n == FILTERS_MAX)
		return false;
	fdir->filter[fdir->n] = new;
	fdir->slot[slot] = (uint16_t)++fdir->n;
	return true;
}

static struct filter *find_name(struct fdir *fdir, uint32_t hash)
{
	for (unsigned i = 0; i < fdir->n; i++)
		if (fdir->filter[i].hash == (hash & ~NIC_BIT(15)))
			return &fdir->filter[i];
	return NULL;
}

static bool del(struct fdir *fdir, uint32_t hash)
{
	struct filter *filter = find_name(fdir, hash);
	unsigned slot;

	if (!filter)
		return false;
	*filter = fdir->filter[--fdir->n];
	memset(fdir->slot, 0, sizeof(fdir->slot));
	for (unsigned i = 0; i < fdir->n; i++) {
		find(fdir, &fdir->filter[i].key, &slot);
		fdir->slot[slot] = (uint16_t)(i + 1);
	}
	return true;
}

// §8.2.3.21: the command field reads 0 when it is done. FDIRUSTAT counts what
// worked, FDIRFSTAT what did not; additions low, removals high.
void fdir_command(struct vnic *v, uint32_t value)
{
	bool is_valid = false;

	switch (value & NIC_FDIRCMD_CMD) {
	case NIC_FDIRCMD_CMD_ADD:
		if (add(v, value))
			stat_add(v, NIC_FDIRUSTAT, 1);
		else
			stat_add(v, NIC_FDIRFSTAT, 1);
		break;
	case NIC_FDIRCMD_CMD_REMOVE:
		if (del(v->fdir, reg_get(v, NIC_FDIRHASH)))
			stat_add(v, NIC_FDIRUSTAT, 1 << 16);
		else
			stat_add(v, NIC_FDIRFSTAT, 1 << 8);
		break;
	case NIC_FDIRCMD_CMD_QUERY:
		is_valid = find_name(v->fdir, reg_get(v, NIC_FDIRHASH));
		break;
	default:
		break;
	}
	value &= ~(NIC_FDIRCMD_CMD | NIC_FDIRCMD_FILTER_VALID);
	reg_set(v, NIC_FDIRCMD, value | (is_valid ? NIC_FDIRCMD_FILTER_VALID : 0));
	reg_set(v, NIC_FDIRFREE, FILTERS_MAX - v->fdir->n);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int fdir_match(struct vnic *v, const struct frame *f, uint32_t *hash)
{
	uint32_t control = reg_get(v, NIC_FDIRCTRL);
	const struct filter *filter;
	struct key key;
	unsigned slot;

	if (likely(!v->fdir->n) || !f->is_ipv4 || !(control & NIC_FDIRCTRL_PERFECT_MATCH))
		return -1;
	key = (struct key){.src = be32(f->data + f->l3 + 12),
			   .dst = be32(f->data + f->l3 + 16),
			   .vlan = f->vlan,
			   .l4type = (f->ptype >> 8 & 3) == 2	 ? 1
				     : (f->ptype >> 8 & 3) == 1	 ? 2
				     : f->ptype & NIC_PTYPE_SCTP ? 3
								 : 0};
	if (f->l4) // in the frame source first, in the register destination on top
		key.ports = be32(f->data + f->l4) << 16 | be32(f->data + f->l4) >> 16;
	mask(v, &key);
	filter = find(v->fdir, &key, &slot);
	stat_add(v, filter ? NIC_FDIRMATCH : NIC_FDIRMISS, 1);
	if (!filter)
		return -1;
	if (control & NIC_FDIRCTRL_REPORT_STATUS)
		*hash = filter->hash;
	return filter->is_drop ? -2 : filter->queue;
}
