// SPDX-License-Identifier: BSD-3-Clause
// The workers' side of an AF_PACKET port. Its only system call is sendmmsg(2).
#include "dataplane/base/csum.h"
#include "dataplane/pkt/eth.h"
#include "dataplane/pkt/ip4.h"
#include "dataplane/pkt/ip6.h"
#include "drivers/dpdk/afpacket_priv.h"

#include <rte_mbuf.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

enum { PROTO_TCP = 6, PROTO_UDP = 17, TCP_CSUM_AT = 16, UDP_CSUM_AT = 6 };

static struct tpacket2_hdr *frame_at(const struct afpacket_queue *q, unsigned i)
{
	size_t block = i / q->frames_per_block, in_block = i % q->frames_per_block;

	return (struct tpacket2_hdr *)(q->map + block * q->block_len + in_block * q->frame_len);
}

// Sum of the pseudo header (RFC 9293 §3.1, RFC 8200 §8.1) and everything from l4 on.
static uint16_t l4_csum(const void *addrs, size_t addrs_len, unsigned proto, const uint8_t *l4,
			size_t len)
{
	uint16_t tail[2] = {htons((uint16_t)len), htons((uint16_t)proto)};
	uint16_t csum =
		csum_finish(csum_add(csum_add(csum_add(0, addrs, addrs_len), tail, 4), l4, len));

	return csum == 0 && proto == PROTO_UDP ? 0xffff : csum;
}

static bool l4_finish(const void *addrs, size_t addrs_len, unsigned proto, uint8_t *l4, size_t len)
{
	size_t at = proto == PROTO_TCP ? TCP_CSUM_AT : UDP_CSUM_AT;
	uint16_t csum = 0;

	if ((proto != PROTO_TCP && proto != PROTO_UDP) || len < at + 2)
		return false;
	memcpy(l4 + at, &csum, 2);
	csum = l4_csum(addrs, addrs_len, proto, l4, len);
	memcpy(l4 + at, &csum, 2);
	return true;
}

// A sender on this machine left the TCP or UDP checksum to a NIC that does not
// exist. False if the packet is of another shape: it stays as it is.
static cold_fn bool csum_complete(struct rte_mbuf *m)
{
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, ETH_HDR_LEN);
	size_t room = m->data_len - ETH_HDR_LEN, len, hdr;

	if (m->data_len < ETH_HDR_LEN + sizeof(struct ip4_hdr))
		return false;
	if (l3[0] >> 4 == 4) {
		hdr = (l3[0] & 15u) * 4u;
		len = (size_t)l3[2] << 8 | l3[3];
		if (hdr < sizeof(struct ip4_hdr) || len < hdr || len > room || l3[6] & 0x3f ||
		    l3[7])
			return false; // senders finish fragments themselves
		return l4_finish(l3 + 12, 8, l3[9], l3 + hdr, len - hdr);
	}
	hdr = sizeof(struct ip6_hdr);
	len = hdr + ((size_t)l3[4] << 8 | l3[5]);
	if (l3[0] >> 4 != 6 || room < hdr || len > room)
		return false;
	return l4_finish(l3 + 8, 32, l3[6], l3 + hdr, len - hdr);
}

static void frame_take(struct afpacket_queue *q, const struct tpacket2_hdr *hdr, uint32_t status,
		       struct rte_mbuf *m)
{
	uint32_t len = hdr->tp_snaplen;

	if (unlikely(len > q->room))
		len = q->room;
	memcpy(rte_pktmbuf_mtod(m, void *), (const uint8_t *)hdr + hdr->tp_mac, len);
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	if (unlikely(status & TP_STATUS_VLAN_VALID)) {
		m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		m->vlan_tci = hdr->tp_vlan_tci;
	}
	if (unlikely(len < hdr->tp_len))
		afpacket_count(&q->rx_cut, 1); // goes on: the graph drops it by name
	else if (unlikely(status & TP_STATUS_CSUMNOTREADY) && csum_complete(m))
		afpacket_count(&q->rx_unfinished, 1);
}

uint16_t afpacket_rx(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct afpacket_queue *q = queue;
	uint64_t bytes = 0;
	uint16_t got = 0;

	for (; got < n; got++) {
		struct tpacket2_hdr *hdr = frame_at(q, q->next);
		uint32_t status = __atomic_load_n(&hdr->tp_status, __ATOMIC_ACQUIRE);
		struct rte_mbuf *m;

		if (!(status & TP_STATUS_USER))
			break;
		m = rte_pktmbuf_alloc(q->pool);
		if (unlikely(!m)) {
			afpacket_count(&q->rx_no_mbuf, 1); // the frame waits in the ring
			break;
		}
		frame_take(q, hdr, status, m);
		__atomic_store_n(&hdr->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		q->next = q->next + 1 == q->n_frames ? 0 : q->next + 1;
		bytes += m->pkt_len;
		pkts[got] = m;
	}
	if (got) {
		afpacket_count(&q->rx_packets, got);
		afpacket_count(&q->rx_bytes, bytes);
	}
	return got;
}

// One message a frame, one vector element a segment.
struct tx_batch {
	struct mmsghdr msg[AFPACKET_TX_MAX];
	struct iovec iov[AFPACKET_TX_MAX * 2 + AFPACKET_SEGS_MAX];
	unsigned n, n_iov;
};

static bool batch_add(struct tx_batch *b, const struct rte_mbuf *m)
{
	struct iovec *iov = &b->iov[b->n_iov];

	if (b->n == AFPACKET_TX_MAX || b->n_iov + m->nb_segs > ARRAY_LEN(b->iov))
		return false;
	b->msg[b->n] = (struct mmsghdr){.msg_hdr = {.msg_iov = iov, .msg_iovlen = m->nb_segs}};
	b->n++;
	for (; m; m = m->next)
		b->iov[b->n_iov++] = (struct iovec){rte_pktmbuf_mtod(m, void *), m->data_len};
	return true;
}

// How many of the frames are done with: sent, or refused for good and counted.
static unsigned batch_send(struct afpacket_queue *q, struct tx_batch *b)
{
	unsigned done = 0;

	while (done < b->n) {
		int sent = sendmmsg(q->fd, b->msg + done, b->n - done, MSG_DONTWAIT);

		if (sent > 0) {
			done += (unsigned)sent;
			continue;
		}
		if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
			break;
		// longer than the interface's MTU, or the interface is down
		afpacket_count(&q->tx_errors, 1);
		done++;
	}
	return done;
}

static uint16_t send_some(struct afpacket_queue *q, struct rte_mbuf *pkts[], uint16_t n)
{
	struct tx_batch b;
	uint64_t bytes = 0, errors = atomic_load_explicit(&q->tx_errors, memory_order_relaxed);
	unsigned done;

	b.n = b.n_iov = 0;
	for (uint16_t i = 0; i < n; i++)
		if (!batch_add(&b, pkts[i]))
			break;
	done = batch_send(q, &b);
	for (unsigned i = 0; i < done; i++)
		bytes += pkts[i]->pkt_len;
	rte_pktmbuf_free_bulk(pkts, done);
	errors = atomic_load_explicit(&q->tx_errors, memory_order_relaxed) - errors;
	afpacket_count(&q->tx_packets, done - errors);
	if (errors == 0)
		afpacket_count(&q->tx_bytes, bytes);
	return (uint16_t)done;
}

uint16_t afpacket_tx(void *queue, struct rte_mbuf *pkts[], uint16_t n)
{
	struct afpacket_queue *q = queue;
	uint16_t done = 0;

	while (done < n) {
		uint16_t want = (uint16_t)(n - done), some;

		if (unlikely(pkts[done]->nb_segs > AFPACKET_SEGS_MAX)) {
			afpacket_count(&q->tx_errors, 1);
			rte_pktmbuf_free(pkts[done++]);
			continue;
		}
		some = send_some(q, pkts + done, want < AFPACKET_TX_MAX ? want : AFPACKET_TX_MAX);
		done = (uint16_t)(done + some);
		if (some == 0)
			break;
	}
	return done;
}
