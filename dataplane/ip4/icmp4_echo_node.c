// SPDX-License-Identifier: BSD-3-Clause
// icmp4-echo: an echo request to one of our addresses becomes its reply (RFC 792,
// RFC 1812 §4.3.3.6): from the address that was asked, with the same data, TOS
// and options; those of a followed source route are blanked.
// Uses: l3, iface. Sets: dst. Main arc: ip4-lookup.
#include "dataplane/ip4/ip4_node.h"
#include "dataplane/pkt/chain.h"

static bool is_csum_good(const struct batch *b, unsigned i)
{
	const struct ip4_hdr *ip = b->l3[i];
	const struct rte_mbuf *m = b->pkt[i];
	uint32_t off = (uint32_t)((char *)b->l3[i] - rte_pktmbuf_mtod(m, char *));
	unsigned hdr_len = ip4_hdr_len(ip);

	return csum_finish(chain_csum(m, off + hdr_len, ntohs(ip->len) - hdr_len)) == 0;
}

static void answer(struct batch *b, unsigned i)
{
	struct ip4_hdr *ip = b->l3[i];
	struct icmp_hdr *icmp = (void *)((char *)ip + ip4_hdr_len(ip));
	be32_t asked = ip->dst;

	ip->dst = ip->src;
	ip->src = asked;
	ip->ttl = IP4_OWN_TTL;
	ip4_source_route_blank(ip);
	ip4_csum_set(ip);
	icmp->type = ICMP4_ECHO_REPLY;
	icmp->csum = csum_update16(icmp->csum, htons(ICMP4_ECHO_REQUEST << 8),
				   htons(ICMP4_ECHO_REPLY << 8));
	b->dst[i] = ntohl(ip->dst);
}

bool icmp4_echo_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		if (!is_csum_good(b, i))
			diverted = divert(edge, i, ICMP4_ECHO_BAD_CSUM);
		else if (!bucket_take(&w->icmp_echo, w->now))
			diverted = divert(edge, i, ICMP4_ECHO_RATE_LIMIT);
		else
			answer(b, i);
	}
	return diverted;
}
