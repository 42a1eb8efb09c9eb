// SPDX-License-Identifier: BSD-3-Clause
// ip4-fragment: packets longer than the MTU that may be cut (RFC 791 §3.2, RFC
// 1812 §4.2.2.7): in order and as few as possible. A packet is replaced by its
// fragments, which take the main arc; itself it goes nowhere (held, freed here),
// or it is dropped whole.
// Uses: l3, nh, out. Sets: nothing. Main arc: the features behind the lookup,
// ip4-rewrite.
#include "dataplane/ip4/ip4_node.h"
#include "dataplane/pkt/chain.h"

enum { FRAGMENTS_MAX = 256 }; // of one packet: 64 KB down to an MTU of 296

struct cut {
	const struct rte_mbuf *pkt;
	uint32_t off;		  // of the payload that is left, in pkt
	unsigned left;		  // its bytes
	uint8_t hdr[IP4_HDR_MAX]; // of the next fragment
	unsigned hdr_len;
	unsigned mtu;
	unsigned frag; // offset of the next fragment; MF as the packet came
	struct rte_mbuf *made[FRAGMENTS_MAX];
	unsigned n_made;
};

static unsigned option_len(const uint8_t *opt, unsigned room)
{
	unsigned len = opt[0] == IP4_OPT_NOP ? 1 : room > 1 ? opt[1] : room;

	return len < 1 || len > room ? room : len;
}

// RFC 791 §3.1: options with the copied bit go into every fragment, the others
// stay in the first.
static void options_copied(struct cut *cut)
{
	uint8_t *hdr = cut->hdr;
	unsigned to = IP4_HDR_LEN, len;

	for (unsigned at = to; at < cut->hdr_len && hdr[at] != IP4_OPT_END; at += len) {
		len = option_len(hdr + at, cut->hdr_len - at);
		if (!(hdr[at] & IP4_OPT_COPIED))
			continue;
		memmove(hdr + to, hdr + at, len);
		to += len;
	}
	while (to % 4 != 0)
		hdr[to++] = IP4_OPT_END;
	cut->hdr_len = to;
	hdr[0] = (uint8_t)(0x40 | to / 4);
}

// Appends len bytes of payload behind the header, in as many segments as needed.
static bool payload_append(struct worker *w, struct rte_mbuf *head, const struct cut *cut,
			   unsigned len)
{
	struct rte_mbuf *seg = head;
	uint32_t off = cut->off;

	while (len) {
		unsigned room = rte_pktmbuf_tailroom(seg);
		unsigned n = room < len ? room : len;

		chain_copy(cut->pkt, off, n, rte_pktmbuf_mtod_offset(seg, char *, seg->data_len));
		seg->data_len = (uint16_t)(seg->data_len + n);
		head->pkt_len += n;
		off += n;
		len -= n;
		if (!len)
			break;
		seg->next = rte_pktmbuf_alloc(w->pool);
		if (!seg->next)
			return false;
		seg = seg->next;
		head->nb_segs++;
	}
	return true;
}

static bool fragment_make(struct worker *w, struct cut *cut, unsigned len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);
	struct ip4_hdr *ip;

	if (!m)
		return false;
	cut->made[cut->n_made++] = m;
	ip = rte_pktmbuf_mtod(m, struct ip4_hdr *);
	memcpy(ip, cut->hdr, cut->hdr_len);
	ip->len = htons((uint16_t)(cut->hdr_len + len));
	ip->frag = htons((uint16_t)(cut->frag | (len < cut->left ? IP4_FRAG_MF : 0)));
	ip4_csum_set(ip);
	m->data_len = (uint16_t)cut->hdr_len;
	m->pkt_len = cut->hdr_len;
	return payload_append(w, m, cut, len);
}

static void cut_start(struct cut *cut, const struct batch *b, unsigned i, unsigned mtu)
{
	const struct ip4_hdr *ip = b->l3[i];

	cut->pkt = b->pkt[i];
	cut->hdr_len = ip4_hdr_len(ip);
	cut->off =
		(uint32_t)((char *)b->l3[i] - rte_pktmbuf_mtod(b->pkt[i], char *)) + cut->hdr_len;
	cut->left = ntohs(ip->len) - cut->hdr_len;
	cut->mtu = mtu > IP4_MIN_MTU ? mtu : IP4_MIN_MTU;
	cut->frag = ntohs(ip->frag) & (IP4_FRAG_MF | IP4_FRAG_OFF);
	cut->n_made = 0;
	memcpy(cut->hdr, ip, cut->hdr_len);
}

// EDGE_MAIN when all fragments are made.
static unsigned cut_all(struct worker *w, struct cut *cut)
{
	while (cut->left) {
		unsigned len = (cut->mtu - cut->hdr_len) & ~7u;

		if (cut->left <= cut->mtu - cut->hdr_len)
			len = cut->left;
		if (cut->n_made == FRAGMENTS_MAX)
			return IP4_FRAGMENT_TOO_MANY;
		if (!fragment_make(w, cut, len))
			return IP4_FRAGMENT_NO_MBUF;
		cut->off += len;
		cut->left -= len;
		cut->frag += len / 8;
		if (cut->n_made == 1)
			options_copied(cut);
	}
	return EDGE_MAIN;
}

static void emit_all(struct worker *w, const struct batch *b, unsigned i, const struct cut *cut)
{
	unsigned next = w->dp->iface[b->out[i]].hook_next[AT_POST_LOOKUP4][0];

	for (unsigned k = 0; k < cut->n_made; k++) {
		struct emitted e = {
			.pkt = cut->made[k],
			.l3 = rte_pktmbuf_mtod(cut->made[k], void *),
			.dst = b->dst[i],
			.nh = b->nh[i],
			.iface = b->iface[i],
			.out = b->out[i],
		};

		worker_emit(w, NODE_IP4_FRAGMENT, next, &e);
	}
}

static unsigned fragment(struct worker *w, struct batch *b, unsigned i)
{
	struct cut cut;
	unsigned edge;

	cut_start(&cut, b, i, w->dp->nexthop[b->nh[i]].mtu);
	edge = cut_all(w, &cut);
	if (edge != EDGE_MAIN) {
		rte_pktmbuf_free_bulk(cut.made, cut.n_made);
		return edge;
	}
	emit_all(w, b, i, &cut);
	rte_pktmbuf_free(b->pkt[i]);
	return IP4_FRAGMENT_REPLACED;
}

bool ip4_fragment_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	for (unsigned i = 0; i < b->n; i++)
		edge[i] = (uint8_t)fragment(w, b, i);
	return true;
}
