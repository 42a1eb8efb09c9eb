// SPDX-License-Identifier: BSD-3-Clause
// tx: frames that are ready go to their port's transmit buffer.
// Uses: pkt, out. Sets: nothing. Main arc: held (by the wire).
#include "dataplane/graph/node.h"
#include "dataplane/pkt/eth.h"

enum { L2_MAX = ETH_HDR_LEN + 2 * VLAN_TAG_LEN };

// How many packets from first on leave by the same iface.
static unsigned run_of(const struct batch *b, unsigned first)
{
	uint16_t out = b->out[first];
	unsigned i = first + 1;

	while (i < b->n && b->out[i] == out)
		i++;
	return i - first;
}

static void send_run(struct worker *w, const struct iface *iface, struct batch *b, unsigned first,
		     unsigned n, uint64_t bytes)
{
	w->iface[iface->id].tx_packets += n;
	w->iface[iface->id].tx_bytes += bytes;
	worker_tx(w, iface->port, b, first, n);
}

// Frames longer than the MTU come only from the host's TAP; one by one here.
static cold_fn bool send_checked(struct worker *w, const struct iface *iface, struct batch *b,
				 unsigned first, unsigned n, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = first; i < first + n; i++) {
		if (b->pkt[i]->pkt_len > (uint32_t)iface->mtu + L2_MAX)
			diverted = divert(edge, i, TX_TOO_LONG);
		else
			send_run(w, iface, b, i, 1, b->pkt[i]->pkt_len);
	}
	return diverted;
}

static cold_fn bool drop_run(uint8_t edge[], unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++)
		edge[i] = TX_IFACE_DOWN;
	return true;
}

static bool tx_run(struct worker *w, struct batch *b, unsigned first, unsigned n, uint8_t edge[])
{
	const struct iface *iface = &w->dp->iface[b->out[first]];
	uint32_t longest = 0;
	uint64_t bytes = 0;

	if (unlikely(!(iface->flags & IFACE_UP) || iface->port == PORT_NONE))
		return drop_run(edge, first, n);
	for (unsigned i = first; i < first + n; i++) {
		uint32_t len = b->pkt[i]->pkt_len;

		bytes += len;
		longest = len > longest ? len : longest;
	}
	if (unlikely(longest > (uint32_t)iface->mtu + L2_MAX))
		return send_checked(w, iface, b, first, n, edge);
	send_run(w, iface, b, first, n, bytes);
	return false;
}

bool tx_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;
	unsigned n;

	for (unsigned i = 0; i < b->n; i += n) {
		n = run_of(b, i);
		diverted |= tx_run(w, b, i, n, edge);
	}
	return diverted;
}
