// SPDX-License-Identifier: BSD-3-Clause
// The inside of the model. Section numbers are those of the 82599 datasheet.
#pragma once

#include "drivers/nic82599/regs.h"
#include "drivers/vnic82599/vnic.h"
#include "drivers/vnic82599/wire.h"

#include <stdatomic.h>
#include <string.h>

enum {
	N_QUEUES = NIC_QUEUES,
	EEPROM_WORDS = 4096,
	TX_SCRATCH = 1 << 18, // the most PAYLEN can say
	TX_ROOM = 64,	      // before that, for a VLAN tag
	TX_DESCS = 40,	      // the most a frame may have
	RSS_BYTES = 36,
	FIFO_LEN = 512 << 10, // §8.2.3.8: the receive packet buffer
};

// ---- client memory (dma.c)
struct dma_seg {
	uint64_t iova, len;
	uint8_t *host; // NULL: nothing may touch it
	void *map;
	size_t map_len; // 0: not ours to unmap
	bool can_read, can_write;
};
struct dma {
	struct dma_seg *seg; // by iova
	unsigned n, cap;
	unsigned gen; // changes with any change
	atomic_bool is_lost;
	struct dma *next; // of all, for the SIGBUS handler
};
// The segment last used: most accesses are next to the one before.
struct dma_cache {
	uint64_t iova, len;
	uint8_t *host;
	unsigned gen;
	bool can_write;
};
uint8_t *dma_find(struct dma *dma, struct dma_cache *c, uint64_t iova, uint64_t *room, bool write);
bool dma_read_slow(struct dma *dma, struct dma_cache *c, uint64_t iova, void *to, size_t len);
bool dma_write_slow(struct dma *dma, struct dma_cache *c, uint64_t iova, const void *from,
		    size_t len);
void dma_init(struct dma *dma);
void dma_fini(struct dma *dma);

// len bytes in one piece, or NULL.
static inline uint8_t *dma_at(struct dma *dma, struct dma_cache *c, uint64_t iova, size_t len,
			      bool write)
{
	uint64_t off = iova - c->iova, room;
	uint8_t *host;

	if (likely(c->gen == dma->gen && off < c->len && len <= c->len - off &&
		   (!write || c->can_write)))
		return c->host + off;
	host = dma_find(dma, c, iova, &room, write);
	return host && room >= len ? host : NULL;
}

static inline bool dma_read(struct dma *dma, struct dma_cache *c, uint64_t iova, void *to,
			    size_t len)
{
	const uint8_t *from = dma_at(dma, c, iova, len, false);

	if (unlikely(!from))
		return dma_read_slow(dma, c, iova, to, len);
	memcpy(to, from, len);
	return true;
}

static inline bool dma_write(struct dma *dma, struct dma_cache *c, uint64_t iova, const void *from,
			     size_t len)
{
	uint8_t *to = dma_at(dma, c, iova, len, true);

	if (unlikely(!to))
		return dma_write_slow(dma, c, iova, from, len);
	memcpy(to, from, len);
	return true;
}

// ---- queues
struct tx_ctx {
	uint16_t vlan, iplen, maclen, mss;
	uint8_t l4len, l4t;
	bool is_ipv4;
};
// A descriptor ring. What the client may change under us is copied when the
// queue is switched on, the tail once a step.
struct queue {
	uint64_t base;
	uint32_t head, tail, size; // descriptors
	bool is_on, is_dirty, has_event;
	struct dma_cache ring, buf;
	struct tx_ctx ctx[2]; // §7.2.3.2.3
};

// What the parser found (parse.c). Offsets from the start of the frame, 0: none.
struct frame {
	const uint8_t *data;
	uint32_t len;
	uint16_t l3, l4, l4_len, vlan;
	uint8_t proto;
	bool has_vlan, is_ipv4, is_ipv6, is_fragment;
	uint32_t ptype;
};
void frame_parse(struct frame *f, const uint8_t *data, uint32_t len, uint16_t vet);
// Sum over pseudo header and payload of TCP or UDP: folds to 0xffff if right.
uint64_t frame_l4_sum(const struct frame *f);

struct fdir;

struct vnic {
	uint32_t *page[NIC_BAR0_LEN >> 12]; // 4 KB each: private, or doorbells
	uint32_t *private, *shared;
	int shared_fd;
	struct vnic_conf conf;
	struct dma dma;
	struct wire *wire;
	uint64_t now_ns;

	struct queue rx[N_QUEUES], tx[N_QUEUES];
	uint8_t rx_on[N_QUEUES], tx_on[N_QUEUES]; // queues that are on
	unsigned n_rx_on, n_tx_on, scan;
	struct dma_cache head_wb;

	// Interrupts: bit v is vector (or RTxQ cause) v.
	uint64_t q_pending, q_mask, q_sent;
	uint32_t other_pending, other_mask;
	bool other_sent;
	uint64_t next_ns[VNIC_VECTORS], due_ns;

	// Filters, made from registers when these have changed.
	bool filters_stale, rss_stale;
	unsigned n_mac;
	uint64_t mac[NIC_QUEUES];
	uint32_t rss_table[RSS_BYTES][256];
	uint8_t reta[128];
	struct fdir *fdir;

	// Packet buffer: frames that wait for descriptors.
	uint8_t *fifo;
	uint32_t fifo_head, fifo_tail, fifo_used;

	// EEPROM and I2C.
	uint16_t eeprom[EEPROM_WORDS];
	uint8_t sfp[2][256]; // pages A0 and A2
	struct i2c {
		uint8_t shift, n_bits, address, offset;
		uint8_t state;
		bool clk, data, slave_low;
	} i2c;

	uint8_t cfg[VNIC_CFG_LEN];

	// Link and faults.
	bool is_admin_up, was_up, is_hung, is_removed, is_dd_stuck;
	unsigned mbit_s, n_crc_wanted, n_missed_wanted;
	uint64_t rate_bit_s; // 0: no limit
	int64_t credit_bits;
	uint64_t credit_ns;
	uint64_t n_bad_dma, n_bad_desc, n_rx, n_tx, n_irq;

	uint8_t scratch[TX_ROOM + TX_SCRATCH]; // a frame being sent
	uint8_t segment[VNIC_FRAME_MAX + 64];  // and one of its segments
};

static inline uint32_t reg_get(const struct vnic *v, uint32_t off)
{
	return __atomic_load_n(&v->page[off >> 12][(off & 0xfff) / 4], __ATOMIC_RELAXED);
}

static inline void reg_set(struct vnic *v, uint32_t off, uint32_t value)
{
	__atomic_store_n(&v->page[off >> 12][(off & 0xfff) / 4], value, __ATOMIC_RELAXED);
}

// §8.2.3.23: counters stick at their largest value.
static inline void stat_add(struct vnic *v, uint32_t off, uint32_t n)
{
	uint32_t *reg = &v->page[off >> 12][(off & 0xfff) / 4];

	*reg = *reg + n < *reg ? UINT32_MAX : *reg + n;
}

// 36 bits in two registers, which wrap.
static inline void stat_add36(struct vnic *v, uint32_t off, uint32_t n)
{
	uint32_t *reg = &v->page[off >> 12][(off & 0xfff) / 4];

	reg[1] = (reg[1] + (reg[0] + n < n)) & 0xf;
	reg[0] += n;
}

// Frames by their size with CRC: 64, to 127, 255, 511, 1023, and above.
static inline void stat_size(struct vnic *v, uint32_t first, uint32_t size)
{
	unsigned class = size <= 64 ? 0 : 26 - (unsigned)__builtin_clz(size);

	stat_add(v, first + 4 * (class > 5 ? 5 : class), 1);
}

// May the card read and write memory? Bus master on, not told to stop.
static inline bool dma_is_on(const struct vnic *v)
{
	return (v->cfg[4] & 4) && !(reg_get(v, NIC_CTRL) & NIC_CTRL_GIO_DIS) && !v->is_hung &&
	       !v->is_removed;
}

// reg.c
void reg_reset(struct vnic *v);
void link_changed(struct vnic *v);
// queue.c
void queue_sync(struct vnic *v, unsigned q, bool is_tx);
void queues_sync(struct vnic *v);
void queues_flush(struct vnic *v);
// nvm.c
void nvm_init(struct vnic *v);
uint32_t nvm_pins_read(struct vnic *v);
void nvm_pins_write(struct vnic *v, uint32_t value);
// irq.c
bool irq_reg_read(struct vnic *v, uint32_t off, uint32_t *value);
bool irq_reg_write(struct vnic *v, uint32_t off, uint32_t value);
void irq_queue(struct vnic *v, unsigned q, bool is_tx);
void irq_other(struct vnic *v, uint32_t cause);
void irq_fire(struct vnic *v);
void irq_reset(struct vnic *v);
bool irq_level(const struct vnic *v); // what INTx would show
// pci.c
void pci_init(struct vnic *v);
// filter.c
bool filter_accepts(struct vnic *v, const struct frame *f);
uint32_t rss_hash(struct vnic *v, const struct frame *f, unsigned *type);
// fdir.c
int fdir_new(struct vnic *v);
void fdir_reset(struct vnic *v);
void fdir_command(struct vnic *v, uint32_t value);
// Queue and software index of the filter that f matches; -1: none, -2: drop.
int fdir_match(struct vnic *v, const struct frame *f, uint32_t *hash);
// rx.c, tx.c
unsigned rx_drain(struct vnic *v);
unsigned tx_run(struct vnic *v);
